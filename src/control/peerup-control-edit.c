/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Single changes of the configuration file: names, relays, single values; services are
 * peerup-control-edit-services.c's. Each is one edit that leaves the rest of the file as it is, comments too, and is in
 * force when it is answered. Blocks for that file's lock and an fsync.
 */
#include "control/peerup-control-edit.h"

#include <glib/gi18n-lib.h>

#include "config/peerup-config-edit.h"
#include "config/peerup-config-schema.h"
#include "control/peerup-control-ops.h"
#include "engine/peerup-arguments.h"

gboolean
peerup_control_check_config (PeerupEngine *engine, GError **error)
{
  if (engine->config != NULL && engine->monitor != NULL)
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                       _ ("The engine runs without a configuration of its own, so there is nothing to change"));
  return FALSE;
}

gboolean
peerup_control_change_config (PeerupControlCall *call, const char *operation, const char *object,
                              PeerupControlChangeFunc change, gconstpointer data, GError **error)
{
  PeerupEngine *engine = call->engine;
  g_autoptr (PeerupConfigEdit) edit = NULL;
  g_autofree char *cause = g_strdup_printf ("%s %s", operation, object);

  if (!peerup_control_check_config (engine, error))
    return FALSE;
  edit = peerup_config_edit_open (peerup_config_get_path (engine->config), error);
  if (edit == NULL || !change (edit, data, error) || !peerup_config_edit_commit (edit, error))
    return FALSE;
  peerup_engine_store_reload (engine, peerup_caller_get_face (call->caller), cause);
  return TRUE;
}

static DexFuture *
answer (gboolean done, GError *error)
{
  return done ? peerup_control_reply (NULL) : peerup_control_reply_take_error (error);
}

/* SetName */

typedef struct
{
  const char *name;
  PeerupPeerId *peer; /* NULL: forget it */
  gboolean is_taken;
} Name;

static gboolean
set_name (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const Name *name = data;

  if ((name->is_taken || name->peer == NULL) && !peerup_config_edit_remove_name (edit, name->name, error))
    return FALSE;
  return name->peer == NULL || peerup_config_edit_add_name (edit, name->name, name->peer, error);
}

gboolean
peerup_control_set_name (PeerupControlCall *call, const char *operation, const char *name, PeerupPeerId *peer,
                         GError **error)
{
  PeerupEngine *engine = call->engine;
  Name wanted = { name, peer, FALSE };
  PeerupPeerId *other;

  if (!peerup_control_check_config (engine, error))
    return FALSE;
  other = peerup_config_lookup_name (engine->config, name);
  if (other != NULL && peer != NULL && peerup_peer_id_equal (other, peer))
    return TRUE;
  wanted.is_taken = other != NULL;
  return peerup_control_change_config (call, operation, name, set_name, &wanted, error);
}

DexFuture *
peerup_control_op_set_name (PeerupControlCall *call)
{
  g_autoptr (PeerupPeerId) id = NULL;
  const char *name, *peer;
  GError *error = NULL;
  gboolean done;

  g_variant_get (call->parameters, "(&s&s)", &name, &peer);
  if (peer[0] != '\0')
    id = peerup_peer_argument_parse (peer, call->engine->config, NULL, &error);
  done = error == NULL && peerup_control_set_name (call, id != NULL ? "name" : "forget name", name, id, &error);
  return answer (done, error);
}

/* Relays */

static gboolean
add_relay (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  return peerup_config_edit_add_relay (edit, (PeerupMultiaddr *) data, error);
}

DexFuture *
peerup_control_op_add_relay (PeerupControlCall *call)
{
  g_autoptr (PeerupMultiaddr) address = NULL;
  GError *error = NULL;
  const char *text;
  gboolean done;

  g_variant_get (call->parameters, "(&s)", &text);
  address = peerup_multiaddr_new_from_string (text, &error);
  done = address != NULL && peerup_control_change_config (call, "relay add", text, add_relay, address, &error);
  return answer (done, error);
}

static gboolean
remove_relays (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const GPtrArray *addresses = data;

  for (guint i = 0; i < addresses->len; i++)
    if (!peerup_config_edit_remove_relay (edit, addresses->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* (transfer full): those of the configuration that @text means; NULL on an error. */
static GPtrArray *
find_relays (PeerupEngine *engine, const char *text, GError **error)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupMultiaddr) address = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  GPtrArray *all;

  if (!peerup_control_check_config (engine, error))
    return NULL;
  if (text[0] == '/')
    address = peerup_multiaddr_new_from_string (text, error);
  else
    peer = peerup_peer_argument_parse (text, engine->config, NULL, error);
  if (address == NULL && peer == NULL)
    return NULL;
  all = peerup_config_get_relay_addresses (engine->config);
  for (guint i = 0; i < all->len; i++)
    {
      g_autoptr (PeerupPeerId) relay = peerup_multiaddr_dup_peer_id (all->pdata[i]);

      if (address != NULL ? peerup_multiaddr_equal (all->pdata[i], address) : peerup_peer_id_equal (relay, peer))
        g_ptr_array_add (found, peerup_multiaddr_ref (all->pdata[i]));
    }
  if (found->len > 0)
    return g_steal_pointer (&found);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
               _ ("%s names no relay “%s”: ListRelays shows those that there are"), engine->config_path, text);
  return NULL;
}

DexFuture *
peerup_control_op_remove_relay (PeerupControlCall *call)
{
  g_autoptr (GPtrArray) addresses = NULL;
  GError *error = NULL;
  const char *text;
  gboolean done;

  g_variant_get (call->parameters, "(&s)", &text);
  addresses = find_relays (call->engine, text, &error);
  done =
    addresses != NULL && peerup_control_change_config (call, "relay remove", text, remove_relays, addresses, &error);
  return answer (done, error);
}

/* SetConfigValue */

typedef struct
{
  const char *key;
  const char *value; /* NULL: the default */
} Value;

static gboolean
set_value (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const Value *wanted = data;
  g_autoptr (GError) local = NULL;

  if (peerup_config_edit_set (edit, wanted->key, wanted->value, &local))
    return TRUE;
  /* The key is known, so that is what it says: the file does not have it, and the default is in force. */
  if (wanted->value == NULL && g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) &&
      peerup_config_schema_find (wanted->key) != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Whether @key may be set alone. One that is not known is left to the edit, which names the nearest. */
static gboolean
check_key (const char *key, GError **error)
{
  const PeerupConfigKey *known = peerup_config_schema_find (key);

  /* The edit would take it for the section. */
  if (g_str_has_suffix (key, "."))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("there is no key “%s”: name a key below it"), key);
      return FALSE;
    }
  if (known == NULL || (known->kind != PEERUP_CONFIG_KEY_MAPPING && known->kind != PEERUP_CONFIG_KEY_LIST &&
                        !g_str_has_suffix (known->path, "key_file") && !g_str_has_prefix (known->path, "identity.")))
    return TRUE;
  if (known->kind == PEERUP_CONFIG_KEY_MAPPING || known->kind == PEERUP_CONFIG_KEY_LIST)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 _ ("%s is a %s and not one value: use the operation for it, or ApplyConfig for the whole file"), key,
                 known->kind == PEERUP_CONFIG_KEY_LIST ? "list" : "section");
  else
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
      _ ("%s says where or whose a secret key is, which is not changed alone: use MoveIdentity, edit the file, "
         "or use ApplyConfig"),
      key);
  return FALSE;
}

DexFuture *
peerup_control_op_set_config_value (PeerupControlCall *call)
{
  GError *error = NULL;
  Value wanted;
  gboolean done;

  g_variant_get (call->parameters, "(&s&s)", &wanted.key, &wanted.value);
  if (wanted.value[0] == '\0')
    wanted.value = NULL;
  done = check_key (wanted.key, &error) &&
         peerup_control_change_config (call, wanted.value != NULL ? "config set" : "config unset", wanted.key,
                                       set_value, &wanted, &error);
  return answer (done, error);
}
