/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A row that copies. The button carries the row's title in its accessible name, as there may be many on a page. */
#include "app/widgets/peerup-copy-row.h"

#include <glib/gi18n.h>

#include "app/widgets/peerup-toast.h"

struct _PeerupCopyRow
{
  AdwActionRow parent_instance;

  GtkWidget *button; /* the row's */
  char *text;        /* (nullable) */
  char *copied_text; /* (nullable) */
};

G_DEFINE_FINAL_TYPE (PeerupCopyRow, peerup_copy_row, ADW_TYPE_ACTION_ROW)

enum
{
  PROP_TEXT = 1,
  PROP_COPIED_TEXT,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

static void
on_clicked (PeerupCopyRow *self)
{
  if (self->text == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), self->text);
  peerup_toast (GTK_WIDGET (self), self->copied_text != NULL ? self->copied_text : _ ("Copied to the clipboard"));
}

static void
on_title (PeerupCopyRow *self)
{
  /* TRANSLATORS: what a button does, to a screen reader; %s is the title of its row, such as "Link" */
  g_autofree char *name = g_strdup_printf (_ ("Copy %s"), adw_preferences_row_get_title (ADW_PREFERENCES_ROW (self)));

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

void
peerup_copy_row_set_text (PeerupCopyRow *self, const char *text)
{
  const char *subtitle;
  g_autofree char *old = NULL;

  g_return_if_fail (PEERUP_IS_COPY_ROW (self));
  old = g_strdup (self->text);
  if (!g_set_str (&self->text, text))
    return;
  subtitle = adw_action_row_get_subtitle (ADW_ACTION_ROW (self));
  if (subtitle == NULL || *subtitle == '\0' || g_strcmp0 (subtitle, old) == 0)
    adw_action_row_set_subtitle (ADW_ACTION_ROW (self), text != NULL ? text : "");
  gtk_widget_set_sensitive (self->button, text != NULL);
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_TEXT]);
}

const char *
peerup_copy_row_get_text (PeerupCopyRow *self)
{
  g_return_val_if_fail (PEERUP_IS_COPY_ROW (self), NULL);
  return self->text;
}

static void
peerup_copy_row_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupCopyRow *self = PEERUP_COPY_ROW (object);

  switch (id)
    {
    case PROP_TEXT:
      g_value_set_string (value, self->text);
      break;
    case PROP_COPIED_TEXT:
      g_value_set_string (value, self->copied_text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_copy_row_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  PeerupCopyRow *self = PEERUP_COPY_ROW (object);

  switch (id)
    {
    case PROP_TEXT:
      peerup_copy_row_set_text (self, g_value_get_string (value));
      break;
    case PROP_COPIED_TEXT:
      if (g_set_str (&self->copied_text, g_value_get_string (value)))
        g_object_notify_by_pspec (object, pspec);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_copy_row_finalize (GObject *object)
{
  PeerupCopyRow *self = PEERUP_COPY_ROW (object);

  g_free (self->text);
  g_free (self->copied_text);
  G_OBJECT_CLASS (peerup_copy_row_parent_class)->finalize (object);
}

static void
peerup_copy_row_class_init (PeerupCopyRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;

  object_class->get_property = peerup_copy_row_get_property;
  object_class->set_property = peerup_copy_row_set_property;
  object_class->finalize = peerup_copy_row_finalize;
  props[PROP_TEXT] = g_param_spec_string ("text", NULL, NULL, NULL, flags);
  props[PROP_COPIED_TEXT] = g_param_spec_string ("copied-text", NULL, NULL, NULL, flags);
  g_object_class_install_properties (object_class, N_PROPS, props);
}

static void
peerup_copy_row_init (PeerupCopyRow *self)
{
  self->button = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  gtk_widget_set_valign (self->button, GTK_ALIGN_CENTER);
  gtk_widget_set_tooltip_text (self->button, _ ("Copy"));
  gtk_widget_add_css_class (self->button, "flat");
  gtk_widget_set_sensitive (self->button, FALSE);
  g_signal_connect_object (self->button, "clicked", G_CALLBACK (on_clicked), self, G_CONNECT_SWAPPED);
  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (self), FALSE);
  adw_action_row_set_subtitle_lines (ADW_ACTION_ROW (self), 1);
  adw_action_row_add_suffix (ADW_ACTION_ROW (self), self->button);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (self), self->button);
  /* The row names its widget by the title alone. */
  gtk_accessible_reset_relation (GTK_ACCESSIBLE (self->button), GTK_ACCESSIBLE_RELATION_LABELLED_BY);
  g_signal_connect (self, "notify::title", G_CALLBACK (on_title), NULL);
  on_title (self);
}

GtkWidget *
peerup_copy_row_new (const char *title, const char *text)
{
  GtkWidget *self = g_object_new (PEERUP_TYPE_COPY_ROW, "title", title, NULL);

  /* While an object is made nobody is told of its properties, and the row takes what it shows for markup. */
  peerup_copy_row_set_text (PEERUP_COPY_ROW (self), text);
  return self;
}
