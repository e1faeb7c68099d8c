/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How an invite comes to be: its number and secrets are drawn, relays are told, and only then it is shown; or it is
 * read from its file after a restart. Nothing is open that could not be kept if somebody joined.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>

#include "engine/peerup-engine-original.h"
#include "engine/peerup-engine-private.h"
#include "pairing/peerup-sealed-invite.h"
#include "transport/peerup-fiber.h"

/* Numbers people like to say come first; and how often one is drawn. */
#define SMALL_NUMBERS 999
#define SMALL_DRAWS   12
#define DRAWS         32
/* Microseconds that a relay which is being connected to is waited for. */
#define RELAY_PATIENCE (5 * G_USEC_PER_SEC)

static void
draw (gpointer bytes, gsize length)
{
  g_assert (gnutls_rnd (GNUTLS_RND_KEY, bytes, length) == 0);
}

static guint
draw_number (guint max)
{
  guint32 random;

  do
    draw (&random, sizeof random);
  while (random >= G_MAXUINT32 - G_MAXUINT32 % max);
  return 1 + random % max;
}

static GBytes *
draw_secret (void)
{
  guint8 secret[PEERUP_CODE_SECRET_LENGTH];
  GBytes *bytes;

  draw (secret, sizeof secret);
  bytes = g_bytes_new (secret, sizeof secret);
  explicit_bzero (secret, sizeof secret);
  return bytes;
}

static GBytes *
draw_words (void)
{
  guint8 random[PEERUP_CODE_WORDS_RANDOM];
  GBytes *words;

  draw (random, sizeof random);
  words = peerup_code_choose_words (random);
  explicit_bzero (random, sizeof random);
  return words;
}

/* What was asked for */

typedef struct
{
  PeerupEnginePairing *pairing;
  char *name;
  char **services;
  gint64 grant_time;
  gint64 ttl;
  gboolean leave;
  gboolean original;
} Request;

static void
request_free (gpointer data)
{
  Request *self = data;

  peerup_pairing_hub_unref (self->pairing);
  g_free (self->name);
  g_strfreev (self->services);
  g_free (self);
}

static gboolean
check_services (Request *self, GError **error)
{
  PeerupConfig *config = self->pairing->engine->config;

  for (guint i = 0; self->services != NULL && self->services[i] != NULL; i++)
    {
      if (i >= PEERUP_PAIRING_SERVICES_MAX)
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("An invite can give %d services at most"),
                       PEERUP_PAIRING_SERVICES_MAX);
          return FALSE;
        }
      if (peerup_config_find_service (config, self->services[i]) == NULL)
        {
          g_set_error (
            error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
            _ ("There is no service %s on this device: see peerup service list, or add it with: peerup service "
               "add %s ADDRESS"),
            self->services[i], self->services[i]);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_request (Request *self, GError **error)
{
  if (self->ttl < 0 || self->ttl > PEERUP_INVITE_TTL_MAX || self->grant_time < 0)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("A code can work for %d days at most"),
                 PEERUP_INVITE_TTL_MAX / (24 * 3600));
  else if (self->pairing->open->len >= PEERUP_INVITES_MAX)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                 _ ("%d invites are open already: wait until one is used, or take one back with: peerup invite cancel "
                    "NUMBER"),
                 PEERUP_INVITES_MAX);
  else
    return check_services (self, error);
  return FALSE;
}

/* Relays */

static gboolean
is_waiting_for_relays (PeerupEnginePairing *self)
{
  gboolean waiting = FALSE;
  PeerupRelayInfo info;

  for (guint i = 0; i < peerup_relay_client_get_n_relays (self->engine->relays); i++)
    {
      peerup_relay_client_get_info (self->engine->relays, i, &info);
      if (info.of_peer)
        continue;
      if (info.state == PEERUP_RELAY_RESERVED)
        return FALSE;
      waiting = TRUE;
    }
  return waiting;
}

/* Whether anybody could find us: by a relay, or directly. */
static gboolean
await_relays (PeerupEnginePairing *self, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + RELAY_PATIENCE;
  g_autoptr (GPtrArray) addresses = NULL;

  while (self->engine != NULL && is_waiting_for_relays (self) && g_get_monotonic_time () < deadline)
    peerup_pairing_await_change (self, deadline);
  if (!peerup_pairing_check_running (self, error))
    return FALSE;
  addresses = peerup_swarm_dup_announced_addresses (self->swarm);
  if (addresses->len > 0)
    return TRUE;
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
    _ ("Nobody could join: this device is on no network, and is at no relay. Connect it, or add a relay "
       "with: peerup relay add ADDRESS"));
  return FALSE;
}

/* Making */

static PeerupOpenInvite *
open_new (void)
{
  PeerupOpenInvite *self = g_new0 (PeerupOpenInvite, 1);

  g_ref_count_init (&self->references);
  self->relays = peerup_pairing_registrations_new ();
  return self;
}

static PeerupOpenInvite *
make_open (Request *request)
{
  PeerupOpenInvite *open = open_new ();
  PeerupPairingNow now;

  request->pairing->now (&now);
  peerup_pairing_term_begin (&open->term, &now, request->ttl > 0 ? request->ttl : PEERUP_INVITE_TTL_DEFAULT);
  open->grant_time = request->grant_time;
  open->secret = draw_secret ();
  open->words = draw_words ();
  open->offer = peerup_pairing_make_offer (request->pairing, request->name, (const char *const *) request->services);
  return open;
}

/* @number: that nobody has here. Numbers that ended a moment ago are still known to relays as ours. */
static gboolean
is_free (PeerupEnginePairing *self, guint number)
{
  for (guint i = 0; i < self->ended->len; i++)
    if (((PeerupOpenInvite *) self->ended->pdata[i])->number == number)
      return FALSE;
  return peerup_pairing_find_invite (self, number) == NULL;
}

static gboolean
seal (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error)
{
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_of_invite (self, open);

  g_clear_pointer (&open->sealed, g_bytes_unref);
  open->sealed = peerup_sealed_invite_seal (open->secret, open->number, peerup_pairing_get_own_id (self),
                                            peerup_pairing_get_network (self), offer, error);
  return open->sealed != NULL;
}

/* Gives it the texts that people see, of its code. */
static gboolean
show (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error)
{
  g_autoptr (PeerupInviteCode) spoken = peerup_invite_code_new (PEERUP_CODE_SPOKEN);
  g_autofree char *text = NULL;
  g_autofree char *link = NULL;
  g_autofree char *words = NULL;

  text = peerup_invite_code_to_text (open->code, error);
  link = text != NULL ? peerup_invite_code_to_link (open->code, error) : NULL;
  if (link == NULL)
    return FALSE;
  if (open->words != NULL)
    {
      spoken->number = open->number;
      spoken->secret = g_bytes_ref (open->words);
      words = peerup_invite_code_to_text (spoken, error);
      if (words == NULL)
        return FALSE;
    }
  open->invite = peerup_invite_new (open->number, text, link, words != NULL ? words : "", open->term.ends_wall);
  peerup_invite_set_left (open->invite, open->sealed != NULL);
  return TRUE;
}

/* Draws numbers until one is nobody else's at any relay, and tells the relays that it is ours. */
static gboolean
settle_number (PeerupEnginePairing *self, PeerupOpenInvite *open, gboolean leave, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  for (guint i = 0; i < DRAWS; i++)
    {
      guint number = draw_number (i < SMALL_DRAWS ? SMALL_NUMBERS : PEERUP_CODE_NUMBER_MAX);

      if (!is_free (self, number))
        continue;
      open->number = number;
      g_free (open->token);
      open->token = peerup_left_invite_make_token (number);
      if (leave && !seal (self, open, error))
        return FALSE;
      g_clear_error (&local_error);
      if (peerup_pairing_register (self, open, &local_error))
        return peerup_pairing_check_running (self, error);
      if (!peerup_pairing_check_running (self, error))
        return FALSE;
      peerup_pairing_abandon_number (self, open);
    }
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                       _ ("No number is free for an invite at the relays of this device: try again in a few minutes"));
  return FALSE;
}

static void
add_open (PeerupEnginePairing *self, PeerupOpenInvite *open)
{
  g_ptr_array_add (self->open, peerup_open_invite_ref (open));
  peerup_pairing_list_invite (self, open->invite);
  peerup_engine_lan_add_invite (self->engine->lan, open->number);
  peerup_pairing_review_guests (self);
  peerup_pairing_look_at_relays (self);
  peerup_pairing_look_at_time (self);
}

/* A copy has to be somewhere before a person is told that they may switch off. */
static gboolean
check_left (PeerupEnginePairing *self, PeerupOpenInvite *open, GError **error)
{
  if (peerup_pairing_is_known (open))
    return TRUE;
  peerup_pairing_abandon_number (self, open);
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
    _ ("The invite cannot be left: no relay of this device has taken it. See peerup relay list, or invite "
       "without leaving it"));
  return FALSE;
}

static DexFuture *
make_fiber (gpointer data)
{
  Request *request = data;
  PeerupEnginePairing *self = request->pairing;
  g_autoptr (PeerupOpenInvite) open = NULL;
  GError *error = NULL;

  if (!peerup_pairing_check_running (self, &error) || !check_request (request, &error) ||
      !peerup_pairing_probe (self, &error) || !peerup_pairing_check_running (self, &error) ||
      !await_relays (self, &error))
    return dex_future_new_for_error (error);
  if (request->original)
    return peerup_pairing_make_original (self, request->name, (const char *const *) request->services, request->ttl,
                                         request->grant_time);
  open = make_open (request);
  if (!settle_number (self, open, request->leave, &error) || (request->leave && !check_left (self, open, &error)))
    return dex_future_new_for_error (error);
  open->code = peerup_pairing_make_code (self, open->number, open->secret, request->leave);
  if (!show (self, open, &error))
    return dex_future_new_for_error (error);
  if (request->leave &&
      (!peerup_pairing_write_invite (self, open, &error) || !peerup_pairing_check_running (self, &error)))
    {
      peerup_pairing_abandon_number (self, open);
      return dex_future_new_for_error (error);
    }
  add_open (self, open);
  if (self->engine->trust != NULL)
    peerup_engine_trust_audit (self->engine->trust, "invite-created", NULL, NULL, NULL);
  return dex_future_new_take_object (g_object_ref (open->invite));
}

DexFuture *
peerup_engine_pairing_invite (PeerupEnginePairing *self, const PeerupInviteOptions *options)
{
  Request *request = g_new0 (Request, 1);

  request->pairing = peerup_pairing_hub_ref (self);
  request->name = g_strdup (options->name);
  request->services = g_strdupv ((char **) options->services);
  request->grant_time = options->grant_time;
  request->ttl = options->ttl;
  request->leave = options->leave;
  request->original = options->original;
  return peerup_fiber_spawn (make_fiber, request, request_free);
}

/* After a restart */

static void
restore (PeerupEnginePairing *self, PeerupLeftInvite *left)
{
  g_autoptr (PeerupOpenInvite) open = open_new ();
  g_autoptr (GError) error = NULL;

  open->number = left->number;
  open->token = g_strdup (left->token);
  open->secret = g_bytes_ref (left->secret);
  open->term = left->term;
  open->grant_time = left->grant_time;
  open->offer = peerup_pairing_offer_copy (left->offer);
  open->code = peerup_invite_code_parse (left->code, NULL, &error);
  if (open->code == NULL || !seal (self, open, &error) || !show (self, open, &error))
    {
      g_warning ("Invite %u cannot be opened again: %s", left->number, error->message);
      return;
    }
  peerup_invite_set_guesses (open->invite, left->guesses);
  add_open (self, open);
}

static gboolean
is_over (PeerupEnginePairing *self, PeerupLeftInvite *left)
{
  PeerupPairingNow now;

  self->now (&now);
  return left->guesses >= PEERUP_INVITE_GUESSES_MAX || peerup_pairing_term_get_left (&left->term, &now) == 0;
}

void
peerup_pairing_restore_invites (PeerupEnginePairing *self, GPtrArray *left)
{
  for (guint i = 0; i < left->len; i++)
    {
      PeerupLeftInvite *invite = left->pdata[i];

      g_autoptr (GError) error = NULL;

      if (is_over (self, invite))
        {
          if (!peerup_pairing_store_remove_invite (self->store, invite->token, &error))
            g_warning ("The file of an invite that is over is still there: %s", error->message);
        }
      else if (is_free (self, invite->number))
        restore (self, invite);
    }
}

void
peerup_pairing_restore_ended (PeerupEnginePairing *self, const PeerupPairingRecord *record)
{
  PeerupOpenInvite *open = open_new ();

  open->number = record->number;
  open->settled = TRUE;
  open->joined = peerup_peer_id_ref (record->peer);
  open->joined_until = record->own->guest ? PEERUP_EXPIRES_NEVER : record->own->until;
  open->joined_name = g_strdup (record->name != NULL ? record->name : "");
  g_ptr_array_add (self->ended, open);
}
