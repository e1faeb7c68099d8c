/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup-gtk: the window.
 *
 * For those who look at it: PEERUP_TEXT_DIRECTION=rtl lays it out from right to left in any language, and libadwaita's
 * ADW_DEBUG_COLOR_SCHEME=prefer-dark and ADW_DEBUG_HIGH_CONTRAST=1 show it in other styles. */
#include <errno.h>
#include <glib/gi18n.h>
#include <libdex.h>
#include <locale.h>
#include <sys/resource.h>

#include "app/peerup-application.h"
#include "service/peerup-locale.h"

/* Its engine may have more connections than the usual 1,024 descriptors allow, as a daemon's; nothing here uses
 * select(), which could not count further. */
static void
raise_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_debug ("The number of descriptors stays as it is: %s", g_strerror (errno));
}

int
main (int argc, char **argv)
{
  g_autoptr (PeerupApplication) application = NULL;

  setlocale (LC_ALL, "");
  peerup_locale_init ();
  textdomain (GETTEXT_PACKAGE);
  raise_descriptors ();
  dex_init ();
  application = peerup_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
