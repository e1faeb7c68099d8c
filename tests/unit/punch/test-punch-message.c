/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of a port search: each comes through as it is, and nothing else does. */

#include "punch/peerup-punch-message.h"

#include <string.h>

#include "stun/peerup-stun-writer.h"

#define KEY           ((const guint8 *) "0123456789abcdef")
#define USE_CANDIDATE 0x0025

static const struct
{
  PeerupPunchKind kind;
  const char *mapped; /* NULL: none */
  gsize size;
} forms[] = {
  { PEERUP_PUNCH_PROBE, NULL, 52 },       { PEERUP_PUNCH_NOMINATION, NULL, 56 },  { PEERUP_PUNCH_FAREWELL, NULL, 56 },
  { PEERUP_PUNCH_ANSWER, "1.2.3.4", 64 }, { PEERUP_PUNCH_ANSWER, "2a00::1", 76 },
};

static gsize
write_form (guint i, gboolean from_controlling, guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX])
{
  PeerupPunchMessage message = { .kind = forms[i].kind, .transaction = "transaction" };
  PeerupSocketAddress mapped;

  if (forms[i].mapped != NULL)
    g_assert_true (peerup_socket_address_set (&mapped, forms[i].mapped, 7000));
  return peerup_punch_message_write (&message, forms[i].mapped != NULL ? &mapped : NULL, KEY, from_controlling, data);
}

static gboolean
is_of_controlling (guint i)
{
  return forms[i].kind == PEERUP_PUNCH_NOMINATION || forms[i].kind == PEERUP_PUNCH_FAREWELL;
}

static void
test_forms (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    for (gboolean controlling = is_of_controlling (i); controlling <= TRUE; controlling++)
      {
        guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
        gsize size = write_form (i, controlling, data);
        PeerupPunchMessage read;

        g_assert_cmpuint (size, ==, forms[i].size);
        g_assert_true (peerup_punch_message_read (&read, data, size, KEY, controlling));
        g_assert_cmpint (read.kind, ==, forms[i].kind);
        g_assert_cmpmem (read.transaction, sizeof read.transaction, "transaction", 12);
        /* Its own words, and those of another search. */
        g_assert_false (peerup_punch_message_read (&read, data, size, KEY, !controlling));
        g_assert_false (
          peerup_punch_message_read (&read, data, size, (const guint8 *) "0123456789abcdeF", controlling));
      }
}

/* The whole of a probe, so that nobody changes by accident what both sides must agree on. */
static void
test_bytes (void)
{
  static const guint8 head[] = { 0,   1,   0,   32,  0x21, 0x12, 0xa4, 0x42, 't', 'r', 'a', 'n',
                                 's', 'a', 'c', 't', 'i',  'o',  'n',  0,    0,   8,   0,   20 };
  guint8 password[17], digest_in[PEERUP_PUNCH_MESSAGE_SIZE_MAX], data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
  g_autoptr (GHmac) hmac = NULL;
  guint8 digest[20];
  gsize size = sizeof digest;

  g_assert_cmpuint (write_form (0, TRUE, data), ==, 52);
  g_assert_cmpmem (data, sizeof head, head, sizeof head);
  memcpy (password, KEY, 16);
  password[16] = 1;
  memcpy (digest_in, data, 20);
  digest_in[3] = 24;
  hmac = g_hmac_new (G_CHECKSUM_SHA1, password, sizeof password);
  g_hmac_update (hmac, digest_in, 20);
  g_hmac_get_digest (hmac, digest, &size);
  g_assert_cmpmem (data + 24, 20, digest, size);
}

static void
test_truncated (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
      gsize size = write_form (i, TRUE, data);

      for (gsize length = 0; length < size; length++)
        {
          g_autofree guint8 *copy = g_memdup2 (data, length);
          PeerupPunchMessage read;

          g_assert_false (peerup_punch_message_read (&read, copy, length, KEY, TRUE));
          /* And with a header that knows of it. */
          if (length < PEERUP_STUN_HEADER_SIZE)
            continue;
          copy[3] = length - PEERUP_STUN_HEADER_SIZE;
          g_assert_false (peerup_punch_message_read (&read, copy, length, KEY, TRUE));
        }
    }
}

static void
test_flipped_bits (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];
      gsize size = write_form (i, TRUE, data);

      for (gsize bit = 0; bit < size * 8; bit++)
        {
          PeerupPunchMessage read;

          data[bit / 8] ^= 1 << bit % 8;
          g_assert_false (peerup_punch_message_read (&read, data, size, KEY, TRUE));
          data[bit / 8] ^= 1 << bit % 8;
        }
    }
}

typedef struct
{
  const char *name;
  PeerupStunClass class;
  guint16 method;
  guint16 attributes[2]; /* without a value; 0: none */
  gboolean no_integrity;
  gboolean no_fingerprint;
  gboolean from_controlled;
} Odd;

/* All of them signed with the right key, if at all. */
static const Odd odds[] = {
  { "error", PEERUP_STUN_ERROR, PEERUP_STUN_BINDING },
  { "bare-indication", PEERUP_STUN_INDICATION, PEERUP_STUN_BINDING },
  { "flagged-success", PEERUP_STUN_SUCCESS, PEERUP_STUN_BINDING, { USE_CANDIDATE } },
  { "other-method", PEERUP_STUN_REQUEST, 0x003 },
  { "unknown-attribute", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { 0x0026 } },
  { "flag-and-unknown", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { USE_CANDIDATE, 0x0026 } },
  { "change-request", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { PEERUP_STUN_CHANGE_REQUEST } },
  { "no-integrity", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { 0 }, TRUE },
  { "no-fingerprint", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { 0 }, FALSE, TRUE },
  { "nomination-of-controlled", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { USE_CANDIDATE }, FALSE, FALSE, TRUE },
  { "farewell-of-controlled", PEERUP_STUN_INDICATION, PEERUP_STUN_BINDING, { USE_CANDIDATE }, FALSE, FALSE, TRUE },
};

static gsize
write_odd (const Odd *odd, guint8 *data, gsize size)
{
  guint8 password[17];
  PeerupStunWriter writer;

  memcpy (password, KEY, 16);
  password[16] = !odd->from_controlled;
  peerup_stun_writer_init (&writer, data, size, odd->class, odd->method, (const guint8 *) "transaction");
  for (guint i = 0; i < G_N_ELEMENTS (odd->attributes) && odd->attributes[i] != 0; i++)
    peerup_stun_writer_add (&writer, odd->attributes[i], NULL, 0);
  if (!odd->no_integrity)
    peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, password, sizeof password);
  if (!odd->no_fingerprint)
    peerup_stun_writer_add_fingerprint (&writer);
  return peerup_stun_writer_finish (&writer);
}

static void
test_odd (gconstpointer data)
{
  const Odd *odd = data;
  PeerupPunchMessage read;
  guint8 bytes[200];
  gsize length = write_odd (odd, bytes, sizeof bytes);

  g_assert_cmpuint (length, >, 0);
  g_assert_false (peerup_punch_message_read (&read, bytes, length, KEY, !odd->from_controlled));
}

/* What others may add, which nobody need know: a name of their software. */
static void
test_optional (void)
{
  const Odd named = { "named", PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING, { PEERUP_STUN_SOFTWARE, USE_CANDIDATE } };
  PeerupPunchMessage read;
  guint8 bytes[200];
  gsize length = write_odd (&named, bytes, sizeof bytes);

  g_assert_true (peerup_punch_message_read (&read, bytes, length, KEY, TRUE));
  g_assert_cmpint (read.kind, ==, PEERUP_PUNCH_NOMINATION);
}

/* A flag that is not signed is none: behind the integrity everybody can put what he likes. */
static void
test_unsigned_flag (void)
{
  guint8 password[17], bytes[200];
  PeerupPunchMessage read;
  PeerupStunWriter writer;

  memcpy (password, KEY, 16);
  password[16] = 1;
  peerup_stun_writer_init (&writer, bytes, sizeof bytes, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING,
                           (const guint8 *) "transaction");
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, password, sizeof password);
  peerup_stun_writer_add (&writer, USE_CANDIDATE, NULL, 0);
  peerup_stun_writer_add_fingerprint (&writer);
  g_assert_true (peerup_punch_message_read (&read, bytes, peerup_stun_writer_finish (&writer), KEY, TRUE));
  g_assert_cmpint (read.kind, ==, PEERUP_PUNCH_PROBE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/punch/message/forms", test_forms);
  g_test_add_func ("/punch/message/bytes", test_bytes);
  g_test_add_func ("/punch/message/truncated", test_truncated);
  g_test_add_func ("/punch/message/flipped-bits", test_flipped_bits);
  for (guint i = 0; i < G_N_ELEMENTS (odds); i++)
    {
      g_autofree char *path = g_strconcat ("/punch/message/odd/", odds[i].name, NULL);

      g_test_add_data_func (path, &odds[i], test_odd);
    }
  g_test_add_func ("/punch/message/optional", test_optional);
  g_test_add_func ("/punch/message/unsigned-flag", test_unsigned_flag);
  return g_test_run ();
}
