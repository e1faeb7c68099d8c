/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites for the control interface: made, shown, taken back, and every change of one told. The secrets of a code leave
 * in the answers of CreateInvite and ListInvites alone, and are in no signal and no log.
 */
#include "control/peerup-control-invites.h"

#include "control/peerup-control-options.h"
#include "control/peerup-control-requests.h"
#include "engine/peerup-engine-pairing.h"

static void
describe_public (GVariantDict *dict, PeerupInvite *invite)
{
  g_autoptr (GEnumClass) states = g_type_class_ref (PEERUP_TYPE_INVITE_STATE);
  const char *name = peerup_invite_get_peer_name (invite);
  const char *id = peerup_invite_get_peer_id (invite);
  g_autofree char *shown = peerup_pairing_name_sanitize (name != NULL ? name : "", name != NULL ? strlen (name) : 0);

  g_variant_dict_insert (dict, "number", "u", peerup_invite_get_number (invite));
  g_variant_dict_insert (dict, "state", "s", g_enum_get_value (states, peerup_invite_get_state (invite))->value_nick);
  g_variant_dict_insert (dict, "expires_at", "x", peerup_invite_get_expires_at (invite));
  g_variant_dict_insert (dict, "relays", "u", peerup_invite_get_n_relays (invite));
  g_variant_dict_insert (dict, "guesses", "u", peerup_invite_get_guesses (invite));
  g_variant_dict_insert (dict, "weak", "b", peerup_invite_get_weak (invite));
  g_variant_dict_insert (dict, "left", "b", peerup_invite_get_left (invite));
  g_variant_dict_insert (dict, "peer_id", "s", id != NULL ? id : "");
  g_variant_dict_insert (dict, "peer_name", "s", shown);
}

static void
add_text (GVariantDict *dict, const char *key, const char *text)
{
  g_variant_dict_insert (dict, key, "s", text != NULL ? text : "");
}

static GVariant *
describe (PeerupInvite *invite)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  describe_public (&dict, invite);
  add_text (&dict, "code", peerup_invite_get_code (invite));
  add_text (&dict, "link", peerup_invite_get_link (invite));
  add_text (&dict, "spoken", peerup_invite_get_spoken (invite));
  return g_variant_dict_end (&dict);
}

/* CreateInvite */

typedef struct
{
  PeerupDBusEngine1 *object;
  GDBusMethodInvocation *invocation;
} Call;

static void
call_free (gpointer data)
{
  Call *call = data;

  g_object_unref (call->object);
  g_object_unref (call->invocation);
  g_free (call);
}

/* Completing takes a reference of the invocation, and so does the error. */
static DexFuture *
answer_create (DexFuture *future, gpointer data)
{
  const Call *call = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  if (value != NULL)
    peerup_dbus_engine1_complete_create_invite (call->object, g_object_ref (call->invocation),
                                                describe (g_value_get_object (value)));
  else
    peerup_control_take_error (g_object_ref (call->invocation), g_steal_pointer (&error));
  return dex_future_new_true ();
}

static gboolean
check_times (const PeerupInviteOptions *options, GError **error)
{
  if (options->ttl >= 0 && options->ttl <= PEERUP_INVITE_TTL_MAX && options->grant_time >= 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT,
               options->grant_time < 0 ? "A grant cannot last less than no time"
                                       : "A code can work for %d days at the longest",
               PEERUP_INVITE_TTL_MAX / (24 * 3600));
  return FALSE;
}

void
peerup_control_create_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                              GVariant *options)
{
  PeerupInviteOptions wanted = { 0 };
  g_autofree const char **services = NULL;
  const PeerupControlOption known[] = {
    { "name", "s", &wanted.name }, { "services", "as", &services }, { "grant_time", "x", &wanted.grant_time },
    { "ttl", "x", &wanted.ttl },   { "leave", "b", &wanted.leave }, { "original", "b", &wanted.original },
  };
  g_autoptr (GError) error = NULL;
  Call *call;

  if (engine->pairing == NULL)
    g_set_error_literal (&error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The engine does not run");
  else if (peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error))
    check_times (&wanted, &error);
  if (error != NULL)
    {
      peerup_control_take_error (invocation, g_steal_pointer (&error));
      return;
    }
  wanted.services = services;
  call = g_new (Call, 1);
  call->object = g_object_ref (object);
  call->invocation = invocation;
  /* The answer is the only thing anybody waits for, and it is sent in every case. */
  dex_future_disown (
    dex_future_finally (peerup_engine_pairing_invite (engine->pairing, &wanted), answer_create, call, call_free));
}

void
peerup_control_cancel_invite (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine,
                              guint number)
{
  g_autoptr (GError) error = NULL;

  if (engine->pairing == NULL)
    peerup_control_return_error (invocation, PEERUP_ERROR_CLOSED, "The engine does not run");
  else if (peerup_engine_pairing_cancel (engine->pairing, number, &error))
    peerup_dbus_engine1_complete_cancel_invite (object, invocation);
  else
    peerup_control_take_error (invocation, g_steal_pointer (&error));
}

void
peerup_control_list_invites (PeerupDBusEngine1 *object, GDBusMethodInvocation *invocation, PeerupEngine *engine)
{
  GListModel *invites = engine->pairing != NULL ? peerup_engine_pairing_get_invites (engine->pairing) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; invites != NULL && i < g_list_model_get_n_items (invites); i++)
    {
      g_autoptr (PeerupInvite) invite = g_list_model_get_item (invites, i);

      g_variant_builder_add_value (&builder, describe (invite));
    }
  peerup_dbus_engine1_complete_list_invites (object, invocation, g_variant_builder_end (&builder));
}

/* InviteChanged */

static void
on_changed (PeerupInvite *invite, GParamSpec *pspec, gpointer object)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  describe_public (&dict, invite);
  peerup_dbus_engine1_emit_invite_changed (object, g_variant_dict_end (&dict));
}

static void
follow (PeerupInvite *invite, PeerupDBusEngine1 *object)
{
  static const char *const signals[] = { "notify::state", "notify::guesses", "notify::peer-id", "notify::peer-name" };

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_connect_object (invite, signals[i], G_CALLBACK (on_changed), object, 0);
}

static void
on_items_changed (GListModel *invites, guint position, guint removed, guint added, gpointer object)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (PeerupInvite) invite = g_list_model_get_item (invites, i);

      follow (invite, object);
    }
}

/* Each run of the engine has a list of its own. */
static void
on_engine_state (PeerupEngine *engine, GParamSpec *pspec, gpointer object)
{
  GListModel *invites = engine->pairing != NULL ? peerup_engine_pairing_get_invites (engine->pairing) : NULL;

  if (invites == NULL || g_signal_handler_find (invites, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_CLOSURE, 0, 0, NULL,
                                                on_items_changed, object) != 0)
    return;
  g_signal_connect_object (invites, "items-changed", G_CALLBACK (on_items_changed), object, 0);
  on_items_changed (invites, 0, 0, g_list_model_get_n_items (invites), object);
}

void
peerup_control_follow_invites (PeerupDBusEngine1 *object, PeerupEngine *engine)
{
  g_signal_connect_object (engine, "notify::state", G_CALLBACK (on_engine_state), object, 0);
  on_engine_state (engine, NULL, object);
}
