/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How much waits on a connection. A filter sees in GDBus's thread what comes in, and what goes out just before it is
 * written: whatever has a later serial is still in the queue. What is sent through here is known by its size. GDBus
 * answers some calls by itself, which shows in the serials alone: so many such answers as there are calls for large
 * ones that are not answered yet count as the largest, and others as an error. Lives as long as its connection, and
 * with what it has put into the main context.
 */
#include "control/peerup-control-backlog.h"

#include <gio/gunixfdlist.h>
#include <glib/gi18n-lib.h>
#include <string.h>

/* Bytes: what a message costs beside its body; the most of one that GDBus makes, a description of an object; an error
 * that it makes; and a descriptor that comes with a message, of which a process has far fewer than bytes. */
#define MESSAGE_COST    1024
#define LARGE_COST      (64 * 1024)
#define ERROR_COST      (8 * 1024)
#define DESCRIPTOR_COST (64 * 1024)
/* An error names what was asked for: above so many bytes of a path it may be as large as anything. */
#define PATH_LONG 1024
/* Bytes of calls after which it is asked whether they have been dispatched. */
#define MARK_COST (256 * 1024)

typedef struct
{
  guint32 serial; /* not above it */
  gsize cost;
} Entry;

typedef struct
{
  GMainContext *context;
  gint cut;     /* atomic: nothing is sent any more */
  gint written; /* atomic: the serial of the last message whose writing has begun */
  gint coming;  /* atomic: bytes of calls that are not dispatched */
  guint fresh;  /* of the filter's thread: those of them that no mark stands behind */
  GMutex mutex;
  GQueue entries;
  gsize queued;      /* the costs of entries */
  GHashTable *large; /* serial of a call for what is large -> how many such calls have no answer written */
  guint n_large;     /* of them all */
} Backlog;

/* What has come before it is dispatched. */
typedef struct
{
  Backlog *backlog;
  guint cost;
} Mark;

/* On the connection. */
#define KEY "peerup-control-backlog"

static void
backlog_clear (gpointer data)
{
  Backlog *self = data;

  g_queue_clear_full (&self->entries, g_free);
  g_hash_table_unref (self->large);
  g_mutex_clear (&self->mutex);
  g_main_context_unref (self->context);
}

static void
backlog_unref (gpointer self)
{
  g_atomic_rc_box_release_full (self, backlog_clear);
}

/* Shutting down neither blocks nor needs a thread; GDBus sees the end of the stream, closes, and frees its queue. */
static void
cut (Backlog *self, GDBusConnection *connection, const char *why)
{
  GIOStream *stream = g_dbus_connection_get_stream (connection);

  if (!g_atomic_int_compare_and_exchange (&self->cut, FALSE, TRUE))
    return;
  g_message ("A client of the control socket %s: it is cut off", why);
  if (G_IS_SOCKET_CONNECTION (stream))
    g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION (stream)), TRUE, TRUE, NULL);
}

/* Out */

static void
drop_written (Backlog *self, guint32 written)
{
  Entry *first;

  while ((first = g_queue_peek_head (&self->entries)) != NULL && (gint32) (first->serial - written) <= 0)
    {
      self->queued -= first->cost;
      g_free (g_queue_pop_head (&self->entries));
    }
}

/* A single message may be as large as it likes: of ours the last does not count. */
static void
check_out (Backlog *self, GDBusConnection *connection)
{
  guint32 written = (guint32) g_atomic_int_get (&self->written);
  gint32 n_waiting = (gint32) (g_dbus_connection_get_last_serial (connection) - written);
  const Entry *last;
  gint64 n_foreign, n_large, queued;

  g_mutex_lock (&self->mutex);
  drop_written (self, written);
  last = g_queue_peek_tail (&self->entries);
  n_foreign = MAX (0, (gint64) n_waiting - self->entries.length);
  n_large = MIN (n_foreign, (gint64) self->n_large);
  queued = (gint64) self->queued - (gint64) (last != NULL ? last->cost : 0) + n_large * LARGE_COST +
           (n_foreign - n_large) * ERROR_COST;
  g_mutex_unlock (&self->mutex);
  if (queued > PEERUP_CONTROL_BACKLOG_MAX)
    cut (self, connection, "does not read what it is sent");
}

static void
add (Backlog *self, GDBusConnection *connection, guint32 before, gsize size)
{
  guint32 serial = g_dbus_connection_get_last_serial (connection);
  Entry *entry;

  /* No answer is wanted, or there is nobody to send it to. */
  if (self == NULL || serial == before)
    return;
  entry = g_new (Entry, 1);
  entry->serial = serial;
  /* GDBus keeps the message, and what it is in bytes. */
  entry->cost = 2 * size + MESSAGE_COST;
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->entries, entry);
  self->queued += entry->cost;
  g_mutex_unlock (&self->mutex);
  check_out (self, connection);
}

static Backlog *
find (GDBusConnection *connection)
{
  return g_object_get_data (G_OBJECT (connection), KEY);
}

static gboolean
is_cut (Backlog *self)
{
  return self != NULL && g_atomic_int_get (&self->cut);
}

void
peerup_control_backlog_return_value (GDBusMethodInvocation *invocation, GVariant *value)
{
  g_autoptr (GDBusConnection) connection = g_object_ref (g_dbus_method_invocation_get_connection (invocation));
  g_autoptr (GVariant) taken = value != NULL ? g_variant_ref_sink (value) : NULL;
  guint32 before = g_dbus_connection_get_last_serial (connection);
  Backlog *self = find (connection);

  if (is_cut (self))
    {
      g_object_unref (invocation);
      return;
    }
  g_dbus_method_invocation_return_value (invocation, taken);
  add (self, connection, before, taken != NULL ? g_variant_get_size (taken) : 0);
}

void
peerup_control_backlog_take_error (GDBusMethodInvocation *invocation, GError *error)
{
  g_autoptr (GDBusConnection) connection = g_object_ref (g_dbus_method_invocation_get_connection (invocation));
  guint32 before = g_dbus_connection_get_last_serial (connection);
  gsize size = strlen (error->message);
  Backlog *self = find (connection);

  if (is_cut (self))
    {
      g_error_free (error);
      g_object_unref (invocation);
      return;
    }
  g_dbus_method_invocation_take_error (invocation, error);
  add (self, connection, before, size);
}

void
peerup_control_backlog_return_error (GDBusMethodInvocation *invocation, GQuark domain, int code, const char *format,
                                     ...)
{
  va_list arguments;
  GError *error;

  va_start (arguments, format);
  error = g_error_new_valist (domain, code, format, arguments);
  va_end (arguments);
  peerup_control_backlog_take_error (invocation, error);
}

gboolean
peerup_control_backlog_emit (GDBusConnection *connection, const char *to, const char *path, const char *interface,
                             const char *name, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (parameters);
  guint32 before = g_dbus_connection_get_last_serial (connection);
  Backlog *self = find (connection);

  if (is_cut (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED, _ ("The client is cut off"));
      return FALSE;
    }
  if (!g_dbus_connection_emit_signal (connection, to, path, interface, name, taken, error))
    return FALSE;
  add (self, connection, before, g_variant_get_size (taken));
  return TRUE;
}

/* In */

static gboolean
on_mark (gpointer data)
{
  const Mark *mark = data;

  g_atomic_int_add (&mark->backlog->coming, -(gint) mark->cost);
  return G_SOURCE_REMOVE;
}

static void
mark_free (gpointer data)
{
  Mark *mark = data;

  backlog_unref (mark->backlog);
  g_free (mark);
}

/* GDBus puts each call into the context with this priority, so what came before the mark is dispatched before it. */
static void
put_mark (Backlog *self)
{
  GSource *source = g_idle_source_new ();
  Mark *mark = g_new (Mark, 1);

  mark->backlog = g_atomic_rc_box_acquire (self);
  mark->cost = self->fresh;
  self->fresh = 0;
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] control backlog");
  g_source_set_callback (source, on_mark, mark, mark_free);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

static gboolean
is_large (GDBusMessage *call)
{
  const char *path = g_dbus_message_get_path (call);

  return g_dbus_message_get_message_type (call) == G_DBUS_MESSAGE_TYPE_METHOD_CALL &&
         (g_strcmp0 (g_dbus_message_get_member (call), "Introspect") == 0 ||
          (path != NULL && strlen (path) > PATH_LONG));
}

/* A client may use a serial more than once. What is not noted by its serial counts for ever. */
static void
note_large (Backlog *self, guint32 serial)
{
  gpointer key = GUINT_TO_POINTER (serial);
  guint n;

  g_mutex_lock (&self->mutex);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->large, key));
  if (n > 0 || g_hash_table_size (self->large) < PEERUP_CONTROL_BACKLOG_MAX / MESSAGE_COST)
    g_hash_table_insert (self->large, key, GUINT_TO_POINTER (n + 1));
  self->n_large++;
  g_mutex_unlock (&self->mutex);
}

static void
note_written (Backlog *self, GDBusMessage *message)
{
  gpointer key = GUINT_TO_POINTER (g_dbus_message_get_reply_serial (message));
  guint n;

  g_atomic_int_set (&self->written, (gint) g_dbus_message_get_serial (message));
  g_mutex_lock (&self->mutex);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (self->large, key));
  if (n > 1)
    g_hash_table_insert (self->large, key, GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (self->large, key);
  self->n_large -= n > 0 ? 1 : 0;
  g_mutex_unlock (&self->mutex);
}

static void
take_in (Backlog *self, GDBusConnection *connection, GDBusMessage *message)
{
  GVariant *body = g_dbus_message_get_body (message);
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list (message);
  guint cost = MESSAGE_COST + (guint) (body != NULL ? g_variant_get_size (body) : 0);

  if (fds != NULL)
    cost += DESCRIPTOR_COST * (guint) g_unix_fd_list_get_length (fds);
  if (is_large (message))
    note_large (self, g_dbus_message_get_serial (message));

  if (g_atomic_int_get (&self->coming) > PEERUP_CONTROL_BACKLOG_MAX)
    cut (self, connection, "asks faster than it can be answered");
  g_atomic_int_add (&self->coming, (gint) cost);
  self->fresh += cost;
  if (self->fresh >= MARK_COST)
    put_mark (self);
}

static GDBusMessage *
on_message (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  Backlog *self = data;

  if (!incoming)
    {
      note_written (self, message);
      return message;
    }
  take_in (self, connection, message);
  check_out (self, connection);
  if (!is_cut (self))
    return message;
  g_object_unref (message);
  return NULL;
}

void
peerup_control_backlog_bound (GDBusConnection *connection)
{
  Backlog *self = g_atomic_rc_box_new0 (Backlog);

  self->context = g_main_context_ref_thread_default ();
  g_mutex_init (&self->mutex);
  g_queue_init (&self->entries);
  self->large = g_hash_table_new (NULL, NULL);
  g_object_set_data_full (G_OBJECT (connection), KEY, g_atomic_rc_box_acquire (self), backlog_unref);
  g_dbus_connection_add_filter (connection, on_message, self, backlog_unref);
}
