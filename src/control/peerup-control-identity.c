/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The identity for every face: who this device is, where its private key is, and the way to the login keyring and back,
 * which is peerup-engine-identity.c's. The key itself is in no answer.
 */
#include "control/peerup-control-ops.h"
#include "engine/peerup-engine-private.h"

static GVariant *
describe (PeerupEngine *engine, const char *keyring, const char *text)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *id = peerup_engine_get_peer_id (engine);

  g_variant_dict_insert (&dict, "peer_id", "s", id != NULL ? id : "");
  g_variant_dict_insert (&dict, "store", "s", peerup_engine_get_identity_store (engine));
  g_variant_dict_insert (&dict, "key_file", "s",
                         engine->config != NULL ? peerup_config_get_key_file (engine->config) : "");
  g_variant_dict_insert (&dict, "keyring", "s", keyring);
  g_variant_dict_insert (&dict, "keyring_text", "s", text);
  return g_variant_dict_end (&dict);
}

static DexFuture *
reply_identity (DexFuture *looked, gpointer data)
{
  PeerupEngine *engine = ((const PeerupControlCall *) data)->engine;
  g_autoptr (GError) error = NULL;
  const GValue *locked = dex_future_get_value (looked, &error);

  if (locked == NULL)
    return peerup_control_reply_value (describe (engine, "none", error->message));
  return peerup_control_reply_value (describe (engine, g_value_get_boolean (locked) ? "locked" : "ready", ""));
}

DexFuture *
peerup_control_op_get_identity (PeerupControlCall *call)
{
  return dex_future_finally (peerup_engine_identity_look (call->engine->identity_store), reply_identity,
                             peerup_control_call_ref (call), peerup_control_call_unref);
}

typedef struct
{
  PeerupControlCall *call;
  PeerupConfigKeyStore before;
} Moved;

static void
moved_free (gpointer data)
{
  Moved *moved = data;

  peerup_control_call_unref (moved->call);
  g_free (moved);
}

static DexFuture *
reply_moved (DexFuture *done, gpointer data)
{
  const Moved *moved = data;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const GValue *left = dex_future_get_value (done, NULL);

  g_variant_dict_insert (&dict, "changed", "b",
                         peerup_engine_identity_get_store (moved->call->engine->identity_store) != moved->before);
  g_variant_dict_insert (&dict, "left", "s", left != NULL ? g_value_get_string (left) : "");
  return peerup_control_reply_value (g_variant_dict_end (&dict));
}

DexFuture *
peerup_control_op_move_identity (PeerupControlCall *call)
{
  PeerupEngineIdentity *identity = call->engine->identity_store;
  PeerupConfigKeyStore to;
  GError *error = NULL;
  const char *text;
  Moved *moved;

  g_variant_get (call->parameters, "(&s)", &text);
  if (!peerup_config_key_store_parse (text, &to, &error))
    return peerup_control_reply_take_error (error);
  moved = g_new (Moved, 1);
  moved->call = peerup_control_call_ref (call);
  moved->before = peerup_engine_identity_get_store (identity);
  return dex_future_then (peerup_engine_identity_move (identity, to, peerup_caller_get_face (call->caller)),
                          reply_moved, moved, moved_free);
}
