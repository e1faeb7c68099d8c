/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What is believed of what a peer says about itself, and the limit on how often it may. */

#include "identity/peerup-envelope-crypto.h"
#include "protocols/peerup-peer-info.h"
#include "limits/peerup-rate.h"

#include <string.h>

typedef struct
{
  PeerupPrivateKey *key;
  PeerupPeerId *peer;
  PeerupPrivateKey *other_key;
  PeerupPeerId *other;
} Peers;

static void
set_up (Peers *peers, gconstpointer data)
{
  static const guint8 seed[32] = "peer info test seed one 00000001";
  static const guint8 other_seed[32] = "peer info test seed two 00000002";

  peers->key = peerup_private_key_new_from_seed (seed, NULL);
  peers->peer = peerup_private_key_get_peer_id (peers->key);
  peers->other_key = peerup_private_key_new_from_seed (other_seed, NULL);
  peers->other = peerup_private_key_get_peer_id (peers->other_key);
}

static void
tear_down (Peers *peers, gconstpointer data)
{
  peerup_private_key_unref (peers->key);
  peerup_private_key_unref (peers->other_key);
}

static GPtrArray *
one_address (const char *text)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_ptr_array_add (addresses, peerup_multiaddr_new_from_string (text, NULL));
  return addresses;
}

static GBytes *
signed_record (PeerupPrivateKey *key, guint64 seq, const char *address)
{
  g_autoptr (GPtrArray) addresses = one_address (address);
  g_autoptr (PeerupPeerRecord) record = peerup_peer_record_new (peerup_private_key_get_peer_id (key), seq, addresses);

  return peerup_peer_record_seal (key, record, NULL);
}

/* A message with addresses beside a record, either of which may be NULL. Takes @record. */
static PeerupIdentifyMessage *
message_new (const char *address, GBytes *record)
{
  PeerupIdentifyMessage *message = peerup_identify_message_new ();

  if (address != NULL)
    message->addresses = one_address (address);
  message->signed_record = record;
  return message;
}

/* Replaces *@info by what is known after a message; takes @record. */
static void
learn (Peers *peers, PeerupPeerInfo **info, const char *address, GBytes *record)
{
  g_autoptr (PeerupIdentifyMessage) message = message_new (address, record);
  g_autoptr (PeerupPeerInfo) previous = g_steal_pointer (info);

  *info = peerup_peer_info_new_merged (peers->peer, previous, message, NULL);
  g_assert_nonnull (*info);
}

static void
assert_address (PeerupPeerInfo *info, const char *text, gboolean is_signed)
{
  g_assert_cmpuint (info->addresses->len, ==, 1);
  g_assert_cmpstr (peerup_multiaddr_get_string (g_ptr_array_index (info->addresses, 0)), ==, text);
  g_assert_cmpint (info->addresses_signed, ==, is_signed);
}

#define A "/ip4/1.1.1.1/tcp/1"
#define B "/ip4/2.2.2.2/tcp/2"
#define C "/ip4/3.3.3.3/tcp/3"

static void
test_signed_is_preferred (Peers *peers, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;

  learn (peers, &info, A, NULL);
  assert_address (info, A, FALSE);
  learn (peers, &info, A, signed_record (peers->key, 5, B));
  assert_address (info, B, TRUE);
  learn (peers, &info, C, NULL);
  assert_address (info, B, TRUE);
  learn (peers, &info, NULL, signed_record (peers->key, 6, C));
  assert_address (info, C, TRUE);
}

/* What a push leaves out is unchanged; what it has replaces. */
static void
test_unchanged_fields (Peers *peers, gconstpointer data)
{
  g_autoptr (PeerupIdentifyMessage) first = message_new (A, NULL);
  g_autoptr (PeerupIdentifyMessage) second = message_new (NULL, NULL);
  g_autoptr (PeerupPeerInfo) before = NULL;
  g_autoptr (PeerupPeerInfo) after = NULL;

  first->agent = g_strdup ("one/1");
  first->protocols = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (first->protocols, g_strdup ("/a"));
  first->observed_address = peerup_multiaddr_newf (C);
  before = peerup_peer_info_new_merged (peers->peer, NULL, first, NULL);
  second->agent = g_strdup ("two/2");
  after = peerup_peer_info_new_merged (peers->peer, before, second, NULL);

  g_assert_cmpstr (before->agent, ==, "one/1");
  g_assert_cmpstr (after->agent, ==, "two/2");
  g_assert_true (peerup_peer_info_has_protocol (after, "/a"));
  g_assert_false (peerup_peer_info_has_protocol (after, "/b"));
  g_assert_cmpstr (peerup_multiaddr_get_string (after->observed_address), ==, C);
  assert_address (after, A, FALSE);
}

/* Section 4 row 11: an envelope whose key is not the peer's of its payload. */
static void
test_row_11_key_of_another (Peers *peers, gconstpointer data)
{
  g_autoptr (GPtrArray) addresses = one_address (B);
  g_autoptr (PeerupPeerRecord) record = peerup_peer_record_new (peers->peer, 7, addresses);
  g_autoptr (GBytes) payload = peerup_peer_record_encode (record);
  g_autoptr (PeerupPeerInfo) info = NULL;

  learn (peers, &info, A,
         peerup_envelope_seal (peers->other_key, PEERUP_ENVELOPE_DOMAIN_PEER_RECORD, peerup_envelope_type_peer_record,
                               payload, NULL));
  assert_address (info, A, FALSE);
  g_assert_cmpuint (info->seq, ==, 0);
}

static void
test_row_11_wrong_domain (Peers *peers, gconstpointer data)
{
  g_autoptr (GPtrArray) addresses = one_address (B);
  g_autoptr (PeerupPeerRecord) record = peerup_peer_record_new (peers->peer, 7, addresses);
  g_autoptr (GBytes) payload = peerup_peer_record_encode (record);
  g_autoptr (PeerupPeerInfo) info = NULL;

  learn (peers, &info, A,
         peerup_envelope_seal (peers->key, PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER, peerup_envelope_type_peer_record,
                               payload, NULL));
  assert_address (info, A, FALSE);
}

static void
test_row_11_seq_backwards (Peers *peers, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;

  learn (peers, &info, NULL, signed_record (peers->key, 10, A));
  learn (peers, &info, NULL, signed_record (peers->key, 9, B));
  assert_address (info, A, TRUE);
  g_assert_cmpuint (info->seq, ==, 10);
  learn (peers, &info, NULL, signed_record (peers->key, 10, C));
  assert_address (info, C, TRUE);
}

static void
test_row_11_damaged (Peers *peers, gconstpointer data)
{
  g_autoptr (GBytes) good = signed_record (peers->key, 7, B);
  gsize length = g_bytes_get_size (good);

  for (gsize i = 0; i < length; i++)
    {
      g_autofree guint8 *bad = g_memdup2 (g_bytes_get_data (good, NULL), length);
      g_autoptr (PeerupPeerInfo) info = NULL;

      bad[i] ^= 1;
      learn (peers, &info, A, g_bytes_new (bad, length));
      assert_address (info, A, FALSE);
    }
}

/* Section 4 row 12: a good record, of another peer. */
static void
test_row_12_record_of_another (Peers *peers, gconstpointer data)
{
  g_autoptr (PeerupPeerInfo) info = NULL;

  learn (peers, &info, A, signed_record (peers->other_key, 7, B));
  assert_address (info, A, FALSE);
  g_assert_true (peerup_peer_id_equal (info->peer, peers->peer));
}

static void
test_another_key_is_refused (Peers *peers, gconstpointer data)
{
  g_autoptr (PeerupIdentifyMessage) message = message_new (A, NULL);
  g_autoptr (GError) error = NULL;

  message->public_key = peerup_public_key_ref (peerup_private_key_get_public_key (peers->other_key));
  g_assert_null (peerup_peer_info_new_merged (peers->peer, NULL, message, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
}

/* Section 4 row 13: a push each millisecond. */
static void
test_row_13_rate (void)
{
  PeerupRate rate = { 0 };
  guint n_taken = 0;

  for (gint64 now = 1000000; now < 1000000 + 10 * G_USEC_PER_SEC; now += 1000)
    n_taken += peerup_rate_take (&rate, now, 8, 2 * G_USEC_PER_SEC);
  g_assert_cmpuint (n_taken, ==, 8 + 4);
}

static void
test_rate_edges (void)
{
  PeerupRate rate = { 0 };

  g_assert_true (peerup_rate_take (&rate, 100, 2, 10));
  g_assert_true (peerup_rate_take (&rate, 100, 2, 10));
  g_assert_false (peerup_rate_take (&rate, 109, 2, 10));
  g_assert_true (peerup_rate_take (&rate, 110, 2, 10));
  g_assert_false (peerup_rate_take (&rate, 119, 2, 10));
  g_assert_true (peerup_rate_take (&rate, 1000, 2, 10));
  g_assert_true (peerup_rate_take (&rate, 1000, 2, 10));
  g_assert_false (peerup_rate_take (&rate, 1000, 2, 10));
}

#define ADD(path, func) g_test_add ("/protocols/peer-info/" path, Peers, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("signed-is-preferred", test_signed_is_preferred);
  ADD ("unchanged-fields", test_unchanged_fields);
  ADD ("row-11-key-of-another", test_row_11_key_of_another);
  ADD ("row-11-wrong-domain", test_row_11_wrong_domain);
  ADD ("row-11-seq-backwards", test_row_11_seq_backwards);
  ADD ("row-11-damaged", test_row_11_damaged);
  ADD ("row-12-record-of-another", test_row_12_record_of_another);
  ADD ("another-key-is-refused", test_another_key_is_refused);
  g_test_add_func ("/protocols/rate/row-13-a-push-each-millisecond", test_row_13_rate);
  g_test_add_func ("/protocols/rate/edges", test_rate_edges);
  return g_test_run ();
}
