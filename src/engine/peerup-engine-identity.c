/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine's identity key and its keeping. What blocks (a keyring, a person before it, files that are synced) is done
 * in worker threads, one job each; the configuration is changed in the engine's own, where everything else sees it
 * before or after, and never in between. The steps of a move are peerup-config-identity.h's.
 */
#include "engine/peerup-engine-identity.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "engine/peerup-engine-private.h"
#include "identity/peerup-private-key.h"
#include "keyring/peerup-keyring.h"
#include "transport/peerup-fiber.h"

#define PROBLEM "identity-store"

typedef enum
{
  JOB_LOAD,
  JOB_PUT,
  JOB_SETTLE,
  JOB_LOOK,
} JobKind;

/* The worker thread's while it is there. Reference counted: who waits reads what came of it. */
typedef struct
{
  JobKind kind;
  PeerupEngineIdentity *self; /* which is not freed before this is done */
  PeerupConfig *config;       /* nullable */
  PeerupPrivateKey *key;      /* of LOAD the result */
  PeerupConfigKeyStore to;
  gboolean ask;
  gboolean locked;
  char *note;
  GCancellable *cancellable;
  DexPromise *promise;
} Job;

struct _PeerupEngineIdentity
{
  PeerupEngine *engine; /* owns this */
  PeerupConfigKeyStore store;
  gboolean attended;
  gboolean moving;
  GCancellable *cancellable; /* of a run */
  guint n_jobs;
  DexPromise *idle; /* (nullable): somebody waits for none */
};

static void
job_clear (gpointer data)
{
  Job *job = data;

  g_clear_pointer (&job->config, peerup_config_unref);
  g_clear_pointer (&job->key, peerup_private_key_unref);
  g_clear_object (&job->cancellable);
  g_clear_pointer (&job->note, g_free);
  dex_clear (&job->promise);
}

static void
job_unref (gpointer data)
{
  g_atomic_rc_box_release_full (data, job_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Job, job_unref)

static Job *
job_new (PeerupEngineIdentity *self, JobKind kind, PeerupConfig *config, PeerupPrivateKey *key)
{
  Job *job = g_atomic_rc_box_new0 (Job);

  job->kind = kind;
  job->self = self;
  job->config = config != NULL ? peerup_config_ref (config) : NULL;
  job->key = key != NULL ? peerup_private_key_ref (key) : NULL;
  job->ask = self->attended;
  job->cancellable = g_object_ref (self->cancellable);
  job->promise = dex_promise_new ();
  return job;
}

static gboolean
carry_out (Job *job, GError **error)
{
  switch (job->kind)
    {
    case JOB_LOAD:
      job->key = peerup_config_identity_load (job->config, job->ask, job->cancellable, &job->note, error);
      return job->key != NULL;
    case JOB_PUT:
      return peerup_config_identity_put (job->config, job->key, job->to, job->ask, job->cancellable, error);
    case JOB_SETTLE:
      return peerup_config_identity_settle (job->config, peerup_private_key_get_peer_id (job->key), job->ask,
                                            job->cancellable, error);
    case JOB_LOOK:
      return peerup_keyring_look (&job->locked, job->cancellable, error);
    default:
      g_assert_not_reached ();
    }
}

static void
run_job (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (carry_out (data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_job_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = g_task_get_task_data (G_TASK (result));
  PeerupEngineIdentity *self = job->self;
  GError *error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    dex_promise_resolve_boolean (job->promise, TRUE);
  else
    dex_promise_reject (job->promise, error);
  if (--self->n_jobs > 0 || self->idle == NULL)
    return;
  dex_promise_resolve_boolean (self->idle, TRUE);
  dex_clear (&self->idle);
}

/* In a fiber. */
static gboolean
await_job (Job *job, GError **error)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_job_done, NULL);

  job->self->n_jobs++;
  g_task_set_static_name (task, "peerup-engine-identity");
  g_task_set_task_data (task, g_atomic_rc_box_acquire (job), job_unref);
  g_task_run_in_thread (task, run_job);
  return dex_await (dex_ref (DEX_FUTURE (job->promise)), error);
}

static gboolean
fail_stopped (GError **error)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine was stopped"));
  return FALSE;
}

/* The start */

static void
begin_run (PeerupEngineIdentity *self)
{
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  peerup_engine_set_problem (self->engine, PROBLEM, NULL);
}

PeerupPrivateKey *
peerup_engine_identity_load (PeerupEngineIdentity *self, PeerupConfig *config, GError **error)
{
  g_autoptr (Job) job = NULL;
  gboolean done;

  begin_run (self);
  self->store = peerup_config_get_key_store (config);
  if (self->store == PEERUP_CONFIG_KEY_STORE_FILE)
    return peerup_config_identity_load (config, FALSE, NULL, NULL, error);
  job = job_new (self, JOB_LOAD, config, NULL);
  done = await_job (job, error);
  if (g_cancellable_is_cancelled (job->cancellable))
    {
      g_clear_error (error);
      return fail_stopped (error), NULL;
    }
  if (!done)
    return NULL;
  if (job->note != NULL)
    self->store = PEERUP_CONFIG_KEY_STORE_FILE;
  peerup_engine_set_problem (self->engine, PROBLEM, job->note);
  return g_steal_pointer (&job->key);
}

/* With the configuration as it is on disk, which is the one that counts once the lock is held. */
static gboolean
settle_at_start (PeerupEngineIdentity *self, GError **error)
{
  PeerupEngine *engine = self->engine;
  g_autoptr (PeerupConfig) config = peerup_config_load (engine->config_path, NULL, error);
  g_autofd int lock = config != NULL ? peerup_config_identity_lock (config, error) : -1;
  g_autoptr (Job) job = NULL;
  gboolean done;

  if (lock < 0)
    return FALSE;
  g_clear_pointer (&config, peerup_config_unref);
  config = peerup_config_load (engine->config_path, NULL, error);
  if (config == NULL)
    return FALSE;
  job = job_new (self, JOB_SETTLE, config, engine->identity);
  /* Nobody has asked for it just now, and who has been asked for the key is not asked again. */
  job->ask = FALSE;
  self->moving = TRUE;
  done = await_job (job, error);
  self->moving = FALSE;
  return done;
}

static DexFuture *
settle_fiber (gpointer data)
{
  PeerupEngine *engine = data;
  g_autoptr (GError) error = NULL;

  if (settle_at_start (engine->identity_store, &error))
    peerup_engine_say (engine, G_LOG_LEVEL_MESSAGE, "What was left of moving the identity key is cleared away");
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    peerup_engine_say (engine, G_LOG_LEVEL_MESSAGE,
                       "What moving the identity key has left cannot be cleared away: %s. The next start tries again",
                       error->message);
  return dex_future_new_true ();
}

void
peerup_engine_identity_begin (PeerupEngineIdentity *self)
{
  PeerupEngine *engine = self->engine;

  if (!peerup_config_identity_is_marked (engine->config))
    return;
  /* It tells itself how it went. */
  dex_future_disown (peerup_fiber_spawn (settle_fiber, g_object_ref (engine), g_object_unref));
}

PeerupConfigKeyStore
peerup_engine_identity_get_store (PeerupEngineIdentity *self)
{
  return self->store;
}

char *
peerup_engine_identity_dup_trouble (PeerupEngineIdentity *self, PeerupConfig *config, gboolean *starts)
{
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) error = NULL;
  gboolean in_keyring = peerup_config_get_key_store (config) == PEERUP_CONFIG_KEY_STORE_KEYRING;
  PeerupPeerId *own = peerup_private_key_get_peer_id (self->engine->identity);
  PeerupPeerId *named = peerup_config_get_identity_peer (config);

  if (starts != NULL)
    *starts = FALSE;
  if (in_keyring && named != NULL && !peerup_peer_id_equal (named, own))
    return g_strdup_printf (_ ("identity.peer_id says %s, and this device is %s: no start finds its key in the login "
                               "keyring then; write %s, or take the line out"),
                            peerup_peer_id_get_string (named), peerup_peer_id_get_string (own),
                            peerup_peer_id_get_string (own));
  if (starts != NULL)
    *starts = TRUE;
  if (peerup_config_get_key_store (config) == self->store)
    return NULL;
  if (in_keyring)
    return g_strdup_printf (
      _ ("identity.key_store says keyring, and the key was read from %s; “peerup identity keyring” "
         "moves it to the login keyring"),
      peerup_config_get_key_file (config));
  key = peerup_config_identity_load (config, FALSE, NULL, NULL, &error);
  if (starts != NULL)
    *starts = key != NULL;
  if (key == NULL)
    return g_strdup_printf (_ ("identity.key_store says file, and no start could use that: %s; “peerup identity file” "
                               "moves the key there, “peerup config rollback” takes the change back"),
                            error->message);
  if (!peerup_peer_id_equal (peerup_private_key_get_peer_id (key), own))
    return g_strdup_printf (_ ("identity.key_store says file, and %s has the key of %s: that is this device's identity "
                               "when the daemon is restarted"),
                            peerup_config_get_key_file (config),
                            peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)));
  return NULL;
}

/* Moving */

typedef struct
{
  PeerupEngine *engine;
  PeerupConfigKeyStore to;
  const char *who;
} Move;

static void
move_free (gpointer data)
{
  Move *move = data;

  g_object_unref (move->engine);
  g_free (move);
}

static gboolean
check_move (PeerupEngineIdentity *self, GError **error)
{
  PeerupEngine *engine = self->engine;

  if (engine->state != PEERUP_ENGINE_RUNNING || engine->monitor == NULL)
    g_set_error_literal (
      error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
      _ ("The engine has no configuration that can be changed: it does not run, or was started to dial "
         "alone"));
  else if (self->moving)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                         _ ("The identity key is being moved already; wait for that to end"));
  else if (!g_str_equal (engine->identity_file, peerup_config_get_key_file (engine->config)))
    g_set_error_literal (
      error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
      _ ("identity.key_file was changed, and another identity is used from the next start on: restart "
         "Peer-Up before the key is moved"));
  else
    return TRUE;
  return FALSE;
}

static gboolean
is_there (PeerupEngineIdentity *self, PeerupConfigKeyStore to)
{
  PeerupConfig *config = self->engine->config;
  g_autoptr (PeerupPrivateKey) key = NULL;

  if (to != PEERUP_CONFIG_KEY_STORE_FILE || self->store != to || peerup_config_get_key_store (config) != to ||
      peerup_config_identity_is_marked (config))
    return FALSE;
  key = peerup_config_identity_load (config, FALSE, NULL, NULL, NULL);
  return key != NULL && peerup_peer_id_equal (peerup_private_key_get_peer_id (key),
                                              peerup_private_key_get_peer_id (self->engine->identity));
}

/* TRUE also if there was nothing to change. */
static gboolean
change_config (PeerupEngineIdentity *self, const Move *move, GError **error)
{
  PeerupEngine *engine = self->engine;
  g_autoptr (PeerupConfigEdit) edit = NULL;

  if (engine->state != PEERUP_ENGINE_RUNNING || engine->monitor == NULL)
    return fail_stopped (error);
  edit = peerup_config_edit_open (engine->config_path, error);
  if (edit == NULL ||
      !peerup_config_identity_edit (edit, peerup_private_key_get_peer_id (engine->identity), move->to, error) ||
      !peerup_config_edit_commit (edit, error))
    return FALSE;
  self->store = move->to;
  peerup_engine_set_problem (engine, PROBLEM, NULL);
  peerup_engine_store_reload (engine, move->who,
                              move->to == PEERUP_CONFIG_KEY_STORE_FILE ? "identity file" : "identity keyring");
  return TRUE;
}

/* As the file on disk says, whichever way it went. (transfer full): empty, or what is left. */
static char *
settle (PeerupEngineIdentity *self, PeerupPrivateKey *key, gboolean ask)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfig) config = peerup_config_load (self->engine->config_path, NULL, &error);
  g_autoptr (Job) job = config != NULL ? job_new (self, JOB_SETTLE, config, key) : NULL;

  if (job != NULL)
    job->ask = ask;
  if (job != NULL && await_job (job, &error))
    return g_strdup ("");
  return g_strdup_printf (_ ("The old place still has the key: %s. The next start of Peer-Up takes it away"),
                          error->message);
}

static gboolean
move_key (PeerupEngineIdentity *self, const Move *move, PeerupPrivateKey *key, GError **error)
{
  g_autoptr (Job) job = job_new (self, JOB_PUT, self->engine->config, key);

  job->to = move->to;
  job->ask = TRUE;
  return await_job (job, error) && change_config (self, move, error);
}

static DexFuture *
move_fiber (gpointer data)
{
  const Move *move = data;
  PeerupEngineIdentity *self = move->engine->identity_store;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autofree char *left = NULL;
  g_autofd int lock = -1;
  GError *error = NULL;

  if (!check_move (self, &error))
    return dex_future_new_for_error (error);
  if (is_there (self, move->to))
    return dex_future_new_take_string (g_strdup (""));
  lock = peerup_config_identity_lock (move->engine->config, &error);
  if (lock < 0)
    return dex_future_new_for_error (error);
  key = peerup_private_key_ref (move->engine->identity);
  self->moving = TRUE;
  if (move_key (self, move, key, &error))
    left = settle (self, key, TRUE);
  else if (!g_cancellable_is_cancelled (self->cancellable))
    {
      /* What was put there already; a keyring that refused is not asked twice. */
      left = settle (self, key, FALSE);
      if (left[0] != '\0')
        peerup_engine_say (move->engine, G_LOG_LEVEL_DEBUG, "%s", left);
    }
  self->moving = FALSE;
  return error != NULL ? dex_future_new_for_error (error) : dex_future_new_take_string (g_steal_pointer (&left));
}

DexFuture *
peerup_engine_identity_move (PeerupEngineIdentity *self, PeerupConfigKeyStore to, const char *who)
{
  Move *move = g_new (Move, 1);

  move->engine = g_object_ref (self->engine);
  move->to = to;
  move->who = who;
  return peerup_fiber_spawn (move_fiber, move, move_free);
}

/* Looking */

static DexFuture *
look_fiber (gpointer data)
{
  Job *job = data;
  GError *error = NULL;

  return await_job (job, &error) ? dex_future_new_for_boolean (job->locked) : dex_future_new_for_error (error);
}

DexFuture *
peerup_engine_identity_look (PeerupEngineIdentity *self)
{
  if (self->cancellable == NULL || g_cancellable_is_cancelled (self->cancellable))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine does not run"));
  return peerup_fiber_spawn (look_fiber, job_new (self, JOB_LOOK, NULL, NULL), job_unref);
}

/* Life */

PeerupEngineIdentity *
peerup_engine_identity_new (PeerupEngine *engine)
{
  PeerupEngineIdentity *self = g_new0 (PeerupEngineIdentity, 1);

  self->engine = engine;
  return self;
}

void
peerup_engine_identity_free (PeerupEngineIdentity *self)
{
  g_assert (self->n_jobs == 0);
  g_clear_object (&self->cancellable);
  g_free (self);
}

void
peerup_engine_identity_set_attended (PeerupEngineIdentity *self, gboolean attended)
{
  self->attended = attended;
}

DexFuture *
peerup_engine_identity_stop (PeerupEngineIdentity *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  if (self->n_jobs == 0)
    return dex_future_new_true ();
  if (self->idle == NULL)
    self->idle = dex_promise_new ();
  return dex_ref (DEX_FUTURE (self->idle));
}
