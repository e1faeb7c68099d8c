/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Which addresses are of the internet: the one table of those that are not. Who believes an address, and who
 * sends to one that somebody else has named, asks here. It holds nothing and knows nothing of this machine's networks.
 */

#include "net/peerup-ip-global.h"

typedef struct
{
  guint8 bytes[4];
  guint length; /* bits */
} Prefix;

static const Prefix special_ip4[] = {
  { { 0 }, 8 },
  { { 10 }, 8 },
  { { 100, 64 }, 10 },
  { { 127 }, 8 },
  { { 169, 254 }, 16 },
  { { 172, 16 }, 12 },
  { { 192, 0, 0 }, 24 },
  { { 192, 0, 2 }, 24 },
  { { 192, 88, 99 }, 24 },
  { { 192, 168 }, 16 },
  { { 198, 18 }, 15 },
  { { 198, 51, 100 }, 24 },
  { { 203, 0, 113 }, 24 },
  { { 224 }, 3 },
};

/* Within 2000::/3, outside of which nothing is routed: what is no host's (Teredo and its neighbours),
 * documentation, 6to4. */
static const Prefix special_ip6[] = {
  { { 0x20, 0x01 }, 23 },
  { { 0x20, 0x01, 0x0d, 0xb8 }, 32 },
  { { 0x20, 0x02 }, 16 },
  { { 0x3f, 0xff }, 20 },
};

static const Prefix routed_ip6 = { { 0x20 }, 3 };

static gboolean
has_prefix (const guint8 *bytes, const Prefix *prefix)
{
  for (guint i = 0; i < prefix->length; i++)
    if (((bytes[i / 8] ^ prefix->bytes[i / 8]) >> (7 - i % 8)) & 1)
      return FALSE;
  return TRUE;
}

static gboolean
has_one_of (const guint8 *bytes, const Prefix *prefixes, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (has_prefix (bytes, &prefixes[i]))
      return TRUE;
  return FALSE;
}

gboolean
peerup_ip_is_global (const guint8 *bytes, gsize length)
{
  if (length == 4)
    return !has_one_of (bytes, special_ip4, G_N_ELEMENTS (special_ip4));
  return length == 16 && has_prefix (bytes, &routed_ip6) &&
         !has_one_of (bytes, special_ip6, G_N_ELEMENTS (special_ip6));
}
