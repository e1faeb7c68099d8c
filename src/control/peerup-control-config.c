/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The configuration for every face: shown, checked, applied, confirmed, taken back. What it does to files is
 * peerup-config-store.c's, and when, peerup-engine-store.c's. A caller that leaves in the middle changes nothing about
 * either: what was to be confirmed comes back by itself.
 */
#include <glib/gi18n-lib.h>
#include <string.h>

#include "control/peerup-control-ops.h"
#include "control/peerup-control-options.h"

static DexFuture *
reply_not_running (void)
{
  return peerup_control_reply_error (PEERUP_ERROR_CLOSED,
                                     _ ("The engine has no configuration that can be changed: it does not run, or was "
                                        "started to dial alone"));
}

DexFuture *
peerup_control_op_get_config (PeerupControlCall *call)
{
  PeerupEngine *engine = call->engine;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (engine->store == NULL)
    return reply_not_running ();
  text = peerup_config_store_dup_text (peerup_engine_store_get_files (engine->store), &error);
  if (text == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  if (!g_utf8_validate (text, -1, NULL))
    return peerup_control_reply_error (PEERUP_ERROR_CONFIG, _ ("%s is not text in UTF-8"), engine->config_path);
  return peerup_control_reply (g_variant_new ("(ss)", text, engine->config_path));
}

DexFuture *
peerup_control_op_check_config (PeerupControlCall *call)
{
  const char *path = call->engine->config_path != NULL ? call->engine->config_path : "config.yaml";
  g_auto (GVariantBuilder) problems = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  const char *text;

  g_variant_get (call->parameters, "(&s)", &text);
  config = peerup_config_new_from_data (text, strlen (text), path, NULL, &error);
  if (config == NULL)
    g_variant_builder_add (&problems, "s", error->message);
  return peerup_control_reply_value (g_variant_builder_end (&problems));
}

/* Changes */

/* What is in force may be older than the change before this one. */
static GVariant *
describe_restart (PeerupEngine *engine)
{
  GVariantBuilder keys = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  if (engine->identity_file != NULL &&
      !g_str_equal (engine->identity_file, peerup_config_get_key_file (engine->config)))
    g_variant_builder_add (&keys, "s", "identity.key_file");
  return g_variant_builder_end (&keys);
}

static DexFuture *
describe_change (DexFuture *done, gpointer data)
{
  PeerupEngine *engine = ((const PeerupControlCall *) data)->engine;
  gint64 deadline = peerup_engine_get_config_deadline (engine);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const GValue *value = dex_future_get_value (done, NULL);

  g_variant_dict_insert (&dict, "changed", "b", value != NULL && g_value_get_boolean (value));
  g_variant_dict_insert (&dict, "pending", "b", deadline != 0);
  if (deadline != 0)
    g_variant_dict_insert (&dict, "deadline", "x", deadline);
  if (engine->config != NULL)
    g_variant_dict_insert_value (&dict, "restart", describe_restart (engine));
  return peerup_control_reply_value (g_variant_dict_end (&dict));
}

DexFuture *
peerup_control_op_apply_config (PeerupControlCall *call)
{
  g_autoptr (GVariant) options = g_variant_get_child_value (call->parameters, 1);
  const char *text, *cause = "";
  gint64 timeout = 0;
  const PeerupControlOption known[] = {
    { "confirm_timeout", "x", &timeout },
    { "cause", "s", &cause },
  };
  g_autoptr (GError) error = NULL;

  if (!peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  if (call->engine->store == NULL)
    return reply_not_running ();
  if (timeout < 0 || timeout > PEERUP_CONFIG_CONFIRM_MAX / G_USEC_PER_SEC)
    return peerup_control_reply_error (PEERUP_ERROR_MALFORMED,
                                       _ ("A change can wait from 1 second to 24 hours to be confirmed"));
  g_variant_get_child (call->parameters, 0, "&s", &text);
  return dex_future_then (peerup_engine_store_apply (call->engine->store, text, timeout * G_USEC_PER_SEC,
                                                     peerup_caller_get_face (call->caller), cause),
                          describe_change, peerup_control_call_ref (call), peerup_control_call_unref);
}

DexFuture *
peerup_control_op_rollback_config (PeerupControlCall *call)
{
  guint number;

  if (call->engine->store == NULL)
    return reply_not_running ();
  g_variant_get (call->parameters, "(u)", &number);
  return dex_future_then (peerup_engine_store_rollback (call->engine->store, number,
                                                        peerup_caller_get_face (call->caller)),
                          describe_change, peerup_control_call_ref (call), peerup_control_call_unref);
}

static DexFuture *
reply_nothing (DexFuture *done, gpointer data)
{
  return peerup_control_reply (NULL);
}

DexFuture *
peerup_control_op_confirm_config (PeerupControlCall *call)
{
  if (call->engine->store == NULL)
    return reply_not_running ();
  return dex_future_then (peerup_engine_store_confirm (call->engine->store, peerup_caller_get_face (call->caller)),
                          reply_nothing, NULL, NULL);
}

/* Looking back */

DexFuture *
peerup_control_op_diff_config (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *diff = NULL;
  guint number;

  if (call->engine->store == NULL)
    return reply_not_running ();
  g_variant_get (call->parameters, "(u)", &number);
  diff = peerup_config_store_diff (peerup_engine_store_get_files (call->engine->store), number, &error);
  if (diff == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  if (!g_utf8_validate (diff, -1, NULL))
    return peerup_control_reply_error (PEERUP_ERROR_CONFIG, _ ("%s is not text in UTF-8"), call->engine->config_path);
  return peerup_control_reply_value (g_variant_new_string (diff));
}

DexFuture *
peerup_control_op_list_configs (PeerupControlCall *call)
{
  g_auto (GVariantBuilder) builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GPtrArray) list = NULL;
  g_autoptr (GError) error = NULL;

  if (call->engine->store == NULL)
    return reply_not_running ();
  list = peerup_config_store_list (peerup_engine_store_get_files (call->engine->store), &error);
  if (list == NULL)
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  for (guint i = 0; i < list->len; i++)
    {
      const PeerupConfigListed *listed = list->pdata[i];
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "number", "u", listed->number);
      g_variant_dict_insert (&dict, "at", "x", listed->entry->time);
      g_variant_dict_insert (&dict, "who", "s", listed->entry->who);
      g_variant_dict_insert (&dict, "cause", "s", listed->entry->cause);
      g_variant_dict_insert (&dict, "bytes", "t", (guint64) listed->bytes);
      g_variant_dict_insert (&dict, "hash", "s", listed->hash);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}
