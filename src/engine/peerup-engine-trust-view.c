/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What peers may see of us. Everybody sees the protocols that connections live by; a service is seen by whom it is for.
 * A guest sees nothing else: what it was not granted is to it as if it were not there, in identify and when it asks for
 * it, and of our addresses it learns those that the internet knows. That this is Peer-Up, and its version, is no
 * secret: the protocols say the same. A path that is looked for with a guest shows it the candidates of that search.
 */
#include "engine/peerup-engine-private.h"

#include "ice/peerup-ice.h"
#include "pairing/peerup-original-invite.h"
#include "pairing/peerup-original-pair.h"
#include "pairing/peerup-pairing-machine.h"
#include "protocols/peerup-dcutr.h"
#include "protocols/peerup-discovery.h"
#include "service/peerup-log.h"
#include "swarm/peerup-endpoint.h"

/* Without these a guest could not be told anything, nor reached by a better path, nor pair anew; and a relay that is
 * one could not introduce anybody. Who may say what by them is their business. */
static const char *const for_guests[] = {
  PEERUP_IDENTIFY_PROTOCOL,   PEERUP_IDENTIFY_PUSH_PROTOCOL, PEERUP_PING_PROTOCOL,
  PEERUP_DISCOVERY_PROTOCOL,  PEERUP_ICE_PROTOCOL,           PEERUP_DCUTR_PROTOCOL,
  PEERUP_CIRCUIT_STOP,        PEERUP_PAIRING_PROTOCOL,       PEERUP_ORIGINAL_INVITE_PROTOCOL,
  PEERUP_RELAY_PAIR_PROTOCOL, PEERUP_PEER_NOTIFY_PROTOCOL,   NULL,
};

/* (nullable) (transfer full): the service that @protocol is of, if there is one of that name here. */
static char *
dup_service_of (PeerupEngine *self, const char *protocol)
{
  g_autofree char *name = NULL;
  g_autofree char *whole = NULL;

  if (!g_str_has_prefix (protocol, "/peerup/") || !g_str_has_suffix (protocol, "/1.0.0"))
    return NULL;
  name = g_strndup (protocol + strlen ("/peerup/"), strlen (protocol) - strlen ("/peerup//1.0.0"));
  if (!peerup_service_name_is_valid (name) || peerup_service_set_find (self->services, name) == NULL)
    return NULL;
  return g_steal_pointer (&name);
}

static gboolean
sees_protocol (PeerupEngine *self, PeerupPeerId *peer, gboolean guest, const char *protocol)
{
  g_autofree char *service = dup_service_of (self, protocol);

  if (service != NULL)
    return peerup_engine_trust_sees (self->trust, peer, service);
  return !guest || g_strv_contains (for_guests, protocol);
}

/* PeerupProtocolView: to others a service that is not for them says so. One that a guest may ask for (see
 * peerup-engine-prompts.c) is negotiated, so that its stream can wait. */
static gboolean
may_negotiate (PeerupSwarm *swarm, PeerupConnection *connection, const char *protocol, gpointer data)
{
  PeerupEngine *self = data;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  g_autofree char *service = NULL;

  if (self->trust == NULL || !peerup_engine_trust_is_guest (self->trust, peer) ||
      sees_protocol (self, peer, TRUE, protocol))
    return TRUE;
  service = dup_service_of (self, protocol);
  if (service != NULL && peerup_engine_prompts_may_ask (self->prompts, peer, service))
    return TRUE;
  if (service != NULL)
    (void) peerup_engine_trust_decide (self->trust, peer, service, connection);
  return FALSE;
}

/* Of the internet: reached through a relay, or public. */
static gboolean
is_public (PeerupMultiaddr *address)
{
  g_auto (PeerupEndpoint) endpoint = { 0 };

  return peerup_multiaddr_find (address, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL) ||
         (peerup_endpoint_parse (address, &endpoint, NULL) &&
          peerup_endpoint_get_scope (&endpoint) == PEERUP_SCOPE_PUBLIC);
}

/* PeerupIdentifyView */
static void
take_away (PeerupPeerId *peer, GPtrArray *protocols, GPtrArray *addresses, gpointer data)
{
  PeerupEngine *self = data;
  gboolean guest;

  if (self->trust == NULL)
    return;
  guest = peerup_engine_trust_is_guest (self->trust, peer);
  for (guint i = protocols->len; i > 0; i--)
    if (!sees_protocol (self, peer, guest, protocols->pdata[i - 1]))
      g_ptr_array_remove_index (protocols, i - 1);
  for (guint i = addresses->len; guest && i > 0; i--)
    if (!is_public (addresses->pdata[i - 1]))
      g_ptr_array_remove_index (addresses, i - 1);
}

void
peerup_engine_show_view (PeerupEngine *self)
{
  peerup_swarm_set_protocol_view (self->swarm, may_negotiate, self);
  peerup_identify_set_view (self->identify, take_away, self);
}

/* What a peer begins */

gboolean
peerup_engine_admits (PeerupPeerId *peer, gpointer engine)
{
  PeerupEngine *self = engine;

  return self->trust != NULL && peerup_engine_trust_sees (self->trust, peer, NULL);
}

gboolean
peerup_engine_authorizes (PeerupEngine *self, PeerupPeerId *peer)
{
  return self->trust != NULL && !peerup_engine_trust_is_open (self->trust) &&
         peerup_engine_trust_look (self->trust, peer, NULL).reason == PEERUP_DECISION_AUTHORIZED &&
         !peerup_engine_trust_is_guest (self->trust, peer);
}

static void
log_refusal (PeerupEngine *self, const PeerupDecision *decision, PeerupPeerId *peer, const char *service)
{
  g_autofree char *who = peerup_engine_describe (self, peer);
  g_autofree char *sentence = peerup_engine_trust_dup_sentence (self->trust, decision, peer, service);

  peerup_log (G_LOG_LEVEL_MESSAGE,
              &(PeerupLogFields) {
                .profile = self->profile, .peer = peerup_peer_id_get_string (peer), .service = service },
              "Refused service %s to %s: %s", service, who, sentence);
}

DexFuture *
peerup_engine_asks_about_service (PeerupService *service, PeerupPeerId *peer, gpointer engine)
{
  PeerupEngine *self = engine;

  return peerup_engine_prompts_ask_access (self->prompts, peer, peerup_service_get_name (service));
}

gboolean
peerup_engine_admits_to_service (PeerupService *service, PeerupPeerId *peer, PeerupConnection *connection,
                                 gpointer engine)
{
  PeerupEngine *self = engine;
  const char *name = peerup_service_get_name (service);
  PeerupDecision decision;

  if (self->trust == NULL)
    return FALSE;
  if (connection == NULL)
    return peerup_engine_trust_sees (self->trust, peer, name);
  decision = peerup_engine_trust_decide (self->trust, peer, name, connection);
  if (!decision.allow)
    log_refusal (self, &decision, peer, name);
  return decision.allow;
}
