/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The follower of authorized_keys. Lives as long as the engine, in the engine's thread and main
 * context. The verdicts are peerup_decide()'s; this object keeps the file's entries current,
 * with a timer for the next expiry, and the set of peers that are valid now, to notice who is
 * not any more.
 * It never fails open: what cannot be read leaves the old entries in force.
 */
#include "trust/peerup-gater.h"

#include <glib/gi18n-lib.h>

#include "trust/peerup-authorized-keys-file.h"
#include "trust/peerup-decision.h"
#include "trust/peerup-file-watch.h"

/* The clock may be set and the machine may sleep, so an expiry is looked for this often. */
#define EXPIRY_TIMER_MAX_MS (60 * 1000)

struct _PeerupGater
{
  GObject parent_instance;

  char *path;       /* NULL: gating is off */
  gboolean favours; /* nobody is refused by it */
  PeerupAuthorizedKeys *keys;
  char **warnings;
  GHashTable *valid; /* set of PeerupPeerId: valid at the last look */
  GMainContext *context;
  PeerupFileWatch *watch;
  GSource *expiry_source;
};

enum
{
  SIGNAL_REVOKED,
  SIGNAL_CHANGED,
  SIGNAL_PROBLEM,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupGater, peerup_gater, G_TYPE_OBJECT)

static void
clear_source (GSource **source)
{
  if (*source != NULL)
    g_source_destroy (*source);
  g_clear_pointer (source, g_source_unref);
}

static void
peerup_gater_dispose (GObject *object)
{
  PeerupGater *self = PEERUP_GATER (object);

  clear_source (&self->expiry_source);
  g_clear_pointer (&self->watch, peerup_file_watch_free);
  G_OBJECT_CLASS (peerup_gater_parent_class)->dispose (object);
}

static void
peerup_gater_finalize (GObject *object)
{
  PeerupGater *self = PEERUP_GATER (object);

  g_clear_pointer (&self->keys, peerup_authorized_keys_free);
  g_clear_pointer (&self->valid, g_hash_table_unref);
  g_clear_pointer (&self->warnings, g_strfreev);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_clear_pointer (&self->path, g_free);
  G_OBJECT_CLASS (peerup_gater_parent_class)->finalize (object);
}

static void
peerup_gater_class_init (PeerupGaterClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_gater_dispose;
  object_class->finalize = peerup_gater_finalize;

  signals[SIGNAL_REVOKED] = g_signal_new ("revoked", PEERUP_TYPE_GATER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                          G_TYPE_NONE, 2, PEERUP_TYPE_PEER_ID, G_TYPE_STRING);
  signals[SIGNAL_CHANGED] =
    g_signal_new ("changed", PEERUP_TYPE_GATER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_PROBLEM] =
    g_signal_new ("problem", PEERUP_TYPE_GATER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static GHashTable *
new_peer_set (void)
{
  return g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
}

static void
peerup_gater_init (PeerupGater *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->warnings = g_new0 (char *, 1);
  self->valid = new_peer_set ();
}

PeerupGater *
peerup_gater_new_open (void)
{
  return g_object_new (PEERUP_TYPE_GATER, NULL);
}

char *
peerup_gater_dup_refusal (PeerupGater *self, PeerupPeerId *peer, gint64 now)
{
  PeerupDecisionFacts facts = { NULL };
  PeerupDecision decision;
  gint64 expires = PEERUP_EXPIRES_NEVER;
  g_autofree char *time = NULL;

  g_return_val_if_fail (PEERUP_IS_GATER (self) && peer != NULL, NULL);

  facts.keys = self->keys;
  decision = peerup_decide (&facts, peer, now);
  if (decision.allow)
    return NULL;
  if (decision.reason != PEERUP_DECISION_EXPIRED)
    return g_strdup_printf (_ ("it is not listed in %s"), self->path);
  (void) peerup_authorized_keys_lookup (self->keys, peer, now, &expires);
  if (expires == PEERUP_EXPIRES_MALFORMED)
    return g_strdup_printf (_ ("its expiry in %s cannot be read"), self->path);
  time = peerup_expires_format (expires);
  return g_strdup_printf (_ ("its authorization expired at %s"), time);
}

gboolean
peerup_gater_is_open (PeerupGater *self)
{
  g_return_val_if_fail (PEERUP_IS_GATER (self), FALSE);

  return self->path == NULL;
}

PeerupAuthorizedKeys *
peerup_gater_get_keys (PeerupGater *self)
{
  g_return_val_if_fail (PEERUP_IS_GATER (self), NULL);

  return self->keys;
}

const char *const *
peerup_gater_get_warnings (PeerupGater *self)
{
  g_return_val_if_fail (PEERUP_IS_GATER (self), NULL);

  return (const char *const *) self->warnings;
}

static gint64
get_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static gint64
find_next_expiry (PeerupGater *self, gint64 now)
{
  gint64 next = PEERUP_EXPIRES_NEVER;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (self->keys); i++)
    {
      gint64 expires = peerup_authorized_keys_get_expires (self->keys, i);

      if (expires > now)
        next = MIN (next, expires);
    }
  return next;
}

static gboolean
on_expiry_timer (gpointer user_data)
{
  peerup_gater_advance (user_data, get_now ());
  return G_SOURCE_REMOVE;
}

static void
set_expiry_timer (PeerupGater *self)
{
  gint64 now = g_get_real_time ();
  gint64 next = find_next_expiry (self, now / G_USEC_PER_SEC);
  guint delay = EXPIRY_TIMER_MAX_MS;

  clear_source (&self->expiry_source);
  if (next == PEERUP_EXPIRES_NEVER)
    return;
  if (next - now / G_USEC_PER_SEC < EXPIRY_TIMER_MAX_MS / 1000)
    delay = (next * G_USEC_PER_SEC - now) / 1000 + 1;
  self->expiry_source = g_timeout_source_new (delay);
  g_source_set_static_name (self->expiry_source, "peerup-gater-expiry");
  g_source_set_callback (self->expiry_source, on_expiry_timer, self, NULL);
  g_source_attach (self->expiry_source, self->context);
}

static GHashTable *
dup_valid (PeerupGater *self, gint64 now)
{
  GHashTable *valid = new_peer_set ();

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (self->keys); i++)
    {
      PeerupPeerId *peer = peerup_authorized_keys_get_peer (self->keys, i);

      if (peerup_authorized_keys_lookup (self->keys, peer, now, NULL) == PEERUP_AUTHORIZATION_VALID)
        g_hash_table_add (valid, peerup_peer_id_ref (peer));
    }
  return valid;
}

void
peerup_gater_advance (PeerupGater *self, gint64 now)
{
  g_autoptr (PeerupGater) held = NULL;
  g_autoptr (GHashTable) before = NULL;
  GHashTableIter iter;
  gpointer peer;

  g_return_if_fail (PEERUP_IS_GATER (self));

  if (self->path == NULL)
    return;
  /* A handler may drop the gater, or reload it: only @before is walked. */
  held = g_object_ref (self);
  before = g_steal_pointer (&self->valid);
  self->valid = dup_valid (self, now);
  set_expiry_timer (self);
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &peer, NULL))
    {
      g_autofree char *refusal = peerup_gater_dup_refusal (self, peer, now);

      if (refusal != NULL)
        g_signal_emit (self, signals[SIGNAL_REVOKED], 0, peer, refusal);
    }
}

static char **
dup_warnings (PeerupAuthorizedKeys *keys, const char *path, gboolean favours)
{
  g_autoptr (GStrvBuilder) warnings = g_strv_builder_new ();
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);

  if (peerup_authorized_keys_get_n_entries (keys) == 0 && !favours)
    /* TRANSLATORS: Keep the command at the end: the window knows by it that nothing is wrong yet. */
    g_strv_builder_take (warnings,
                         g_strdup_printf (_ ("%s authorizes nobody, so every incoming connection is refused; run: "
                                             "peerup auth add PEER-ID"),
                                          path));
  for (guint i = 0; notes[i] != NULL; i++)
    g_strv_builder_take (warnings, g_strdup_printf ("%s: %s", path, notes[i]));
  return g_strv_builder_end (warnings);
}

/* Entries a gate may be built on. */
static PeerupAuthorizedKeys *
load_keys (PeerupGater *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (self->path, &local);
  g_auto (GStrv) problems = NULL;

  /* It may come later, but one that was there does not go by being written anew. */
  if (keys == NULL && self->favours && self->keys == NULL &&
      g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    keys = peerup_authorized_keys_parse ("", 0);
  else if (keys == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  if (keys == NULL)
    return NULL;
  problems = peerup_authorized_keys_dup_problems (keys);
  if (problems[0] == NULL)
    return g_steal_pointer (&keys);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, "%s: %s", self->path, problems[0]);
  return NULL;
}

static void
take_keys (PeerupGater *self, PeerupAuthorizedKeys *keys)
{
  g_clear_pointer (&self->keys, peerup_authorized_keys_free);
  g_strfreev (self->warnings);
  self->keys = keys;
  self->warnings = dup_warnings (keys, self->path, self->favours);
  for (guint i = 0; self->warnings[i] != NULL; i++)
    g_message ("%s", self->warnings[i]);
}

gboolean
peerup_gater_reload (PeerupGater *self, GError **error)
{
  g_autoptr (PeerupGater) held = NULL;
  g_autoptr (GError) local = NULL;
  PeerupAuthorizedKeys *keys;

  g_return_val_if_fail (PEERUP_IS_GATER (self), FALSE);

  if (self->path == NULL)
    return TRUE;
  held = g_object_ref (self);
  keys = load_keys (self, &local);
  if (keys == NULL)
    {
      g_autofree char *text = g_strdup_printf (_ ("%s; the entries read before stay in force"), local->message);

      g_message ("%s", text);
      g_propagate_error (error, g_steal_pointer (&local));
      g_signal_emit (self, signals[SIGNAL_PROBLEM], 0, text);
      return FALSE;
    }
  take_keys (self, keys);
  peerup_gater_advance (self, get_now ());
  g_signal_emit (self, signals[SIGNAL_CHANGED], 0);
  return TRUE;
}

static void
on_file_changed (gpointer data)
{
  (void) peerup_gater_reload (data, NULL);
}

static PeerupGater *
new_for_file (const char *path, gboolean favours, GError **error)
{
  g_autoptr (PeerupGater) self = g_object_new (PEERUP_TYPE_GATER, NULL);
  g_autoptr (GError) local = NULL;
  PeerupAuthorizedKeys *keys;

  self->path = g_canonicalize_filename (path, NULL);
  self->favours = favours;
  self->watch = peerup_file_watch_new (self->path, on_file_changed, self);
  keys = load_keys (self, &local);
  if (g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                 _ ("gating is on, but %s does not exist; authorize the first peer with: peerup auth add PEER-ID"),
                 self->path);
  else if (keys == NULL)
    g_propagate_error (error, g_steal_pointer (&local));
  if (keys == NULL)
    return NULL;
  take_keys (self, keys);
  peerup_gater_advance (self, get_now ());
  return g_steal_pointer (&self);
}

PeerupGater *
peerup_gater_new_for_file (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return new_for_file (path, FALSE, error);
}

PeerupGater *
peerup_gater_new_for_favours (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return new_for_file (path, TRUE, error);
}
