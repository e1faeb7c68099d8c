/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Messages byte by byte: written and read again, names that point, and every way in which they can be wrong. */

#include "mdns-test.h"

#define HEADER_SIZE 12

/* An answer as other programs write it: names that point back, a type that we do not know, the cache-flush bit. */
static const guint8 answer[] = {
  0,
  0,
  0x84,
  0,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  5,
  /* 12 */ 4,
  '_',
  'p',
  '2',
  'p',
  4,
  '_',
  'u',
  'd',
  'p',
  5,
  'l',
  'o',
  'c',
  'a',
  'l',
  0,
  0,
  12,
  0,
  1,
  0,
  0,
  0,
  120,
  0,
  6,
  /* 39 */ 3,
  'o',
  'n',
  'e',
  0xc0,
  12,
  /* 45: TXT */ 0xc0,
  39,
  0,
  16,
  0x80,
  1,
  0,
  0,
  0,
  120,
  0,
  8,
  3,
  'a',
  '=',
  'b',
  0,
  2,
  'c',
  'd',
  /* 65: SRV */ 0xc0,
  39,
  0,
  33,
  0x80,
  1,
  0,
  0,
  0,
  120,
  0,
  11,
  0,
  0,
  0,
  0,
  0x0f,
  0xa1,
  2,
  'm',
  'e',
  0xc0,
  22,
  /* 88: NSEC */ 0xc0,
  39,
  0,
  47,
  0x80,
  1,
  0,
  0,
  0,
  120,
  0,
  3,
  1,
  2,
  3,
  /* 103: A */ 2,
  'm',
  'e',
  0xc0,
  22,
  0,
  1,
  0x80,
  1,
  0,
  0,
  0,
  120,
  0,
  4,
  192,
  168,
  7,
  9,
  /* 122: AAAA */ 0xc0,
  103,
  0,
  28,
  0x80,
  1,
  0,
  0,
  0,
  120,
  0,
  16,
  0xfd,
  0,
  0,
  7,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  9,
};

static void
parse (PeerupMdnsMessage *message, const guint8 *data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_mdns_message_parse (message, data, length, &error));
  g_assert_no_error (error);
}

static void
assert_name (const PeerupMdnsName *name, const char *expected)
{
  PeerupMdnsName other = make_name (expected);

  g_assert_cmpmem (name->bytes, name->length, other.bytes, other.length);
}

static void
test_read (void)
{
  PeerupMdnsMessage message;
  PeerupMdnsCursor cursor;
  PeerupMdnsRecord record;

  parse (&message, answer, sizeof answer);
  g_assert_true (message.is_response);
  peerup_mdns_cursor_init (&cursor, &message);
  g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  g_assert_cmpint (record.section, ==, PEERUP_MDNS_ANSWER);
  g_assert_cmpint (record.type, ==, PEERUP_MDNS_PTR);
  g_assert_cmpuint (record.ttl, ==, 120);
  g_assert_false (record.flush);
  assert_name (&record.name, "_p2p._udp.local");
  assert_name (&record.target, "one._p2p._udp.local");

  g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  g_assert_cmpint (record.section, ==, PEERUP_MDNS_ADDITIONAL);
  g_assert_cmpint (record.type, ==, PEERUP_MDNS_TXT);
  g_assert_true (record.flush);
  assert_name (&record.name, "one._p2p._udp.local");
  g_assert_cmpmem (record.data, record.length, "\3a=b\0\2cd", 8);

  g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  g_assert_cmpint (record.type, ==, PEERUP_MDNS_SRV);
  g_assert_cmpuint (record.port, ==, 4001);
  assert_name (&record.target, "me.local");

  /* The one in between is passed over. */
  g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  g_assert_cmpint (record.type, ==, PEERUP_MDNS_A);
  assert_name (&record.name, "me.local");
  g_assert_cmpmem (record.data, record.length, "\300\250\7\11", 4);
  g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  g_assert_cmpint (record.type, ==, PEERUP_MDNS_AAAA);
  assert_name (&record.name, "me.local");
  g_assert_cmpuint (record.length, ==, 16);
  g_assert_false (peerup_mdns_cursor_next_record (&cursor, &record));
}

static void
test_strings (void)
{
  PeerupReader reader = PEERUP_READER_INIT ((const guint8 *) "\3a=b\0\2cd", 8);
  const guint8 *string;
  gsize length;

  g_assert_true (peerup_mdns_text_next (&reader, &string, &length));
  g_assert_cmpmem (string, length, "a=b", 3);
  g_assert_true (peerup_mdns_text_next (&reader, &string, &length));
  g_assert_cmpuint (length, ==, 0);
  g_assert_true (peerup_mdns_text_next (&reader, &string, &length));
  g_assert_cmpmem (string, length, "cd", 2);
  g_assert_false (peerup_mdns_text_next (&reader, &string, &length));
}

static void
test_questions (void)
{
  static const guint8 query[] = {
    0,
    7,
    2,
    0,
    0,
    4,
    0,
    0,
    0,
    0,
    0,
    0,
    /* unicast answers welcome */ 1,
    'a',
    0,
    0,
    12,
    0x80,
    1,
    /* class CHAOS */ 1,
    'b',
    0,
    0,
    12,
    0,
    3,
    /* class ANY, a type that we do not know */ 1,
    'c',
    0,
    0,
    99,
    0,
    255,
    /* to the first */ 1,
    'd',
    0xc0,
    12,
    0,
    255,
    0,
    1,
  };
  PeerupMdnsMessage message;
  PeerupMdnsCursor cursor;
  PeerupMdnsQuestion question;

  parse (&message, query, sizeof query);
  g_assert_false (message.is_response);
  g_assert_true (message.is_truncated);
  g_assert_cmpuint (message.id, ==, 7);
  peerup_mdns_cursor_init (&cursor, &message);
  g_assert_true (peerup_mdns_cursor_next_question (&cursor, &question));
  g_assert_cmpuint (question.type, ==, PEERUP_MDNS_PTR);
  assert_name (&question.name, "a");
  g_assert_true (peerup_mdns_cursor_next_question (&cursor, &question));
  g_assert_cmpuint (question.type, ==, 99);
  assert_name (&question.name, "c");
  g_assert_true (peerup_mdns_cursor_next_question (&cursor, &question));
  assert_name (&question.name, "d.a");
  g_assert_false (peerup_mdns_cursor_next_question (&cursor, &question));
}

/* Whatever is cut is malformed, and nothing is read behind the end. */
static void
test_truncated (void)
{
  for (gsize length = 0; length < sizeof answer; length++)
    {
      g_autofree guint8 *exact = g_memdup2 (answer, length);
      g_autoptr (GError) error = NULL;
      PeerupMdnsMessage message;

      g_assert_false (peerup_mdns_message_parse (&message, exact, length, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* Every byte in every value: it is refused, or can be walked. */
static void
test_every_byte (void)
{
  for (gsize at = 0; at < sizeof answer; at++)
    for (guint value = 0; value < 256; value++)
      {
        g_autofree guint8 *exact = g_memdup2 (answer, sizeof answer);
        PeerupMdnsMessage message;
        PeerupMdnsCursor cursor;
        PeerupMdnsRecord record;
        guint n = 0;

        exact[at] = value;
        if (!peerup_mdns_message_parse (&message, exact, sizeof answer, NULL))
          continue;
        peerup_mdns_cursor_init (&cursor, &message);
        while (peerup_mdns_cursor_next_record (&cursor, &record))
          n++;
        g_assert_cmpuint (n, <=, 6);
      }
}

static void
assert_bad (const guint8 *data, gsize length, PeerupError code)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);
  g_autoptr (GError) error = NULL;
  PeerupMdnsMessage message;

  g_assert_false (peerup_mdns_message_parse (&message, exact, length, &error));
  g_assert_error (error, PEERUP_ERROR, code);
}

#define BAD(code, ...)                                     \
  G_STMT_START                                             \
  {                                                        \
    static const guint8 bytes[] = { __VA_ARGS__ };         \
    assert_bad (bytes, sizeof bytes, PEERUP_ERROR_##code); \
  }                                                        \
  G_STMT_END
#define ONE_QUESTION 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0
#define ONE_ANSWER   0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0
#define PTR_IN       0, 12, 0, 1

static void
test_pointers (void)
{
  /* To itself, to what comes after, into the header, and two to each other. */
  BAD (MALFORMED, ONE_QUESTION, 0xc0, 12, PTR_IN);
  BAD (MALFORMED, ONE_QUESTION, 0xc0, 14, PTR_IN, 0);
  BAD (MALFORMED, ONE_QUESTION, 0xc0, 2, PTR_IN);
  BAD (MALFORMED, ONE_QUESTION, 1, 'a', 0xc0, 12, PTR_IN);
  BAD (MALFORMED, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0xc0, 18, PTR_IN, 0xc0, 12, PTR_IN);
  /* Kinds of label that there are not. */
  BAD (MALFORMED, ONE_QUESTION, 0x80, 12, PTR_IN);
  BAD (MALFORMED, ONE_QUESTION, 0x40, 'a', PTR_IN);
}

static void
test_bad_records (void)
{
  /* An address of 3 bytes, of 15; a string that is longer than its record; a target that ends early, or late; a SRV
   * without a target. */
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 3, 1, 2, 3);
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 28, 0, 1, 0, 0, 0, 1, 0, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 16, 0, 1, 0, 0, 0, 1, 0, 3, 3, 'a', 'b');
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 12, 0, 1, 0, 0, 0, 1, 0, 4, 1, 'a', 0, 0);
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 12, 0, 1, 0, 0, 0, 1, 0, 2, 1, 'a', 0, 0);
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 33, 0, 1, 0, 0, 0, 1, 0, 5, 0, 0, 0, 0, 1);
  /* More data than there is. */
  BAD (MALFORMED, ONE_ANSWER, 0, 0, 99, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 1);
  /* An operation, and an error, which mDNS does not have. */
  BAD (UNSUPPORTED, 0, 0, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  BAD (UNSUPPORTED, 0, 0, 0x84, 3, 0, 0, 0, 0, 0, 0, 0, 0);
}

/* Questions without number that are not there, and the largest message, which is one. */
static void
test_sizes (void)
{
  g_autofree guint8 *large = g_malloc0 (PEERUP_MDNS_MESSAGE_MAX + 1);
  PeerupMdnsMessage message;

  BAD (MALFORMED, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, PTR_IN);
  parse (&message, large, PEERUP_MDNS_MESSAGE_MAX);
  assert_bad (large, PEERUP_MDNS_MESSAGE_MAX + 1, PEERUP_ERROR_TOO_LARGE);
}

/* As many pointers to pointers as a message holds. */
static void
test_chain (void)
{
  g_autofree guint8 *data = g_malloc0 (PEERUP_MDNS_MESSAGE_MAX);
  static const guint8 header[] = { ONE_ANSWER };
  static const guint8 record[] = { 0, 0, 99, 0, 1, 0, 0, 0, 1 };
  gsize at = HEADER_SIZE + 11;
  PeerupMdnsMessage message;

  for (guint n_pointers = 10; n_pointers <= 4000; n_pointers += 3990)
    {
      memcpy (data, header, sizeof header);
      memcpy (data + HEADER_SIZE, record, sizeof record);
      data[HEADER_SIZE + 9] = (2 * n_pointers) >> 8;
      data[HEADER_SIZE + 10] = (2 * n_pointers) & 0xff;
      data[5] = 0;
      data[7] = 2;
      at = HEADER_SIZE + 11;
      for (guint i = 0; i < n_pointers; i++, at += 2)
        {
          gsize target = i == 0 ? HEADER_SIZE : at - 2;

          data[at] = 0xc0 | target >> 8;
          data[at + 1] = target & 0xff;
        }
      data[at] = 0xc0 | (at - 2) >> 8;
      data[at + 1] = (at - 2) & 0xff;
      memcpy (data + at + 2, record + 1, sizeof record - 1);
      data[at + 10] = data[at + 11] = 0;
      g_assert_cmpint (peerup_mdns_message_parse (&message, data, at + 12, NULL), ==, n_pointers == 10);
    }
}

static void
test_names (void)
{
  PeerupMdnsName name, child, parent = make_name ("_p2p._udp.local");
  g_autofree char *label = g_strnfill (64, 'x');
  g_autofree char *longest = NULL;

  g_assert_false (peerup_mdns_name_set (&name, ""));
  g_assert_false (peerup_mdns_name_set (&name, "a..b"));
  g_assert_false (peerup_mdns_name_set (&name, "a."));
  g_assert_false (peerup_mdns_name_set (&name, label));
  label[63] = '\0';
  g_assert_true (peerup_mdns_name_set (&name, label));
  g_assert_cmpuint (name.length, ==, 65);
  /* 64 + 64 + 64 + 62 + 1 */
  longest = g_strdup_printf ("%s.%s.%s.%s", label, label, label, label + 2);
  g_assert_true (peerup_mdns_name_set (&name, longest));
  g_assert_cmpuint (name.length, ==, PEERUP_MDNS_NAME_MAX);
  g_assert_false (peerup_mdns_name_set_child (&child, "a", &name));
  g_clear_pointer (&longest, g_free);
  longest = g_strdup_printf ("%s.%s.%s.%s", label, label, label, label + 1);
  g_assert_false (peerup_mdns_name_set (&name, longest));

  g_assert_true (peerup_mdns_name_set_child (&name, "a.b", &parent));
  g_assert_true (peerup_mdns_name_is_child (&name, &parent));
  g_assert_false (peerup_mdns_name_is_child (&parent, &parent));
  name = make_name ("X._P2P._udp.LOCAL");
  g_assert_true (peerup_mdns_name_is_child (&name, &parent));
  g_assert_false (peerup_mdns_name_equal (&name, &parent));
  name = make_name ("_P2P._udp.LOCAL");
  g_assert_true (peerup_mdns_name_equal (&name, &parent));
  /* Two labels more, and one that only ends alike. */
  name = make_name ("x.y._p2p._udp.local");
  g_assert_false (peerup_mdns_name_is_child (&name, &parent));
  name = make_name ("x_p2p._udp.local");
  g_assert_false (peerup_mdns_name_is_child (&name, &parent));
}

/* A name is refused in a message where it is longer than names are. */
static void
test_long_name (void)
{
  guint8 data[HEADER_SIZE + 4 * 64 + 1 + 4] = { ONE_QUESTION };
  PeerupMdnsMessage message;

  for (guint i = 0; i < 4; i++)
    data[HEADER_SIZE + 64 * i] = 63;
  data[sizeof data - 3] = 12;
  data[sizeof data - 1] = 1;
  g_assert_false (peerup_mdns_message_parse (&message, data, sizeof data, NULL));
  data[HEADER_SIZE + 192] = 61;
  data[HEADER_SIZE + 192 + 62] = 0;
  g_assert_true (peerup_mdns_message_parse (&message, data, sizeof data, NULL));
}

static void
test_write (void)
{
  PeerupMdnsRecord record = { .section = PEERUP_MDNS_ANSWER, .ttl = 120 };
  guint8 data[sizeof answer];
  PeerupMdnsWriter writer;

  peerup_mdns_writer_init (&writer, data, sizeof data, 0, TRUE);
  record.name = make_name ("_p2p._udp.local");
  record.type = PEERUP_MDNS_PTR;
  record.target = make_name ("one._p2p._udp.local");
  g_assert_true (peerup_mdns_writer_add_record (&writer, &record));
  record.section = PEERUP_MDNS_ADDITIONAL;
  record.name = record.target;
  record.type = PEERUP_MDNS_TXT;
  record.flush = TRUE;
  record.data = (const guint8 *) "\3a=b\0\2cd";
  record.length = 8;
  g_assert_true (peerup_mdns_writer_add_record (&writer, &record));
  g_assert_cmpuint (writer.length, ==, 65);
  /* The counts apart, as more follows there. */
  g_assert_cmpmem (data, HEADER_SIZE - 1, answer, HEADER_SIZE - 1);
  g_assert_cmpuint (data[HEADER_SIZE - 1], ==, 1);
  g_assert_cmpmem (data + HEADER_SIZE, 65 - HEADER_SIZE, answer + HEADER_SIZE, 65 - HEADER_SIZE);
}

/* Into each size: what fits is there and can be read, what does not is not. */
static void
test_write_short (void)
{
  for (gsize size = HEADER_SIZE; size < 200; size++)
    {
      g_autofree guint8 *exact = g_malloc (size);
      PeerupMdnsQuestion question = { .name = make_name ("x._p2p._udp.local"), .type = PEERUP_MDNS_ANY };
      PeerupMdnsRecord record = { .name = make_name ("y._p2p._udp.local"),
                                  .target = make_name ("host.p2p.local"),
                                  .type = PEERUP_MDNS_SRV,
                                  .port = 1 };
      guint n_written = 0, n_read = 0;
      PeerupMdnsMessage message;
      PeerupMdnsCursor cursor;
      PeerupMdnsWriter writer;

      peerup_mdns_writer_init (&writer, exact, size, 9, FALSE);
      n_written += peerup_mdns_writer_add_question (&writer, &question);
      n_written += peerup_mdns_writer_add_record (&writer, &record);
      record.type = PEERUP_MDNS_PTR;
      n_written += peerup_mdns_writer_add_record (&writer, &record);
      parse (&message, exact, writer.length);
      g_assert_cmpuint (message.id, ==, 9);
      peerup_mdns_cursor_init (&cursor, &message);
      n_read += peerup_mdns_cursor_next_question (&cursor, &question);
      while (peerup_mdns_cursor_next_record (&cursor, &record))
        n_read++;
      g_assert_cmpuint (n_read, ==, n_written);
      g_assert_true (size < 100 || n_written == 3);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/message/read", test_read);
  g_test_add_func ("/mdns/message/strings", test_strings);
  g_test_add_func ("/mdns/message/questions", test_questions);
  g_test_add_func ("/mdns/message/truncated", test_truncated);
  g_test_add_func ("/mdns/message/every-byte", test_every_byte);
  g_test_add_func ("/mdns/message/pointers", test_pointers);
  g_test_add_func ("/mdns/message/bad-records", test_bad_records);
  g_test_add_func ("/mdns/message/sizes", test_sizes);
  g_test_add_func ("/mdns/message/chain", test_chain);
  g_test_add_func ("/mdns/message/names", test_names);
  g_test_add_func ("/mdns/message/long-name", test_long_name);
  g_test_add_func ("/mdns/message/write", test_write);
  g_test_add_func ("/mdns/message/write-short", test_write_short);
  return g_test_run ();
}
