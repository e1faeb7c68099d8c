/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The inviter of the original's invites: lets strangers in for them, runs the exchange with each, and tells whoever
 * opened the invite. Lives from the swarm's start to its end; runs that outlast it end by their deadlines. It writes no
 * file, and keeps no token longer than its invite is open. The joiner is peerup-engine-original-join.c.
 */
#include "engine/peerup-engine-original.h"

#include "engine/peerup-engine-original-private.h"
#include "engine/peerup-engine-private.h"
#include "engine/peerup-guest-list.h"
#include "pairing/peerup-original-invite.h"
#include "transport/peerup-fiber.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

/* Exchanges that go on at once, one for each peer at most; who is silent is gone after a deadline. */
#define RUNS_MAX 16
/* Microseconds that a guest has to begin one. */
#define GUEST_TIME (15 * G_USEC_PER_SEC)

typedef struct
{
  PeerupInviteCode *code;
  char *name; /* nullable */
  PeerupOriginalFuncs funcs;
  guint guesses;
  gboolean closed; /* while it was claimed */
} Invite;

struct _PeerupEngineOriginal
{
  PeerupEngine *engine; /* owns this; NULL when it has freed it */
  GPtrArray *invites;   /* of Invite: open */
  GPtrArray *runs;      /* of Run, borrowed */
  PeerupGuestList *guests;
  gint64 read_timeout;
  gboolean serving;
};

typedef struct
{
  PeerupEngineOriginal *original; /* a reference */
  PeerupConnection *connection;
  PeerupStream *stream;
  gboolean guest;
  gboolean joined;
  Invite *claimed; /* out of the list while whoever opened it decides */
  PeerupOriginalExchange *exchange;
  guint8 joiner_share[PEERUP_ORIGINAL_SHARE_LENGTH];
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH];
} Run;

static void
invite_free (gpointer data)
{
  Invite *self = data;

  peerup_invite_code_free (self->code);
  g_free (self->name);
  g_free (self);
}

static void
original_clear (gpointer data)
{
  PeerupEngineOriginal *self = data;

  g_ptr_array_unref (self->invites);
  g_ptr_array_unref (self->runs);
}

static void
original_unref (PeerupEngineOriginal *self)
{
  g_rc_box_release_full (self, original_clear);
}

/* Serving, as long as there is something to serve or somebody is being answered. */

static void on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data);
static void on_guest_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data);

/* Who has the code comes through a relay: it names nothing else. */
static gboolean
expects (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  PeerupEngineOriginal *self = data;

  return self->invites->len > 0 && peerup_guest_list_get_n (self->guests) < RUNS_MAX &&
         peerup_multiaddr_find (remote, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL);
}

static void
on_guest (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  peerup_guest_list_add (((PeerupEngineOriginal *) data)->guests, connection);
}

static void
original_serve (PeerupEngineOriginal *self)
{
  const PeerupSwarmGuests guests = { PEERUP_ORIGINAL_INVITE_PROTOCOL, expects, on_guest, on_guest_stream, self };

  if (self->serving)
    return;
  self->serving = TRUE;
  peerup_swarm_add_guests (self->engine->swarm, &guests);
  peerup_swarm_add_protocol (self->engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL, on_stream, self, NULL);
}

/* The guests would be closed, and with them an answer on its way. */
static void
original_rest (PeerupEngineOriginal *self)
{
  if (!self->serving || self->engine == NULL || self->invites->len > 0 || self->runs->len > 0)
    return;
  self->serving = FALSE;
  peerup_swarm_remove_guests (self->engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL);
  peerup_swarm_remove_protocol (self->engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL);
}

/* Invites */

static Invite *
find_invite (PeerupEngineOriginal *self, GBytes *secret, guint *index)
{
  for (guint i = 0; i < self->invites->len; i++)
    {
      Invite *invite = self->invites->pdata[i];

      if (!g_bytes_equal (invite->code->secret, secret))
        continue;
      *index = i;
      return invite;
    }
  return NULL;
}

static void
put_back (PeerupEngineOriginal *self, Invite *invite)
{
  if (self->engine != NULL && !invite->closed)
    g_ptr_array_add (self->invites, invite);
  else
    invite_free (invite);
}

static void
count_guess (PeerupEngineOriginal *self)
{
  g_autoptr (GPtrArray) wrong = g_ptr_array_new ();

  for (guint i = 0; i < self->invites->len; i++)
    g_ptr_array_add (wrong, g_bytes_ref (((Invite *) self->invites->pdata[i])->code->secret));
  /* Whoever is told may close any of them. */
  for (guint i = 0; i < wrong->len; i++)
    {
      g_autoptr (GBytes) secret = wrong->pdata[i];
      guint index;
      Invite *invite = find_invite (self, secret, &index);
      PeerupOriginalFuncs funcs;
      guint guesses;

      if (invite == NULL)
        continue;
      funcs = invite->funcs;
      guesses = ++invite->guesses;
      if (guesses >= PEERUP_INVITE_GUESSES_MAX)
        g_ptr_array_remove_index (self->invites, index);
      funcs.guessed (guesses, funcs.data);
    }
}

/* (nullable) (transfer full): the invite whose token sealed @frame, which is closed now; @message and the run's key are
 * its. */
static Invite *
claim_invite (PeerupEngineOriginal *self, Run *run, GBytes *frame, GBytes **message)
{
  for (guint i = 0; i < self->invites->len; i++)
    {
      const Invite *invite = self->invites->pdata[i];

      peerup_original_exchange_get_key (run->exchange, g_bytes_get_data (invite->code->secret, NULL), run->key);
      *message = peerup_original_frame_open (run->key, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame), NULL);
      if (*message != NULL)
        return g_ptr_array_steal_index (self->invites, i);
    }
  count_guess (self);
  return NULL;
}

/* Runs */

/* Who is authorized now has to dial anew, even if somebody else expected it as a guest. */
static void
run_release (Run *self)
{
  PeerupEngine *engine = self->original->engine;

  if (self->guest && self->joined)
    peerup_connection_close (self->connection, PEERUP_CONNECTION_CODE_NONE);
  else if (self->guest && engine != NULL)
    peerup_swarm_release_guest (engine->swarm, self->connection, PEERUP_ORIGINAL_INVITE_PROTOCOL,
                                PEERUP_CONNECTION_CODE_GATED);
}

static void
run_free (gpointer data)
{
  Run *self = data;

  g_ptr_array_remove (self->original->runs, self);
  run_release (self);
  original_rest (self->original);
  g_object_unref (self->stream);
  g_object_unref (self->connection);
  g_clear_pointer (&self->exchange, peerup_original_exchange_free);
  original_unref (self->original);
  sodium_memzero (self, sizeof *self);
  g_free (self);
}

static gint64
run_get_deadline (Run *self)
{
  return g_get_monotonic_time () + self->original->read_timeout;
}

/* Both public keys are exchanged before anything is read further. */
static gboolean
run_agree (Run *self, GError **error)
{
  guint8 opening[PEERUP_ORIGINAL_OPENING_LENGTH];

  if (!peerup_stream_await_read_exact (self->stream, opening, sizeof opening, run_get_deadline (self), error))
    return FALSE;
  if (opening[0] != PEERUP_ORIGINAL_INVITE_VERSION)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                   _ ("version %u of the invite's protocol is not known"), opening[0]);
      return FALSE;
    }
  memcpy (self->joiner_share, opening + 1, sizeof self->joiner_share);
  self->exchange = peerup_original_exchange_new (NULL);
  return peerup_original_exchange_finish (self->exchange, self->joiner_share, error) &&
         peerup_stream_await_write_all (self->stream, peerup_original_exchange_get_share (self->exchange),
                                        PEERUP_ORIGINAL_SHARE_LENGTH, run_get_deadline (self), error);
}

/* The record's ID: of this run, and no secret. */
static void
run_get_id (Run *self, guint8 id[16])
{
  static const char domain[] = "peerup-original-invite-id";
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 hash[32];
  gsize length = sizeof hash;

  g_checksum_update (checksum, (const guint8 *) domain, sizeof domain);
  g_checksum_update (checksum, self->joiner_share, sizeof self->joiner_share);
  g_checksum_update (checksum, peerup_original_exchange_get_share (self->exchange), PEERUP_ORIGINAL_SHARE_LENGTH);
  g_checksum_get_digest (checksum, hash, &length);
  memcpy (id, hash, 16);
}

static PeerupPairingRecord *
run_make_record (Run *self, GBytes *message)
{
  PeerupPairingRecord *record = g_new0 (PeerupPairingRecord, 1);
  gsize length;
  const char *text = g_bytes_get_data (message, &length);
  g_autofree char *name = peerup_pairing_name_sanitize (text, length);

  record->state = PEERUP_PAIRING_RECORD_COMMITTED;
  record->inviter = TRUE;
  record->kind = g_strdup ("original");
  record->peer = peerup_peer_id_ref (peerup_connection_get_remote_peer (self->connection));
  record->at = g_get_real_time () / G_USEC_PER_SEC;
  record->theirs = peerup_pairing_offer_new (name);
  run_get_id (self, record->id);
  return record;
}

/* The answer; NULL: there is none, because nobody has proven anything. */
static GBytes *
run_decide (Run *self, GBytes *frame, GError **error)
{
  g_autoptr (GBytes) message = NULL;
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupPairingRecord) record = NULL;
  Invite *invite;
  GBytes *answer;

  self->claimed = claim_invite (self->original, self, frame, &message);
  if (self->claimed == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, _ ("the code was a wrong one"));
      return NULL;
    }
  record = run_make_record (self, message);
  self->joined = self->claimed->funcs.joined (record, self->claimed->funcs.data, &local);
  invite = g_steal_pointer (&self->claimed);
  if (self->joined)
    {
      answer = peerup_original_answer_encode (invite->name);
      invite_free (invite);
      return answer;
    }
  g_message ("%s has the code of an invite, but could not be paired: %s", peerup_peer_id_get_string (record->peer),
             local->message);
  put_back (self->original, invite);
  return peerup_original_answer_encode_error ();
}

static gboolean
run_answer (Run *self, GBytes *answer, GError **error)
{
  gsize length;
  const guint8 *text = g_bytes_get_data (answer, &length);
  g_autoptr (GBytes) frame = peerup_original_frame_seal (self->key, NULL, text, length);
  guint8 end;

  text = g_bytes_get_data (frame, &length);
  if (!peerup_stream_await_write_all (self->stream, text, length, run_get_deadline (self), error))
    return FALSE;
  peerup_stream_close_write (self->stream);
  /* Until the joiner has it and closes, or has had its time: closing the connection would take the answer along. */
  return peerup_stream_await_read (self->stream, &end, 1, run_get_deadline (self), NULL) <= 0;
}

static gboolean
run_exchange (Run *self, GError **error)
{
  g_autoptr (GBytes) frame = NULL;
  g_autoptr (GBytes) answer = NULL;

  if (!run_agree (self, error))
    return FALSE;
  frame = peerup_original_await_frame (self->stream, run_get_deadline (self), error);
  if (frame == NULL)
    return FALSE;
  if (self->original->engine == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the engine has stopped"));
      return FALSE;
    }
  answer = run_decide (self, frame, error);
  return answer != NULL && run_answer (self, answer, error);
}

static DexFuture *
run_fiber (gpointer data)
{
  Run *self = data;
  g_autoptr (GError) error = NULL;

  if (run_exchange (self, &error))
    peerup_stream_close (self->stream);
  else
    {
      g_message ("An invite of the original's kind was tried by %s without success: %s",
                 peerup_peer_id_get_string (peerup_connection_get_remote_peer (self->connection)),
                 error != NULL ? error->message : "it said more than there was to say");
      peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
    }
  return dex_future_new_true ();
}

static gboolean
may_run (PeerupEngineOriginal *self, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);

  if (self->engine == NULL || self->invites->len == 0 || self->runs->len >= RUNS_MAX)
    return FALSE;
  for (guint i = 0; i < self->runs->len; i++)
    if (peerup_peer_id_equal (peerup_connection_get_remote_peer (((Run *) self->runs->pdata[i])->connection), peer))
      return FALSE;
  return TRUE;
}

static void
start_run (PeerupEngineOriginal *self, PeerupConnection *connection, PeerupStream *stream, gboolean guest)
{
  Run *run;

  if (!may_run (self, connection))
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }
  run = g_new0 (Run, 1);
  run->original = g_rc_box_acquire (self);
  run->connection = g_object_ref (connection);
  run->stream = stream;
  run->guest = guest;
  g_ptr_array_add (self->runs, run);
  /* Let go: each of its reads has a deadline. */
  dex_future_disown (peerup_fiber_run (run_fiber, run, run_free));
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  start_run (data, connection, stream, FALSE);
}

static void
on_guest_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  start_run (data, connection, stream, TRUE);
}

/* The calls */

gboolean
peerup_engine_original_open (PeerupEngineOriginal *self, const PeerupInviteCode *code, const char *name,
                             const PeerupOriginalFuncs *funcs, GError **error)
{
  Invite *invite;
  guint index;

  g_return_val_if_fail (code->kind == PEERUP_CODE_ORIGINAL, FALSE);
  g_return_val_if_fail (g_bytes_get_size (code->secret) == PEERUP_ORIGINAL_TOKEN_LENGTH, FALSE);

  if (find_invite (self, code->secret, &index) != NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, _ ("This invite is open already"));
      return FALSE;
    }
  invite = g_new0 (Invite, 1);
  invite->code = peerup_invite_code_copy (code);
  invite->name = g_strdup (name);
  invite->funcs = *funcs;
  g_ptr_array_add (self->invites, invite);
  original_serve (self);
  return TRUE;
}

void
peerup_engine_original_close (PeerupEngineOriginal *self, const PeerupInviteCode *code)
{
  guint index;

  if (find_invite (self, code->secret, &index) != NULL)
    g_ptr_array_remove_index (self->invites, index);
  for (guint i = 0; i < self->runs->len; i++)
    {
      Invite *claimed = ((Run *) self->runs->pdata[i])->claimed;

      if (claimed != NULL && g_bytes_equal (claimed->code->secret, code->secret))
        claimed->closed = TRUE;
    }
  original_rest (self);
}

PeerupEngineOriginal *
peerup_engine_original_new (PeerupEngine *engine)
{
  PeerupEngineOriginal *self = g_rc_box_new0 (PeerupEngineOriginal);

  self->engine = engine;
  self->read_timeout = PEERUP_ORIGINAL_READ_TIMEOUT;
  self->invites = g_ptr_array_new_with_free_func (invite_free);
  self->runs = g_ptr_array_new ();
  self->guests = peerup_guest_list_new (engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL, GUEST_TIME);
  return self;
}

void
peerup_engine_original_free (PeerupEngineOriginal *self)
{
  g_ptr_array_set_size (self->invites, 0);
  if (self->serving)
    {
      peerup_swarm_remove_guests (self->engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL);
      peerup_swarm_remove_protocol (self->engine->swarm, PEERUP_ORIGINAL_INVITE_PROTOCOL);
    }
  g_clear_pointer (&self->guests, peerup_guest_list_free);
  self->engine = NULL;
  original_unref (self);
}

void
peerup_engine_original_set_read_timeout (PeerupEngineOriginal *self, gint64 timeout)
{
  self->read_timeout = timeout;
}

DexFuture *
peerup_engine_original_join (PeerupEngineOriginal *self, const PeerupInviteCode *code, const char *name,
                             PeerupJoinFunc func, gpointer data)
{
  return peerup_original_join_start (self->engine, code, name, func, data);
}
