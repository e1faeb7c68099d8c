/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Between the session, the policy and the desktop. It has no state but what it follows, and lives as long as its
 * application. */
#include "app/notify/peerup-notify.h"

#include "app/model/peerup-settings.h"
#include "app/notify/peerup-notify-list.h"
#include "app/notify/peerup-notify-sender.h"
#include "app/notify/peerup-notify-server.h"
#include "app/notify/peerup-prompt-watch.h"

typedef enum
{
  LIST_DEVICES,
  LIST_GRANTS,
  LIST_RELAYS,
  LIST_PROMPTS,
  N_LISTS,
} List;

struct _PeerupNotify
{
  GObject parent_instance;

  PeerupSession *session;
  GSettings *settings; /* (nullable) */
  PeerupNotifyPolicy *policy;
  PeerupNotifyServer *server;
  PeerupNotifySender *sender;
  PeerupPromptWatch *watch;
  PeerupNotifyList *lists[N_LISTS]; /* (nullable) */
  GPtrArray *gone;                  /* of GObject: devices and grants that have left their lists in this turn */
  PeerupAttention attention;
  gboolean allowed[PEERUP_NOTIFY_N_TOPICS];
  guint idle;
  guint timeout;
};

G_DEFINE_FINAL_TYPE (PeerupNotify, peerup_notify, G_TYPE_OBJECT)

/* As in data/dev.peerup.PeerUp.gschema.xml. */
static const struct
{
  const char *key;
  gboolean is_on;
} topics[PEERUP_NOTIFY_N_TOPICS] = {
  [PEERUP_NOTIFY_PAIRING] = { "notify-pairing", TRUE }, [PEERUP_NOTIFY_JOINED] = { "notify-joined", TRUE },
  [PEERUP_NOTIFY_ACCESS] = { "notify-access", TRUE },   [PEERUP_NOTIFY_GRANT_ENDING] = { "notify-grant-ending", TRUE },
  [PEERUP_NOTIFY_DEVICE] = { "notify-device", FALSE },  [PEERUP_NOTIFY_RELAY] = { "notify-relay", TRUE },
};

static void
show (const PeerupNote *note, gpointer data)
{
  peerup_notify_sender_show (PEERUP_NOTIFY (data)->sender, note);
}

static void
withdraw (const char *id, gpointer data)
{
  PeerupNotify *self = data;

  if (peerup_notify_server_get_available (self->server))
    peerup_notify_sender_withdraw (self->sender, id);
}

/* When */

static void advance (PeerupNotify *self);

static gboolean
on_timeout (gpointer data)
{
  PeerupNotify *self = data;

  self->timeout = 0;
  advance (self);
  return G_SOURCE_REMOVE;
}

/* What cannot be shown waits until it can, or is over. */
static void
advance (PeerupNotify *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 next;

  g_clear_handle_id (&self->timeout, g_source_remove);
  if (!peerup_notify_server_get_available (self->server))
    return;
  next = peerup_notify_policy_advance (self->policy, now);
  if (next < G_MAXINT64)
    self->timeout = g_timeout_add ((guint) ((next - now + 999) / 1000), on_timeout, self);
}

/* Who could answer: a dialog of the window, or who is notified. */
static void
update_watch (PeerupNotify *self)
{
  gboolean notifies = peerup_notify_server_get_available (self->server) && self->allowed[PEERUP_NOTIFY_ACCESS];

  peerup_prompt_watch_set_wanted (self->watch, peerup_session_get_engine (self->session) != NULL &&
                                                 (notifies || self->attention != PEERUP_ATTENTION_NONE));
}

static void
on_available (PeerupNotify *self)
{
  advance (self);
  update_watch (self);
}

void
peerup_notify_set_attention (PeerupNotify *self, PeerupAttention attention)
{
  g_return_if_fail (PEERUP_IS_NOTIFY (self));
  self->attention = attention;
  peerup_notify_policy_set_attention (self->policy, attention, g_get_monotonic_time ());
  advance (self);
  update_watch (self);
}

gboolean
peerup_notify_get_available (PeerupNotify *self)
{
  g_return_val_if_fail (PEERUP_IS_NOTIFY (self), FALSE);
  return peerup_notify_server_get_available (self->server);
}

static void
read_setting (PeerupNotify *self, PeerupNotifyTopic topic)
{
  self->allowed[topic] = peerup_settings_get_boolean (self->settings, topics[topic].key, topics[topic].is_on);
  peerup_notify_policy_set_allowed (self->policy, topic, self->allowed[topic]);
}

static void
on_setting (PeerupNotify *self, const char *key)
{
  for (guint i = 0; i < PEERUP_NOTIFY_N_TOPICS; i++)
    if (g_str_equal (topics[i].key, key))
      read_setting (self, i);
  advance (self);
  update_watch (self);
}

/* What is told */

static void
on_prompt_added (gpointer object, gpointer data)
{
  PeerupNotify *self = data;
  PeerupDBusPrompt1 *prompt = object;
  const char *kind = peerup_dbus_prompt1_get_kind (prompt);
  gboolean is_verify = g_strcmp0 (kind, "verify") == 0;
  const PeerupNote note = {
    .topic = is_verify ? PEERUP_NOTIFY_PAIRING : PEERUP_NOTIFY_ACCESS,
    .number = peerup_dbus_prompt1_get_number (prompt),
    .peer_id = peerup_dbus_prompt1_get_peer_id (prompt),
    .name = peerup_dbus_prompt1_get_name (prompt),
    .service = peerup_dbus_prompt1_get_service (prompt),
    .emoji = peerup_dbus_prompt1_get_emoji (prompt),
    .digits = peerup_dbus_prompt1_get_digits (prompt),
  };

  /* A question that this program does not know. */
  if (!is_verify && g_strcmp0 (kind, "access") != 0)
    return;
  peerup_notify_policy_add_prompt (self->policy, &note,
                                   peerup_session_get_state (self->session) != PEERUP_SESSION_RUNNING,
                                   g_get_monotonic_time ());
  advance (self);
}

static void
on_prompt_removed (gpointer object, gpointer data)
{
  PeerupNotify *self = data;

  peerup_notify_policy_remove_prompt (self->policy, peerup_dbus_prompt1_get_number (object), g_get_monotonic_time ());
  advance (self);
}

static void
on_device (gpointer object, gpointer data)
{
  PeerupNotify *self = data;
  PeerupDBusDevice1 *device = object;
  const char *peer_id = peerup_dbus_device1_get_peer_id (device);

  if (peer_id == NULL)
    return;
  peerup_notify_policy_set_device (self->policy, peer_id, peerup_dbus_device1_get_name (device),
                                   g_strcmp0 (peerup_dbus_device1_get_state (device), "connected") == 0,
                                   peerup_dbus_device1_get_verified (device), g_get_monotonic_time ());
  advance (self);
}

static void
on_grant (gpointer object, gpointer data)
{
  PeerupNotify *self = data;
  PeerupDBusGrant1 *grant = object;
  const char *peer_id = peerup_dbus_grant1_get_peer_id (grant);
  const char *service = peerup_dbus_grant1_get_service (grant);

  if (peer_id != NULL && service != NULL)
    peerup_notify_policy_set_grant (self->policy, peer_id, service, peerup_dbus_grant1_get_until (grant),
                                    g_get_monotonic_time ());
  advance (self);
}

/* Another object tells of the same. */
static gboolean
is_there (PeerupNotify *self, gpointer object)
{
  GListModel *list = G_LIST_MODEL (PEERUP_DBUS_IS_DEVICE1 (object) ? peerup_session_get_devices (self->session)
                                                                   : peerup_session_get_grants (self->session));

  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GDBusProxy) other = g_list_model_get_item (list, i);

      if (g_str_equal (g_dbus_proxy_get_object_path (other), g_dbus_proxy_get_object_path (object)))
        return TRUE;
    }
  return FALSE;
}

/* What leaves because the engine does may be so all the same, and what is said of it stays. */
static gboolean
on_idle (gpointer data)
{
  PeerupNotify *self = data;
  g_autoptr (GPtrArray) gone = g_steal_pointer (&self->gone);

  self->idle = 0;
  self->gone = g_ptr_array_new_with_free_func (g_object_unref);
  if (peerup_session_get_state (self->session) != PEERUP_SESSION_RUNNING)
    return G_SOURCE_REMOVE;
  for (guint i = 0; i < gone->len; i++)
    if (is_there (self, gone->pdata[i]))
      continue;
    else if (PEERUP_DBUS_IS_DEVICE1 (gone->pdata[i]))
      peerup_notify_policy_remove_device (self->policy, peerup_dbus_device1_get_peer_id (gone->pdata[i]));
    else
      peerup_notify_policy_remove_grant (self->policy, peerup_dbus_grant1_get_peer_id (gone->pdata[i]),
                                         peerup_dbus_grant1_get_service (gone->pdata[i]));
  advance (self);
  return G_SOURCE_REMOVE;
}

static void
on_gone (gpointer object, gpointer data)
{
  PeerupNotify *self = data;

  g_ptr_array_add (self->gone, g_object_ref (object));
  if (self->idle == 0)
    self->idle = g_idle_add (on_idle, self);
}

static void
on_relay (gpointer object, gpointer data)
{
  PeerupNotify *self = data;
  GListModel *relays = G_LIST_MODEL (peerup_session_get_relays (self->session));
  guint n = g_list_model_get_n_items (relays);
  guint n_reserved = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (PeerupDBusRelay1) relay = g_list_model_get_item (relays, i);

      n_reserved += g_strcmp0 (peerup_dbus_relay1_get_state (relay), "reserved") == 0;
    }
  peerup_notify_policy_set_relays (self->policy, n, n_reserved, g_get_monotonic_time ());
  advance (self);
}

static void
on_invite_changed (PeerupSession *session, const char *name, GVariant *parameters, gpointer data)
{
  PeerupNotify *self = data;
  g_autoptr (GVariant) invite = NULL;
  const char *state = NULL, *peer_id = NULL, *peer_name = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(a{sv})")))
    return;
  invite = g_variant_get_child_value (parameters, 0);
  if (!g_variant_lookup (invite, "state", "&s", &state) || !g_str_equal (state, "used") ||
      !g_variant_lookup (invite, "peer_id", "&s", &peer_id) || *peer_id == '\0')
    return;
  if (!g_variant_lookup (invite, "peer_name", "&s", &peer_name))
    peer_name = NULL;
  peerup_notify_policy_add_joined (self->policy, peer_id, peer_name, g_get_monotonic_time ());
  advance (self);
}

static void
on_grant_ending (PeerupSession *session, const char *name, GVariant *parameters, gpointer data)
{
  PeerupNotify *self = data;
  const char *peer_id, *peer_name, *service;
  gint64 until;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sssx)")))
    return;
  g_variant_get (parameters, "(&s&s&sx)", &peer_id, &peer_name, &service, &until);
  peerup_notify_policy_add_ending (self->policy, peer_id, peer_name, service, until, g_get_monotonic_time ());
  advance (self);
}

static void
on_state (PeerupNotify *self)
{
  PeerupSessionState state = peerup_session_get_state (self->session);

  if (state == PEERUP_SESSION_STARTING)
    peerup_notify_policy_begin (self->policy);
  else if (state != PEERUP_SESSION_RUNNING)
    peerup_notify_policy_end (self->policy);
  advance (self);
  update_watch (self);
}

/* The object */

static void
peerup_notify_dispose (GObject *object)
{
  PeerupNotify *self = PEERUP_NOTIFY (object);

  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_handle_id (&self->idle, g_source_remove);
  for (guint i = 0; i < N_LISTS; i++)
    g_clear_pointer (&self->lists[i], peerup_notify_list_free);
  if (self->watch != NULL)
    peerup_prompt_watch_set_wanted (self->watch, FALSE);
  if (self->session != NULL)
    g_signal_handlers_disconnect_by_data (self->session, self);
  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  if (self->server != NULL)
    g_signal_handlers_disconnect_by_data (self->server, self);
  g_clear_pointer (&self->sender, peerup_notify_sender_free);
  g_clear_object (&self->watch);
  g_clear_object (&self->server);
  g_clear_object (&self->settings);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_notify_parent_class)->dispose (object);
}

static void
peerup_notify_finalize (GObject *object)
{
  PeerupNotify *self = PEERUP_NOTIFY (object);

  peerup_notify_policy_free (self->policy);
  g_ptr_array_unref (self->gone);
  G_OBJECT_CLASS (peerup_notify_parent_class)->finalize (object);
}

static void
peerup_notify_class_init (PeerupNotifyClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_notify_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_notify_finalize;
}

static void
peerup_notify_init (PeerupNotify *self)
{
  self->policy = peerup_notify_policy_new (show, withdraw, self);
  self->gone = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
follow (PeerupNotify *self)
{
  PeerupSession *session = self->session;

  self->lists[LIST_DEVICES] =
    peerup_notify_list_new (G_LIST_MODEL (peerup_session_get_devices (session)), on_device, on_device, on_gone, self);
  self->lists[LIST_GRANTS] =
    peerup_notify_list_new (G_LIST_MODEL (peerup_session_get_grants (session)), on_grant, on_grant, on_gone, self);
  self->lists[LIST_RELAYS] =
    peerup_notify_list_new (G_LIST_MODEL (peerup_session_get_relays (session)), on_relay, on_relay, on_relay, self);
  self->lists[LIST_PROMPTS] = peerup_notify_list_new (G_LIST_MODEL (peerup_session_get_prompts (session)),
                                                      on_prompt_added, NULL, on_prompt_removed, self);
}

PeerupNotify *
peerup_notify_new (GApplication *application, PeerupSession *session, GSettings *settings)
{
  PeerupNotify *self = g_object_new (PEERUP_TYPE_NOTIFY, NULL);

  self->session = g_object_ref (session);
  self->server = peerup_notify_server_new (g_application_get_dbus_connection (application));
  self->sender = peerup_notify_sender_new (application, session);
  self->watch = peerup_prompt_watch_new (peerup_session_get_config_path (session));
  if (settings != NULL)
    {
      self->settings = g_object_ref (settings);
      g_signal_connect_swapped (settings, "changed", G_CALLBACK (on_setting), self);
    }
  for (guint i = 0; i < PEERUP_NOTIFY_N_TOPICS; i++)
    read_setting (self, i);
  g_signal_connect_swapped (self->server, "notify::available", G_CALLBACK (on_available), self);
  g_signal_connect_swapped (session, "notify::state", G_CALLBACK (on_state), self);
  g_signal_connect (session, "event::InviteChanged", G_CALLBACK (on_invite_changed), self);
  g_signal_connect (session, "event::GrantEnding", G_CALLBACK (on_grant_ending), self);
  follow (self);
  update_watch (self);
  return self;
}
