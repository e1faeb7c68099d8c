/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A key that is taken encodes back to the same bytes, and the generated code reads
 * the same fields from it.
 */
#include "wire/peerup-key-protobuf.h"

#include <string.h>

#include "wire/peerup-message.h"
#include "wire/proto/keys.pb-c.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPublicKey) key = peerup_public_key_new_from_protobuf (data, size, NULL);
  g_autofree guint8 *out = g_malloc (size);
  Peerup__PublicKey *message;
  PeerupKeyFields fields;

  if (!peerup_key_protobuf_parse (data, size, PEERUP_PRIVATE_KEY_MAX, &fields, NULL))
    {
      g_assert_null (key);
      return 0;
    }

  g_assert_cmpuint (peerup_key_protobuf_encode (fields.type, fields.data, fields.length, out, size), ==, size);
  g_assert_cmpmem (out, size, data, size);
  message = peerup__public_key__unpack (NULL, size, data);
  g_assert_nonnull (message);
  g_assert_cmpint (message->type, ==, fields.type);
  g_assert_cmpmem (message->data.data, message->data.len, fields.data, fields.length);
  peerup_message_free (message);
  return 0;
}
