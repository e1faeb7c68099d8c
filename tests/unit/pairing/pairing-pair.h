/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-pairing-machine.h"

/* A joiner and an inviter in memory, and whoever sits between them. */

#define PAIR_NUMBER 417
#define PAIR_SECRET "otter violin maple"

/* The messages of a whole run, in order. */
enum
{
  PAIR_HELLO,
  PAIR_SHARE,
  PAIR_CONFIRM,
  PAIR_OFFER,
  PAIR_ACCEPT,
  PAIR_COMMITTED,
  PAIR_DONE,
  PAIR_N_MESSAGES,
};

typedef struct
{
  PeerupPairingMachine *joiner, *inviter;
  guint n_messages;     /* that were delivered */
  GBytes *messages[16]; /* as they were said */
  gboolean joiner_needed[PEERUP_PAIRING_FAILED + 1], inviter_needed[PEERUP_PAIRING_FAILED + 1]; /* states that were */
} Pair;

/* An ID with a key of one byte over and over. */
static inline PeerupPeerId *
pair_peer_new (guint8 byte)
{
  guint8 bytes[38] = { 0x00, 0x24, 0x08, 0x01, 0x12, 0x20 };
  PeerupPeerId *peer;

  memset (bytes + 6, byte, 32);
  peer = peerup_peer_id_new_from_bytes (bytes, sizeof bytes, NULL);
  g_assert_nonnull (peer);
  return peer;
}

static inline PeerupPairingOffer *
pair_offer_new (const char *name)
{
  PeerupPairingOffer *offer = peerup_pairing_offer_new (name);

  offer->until = 1800000000;
  return offer;
}

/* What one side believes. */
typedef struct
{
  const char *secret, *network;
  guint number;
  gboolean spoken;
  guint8 joiner, inviter;
} PairView;

#define PAIR_VIEW ((PairView) { PAIR_SECRET, NULL, PAIR_NUMBER, TRUE, 1, 2 })

static inline PeerupPairingMachine *
pair_joiner_new (PairView view)
{
  g_autoptr (PeerupPeerId) joiner = pair_peer_new (view.joiner), inviter = pair_peer_new (view.inviter);
  g_autoptr (GBytes) secret = g_bytes_new (view.secret, strlen (view.secret));
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("laptop");
  PeerupPairingInvite invite = { view.number, view.spoken };

  return peerup_pairing_machine_new_joiner (&invite, secret, joiner, inviter, view.network, offer);
}

static inline PeerupPairingMachine *
pair_inviter_new (PairView view)
{
  g_autoptr (PeerupPeerId) joiner = pair_peer_new (view.joiner), inviter = pair_peer_new (view.inviter);
  g_autoptr (GBytes) secret = g_bytes_new (view.secret, strlen (view.secret));
  g_autoptr (PeerupPairingOffer) offer = pair_offer_new ("server");
  PeerupPairingInvite invite = { view.number, view.spoken };

  return peerup_pairing_machine_new_inviter (&invite, secret, inviter, joiner, view.network, offer);
}

static inline void
pair_init (Pair *pair, PairView joiner, PairView inviter)
{
  *pair = (Pair) { .joiner = pair_joiner_new (joiner), .inviter = pair_inviter_new (inviter) };
}

static inline void
pair_clear (Pair *pair)
{
  g_clear_pointer (&pair->joiner, peerup_pairing_machine_free);
  g_clear_pointer (&pair->inviter, peerup_pairing_machine_free);
  for (guint i = 0; i < G_N_ELEMENTS (pair->messages); i++)
    g_clear_pointer (&pair->messages[i], g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static inline gboolean
pair_receive (PeerupPairingMachine *machine, GBytes *message, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (message, &length);
  /* Of the exact size, so that a read beyond it is seen. */
  g_autofree guint8 *copy = g_malloc (MAX (length, 1));

  if (length > 0)
    memcpy (copy, data, length);
  return peerup_pairing_machine_receive (machine, copy, length, error);
}

static inline gboolean
pair_needs (PeerupPairingMachine *machine)
{
  PeerupPairingState state = peerup_pairing_machine_get_state (machine);

  return state >= PEERUP_PAIRING_NEEDS_CLAIM && state <= PEERUP_PAIRING_NEEDS_COMMIT;
}

/* Gives message @n to the other side in another form: (transfer full), or NULL to lose it. */
typedef GBytes *(*PairTamper) (guint n, GBytes *message, gpointer data);

/* One turn of one side: what it needs it gets, and what it says is delivered. */
static inline gboolean
pair_turn (Pair *pair, gboolean joiner, PairTamper tamper, gpointer data)
{
  PeerupPairingMachine *from = joiner ? pair->joiner : pair->inviter, *to = joiner ? pair->inviter : pair->joiner;
  gboolean *needed = joiner ? pair->joiner_needed : pair->inviter_needed;
  g_autoptr (GBytes) message = NULL, changed = NULL;

  needed[peerup_pairing_machine_get_state (from)] = TRUE;
  if (pair_needs (from))
    peerup_pairing_machine_go_on (from);
  needed[peerup_pairing_machine_get_state (from)] = TRUE;
  message = peerup_pairing_machine_take_output (from);
  if (message == NULL)
    return FALSE;
  g_assert (pair->n_messages < G_N_ELEMENTS (pair->messages));
  pair->messages[pair->n_messages] = g_bytes_ref (message);
  changed = tamper != NULL ? tamper (pair->n_messages, message, data) : g_bytes_ref (message);
  pair->n_messages++;
  if (changed != NULL && !pair_receive (to, changed, NULL))
    g_assert_true (peerup_pairing_machine_get_state (to) == PEERUP_PAIRING_FAILED ||
                   peerup_pairing_machine_get_state (to) == PEERUP_PAIRING_DONE);
  return TRUE;
}

/* Until nobody has anything to say. */
static inline void
pair_run (Pair *pair, PairTamper tamper, gpointer data)
{
  while (pair_turn (pair, TRUE, tamper, data) || pair_turn (pair, FALSE, tamper, data))
    ;
}

/* Until @n messages have been delivered; what is needed then is not done yet. */
static inline void
pair_run_to (Pair *pair, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_true (pair_turn (pair, i % 2 == 0, NULL, NULL));
}

static inline void
pair_assert_states (Pair *pair, PeerupPairingState joiner, PeerupPairingState inviter)
{
  g_assert_cmpint (peerup_pairing_machine_get_state (pair->joiner), ==, joiner);
  g_assert_cmpint (peerup_pairing_machine_get_state (pair->inviter), ==, inviter);
}
