/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A question and what became of it. It lives as long as somebody holds it, and is over after the first of an answer,
 * its time, and being taken back. What an answer means is its asker's business.
 */
#include "engine/peerup-prompt.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-error.h"

typedef enum
{
  PROMPT_OPEN,
  PROMPT_ANSWERED,
  PROMPT_EXPIRED,
  PROMPT_CANCELLED,
} State;

struct _PeerupPrompt
{
  GObject parent_instance;

  guint number;
  PeerupPromptKind kind;
  State state;
  PeerupPeerId *peer;
  char *service, *emoji, *digits; /* never NULL */
  gint64 deadline;
  gint64 expires_at;
  DexPromise *promise;
};

G_DEFINE_FINAL_TYPE (PeerupPrompt, peerup_prompt, G_TYPE_OBJECT)

static PeerupPrompt *
prompt_new (guint number, PeerupPromptKind kind, PeerupPeerId *peer)
{
  PeerupPrompt *self = g_object_new (PEERUP_TYPE_PROMPT, NULL);

  self->number = number;
  self->kind = kind;
  self->peer = peerup_peer_id_ref (peer);
  return self;
}

PeerupPrompt *
peerup_prompt_new_verify (guint number, PeerupPeerId *peer, const char *emoji, const char *digits)
{
  PeerupPrompt *self = prompt_new (number, PEERUP_PROMPT_VERIFY, peer);

  g_set_str (&self->emoji, emoji);
  g_set_str (&self->digits, digits);
  return self;
}

PeerupPrompt *
peerup_prompt_new_access (guint number, PeerupPeerId *peer, const char *service, gint64 deadline, gint64 expires_at)
{
  PeerupPrompt *self = prompt_new (number, PEERUP_PROMPT_ACCESS, peer);

  g_set_str (&self->service, service);
  self->deadline = deadline;
  self->expires_at = expires_at;
  return self;
}

guint
peerup_prompt_get_number (PeerupPrompt *self)
{
  return self->number;
}

PeerupPromptKind
peerup_prompt_get_kind (PeerupPrompt *self)
{
  return self->kind;
}

const char *
peerup_prompt_get_word (PeerupPrompt *self)
{
  return self->kind == PEERUP_PROMPT_VERIFY ? "verify" : "access";
}

PeerupPeerId *
peerup_prompt_get_peer (PeerupPrompt *self)
{
  return self->peer;
}

const char *
peerup_prompt_get_service (PeerupPrompt *self)
{
  return self->service;
}

const char *
peerup_prompt_get_emoji (PeerupPrompt *self)
{
  return self->emoji;
}

const char *
peerup_prompt_get_digits (PeerupPrompt *self)
{
  return self->digits;
}

const char *const *
peerup_prompt_get_answers (PeerupPrompt *self)
{
  static const char *const verify[] = { "match", "differ", "later", NULL };
  static const char *const access[] = { "allow", "deny", "later", NULL };

  return self->kind == PEERUP_PROMPT_VERIFY ? verify : access;
}

gint64
peerup_prompt_get_deadline (PeerupPrompt *self)
{
  return self->deadline;
}

gint64
peerup_prompt_get_expires_at (PeerupPrompt *self)
{
  return self->expires_at;
}

gboolean
peerup_prompt_is_open (PeerupPrompt *self)
{
  return self->state == PROMPT_OPEN;
}

/* The one writer of the state. */
static void
prompt_end (PeerupPrompt *self, State state)
{
  static const char *const words[] = { "open", "answered", "expired", "cancelled" };

  g_assert (self->state == PROMPT_OPEN && state != PROMPT_OPEN);
  g_debug ("Prompt %u: %s, was %s", self->number, words[state], words[self->state]);
  self->state = state;
}

gboolean
peerup_prompt_check (PeerupPrompt *self, const char *answer, GError **error)
{
  const char *const *answers = peerup_prompt_get_answers (self);
  g_autofree char *known = NULL;

  if (self->state != PROMPT_OPEN)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                   _ ("Question %u is over: it was answered, or nobody waits for the answer any longer"), self->number);
      return FALSE;
    }
  if (g_strv_contains (answers, answer))
    return TRUE;
  known = g_strjoinv ("”, “", (char **) answers);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
               _ ("“%.32s” is no answer to question %u: answer it with one of “%s”"), answer, self->number, known);
  return FALSE;
}

gboolean
peerup_prompt_answer (PeerupPrompt *self, const char *answer, GError **error)
{
  g_autoptr (PeerupPrompt) keep = g_object_ref (self);

  if (!peerup_prompt_check (self, answer, error))
    return FALSE;
  prompt_end (self, PROMPT_ANSWERED);
  dex_promise_resolve_string (self->promise, g_strdup (answer));
  return TRUE;
}

gboolean
peerup_prompt_expire (PeerupPrompt *self, gint64 now)
{
  g_autoptr (PeerupPrompt) keep = g_object_ref (self);

  if (self->state != PROMPT_OPEN || now < self->deadline)
    return FALSE;
  prompt_end (self, PROMPT_EXPIRED);
  dex_promise_reject (self->promise, g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                                                  _ ("Nobody has answered question %u"), self->number));
  return TRUE;
}

void
peerup_prompt_cancel (PeerupPrompt *self)
{
  g_autoptr (PeerupPrompt) keep = g_object_ref (self);

  if (self->state != PROMPT_OPEN)
    return;
  prompt_end (self, PROMPT_CANCELLED);
  dex_promise_reject (self->promise, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                  _ ("Question %u does not arise any longer"), self->number));
}

DexFuture *
peerup_prompt_wait (PeerupPrompt *self)
{
  return dex_ref (DEX_FUTURE (self->promise));
}

static void
peerup_prompt_finalize (GObject *object)
{
  PeerupPrompt *self = PEERUP_PROMPT (object);

  peerup_peer_id_unref (self->peer);
  g_free (self->service);
  g_free (self->emoji);
  g_free (self->digits);
  dex_clear (&self->promise);
  G_OBJECT_CLASS (peerup_prompt_parent_class)->finalize (object);
}

static void
peerup_prompt_class_init (PeerupPromptClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_prompt_finalize;
}

static void
peerup_prompt_init (PeerupPrompt *self)
{
  self->service = g_strdup ("");
  self->emoji = g_strdup ("");
  self->digits = g_strdup ("");
  self->deadline = G_MAXINT64;
  self->promise = dex_promise_new ();
}
