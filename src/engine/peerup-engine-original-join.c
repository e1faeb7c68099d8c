/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The joiner of the original's invite: reaches the inviter through the relay of the code, proves, and writes down what
 * came of it. One fiber with one deadline. It tries nothing twice: a code that was right once is dead.
 */
#include "engine/peerup-engine-original-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "engine/peerup-engine-private.h"
#include "pairing/peerup-original-invite.h"
#include "transport/peerup-fiber.h"

typedef struct
{
  PeerupEngine *engine;
  PeerupSwarm *swarm; /* the engine may be stopped meanwhile */
  PeerupInviteCode *code;
  char *name; /* "" for none */
  PeerupJoinFunc func;
  gpointer data;
  gint64 deadline;
  PeerupOriginalExchange *exchange;
  guint8 key[PEERUP_ORIGINAL_KEY_LENGTH];
} Join;

static void
join_free (gpointer data)
{
  Join *self = data;

  g_object_unref (self->swarm);
  g_object_unref (self->engine);
  peerup_invite_code_free (self->code);
  g_free (self->name);
  g_clear_pointer (&self->exchange, peerup_original_exchange_free);
  sodium_memzero (self, sizeof *self);
  g_free (self);
}

static void
join_tell (Join *self, const char *state, const char *detail)
{
  if (self->func != NULL)
    self->func (state, detail, self->data);
}

GBytes *
peerup_original_await_frame (PeerupStream *stream, gint64 deadline, GError **error)
{
  guint8 header[PEERUP_ORIGINAL_FRAME_HEADER];
  g_autofree guint8 *sealed = NULL;
  gsize length;

  if (!peerup_stream_await_read_exact (stream, header, sizeof header, deadline, error) ||
      !peerup_original_frame_measure (header, &length, error))
    return NULL;
  sealed = g_malloc (length);
  if (!peerup_stream_await_read_exact (stream, sealed, length, deadline, error))
    return NULL;
  return g_bytes_new_take (g_steal_pointer (&sealed), length);
}

/* Why there is no stream, for a person who has a code. */
static GError *
explain_unreachable (Join *self, GError *error)
{
  PeerupMultiaddr *relay = self->code->relays->pdata[0];
  g_autoptr (GError) cause = error;

  if (g_error_matches (cause, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION))
    return g_error_new (
      PEERUP_ERROR, PEERUP_ERROR_GATED,
      _ ("The other device is there, but waits for nobody: its invite is used, over or cancelled. Make "
         "a new one there"));
  if (g_error_matches (cause, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                        _ ("The other device did not answer in time through the relay %s. Is its invite still open?"),
                        peerup_multiaddr_get_string (relay));
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                      _ (
                        "The other device cannot be reached through the relay %s: %s. Its invite must be open, and the "
                        "relay must know this device; who runs the relay can add it with: peerup relay authorize %s"),
                      peerup_multiaddr_get_string (relay), cause->message,
                      peerup_peer_id_get_string (peerup_swarm_get_peer_id (self->swarm)));
}

static PeerupStream *
join_await_stream (Join *self, GError **error)
{
  const char *protocols[] = { PEERUP_ORIGINAL_INVITE_PROTOCOL, NULL };
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) local = NULL;
  PeerupStream *stream;

  join_tell (self, "finding", peerup_multiaddr_get_string (self->code->relays->pdata[0]));
  for (guint i = 0; i < self->code->relays->len; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s/p2p-circuit",
                                                       peerup_multiaddr_get_string (self->code->relays->pdata[i])));
  peerup_swarm_add_addresses (self->swarm, self->code->inviter, addresses);
  stream =
    dex_await_object (peerup_swarm_open_stream (self->swarm, self->code->inviter, protocols, self->deadline), &local);
  if (stream == NULL)
    g_propagate_error (error, explain_unreachable (self, g_steal_pointer (&local)));
  return stream;
}

static gboolean
join_agree (Join *self, PeerupStream *stream, GError **error)
{
  guint8 opening[PEERUP_ORIGINAL_OPENING_LENGTH];
  guint8 share[PEERUP_ORIGINAL_SHARE_LENGTH];

  self->exchange = peerup_original_exchange_new (NULL);
  opening[0] = PEERUP_ORIGINAL_INVITE_VERSION;
  memcpy (opening + 1, peerup_original_exchange_get_share (self->exchange), PEERUP_ORIGINAL_SHARE_LENGTH);
  if (!peerup_stream_await_write_all (stream, opening, sizeof opening, self->deadline, error) ||
      !peerup_stream_await_read_exact (stream, share, sizeof share, self->deadline, error) ||
      !peerup_original_exchange_finish (self->exchange, share, error))
    return FALSE;
  peerup_original_exchange_get_key (self->exchange, g_bytes_get_data (self->code->secret, NULL), self->key);
  return TRUE;
}

/* An inviter that cannot open what we sealed says nothing and closes. */
static void
explain_silence (GError **error)
{
  if (!g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_CLOSED) &&
      !g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_RESET))
    return;
  g_clear_error (error);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                       _ ("The other device refused the code. If it is typed as it stands there, the invite is used or "
                          "over; make a new one there"));
}

/* (transfer full): the inviter's name. */
static char *
join_prove (Join *self, PeerupStream *stream, GError **error)
{
  g_autoptr (GBytes) frame = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) local = NULL;
  g_autofree char *name = NULL;
  gsize length;
  const guint8 *bytes;

  frame = peerup_original_frame_seal (self->key, NULL, self->name, strlen (self->name));
  bytes = g_bytes_get_data (frame, &length);
  if (peerup_stream_await_write_all (stream, bytes, length, self->deadline, &local))
    answer = peerup_original_await_frame (stream, self->deadline, &local);
  if (answer == NULL)
    {
      explain_silence (&local);
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  bytes = g_bytes_get_data (answer, &length);
  g_clear_pointer (&frame, g_bytes_unref);
  frame = peerup_original_frame_open (self->key, bytes, length, error);
  if (frame == NULL)
    return NULL;
  bytes = g_bytes_get_data (frame, &length);
  name = peerup_original_answer_parse (bytes, length, error);
  return name != NULL ? peerup_pairing_name_sanitize (name, strlen (name)) : NULL;
}

static PeerupPairingRecord *
join_make_record (Join *self, const char *name)
{
  PeerupPairingRecord *record = g_new0 (PeerupPairingRecord, 1);

  record->state = PEERUP_PAIRING_RECORD_COMPLETE;
  record->kind = g_strdup ("original");
  record->peer = peerup_peer_id_ref (self->code->inviter);
  record->at = g_get_real_time () / G_USEC_PER_SEC;
  record->own = peerup_pairing_offer_new (self->name);
  record->theirs = peerup_pairing_offer_new (name);
  for (guint i = 0; i < self->code->relays->len; i++)
    g_ptr_array_add (record->theirs->relays, peerup_multiaddr_ref (self->code->relays->pdata[i]));
  randombytes_buf (record->id, sizeof record->id);
  return record;
}

/* The other device has us already: what fails here is said with what to do there. */
static DexFuture *
join_save (Join *self, const char *name)
{
  PeerupPairingRecord *record;
  g_autoptr (GError) error = NULL;

  if (self->engine->pairing == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                  _ (
                                    "The program was stopped before the pairing was written here; the other device has "
                                    "this one in its list already. Make a new invite there"));
  join_tell (self, "saving", name);
  record = join_make_record (self, name);
  record->name = peerup_engine_pairing_apply (self->engine->pairing, record, &error);
  if (record->name != NULL)
    {
      join_tell (self, "done", record->name);
      return dex_future_new_take_boxed (PEERUP_TYPE_PAIRING_RECORD, record);
    }
  peerup_pairing_record_free (record);
  g_prefix_error (&error, _ ("The other device has this one in its list now, but this one could not write it down: "));
  return dex_future_new_for_error (g_steal_pointer (&error));
}

static gboolean
is_connected (Join *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, self->code->inviter);

  return connections->len > 0;
}

static DexFuture *
join_fiber (gpointer data)
{
  Join *self = data;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *name = NULL;
  gboolean was_connected = is_connected (self);

  stream = join_await_stream (self, &error);
  if (stream == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  join_tell (self, "proving", NULL);
  if (join_agree (self, stream, &error))
    name = join_prove (self, stream, &error);
  if (name != NULL)
    peerup_stream_close (stream);
  /* Made as a stranger, it is good for nothing else. */
  if (!was_connected)
    peerup_connection_close (peerup_stream_get_connection (stream), PEERUP_CONNECTION_CODE_NONE);
  if (name == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return join_save (self, name);
}

DexFuture *
peerup_original_join_start (PeerupEngine *engine, const PeerupInviteCode *code, const char *name, PeerupJoinFunc func,
                            gpointer data)
{
  Join *self;

  g_return_val_if_fail (code->kind == PEERUP_CODE_ORIGINAL && code->relays->len > 0, NULL);

  if (peerup_peer_id_equal (code->inviter, peerup_swarm_get_peer_id (engine->swarm)))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                                  _ ("This is this device's own code: type it on the other one"));
  self = g_new0 (Join, 1);
  self->engine = g_object_ref (engine);
  self->swarm = g_object_ref (engine->swarm);
  self->code = peerup_invite_code_copy (code);
  self->name = name != NULL ? peerup_pairing_name_sanitize (name, strlen (name)) : g_strdup ("");
  self->func = func;
  self->data = data;
  self->deadline = g_get_monotonic_time () + PEERUP_ORIGINAL_JOIN_TIMEOUT;
  return peerup_fiber_spawn (join_fiber, self, join_free);
}
