/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The list of prompts with its bounds. Sixteen of a kind and a thousand that are quiet are few: they are walked.
 */
#include "engine/peerup-prompt-list.h"

struct _PeerupPromptList
{
  GListStore *store;
  GHashTable *waiting; /* PeerupPrompt to how many wait for it, at least one */
  GHashTable *quiet;   /* "PEER/SERVICE" to until when, gint64 */
  guint last_number;
};

static char *
quiet_key (PeerupPeerId *peer, const char *service)
{
  return g_strconcat (peerup_peer_id_get_string (peer), "/", service, NULL);
}

GListModel *
peerup_prompt_list_get_model (PeerupPromptList *self)
{
  return G_LIST_MODEL (self->store);
}

/* (transfer none): the list holds it. */
static PeerupPrompt *
list_peek (PeerupPromptList *self, guint position)
{
  g_autoptr (PeerupPrompt) prompt = g_list_model_get_item (G_LIST_MODEL (self->store), position);

  return prompt;
}

static guint
list_length (PeerupPromptList *self)
{
  return g_list_model_get_n_items (G_LIST_MODEL (self->store));
}

PeerupPrompt *
peerup_prompt_list_find (PeerupPromptList *self, guint number)
{
  for (guint i = 0; i < list_length (self); i++)
    if (peerup_prompt_get_number (list_peek (self, i)) == number)
      return list_peek (self, i);
  return NULL;
}

static PeerupPrompt *
find_about (PeerupPromptList *self, PeerupPromptKind kind, PeerupPeerId *peer, const char *service)
{
  for (guint i = 0; i < list_length (self); i++)
    {
      PeerupPrompt *prompt = list_peek (self, i);

      if (peerup_prompt_get_kind (prompt) == kind && g_str_equal (peerup_prompt_get_service (prompt), service) &&
          peerup_peer_id_equal (peerup_prompt_get_peer (prompt), peer))
        return prompt;
    }
  return NULL;
}

/* *@oldest (nullable) is the first of them. */
static guint
count_kind (PeerupPromptList *self, PeerupPromptKind kind, PeerupPrompt **oldest)
{
  guint n = 0;

  for (guint i = 0; i < list_length (self); i++)
    {
      PeerupPrompt *prompt = list_peek (self, i);

      if (peerup_prompt_get_kind (prompt) != kind)
        continue;
      if (n == 0 && oldest != NULL)
        *oldest = prompt;
      n++;
    }
  return n;
}

static guint
count_waiting (PeerupPromptList *self, PeerupPeerId *peer)
{
  GHashTableIter iter;
  gpointer prompt, waiting;
  guint n = 0;

  g_hash_table_iter_init (&iter, self->waiting);
  while (g_hash_table_iter_next (&iter, &prompt, &waiting))
    if (peerup_peer_id_equal (peerup_prompt_get_peer (prompt), peer))
      n += GPOINTER_TO_UINT (waiting);
  return n;
}

/* (transfer full): it is held while it ends. */
static PeerupPrompt *
take_off (PeerupPromptList *self, PeerupPrompt *prompt)
{
  PeerupPrompt *taken = g_object_ref (prompt);
  guint position;

  g_hash_table_remove (self->waiting, prompt);
  if (g_list_store_find (self->store, prompt, &position))
    g_list_store_remove (self->store, position);
  return taken;
}

static void
keep_quiet (PeerupPromptList *self, PeerupPrompt *prompt, gint64 now)
{
  gint64 until = now + PEERUP_PROMPT_QUIET;

  if (peerup_prompt_get_kind (prompt) == PEERUP_PROMPT_ACCESS)
    g_hash_table_replace (self->quiet, quiet_key (peerup_prompt_get_peer (prompt), peerup_prompt_get_service (prompt)),
                          g_memdup2 (&until, sizeof until));
}

/* Asking */

PeerupPrompt *
peerup_prompt_list_ask_verify (PeerupPromptList *self, PeerupPeerId *peer, const char *emoji, const char *digits)
{
  PeerupPrompt *old = find_about (self, PEERUP_PROMPT_VERIFY, peer, "");
  g_autoptr (PeerupPrompt) prompt = NULL;

  if (old == NULL && count_kind (self, PEERUP_PROMPT_VERIFY, &old) < PEERUP_PROMPTS_MAX)
    old = NULL;
  if (old != NULL)
    peerup_prompt_list_cancel (self, old);
  prompt = peerup_prompt_new_verify (++self->last_number, peer, emoji, digits);
  g_list_store_append (self->store, prompt);
  return prompt;
}

static gboolean
is_quiet (PeerupPromptList *self, PeerupPeerId *peer, const char *service, gint64 now)
{
  g_autofree char *key = quiet_key (peer, service);
  const gint64 *until = g_hash_table_lookup (self->quiet, key);

  return until != NULL ? now < *until : g_hash_table_size (self->quiet) >= PEERUP_PROMPT_QUIET_MAX;
}

gboolean
peerup_prompt_list_may_ask (PeerupPromptList *self, PeerupPeerId *peer, const char *service, gint64 now)
{
  return count_waiting (self, peer) < PEERUP_PROMPT_WAITING_MAX && !is_quiet (self, peer, service, now) &&
         (find_about (self, PEERUP_PROMPT_ACCESS, peer, service) != NULL ||
          count_kind (self, PEERUP_PROMPT_ACCESS, NULL) < PEERUP_PROMPTS_MAX);
}

PeerupPrompt *
peerup_prompt_list_ask_access (PeerupPromptList *self, PeerupPeerId *peer, const char *service, gint64 now,
                               gint64 expires_at, gboolean *is_new)
{
  PeerupPrompt *found;
  guint waiting;

  if (!peerup_prompt_list_may_ask (self, peer, service, now))
    return NULL;
  found = find_about (self, PEERUP_PROMPT_ACCESS, peer, service);
  *is_new = found == NULL;
  if (found == NULL)
    {
      g_autoptr (PeerupPrompt) prompt =
        peerup_prompt_new_access (++self->last_number, peer, service, now + PEERUP_PROMPT_TIME, expires_at);

      g_list_store_append (self->store, prompt);
      found = prompt;
    }
  waiting = GPOINTER_TO_UINT (g_hash_table_lookup (self->waiting, found));
  g_hash_table_insert (self->waiting, found, GUINT_TO_POINTER (waiting + 1));
  return found;
}

/* Ending */

gboolean
peerup_prompt_list_answer (PeerupPromptList *self, PeerupPrompt *prompt, const char *answer, gint64 now, GError **error)
{
  g_autoptr (PeerupPrompt) taken = NULL;

  if (!peerup_prompt_check (prompt, answer, error))
    return FALSE;
  taken = take_off (self, prompt);
  /* "later", too: a peer that asks on and on would otherwise ask anew at once. */
  if (!g_str_equal (answer, "allow"))
    keep_quiet (self, taken, now);
  return peerup_prompt_answer (taken, answer, error);
}

void
peerup_prompt_list_cancel (PeerupPromptList *self, PeerupPrompt *prompt)
{
  g_autoptr (PeerupPrompt) taken = take_off (self, prompt);

  peerup_prompt_cancel (taken);
}

/* Whoever is told may ask or end others: each time what is there then is looked at. */
void
peerup_prompt_list_cancel_kind (PeerupPromptList *self, PeerupPromptKind kind)
{
  PeerupPrompt *oldest = NULL;

  while (count_kind (self, kind, &oldest) > 0)
    peerup_prompt_list_cancel (self, oldest);
}

static PeerupPrompt *
find_over (PeerupPromptList *self, gint64 now)
{
  for (guint i = 0; i < list_length (self); i++)
    if (peerup_prompt_get_deadline (list_peek (self, i)) <= now)
      return list_peek (self, i);
  return NULL;
}

static gint64
forget_quiet (PeerupPromptList *self, gint64 now)
{
  gint64 next = G_MAXINT64;
  GHashTableIter iter;
  gpointer until;

  g_hash_table_iter_init (&iter, self->quiet);
  while (g_hash_table_iter_next (&iter, NULL, &until))
    if (*(gint64 *) until <= now)
      g_hash_table_iter_remove (&iter);
    else
      next = MIN (next, *(gint64 *) until);
  return next;
}

gint64
peerup_prompt_list_advance (PeerupPromptList *self, gint64 now, GPtrArray *expired)
{
  PeerupPrompt *over;
  gint64 next;

  while ((over = find_over (self, now)) != NULL)
    {
      g_autoptr (PeerupPrompt) taken = take_off (self, over);

      keep_quiet (self, taken, now);
      if (expired != NULL)
        g_ptr_array_add (expired, g_object_ref (taken));
      peerup_prompt_expire (taken, now);
    }
  next = forget_quiet (self, now);
  for (guint i = 0; i < list_length (self); i++)
    next = MIN (next, peerup_prompt_get_deadline (list_peek (self, i)));
  return next;
}

/* Life */

PeerupPromptList *
peerup_prompt_list_new (void)
{
  PeerupPromptList *self = g_new0 (PeerupPromptList, 1);

  self->store = g_list_store_new (PEERUP_TYPE_PROMPT);
  self->waiting = g_hash_table_new (NULL, NULL);
  self->quiet = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
peerup_prompt_list_free (PeerupPromptList *self)
{
  g_return_if_fail (self != NULL);

  peerup_prompt_list_cancel_kind (self, PEERUP_PROMPT_VERIFY);
  peerup_prompt_list_cancel_kind (self, PEERUP_PROMPT_ACCESS);
  g_hash_table_unref (self->quiet);
  g_hash_table_unref (self->waiting);
  g_object_unref (self->store);
  g_free (self);
}
