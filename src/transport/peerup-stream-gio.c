/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The GIO faces of a PeerupStream: a pollable input and a pollable output stream,
 * for users of the library and for GIO's own helpers. They borrow the stream that
 * made them and fail with G_IO_ERROR_CLOSED once it is gone. GIO builds the async
 * calls out of the pollable ones; the blocking calls iterate nothing and so refuse
 * to wait: a stream lives in the thread of its main context. */

#include "transport/peerup-stream-private.h"

typedef struct
{
  GInputStream parent_instance;
  PeerupStream *stream; /* borrowed */
} PeerupStreamInput;
typedef GInputStreamClass PeerupStreamInputClass;

typedef struct
{
  GOutputStream parent_instance;
  PeerupStream *stream; /* borrowed */
} PeerupStreamOutput;
typedef GOutputStreamClass PeerupStreamOutputClass;

static GType peerup_stream_input_get_type (void);
static GType peerup_stream_output_get_type (void);
static void input_pollable_init (GPollableInputStreamInterface *iface);
static void output_pollable_init (GPollableOutputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (PeerupStreamInput, peerup_stream_input, G_TYPE_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, input_pollable_init))
G_DEFINE_TYPE_WITH_CODE (PeerupStreamOutput, peerup_stream_output, G_TYPE_OUTPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM, output_pollable_init))

#define INPUT(object)  (((PeerupStreamInput *) (object))->stream)
#define OUTPUT(object) (((PeerupStreamOutput *) (object))->stream)

static gboolean
stream_is_there (PeerupStream *stream, GError **error)
{
  if (stream != NULL)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, "The stream is gone");
  return FALSE;
}

/* A source that is ready when the stream is: one arm, then ready-time 0. */
typedef struct
{
  GSource source;
  PeerupStream *stream;
  GIOCondition condition;
} WaitSource;

static void
wait_source_ready (PeerupStream *stream, gpointer data)
{
  g_source_set_ready_time (data, 0);
}

static void
wait_source_arm (WaitSource *wait)
{
  peerup_stream_arm_full (wait->stream, wait->condition, wait_source_ready, wait, NULL);
}

/* The source it is a child of is dispatched too, and calls the user. */
static gboolean
wait_source_dispatch (GSource *source, GSourceFunc callback, gpointer data)
{
  g_source_set_ready_time (source, -1);
  wait_source_arm ((WaitSource *) source);
  return G_SOURCE_CONTINUE;
}

/* By then the user may wait with a source made from the callback of this one. */
static void
wait_source_finalize (GSource *source)
{
  WaitSource *wait = (WaitSource *) source;

  peerup_stream_disarm_for (wait->stream, wait->condition, wait);
  g_object_unref (wait->stream);
}

/* Never called: GLib wants one in a source that it sets a dummy callback on. */
static gboolean
wait_source_callback (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static GSourceFuncs wait_source_funcs = {
  .dispatch = wait_source_dispatch,
  .finalize = wait_source_finalize,
  .closure_callback = wait_source_callback,
};

static GSource *
create_source (gpointer pollable, PeerupStream *stream, GIOCondition condition, GCancellable *cancellable)
{
  g_autoptr (GSource) wait = NULL;

  if (stream == NULL)
    {
      wait = g_timeout_source_new (0);
      return g_pollable_source_new_full (pollable, wait, cancellable);
    }
  wait = g_source_new (&wait_source_funcs, sizeof (WaitSource));
  g_source_set_static_name (wait, "peerup-stream");
  ((WaitSource *) wait)->stream = g_object_ref (stream);
  ((WaitSource *) wait)->condition = condition;
  wait_source_arm ((WaitSource *) wait);
  return g_pollable_source_new_full (pollable, wait, cancellable);
}

static gssize
input_read_nonblocking (GPollableInputStream *pollable, void *buffer, gsize count, GError **error)
{
  if (!stream_is_there (INPUT (pollable), error))
    return -1;
  return count == 0 ? 0 : peerup_stream_read (INPUT (pollable), buffer, count, error);
}

static gssize
input_read (GInputStream *input, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return input_read_nonblocking (G_POLLABLE_INPUT_STREAM (input), buffer, count, error);
}

static gboolean
input_close (GInputStream *input, GCancellable *cancellable, GError **error)
{
  if (INPUT (input) != NULL)
    peerup_stream_close_read (INPUT (input));
  return TRUE;
}

/* GIO's default closes in a thread of its own. */
static void
input_close_async (GInputStream *input, int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                   gpointer data)
{
  g_autoptr (GTask) task = g_task_new (input, cancellable, callback, data);

  g_task_return_boolean (task, input_close (input, NULL, NULL));
}

static gboolean
input_close_finish (GInputStream *input, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
input_is_readable (GPollableInputStream *pollable)
{
  return INPUT (pollable) == NULL || (peerup_stream_poll (INPUT (pollable)) & G_IO_IN) != 0;
}

static GSource *
input_create_source (GPollableInputStream *pollable, GCancellable *cancellable)
{
  return create_source (pollable, INPUT (pollable), G_IO_IN, cancellable);
}

static void
input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
  iface->read_nonblocking = input_read_nonblocking;
}

static void
peerup_stream_input_class_init (PeerupStreamInputClass *klass)
{
  klass->read_fn = input_read;
  klass->close_fn = input_close;
  klass->close_async = input_close_async;
  klass->close_finish = input_close_finish;
}

static void
peerup_stream_input_init (PeerupStreamInput *self)
{
}

static gssize
output_write_nonblocking (GPollableOutputStream *pollable, const void *buffer, gsize count, GError **error)
{
  if (!stream_is_there (OUTPUT (pollable), error))
    return -1;
  return count == 0 ? 0 : peerup_stream_write (OUTPUT (pollable), buffer, count, error);
}

static gssize
output_write (GOutputStream *output, const void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  return output_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (output), buffer, count, error);
}

static gboolean
output_close (GOutputStream *output, GCancellable *cancellable, GError **error)
{
  if (OUTPUT (output) != NULL)
    peerup_stream_close_write (OUTPUT (output));
  return TRUE;
}

static void
output_close_async (GOutputStream *output, int priority, GCancellable *cancellable, GAsyncReadyCallback callback,
                    gpointer data)
{
  g_autoptr (GTask) task = g_task_new (output, cancellable, callback, data);

  g_task_return_boolean (task, output_close (output, NULL, NULL));
}

static gboolean
output_close_finish (GOutputStream *output, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
output_is_writable (GPollableOutputStream *pollable)
{
  return OUTPUT (pollable) == NULL || (peerup_stream_poll (OUTPUT (pollable)) & G_IO_OUT) != 0;
}

static GSource *
output_create_source (GPollableOutputStream *pollable, GCancellable *cancellable)
{
  return create_source (pollable, OUTPUT (pollable), G_IO_OUT, cancellable);
}

static void
output_pollable_init (GPollableOutputStreamInterface *iface)
{
  iface->is_writable = output_is_writable;
  iface->create_source = output_create_source;
  iface->write_nonblocking = output_write_nonblocking;
}

static void
peerup_stream_output_class_init (PeerupStreamOutputClass *klass)
{
  klass->write_fn = output_write;
  klass->close_fn = output_close;
  klass->close_async = output_close_async;
  klass->close_finish = output_close_finish;
}

static void
peerup_stream_output_init (PeerupStreamOutput *self)
{
}

GInputStream *
peerup_stream_input_new (PeerupStream *stream)
{
  PeerupStreamInput *self = g_object_new (peerup_stream_input_get_type (), NULL);

  self->stream = stream;
  return G_INPUT_STREAM (self);
}

GOutputStream *
peerup_stream_output_new (PeerupStream *stream)
{
  PeerupStreamOutput *self = g_object_new (peerup_stream_output_get_type (), NULL);

  self->stream = stream;
  return G_OUTPUT_STREAM (self);
}

void
peerup_stream_input_detach (GInputStream *input)
{
  INPUT (input) = NULL;
}

void
peerup_stream_output_detach (GOutputStream *output)
{
  OUTPUT (output) = NULL;
}
