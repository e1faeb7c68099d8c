/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Objects on D-Bus made of the dictionaries that the lists give. Whatever may change a list only marks it; a timer then
 * lists it anew, compares, and tells the difference, so that a storm of changes costs little, and nothing is told from
 * within a fiber. Owned by the control, whose engine outlives it.
 */
#include "control/peerup-control-objects.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "control/peerup-control-backlog.h"
#include "control/peerup-control-devices.h"
#include "control/peerup-control-lists.h"
#include "control/peerup-control-private.h"

/* Microseconds from the first change to when it is told, and how many times as long as listing took it is not done
 * again: so lists of thousands take a twentieth of the thread at most. */
#define INTERVAL   (20 * (gint64) 1000)
#define COST_RATIO 20

#define MANAGER       "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define EMITS_CHANGED "org.freedesktop.DBus.Property.EmitsChangedSignal"

/* Made from data/dbus/. */
extern const char peerup_objects_xml[];

static const char manager_xml[] = "<node><interface name='" MANAGER "'>"
                                  "<method name='GetManagedObjects'>"
                                  "<arg name='objects' type='a{oa{sa{sv}}}' direction='out'/></method>"
                                  "<signal name='InterfacesAdded'><arg name='object' type='o'/>"
                                  "<arg name='interfaces' type='a{sa{sv}}'/></signal>"
                                  "<signal name='InterfacesRemoved'><arg name='object' type='o'/>"
                                  "<arg name='interfaces' type='as'/></signal>"
                                  "</interface></node>";

typedef struct
{
  const char *folder;
  const char *interface;
  const char *keys[2]; /* which members name an object */
  const char *signal;  /* of Engine1, nullable */
  const char *large;   /* nullable: a property that the signal tells only where it has changed */
  GVariant *(*list) (PeerupControl *control);
  GVariant *(*find) (PeerupControl *control, const char *id); /* nullable: of one thing, NULL if it is not there */
} KindInfo;

static const KindInfo kinds[PEERUP_CONTROL_N_KINDS] = {
  { "peers", "dev.peerup.PeerUp.Peer1", { "id" }, "PeerChanged", "Services", peerup_control_list_peers },
  { "services", "dev.peerup.PeerUp.Service1", { "name" }, "ServiceChanged", NULL, peerup_control_list_services },
  { "forwards", "dev.peerup.PeerUp.Forward1", { "id" }, NULL, NULL, peerup_control_list_forwards },
  { "invites", "dev.peerup.PeerUp.Invite1", { "number" }, NULL, NULL, peerup_control_list_invites },
  { "grants", "dev.peerup.PeerUp.Grant1", { "peer_id", "service" }, NULL, NULL, peerup_control_list_grants },
  { "relays", "dev.peerup.PeerUp.Relay1", { "id" }, NULL, NULL, peerup_control_list_relays },
  { "devices",
    "dev.peerup.PeerUp.Device1",
    { "peer_id" },
    NULL,
    NULL,
    peerup_control_list_devices,
    peerup_control_find_device },
  { "prompts", "dev.peerup.PeerUp.Prompt1", { "number" }, NULL, NULL, peerup_control_list_prompts },
};

typedef struct
{
  PeerupControlObjects *objects;
  const KindInfo *info;
  GDBusInterfaceInfo *interface;
  char **keys;       /* of the dictionaries, for each property */
  GHashTable *known; /* name of the object to its properties, a{sv} */
  GHashTable *some;  /* ids of those that may have changed */
  gboolean changed;  /* any may */
} Kind;

struct _PeerupControlObjects
{
  PeerupControl *control; /* owns this */
  GMainContext *context;
  GDBusNodeInfo *node;
  GDBusNodeInfo *manager;
  Kind kinds[PEERUP_CONTROL_N_KINDS];
  GHashTable *exports;  /* GDBusConnection to GArray of guint */
  GSource *timer;       /* NULL: nothing has changed */
  gint64 list_at;       /* monotonic µs before which nothing is listed */
  GObject *followed[2]; /* the run's relay client and invites, each nullable */
};

char *
peerup_control_objects_escape (const char *id)
{
  GString *text = g_string_new (NULL);

  for (const char *c = id; *c != '\0'; c++)
    if (g_ascii_isalnum (*c))
      g_string_append_c (text, *c);
    else
      g_string_append_printf (text, "_%02x", (guint8) *c);
  if (text->len == 0)
    g_string_append_c (text, '_');
  return g_string_free (text, FALSE);
}

/* From a dictionary to properties */

/* "RttUs" is "rtt_us". */
static char *
dup_key (const char *property)
{
  GString *key = g_string_new (NULL);

  for (const char *c = property; *c != '\0'; c++)
    {
      if (g_ascii_isupper (*c) && c != property)
        g_string_append_c (key, '_');
      g_string_append_c (key, g_ascii_tolower (*c));
    }
  return g_string_free (key, FALSE);
}

static char **
dup_keys (const GDBusInterfaceInfo *interface)
{
  g_autoptr (GStrvBuilder) keys = g_strv_builder_new ();

  for (guint i = 0; interface->properties[i] != NULL; i++)
    g_strv_builder_take (keys, dup_key (interface->properties[i]->name));
  return g_strv_builder_end (keys);
}

/* Empty, 0 or FALSE. */
static GVariant *
new_default (const char *type)
{
  switch (type[0])
    {
    case 's':
      return g_variant_new_string ("");
    case 'b':
      return g_variant_new_boolean (FALSE);
    case 'u':
      return g_variant_new_uint32 (0);
    case 't':
      return g_variant_new_uint64 (0);
    case 'x':
      return g_variant_new_int64 (0);
    case 'a':
    default:
      return g_variant_new_array (g_variant_type_element (G_VARIANT_TYPE (type)), NULL, 0);
    }
}

static GVariant *
make_properties (const Kind *kind, GVariant *dict)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_auto (GVariantDict) members = G_VARIANT_DICT_INIT (dict);

  for (guint i = 0; kind->interface->properties[i] != NULL; i++)
    {
      const GDBusPropertyInfo *info = kind->interface->properties[i];
      g_autoptr (GVariant) value =
        g_variant_dict_lookup_value (&members, kind->keys[i], G_VARIANT_TYPE (info->signature));

      g_variant_builder_add (&builder, "{sv}", info->name, value != NULL ? value : new_default (info->signature));
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static char *
dup_id (const Kind *kind, GVariant *dict)
{
  GString *id = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (kind->info->keys) && kind->info->keys[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (dict, kind->info->keys[i], NULL);

      if (i > 0)
        g_string_append_c (id, '/');
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
        g_string_append (id, g_variant_get_string (value, NULL));
      else
        g_string_append_printf (id, "%u", g_variant_get_uint32 (value));
    }
  return g_string_free (id, FALSE);
}

/* Telling */

static char *
dup_path (const Kind *kind, const char *name)
{
  return g_strconcat (PEERUP_CONTROL_ROOT "/", kind->info->folder, "/", name, NULL);
}

static void
tell (PeerupControlObjects *self, const char *path, const char *interface, const char *name, GVariant *parameters)
{
  g_autoptr (GVariant) taken = g_variant_ref_sink (parameters);

  for (guint i = 0; i < self->control->faces->len; i++)
    peerup_control_face_emit (self->control->faces->pdata[i], path, interface, name, taken, NULL);
}

static void
tell_engine (const Kind *kind, const char *id, GVariant *dict)
{
  if (kind->info->signal == NULL)
    return;
  if (dict == NULL)
    dict = g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
  peerup_control_emit (kind->objects->control, kind->info->signal, g_variant_new ("(s@a{sv})", id, dict), NULL);
}

static GVariant *
interfaces_of (const Kind *kind, GVariant *properties)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sa{sv}}"));

  g_variant_builder_add (&builder, "{s@a{sv}}", kind->info->interface, properties);
  return g_variant_builder_end (&builder);
}

static gboolean
is_told (const GDBusPropertyInfo *info)
{
  return g_strcmp0 (g_dbus_annotation_info_lookup (info->annotations, EMITS_CHANGED), "false") != 0;
}

/* (nullable): floating, what differs of what is told. */
static GVariant *
compare (const Kind *kind, GVariant *before, GVariant *after)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  guint n = 0;

  for (guint i = 0; kind->interface->properties[i] != NULL; i++)
    {
      const GDBusPropertyInfo *info = kind->interface->properties[i];
      g_autoptr (GVariant) old = g_variant_lookup_value (before, info->name, NULL);
      g_autoptr (GVariant) new = g_variant_lookup_value (after, info->name, NULL);

      if (!is_told (info) || g_variant_equal (old, new))
        continue;
      g_variant_builder_add (&builder, "{sv}", info->name, new);
      n++;
    }
  if (n > 0)
    return g_variant_builder_end (&builder);
  g_variant_builder_clear (&builder);
  return NULL;
}

/* Floating. */
static GVariant *
without_large (const Kind *kind, GVariant *dict, GVariant *changed)
{
  g_auto (GVariantDict) rest = G_VARIANT_DICT_INIT (dict);
  g_autoptr (GVariant) value =
    kind->info->large != NULL ? g_variant_lookup_value (changed, kind->info->large, NULL) : NULL;

  if (kind->info->large != NULL && value == NULL)
    {
      g_autofree char *key = dup_key (kind->info->large);

      g_variant_dict_remove (&rest, key);
    }
  return g_variant_dict_end (&rest);
}

static void
take (Kind *kind, const char *name, const char *id, GVariant *before, GVariant *properties, GVariant *dict)
{
  g_autofree char *path = dup_path (kind, name);
  g_autoptr (GVariant) changed = NULL;
  g_autoptr (GVariant) told = NULL;

  if (before == NULL)
    {
      tell (kind->objects, PEERUP_CONTROL_ROOT, MANAGER, "InterfacesAdded",
            g_variant_new ("(o@a{sa{sv}})", path, interfaces_of (kind, properties)));
      tell_engine (kind, id, dict);
      return;
    }
  changed = g_variant_equal (before, properties) ? NULL : compare (kind, before, properties);
  if (changed == NULL)
    return;
  g_variant_ref_sink (changed);
  tell (kind->objects, path, PROPERTIES, "PropertiesChanged",
        g_variant_new ("(s@a{sv}as)", kind->info->interface, changed, NULL));
  /* Not every kind has an event to take it. */
  told = g_variant_ref_sink (without_large (kind, dict, changed));
  tell_engine (kind, id, told);
}

static void
tell_gone (Kind *kind, const char *name, GVariant *properties)
{
  const char *const interfaces[] = { kind->info->interface, NULL };
  g_autofree char *path = dup_path (kind, name);
  const char *id = "";

  tell (kind->objects, PEERUP_CONTROL_ROOT, MANAGER, "InterfacesRemoved", g_variant_new ("(o^as)", path, interfaces));
  if (!g_variant_lookup (properties, "Id", "&s", &id))
    g_variant_lookup (properties, "Name", "&s", &id);
  tell_engine (kind, id, NULL);
}

static void
look (Kind *kind)
{
  g_autoptr (GHashTable) before = kind->known;
  g_autoptr (GVariant) list = g_variant_ref_sink (kind->info->list (kind->objects->control));
  GHashTableIter iter;
  gpointer key, value;

  kind->changed = FALSE;
  g_hash_table_remove_all (kind->some);
  kind->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (list, i);
      g_autofree char *id = dup_id (kind, dict);
      g_autofree char *name = peerup_control_objects_escape (id);
      GVariant *properties = make_properties (kind, dict);

      take (kind, name, id, g_hash_table_lookup (before, name), properties, dict);
      g_hash_table_remove (before, name);
      g_hash_table_insert (kind->known, g_steal_pointer (&name), properties);
    }
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &key, &value))
    tell_gone (kind, key, value);
}

static void
look_at (Kind *kind, const char *id)
{
  GVariant *dict = kind->info->find (kind->objects->control, id);
  g_autofree char *name = peerup_control_objects_escape (id);
  GVariant *before = g_hash_table_lookup (kind->known, name);

  if (dict != NULL)
    {
      g_autoptr (GVariant) taken = g_variant_ref_sink (dict);
      GVariant *properties = make_properties (kind, taken);

      take (kind, name, id, before, properties, taken);
      g_hash_table_replace (kind->known, g_steal_pointer (&name), properties);
    }
  else if (before != NULL)
    {
      tell_gone (kind, name, before);
      g_hash_table_remove (kind->known, name);
    }
}

static void
look_at_some (Kind *kind)
{
  g_autoptr (GHashTable) some = g_steal_pointer (&kind->some);
  GHashTableIter iter;
  gpointer id;

  kind->some = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_iter_init (&iter, some);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    look_at (kind, id);
}

/* Whatever may have changed. */
static void
catch_up (Kind *kind)
{
  if (kind->changed)
    look (kind);
  else if (g_hash_table_size (kind->some) > 0)
    look_at_some (kind);
}

static void plan (PeerupControlObjects *self, gint64 due);

static gboolean
on_time (gpointer data)
{
  PeerupControlObjects *self = data;
  gint64 began = g_get_monotonic_time ();
  gboolean may_list = began >= self->list_at, listed = FALSE, left = FALSE;

  g_clear_pointer (&self->timer, g_source_unref);
  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    {
      Kind *kind = &self->kinds[i];

      listed |= kind->changed && may_list;
      left |= kind->changed && !may_list;
      if (!kind->changed || may_list)
        catch_up (kind);
      else if (g_hash_table_size (kind->some) > 0)
        look_at_some (kind);
    }
  if (listed)
    self->list_at = began + (COST_RATIO + 1) * (g_get_monotonic_time () - began);
  if (left)
    plan (self, self->list_at);
  return G_SOURCE_REMOVE;
}

/* A look at @due, monotonic µs, or before. */
static void
plan (PeerupControlObjects *self, gint64 due)
{
  if (self->timer != NULL && g_source_get_ready_time (self->timer) <= due)
    return;
  if (self->timer != NULL)
    {
      g_source_set_ready_time (self->timer, due);
      return;
    }
  self->timer = g_timeout_source_new (0);
  g_source_set_static_name (self->timer, "[peerup] control objects");
  g_source_set_callback (self->timer, on_time, self, NULL);
  g_source_set_ready_time (self->timer, due);
  g_source_attach (self->timer, self->context);
}

void
peerup_control_objects_touch (PeerupControlObjects *self, PeerupControlKind kind)
{
  self->kinds[kind].changed = TRUE;
  plan (self, MAX (g_get_monotonic_time () + INTERVAL, self->list_at));
}

void
peerup_control_objects_touch_one (PeerupControlObjects *self, PeerupControlKind kind, const char *id)
{
  g_assert (kinds[kind].find != NULL);

  g_hash_table_add (self->kinds[kind].some, g_strdup (id));
  plan (self, g_get_monotonic_time () + INTERVAL);
}

/* Calls */

static void
answer_managed (GDBusMethodInvocation *invocation, gpointer data)
{
  PeerupControlObjects *self = data;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{oa{sa{sv}}}"));

  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    {
      GHashTableIter iter;
      gpointer name, properties;

      look (&self->kinds[i]);
      g_hash_table_iter_init (&iter, self->kinds[i].known);
      while (g_hash_table_iter_next (&iter, &name, &properties))
        {
          g_autofree char *path = dup_path (&self->kinds[i], name);

          g_variant_builder_add (&builder, "{o@a{sa{sv}}}", path, interfaces_of (&self->kinds[i], properties));
        }
    }
  peerup_control_backlog_return_value (invocation, g_variant_new ("(a{oa{sa{sv}}})", &builder));
}

static void
answer_properties (GDBusMethodInvocation *invocation, gpointer data)
{
  Kind *kind = data;
  const char *path = g_dbus_method_invocation_get_object_path (invocation);
  GVariant *properties;

  look (kind);
  properties = g_hash_table_lookup (kind->known, strrchr (path, '/') + 1);
  if (properties != NULL)
    peerup_control_face_answer_properties (invocation, kind->info->interface, g_variant_ref (properties));
  else
    peerup_control_backlog_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT, _ ("%s is gone"), path);
}

/* (nullable) */
static PeerupControlFace *
find_face (PeerupControlObjects *self, GDBusConnection *connection)
{
  for (guint i = 0; i < self->control->faces->len; i++)
    {
      PeerupControlFace *face = self->control->faces->pdata[i];

      if (peerup_control_face_get_connection (face) == connection)
        return face;
    }
  return NULL;
}

static void
let_read (PeerupControlObjects *self, GDBusMethodInvocation *invocation, PeerupControlFaceAnswer answer, gpointer data)
{
  PeerupControlFace *face = find_face (self, g_dbus_method_invocation_get_connection (invocation));

  if (face != NULL)
    peerup_control_face_let_read (face, invocation, answer, data);
  else
    peerup_control_backlog_return_error (invocation, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine ends"));
}

static void
on_manager_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                 const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  let_read (data, invocation, answer_managed, data);
}

static void
on_object_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  Kind *kind = data;

  let_read (kind->objects, invocation, answer_properties, kind);
}

/* GDBus answers Introspect by itself and at once, whoever asks: names are told to those alone that have been let in. */
static char **
enumerate (GDBusConnection *connection, const char *sender, const char *path, gpointer data)
{
  Kind *kind = data;
  const PeerupControlFace *face = find_face (kind->objects, connection);
  GPtrArray *names;
  GHashTableIter iter;
  gpointer name;

  if (face == NULL || !peerup_control_face_may_read (face, sender))
    return g_new0 (char *, 1);
  names = g_ptr_array_new ();
  /* Who asks what there is wants to know what has come since the last look, too. */
  catch_up (kind);
  g_hash_table_iter_init (&iter, kind->known);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

static GDBusInterfaceInfo **
introspect (GDBusConnection *connection, const char *sender, const char *path, const char *node, gpointer data)
{
  Kind *kind = data;
  const PeerupControlFace *face = find_face (kind->objects, connection);
  GDBusInterfaceInfo **interfaces;

  if (node == NULL || face == NULL)
    return NULL;
  /* Where not everybody may read, no answer tells whether there is such an object. */
  if (!peerup_control_face_has_policy (face))
    {
      catch_up (kind);
      if (!g_hash_table_contains (kind->known, node))
        return NULL;
    }
  interfaces = g_new0 (GDBusInterfaceInfo *, 2);
  interfaces[0] = g_dbus_interface_info_ref (kind->interface);
  return interfaces;
}

static const GDBusInterfaceVTable *
dispatch (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *node,
          gpointer *out_data, gpointer data)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_object_call };

  *out_data = data;
  return &vtable;
}

gboolean
peerup_control_objects_export (PeerupControlObjects *self, GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable manager = { .method_call = on_manager_call };
  static const GDBusSubtreeVTable subtree = { enumerate, introspect, dispatch, { NULL } };
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint));
  guint id = g_dbus_connection_register_object (connection, PEERUP_CONTROL_ROOT, self->manager->interfaces[0], &manager,
                                                self, NULL, error);

  g_hash_table_insert (self->exports, connection, ids);
  if (id == 0)
    return FALSE;
  g_array_append_val (ids, id);
  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    {
      g_autofree char *path = g_strconcat (PEERUP_CONTROL_ROOT "/", kinds[i].folder, NULL);

      id = g_dbus_connection_register_subtree (connection, path, &subtree,
                                               G_DBUS_SUBTREE_FLAGS_DISPATCH_TO_UNENUMERATED_NODES, &self->kinds[i],
                                               NULL, error);
      if (id == 0)
        return FALSE;
      g_array_append_val (ids, id);
    }
  return TRUE;
}

void
peerup_control_objects_unexport (PeerupControlObjects *self, GDBusConnection *connection)
{
  const GArray *ids = g_hash_table_lookup (self->exports, connection);

  for (guint i = 0; ids != NULL && i < ids->len; i++)
    if (i == 0)
      g_dbus_connection_unregister_object (connection, g_array_index (ids, guint, i));
    else
      g_dbus_connection_unregister_subtree (connection, g_array_index (ids, guint, i));
  g_hash_table_remove (self->exports, connection);
}

/* What changes */

/* What a peer does is told of its device, too, if it is one; but not how many streams there are. */
static void
touch_device (PeerupControlObjects *self, PeerupPeer *peer, const GParamSpec *pspec)
{
  if (pspec == NULL || !g_str_equal (pspec->name, "n-streams"))
    peerup_control_objects_touch_one (self, PEERUP_CONTROL_DEVICES, peerup_peer_get_id (peer));
}

static void
on_notify (GObject *item, GParamSpec *pspec, gpointer data)
{
  Kind *kind = data;

  peerup_control_objects_touch (kind->objects, kind - kind->objects->kinds);
  if (item != NULL && PEERUP_IS_PEER (item))
    touch_device (kind->objects, PEERUP_PEER (item), pspec);
}

/* For as long as the control lives: what has left a model can live for longer. */
static void
follow_item (Kind *kind, GObject *item)
{
  GClosure *closure = g_cclosure_new (G_CALLBACK (on_notify), kind, NULL);

  g_object_watch_closure (G_OBJECT (kind->objects->control), closure);
  g_signal_connect_closure (item, "notify", closure, FALSE);
}

static void
on_items_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  const Kind *kind = data;

  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, i);

      /* One that comes back is followed already. */
      g_signal_handlers_disconnect_by_func (item, on_notify, data);
      follow_item (data, item);
      on_notify (item, NULL, data);
    }
  on_notify (NULL, NULL, data);
  /* Of one that is forgotten less is known. */
  if (removed > 0 && kind == &kind->objects->kinds[PEERUP_CONTROL_PEERS])
    peerup_control_objects_touch (kind->objects, PEERUP_CONTROL_DEVICES);
}

static void
follow_model (Kind *kind, GListModel *model)
{
  g_signal_connect (model, "items-changed", G_CALLBACK (on_items_changed), kind);
  on_items_changed (model, 0, 0, g_list_model_get_n_items (model), kind);
}

static void
unfollow_model (Kind *kind, GListModel *model)
{
  g_signal_handlers_disconnect_by_data (model, kind);
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (model, i);

      g_signal_handlers_disconnect_by_data (item, kind);
    }
}

static void
on_relay_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  peerup_control_objects_touch (data, PEERUP_CONTROL_RELAYS);
  peerup_control_objects_touch_one (data, PEERUP_CONTROL_DEVICES, peerup_peer_id_get_string (relay));
}

static void
on_trust_changed (PeerupEngine *engine, gpointer data)
{
  peerup_control_objects_touch (data, PEERUP_CONTROL_GRANTS);
}

static void
unfollow_run (PeerupControlObjects *self)
{
  if (self->followed[0] != NULL)
    g_signal_handlers_disconnect_by_data (self->followed[0], self);
  if (self->followed[1] != NULL)
    unfollow_model (&self->kinds[PEERUP_CONTROL_INVITES], G_LIST_MODEL (self->followed[1]));
  g_clear_object (&self->followed[0]);
  g_clear_object (&self->followed[1]);
}

/* Each run of the engine has relays and invites of its own. */
static void
on_engine_changed (PeerupEngine *engine, GParamSpec *pspec, gpointer data)
{
  PeerupControlObjects *self = data;

  unfollow_run (self);
  if (engine->relays != NULL)
    {
      self->followed[0] = g_object_ref (G_OBJECT (engine->relays));
      g_signal_connect (engine->relays, "changed", G_CALLBACK (on_relay_changed), self);
    }
  if (engine->pairing != NULL)
    {
      GListModel *invites = peerup_engine_pairing_get_invites (engine->pairing);

      self->followed[1] = g_object_ref (G_OBJECT (invites));
      follow_model (&self->kinds[PEERUP_CONTROL_INVITES], invites);
    }
  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    peerup_control_objects_touch (self, i);
}

PeerupControlObjects *
peerup_control_objects_new (PeerupControl *control)
{
  PeerupControlObjects *self = g_new0 (PeerupControlObjects, 1);

  self->control = control;
  self->context = g_main_context_ref_thread_default ();
  self->node = g_dbus_node_info_new_for_xml (peerup_objects_xml, NULL);
  self->manager = g_dbus_node_info_new_for_xml (manager_xml, NULL);
  self->exports = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_array_unref);
  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    {
      Kind *kind = &self->kinds[i];

      kind->objects = self;
      kind->info = &kinds[i];
      kind->interface = g_dbus_node_info_lookup_interface (self->node, kinds[i].interface);
      g_assert (kind->interface != NULL);
      peerup_control_face_strip (kind->interface);
      kind->keys = dup_keys (kind->interface);
      kind->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_variant_unref);
      kind->some = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    }
  follow_model (&self->kinds[PEERUP_CONTROL_PEERS], peerup_engine_get_peers (control->engine));
  follow_model (&self->kinds[PEERUP_CONTROL_SERVICES], peerup_engine_get_services (control->engine));
  follow_model (&self->kinds[PEERUP_CONTROL_PROMPTS], peerup_engine_prompts_get_model (control->engine->prompts));
  g_signal_connect (control->engine, "notify::state", G_CALLBACK (on_engine_changed), self);
  g_signal_connect (control->engine, "trust-changed", G_CALLBACK (on_trust_changed), self);
  on_engine_changed (control->engine, NULL, self);
  return self;
}

void
peerup_control_objects_free (PeerupControlObjects *self)
{
  g_signal_handlers_disconnect_by_data (self->control->engine, self);
  unfollow_run (self);
  unfollow_model (&self->kinds[PEERUP_CONTROL_PEERS], peerup_engine_get_peers (self->control->engine));
  unfollow_model (&self->kinds[PEERUP_CONTROL_SERVICES], peerup_engine_get_services (self->control->engine));
  unfollow_model (&self->kinds[PEERUP_CONTROL_PROMPTS],
                  peerup_engine_prompts_get_model (self->control->engine->prompts));
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  for (guint i = 0; i < PEERUP_CONTROL_N_KINDS; i++)
    {
      g_strfreev (self->kinds[i].keys);
      g_hash_table_unref (self->kinds[i].known);
      g_hash_table_unref (self->kinds[i].some);
    }
  g_hash_table_unref (self->exports);
  g_dbus_node_info_unref (self->node);
  g_dbus_node_info_unref (self->manager);
  g_main_context_unref (self->context);
  g_free (self);
}
