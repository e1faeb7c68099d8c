/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include <string.h>

#include "wire/peerup-error.h"
#include "wire/peerup-ice-message.h"
#include "wire/peerup-varint.h"

#define UFRAG "Ab+/"
#define PWD   "0123456789abcdefghijKL"

static PeerupIceCandidate
candidate (guint8 last)
{
  return (PeerupIceCandidate) {
    .type = PEERUP_ICE_SERVER_REFLEXIVE,
    .address = { { 1, 2, 3, last }, 4, 4000 },
    .priority = 0x782001ff,
    .foundation = "11",
  };
}

static PeerupIceMessage
full_offer (void)
{
  PeerupIceMessage message = {
    .type = PEERUP_ICE_OFFER,
    .version = PEERUP_ICE_VERSION,
    .ufrag = (char *) UFRAG,
    .pwd = (char *) PWD,
    .has_nat = TRUE,
    .nat = { .is_measured = TRUE, .answered = TRUE, .translates = TRUE, .mapping = 3, .filtering = 2, .port_step = -2 },
    .n_candidates = 2,
  };

  message.candidates[0] = candidate (4);
  message.candidates[1] = (PeerupIceCandidate) {
    .type = PEERUP_ICE_HOST,
    .address = { { 0x2a, 0x0a, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2 }, 16, 65535 },
    .priority = 1,
    .foundation = "0123456789abcdef0123456789abcdef",
  };
  return message;
}

static PeerupIceMessage
search (void)
{
  return (PeerupIceMessage) {
    .type = PEERUP_ICE_SEARCH,
    .has_search = TRUE,
    .search = { .many_ports = TRUE,
                .address = { { 5, 6, 7, 8 }, 4, 2000 },
                .port_step = 1,
                .has_key = TRUE,
                .key = "0123456789abcde" },
  };
}

/* Without its length. */
static GBytes *
encode (const PeerupIceMessage *message)
{
  g_autoptr (GBytes) framed = peerup_ice_message_encode (message);
  gsize length = g_bytes_get_size (framed);
  gsize prefix = length > 128 ? 2 : 1;

  return g_bytes_new_from_bytes (framed, prefix, length - prefix);
}

static PeerupIceMessage *
decode (GBytes *bytes, GError **error)
{
  return peerup_ice_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

static PeerupIceMessage *
there_and_back (const PeerupIceMessage *message)
{
  g_autoptr (GBytes) bytes = encode (message);
  g_autoptr (GError) error = NULL;
  PeerupIceMessage *back = decode (bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (back->type, ==, message->type);
  return back;
}

static void
assert_malformed (const PeerupIceMessage *message)
{
  g_autoptr (GBytes) bytes = encode (message);
  g_autoptr (GError) error = NULL;

  g_assert_null (decode (bytes, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_offer (void)
{
  const PeerupIceMessage message = full_offer ();
  g_autoptr (PeerupIceMessage) back = there_and_back (&message);

  g_assert_cmpstr (back->ufrag, ==, UFRAG);
  g_assert_cmpstr (back->pwd, ==, PWD);
  g_assert_cmpuint (back->version, ==, PEERUP_ICE_VERSION);
  g_assert_true (back->has_nat);
  g_assert_cmpmem (&back->nat, sizeof back->nat, &message.nat, sizeof message.nat);
  g_assert_cmpuint (back->n_candidates, ==, 2);
  for (guint i = 0; i < 2; i++)
    {
      g_assert_cmpint (back->candidates[i].type, ==, message.candidates[i].type);
      g_assert_cmpmem (back->candidates[i].address.bytes, back->candidates[i].address.length,
                       message.candidates[i].address.bytes, message.candidates[i].address.length);
      g_assert_cmpuint (back->candidates[i].address.port, ==, message.candidates[i].address.port);
      g_assert_cmpuint (back->candidates[i].priority, ==, message.candidates[i].priority);
      g_assert_cmpstr (back->candidates[i].foundation, ==, message.candidates[i].foundation);
    }
}

static void
test_connected (void)
{
  const PeerupIceMessage message = {
    .type = PEERUP_ICE_CONNECTED,
    .has_pair = TRUE,
    .pair = { { { 1, 2, 3, 4 }, 4, 1 }, { { 5, 6, 7, 8 }, 4, 2 } },
  };
  const PeerupIceMessage bare = { .type = PEERUP_ICE_CONNECTED };
  g_autoptr (PeerupIceMessage) back = there_and_back (&message);
  g_autoptr (PeerupIceMessage) bare_back = there_and_back (&bare);

  g_assert_true (back->has_pair);
  g_assert_cmpmem (&back->pair, sizeof back->pair, &message.pair, sizeof message.pair);
  g_assert_false (bare_back->has_pair);
}

static void
test_search (void)
{
  const PeerupIceMessage message = search ();
  g_autoptr (PeerupIceMessage) back = there_and_back (&message);
  PeerupIceMessage bad = message;

  g_assert_true (back->search.many_ports);
  g_assert_true (back->search.has_key);
  g_assert_cmpmem (back->search.key, PEERUP_ICE_KEY_SIZE, message.search.key, PEERUP_ICE_KEY_SIZE);
  g_assert_cmpint (back->search.port_step, ==, 1);
  g_assert_cmpuint (back->search.address.port, ==, 2000);
  bad.has_search = FALSE;
  assert_malformed (&bad);
  bad = message;
  bad.search.address.port = 0;
  assert_malformed (&bad);
}

static void
test_failed (void)
{
  const PeerupIceMessage message = { .type = PEERUP_ICE_FAILED, .reason = (char *) "No path" };
  g_autoptr (PeerupIceMessage) back = there_and_back (&message);

  g_assert_cmpstr (back->reason, ==, "No path");
}

/* A later version may send it. */
static void
test_unknown_type (void)
{
  const PeerupIceMessage message = { .type = 4711 };
  g_autoptr (PeerupIceMessage) back = there_and_back (&message);

  g_assert_cmpuint (back->n_candidates, ==, 0);
}

static void
test_credentials (void)
{
  static const char *const bad[] = { "", "abc", "abc=", "ab d", "ab\nd" };
  PeerupIceMessage message = full_offer ();
  g_autofree char *longest = g_strnfill (PEERUP_ICE_CREDENTIAL_MAX, 'a');
  g_autofree char *longer = g_strnfill (PEERUP_ICE_CREDENTIAL_MAX + 1, 'a');
  g_autoptr (PeerupIceMessage) back = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      message.ufrag = (char *) bad[i];
      assert_malformed (&message);
    }
  message.ufrag = longest;
  back = there_and_back (&message);
  message.ufrag = longer;
  assert_malformed (&message);
  message.ufrag = NULL;
  assert_malformed (&message);
  message.ufrag = (char *) UFRAG;
  message.pwd = (char *) "0123456789abcdefghijK";
  assert_malformed (&message);
}

/* Each is left out, and what stands beside it is kept. */
static void
test_bad_candidates (void)
{
  PeerupIceMessage message = { .type = PEERUP_ICE_CANDIDATES, .n_candidates = 7 };
  g_autoptr (PeerupIceMessage) back = NULL;

  for (guint i = 0; i < message.n_candidates; i++)
    message.candidates[i] = candidate (i);
  message.candidates[0].address.port = 0;
  message.candidates[1].address.length = 5;
  message.candidates[2].type = 7;
  message.candidates[3].priority = 0;
  message.candidates[4].foundation[0] = '\0';
  message.candidates[5].foundation[0] = '\n';
  back = there_and_back (&message);
  g_assert_cmpuint (back->n_candidates, ==, 1);
  g_assert_cmpuint (back->candidates[0].address.bytes[3], ==, 6);
}

/* Field 6, a candidate, so often that the message is as long as it may be. */
static void
test_many_candidates (void)
{
  static const guint8 one[] = { 0x32, 0x13, 0x08, 0x01, 0x12, 0x04, 9,    8,    7,    6,   0x18,
                                0xa0, 0x1f, 0x20, 0x81, 0x01, 0x2a, 0x03, 0x31, 0x32, 0x33 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (PeerupIceMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_byte_array_append (bytes, (const guint8 *) "\x08\x03", 2);
  while (bytes->len + sizeof one <= PEERUP_ICE_MESSAGE_MAX)
    g_byte_array_append (bytes, one, sizeof one);
  message = peerup_ice_message_decode (bytes->data, bytes->len, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (message->n_candidates, ==, PEERUP_ICE_MESSAGE_CANDIDATES);
  g_assert_cmpuint (message->candidates[15].address.port, ==, 4000);
}

/* The longest of everything is within the limit. */
static void
test_largest (void)
{
  g_autofree char *credential = g_strnfill (PEERUP_ICE_CREDENTIAL_MAX, 'a');
  PeerupIceMessage message = full_offer ();
  g_autoptr (PeerupIceMessage) back = NULL;

  message.ufrag = message.pwd = credential;
  message.n_candidates = PEERUP_ICE_MESSAGE_CANDIDATES;
  for (guint i = 0; i < message.n_candidates; i++)
    {
      message.candidates[i] = full_offer ().candidates[1];
      message.candidates[i].priority = G_MAXUINT32;
    }
  back = there_and_back (&message);
  g_assert_cmpuint (back->n_candidates, ==, PEERUP_ICE_MESSAGE_CANDIDATES);
}

static void
test_too_large (void)
{
  g_autofree guint8 *bytes = g_malloc0 (PEERUP_ICE_MESSAGE_MAX + 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_ice_message_decode (bytes, PEERUP_ICE_MESSAGE_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_no_type (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_ice_message_decode ("", 0, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
sweep (const PeerupIceMessage *message)
{
  g_autoptr (GBytes) bytes = encode (message);
  gsize length = g_bytes_get_size (bytes);

  for (gsize n = 0; n < length; n++)
    {
      g_autofree guint8 *prefix = g_memdup2 (g_bytes_get_data (bytes, NULL), n);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupIceMessage) back = peerup_ice_message_decode (prefix, n, &error);

      g_assert_true ((back != NULL) == (error == NULL));
      if (back == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_truncation (void)
{
  const PeerupIceMessage offer = full_offer ();
  const PeerupIceMessage other = search ();

  sweep (&offer);
  sweep (&other);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-message/offer", test_offer);
  g_test_add_func ("/ice-message/connected", test_connected);
  g_test_add_func ("/ice-message/search", test_search);
  g_test_add_func ("/ice-message/failed", test_failed);
  g_test_add_func ("/ice-message/unknown-type", test_unknown_type);
  g_test_add_func ("/ice-message/credentials", test_credentials);
  g_test_add_func ("/ice-message/bad-candidates", test_bad_candidates);
  g_test_add_func ("/ice-message/many-candidates", test_many_candidates);
  g_test_add_func ("/ice-message/largest", test_largest);
  g_test_add_func ("/ice-message/too-large", test_too_large);
  g_test_add_func ("/ice-message/no-type", test_no_type);
  g_test_add_func ("/ice-message/truncation", test_truncation);
  return g_test_run ();
}
