/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A connection goes round: it reads a request, works on it, writes the answer. From writing it may go to lingering,
 * where it swallows what the client still sends of a request that was refused, as a close() before that would take the
 * answer from it; or to streaming. It reads nothing while it works, so that who sends much gets no further than the
 * kernel's buffer; that the client is gone is seen all the same.
 */
#include "http/peerup-http-connection.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bytes of one read. */
#define READ_SIZE 16384
/* Reads and writes of one turn. */
#define TURN 16
/* What is swallowed of a refused request: bytes, and microseconds. */
#define LINGER_MAX  (8 * 1024 * 1024)
#define LINGER_TIME (5 * (gint64) G_USEC_PER_SEC)
/* Microseconds after which an answer that nobody takes may be given up for another client. */
#define STALL_TIME (2 * (gint64) G_USEC_PER_SEC)
/* Bytes of a stream that are kept once they are sent: one that is never quite read would grow for ever. */
#define SENT_MAX (64 * 1024)

typedef enum
{
  READING,
  WORKING,
  WRITING,
  STREAMING,
  LINGERING,
  OVER,
} State;

/* A request that is being answered; it outlives the connection if the answer comes later. */
typedef struct
{
  PeerupHttpConnection *connection; /* (nullable): not once it is over */
  PeerupCaller *caller;             /* (nullable): as far as it came */
} Work;

struct _PeerupHttpConnection
{
  guint ref_count;
  const PeerupHttpHost *host;
  PeerupWatch watch;
  PeerupTimer timer;
  int fd;
  State state;
  gint64 since; /* of the state, or of the last progress in it */
  guint n_answered;

  PeerupHttpReader *reader;
  gboolean checked; /* the head was looked at */
  GByteArray *in;   /* what the reader has not taken yet */
  Work *work;
  GByteArray *out;
  gsize out_at; /* what of it is sent */
  gboolean is_head;
  gboolean close_after; /* the answer */
  gboolean has_unread;  /* of a refused request: linger */
  gsize n_swallowed;
};

static PeerupHttpConnection *
connection_ref (PeerupHttpConnection *self)
{
  self->ref_count++;
  return self;
}

void
peerup_http_connection_unref (PeerupHttpConnection *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (self->state == OVER);
  peerup_http_reader_free (self->reader);
  g_byte_array_unref (self->in);
  g_byte_array_unref (self->out);
  g_free (self);
}

static gint64
deadline (PeerupHttpConnection *self)
{
  const PeerupHttpTimes *times = self->host->times;

  switch (self->state)
    {
    case READING:
      return self->since +
             (self->n_answered > 0 && !peerup_http_reader_has_begun (self->reader) ? times->idle : times->read);
    case WRITING:
      return self->since + times->write;
    case STREAMING:
      return self->since + (self->out->len > 0 ? times->write : times->heartbeat);
    case LINGERING:
      return self->since + LINGER_TIME;
    case WORKING:
    case OVER:
    default:
      return -1;
    }
}

/* The state, or progress in it, which gives it its whole time again. */
static void
set_state (PeerupHttpConnection *self, State state)
{
  gint64 end;

  self->state = state;
  self->since = g_get_monotonic_time ();
  end = deadline (self);
  if (end >= 0)
    peerup_timer_set (&self->timer, end);
  else
    peerup_timer_stop (&self->timer);
}

static void
leave (PeerupHttpConnection *self)
{
  Work *work = g_steal_pointer (&self->work);

  if (work == NULL)
    return;
  work->connection = NULL;
  if (work->caller != NULL)
    peerup_caller_leave (work->caller);
}

/* FALSE where it failed for good. */
static gboolean
send_some (PeerupHttpConnection *self)
{
  gssize n =
    send (self->fd, self->out->data + self->out_at, self->out->len - self->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n < 0 && errno == EAGAIN)
    {
      peerup_watch_exhausted (&self->watch, EPOLLOUT);
      return TRUE;
    }
  if (n < 0)
    return errno == EINTR;
  self->out_at += (gsize) n;
  return TRUE;
}

static void
clear_out (PeerupHttpConnection *self)
{
  /* What a large answer took is not kept. */
  g_byte_array_unref (self->out);
  self->out = g_byte_array_new ();
  self->out_at = 0;
}

static void
drop_sent (PeerupHttpConnection *self)
{
  g_byte_array_remove_range (self->out, 0, (guint) self->out_at);
  self->out_at = 0;
}

void
peerup_http_connection_drop (PeerupHttpConnection *self)
{
  if (self->state == OVER)
    return;
  if (self->out->len > self->out_at && !send_some (self))
    g_debug ("A client of the HTTP socket went before its answer");
  set_state (self, OVER);
  leave (self);
  peerup_watch_clear (&self->watch);
  peerup_timer_clear (&self->timer);
  close (self->fd);
  self->host->gone (self, self->host->data);
  peerup_http_connection_unref (self);
}

/* Answers */

static void
begin_stream (PeerupHttpConnection *self, const char *last_event_id)
{
  set_state (self, STREAMING);
  if (!self->host->stream (self, last_event_id, self->host->data))
    peerup_http_connection_drop (self);
}

/* Queues it; the next turn sends. */
static void
respond (PeerupHttpConnection *self, PeerupHttpResponse *response)
{
  g_autoptr (GString) head = NULL;
  gboolean is_stream = response->is_stream && !self->is_head;

  connection_ref (self);
  self->close_after = self->close_after || response->is_stream;
  head = peerup_http_response_format_head (response, self->close_after);
  g_byte_array_append (self->out, (const guint8 *) head->str, head->len);
  if (!self->is_head)
    g_byte_array_append (self->out, g_bytes_get_data (response->body, NULL), g_bytes_get_size (response->body));
  self->n_answered++;
  if (is_stream)
    begin_stream (self, response->last_event_id);
  else
    set_state (self, WRITING);
  if (self->state != OVER)
    peerup_task_schedule (&self->watch.task);
  peerup_http_connection_unref (self);
}

/* Before the request is read to its end, and the last thing on this connection. */
static void
refuse (PeerupHttpConnection *self, PeerupHttpResponse *response)
{
  self->close_after = TRUE;
  self->has_unread = TRUE;
  respond (self, response);
}

static void
refuse_text (PeerupHttpConnection *self, guint status, const char *text)
{
  g_autoptr (PeerupHttpResponse) response = peerup_http_response_new_error (status, text);

  refuse (self, response);
}

static void
work_free (gpointer data)
{
  Work *work = data;

  g_clear_object (&work->caller);
  g_free (work);
}

static DexFuture *
on_answered (DexFuture *future, gpointer data)
{
  Work *work = data;
  PeerupHttpConnection *self = g_steal_pointer (&work->connection);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);
  g_autoptr (PeerupHttpResponse) response = NULL;

  if (self != NULL)
    {
      self->work = NULL;
      response = value != NULL ? g_value_dup_boxed (value) : peerup_http_response_new_for_error (error);
      respond (self, response);
    }
  /* What it made for the time of its request ends here. */
  if (work->caller != NULL)
    peerup_caller_leave (work->caller);
  return dex_future_new_true ();
}

static void
start_work (PeerupHttpConnection *self)
{
  Work *work = g_new0 (Work, 1);
  DexFuture *answer;

  self->close_after = peerup_http_reader_wants_close (self->reader);
  self->is_head = g_str_equal (peerup_http_reader_get_method (self->reader), "HEAD");
  work->connection = self;
  self->work = work;
  set_state (self, WORKING);
  answer = self->host->answer (self->reader, &work->caller, self->host->data);
  dex_future_disown (dex_future_finally (answer, on_answered, work, work_free));
}

/* Reading */

static void
check_head (PeerupHttpConnection *self)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  g_autoptr (PeerupHttpResponse) refusal = NULL;

  self->checked = TRUE;
  self->is_head = g_str_equal (peerup_http_reader_get_method (self->reader), "HEAD");
  refusal = self->host->check (self->reader, self->host->data);
  if (refusal != NULL)
    refuse (self, refusal);
  else if (peerup_http_reader_get_state (self->reader) == PEERUP_HTTP_READER_BODY &&
           peerup_http_reader_expects_continue (self->reader) &&
           send (self->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof go_on - 1)
    peerup_http_connection_drop (self);
}

static void
look_at_request (PeerupHttpConnection *self)
{
  PeerupHttpReaderState state = peerup_http_reader_get_state (self->reader);
  const char *text;
  guint status;

  if (state == PEERUP_HTTP_READER_REFUSED)
    {
      status = peerup_http_reader_get_refusal (self->reader, &text);
      refuse_text (self, status, text);
      return;
    }
  if (state != PEERUP_HTTP_READER_HEAD && !self->checked)
    check_head (self);
  if (self->state == READING && state == PEERUP_HTTP_READER_WHOLE)
    start_work (self);
}

/* Whether there was anything to feed. */
static gboolean
feed (PeerupHttpConnection *self)
{
  gboolean had_begun = peerup_http_reader_has_begun (self->reader);
  gsize n;

  if (self->in->len == 0)
    return FALSE;
  n = peerup_http_reader_feed (self->reader, (const char *) self->in->data, self->in->len);
  g_byte_array_remove_range (self->in, 0, (guint) n);
  /* The time for a request begins with it; that of a connection's first, with the connection. */
  if (!had_begun && self->n_answered > 0)
    set_state (self, READING);
  look_at_request (self);
  return TRUE;
}

/* Whether to go on. */
static gboolean
receive (PeerupHttpConnection *self)
{
  guint8 buffer[READ_SIZE];
  gssize n = recv (self->fd, buffer, sizeof buffer, MSG_DONTWAIT);

  if (n < 0 && errno == EAGAIN)
    {
      peerup_watch_exhausted (&self->watch, EPOLLIN);
      return FALSE;
    }
  if (n < 0 && errno == EINTR)
    return TRUE;
  self->n_swallowed += self->state == LINGERING && n > 0 ? (gsize) n : 0;
  if (n <= 0 || self->n_swallowed > LINGER_MAX)
    {
      peerup_http_connection_drop (self);
      return FALSE;
    }
  if (self->state == READING)
    g_byte_array_append (self->in, buffer, (guint) n);
  return TRUE;
}

/* Writing */

static void
end_answer (PeerupHttpConnection *self)
{
  clear_out (self);
  if (!self->close_after)
    {
      peerup_http_reader_next (self->reader);
      self->checked = FALSE;
      set_state (self, READING);
    }
  else if (self->has_unread)
    {
      shutdown (self->fd, SHUT_WR);
      set_state (self, LINGERING);
    }
  else
    peerup_http_connection_drop (self);
}

/* Whether to go on. */
static gboolean
transmit (PeerupHttpConnection *self)
{
  gsize before = self->out_at;

  if (!send_some (self))
    {
      peerup_http_connection_drop (self);
      return FALSE;
    }
  if (self->out_at == before)
    return FALSE;
  if (self->out_at < self->out->len)
    set_state (self, self->state);
  else if (self->state == WRITING)
    end_answer (self);
  else if (self->close_after && self->has_unread)
    peerup_http_connection_drop (self);
  else
    {
      clear_out (self);
      set_state (self, STREAMING);
    }
  return self->state != OVER;
}

/* Gone in both directions: one that has only nothing more to say waits for its answer. */
static gboolean
is_hung_up (PeerupHttpConnection *self)
{
  struct pollfd poller = { .fd = self->fd };

  return poll (&poller, 1, 0) > 0 && (poller.revents & (POLLHUP | POLLERR)) != 0;
}

static gboolean
step (PeerupHttpConnection *self)
{
  switch (self->state)
    {
    case READING:
      return feed (self) || receive (self);
    case WRITING:
      return transmit (self);
    case STREAMING:
      if (self->out->len > 0)
        return transmit (self);
      break;
    case LINGERING:
      return receive (self);
    case WORKING:
    case OVER:
    default:
      break;
    }
  return FALSE;
}

static void
on_ready (gpointer data)
{
  PeerupHttpConnection *self = connection_ref (data);
  gboolean more = TRUE;

  for (guint i = 0; i < TURN && more; i++)
    more = step (self);
  if ((self->state == WORKING || self->state == STREAMING) && is_hung_up (self))
    peerup_http_connection_drop (self);
  else if (more && self->state != OVER)
    peerup_task_schedule_later (&self->watch.task);
  peerup_http_connection_unref (self);
}

static void
on_timer (gpointer data)
{
  static const char beat[] = ":\n\n";
  PeerupHttpConnection *self = data;

  if (self->state == READING && peerup_http_reader_has_begun (self->reader))
    refuse_text (self, 408, "the request took too long to arrive");
  else if (self->state == STREAMING && self->out->len == 0)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (beat, sizeof beat - 1);

      peerup_http_connection_push (self, bytes);
    }
  else
    peerup_http_connection_drop (self);
}

/* Streams */

void
peerup_http_connection_push (PeerupHttpConnection *self, GBytes *bytes)
{
  static const char last[] = ": this stream ends here, as it was read too slowly\n\n";
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);

  g_return_if_fail (self->state == STREAMING);

  /* It is ending. */
  if (self->has_unread)
    return;
  if (self->out->len - self->out_at + length > PEERUP_HTTP_STREAM_QUEUE_MAX)
    {
      self->has_unread = TRUE;
      g_byte_array_append (self->out, (const guint8 *) last, sizeof last - 1);
      return;
    }
  if (self->out_at > 0 && self->out_at == self->out->len)
    clear_out (self);
  else if (self->out_at > SENT_MAX)
    drop_sent (self);
  if (self->out->len == 0)
    {
      g_byte_array_append (self->out, data, (guint) length);
      set_state (self, STREAMING);
    }
  else
    g_byte_array_append (self->out, data, (guint) length);
  peerup_task_schedule (&self->watch.task);
}

gboolean
peerup_http_connection_is_stream (PeerupHttpConnection *self)
{
  return self->state == STREAMING;
}

int
peerup_http_connection_get_rank (PeerupHttpConnection *self, gint64 now, gint64 *since)
{
  *since = self->since;
  if (self->state == LINGERING || (self->state == READING && self->n_answered == 0))
    return 0;
  if (self->state == READING)
    return peerup_http_reader_has_begun (self->reader) ? 2 : 1;
  return self->state == WRITING && now - self->since > STALL_TIME ? 3 : -1;
}

PeerupHttpConnection *
peerup_http_connection_new (int fd, PeerupReactor *reactor, const PeerupHttpHost *host, GError **error)
{
  PeerupHttpConnection *self = g_new0 (PeerupHttpConnection, 1);

  if (!peerup_watch_init (&self->watch, reactor, fd, on_ready, self, error))
    {
      close (fd);
      g_free (self);
      return NULL;
    }
  self->ref_count = 1;
  self->host = host;
  self->fd = fd;
  self->reader = peerup_http_reader_new (PEERUP_HTTP_HEAD_MAX, PEERUP_HTTP_BODY_MAX);
  self->in = g_byte_array_new ();
  self->out = g_byte_array_new ();
  peerup_timer_init (&self->timer, reactor, on_timer, self);
  set_state (self, READING);
  return self;
}
