/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A connection whose streams are carried by the yamux machine over one secure stream.
 * It lives while it is held, a stream of it is held, or it is saying good-bye: then
 * for two seconds at most. It decides when to ping, when a peer is dead and whose turn
 * it is to write; frames are the machine's business, bytes the link's.
 */
#include "transport/peerup-yamux-connection-private.h"

#include "transport/peerup-connection-private.h"
#include "transport/peerup-yamux-link.h"
#include "transport/peerup-yamux-stream.h"

/* A peer that is silent for so long is pinged, and dead when that goes unanswered: 14 s
 * in all, within the 15 s that a forward promises. */
#define PING_AFTER_ACTIVE (5 * G_USEC_PER_SEC)
#define PING_TIMEOUT      (9 * G_USEC_PER_SEC)
/* Without streams it is pinged to find out that it is dead, and for no other reason: NATs keep TCP connections for
 * hours (RFC 5382, REQ-5). One that is not to be kept is not pinged, and ends when the peer does not do so either. */
#define PING_AFTER_IDLE (120 * G_USEC_PER_SEC)
#define END_AFTER_IDLE  (240 * G_USEC_PER_SEC)
/* For our last bytes to arrive and the peer to close its side. */
#define CLOSE_TIMEOUT (2 * G_USEC_PER_SEC)
/* For the peer to close a stream that is closed here. */
#define LEAVE_TIMEOUT (60 * G_USEC_PER_SEC)
/* Opens that wait for a place. */
#define MAX_OPENERS 1024

#define NO_NEW_STREAMS "The connection takes no new streams"

/* Open: streams come and go. Closing: all are lost, the last output leaves, what the
 * peer sends is dropped. Closed: the stream below is gone. */
typedef enum
{
  STATE_OPEN,
  STATE_CLOSING,
  STATE_CLOSED,
} State;

static const char *const state_names[] = { "open", "closing", "closed" };

struct _PeerupYamuxConnection
{
  PeerupConnection parent_instance;
  State state;
  PeerupYamux *yamux;
  PeerupYamuxLink link;
  PeerupTimer timer;
  PeerupTask turn_task;
  GQueue waiters;   /* of PeerupYamuxStream: who wants to write */
  GQueue openers;   /* of DexPromise: who wants a stream */
  GQueue pings;     /* of DexPromise */
  GHashTable *left; /* channels without a user, to the second they are reset in */
  GError *error;    /* why it closes */
  guint32 retire_code;
  gint64 opened_at;
  gboolean unwanted;     /* not to be kept */
  guint64 n_owing;       /* as it was noted last */
  guint64 acknowledged;  /* bytes, likewise */
  gboolean kernel_tells; /* what is acknowledged */
};

G_DEFINE_FINAL_TYPE (PeerupYamuxConnection, peerup_yamux_connection, PEERUP_TYPE_CONNECTION)

/* STATE_CLOSING is a reference of its own. */
static void
set_state (PeerupYamuxConnection *self, State state)
{
  g_assert (state == self->state + 1);
  g_debug ("yamux connection %p: %s -> %s", (gpointer) self, state_names[self->state], state_names[state]);
  self->state = state;
  if (state == STATE_CLOSING)
    g_object_ref (self);
  else
    g_object_unref (self);
}

static void
reject_all (GQueue *promises, const GError *error)
{
  DexPromise *promise;

  while ((promise = g_queue_pop_head (promises)) != NULL)
    {
      dex_promise_reject (promise, g_error_copy (error));
      dex_unref (promise);
    }
}

/* Closing, to closed. */
static void
finish_close (PeerupYamuxConnection *self)
{
  g_autoptr (PeerupYamuxConnection) held = g_object_ref (self);

  if (self->state != STATE_CLOSING)
    return;
  peerup_timer_stop (&self->timer);
  peerup_yamux_link_close (&self->link);
  peerup_connection_set_closed (PEERUP_CONNECTION (self), g_error_copy (self->error));
  set_state (self, STATE_CLOSED);
}

/* All that is on its way out has left: say so and wait for the peer's end. */
static void
note_all_sent (PeerupYamuxConnection *self)
{
  if (self->state == STATE_CLOSING && self->link.io != NULL && peerup_yamux_link_get_unsent (&self->link) == 0)
    peerup_stream_close_write (self->link.io);
}

/* Open, to closing. Takes @error. */
static void
start_close (PeerupYamuxConnection *self, GError *error)
{
  if (self->state != STATE_OPEN)
    {
      g_error_free (error);
      return;
    }
  self->error = error;
  peerup_connection_set_retired (PEERUP_CONNECTION (self));
  set_state (self, STATE_CLOSING);
  peerup_timer_set (&self->timer, g_get_monotonic_time () + CLOSE_TIMEOUT);
  peerup_yamux_terminate (self->yamux, error);
  reject_all (&self->openers, error);
  reject_all (&self->pings, error);
  /* Also when nothing is queued: the output task tells that all was sent. */
  peerup_yamux_link_send (&self->link, NULL, 0);
}

/* Whoever did it: the stream below is of no more use. Takes @error. */
static void
die (PeerupYamuxConnection *self, GError *error)
{
  g_autoptr (PeerupYamuxConnection) held = g_object_ref (self);

  start_close (self, error);
  finish_close (self);
}

static gboolean
has_streams (PeerupYamuxConnection *self)
{
  return peerup_yamux_get_n_inbound (self->yamux) + peerup_yamux_get_n_outbound (self->yamux) > 0;
}

/* The last sign of life. That a full path took more counts, for it delays the answer; that
 * an empty buffer took something would not tell anything. */
static gint64
last_heard (PeerupYamuxConnection *self)
{
  return MAX (self->opened_at, MAX (peerup_yamux_get_last_received (self->yamux), self->link.last_unblocked));
}

static gint64
next_check (PeerupYamuxConnection *self)
{
  gint64 ping = peerup_yamux_get_unanswered_ping (self->yamux);
  gint64 received = MAX (self->opened_at, peerup_yamux_get_last_received (self->yamux));

  if (ping != G_MININT64)
    return MAX (ping, last_heard (self)) + PING_TIMEOUT;
  if (has_streams (self))
    return received + PING_AFTER_ACTIVE;
  return received + (self->unwanted ? END_AFTER_IDLE : PING_AFTER_IDLE);
}

/* Resets the streams that the peer never closed. */
static void
sweep_left (PeerupYamuxConnection *self, gint64 now)
{
  GHashTableIter iter;
  gpointer channel, second;

  g_hash_table_iter_init (&iter, self->left);
  while (g_hash_table_iter_next (&iter, &channel, &second))
    if (GPOINTER_TO_UINT (second) <= now / G_USEC_PER_SEC)
      {
        g_hash_table_iter_remove (&iter);
        peerup_yamux_channel_reset (channel, PEERUP_STREAM_CODE_GARBAGE_COLLECTED);
      }
}

/* The peer is heard of in time or pinged; the connection dies when even that brings
 * nothing. */
static void
check_alive (PeerupYamuxConnection *self, gint64 now)
{
  if (now < next_check (self))
    return;
  if (peerup_yamux_get_unanswered_ping (self->yamux) == G_MININT64 && (has_streams (self) || !self->unwanted))
    peerup_yamux_ping (self->yamux, now);
  else if (peerup_yamux_get_unanswered_ping (self->yamux) == G_MININT64)
    peerup_connection_close (PEERUP_CONNECTION (self), PEERUP_CONNECTION_CODE_GARBAGE_COLLECTED);
  else
    die (self, g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s does not answer any more",
                            peerup_peer_id_get_string (peerup_connection_get_remote_peer (PEERUP_CONNECTION (self)))));
}

void
peerup_yamux_connection_check (PeerupYamuxConnection *self, gint64 now)
{
  if (self->state == STATE_CLOSING)
    {
      finish_close (self);
      return;
    }
  sweep_left (self, now);
  check_alive (self, now);
  if (self->state == STATE_OPEN)
    peerup_timer_set (&self->timer, MAX (next_check (self), now + 1));
}

static void
on_timer (gpointer data)
{
  g_autoptr (PeerupYamuxConnection) self = g_object_ref (data);

  peerup_yamux_connection_check (self, g_get_monotonic_time ());
}

/* With a stream open the peer is looked after more closely. */
static void
note_stream (PeerupYamuxConnection *self)
{
  gint64 next = g_get_monotonic_time () + PING_AFTER_ACTIVE;

  if (self->state == STATE_OPEN && self->timer.deadline > next)
    peerup_timer_set (&self->timer, next);
}

/* One of the two sides wants no new streams and none is left. Ours says so only now: other
 * implementations end all streams at a GoAway. */
static void
close_if_done (PeerupYamuxConnection *self)
{
  guint32 code;

  if (self->state != STATE_OPEN || has_streams (self))
    return;
  if (peerup_yamux_get_remote_goaway (self->yamux, &code))
    start_close (self, peerup_connection_error_for_code (PEERUP_CONNECTION (self), code));
  else if (peerup_connection_is_retired (PEERUP_CONNECTION (self)))
    {
      peerup_yamux_goaway (self->yamux, self->retire_code);
      start_close (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection was retired"));
    }
}

static gboolean
ask_kernel (PeerupYamuxConnection *self, PeerupConnectionFigures *figures)
{
  *figures = (PeerupConnectionFigures) { .acknowledged_ago = -1 };
  return self->link.io != NULL && peerup_stream_get_path_figures (self->link.io, figures) &&
         figures->acknowledged_ago >= 0;
}

static void
check_kernel (PeerupYamuxConnection *self, const PeerupConnectionFigures *figures, gint64 now)
{
  PeerupConnection *connection = PEERUP_CONNECTION (self);
  gboolean owes = figures->bytes_unacknowledged > 0;
  gboolean answered = figures->bytes_acknowledged > self->acknowledged;

  self->acknowledged = figures->bytes_acknowledged;
  if (answered)
    peerup_connection_note_answered (connection, now, owes, now - figures->acknowledged_ago);
  /* A peer that takes nothing for now owes nothing for it; what has only just been queued is soon with the kernel. */
  else if (!owes && (self->link.blocked || peerup_yamux_link_get_unsent (&self->link) == 0))
    peerup_connection_note_settled (connection);
}

/* Of a circuit only what is read of it tells, and that what was full took more. */
static void
peerup_yamux_connection_check_life (PeerupConnection *connection)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);
  gint64 unblocked = self->link.last_unblocked;
  PeerupConnectionFigures figures;

  if (self->kernel_tells && ask_kernel (self, &figures))
    check_kernel (self, &figures, g_get_monotonic_time ());
  else if (unblocked > peerup_connection_get_life (connection)->answered_at)
    peerup_connection_note_answered (connection, unblocked, TRUE, unblocked);
}

static gsize
on_send (const GOutputVector *vectors, gsize n_vectors, gpointer data)
{
  PeerupYamuxConnection *self = data;

  peerup_yamux_link_send (&self->link, vectors, n_vectors);
  if (peerup_yamux_get_n_owing (self->yamux) > self->n_owing)
    peerup_connection_note_sent (PEERUP_CONNECTION (self), g_get_monotonic_time ());
  self->n_owing = peerup_yamux_get_n_owing (self->yamux);
  return peerup_yamux_link_get_unsent (&self->link);
}

static void
on_channel_opened (PeerupYamuxChannel *channel, gpointer data)
{
  PeerupYamuxConnection *self = data;

  peerup_yamux_channel_accept (channel);
  note_stream (self);
  peerup_connection_deliver_stream (PEERUP_CONNECTION (self), peerup_yamux_stream_new (self, channel));
}

static void
on_channel_readable (PeerupYamuxChannel *channel, gpointer data)
{
  PeerupYamuxStream *stream = peerup_yamux_channel_get_user_data (channel);

  if (stream != NULL)
    peerup_yamux_stream_readable (stream);
}

static void
on_channel_writable (PeerupYamuxChannel *channel, gpointer data)
{
  PeerupYamuxStream *stream = peerup_yamux_channel_get_user_data (channel);

  if (stream != NULL)
    peerup_yamux_stream_writable (stream);
}

static void
on_channel_closed (PeerupYamuxChannel *channel, gpointer data)
{
  PeerupYamuxConnection *self = data;
  PeerupYamuxStream *stream = peerup_yamux_channel_get_user_data (channel);

  g_hash_table_remove (self->left, channel);
  if (stream != NULL)
    peerup_yamux_stream_closed (stream);
  close_if_done (self);
}

/* One stream, or why there is none. */
static PeerupStream *
try_open (PeerupYamuxConnection *self, GError **error)
{
  g_autoptr (PeerupYamuxChannel) channel = peerup_yamux_open (self->yamux, g_get_monotonic_time (), error);

  if (channel == NULL)
    return NULL;
  note_stream (self);
  return peerup_yamux_stream_new (self, channel);
}

static void
on_can_open (gpointer data)
{
  PeerupYamuxConnection *self = data;

  while (self->openers.head != NULL)
    {
      g_autoptr (GError) error = NULL;
      PeerupStream *stream = try_open (self, &error);
      DexPromise *promise;

      if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
        return;
      promise = g_queue_pop_head (&self->openers);
      if (stream != NULL)
        dex_promise_resolve_object (promise, stream);
      else
        dex_promise_reject (promise, g_steal_pointer (&error));
      dex_unref (promise);
    }
}

static void
on_goaway (guint32 code, gpointer data)
{
  PeerupYamuxConnection *self = data;
  g_autoptr (GError) error = peerup_connection_error_for_code (PEERUP_CONNECTION (self), code);

  peerup_connection_set_retired (PEERUP_CONNECTION (self));
  reject_all (&self->openers, error);
  close_if_done (self);
}

static void
on_ping_reply (gint64 rtt, gpointer data)
{
  PeerupYamuxConnection *self = data;
  GQueue pings = self->pings;
  DexPromise *promise;

  /* Who is told may ping again: that one waits for its own answer. */
  g_queue_init (&self->pings);
  while ((promise = g_queue_pop_head (&pings)) != NULL)
    {
      dex_promise_resolve_int64 (promise, rtt);
      dex_unref (promise);
    }
}

static gboolean
on_buffered (gsize bytes, gpointer user_data)
{
  return peerup_connection_set_buffered (user_data, bytes);
}

static const PeerupYamuxEvents yamux_events = {
  .send = on_send,
  .channel_opened = on_channel_opened,
  .channel_readable = on_channel_readable,
  .channel_writable = on_channel_writable,
  .channel_closed = on_channel_closed,
  .can_open = on_can_open,
  .goaway_received = on_goaway,
  .ping_reply = on_ping_reply,
  .buffered = on_buffered,
};

/* Where the kernel acknowledges it tells more than what comes: that may be older than what was sent last. */
static void
note_input (PeerupYamuxConnection *self, gint64 now)
{
  PeerupConnection *connection = PEERUP_CONNECTION (self);

  if (!self->kernel_tells)
    {
      peerup_connection_note_answered (connection, now, FALSE, 0);
      return;
    }
  peerup_connection_note_heard (connection, now);
  if (peerup_connection_get_life (connection)->attentive)
    peerup_yamux_connection_check_life (connection);
}

static void
on_input (gpointer owner, const guint8 *data, gsize length)
{
  PeerupYamuxConnection *self = owner;
  gint64 now = g_get_monotonic_time ();
  GError *error = NULL;

  note_input (self, now);
  if (self->state == STATE_OPEN && !peerup_yamux_feed_borrowed (self->yamux, data, length, now, &error))
    start_close (self, error);
}

static void
on_settle (gpointer owner)
{
  peerup_yamux_settle (PEERUP_YAMUX_CONNECTION (owner)->yamux);
}

static void
on_room (gpointer owner)
{
  PeerupYamuxConnection *self = owner;

  if (peerup_yamux_link_get_unsent (&self->link) == 0)
    peerup_yamux_drained (self->yamux);
  if (self->waiters.head != NULL)
    peerup_task_schedule (&self->turn_task);
  note_all_sent (self);
}

/* The stream below ended. What the peer said before tells why. */
static void
on_ended (gpointer owner, const GError *error)
{
  PeerupYamuxConnection *self = owner;
  PeerupConnection *connection = owner;
  guint32 code;

  if (peerup_yamux_get_remote_goaway (self->yamux, &code) || error == NULL)
    die (self, peerup_connection_error_for_code (connection, code));
  else
    die (self,
         g_error_new (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection to %s was lost: %s",
                      peerup_peer_id_get_string (peerup_connection_get_remote_peer (connection)), error->message));
}

static const PeerupYamuxLinkEvents link_events = { on_input, on_settle, on_room, on_ended };

/* One stream at a time, so that each finds the room the others before it have left. */
static void
run_turn (gpointer data)
{
  PeerupYamuxConnection *self = data;
  GList *link = self->waiters.head;

  if (link == NULL || peerup_yamux_link_get_room (&self->link) == 0)
    return;
  g_queue_unlink (&self->waiters, link);
  ((PeerupYamuxWaiter *) link)->queued = FALSE;
  peerup_yamux_stream_give_turn (link->data);
  peerup_task_schedule (&self->turn_task);
}

gsize
peerup_yamux_connection_get_room (PeerupYamuxConnection *self)
{
  return peerup_yamux_link_get_room (&self->link);
}

void
peerup_yamux_connection_wait (PeerupYamuxConnection *self, PeerupYamuxWaiter *waiter)
{
  G_STATIC_ASSERT (G_STRUCT_OFFSET (PeerupYamuxWaiter, link) == 0);
  if (waiter->queued || self->state != STATE_OPEN)
    return;
  waiter->queued = TRUE;
  g_queue_push_tail_link (&self->waiters, &waiter->link);
  if (peerup_yamux_link_get_room (&self->link) > 0)
    peerup_task_schedule (&self->turn_task);
}

void
peerup_yamux_connection_wait_no_more (PeerupYamuxConnection *self, PeerupYamuxWaiter *waiter)
{
  if (waiter->queued)
    g_queue_unlink (&self->waiters, &waiter->link);
  waiter->queued = FALSE;
}

void
peerup_yamux_connection_leave (PeerupYamuxConnection *self, PeerupYamuxChannel *channel)
{
  gint64 deadline = g_get_monotonic_time () + LEAVE_TIMEOUT;

  g_hash_table_insert (self->left, channel, GUINT_TO_POINTER ((guint) (deadline / G_USEC_PER_SEC)));
}

static DexFuture *
peerup_yamux_connection_open_stream (PeerupConnection *connection)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);
  GError *error = NULL;
  PeerupStream *stream;
  DexPromise *promise;

  if (self->state != STATE_OPEN)
    return dex_future_new_for_error (g_error_copy (self->error));
  if (peerup_connection_is_retired (connection))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, NO_NEW_STREAMS);
  stream = try_open (self, &error);
  if (stream != NULL)
    return dex_future_new_take_object (stream);
  if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT) || self->openers.length >= MAX_OPENERS)
    return dex_future_new_for_error (error);
  g_error_free (error);
  promise = dex_promise_new ();
  g_queue_push_tail (&self->openers, dex_ref (promise));
  return DEX_FUTURE (promise);
}

static void
peerup_yamux_connection_close (PeerupConnection *connection, guint32 code)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);

  if (self->state != STATE_OPEN)
    return;
  peerup_yamux_goaway (self->yamux, code);
  start_close (self, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The connection was closed by this side"));
}

static void
peerup_yamux_connection_abort (PeerupConnection *connection, const GError *error)
{
  die (PEERUP_YAMUX_CONNECTION (connection), g_error_copy (error));
}

static void
peerup_yamux_connection_retire (PeerupConnection *connection, guint32 code)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);
  g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, NO_NEW_STREAMS);

  self->retire_code = code;
  reject_all (&self->openers, error);
  close_if_done (self);
}

static void
peerup_yamux_connection_set_keep_alive (PeerupConnection *connection, gint64 interval)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);

  self->unwanted = interval == 0;
  if (self->state == STATE_OPEN)
    peerup_timer_set (&self->timer, next_check (self));
}

static DexFuture *
peerup_yamux_connection_ping (PeerupConnection *connection)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);
  DexPromise *promise;

  if (self->state != STATE_OPEN)
    return dex_future_new_for_error (g_error_copy (self->error));
  promise = dex_promise_new ();
  g_queue_push_tail (&self->pings, dex_ref (promise));
  peerup_yamux_ping (self->yamux, g_get_monotonic_time ());
  return DEX_FUTURE (promise);
}

static guint
peerup_yamux_connection_get_n_streams (PeerupConnection *connection)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);

  return peerup_yamux_get_n_inbound (self->yamux) + peerup_yamux_get_n_outbound (self->yamux);
}

static gint64
peerup_yamux_connection_get_rtt (PeerupConnection *connection)
{
  gint64 rtt = peerup_yamux_get_rtt (PEERUP_YAMUX_CONNECTION (connection)->yamux);

  return rtt > 0 ? rtt : -1;
}

static void
peerup_yamux_connection_get_bytes (PeerupConnection *connection, guint64 *received, guint64 *sent)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);

  if (received != NULL)
    *received = self->link.received;
  if (sent != NULL)
    *sent = self->link.sent;
}

static void
peerup_yamux_connection_get_figures (PeerupConnection *connection, PeerupConnectionFigures *figures)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (connection);
  gint64 ping = figures->rtt;

  if (self->link.io != NULL && peerup_stream_get_path_figures (self->link.io, figures) && figures->rtt < 0)
    figures->rtt = ping;
}

/* Dropped while open: the stream below is reset. There are no streams then. */
static void
peerup_yamux_connection_dispose (GObject *object)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (object);

  g_assert (self->state != STATE_CLOSING);
  peerup_yamux_link_close (&self->link);
  peerup_timer_clear (&self->timer);
  peerup_task_clear (&self->turn_task);
  g_queue_clear_full (&self->openers, dex_unref);
  g_queue_clear_full (&self->pings, dex_unref);
  G_OBJECT_CLASS (peerup_yamux_connection_parent_class)->dispose (object);
}

static void
peerup_yamux_connection_finalize (GObject *object)
{
  PeerupYamuxConnection *self = PEERUP_YAMUX_CONNECTION (object);

  g_clear_pointer (&self->yamux, peerup_yamux_unref);
  g_hash_table_unref (self->left);
  g_clear_error (&self->error);
  G_OBJECT_CLASS (peerup_yamux_connection_parent_class)->finalize (object);
}

static void
peerup_yamux_connection_class_init (PeerupYamuxConnectionClass *klass)
{
  PeerupConnectionClass *connection_class = PEERUP_CONNECTION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_yamux_connection_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_yamux_connection_finalize;
  connection_class->open_stream = peerup_yamux_connection_open_stream;
  connection_class->close = peerup_yamux_connection_close;
  connection_class->retire = peerup_yamux_connection_retire;
  connection_class->abort = peerup_yamux_connection_abort;
  connection_class->set_keep_alive = peerup_yamux_connection_set_keep_alive;
  connection_class->ping = peerup_yamux_connection_ping;
  connection_class->get_n_streams = peerup_yamux_connection_get_n_streams;
  connection_class->get_rtt = peerup_yamux_connection_get_rtt;
  connection_class->get_bytes = peerup_yamux_connection_get_bytes;
  connection_class->get_figures = peerup_yamux_connection_get_figures;
  connection_class->check_life = peerup_yamux_connection_check_life;
}

static void
peerup_yamux_connection_init (PeerupYamuxConnection *self)
{
  self->left = g_hash_table_new (g_direct_hash, g_direct_equal);
}

PeerupConnection *
peerup_yamux_connection_new (PeerupStream *io, const PeerupConnectionInfo *info, gboolean is_client,
                             const PeerupYamuxLimits *limits)
{
  PeerupYamuxConnection *self = g_object_new (PEERUP_TYPE_YAMUX_CONNECTION, NULL);
  PeerupReactor *reactor = peerup_stream_get_reactor (io);
  PeerupConnectionFigures figures;

  peerup_connection_init_info (PEERUP_CONNECTION (self), info);
  self->opened_at = g_get_monotonic_time ();
  self->yamux = peerup_yamux_new (is_client, limits, &yamux_events, self);
  peerup_yamux_link_init (&self->link, G_OBJECT (self), &link_events, io);
  self->kernel_tells = ask_kernel (self, &figures);
  if (self->kernel_tells)
    self->acknowledged = figures.bytes_acknowledged;
  peerup_timer_init (&self->timer, reactor, on_timer, self);
  peerup_task_init (&self->turn_task, reactor, run_turn, self);
  peerup_timer_set (&self->timer, self->opened_at + PING_AFTER_IDLE);
  /* The first round trip: for the windows, and to rank the path. */
  peerup_yamux_ping (self->yamux, self->opened_at);
  return PEERUP_CONNECTION (self);
}
