/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The messages of a pairing: one way to write each, and nothing else is read. */

#include <string.h>

#include "pairing/peerup-pairing-message.h"

static GBytes *
make (PeerupPairingEvent type)
{
  g_auto (PeerupPairingMessage)
    message = { .type = type, .invite = { 9999, TRUE }, .refusal = PEERUP_PAIRING_REFUSED_BUSY };

  memset (message.share, 0x11, sizeof message.share);
  memset (message.tag, 0x22, sizeof message.tag);
  message.sealed = g_bytes_new ("sealed", 6);
  return peerup_pairing_message_encode (&message);
}

static gboolean
decode (const guint8 *data, gsize length)
{
  g_auto (PeerupPairingMessage) message = { 0 };
  g_autofree guint8 *copy = g_malloc (MAX (length, 1));
  g_autoptr (GError) error = NULL;
  gboolean good;

  memcpy (copy, data, length);
  good = peerup_pairing_message_decode (&message, copy, length, &error);
  if (!good)
    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  return good;
}

static void
test_there_and_back (void)
{
  for (PeerupPairingEvent type = PEERUP_PAIRING_EVENT_HELLO; type <= PEERUP_PAIRING_EVENT_REFUSED; type++)
    {
      g_autoptr (GBytes) bytes = make (type);
      g_auto (PeerupPairingMessage) message = { 0 };
      g_autoptr (GError) error = NULL;
      gboolean good =
        peerup_pairing_message_decode (&message, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

      g_assert_no_error (error);
      g_assert_true (good);
      g_assert_cmpint (message.type, ==, type);
      if (type == PEERUP_PAIRING_EVENT_HELLO)
        g_assert_cmpuint (message.invite.number, ==, 9999);
      if (type == PEERUP_PAIRING_EVENT_HELLO || type == PEERUP_PAIRING_EVENT_SHARE)
        g_assert_cmpuint (message.share[31], ==, 0x11);
      if (type == PEERUP_PAIRING_EVENT_OFFER || type == PEERUP_PAIRING_EVENT_DONE)
        g_assert_cmpuint (g_bytes_get_size (message.sealed), ==, 6);
      if (type == PEERUP_PAIRING_EVENT_REFUSED)
        g_assert_cmpint (message.refusal, ==, PEERUP_PAIRING_REFUSED_BUSY);
    }
}

static void
test_truncated (void)
{
  for (PeerupPairingEvent type = PEERUP_PAIRING_EVENT_HELLO; type <= PEERUP_PAIRING_EVENT_REFUSED; type++)
    {
      g_autoptr (GBytes) bytes = make (type);

      for (gsize i = 0; i < g_bytes_get_size (bytes); i++)
        g_assert_false (decode (g_bytes_get_data (bytes, NULL), i));
    }
}

static void
assert_bytes (const char *bytes, gsize length, gboolean good)
{
  g_assert_true (decode ((const guint8 *) bytes, length) == good);
}

/* PROTOCOLS 4 row 25, and every other way to say the same. */
static void
test_other_ways (void)
{
  assert_bytes ("\x08\x0b\x58\x04", 4, TRUE);
  assert_bytes ("\x58\x04\x08\x0b", 4, FALSE);         /* the other way round */
  assert_bytes ("\x08\x0b\x58\x04\x58\x04", 6, FALSE); /* twice */
  assert_bytes ("\x08\x8b\x00\x58\x04", 5, FALSE);     /* a longer varint */
  assert_bytes ("\x08\x0b\x58\x04\x10\x01", 6, FALSE); /* a field that it does not have */
  assert_bytes ("\x08\x0b\x58\x04\x78\x01", 6, FALSE); /* one that nobody knows */
  assert_bytes ("\x08\x0b\x58\x00", 4, FALSE);         /* no refusal */
  assert_bytes ("\x08\x0b\x58\x08", 4, FALSE);         /* none that is known */
  assert_bytes ("\x08\x0b", 2, FALSE);
  assert_bytes ("\x08\x00\x58\x04", 4, FALSE);
  assert_bytes ("\x08\x0c\x58\x04", 4, FALSE);
  assert_bytes ("\x08\xff\xff\xff\xff\x0f\x58\x04", 8, FALSE);
  assert_bytes ("\x08\x05", 2, FALSE);                         /* no seal */
  assert_bytes ("\x08\x05\x52\x00", 4, TRUE);                  /* an empty one */
  assert_bytes ("\x08\x05\x52\x80\x80\x80\x80\x08", 8, FALSE); /* 2^31 bytes to come */
  assert_bytes ("\x08\x05\x53\x54", 4, FALSE);                 /* a group */
  assert_bytes ("\x00\x05", 2, FALSE);                         /* field 0 */
  assert_bytes ("", 0, FALSE);
}

static void
test_numbers (void)
{
  const struct
  {
    guint number;
    gboolean good;
  } numbers[] = { { 0, FALSE }, { 1, TRUE }, { 9999, TRUE }, { 10000, FALSE }, { G_MAXUINT32, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      PeerupPairingMessage message = { .type = PEERUP_PAIRING_EVENT_HELLO, .invite = { numbers[i].number, FALSE } };
      g_autoptr (GBytes) bytes = peerup_pairing_message_encode (&message);

      g_assert_true (decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) == numbers[i].good);
    }
}

static void
test_longest (void)
{
  g_autofree guint8 *bytes = g_malloc0 (PEERUP_PAIRING_MESSAGE_MAX + 1);
  g_auto (PeerupPairingMessage) message = { .type = PEERUP_PAIRING_EVENT_ACCEPT };
  g_autoptr (GBytes) longest = NULL;

  message.sealed = g_bytes_new_static (bytes, PEERUP_PAIRING_MESSAGE_MAX - 5);
  longest = peerup_pairing_message_encode (&message);
  g_assert_cmpuint (g_bytes_get_size (longest), ==, PEERUP_PAIRING_MESSAGE_MAX);
  g_assert_true (decode (g_bytes_get_data (longest, NULL), PEERUP_PAIRING_MESSAGE_MAX));
  memcpy (bytes, "\x08\x05\x52\xfc\x3f", 5);
  g_assert_false (decode (bytes, PEERUP_PAIRING_MESSAGE_MAX + 1));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/message/there-and-back", test_there_and_back);
  g_test_add_func ("/pairing/message/truncated", test_truncated);
  g_test_add_func ("/pairing/message/row-25/other-ways", test_other_ways);
  g_test_add_func ("/pairing/message/numbers", test_numbers);
  g_test_add_func ("/pairing/message/longest", test_longest);
  return g_test_run ();
}
