/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A configuration that does not hold, mended by the last one that did. No state of its own. */
#include "app/model/peerup-config-mend.h"

#include "config/peerup-config-store.h"

static void
look (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_autoptr (PeerupConfigStore) store = peerup_config_store_new (data);
  g_autoptr (GPtrArray) list = peerup_config_store_list (store, NULL);
  gboolean found = FALSE;

  for (guint i = 0; list != NULL && i < list->len; i++)
    found = found || ((const PeerupConfigListed *) list->pdata[i])->number > 0;
  g_task_return_boolean (task, found);
}

static void
roll_back (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const PeerupConfigChange change = { "command", "rollback 0", 0, NULL };
  g_autoptr (PeerupConfigStore) store = peerup_config_store_new (data);
  GError *error = NULL;

  if (peerup_config_store_rollback (store, 0, &change, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
run (const char *config_path, GTaskThreadFunc function, GCancellable *cancellable, GAsyncReadyCallback callback,
     gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, data);

  g_task_set_task_data (task, g_strdup (config_path), g_free);
  g_task_run_in_thread (task, function);
}

void
peerup_config_mend_look_async (const char *config_path, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer data)
{
  run (config_path, look, cancellable, callback, data);
}

gboolean
peerup_config_mend_look_finish (GAsyncResult *result)
{
  return g_task_propagate_boolean (G_TASK (result), NULL);
}

void
peerup_config_mend_rollback_async (const char *config_path, GCancellable *cancellable, GAsyncReadyCallback callback,
                                   gpointer data)
{
  run (config_path, roll_back, cancellable, callback, data);
}

gboolean
peerup_config_mend_rollback_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
