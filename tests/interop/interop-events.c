/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the program says on standard output, and what it is told on standard input. */

#include <glib-unix.h>
#include <string.h>

#include "interop.h"

void
interop_print (FILE *file, JsonObject *members)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), members);
  g_autofree char *text = json_to_string (node, FALSE);

  fprintf (file, "%s\n", text);
  fflush (file);
  json_object_unref (members);
}

void
interop_emit (const char *event, JsonObject *members)
{
  json_object_set_string_member (members, "event", event);
  interop_print (stdout, members);
}

JsonArray *
interop_strings (const char *const *strings)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; strings != NULL && strings[i] != NULL; i++)
    json_array_add_string_element (array, strings[i]);
  return array;
}

JsonArray *
interop_addresses_of (GPtrArray *addresses, PeerupPeerId *peer)
{
  JsonArray *full = json_array_new ();

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_with_peer_id (addresses->pdata[i], peer);

      json_array_add_string_element (full, peerup_multiaddr_get_string (address));
    }
  return full;
}

void
interop_describe_connection (JsonObject *members, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  json_object_set_string_member (members, "peer", peerup_peer_id_get_string (info->remote_peer));
  json_object_set_string_member (members, "transport", info->transport);
  json_object_set_string_member (members, "security", info->security);
  json_object_set_string_member (members, "muxer", info->muxer);
  json_object_set_boolean_member (members, "limited", info->limited);
  json_object_set_boolean_member (members, "outbound", info->outbound);
  json_object_set_boolean_member (members, "punched", info->punched);
}

static int
compare_names (gconstpointer a, gconstpointer b, gpointer data)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

void
interop_describe_info (JsonObject *members, PeerupPeerInfo *info)
{
  g_auto (GStrv) protocols = g_strdupv (info->protocols);
  JsonArray *addresses = json_array_new ();

  g_sort_array (protocols, g_strv_length (protocols), sizeof *protocols, compare_names, NULL);
  for (guint i = 0; i < info->addresses->len; i++)
    json_array_add_string_element (addresses, peerup_multiaddr_get_string (info->addresses->pdata[i]));
  json_object_set_string_member (members, "peer", peerup_peer_id_get_string (info->peer));
  json_object_set_string_member (members, "agent", info->agent != NULL ? info->agent : "");
  json_object_set_string_member (members, "protocol_version",
                                 info->protocol_version != NULL ? info->protocol_version : "");
  json_object_set_array_member (members, "protocols", interop_strings ((const char *const *) protocols));
  json_object_set_array_member (members, "addrs", addresses);
  json_object_set_string_member (members, "observed",
                                 info->observed_address != NULL ? peerup_multiaddr_get_string (info->observed_address)
                                                                : "");
  json_object_set_boolean_member (members, "signed", info->addresses_signed);
}

/* Commands. */

typedef struct
{
  InteropLineFunc func;
  gpointer data;
  DexPromise *ended;
  GIOChannel *input;
  guint watch;
  guint signal;
} Commands;

/* Destroys the sources, and the object with them: the caller returns at once. */
static gboolean
commands_end (Commands *self)
{
  g_source_remove (self->watch);
  g_source_remove (self->signal);
  g_io_channel_unref (self->input);
  dex_promise_resolve_boolean (self->ended, TRUE);
  dex_unref (self->ended);
  g_free (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_signal (gpointer data)
{
  return commands_end (data);
}

static gboolean
on_input (GIOChannel *input, GIOCondition condition, gpointer data)
{
  Commands *self = data;
  g_autofree char *line = NULL;
  gsize end = 0;
  GIOStatus status = g_io_channel_read_line (input, &line, NULL, &end, NULL);

  if (status == G_IO_STATUS_AGAIN)
    return G_SOURCE_CONTINUE;
  if (status != G_IO_STATUS_NORMAL)
    return commands_end (self);
  line[end] = '\0';
  if (g_str_equal (line, "quit"))
    return commands_end (self);
  self->func (line, self->data);
  return G_SOURCE_CONTINUE;
}

DexFuture *
interop_read_commands (InteropLineFunc func, gpointer data)
{
  Commands *self = g_new0 (Commands, 1);

  self->func = func;
  self->data = data;
  self->ended = dex_promise_new ();
  self->input = g_io_channel_unix_new (0);
  self->watch = g_io_add_watch (self->input, G_IO_IN | G_IO_HUP | G_IO_ERR, on_input, self);
  self->signal = g_unix_signal_add (SIGTERM, on_signal, self);
  return DEX_FUTURE (dex_ref (self->ended));
}
