/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Joining, pairings that are half done, and verification, for the control interface. A code that comes in goes to the
 * engine and nowhere else.
 */
#include "control/peerup-control-pairing.h"

#include "control/peerup-control-options.h"
#include "control/peerup-control-requests.h"
#include "control/peerup-control.h"
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

static const char *
state_word (PeerupPairingRecordState state)
{
  static const char *const words[] = { "prepared", "committed", "complete" };

  return words[state];
}

/* Join */

typedef struct
{
  PeerupDBusEngine1 *object;
  GDBusMethodInvocation *invocation;
  PeerupEngine *engine;
} Join;

static void
join_free (gpointer data)
{
  Join *self = data;

  g_object_unref (self->object);
  g_object_unref (self->invocation);
  g_object_unref (self->engine);
  g_free (self);
}

/* A caller that is gone hears nothing, and what it has begun goes on. */
static void
on_progress (const char *state, const char *detail, gpointer data)
{
  const Join *self = data;

  g_dbus_connection_emit_signal (g_dbus_method_invocation_get_connection (self->invocation), NULL, PEERUP_CONTROL_PATH,
                                 "dev.peerup.PeerUp.Engine1", "JoinProgress",
                                 g_variant_new ("(ss)", state, detail != NULL ? detail : ""), NULL);
}

static GVariant *
describe_joined (PeerupEngine *engine, const PeerupPairingRecord *record)
{
  static const char *const none[] = { NULL };
  const PeerupPairingOffer *theirs = record->theirs;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_peer (&dict, engine, record->peer, record->name);
  g_variant_dict_insert (&dict, "kind", "s", record->kind != NULL ? record->kind : "");
  g_variant_dict_insert (&dict, "state", "s", state_word (record->state));
  g_variant_dict_insert (&dict, "guest", "b", theirs != NULL && theirs->guest);
  g_variant_dict_insert (&dict, "services", "^as", theirs != NULL ? (const char *const *) theirs->services : none);
  if (theirs != NULL && theirs->until != G_MAXINT64)
    g_variant_dict_insert (&dict, "until", "x", theirs->until);
  return g_variant_dict_end (&dict);
}

/* Completing takes a reference of the invocation, and so does the error. */
static DexFuture *
answer_join (DexFuture *future, gpointer data)
{
  const Join *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value != NULL)
    peerup_dbus_engine1_complete_join (self->object, g_object_ref (self->invocation),
                                       describe_joined (self->engine, g_value_get_boxed (value)));
  else
    peerup_control_take_error (g_object_ref (self->invocation), g_steal_pointer (&error));
  return dex_future_new_true ();
}

void
peerup_control_join (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                     const char *code, GVariant *options)
{
  PeerupJoinOptions wanted = { 0 };
  g_autofree const char **services = NULL;
  const PeerupControlOption known[] = {
    { "name", "s", &wanted.name },
    { "services", "as", &services },
    { "wait", "b", &wanted.wait },
  };
  g_autoptr (GError) error = NULL;
  Join *self;

  if (engine->pairing == NULL)
    g_set_error_literal (&error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The engine does not run");
  if (error != NULL || !peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error))
    {
      peerup_control_take_error (invocation, g_steal_pointer (&error));
      return;
    }
  wanted.services = services;
  self = g_new (Join, 1);
  self->object = g_object_ref (object);
  self->invocation = invocation;
  self->engine = g_object_ref (engine);
  /* The answer is the only thing anybody waits for, and it is sent in every case. */
  dex_future_disown (dex_future_finally (peerup_engine_pairing_join (engine->pairing, code, &wanted, on_progress, self),
                                         answer_join, self, join_free));
}

/* Pairings that are half done */

static const char *
advice_for (const PeerupPairingRecord *record)
{
  if (record->state == PEERUP_PAIRING_RECORD_PREPARED)
    return "It was cut short, and the other device may have authorized this one. It is completed, or dropped, when "
           "the two meet; let the other device run, or take it back here and there.";
  return "The other device is authorized here, and may not know that yet. It is completed when the two meet; let the "
         "other device run, or take it back here.";
}

static GVariant *
describe_half (PeerupEngine *engine, const PeerupPairingRecord *record)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  add_peer (&dict, engine, record->peer, record->name);
  g_variant_dict_insert (&dict, "inviter", "b", record->inviter);
  g_variant_dict_insert (&dict, "kind", "s", record->kind != NULL ? record->kind : "");
  g_variant_dict_insert (&dict, "state", "s", state_word (record->state));
  g_variant_dict_insert (&dict, "at", "x", record->at);
  g_variant_dict_insert (&dict, "advice", "s", advice_for (record));
  return g_variant_dict_end (&dict);
}

void
peerup_control_list_pairings (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  g_autoptr (GPtrArray) half = engine->pairing != NULL ? peerup_engine_pairing_dup_half (engine->pairing) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; half != NULL && i < half->len; i++)
    g_variant_builder_add_value (&builder, describe_half (engine, half->pdata[i]));
  peerup_dbus_engine1_complete_list_pairings (object, invocation, g_variant_builder_end (&builder));
}

void
peerup_control_undo_pairing (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerId) id = peerup_engine_resolve (engine, peer, &error);

  if (id != NULL && engine->pairing == NULL)
    g_set_error_literal (&error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The engine does not run");
  if (error == NULL && peerup_engine_pairing_undo (engine->pairing, id, &error))
    peerup_dbus_engine1_complete_undo_pairing (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
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
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG, "The configuration names no authorized_keys file");
  return NULL;
}

static PeerupPeerId *
own_id (PeerupEngine *engine)
{
  return peerup_private_key_get_peer_id (engine->identity);
}

void
peerup_control_get_verification (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                                 const char *peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupVerification) found = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *path;
  g_autoptr (PeerupPeerId) id = resolve (engine, peer, &path, &error);

  if (id != NULL)
    found = peerup_verification_load (path, own_id (engine), id, &error);
  if (found == NULL)
    {
      peerup_control_take_error (invocation, g_steal_pointer (&error));
      return;
    }
  add_peer (&dict, engine, id, NULL);
  g_variant_dict_insert (&dict, "emoji", "s", found->peers->emoji);
  g_variant_dict_insert (&dict, "digits", "s", found->peers->digits);
  g_variant_dict_insert (&dict, "verified", "b", found->verified);
  if (found->transcript != NULL)
    {
      g_variant_dict_insert (&dict, "transcript_emoji", "s", found->transcript->emoji);
      g_variant_dict_insert (&dict, "transcript_digits", "s", found->transcript->digits);
    }
  peerup_dbus_engine1_complete_get_verification (object, invocation, g_variant_dict_end (&dict));
}

void
peerup_control_set_verified (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                             const char *peer, gboolean verified)
{
  g_autoptr (GError) error = NULL;
  const char *path;
  g_autoptr (PeerupPeerId) id = resolve (engine, peer, &path, &error);

  if (id == NULL || !peerup_verification_set (path, own_id (engine), id, verified, &error))
    {
      peerup_control_take_error (invocation, g_steal_pointer (&error));
      return;
    }
  if (engine->trust != NULL)
    peerup_engine_trust_audit (engine->trust, verified ? "verified" : "unverified", id, NULL, NULL);
  peerup_dbus_engine1_complete_set_verified (object, invocation);
}
