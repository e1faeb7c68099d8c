/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

/* The file of a relay's groups: what is read is written again, and read the same. */

#include "pairing/peerup-groups.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (PeerupGroups) groups = peerup_groups_parse ((const char *) data, size, NULL);
  g_autoptr (PeerupGroups) again = NULL;
  g_autofree char *text = NULL;

  if (groups == NULL)
    return 0;
  text = peerup_groups_to_text (groups);
  again = peerup_groups_parse (text, strlen (text), NULL);
  g_assert (again != NULL && peerup_groups_get_all (again)->len == peerup_groups_get_all (groups)->len);
  return 0;
}
