/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One run of /peerup/pair/1.0.0, or of its RESUME. Lives as long as the stream; secrets are wiped as soon as the run is
 * over, and what both sides know by then (offers, transcript) stays until it is freed. */

#include "pairing/peerup-pairing-machine.h"

#include <glib/gi18n-lib.h>

#include "pairing/peerup-pairing-transcript.h"

/* An offer fits into a message with all that is around it. */
G_STATIC_ASSERT (PEERUP_PAIRING_OFFER_MAX + 256 <= PEERUP_PAIRING_MESSAGE_MAX);

/* CPace's associated data: other for each role, so that a tag that is sent back confirms nothing. */
#define DATA_JOINER  "joiner"
#define DATA_INVITER "inviter"

struct _PeerupPairingMachine
{
  PeerupPairingStep step;
  GQueue output; /* of GBytes */
  GError *error;

  PeerupPairingInvite invite;
  char *network;
  GBytes *channel;
  GBytes *own_offer; /* encoded */
  PeerupPairingOffer *offer;
  guint8 *secret; /* the inviter's, until HELLO */
  gsize secret_length;
  PeerupCpace *cpace;
  PeerupPairingTranscript said;             /* by both */
  gboolean is_proven;                       /* the other knows the code: the transcript may be seen */
  guint8 pairing[PEERUP_PAIRING_ID_LENGTH]; /* of RESUME */

  PeerupPairingRefusal refusal;
  gboolean has_refused; /* we, and the output says so */
  gboolean wrong_code;
  gboolean in_doubt;
};

static gboolean
is_over (PeerupPairingMachine *self)
{
  return self->step == PEERUP_PAIRING_STEP_DONE || self->step == PEERUP_PAIRING_STEP_FAILED;
}

static void
wipe_secret (PeerupPairingMachine *self)
{
  if (self->secret != NULL)
    sodium_memzero (self->secret, self->secret_length);
  g_clear_pointer (&self->secret, g_free);
}

static void
wipe (PeerupPairingMachine *self)
{
  wipe_secret (self);
  g_clear_pointer (&self->cpace, peerup_cpace_free);
  peerup_pairing_transcript_wipe (&self->said);
}

/* The one setter. What a peer does wrong has become FAIL before. */
static void
advance (PeerupPairingMachine *self, PeerupPairingEvent event)
{
  PeerupPairingStep next = peerup_pairing_edge (self->step, event);

  g_assert (next != PEERUP_PAIRING_STEP_NONE);
  self->step = next;
  if (is_over (self))
    wipe (self);
}

/* Saying */

static void
drop_output (PeerupPairingMachine *self)
{
  g_queue_clear_full (&self->output, (GDestroyNotify) g_bytes_unref);
}

/* @text: nullable: what is sealed into it. */
static void
say (PeerupPairingMachine *self, PeerupPairingMessage *message, GBytes *text)
{
  guint8 bound[PEERUP_PAIRING_HASH_LENGTH];
  GBytes *bytes;

  if (text != NULL)
    {
      peerup_pairing_transcript_bind (&self->said, message, bound);
      message->sealed =
        peerup_pairing_seal_close (&self->said.sending, bound, g_bytes_get_data (text, NULL), g_bytes_get_size (text));
    }
  bytes = peerup_pairing_message_encode (message);
  peerup_pairing_transcript_add (&self->said, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_queue_push_tail (&self->output, bytes);
}

static void
say_sealed (PeerupPairingMachine *self, PeerupPairingEvent type, GBytes *text)
{
  g_auto (PeerupPairingMessage) message = { .type = type };

  if (type == PEERUP_PAIRING_EVENT_OFFER)
    {
      peerup_cpace_get_tag (self->cpace, message.tag);
      memcpy (message.nonce, self->said.nonce, sizeof message.nonce);
    }
  say (self, &message, text);
}

static void
say_pairing (PeerupPairingMachine *self, PeerupPairingEvent type)
{
  g_auto (PeerupPairingMessage) message = { .type = type };

  memcpy (message.pairing, self->pairing, sizeof message.pairing);
  say (self, &message, NULL);
}

static void
say_hello (PeerupPairingMachine *self)
{
  g_auto (PeerupPairingMessage) message = { .type = PEERUP_PAIRING_EVENT_HELLO, .invite = self->invite };

  memcpy (message.session, self->said.session, sizeof message.session);
  memcpy (message.share, peerup_cpace_get_share (self->cpace), sizeof message.share);
  peerup_pairing_transcript_commit (&self->said, message.commitment);
  peerup_pairing_transcript_hash_network (&self->said, self->network, message.network);
  say (self, &message, NULL);
}

static void
say_share (PeerupPairingMachine *self)
{
  g_auto (PeerupPairingMessage) message = { .type = PEERUP_PAIRING_EVENT_SHARE };

  memcpy (message.share, peerup_cpace_get_share (self->cpace), sizeof message.share);
  peerup_pairing_transcript_commit (&self->said, message.commitment);
  say (self, &message, NULL);
}

static void
say_confirm (PeerupPairingMachine *self)
{
  g_auto (PeerupPairingMessage) message = { .type = PEERUP_PAIRING_EVENT_CONFIRM };

  peerup_cpace_get_tag (self->cpace, message.tag);
  memcpy (message.nonce, self->said.nonce, sizeof message.nonce);
  say (self, &message, NULL);
}

/* With a seal once there are keys: then the other may believe that it was us. */
static void
say_refusal (PeerupPairingMachine *self, PeerupPairingRefusal refusal)
{
  g_auto (PeerupPairingMessage) message = { .type = PEERUP_PAIRING_EVENT_REFUSED, .refusal = refusal };
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);

  drop_output (self);
  self->has_refused = TRUE;
  say (self, &message, self->said.has_keys ? nothing : NULL);
}

GBytes *
peerup_pairing_refusal_encode (PeerupPairingRefusal refusal)
{
  PeerupPairingMessage message = { .type = PEERUP_PAIRING_EVENT_REFUSED, .refusal = refusal };

  g_return_val_if_fail (refusal > PEERUP_PAIRING_REFUSED_NONE && refusal <= PEERUP_PAIRING_REFUSED_FAILED, NULL);

  return peerup_pairing_message_encode (&message);
}

/* Making and freeing */

static void
add_peer (PeerupPairingHash *hash, const char *role, PeerupPeerId *peer)
{
  gsize length;
  const guint8 *bytes = peerup_peer_id_get_bytes (peer, &length);

  peerup_pairing_hash_add_text (hash, role);
  peerup_pairing_hash_add (hash, bytes, length);
}

/* CPace's channel identifier: what both sides must agree on besides the password. */
static GBytes *
make_channel (PeerupPairingMachine *self, PeerupPeerId *joiner, PeerupPeerId *inviter)
{
  PeerupPairingHash hash;
  guint8 channel[PEERUP_PAIRING_HASH_LENGTH];
  guint8 number[] = { (guint8) (self->invite.number >> 8), (guint8) self->invite.number };

  peerup_pairing_hash_init (&hash, NULL, 0, sizeof channel, PEERUP_PAIRING_PROTOCOL);
  peerup_pairing_hash_add_text (&hash, self->network);
  add_peer (&hash, DATA_JOINER, joiner);
  add_peer (&hash, DATA_INVITER, inviter);
  peerup_pairing_hash_add (&hash, number, sizeof number);
  peerup_pairing_hash_add_text (&hash, self->invite.spoken ? "spoken" : "long");
  peerup_pairing_hash_finish (&hash, channel);
  return g_bytes_new (channel, sizeof channel);
}

static PeerupPairingMachine *
machine_new (PeerupPairingStep step, gboolean joiner, const PeerupPairingInvite *invite, const char *network,
             const PeerupPairingOffer *offer)
{
  PeerupPairingMachine *self = g_new0 (PeerupPairingMachine, 1);

  peerup_pairing_transcript_init (&self->said, joiner);
  g_queue_init (&self->output);
  self->step = step;
  if (invite == NULL)
    return self;
  self->invite.number = invite->number;
  self->invite.spoken = invite->spoken != FALSE;
  self->network = g_strdup (network != NULL ? network : "");
  self->own_offer = peerup_pairing_offer_encode (offer, &self->error);
  if (self->own_offer == NULL)
    advance (self, PEERUP_PAIRING_EVENT_FAIL);
  return self;
}

PeerupPairingMachine *
peerup_pairing_machine_new_joiner (const PeerupPairingInvite *invite, GBytes *secret, PeerupPeerId *own,
                                   PeerupPeerId *other, const char *network, const PeerupPairingOffer *offer)
{
  g_autoptr (PeerupPairingMachine) self = NULL;
  g_autoptr (GBytes) session = NULL, data = g_bytes_new_static (DATA_JOINER, strlen (DATA_JOINER));

  g_return_val_if_fail (invite != NULL && secret != NULL && own != NULL && other != NULL && offer != NULL, NULL);

  self = machine_new (PEERUP_PAIRING_STEP_WAIT_SHARE, TRUE, invite, network, offer);
  if (self->own_offer == NULL)
    return g_steal_pointer (&self);
  self->channel = make_channel (self, own, other);
  session = g_bytes_new (self->said.session, sizeof self->said.session);
  self->cpace = peerup_cpace_new (secret, self->channel, session, TRUE, data, NULL);
  say_hello (self);
  return g_steal_pointer (&self);
}

PeerupPairingMachine *
peerup_pairing_machine_new_inviter (const PeerupPairingInvite *invite, GBytes *secret, PeerupPeerId *own,
                                    PeerupPeerId *other, const char *network, const PeerupPairingOffer *offer)
{
  g_autoptr (PeerupPairingMachine) self = NULL;

  g_return_val_if_fail (invite != NULL && secret != NULL && own != NULL && other != NULL && offer != NULL, NULL);

  self = machine_new (PEERUP_PAIRING_STEP_WAIT_HELLO, FALSE, invite, network, offer);
  if (self->own_offer == NULL)
    return g_steal_pointer (&self);
  self->channel = make_channel (self, other, own);
  self->secret_length = g_bytes_get_size (secret);
  self->secret = g_memdup2 (g_bytes_get_data (secret, NULL), self->secret_length);
  return g_steal_pointer (&self);
}

PeerupPairingMachine *
peerup_pairing_machine_new_resume (const guint8 pairing[PEERUP_PAIRING_ID_LENGTH])
{
  PeerupPairingMachine *self = machine_new (PEERUP_PAIRING_STEP_WAIT_STATUS, TRUE, NULL, NULL, NULL);

  self->in_doubt = TRUE;
  memcpy (self->pairing, pairing, sizeof self->pairing);
  say_pairing (self, PEERUP_PAIRING_EVENT_RESUME);
  return self;
}

PeerupPairingMachine *
peerup_pairing_machine_new_resumed (const guint8 pairing[PEERUP_PAIRING_ID_LENGTH])
{
  PeerupPairingMachine *self = machine_new (PEERUP_PAIRING_STEP_WAIT_RESUME, FALSE, NULL, NULL, NULL);

  memcpy (self->pairing, pairing, sizeof self->pairing);
  return self;
}

void
peerup_pairing_machine_free (PeerupPairingMachine *self)
{
  wipe (self);
  drop_output (self);
  g_clear_error (&self->error);
  g_free (self->network);
  g_clear_pointer (&self->channel, g_bytes_unref);
  g_clear_pointer (&self->own_offer, g_bytes_unref);
  g_clear_pointer (&self->offer, peerup_pairing_offer_free);
  g_free (self);
}

gboolean
peerup_pairing_peek (const guint8 *message, gsize length, PeerupPairingOpening *opening, GError **error)
{
  g_auto (PeerupPairingMessage) first = { 0 };

  if (!peerup_pairing_message_decode (&first, message, length, error))
    return FALSE;
  if (first.type != PEERUP_PAIRING_EVENT_HELLO && first.type != PEERUP_PAIRING_EVENT_RESUME)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                   _ ("A pairing does not begin with a message of the type %d"), first.type);
      return FALSE;
    }
  memset (opening, 0, sizeof *opening);
  opening->is_resume = first.type == PEERUP_PAIRING_EVENT_RESUME;
  opening->invite = first.invite;
  memcpy (opening->pairing, first.pairing, sizeof opening->pairing);
  return TRUE;
}

/* Hearing: one function for each message. FALSE with the error; the step is not theirs to change. */

static gboolean
fail_with (GError **error, PeerupError code, const char *text)
{
  g_set_error_literal (error, PEERUP_ERROR, code, text);
  return FALSE;
}

static gboolean
hear_hello (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  g_autoptr (GBytes) session = g_bytes_new (message->session, sizeof message->session);
  g_autoptr (GBytes) secret = g_bytes_new_static (self->secret, self->secret_length);
  g_autoptr (GBytes) data = g_bytes_new_static (DATA_INVITER, strlen (DATA_INVITER));
  g_autoptr (GBytes) other_data = g_bytes_new_static (DATA_JOINER, strlen (DATA_JOINER));
  guint8 network[PEERUP_PAIRING_NETWORK_LENGTH];

  if (message->invite.number != self->invite.number || message->invite.spoken != self->invite.spoken)
    return fail_with (error, PEERUP_ERROR_PROTOCOL, _ ("The joiner names another invite"));
  memcpy (self->said.session, message->session, sizeof self->said.session);
  memcpy (self->said.commitment, message->commitment, sizeof self->said.commitment);
  peerup_pairing_transcript_hash_network (&self->said, self->network, network);
  if (memcmp (network, message->network, sizeof network) != 0)
    {
      say_refusal (self, PEERUP_PAIRING_REFUSED_NETWORK);
      return fail_with (error, PEERUP_ERROR_PROTOCOL, _ ("The joiner is of another network"));
    }
  self->cpace = peerup_cpace_new (secret, self->channel, session, FALSE, data, NULL);
  wipe_secret (self);
  if (!peerup_cpace_finish (self->cpace, message->share, other_data, error))
    return FALSE;
  say_share (self);
  return TRUE;
}

static gboolean
hear_share (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  g_autoptr (GBytes) data = g_bytes_new_static (DATA_INVITER, strlen (DATA_INVITER));

  memcpy (self->said.commitment, message->commitment, sizeof self->said.commitment);
  if (!peerup_cpace_finish (self->cpace, message->share, data, error))
    return FALSE;
  say_confirm (self);
  peerup_pairing_transcript_make_keys (&self->said, peerup_cpace_get_key (self->cpace));
  return TRUE;
}

/* The number first: it says nothing of the code. */
static gboolean
hear_confirm (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  if (!peerup_pairing_transcript_check (&self->said, message->nonce))
    return fail_with (error, PEERUP_ERROR_CRYPTO, _ ("The joiner's messages do not go together"));
  if (!peerup_cpace_check_tag (self->cpace, message->tag))
    {
      self->wrong_code = TRUE;
      say_refusal (self, PEERUP_PAIRING_REFUSED_WRONG_CODE);
      return fail_with (error, PEERUP_ERROR_CRYPTO, _ ("The joiner has another code"));
    }
  peerup_pairing_transcript_make_keys (&self->said, peerup_cpace_get_key (self->cpace));
  peerup_pairing_transcript_finish (&self->said, self->said.nonce);
  self->is_proven = TRUE;
  return TRUE;
}

static GBytes *
open_seal (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (message->sealed, &length);
  GBytes *text = peerup_pairing_seal_open (&self->said.receiving, bound, data, length);

  if (text == NULL)
    fail_with (error, PEERUP_ERROR_CRYPTO, _ ("A message of the pairing was changed on the way"));
  return text;
}

static gboolean
hear_terms (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  g_autoptr (GBytes) text = open_seal (self, message, bound, error);

  if (text != NULL)
    self->offer = peerup_pairing_offer_decode (text, error);
  return self->offer != NULL;
}

static gboolean
hear_offer (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  if (!peerup_cpace_check_tag (self->cpace, message->tag))
    return fail_with (error, PEERUP_ERROR_CRYPTO, _ ("The inviter has another code"));
  if (!peerup_pairing_transcript_check (&self->said, message->nonce))
    return fail_with (error, PEERUP_ERROR_CRYPTO, _ ("The inviter's messages do not go together"));
  peerup_pairing_transcript_finish (&self->said, message->nonce);
  self->is_proven = hear_terms (self, message, bound, error);
  return self->is_proven;
}

/* A seal around nothing. */
static gboolean
hear_word (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  g_autoptr (GBytes) text = open_seal (self, message, bound, error);

  if (text == NULL)
    return FALSE;
  if (g_bytes_get_size (text) > 0)
    return fail_with (error, PEERUP_ERROR_MALFORMED, _ ("A message of the pairing has something in it"));
  if (message->type == PEERUP_PAIRING_EVENT_COMMITTED)
    self->in_doubt = FALSE;
  return TRUE;
}

static gboolean
hear_pairing (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  if (memcmp (message->pairing, self->pairing, sizeof self->pairing) != 0)
    return fail_with (error, PEERUP_ERROR_PROTOCOL, _ ("The other side names another pairing"));
  if (message->type == PEERUP_PAIRING_EVENT_RESUME)
    say_pairing (self, PEERUP_PAIRING_EVENT_STATUS);
  if (message->type == PEERUP_PAIRING_EVENT_STATUS)
    self->in_doubt = FALSE;
  return TRUE;
}

static const char *
describe_refusal (PeerupPairingRefusal refusal)
{
  static const char *const texts[] = {
    [PEERUP_PAIRING_REFUSED_UNKNOWN] = N_ ("it knows of no such invite or pairing"),
    [PEERUP_PAIRING_REFUSED_WRONG_CODE] = N_ ("the code is wrong"),
    [PEERUP_PAIRING_REFUSED_OVER] = N_ ("the code was used, has expired or was taken back"),
    [PEERUP_PAIRING_REFUSED_BUSY] = N_ ("somebody else is using the code: try again in a moment"),
    [PEERUP_PAIRING_REFUSED_NETWORK] = N_ ("the code is of another network"),
    [PEERUP_PAIRING_REFUSED_DECLINED] = N_ ("it was declined"),
    [PEERUP_PAIRING_REFUSED_FAILED] = N_ ("it could not save the pairing"),
  };

  return _ (texts[refusal]);
}

/* Believed as the end of the run by whomever it is; as the end of all doubt only where it is proven whose it is: by the
 * seal, or by the connection, in which RESUME trusts anyhow. */
static gboolean
hear_refusal (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound, GError **error)
{
  g_autoptr (GBytes) text = NULL;

  self->refusal = message->refusal;
  if (self->said.has_keys && message->sealed != NULL)
    text = open_seal (self, message, bound, NULL);
  if (text != NULL ||
      (self->step == PEERUP_PAIRING_STEP_WAIT_STATUS && message->refusal == PEERUP_PAIRING_REFUSED_UNKNOWN))
    self->in_doubt = FALSE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("The other side has refused the pairing: %s"),
               describe_refusal (message->refusal));
  return FALSE;
}

static gboolean (*const hears[]) (PeerupPairingMachine *self, const PeerupPairingMessage *message, const guint8 *bound,
                                  GError **error) = {
  [PEERUP_PAIRING_EVENT_HELLO] = hear_hello,     [PEERUP_PAIRING_EVENT_SHARE] = hear_share,
  [PEERUP_PAIRING_EVENT_CONFIRM] = hear_confirm, [PEERUP_PAIRING_EVENT_OFFER] = hear_offer,
  [PEERUP_PAIRING_EVENT_ACCEPT] = hear_terms,    [PEERUP_PAIRING_EVENT_COMMITTED] = hear_word,
  [PEERUP_PAIRING_EVENT_DONE] = hear_word,       [PEERUP_PAIRING_EVENT_RESUME] = hear_pairing,
  [PEERUP_PAIRING_EVENT_STATUS] = hear_pairing,  [PEERUP_PAIRING_EVENT_RESUMED] = hear_pairing,
  [PEERUP_PAIRING_EVENT_REFUSED] = hear_refusal,
};

static gboolean
try_receive (PeerupPairingMachine *self, const guint8 *data, gsize length, PeerupPairingEvent *type, GError **error)
{
  g_auto (PeerupPairingMessage) message = { 0 };
  guint8 bound[PEERUP_PAIRING_HASH_LENGTH];

  if (!peerup_pairing_message_decode (&message, data, length, error))
    return FALSE;
  if (peerup_pairing_edge (self->step, message.type) == PEERUP_PAIRING_STEP_NONE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                   _ ("A message of the type %d came when it was not its turn in the pairing"), message.type);
      return FALSE;
    }
  *type = message.type;
  peerup_pairing_transcript_bind (&self->said, &message, bound);
  peerup_pairing_transcript_add (&self->said, data, length);
  return hears[message.type](self, &message, bound, error);
}

gboolean
peerup_pairing_machine_receive (PeerupPairingMachine *self, const guint8 *message, gsize length, GError **error)
{
  PeerupPairingEvent type = PEERUP_PAIRING_EVENT_FAIL;

  g_return_val_if_fail (message != NULL || length == 0, FALSE);

  if (self->step == PEERUP_PAIRING_STEP_DONE)
    return fail_with (error, PEERUP_ERROR_PROTOCOL, _ ("A message came after the end of the pairing"));
  if (self->step != PEERUP_PAIRING_STEP_FAILED)
    {
      if (try_receive (self, message, length, &type, &self->error))
        {
          advance (self, type);
          return TRUE;
        }
      if (!self->has_refused)
        drop_output (self);
      advance (self, PEERUP_PAIRING_EVENT_FAIL);
    }
  if (error != NULL)
    *error = g_error_copy (self->error);
  return FALSE;
}

/* What was asked for */

/* Where the steps are seen as another state than RUNNING. */
static const PeerupPairingState states[PEERUP_PAIRING_N_STEPS] = {
  [PEERUP_PAIRING_STEP_NEEDS_CLAIM] = PEERUP_PAIRING_NEEDS_CLAIM,
  [PEERUP_PAIRING_STEP_NEEDS_PREPARE] = PEERUP_PAIRING_NEEDS_PREPARE,
  [PEERUP_PAIRING_STEP_INVITER_NEEDS_COMMIT] = PEERUP_PAIRING_NEEDS_COMMIT,
  [PEERUP_PAIRING_STEP_JOINER_NEEDS_COMMIT] = PEERUP_PAIRING_NEEDS_COMMIT,
  [PEERUP_PAIRING_STEP_RESUME_NEEDS_COMMIT] = PEERUP_PAIRING_NEEDS_COMMIT,
  [PEERUP_PAIRING_STEP_DONE] = PEERUP_PAIRING_DONE,
  [PEERUP_PAIRING_STEP_FAILED] = PEERUP_PAIRING_FAILED,
};

/* What is said when it goes on from there. */
static const PeerupPairingEvent says[PEERUP_PAIRING_N_STEPS] = {
  [PEERUP_PAIRING_STEP_NEEDS_CLAIM] = PEERUP_PAIRING_EVENT_OFFER,
  [PEERUP_PAIRING_STEP_NEEDS_PREPARE] = PEERUP_PAIRING_EVENT_ACCEPT,
  [PEERUP_PAIRING_STEP_INVITER_NEEDS_COMMIT] = PEERUP_PAIRING_EVENT_COMMITTED,
  [PEERUP_PAIRING_STEP_JOINER_NEEDS_COMMIT] = PEERUP_PAIRING_EVENT_DONE,
  [PEERUP_PAIRING_STEP_RESUME_NEEDS_COMMIT] = PEERUP_PAIRING_EVENT_RESUMED,
};

PeerupPairingState
peerup_pairing_machine_get_state (PeerupPairingMachine *self)
{
  return states[self->step];
}

GBytes *
peerup_pairing_machine_take_output (PeerupPairingMachine *self)
{
  return g_queue_pop_head (&self->output);
}

void
peerup_pairing_machine_go_on (PeerupPairingMachine *self)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("", 0);
  PeerupPairingEvent type;

  g_return_if_fail (peerup_pairing_edge (self->step, PEERUP_PAIRING_EVENT_GO_ON) != PEERUP_PAIRING_STEP_NONE);

  type = says[self->step];
  if (type == PEERUP_PAIRING_EVENT_RESUMED)
    say_pairing (self, type);
  else if (type == PEERUP_PAIRING_EVENT_OFFER || type == PEERUP_PAIRING_EVENT_ACCEPT)
    say_sealed (self, type, self->own_offer);
  else
    say_sealed (self, type, nothing);
  if (type == PEERUP_PAIRING_EVENT_ACCEPT)
    self->in_doubt = TRUE;
  advance (self, PEERUP_PAIRING_EVENT_GO_ON);
}

void
peerup_pairing_machine_refuse (PeerupPairingMachine *self, PeerupPairingRefusal refusal)
{
  g_return_if_fail (peerup_pairing_edge (self->step, PEERUP_PAIRING_EVENT_REFUSE) != PEERUP_PAIRING_STEP_NONE);
  g_return_if_fail (refusal > PEERUP_PAIRING_REFUSED_NONE && refusal <= PEERUP_PAIRING_REFUSED_FAILED);

  say_refusal (self, refusal);
  g_set_error (&self->error, PEERUP_ERROR, PEERUP_ERROR_GATED, _ ("The pairing was refused here: %s"),
               describe_refusal (refusal));
  advance (self, PEERUP_PAIRING_EVENT_REFUSE);
}

gboolean
peerup_pairing_machine_has_wrong_code (PeerupPairingMachine *self)
{
  return self->wrong_code;
}

PeerupPairingRefusal
peerup_pairing_machine_get_refusal (PeerupPairingMachine *self)
{
  return self->refusal;
}

gboolean
peerup_pairing_machine_is_in_doubt (PeerupPairingMachine *self)
{
  return self->in_doubt;
}

const PeerupPairingOffer *
peerup_pairing_machine_get_offer (PeerupPairingMachine *self)
{
  return self->offer;
}

const guint8 *
peerup_pairing_machine_get_transcript (PeerupPairingMachine *self)
{
  return self->is_proven ? self->said.transcript : NULL;
}
