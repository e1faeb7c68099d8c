/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* SetLogLevels and GetLogLevels: the log of the whole program, and not of one engine in it.
 */
#include "control/peerup-control-ops.h"

#include "service/peerup-log.h"

/* The first look changes nothing: all of it holds, or nothing is done. */
static gboolean
set_levels (GVariant *levels, gboolean check, GError **error)
{
  GVariantIter iter;
  const char *domain, *level;

  g_variant_iter_init (&iter, levels);
  while (g_variant_iter_next (&iter, "{&s&s}", &domain, &level))
    if (check ? !peerup_log_check (domain, level, error) : !peerup_log_set (domain, level, error))
      return FALSE;
  return TRUE;
}

DexFuture *
peerup_control_op_set_log_levels (PeerupControlCall *call)
{
  g_autoptr (GVariant) levels = g_variant_get_child_value (call->parameters, 0);
  GError *error = NULL;

  if (!set_levels (levels, TRUE, &error) || !set_levels (levels, FALSE, &error))
    return peerup_control_reply_take_error (error);
  return peerup_control_reply (NULL);
}

DexFuture *
peerup_control_op_get_log_levels (PeerupControlCall *call)
{
  g_autoptr (GHashTable) levels = peerup_log_dup_levels ();
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (levels), (GCompareFunc) g_strcmp0);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{ss}"));

  for (const GList *name = names; name != NULL; name = name->next)
    g_variant_builder_add (&builder, "{ss}", name->data, g_hash_table_lookup (levels, name->data));
  return peerup_control_reply_value (g_variant_builder_end (&builder));
}
