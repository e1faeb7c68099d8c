/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "pairing/peerup-sas-emoji.h"
#include "pairing/peerup-sas.h"

#define ONE   "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define OTHER "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"

static PeerupPeerId *
peer (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupPeerId *id = peerup_peer_id_new_from_string (text, &error);

  g_assert_no_error (error);
  return id;
}

/* The checksum of the whole table, line by line, as the original has it. */
static void
test_table (void)
{
  g_autoptr (GString) all = g_string_new (peerup_sas_emoji[0]);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *sum = NULL;

  for (guint i = 0; i < PEERUP_SAS_N_EMOJI; i++)
    {
      g_assert_true (g_utf8_validate (peerup_sas_emoji[i], -1, NULL));
      g_assert_true (g_hash_table_add (seen, (gpointer) peerup_sas_emoji[i]));
      if (i > 0)
        g_string_append_printf (all, "\n%s", peerup_sas_emoji[i]);
    }
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, all->str, all->len);
  g_assert_cmpstr (sum, ==, "98d47310f038b57bad561c5a26eb54ee2ae5d67a57412fa6a2854021373a1269");
}

static void
test_peers (void)
{
  g_autoptr (PeerupPeerId) one = peer (ONE);
  g_autoptr (PeerupPeerId) other = peer (OTHER);
  g_autoptr (PeerupSas) sas = peerup_sas_new_for_peers (one, other);
  g_autoptr (PeerupSas) same = peerup_sas_new_for_peers (other, one);
  g_autofree char *emoji = g_strdup_printf ("%s %s %s %s", peerup_sas_emoji[239], peerup_sas_emoji[153],
                                            peerup_sas_emoji[143], peerup_sas_emoji[55]);

  g_assert_cmpstr (sas->emoji, ==, emoji);
  g_assert_cmpstr (sas->digits, ==, "075-741");
  g_assert_cmpstr (sas->attribute, ==, "sha256:efe899a4");
  g_assert_cmpstr (same->emoji, ==, sas->emoji);
  g_assert_cmpstr (same->digits, ==, sas->digits);
  g_assert_cmpstr (same->attribute, ==, sas->attribute);
}

/* Computed by hand: sha256 ("peerup-sas-transcript-v1" NUL 00 01 … 1f). */
static void
test_transcript (void)
{
  guint8 transcript[32];
  g_autoptr (PeerupSas) sas = NULL;
  g_autoptr (PeerupSas) again = NULL;
  g_autoptr (PeerupSas) shorter = NULL;
  g_autoptr (PeerupSas) changed = NULL;

  for (guint i = 0; i < sizeof transcript; i++)
    transcript[i] = (guint8) i;
  sas = peerup_sas_new_for_transcript (transcript, sizeof transcript);
  again = peerup_sas_new_for_transcript (transcript, sizeof transcript);
  shorter = peerup_sas_new_for_transcript (transcript, sizeof transcript - 1);
  transcript[31] ^= 1;
  changed = peerup_sas_new_for_transcript (transcript, sizeof transcript);
  g_assert_cmpstr (sas->attribute, ==, "sha256:f9aa3054");
  g_assert_cmpstr (sas->digits, ==, "984-537");
  g_assert_cmpstr (sas->emoji, ==, again->emoji);
  g_assert_cmpstr (sas->attribute, !=, shorter->attribute);
  g_assert_cmpstr (sas->attribute, !=, changed->attribute);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/sas/table", test_table);
  g_test_add_func ("/pairing/sas/peers", test_peers);
  g_test_add_func ("/pairing/sas/transcript", test_transcript);
  return g_test_run ();
}
