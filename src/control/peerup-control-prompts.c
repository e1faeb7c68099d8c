/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the engine asks people, over the control interface: listed, answered, and watched by those who show it.
 */
#include "control/peerup-control-lists.h"
#include "control/peerup-control-ops.h"
#include "control/peerup-control-private.h"

/* Microseconds that one is taken to watch who cannot be seen to leave. */
#define WATCH_TIME (120 * (gint64) G_USEC_PER_SEC)

/* On a caller: it watches. */
#define WATCHES "peerup-watches-prompts"

static void
insert_text (GVariantDict *dict, const char *key, const char *text)
{
  if (text[0] != '\0')
    g_variant_dict_insert (dict, key, "s", text);
}

static GVariant *
describe_prompt (PeerupEngine *engine, PeerupPrompt *prompt)
{
  PeerupPeerId *peer = peerup_prompt_get_peer (prompt);
  const char *name = peerup_engine_get_name_of (engine, peer);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "number", "u", peerup_prompt_get_number (prompt));
  g_variant_dict_insert (&dict, "kind", "s", peerup_prompt_get_word (prompt));
  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  g_variant_dict_insert (&dict, "name", "s", name != NULL ? name : "");
  insert_text (&dict, "service", peerup_prompt_get_service (prompt));
  insert_text (&dict, "emoji", peerup_prompt_get_emoji (prompt));
  insert_text (&dict, "digits", peerup_prompt_get_digits (prompt));
  g_variant_dict_insert (&dict, "answers", "^as", peerup_prompt_get_answers (prompt));
  g_variant_dict_insert (&dict, "expires_at", "x", peerup_prompt_get_expires_at (prompt));
  return g_variant_dict_end (&dict);
}

GVariant *
peerup_control_list_prompts (PeerupControl *self)
{
  GListModel *prompts = peerup_engine_prompts_get_model (self->engine->prompts);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < g_list_model_get_n_items (prompts); i++)
    {
      g_autoptr (PeerupPrompt) prompt = g_list_model_get_item (prompts, i);

      g_variant_builder_add_value (&builder, describe_prompt (self->engine, prompt));
    }
  return g_variant_builder_end (&builder);
}

DexFuture *
peerup_control_op_list_prompts (PeerupControlCall *call)
{
  return peerup_control_reply_value (peerup_control_list_prompts (call->control));
}

DexFuture *
peerup_control_op_answer_prompt (PeerupControlCall *call)
{
  g_autoptr (GError) error = NULL;
  const char *answer;
  guint number;

  g_variant_get (call->parameters, "(u&s)", &number, &answer);
  if (!peerup_engine_prompts_answer (call->engine->prompts, number, answer, &error))
    return peerup_control_reply_take_error (g_steal_pointer (&error));
  return peerup_control_reply (NULL);
}

static void
on_left (PeerupCaller *caller, gpointer data)
{
  PeerupEngine *engine = data;

  g_object_set_data (G_OBJECT (caller), WATCHES, NULL);
  peerup_engine_prompts_unwatch (engine->prompts);
}

DexFuture *
peerup_control_op_watch_prompts (PeerupControlCall *call)
{
  PeerupEnginePrompts *prompts = call->engine->prompts;

  if (peerup_caller_get_keeps (call->caller))
    peerup_engine_prompts_watch_until (prompts, g_get_monotonic_time () + WATCH_TIME);
  else if (!peerup_caller_has_left (call->caller) && g_object_get_data (G_OBJECT (call->caller), WATCHES) == NULL)
    {
      g_object_set_data (G_OBJECT (call->caller), WATCHES, call->engine);
      g_signal_connect_object (call->caller, "left", G_CALLBACK (on_left), call->engine, 0);
      peerup_engine_prompts_watch (prompts);
    }
  return peerup_control_reply (NULL);
}
