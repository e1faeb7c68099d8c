/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a rendezvous asks of the machine that it is on: the engine's relay says who may use it, its trust lets visitors
 * in, and authorized_keys gets who has joined. Lives from the start to the end of a run. It answers nobody itself.
 */
#include "engine/peerup-engine-rendezvous.h"

#include "engine/peerup-engine-private.h"
#include "relay/peerup-rendezvous-sponsor.h"

#define DIRECTORY "rendezvous"

struct _PeerupEngineRendezvous
{
  PeerupEngine *engine;           /* owns this */
  PeerupRendezvousServer *server; /* NULL before it is first wanted */
};

/* As the server asks */

static gboolean
is_member (PeerupPeerId *peer, gpointer data)
{
  PeerupEngineRendezvous *self = data;

  return peerup_engine_relay_may_use (self->engine->relay, peer);
}

static gboolean
is_here (PeerupPeerId *peer, gpointer data)
{
  PeerupEngineRendezvous *self = data;

  return peerup_engine_relay_is_reserved_by (self->engine->relay, peer);
}

static void
admit_until (PeerupPeerId *peer, gint64 until, gpointer data)
{
  PeerupEngineRendezvous *self = data;
  PeerupEngineTrust *trust = self->engine->trust;

  peerup_engine_trust_audit (trust, until > 0 ? "pass-shown" : "pass-ended", peer, NULL, NULL);
  peerup_engine_trust_admit_until (trust, peer, until);
  if (until == 0)
    peerup_engine_relay_revoke (self->engine->relay, peer);
}

static gboolean
sponsor (PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until, const char *name, gpointer data, GError **error)
{
  PeerupEngine *engine = ((PeerupEngineRendezvous *) data)->engine;
  g_autofree char *reason = NULL;

  /* Whoever finds it is let in. */
  if (peerup_engine_trust_is_open (engine->trust))
    return TRUE;
  if (!peerup_config_get_relay_sponsor (engine->config))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED, "relay.sponsor is false");
      return FALSE;
    }
  if (!peerup_rendezvous_sponsor (peerup_config_get_authorized_keys_file (engine->config), inviter, joined, until, name,
                                  g_get_real_time () / G_USEC_PER_SEC, error) ||
      !peerup_engine_trust_reload (engine->trust, error))
    return FALSE;
  /* He is here in his own right now, and goes when that ends. */
  peerup_engine_trust_admit_until (engine->trust, joined, 0);
  reason = g_strconcat ("sponsored by ", peerup_peer_id_get_string (inviter), NULL);
  peerup_engine_trust_audit (engine->trust, "sponsored", joined, NULL, reason);
  return TRUE;
}

/* Life */

static char *
get_directory (PeerupEngine *engine)
{
  const char *state = g_getenv ("STATE_DIRECTORY");
  g_autofree char *directory = g_path_get_dirname (engine->config_path);

  return g_build_filename (state != NULL && g_path_is_absolute (state) ? state : directory, DIRECTORY, NULL);
}

static void
begin (PeerupEngineRendezvous *self)
{
  const PeerupRendezvousHost host = {
    .is_member = is_member,
    .is_here = is_here,
    .admit_until = admit_until,
    .sponsor = sponsor,
    .data = self,
  };
  g_autofree char *directory = get_directory (self->engine);

  self->server = peerup_rendezvous_server_new (self->engine->swarm, &host, directory);
}

void
peerup_engine_rendezvous_follow (PeerupEngineRendezvous *self, gboolean serves)
{
  if (self->server == NULL && serves)
    begin (self);
  if (self->server != NULL)
    peerup_rendezvous_server_set_draining (self->server, !serves);
}

gboolean
peerup_engine_rendezvous_is_visitor (PeerupEngineRendezvous *self, PeerupPeerId *peer)
{
  return self->server != NULL && peerup_rendezvous_server_is_visitor (self->server, peer);
}

gboolean
peerup_engine_rendezvous_may_reach (PeerupEngineRendezvous *self, PeerupPeerId *peer, PeerupPeerId *target)
{
  return self->server != NULL && peerup_rendezvous_server_may_reach (self->server, peer, target);
}

void
peerup_engine_rendezvous_get_figures (PeerupEngineRendezvous *self, guint *n_numbers, PeerupRendezvousFigures *figures)
{
  *n_numbers = 0;
  *figures = (PeerupRendezvousFigures) { 0 };
  if (self->server == NULL)
    return;
  *n_numbers = peerup_rendezvous_server_get_n_numbers (self->server);
  peerup_rendezvous_server_get_figures (self->server, figures);
}

PeerupEngineRendezvous *
peerup_engine_rendezvous_new (PeerupEngine *engine)
{
  PeerupEngineRendezvous *self = g_new0 (PeerupEngineRendezvous, 1);

  self->engine = engine;
  return self;
}

void
peerup_engine_rendezvous_free (PeerupEngineRendezvous *self)
{
  g_clear_pointer (&self->server, peerup_rendezvous_server_free);
  g_free (self);
}
