/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Records and left invites as the text of files, whole and cut off.
 */
#include "pairing-samples.h"

static void
assert_offer_equal (const PeerupPairingOffer *one, const PeerupPairingOffer *other)
{
  g_autoptr (GBytes) ones = peerup_pairing_offer_encode (one, NULL);
  g_autoptr (GBytes) others = peerup_pairing_offer_encode (other, NULL);

  g_assert_true (g_bytes_equal (ones, others));
}

static void
assert_equal (const PeerupPairingRecord *one, const PeerupPairingRecord *other)
{
  g_assert_cmpint (one->state, ==, other->state);
  g_assert_cmpint (one->inviter, ==, other->inviter);
  g_assert_cmpstr (one->kind, ==, other->kind);
  g_assert_true (peerup_peer_id_equal (one->peer, other->peer));
  g_assert_cmpstr (one->name, ==, other->name);
  g_assert_cmpmem (one->id, sizeof one->id, other->id, sizeof other->id);
  g_assert_cmpmem (one->transcript, sizeof one->transcript, other->transcript, sizeof other->transcript);
  g_assert_cmpint (one->at, ==, other->at);
  g_assert_cmpuint (one->number, ==, other->number);
  g_assert_cmpstr (one->invite, ==, other->invite);
  g_assert_cmpint (one->applied, ==, other->applied);
  g_assert_cmpint (one->until, ==, other->until);
  g_assert_true (g_bytes_equal (one->answer, other->answer));
  assert_offer_equal (one->own, other->own);
  assert_offer_equal (one->theirs, other->theirs);
}

static void
test_record (void)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (PeerupPairingRecord) copy = peerup_pairing_record_copy (record);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = peerup_pairing_record_encode (copy, &error);
  g_autoptr (PeerupPairingRecord) back = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (text), <, PEERUP_PAIRING_FILE_MAX);
  back = peerup_pairing_record_decode (text, &error);
  g_assert_no_error (error);
  assert_equal (record, back);
}

/* Every beginning of the text is a record or none, and what is read past its end ASan sees. */
static void
test_record_cut_off (void)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (GBytes) text = peerup_pairing_record_encode (record, NULL);
  gsize length;
  const char *data = g_bytes_get_data (text, &length);
  guint n_good = 0;

  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPairingRecord) back = peerup_pairing_record_decode (part, &error);

      g_assert_true ((back == NULL) == (error != NULL));
      n_good += back != NULL ? 1 : 0;
    }
  /* The offers stand last. */
  g_assert_cmpuint (n_good, <, 64);
}

static void
assert_refused (const char *from, const char *to)
{
  g_autoptr (PeerupPairingRecord) record = sample_record ();
  g_autoptr (GBytes) text = peerup_pairing_record_encode (record, NULL);
  g_autofree char *plain = g_strndup (g_bytes_get_data (text, NULL), g_bytes_get_size (text));
  g_autofree char *changed = NULL;
  g_auto (GStrv) parts = g_strsplit (plain, from, 2);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) back = NULL;

  g_assert_nonnull (parts[1]);
  changed = g_strconcat (parts[0], to, parts[1], NULL);
  bytes = g_bytes_new (changed, strlen (changed));
  back = peerup_pairing_record_decode (bytes, &error);
  g_assert_null (back);
  g_assert_nonnull (error);
}

static void
test_record_malformed (void)
{
  assert_refused ("version=1", "version=2");
  assert_refused ("state=committed", "state=whatever");
  assert_refused ("peer=12D3", "peer=12D4");
  assert_refused ("id=0001", "id=00");
  assert_refused ("transcript=00", "transcript=zz");
  /* It becomes the name of a file. */
  assert_refused ("invite=417-", "invite=../../");
  assert_refused ("own=", "own=AAAA");
  assert_refused ("theirs=", "nothing=");
}

/* A joiner that says nothing of what the inviter may gives what it gets, and nothing to one that gives services alone.
 */
static void
test_in_kind (void)
{
  static const guint8 transcript[32];
  g_autoptr (PeerupPeerId) peer = sample_peer ();
  g_autoptr (PeerupPairingOffer) whole = sample_offer ("one");
  g_autoptr (PeerupPairingOffer) guest = sample_offer ("other");
  g_autoptr (PeerupPairingRecord) joiner = NULL;
  g_autoptr (PeerupPairingRecord) inviter = NULL;

  guest->guest = TRUE;
  joiner = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_PREPARED, FALSE, "code", peer, transcript, 0, whole, guest);
  inviter =
    peerup_pairing_record_new (PEERUP_PAIRING_RECORD_COMMITTED, TRUE, "code", peer, transcript, 0, guest, whole);
  g_assert_true (joiner->own->guest);
  g_assert_null (joiner->own->services[0]);
  g_assert_true (inviter->theirs->guest);
  g_clear_pointer (&joiner, peerup_pairing_record_free);
  joiner = peerup_pairing_record_new (PEERUP_PAIRING_RECORD_PREPARED, FALSE, "code", peer, transcript, 0, whole, whole);
  g_assert_false (joiner->own->guest);
}

static void
test_left_invite (void)
{
  g_autoptr (PeerupLeftInvite) invite = sample_left_invite ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = peerup_left_invite_encode (invite, &error);
  g_autoptr (PeerupLeftInvite) back = peerup_left_invite_decode (text, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (back->token, ==, invite->token);
  g_assert_cmpuint (back->number, ==, invite->number);
  g_assert_true (g_bytes_equal (back->secret, invite->secret));
  g_assert_cmpstr (back->code, ==, invite->code);
  g_assert_cmpint (back->term.began_wall, ==, invite->term.began_wall);
  g_assert_cmpint (back->term.ends_wall, ==, invite->term.ends_wall);
  g_assert_cmpint (back->term.ends_boot, ==, invite->term.ends_boot);
  g_assert_cmpstr (back->term.boot_id, ==, invite->term.boot_id);
  g_assert_cmpuint (back->guesses, ==, 2);
  g_assert_cmpint (back->grant_time, ==, 3600);
  assert_offer_equal (back->offer, invite->offer);
}

static void
test_left_invite_cut_off (void)
{
  g_autoptr (PeerupLeftInvite) invite = sample_left_invite ();
  g_autoptr (GBytes) text = peerup_left_invite_encode (invite, NULL);
  gsize length;
  const char *data = g_bytes_get_data (text, &length);

  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GBytes) part = g_bytes_new (data, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupLeftInvite) back = peerup_left_invite_decode (part, &error);

      g_assert_true ((back == NULL) == (error != NULL));
    }
}

static void
test_tokens (void)
{
  g_autofree char *token = peerup_left_invite_make_token (9999);

  g_assert_true (peerup_left_invite_check_token (token, NULL));
  g_assert_false (peerup_left_invite_check_token ("", NULL));
  g_assert_false (peerup_left_invite_check_token ("../x", NULL));
  g_assert_false (peerup_left_invite_check_token ("4/7", NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/pairing-record/record", test_record);
  g_test_add_func ("/engine/pairing-record/record-cut-off", test_record_cut_off);
  g_test_add_func ("/engine/pairing-record/record-malformed", test_record_malformed);
  g_test_add_func ("/engine/pairing-record/in-kind", test_in_kind);
  g_test_add_func ("/engine/pairing-record/left-invite", test_left_invite);
  g_test_add_func ("/engine/pairing-record/left-invite-cut-off", test_left_invite_cut_off);
  g_test_add_func ("/engine/pairing-record/tokens", test_tokens);
  return g_test_run ();
}
