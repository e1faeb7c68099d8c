/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * GnuTLS between a raw stream and its reader. GnuTLS pulls from a buffer that one read
 * of up to 128 KiB fills, and pushes into a buffer that one write empties, so a system
 * call carries many records. A stream that waits holds neither buffer. The first error
 * ends both directions. */

#include "transport/peerup-tls-stream-private.h"

#include <errno.h>
#include <string.h>

#include "transport/peerup-io-buffer.h"
#include "wire/peerup-error.h"

#define INPUT_SIZE  PEERUP_IO_BUFFER_SIZE
#define RECORD_SIZE 16384

/* Plaintext that one write takes: sixteen records, and one for the headers of what is
 * inside; about one send(). */
#define BATCH_SIZE (17 * RECORD_SIZE)
/* So much of it is encrypted before the stream below is asked again whether it takes more; it fits
 * PEERUP_IO_ARRAY_SIZE. */
#define FLUSH_SIZE (4 * RECORD_SIZE)

G_DEFINE_FINAL_TYPE (PeerupTlsStream, peerup_tls_stream, PEERUP_TYPE_STREAM)

static void tls_stream_raw_writable (PeerupStream *raw, gpointer data);

static void
tls_stream_drop_packet (PeerupTlsStream *self)
{
  g_clear_pointer (&self->packet, gnutls_packet_deinit);
  self->plain = (gnutls_datum_t) { NULL, 0 };
}

void
peerup_tls_stream_drop_input (PeerupTlsStream *self)
{
  if (self->input != NULL && !self->input_waits)
    peerup_io_buffer_give (self->input);
  else
    g_free (self->input);
  self->input = NULL;
  self->input_waits = FALSE;
  self->start = self->end = 0;
}

/* Nobody reads on for now: what has to wait moves to where it just fits, if that is little. */
static void
tls_stream_keep_input (PeerupTlsStream *self)
{
  gsize length = self->end - self->start;
  guint8 *rest;

  if (self->input == NULL || self->input_waits || length >= RECORD_SIZE)
    return;
  rest = g_memdup2 (self->input + self->start, length);
  peerup_tls_stream_drop_input (self);
  self->input = rest;
  self->input_waits = rest != NULL;
  self->end = length;
}

void
peerup_tls_stream_drop_output (PeerupTlsStream *self)
{
  GByteArray *output = g_steal_pointer (&self->output);

  if (self->output_waits)
    g_byte_array_unref (output);
  else if (output != NULL)
    peerup_io_array_give (output);
  self->output_waits = FALSE;
  self->sent = 0;
}

/* The stream below takes no more for now. */
static void
tls_stream_keep_output (PeerupTlsStream *self)
{
  gsize length = self->output->len - self->sent;
  GByteArray *rest = g_byte_array_new_take (g_memdup2 (self->output->data + self->sent, length), length);

  peerup_tls_stream_drop_output (self);
  self->output = rest;
  self->output_waits = TRUE;
}

/* May drop the last reference. */
static void
tls_stream_stop_draining (PeerupTlsStream *self)
{
  if (!self->draining)
    return;
  self->draining = FALSE;
  g_object_unref (self);
}

/* Ends both directions with @error, which is taken. */
static void
tls_stream_fail (PeerupTlsStream *self, GError *error)
{
  g_autoptr (PeerupTlsStream) held = g_object_ref (self);

  if (self->error != NULL)
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  tls_stream_drop_packet (self);
  peerup_tls_stream_drop_input (self);
  peerup_tls_stream_drop_output (self);
  peerup_stream_arm_read (self->raw, NULL, NULL);
  peerup_stream_arm_write (self->raw, NULL, NULL);
  peerup_stream_reset (self->raw, PEERUP_STREAM_CODE_NONE);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_IN | G_IO_OUT);
  tls_stream_stop_draining (self);
}

static gssize
tls_stream_set_final_error (PeerupTlsStream *self, GError **error)
{
  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The TLS channel is closed");
  return -1;
}

static gssize
tls_stream_would_block (GError **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Not ready");
  return -1;
}

/* What GnuTLS calls. */

/* TRUE when there is input; else errno is set, or 0 for the end. */
static gboolean
tls_stream_fill_input (PeerupTlsStream *self)
{
  g_autoptr (GError) local = NULL;
  gssize n;

  if (self->start < self->end)
    return TRUE;
  if (self->greeting)
    {
      gnutls_transport_set_errno (self->session, EAGAIN);
      return FALSE;
    }
  if (self->input_waits)
    peerup_tls_stream_drop_input (self);
  if (self->input == NULL)
    self->input = peerup_io_buffer_take ();
  self->start = self->end = 0;
  n = peerup_stream_read (self->raw, self->input, INPUT_SIZE, &local);
  if (n > 0)
    {
      self->end = n;
      return TRUE;
    }
  peerup_tls_stream_drop_input (self);
  if (n == 0)
    {
      self->raw_ended = TRUE;
      gnutls_transport_set_errno (self->session, 0);
    }
  else if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    gnutls_transport_set_errno (self->session, EAGAIN);
  else
    {
      g_clear_error (&self->raw_error);
      self->raw_error = g_steal_pointer (&local);
      gnutls_transport_set_errno (self->session, EIO);
    }
  return FALSE;
}

static ssize_t
tls_stream_pull (gnutls_transport_ptr_t pointer, void *buffer, size_t count)
{
  PeerupTlsStream *self = pointer;

  if (!tls_stream_fill_input (self))
    return self->raw_ended ? 0 : -1;
  count = MIN (count, self->end - self->start);
  memcpy (buffer, self->input + self->start, count);
  self->start += count;
  return count;
}

/* Takes everything; who writes bounds what it gives GnuTLS. */
static ssize_t
tls_stream_push (gnutls_transport_ptr_t pointer, const giovec_t *vectors, int n_vectors)
{
  PeerupTlsStream *self = pointer;
  ssize_t total = 0;

  if (self->output == NULL)
    self->output = peerup_io_array_take ();
  for (int i = 0; i < n_vectors; i++)
    {
      g_byte_array_append (self->output, vectors[i].iov_base, vectors[i].iov_len);
      total += vectors[i].iov_len;
    }
  return total;
}

static int
tls_stream_pull_timeout (gnutls_transport_ptr_t pointer, unsigned int milliseconds)
{
  return 1;
}

/* What a GnuTLS error stands for. Where a pull, push or check has its own, that. */
GError *
peerup_tls_stream_error (PeerupTlsStream *self, int code)
{
  if (self->raw_error != NULL)
    return g_steal_pointer (&self->raw_error);
  if (code == GNUTLS_E_PREMATURE_TERMINATION)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The peer closed the connection without a TLS end");
  if (code == GNUTLS_E_FATAL_ALERT_RECEIVED)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "The peer refused the TLS handshake: %s",
                        gnutls_alert_get_name (gnutls_alert_get (self->session)));
  if (code == GNUTLS_E_DECRYPTION_FAILED)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "A TLS record does not decrypt");
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "TLS failed: %s", gnutls_strerror (code));
}

/* Writing */

/* Sends what is encrypted. FALSE: some of it is left (WOULD_BLOCK), or an error. */
static gboolean
tls_stream_flush (PeerupTlsStream *self, GError **error)
{
  while (self->output != NULL && self->sent < self->output->len)
    {
      g_autoptr (GError) local = NULL;
      gssize n =
        peerup_stream_write (self->raw, self->output->data + self->sent, self->output->len - self->sent, &local);

      if (n > 0)
        {
          self->sent += n;
          continue;
        }
      if (g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        peerup_stream_arm_write (self->raw, tls_stream_raw_writable, self);
      else
        tls_stream_fail (self, g_error_copy (local));
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  peerup_tls_stream_drop_output (self);
  return TRUE;
}

static void
tls_stream_raw_writable (PeerupStream *raw, gpointer data)
{
  g_autoptr (PeerupTlsStream) self = g_object_ref (data);

  if (self->error != NULL || !tls_stream_flush (self, NULL))
    return;
  if (self->write_closed)
    peerup_stream_close_write (self->raw);
  peerup_stream_notify (PEERUP_STREAM (self), G_IO_OUT);
  tls_stream_stop_draining (self);
}

/* One record of up to RECORD_SIZE from the front of the vectors; @offset is how far the
 * first of them is used up. A record that lies in one vector is encrypted from there. */
static gssize
tls_stream_send_record (PeerupTlsStream *self, const GOutputVector **vectors, gsize *n_vectors, gsize *offset)
{
  guint8 gathered[RECORD_SIZE];
  const guint8 *record = (const guint8 *) (*vectors)->buffer + *offset;
  gsize length = MIN ((*vectors)->size - *offset, RECORD_SIZE);

  if (length < RECORD_SIZE && *n_vectors > 1)
    {
      length = 0;
      record = gathered;
      while (*n_vectors > 0 && length < RECORD_SIZE)
        {
          gsize n = MIN ((*vectors)->size - *offset, RECORD_SIZE - length);

          memcpy (gathered + length, (const guint8 *) (*vectors)->buffer + *offset, n);
          length += n;
          *offset += n;
          if (*offset < (*vectors)->size)
            break;
          (*vectors)++;
          (*n_vectors)--;
          *offset = 0;
        }
    }
  else if ((*offset += length) == (*vectors)->size)
    {
      (*vectors)++;
      (*n_vectors)--;
      *offset = 0;
    }
  return length > 0 ? gnutls_record_send (self->session, record, length) : 0;
}

static gssize
peerup_tls_stream_writev (PeerupStream *stream, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);
  gsize offset = 0, total = 0;

  if (self->error != NULL || self->write_closed)
    return tls_stream_set_final_error (self, error);
  if (!tls_stream_flush (self, error))
    return -1;
  while (n_vectors > 0 && total < BATCH_SIZE)
    {
      gssize n = tls_stream_send_record (self, &vectors, &n_vectors, &offset);

      if (n < 0)
        {
          tls_stream_fail (self, peerup_tls_stream_error (self, n));
          return tls_stream_set_final_error (self, error);
        }
      total += n;
      if (self->output != NULL && self->output->len >= FLUSH_SIZE && !tls_stream_flush (self, NULL))
        break;
    }
  /* What does not go out now follows by itself; an error is the next call's. */
  if (!tls_stream_flush (self, NULL) && self->error == NULL)
    tls_stream_keep_output (self);
  return total;
}

static void
peerup_tls_stream_close_write (PeerupStream *stream)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);

  if (self->write_closed || self->error != NULL)
    return;
  self->write_closed = TRUE;
  gnutls_bye (self->session, GNUTLS_SHUT_WR);
  if (tls_stream_flush (self, NULL))
    peerup_stream_close_write (self->raw);
  else if (self->error == NULL)
    {
      self->draining = TRUE;
      g_object_ref (self);
    }
  peerup_stream_notify (stream, G_IO_OUT);
}

/* Reading */

/* Decrypts the next record into self->plain. 1: there is one; 0: the end; -1: an error. */
static int
tls_stream_next_record (PeerupTlsStream *self, GError **error)
{
  while (self->plain.size == 0)
    {
      gssize n;

      tls_stream_drop_packet (self);
      if (self->read_ended)
        return 0;
      n = gnutls_record_recv_packet (self->session, &self->packet);
      if (n == 0)
        {
          self->read_ended = TRUE;
          peerup_tls_stream_drop_input (self);
          return 0;
        }
      if (n > 0)
        {
          gnutls_packet_get (self->packet, &self->plain, NULL);
          continue;
        }
      self->packet = NULL;
      /* GnuTLS says so behind a message of its own too, with the next record at hand. */
      if (n == GNUTLS_E_AGAIN && self->start < self->end)
        continue;
      if (n == GNUTLS_E_AGAIN)
        {
          /* Answers to what GnuTLS read for itself: a peer that wants our key changed. */
          tls_stream_flush (self, NULL);
          return tls_stream_would_block (error);
        }
      if (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_WARNING_ALERT_RECEIVED)
        continue;
      tls_stream_fail (self, peerup_tls_stream_error (self, n));
      return tls_stream_set_final_error (self, error);
    }
  return 1;
}

static gsize
peerup_tls_stream_peek (PeerupStream *stream, GInputVector *vectors, gsize n_vectors)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);

  if (n_vectors == 0 || self->error != NULL || self->read_closed || tls_stream_next_record (self, NULL) <= 0)
    return 0;
  vectors[0] = (GInputVector) { self->plain.data, self->plain.size };
  return 1;
}

static void
peerup_tls_stream_consume (PeerupStream *stream, gsize count)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);

  g_return_if_fail (count <= self->plain.size);
  self->plain.data += count;
  self->plain.size -= count;
}

/* So that who reads much at a time leaves less than a record behind, and not nearly a whole buffer. */
static gboolean
tls_stream_has_read_enough (PeerupTlsStream *self, gsize total)
{
  return total >= INPUT_SIZE / 2 && self->plain.size == 0 && self->end - self->start < RECORD_SIZE;
}

static gssize
peerup_tls_stream_read (PeerupStream *stream, void *buffer, gsize count, GError **error)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);
  gsize total = 0;

  if (self->error != NULL || self->read_closed)
    return tls_stream_set_final_error (self, error);
  while (total < count && !tls_stream_has_read_enough (self, total))
    {
      gsize n;
      int next = tls_stream_next_record (self, total > 0 ? NULL : error);

      if (next <= 0)
        return total > 0 ? (gssize) total : next;
      n = MIN (count - total, self->plain.size);
      memcpy ((guint8 *) buffer + total, self->plain.data, n);
      peerup_tls_stream_consume (stream, n);
      total += n;
    }
  tls_stream_keep_input (self);
  return total;
}

static void
peerup_tls_stream_close_read (PeerupStream *stream)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);

  if (self->read_closed)
    return;
  self->read_closed = TRUE;
  tls_stream_drop_packet (self);
  peerup_tls_stream_drop_input (self);
  peerup_stream_arm_read (self->raw, NULL, NULL);
  peerup_stream_close_read (self->raw);
  peerup_stream_notify (stream, G_IO_IN);
}

/* Both */

static GIOCondition
peerup_tls_stream_poll (PeerupStream *stream)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);
  GIOCondition raw;
  gboolean readable, writable;

  if (self->error != NULL)
    return G_IO_IN | G_IO_OUT;
  raw = peerup_stream_poll (self->raw);
  readable = self->plain.size > 0 || self->start < self->end || self->read_closed || self->read_ended;
  writable = self->write_closed || (self->output == NULL && (raw & G_IO_OUT));
  return (readable || (raw & G_IO_IN) ? G_IO_IN : 0) | (writable ? G_IO_OUT : 0);
}

static void
tls_stream_raw_readable (PeerupStream *raw, gpointer data)
{
  peerup_stream_notify (PEERUP_STREAM (data), G_IO_IN);
}

static void
peerup_tls_stream_interest (PeerupStream *stream, GIOCondition condition)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);

  if (condition & G_IO_IN)
    peerup_stream_arm_read (self->raw, tls_stream_raw_readable, self);
  if (condition & G_IO_OUT)
    peerup_stream_arm_write (self->raw, tls_stream_raw_writable, self);
}

static void
peerup_tls_stream_reset (PeerupStream *stream, guint32 code)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (stream);
  gboolean ended = self->write_closed && self->output == NULL && (self->read_closed || self->read_ended);

  if (self->error != NULL || ended)
    return;
  tls_stream_fail (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_RESET, "The TLS channel was reset"));
  peerup_stream_set_reset_code (stream, code);
}

static void
peerup_tls_stream_dispose (GObject *object)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (object);

  if (self->raw != NULL)
    {
      peerup_tls_stream_reset (PEERUP_STREAM (self), PEERUP_STREAM_CODE_NONE);
      peerup_stream_arm_read (self->raw, NULL, NULL);
      peerup_stream_arm_write (self->raw, NULL, NULL);
      peerup_stream_close (self->raw);
      g_clear_object (&self->raw);
      /* GIOStream closes once more on its way down. */
      self->read_closed = self->write_closed = TRUE;
    }
  G_OBJECT_CLASS (peerup_tls_stream_parent_class)->dispose (object);
}

static void
peerup_tls_stream_finalize (GObject *object)
{
  PeerupTlsStream *self = PEERUP_TLS_STREAM (object);

  tls_stream_drop_packet (self);
  peerup_tls_stream_drop_input (self);
  peerup_tls_stream_drop_output (self);
  g_clear_pointer (&self->session, gnutls_deinit);
  g_clear_pointer (&self->certificate, peerup_certificate_unref);
  g_clear_pointer (&self->credentials, peerup_tls_credentials_unref);
  g_clear_pointer (&self->expected_peer, peerup_peer_id_unref);
  g_clear_pointer (&self->remote_key, peerup_public_key_unref);
  g_clear_error (&self->raw_error);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (peerup_tls_stream_parent_class)->finalize (object);
}

static gboolean
peerup_tls_stream_get_path_figures (PeerupStream *stream, PeerupConnectionFigures *figures)
{
  return peerup_stream_get_path_figures (PEERUP_TLS_STREAM (stream)->raw, figures);
}

static void
peerup_tls_stream_class_init (PeerupTlsStreamClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  PeerupStreamClass *stream_class = PEERUP_STREAM_CLASS (klass);

  object_class->dispose = peerup_tls_stream_dispose;
  object_class->finalize = peerup_tls_stream_finalize;
  stream_class->read = peerup_tls_stream_read;
  stream_class->peek = peerup_tls_stream_peek;
  stream_class->consume = peerup_tls_stream_consume;
  stream_class->writev = peerup_tls_stream_writev;
  stream_class->poll = peerup_tls_stream_poll;
  stream_class->interest = peerup_tls_stream_interest;
  stream_class->close_write = peerup_tls_stream_close_write;
  stream_class->close_read = peerup_tls_stream_close_read;
  stream_class->reset = peerup_tls_stream_reset;
  stream_class->get_path_figures = peerup_tls_stream_get_path_figures;
}

static void
peerup_tls_stream_init (PeerupTlsStream *self)
{
}

/* Making one; see the private header. */

PeerupTlsStream *
peerup_tls_stream_wrap (PeerupStream *raw, gnutls_session_t session)
{
  PeerupTlsStream *self = g_object_new (PEERUP_TYPE_TLS_STREAM, NULL);

  self->raw = g_object_ref (raw);
  self->session = session;
  gnutls_session_set_ptr (session, self);
  gnutls_transport_set_ptr (session, self);
  gnutls_transport_set_pull_function (session, tls_stream_pull);
  gnutls_transport_set_pull_timeout_function (session, tls_stream_pull_timeout);
  gnutls_transport_set_vec_push_function (session, tls_stream_push);
  return self;
}

void
peerup_tls_stream_put_back (PeerupTlsStream *self, gconstpointer data, gsize length)
{
  g_assert (length <= INPUT_SIZE && self->input == NULL);
  if (length == 0)
    return;
  self->input = peerup_io_buffer_take ();
  memcpy (self->input, data, length);
  self->end = length;
}

PeerupPublicKey *
peerup_tls_stream_get_remote_key (PeerupTlsStream *self)
{
  return self->remote_key;
}

const char *
peerup_tls_stream_get_alpn (PeerupTlsStream *self)
{
  return self->alpn;
}

gsize
peerup_tls_stream_get_held (PeerupTlsStream *self)
{
  return (self->input == NULL ? 0
          : self->input_waits ? self->end
                              : INPUT_SIZE) +
         (self->output != NULL ? self->output->len : 0) + self->plain.size;
}
