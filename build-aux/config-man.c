/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Prints peerup.yaml(5), while the product is built: the page and the program are made from one table. */

#include "config/peerup-config-schema.h"

int
main (int argc, char **argv)
{
  g_autofree char *page = NULL;

  if (argc != 2)
    {
      g_printerr ("Usage: config-man VERSION\n");
      return 2;
    }
  page = peerup_config_schema_man_page (argv[1]);
  g_print ("%s", page);
  return 0;
}
