/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites of the original's kind, as far as people see them: a number to take one back by, the time that the code
 * works, what becomes of it. The protocol is peerup-engine-original.c's, which asks here when somebody has joined.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <gnutls/crypto.h>

#include "engine/peerup-engine-private.h"

typedef struct
{
  PeerupEnginePairing *pairing; /* owns this */
  PeerupInvite *invite;
  PeerupInviteCode *code;
  PeerupPairingTerm term;
  PeerupPairingOffer *offer;
  gint64 grant_time;
} Original;

static void
original_free (gpointer data)
{
  Original *self = data;

  g_object_unref (self->invite);
  peerup_invite_code_free (self->code);
  peerup_pairing_offer_free (self->offer);
  g_free (self);
}

GPtrArray *
peerup_pairing_originals_new (void)
{
  return g_ptr_array_new_with_free_func (original_free);
}

static void
end (Original *self, PeerupInviteState state)
{
  PeerupEnginePairing *pairing = self->pairing;

  peerup_engine_original_close (pairing->engine->original, self->code);
  peerup_invite_set_state (self->invite, state);
  g_ptr_array_remove (pairing->originals, self);
}

/* What comes of it */

/* Blocks for the files, as what follows from it has to be true when the joiner is told. */
static gboolean
on_joined (PeerupPairingRecord *record, gpointer data, GError **error)
{
  Original *self = data;
  g_autofree char *name = NULL;

  record->own = peerup_pairing_offer_copy (self->offer);
  if (self->grant_time > 0)
    record->own->until = peerup_pairing_get_time (self->pairing) + self->grant_time;
  name = peerup_engine_pairing_apply (self->pairing, record, error);
  if (name == NULL)
    return FALSE;
  record->name = g_strdup (name);
  peerup_invite_set_peer (self->invite, peerup_peer_id_get_string (record->peer), name);
  peerup_engine_trust_audit (self->pairing->engine->trust, "paired", record->peer, NULL, "original");
  end (self, PEERUP_INVITE_USED);
  return TRUE;
}

static void
on_guessed (guint guesses, gpointer data)
{
  Original *self = data;

  peerup_invite_set_guesses (self->invite, guesses);
  if (guesses >= PEERUP_INVITE_GUESSES_MAX)
    end (self, PEERUP_INVITE_DEAD);
}

/* Making */

static PeerupInviteCode *
make_code (PeerupEnginePairing *self)
{
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_ORIGINAL);
  guint8 token[PEERUP_CODE_ORIGINAL_TOKEN_LENGTH];

  g_assert (gnutls_rnd (GNUTLS_RND_KEY, token, sizeof token) == 0);
  code->secret = g_bytes_new (token, sizeof token);
  explicit_bzero (token, sizeof token);
  code->inviter = peerup_peer_id_ref (peerup_pairing_get_own_id (self));
  g_clear_pointer (&code->relays, g_ptr_array_unref);
  code->relays = peerup_pairing_dup_relays (self, PEERUP_PAIRING_ADDRESSES_MAX);
  code->network = g_strdup (peerup_pairing_get_network (self));
  return code;
}

/* People take it back by a number, as any other. */
static guint
pick_number (PeerupEnginePairing *self)
{
  guint number = 1;

  for (guint i = 0; i < self->originals->len; i++)
    number = MAX (number, peerup_invite_get_number (((Original *) self->originals->pdata[i])->invite) + 1);
  while (peerup_pairing_find_invite (self, number) != NULL)
    number++;
  return number;
}

static PeerupInvite *
show (PeerupEnginePairing *self, const PeerupInviteCode *code, gint64 expires_at, GError **error)
{
  g_autofree char *text = peerup_invite_code_to_text (code, error);
  g_autofree char *link = text != NULL ? peerup_invite_code_to_link (code, error) : NULL;
  PeerupInvite *invite;

  if (link == NULL)
    return NULL;
  invite = peerup_invite_new (pick_number (self), text, link, "", expires_at);
  peerup_invite_set_weak (invite, TRUE);
  return invite;
}

static void
add (PeerupEnginePairing *self, Original *original)
{
  g_ptr_array_add (self->originals, original);
  peerup_pairing_list_invite (self, original->invite);
  peerup_pairing_look_at_time (self);
  peerup_engine_trust_audit (self->engine->trust, "invite-created", NULL, NULL, "original");
}

DexFuture *
peerup_pairing_make_original (PeerupEnginePairing *self, const char *name, const char *const *services, gint64 ttl,
                              gint64 grant_time)
{
  Original *original = g_new0 (Original, 1);
  PeerupOriginalFuncs funcs = { on_joined, on_guessed, original };
  GError *error = NULL;
  PeerupPairingNow now;

  self->now (&now);
  peerup_pairing_term_begin (&original->term, &now, ttl > 0 ? ttl : PEERUP_INVITE_TTL_DEFAULT);
  original->pairing = self;
  original->grant_time = grant_time;
  original->offer = peerup_pairing_make_offer (self, name, services);
  original->code = make_code (self);
  original->invite = show (self, original->code, original->term.ends_wall, &error);
  if (original->invite == NULL)
    {
      peerup_invite_code_free (original->code);
      peerup_pairing_offer_free (original->offer);
      g_free (original);
      return dex_future_new_for_error (error);
    }
  if (!peerup_engine_original_open (self->engine->original, original->code, name, &funcs, &error))
    {
      original_free (original);
      return dex_future_new_for_error (error);
    }
  add (self, original);
  return dex_future_new_take_object (g_object_ref (original->invite));
}

/* Ending */

gboolean
peerup_pairing_cancel_original (PeerupEnginePairing *self, guint number)
{
  for (guint i = 0; i < self->originals->len; i++)
    {
      Original *original = self->originals->pdata[i];

      if (peerup_invite_get_number (original->invite) == number)
        {
          end (original, PEERUP_INVITE_CANCELLED);
          return TRUE;
        }
    }
  return FALSE;
}

gint64
peerup_pairing_look_at_originals (PeerupEnginePairing *self, const PeerupPairingNow *now)
{
  gint64 least = G_MAXINT64;

  for (guint i = self->originals->len; i > 0; i--)
    {
      Original *original = self->originals->pdata[i - 1];
      gint64 left = peerup_pairing_term_get_left (&original->term, now);

      if (left > 0)
        least = MIN (least, left);
      else
        end (original, PEERUP_INVITE_EXPIRED);
    }
  return least;
}

void
peerup_pairing_free_originals (PeerupEnginePairing *self)
{
  while (self->originals->len > 0)
    end (self->originals->pdata[0], PEERUP_INVITE_CANCELLED);
}
