/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The list of prompts, in literal times: who is asked once, what expires when, what is not asked again, and that it
 * stays bounded whatever peers do.
 */
#include "engine/peerup-prompt-list.h"

#include "identity/peerup-private-key.h"
#include "wire/peerup-error.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define NOW    (1000 * SECOND)
#define END    (NOW + PEERUP_PROMPT_TIME)

typedef struct
{
  PeerupPromptList *list;
  GListModel *model;
  GPtrArray *peers;
} Fixture;

static PeerupPeerId *
get_peer (Fixture *f, guint index)
{
  while (f->peers->len <= index)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPrivateKey) key = peerup_private_key_generate (&error);

      g_assert_no_error (error);
      g_ptr_array_add (f->peers, peerup_peer_id_ref (peerup_private_key_get_peer_id (key)));
    }
  return f->peers->pdata[index];
}

static void
set_up (Fixture *f, gconstpointer data)
{
  f->list = peerup_prompt_list_new ();
  f->model = peerup_prompt_list_get_model (f->list);
  f->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  peerup_prompt_list_free (f->list);
  g_ptr_array_unref (f->peers);
}

/* (transfer none) (nullable) */
static PeerupPrompt *
ask (Fixture *f, guint peer, const char *service, gint64 now)
{
  gboolean is_new = FALSE;
  guint n = g_list_model_get_n_items (f->model);
  PeerupPrompt *prompt =
    peerup_prompt_list_ask_access (f->list, get_peer (f, peer), service, now, now / SECOND + 60, &is_new);

  g_assert_cmpint (g_list_model_get_n_items (f->model), ==, n + is_new);
  return prompt;
}

static PeerupPrompt *
ask_verify (Fixture *f, guint peer, const char *digits)
{
  return peerup_prompt_list_ask_verify (f->list, get_peer (f, peer), "🐶", digits);
}

static void
answer (Fixture *f, PeerupPrompt *prompt, const char *word, gint64 now)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_prompt_list_answer (f->list, prompt, word, now, &error));
  g_assert_no_error (error);
}

/* One question, however many wait; three of one peer do. */
static void
test_once (Fixture *f, gconstpointer data)
{
  PeerupPrompt *first = ask (f, 0, "ssh", NOW);

  g_assert_nonnull (first);
  g_assert_true (peerup_prompt_list_find (f->list, peerup_prompt_get_number (first)) == first);
  g_assert_cmpint (peerup_prompt_get_deadline (first), ==, END);
  g_assert_true (ask (f, 0, "ssh", NOW + 1) == first);
  g_assert_true (ask (f, 0, "web", NOW + 2) != first);
  g_assert_null (ask (f, 0, "ssh", NOW + 3));
  g_assert_null (ask (f, 0, "ftp", NOW + 3));
  g_assert_nonnull (ask (f, 1, "ssh", NOW + 3));
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 3);
  /* Who was allowed waits no longer. */
  answer (f, first, "allow", NOW + 4);
  g_assert_nonnull (ask (f, 0, "ftp", NOW + 5));
}

static void
test_expires (Fixture *f, gconstpointer data)
{
  g_autoptr (GPtrArray) expired = g_ptr_array_new_with_free_func (g_object_unref);
  PeerupPrompt *first = ask (f, 0, "ssh", NOW);
  g_autoptr (DexFuture) waits = peerup_prompt_wait (first);
  g_autoptr (GError) error = NULL;

  ask (f, 1, "ssh", NOW + 10 * SECOND);
  ask_verify (f, 2, "12345");
  g_assert_cmpint (peerup_prompt_list_advance (f->list, END - 1, expired), ==, END);
  g_assert_cmpuint (expired->len, ==, 0);
  g_assert_cmpint (peerup_prompt_list_advance (f->list, END, expired), ==, END + 10 * SECOND);
  g_assert_cmpuint (expired->len, ==, 1);
  g_assert_true (expired->pdata[0] == first);
  g_assert_null (dex_future_get_value (waits, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 2);
  /* What nobody has to hurry for stays. */
  g_assert_cmpint (peerup_prompt_list_advance (f->list, END + 60 * SECOND, NULL), ==, END + PEERUP_PROMPT_QUIET);
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 1);
}

/* For ten minutes after a refusal, an answer that is none, and none in time; not after it was allowed or taken back. */
static void
test_quiet (Fixture *f, gconstpointer data)
{
  static const char *const refusals[] = { "deny", "later", NULL };
  gint64 quiet = NOW + PEERUP_PROMPT_QUIET;

  for (guint i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      gint64 end = refusals[i] != NULL ? quiet : END + PEERUP_PROMPT_QUIET;
      PeerupPrompt *prompt = ask (f, i, "ssh", NOW);

      if (refusals[i] != NULL)
        answer (f, prompt, refusals[i], NOW);
      else
        (void) peerup_prompt_list_advance (f->list, END, NULL);
      g_assert_false (peerup_prompt_list_may_ask (f->list, get_peer (f, i), "ssh", end - 1));
      g_assert_true (peerup_prompt_list_may_ask (f->list, get_peer (f, i), "web", end - 1));
      g_assert_true (peerup_prompt_list_may_ask (f->list, get_peer (f, i), "ssh", end));
    }
  answer (f, ask (f, 3, "ssh", NOW), "allow", NOW);
  g_assert_nonnull (ask (f, 3, "ssh", NOW));
  peerup_prompt_list_cancel_kind (f->list, PEERUP_PROMPT_ACCESS);
  g_assert_nonnull (ask (f, 3, "ssh", NOW));
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  PeerupPrompt *prompt = ask (f, 0, "ssh", NOW);
  g_autoptr (PeerupPrompt) held = g_object_ref (prompt);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_prompt_list_answer (f->list, prompt, "match", NOW, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 1);
  answer (f, prompt, "deny", NOW);
  g_assert_false (peerup_prompt_list_answer (f->list, held, "allow", NOW, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_null (peerup_prompt_list_find (f->list, peerup_prompt_get_number (held)));
}

/* A pairing anew has strings of its own. */
static void
test_verify_anew (Fixture *f, gconstpointer data)
{
  PeerupPrompt *first = ask_verify (f, 0, "11111");
  g_autoptr (PeerupPrompt) held = g_object_ref (first);
  PeerupPrompt *second = ask_verify (f, 0, "22222");

  g_assert_false (peerup_prompt_is_open (held));
  g_assert_cmpuint (peerup_prompt_get_number (second), !=, peerup_prompt_get_number (held));
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 1);
}

/* Neither kind takes the other's place. */
static void
test_bounds (Fixture *f, gconstpointer data)
{
  g_autoptr (PeerupPrompt) oldest = g_object_ref (ask_verify (f, 0, "0"));

  for (guint i = 1; i < 3 * PEERUP_PROMPTS_MAX; i++)
    {
      PeerupPrompt *prompt = ask (f, i, "ssh", NOW);

      g_assert_true ((prompt != NULL) == (i <= PEERUP_PROMPTS_MAX));
    }
  g_assert_true (peerup_prompt_is_open (oldest));
  for (guint i = 1; i < 3 * PEERUP_PROMPTS_MAX; i++)
    ask_verify (f, i, "1");
  g_assert_false (peerup_prompt_is_open (oldest));
  g_assert_cmpuint (g_list_model_get_n_items (f->model), ==, 2 * PEERUP_PROMPTS_MAX);
}

/* One who tries names one after the other is not asked for at last. */
static void
test_quiet_bound (Fixture *f, gconstpointer data)
{
  guint n_asked = 0;

  for (guint i = 0; i < 2 * PEERUP_PROMPT_QUIET_MAX; i++)
    {
      g_autofree char *service = g_strdup_printf ("service-%u", i);
      PeerupPrompt *prompt = ask (f, 0, service, NOW);

      if (prompt == NULL)
        continue;
      n_asked++;
      answer (f, prompt, "deny", NOW);
    }
  g_assert_cmpuint (n_asked, ==, PEERUP_PROMPT_QUIET_MAX);
  g_assert_cmpint (peerup_prompt_list_advance (f->list, NOW + PEERUP_PROMPT_QUIET, NULL), ==, G_MAXINT64);
  g_assert_nonnull (ask (f, 0, "ssh", NOW + PEERUP_PROMPT_QUIET));
}

#define ADD(name, test) g_test_add (name, Fixture, NULL, set_up, test, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  ADD ("/prompt-list/once", test_once);
  ADD ("/prompt-list/expires", test_expires);
  ADD ("/prompt-list/quiet", test_quiet);
  ADD ("/prompt-list/errors", test_errors);
  ADD ("/prompt-list/verify-anew", test_verify_anew);
  ADD ("/prompt-list/bounds", test_bounds);
  ADD ("/prompt-list/quiet-bound", test_quiet_bound);
  return g_test_run ();
}
