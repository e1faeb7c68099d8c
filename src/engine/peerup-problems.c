/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a person is told under "Problems". Owned by the engine; says nothing about how
 * grave a problem is, and decides nothing.
 */
#include "engine/peerup-problems.h"

#include "service/peerup-log.h"

typedef struct
{
  char *key;
  char *text;
} Problem;

struct _PeerupProblems
{
  char *profile; /* nullable */
  GPtrArray *list;
};

static void
problem_free (gpointer data)
{
  Problem *problem = data;

  g_free (problem->key);
  g_free (problem->text);
  g_free (problem);
}

PeerupProblems *
peerup_problems_new (void)
{
  PeerupProblems *self = g_new0 (PeerupProblems, 1);

  self->list = g_ptr_array_new_with_free_func (problem_free);
  return self;
}

void
peerup_problems_free (PeerupProblems *self)
{
  g_ptr_array_unref (self->list);
  g_free (self->profile);
  g_free (self);
}

void
peerup_problems_set_profile (PeerupProblems *self, const char *profile)
{
  g_set_str (&self->profile, profile);
}

static gboolean
has_key (gconstpointer problem, gconstpointer key)
{
  return g_str_equal (((const Problem *) problem)->key, key);
}

gboolean
peerup_problems_set (PeerupProblems *self, const char *key, const char *text)
{
  Problem *problem = NULL;
  guint index;

  if (g_ptr_array_find_with_equal_func (self->list, key, has_key, &index))
    problem = g_ptr_array_index (self->list, index);
  if (g_strcmp0 (problem != NULL ? problem->text : NULL, text) == 0)
    return FALSE;
  if (text == NULL)
    {
      g_ptr_array_remove_index (self->list, index);
      return TRUE;
    }
  if (problem == NULL)
    {
      problem = g_new0 (Problem, 1);
      problem->key = g_strdup (key);
      g_ptr_array_add (self->list, problem);
    }
  g_set_str (&problem->text, text);
  peerup_log (G_LOG_LEVEL_WARNING, &(PeerupLogFields) { .message_id = PEERUP_LOG_ID_PROBLEM, .profile = self->profile },
              "%s", text);
  return TRUE;
}

char **
peerup_problems_dup_keys (PeerupProblems *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < self->list->len; i++)
    g_strv_builder_add (builder, ((Problem *) g_ptr_array_index (self->list, i))->key);
  return g_strv_builder_end (builder);
}

char **
peerup_problems_dup (PeerupProblems *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < self->list->len; i++)
    g_strv_builder_add (builder, ((Problem *) g_ptr_array_index (self->list, i))->text);
  return g_strv_builder_end (builder);
}
