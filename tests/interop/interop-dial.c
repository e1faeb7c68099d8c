/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * dial: connects, plays one case of interop-cases.c, prints one result line. */

#include "interop-dial.h"
#include "wire/peerup-error.h"

/* Goes to standard error, for standard output is that of the case. */
static void
on_moved (PeerupConnection *connection, GParamSpec *pspec, gpointer data)
{
  JsonObject *members = json_object_new ();
  g_autofree char *local = NULL;

  g_object_get (connection, "local-address", &local, NULL);
  json_object_set_string_member (members, "event", "moved");
  json_object_set_string_member (members, "local", local);
  interop_print (stderr, members);
}

gboolean
interop_dial_connect (InteropDial *self, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (self->connection != NULL)
    return TRUE;
  self->connection = dex_await_object (dex_future_first (peerup_swarm_connect (self->swarm, self->peer),
                                                         dex_timeout_new_deadline (self->deadline), NULL),
                                       &local);
  if (self->connection == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  g_signal_connect (self->connection, "notify::local-address", G_CALLBACK (on_moved), NULL);
  interop_describe_connection (self->result, self->connection);
  return TRUE;
}

PeerupStream *
interop_dial_open (InteropDial *self, const char *protocol, GError **error)
{
  const char *const protocols[] = { protocol, NULL };

  if (!interop_dial_connect (self, error))
    return NULL;
  return dex_await_object (peerup_swarm_open_stream_on (self->swarm, self->connection, protocols, self->deadline),
                           error);
}

gint64
interop_dial_ping (InteropDial *self, PeerupPinger *pinger, GError **error)
{
  g_autoptr (DexFuture) pinging = peerup_pinger_ping (pinger, self->deadline);
  const GValue *value;

  if (!dex_await (dex_ref (pinging), error))
    return -1;
  value = dex_future_get_value (pinging, error);
  return g_value_get_int64 (value);
}

gboolean
interop_dial_ping_once (InteropDial *self, GError **error)
{
  g_autoptr (PeerupPinger) pinger = peerup_pinger_new (self->swarm, self->peer);

  if (interop_dial_ping (self, pinger, error) < 0)
    return FALSE;
  if (peerup_pinger_get_connection (pinger) == self->connection)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "another connection answered");
  return FALSE;
}

PeerupPeerInfo *
interop_dial_identify (InteropDial *self, GError **error)
{
  if (!interop_dial_connect (self, error) ||
      !dex_await (peerup_identify_wait (self->identify, self->connection), error))
    return NULL;
  return peerup_identify_dup_info (self->identify, self->peer);
}

static const InteropCase *
find_case (const char *name)
{
  for (const InteropCase *one = interop_cases; one->name != NULL; one++)
    if (g_strcmp0 (name, one->name) == 0)
      return one;
  return NULL;
}

gboolean
interop_dial_check (const InteropOptions *options, GError **error)
{
  g_autoptr (PeerupMultiaddr) address =
    options->address != NULL ? peerup_multiaddr_new_from_string (options->address, NULL) : NULL;
  g_autoptr (PeerupPeerId) peer = address != NULL ? peerup_multiaddr_dup_peer_id (address) : NULL;

  if (peer == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                   "--addr %s: not a multiaddr that ends in /p2p/PEERID",
                   options->address != NULL ? options->address : "");
      return FALSE;
    }
  if (find_case (options->action) == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--do %s: no such case",
                   options->action != NULL ? options->action : "");
      return FALSE;
    }
  return TRUE;
}

static gboolean
dial_set_address (InteropDial *self, const char *text, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (text, error);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  if (address == NULL)
    return FALSE;
  self->peer = peerup_multiaddr_dup_peer_id (address);
  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (self->swarm, self->peer, addresses);
  return TRUE;
}

static void
dial_clear (InteropDial *self)
{
  g_clear_object (&self->connection);
  g_clear_object (&self->identify);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_pointer (&self->result, json_object_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (InteropDial, dial_clear)

gboolean
interop_dial (PeerupSwarm *swarm, const InteropOptions *options, GError **error)
{
  const InteropCase *one = find_case (options->action);
  g_auto (InteropDial) self = { .swarm = swarm };
  g_autoptr (GError) failure = NULL;
  gboolean passed;

  g_assert (one != NULL);
  if (!dial_set_address (&self, options->address, error))
    return FALSE;
  self.protocol = options->protocol != NULL ? options->protocol : one->protocol;
  self.bytes = options->bytes >= 0 ? (guint64) options->bytes : one->bytes;
  self.count = options->count > 0 ? (guint) options->count : one->count;
  self.code = (guint8) options->code;
  self.deadline = g_get_monotonic_time () + (gint64) (options->timeout * G_USEC_PER_SEC);
  self.result = json_object_new ();
  json_object_set_string_member (self.result, "do", one->name);
  peerup_ping_serve (swarm);
  self.identify = peerup_identify_new (swarm);
  passed = one->run (&self, &failure);
  json_object_set_boolean_member (self.result, "ok", passed);
  if (!passed)
    json_object_set_string_member (self.result, "error", failure->message);
  interop_print (g_str_equal (one->name, "copy") ? stderr : stdout, json_object_ref (self.result));
  return passed;
}
