/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The part of a stream that is the same for all of them: one-shot readiness
 * callbacks, the negotiated protocol, the link to the connection, the count of
 * bytes, and the GIOStream face. Buffers and ends belong to the subclasses. The fiber calls
 * stand in peerup-stream-await.c, the GIO streams in peerup-stream-gio.c. */

#include "transport/peerup-connection-private.h"
#include "transport/peerup-stream-private.h"
#include "wire/peerup-error.h"

typedef struct
{
  PeerupStreamReadyFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Ready;

typedef struct
{
  PeerupReactor *reactor;
  PeerupTask task;
  Ready read;
  Ready write;
  const char *protocol;         /* interned */
  PeerupConnection *connection; /* owned */
  GList link;                   /* in the connection's list */
  guint64 bytes_received;
  guint64 bytes_sent;
  gint64 opened_at;
  GInputStream *input; /* made when asked for */
  GOutputStream *output;
  guint32 reset_code;
} PeerupStreamPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (PeerupStream, peerup_stream, G_TYPE_IO_STREAM)

#define PRIVATE(self) ((PeerupStreamPrivate *) peerup_stream_get_instance_private (self))

enum
{
  PROP_PROTOCOL = 1,
  PROP_BYTES_RECEIVED,
  PROP_BYTES_SENT,
  PROP_OPENED_AT,
  PROP_PACKETS_LOST,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

static void
ready_replace (Ready *ready, Ready next)
{
  Ready old = *ready;

  *ready = next;
  if (old.destroy != NULL)
    old.destroy (old.data);
}

static void
stream_wait (PeerupStream *self, GIOCondition wanted)
{
  PeerupStreamClass *klass = PEERUP_STREAM_GET_CLASS (self);

  if (klass->interest != NULL)
    klass->interest (self, wanted);
}

/* Calls one direction's callback if what it waits for holds, after disarming it. What
 * held when it was armed or notified may be gone: then the wait goes on. */
static void
stream_fire (PeerupStream *self, Ready *ready, GIOCondition wanted)
{
  Ready once = *ready;

  if (once.func == NULL)
    return;
  if ((peerup_stream_poll (self) & wanted) == 0)
    {
      stream_wait (self, wanted);
      return;
    }
  *ready = (Ready) { NULL, NULL, NULL };
  once.func (self, once.data);
  if (once.destroy != NULL)
    once.destroy (once.data);
}

static void
stream_run_ready (gpointer data)
{
  g_autoptr (PeerupStream) self = g_object_ref (data);
  PeerupStreamPrivate *priv = PRIVATE (self);

  stream_fire (self, &priv->read, G_IO_IN);
  stream_fire (self, &priv->write, G_IO_OUT);
}

static void
stream_arm (PeerupStream *self, Ready *ready, Ready next, GIOCondition wanted)
{
  PeerupTask *task = &PRIVATE (self)->task;

  ready_replace (ready, next);
  if (next.func == NULL || task->reactor == NULL)
    return;
  if (peerup_stream_poll (self) & wanted)
    peerup_task_schedule (task);
  else
    stream_wait (self, wanted);
}

void
peerup_stream_arm_full (PeerupStream *self, GIOCondition condition, PeerupStreamReadyFunc func, gpointer data,
                        GDestroyNotify destroy)
{
  PeerupStreamPrivate *priv = PRIVATE (self);

  if (condition & G_IO_IN)
    stream_arm (self, &priv->read, (Ready) { func, data, destroy }, G_IO_IN);
  if (condition & G_IO_OUT)
    stream_arm (self, &priv->write, (Ready) { func, data, destroy }, G_IO_OUT);
}

void
peerup_stream_disarm_for (PeerupStream *self, GIOCondition condition, gpointer data)
{
  PeerupStreamPrivate *priv = PRIVATE (self);

  if ((condition & G_IO_IN) && priv->read.data == data)
    ready_replace (&priv->read, (Ready) { NULL, NULL, NULL });
  if ((condition & G_IO_OUT) && priv->write.data == data)
    ready_replace (&priv->write, (Ready) { NULL, NULL, NULL });
}

void
peerup_stream_arm_read (PeerupStream *self, PeerupStreamReadyFunc func, gpointer data)
{
  peerup_stream_arm_full (self, G_IO_IN, func, data, NULL);
}

void
peerup_stream_arm_write (PeerupStream *self, PeerupStreamReadyFunc func, gpointer data)
{
  peerup_stream_arm_full (self, G_IO_OUT, func, data, NULL);
}

GIOCondition
peerup_stream_get_armed (PeerupStream *self)
{
  PeerupStreamPrivate *priv = PRIVATE (self);

  return (priv->read.func != NULL ? G_IO_IN : 0) | (priv->write.func != NULL ? G_IO_OUT : 0);
}

void
peerup_stream_notify (PeerupStream *self, GIOCondition condition)
{
  if (peerup_stream_get_armed (self) & condition)
    peerup_task_schedule (&PRIVATE (self)->task);
}

gssize
peerup_stream_read (PeerupStream *self, void *buffer, gsize count, GError **error)
{
  gssize n;

  g_return_val_if_fail (PEERUP_IS_STREAM (self) && count > 0, -1);
  n = PEERUP_STREAM_GET_CLASS (self)->read (self, buffer, count, error);
  if (n > 0)
    PRIVATE (self)->bytes_received += n;
  return n;
}

gsize
peerup_stream_peek (PeerupStream *self, GInputVector *vectors, gsize n_vectors)
{
  PeerupStreamClass *klass = PEERUP_STREAM_GET_CLASS (self);

  return klass->peek != NULL ? klass->peek (self, vectors, n_vectors) : 0;
}

void
peerup_stream_consume (PeerupStream *self, gsize count)
{
  PEERUP_STREAM_GET_CLASS (self)->consume (self, count);
  PRIVATE (self)->bytes_received += count;
}

gssize
peerup_stream_writev (PeerupStream *self, const GOutputVector *vectors, gsize n_vectors, GError **error)
{
  gssize n;

  g_return_val_if_fail (PEERUP_IS_STREAM (self), -1);
  n = PEERUP_STREAM_GET_CLASS (self)->writev (self, vectors, n_vectors, error);
  if (n > 0)
    PRIVATE (self)->bytes_sent += n;
  return n;
}

gssize
peerup_stream_write (PeerupStream *self, gconstpointer data, gsize count, GError **error)
{
  GOutputVector vector = { data, count };

  return peerup_stream_writev (self, &vector, 1, error);
}

GIOCondition
peerup_stream_poll (PeerupStream *self)
{
  return PEERUP_STREAM_GET_CLASS (self)->poll (self);
}

void
peerup_stream_close_write (PeerupStream *self)
{
  PEERUP_STREAM_GET_CLASS (self)->close_write (self);
}

void
peerup_stream_close_read (PeerupStream *self)
{
  PEERUP_STREAM_GET_CLASS (self)->close_read (self);
}

void
peerup_stream_close (PeerupStream *self)
{
  peerup_stream_close_write (self);
  peerup_stream_close_read (self);
}

void
peerup_stream_reset (PeerupStream *self, guint32 code)
{
  PEERUP_STREAM_GET_CLASS (self)->reset (self, code);
}

void
peerup_stream_set_lean (PeerupStream *self)
{
  if (PEERUP_STREAM_GET_CLASS (self)->set_lean != NULL)
    PEERUP_STREAM_GET_CLASS (self)->set_lean (self);
}

guint32
peerup_stream_get_reset_code (PeerupStream *self)
{
  return PRIVATE (self)->reset_code;
}

void
peerup_stream_set_reset_code (PeerupStream *self, guint32 code)
{
  PRIVATE (self)->reset_code = code;
}

void
peerup_stream_get_figures (PeerupStream *self, PeerupStreamFigures *figures)
{
  PeerupStreamClass *klass = PEERUP_STREAM_GET_CLASS (self);
  PeerupStreamPrivate *priv = PRIVATE (self);

  *figures = (PeerupStreamFigures) { priv->bytes_received, priv->bytes_sent, priv->opened_at, -1 };
  if (klass->get_figures != NULL)
    klass->get_figures (self, figures);
}

gboolean
peerup_stream_get_path_figures (PeerupStream *self, PeerupConnectionFigures *figures)
{
  PeerupStreamClass *klass = PEERUP_STREAM_GET_CLASS (self);

  return klass->get_path_figures != NULL && klass->get_path_figures (self, figures);
}

const char *
peerup_stream_get_protocol (PeerupStream *self)
{
  return PRIVATE (self)->protocol;
}

void
peerup_stream_set_protocol (PeerupStream *self, const char *protocol)
{
  PRIVATE (self)->protocol = g_intern_string (protocol);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROTOCOL]);
}

PeerupConnection *
peerup_stream_get_connection (PeerupStream *stream)
{
  return PRIVATE (stream)->connection;
}

/* The connection is still held, for callers of a stream that is going. */
static void
stream_leave_connection (PeerupStream *self)
{
  PeerupStreamPrivate *priv = PRIVATE (self);
  GQueue *queue = priv->connection != NULL ? peerup_connection_get_stream_queue (priv->connection) : NULL;

  if (queue == NULL || (priv->link.prev == NULL && queue->head != &priv->link))
    return;
  g_queue_unlink (queue, &priv->link);
  peerup_connection_note_use (priv->connection);
}

void
peerup_stream_set_connection (PeerupStream *stream, PeerupConnection *connection)
{
  PeerupStreamPrivate *priv = PRIVATE (stream);

  stream_leave_connection (stream);
  g_set_object (&priv->connection, connection);
  if (connection == NULL)
    return;
  g_queue_push_tail_link (peerup_connection_get_stream_queue (connection), &priv->link);
  peerup_connection_note_use (connection);
}

PeerupReactor *
peerup_stream_get_reactor (PeerupStream *self)
{
  return PRIVATE (self)->reactor;
}

static GInputStream *
peerup_stream_get_input_stream (GIOStream *io)
{
  PeerupStreamPrivate *priv = PRIVATE (PEERUP_STREAM (io));

  if (priv->input == NULL)
    priv->input = peerup_stream_input_new (PEERUP_STREAM (io));
  return priv->input;
}

static GOutputStream *
peerup_stream_get_output_stream (GIOStream *io)
{
  PeerupStreamPrivate *priv = PRIVATE (PEERUP_STREAM (io));

  if (priv->output == NULL)
    priv->output = peerup_stream_output_new (PEERUP_STREAM (io));
  return priv->output;
}

static gboolean
peerup_stream_close_fn (GIOStream *io, GCancellable *cancellable, GError **error)
{
  peerup_stream_close (PEERUP_STREAM (io));
  return TRUE;
}

/* GIOStream's default closes the two streams in a thread; ours does not wait. */
static void
peerup_stream_close_async (GIOStream *io, int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer data)
{
  g_autoptr (GTask) task = g_task_new (io, cancellable, callback, data);

  peerup_stream_close (PEERUP_STREAM (io));
  g_task_return_boolean (task, TRUE);
}

static gboolean
peerup_stream_close_finish (GIOStream *io, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* GIOStream closes itself in dispose, which would turn a dropped stream into a
 * clean end; a subclass resets in its own dispose, before it chains up. */
static void
peerup_stream_dispose (GObject *object)
{
  PeerupStreamPrivate *priv = PRIVATE (PEERUP_STREAM (object));

  stream_leave_connection (PEERUP_STREAM (object));
  ready_replace (&priv->read, (Ready) { NULL, NULL, NULL });
  ready_replace (&priv->write, (Ready) { NULL, NULL, NULL });
  peerup_task_clear (&priv->task);
  G_OBJECT_CLASS (peerup_stream_parent_class)->dispose (object);
}

static void
peerup_stream_finalize (GObject *object)
{
  PeerupStreamPrivate *priv = PRIVATE (PEERUP_STREAM (object));

  if (priv->input != NULL)
    peerup_stream_input_detach (priv->input);
  if (priv->output != NULL)
    peerup_stream_output_detach (priv->output);
  g_clear_object (&priv->input);
  g_clear_object (&priv->output);
  g_clear_object (&priv->connection);
  g_clear_pointer (&priv->reactor, peerup_reactor_unref);
  G_OBJECT_CLASS (peerup_stream_parent_class)->finalize (object);
}

static void
peerup_stream_get_property (GObject *object, guint prop_id, GValue *value, GParamSpec *pspec)
{
  PeerupStreamFigures figures;

  peerup_stream_get_figures (PEERUP_STREAM (object), &figures);
  switch (prop_id)
    {
    case PROP_PROTOCOL:
      g_value_set_static_string (value, peerup_stream_get_protocol (PEERUP_STREAM (object)));
      break;
    case PROP_BYTES_RECEIVED:
      g_value_set_uint64 (value, figures.bytes_received);
      break;
    case PROP_BYTES_SENT:
      g_value_set_uint64 (value, figures.bytes_sent);
      break;
    case PROP_OPENED_AT:
      g_value_set_int64 (value, figures.opened_at);
      break;
    case PROP_PACKETS_LOST:
      g_value_set_int64 (value, figures.packets_lost);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
peerup_stream_class_init (PeerupStreamClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GIOStreamClass *io_class = G_IO_STREAM_CLASS (klass);

  object_class->dispose = peerup_stream_dispose;
  object_class->finalize = peerup_stream_finalize;
  object_class->get_property = peerup_stream_get_property;
  io_class->get_input_stream = peerup_stream_get_input_stream;
  io_class->get_output_stream = peerup_stream_get_output_stream;
  io_class->close_fn = peerup_stream_close_fn;
  io_class->close_async = peerup_stream_close_async;
  io_class->close_finish = peerup_stream_close_finish;

  properties[PROP_PROTOCOL] = g_param_spec_string ("protocol", NULL, NULL, NULL, flags);
  properties[PROP_BYTES_RECEIVED] = g_param_spec_uint64 ("bytes-received", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_BYTES_SENT] = g_param_spec_uint64 ("bytes-sent", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  properties[PROP_OPENED_AT] = g_param_spec_int64 ("opened-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_PACKETS_LOST] = g_param_spec_int64 ("packets-lost", NULL, NULL, -1, G_MAXINT64, -1, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
peerup_stream_init (PeerupStream *self)
{
  PeerupStreamPrivate *priv = PRIVATE (self);

  priv->link.data = self;
  priv->opened_at = g_get_monotonic_time ();
  priv->reactor = peerup_reactor_ref_default ();
  peerup_task_init (&priv->task, priv->reactor, stream_run_ready, self);
}
