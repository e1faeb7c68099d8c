/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Short authentication strings: a hash, shown as four emoji and six digits, and kept in authorized_keys by its first
 * bytes. A value, made once and freed by whoever asked for it. It says nothing about whether anybody has compared it.
 */
#include "pairing/peerup-sas.h"

#include "pairing/peerup-sas-emoji.h"

/* Sets these apart from every other hash of a transcript. */
#define TRANSCRIPT_DOMAIN "peerup-sas-transcript-v1"

static PeerupSas *
show (GChecksum *checksum)
{
  PeerupSas *self = g_new (PeerupSas, 1);
  guint8 hash[32];
  gsize length = sizeof hash;
  guint digits;

  g_checksum_get_digest (checksum, hash, &length);
  digits = ((guint) hash[8] << 16 | (guint) hash[9] << 8 | hash[10]) % 1000000;
  self->emoji = g_strdup_printf ("%s %s %s %s", peerup_sas_emoji[hash[0]], peerup_sas_emoji[hash[2]],
                                 peerup_sas_emoji[hash[4]], peerup_sas_emoji[hash[6]]);
  self->digits = g_strdup_printf ("%03u-%03u", digits / 1000, digits % 1000);
  self->attribute = g_strdup_printf ("sha256:%02x%02x%02x%02x", hash[0], hash[1], hash[2], hash[3]);
  return self;
}

PeerupSas *
peerup_sas_new_for_peers (PeerupPeerId *one, PeerupPeerId *other)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  PeerupPeerId *peers[2] = { one, other };

  g_return_val_if_fail (one != NULL && other != NULL, NULL);
  if (peerup_peer_id_compare (one, other) > 0)
    {
      peers[0] = other;
      peers[1] = one;
    }
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    {
      gsize length;
      const guint8 *bytes = peerup_peer_id_get_bytes (peers[i], &length);

      g_checksum_update (checksum, bytes, length);
    }
  return show (checksum);
}

PeerupSas *
peerup_sas_new_for_transcript (const guint8 *transcript, gsize length)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  g_return_val_if_fail (transcript != NULL && length > 0, NULL);
  /* With the NUL, so that no transcript can continue the domain. */
  g_checksum_update (checksum, (const guchar *) TRANSCRIPT_DOMAIN, sizeof TRANSCRIPT_DOMAIN);
  g_checksum_update (checksum, transcript, length);
  return show (checksum);
}

void
peerup_sas_free (PeerupSas *self)
{
  if (self == NULL)
    return;
  g_free (self->emoji);
  g_free (self->digits);
  g_free (self->attribute);
  g_free (self);
}
