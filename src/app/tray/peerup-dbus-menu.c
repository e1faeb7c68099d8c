/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* com.canonical.dbusmenu. The tree is that of the last peerup_dbus_menu_set_root(); beside it there are only the
 * numbers of its entries. */
#include "app/tray/peerup-dbus-menu.h"

#include <glib/gi18n.h>

#define INTERFACE "com.canonical.dbusmenu"
#define VERSION   3
#define ROOT      0

struct _PeerupDbusMenu
{
  GObject parent_instance;

  GDBusConnection *connection;
  char *path;
  guint registration;
  PeerupMenuEntry *root;
  GHashTable *ids;     /* key → number */
  GHashTable *entries; /* number → PeerupMenuEntry of root, not owned */
  int last_id;
  guint revision;
  gboolean notice;
};

enum
{
  ACTIVATED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupDbusMenu, peerup_dbus_menu, G_TYPE_OBJECT)

static const char description[] =
  "<node><interface name='" INTERFACE "'>"
  "<property name='Version' type='u' access='read'/>"
  "<property name='TextDirection' type='s' access='read'/>"
  "<property name='Status' type='s' access='read'/>"
  "<property name='IconThemePath' type='as' access='read'/>"
  "<method name='GetLayout'><arg type='i' direction='in'/><arg type='i' direction='in'/><arg type='as' direction='in'/>"
  "<arg type='u' direction='out'/><arg type='(ia{sv}av)' direction='out'/></method>"
  "<method name='GetGroupProperties'><arg type='ai' direction='in'/><arg type='as' direction='in'/>"
  "<arg type='a(ia{sv})' direction='out'/></method>"
  "<method name='GetProperty'><arg type='i' direction='in'/><arg type='s' direction='in'/>"
  "<arg type='v' direction='out'/></method>"
  "<method name='Event'><arg type='i' direction='in'/><arg type='s' direction='in'/><arg type='v' direction='in'/>"
  "<arg type='u' direction='in'/></method>"
  "<method name='EventGroup'><arg type='a(isvu)' direction='in'/><arg type='ai' direction='out'/></method>"
  "<method name='AboutToShow'><arg type='i' direction='in'/><arg type='b' direction='out'/></method>"
  "<method name='AboutToShowGroup'><arg type='ai' direction='in'/><arg type='ai' direction='out'/>"
  "<arg type='ai' direction='out'/></method>"
  "<signal name='ItemsPropertiesUpdated'><arg type='a(ia{sv})'/><arg type='a(ias)'/></signal>"
  "<signal name='LayoutUpdated'><arg type='u'/><arg type='i'/></signal>"
  "<signal name='ItemActivationRequested'><arg type='i'/><arg type='u'/></signal>"
  "</interface></node>";

static GDBusInterfaceInfo *
get_info (void)
{
  static GDBusNodeInfo *node;

  if (g_once_init_enter_pointer (&node))
    g_once_init_leave_pointer (&node, g_dbus_node_info_new_for_xml (description, NULL));
  return node->interfaces[0];
}

/* Properties of an entry: those that are not as the protocol's defaults */

/* A single "_" underlines what follows. */
static char *
escape_label (const char *label)
{
  GString *escaped = g_string_new (label);

  g_string_replace (escaped, "_", "__", 0);
  return g_string_free_and_steal (escaped);
}

/* (transfer floating) */
static GVariant *
describe (const PeerupMenuEntry *entry)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  if (entry->kind == PEERUP_MENU_SEPARATOR)
    g_variant_dict_insert (&dict, "type", "s", "separator");
  if (entry->label != NULL)
    {
      g_autofree char *label = escape_label (entry->label);

      g_variant_dict_insert (&dict, "label", "s", label);
    }
  if (!entry->is_enabled && entry->kind != PEERUP_MENU_SEPARATOR && entry->label != NULL)
    g_variant_dict_insert (&dict, "enabled", "b", FALSE);
  if (entry->kind == PEERUP_MENU_CHECK)
    {
      g_variant_dict_insert (&dict, "toggle-type", "s", "checkmark");
      g_variant_dict_insert (&dict, "toggle-state", "i", entry->is_checked ? 1 : 0);
    }
  if (entry->children != NULL)
    g_variant_dict_insert (&dict, "children-display", "s", "submenu");
  return g_variant_dict_end (&dict);
}

/* (nullable): NULL if the protocol knows none of that name. (transfer full) */
static GVariant *
get_default (const char *name)
{
  static const struct
  {
    const char *name, *value;
  } defaults[] = {
    { "type", "'standard'" },      { "label", "''" },         { "enabled", "true" },
    { "visible", "true" },         { "icon-name", "''" },     { "icon-data", "@ay []" },
    { "toggle-type", "''" },       { "toggle-state", "-1" },  { "children-display", "''" },
    { "disposition", "'normal'" }, { "shortcut", "@aas []" }, { "accessible-desc", "''" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (g_str_equal (defaults[i].name, name))
      return g_variant_ref_sink (g_variant_new_parsed (defaults[i].value));
  return NULL;
}

/* @names: (nullable): empty or NULL for all. (transfer floating) */
static GVariant *
describe_some (const PeerupMenuEntry *entry, const char *const *names)
{
  g_autoptr (GVariant) all = NULL;
  GVariantDict dict;

  if (names == NULL || names[0] == NULL)
    return describe (entry);
  all = g_variant_ref_sink (describe (entry));
  g_variant_dict_init (&dict, NULL);
  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (all, names[i], NULL);

      if (value != NULL)
        g_variant_dict_insert_value (&dict, names[i], value);
    }
  return g_variant_dict_end (&dict);
}

/* The tree */

static const PeerupMenuEntry *
find_entry (PeerupDbusMenu *self, int id)
{
  return g_hash_table_lookup (self->entries, GINT_TO_POINTER (id));
}

static int
get_id (PeerupDbusMenu *self, const PeerupMenuEntry *entry)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->ids, entry->key));
}

/* (transfer floating) */
static GVariant *
build_layout (PeerupDbusMenu *self, const PeerupMenuEntry *entry, int depth, const char *const *names)
{
  GVariantBuilder children;

  g_variant_builder_init (&children, G_VARIANT_TYPE ("av"));
  for (guint i = 0; depth != 0 && entry->children != NULL && i < entry->children->len; i++)
    g_variant_builder_add (&children, "v",
                           build_layout (self, entry->children->pdata[i], depth < 0 ? depth : depth - 1, names));
  return g_variant_new ("(i@a{sv}av)", get_id (self, entry), describe_some (entry, names), &children);
}

/* Whether the same entries stand at the same places: then a change is one of properties. */
static gboolean
is_alike (const PeerupMenuEntry *a, const PeerupMenuEntry *b)
{
  guint n = a->children != NULL ? a->children->len : 0;

  if (!g_str_equal (a->key, b->key) || a->kind != b->kind || (a->children == NULL) != (b->children == NULL) ||
      n != (b->children != NULL ? b->children->len : 0))
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!is_alike (a->children->pdata[i], b->children->pdata[i]))
      return FALSE;
  return TRUE;
}

static void
collect (PeerupDbusMenu *self, PeerupMenuEntry *entry, GHashTable *ids)
{
  gpointer id = g_hash_table_lookup (self->ids, entry->key);

  g_assert (!g_hash_table_contains (ids, entry->key));
  if (entry != self->root && id == NULL)
    id = GINT_TO_POINTER (++self->last_id);
  g_hash_table_insert (ids, g_strdup (entry->key), id);
  g_hash_table_insert (self->entries, id, entry);
  for (guint i = 0; entry->children != NULL && i < entry->children->len; i++)
    collect (self, entry->children->pdata[i], ids);
}

static void
number_all (PeerupDbusMenu *self)
{
  GHashTable *ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_hash_table_remove_all (self->entries);
  collect (self, self->root, ids);
  g_hash_table_unref (self->ids);
  self->ids = ids;
}

static void
emit (PeerupDbusMenu *self, const char *signal, GVariant *parameters)
{
  g_dbus_connection_emit_signal (self->connection, NULL, self->path, INTERFACE, signal, parameters, NULL);
}

typedef struct
{
  PeerupDbusMenu *self;
  GVariantBuilder updated; /* a(ia{sv}) */
  GVariantBuilder removed; /* a(ias) */
  guint n;
} Changes;

static void
compare_one (Changes *changes, const PeerupMenuEntry *old, const PeerupMenuEntry *new)
{
  g_autoptr (GVariant) before = g_variant_ref_sink (describe (old));
  g_autoptr (GVariant) after = g_variant_ref_sink (describe (new));
  GVariantBuilder names;
  GVariantIter iter;
  const char *name;
  guint n_gone = 0;

  if (g_variant_equal (before, after))
    return;
  changes->n++;
  g_variant_builder_add (&changes->updated, "(i@a{sv})", get_id (changes->self, new), after);
  g_variant_builder_init (&names, G_VARIANT_TYPE ("as"));
  g_variant_iter_init (&iter, before);
  while (g_variant_iter_next (&iter, "{&sv}", &name, NULL))
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (after, name, NULL);

      if (value != NULL)
        continue;
      g_variant_builder_add (&names, "s", name);
      n_gone++;
    }
  if (n_gone > 0)
    g_variant_builder_add (&changes->removed, "(ias)", get_id (changes->self, new), &names);
  else
    g_variant_builder_clear (&names);
}

static void
compare (Changes *changes, const PeerupMenuEntry *old, const PeerupMenuEntry *new)
{
  compare_one (changes, old, new);
  for (guint i = 0; old->children != NULL && i < old->children->len; i++)
    compare (changes, old->children->pdata[i], new->children->pdata[i]);
}

void
peerup_dbus_menu_set_root (PeerupDbusMenu *self, PeerupMenuEntry *root)
{
  g_autoptr (PeerupMenuEntry) old = NULL;
  Changes changes = { .self = self };

  g_return_if_fail (PEERUP_IS_DBUS_MENU (self) && root != NULL);
  old = g_steal_pointer (&self->root);
  self->root = root;
  number_all (self);
  if (!is_alike (old, root))
    {
      self->revision++;
      emit (self, "LayoutUpdated", g_variant_new ("(ui)", self->revision, ROOT));
      return;
    }
  g_variant_builder_init (&changes.updated, G_VARIANT_TYPE ("a(ia{sv})"));
  g_variant_builder_init (&changes.removed, G_VARIANT_TYPE ("a(ias)"));
  compare (&changes, old, root);
  if (changes.n > 0)
    {
      emit (self, "ItemsPropertiesUpdated", g_variant_new ("(a(ia{sv})a(ias))", &changes.updated, &changes.removed));
      return;
    }
  g_variant_builder_clear (&changes.updated);
  g_variant_builder_clear (&changes.removed);
}

void
peerup_dbus_menu_repeat (PeerupDbusMenu *self, const char *key)
{
  GVariantBuilder updated;
  gpointer id;

  g_return_if_fail (PEERUP_IS_DBUS_MENU (self) && key != NULL);
  if (!g_hash_table_lookup_extended (self->ids, key, NULL, &id))
    return;
  g_variant_builder_init (&updated, G_VARIANT_TYPE ("a(ia{sv})"));
  g_variant_builder_add (&updated, "(i@a{sv})", GPOINTER_TO_INT (id),
                         describe_some (find_entry (self, GPOINTER_TO_INT (id)), NULL));
  emit (self, "ItemsPropertiesUpdated", g_variant_new ("(a(ia{sv})@a(ias))", &updated, g_variant_new ("a(ias)", NULL)));
}

/* What is called */

static void
refuse_id (GDBusMethodInvocation *invocation, int id)
{
  g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                         "the menu has no entry %d: ask for the layout again", id);
}

/* What is at @place of @parameters is a list, and no longer than @max. FALSE: it was refused. */
static gboolean
check_length (GVariant *parameters, gsize place, gsize max, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (parameters, place);

  if (g_variant_n_children (list) <= max)
    return TRUE;
  g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_LIMITS_EXCEEDED,
                                         "a list of more than %" G_GSIZE_FORMAT ": ask for fewer at once", max);
  return FALSE;
}

static void
get_layout (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autofree const char **names = NULL;
  const PeerupMenuEntry *entry;
  int id, depth;

  if (!check_length (parameters, 2, PEERUP_DBUS_MENU_MAX_NAMES, invocation))
    return;
  g_variant_get (parameters, "(ii^a&s)", &id, &depth, &names);
  entry = find_entry (self, id);
  if (entry == NULL)
    {
      refuse_id (invocation, id);
      return;
    }
  if (depth < -1)
    {
      g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                             "a depth of %d: give -1 for all of it, or 0 and more", depth);
      return;
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(u@(ia{sv}av))", self->revision,
                                                                    build_layout (self, entry, depth, names)));
}

/* An empty list of numbers is all; those that there are not are left out. */
static void
get_group_properties (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (parameters, 0);
  g_autoptr (GHashTable) wanted = g_hash_table_new (NULL, NULL);
  g_autofree const char **names = NULL;
  GVariantBuilder found;
  GHashTableIter iter;
  gpointer id, entry;
  gsize n = g_variant_n_children (list);
  int number;

  if (!check_length (parameters, 0, PEERUP_DBUS_MENU_MAX_IDS, invocation) ||
      !check_length (parameters, 1, PEERUP_DBUS_MENU_MAX_NAMES, invocation))
    return;
  g_variant_get_child (parameters, 1, "^a&s", &names);
  for (gsize i = 0; i < n; i++)
    {
      g_variant_get_child (list, i, "i", &number);
      g_hash_table_add (wanted, GINT_TO_POINTER (number));
    }
  g_variant_builder_init (&found, G_VARIANT_TYPE ("a(ia{sv})"));
  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, &id, &entry))
    if (n == 0 || g_hash_table_contains (wanted, id))
      g_variant_builder_add (&found, "(i@a{sv})", GPOINTER_TO_INT (id), describe_some (entry, names));
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(a(ia{sv}))", &found));
}

static void
get_one_property (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) value = NULL;
  g_autoptr (GVariant) all = NULL;
  const PeerupMenuEntry *entry;
  const char *name;
  int id;

  g_variant_get (parameters, "(i&s)", &id, &name);
  entry = find_entry (self, id);
  if (entry == NULL)
    {
      refuse_id (invocation, id);
      return;
    }
  all = g_variant_ref_sink (describe (entry));
  value = g_variant_lookup_value (all, name, NULL);
  if (value == NULL)
    value = get_default (name);
  if (value == NULL)
    {
      g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                                     "a menu's entry has no property of that name");
      return;
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(v)", value));
}

/* Of what there is beside clicks (hovered, opened, closed) nothing follows. FALSE: there is nothing to click. */
static gboolean
can_take (PeerupDbusMenu *self, int id, const char *event)
{
  const PeerupMenuEntry *entry = find_entry (self, id);

  if (entry == NULL || !g_str_equal (event, "clicked"))
    return entry != NULL;
  return entry->is_enabled && id != ROOT && entry->children == NULL;
}

/* After it was answered: what follows may end the connection. A handler may change the menu, too. */
static void
take_event (PeerupDbusMenu *self, int id, const char *event)
{
  g_autofree char *key = NULL;

  if (!g_str_equal (event, "clicked") || !can_take (self, id, event))
    return;
  key = g_strdup (find_entry (self, id)->key);
  g_signal_emit (self, signals[ACTIVATED], 0, key);
}

static void
handle_event (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (PeerupDbusMenu) hold = g_object_ref (self);
  g_autofree char *event = NULL;
  int id;

  g_variant_get (parameters, "(is@vu)", &id, &event, NULL, NULL);
  if (can_take (hold, id, event))
    {
      g_dbus_method_invocation_return_value (invocation, NULL);
      take_event (hold, id, event);
    }
  else if (find_entry (self, id) == NULL)
    refuse_id (invocation, id);
  else
    g_dbus_method_invocation_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                           "entry %d of the menu cannot be chosen", id);
}

static void
handle_event_group (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) events = g_variant_get_child_value (parameters, 0);
  g_autoptr (PeerupDbusMenu) hold = g_object_ref (self);
  gsize n = g_variant_n_children (events), n_failed = 0;
  GVariantBuilder failed;
  const char *event;
  int id;

  if (!check_length (parameters, 0, PEERUP_DBUS_MENU_MAX_IDS, invocation))
    return;
  g_variant_builder_init (&failed, G_VARIANT_TYPE ("ai"));
  for (gsize i = 0; i < n; i++)
    {
      g_variant_get_child (events, i, "(i&s@vu)", &id, &event, NULL, NULL);
      if (can_take (hold, id, event))
        continue;
      g_variant_builder_add (&failed, "i", id);
      n_failed++;
    }
  if (n > 0 && n_failed == n)
    {
      g_variant_builder_clear (&failed);
      g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                                     "the menu has none of these entries: ask for the layout again");
      return;
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(ai)", &failed));
  for (gsize i = 0; i < n; i++)
    {
      g_variant_get_child (events, i, "(i&s@vu)", &id, &event, NULL, NULL);
      take_event (hold, id, event);
    }
}

/* The menu is always as it should be. */
static void
about_to_show (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  int id;

  g_variant_get (parameters, "(i)", &id);
  if (find_entry (self, id) == NULL)
    refuse_id (invocation, id);
  else
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(b)", FALSE));
}

static void
about_to_show_group (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (parameters, 0);
  gsize n = g_variant_n_children (list), n_failed = 0;
  GVariantBuilder failed;

  if (!check_length (parameters, 0, PEERUP_DBUS_MENU_MAX_IDS, invocation))
    return;
  g_variant_builder_init (&failed, G_VARIANT_TYPE ("ai"));
  for (gsize i = 0; i < n; i++)
    {
      int id;

      g_variant_get_child (list, i, "i", &id);
      if (find_entry (self, id) != NULL)
        continue;
      g_variant_builder_add (&failed, "i", id);
      n_failed++;
    }
  if (n > 0 && n_failed == n)
    {
      g_variant_builder_clear (&failed);
      g_dbus_method_invocation_return_error_literal (invocation, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS,
                                                     "the menu has none of these entries: ask for the layout again");
      return;
    }
  g_dbus_method_invocation_return_value (invocation, g_variant_new ("(@aiai)", g_variant_new ("ai", NULL), &failed));
}

static void
on_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *method,
         GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  static const struct
  {
    const char *name;
    void (*handle) (PeerupDbusMenu *self, GVariant *parameters, GDBusMethodInvocation *invocation);
  } methods[] = {
    { "GetLayout", get_layout },
    { "GetGroupProperties", get_group_properties },
    { "GetProperty", get_one_property },
    { "Event", handle_event },
    { "EventGroup", handle_event_group },
    { "AboutToShow", about_to_show },
    { "AboutToShowGroup", about_to_show_group },
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    if (g_str_equal (methods[i].name, method))
      {
        methods[i].handle (data, parameters, invocation);
        return;
      }
  g_assert_not_reached (); /* GDBus lets nothing else through */
}

/* The toolkit's translations say it, where they are installed. */
static const char *
get_direction (void)
{
  return g_str_equal (g_dgettext ("gtk40", "default:LTR"), "default:RTL") ? "rtl" : "ltr";
}

static GVariant *
on_get (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *property,
        GError **error, gpointer data)
{
  const PeerupDbusMenu *self = data;

  if (g_str_equal (property, "Version"))
    return g_variant_new_uint32 (VERSION);
  if (g_str_equal (property, "TextDirection"))
    return g_variant_new_string (get_direction ());
  if (g_str_equal (property, "Status"))
    return g_variant_new_string (self->notice ? "notice" : "normal");
  return g_variant_new_strv (NULL, 0); /* IconThemePath */
}

void
peerup_dbus_menu_set_notice (PeerupDbusMenu *self, gboolean notice)
{
  GVariantDict changed;

  g_return_if_fail (PEERUP_IS_DBUS_MENU (self));
  if (self->notice == !!notice)
    return;
  self->notice = !!notice;
  g_variant_dict_init (&changed, NULL);
  g_variant_dict_insert (&changed, "Status", "s", notice ? "notice" : "normal");
  g_dbus_connection_emit_signal (self->connection, NULL, self->path, "org.freedesktop.DBus.Properties",
                                 "PropertiesChanged",
                                 g_variant_new ("(s@a{sv}as)", INTERFACE, g_variant_dict_end (&changed), NULL), NULL);
}

static void
peerup_dbus_menu_dispose (GObject *object)
{
  PeerupDbusMenu *self = PEERUP_DBUS_MENU (object);

  if (self->registration != 0)
    g_dbus_connection_unregister_object (self->connection, self->registration);
  self->registration = 0;
  G_OBJECT_CLASS (peerup_dbus_menu_parent_class)->dispose (object);
}

static void
peerup_dbus_menu_finalize (GObject *object)
{
  PeerupDbusMenu *self = PEERUP_DBUS_MENU (object);

  g_clear_object (&self->connection);
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->ids);
  peerup_menu_entry_free (self->root);
  g_free (self->path);
  G_OBJECT_CLASS (peerup_dbus_menu_parent_class)->finalize (object);
}

static void
peerup_dbus_menu_class_init (PeerupDbusMenuClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = peerup_dbus_menu_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_dbus_menu_finalize;
  signals[ACTIVATED] = g_signal_new ("activated", PEERUP_TYPE_DBUS_MENU, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                     G_TYPE_NONE, 1, G_TYPE_STRING | G_SIGNAL_TYPE_STATIC_SCOPE);
}

static void
peerup_dbus_menu_init (PeerupDbusMenu *self)
{
  self->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->entries = g_hash_table_new (NULL, NULL);
  self->revision = 1;
  self->root = peerup_menu_entry_new (PEERUP_MENU_TEXT, "", NULL);
  number_all (self);
}

PeerupDbusMenu *
peerup_dbus_menu_new (GDBusConnection *connection, const char *path, GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_call, .get_property = on_get };
  g_autoptr (PeerupDbusMenu) self = g_object_new (PEERUP_TYPE_DBUS_MENU, NULL);

  self->connection = g_object_ref (connection);
  self->path = g_strdup (path);
  self->registration = g_dbus_connection_register_object (connection, path, get_info (), &vtable, self, NULL, error);
  return self->registration != 0 ? g_steal_pointer (&self) : NULL;
}
