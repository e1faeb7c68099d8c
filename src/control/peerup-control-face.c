/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The D-Bus face: from messages to peerup_control_invoke() and back, and from what the engine tells to signals. GDBus
 * has checked the arguments against the description before a call comes here. Lives as long as its connection is
 * served; it decides nothing but who is who.
 */
#include "control/peerup-control-private.h"

#include <glib/gi18n-lib.h>

#include "control/peerup-control-backlog.h"
#include "control/peerup-control-hello.h"
#include "control/peerup-control-policy.h"

#define PROPERTIES "org.freedesktop.DBus.Properties"
#define DOC        "org.gtk.GDBus.DocString"

/* Calls that wait for polkit, which may ask a person: of one client, and in all. */
#define CHECKS_MAX        16
#define CHECKS_IN_ALL_MAX 64
/* Seconds after which it is asked again whether a client may still be told of changes. */
#define READ_TIME 60

struct _PeerupControlFace
{
  PeerupControl *control; /* owns this */
  GDBusConnection *connection;
  PeerupControlPolicy *policy; /* nullable */
  PeerupCaller *caller;        /* of a private connection */
  GHashTable *clients;         /* of a bus: unique name to Client */
  guint engine_id;
  guint hello_id; /* of a private connection */
  guint subscription;
  guint n_checks;
  GSource *timer; /* (nullable): of a policy, to ask again */
};

/* Somebody on a bus. */
typedef struct
{
  PeerupCaller *caller;
  gboolean may_read;
  guint n_checks;
} Client;

static void
client_free (gpointer data)
{
  Client *client = data;

  peerup_caller_leave (client->caller);
  g_object_unref (client->caller);
  g_free (client);
}

static Client *
get_client (PeerupControlFace *self, const char *sender)
{
  Client *client = g_hash_table_lookup (self->clients, sender);

  if (client != NULL)
    return client;
  client = g_new0 (Client, 1);
  client->caller = peerup_caller_new ("dbus", FALSE);
  client->may_read = self->policy == NULL;
  g_hash_table_insert (self->clients, g_strdup (sender), client);
  return client;
}

/* Private connections have no names. */
static PeerupCaller *
get_caller (PeerupControlFace *self, const char *sender)
{
  return self->clients == NULL ? self->caller : get_client (self, sender)->caller;
}

static void
on_name_owner_changed (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                       const char *signal, GVariant *parameters, gpointer data)
{
  PeerupControlFace *self = data;
  const char *name, *owner;

  g_variant_get (parameters, "(&s&s&s)", &name, NULL, &owner);
  if (owner[0] == '\0')
    g_hash_table_remove (self->clients, name);
}

/* Calls */

typedef struct
{
  PeerupControl *control;
  GDBusConnection *connection;
  GDBusMethodInvocation *invocation;
  PeerupCaller *caller;
  const PeerupOperation *operation;
  PeerupControlAction action;
  PeerupControlFaceAnswer answer;
  gpointer data;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_object_unref (call->control);
  g_object_unref (call->connection);
  g_clear_object (&call->invocation);
  g_clear_object (&call->caller);
  g_free (call);
}

static Call *
call_new (PeerupControlFace *self, GDBusMethodInvocation *invocation)
{
  Call *call = g_new0 (Call, 1);

  call->control = g_object_ref (self->control);
  call->connection = g_object_ref (self->connection);
  call->invocation = invocation;
  call->caller = g_object_ref (get_caller (self, g_dbus_method_invocation_get_sender (invocation)));
  return call;
}

/* Completing takes the invocation. */
static DexFuture *
on_answer (DexFuture *future, gpointer data)
{
  Call *call = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value != NULL)
    peerup_control_backlog_return_value (g_steal_pointer (&call->invocation), g_value_get_variant (value));
  else
    peerup_control_backlog_take_error (g_steal_pointer (&call->invocation), g_steal_pointer (&error));
  return dex_future_new_true ();
}

static PeerupControlFace *
find_face (PeerupControl *control, GDBusConnection *connection)
{
  for (guint i = 0; i < control->faces->len; i++)
    {
      PeerupControlFace *face = control->faces->pdata[i];

      if (face->connection == connection)
        return face;
    }
  return NULL;
}

/* (nullable): not where it has left. */
static Client *
find_client (PeerupControlFace *self, const char *sender)
{
  return self != NULL && self->clients != NULL ? g_hash_table_lookup (self->clients, sender) : NULL;
}

static DexFuture *
on_checked (DexFuture *allowed, gpointer data)
{
  const Call *call = data;
  PeerupControlFace *self = find_face (call->control, call->connection);
  Client *client = find_client (self, g_dbus_method_invocation_get_sender (call->invocation));

  if (self != NULL)
    self->n_checks--;
  if (client == NULL)
    return dex_ref (allowed);
  client->n_checks--;
  /* Whoever was let in to look is told of changes from now on, too. */
  if (call->action == PEERUP_CONTROL_READ && dex_future_get_value (allowed, NULL) != NULL)
    client->may_read = TRUE;
  return dex_ref (allowed);
}

static gboolean
is_interactive (GDBusMethodInvocation *invocation)
{
  GDBusMessage *message = g_dbus_method_invocation_get_message (invocation);

  return (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION) != 0;
}

/* Resolves once the sender of @call may do what it is about. @call lives until then. */
static DexFuture *
check (PeerupControlFace *self, Call *call, PeerupControlAction action)
{
  const char *sender = g_dbus_method_invocation_get_sender (call->invocation);
  DexFuture *allowed;
  Client *client;

  if (self->policy == NULL)
    return dex_future_new_true ();
  client = get_client (self, sender);
  if (client->n_checks >= CHECKS_MAX || self->n_checks >= CHECKS_IN_ALL_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                                  _ ("Too many calls wait for polkit to decide about them: wait for an answer"));
  client->n_checks++;
  self->n_checks++;
  call->action = action;
  allowed = peerup_control_policy_check (self->policy, sender, action, is_interactive (call->invocation),
                                         peerup_caller_get_cancellable (call->caller));
  return dex_future_finally (allowed, on_checked, call, NULL);
}

static DexFuture *
invoke (DexFuture *allowed, gpointer data)
{
  const Call *call = data;

  return peerup_control_invoke (call->control, call->caller, call->operation,
                                g_dbus_method_invocation_get_parameters (call->invocation));
}

static void
call_operation (PeerupControlFace *self, GDBusMethodInvocation *invocation, const char *method)
{
  const PeerupOperation *operation = peerup_operations_find (method);
  Call *call = call_new (self, invocation);
  DexFuture *future;

  call->operation = operation;
  /* What is refused anyway is not kept while polkit decides. */
  future = peerup_control_refuse (operation, g_dbus_method_invocation_get_parameters (invocation), call->caller);
  if (future == NULL)
    future = check (self, call, peerup_control_policy_get_action (operation));
  future = dex_future_then (future, invoke, call, NULL);
  /* The answer is the only thing anybody waits for, and it is sent in every case. */
  dex_future_disown (dex_future_finally (future, on_answer, call, call_free));
}

/* Asking again */

typedef struct
{
  PeerupControl *control;
  GDBusConnection *connection;
  char *sender;
} Again;

static void
again_free (gpointer data)
{
  Again *again = data;

  g_object_unref (again->control);
  g_object_unref (again->connection);
  g_free (again->sender);
  g_free (again);
}

static DexFuture *
on_asked_again (DexFuture *allowed, gpointer data)
{
  const Again *again = data;
  Client *client = find_client (find_face (again->control, again->connection), again->sender);

  if (client != NULL && dex_future_get_value (allowed, NULL) == NULL)
    client->may_read = FALSE;
  return dex_future_new_true ();
}

static gboolean
on_timer (gpointer data)
{
  PeerupControlFace *self = data;
  GHashTableIter iter;
  gpointer key, value;

  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const Client *client = value;
      Again *again;

      if (!client->may_read)
        continue;
      again = g_new (Again, 1);
      again->control = g_object_ref (self->control);
      again->connection = g_object_ref (self->connection);
      again->sender = g_strdup (key);
      dex_future_disown (
        dex_future_finally (peerup_control_policy_check (self->policy, key, PEERUP_CONTROL_READ, FALSE,
                                                         peerup_caller_get_cancellable (client->caller)),
                            on_asked_again, again, again_free));
    }
  return G_SOURCE_CONTINUE;
}

static void
start_timer (PeerupControlFace *self)
{
  self->timer = g_timeout_source_new_seconds (READ_TIME);
  g_source_set_static_name (self->timer, "[peerup] control readers");
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, g_main_context_get_thread_default ());
}

/* Reading */

static DexFuture *
on_may_read (DexFuture *future, gpointer data)
{
  Call *call = data;
  g_autoptr (GError) error = NULL;

  if (dex_future_get_value (future, &error) == NULL)
    {
      peerup_control_backlog_take_error (g_steal_pointer (&call->invocation), g_steal_pointer (&error));
      return dex_future_new_true ();
    }
  call->answer (g_steal_pointer (&call->invocation), call->data);
  return dex_future_new_true ();
}

void
peerup_control_face_let_read (PeerupControlFace *self, GDBusMethodInvocation *invocation,
                              PeerupControlFaceAnswer answer, gpointer data)
{
  Call *call = call_new (self, invocation);
  DexFuture *future;

  call->answer = answer;
  call->data = data;
  if (g_variant_get_size (g_dbus_method_invocation_get_parameters (invocation)) > PEERUP_CONTROL_PARAMETERS_MAX)
    future = dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                                    _ ("What a call is to take is above %d bytes"), PEERUP_CONTROL_PARAMETERS_MAX);
  else
    future = check (self, call, PEERUP_CONTROL_READ);
  dex_future_disown (dex_future_finally (future, on_may_read, call, call_free));
}

static void
answer_get (GDBusMethodInvocation *invocation, const char *interface, GVariant *values, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (values, name, NULL);

  if (value != NULL)
    peerup_control_backlog_return_value (invocation, g_variant_new ("(v)", value));
  else
    peerup_control_backlog_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_PROPERTY,
                                         _ ("%s has no property “%s”"), interface, name);
}

void
peerup_control_face_answer_properties (GDBusMethodInvocation *invocation, const char *interface, GVariant *values)
{
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  g_autoptr (GVariant) taken = g_variant_take_ref (values);
  const char *name;

  if (g_str_equal (method, "GetAll"))
    {
      peerup_control_backlog_return_value (invocation, g_variant_new ("(@a{sv})", taken));
      return;
    }
  g_variant_get_child (parameters, 1, "&s", &name);
  if (g_str_equal (method, "Get"))
    answer_get (invocation, interface, taken, name);
  else
    peerup_control_backlog_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_PROPERTY_READ_ONLY,
                                         _ ("“%s” is not to be set: there are methods for what can be changed"), name);
}

static void
answer_engine_properties (GDBusMethodInvocation *invocation, gpointer control)
{
  peerup_control_face_answer_properties (invocation, PEERUP_CONTROL_INTERFACE, peerup_control_dup_properties (control));
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  PeerupControlFace *self = find_face (data, connection);

  if (self == NULL)
    peerup_control_backlog_return_error (invocation, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine ends"));
  else if (g_str_equal (interface, PROPERTIES))
    peerup_control_face_let_read (self, invocation, answer_engine_properties, self->control);
  else
    call_operation (self, invocation, method);
}

static void
drop_docs (GDBusAnnotationInfo **annotations)
{
  guint n = 0;

  for (guint i = 0; annotations != NULL && annotations[i] != NULL; i++)
    if (g_str_equal (annotations[i]->key, DOC))
      g_dbus_annotation_info_unref (annotations[i]);
    else
      annotations[n++] = annotations[i];
  if (annotations != NULL)
    annotations[n] = NULL;
}

static void
drop_docs_of_arguments (GDBusArgInfo **arguments)
{
  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    drop_docs (arguments[i]->annotations);
}

GDBusInterfaceInfo *
peerup_control_face_strip (GDBusInterfaceInfo *interface)
{
  drop_docs (interface->annotations);
  for (guint i = 0; interface->methods != NULL && interface->methods[i] != NULL; i++)
    {
      drop_docs (interface->methods[i]->annotations);
      drop_docs_of_arguments (interface->methods[i]->in_args);
      drop_docs_of_arguments (interface->methods[i]->out_args);
    }
  for (guint i = 0; interface->signals != NULL && interface->signals[i] != NULL; i++)
    {
      drop_docs (interface->signals[i]->annotations);
      drop_docs_of_arguments (interface->signals[i]->args);
    }
  for (guint i = 0; interface->properties != NULL && interface->properties[i] != NULL; i++)
    drop_docs (interface->properties[i]->annotations);
  return interface;
}

static GDBusInterfaceInfo *
get_bare_interface (void)
{
  static gsize made;
  static GDBusNodeInfo *node;

  if (g_once_init_enter (&made))
    {
      node = peerup_operations_parse ();
      peerup_control_face_strip (node->interfaces[0]);
      g_once_init_leave (&made, 1);
    }
  return node->interfaces[0];
}

/* Signals */

static void
tell_one (PeerupControlFace *self, const char *to, const char *path, const char *interface, const char *name,
          GVariant *parameters)
{
  g_autoptr (GError) error = NULL;

  /* A connection that has just closed is told nothing any more. */
  if (!peerup_control_backlog_emit (self->connection, to, path, interface, name, parameters, &error))
    g_debug ("%s is not told: %s", name, error->message);
}

void
peerup_control_face_emit (PeerupControlFace *self, const char *path, const char *interface, const char *name,
                          GVariant *parameters, PeerupCaller *only)
{
  GHashTableIter iter;
  gpointer key, value;

  if (self->clients == NULL)
    {
      if (only == NULL || only == self->caller)
        tell_one (self, NULL, path, interface, name, parameters);
      return;
    }
  if (only == NULL && self->policy == NULL)
    {
      tell_one (self, NULL, path, interface, name, parameters);
      return;
    }
  g_hash_table_iter_init (&iter, self->clients);
  while (g_hash_table_iter_next (&iter, &key, &value))
    {
      const Client *client = value;

      if (only == client->caller || (only == NULL && client->may_read))
        tell_one (self, key, path, interface, name, parameters);
    }
}

/* Life */

GDBusConnection *
peerup_control_face_get_connection (PeerupControlFace *self)
{
  return self->connection;
}

gboolean
peerup_control_face_has_policy (const PeerupControlFace *self)
{
  return self->policy != NULL;
}

gboolean
peerup_control_face_may_read (const PeerupControlFace *self, const char *sender)
{
  const Client *client = self->clients != NULL && sender != NULL ? g_hash_table_lookup (self->clients, sender) : NULL;

  return self->policy == NULL || (client != NULL && client->may_read);
}

gboolean
peerup_control_face_has_clients (const PeerupControlFace *self)
{
  return self->clients == NULL || g_hash_table_size (self->clients) > 0;
}

static gboolean
is_bus (GDBusConnection *connection)
{
  return g_dbus_connection_get_unique_name (connection) != NULL;
}

PeerupControlFace *
peerup_control_face_new (PeerupControl *control, GDBusConnection *connection, PeerupControlPolicy *policy,
                         GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_method_call };
  PeerupControlFace *self = g_new0 (PeerupControlFace, 1);

  self->control = control;
  self->connection = g_object_ref (connection);
  self->policy = policy;
  if (policy != NULL)
    start_timer (self);
  if (is_bus (connection))
    {
      self->clients = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, client_free);
      self->subscription =
        g_dbus_connection_signal_subscribe (connection, "org.freedesktop.DBus", "org.freedesktop.DBus",
                                            "NameOwnerChanged", "/org/freedesktop/DBus", NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                            on_name_owner_changed, self, NULL);
    }
  else
    {
      self->caller = peerup_caller_new ("dbus", FALSE);
      peerup_control_backlog_bound (connection);
      self->hello_id = peerup_control_hello_register (connection, error);
    }
  if (self->clients != NULL || self->hello_id != 0)
    self->engine_id = g_dbus_connection_register_object (connection, PEERUP_CONTROL_PATH, get_bare_interface (),
                                                         &vtable, control, NULL, error);
  if (self->engine_id != 0 && peerup_control_objects_export (control->objects, connection, error))
    return self;
  peerup_control_face_free (self);
  return NULL;
}

void
peerup_control_face_free (PeerupControlFace *self)
{
  if (self->engine_id != 0)
    g_dbus_connection_unregister_object (self->connection, self->engine_id);
  if (self->hello_id != 0)
    g_dbus_connection_unregister_object (self->connection, self->hello_id);
  peerup_control_objects_unexport (self->control->objects, self->connection);
  if (self->subscription != 0)
    g_dbus_connection_signal_unsubscribe (self->connection, self->subscription);
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_clear_pointer (&self->clients, g_hash_table_unref);
  if (self->caller != NULL)
    peerup_caller_leave (self->caller);
  g_clear_object (&self->caller);
  g_clear_pointer (&self->policy, peerup_control_policy_unref);
  g_object_unref (self->connection);
  g_free (self);
}
