/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "service/peerup-locale.h"

#include <libintl.h>

#include "peerup-config.h"

void
peerup_locale_init (void)
{
  const char *directory = g_getenv ("PEERUP_LOCALE_DIR");

  bindtextdomain (GETTEXT_PACKAGE, directory != NULL && *directory != '\0' ? directory : PEERUP_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}
