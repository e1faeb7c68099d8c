/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Joining, pairings that are half done, and verification, for the control interface. A code that comes in goes to the
 * engine and nowhere else.
 */
#include "control/peerup-control-describe.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"
#include "engine/peerup-engine-pairing.h"
#include "engine/peerup-engine-trust.h"
#include "trust/peerup-verification.h"

static void
add_peer (GVariantDict *dict, PeerupEngine *engine, PeerupPeerId *peer, const char *name)
{
  const char *configured = peerup_engine_get_name_of (engine, peer);

  g_variant_dict_insert (dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  g_variant_dict_insert (dict, "name", "s", configured != NULL ? configured : name != NULL ? name : "");
}

/* Join */

/* A caller that is gone hears nothing. */
static void
on_progress (const char *state, const char *detail, gpointer data)
{
  const PeerupControlCall *call = data;

  peerup_control_emit (call->control, "JoinProgress", g_variant_new ("(ss)", state, detail != NULL ? detail : ""),
                       call->caller);
}

static GVariant *
describe_joined (PeerupEngine *engine, const PeerupPairingRecord *record)
{
  static const char *const none[] = { NULL };
  const PeerupPairingOffer *theirs = record->theirs;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_peer (&dict, engine, record->peer, record->name);
  g_variant_dict_insert (&dict, "kind", "s", record->kind != NULL ? record->kind : "");
  g_variant_dict_insert (&dict, "state", "s", peerup_control_pairing_word (record->state));
  g_variant_dict_insert (&dict, "guest", "b", theirs != NULL && theirs->guest);
  g_variant_dict_insert (&dict, "services", "^as", theirs != NULL ? (const char *const *) theirs->services : none);
  if (theirs != NULL && theirs->until != G_MAXINT64)
    g_variant_dict_insert (&dict, "until", "x", theirs->until);
  return g_variant_dict_end (&dict);
}

static DexFuture *
answer_join (DexFuture *future, gpointer data)
{
  const PeerupControlCall *call = data;
  const GValue *value = dex_future_get_value (future, NULL);

  return peerup_control_reply_value (describe_joined (call->engine, g_value_get_boxed (value)));
}

/* The progress has its data until it has ended, well or not. */
static DexFuture *
pass (DexFuture *future, gpointer data)
{
  return dex_ref (future);
}

DexFuture *
peerup_control_op_join (PeerupControlCall *call)
{
  PeerupJoinOptions wanted = { 0 };
  g_autofree const char **services = NULL;
  const PeerupControlOption known[] = {
    { "name", "s", &wanted.name },
    { "services", "as", &services },
    { "wait", "b", &wanted.wait },
  };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (GError) error = NULL;
  const char *code;
  DexFuture *future;

  g_variant_get (call->parameters, "(&s@a{sv})", &code, &options);
  if (call->engine->pairing == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (!peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  wanted.services = services;
  wanted.cancellable = peerup_caller_get_cancellable (call->caller);
  future = peerup_engine_pairing_join (call->engine->pairing, code, &wanted, on_progress, call);
  future = dex_future_finally (future, pass, peerup_control_call_ref (call), peerup_control_call_unref);
  return dex_future_then (future, answer_join, peerup_control_call_ref (call), peerup_control_call_unref);
}

/* Pairings that are half done */

static const char *
advice_for (const PeerupPairingRecord *record)
{
  if (record->state == PEERUP_PAIRING_RECORD_PREPARED)
    return _ ("It was cut short, and the other device may have authorized this one. It is completed, or dropped, when "
              "the two meet; let the other device run, or take it back here and there.");
  return _ (
    "The other device is authorized here, and may not know that yet. It is completed when the two meet; let the "
    "other device run, or take it back here.");
}

static GVariant *
describe_half (PeerupEngine *engine, const PeerupPairingRecord *record)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_peer (&dict, engine, record->peer, record->name);
  g_variant_dict_insert (&dict, "inviter", "b", record->inviter);
  g_variant_dict_insert (&dict, "kind", "s", record->kind != NULL ? record->kind : "");
  g_variant_dict_insert (&dict, "state", "s", peerup_control_pairing_word (record->state));
  g_variant_dict_insert (&dict, "at", "x", record->at);
  g_variant_dict_insert (&dict, "advice", "s", advice_for (record));
  return g_variant_dict_end (&dict);
}

DexFuture *
peerup_control_op_list_pairings (PeerupControlCall *call)
{
  PeerupEngine *engine = call->engine;
  g_autoptr (GPtrArray) half = engine->pairing != NULL ? peerup_engine_pairing_dup_half (engine->pairing) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; half != NULL && i < half->len; i++)
    g_variant_builder_add_value (&builder, describe_half (engine, half->pdata[i]));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

DexFuture *
peerup_control_op_undo_pairing (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;
  const char *peer;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = peerup_engine_resolve (call->engine, peer, &error);
  if (id != NULL && call->engine->pairing == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (id == NULL || !peerup_engine_pairing_undo (call->engine->pairing, id, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

/* Verification */

/* (nullable): whom a call is about; *@path is the authorized_keys file. */
static PeerupPeerId *
resolve (PeerupEngine *engine, const char *peer, const char **path, GError **error)
{
  g_autoptr (PeerupPeerId) id = peerup_engine_resolve (engine, peer, error);

  if (id == NULL)
    return NULL;
  *path = engine->config != NULL ? peerup_config_get_authorized_keys_file (engine->config) : NULL;
  if (*path != NULL)
    return g_steal_pointer (&id);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("The configuration names no authorized_keys file"));
  return NULL;
}

static PeerupPeerId *
own_id (PeerupEngine *engine)
{
  return peerup_private_key_get_peer_id (engine->identity);
}

DexFuture *
peerup_control_op_get_verification (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupVerification) found = NULL;
  g_autoptr (PeerupPeerId) id = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *peer, *path;

  g_variant_get (call->parameters, "(&s)", &peer);
  id = resolve (call->engine, peer, &path, &error);
  if (id != NULL)
    found = peerup_verification_load (path, own_id (call->engine), id, &error);
  if (found == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  add_peer (&dict, call->engine, id, NULL);
  g_variant_dict_insert (&dict, "emoji", "s", found->peers->emoji);
  g_variant_dict_insert (&dict, "digits", "s", found->peers->digits);
  g_variant_dict_insert (&dict, "verified", "b", found->verified);
  if (found->transcript != NULL)
    {
      g_variant_dict_insert (&dict, "transcript_emoji", "s", found->transcript->emoji);
      g_variant_dict_insert (&dict, "transcript_digits", "s", found->transcript->digits);
    }
  return peerup_control_reply_value (g_variant_dict_end (&dict));
}

DexFuture *
peerup_control_op_set_verified (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  g_autoptr (GError) error = NULL;
  const char *peer;
  gboolean verified;

  g_variant_get (call->parameters, "(&sb)", &peer, &verified);
  id = peerup_engine_resolve (call->engine, peer, &error);
  if (id == NULL || !peerup_engine_set_verified (call->engine, id, verified, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}
