/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Joining a group: one request to the relay of the code, over a connection that goes there directly, and what its
 * answer says written down. One fiber with one deadline. Done again with the same code it goes on where it was cut off.
 */
#include "engine/peerup-engine-group-private.h"

#include <glib/gi18n-lib.h>
#include <sodium.h>
#include <string.h>

#include "transport/peerup-fiber.h"

/* Microseconds for a connection to close. */
#define LEAVE_TIMEOUT G_USEC_PER_SEC

typedef struct
{
  PeerupEngineGroup *self;
  PeerupSwarm *swarm; /* the engine may be stopped meanwhile */
  PeerupInviteCode *code;
  PeerupPeerId *relay;
  char *name; /* "" for none */
  PeerupJoinFunc func;
  gpointer data;
  gint64 deadline;
} Join;

static void
join_free (gpointer data)
{
  Join *self = data;

  peerup_engine_group_unref (self->self);
  g_object_unref (self->swarm);
  peerup_invite_code_free (self->code);
  peerup_peer_id_unref (self->relay);
  g_free (self->name);
  g_free (self);
}

static void
join_tell (Join *self, const char *state, const char *detail)
{
  if (self->func != NULL)
    self->func (state, detail, self->data);
}

static GError *
explain_unreachable (Join *self, GError *error)
{
  const char *relay = peerup_multiaddr_get_string (self->code->relays->pdata[0]);
  g_autoptr (GError) cause = error;

  if (g_error_matches (cause, PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION) ||
      g_error_matches (cause, PEERUP_ERROR, PEERUP_ERROR_GATED))
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_GATED,
                        _ ("The relay %s waits for nobody now: the code is used, over or revoked. Ask whoever runs the "
                           "relay for a new one"),
                        relay);
  if (g_error_matches (cause, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT))
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("The relay %s did not answer in time"), relay);
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("The relay %s of the code cannot be reached: %s"),
                      relay, cause->message);
}

static gboolean
is_connected (Join *self)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self->swarm, self->relay);

  return connections->len > 0;
}

/* Where we have a place already we were no stranger before. */
static gboolean
has_place (Join *self)
{
  PeerupRelayClient *relays = self->self->engine != NULL ? self->self->engine->relays : NULL;
  PeerupRelayInfo info;

  for (guint i = 0; relays != NULL && i < peerup_relay_client_get_n_relays (relays); i++)
    {
      peerup_relay_client_get_info (relays, i, &info);
      if (peerup_peer_id_equal (info.relay, self->relay))
        return info.state == PEERUP_RELAY_RESERVED;
    }
  return FALSE;
}

/* Made as a stranger, it is good for nothing else; and who waits for a place asks anew when it is gone. */
static void
join_leave (Join *self, PeerupConnection *connection)
{
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_NONE);
  dex_await (dex_future_first (peerup_connection_wait_closed (connection),
                               dex_timeout_new_deadline (g_get_monotonic_time () + LEAVE_TIMEOUT), NULL),
             NULL);
}

static PeerupConnection *
join_await_connection (Join *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  PeerupConnection *connection;

  join_tell (self, "finding", peerup_multiaddr_get_string (self->code->relays->pdata[0]));
  peerup_swarm_add_addresses (self->swarm, self->relay, self->code->relays);
  connection = dex_await_object (dex_future_first (peerup_swarm_connect_direct (self->swarm, self->relay),
                                                   dex_timeout_new_deadline (self->deadline), NULL),
                                 &local);
  if (connection != NULL)
    return connection;
  if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    {
      local->domain = PEERUP_ERROR;
      local->code = PEERUP_ERROR_TIMEOUT;
    }
  g_propagate_error (error, explain_unreachable (self, g_steal_pointer (&local)));
  return NULL;
}

/* Whoever lets us in may take us for a guest that it does not want after all, and say so by closing. */
static PeerupStream *
join_await_stream (Join *self, PeerupConnection *connection, GError **error)
{
  const char *protocols[] = { PEERUP_RELAY_PAIR_PROTOCOL, NULL };
  g_autoptr (GError) local = NULL;
  PeerupStream *stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, connection, protocols, self->deadline), &local);

  if (stream == NULL)
    g_propagate_error (error, explain_unreachable (self, g_steal_pointer (&local)));
  return stream;
}

static PeerupGroupNews *
join_ask (Join *self, PeerupStream *stream, GError **error)
{
  g_autoptr (GBytes) request = NULL;
  g_autoptr (GBytes) reply = NULL;
  gsize length;
  const guint8 *bytes;

  join_tell (self, "proving", NULL);
  request = peerup_group_request_encode (g_bytes_get_data (self->code->secret, NULL), self->name);
  bytes = g_bytes_get_data (request, &length);
  if (!peerup_stream_await_write_all (stream, bytes, length, self->deadline, error))
    return NULL;
  peerup_stream_close_write (stream);
  reply = peerup_stream_await_rest (stream, PEERUP_GROUP_MESSAGE_MAX, self->deadline, error);
  if (reply == NULL)
    return NULL;
  bytes = g_bytes_get_data (reply, &length);
  return peerup_group_reply_parse (bytes, length, error);
}

/* The relay may connect, so that it can introduce, and may use nothing. */
static PeerupPairingRecord *
join_make_record (Join *self, const char *id)
{
  PeerupPairingRecord *record = peerup_group_make_record (id, self->relay, "relay", self->name, self->code->relays);

  record->own->guest = TRUE;
  return record;
}

static PeerupPairingRecord *
join_save (Join *self, const PeerupGroupNews *news, GError **error)
{
  PeerupEngineGroup *group = self->self;
  g_autoptr (PeerupPairingRecord) record = join_make_record (self, news->id);

  if (group->engine == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("The program was stopped"));
      return NULL;
    }
  record->name = peerup_engine_pairing_apply (group->engine->pairing, record, error);
  if (record->name == NULL || !peerup_group_mark (group, self->relay, news->id, error) ||
      !peerup_introductions_forget (group->introductions, news->id, error) ||
      peerup_group_take_news (group, self->code->relays, news, self->func, self->data, error) < 0 ||
      !peerup_engine_trust_reload (group->engine->trust, error))
    return NULL;
  peerup_engine_group_tell (group, news->id);
  return g_steal_pointer (&record);
}

static DexFuture *
join_finish (Join *self, const PeerupGroupNews *news, gboolean had_place)
{
  g_autoptr (GError) error = NULL;
  PeerupPairingRecord *record = join_save (self, news, &error);

  if (record == NULL)
    {
      g_prefix_error (&error,
                      _ ("The relay has taken this device into group %s, but it could not be written down here (join "
                         "again with the same code): "),
                      news->id);
      return dex_future_new_for_error (g_steal_pointer (&error));
    }
  if (!had_place)
    peerup_relay_client_retry (self->self->engine->relays);
  join_tell (self, "done", record->name);
  return dex_future_new_take_boxed (PEERUP_TYPE_PAIRING_RECORD, record);
}

static DexFuture *
join_fiber (gpointer data)
{
  Join *self = data;
  gboolean was_connected = is_connected (self);
  gboolean had_place = has_place (self);
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (PeerupStream) stream = NULL;
  g_autoptr (PeerupGroupNews) news = NULL;
  g_autoptr (GError) error = NULL;

  connection = join_await_connection (self, &error);
  if (connection != NULL)
    stream = join_await_stream (self, connection, &error);
  if (stream != NULL)
    news = join_ask (self, stream, &error);
  if (stream != NULL)
    peerup_stream_close (stream);
  if (connection != NULL && !had_place && (news != NULL || !was_connected))
    join_leave (self, connection);
  if (news == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  return join_finish (self, news, had_place);
}

DexFuture *
peerup_engine_group_join (PeerupEngineGroup *self, const PeerupInviteCode *code, const char *name, PeerupJoinFunc func,
                          gpointer data)
{
  g_autoptr (PeerupPeerId) relay = NULL;
  Join *join;

  g_return_val_if_fail (code->kind == PEERUP_CODE_RELAY && code->relays->len > 0, NULL);
  g_return_val_if_fail (g_bytes_get_size (code->secret) == PEERUP_GROUP_TOKEN_LENGTH, NULL);

  relay = peerup_multiaddr_dup_peer_id (code->relays->pdata[0]);
  if (relay == NULL || peerup_peer_id_equal (relay, peerup_swarm_get_peer_id (self->engine->swarm)))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_CONFIG,
                                  _ ("This code was made by this very relay: type it on a device that is to join"));
  join = g_new0 (Join, 1);
  join->self = peerup_engine_group_ref (self);
  join->swarm = g_object_ref (self->engine->swarm);
  join->code = peerup_invite_code_copy (code);
  join->relay = g_steal_pointer (&relay);
  join->name = name != NULL ? peerup_pairing_name_sanitize (name, strlen (name)) : g_strdup ("");
  join->func = func;
  join->data = data;
  join->deadline = g_get_monotonic_time () + PEERUP_GROUP_JOIN_TIMEOUT;
  return peerup_fiber_spawn (join_fiber, join, join_free);
}
