/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a relay answers to this machine: who it is, by which transports, whether it takes us, and
 * where it sees us. Each thing is asked once, and nothing is remembered.
 */
#include "cli/peerup-relay-probe.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-cli.h"
#include "cli/peerup-relay-address.h"
#include "config/peerup-config-identity.h"
#include "nat/peerup-stun-socket.h"
#include "relay/peerup-relay-exchange.h"

static PeerupPrivateKey *
load_identity (PeerupConfig *config, GError **error)
{
  return config != NULL ? peerup_config_identity_load (config, FALSE, NULL, NULL, error)
                        : peerup_private_key_generate (error);
}

PeerupSwarm *
peerup_relay_probe_swarm (PeerupConfig *config, GError **error)
{
  g_autoptr (PeerupPrivateKey) identity = load_identity (config, error);

  return identity != NULL ? peerup_swarm_new (identity, error) : NULL;
}

void
peerup_relay_probe_end (PeerupSwarm *swarm)
{
  if (swarm != NULL)
    dex_await (peerup_swarm_close (swarm), NULL);
}

PeerupProbe *
peerup_relay_probe_dial (PeerupSwarm *swarm, GPtrArray *addresses)
{
  PeerupProbe *probe =
    dex_await_boxed (peerup_probe_addresses (swarm, addresses, g_get_monotonic_time () + PEERUP_RELAY_PROBE_TIMEOUT),
                     NULL);

  g_assert (probe != NULL);
  return probe;
}

static const char *
get_title (const char *transport)
{
  if (g_str_equal (transport, "quic"))
    return "QUIC";
  if (g_str_equal (transport, "tcp"))
    return "TCP";
  return g_str_equal (transport, "websocket") ? "WebSocket" : "other";
}

static char *
get_place (const PeerupProbeAnswer *answer)
{
  g_autofree char *host = peerup_relay_address_dup_host (answer->address);
  g_autofree char *named = NULL;

  if (host == NULL)
    return g_strdup (peerup_multiaddr_get_string (answer->address));
  named = g_strdup_printf (strchr (host, ':') != NULL ? "[%s]:%u" : "%s:%u", host,
                           peerup_relay_address_get_port (answer->address));
  return answer->host != NULL ? g_strdup_printf (_ ("%s at %s"), named, answer->host) : g_steal_pointer (&named);
}

static char *
advise_unreachable (const PeerupProbeAnswer *answer, const char *transport)
{
  guint port = peerup_relay_address_get_port (answer->address);
  const char *protocol = g_str_equal (transport, "quic") ? "UDP" : "TCP";

  if (g_error_matches (answer->error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    return g_strdup_printf (_ ("nobody listens there: does the relay run, and at %s port %u?"), protocol, port);
  if (g_error_matches (answer->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    return g_strdup_printf (_ ("is %s port %u open in the relay's firewall, and %s let out of this network?"), protocol,
                            port, protocol);
  return NULL;
}

static void
report_answer (const PeerupProbeAnswer *answer, PeerupReport *report)
{
  const char *transport = peerup_relay_address_get_transport (answer->address);
  g_autofree char *place = get_place (answer);

  if (answer->peer != NULL)
    {
      g_autofree char *time = peerup_cli_format_rtt (answer->time);

      peerup_report_add (report, PEERUP_REPORT_OK, get_title (transport), NULL, _ ("%s answers, connected within %s"),
                         place, time);
    }
  else
    {
      g_autofree char *next = advise_unreachable (answer, transport);

      gboolean says_where = strstr (answer->error->message, place) != NULL;

      peerup_report_add (report, PEERUP_REPORT_MEND, get_title (transport), next, "%s%s%s", says_where ? "" : place,
                         says_where ? "" : ": ", answer->error->message);
    }
}

/* A relay need not take WebSocket connections, so one that was only guessed at is no news. */
void
peerup_relay_probe_report (PeerupProbe *probe, PeerupReport *report)
{
  for (guint i = 0; i < peerup_probe_get_n_answers (probe); i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (probe, i);
      const char *transport = peerup_relay_address_get_transport (answer->address);

      if (answer->peer != NULL || !g_str_equal (transport, "websocket"))
        report_answer (answer, report);
    }
}

PeerupConnection *
peerup_relay_probe_get_connection (PeerupProbe *probe)
{
  PeerupConnection *best = NULL;

  for (guint i = 0; i < peerup_probe_get_n_answers (probe); i++)
    {
      PeerupConnection *connection = peerup_probe_get_answer (probe, i)->connection;

      if (connection == NULL || peerup_connection_is_closed (connection))
        continue;
      if (best == NULL || g_str_equal (peerup_connection_get_info (connection)->transport, "quic-v1"))
        best = connection;
    }
  return best;
}

/* Why nobody may be asked any more. */
static GError *
closed_error (PeerupProbe *probe)
{
  for (guint i = 0; i < peerup_probe_get_n_answers (probe); i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (probe, i);
      const GError *error = answer->error;

      if (error == NULL && answer->connection != NULL)
        error = peerup_connection_get_error (answer->connection);
      if (answer->peer != NULL && error != NULL)
        return g_error_copy (error);
    }
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the connection was closed"));
}

static char *
format_limits (const PeerupRelayGrant *grant)
{
  g_autofree char *time = grant->limit.duration > 0 ? peerup_cli_format_duration (grant->limit.duration) : NULL;
  g_autofree char *data = grant->limit.data > 0 ? peerup_cli_format_bytes (grant->limit.data) : NULL;

  if (!grant->limited || (time == NULL && data == NULL))
    return g_strdup (_ ("it sets no limits"));
  if (data == NULL)
    return g_strdup_printf (_ ("a connection through it may last %s"), time);
  return g_strdup_printf (_ ("a connection through it may last %s and carry %s each way"),
                          time != NULL ? time : _ ("any time"), data);
}

gboolean
peerup_relay_probe_reserve (PeerupSwarm *swarm, PeerupProbe *probe, gint64 *expires, char **limits, GError **error)
{
  PeerupConnection *connection = peerup_relay_probe_get_connection (probe);
  gint64 deadline = g_get_monotonic_time () + PEERUP_RELAY_QUESTION_TIMEOUT;
  g_auto (PeerupRelayGrant) grant = { 0 };
  g_autoptr (GError) local_error = NULL;

  if (connection != NULL &&
      peerup_relay_reserve (connection, peerup_swarm_get_peer_id (swarm),
                            peerup_connection_get_info (connection)->remote_address, deadline, &grant, &local_error))
    {
      *expires = (gint64) MIN (grant.expires, (guint64) G_MAXINT64);
      *limits = format_limits (&grant);
      return TRUE;
    }
  /* A relay that does not know us closes the connection, which says more than what became of the question. */
  if (connection == NULL || peerup_connection_is_closed (connection))
    g_propagate_error (error, closed_error (probe));
  else
    g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

char *
peerup_relay_probe_advise (PeerupPeerId *self, const GError *error)
{
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    return g_strdup (_ ("it is no relay, or does not relay now: does it run “peerup relay serve”?"));
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
    return g_strdup (_ ("it has no room now; its section “resources” says how much it grants"));
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_GATED) ||
      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED) ||
      g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED))
    return g_strdup_printf (_ ("if it does not know this device yet, run there:\nsudo peerup relay authorize %s"),
                            peerup_peer_id_get_string (self));
  return NULL;
}

static PeerupUdpSocket *
find_socket (GPtrArray *transports, const PeerupSocketAddress *server)
{
  for (guint i = 0; i < transports->len; i++)
    {
      PeerupUdpSocket *socket = peerup_quic_transport_get_socket (transports->pdata[i]);
      PeerupSocketAddress local;

      peerup_udp_socket_get_address (socket, &local);
      if (local.any.sa_family == server->any.sa_family)
        return socket;
    }
  return NULL;
}

char *
peerup_relay_probe_stun (PeerupSwarm *swarm, PeerupMultiaddr *address, const char *host, GError **error)
{
  g_autoptr (GPtrArray) transports = peerup_swarm_dup_quic_transports (swarm);
  g_autofree char *own_host = peerup_relay_address_dup_host (address);
  g_autoptr (PeerupStunSocket) stun = NULL;
  PeerupStunBinding *binding;
  PeerupSocketAddress server;
  PeerupUdpSocket *socket = NULL;
  char *text;

  if (peerup_socket_address_set (&server, host != NULL ? host : own_host, peerup_relay_address_get_port (address)))
    socket = find_socket (transports, &server);
  if (socket == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("no UDP leads there"));
      return NULL;
    }
  stun = peerup_stun_socket_new (socket, NULL);
  binding =
    dex_await_boxed (peerup_stun_socket_ask (stun, &server, g_get_monotonic_time () + PEERUP_RELAY_STUN_TIMEOUT),
                     error);
  if (binding == NULL)
    return NULL;
  text = peerup_socket_address_to_string (&binding->mapped);
  g_boxed_free (PEERUP_TYPE_STUN_BINDING, binding);
  return text;
}
