/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who may what, on a running engine. Lives from when the files are read until they are closed; one for each engine
 * that others may connect to. It gathers the facts (authorized_keys, grants, lists of services, passes) and asks
 * peerup_decide(); it decides nothing itself. What may go on no longer it ends when that comes true, by a timer that
 * looks at the time of day, and whoever is told that the clock was set tells it.
 */
#include "engine/peerup-engine-trust-private.h"

#include <glib/gi18n-lib.h>

/* Seconds: clocks are set without a word at times. */
#define LOOK_INTERVAL 60
/* Microseconds until an audit that cannot be written is tried again, when there is nothing new to write. */
#define AUDIT_RETRY (10 * G_USEC_PER_SEC)

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

/* Deciding */

static gint64
get_pass (PeerupEngineTrust *self, PeerupPeerId *peer)
{
  const gint64 *until = g_hash_table_lookup (self->passes, peer);

  return until != NULL ? *until : 0;
}

static GPtrArray *
get_list (PeerupEngineTrust *self, const char *service)
{
  PeerupService *found = service != NULL ? peerup_service_set_find (self->engine->services, service) : NULL;

  return found != NULL ? peerup_service_get_allowed_peers (found) : NULL;
}

static void
gather (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, PeerupDecisionFacts *facts)
{
  *facts = (PeerupDecisionFacts) {
    .keys = peerup_gater_get_keys (self->gater),
    .grants = peerup_trust_clock_get_grants (self->clock),
    .admitted_until = get_pass (self, peer),
    .service = service,
    .listed = get_list (self, service),
  };
}

PeerupDecision
peerup_engine_trust_look (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service)
{
  PeerupDecisionFacts facts;

  gather (self, peer, service, &facts);
  return peerup_decide (&facts, peer, peerup_trust_clock_get_time (self->clock, facts.keys, peer, now_seconds ()));
}

gboolean
peerup_engine_trust_sees (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service)
{
  return peerup_engine_trust_look (self, peer, service).allow;
}

gboolean
peerup_engine_trust_is_guest (PeerupEngineTrust *self, PeerupPeerId *peer)
{
  PeerupDecisionFacts facts;

  gather (self, peer, NULL, &facts);
  return peerup_decision_is_guest (&facts, peer);
}

gboolean
peerup_engine_trust_lists (PeerupEngineTrust *self, PeerupPeerId *peer)
{
  return g_hash_table_contains (self->entries, peer);
}

PeerupAuthorizedKeys *
peerup_engine_trust_get_keys (PeerupEngineTrust *self)
{
  return peerup_gater_get_keys (self->gater);
}

gboolean
peerup_engine_trust_is_open (PeerupEngineTrust *self)
{
  return peerup_gater_is_open (self->gater);
}

/* Auditing */

static const char *
path_word (PeerupConnection *connection)
{
  if (connection == NULL)
    return NULL;
  return peerup_swarm_is_relayed (connection) ? "relayed" : "direct";
}

static void
trust_write (PeerupEngineTrust *self, PeerupPeerId *peer, PeerupAuditLine *line)
{
  line->peer = peer != NULL ? peerup_peer_id_get_string (peer) : NULL;
  line->name = peer != NULL ? peerup_engine_get_name_of (self->engine, peer) : NULL;
  peerup_audit_write (self->audit, line, g_get_real_time ());
  if (peerup_audit_is_pending (self->audit))
    peerup_timer_set (&self->audit_timer, g_get_monotonic_time () + G_USEC_PER_SEC);
}

static void
on_audit_time (gpointer data)
{
  PeerupEngineTrust *self = data;

  peerup_audit_flush (self->audit, g_get_real_time ());
  if (peerup_audit_is_pending (self->audit))
    peerup_timer_set (&self->audit_timer, g_get_monotonic_time () + AUDIT_RETRY);
}

static void
on_audit_problem (const char *text, gpointer data)
{
  PeerupEngineTrust *self = data;

  peerup_engine_set_problem (self->engine, "audit", text);
}

void
peerup_engine_trust_audit (PeerupEngineTrust *self, const char *event, PeerupPeerId *peer, const char *service,
                           const char *reason)
{
  PeerupAuditLine line = { .event = event, .service = service, .reason = reason };

  g_return_if_fail (self != NULL && event != NULL);

  trust_write (self, peer, &line);
  peerup_engine_emit_trust_changed (self->engine);
}

PeerupDecision
peerup_engine_trust_decide (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service,
                            PeerupConnection *connection)
{
  PeerupDecision decision = peerup_engine_trust_look (self, peer, service);
  PeerupAuditLine line = {
    .event = service != NULL ? "service" : "connect",
    .service = service,
    .path = path_word (connection),
    .decision = decision.allow ? "allow" : "deny",
    .reason = peerup_decision_get_word (decision.reason),
  };

  trust_write (self, peer, &line);
  return decision;
}

char *
peerup_engine_trust_dup_sentence (PeerupEngineTrust *self, const PeerupDecision *decision, PeerupPeerId *peer,
                                  const char *service)
{
  const char *id = peerup_peer_id_get_string (peer);
  const char *name = peerup_engine_get_name_of (self->engine, peer);

  return peerup_decision_dup_sentence (decision, name != NULL ? name : id, name != NULL ? name : id, service);
}

char *
peerup_engine_trust_dup_refusal (PeerupEngineTrust *self, PeerupPeerId *peer)
{
  char *refusal = peerup_gater_dup_refusal (self->gater, peer, now_seconds ());

  return refusal != NULL ? refusal : g_strdup (_ ("its authorization has ended"));
}

/* What ends */

void
peerup_engine_trust_disconnect (PeerupEngineTrust *self, PeerupPeerId *peer, const char *reason)
{
  PeerupEngine *engine = self->engine;
  g_autofree char *who = peerup_engine_describe (engine, peer);

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "%s is no longer admitted: %s", who, reason);
  if (engine->relay_choice != NULL)
    peerup_engine_relay_choice_revoke (engine->relay_choice, peer);
  if (engine->swarm != NULL)
    peerup_swarm_disconnect (engine->swarm, peer, PEERUP_CONNECTION_CODE_GATED);
}

void
peerup_engine_trust_show (PeerupEngineTrust *self, PeerupPeerId *peer)
{
  if (self->engine->identify != NULL)
    peerup_identify_push_to (self->engine->identify, peer);
}

/* A person is told how long it is, so that he need not know which clock is meant. */
static void
trust_warn (PeerupEngineTrust *self, const PeerupGrant *grant, gint64 now)
{
  const char *id = peerup_peer_id_get_string (grant->peer);
  const char *name = peerup_engine_get_name_of (self->engine, grant->peer);
  g_autofree char *time = peerup_expires_format (grant->until);

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE,
                     "The grant of %s to %s ends in %" G_GINT64_FORMAT
                     " s, at %s. To extend it: peerup grant extend %s %s "
                     "--for 1d",
                     grant->service, name != NULL ? name : id, grant->until - now, time, name != NULL ? name : id,
                     grant->service);
  peerup_engine_trust_audit (self, "grant-ending", grant->peer, grant->service, NULL);
  peerup_engine_emit_grant_ending (self->engine, id, name, grant->service, grant->until);
}

static void
trust_end_grant (PeerupEngineTrust *self, const PeerupGrant *grant)
{
  g_autofree char *who = peerup_engine_describe (self->engine, grant->peer);

  peerup_engine_say (self->engine, G_LOG_LEVEL_MESSAGE, "The grant of %s to %s has ended", grant->service, who);
  peerup_engine_trust_audit (self, "grant-ended", grant->peer, grant->service, NULL);
  peerup_engine_trust_show (self, grant->peer);
}

typedef struct
{
  char *path;
  gint64 now;
} Expire;

static void
expire_free (gpointer data)
{
  Expire *expire = data;

  g_free (expire->path);
  g_free (expire);
}

static void
expire_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Expire *expire = data;
  GError *error = NULL;

  if (peerup_grants_file_expire (expire->path, expire->now, NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
on_expired (GObject *source, GAsyncResult *result, gpointer data)
{
  PeerupEngineTrust *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error) && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->expiring = FALSE;
  if (error != NULL)
    text =
      g_strdup_printf (_ ("Grants that have ended stay in their file, where a clock that is set back could revive them "
                          "at the next start: %s"),
                       error->message);
  peerup_engine_set_problem (self->engine, "grants that ended", text);
}

/* For the next run; this one remembers. */
static void
trust_expire_file (PeerupEngineTrust *self, gint64 now)
{
  g_autoptr (GTask) task = NULL;
  Expire *expire;

  if (self->expiring)
    return;
  self->expiring = TRUE;
  expire = g_new (Expire, 1);
  expire->path = g_strdup (self->grants_path);
  expire->now = now;
  task = g_task_new (NULL, self->cancellable, on_expired, self);
  g_task_set_task_data (task, expire, expire_free);
  g_task_run_in_thread (task, expire_in_thread);
}

/* Takes away the passes that have ended: @ended, of PeerupPeerId. Returns when the next does. */
static gint64
trust_take_passes (PeerupEngineTrust *self, gint64 now, GPtrArray *ended)
{
  gint64 next = PEERUP_EXPIRES_NEVER;
  GHashTableIter iter;
  gpointer peer, until;

  g_hash_table_iter_init (&iter, self->passes);
  while (g_hash_table_iter_next (&iter, &peer, &until))
    {
      if (now < *(gint64 *) until)
        {
          next = MIN (next, *(gint64 *) until);
          continue;
        }
      g_ptr_array_add (ended, peerup_peer_id_ref (peer));
      g_hash_table_iter_remove (&iter);
    }
  return next;
}

static void
trust_plan (PeerupEngineTrust *self, gint64 next, gint64 now)
{
  gint64 delay = LOOK_INTERVAL * G_USEC_PER_SEC;

  if (next != PEERUP_EXPIRES_NEVER && next - now < LOOK_INTERVAL)
    delay = next * G_USEC_PER_SEC - g_get_real_time ();
  peerup_timer_set (&self->timer, g_get_monotonic_time () + MAX (delay, 1000));
}

/* Also what could not be written when it ended. */
static gboolean
has_ended_in_file (PeerupEngineTrust *self, gint64 now)
{
  for (guint i = 0; i < self->loaded->len; i++)
    {
      const PeerupGrant *grant = self->loaded->pdata[i];

      if (grant->until != PEERUP_EXPIRES_MALFORMED && grant->until <= now)
        return TRUE;
    }
  return FALSE;
}

/* Whatever is told here may lead to any call of this object, this one too: what is walked is ours alone, and the next
 * look is planned before. */
void
peerup_engine_trust_advance (PeerupEngineTrust *self)
{
  g_autoptr (GPtrArray) ended = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  g_autoptr (GPtrArray) ending = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  g_autoptr (GPtrArray) visitors = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  gint64 now = now_seconds ();
  gint64 next = peerup_trust_clock_advance (self->clock, peerup_gater_get_keys (self->gater), now, ended, ending);

  trust_plan (self, MIN (next, trust_take_passes (self, now, visitors)), now);
  if (has_ended_in_file (self, now))
    trust_expire_file (self, now);
  if (ended->len > 0)
    peerup_service_set_review (self->engine->services);
  for (guint i = 0; i < ended->len; i++)
    trust_end_grant (self, ended->pdata[i]);
  for (guint i = 0; i < visitors->len; i++)
    if (!peerup_engine_trust_sees (self, visitors->pdata[i], NULL))
      peerup_engine_trust_disconnect (self, visitors->pdata[i], "its pass has ended");
  for (guint i = 0; i < ending->len; i++)
    trust_warn (self, ending->pdata[i], now);
}

static void
on_time (gpointer data)
{
  peerup_engine_trust_advance (data);
}

void
peerup_engine_trust_clock_changed (PeerupEngineTrust *self)
{
  g_return_if_fail (self != NULL);

  peerup_gater_advance (self->gater, now_seconds ());
  peerup_engine_trust_advance (self);
}

/* Changing */

static gboolean
check_has_file (PeerupEngineTrust *self, GError **error)
{
  if (self->grants_path != NULL)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG,
               _ ("%s names no authorized_keys file, beside which grants are kept: set security.authorized_keys_file"),
               self->engine->config_path);
  return FALSE;
}

gboolean
peerup_engine_trust_grant (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, gint64 until,
                           GError **error)
{
  g_return_val_if_fail (self != NULL && peer != NULL && service != NULL, FALSE);

  return check_has_file (self, error) &&
         peerup_grants_file_add (self->grants_path, peer, service, until,
                                 peerup_engine_get_name_of (self->engine, peer), error) &&
         peerup_engine_trust_load_grants (self, TRUE, error);
}

gboolean
peerup_engine_trust_extend (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, gint64 until,
                            GError **error)
{
  g_return_val_if_fail (self != NULL && peer != NULL && service != NULL, FALSE);

  return check_has_file (self, error) && peerup_grants_file_extend (self->grants_path, peer, service, until, error) &&
         peerup_engine_trust_load_grants (self, TRUE, error);
}

gboolean
peerup_engine_trust_revoke (PeerupEngineTrust *self, PeerupPeerId *peer, const char *service, GError **error)
{
  g_return_val_if_fail (self != NULL && peer != NULL, FALSE);

  return check_has_file (self, error) && peerup_grants_file_revoke (self->grants_path, peer, service, error) &&
         peerup_engine_trust_load_grants (self, TRUE, error);
}

void
peerup_engine_trust_admit_until (PeerupEngineTrust *self, PeerupPeerId *peer, gint64 until)
{
  g_return_if_fail (self != NULL && peer != NULL);

  g_hash_table_replace (self->passes, peerup_peer_id_ref (peer), g_memdup2 (&until, sizeof until));
  peerup_engine_trust_advance (self);
}

GPtrArray *
peerup_engine_trust_dup_grants (PeerupEngineTrust *self)
{
  GPtrArray *grants = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  GPtrArray *known = peerup_trust_clock_get_grants (self->clock);
  gint64 now = now_seconds ();

  for (guint i = 0; i < known->len; i++)
    {
      const PeerupGrant *grant = known->pdata[i];

      if (now < grant->until)
        g_ptr_array_add (grants, peerup_grant_copy (grant));
    }
  return grants;
}

/* Life */

PeerupEngineTrust *
peerup_engine_trust_new (PeerupEngine *engine, GError **error)
{
  PeerupEngineTrust *self = g_new0 (PeerupEngineTrust, 1);
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->engine = engine;
  self->clock = peerup_trust_clock_new ();
  self->passes =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  self->loaded = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_grant_free);
  self->audit = peerup_audit_new (on_audit_problem, self);
  self->cancellable = g_cancellable_new ();
  /* Of an earlier run. */
  peerup_engine_set_problem (engine, "audit", NULL);
  peerup_engine_set_problem (engine, "grants that ended", NULL);
  peerup_timer_init (&self->timer, reactor, on_time, self);
  peerup_timer_init (&self->audit_timer, reactor, on_audit_time, self);
  if (peerup_engine_trust_apply (self, engine->config, error))
    return self;
  peerup_engine_trust_free (self);
  return NULL;
}

void
peerup_engine_trust_free (PeerupEngineTrust *self)
{
  g_return_if_fail (self != NULL);

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  peerup_timer_clear (&self->timer);
  peerup_timer_clear (&self->audit_timer);
  peerup_engine_trust_clear_files (self);
  peerup_trust_clock_free (self->clock);
  g_hash_table_unref (self->passes);
  peerup_audit_flush (self->audit, g_get_real_time ());
  peerup_audit_free (self->audit);
  g_free (self);
}
