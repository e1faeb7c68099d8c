/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* FindServices and ListTemplates: what runs on this machine and could be offered. However many ask, there is one search
 * at a time and one in half a minute: it connects to every port of the machine, and sshd or a VNC server that counts
 * who comes and says nothing would shut out 127.0.0.1, where all tunnels come from.
 */
#include "control/peerup-control-ops.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-private.h"
#include "templates/peerup-find-services.h"

/* Microseconds from the beginning of a search that its result is the answer. */
#define FOUND_AGE (30 * (gint64) G_USEC_PER_SEC)

/* (nullable) (transfer none): the name of a service that is there already. */
static const char *
find_exposed (GListModel *services, const PeerupFound *found)
{
  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);

      /* The list holds it. */
      if (peerup_listener_is_at (&found->listener, peerup_service_get_host (service),
                                 (guint16) peerup_service_get_port (service)))
        return peerup_service_get_name (service);
    }
  return NULL;
}

/* The template's ID, with the port where that says nothing or is taken. */
static char *
suggest_name (PeerupServiceSet *services, const PeerupFound *found)
{
  const char *id = found->template->id;

  if (g_str_equal (id, PEERUP_TEMPLATE_GENERIC))
    return g_strdup_printf ("port-%u", found->listener.port);
  if (peerup_service_set_find (services, id) == NULL)
    return g_strdup (id);
  return g_strdup_printf ("%.57s-%u", id, found->listener.port);
}

static void
add_line (GVariantDict *dict, const char *key, const char *line, const PeerupFound *found)
{
  g_autofree char *text = peerup_template_fill (line, found->listener.host, found->listener.port);

  if (text != NULL)
    g_variant_dict_insert (dict, key, "s", text);
}

static GVariant *
describe_found (PeerupEngine *engine, const PeerupFound *found)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  const char *exposed = find_exposed (peerup_engine_get_services (engine), found);
  g_autofree char *suggested = suggest_name (engine->services, found);

  g_variant_dict_insert (&dict, "template", "s", found->template->id);
  g_variant_dict_insert (&dict, "name", "s", found->template->name);
  g_variant_dict_insert (&dict, "kind", "s", found->template->kind);
  g_variant_dict_insert (&dict, "icon", "s", found->template->icon);
  g_variant_dict_insert (&dict, "address", "s", found->address);
  g_variant_dict_insert (&dict, "port", "u", (guint) found->listener.port);
  g_variant_dict_insert (&dict, "confirmed", "b", found->confirmed);
  g_variant_dict_insert (&dict, "evidence", "s", found->evidence);
  g_variant_dict_insert (&dict, "tags", "^as", found->template->tags);
  g_variant_dict_insert (&dict, "suggested_name", "s", suggested);
  g_variant_dict_insert (&dict, "exposed", "b", exposed != NULL);
  if (exposed != NULL)
    g_variant_dict_insert (&dict, "as", "s", exposed);
  add_line (&dict, "use", found->template->use, found);
  add_line (&dict, "open", found->template->open, found);
  return g_variant_dict_end (&dict);
}

static DexFuture *
answer_found (DexFuture *searched, gpointer data)
{
  const PeerupControlCall *call = data;
  GPtrArray *found = g_value_get_boxed (dex_future_get_value (searched, NULL));
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < found->len; i++)
    g_variant_builder_add_value (&builder, describe_found (call->engine, found->pdata[i]));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

void
peerup_control_end_search (PeerupControl *self)
{
  if (self->search_end != NULL)
    dex_promise_reject (self->search_end,
                        g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, _ ("The search is over")));
  dex_clear (&self->search_end);
  dex_clear (&self->search);
}

static DexFuture *
begin_search (DexFuture *loaded, gpointer end)
{
  return peerup_find_services (g_value_get_boxed (dex_future_get_value (loaded, NULL)), end);
}

/* No caller ends it by leaving: others wait for it, too. (transfer full) */
static DexFuture *
share_search (PeerupControl *self)
{
  gint64 now = g_get_monotonic_time ();

  if (self->search != NULL && !dex_future_is_rejected (self->search) &&
      (dex_future_is_pending (self->search) || now - self->search_began < FOUND_AGE))
    return dex_ref (self->search);
  peerup_control_end_search (self);
  self->search_end = dex_promise_new ();
  self->search_began = now;
  self->search = dex_future_then (peerup_templates_load_async (), begin_search, dex_ref (self->search_end), dex_unref);
  return dex_ref (self->search);
}

DexFuture *
peerup_control_op_find_services (PeerupControlCall *call)
{
  return dex_future_then (peerup_control_until_left (call, share_search (call->control)), answer_found,
                          peerup_control_call_ref (call), peerup_control_call_unref);
}

static GVariant *
describe_template (const PeerupTemplate *template)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  GVariantBuilder ports = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("au"));

  for (guint i = 0; i < template->ports->len; i++)
    g_variant_builder_add (&ports, "u", (guint) g_array_index (template->ports, guint16, i));
  g_variant_dict_insert (&dict, "id", "s", template->id);
  g_variant_dict_insert (&dict, "name", "s", template->name);
  g_variant_dict_insert (&dict, "kind", "s", template->kind);
  g_variant_dict_insert (&dict, "icon", "s", template->icon);
  g_variant_dict_insert_value (&dict, "ports", g_variant_builder_end (&ports));
  g_variant_dict_insert (&dict, "tags", "^as", template->tags);
  g_variant_dict_insert (&dict, "use", "s", template->use);
  if (template->open != NULL)
    g_variant_dict_insert (&dict, "open", "s", template->open);
  return g_variant_dict_end (&dict);
}

static DexFuture *
answer_templates (DexFuture *loaded, gpointer data)
{
  const PeerupTemplates *templates = g_value_get_boxed (dex_future_get_value (loaded, NULL));
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < peerup_templates_get_n (templates); i++)
    g_variant_builder_add_value (&builder, describe_template (peerup_templates_get (templates, i)));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}

DexFuture *
peerup_control_op_list_templates (PeerupControlCall *call)
{
  return dex_future_then (peerup_control_until_left (call, peerup_templates_load_async ()), answer_templates, NULL,
                          NULL);
}
