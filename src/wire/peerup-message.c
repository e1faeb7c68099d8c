/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Protobuf messages from and to bytes. The generated code is kept behind one linear,
 * allocation-free pass that refuses what it would let through: field number 0, groups,
 * endless varints, and more fields than a message of its kind needs. Unknown fields are
 * legal and skipped. Nothing is kept here; what is unpacked is the caller's.
 */
#include "wire/peerup-message.h"

#include <string.h>

#include "wire/peerup-reader.h"
#include "wire/peerup-varint.h"

/* Our messages nest two deep; a recursive type must not recurse as deep as a peer likes. */
#define DEPTH_MAX 8

#define FIELD_NUMBER_MAX 0x1fffffff

/* Protobuf's varints may be padded and have up to 10 bytes. */
static gboolean
read_varint (PeerupReader *reader, guint64 *value)
{
  guint64 result = 0;

  for (guint i = 0; i < 10; i++)
    {
      guint8 byte;

      if (!peerup_reader_u8 (reader, &byte))
        return FALSE;
      if (i < 9)
        result |= (guint64) (byte & 0x7f) << (7 * i);
      else
        result |= (guint64) (byte & 0x01) << 63;
      if ((byte & 0x80) == 0)
        {
          *value = result;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
read_length_delimited (PeerupReader *reader, PeerupReader *body)
{
  guint64 length;

  if (!read_varint (reader, &length) || length > reader->left)
    return FALSE;

  body->left = (gsize) length;
  return peerup_reader_bytes (reader, (gsize) length, &body->data);
}

typedef struct
{
  guint fields_left;
  gboolean too_many;
} Budget;

static gboolean check_fields (const ProtobufCMessageDescriptor *type, PeerupReader reader, guint depth, Budget *budget);

static gboolean
check_value (const ProtobufCFieldDescriptor *field, guint wire_type, PeerupReader *reader, guint depth, Budget *budget)
{
  PeerupReader body;
  const guint8 *skipped;
  guint64 value;

  switch (wire_type)
    {
    case PROTOBUF_C_WIRE_TYPE_VARINT:
      return read_varint (reader, &value);
    case PROTOBUF_C_WIRE_TYPE_64BIT:
      return peerup_reader_bytes (reader, 8, &skipped);
    case PROTOBUF_C_WIRE_TYPE_32BIT:
      return peerup_reader_bytes (reader, 4, &skipped);
    case PROTOBUF_C_WIRE_TYPE_LENGTH_PREFIXED:
      if (!read_length_delimited (reader, &body))
        return FALSE;
      if (field != NULL && field->type == PROTOBUF_C_TYPE_MESSAGE)
        return check_fields (field->descriptor, body, depth + 1, budget);
      return TRUE;
    default:
      return FALSE;
    }
}

static gboolean
check_fields (const ProtobufCMessageDescriptor *type, PeerupReader reader, guint depth, Budget *budget)
{
  if (depth > DEPTH_MAX)
    return FALSE;

  while (reader.left > 0)
    {
      const ProtobufCFieldDescriptor *field;
      guint64 tag;

      if (budget->fields_left == 0)
        {
          budget->too_many = TRUE;
          return FALSE;
        }
      budget->fields_left--;

      if (!read_varint (&reader, &tag) || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MAX)
        return FALSE;
      field = protobuf_c_message_descriptor_get_field (type, (unsigned) (tag >> 3));
      if (!check_value (field, tag & 7, &reader, depth, budget))
        return FALSE;
    }
  return TRUE;
}

gpointer
peerup_message_unpack (const ProtobufCMessageDescriptor *type, gconstpointer data, gsize length, guint max_fields,
                       GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  Budget budget = { .fields_left = max_fields };
  gpointer message = NULL;

  if (check_fields (type, reader, 0, &budget))
    message = protobuf_c_message_unpack (type, NULL, length, data);

  if (budget.too_many)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "The %s message has more than %u fields",
                 type->short_name, max_fields);
  else if (message == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The %" G_GSIZE_FORMAT " bytes are not a %s message",
                 length, type->short_name);
  return message;
}

void
peerup_message_free (gpointer message)
{
  if (message != NULL)
    protobuf_c_message_free_unpacked (message, NULL);
}

static GBytes *
pack_behind (const ProtobufCMessage *message, const guint8 *prefix, gsize prefix_size, gsize size)
{
  guint8 *out;
  gsize written;

  /* A message without fields is no bytes at all. */
  if (prefix_size + size == 0)
    return g_bytes_new (NULL, 0);

  out = g_malloc (prefix_size + size);
  memcpy (out, prefix, prefix_size);
  written = protobuf_c_message_pack (message, out + prefix_size);
  g_assert (written == size);
  return g_bytes_new_take (out, prefix_size + size);
}

GBytes *
peerup_message_pack (const ProtobufCMessage *message)
{
  return pack_behind (message, (const guint8 *) "", 0, protobuf_c_message_get_packed_size (message));
}

GBytes *
peerup_message_pack_framed (const ProtobufCMessage *message)
{
  gsize size = protobuf_c_message_get_packed_size (message);
  guint8 prefix[PEERUP_VARINT_SIZE_MAX];
  gsize prefix_size = peerup_varint_encode (size, prefix, sizeof prefix);

  g_assert (prefix_size > 0);
  return pack_behind (message, prefix, prefix_size, size);
}

char *
peerup_message_dup_text (const ProtobufCBinaryData *field, gsize max)
{
  const char *text = (const char *) field->data;

  if (field->len == 0)
    return g_strdup ("");
  if (field->len > max || !g_utf8_validate_len (text, field->len, NULL))
    return NULL;
  return g_strndup (text, field->len);
}

ProtobufCBinaryData
peerup_message_text (const char *text)
{
  return (ProtobufCBinaryData) { .len = strlen (text), .data = (guint8 *) text };
}

ProtobufCBinaryData
peerup_message_bytes (GBytes *bytes)
{
  ProtobufCBinaryData field;

  field.data = (guint8 *) g_bytes_get_data (bytes, &field.len);
  return field;
}
