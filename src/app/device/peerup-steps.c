/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Operations one after the other. */
#include "app/device/peerup-steps.h"

typedef struct
{
  char *operation;
  GVariant *parameters;
} Step;

struct _PeerupSteps
{
  GPtrArray *steps;
  guint next;
};

static void
step_free (gpointer data)
{
  Step *step = data;

  g_free (step->operation);
  g_variant_unref (step->parameters);
  g_free (step);
}

PeerupSteps *
peerup_steps_new (void)
{
  PeerupSteps *self = g_new0 (PeerupSteps, 1);

  self->steps = g_ptr_array_new_with_free_func (step_free);
  return self;
}

void
peerup_steps_free (PeerupSteps *self)
{
  g_ptr_array_unref (self->steps);
  g_free (self);
}

void
peerup_steps_add (PeerupSteps *self, const char *operation, GVariant *parameters)
{
  Step *step = g_new (Step, 1);

  step->operation = g_strdup (operation);
  step->parameters = g_variant_ref_sink (parameters);
  g_ptr_array_add (self->steps, step);
}

static void run_next (GTask *task);

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);

  if (answer != NULL)
    {
      run_next (task);
      return;
    }
  g_task_return_error (task, error);
  g_object_unref (task);
}

/* @task: (transfer full) */
static void
run_next (GTask *task)
{
  PeerupSteps *self = g_task_get_task_data (task);
  const Step *step;

  if (self->next == self->steps->len)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  step = self->steps->pdata[self->next++];
  peerup_session_call_async (g_task_get_source_object (task), step->operation, step->parameters, NULL, on_done, task);
}

void
peerup_steps_run_async (PeerupSession *session, PeerupSteps *steps, GAsyncReadyCallback callback, gpointer data)
{
  GTask *task = g_task_new (session, NULL, callback, data);

  g_task_set_task_data (task, steps, (GDestroyNotify) peerup_steps_free);
  run_next (task);
}

gboolean
peerup_steps_run_finish (PeerupSession *session, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, session), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
