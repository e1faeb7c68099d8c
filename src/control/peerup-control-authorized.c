/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who is let in: authorized_keys shown and changed. Each change is one edit under the file's lock, and in force when it
 * is answered.
 */
#include "control/peerup-control-devices.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-edit.h"
#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"
#include "engine/peerup-arguments.h"
#include "trust/peerup-authorized-keys-file.h"
#include "trust/peerup-grants.h"

/* (nullable) */
static const char *
get_file (PeerupEngine *engine, GError **error)
{
  const char *path;

  if (!peerup_control_check_config (engine, error))
    return NULL;
  path = peerup_config_get_authorized_keys_file (engine->config);
  if (path == NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                 _ ("%s names no file of authorized peers: set security.authorized_keys_file"), engine->config_path);
  return path;
}

DexFuture *
peerup_control_op_list_authorized (PeerupControlCall *call)
{
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = get_file (call->engine, &error);
  g_autoptr (GHashTable) half = NULL;
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  if (path != NULL)
    keys = peerup_authorized_keys_file_load (path, &error);
  if (keys == NULL)
    {
      g_variant_builder_clear (&builder);
      return peerup_control_reply_take_error (g_steal_pointer (&error));
    }
  half = peerup_control_dup_half (call->engine);
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    g_variant_builder_add_value (&builder, peerup_control_describe_device (call->engine, keys, i, half, NULL));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

/* In force at once, and not when the file's change is noticed. */
static gboolean
take_into_use (PeerupEngine *engine, GError **error)
{
  return engine->trust == NULL || peerup_engine_trust_reload (engine->trust, error);
}

/* Authorize */

static gboolean
check_expires (gint64 expires, GError **error)
{
  if (expires == PEERUP_EXPIRES_NEVER || expires > g_get_real_time () / G_USEC_PER_SEC)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("That end is over already"));
  return FALSE;
}

DexFuture *
peerup_control_op_authorize (PeerupControlCall *call)
{
  const char *comment = NULL, *name = NULL, *text;
  gint64 expires = PEERUP_EXPIRES_NEVER;
  const PeerupControlOption known[] = {
    { "comment", "s", &comment },
    { "name", "s", &name },
    { "expires", "x", &expires },
  };
  g_autoptr (GVariant) options = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = get_file (call->engine, &error);

  g_variant_get (call->parameters, "(&s@a{sv})", &text, &options);
  if (path != NULL && peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error) &&
      check_expires (expires, &error))
    peer = peerup_peer_argument_parse (text, call->engine->config, NULL, &error);
  /* The name last: a peer that is not let in must not have it. */
  if (peer == NULL || !peerup_authorized_keys_file_add (path, peer, comment, expires, &error) ||
      !take_into_use (call->engine, &error) ||
      (name != NULL && !peerup_control_set_name (call, "auth add", name, peer, &error)))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

/* The peer may have none. */
static gboolean
revoke_grants (const char *keys_path, PeerupPeerId *peer, GError **error)
{
  g_autofree char *path = peerup_grants_path (keys_path);
  g_autoptr (GError) local = NULL;

  if (peerup_grants_file_revoke (path, peer, NULL, &local) ||
      g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

DexFuture *
peerup_control_op_deauthorize (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) peer = NULL;
  g_autoptr (GError) error = NULL;
  const char *path = get_file (call->engine, &error);
  gboolean revoked;
  const char *text;

  g_variant_get (call->parameters, "(&s)", &text);
  if (path != NULL)
    peer = peerup_peer_argument_parse (text, call->engine->config, NULL, &error);
  if (peer == NULL || !peerup_authorized_keys_file_remove (path, peer, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  /* It is out of the file: that is in force whatever else fails. */
  revoked = revoke_grants (path, peer, &error);
  if (!take_into_use (call->engine, revoked ? &error : NULL) || !revoked)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}
