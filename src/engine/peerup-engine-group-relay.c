/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A relay's side of groups: lets strangers in for a code while there is one to use, and tells members of each other,
 * one on each stream: the original takes no more at a time. Part of the engine's group; every fiber ends by its
 * deadlines. It says one thing to everybody whom it refuses.
 */
#include "engine/peerup-engine-group-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>

#include "identity/peerup-atomic-file.h"
#include "transport/peerup-fiber.h"

/* Strangers at once, and microseconds that one has to send its code. */
#define GUESTS_MAX 10
#define GUEST_TIME (15 * G_USEC_PER_SEC)
/* Microseconds that a guest has to leave by itself. */
#define LEAVE_TIME (3 * G_USEC_PER_SEC)
/* Requests at once. */
#define RUNS_MAX 32
/* Microseconds between looks at the clock while codes may end. */
#define LOOK_INTERVAL (60 * G_USEC_PER_SEC)
/* Microseconds in which a member is told the same only once, however often it connects, and members that are
 * remembered for that. */
#define TOLD_TIME (30 * G_USEC_PER_SEC)
#define TOLD_MAX  1024

static gint64
now_seconds (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

gboolean
peerup_group_relay_save (PeerupEngineGroup *self, GError **error)
{
  g_autofree char *text = peerup_groups_to_text (self->groups);

  return peerup_atomic_file_replace (self->path, text, strlen (text), error);
}

/* Introducing */

typedef struct
{
  gint64 at; /* monotonic µs */
  guint n_members;
} Told;

typedef struct
{
  PeerupEngineGroup *self;
  PeerupConnection *connection;
  char *id;
  guint size;
  GPtrArray *peers; /* of PeerupGroupPeer */
} Tell;

static void
tell_free (gpointer data)
{
  Tell *tell = data;

  peerup_engine_group_unref (tell->self);
  g_object_unref (tell->connection);
  g_free (tell->id);
  g_ptr_array_unref (tell->peers);
  g_free (tell);
}

static gboolean
tell_one (Tell *tell, const PeerupGroupPeer *peer, GError **error)
{
  const char *protocols[] = { PEERUP_PEER_NOTIFY_PROTOCOL, NULL };
  gint64 deadline = g_get_monotonic_time () + PEERUP_GROUP_NOTICE_TIMEOUT;
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (tell->id, tell->size);
  g_autoptr (GBytes) notice = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  gsize length;
  const guint8 *bytes;
  guint8 end;

  g_ptr_array_add (news->peers, peerup_group_peer_new (peer->peer, peer->name, peer->proof));
  notice = peerup_group_notice_encode (news);
  bytes = g_bytes_get_data (notice, &length);
  stream =
    dex_await_object (peerup_swarm_open_stream_on (tell->self->engine->swarm, tell->connection, protocols, deadline),
                      error);
  if (stream == NULL || !peerup_stream_await_write_all (stream, bytes, length, deadline, error))
    return FALSE;
  peerup_stream_close_write (stream);
  /* It says nothing; when it closes it has taken the notice, and the next one finds it written down. */
  peerup_stream_await_read (stream, &end, 1, deadline, NULL);
  peerup_stream_close (stream);
  return TRUE;
}

static DexFuture *
tell_fiber (gpointer data)
{
  Tell *tell = data;
  PeerupPeerId *member = peerup_connection_get_remote_peer (tell->connection);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < tell->peers->len && tell->self->engine != NULL; i++)
    if (!tell_one (tell, tell->peers->pdata[i], &error))
      {
        g_message ("%s could not be told of the members of group %s: %s", peerup_peer_id_get_string (member), tell->id,
                   error->message);
        return dex_future_new_false ();
      }
  g_debug ("Told %s of %u members of group %s", peerup_peer_id_get_string (member), tell->peers->len, tell->id);
  return dex_future_new_true ();
}

/* Takes @peers. */
static void
tell_start (PeerupEngineGroup *self, PeerupConnection *connection, const char *id, guint size, GPtrArray *peers)
{
  Tell *tell = g_new0 (Tell, 1);

  tell->self = peerup_engine_group_ref (self);
  tell->connection = g_object_ref (connection);
  tell->id = g_strdup (id);
  tell->size = size;
  tell->peers = peers;
  /* Let go: each stream has a deadline. */
  dex_future_disown (peerup_fiber_run (tell_fiber, tell, tell_free));
}

/* The recipient included. Who has left counts too: a member that still knows it would find one too many. */
static guint
get_size (PeerupEngineGroup *self, const char *id, GPtrArray *members)
{
  const PeerupGroup *group = peerup_groups_find (self->groups, id);

  return MIN (MAX (members->len, group != NULL ? peerup_group_get_n_used (group) : 0), G_MAXUINT8);
}

/* Tells whoever is here of @peer, who has just joined. */
static void
tell_others (PeerupEngineGroup *self, const char *id, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) members = peerup_group_dup_members (self, id, NULL, now_seconds ());
  const PeerupGroupPeer *joined = NULL;

  for (guint i = 0; i < members->len; i++)
    if (peerup_peer_id_equal (((PeerupGroupPeer *) members->pdata[i])->peer, peer))
      joined = members->pdata[i];
  for (guint i = 0; joined != NULL && i < members->len; i++)
    {
      const PeerupGroupPeer *member = members->pdata[i];
      g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->engine->swarm, member->peer);
      GPtrArray *news;

      if (member == joined || connections->len == 0)
        continue;
      news = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_group_peer_free);
      g_ptr_array_add (news, peerup_group_peer_new (joined->peer, joined->name, joined->proof));
      tell_start (self, connections->pdata[0], id, get_size (self, id, members), news);
    }
}

/* Whether it has to be told, of so many; it will be. */
static gboolean
note_told (PeerupEngineGroup *self, PeerupPeerId *peer, guint n_members)
{
  Told *told = g_hash_table_lookup (self->told, peer);
  gint64 now = g_get_monotonic_time ();

  if (told != NULL && told->n_members == n_members && now - told->at < TOLD_TIME)
    return FALSE;
  if (told == NULL)
    {
      if (g_hash_table_size (self->told) >= TOLD_MAX)
        g_hash_table_remove_all (self->told);
      told = g_new0 (Told, 1);
      g_hash_table_insert (self->told, peerup_peer_id_ref (peer), told);
    }
  told->at = now;
  told->n_members = n_members;
  return TRUE;
}

/* (transfer full): the IDs of the groups that @peer is a member of. */
static GPtrArray *
dup_groups_of (PeerupEngineGroup *self, PeerupPeerId *peer)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);
  GPtrArray *all = peerup_groups_get_all (self->groups);
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  const char *marked;

  for (guint i = 0; i < all->len; i++)
    if (peerup_group_find_member (all->pdata[i], peer) != NULL)
      g_ptr_array_add (ids, g_strdup (((PeerupGroup *) all->pdata[i])->id));
  keys = peerup_engine_group_load_keys (self);
  marked = peerup_engine_group_get_attribute (keys, peer, PEERUP_AUTHORIZED_KEYS_GROUP);
  if (marked != NULL && peerup_group_id_check (marked, strlen (marked)) &&
      !g_ptr_array_find_with_equal_func (ids, marked, g_str_equal, NULL))
    g_ptr_array_add (ids, g_strdup (marked));
  return ids;
}

static gboolean
is_relay (PeerupEngineGroup *self)
{
  PeerupEngineRelayInfo info;

  if (self->groups == NULL || self->engine->relay == NULL)
    return FALSE;
  peerup_engine_relay_get_numbers (self->engine->relay, &info);
  return info.state != PEERUP_ENGINE_RELAY_OFF && !info.for_peers;
}

void
peerup_group_relay_identified (PeerupEngineGroup *self, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  g_autoptr (GPtrArray) ids = NULL;
  guint n_members = 0;

  if (!is_relay (self))
    return;
  ids = dup_groups_of (self, peer);
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GPtrArray) members = peerup_group_dup_members (self, ids->pdata[i], NULL, now_seconds ());

      n_members += members->len;
    }
  if (n_members == 0 || !note_told (self, peer, n_members))
    return;
  for (guint i = 0; i < ids->len; i++)
    {
      g_autoptr (GPtrArray) members = peerup_group_dup_members (self, ids->pdata[i], NULL, now_seconds ());
      GPtrArray *others = peerup_group_dup_members (self, ids->pdata[i], peer, now_seconds ());

      /* One that is not authorized any more is no member, and connects by some other right. */
      if (others->len > 0 && others->len < members->len)
        tell_start (self, connection, ids->pdata[i], get_size (self, ids->pdata[i], members), others);
      else
        g_ptr_array_unref (others);
    }
}

/* Joining */

typedef struct
{
  PeerupEngineGroup *self;
  PeerupConnection *connection;
  PeerupStream *stream;
  gboolean guest;
  gboolean joined;
} Run;

static void
run_free (gpointer data)
{
  Run *run = data;
  PeerupEngine *engine = run->self->engine;

  run->self->n_runs--;
  /* Who is authorized now has to dial anew, even if somebody else expected it as a guest. */
  if (run->guest && run->joined)
    peerup_connection_close (run->connection, PEERUP_CONNECTION_CODE_NONE);
  else if (run->guest && engine != NULL)
    peerup_swarm_release_guest (engine->swarm, run->connection, PEERUP_RELAY_PAIR_PROTOCOL,
                                PEERUP_CONNECTION_CODE_GATED);
  if (engine != NULL)
    peerup_group_relay_follow (run->self);
  g_object_unref (run->stream);
  g_object_unref (run->connection);
  peerup_engine_group_unref (run->self);
  g_free (run);
}

static gboolean
await_request (PeerupStream *stream, PeerupGroupRequest *request, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_GROUP_READ_TIMEOUT;
  const gsize start = PEERUP_GROUP_TOKEN_LENGTH + 1;
  guint8 bytes[PEERUP_GROUP_REQUEST_MAX];
  gsize length;
  gboolean good;

  good = peerup_stream_await_read_exact (stream, bytes, start, deadline, error) &&
         peerup_group_request_measure (bytes, &length, error) &&
         peerup_stream_await_read_exact (stream, bytes + start, length - start, deadline, error) &&
         peerup_group_request_parse (bytes, length, request, error);
  sodium_memzero (bytes, sizeof bytes);
  return good;
}

/* Claims, authorizes and says so to everybody here. The claim is on disk before anybody is authorized. */
static PeerupGroup *
join_group (PeerupEngineGroup *self, const PeerupGroupRequest *request, PeerupPeerId *peer, GError **error)
{
  PeerupGroupCode *code;
  PeerupGroup *group = peerup_groups_claim (self->groups, request->token, peer, request->name, now_seconds (), &code);
  gboolean again;

  if (group == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "the code is unknown, used, expired or revoked");
      return NULL;
    }
  again = !code->claimed;
  if (again && !peerup_engine_admits (peer, self->engine))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "the code was used, and who used it was removed");
      return NULL;
    }
  if (again)
    return group;
  if (!peerup_group_relay_save (self, error))
    {
      g_clear_pointer (&code->peer, peerup_peer_id_unref);
      g_clear_pointer (&code->name, g_free);
      code->claimed = FALSE;
      return NULL;
    }
  if (!peerup_group_admit (self, group, code, error))
    return NULL;
  g_message ("%s%s%s%s has joined group %s", code->name, code->name[0] != '\0' ? " (" : "",
             peerup_peer_id_get_string (peer), code->name[0] != '\0' ? ")" : "", group->id);
  return group;
}

static GBytes *
run_decide (Run *run, const PeerupGroupRequest *request, GError **error)
{
  PeerupEngineGroup *self = run->self;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (run->connection);
  PeerupGroup *group = join_group (self, request, peer, error);
  g_autoptr (PeerupGroupNews) news = NULL;
  g_autoptr (GError) local = NULL;

  if (group == NULL)
    return peerup_group_refusal_encode ();
  run->joined = TRUE;
  if (!peerup_engine_trust_reload (self->engine->trust, &local))
    g_warning ("Who has joined is not let in yet: %s", local->message);
  news = peerup_group_news_new (group->id, group->codes->len);
  g_ptr_array_unref (news->peers);
  news->peers = peerup_group_dup_members (self, group->id, peer, now_seconds ());
  peerup_engine_trust_audit (self->engine->trust, "paired", peer, NULL, group->id);
  peerup_engine_prompts_ask_verify (self->engine->prompts, peer);
  tell_others (self, group->id, peer);
  peerup_engine_group_tell (self, group->id);
  return peerup_group_reply_encode (news);
}

static void
run_answer (Run *run, GBytes *answer)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_GROUP_READ_TIMEOUT;
  gsize length;
  const guint8 *bytes = g_bytes_get_data (answer, &length);

  if (!peerup_stream_await_write_all (run->stream, bytes, length, deadline, NULL))
    return;
  peerup_stream_close (run->stream);
  /* It closes when it has it; that we close would take the answer along. */
  if (run->guest)
    dex_await (dex_future_first (peerup_connection_wait_closed (run->connection),
                                 dex_timeout_new_deadline (g_get_monotonic_time () + LEAVE_TIME), NULL),
               NULL);
}

static DexFuture *
run_fiber (gpointer data)
{
  Run *run = data;
  g_auto (PeerupGroupRequest) request = { 0 };
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) error = NULL;

  if (!await_request (run->stream, &request, &error))
    answer = peerup_group_refusal_encode ();
  else if (run->self->engine != NULL)
    answer = run_decide (run, &request, &error);
  if (error != NULL)
    g_message ("%s was refused a place in a group: %s",
               peerup_peer_id_get_string (peerup_connection_get_remote_peer (run->connection)), error->message);
  if (answer != NULL)
    run_answer (run, answer);
  return dex_future_new_true ();
}

static void
start_run (PeerupEngineGroup *self, PeerupConnection *connection, PeerupStream *stream, gboolean guest)
{
  Run *run;

  if (self->n_runs >= RUNS_MAX)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_RESOURCE_LIMIT);
      g_object_unref (stream);
      return;
    }
  run = g_new0 (Run, 1);
  run->self = peerup_engine_group_ref (self);
  run->connection = g_object_ref (connection);
  run->stream = stream;
  run->guest = guest;
  self->n_runs++;
  /* Let go: each of its reads has a deadline. */
  dex_future_disown (peerup_fiber_run (run_fiber, run, run_free));
}

static void
on_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  start_run (data, connection, stream, FALSE);
}

static void
on_guest_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  start_run (data, connection, stream, TRUE);
}

/* Serving */

/* Directly: who joins at a relay reaches it. */
static gboolean
expects (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  PeerupEngineGroup *self = data;

  return peerup_groups_have_open (self->groups, now_seconds ()) &&
         peerup_guest_list_get_n (self->guests) < GUESTS_MAX &&
         !peerup_multiaddr_find (remote, PEERUP_MULTIADDR_P2P_CIRCUIT, NULL);
}

static void
on_guest (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  peerup_guest_list_add (((PeerupEngineGroup *) data)->guests, connection);
}

static void
serve (PeerupEngineGroup *self)
{
  const PeerupSwarmGuests guests = { PEERUP_RELAY_PAIR_PROTOCOL, expects, on_guest, on_guest_stream, self };

  self->serving = TRUE;
  peerup_swarm_add_guests (self->engine->swarm, &guests);
  peerup_swarm_add_protocol (self->engine->swarm, PEERUP_RELAY_PAIR_PROTOCOL, on_stream, self, NULL);
}

static void
rest (PeerupEngineGroup *self)
{
  self->serving = FALSE;
  peerup_swarm_remove_guests (self->engine->swarm, PEERUP_RELAY_PAIR_PROTOCOL);
  peerup_swarm_remove_protocol (self->engine->swarm, PEERUP_RELAY_PAIR_PROTOCOL);
}

void
peerup_group_relay_follow (PeerupEngineGroup *self)
{
  gboolean wanted = peerup_groups_take_codes (self->groups, now_seconds ());

  if (wanted && !self->serving)
    serve (self);
  /* Guests would be closed, and with them an answer on its way. */
  if (!wanted && self->serving && self->n_runs == 0)
    rest (self);
  if (wanted)
    peerup_timer_set (&self->timer, g_get_monotonic_time () + LOOK_INTERVAL);
  else
    peerup_timer_stop (&self->timer);
}

static void
on_time (gpointer data)
{
  PeerupEngineGroup *self = data;
  g_autoptr (GError) error = NULL;

  if (peerup_groups_expire (self->groups, now_seconds ()) && !peerup_group_relay_save (self, &error))
    g_warning ("That the codes of a group have ended could not be written: %s", error->message);
  peerup_group_relay_follow (self);
}

/* Life */

static void
load_groups (PeerupEngineGroup *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = peerup_private_file_read (self->path, 0077, PEERUP_GROUPS_TEXT_MAX, &error);
  g_autofree char *problem = NULL;

  if (text != NULL)
    self->groups = peerup_groups_parse (g_bytes_get_data (text, NULL), g_bytes_get_size (text), &error);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    self->groups = peerup_groups_new ();
  if (self->groups != NULL)
    return;
  problem =
    g_strdup_printf (_ ("The groups in %s are out of use: %s. Repair the file or move it away, and start again"),
                     self->path, error->message);
  peerup_engine_set_problem (self->engine, "groups", problem);
}

void
peerup_group_relay_init (PeerupEngineGroup *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  peerup_timer_init (&self->timer, reactor, on_time, self);
  self->guests = peerup_guest_list_new (self->engine->swarm, PEERUP_RELAY_PAIR_PROTOCOL, GUEST_TIME);
  self->told =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, g_free);
  load_groups (self);
}

/* What a crash has left between a claim and the authorization. */
static void
finish_claims (PeerupEngineGroup *self)
{
  GPtrArray *all = peerup_groups_get_all (self->groups);
  gboolean any = FALSE;

  for (guint i = 0; i < all->len; i++)
    {
      PeerupGroup *group = all->pdata[i];

      for (guint j = 0; j < group->codes->len; j++)
        {
          PeerupGroupCode *code = group->codes->pdata[j];
          g_autoptr (GError) error = NULL;

          if (!code->claimed)
            continue;
          any = TRUE;
          if (!peerup_group_admit (self, group, code, &error))
            g_warning ("A member of group %s could not be let in: %s", group->id, error->message);
        }
    }
  if (any && !peerup_engine_trust_reload (self->engine->trust, NULL))
    g_warning ("Who has joined a group is not let in yet");
}

void
peerup_group_relay_begin (PeerupEngineGroup *self)
{
  if (self->groups == NULL)
    return;
  finish_claims (self);
  on_time (self);
}

void
peerup_group_relay_clear (PeerupEngineGroup *self)
{
  if (self->serving)
    rest (self);
  peerup_timer_clear (&self->timer);
  g_clear_pointer (&self->guests, peerup_guest_list_free);
  g_clear_pointer (&self->told, g_hash_table_unref);
  g_clear_pointer (&self->groups, peerup_groups_free);
}
