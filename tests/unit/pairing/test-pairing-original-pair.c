/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

/* The original's pairing at a relay against values of its format, and against relays that mean no good. */

#include "pairing-bytes.h"
#include "pairing/peerup-original-pair.h"

#define TOKEN   "000102030405060708090a0b0c0d0e0f"
#define ID      "a1b2c3d4"
#define PEER    "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define REQUEST "000102030405060708090a0b0c0d0e0f027476"
#define REPLY                                                                                                          \
  "010861316232633364340201260024080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c066c6170746f" \
  "70"
#define REFUSAL "000e70616972696e67206661696c6564"
#define PROOF   "23424dbf6d8a4a770f3306626ae452023b60a8f026aa57c79337821f36fef69a"
#define NOTICE                                                                                                         \
  "0108613162326333643402010034313244334b6f6f574b3939566f56784e4537587a79427758457a573778684b374770763835723946335633" \
  "66"                                                                                                                 \
  "794b53554b504835066c6170746f7023424dbf6d8a4a770f3306626ae452023b60a8f026aa57c79337821f36fef69a"

static PeerupGroupNews *
parse_reply (const guint8 *bytes, gsize length, GError **error)
{
  return peerup_group_reply_parse (bytes, length, error);
}

static PeerupGroupNews *
parse_notice (const guint8 *bytes, gsize length, GError **error)
{
  return peerup_group_notice_parse (bytes, length, error);
}

static PeerupGroupNews *
from_hex (const char *hex, PeerupGroupNews *(*parse) (const guint8 *, gsize, GError **), GError **error)
{
  gsize length;
  g_autofree guint8 *bytes = bytes_from_hex (hex, &length);
  g_autofree guint8 *exact = g_memdup2 (bytes, length);

  return parse (exact, length, error);
}

static PeerupPeerId *
peer (void)
{
  return peerup_peer_id_new_from_string (PEER, NULL);
}

static void
assert_news (PeerupGroupNews *news, const char *name, const char *proof)
{
  const PeerupGroupPeer *member;

  g_assert_cmpstr (news->id, ==, ID);
  g_assert_cmpuint (news->size, ==, 2);
  g_assert_cmpuint (news->peers->len, ==, 1);
  member = news->peers->pdata[0];
  g_assert_cmpstr (peerup_peer_id_get_string (member->peer), ==, PEER);
  g_assert_cmpstr (member->name, ==, name);
  assert_hex (member->proof, sizeof member->proof, proof);
}

static void
test_request (void)
{
  gsize length;
  g_autofree guint8 *token = bytes_from_hex (TOKEN, &length);
  g_autoptr (GBytes) request = peerup_group_request_encode (token, "tv");
  g_auto (PeerupGroupRequest) read = { 0 };
  g_autoptr (GError) error = NULL;
  const guint8 *bytes = g_bytes_get_data (request, &length);
  gsize measured;

  assert_bytes_hex (request, REQUEST);
  g_assert_true (peerup_group_request_measure (bytes, &measured, NULL));
  g_assert_cmpuint (measured, ==, length);
  g_assert_true (peerup_group_request_parse (bytes, length, &read, &error));
  g_assert_no_error (error);
  g_assert_cmpmem (read.token, sizeof read.token, token, PEERUP_GROUP_TOKEN_LENGTH);
  g_assert_cmpstr (read.name, ==, "tv");
}

static void
test_request_long_name (void)
{
  const guint8 token[PEERUP_GROUP_TOKEN_LENGTH] = { 0 };
  g_autofree char *ascii = g_strnfill (300, 'x');
  /* 63 bytes, and a character of two that does not fit. */
  g_autofree char *wide = g_strconcat ("123456789012345678901234567890123456789012345678901234567890123", "ä", NULL);
  g_autoptr (GBytes) one = peerup_group_request_encode (token, ascii);
  g_autoptr (GBytes) two = peerup_group_request_encode (token, wide);
  g_autoptr (GBytes) none = peerup_group_request_encode (token, NULL);
  guint8 start[PEERUP_GROUP_TOKEN_LENGTH + 1] = { 0 };
  g_autoptr (GError) error = NULL;
  gsize length;

  g_assert_cmpuint (g_bytes_get_size (one), ==, PEERUP_GROUP_REQUEST_MAX);
  g_assert_cmpuint (g_bytes_get_size (two), ==, PEERUP_GROUP_REQUEST_MAX - 1);
  g_assert_cmpuint (g_bytes_get_size (none), ==, PEERUP_GROUP_TOKEN_LENGTH + 1);
  start[PEERUP_GROUP_TOKEN_LENGTH] = 65;
  g_assert_false (peerup_group_request_measure (start, &length, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static gboolean
take_request (const guint8 *bytes, gsize length)
{
  g_auto (PeerupGroupRequest) request = { 0 };

  return peerup_group_request_parse (bytes, length, &request, NULL);
}

static gboolean
take_reply (const guint8 *bytes, gsize length)
{
  g_autoptr (PeerupGroupNews) news = peerup_group_reply_parse (bytes, length, NULL);

  return news != NULL;
}

static gboolean
take_notice (const guint8 *bytes, gsize length)
{
  g_autoptr (PeerupGroupNews) news = peerup_group_notice_parse (bytes, length, NULL);

  return news != NULL;
}

static void
test_cut_off (void)
{
  static const struct
  {
    const char *hex;
    gboolean (*take) (const guint8 *, gsize);
  } cases[] = { { REQUEST, take_request }, { REPLY, take_reply }, { NOTICE, take_notice } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length;
      g_autofree guint8 *bytes = bytes_from_hex (cases[i].hex, &length);

      g_assert_true (cases[i].take (bytes, length));
      sweep_prefixes (bytes, length, cases[i].take);
      /* And a byte more. */
      bytes[length] = 0;
      g_assert_false (cases[i].take (bytes, length + 1));
    }
}

static void
test_reply (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupGroupNews) read = from_hex (REPLY, parse_reply, &error);
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (ID, 2);
  g_autoptr (PeerupPeerId) id = peer ();
  g_autoptr (GBytes) reply = NULL;

  g_assert_no_error (error);
  assert_news (read, "laptop", "0000000000000000000000000000000000000000000000000000000000000000");
  g_ptr_array_add (news->peers, peerup_group_peer_new (id, "laptop", NULL));
  reply = peerup_group_reply_encode (news);
  assert_bytes_hex (reply, REPLY);
}

static void
test_refusal (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) refusal = peerup_group_refusal_encode ();

  assert_bytes_hex (refusal, REFUSAL);
  g_assert_null (from_hex (REFUSAL, parse_reply, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_clear_error (&error);
  /* Named in the original and never sent. */
  g_assert_null (from_hex ("02", parse_reply, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_notice (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupGroupNews) read = from_hex (NOTICE, parse_notice, &error);
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (ID, 2);
  g_autoptr (PeerupPeerId) id = peer ();
  g_autoptr (GBytes) notice = NULL;
  guint8 proof[PEERUP_GROUP_PROOF_LENGTH];
  gsize length;
  g_autofree guint8 *token = bytes_from_hex (TOKEN, &length);

  g_assert_no_error (error);
  assert_news (read, "laptop", PROOF);
  peerup_group_proof (token, ID, proof);
  assert_hex (proof, sizeof proof, PROOF);
  g_ptr_array_add (news->peers, peerup_group_peer_new (id, "laptop", proof));
  notice = peerup_group_notice_encode (news);
  assert_bytes_hex (notice, NOTICE);
}

static void
test_notice_version (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (from_hex ("0208613162326333643402"
                           "00",
                           parse_notice, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED);
}

/* A notice of one member. @id_length: as declared. */
static GByteArray *
make_notice (const char *group, gsize group_length, guint8 count, guint16 id_length, const char *id, guint8 name_length,
             const char *name)
{
  GByteArray *out = g_byte_array_new ();
  const guint8 proof[PEERUP_GROUP_PROOF_LENGTH] = { 0 };
  guint8 head[2] = { 1, (guint8) group_length };
  guint8 counts[2] = { 2, count };
  guint8 be[2] = { (guint8) (id_length >> 8), (guint8) id_length };

  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, (const guint8 *) group, group_length);
  g_byte_array_append (out, counts, sizeof counts);
  g_byte_array_append (out, be, sizeof be);
  g_byte_array_append (out, (const guint8 *) id, strlen (id));
  g_byte_array_append (out, &name_length, 1);
  g_byte_array_append (out, (const guint8 *) name, name_length);
  g_byte_array_append (out, proof, sizeof proof);
  return out;
}

/* Row 29: a group's ID with a space, a line end, or anything else that would add words and lines to a file. */
static void
test_group_ids (void)
{
  static const struct
  {
    const char *id;
    gsize length;
  } bad[] = {
    { "a1b2c3d ", 8 },  { "a1b2\nc3d", 8 }, { "a1b2c3d\0", 8 }, { "A1B2C3D4", 8 }, { "a1b2c3d", 7 },
    { "a1b2c3d45", 9 }, { "", 0 },          { "a1b2c3g4", 8 },  { "a1b2c3d#", 8 }, { "a1 x=yz1", 8 },
  };

  g_assert_true (peerup_group_id_check ("0123456789abcdef", 8));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GByteArray) notice = make_notice (bad[i].id, bad[i].length, 1, strlen (PEER), PEER, 1, "x");
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_group_id_check (bad[i].id, bad[i].length));
      g_assert_null (peerup_group_notice_parse (notice->data, notice->len, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* Row 29: names that would break out of their line, or that no file takes. */
static void
test_names (void)
{
  static const struct
  {
    const char *name;
    gsize length;
    const char *shown; /* NULL: anything that is fit to be shown */
  } cases[] = {
    { "a\nb", 3, NULL },
    { "# x", 3, NULL },
    { "k: v", 4, NULL },
    { "a\0b", 3, NULL },
    { "\xff\xfe\xfd", 3, NULL },
    { "\xe2\x80\xae"
      "abc",
      6, NULL },
    { "", 0, "" },
    { "laptop", 6, "laptop" },
  };
  g_autofree char *long_name = g_strnfill (255, 'n');

  for (guint i = 0; i <= G_N_ELEMENTS (cases); i++)
    {
      const char *name = i < G_N_ELEMENTS (cases) ? cases[i].name : long_name;
      gsize length = i < G_N_ELEMENTS (cases) ? cases[i].length : 255;
      g_autoptr (GByteArray) notice = make_notice (ID, 8, 1, strlen (PEER), PEER, (guint8) length, name);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupGroupNews) news = peerup_group_notice_parse (notice->data, notice->len, &error);
      const char *shown;

      g_assert_no_error (error);
      shown = ((PeerupGroupPeer *) news->peers->pdata[0])->name;
      g_assert_true (g_utf8_validate (shown, -1, NULL));
      g_assert_cmpuint (strlen (shown), <=, PEERUP_GROUP_NAME_MAX);
      g_assert_null (strpbrk (shown, "\n\r\t"));
      g_assert_null (strstr (shown, "\xe2\x80\xae"));
      if (i < G_N_ELEMENTS (cases) && cases[i].shown != NULL)
        g_assert_cmpstr (shown, ==, cases[i].shown);
    }
}

/* Row 29: 255 members with a body for one, and a member's ID of 65,535 bytes. */
static void
test_counts (void)
{
  g_autoptr (GByteArray) many = make_notice (ID, 8, 255, strlen (PEER), PEER, 1, "x");
  g_autoptr (GByteArray) huge = make_notice (ID, 8, 1, 65535, PEER, 1, "x");
  g_autoptr (GByteArray) none = make_notice (ID, 8, 1, 0, "", 1, "x");
  GByteArray *bad[] = { many, huge, none };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_group_notice_parse (bad[i]->data, bad[i]->len, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* One bad ID among good ones spoils all: nothing is given out. */
static void
test_whole_or_nothing (void)
{
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (ID, 3);
  g_autoptr (PeerupPeerId) id = peer ();
  g_autoptr (GBytes) reply = NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_ptr_array_add (news->peers, peerup_group_peer_new (id, "laptop", NULL));
  reply = peerup_group_reply_encode (news);
  g_byte_array_append (bytes, g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));
  bytes->data[11] = 2;
  g_byte_array_append (bytes,
                       (const guint8 *) "\x03"
                                        "abc"
                                        "\x00",
                       5);
  g_assert_null (peerup_group_reply_parse (bytes->data, bytes->len, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

/* The original lists somebody twice who used two codes. */
static void
test_twice (void)
{
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (ID, 3);
  g_autoptr (PeerupPeerId) id = peer ();
  g_autoptr (GBytes) reply = NULL;
  g_autoptr (PeerupGroupNews) read = NULL;
  gsize length;
  const guint8 *bytes;

  g_ptr_array_add (news->peers, peerup_group_peer_new (id, "laptop", NULL));
  g_ptr_array_add (news->peers, peerup_group_peer_new (id, "again", NULL));
  reply = peerup_group_reply_encode (news);
  bytes = g_bytes_get_data (reply, &length);
  read = peerup_group_reply_parse (bytes, length, NULL);
  g_assert_cmpuint (read->peers->len, ==, 1);
  g_assert_cmpstr (((PeerupGroupPeer *) read->peers->pdata[0])->name, ==, "laptop");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/original-pair/request", test_request);
  g_test_add_func ("/pairing/original-pair/request-long-name", test_request_long_name);
  g_test_add_func ("/pairing/original-pair/cut-off", test_cut_off);
  g_test_add_func ("/pairing/original-pair/reply", test_reply);
  g_test_add_func ("/pairing/original-pair/refusal", test_refusal);
  g_test_add_func ("/pairing/original-pair/notice", test_notice);
  g_test_add_func ("/pairing/original-pair/notice-version", test_notice_version);
  g_test_add_func ("/pairing/original-pair/group-ids", test_group_ids);
  g_test_add_func ("/pairing/original-pair/names", test_names);
  g_test_add_func ("/pairing/original-pair/counts", test_counts);
  g_test_add_func ("/pairing/original-pair/whole-or-nothing", test_whole_or_nothing);
  g_test_add_func ("/pairing/original-pair/twice", test_twice);
  return g_test_run ();
}
