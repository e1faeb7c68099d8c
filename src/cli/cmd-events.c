/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup events: the signals of the engine as they come, whatever they are: their arguments are called what data/dbus
 * calls them.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-attached.h"

static char **match;

const GOptionEntry cmd_events_options[] = {
  { "match", 'm', 0, G_OPTION_ARG_STRING_ARRAY, &match, N_ ("Only events of this name (may be repeated)"), "NAME" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupCli *cli;
  DexPromise *end;
} Session;

static gboolean
on_signal (gpointer data)
{
  Session *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  return G_SOURCE_CONTINUE;
}

/* (transfer full): what argument @index of a signal is called. */
static char *
name_argument (const char *signal, guint index)
{
  static const char *const changed[] = { "interface", "changed", "invalidated" };
  const GDBusSignalInfo *info = g_dbus_interface_info_lookup_signal (peerup_dbus_engine1_interface_info (), signal);

  if (g_str_equal (signal, "PropertiesChanged") && index < G_N_ELEMENTS (changed))
    return g_strdup (changed[index]);
  for (guint i = 0; info != NULL && info->args != NULL && info->args[i] != NULL; i++)
    if (i == index)
      return g_strdup (info->args[i]->name);
  return g_strdup_printf ("arg%u", index);
}

/* Floating: a{sv}. */
static GVariant *
name_arguments (const char *signal, GVariant *parameters)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  for (guint i = 0; i < g_variant_n_children (parameters); i++)
    {
      g_autofree char *name = name_argument (signal, i);
      g_autoptr (GVariant) value = g_variant_get_child_value (parameters, i);

      g_variant_dict_insert_value (&dict, name, value);
    }
  return g_variant_dict_end (&dict);
}

static void
print_json (const char *time, const char *signal, const char *path, GVariant *arguments)
{
  peerup_cli_print_variant_line (
    g_variant_new_parsed ("{'time': <%s>, 'event': <%s>, 'path': <%s>, 'arguments': <%@a{sv}>}", time, signal, path,
                          arguments));
}

/* "id: 12D3KooW…, peer: {'state': <'connected'>}". */
static char *
format_arguments (GVariant *arguments)
{
  g_autoptr (GString) text = g_string_new (NULL);
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_iter_init (&iter, arguments);
  while (g_variant_iter_loop (&iter, "{&sv}", &name, &value))
    {
      g_autofree char *printed = g_variant_print (value, FALSE);
      const char *shown =
        g_variant_is_of_type (value, G_VARIANT_TYPE_STRING) ? g_variant_get_string (value, NULL) : printed;

      if (shown[0] != '\0')
        g_string_append_printf (text, "%s%s: %s", text->len > 0 ? ", " : "", name, shown);
    }
  return g_strdelimit (g_string_free_and_steal (g_steal_pointer (&text)), "\r\n", ' ');
}

static void
on_event (GDBusConnection *connection, const char *sender, const char *path, const char *interface, const char *signal,
          GVariant *parameters, gpointer data)
{
  const Session *self = data;
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *time = NULL;
  g_autofree char *text = NULL;
  g_autoptr (GVariant) arguments = NULL;

  if (match != NULL && !g_strv_contains ((const char *const *) match, signal))
    return;
  arguments = g_variant_ref_sink (name_arguments (signal, parameters));
  if (self->cli->json)
    {
      time = g_date_time_format_iso8601 (now);
      print_json (time, signal, path, arguments);
      return;
    }
  time = g_date_time_format (now, "%H:%M:%S");
  text = format_arguments (arguments);
  peerup_cli_print ("%s  %s  %s\n", time, signal, text);
}

static gboolean
follow (PeerupCli *cli, PeerupClient *client, GError **error)
{
  GDBusProxy *proxy = G_DBUS_PROXY (peerup_client_get_proxy (client));
  GDBusConnection *connection = g_dbus_proxy_get_connection (proxy);
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);
  Session self = { cli, dex_promise_new () };
  gboolean interrupted;
  guint id;

  /* Of whatever object and interface there is; on a bus from the engine alone. */
  id = g_dbus_connection_signal_subscribe (connection, owner, NULL, NULL, NULL, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
                                           on_event, &self, NULL);
  peerup_cli_catch_signals (cli, on_signal, &self);
  peerup_cli_say (_ ("Following what happens; press Ctrl+C to end."));
  dex_await (dex_future_first (dex_ref (self.end), peerup_client_wait_closed (client), NULL), NULL);
  g_dbus_connection_signal_unsubscribe (connection, id);
  interrupted = !dex_future_is_pending (DEX_FUTURE (self.end));
  dex_unref (self.end);
  if (!interrupted)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the daemon has ended"));
  return interrupted;
}

int
cmd_events (PeerupCli *cli)
{
  return peerup_cli_release_signals (cli, peerup_attached_run (cli, follow));
}
