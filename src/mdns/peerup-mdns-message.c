/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Multicast DNS messages as bytes. A message is walked once to its end before anything of it is handed out, so that
 * nobody acts on half of one. Names may point back, and only back, a bounded number of times: there are no loops, and
 * no message takes long. Holds no memory of its own; knows nothing of who asks and answers. */

#include "mdns/peerup-mdns-message.h"

#include <string.h>

#include "wire/peerup-bytes.h"
#include "wire/peerup-error.h"

#define HEADER_SIZE 12
/* Where the counts of questions and of each section stand in it. */
#define QUESTIONS_AT 4
#define RECORDS_AT   6

#define FLAG_RESPONSE      0x8000
#define FLAG_AUTHORITATIVE 0x0400
#define FLAG_TRUNCATED     0x0200
#define MASK_OPERATION     0x7800
#define MASK_ERROR         0x000f

#define CLASS_IN  1
#define CLASS_ANY 255
/* The top bit of a class: cache-flush in records, unicast answers welcome in questions. */
#define CLASS_MASK 0x7fff
#define CLASS_FLAG 0x8000

#define POINTER_MASK 0xc0
#define OFFSET_MASK  0x3fff
/* Real ones need a pointer to a name that ends in another, and hardly a third. */
#define JUMPS_MAX 16

/* Names */

static gboolean
name_append (PeerupMdnsName *self, const guint8 *label, gsize length)
{
  /* One byte is for the label's length, one for the end of the name. */
  if (length == 0 || length > PEERUP_MDNS_LABEL_MAX || length + 2 > PEERUP_MDNS_NAME_MAX - (gsize) self->length)
    return FALSE;
  self->bytes[self->length] = length;
  memcpy (self->bytes + self->length + 1, label, length);
  self->length += length + 1;
  return TRUE;
}

gboolean
peerup_mdns_name_set (PeerupMdnsName *self, const char *text)
{
  gboolean more = TRUE;

  for (self->length = 0; more;)
    {
      gsize length = strcspn (text, ".");

      if (!name_append (self, (const guint8 *) text, length))
        return FALSE;
      more = text[length] != '\0';
      text += length + more;
    }
  self->bytes[self->length++] = 0;
  return TRUE;
}

gboolean
peerup_mdns_name_set_child (PeerupMdnsName *self, const char *label, const PeerupMdnsName *parent)
{
  self->length = 0;
  if (!name_append (self, (const guint8 *) label, strlen (label)) ||
      parent->length > PEERUP_MDNS_NAME_MAX - self->length)
    return FALSE;
  memcpy (self->bytes + self->length, parent->bytes, parent->length);
  self->length += parent->length;
  return TRUE;
}

/* The bytes of labels' lengths are below 64, where there are no letters. */
static gboolean
bytes_match (const guint8 *a, const guint8 *b, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (g_ascii_tolower (a[i]) != g_ascii_tolower (b[i]))
      return FALSE;
  return TRUE;
}

gboolean
peerup_mdns_name_equal (const PeerupMdnsName *a, const PeerupMdnsName *b)
{
  return a->length == b->length && bytes_match (a->bytes, b->bytes, a->length);
}

gboolean
peerup_mdns_name_is_child (const PeerupMdnsName *self, const PeerupMdnsName *parent)
{
  gsize label = self->bytes[0] + 1;

  return self->length > parent->length && self->length - parent->length == label &&
         bytes_match (self->bytes + label, parent->bytes, parent->length);
}

/* Reading */

/* @name: where it goes. On failure @offset stays. */
static gboolean
read_name (const guint8 *data, gsize length, gsize *offset, PeerupMdnsName *name)
{
  gsize at = *offset;
  gsize end = 0; /* behind the first pointer */
  gsize barrier = at;
  guint n_jumps = 0;

  name->length = 0;
  while (at < length)
    {
      gsize size = data[at];

      if ((size & POINTER_MASK) == POINTER_MASK)
        {
          gsize target;

          if (length - at < 2)
            return FALSE;
          end = end != 0 ? end : at + 2;
          target = peerup_load_be16 (data + at) & OFFSET_MASK;
          if (target < HEADER_SIZE || target >= barrier || n_jumps++ == JUMPS_MAX)
            return FALSE;
          at = barrier = target;
          continue;
        }
      if (size > PEERUP_MDNS_LABEL_MAX || size >= length - at || size >= PEERUP_MDNS_NAME_MAX - (gsize) name->length)
        return FALSE;
      memcpy (name->bytes + name->length, data + at, size + 1);
      name->length += size + 1;
      at += size + 1;
      if (size == 0)
        {
          *offset = end != 0 ? end : at;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
read_question (const PeerupMdnsMessage *self, gsize *offset, PeerupMdnsQuestion *question, guint16 *class)
{
  gsize at = *offset;

  if (!read_name (self->data, self->length, &at, &question->name) || self->length - at < 4)
    return FALSE;
  question->type = peerup_load_be16 (self->data + at);
  *class = peerup_load_be16 (self->data + at + 2) & CLASS_MASK;
  *offset = at + 4;
  return TRUE;
}

static gboolean
are_strings (const guint8 *data, gsize length)
{
  while (length > 0)
    {
      gsize size = data[0];

      if (size >= length)
        return FALSE;
      data += size + 1;
      length -= size + 1;
    }
  return TRUE;
}

/* The name fills what is left of the record's data. */
static gboolean
read_target (const PeerupMdnsMessage *self, gsize at, gsize end, PeerupMdnsName *target)
{
  return read_name (self->data, self->length, &at, target) && at == end;
}

/* What is in the data, from @at on; @record has its length. */
static gboolean
read_data (const PeerupMdnsMessage *self, gsize at, guint16 type, PeerupMdnsRecord *record)
{
  gsize end = at + record->length;

  switch (type)
    {
    case PEERUP_MDNS_A:
      return record->length == 4;
    case PEERUP_MDNS_AAAA:
      return record->length == 16;
    case PEERUP_MDNS_TXT:
      return are_strings (self->data + at, record->length);
    case PEERUP_MDNS_PTR:
      return read_target (self, at, end, &record->target);
    case PEERUP_MDNS_SRV:
      if (record->length < 6)
        return FALSE;
      record->port = peerup_load_be16 (self->data + at + 4);
      return read_target (self, at + 6, end, &record->target);
    default:
      return TRUE;
    }
}

/* @is_known: whether it is one to hand out. */
static gboolean
read_record (const PeerupMdnsMessage *self, gsize *offset, PeerupMdnsRecord *record, gboolean *is_known)
{
  const guint8 *data = self->data;
  gsize at = *offset;
  guint16 type, class;

  if (!read_name (data, self->length, &at, &record->name) || self->length - at < 10)
    return FALSE;
  type = peerup_load_be16 (data + at);
  class = peerup_load_be16 (data + at + 2);
  record->ttl = peerup_load_be32 (data + at + 4);
  record->length = peerup_load_be16 (data + at + 8);
  at += 10;
  if (record->length > self->length - at)
    return FALSE;
  *is_known =
    (class & CLASS_MASK) == CLASS_IN && (type == PEERUP_MDNS_A || type == PEERUP_MDNS_AAAA || type == PEERUP_MDNS_TXT ||
                                         type == PEERUP_MDNS_PTR || type == PEERUP_MDNS_SRV);
  if (*is_known && !read_data (self, at, type, record))
    return FALSE;
  record->type = type;
  record->flush = (class & CLASS_FLAG) != 0;
  record->data = data + at;
  *offset = at + record->length;
  return TRUE;
}

static gboolean
message_walk (const PeerupMdnsMessage *self)
{
  PeerupMdnsQuestion question;
  PeerupMdnsRecord record;
  gsize offset = HEADER_SIZE;
  gboolean is_known;
  guint16 class;

  for (guint i = 0; i < self->n_questions; i++)
    if (!read_question (self, &offset, &question, &class))
      return FALSE;
  for (guint section = 0; section < PEERUP_MDNS_N_SECTIONS; section++)
    for (guint i = 0; i < self->n_records[section]; i++)
      if (!read_record (self, &offset, &record, &is_known))
        return FALSE;
  return TRUE;
}

gboolean
peerup_mdns_message_parse (PeerupMdnsMessage *self, const guint8 *data, gsize length, GError **error)
{
  guint16 flags;

  if (length > PEERUP_MDNS_MESSAGE_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "An mDNS message of %" G_GSIZE_FORMAT " bytes", length);
      return FALSE;
    }
  if (length < HEADER_SIZE)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "An mDNS message ends in its header");
      return FALSE;
    }
  flags = peerup_load_be16 (data + 2);
  if (flags & (MASK_OPERATION | MASK_ERROR))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "mDNS has no messages with flags 0x%04x", flags);
      return FALSE;
    }
  *self = (PeerupMdnsMessage) {
    .data = data,
    .length = length,
    .id = peerup_load_be16 (data),
    .is_response = (flags & FLAG_RESPONSE) != 0,
    .is_truncated = (flags & FLAG_TRUNCATED) != 0,
    .n_questions = peerup_load_be16 (data + QUESTIONS_AT),
  };
  for (guint i = 0; i < PEERUP_MDNS_N_SECTIONS; i++)
    self->n_records[i] = peerup_load_be16 (data + RECORDS_AT + 2 * i);
  if (message_walk (self))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "A record of an mDNS message is malformed");
  return FALSE;
}

void
peerup_mdns_cursor_init (PeerupMdnsCursor *self, const PeerupMdnsMessage *message)
{
  *self = (PeerupMdnsCursor) { .message = message, .offset = HEADER_SIZE };
}

gboolean
peerup_mdns_cursor_next_question (PeerupMdnsCursor *self, PeerupMdnsQuestion *question)
{
  while (self->n_questions < self->message->n_questions)
    {
      guint16 class = 0;
      gboolean is_there = read_question (self->message, &self->offset, question, &class);

      g_assert (is_there);
      self->n_questions++;
      if (class == CLASS_IN || class == CLASS_ANY)
        return TRUE;
    }
  return FALSE;
}

gboolean
peerup_mdns_cursor_next_record (PeerupMdnsCursor *self, PeerupMdnsRecord *record)
{
  PeerupMdnsQuestion question;

  while (peerup_mdns_cursor_next_question (self, &question))
    ;
  while (self->section < PEERUP_MDNS_N_SECTIONS)
    {
      gboolean is_known = FALSE, is_there;

      if (self->n_records == self->message->n_records[self->section])
        {
          self->section++;
          self->n_records = 0;
          continue;
        }
      is_there = read_record (self->message, &self->offset, record, &is_known);
      g_assert (is_there);
      self->n_records++;
      record->section = self->section;
      if (is_known)
        return TRUE;
    }
  return FALSE;
}

gboolean
peerup_mdns_text_next (PeerupReader *reader, const guint8 **string, gsize *length)
{
  guint8 size;

  if (!peerup_reader_u8 (reader, &size))
    return FALSE;
  *length = size;
  return peerup_reader_bytes (reader, size, string);
}

/* Writing */

void
peerup_mdns_writer_init (PeerupMdnsWriter *self, guint8 *data, gsize size, guint16 id, gboolean is_response)
{
  g_assert (size >= HEADER_SIZE && size <= PEERUP_MDNS_MESSAGE_MAX);

  *self = (PeerupMdnsWriter) { .data = data, .size = size, .length = HEADER_SIZE };
  memset (data, 0, HEADER_SIZE);
  peerup_store_be16 (data, id);
  peerup_store_be16 (data + 2, is_response ? FLAG_RESPONSE | FLAG_AUTHORITATIVE : 0);
}

static gboolean
writer_has_room (PeerupMdnsWriter *self, gsize n)
{
  return n <= self->size - self->length;
}

static void
writer_put16 (PeerupMdnsWriter *self, guint16 value)
{
  g_assert (writer_has_room (self, 2));
  peerup_store_be16 (self->data + self->length, value);
  self->length += 2;
}

static void
writer_count (PeerupMdnsWriter *self, gsize at)
{
  peerup_store_be16 (self->data + at, peerup_load_be16 (self->data + at) + 1);
}

/* Where @end, the end of a name, stands already; 0: nowhere. */
static guint16
writer_find (PeerupMdnsWriter *self, const guint8 *end, gsize length)
{
  for (guint i = 0; i < self->n_labels; i++)
    {
      gsize offset = self->labels[i];
      PeerupMdnsName name;

      if (read_name (self->data, self->length, &offset, &name) && name.length == length &&
          memcmp (name.bytes, end, length) == 0)
        return self->labels[i];
    }
  return 0;
}

/* @compress: whether what stands already may be pointed to. */
static gboolean
writer_put_name (PeerupMdnsWriter *self, const PeerupMdnsName *name, gboolean compress)
{
  gsize begin = self->length;
  gsize at = 0;
  guint16 found = 0;

  while (name->bytes[at] != 0 && found == 0)
    {
      gsize size = name->bytes[at] + 1;

      found = compress ? writer_find (self, name->bytes + at, name->length - at) : 0;
      if (found == 0)
        at += size;
    }
  if (!writer_has_room (self, found != 0 ? at + 2 : name->length))
    return FALSE;
  memcpy (self->data + begin, name->bytes, at);
  self->length += at;
  if (found != 0)
    writer_put16 (self, 0xc000 | found);
  else
    self->data[self->length++] = 0;
  for (gsize i = 0; i < at && self->n_labels < G_N_ELEMENTS (self->labels); i += name->bytes[i] + 1)
    self->labels[self->n_labels++] = begin + i;
  return TRUE;
}

/* Undoes what was written after @length. */
static gboolean
writer_refuse (PeerupMdnsWriter *self, gsize length)
{
  self->length = length;
  while (self->n_labels > 0 && self->labels[self->n_labels - 1] >= length)
    self->n_labels--;
  return FALSE;
}

gboolean
peerup_mdns_writer_add_question (PeerupMdnsWriter *self, const PeerupMdnsQuestion *question)
{
  gsize begin = self->length;

  for (guint i = 0; i < PEERUP_MDNS_N_SECTIONS; i++)
    g_assert (peerup_load_be16 (self->data + RECORDS_AT + 2 * i) == 0);
  if (!writer_put_name (self, &question->name, TRUE) || !writer_has_room (self, 4))
    return writer_refuse (self, begin);
  writer_put16 (self, question->type);
  writer_put16 (self, CLASS_IN);
  writer_count (self, QUESTIONS_AT);
  return TRUE;
}

static gboolean
writer_put_data (PeerupMdnsWriter *self, const PeerupMdnsRecord *record)
{
  if (record->type == PEERUP_MDNS_PTR)
    return writer_put_name (self, &record->target, TRUE);
  if (record->type == PEERUP_MDNS_SRV)
    {
      if (!writer_has_room (self, 6))
        return FALSE;
      writer_put16 (self, 0); /* priority */
      writer_put16 (self, 0); /* weight */
      writer_put16 (self, record->port);
      /* Readers of plain DNS take no pointer there (RFC 2782). */
      return writer_put_name (self, &record->target, FALSE);
    }
  g_assert (record->type == PEERUP_MDNS_A ? record->length == 4
            : record->type == PEERUP_MDNS_AAAA
              ? record->length == 16
              : record->type == PEERUP_MDNS_TXT && are_strings (record->data, record->length));
  if (!writer_has_room (self, record->length))
    return FALSE;
  memcpy (self->data + self->length, record->data, record->length);
  self->length += record->length;
  return TRUE;
}

gboolean
peerup_mdns_writer_add_record (PeerupMdnsWriter *self, const PeerupMdnsRecord *record)
{
  gsize begin = self->length;
  gsize length_at;

  g_assert (record->section < PEERUP_MDNS_N_SECTIONS && record->section >= self->section);

  if (!writer_put_name (self, &record->name, TRUE) || !writer_has_room (self, 10))
    return writer_refuse (self, begin);
  writer_put16 (self, record->type);
  writer_put16 (self, CLASS_IN | (record->flush ? CLASS_FLAG : 0));
  writer_put16 (self, record->ttl >> 16);
  writer_put16 (self, record->ttl & 0xffff);
  length_at = self->length;
  writer_put16 (self, 0);
  if (!writer_put_data (self, record))
    return writer_refuse (self, begin);
  peerup_store_be16 (self->data + length_at, self->length - length_at - 2);
  self->section = record->section;
  writer_count (self, RECORDS_AT + 2 * (gsize) record->section);
  return TRUE;
}
