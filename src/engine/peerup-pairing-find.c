/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A fiber for the LAN and one for each relay, which all report here. What they hear is nothing but a hint where to
 * dial: whoever answers there has to prove that it knows the code.
 */
#include "engine/peerup-pairing-find.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "pairing/peerup-sealed-invite.h"
#include "relay/peerup-rendezvous.h"
#include "transport/peerup-fiber.h"

/* Microseconds until a relay is asked again. */
#define ASK_AGAIN_TIME (3 * G_USEC_PER_SEC)

struct _PeerupPairingFinder
{
  grefcount references;
  PeerupEnginePairing *pairing;
  PeerupInviteCode *code;
  gint64 deadline;
  GPtrArray *claimants;
  DexPromise *news; /* resolved and made anew */
  DexPromise *stop; /* resolved when it is stopped */
  gboolean stopped;
  guint n_relays, n_asked, n_answered, n_unknown;
  gboolean known, here;
  GBytes *sealed;
  char *trouble;
};

static PeerupPairingFinder *
finder_ref (PeerupPairingFinder *self)
{
  g_ref_count_inc (&self->references);
  return self;
}

static void
finder_unref (gpointer data)
{
  PeerupPairingFinder *self = data;

  if (!g_ref_count_dec (&self->references))
    return;
  peerup_pairing_hub_unref (self->pairing);
  peerup_invite_code_free (self->code);
  g_ptr_array_unref (self->claimants);
  dex_unref (self->news);
  dex_unref (self->stop);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_free (self->trouble);
  g_free (self);
}

static void
tell (PeerupPairingFinder *self)
{
  g_autoptr (DexPromise) news = g_steal_pointer (&self->news);

  self->news = dex_promise_new ();
  dex_promise_resolve_boolean (news, TRUE);
}

static gboolean
is_on (PeerupPairingFinder *self)
{
  return !self->stopped && self->pairing->engine != NULL && g_get_monotonic_time () < self->deadline;
}

static void
add_claimant (PeerupPairingFinder *self, PeerupPeerId *peer)
{
  if (peerup_peer_id_equal (peer, peerup_pairing_get_own_id (self->pairing)))
    return;
  if (!g_ptr_array_find_with_equal_func (self->claimants, peer, peerup_peer_id_equal, NULL))
    g_ptr_array_add (self->claimants, peerup_peer_id_ref (peer));
  tell (self);
}

/* The LAN */

/* Whichever comes first; FALSE: it was stopped, or found nothing. */
static gboolean
await_or_stop (PeerupPairingFinder *self, DexFuture *future)
{
  g_autoptr (DexFuture) found = future;

  dex_await (dex_future_first (dex_ref (DEX_FUTURE (self->stop)), dex_ref (found), NULL), NULL);
  return !self->stopped && dex_future_is_resolved (found);
}

static DexFuture *
lan_fiber (gpointer data)
{
  PeerupPairingFinder *self = data;
  PeerupEngineLan *lan = self->pairing->engine != NULL ? self->pairing->engine->lan : NULL;
  g_autoptr (DexFuture) found = NULL;

  if (lan == NULL)
    return dex_future_new_true ();
  found = self->code->kind == PEERUP_CODE_LONG
            ? peerup_engine_lan_find_peer (lan, self->code->inviter, self->deadline)
            : peerup_engine_lan_find_invite (lan, self->code->number, self->deadline);
  if (!await_or_stop (self, dex_ref (found)))
    return dex_future_new_true ();
  if (self->code->kind == PEERUP_CODE_LONG)
    tell (self);
  else
    {
      const PeerupMdnsInviter *inviter = g_value_get_boxed (dex_future_get_value (found, NULL));

      add_claimant (self, inviter->peer);
    }
  return dex_future_new_true ();
}

/* Relays */

typedef struct
{
  PeerupPairingFinder *finder;
  PeerupPeerId *relay;
  GPtrArray *addresses; /* of PeerupMultiaddr, each with the relay's ID */
  gboolean ours;
  gboolean passed;  /* it lets us in, or knows of no passes */
  gboolean denied;  /* the pass does not count there, or not yet; maybe it lets in everybody */
  gboolean foreign; /* it is ours by the configuration, and does not know us */
} Asking;

static void
asking_free (gpointer data)
{
  Asking *self = data;

  finder_unref (self->finder);
  peerup_peer_id_unref (self->relay);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

/* Who is dialed through this relay from now on. */
static void
add_circuits (Asking *self, PeerupPeerId *inviter)
{
  g_autoptr (GPtrArray) circuits = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupMultiaddr) tail = peerup_multiaddr_newf ("/p2p-circuit");

  for (guint i = 0; i < self->addresses->len; i++)
    {
      PeerupMultiaddr *circuit = peerup_multiaddr_concat (self->addresses->pdata[i], tail);

      if (circuit != NULL)
        g_ptr_array_add (circuits, circuit);
    }
  peerup_swarm_add_addresses (self->finder->pairing->swarm, inviter, circuits);
  add_claimant (self->finder, inviter);
}

static void
note_trouble (Asking *self, const GError *error)
{
  if (self->finder->trouble != NULL)
    return;
  self->finder->trouble =
    g_strdup_printf (_ ("the relay %s: %s"), peerup_multiaddr_get_string (self->addresses->pdata[0]), error->message);
}

/* A relay that is not ours lets us in by the pass. One that does not know of passes may let in everybody. */
static void
present_pass (Asking *self)
{
  const PeerupInviteCode *code = self->finder->code;
  guint8 pass[PEERUP_PASS_LENGTH];
  g_autoptr (GError) error = NULL;

  peerup_sealed_invite_get_pass (code->secret, code->inviter, pass);
  if (!dex_await (peerup_rendezvous_present_pass (self->finder->pairing->swarm, self->relay, code->number,
                                                  code->inviter, pass,
                                                  g_get_monotonic_time () + PEERUP_PAIRING_RELAY_TIME),
                  &error))
    note_trouble (self, error);
  self->passed = error == NULL || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  self->denied = g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED);
  explicit_bzero (pass, sizeof pass);
}

static void
note_answer (Asking *self, const PeerupRendezvousFound *found, const GError *error)
{
  PeerupPairingFinder *finder = self->finder;

  if (found != NULL)
    {
      finder->known = TRUE;
      finder->here |= found->here;
      if (found->sealed != NULL && finder->sealed == NULL)
        finder->sealed = g_bytes_ref (found->sealed);
      if (finder->code->kind == PEERUP_CODE_SPOKEN)
        add_circuits (self, found->inviter);
    }
  else if (!g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    note_trouble (self, error);
}

/* TRUE: it was asked, and need not be again soon. */
static gboolean
ask (Asking *self, gboolean *unknown)
{
  PeerupPairingFinder *finder = self->finder;
  g_autoptr (PeerupRendezvousFound) found = NULL;
  g_autoptr (GError) error = NULL;

  /* A stranger may ask little on one connection. */
  if (self->denied)
    peerup_swarm_disconnect (finder->pairing->swarm, self->relay, PEERUP_CONNECTION_CODE_NONE);
  if (finder->code->kind == PEERUP_CODE_LONG && (!self->ours || self->foreign) && !self->passed)
    present_pass (self);
  if (!is_on (finder))
    return FALSE;
  if (finder->code->kind == PEERUP_CODE_LONG && (self->ours || self->passed || self->denied))
    add_circuits (self, finder->code->inviter);
  found = dex_await_boxed (peerup_rendezvous_find (finder->pairing->swarm, self->relay, finder->code->number,
                                                   finder->code->inviter,
                                                   g_get_monotonic_time () + PEERUP_PAIRING_RELAY_TIME),
                           &error);
  if (finder->stopped)
    return FALSE;
  note_answer (self, found, error);
  /* It has been started anew, or had no place for one more stranger. */
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_DENIED))
    {
      self->passed = FALSE;
      self->foreign = TRUE;
    }
  *unknown = g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) || (found == NULL && self->denied);
  return found != NULL || *unknown;
}

static DexFuture *
relay_fiber (gpointer data)
{
  Asking *self = data;
  PeerupPairingFinder *finder = self->finder;
  gboolean asked = FALSE;
  gboolean answered = FALSE;
  gboolean was_unknown = FALSE;

  while (is_on (finder))
    {
      gboolean unknown = FALSE;

      if (ask (self, &unknown) && !answered)
        finder->n_answered++, answered = TRUE;
      finder->n_unknown += (guint) unknown - (guint) was_unknown;
      was_unknown = unknown;
      if (!asked)
        finder->n_asked++, asked = TRUE;
      tell (finder);
      if (is_on (finder))
        dex_await (dex_future_first (dex_ref (DEX_FUTURE (finder->stop)), dex_timeout_new_usec (ASK_AGAIN_TIME), NULL),
                   NULL);
    }
  return dex_future_new_true ();
}

static void
ask_relay (PeerupPairingFinder *self, PeerupPeerId *relay, GPtrArray *all)
{
  Asking *asking = g_new0 (Asking, 1);

  asking->finder = finder_ref (self);
  asking->relay = peerup_peer_id_ref (relay);
  asking->ours = peerup_relay_client_uses (self->pairing->engine->relays, relay);
  asking->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  for (guint i = 0; i < all->len; i++)
    {
      g_autoptr (PeerupPeerId) other = peerup_multiaddr_dup_peer_id (all->pdata[i]);

      if (other != NULL && peerup_peer_id_equal (relay, other))
        g_ptr_array_add (asking->addresses, peerup_multiaddr_ref (all->pdata[i]));
    }
  self->n_relays++;
  /* It ends when the finder does. */
  dex_future_disown (peerup_fiber_spawn (relay_fiber, asking, asking_free));
}

static void
ask_relays (PeerupPairingFinder *self, GPtrArray *addresses)
{
  g_autoptr (GHashTable) asked =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);

  peerup_pairing_tell_relays (self->pairing, addresses);
  for (guint i = 0; i < addresses->len; i++)
    {
      PeerupPeerId *relay = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);

      if (relay != NULL && g_hash_table_add (asked, relay))
        ask_relay (self, relay, addresses);
    }
}

/* Life */

PeerupPairingFinder *
peerup_pairing_finder_new (PeerupEnginePairing *pairing, const PeerupInviteCode *code, gint64 deadline)
{
  PeerupPairingFinder *self = g_new0 (PeerupPairingFinder, 1);

  g_ref_count_init (&self->references);
  self->pairing = peerup_pairing_hub_ref (pairing);
  self->code = peerup_invite_code_copy (code);
  self->deadline = deadline;
  self->claimants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  self->news = dex_promise_new ();
  self->stop = dex_promise_new ();
  if (code->kind == PEERUP_CODE_LONG)
    {
      peerup_swarm_add_addresses (pairing->swarm, code->inviter, code->addresses);
      add_claimant (self, code->inviter);
      ask_relays (self, code->relays);
    }
  else
    ask_relays (self, peerup_config_get_relay_addresses (pairing->engine->config));
  dex_future_disown (peerup_fiber_spawn (lan_fiber, finder_ref (self), finder_unref));
  return self;
}

void
peerup_pairing_finder_stop (PeerupPairingFinder *self)
{
  self->stopped = TRUE;
  dex_promise_resolve_boolean (self->stop, TRUE);
  tell (self);
  finder_unref (self);
}

/* What was found */

guint
peerup_pairing_finder_get_n_claimants (PeerupPairingFinder *self)
{
  return self->claimants->len;
}

PeerupPeerId *
peerup_pairing_finder_get_claimant (PeerupPairingFinder *self, guint index)
{
  return self->claimants->pdata[index];
}

void
peerup_pairing_finder_await (PeerupPairingFinder *self, gint64 deadline)
{
  dex_await (dex_future_first (dex_ref (DEX_FUTURE (self->news)), dex_timeout_new_deadline (deadline), NULL), NULL);
}

gboolean
peerup_pairing_finder_has_asked (PeerupPairingFinder *self)
{
  return self->n_asked == self->n_relays;
}

gboolean
peerup_pairing_finder_is_known (PeerupPairingFinder *self)
{
  return self->known;
}

gboolean
peerup_pairing_finder_is_here (PeerupPairingFinder *self)
{
  return self->here;
}

gboolean
peerup_pairing_finder_is_over (PeerupPairingFinder *self)
{
  return self->n_relays > 0 && self->n_asked == self->n_relays && self->n_unknown == self->n_answered &&
         self->n_unknown > 0;
}

GBytes *
peerup_pairing_finder_get_sealed (PeerupPairingFinder *self)
{
  return self->sealed;
}

const char *
peerup_pairing_finder_get_trouble (PeerupPairingFinder *self)
{
  return self->trouble;
}
