/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The peerup command; the daemon is one of its commands.
 */
#include "cli/peerup-cli.h"

#include <locale.h>

#include "service/peerup-locale.h"

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  peerup_locale_init ();
  return peerup_cli_main (argv);
}
