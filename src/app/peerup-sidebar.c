/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The left side of the window. It lists what the session has: two places of its own, and between them the devices,
 * filtered and sorted by models that follow them. */
#include "app/peerup-sidebar.h"

#include "app/model/peerup-device-text.h"

/* With more devices than these, one searches. */
#define SEARCH_ABOVE 8
/* Seconds between two looks at the clock: "Offline since yesterday". */
#define TICK 60

struct _PeerupSidebar
{
  AdwNavigationPage parent_instance;

  PeerupSession *session;
  GtkSearchEntry *search;
  GtkStack *stack;
  GtkListView *view;

  GtkFilter *device_filter; /* no relays */
  GtkFilter *search_filter;
  GtkSorter *sorter;
  GListModel *devices;           /* all that are no relays, not sorted */
  GListModel *items;             /* what is listed */
  GtkSingleSelection *selection; /* of @items, while there is room for a page beside it */
  GtkNoSelection *no_selection;
  GPtrArray *rows; /* of PeerupSidebarRow, borrowed: those that exist */
  char *shown;
  char *needle; /* casefolded; "" for none */
  gboolean collapsed;
  gboolean selecting; /* by us */
  guint tick;
};

enum
{
  PROP_COLLAPSED = 1,
  PROP_N_DEVICES,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE (PeerupSidebar, peerup_sidebar, ADW_TYPE_NAVIGATION_PAGE)

/* The items */

/* What was added as a relay and offers nothing else is among the relays; a device that relays by itself stays one. */
static gboolean
is_no_relay (gpointer item, gpointer data)
{
  const PeerupSidebar *self = data;
  GVariant *services = peerup_dbus_device1_get_services (item);
  g_autoptr (PeerupDBusRelay1) relay = NULL;

  if (self->session == NULL || !peerup_dbus_device1_get_is_relay (item) ||
      (services != NULL && g_variant_n_children (services) > 0))
    return TRUE;
  relay =
    peerup_object_list_find (peerup_session_get_relays (self->session), "id", peerup_dbus_device1_get_peer_id (item));
  return relay == NULL || g_strcmp0 (peerup_dbus_relay1_get_origin (relay), "configured") != 0;
}

static char *
fold (const char *text)
{
  g_autofree char *normal = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);

  return g_utf8_casefold (normal != NULL ? normal : text, -1);
}

static gboolean
has_needle (gpointer item, gpointer data)
{
  const PeerupSidebar *self = data;
  const char *id;
  g_autofree char *title = NULL;
  g_autofree char *folded = NULL;

  if (*self->needle == '\0')
    return TRUE;
  if (!PEERUP_DBUS_IS_DEVICE1 (item))
    return FALSE;
  id = peerup_dbus_device1_get_peer_id (item);
  title = peerup_device_dup_title (peerup_dbus_device1_get_name (item), id);
  folded = fold (title);
  return strstr (folded, self->needle) != NULL ||
         g_ascii_strcasecmp (id, gtk_editable_get_text (GTK_EDITABLE (self->search))) == 0;
}

static gboolean
is_unnamed (PeerupDBusDevice1 *device)
{
  g_autofree char *name = peerup_text_clean (peerup_dbus_device1_get_name (device));

  return *name == '\0';
}

static char *
make_sort_name (PeerupDBusDevice1 *device)
{
  return peerup_text_clean (peerup_dbus_device1_get_name (device));
}

static char *
make_sort_id (PeerupDBusDevice1 *device)
{
  return peerup_dbus_device1_dup_peer_id (device);
}

static GtkSorter *
make_string_sorter (GCallback make, GtkCollation collation)
{
  GtkExpression *expression = gtk_cclosure_expression_new (G_TYPE_STRING, NULL, 0, NULL, make, NULL, NULL);
  GtkStringSorter *sorter = gtk_string_sorter_new (expression);

  gtk_string_sorter_set_collation (sorter, collation);
  return GTK_SORTER (sorter);
}

/* By name, of which numbers are a part, and those without one last. (transfer full) */
static GtkSorter *
make_sorter (void)
{
  GtkMultiSorter *sorter = gtk_multi_sorter_new ();
  GtkExpression *unnamed =
    gtk_cclosure_expression_new (G_TYPE_BOOLEAN, NULL, 0, NULL, G_CALLBACK (is_unnamed), NULL, NULL);

  gtk_multi_sorter_append (sorter, GTK_SORTER (gtk_numeric_sorter_new (unnamed)));
  gtk_multi_sorter_append (sorter, make_string_sorter (G_CALLBACK (make_sort_name), GTK_COLLATION_FILENAME));
  gtk_multi_sorter_append (sorter, make_string_sorter (G_CALLBACK (make_sort_id), GTK_COLLATION_NONE));
  return GTK_SORTER (sorter);
}

static const char *
get_place (gpointer item)
{
  return PEERUP_DBUS_IS_DEVICE1 (item) ? peerup_dbus_device1_get_peer_id (item) : gtk_string_object_get_string (item);
}

static guint
find_shown (PeerupSidebar *self)
{
  for (guint i = 0; i < g_list_model_get_n_items (self->items); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (self->items, i);

      if (g_strcmp0 (get_place (item), self->shown) == 0)
        return i;
    }
  return GTK_INVALID_LIST_POSITION;
}

static void
select_shown (PeerupSidebar *self)
{
  self->selecting = TRUE;
  gtk_single_selection_set_selected (self->selection, find_shown (self));
  self->selecting = FALSE;
}

static void
show_item (PeerupSidebar *self, guint position)
{
  g_autoptr (GObject) item = g_list_model_get_item (self->items, position);
  const char *place = item != NULL ? get_place (item) : NULL;

  if (place == NULL)
    return;
  if (PEERUP_DBUS_IS_DEVICE1 (item))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-device", "s", place);
  else if (g_str_equal (place, PEERUP_SIDEBAR_RELAYS))
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-relays", NULL);
  else
    gtk_widget_activate_action (GTK_WIDGET (self), "win.show-this-device", NULL);
}

static void
on_activate (PeerupSidebar *self, guint position)
{
  show_item (self, position);
}

/* The device that is shown is gone; the window sees to what is shown next. One that is only searched away stays. */
static gboolean
has_lost_shown (PeerupSidebar *self)
{
  g_autoptr (GObject) device = NULL;

  if (self->shown == NULL || *self->shown == '\0' || g_str_equal (self->shown, PEERUP_SIDEBAR_THIS_DEVICE) ||
      g_str_equal (self->shown, PEERUP_SIDEBAR_RELAYS))
    return FALSE;
  device = peerup_object_list_find (peerup_session_get_devices (self->session), "peer-id", self->shown);
  return device == NULL;
}

static void
on_selected (PeerupSidebar *self)
{
  guint position = gtk_single_selection_get_selected (self->selection);

  /* On a narrow window nothing is selected by a person: what moves there is only a place in the list. */
  if (self->collapsed || self->selecting || position == GTK_INVALID_LIST_POSITION)
    return;
  /* Where the row of a device goes that has the keyboard, the toolkit takes another one. */
  if (has_lost_shown (self))
    select_shown (self);
  else
    show_item (self, position);
}

/* What changes */

static void
update_search (PeerupSidebar *self)
{
  gboolean many = g_list_model_get_n_items (self->devices) > SEARCH_ABOVE;
  gboolean found = g_list_model_get_n_items (self->items) > 0;

  gtk_widget_set_visible (GTK_WIDGET (self->search), many || *self->needle != '\0');
  gtk_stack_set_visible_child_name (self->stack, found ? "list" : "nothing");
}

static void
on_items_changed (PeerupSidebar *self)
{
  update_search (self);
  if (!self->collapsed && !self->selecting)
    select_shown (self);
}

static void
on_devices_changed (PeerupSidebar *self)
{
  update_search (self);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_N_DEVICES]);
}

static void
on_search_changed (PeerupSidebar *self)
{
  g_autofree char *text = g_strstrip (g_strdup (gtk_editable_get_text (GTK_EDITABLE (self->search))));

  g_free (self->needle);
  self->needle = fold (text);
  gtk_filter_changed (self->search_filter, GTK_FILTER_CHANGE_DIFFERENT);
  update_search (self);
}

static void
on_stop_search (PeerupSidebar *self)
{
  gtk_editable_set_text (GTK_EDITABLE (self->search), "");
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
}

static void
on_name_changed (PeerupSidebar *self)
{
  gtk_sorter_changed (self->sorter, GTK_SORTER_CHANGE_DIFFERENT);
  if (*self->needle != '\0')
    gtk_filter_changed (self->search_filter, GTK_FILTER_CHANGE_DIFFERENT);
}

static void
on_role_changed (PeerupSidebar *self)
{
  gtk_filter_changed (self->device_filter, GTK_FILTER_CHANGE_DIFFERENT);
}

/* The models do not look at properties by themselves. */
static void
on_devices_added (GListModel *devices, guint position, guint removed, guint added, PeerupSidebar *self)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) device = g_list_model_get_item (devices, i);

      g_signal_connect_object (device, "notify::name", G_CALLBACK (on_name_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (device, "notify::is-relay", G_CALLBACK (on_role_changed), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (device, "notify::services", G_CALLBACK (on_role_changed), self, G_CONNECT_SWAPPED);
    }
}

static void
refresh (PeerupSidebar *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    peerup_sidebar_row_refresh (self->rows->pdata[i]);
}

static void
on_relays_added (GListModel *relays, guint position, guint removed, guint added, PeerupSidebar *self)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) relay = g_list_model_get_item (relays, i);

      g_signal_connect_object (relay, "notify::state", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (relay, "notify::silent", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
      g_signal_connect_object (relay, "notify::origin", G_CALLBACK (on_role_changed), self, G_CONNECT_SWAPPED);
    }
  on_role_changed (self);
  refresh (self);
}

static void
on_engine_changed (PeerupSidebar *self)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (self->session);

  if (engine != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (engine), "machine-name") != NULL)
    g_signal_connect_object (engine, "notify::machine-name", G_CALLBACK (refresh), self, G_CONNECT_SWAPPED);
  refresh (self);
}

static gboolean
on_tick (gpointer data)
{
  refresh (data);
  return G_SOURCE_CONTINUE;
}

/* Rows */

static void
on_row_gone (GtkWidget *row, PeerupSidebar *self)
{
  g_ptr_array_remove_fast (self->rows, row);
}

static void
on_setup (GtkListItemFactory *factory, GtkListItem *list_item, PeerupSidebar *self)
{
  GtkWidget *row = peerup_sidebar_row_new (self->session);

  /* The list may keep it for longer than it has a place for it. */
  g_ptr_array_add (self->rows, row);
  g_signal_connect_object (row, "destroy", G_CALLBACK (on_row_gone), self, 0);
  peerup_sidebar_row_bind_accessible (PEERUP_SIDEBAR_ROW (row), list_item);
  gtk_list_item_set_child (list_item, row);
}

static void
on_bind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  peerup_sidebar_row_set_item (PEERUP_SIDEBAR_ROW (gtk_list_item_get_child (list_item)),
                               gtk_list_item_get_item (list_item));
}

static void
on_unbind (GtkListItemFactory *factory, GtkListItem *list_item)
{
  peerup_sidebar_row_set_item (PEERUP_SIDEBAR_ROW (gtk_list_item_get_child (list_item)), NULL);
}

static void
set_up_view (PeerupSidebar *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect_object (factory, "setup", G_CALLBACK (on_setup), self, 0);
  g_signal_connect (factory, "bind", G_CALLBACK (on_bind), NULL);
  g_signal_connect (factory, "unbind", G_CALLBACK (on_unbind), NULL);
  gtk_list_view_set_factory (self->view, factory);
}

/* The models */

/* (transfer full) */
static gpointer
make_place (const char *place)
{
  GListStore *store = g_list_store_new (G_TYPE_OBJECT);
  g_autoptr (GtkStringObject) item = gtk_string_object_new (place);

  g_list_store_append (store, item);
  return store;
}

static void
set_up_models (PeerupSidebar *self)
{
  GListModel *all = G_LIST_MODEL (peerup_session_get_devices (self->session));
  g_autoptr (GListStore) parts = g_list_store_new (G_TYPE_LIST_MODEL);
  g_autoptr (GObject) this_device = make_place (PEERUP_SIDEBAR_THIS_DEVICE);
  g_autoptr (GObject) relays = make_place (PEERUP_SIDEBAR_RELAYS);
  g_autoptr (GtkSortListModel) sorted = NULL;

  self->device_filter = GTK_FILTER (gtk_custom_filter_new (is_no_relay, self, NULL));
  self->search_filter = GTK_FILTER (gtk_custom_filter_new (has_needle, self, NULL));
  self->sorter = make_sorter ();
  self->devices = G_LIST_MODEL (gtk_filter_list_model_new (g_object_ref (all), g_object_ref (self->device_filter)));
  sorted = gtk_sort_list_model_new (g_object_ref (self->devices), g_object_ref (self->sorter));
  g_list_store_append (parts, this_device);
  g_list_store_append (parts, sorted);
  g_list_store_append (parts, relays);
  self->items = G_LIST_MODEL (
    gtk_filter_list_model_new (G_LIST_MODEL (gtk_flatten_list_model_new (G_LIST_MODEL (g_steal_pointer (&parts)))),
                               g_object_ref (self->search_filter)));
  self->selection = gtk_single_selection_new (NULL);
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_single_selection_set_can_unselect (self->selection, TRUE);
  gtk_single_selection_set_model (self->selection, self->items);
  gtk_single_selection_set_selected (self->selection, GTK_INVALID_LIST_POSITION);
  self->no_selection = gtk_no_selection_new (g_object_ref (self->items));
  on_devices_added (all, 0, 0, g_list_model_get_n_items (all), self);
  g_signal_connect_object (all, "items-changed", G_CALLBACK (on_devices_added), self, 0);
  g_signal_connect_object (self->devices, "items-changed", G_CALLBACK (on_devices_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->selection, "items-changed", G_CALLBACK (on_items_changed), self,
                           G_CONNECT_SWAPPED | G_CONNECT_AFTER);
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (on_selected), self, G_CONNECT_SWAPPED);
}

static void
update_collapsed (PeerupSidebar *self)
{
  if (self->session == NULL)
    return;
  gtk_list_view_set_model (self->view, self->collapsed ? GTK_SELECTION_MODEL (self->no_selection)
                                                       : GTK_SELECTION_MODEL (self->selection));
  /* It would also select what the pointer is over, where there is a selection. */
  gtk_list_view_set_single_click_activate (self->view, self->collapsed);
  if (!self->collapsed)
    select_shown (self);
}

void
peerup_sidebar_set_session (PeerupSidebar *self, PeerupSession *session)
{
  GListModel *relays = G_LIST_MODEL (peerup_session_get_relays (session));

  g_return_if_fail (PEERUP_IS_SIDEBAR (self) && self->session == NULL);
  self->session = g_object_ref (session);
  set_up_models (self);
  set_up_view (self);
  update_collapsed (self);
  update_search (self);
  on_relays_added (relays, 0, 0, g_list_model_get_n_items (relays), self);
  g_signal_connect_object (relays, "items-changed", G_CALLBACK (on_relays_added), self, 0);
  g_signal_connect_object (session, "notify::engine", G_CALLBACK (on_engine_changed), self, G_CONNECT_SWAPPED);
  on_engine_changed (self);
}

void
peerup_sidebar_set_shown (PeerupSidebar *self, const char *place)
{
  g_return_if_fail (PEERUP_IS_SIDEBAR (self) && self->session != NULL);
  g_set_str (&self->shown, place);
  if (!self->collapsed)
    select_shown (self);
}

void
peerup_sidebar_focus (PeerupSidebar *self)
{
  guint position;

  g_return_if_fail (PEERUP_IS_SIDEBAR (self));
  position = find_shown (self);
  gtk_widget_grab_focus (GTK_WIDGET (self->view));
  if (position != GTK_INVALID_LIST_POSITION)
    gtk_list_view_scroll_to (self->view, position, GTK_LIST_SCROLL_FOCUS, NULL);
}

guint
peerup_sidebar_get_n_devices (PeerupSidebar *self)
{
  g_return_val_if_fail (PEERUP_IS_SIDEBAR (self), 0);
  return self->devices != NULL ? g_list_model_get_n_items (self->devices) : 0;
}

void
peerup_sidebar_search (PeerupSidebar *self)
{
  g_return_if_fail (PEERUP_IS_SIDEBAR (self));
  if (gtk_widget_get_visible (GTK_WIDGET (self->search)))
    gtk_widget_grab_focus (GTK_WIDGET (self->search));
}

/* The object */

static void
peerup_sidebar_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupSidebar *self = PEERUP_SIDEBAR (object);

  switch (id)
    {
    case PROP_COLLAPSED:
      g_value_set_boolean (value, self->collapsed);
      break;
    case PROP_N_DEVICES:
      g_value_set_uint (value, peerup_sidebar_get_n_devices (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_sidebar_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PeerupSidebar *self = PEERUP_SIDEBAR (object);

  switch (id)
    {
    case PROP_COLLAPSED:
      self->collapsed = g_value_get_boolean (value);
      update_collapsed (self);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_sidebar_map (GtkWidget *widget)
{
  PeerupSidebar *self = PEERUP_SIDEBAR (widget);

  GTK_WIDGET_CLASS (peerup_sidebar_parent_class)->map (widget);
  refresh (self);
  self->tick = g_timeout_add_seconds (TICK, on_tick, self);
}

static void
peerup_sidebar_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&PEERUP_SIDEBAR (widget)->tick, g_source_remove);
  GTK_WIDGET_CLASS (peerup_sidebar_parent_class)->unmap (widget);
}

static void
peerup_sidebar_dispose (GObject *object)
{
  PeerupSidebar *self = PEERUP_SIDEBAR (object);

  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_SIDEBAR);
  g_clear_object (&self->selection);
  g_clear_object (&self->no_selection);
  g_clear_object (&self->items);
  g_clear_object (&self->devices);
  g_clear_object (&self->search_filter);
  g_clear_object (&self->device_filter);
  g_clear_object (&self->sorter);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_sidebar_parent_class)->dispose (object);
}

static void
peerup_sidebar_finalize (GObject *object)
{
  PeerupSidebar *self = PEERUP_SIDEBAR (object);

  g_ptr_array_unref (self->rows);
  g_free (self->shown);
  g_free (self->needle);
  G_OBJECT_CLASS (peerup_sidebar_parent_class)->finalize (object);
}

static void
peerup_sidebar_class_init (PeerupSidebarClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->get_property = peerup_sidebar_get_property;
  object_class->set_property = peerup_sidebar_set_property;
  object_class->dispose = peerup_sidebar_dispose;
  object_class->finalize = peerup_sidebar_finalize;
  widget_class->map = peerup_sidebar_map;
  widget_class->unmap = peerup_sidebar_unmap;
  props[PROP_COLLAPSED] =
    g_param_spec_boolean ("collapsed", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  props[PROP_N_DEVICES] = g_param_spec_uint ("n-devices", NULL, NULL, 0, G_MAXUINT, 0,
                                             G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY);
  g_object_class_install_properties (object_class, N_PROPS, props);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/peerup-sidebar.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebar, search);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebar, stack);
  gtk_widget_class_bind_template_child (widget_class, PeerupSidebar, view);
  gtk_widget_class_bind_template_callback (widget_class, on_activate);
  gtk_widget_class_bind_template_callback (widget_class, on_search_changed);
  gtk_widget_class_bind_template_callback (widget_class, on_stop_search);
}

static void
peerup_sidebar_init (PeerupSidebar *self)
{
  self->rows = g_ptr_array_new ();
  self->needle = g_strdup ("");
  gtk_widget_init_template (GTK_WIDGET (self));
}
