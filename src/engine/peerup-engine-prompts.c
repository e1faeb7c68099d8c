/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The prompts of an engine: when something is asked, of whom, and what an answer does. Lives as long as its engine; the
 * list bounds what peers can bring about.
 */
#include "engine/peerup-engine-prompts.h"

#include <glib/gi18n-lib.h>

#include "engine/peerup-engine-private.h"
#include "trust/peerup-verification.h"

struct _PeerupEnginePrompts
{
  PeerupEngine *engine; /* owns this */
  PeerupPromptList *list;
  guint n_watchers;
  gint64 watched_until; /* monotonic µs */
  /* Of a run. */
  gboolean running;
  PeerupTimer timer;
  gint64 next; /* what the timer is set to */
  gboolean touched;
};

GListModel *
peerup_engine_prompts_get_model (PeerupEnginePrompts *self)
{
  return peerup_prompt_list_get_model (self->list);
}

static void
plan (PeerupEnginePrompts *self, gint64 at)
{
  if (!self->running || at >= self->next)
    return;
  self->next = at;
  peerup_timer_set (&self->timer, at);
}

static const char *
get_keys_file (PeerupEnginePrompts *self)
{
  PeerupConfig *config = self->engine->config;

  return config != NULL ? peerup_config_get_authorized_keys_file (config) : NULL;
}

static PeerupPeerId *
own_id (PeerupEnginePrompts *self)
{
  return peerup_private_key_get_peer_id (self->engine->identity);
}

static void
audit (PeerupEnginePrompts *self, const char *event, PeerupPrompt *prompt)
{
  if (self->engine->trust != NULL)
    peerup_engine_trust_audit (self->engine->trust, event, peerup_prompt_get_peer (prompt),
                               peerup_prompt_get_service (prompt), "prompt");
}

/* Who watches */

static gboolean
is_watched (PeerupEnginePrompts *self, gint64 now)
{
  return self->n_watchers > 0 || now < self->watched_until;
}

/* Nobody is there to answer, so nobody is to wait; and as nobody has refused, the next may be asked. */
static void
check_watched (PeerupEnginePrompts *self)
{
  if (!is_watched (self, g_get_monotonic_time ()))
    peerup_prompt_list_cancel_kind (self->list, PEERUP_PROMPT_ACCESS);
}

void
peerup_engine_prompts_watch (PeerupEnginePrompts *self)
{
  self->n_watchers++;
}

void
peerup_engine_prompts_unwatch (PeerupEnginePrompts *self)
{
  g_return_if_fail (self->n_watchers > 0);

  self->n_watchers--;
  check_watched (self);
}

void
peerup_engine_prompts_watch_until (PeerupEnginePrompts *self, gint64 deadline)
{
  self->watched_until = MAX (self->watched_until, deadline);
  plan (self, self->watched_until);
}

/* Whether it still arises */

static const PeerupSas *
get_sas (const PeerupVerification *verification)
{
  return verification->transcript != NULL ? verification->transcript : verification->peers;
}

/* These very strings. A file that cannot be read changes nothing. */
static gboolean
is_to_verify (PeerupEnginePrompts *self, PeerupPrompt *prompt)
{
  g_autoptr (PeerupVerification) found = NULL;
  g_autoptr (GError) error = NULL;

  if (get_keys_file (self) == NULL)
    return FALSE;
  found = peerup_verification_load (get_keys_file (self), own_id (self), peerup_prompt_get_peer (prompt), &error);
  if (found == NULL)
    return !g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  return !found->verified && g_str_equal (get_sas (found)->digits, peerup_prompt_get_digits (prompt));
}

/* An authorized peer that this service is not for. One that never had a grant and may see granted services alone, a
 * guest, is told in the same time as of a name that means nothing that there is no such service: were it asked for,
 * the wait would tell the guest that the service exists, and whose names it could try one after the other. Where its
 * grant has ended it knows the name from when it used it, and learns no more than that the service is still there. For
 * peers that are no guests a service that is not for them is no secret: they are refused by name. With gating off
 * nobody is authorized, and strangers ask nothing. */
static gboolean
may_be_allowed (PeerupEnginePrompts *self, PeerupPeerId *peer, const char *service)
{
  PeerupEngineTrust *trust = self->engine->trust;
  PeerupService *found = peerup_service_set_find (self->engine->services, service);
  PeerupDecision decision;

  if (trust == NULL || peerup_engine_trust_is_open (trust) || found == NULL || !peerup_service_get_enabled (found))
    return FALSE;
  decision = peerup_engine_trust_look (trust, peer, service);
  return !decision.allow &&
         (decision.reason == PEERUP_DECISION_NOT_LISTED || decision.reason == PEERUP_DECISION_GRANT_ENDED);
}

static gboolean
still_arises (PeerupEnginePrompts *self, PeerupPrompt *prompt)
{
  if (peerup_prompt_get_kind (prompt) == PEERUP_PROMPT_VERIFY)
    return is_to_verify (self, prompt);
  return may_be_allowed (self, peerup_prompt_get_peer (prompt), peerup_prompt_get_service (prompt));
}

/* Backwards, and each is asked for anew: whoever is told that one is over may end others. */
static void
review (PeerupEnginePrompts *self)
{
  GListModel *model = peerup_prompt_list_get_model (self->list);

  for (guint i = g_list_model_get_n_items (model); i > 0; i--)
    {
      g_autoptr (PeerupPrompt) prompt = g_list_model_get_item (model, i - 1);

      if (prompt != NULL && !still_arises (self, prompt))
        peerup_prompt_list_cancel (self->list, prompt);
    }
}

void
peerup_engine_prompts_touch (PeerupEnginePrompts *self)
{
  if (g_list_model_get_n_items (peerup_prompt_list_get_model (self->list)) == 0)
    return;
  self->touched = TRUE;
  plan (self, g_get_monotonic_time ());
}

static void
on_time (gpointer data)
{
  PeerupEnginePrompts *self = data;
  g_autoptr (GPtrArray) expired = g_ptr_array_new_with_free_func (g_object_unref);
  gint64 now = g_get_monotonic_time ();
  gint64 next;

  self->next = G_MAXINT64;
  if (self->touched)
    {
      self->touched = FALSE;
      review (self);
    }
  next = peerup_prompt_list_advance (self->list, now, expired);
  for (guint i = 0; i < expired->len; i++)
    audit (self, "access-unanswered", expired->pdata[i]);
  check_watched (self);
  plan (self, next);
  if (now < self->watched_until)
    plan (self, self->watched_until);
}

/* Asking */

void
peerup_engine_prompts_ask_verify (PeerupEnginePrompts *self, PeerupPeerId *peer)
{
  g_autoptr (PeerupVerification) found = NULL;
  g_autoptr (GError) error = NULL;

  if (!self->running || get_keys_file (self) == NULL)
    return;
  found = peerup_verification_load (get_keys_file (self), own_id (self), peer, &error);
  if (found == NULL)
    {
      g_info ("Nobody is asked to verify %s: %s", peerup_peer_id_get_string (peer), error->message);
      return;
    }
  if (!found->verified)
    peerup_prompt_list_ask_verify (self->list, peer, get_sas (found)->emoji, get_sas (found)->digits);
}

gboolean
peerup_engine_prompts_may_ask (PeerupEnginePrompts *self, PeerupPeerId *peer, const char *service)
{
  gint64 now = g_get_monotonic_time ();

  return self->running && is_watched (self, now) && may_be_allowed (self, peer, service) &&
         peerup_prompt_list_may_ask (self->list, peer, service, now);
}

static void
tell (PeerupEnginePrompts *self, PeerupPrompt *prompt)
{
  PeerupPeerId *peer = peerup_prompt_get_peer (prompt);
  const char *service = peerup_prompt_get_service (prompt);
  g_autofree char *who = peerup_engine_describe (self->engine, peer);

  peerup_log (G_LOG_LEVEL_MESSAGE,
              &(PeerupLogFields) {
                .profile = self->engine->profile, .peer = peerup_peer_id_get_string (peer), .service = service },
              "%s asks for %s, and waits for a minute; to allow it for an hour: peerup prompt answer %u allow", who,
              service, peerup_prompt_get_number (prompt));
  audit (self, "access-asked", prompt);
}

DexFuture *
peerup_engine_prompts_ask_access (PeerupEnginePrompts *self, PeerupPeerId *peer, const char *service)
{
  g_autoptr (PeerupPrompt) prompt = NULL;
  gint64 now = g_get_monotonic_time ();
  gint64 expires_at = (g_get_real_time () + PEERUP_PROMPT_TIME) / G_USEC_PER_SEC;
  PeerupPrompt *asked;
  gboolean is_new;

  if (!peerup_engine_prompts_may_ask (self, peer, service))
    return NULL;
  asked = peerup_prompt_list_ask_access (self->list, peer, service, now, expires_at, &is_new);
  if (asked == NULL)
    return NULL;
  prompt = g_object_ref (asked);
  plan (self, peerup_prompt_get_deadline (prompt));
  if (is_new)
    tell (self, prompt);
  return peerup_prompt_wait (prompt);
}

/* What answers do */

gboolean
peerup_engine_set_verified (PeerupEngine *self, PeerupPeerId *peer, gboolean verified, GError **error)
{
  const char *path = self->config != NULL ? peerup_config_get_authorized_keys_file (self->config) : NULL;

  if (path == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                           _ ("The configuration names no authorized_keys file"));
      return FALSE;
    }
  if (!peerup_verification_set (path, peerup_private_key_get_peer_id (self->identity), peer, verified, error))
    return FALSE;
  if (self->trust != NULL)
    peerup_engine_trust_audit (self->trust, verified ? "verified" : "unverified", peer, NULL, NULL);
  return TRUE;
}

static gboolean
verify (PeerupEnginePrompts *self, PeerupPrompt *prompt, gboolean match, GError **error)
{
  PeerupPeerId *peer = peerup_prompt_get_peer (prompt);

  if (match)
    return peerup_engine_set_verified (self->engine, peer, TRUE, error);
  if (self->engine->pairing != NULL)
    return peerup_engine_pairing_undo (self->engine->pairing, peer, error);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  return FALSE;
}

static gboolean
allow (PeerupEnginePrompts *self, PeerupPrompt *prompt, GError **error)
{
  gint64 until = g_get_real_time () / G_USEC_PER_SEC + PEERUP_PROMPT_GRANT_TIME;

  return peerup_engine_trust_grant (self->engine->trust, peerup_prompt_get_peer (prompt),
                                    peerup_prompt_get_service (prompt), until, error);
}

static gboolean
carry_out (PeerupEnginePrompts *self, PeerupPrompt *prompt, const char *answer, GError **error)
{
  if (g_str_equal (answer, "match") || g_str_equal (answer, "differ"))
    return verify (self, prompt, g_str_equal (answer, "match"), error);
  return !g_str_equal (answer, "allow") || allow (self, prompt, error);
}

static void
audit_answer (PeerupEnginePrompts *self, PeerupPrompt *prompt, const char *answer)
{
  if (peerup_prompt_get_kind (prompt) != PEERUP_PROMPT_ACCESS)
    return;
  audit (self,
         g_str_equal (answer, "allow")  ? "access-allowed"
         : g_str_equal (answer, "deny") ? "access-denied"
                                        : "access-unanswered",
         prompt);
}

/* (nullable) (transfer full): a question that is open, and not only because nobody has looked yet. */
static PeerupPrompt *
dup_open (PeerupEnginePrompts *self, guint number, GError **error)
{
  PeerupPrompt *found = peerup_prompt_list_find (self->list, number);

  if (found != NULL && still_arises (self, found))
    return g_object_ref (found);
  if (found != NULL)
    peerup_prompt_list_cancel (self->list, found);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
               _ ("There is no question %u, or it is over: “peerup prompt list” shows those that are open"), number);
  return NULL;
}

gboolean
peerup_engine_prompts_answer (PeerupEnginePrompts *self, guint number, const char *answer, GError **error)
{
  g_autoptr (PeerupPrompt) prompt = dup_open (self, number, error);

  if (prompt == NULL || !peerup_prompt_check (prompt, answer, error) || !carry_out (self, prompt, answer, error))
    return FALSE;
  audit_answer (self, prompt, answer);
  /* What the answer did may have ended it already. */
  if (!peerup_prompt_is_open (prompt))
    return TRUE;
  if (!peerup_prompt_list_answer (self->list, prompt, answer, g_get_monotonic_time (), error))
    return FALSE;
  plan (self, g_get_monotonic_time () + PEERUP_PROMPT_QUIET);
  return TRUE;
}

/* Life */

static void
on_trust_changed (PeerupEngine *engine, gpointer data)
{
  peerup_engine_prompts_touch (data);
}

void
peerup_engine_prompts_begin (PeerupEnginePrompts *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  g_return_if_fail (!self->running);

  self->running = TRUE;
  self->next = G_MAXINT64;
  peerup_timer_init (&self->timer, reactor, on_time, self);
  if (self->watched_until > 0)
    plan (self, self->watched_until);
}

void
peerup_engine_prompts_end (PeerupEnginePrompts *self)
{
  if (!self->running)
    return;
  self->running = FALSE;
  peerup_timer_clear (&self->timer);
  peerup_prompt_list_cancel_kind (self->list, PEERUP_PROMPT_ACCESS);
  peerup_prompt_list_cancel_kind (self->list, PEERUP_PROMPT_VERIFY);
}

PeerupEnginePrompts *
peerup_engine_prompts_new (PeerupEngine *engine)
{
  PeerupEnginePrompts *self = g_new0 (PeerupEnginePrompts, 1);

  self->engine = engine;
  self->list = peerup_prompt_list_new ();
  g_signal_connect (engine, "trust-changed", G_CALLBACK (on_trust_changed), self);
  return self;
}

void
peerup_engine_prompts_free (PeerupEnginePrompts *self)
{
  g_return_if_fail (self != NULL);

  peerup_engine_prompts_end (self);
  g_signal_handlers_disconnect_by_data (self->engine, self);
  peerup_prompt_list_free (self->list);
  g_free (self);
}
