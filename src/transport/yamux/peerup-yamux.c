/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A yamux session: its streams, its limits, its end. It lives while its user or a call
 * into it holds a reference, and knows of the network only what is fed to it.
 * It keeps no reference on its user and never outlives its word: once dead it sends
 * nothing and takes nothing.
 */
#include "transport/yamux/peerup-yamux-private.h"

const PeerupYamuxLimits peerup_yamux_default_limits = {
  .max_inbound = 1024,
  .max_backlog = 256,
  .max_outbound = 1024,
  .max_unacked = 256,
  .max_frame = 64 * 1024 + PEERUP_YAMUX_HEADER_SIZE,
  .max_window = 16 * 1024 * 1024,
  .window_budget = 64 * 1024 * 1024,
  .max_buffered = 128 * 1024 * 1024,
  .max_control = 8192,
};

PeerupYamux *
peerup_yamux_new (gboolean is_client, const PeerupYamuxLimits *limits, const PeerupYamuxEvents *events,
                  gpointer user_data)
{
  PeerupYamux *self;

  g_return_val_if_fail (events != NULL && events->send != NULL, NULL);
  if (limits == NULL)
    limits = &peerup_yamux_default_limits;
  g_return_val_if_fail (limits->max_frame > PEERUP_YAMUX_HEADER_SIZE, NULL);
  g_return_val_if_fail (limits->max_window >= PEERUP_YAMUX_INITIAL_WINDOW, NULL);

  self = g_new0 (PeerupYamux, 1);
  self->ref_count = 1;
  self->limits = *limits;
  self->events = events;
  self->user_data = user_data;
  self->channels =
    g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) peerup_yamux_channel_unref);
  self->id_parity = is_client ? 1 : 0;
  self->next_id = is_client ? 1 : 2;
  self->last_received = self->ping_sent = G_MININT64;
  return self;
}

PeerupYamux *
peerup_yamux_ref (PeerupYamux *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  self->ref_count++;
  return self;
}

void
peerup_yamux_hold (PeerupYamux *self)
{
  self->n_holds++;
  self->ref_count++;
}

void
peerup_yamux_release (PeerupYamux *self)
{
  self->n_holds--;
  peerup_yamux_unref (self);
}

/* Takes all streams out of the session; they hear of it if somebody listens. */
static void
lose_channels (PeerupYamux *self)
{
  g_autoptr (GHashTable) channels = g_steal_pointer (&self->channels);
  GHashTableIter iter;
  gpointer channel;

  self->channels =
    g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, (GDestroyNotify) peerup_yamux_channel_unref);
  self->last_channel = self->body_channel = NULL;
  self->n_inbound = self->n_outbound = self->n_unaccepted = self->n_unacked = 0;
  self->window_sum = self->buffered = 0;
  g_hash_table_iter_init (&iter, channels);
  while (g_hash_table_iter_next (&iter, NULL, &channel))
    peerup_yamux_channel_lose (channel, self->error);
}

static void
drop_pending (PeerupYamux *self)
{
  while (self->pending_head != NULL)
    {
      PeerupYamuxChannel *channel = self->pending_head;

      self->pending_head = g_steal_pointer (&channel->next_pending);
      channel->is_pending = FALSE;
      peerup_yamux_channel_unref (channel);
    }
}

void
peerup_yamux_unref (PeerupYamux *self)
{
  g_return_if_fail (self != NULL && self->ref_count > 0);
  if (--self->ref_count > 0)
    return;
  if (self->error == NULL)
    self->error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "yamux: the session is closed");
  lose_channels (self);
  drop_pending (self);
  peerup_yamux_settle (self);
  g_hash_table_unref (self->channels);
  g_clear_error (&self->error);
  g_free (self);
}

void
peerup_yamux_set_now (PeerupYamux *self, gint64 now)
{
  self->now = MAX (self->now, now);
}

/* Takes @error. */
static void
die (PeerupYamux *self, GError *error)
{
  g_assert (self->error == NULL);
  g_assert (self->control_fill == 0);
  self->error = error;
  lose_channels (self);
}

void
peerup_yamux_fail (PeerupYamux *self, guint32 code, GError *error)
{
  peerup_yamux_send_control (self, PEERUP_YAMUX_GOAWAY, 0, 0, code);
  peerup_yamux_flush_control (self);
  die (self, error);
}

void
peerup_yamux_terminate (PeerupYamux *self, const GError *error)
{
  g_return_if_fail (self != NULL && error != NULL);
  if (self->error != NULL)
    return;
  /* A handler may have said something that still waits. */
  peerup_yamux_flush_control (self);
  die (self, g_error_copy (error));
  peerup_yamux_deliver (self);
}

PeerupYamuxChannel *
peerup_yamux_lookup (PeerupYamux *self, guint32 id)
{
  if (self->last_channel == NULL || self->last_channel->id != id)
    {
      PeerupYamuxChannel *channel = g_hash_table_lookup (self->channels, GUINT_TO_POINTER (id));

      if (channel == NULL)
        return NULL;
      self->last_channel = channel;
    }
  return self->last_channel;
}

PeerupYamuxChannel *
peerup_yamux_add_channel (PeerupYamux *self, guint32 id, gboolean inbound)
{
  PeerupYamuxChannel *channel = g_new0 (PeerupYamuxChannel, 1);

  channel->ref_count = 1;
  channel->session = self;
  channel->id = id;
  channel->inbound = inbound;
  channel->unacked = TRUE;
  channel->send_window = channel->window = channel->allowed = PEERUP_YAMUX_INITIAL_WINDOW;
  channel->window_time = self->now;
  g_hash_table_insert (self->channels, GUINT_TO_POINTER (id), channel);
  self->window_sum += channel->window;
  if (inbound)
    {
      self->n_inbound++;
      self->n_unaccepted++;
    }
  else
    {
      self->n_outbound++;
      self->n_unacked++;
    }
  return channel;
}

gboolean
peerup_yamux_set_buffered (PeerupYamux *self, gsize bytes)
{
  gboolean taken = self->events->buffered == NULL || self->events->buffered (bytes, self->user_data);

  if (!taken && bytes > self->buffered)
    return FALSE;
  self->buffered = bytes;
  return TRUE;
}

void
peerup_yamux_remove_channel (PeerupYamux *self, PeerupYamuxChannel *channel)
{
  if (self->last_channel == channel)
    self->last_channel = NULL;
  if (self->body_channel == channel)
    self->body_channel = NULL;
  self->window_sum -= channel->window;
  peerup_yamux_set_buffered (self, self->buffered - channel->queue.length);
  if (channel->inbound)
    {
      self->n_inbound--;
      self->n_unaccepted -= channel->unacked;
    }
  else
    {
      self->n_outbound--;
      self->n_unacked -= channel->unacked;
    }
  channel->session = NULL;
  peerup_yamux_note_room (self);
  g_hash_table_remove (self->channels, GUINT_TO_POINTER (channel->id));
}

/* Why no stream can be opened, or NULL. */
static GError *
refuse_open (PeerupYamux *self)
{
  if (self->error != NULL)
    return g_error_copy (self->error);
  if (self->goaway_received)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "yamux: the peer takes no new streams (code 0x%x)",
                        self->goaway_code);
  if (self->goaway_sent)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "yamux: the session is closing");
  if (self->next_id == 0)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "yamux: all stream ids of the session are used");
  if (self->n_outbound >= self->limits.max_outbound)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "yamux: %u streams are open already", self->n_outbound);
  if (self->n_unacked >= self->limits.max_unacked)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "yamux: %u streams wait for the peer to acknowledge them",
                        self->n_unacked);
  if (peerup_yamux_get_n_control (self) >= self->limits.max_control / 2)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "yamux: the peer does not read");
  return NULL;
}

/* An opener that was refused may try again. */
void
peerup_yamux_note_room (PeerupYamux *self)
{
  if (!self->open_refused)
    return;
  if (self->n_outbound < self->limits.max_outbound && self->n_unacked < self->limits.max_unacked &&
      peerup_yamux_get_n_control (self) < self->limits.max_control / 2)
    {
      self->open_refused = FALSE;
      self->tell_can_open = TRUE;
    }
}

PeerupYamuxChannel *
peerup_yamux_open (PeerupYamux *self, gint64 now, GError **error)
{
  PeerupYamuxChannel *channel;
  GError *refused;

  g_return_val_if_fail (self != NULL, NULL);
  refused = refuse_open (self);
  if (refused != NULL)
    {
      self->open_refused |= g_error_matches (refused, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
      g_propagate_error (error, refused);
      return NULL;
    }
  peerup_yamux_set_now (self, now);
  channel = peerup_yamux_add_channel (self, self->next_id, FALSE);
  channel->announced = TRUE;
  self->next_id = self->next_id <= G_MAXUINT32 - 2 ? self->next_id + 2 : 0;
  self->n_owing++;
  peerup_yamux_send_control (self, PEERUP_YAMUX_WINDOW_UPDATE, PEERUP_YAMUX_SYN, channel->id, 0);
  return peerup_yamux_channel_ref (channel);
}

gboolean
peerup_yamux_ping (PeerupYamux *self, gint64 now)
{
  g_return_val_if_fail (self != NULL, FALSE);
  if (self->error != NULL || self->ping_sent != G_MININT64)
    return FALSE;
  peerup_yamux_set_now (self, now);
  self->ping_sent = self->now;
  self->n_owing++;
  peerup_yamux_send_control (self, PEERUP_YAMUX_PING, PEERUP_YAMUX_SYN, 0, ++self->ping_opaque);
  return TRUE;
}

void
peerup_yamux_goaway (PeerupYamux *self, guint32 code)
{
  g_return_if_fail (self != NULL);
  if (self->error != NULL || self->goaway_sent)
    return;
  self->goaway_sent = TRUE;
  peerup_yamux_send_control (self, PEERUP_YAMUX_GOAWAY, 0, 0, code);
}

gboolean
peerup_yamux_is_dead (PeerupYamux *self)
{
  return self->error != NULL;
}

gboolean
peerup_yamux_get_remote_goaway (PeerupYamux *self, guint32 *code)
{
  if (code != NULL)
    *code = self->goaway_code;
  return self->goaway_received;
}

gint64
peerup_yamux_get_rtt (PeerupYamux *self)
{
  return self->rtt;
}

gint64
peerup_yamux_get_last_received (PeerupYamux *self)
{
  return self->last_received;
}

guint64
peerup_yamux_get_n_owing (PeerupYamux *self)
{
  return self->n_owing;
}

gint64
peerup_yamux_get_unanswered_ping (PeerupYamux *self)
{
  return self->ping_sent;
}

guint
peerup_yamux_get_n_inbound (PeerupYamux *self)
{
  return self->n_inbound;
}

guint
peerup_yamux_get_n_outbound (PeerupYamux *self)
{
  return self->n_outbound;
}

gsize
peerup_yamux_get_buffered (PeerupYamux *self)
{
  return self->buffered;
}
