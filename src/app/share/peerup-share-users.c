/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Follows the lists of devices and grants, and says once a turn of the main loop that something has changed. Holds
 * no fact of its own. */
#include "app/share/peerup-share-users.h"

#include "app/model/peerup-device-text.h"
#include "app/share/peerup-share-text.h"

struct _PeerupShareUsers
{
  GObject parent_instance;

  PeerupSession *session;
  guint source; /* what says "changed", or 0 */
};

static guint changed_signal;

G_DEFINE_FINAL_TYPE (PeerupShareUsers, peerup_share_users, G_TYPE_OBJECT)

static gboolean
say_changed (gpointer data)
{
  PeerupShareUsers *self = data;

  self->source = 0;
  g_signal_emit (self, changed_signal, 0);
  return G_SOURCE_REMOVE;
}

static void
queue_changed (PeerupShareUsers *self)
{
  if (self->source == 0)
    self->source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, say_changed, self, NULL);
}

/* @signal: of an item, when the words may be others. */
static void
follow (PeerupShareUsers *self, GListModel *list, guint position, guint added, const char *signal)
{
  for (guint i = 0; i < added; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, position + i);

      g_signal_connect_object (item, signal, G_CALLBACK (queue_changed), self, G_CONNECT_SWAPPED);
    }
  queue_changed (self);
}

static void
on_devices (GListModel *list, guint position, guint removed, guint added, PeerupShareUsers *self)
{
  follow (self, list, position, added, "notify::name");
}

static void
on_grants (GListModel *list, guint position, guint removed, guint added, PeerupShareUsers *self)
{
  follow (self, list, position, added, "notify::until");
}

char *
peerup_share_users_dup_name (PeerupShareUsers *self, const char *peer_id)
{
  g_autoptr (PeerupDBusDevice1) device =
    peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", peer_id);

  return peerup_device_dup_title (device != NULL ? peerup_dbus_device1_get_name (device) : NULL, peer_id);
}

char *
peerup_share_users_dup_grant_name (PeerupShareUsers *self, PeerupDBusGrant1 *grant)
{
  const char *name = peerup_dbus_grant1_get_name (grant);
  const char *peer_id = peerup_dbus_grant1_get_peer_id (grant);

  if (name != NULL && name[0] != '\0')
    return g_strdup (name);
  return peerup_share_users_dup_name (self, peer_id != NULL ? peer_id : "");
}

static void
user_clear (gpointer data)
{
  PeerupShareUser *user = data;

  g_free ((char *) user->name);
}

static void
add_allowed (PeerupShareUsers *self, PeerupDBusService1 *service, GArray *users)
{
  const char *const *allowed = peerup_dbus_service1_get_allowed_peers (service);

  for (guint i = 0; allowed != NULL && allowed[i] != NULL; i++)
    {
      PeerupShareUser user = { .name = peerup_share_users_dup_name (self, allowed[i]) };

      g_array_append_val (users, user);
    }
}

/* Whom a list has already needs no grant. */
static void
add_granted (PeerupShareUsers *self, PeerupDBusService1 *service, GArray *users)
{
  GListModel *grants = G_LIST_MODEL (peerup_session_get_grants (self->session));
  const char *const *allowed = peerup_dbus_service1_get_allowed_peers (service);

  for (guint i = 0; i < g_list_model_get_n_items (grants); i++)
    {
      g_autoptr (PeerupDBusGrant1) grant = g_list_model_get_item (grants, i);
      const char *peer_id = peerup_dbus_grant1_get_peer_id (grant);
      PeerupShareUser user;

      if (peer_id == NULL ||
          g_strcmp0 (peerup_dbus_grant1_get_service (grant), peerup_dbus_service1_get_name (service)) != 0 ||
          (allowed != NULL && g_strv_contains (allowed, peer_id)))
        continue;
      user.name = peerup_share_users_dup_grant_name (self, grant);
      user.until = peerup_dbus_grant1_get_until (grant);
      g_array_append_val (users, user);
    }
}

char *
peerup_share_users_describe (PeerupShareUsers *self, PeerupDBusService1 *service)
{
  g_autoptr (GArray) users = g_array_new (FALSE, FALSE, sizeof (PeerupShareUser));
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  g_array_set_clear_func (users, user_clear);
  add_allowed (self, service, users);
  add_granted (self, service, users);
  return peerup_share_describe_users (peerup_dbus_service1_get_restricted (service),
                                      (const PeerupShareUser *) (gconstpointer) users->data, users->len, now);
}

static void
peerup_share_users_dispose (GObject *object)
{
  PeerupShareUsers *self = PEERUP_SHARE_USERS (object);

  g_clear_handle_id (&self->source, g_source_remove);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_share_users_parent_class)->dispose (object);
}

static void
peerup_share_users_class_init (PeerupShareUsersClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_share_users_dispose;
  changed_signal =
    g_signal_new ("changed", PEERUP_TYPE_SHARE_USERS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_share_users_init (PeerupShareUsers *self)
{
}

PeerupShareUsers *
peerup_share_users_new (PeerupSession *session)
{
  PeerupShareUsers *self = g_object_new (PEERUP_TYPE_SHARE_USERS, NULL);
  GListModel *devices = G_LIST_MODEL (peerup_session_get_devices (session));
  GListModel *grants = G_LIST_MODEL (peerup_session_get_grants (session));

  self->session = g_object_ref (session);
  g_signal_connect_object (devices, "items-changed", G_CALLBACK (on_devices), self, 0);
  g_signal_connect_object (grants, "items-changed", G_CALLBACK (on_grants), self, 0);
  follow (self, devices, 0, g_list_model_get_n_items (devices), "notify::name");
  follow (self, grants, 0, g_list_model_get_n_items (grants), "notify::until");
  return self;
}
