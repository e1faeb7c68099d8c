/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "wire/peerup-rendezvous-message.h"

#include "wire-test.h"
#include "wire-vectors.h"

#define PEER_ID "0024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
#define PASS    "000102030405060708090a0b0c0d0e0f"
#define HASH    PASS PASS

static gboolean
decode_request (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousRequest) message = peerup_rendezvous_request_decode (data, length, error);

  return message != NULL;
}

static gboolean
decode_answer (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousAnswer) message = peerup_rendezvous_answer_decode (data, length, error);

  return message != NULL;
}

static gboolean
decode_kept (const guint8 *data, gsize length, GError **error)
{
  g_autoptr (PeerupRendezvousKept) message = peerup_rendezvous_kept_decode (data, length, error);

  return message != NULL;
}

static PeerupPeerId *
new_peer (void)
{
  return peerup_peer_id_new_from_string (key_vectors[0].text, NULL);
}

static GBytes *
new_sealed (gsize length)
{
  return g_bytes_new_take (memset (g_malloc (length), 9, length), length);
}

static void
assert_bytes (GBytes *bytes, const char *hex)
{
  g_autoptr (GBytes) held = bytes;
  g_autoptr (GBytes) expected = wire_hex (hex);

  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), g_bytes_get_data (expected, NULL),
                   g_bytes_get_size (expected));
}

static PeerupRendezvousRequest *
request_from_hex (const char *hex)
{
  g_autoptr (GBytes) bytes = wire_hex (hex);
  g_autoptr (GError) error = NULL;
  PeerupRendezvousRequest *request =
    peerup_rendezvous_request_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return request;
}

static void
test_register (void)
{
  const PeerupRendezvousRequest request = { .type = PEERUP_RENDEZVOUS_REGISTER, .number = 4711, .ttl = 600 };
  g_autoptr (PeerupRendezvousRequest) read = request_from_hex ("080110e72420d8042a20" HASH "3a03010203");

  assert_bytes (peerup_rendezvous_request_encode (&request), "08080110e72420d804");
  g_assert_cmpuint (read->number, ==, 4711);
  g_assert_cmpuint (read->ttl, ==, 600);
  g_assert_cmpuint (g_bytes_get_size (read->pass_hash), ==, PEERUP_RENDEZVOUS_HASH_LENGTH);
  g_assert_cmpuint (g_bytes_get_size (read->sealed), ==, 3);
}

static void
test_pass (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  PeerupRendezvousRequest request = { .type = PEERUP_RENDEZVOUS_PASS, .number = 1, .inviter = peer };
  g_autoptr (PeerupRendezvousRequest) read = request_from_hex ("080410011a26" PEER_ID "3210" PASS);

  for (guint i = 0; i < sizeof request.pass; i++)
    request.pass[i] = i;
  assert_bytes (peerup_rendezvous_request_encode (&request), "3e080410011a26" PEER_ID "3210" PASS);
  g_assert_true (peerup_peer_id_equal (read->inviter, peer));
  g_assert_cmpmem (read->pass, sizeof read->pass, request.pass, sizeof request.pass);
}

static void
test_others (void)
{
  g_autoptr (PeerupRendezvousRequest) find = request_from_hex ("08031001");
  g_autoptr (PeerupRendezvousRequest) named = request_from_hex ("080310011a26" PEER_ID);
  g_autoptr (PeerupRendezvousRequest) fetch = request_from_hex ("0806108f4e");
  g_autoptr (PeerupRendezvousRequest) unregister = request_from_hex ("080210014226" PEER_ID "480a520161");
  g_autoptr (PeerupRendezvousRequest) leave = request_from_hex ("080510011a26" PEER_ID "3a0101");

  g_assert_null (find->inviter);
  g_assert_nonnull (named->inviter);
  g_assert_cmpuint (fetch->number, ==, PEERUP_RENDEZVOUS_NUMBER_MAX);
  g_assert_nonnull (unregister->joined);
  g_assert_cmpuint (unregister->until, ==, 10);
  g_assert_cmpstr (unregister->name, ==, "a");
  g_assert_cmpuint (g_bytes_get_size (leave->sealed), ==, 1);
}

/* No type and one that is not known; numbers out of range; REGISTER without a time and with one that is too long; PASS
 * without what it needs and with passes of other lengths; LEAVE of nothing; hashes and IDs that are none. */
static void
test_bad_requests (void)
{
  wire_assert_error (decode_request, "", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "1001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08001001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08071001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "0803", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08031000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request,
                     "08031090"
                     "4e",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08011001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080110012000", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "0801100120819a9e01", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request,
                     "0801100120012a1f"
                     "00"
                     "01020304050607" PASS "01020304050607",
                     PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "0801100120013a00", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08041001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080410011a26" PEER_ID, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080410013210" PASS, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080410011a26" PEER_ID "3200", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080410011a26" PEER_ID "3211" PASS "00", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080510011a26" PEER_ID, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "080310011a02ffff", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_request, "08021001420100", PEERUP_ERROR_MALFORMED);
}

/* A name that is no text, or too long, is as good as none. */
static void
test_names (void)
{
  g_autoptr (PeerupRendezvousRequest) nul = request_from_hex ("080210015202"
                                                              "0061");
  g_autoptr (PeerupRendezvousRequest) bad = request_from_hex ("080210015202"
                                                              "fffe");

  g_assert_null (nul->name);
  g_assert_null (bad->name);
}

static void
test_sizes (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (GBytes) sealed = new_sealed (PEERUP_RENDEZVOUS_SEALED_MAX);
  g_autoptr (GBytes) hash = new_sealed (PEERUP_RENDEZVOUS_HASH_LENGTH);
  const PeerupRendezvousRequest request = {
    .type = PEERUP_RENDEZVOUS_REGISTER,
    .number = 1,
    .ttl = PEERUP_RENDEZVOUS_TTL_MAX,
    .pass_hash = hash,
    .sealed = sealed,
  };
  g_autoptr (GBytes) whole = peerup_rendezvous_request_encode (&request);
  g_autofree guint8 *large = g_malloc0 (PEERUP_RENDEZVOUS_REQUEST_MAX + 1);
  g_autoptr (GError) error = NULL;

  g_assert_true (
    wire_try (decode_request, (const guint8 *) g_bytes_get_data (whole, NULL) + 2, g_bytes_get_size (whole) - 2));
  g_assert_null (peerup_rendezvous_request_decode (large, PEERUP_RENDEZVOUS_REQUEST_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
assert_truncated (WireDecode decode, GBytes *bytes, gsize prefix)
{
  g_autoptr (GBytes) held = bytes;
  const guint8 *data = (const guint8 *) g_bytes_get_data (bytes, NULL) + prefix;
  gsize length = g_bytes_get_size (bytes) - prefix;

  wire_sweep (decode, data, length);
  wire_flip (decode, data, length);
}

static void
test_truncation (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (GBytes) sealed = new_sealed (5);
  g_autoptr (GBytes) hash = new_sealed (PEERUP_RENDEZVOUS_HASH_LENGTH);
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_left_free);
  const PeerupRendezvousRequest request = {
    .type = PEERUP_RENDEZVOUS_UNREGISTER,
    .number = 1,
    .joined = peer,
    .until = 5,
    .name = (char *) "name",
  };
  const PeerupRendezvousAnswer answer = {
    .status = PEERUP_RENDEZVOUS_OK,
    .reason = (char *) "well",
    .inviter = peer,
    .sealed = sealed,
    .left = left,
  };
  const PeerupRendezvousKept kept = {
    .inviter = peer,
    .number = 5,
    .expires = 7,
    .pass_hash = hash,
    .sealed = sealed,
    .left = left,
  };

  g_ptr_array_add (left, peerup_rendezvous_left_new (peer, sealed));
  assert_truncated (decode_request, peerup_rendezvous_request_encode (&request), 1);
  assert_truncated (decode_answer, peerup_rendezvous_answer_encode (&answer), 1);
  assert_truncated (decode_kept, peerup_rendezvous_kept_encode (&kept), 0);
}

/* The largest of all: every place taken. */
static void
test_answer (void)
{
  g_autoptr (PeerupPeerId) peer = new_peer ();
  g_autoptr (GBytes) sealed = new_sealed (PEERUP_RENDEZVOUS_SEALED_MAX);
  g_autoptr (GPtrArray) left = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_rendezvous_left_free);
  const PeerupRendezvousAnswer answer = {
    .status = PEERUP_RENDEZVOUS_OK,
    .inviter = peer,
    .here = TRUE,
    .sealed = sealed,
    .left = left,
    .anew = TRUE,
  };
  g_autoptr (PeerupRendezvousAnswer) read = NULL;
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < PEERUP_RENDEZVOUS_LEFT_MAX; i++)
    g_ptr_array_add (left, peerup_rendezvous_left_new (peer, sealed));
  bytes = peerup_rendezvous_answer_encode (&answer);
  read = peerup_rendezvous_answer_decode ((const guint8 *) g_bytes_get_data (bytes, NULL) + 3,
                                          g_bytes_get_size (bytes) - 3, NULL);
  g_assert_nonnull (read);
  g_assert_true (read->here && read->anew);
  g_assert_cmpuint (read->left->len, ==, PEERUP_RENDEZVOUS_LEFT_MAX);
  g_assert_true (g_bytes_equal (((PeerupRendezvousLeft *) read->left->pdata[7])->sealed, sealed));
}

/* Nine that were left, one without a joiner and one without a thing, and a status that is none. */
static void
test_bad_answers (void)
{
  g_autoptr (GString) many = g_string_new ("0801");

  for (guint i = 0; i <= PEERUP_RENDEZVOUS_LEFT_MAX; i++)
    g_string_append (many, "322b0a26" PEER_ID "120101");
  wire_assert_error (decode_answer, many->str, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_answer, "08013203120101", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_answer, "080132280a26" PEER_ID, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_answer, "1a26" PEER_ID, PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_answer, "08011a00", PEERUP_ERROR_MALFORMED);
}

/* What a relay says is shown to people: no control characters, and nothing that turns text around. */
static void
test_reasons (void)
{
  static const struct
  {
    const char *hex;
    const char *reason;
  } rows[] = {
    { "0802120161", "a" },    { "080212021b61", NULL }, { "08021203e280ae", NULL },
    { "080212020a0a", NULL }, { "08021201ff", NULL },   { "0802", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GBytes) bytes = wire_hex (rows[i].hex);
      g_autoptr (PeerupRendezvousAnswer) answer =
        peerup_rendezvous_answer_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);

      g_assert_cmpstr (answer->reason, ==, rows[i].reason);
    }
}

static void
test_kept (void)
{
  wire_assert_error (decode_kept, "", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_kept, "0a26" PEER_ID "1001", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_kept, "10012a0101", PEERUP_ERROR_MALFORMED);
  wire_assert_error (decode_kept, "0a26" PEER_ID "10002a0101", PEERUP_ERROR_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/wire/rendezvous-message/register", test_register);
  g_test_add_func ("/wire/rendezvous-message/pass", test_pass);
  g_test_add_func ("/wire/rendezvous-message/others", test_others);
  g_test_add_func ("/wire/rendezvous-message/bad-requests", test_bad_requests);
  g_test_add_func ("/wire/rendezvous-message/names", test_names);
  g_test_add_func ("/wire/rendezvous-message/sizes", test_sizes);
  g_test_add_func ("/wire/rendezvous-message/truncation", test_truncation);
  g_test_add_func ("/wire/rendezvous-message/answer", test_answer);
  g_test_add_func ("/wire/rendezvous-message/bad-answers", test_bad_answers);
  g_test_add_func ("/wire/rendezvous-message/reasons", test_reasons);
  g_test_add_func ("/wire/rendezvous-message/kept", test_kept);
  return g_test_run ();
}
