/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Multiaddrs. One allocation holds the binary form, which is checked whole before the object
 * exists; the text is made when it is first asked for. Nothing changes after that, so an
 * address is shared between threads without a lock. Refuses what it cannot print and read
 * back, and a component of unknown kind, because its length cannot be known.
 */
#include "wire/peerup-multiaddr.h"

#include <string.h>

#include "wire/peerup-multiaddr-protocol.h"
#include "wire/peerup-reader.h"
#include "wire/peerup-varint.h"

/* Two bytes are at most 14 characters (/webrtc-direct), so the text of whatever is accepted
 * as bytes is accepted as text. */
#define TEXT_MAX (7 * PEERUP_MULTIADDR_MAX)

struct _PeerupMultiaddr
{
  char *text; /* atomic; NULL until it is asked for */
  guint n_components;
  gsize length;
  guint8 bytes[];
};

G_DEFINE_BOXED_TYPE (PeerupMultiaddr, peerup_multiaddr, peerup_multiaddr_ref, peerup_multiaddr_unref)

/* Reads one component, without looking at its value. */
static const PeerupMultiaddrProtocol *
read_component (PeerupReader *reader, PeerupMultiaddrComponent *component, GError **error)
{
  const PeerupMultiaddrProtocol *protocol;
  gboolean complete;
  guint64 code;

  if (!peerup_reader_varint (reader, &code))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The address is cut short");
      return NULL;
    }
  protocol = peerup_multiaddr_protocol_by_code (code);
  if (protocol == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   "The address has a part of kind %" G_GUINT64_FORMAT ", which is not known", code);
      return NULL;
    }

  component->code = protocol->code;
  if (protocol->size == PEERUP_MULTIADDR_SIZE_PREFIXED)
    complete = peerup_reader_prefixed (reader, PEERUP_MULTIADDR_MAX, &component->value, &component->length);
  else
    {
      component->length = (gsize) protocol->size;
      complete = peerup_reader_bytes (reader, component->length, &component->value);
    }
  if (!complete)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The address is cut short in /%s", protocol->name);
      return NULL;
    }
  return protocol;
}

static gboolean
check_component (PeerupReader *reader, GError **error)
{
  PeerupMultiaddrComponent component;
  const PeerupMultiaddrProtocol *protocol = read_component (reader, &component, error);

  if (protocol == NULL)
    return FALSE;
  if (protocol->check != NULL && !protocol->check (component.value, component.length))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The value of /%s in the address is not %s",
                   protocol->name, protocol->expects);
      return FALSE;
    }
  if (protocol->terminal && reader->left > 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The address goes on after /%s", protocol->name);
      return FALSE;
    }
  return TRUE;
}

/* The next component of an address that is known to be valid. */
static gboolean
next_component (PeerupReader *reader, PeerupMultiaddrComponent *component)
{
  const PeerupMultiaddrProtocol *protocol;

  if (reader->left == 0)
    return FALSE;

  protocol = read_component (reader, component, NULL);
  g_assert (protocol != NULL);
  return TRUE;
}

static PeerupMultiaddr *
new_checked (const guint8 *head, gsize head_length, const guint8 *tail, gsize tail_length, guint n_components)
{
  PeerupMultiaddr *self = g_atomic_rc_box_alloc (sizeof *self + head_length + tail_length);

  self->text = NULL;
  self->n_components = n_components;
  self->length = head_length + tail_length;
  memcpy (self->bytes, head, head_length);
  if (tail_length > 0)
    memcpy (self->bytes + head_length, tail, tail_length);
  return self;
}

PeerupMultiaddr *
peerup_multiaddr_new_from_bytes (gconstpointer data, gsize length, GError **error)
{
  PeerupReader reader = PEERUP_READER_INIT (data, length);
  guint n_components = 0;

  if (length == 0)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "The address is empty");
      return NULL;
    }
  if (length > PEERUP_MULTIADDR_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "An address of %" G_GSIZE_FORMAT " bytes is above the limit of %d", length, PEERUP_MULTIADDR_MAX);
      return NULL;
    }

  while (reader.left > 0)
    {
      if (!check_component (&reader, error))
        return NULL;
      n_components++;
    }
  return new_checked (data, length, NULL, 0, n_components);
}

/* From a slash to before the next one, or to the end. */
static char *
take_segment (const char **cursor)
{
  const char *start = *cursor + 1;

  g_assert (**cursor == '/');
  *cursor = start + strcspn (start, "/");
  return g_strndup (start, (gsize) (*cursor - start));
}

static gboolean
append_value (const PeerupMultiaddrProtocol *protocol, const char **cursor, GByteArray *out, const char *whole,
              GError **error)
{
  g_autoptr (GByteArray) value = g_byte_array_new ();
  g_autofree char *text = NULL;

  if (**cursor == '\0')
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "Address %s: /%s lacks its value, %s", whole,
                   protocol->name, protocol->expects);
      return FALSE;
    }
  if (protocol->terminal)
    {
      text = g_strdup (*cursor);
      *cursor += strlen (*cursor);
    }
  else
    text = take_segment (cursor);

  if (!protocol->parse (text, value) || (protocol->check != NULL && !protocol->check (value->data, value->len)))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "Address %s: “%s” is not %s", whole, text,
                   protocol->expects);
      return FALSE;
    }
  if (protocol->size == PEERUP_MULTIADDR_SIZE_PREFIXED)
    peerup_varint_append (out, value->len);
  g_byte_array_append (out, value->data, value->len);
  return TRUE;
}

static gboolean
append_component (const char **cursor, GByteArray *out, const char *whole, GError **error)
{
  g_autofree char *name = take_segment (cursor);
  const PeerupMultiaddrProtocol *protocol = peerup_multiaddr_protocol_by_name (name);

  if (protocol == NULL)
    {
      g_set_error (error, PEERUP_ERROR, *name == '\0' ? PEERUP_ERROR_MALFORMED : PEERUP_ERROR_UNSUPPORTED,
                   "Address %s: “%s” is not a protocol that is known here", whole, name);
      return FALSE;
    }

  peerup_varint_append (out, protocol->code);
  return protocol->size == 0 || append_value (protocol, cursor, out, whole, error);
}

PeerupMultiaddr *
peerup_multiaddr_new_from_string (const char *text, GError **error)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  g_autofree char *whole = NULL;
  const char *cursor;
  gsize length;

  g_return_val_if_fail (text != NULL, NULL);

  length = strlen (text);
  if (length > TEXT_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   "An address of %" G_GSIZE_FORMAT " characters is above the limit of %d", length, TEXT_MAX);
      return NULL;
    }
  if (!peerup_multiaddr_is_printable ((const guint8 *) text, length))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                           "The address is empty or has characters that cannot be printed");
      return NULL;
    }
  if (*text != '/')
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   "Address “%s” does not start with a slash, as /ip4/192.0.2.1/tcp/7777 does", text);
      return NULL;
    }

  while (length > 0 && text[length - 1] == '/')
    length--;
  whole = g_strndup (text, length);
  for (cursor = whole; *cursor != '\0';)
    {
      if (!append_component (&cursor, out, whole, error))
        return NULL;
    }
  return peerup_multiaddr_new_from_bytes (out->data, out->len, error);
}

PeerupMultiaddr *
peerup_multiaddr_newf (const char *format, ...)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  PeerupMultiaddr *self;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);

  self = peerup_multiaddr_new_from_string (text, &error);
  if (self == NULL)
    g_error ("%s", error->message);
  return self;
}

PeerupMultiaddr *
peerup_multiaddr_ref (PeerupMultiaddr *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
clear (gpointer data)
{
  PeerupMultiaddr *self = data;

  g_free (self->text);
}

void
peerup_multiaddr_unref (PeerupMultiaddr *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

static char *
format (PeerupMultiaddr *self)
{
  PeerupReader reader = PEERUP_READER_INIT (self->bytes, self->length);
  PeerupMultiaddrComponent component;
  GString *out = g_string_new (NULL);

  while (next_component (&reader, &component))
    {
      const PeerupMultiaddrProtocol *protocol = peerup_multiaddr_protocol_by_code (component.code);

      g_string_append_c (out, '/');
      g_string_append (out, protocol->name);
      if (protocol->size == 0)
        continue;
      g_string_append_c (out, '/');
      protocol->format (component.value, component.length, out);
    }
  return g_string_free_and_steal (out);
}

const char *
peerup_multiaddr_get_string (PeerupMultiaddr *self)
{
  char *text = g_atomic_pointer_get (&self->text);

  if (text == NULL)
    {
      text = format (self);
      /* Another thread may have been faster: everybody keeps the first. */
      if (!g_atomic_pointer_compare_and_exchange (&self->text, NULL, text))
        {
          g_free (text);
          text = g_atomic_pointer_get (&self->text);
        }
    }
  return text;
}

const guint8 *
peerup_multiaddr_get_bytes (PeerupMultiaddr *self, gsize *length)
{
  *length = self->length;
  return self->bytes;
}

guint
peerup_multiaddr_get_n_components (PeerupMultiaddr *self)
{
  return self->n_components;
}

void
peerup_multiaddr_get_component (PeerupMultiaddr *self, guint index, PeerupMultiaddrComponent *component)
{
  PeerupReader reader = PEERUP_READER_INIT (self->bytes, self->length);

  g_return_if_fail (index < self->n_components);

  for (guint i = 0; i <= index; i++)
    next_component (&reader, component);
}

gboolean
peerup_multiaddr_find (PeerupMultiaddr *self, PeerupMultiaddrCode code, PeerupMultiaddrComponent *component)
{
  PeerupReader reader = PEERUP_READER_INIT (self->bytes, self->length);
  PeerupMultiaddrComponent candidate;

  while (next_component (&reader, &candidate))
    {
      if (candidate.code == code)
        {
          if (component != NULL)
            *component = candidate;
          return TRUE;
        }
    }
  return FALSE;
}

/* The last component, and the length of what stands before it. */
static gsize
split_last (PeerupMultiaddr *self, PeerupMultiaddrComponent *last)
{
  PeerupReader reader = PEERUP_READER_INIT (self->bytes, self->length);
  gsize before = 0;

  *last = (PeerupMultiaddrComponent) { 0 };
  while (reader.left > 0)
    {
      before = self->length - reader.left;
      next_component (&reader, last);
    }
  return before;
}

PeerupPeerId *
peerup_multiaddr_dup_peer_id (PeerupMultiaddr *self)
{
  PeerupMultiaddrComponent last;

  split_last (self, &last);
  if (last.code != PEERUP_MULTIADDR_P2P)
    return NULL;
  return peerup_peer_id_new_from_bytes (last.value, last.length, NULL);
}

PeerupMultiaddr *
peerup_multiaddr_without_peer_id (PeerupMultiaddr *self)
{
  PeerupMultiaddrComponent last;
  gsize before = split_last (self, &last);

  if (last.code != PEERUP_MULTIADDR_P2P)
    return peerup_multiaddr_ref (self);
  if (before == 0)
    return NULL;
  return new_checked (self->bytes, before, NULL, 0, self->n_components - 1);
}

static gboolean
ends_in_path (PeerupMultiaddr *self)
{
  PeerupMultiaddrComponent last;

  split_last (self, &last);
  return peerup_multiaddr_protocol_by_code (last.code)->terminal;
}

PeerupMultiaddr *
peerup_multiaddr_with_peer_id (PeerupMultiaddr *self, PeerupPeerId *peer)
{
  g_autoptr (PeerupPeerId) present = peerup_multiaddr_dup_peer_id (self);
  g_autoptr (GByteArray) tail = NULL;
  const guint8 *bytes;
  gsize length;

  if ((present != NULL && peerup_peer_id_equal (present, peer)) || ends_in_path (self))
    return peerup_multiaddr_ref (self);

  tail = g_byte_array_new ();
  bytes = peerup_peer_id_get_bytes (peer, &length);
  peerup_varint_append (tail, PEERUP_MULTIADDR_P2P);
  peerup_varint_append (tail, length);
  g_byte_array_append (tail, bytes, (guint) length);
  return new_checked (self->bytes, self->length, tail->data, tail->len, self->n_components + 1);
}

PeerupMultiaddr *
peerup_multiaddr_concat (PeerupMultiaddr *self, PeerupMultiaddr *tail)
{
  if (ends_in_path (self))
    return NULL;
  return new_checked (self->bytes, self->length, tail->bytes, tail->length, self->n_components + tail->n_components);
}

gboolean
peerup_multiaddr_equal (gconstpointer a, gconstpointer b)
{
  const PeerupMultiaddr *left = a;
  const PeerupMultiaddr *right = b;

  return left->length == right->length && memcmp (left->bytes, right->bytes, left->length) == 0;
}

/* FNV-1a. */
guint
peerup_multiaddr_hash (gconstpointer self)
{
  const PeerupMultiaddr *address = self;
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < address->length; i++)
    hash = (guint32) ((hash ^ address->bytes[i]) * (guint64) 16777619u);
  return hash;
}

GPtrArray *
peerup_multiaddr_list_from_bytes (GPtrArray *list, guint max)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < list->len && addresses->len < max; i++)
    {
      GBytes *bytes = g_ptr_array_index (list, i);
      PeerupMultiaddr *address =
        peerup_multiaddr_new_from_bytes (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);

      if (address != NULL)
        g_ptr_array_add (addresses, address);
    }
  return addresses;
}
