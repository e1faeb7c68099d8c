/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The one place that knows libnice. An agent lives as long as one session; its sockets end with it, but for the one
 * that was taken, of which the caller has a descriptor of its own. It judges no address: that was done before. */

#include "ice/peerup-ice-agent.h"

#include <fcntl.h>
#include <nice/agent.h>
#include <string.h>

#include "wire/peerup-error.h"

/* What one socket for each address may take. */
#define ADDRESSES_MAX 16
/* Milliseconds without a check under way after which it has failed. */
#define IDLE_TIMEOUT 1000
/* Milliseconds until a check is sent again, which doubles each time, and how often. With the library's 500 and 3, one
 * search in ten found nothing where every third packet is lost. */
#define CHECK_TIMEOUT 150
#define CHECK_REPEATS 5

/* Bytes of what is kept before the socket is taken: no link's datagram is longer. */
#define EARLY_SIZE_MAX 1500

struct _PeerupIceAgent
{
  PeerupIceAgentEvents events;
  gpointer data;
  NiceAgent *agent;
  guint stream;
  char *ufrag;
  char *pwd;
  GPtrArray *early; /* of GBytes */
};

/* Addresses */

gboolean
peerup_ice_address_get (const PeerupIceAddress *self, PeerupSocketAddress *address)
{
  struct sockaddr_in ip4 = { .sin_family = AF_INET, .sin_port = g_htons (self->port) };
  struct sockaddr_in6 ip6 = { .sin6_family = AF_INET6, .sin6_port = g_htons (self->port) };

  if (self->length == sizeof ip4.sin_addr)
    {
      memcpy (&ip4.sin_addr, self->bytes, sizeof ip4.sin_addr);
      return peerup_socket_address_set_native (address, &ip4, sizeof ip4);
    }
  if (self->length != sizeof ip6.sin6_addr)
    return FALSE;
  memcpy (&ip6.sin6_addr, self->bytes, sizeof ip6.sin6_addr);
  return peerup_socket_address_set_native (address, &ip6, sizeof ip6);
}

gboolean
peerup_ice_address_set (PeerupIceAddress *self, const PeerupSocketAddress *address)
{
  if (address->any.sa_family == AF_INET)
    memcpy (self->bytes, &address->ip4.sin_addr, self->length = sizeof address->ip4.sin_addr);
  else if (address->any.sa_family == AF_INET6)
    memcpy (self->bytes, &address->ip6.sin6_addr, self->length = sizeof address->ip6.sin6_addr);
  else
    return FALSE;
  self->port = peerup_socket_address_get_port (address);
  return self->port != 0;
}

static gboolean
address_from_nice (PeerupSocketAddress *self, const NiceAddress *address)
{
  return nice_address_is_valid (address) && peerup_socket_address_set_native (self, &address->s, sizeof address->s);
}

/* Candidates */

static gboolean
candidate_from_nice (PeerupIceCandidate *self, const NiceCandidate *candidate)
{
  PeerupSocketAddress address;

  if (candidate->transport != NICE_CANDIDATE_TRANSPORT_UDP || candidate->type == NICE_CANDIDATE_TYPE_RELAYED ||
      !address_from_nice (&address, &candidate->addr) || !peerup_ice_address_set (&self->address, &address))
    return FALSE;
  self->type = candidate->type == NICE_CANDIDATE_TYPE_HOST ? PEERUP_ICE_HOST : PEERUP_ICE_SERVER_REFLEXIVE;
  self->priority = candidate->priority;
  g_strlcpy (self->foundation, candidate->foundation, sizeof self->foundation);
  return TRUE;
}

static NiceCandidate *
candidate_to_nice (const PeerupIceCandidate *self, guint stream)
{
  static const NiceCandidateType types[] = {
    [PEERUP_ICE_HOST] = NICE_CANDIDATE_TYPE_HOST,
    [PEERUP_ICE_SERVER_REFLEXIVE] = NICE_CANDIDATE_TYPE_SERVER_REFLEXIVE,
    [PEERUP_ICE_PEER_REFLEXIVE] = NICE_CANDIDATE_TYPE_PEER_REFLEXIVE,
  };
  NiceCandidate *candidate;
  PeerupSocketAddress address;

  if (!peerup_ice_address_get (&self->address, &address))
    return NULL;
  candidate = nice_candidate_new (types[self->type]);
  candidate->transport = NICE_CANDIDATE_TRANSPORT_UDP;
  candidate->stream_id = stream;
  candidate->component_id = NICE_COMPONENT_TYPE_RTP;
  candidate->priority = self->priority;
  nice_address_set_from_sockaddr (&candidate->addr, &address.any);
  candidate->base_addr = candidate->addr;
  g_strlcpy (candidate->foundation, self->foundation, sizeof candidate->foundation);
  return candidate;
}

/* What libnice tells */

static void
on_candidate (NiceAgent *agent, NiceCandidate *candidate, gpointer data)
{
  PeerupIceAgent *self = data;
  PeerupIceCandidate told;

  if (candidate_from_nice (&told, candidate))
    self->events.candidate (&told, self->data);
}

static void
on_gathered (NiceAgent *agent, guint stream, gpointer data)
{
  PeerupIceAgent *self = data;

  self->events.gathered (self->data);
}

static void
on_state (NiceAgent *agent, guint stream, guint component, guint state, gpointer data)
{
  PeerupIceAgent *self = data;

  if (state == NICE_COMPONENT_STATE_CONNECTED)
    self->events.connected (self->data);
  else if (state == NICE_COMPONENT_STATE_FAILED)
    self->events.failed (self->data);
}

/* libnice has dropped what comes from anywhere that no signed check came from. */
static void
on_received (NiceAgent *agent, guint stream, guint component, guint length, char *bytes, gpointer data)
{
  PeerupIceAgent *self = data;

  if (length > EARLY_SIZE_MAX || self->early->len >= PEERUP_ICE_EARLY_MAX)
    return;
  g_ptr_array_add (self->early, g_bytes_new (bytes, length));
}

/* Life */

static void
agent_set_server (PeerupIceAgent *self, const PeerupSocketAddress *server)
{
  NiceAddress address;
  char text[NICE_ADDRESS_STRING_LEN];

  if (server == NULL)
    return;
  nice_address_set_from_sockaddr (&address, &server->any);
  nice_address_to_string (&address, text);
  g_object_set (self->agent, "stun-server", text, "stun-server-port", (guint) peerup_socket_address_get_port (server),
                NULL);
}

static guint
agent_add_addresses (PeerupIceAgent *self, const PeerupIceAgentOptions *options)
{
  guint n = 0;

  for (guint i = 0; i < options->n_addresses && n < ADDRESSES_MAX; i++)
    {
      PeerupSocketAddress any_port = options->addresses[i];
      NiceAddress address;

      peerup_socket_address_set_port (&any_port, 0);
      nice_address_set_from_sockaddr (&address, &any_port.any);
      n += nice_agent_add_local_address (self->agent, &address);
    }
  return n;
}

static gboolean
agent_start (PeerupIceAgent *self, const PeerupIceAgentOptions *options)
{
  /* Routers are asked for the port that is listened on (nat/peerup-port-mapping.h). They would answer for this
   * search's socket when the search is long over, and for each one be looked for on every interface. */
  g_object_set (self->agent, "controlling-mode", options->controlling, "upnp", FALSE, "ice-tcp", FALSE,
                "stun-pacing-timer", PEERUP_ICE_PACING, "idle-timeout", IDLE_TIMEOUT, "stun-initial-timeout",
                CHECK_TIMEOUT, "stun-max-retransmissions", CHECK_REPEATS, NULL);
  agent_set_server (self, options->server);
  if (agent_add_addresses (self, options) == 0)
    return FALSE;
  g_signal_connect (self->agent, "new-candidate-full", G_CALLBACK (on_candidate), self);
  g_signal_connect (self->agent, "candidate-gathering-done", G_CALLBACK (on_gathered), self);
  g_signal_connect (self->agent, "component-state-changed", G_CALLBACK (on_state), self);
  self->stream = nice_agent_add_stream (self->agent, 1);
  return self->stream != 0 &&
         nice_agent_attach_recv (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP,
                                 g_main_context_get_thread_default (), on_received, self) &&
         nice_agent_get_local_credentials (self->agent, self->stream, &self->ufrag, &self->pwd) &&
         nice_agent_gather_candidates (self->agent, self->stream);
}

PeerupIceAgent *
peerup_ice_agent_new (const PeerupIceAgentOptions *options, const PeerupIceAgentEvents *events, gpointer data,
                      GError **error)
{
  g_autoptr (PeerupIceAgent) self = g_new0 (PeerupIceAgent, 1);

  self->events = *events;
  self->data = data;
  self->early = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  self->agent = nice_agent_new_full (g_main_context_get_thread_default (), NICE_COMPATIBILITY_RFC5245,
                                     NICE_AGENT_OPTION_ICE_TRICKLE);
  if (agent_start (self, options))
    return g_steal_pointer (&self);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                       "No UDP socket could be opened on an address of this machine");
  return NULL;
}

void
peerup_ice_agent_free (PeerupIceAgent *self)
{
  g_signal_handlers_disconnect_by_data (self->agent, self);
  if (self->stream != 0)
    nice_agent_remove_stream (self->agent, self->stream);
  g_object_unref (self->agent);
  g_ptr_array_unref (self->early);
  g_free (self->ufrag);
  g_free (self->pwd);
  g_free (self);
}

const char *
peerup_ice_agent_get_ufrag (PeerupIceAgent *self)
{
  return self->ufrag;
}

const char *
peerup_ice_agent_get_pwd (PeerupIceAgent *self)
{
  return self->pwd;
}

/* The peer */

gboolean
peerup_ice_agent_set_remote_credentials (PeerupIceAgent *self, const char *ufrag, const char *pwd)
{
  return nice_agent_set_remote_credentials (self->agent, self->stream, ufrag, pwd);
}

void
peerup_ice_agent_add_remote_candidates (PeerupIceAgent *self, const PeerupIceCandidate *candidates, guint n_candidates)
{
  GSList *list = NULL;

  for (guint i = 0; i < n_candidates; i++)
    {
      NiceCandidate *candidate = candidate_to_nice (&candidates[i], self->stream);

      if (candidate != NULL)
        list = g_slist_prepend (list, candidate);
    }
  if (list != NULL)
    nice_agent_set_remote_candidates (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP, list);
  g_slist_free_full (list, (GDestroyNotify) nice_candidate_free);
}

gboolean
peerup_ice_agent_has_remote (PeerupIceAgent *self, const PeerupSocketAddress *address)
{
  GSList *list = nice_agent_get_remote_candidates (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);
  gboolean found = FALSE;

  for (GSList *l = list; l != NULL && !found; l = l->next)
    {
      PeerupSocketAddress known;

      found =
        address_from_nice (&known, &((NiceCandidate *) l->data)->addr) && peerup_socket_address_equal (&known, address);
    }
  g_slist_free_full (list, (GDestroyNotify) nice_candidate_free);
  return found;
}

void
peerup_ice_agent_end_remote_candidates (PeerupIceAgent *self)
{
  nice_agent_peer_candidate_gathering_done (self->agent, self->stream);
}

/* Taking over */

gboolean
peerup_ice_agent_is_connected (PeerupIceAgent *self)
{
  NiceComponentState state = nice_agent_get_component_state (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);

  return state == NICE_COMPONENT_STATE_CONNECTED || state == NICE_COMPONENT_STATE_READY;
}

static int
dup_socket (GSocket *socket)
{
  return fcntl (g_socket_get_fd (socket), F_DUPFD_CLOEXEC, 0);
}

static void
set_gone (GError **error)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "The path that was found is gone again");
}

int
peerup_ice_agent_take (PeerupIceAgent *self, PeerupSocketAddress *local, PeerupSocketAddress *remote, GError **error)
{
  NiceCandidate *ours, *theirs;
  g_autoptr (GSocket) socket = NULL;
  int fd = -1;

  if (nice_agent_get_selected_pair (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP, &ours, &theirs) &&
      address_from_nice (local, &ours->addr) && address_from_nice (remote, &theirs->addr))
    socket = nice_agent_get_selected_socket (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);
  if (socket != NULL)
    fd = dup_socket (socket);
  if (fd < 0)
    set_gone (error);
  return fd;
}

/* Where the socket is bound that others see at @seen. */
static gboolean
agent_find_base (PeerupIceAgent *self, const PeerupSocketAddress *seen, PeerupSocketAddress *base)
{
  GSList *list = nice_agent_get_local_candidates (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);
  gboolean found = FALSE;

  for (GSList *l = list; l != NULL && !found; l = l->next)
    {
      NiceCandidate *candidate = l->data;
      PeerupSocketAddress address;

      found = address_from_nice (&address, &candidate->addr) && peerup_socket_address_equal (&address, seen) &&
              address_from_nice (base, &candidate->base_addr);
    }
  g_slist_free_full (list, (GDestroyNotify) nice_candidate_free);
  return found;
}

static gboolean
is_bound_to (GSocket *socket, const PeerupSocketAddress *address)
{
  PeerupSocketAddress native, bound;
  socklen_t length = sizeof native;

  return getsockname (g_socket_get_fd (socket), &native.any, &length) == 0 &&
         peerup_socket_address_set_native (&bound, &native, length) && peerup_socket_address_equal (&bound, address);
}

GPtrArray *
peerup_ice_agent_take_early (PeerupIceAgent *self)
{
  return g_ptr_array_ref (self->early);
}

int
peerup_ice_agent_take_at (PeerupIceAgent *self, const PeerupSocketAddress *local, GError **error)
{
  g_autoptr (GPtrArray) sockets = NULL;
  PeerupSocketAddress base, remote;

  /* A NAT may show the peer an address that nobody has told us yet: what is connected is then the best guess. */
  if (!agent_find_base (self, local, &base))
    return peerup_ice_agent_take (self, &base, &remote, error);
  sockets = nice_agent_get_sockets (self->agent, self->stream, NICE_COMPONENT_TYPE_RTP);
  for (guint i = 0; i < sockets->len; i++)
    if (is_bound_to (sockets->pdata[i], &base))
      {
        int fd = dup_socket (sockets->pdata[i]);

        if (fd >= 0)
          return fd;
      }
  set_gone (error);
  return -1;
}
