/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Each call has a small record of what to say when it has ended. */
#include "app/share/peerup-share-calls.h"

#include <glib/gi18n.h>

#include "app/model/peerup-text.h"
#include "app/widgets/peerup-toast.h"

typedef struct
{
  GWeakRef origin;
  PeerupSession *session;
  char *what;               /* the toast's words of a failure */
  char *name;               /* (nullable): of the service */
  char *address;            /* (nullable) */
  GVariant *options;        /* (nullable): as AddService takes them */
  PeerupShareFailed failed; /* (nullable) */
} Call;

static Call *
call_new (GtkWidget *origin, PeerupSession *session, const char *name, char *what)
{
  Call *self = g_new0 (Call, 1);

  g_weak_ref_init (&self->origin, origin);
  self->session = g_object_ref (session);
  self->name = g_strdup (name);
  self->what = what;
  return self;
}

static void
call_free (gpointer data)
{
  Call *self = data;

  g_weak_ref_clear (&self->origin);
  g_object_unref (self->session);
  g_free (self->what);
  g_free (self->name);
  g_free (self->address);
  g_clear_pointer (&self->options, g_variant_unref);
  g_free (self);
}

/* Whether it went well; else that is said. */
static gboolean
finish (Call *self, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (self->session, result, &error);
  g_autoptr (GtkWidget) origin = g_weak_ref_get (&self->origin);

  if (answer != NULL)
    return TRUE;
  if (origin != NULL)
    peerup_toast_error (origin, self->what, error);
  if (origin != NULL && self->failed != NULL)
    self->failed (origin);
  return FALSE;
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *self = data;

  finish (self, result);
  call_free (self);
}

static char *
make_what (const char *format, const char *name)
{
  g_autofree char *shown = peerup_text_isolate (name);
  g_auto (GStrv) parts = g_strsplit (format, "%s", 2);

  return g_strconcat (parts[0], shown, parts[1], NULL);
}

void
peerup_share_set_usable (GtkWidget *widget, gboolean usable)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *focus = root != NULL ? gtk_root_get_focus (root) : NULL;

  if (!usable && focus != NULL && gtk_widget_is_ancestor (focus, widget))
    gtk_root_set_focus (root, NULL);
  gtk_widget_set_sensitive (widget, usable);
}

/* Errors go on after a colon; here they are a sentence of their own. */
void
peerup_share_show_error (AdwBanner *banner, const GError *error)
{
  g_autofree char *text = peerup_text_clean_to (error->message, 400);
  g_autoptr (GString) sentence = g_string_new (NULL);

  if (text[0] != '\0')
    {
      g_string_append_unichar (sentence, g_unichar_toupper (g_utf8_get_char (text)));
      g_string_append (sentence, g_utf8_next_char (text));
    }
  adw_banner_set_title (banner, sentence->str);
  adw_banner_set_revealed (banner, TRUE);
}

void
peerup_share_call (GtkWidget *origin, PeerupSession *session, const char *operation, GVariant *parameters,
                   const char *what)
{
  peerup_session_call_async (session, operation, parameters, NULL, on_called,
                             call_new (origin, session, NULL, g_strdup (what)));
}

void
peerup_share_enable_service (GtkWidget *origin, PeerupSession *session, const char *name, gboolean enabled,
                             PeerupShareFailed failed)
{
  Call *call =
    call_new (origin, session, name, make_what (enabled ? _ ("Cannot share %s") : _ ("Cannot stop sharing %s"), name));

  call->failed = failed;
  peerup_session_call_async (session, "EnableService", g_variant_new ("(sb)", name, enabled), NULL, on_called, call);
}

/* Added, and undone */

static void
undo_added (gpointer data, gpointer unused)
{
  Call *call = data;
  g_autoptr (GtkWidget) origin = g_weak_ref_get (&call->origin);

  peerup_session_call_async (call->session, "RemoveService", g_variant_new ("(s)", call->name), NULL, on_called,
                             call_new (origin, call->session, call->name,
                                       make_what (_ ("Cannot remove %s"), call->name)));
}

void
peerup_share_said_added (GtkWidget *origin, PeerupSession *session, const char *name)
{
  g_autofree char *shown = peerup_text_isolate (name);
  /* TRANSLATORS: %s is the name of a service */
  g_autofree char *text = g_strdup_printf (_ ("%s is shared"), shown);

  peerup_toast_undo (origin, text, undo_added, call_new (origin, session, name, NULL), call_free);
}

/* Removed, and put back */

static void
undo_removed (gpointer data, gpointer unused)
{
  Call *call = data;
  g_autoptr (GtkWidget) origin = g_weak_ref_get (&call->origin);

  peerup_session_call_async (call->session, "AddService",
                             g_variant_new ("(ss@a{sv})", call->name, call->address, call->options), NULL, on_called,
                             call_new (origin, call->session, call->name,
                                       make_what (_ ("Cannot share %s again"), call->name)));
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *self = data;
  g_autoptr (GtkWidget) origin = NULL;
  g_autofree char *shown = peerup_text_isolate (self->name);
  g_autofree char *text = NULL;

  if (!finish (self, result))
    {
      call_free (self);
      return;
    }
  origin = g_weak_ref_get (&self->origin);
  if (origin == NULL)
    {
      call_free (self);
      return;
    }
  /* TRANSLATORS: %s is the name of a service */
  text = g_strdup_printf (_ ("%s is not shared any longer"), shown);
  if (self->options != NULL)
    peerup_toast_undo (origin, text, undo_removed, self, call_free);
  else
    {
      peerup_toast (origin, text);
      call_free (self);
    }
}

/* As AddService takes it, floating. */
static GVariant *
dup_options (PeerupDBusService1 *service)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  const char *kind = peerup_dbus_service1_get_kind (service);
  const char *const *tags = peerup_dbus_service1_get_tags (service);
  const char *const *allowed = peerup_dbus_service1_get_allowed_peers (service);

  g_variant_dict_insert (&dict, "enabled", "b", peerup_dbus_service1_get_enabled (service));
  if (kind != NULL && kind[0] != '\0')
    g_variant_dict_insert (&dict, "kind", "s", kind);
  if (tags != NULL && tags[0] != NULL)
    g_variant_dict_insert (&dict, "tags", "^as", tags);
  if (allowed != NULL && allowed[0] != NULL)
    g_variant_dict_insert (&dict, "allowed", "^as", allowed);
  if (peerup_dbus_service1_get_restricted (service))
    g_variant_dict_insert (&dict, "restricted", "b", TRUE);
  return g_variant_dict_end (&dict);
}

void
peerup_share_remove_service (GtkWidget *origin, PeerupSession *session, PeerupDBusService1 *service)
{
  const char *name = peerup_dbus_service1_get_name (service);
  gboolean transient = peerup_dbus_service1_get_transient (service);
  Call *call = call_new (origin, session, name,
                         make_what (transient ? _ ("Cannot stop sharing %s") : _ ("Cannot remove %s"), name));

  if (!transient)
    {
      call->address = g_strdup (peerup_dbus_service1_get_address (service));
      call->options = g_variant_ref_sink (dup_options (service));
    }
  peerup_session_call_async (session, transient ? "Unexpose" : "RemoveService", g_variant_new ("(s)", name), NULL,
                             on_removed, call);
}
