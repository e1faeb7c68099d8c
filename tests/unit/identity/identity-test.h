/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the tests of this room share: hex, copies of exact size (so that the address sanitizer
 * sees every byte read too far), two identities, and a writer of DER that owes
 * nothing to the reader under test.
 */
#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "identity/peerup-private-key.h"

/* Seeds of 32 bytes 01 and 02, and what js-libp2p makes of them. */
#define ALICE_ID     "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define BOB_ID       "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"
#define ALICE_PUBLIC "080112208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"

static inline GBytes *
test_hex (const char *hex)
{
  gsize length = strlen (hex) / 2;
  guint8 *data = g_malloc (length);

  g_assert_cmpuint (strlen (hex) % 2, ==, 0);
  for (gsize i = 0; i < length; i++)
    data[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) << 4 | g_ascii_xdigit_value (hex[2 * i + 1]));
  return g_bytes_new_take (data, length);
}

static inline PeerupPrivateKey *
test_key (guint8 filling)
{
  guint8 seed[32];
  g_autoptr (GError) error = NULL;
  PeerupPrivateKey *key;

  memset (seed, filling, sizeof seed);
  key = peerup_private_key_new_from_seed (seed, &error);
  g_assert_no_error (error);
  return key;
}

static inline PeerupPublicKey *
test_public_key (const char *protobuf_hex)
{
  g_autoptr (GBytes) bytes = test_hex (protobuf_hex);
  g_autoptr (GError) error = NULL;
  PeerupPublicKey *key =
    peerup_public_key_new_from_protobuf (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

  g_assert_no_error (error);
  return key;
}

/* A decoder under test: whether @data is taken. */
typedef gboolean (*TestDecode) (const guint8 *data, gsize length, GError **error);

static inline gboolean
test_try (TestDecode decode, gconstpointer data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);
  g_autoptr (GError) error = NULL;
  gboolean taken = decode (exact, length, &error);

  g_assert_true (taken == (error == NULL));
  if (error != NULL)
    {
      g_assert_true (error->domain == PEERUP_ERROR);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
    }
  return taken;
}

/* The whole must be taken and no proper prefix. */
static inline void
test_sweep (TestDecode decode, gconstpointer data, gsize length)
{
  g_assert_true (test_try (decode, data, length));
  for (gsize i = 0; i < length; i++)
    g_assert_false (test_try (decode, data, i));
}

/* A directory of its own for one test; removed with the plain files in it. */
static inline char *
test_directory_new (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("peerup-test-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static inline guint
test_directory_count (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir) != NULL)
    count++;
  return count;
}

static inline void
test_directory_free (char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      g_assert_cmpint (g_remove (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
  g_free (path);
}

typedef char TestDirectory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TestDirectory, test_directory_free)

/* Appends an element to @out; returns @out. */
static inline GByteArray *
der_add (GByteArray *out, guint8 tag, gconstpointer content, gsize length)
{
  guint8 head[4] = { tag, (guint8) length };
  gsize size = 2;

  g_assert_cmpuint (length, <, 65536);
  if (length >= 0x100)
    {
      head[1] = 0x82;
      head[2] = (guint8) (length >> 8);
      head[3] = (guint8) length;
      size = 4;
    }
  else if (length >= 0x80)
    {
      head[1] = 0x81;
      head[2] = (guint8) length;
      size = 3;
    }
  g_byte_array_append (out, head, size);
  return g_byte_array_append (out, content, length);
}

/* The same with a content that is freed. */
static inline GByteArray *
der_take (GByteArray *out, guint8 tag, GByteArray *content)
{
  der_add (out, tag, content->data, content->len);
  g_byte_array_unref (content);
  return out;
}

/* SubjectPublicKeyInfo of an RSA key with a modulus of @bits ones. */
static inline GByteArray *
der_rsa_spki (gsize bits, guint8 exponent)
{
  static const guint8 algorithm[] = { 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
  gsize size = (bits + 7) / 8;
  g_autofree guint8 *modulus = g_malloc (size + 1);
  GByteArray *key = g_byte_array_new ();
  GByteArray *string = g_byte_array_new ();
  GByteArray *spki = g_byte_array_new ();

  memset (modulus, 0xff, size + 1);
  modulus[0] = 0;
  modulus[1] = 0xff >> (size * 8 - bits);
  if (modulus[1] < 0x80)
    der_add (key, 0x02, modulus + 1, size);
  else
    der_add (key, 0x02, modulus, size + 1);
  der_add (key, 0x02, &exponent, 1);
  g_byte_array_append (string, (const guint8 *) "", 1);
  der_take (string, 0x30, key);
  der_add (spki, 0x30, algorithm, sizeof algorithm);
  der_take (spki, 0x03, string);
  return der_take (g_byte_array_new (), 0x30, spki);
}
