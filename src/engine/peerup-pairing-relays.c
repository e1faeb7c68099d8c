/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What our relays know of invites: that they are open, again whenever a relay is back, which may have forgotten; and
 * that they are over, with who has joined, whom a relay lets in then because of us. One question at a time for each
 * invite and relay, tried again until it is answered. Relays that are peers of ours are not told: they let nobody in
 * for others.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>

#include "engine/peerup-engine-private.h"
#include "pairing/peerup-sealed-invite.h"
#include "relay/peerup-rendezvous.h"
#include "transport/peerup-fiber.h"

#define RETRY_TIME (15 * G_USEC_PER_SEC)
/* How often answers to a left invite are asked for; a joiner that finds us leaves none. */
#define FETCH_TIME (60 * G_USEC_PER_SEC)
/* Times that a relay is told that an invite is over. */
#define TELL_MAX 40

/* One invite at one relay. */
typedef struct
{
  PeerupPeerId *relay;
  gboolean busy;  /* a question is under way */
  gboolean known; /* the relay has it, and tells it to whoever knows the number */
  gboolean kept;  /* or to whoever names us: the number alone is another's there */
  gboolean never; /* it does not know such things, or the number is another's there */
  gboolean told;  /* that it is over */
  guint n_told;
  gint64 due_at;
} Registration;

static void
registration_free (gpointer data)
{
  Registration *self = data;

  peerup_peer_id_unref (self->relay);
  g_free (self);
}

GPtrArray *
peerup_pairing_registrations_new (void)
{
  return g_ptr_array_new_with_free_func (registration_free);
}

static Registration *
registration_of (PeerupOpenInvite *open, PeerupPeerId *relay)
{
  Registration *self;

  for (guint i = 0; i < open->relays->len; i++)
    {
      self = open->relays->pdata[i];
      if (peerup_peer_id_equal (self->relay, relay))
        return self;
    }
  self = g_new0 (Registration, 1);
  self->relay = peerup_peer_id_ref (relay);
  g_ptr_array_add (open->relays, self);
  return self;
}

static void
count_relays (PeerupOpenInvite *open)
{
  guint n = 0;

  for (guint i = 0; i < open->relays->len; i++)
    n += ((Registration *) open->relays->pdata[i])->known ? 1 : 0;
  if (open->invite != NULL)
    peerup_invite_set_n_relays (open->invite, n);
}

/* One question */

typedef struct
{
  PeerupEnginePairing *pairing;
  PeerupOpenInvite *open;
  Registration *registration; /* the invite's */
} Question;

static Question *
question_new (PeerupEnginePairing *pairing, PeerupOpenInvite *open, Registration *registration)
{
  Question *self = g_new (Question, 1);

  self->pairing = peerup_pairing_hub_ref (pairing);
  self->open = peerup_open_invite_ref (open);
  self->registration = registration;
  registration->busy = TRUE;
  return self;
}

static void
question_free (gpointer data)
{
  Question *self = data;

  peerup_pairing_hub_unref (self->pairing);
  peerup_open_invite_unref (self->open);
  g_free (self);
}

static gint64
relay_deadline (void)
{
  return g_get_monotonic_time () + PEERUP_PAIRING_RELAY_TIME;
}

static void
hash_pass (PeerupEnginePairing *self, PeerupOpenInvite *open, guint8 hash[32])
{
  guint8 pass[PEERUP_PASS_LENGTH];

  peerup_sealed_invite_get_pass (open->secret, peerup_pairing_get_own_id (self), pass);
  g_assert (gnutls_hash_fast (GNUTLS_DIG_SHA256, pass, sizeof pass, hash) == 0);
  explicit_bzero (pass, sizeof pass);
}

static gboolean
say_open (Question *self, GError **error)
{
  PeerupOpenInvite *open = self->open;
  guint8 hash[32];

  hash_pass (self->pairing, open, hash);
  return dex_await (peerup_rendezvous_register (self->pairing->swarm, self->registration->relay, open->number,
                                                open->term.ends_wall, hash, open->sealed, relay_deadline ()),
                    error);
}

static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
}

static DexFuture *
register_fiber (gpointer data)
{
  Question *self = data;
  Registration *registration = self->registration;
  GError *error = NULL;

  registration->known = say_open (self, &error);
  registration->kept = registration->known || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  registration->busy = FALSE;
  registration->due_at = g_get_monotonic_time () + (registration->known ? 0 : RETRY_TIME);
  registration->never = error != NULL && is_final (error);
  if (error != NULL)
    g_info ("Invite %u is not known at the relay %s: %s", self->open->number,
            peerup_peer_id_get_string (registration->relay), error->message);
  count_relays (self->open);
  if (self->pairing->engine != NULL)
    peerup_pairing_look_at_relays (self->pairing);
  return error == NULL ? dex_future_new_true () : dex_future_new_for_error (error);
}

static DexFuture *
fetch_fiber (gpointer data)
{
  Question *self = data;

  peerup_pairing_fetch (self->pairing, self->open, self->registration->relay);
  self->registration->busy = FALSE;
  self->registration->due_at = g_get_monotonic_time () + FETCH_TIME;
  if (self->pairing->engine != NULL)
    peerup_pairing_look_at_relays (self->pairing);
  return dex_future_new_true ();
}

/* What a relay says that will say the same the next time. */
static gboolean
is_no_matter_of_time (const GError *error)
{
  static const PeerupError codes[] = { PEERUP_ERROR_NOT_FOUND, PEERUP_ERROR_NEGOTIATION, PEERUP_ERROR_DENIED,
                                       PEERUP_ERROR_LIMIT };

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (g_error_matches (error, PEERUP_ERROR, (int) codes[i]))
      return TRUE;
  return FALSE;
}

static DexFuture *
unregister_fiber (gpointer data)
{
  Question *self = data;
  PeerupOpenInvite *open = self->open;
  g_autoptr (GError) error = NULL;

  self->registration->told =
    dex_await (peerup_rendezvous_unregister (self->pairing->swarm, self->registration->relay, open->number,
                                             open->joined, open->joined_until, open->joined_name, relay_deadline ()),
               &error);
  if (error != NULL)
    g_info ("The relay %s was not told that invite %u is over: %s",
            peerup_peer_id_get_string (self->registration->relay), open->number, error->message);
  self->registration->told |= is_no_matter_of_time (error) || ++self->registration->n_told >= TELL_MAX;
  self->registration->busy = FALSE;
  self->registration->due_at = g_get_monotonic_time () + RETRY_TIME;
  if (self->pairing->engine != NULL)
    peerup_pairing_look_at_relays (self->pairing);
  return dex_future_new_true ();
}

/* All of them */

/* What is to be done for an invite at a relay that we are at; NULL: nothing, and *@due_at says until when. */
static DexFiberFunc
next_question (PeerupOpenInvite *open, Registration *registration, gboolean is_open, gint64 now, gint64 *due_at)
{
  DexFiberFunc func = NULL;

  if (registration->busy || (!is_open && !open->settled))
    return NULL;
  if (!is_open && !registration->told && (registration->kept || (open->invite == NULL && open->joined != NULL)))
    func = unregister_fiber;
  else if (is_open && !registration->known && !registration->never)
    func = register_fiber;
  else if (is_open && registration->known && open->sealed != NULL)
    func = fetch_fiber;
  if (func != NULL && registration->due_at > now)
    *due_at = MIN (*due_at, registration->due_at);
  return registration->due_at > now ? NULL : func;
}

static void
look_at (PeerupEnginePairing *self, PeerupOpenInvite *open, gboolean is_open, gint64 now, gint64 *due_at)
{
  PeerupRelayClient *client = self->engine->relays;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (client); i++)
    {
      Registration *registration;
      DexFiberFunc func;

      peerup_relay_client_get_info (client, i, &info);
      if (info.of_peer)
        continue;
      registration = registration_of (open, info.relay);
      /* It may have been started anew. */
      if (info.state != PEERUP_RELAY_RESERVED && is_open)
        registration->known = registration->kept = registration->never = FALSE;
      if (info.state != PEERUP_RELAY_RESERVED)
        continue;
      func = next_question (open, registration, is_open, now, due_at);
      if (func != NULL)
        dex_future_disown (peerup_fiber_spawn (func, question_new (self, open, registration), question_free));
    }
  count_relays (open);
}

/* Whether every relay that had it has been told. */
static gboolean
is_told (PeerupOpenInvite *open)
{
  for (guint i = 0; i < open->relays->len; i++)
    {
      const Registration *registration = open->relays->pdata[i];

      if (registration->busy || (registration->kept && !registration->told))
        return FALSE;
    }
  return open->invite != NULL || open->joined == NULL || open->relays->len > 0;
}

void
peerup_pairing_look_at_relays (PeerupEnginePairing *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 due_at = G_MAXINT64;

  if (self->engine == NULL || self->engine->relays == NULL)
    return;
  for (guint i = 0; i < self->open->len; i++)
    look_at (self, self->open->pdata[i], TRUE, now, &due_at);
  for (guint i = self->ended->len; i > 0; i--)
    {
      PeerupOpenInvite *open = self->ended->pdata[i - 1];

      look_at (self, open, FALSE, now, &due_at);
      if (open->settled && is_told (open))
        g_ptr_array_remove_index (self->ended, i - 1);
    }
  if (due_at != G_MAXINT64)
    peerup_timer_set (&self->relay_timer, due_at);
  else
    peerup_timer_stop (&self->relay_timer);
}

gboolean
peerup_pairing_register (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  PeerupRelayClient *client = self->engine->relays;
  gboolean taken = FALSE;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (client); i++)
    {
      peerup_relay_client_get_info (client, i, &info);
      if (info.of_peer || info.state != PEERUP_RELAY_RESERVED)
        continue;
      g_ptr_array_add (futures, peerup_fiber_spawn (register_fiber,
                                                    question_new (self, open, registration_of (open, info.relay)),
                                                    question_free));
    }
  for (guint i = 0; i < futures->len; i++)
    {
      g_autoptr (GError) local_error = NULL;

      dex_await (dex_ref (futures->pdata[i]), &local_error);
      taken |= g_error_matches (local_error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
    }
  if (taken)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, _ ("the number %u is taken"), open->number);
  return !taken;
}

gboolean
peerup_pairing_is_known (PeerupOpenInvite *open)
{
  for (guint i = 0; i < open->relays->len; i++)
    if (((Registration *) open->relays->pdata[i])->known)
      return TRUE;
  return FALSE;
}

void
peerup_pairing_abandon_number (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  PeerupOpenInvite *ended = g_new0 (PeerupOpenInvite, 1);

  g_ref_count_init (&ended->references);
  ended->number = open->number;
  ended->settled = TRUE;
  ended->relays = g_steal_pointer (&open->relays);
  open->relays = peerup_pairing_registrations_new ();
  g_ptr_array_add (self->ended, ended);
  peerup_pairing_look_at_relays (self);
}

/* Following */

static void
on_relay_changed (PeerupRelayClient *relays, PeerupPeerId *relay, gpointer data)
{
  peerup_pairing_look_at_relays (data);
  peerup_pairing_tell (data);
}

static void
on_time (gpointer data)
{
  peerup_pairing_look_at_relays (data);
}

void
peerup_pairing_follow_relays (PeerupEnginePairing *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  peerup_timer_init (&self->relay_timer, reactor, on_time, self);
  g_signal_connect (self->engine->relays, "changed", G_CALLBACK (on_relay_changed), self);
}

void
peerup_pairing_unfollow_relays (PeerupEnginePairing *self)
{
  g_signal_handlers_disconnect_by_data (self->engine->relays, self);
  peerup_timer_clear (&self->relay_timer);
}
