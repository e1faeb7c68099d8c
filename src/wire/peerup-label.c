/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The names of services and networks, wherever they come from: files, people, peers. No state.
 */
#include "wire/peerup-label.h"

gboolean
peerup_label_is_valid (const char *text, gsize length)
{
  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  if (length == 0 || length > PEERUP_LABEL_MAX || text[0] == '-' || text[length - 1] == '-')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (text[i]) && !g_ascii_isdigit (text[i]) && text[i] != '-')
      return FALSE;
  return TRUE;
}

gboolean
peerup_label_is_own_protocol (const char *label)
{
  static const char *const names[] = {
    "discovery", "ice", "invite", "kad", "pair", "peer-notify", "relay-pair", "rendezvous", "rtt-probe", NULL,
  };

  g_return_val_if_fail (label != NULL, FALSE);

  return g_strv_contains (names, label);
}
