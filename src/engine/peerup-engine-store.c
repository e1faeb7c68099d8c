/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The queue of changes, and the time in which one is to be confirmed. A change writes files in a worker thread, for
 * they are synced and locked; the file is read and taken into use here, when that is done. The time runs on
 * CLOCK_BOOTTIME, which nobody sets and which goes on while the machine sleeps. If at its end the files cannot be
 * changed, what was there before comes into use all the same, and the files follow when they can.
 */
#include "engine/peerup-engine-store.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/peerup-engine-private.h"
#include "identity/peerup-atomic-file.h"

/* Between two tries to take back what cannot be. */
#define RETRY_TIME (10 * (gint64) G_USEC_PER_SEC)
#define REVERTED   "config-reverted"

typedef enum
{
  JOB_ARCHIVE,
  JOB_APPLY,
  JOB_CONFIRM,
  JOB_ROLLBACK,
  JOB_REVERT,
} JobKind;

/* One change, the worker thread's while it is there. */
typedef struct
{
  JobKind kind;
  PeerupEngineStore *store; /* which is not freed before this is done */
  PeerupConfigStore *files;
  DexPromise *promise;
  char *text;
  char *who;
  char *cause;
  char *in_force;
  gint64 timeout;
  guint number;
  gboolean changed;
  GError *error;
} Job;

struct _PeerupEngineStore
{
  PeerupEngine *engine; /* owns this */
  PeerupConfigStore *files;
  GQueue queue; /* of Job */
  Job *running; /* (nullable): borrowed */
  char *text;   /* in force */
  PeerupConfigPending *pending;
  gint64 latest;   /* when its time is over at the latest, since the start of the machine */
  char *before;    /* what comes back, while something waits */
  gboolean ours;   /* what is taken into use is a change of ours */
  const char *who; /* (nullable): has changed what is taken into use, for this cause */
  const char *cause;
  gboolean stopped;
  gboolean told;      /* that the archive cannot be written */
  gboolean took_back; /* in memory, but not in the files, which are not believed until they follow */
  char *unread;       /* (nullable): why there is a record that could not be read, which is told */
  int timer_fd;
  GSource *timer_source;
  PeerupEngineStoreClock clock;
  gpointer clock_data;
};

static void start_next (PeerupEngineStore *self);

static void
job_free (gpointer data)
{
  Job *job = data;

  peerup_config_store_free (job->files);
  dex_unref (job->promise);
  g_free (job->text);
  g_free (job->who);
  g_free (job->cause);
  g_free (job->in_force);
  g_clear_error (&job->error);
  g_free (job);
}

/* The time */

static void
read_now (PeerupEngineStore *self, PeerupConfigNow *now)
{
  if (self->clock != NULL)
    self->clock (now, self->clock_data);
  else
    peerup_config_now_read (now);
}

static void
set_timer (PeerupEngineStore *self, gint64 remaining)
{
  struct itimerspec spec = { 0 };

  /* Zero would stop it. */
  if (remaining >= 0)
    remaining = MAX (remaining, 1);
  spec.it_value.tv_sec = MAX (remaining, 0) / G_USEC_PER_SEC;
  spec.it_value.tv_nsec = MAX (remaining, 0) % G_USEC_PER_SEC * 1000;
  if (self->timer_fd >= 0)
    (void) timerfd_settime (self->timer_fd, 0, &spec, NULL);
}

static gboolean
is_same_pending (const PeerupConfigPending *a, const PeerupConfigPending *b)
{
  return a->deadline == b->deadline && a->boot_deadline == b->boot_deadline && g_strcmp0 (a->hash, b->hash) == 0;
}

/* Where the machine does not tell its starts apart, the record alone would go by the time of day, which may be set. */
static gint64
get_remaining (PeerupEngineStore *self, const PeerupConfigNow *now)
{
  return MIN (peerup_config_pending_get_remaining (self->pending, now), MAX (self->latest - now->boot, 0));
}

/* The files say what is to be in use again; whether it was otherwise. Who calls this reloads. */
static gboolean
believe_files (PeerupEngineStore *self)
{
  gboolean took_back = self->took_back;

  self->took_back = FALSE;
  peerup_config_monitor_hold (self->engine->monitor, FALSE);
  return took_back;
}

/* (nullable): read as the store reads it, for it comes into force: nobody else's, and nothing that blocks. */
static char *
read_before (const char *backup)
{
  g_autoptr (GBytes) bytes = peerup_own_file_read (backup, PEERUP_CONFIG_MAX_SIZE, NULL);

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : NULL;
}

/* (transfer full): a record, as it was read. */
static void
take_pending (PeerupEngineStore *self, PeerupConfigPending *pending)
{
  g_autofree char *directory = g_path_get_dirname (self->engine->config_path);
  g_autofree char *backup = g_build_filename (directory, pending->backup, NULL);
  gboolean known = self->pending != NULL && is_same_pending (self->pending, pending);
  g_auto (PeerupConfigNow) now = { 0 };

  g_clear_pointer (&self->pending, peerup_config_pending_free);
  self->pending = pending;
  if (self->before == NULL)
    self->before = read_before (backup);
  read_now (self, &now);
  if (!known)
    self->latest = now.boot + peerup_config_pending_get_remaining (pending, &now);
  set_timer (self, get_remaining (self, &now));
}

/* What the files say of something that waits. */
static void
follow_pending (PeerupEngineStore *self)
{
  gboolean reload = FALSE;
  g_autoptr (GError) error = NULL;
  PeerupConfigPending *pending = peerup_config_pending_load (self->engine->config_path, &error);

  if (error != NULL)
    {
      /* It says nothing of whether something waits: what was known goes on, and it is looked at again. */
      if (g_set_str (&self->unread, error->message))
        peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "%s", error->message);
      set_timer (self, RETRY_TIME);
      peerup_engine_notify_config_deadline (self->engine);
      return;
    }
  g_clear_pointer (&self->unread, g_free);
  if (self->pending != NULL && (pending == NULL || !is_same_pending (self->pending, pending)))
    {
      /* Another program has confirmed it, or taken it back. */
      g_clear_pointer (&self->before, g_free);
      reload = believe_files (self);
      /* What is read may be what is in use already: nothing would tell then that it is over. */
      if (reload)
        peerup_engine_set_problem (self->engine, REVERTED, NULL);
    }
  if (pending != NULL)
    take_pending (self, pending);
  else
    {
      g_clear_pointer (&self->pending, peerup_config_pending_free);
      set_timer (self, -1);
    }
  peerup_engine_notify_config_deadline (self->engine);
  if (reload)
    peerup_config_monitor_reload (self->engine->monitor);
}

/* Changes */

static void
run_job (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  const PeerupConfigChange change = { job->who, job->cause, job->timeout, job->in_force };

  switch (job->kind)
    {
    case JOB_APPLY:
      (void) !peerup_config_store_apply (job->files, job->text, strlen (job->text), &change, &job->changed,
                                         &job->error);
      break;
    case JOB_CONFIRM:
      (void) !peerup_config_store_confirm (job->files, &change, &job->error);
      break;
    case JOB_ROLLBACK:
      (void) !peerup_config_store_rollback (job->files, job->number, &change, &job->error);
      break;
    case JOB_REVERT:
      (void) !peerup_config_store_revert (job->files, &job->error);
      break;
    case JOB_ARCHIVE:
    default:
      peerup_config_store_archive (job->files, job->in_force, job->who, job->cause, &job->error);
    }
  g_task_return_boolean (task, TRUE);
}

/* The files could not be changed: no reason to leave in use what nobody has confirmed. */
static void
take_back_in_memory (PeerupEngineStore *self, const GError *error)
{
  g_autoptr (PeerupConfig) config = NULL;
  g_autofree char *text =
    g_strdup_printf (_ ("The last change of %s was not confirmed in time, and %s cannot be put back: %s"),
                     self->engine->config_path, self->engine->config_path, error->message);

  if (self->before != NULL && !self->took_back)
    config = peerup_config_new_from_data (self->before, strlen (self->before), self->engine->config_path, NULL, NULL);
  if (config != NULL)
    {
      self->took_back = TRUE;
      /* Whoever has the file read again, or touches it, must not bring it back. */
      peerup_config_monitor_hold (self->engine->monitor, TRUE);
      peerup_config_monitor_use (self->engine->monitor, config);
    }
  peerup_engine_set_problem (self->engine, REVERTED, text);
  set_timer (self, RETRY_TIME);
}

static void
on_taken_back (PeerupEngineStore *self)
{
  g_autofree char *text =
    g_strdup_printf (_ ("The last change of %s was not confirmed in time and is taken back; its text "
                        "is kept beside it"),
                     self->engine->config_path);

  peerup_engine_set_problem (self->engine, REVERTED, text);
}

/* What the archive cannot take is told once: it is no trouble for anybody who does not want to go back. */
static void
on_not_archived (PeerupEngineStore *self, const GError *error)
{
  if (!self->told)
    peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "Good configurations are not archived: %s", error->message);
  self->told = TRUE;
}

static void
finish (PeerupEngineStore *self, Job *job)
{
  if (job->kind == JOB_ARCHIVE)
    {
      if (job->error != NULL)
        on_not_archived (self, job->error);
      return;
    }
  if (job->error == NULL)
    {
      believe_files (self);
      self->ours = TRUE;
      peerup_config_monitor_reload (self->engine->monitor);
      self->ours = FALSE;
      peerup_engine_set_problem (self->engine, REVERTED, NULL);
    }
  follow_pending (self);
  if (job->kind == JOB_REVERT && job->error == NULL)
    on_taken_back (self);
  /* Somebody else was quicker. */
  else if (job->kind == JOB_REVERT && self->pending != NULL)
    take_back_in_memory (self, job->error);
}

static void
resolve (Job *job)
{
  if (job->error != NULL)
    dex_promise_reject (job->promise, g_steal_pointer (&job->error));
  else
    dex_promise_resolve_boolean (job->promise, job->kind != JOB_APPLY || job->changed);
}

static void
on_job_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = g_task_get_task_data (G_TASK (result));
  PeerupEngineStore *self = job->store;

  g_assert (self->running == job);
  finish (self, job);
  self->running = NULL;
  resolve (job);
  start_next (self);
}

/* (transfer full): both. */
static void
reject (Job *job, GError *error)
{
  dex_promise_reject (job->promise, error);
  job_free (job);
}

static GError *
new_stopped (void)
{
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The engine was stopped"));
}

/* What is in use is not what would be kept: who is content with that has seen nothing of the change. */
static GError *
new_out_of_use (PeerupEngineStore *self)
{
  return g_error_new (
    PEERUP_ERROR, PEERUP_ERROR_CONFIG,
    _ ("the last change of %s was not confirmed in time and is out of use, though the file could not be "
       "put back; mend what “peerup status” says of it, and apply the change again"),
    self->engine->config_path);
}

static void
start_next (PeerupEngineStore *self)
{
  Job *job = self->running == NULL ? g_queue_pop_head (&self->queue) : NULL;
  g_autoptr (GTask) task = NULL;

  /* It was asked for while it was in use still. */
  while (job != NULL && job->kind == JOB_CONFIRM && self->took_back)
    {
      reject (job, new_out_of_use (self));
      job = g_queue_pop_head (&self->queue);
    }
  if (job == NULL)
    return;
  self->running = job;
  task = g_task_new (NULL, NULL, on_job_done, NULL);
  g_task_set_static_name (task, "peerup-engine-store");
  g_task_set_task_data (task, job, job_free);
  g_task_run_in_thread (task, run_job);
}

static Job *
job_new (PeerupEngineStore *self, JobKind kind, const char *who, const char *cause)
{
  Job *job = g_new0 (Job, 1);

  job->kind = kind;
  job->store = self;
  job->files = peerup_config_store_new (self->engine->config_path);
  job->promise = dex_promise_new ();
  job->who = g_strdup (who);
  job->cause = g_strdup (cause);
  job->in_force = g_strdup (self->text);
  return job;
}

static DexFuture *
enqueue (PeerupEngineStore *self, Job *job)
{
  DexFuture *future = dex_ref (DEX_FUTURE (job->promise));

  if (self->stopped)
    {
      reject (job, new_stopped ());
      return future;
    }
  g_queue_push_tail (&self->queue, job);
  start_next (self);
  return future;
}

DexFuture *
peerup_engine_store_apply (PeerupEngineStore *self, const char *text, gint64 timeout, const char *who,
                           const char *cause)
{
  Job *job = job_new (self, JOB_APPLY, who, cause);

  job->text = g_strdup (text);
  job->timeout = timeout;
  return enqueue (self, job);
}

/* Where an engine that runs is lenient and keeps what it has, one that starts is not: who confirms what no start could
 * run by would be locked out by the next. */
static gboolean
can_start (PeerupEngine *engine, GError **error)
{
  const char *key_file = peerup_config_get_key_file (engine->config);
  guint n_addresses = peerup_config_get_listen_addresses (engine->config)->len;
  g_autoptr (PeerupPrivateKey) key = NULL;
  g_autoptr (GError) reason = NULL;
  g_autofree char *trouble = NULL;
  gboolean starts = TRUE;

  if (engine->keys_refused)
    g_set_error (&reason, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("its authorized_keys_file cannot be used"));
  else if (engine->identity_file != NULL && !g_str_equal (engine->identity_file, key_file))
    key = peerup_key_file_load (key_file, &reason);
  else if (engine->identity_file != NULL)
    trouble = peerup_engine_identity_dup_trouble (engine->identity_store, engine->config, &starts);
  if (trouble != NULL && !starts)
    g_set_error_literal (&reason, PEERUP_ERROR, PEERUP_ERROR_CONFIG, trouble);
  if (reason == NULL && n_addresses > 0 && g_hash_table_size (engine->listen_errors) >= n_addresses)
    g_set_error (&reason, PEERUP_ERROR, PEERUP_ERROR_CONFIG, _ ("none of its listen_addresses can be listened on"));
  if (reason == NULL)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
               _ ("no start could run by %s: %s; mend that, or take the change back by “peerup config rollback”"),
               engine->config_path, reason->message);
  return FALSE;
}

DexFuture *
peerup_engine_store_confirm (PeerupEngineStore *self, const char *who)
{
  GError *error = NULL;

  if (self->took_back)
    return dex_future_new_for_error (new_out_of_use (self));
  if (self->pending != NULL && !can_start (self->engine, &error))
    return dex_future_new_for_error (error);
  return enqueue (self, job_new (self, JOB_CONFIRM, who, "confirmed"));
}

DexFuture *
peerup_engine_store_rollback (PeerupEngineStore *self, guint number, const char *who)
{
  g_autofree char *cause = g_strdup_printf ("rollback %u", MAX (number, 1));
  Job *job = job_new (self, JOB_ROLLBACK, who, cause);

  job->number = number;
  return enqueue (self, job);
}

/* Nobody waits for these. */
static void
enqueue_own (PeerupEngineStore *self, JobKind kind, const char *who, const char *cause)
{
  dex_future_disown (enqueue (self, job_new (self, kind, who, cause)));
}

static gboolean
is_reverting (PeerupEngineStore *self)
{
  if (self->running != NULL && self->running->kind == JOB_REVERT)
    return TRUE;
  for (GList *link = self->queue.head; link != NULL; link = link->next)
    if (((Job *) link->data)->kind == JOB_REVERT)
      return TRUE;
  return FALSE;
}

void
peerup_engine_store_review (PeerupEngineStore *self)
{
  g_auto (PeerupConfigNow) now = { 0 };
  gint64 remaining;

  if (is_reverting (self))
    return;
  if (self->unread != NULL)
    follow_pending (self);
  if (self->pending == NULL)
    return;
  read_now (self, &now);
  remaining = get_remaining (self, &now);
  if (remaining > 0)
    set_timer (self, self->unread != NULL ? MIN (remaining, RETRY_TIME) : remaining);
  else
    enqueue_own (self, JOB_REVERT, "daemon", "not confirmed");
}

static gboolean
on_timer (int fd, GIOCondition condition, gpointer data)
{
  guint64 count;

  if (read (fd, &count, sizeof count) == sizeof count)
    peerup_engine_store_review (data);
  return G_SOURCE_CONTINUE;
}

/* What is in force */

/* As it stands in the file, unless that is another one by now. */
static char *
dup_text_in_force (PeerupEngineStore *self)
{
  g_autofree char *text = peerup_config_store_dup_text (self->files, NULL);
  g_autofree char *meaning = peerup_config_to_yaml (self->engine->config);
  g_autoptr (PeerupConfig) config = NULL;
  g_autofree char *read = NULL;

  if (text != NULL)
    config = peerup_config_new_from_data (text, strlen (text), self->engine->config_path, NULL, NULL);
  if (config != NULL)
    read = peerup_config_to_yaml (config);
  return g_strcmp0 (read, meaning) == 0 ? g_steal_pointer (&text) : g_steal_pointer (&meaning);
}

void
peerup_engine_store_took (PeerupEngineStore *self)
{
  g_free (self->text);
  self->text = dup_text_in_force (self);
  if (self->ours || self->took_back)
    return;
  peerup_engine_set_problem (self->engine, REVERTED, NULL);
  if (self->who != NULL)
    enqueue_own (self, JOB_ARCHIVE, self->who, self->cause);
  else
    enqueue_own (self, JOB_ARCHIVE, "file", "edited");
}

void
peerup_engine_store_reload (PeerupEngine *engine, const char *who, const char *cause)
{
  if (engine->store != NULL)
    {
      engine->store->who = who;
      engine->store->cause = cause;
    }
  peerup_config_monitor_reload (engine->monitor);
  if (engine->store != NULL)
    engine->store->who = engine->store->cause = NULL;
}

PeerupConfigStore *
peerup_engine_store_get_files (PeerupEngineStore *self)
{
  return self->files;
}

gint64
peerup_engine_store_get_deadline (PeerupEngineStore *self)
{
  g_auto (PeerupConfigNow) now = { 0 };

  if (self->pending == NULL)
    return 0;
  /* By the clock as it is now, which may have been set. */
  read_now (self, &now);
  return (now.real + get_remaining (self, &now)) / G_USEC_PER_SEC;
}

void
peerup_engine_store_set_clock (PeerupEngineStore *self, PeerupEngineStoreClock clock, gpointer data)
{
  self->clock = clock;
  self->clock_data = data;
}

/* Life */

void
peerup_engine_store_recover (PeerupEngine *engine)
{
  g_autoptr (PeerupConfigStore) files = peerup_config_store_new (engine->config_path);
  g_auto (PeerupConfigNow) now = { 0 };
  g_autoptr (GError) error = NULL;
  g_autofree char *story = NULL;
  PeerupConfigRecovery recovery;

  peerup_config_now_read (&now);
  if (!peerup_config_store_recover (files, &now, &recovery, &story, &error))
    story = g_strdup_printf (_ ("what waits to be confirmed could not be looked at: %s"), error->message);
  if (story != NULL)
    story[0] = g_ascii_toupper (story[0]);
  peerup_engine_set_problem (engine, REVERTED, story);
}

void
peerup_engine_store_give_up (PeerupEngine *engine)
{
  g_autoptr (PeerupConfigStore) files = NULL;
  g_autoptr (GError) error = NULL;

  if (engine->config_path == NULL || (engine->flags & PEERUP_ENGINE_DIAL_ONLY) != 0 ||
      peerup_config_pending_check_none (engine->config_path, NULL))
    return;
  files = peerup_config_store_new (engine->config_path);
  if (peerup_config_store_revert (files, &error))
    peerup_engine_say (
      engine, G_LOG_LEVEL_WARNING,
      "The last change of %s is taken back: nothing starts by it. What was there before is used by the next start",
      engine->config_path);
  else
    peerup_engine_say (engine, G_LOG_LEVEL_WARNING, "%s", error->message);
}

PeerupEngineStore *
peerup_engine_store_new (PeerupEngine *engine)
{
  PeerupEngineStore *self = g_new0 (PeerupEngineStore, 1);

  self->engine = engine;
  self->files = peerup_config_store_new (engine->config_path);
  self->text = dup_text_in_force (self);
  self->timer_fd = timerfd_create (CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->timer_fd < 0)
    self->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->timer_fd >= 0)
    {
      self->timer_source = g_unix_fd_source_new (self->timer_fd, G_IO_IN);
      g_source_set_static_name (self->timer_source, "peerup-engine-store");
      g_source_set_callback (self->timer_source, G_SOURCE_FUNC (on_timer), self, NULL);
      g_source_attach (self->timer_source, g_main_context_get_thread_default ());
    }
  return self;
}

void
peerup_engine_store_begin (PeerupEngineStore *self)
{
  follow_pending (self);
  if (self->pending == NULL)
    enqueue_own (self, JOB_ARCHIVE, "daemon", "start");
}

static DexFuture *
resolve_anyway (DexFuture *future, gpointer data)
{
  return dex_future_new_true ();
}

DexFuture *
peerup_engine_store_stop (PeerupEngineStore *self)
{
  Job *job;

  self->stopped = TRUE;
  set_timer (self, -1);
  while ((job = g_queue_pop_head (&self->queue)) != NULL)
    reject (job, new_stopped ());
  if (self->running == NULL)
    return dex_future_new_true ();
  return dex_future_finally (dex_ref (DEX_FUTURE (self->running->promise)), resolve_anyway, NULL, NULL);
}

void
peerup_engine_store_free (PeerupEngineStore *self)
{
  g_assert (self->running == NULL && g_queue_is_empty (&self->queue));
  if (self->timer_source != NULL)
    g_source_destroy (self->timer_source);
  g_clear_pointer (&self->timer_source, g_source_unref);
  g_clear_fd (&self->timer_fd, NULL);
  g_clear_pointer (&self->pending, peerup_config_pending_free);
  peerup_config_store_free (self->files);
  g_free (self->before);
  g_free (self->unread);
  g_free (self->text);
  g_free (self);
}
