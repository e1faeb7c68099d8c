/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup-gtk: the window. */
#include <glib/gi18n.h>
#include <libdex.h>
#include <locale.h>

#include "app/peerup-application.h"
#include "peerup-config.h"

int
main (int argc, char **argv)
{
  g_autoptr (PeerupApplication) application = NULL;

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, PEERUP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);
  dex_init ();
  application = peerup_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
