/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One dial-back of an AutoNAT server: a swarm of its own that listens nowhere, one connection, one stream, one
 * message, gone. It lives for one request; it never dials twice, and serves nothing to whom it dials. */

#include "protocols/peerup-autonat-dial.h"

#include "protocols/peerup-autonat.h"
#include "swarm/peerup-probe.h"
#include "wire/peerup-autonat-message.h"
#include "wire/peerup-error.h"
#include "transport/peerup-fiber.h"

typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *client;
  PeerupMultiaddr *address;
  guint64 nonce;
  gint64 deadline;
} Dial;

static void
dial_free (gpointer data)
{
  Dial *self = data;

  g_clear_object (&self->swarm);
  peerup_peer_id_unref (self->client);
  peerup_multiaddr_unref (self->address);
  g_free (self);
}

static PeerupSwarm *
make_swarm (GError **error)
{
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_generate (error);

  return identity != NULL ? peerup_swarm_new (identity, error) : NULL;
}

/* (transfer full) (nullable): only if it is the client that answers there. */
static PeerupConnection *
dial_connect (Dial *self)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  gint64 deadline = MIN (self->deadline, g_get_monotonic_time () + PEERUP_AUTONAT_DIAL_TIMEOUT);
  g_autoptr (PeerupProbe) probe = NULL;
  const PeerupProbeAnswer *answer;

  g_ptr_array_add (addresses, self->address);
  probe = dex_await_boxed (peerup_probe_addresses (self->swarm, addresses, deadline), NULL);
  if (probe == NULL)
    return NULL;
  answer = peerup_probe_get_answer (probe, 0);
  if (answer->connection == NULL || !peerup_peer_id_equal (answer->peer, self->client))
    return NULL;
  return g_object_ref (answer->connection);
}

/* The client has it when it answers. Some reset the stream behind their answer, which may be lost by that. */
static gboolean
dial_await_answer (PeerupStream *stream, gint64 deadline)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = peerup_stream_await_message (stream, PEERUP_AUTONAT_DIAL_BACK_MAX, deadline, &error);

  if (answer == NULL)
    return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_RESET);
  return peerup_autonat_dial_back_response_decode (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), NULL);
}

static gboolean
dial_tell (Dial *self, PeerupConnection *connection)
{
  static const char *const protocols[] = { PEERUP_AUTONAT_DIAL_BACK, NULL };
  gint64 deadline = MIN (self->deadline, g_get_monotonic_time () + PEERUP_AUTONAT_DIAL_BACK_TIMEOUT);
  g_autoptr (GBytes) said = peerup_autonat_dial_back_encode (self->nonce);
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, connection, protocols, deadline), NULL);

  if (stream == NULL ||
      !peerup_stream_await_write_all (stream, g_bytes_get_data (said, NULL), g_bytes_get_size (said), deadline, NULL))
    return FALSE;
  peerup_stream_close_write (stream);
  return dial_await_answer (stream, deadline);
}

static PeerupAutonatDialStatus
dial_run (Dial *self)
{
  g_autoptr (PeerupConnection) connection = dial_connect (self);

  if (connection == NULL)
    return PEERUP_AUTONAT_DIAL_ERROR;
  return dial_tell (self, connection) ? PEERUP_AUTONAT_DIAL_OK : PEERUP_AUTONAT_DIAL_BACK_ERROR;
}

static DexFuture *
dial_fiber (gpointer data)
{
  Dial *self = data;
  g_autoptr (GError) error = NULL;
  PeerupAutonatDialStatus status = PEERUP_AUTONAT_DIAL_ERROR;

  self->swarm = make_swarm (&error);
  if (self->swarm == NULL)
    g_message ("Could not dial %s for its check: %s", peerup_peer_id_get_string (self->client), error->message);
  else
    {
      status = dial_run (self);
      /* It says good-bye by itself; nobody has to wait for that. */
      dex_future_disown (peerup_swarm_close (self->swarm));
    }
  return dex_future_new_for_int (status);
}

DexFuture *
peerup_autonat_dial (PeerupPeerId *client, PeerupMultiaddr *address, guint64 nonce, gint64 deadline)
{
  Dial *self = g_new0 (Dial, 1);

  self->client = peerup_peer_id_ref (client);
  self->address = peerup_multiaddr_ref (address);
  self->nonce = nonce;
  self->deadline = deadline;
  return peerup_fiber_spawn (dial_fiber, self, dial_free);
}
