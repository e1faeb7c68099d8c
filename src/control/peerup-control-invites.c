/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites for the control interface: made, shown, taken back, and every change of one told. The secrets of a code leave
 * in the answers of CreateInvite and ListInvites alone, and are in no signal and no log.
 */
#include "control/peerup-control-lists.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"
#include "control/peerup-control-private.h"
#include "engine/peerup-engine-pairing.h"

/* Seconds, beyond which nobody means a time: 10 years. */
#define GRANT_TIME_MAX (10 * 365 * 24 * 3600)

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

static DexFuture *
answer_create (DexFuture *future, gpointer data)
{
  return peerup_control_reply_value (describe (g_value_get_object (dex_future_get_value (future, NULL))));
}

static gboolean
check_times (const PeerupInviteOptions *options, GError **error)
{
  if (options->ttl < 0 || options->ttl > PEERUP_INVITE_TTL_MAX)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 _ ("ttl is %" PRId64 ", and is to be 0 to %d seconds (%d days); 0 is the usual time"), options->ttl,
                 PEERUP_INVITE_TTL_MAX, PEERUP_INVITE_TTL_MAX / (24 * 3600));
  else if (options->grant_time < 0 || options->grant_time > GRANT_TIME_MAX)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 _ ("grant_time is %" PRId64 ", and is to be 0 to %d seconds (10 years); 0 is for good"),
                 options->grant_time, GRANT_TIME_MAX);
  else
    return TRUE;
  return FALSE;
}

DexFuture *
peerup_control_op_create_invite (PeerupControlCall *call)
{
  PeerupInviteOptions wanted = { 0 };
  g_autofree const char **services = NULL;
  const PeerupControlOption known[] = {
    { "name", "s", &wanted.name }, { "services", "as", &services }, { "grant_time", "x", &wanted.grant_time },
    { "ttl", "x", &wanted.ttl },   { "leave", "b", &wanted.leave }, { "original", "b", &wanted.original },
  };
  g_autoptr (GVariant) options = g_variant_get_child_value (call->parameters, 0);
  g_autoptr (GError) error = NULL;

  if (call->engine->pairing == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (!peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error) || !check_times (&wanted, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  wanted.services = services;
  return dex_future_then (peerup_engine_pairing_invite (call->engine->pairing, &wanted), answer_create, NULL, NULL);
}

DexFuture *
peerup_control_op_cancel_invite (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  guint number;

  g_variant_get (call->parameters, "(u)", &number);
  if (call->engine->pairing == NULL)
    return peerup_control_reply_error (PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  if (!peerup_engine_pairing_cancel (call->engine->pairing, number, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

static GVariant *
describe_secretly (PeerupInvite *invite)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  describe_public (&dict, invite);
  return g_variant_dict_end (&dict);
}

static GVariant *
list (PeerupEngine *engine, GVariant *(*describe_one) (PeerupInvite *invite))
{
  GListModel *invites = engine->pairing != NULL ? peerup_engine_pairing_get_invites (engine->pairing) : NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; invites != NULL && i < g_list_model_get_n_items (invites); i++)
    {
      g_autoptr (PeerupInvite) invite = g_list_model_get_item (invites, i);

      g_variant_builder_add_value (&builder, describe_one (invite));
    }
  return g_variant_builder_end (&builder);
}

GVariant *
peerup_control_list_invites (PeerupControl *self)
{
  return list (self->engine, describe_secretly);
}

DexFuture *
peerup_control_op_list_invites (PeerupControlCall *call)
{
  return peerup_control_reply_value (list (call->engine, describe));
}

/* InviteChanged */

static void
on_changed (PeerupInvite *invite, GParamSpec *pspec, gpointer control)
{
  peerup_control_emit (control, "InviteChanged", g_variant_new ("(@a{sv})", describe_secretly (invite)), NULL);
}

static void
follow (PeerupInvite *invite, PeerupControl *control)
{
  static const char *const signals[] = { "notify::state", "notify::guesses", "notify::peer-id", "notify::peer-name" };

  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_connect_object (invite, signals[i], G_CALLBACK (on_changed), control, 0);
}

static void
on_items_changed (GListModel *invites, guint position, guint removed, guint added, gpointer control)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (PeerupInvite) invite = g_list_model_get_item (invites, i);

      follow (invite, control);
    }
}

/* Each run of the engine has a list of its own. */
static void
on_engine_state (PeerupEngine *engine, GParamSpec *pspec, gpointer control)
{
  GListModel *invites = engine->pairing != NULL ? peerup_engine_pairing_get_invites (engine->pairing) : NULL;

  if (invites == NULL || g_signal_handler_find (invites, G_SIGNAL_MATCH_FUNC | G_SIGNAL_MATCH_CLOSURE, 0, 0, NULL,
                                                on_items_changed, control) != 0)
    return;
  g_signal_connect_object (invites, "items-changed", G_CALLBACK (on_items_changed), control, 0);
  on_items_changed (invites, 0, 0, g_list_model_get_n_items (invites), control);
}

void
peerup_control_follow_invites (PeerupControl *self)
{
  g_signal_connect_object (self->engine, "notify::state", G_CALLBACK (on_engine_state), self, 0);
  on_engine_state (self->engine, NULL, self);
}
