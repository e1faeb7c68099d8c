/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Identify for one swarm: a link for each open connection, and what is known of each
 * connected peer. Each exchange is a fiber of at most five seconds that holds the
 * object and its connection; a link may be gone when it comes back. Nothing a peer says
 * here decides anything about trust: it fills address books and says what to ask for. */

#include "protocols/peerup-identify.h"

#include "identity/peerup-envelope-crypto.h"
#include "peerup-config.h"
#include "limits/peerup-rate.h"
#include "transport/peerup-fiber.h"

/* Changes that come together are told together. */
#define PUSH_DELAY (G_USEC_PER_SEC / 5)
/* Pushes of ours under way at a time. */
#define PUSHES_MAX 32
/* What one connection may push: so many at once, and then one in so many microseconds. */
#define PUSH_BURST    8
#define PUSH_INTERVAL (2 * G_USEC_PER_SEC)
/* Of ours at once: the other side counts as we do, and what it refuses it would never hear. On their way some catch up
 * with those before them. */
#define OWN_PUSH_BURST (PUSH_BURST / 2)
/* Until one that failed is tried anew, while the connection stays: twice as long each time. */
#define RETRY_FIRST     (2 * (gint64) G_USEC_PER_SEC)
#define RETRY_LAST      (300 * (gint64) G_USEC_PER_SEC)
#define RETRY_DOUBLINGS 8

struct _PeerupIdentify
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  char *agent;
  PeerupIdentifyView view; /* nullable */
  gpointer view_data;
  GHashTable *links; /* PeerupConnection to Link */
  GHashTable *infos; /* PeerupPeerId to PeerupPeerInfo */
  PeerupTimer push_timer;
  GQueue to_push; /* of Link, linked through it */
  guint n_pushing;
  guint64 generation; /* of what we say; from 1 */
  GBytes *record;     /* signed, of @record_generation */
  guint64 record_generation;
  guint64 seq;
};

typedef struct
{
  PeerupConnection *connection;
  DexPromise *identified;
  guint64 told;    /* generation that the peer has; 0 for none */
  gboolean stale;  /* what it was told is no longer what it is to know, or did not reach it */
  guint n_failed;  /* pushes, in a row */
  gint64 retry_at; /* monotonic µs, of what it was not told; what changes since does not wait for it */
  PeerupRate pushes;
  PeerupRate own_pushes;
  GList push_link;
  gboolean queued;
} Link;

/* What a fiber holds. */
typedef struct
{
  PeerupIdentify *self;
  PeerupConnection *connection;
  PeerupStream *stream;
  GBytes *message;
  gint64 deadline;
} Exchange;

enum
{
  IDENTIFIED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (PeerupIdentify, peerup_identify, G_TYPE_OBJECT)

static void
exchange_free (gpointer data)
{
  Exchange *exchange = data;

  g_object_unref (exchange->self);
  g_object_unref (exchange->connection);
  g_clear_object (&exchange->stream);
  g_clear_pointer (&exchange->message, g_bytes_unref);
  g_free (exchange);
}

/* Runs @func in a fiber of its own. It is let go: it ends by its deadline, and whatever
 * it comes to it stores itself. Takes @stream and @message, both nullable. */
static void
exchange_start (PeerupIdentify *self, PeerupConnection *connection, PeerupStream *stream, GBytes *message,
                DexFiberFunc func)
{
  Exchange *exchange = g_new0 (Exchange, 1);

  exchange->self = g_object_ref (self);
  exchange->connection = g_object_ref (connection);
  exchange->stream = stream;
  exchange->message = message;
  exchange->deadline = g_get_monotonic_time () + PEERUP_IDENTIFY_TIMEOUT;
  dex_future_disown (peerup_fiber_run (func, exchange, exchange_free));
}

/* Our own message. */

static void
identify_renew_record (PeerupIdentify *self, GPtrArray *addresses)
{
  g_autoptr (PeerupPeerRecord) record = NULL;
  g_autoptr (GError) error = NULL;

  if (self->record != NULL && self->record_generation == self->generation)
    return;
  g_clear_pointer (&self->record, g_bytes_unref);
  self->seq = MAX (self->seq + 1, (guint64) g_get_real_time () * 1000);
  record = peerup_peer_record_new (peerup_swarm_get_peer_id (self->swarm), self->seq, addresses);
  self->record = peerup_peer_record_seal (peerup_swarm_get_identity (self->swarm), record, &error);
  if (self->record == NULL)
    g_critical ("Cannot sign our own addresses: %s", error->message);
  self->record_generation = self->generation;
}

/* One that was made for a peer that is not told of all addresses. */
static GBytes *
identify_seal_less (PeerupIdentify *self, GPtrArray *addresses)
{
  g_autoptr (PeerupPeerRecord) record =
    peerup_peer_record_new (peerup_swarm_get_peer_id (self->swarm), self->seq, addresses);

  return peerup_peer_record_seal (peerup_swarm_get_identity (self->swarm), record, NULL);
}

static GPtrArray *
identify_dup_protocols (PeerupIdentify *self)
{
  GPtrArray *protocols =
    g_ptr_array_new_take_null_terminated ((gpointer *) peerup_swarm_dup_protocols (self->swarm), g_free);

  g_ptr_array_sort_values (protocols, (GCompareFunc) strcmp);
  return protocols;
}

static void
identify_add_facts (PeerupIdentify *self, PeerupPeerId *peer, PeerupIdentifyMessage *message)
{
  guint n_addresses;

  message->addresses = peerup_swarm_dup_announced_addresses (self->swarm);
  message->protocols = identify_dup_protocols (self);
  identify_renew_record (self, message->addresses);
  n_addresses = message->addresses->len;
  if (self->view != NULL)
    self->view (peer, message->protocols, message->addresses, self->view_data);
  if (message->addresses->len < n_addresses)
    message->signed_record = identify_seal_less (self, message->addresses);
  else if (self->record != NULL)
    message->signed_record = g_bytes_ref (self->record);
}

static GBytes *
identify_dup_own_message (PeerupIdentify *self, PeerupConnection *connection)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_autoptr (PeerupIdentifyMessage) message = peerup_identify_message_new ();

  message->public_key =
    peerup_public_key_ref (peerup_private_key_get_public_key (peerup_swarm_get_identity (self->swarm)));
  identify_add_facts (self, info->remote_peer, message);
  if (info->remote_address != NULL)
    message->observed_address = peerup_multiaddr_ref (info->remote_address);
  message->agent = g_strdup (self->agent);
  message->protocol_version = g_strdup ("");
  return peerup_identify_message_encode (message);
}

/* The end of the stream is part of the answer: others wait for it before they do anything else. */
static gboolean
exchange_send (Exchange *exchange, GError **error)
{
  gsize length;
  gconstpointer data = g_bytes_get_data (exchange->message, &length);

  if (!peerup_stream_await_write_all (exchange->stream, data, length, exchange->deadline, error))
    return FALSE;
  peerup_stream_close (exchange->stream);
  return TRUE;
}

/* Answering. */

static DexFuture *
answer_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;
  Exchange *exchange = data;

  if (!exchange_send (exchange, &error))
    g_debug ("Could not identify ourselves to %s: %s",
             peerup_peer_id_get_string (peerup_connection_get_remote_peer (exchange->connection)), error->message);
  return dex_future_new_true ();
}

static void
on_identify_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupIdentify *self = data;
  Link *link = g_hash_table_lookup (self->links, connection);

  if (link != NULL)
    {
      link->told = self->generation;
      link->stale = FALSE;
    }
  exchange_start (self, connection, stream, identify_dup_own_message (self, connection), answer_fiber);
}

/* Asking, and being told. */

static void
identify_store (PeerupIdentify *self, PeerupConnection *connection, PeerupPeerInfo *info)
{
  g_hash_table_replace (self->infos, info->peer, peerup_peer_info_ref (info));
  if (info->addresses->len > 0)
    peerup_swarm_add_told_addresses (self->swarm, connection, info->addresses);
  g_signal_emit (self, signals[IDENTIFIED], 0, connection, info);
}

/* Reads to the end of the stream and stores what it says. */
static gboolean
exchange_receive (Exchange *exchange, GError **error)
{
  PeerupIdentify *self = exchange->self;
  PeerupPeerId *peer = peerup_connection_get_remote_peer (exchange->connection);
  g_autoptr (PeerupIdentifyMessage) message = NULL;
  g_autoptr (PeerupPeerInfo) info = NULL;
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize length;

  bytes = peerup_stream_await_rest (exchange->stream, PEERUP_IDENTIFY_BYTES_MAX, exchange->deadline, error);
  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &length);
  message = peerup_identify_message_decode (data, length, error);
  if (message == NULL)
    return FALSE;
  info = peerup_peer_info_new_merged (peer, g_hash_table_lookup (self->infos, peer), message, error);
  if (info == NULL)
    return FALSE;
  peerup_stream_close (exchange->stream);
  if (g_hash_table_contains (self->links, exchange->connection))
    identify_store (self, exchange->connection, info);
  return TRUE;
}

static void identify_queue_push (PeerupIdentify *self, Link *link);

static gboolean
exchange_ask (Exchange *exchange, GError **error)
{
  static const char *const protocols[] = { PEERUP_IDENTIFY_PROTOCOL, NULL };
  DexFuture *opening =
    peerup_swarm_open_stream_on (exchange->self->swarm, exchange->connection, protocols, exchange->deadline);

  exchange->stream = dex_await_object (opening, error);
  return exchange->stream != NULL && exchange_receive (exchange, error);
}

static DexFuture *
ask_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;
  Exchange *exchange = data;
  gboolean answered = exchange_ask (exchange, &error);
  Link *link = g_hash_table_lookup (exchange->self->links, exchange->connection);

  if (link == NULL)
    return dex_future_new_true ();
  if (!answered)
    {
      g_debug ("Could not identify %s: %s",
               peerup_peer_id_get_string (peerup_connection_get_remote_peer (exchange->connection)), error->message);
      dex_promise_reject (link->identified, g_steal_pointer (&error));
      return dex_future_new_true ();
    }
  dex_promise_resolve_boolean (link->identified, TRUE);
  /* It asked before something changed, and could not be pushed to until now. */
  if (link->told != 0)
    identify_queue_push (exchange->self, link);
  return dex_future_new_true ();
}

static DexFuture *
pushed_fiber (gpointer data)
{
  g_autoptr (GError) error = NULL;
  Exchange *exchange = data;

  if (!exchange_receive (exchange, &error))
    g_debug ("Dropped a push from %s: %s",
             peerup_peer_id_get_string (peerup_connection_get_remote_peer (exchange->connection)), error->message);
  return dex_future_new_true ();
}

static void
on_push_stream (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupIdentify *self = data;
  Link *link = g_hash_table_lookup (self->links, connection);

  if (link != NULL && peerup_rate_take (&link->pushes, g_get_monotonic_time (), PUSH_BURST, PUSH_INTERVAL))
    {
      exchange_start (self, connection, stream, NULL, pushed_fiber);
      return;
    }
  peerup_stream_reset (stream, PEERUP_STREAM_CODE_RATE_LIMITED);
  g_object_unref (stream);
}

/* Pushing. */

static void identify_push_more (PeerupIdentify *self);
static void identify_plan_pushes (PeerupIdentify *self, gint64 at);

/* A peer that sleeps, or that was just pushed to by too many, is to know in the end. */
static void
identify_took_push (PeerupIdentify *self, Link *link, gboolean sent)
{
  if (sent)
    {
      link->n_failed = 0;
      return;
    }
  link->stale = TRUE;
  link->retry_at = g_get_monotonic_time () + MIN (RETRY_FIRST << MIN (link->n_failed, RETRY_DOUBLINGS), RETRY_LAST);
  link->n_failed++;
  identify_plan_pushes (self, link->retry_at);
}

static DexFuture *
push_fiber (gpointer data)
{
  static const char *const protocols[] = { PEERUP_IDENTIFY_PUSH_PROTOCOL, NULL };
  g_autoptr (GError) error = NULL;
  Exchange *exchange = data;
  PeerupIdentify *self = exchange->self;
  gboolean sent;
  Link *link;

  exchange->stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, exchange->connection, protocols, exchange->deadline),
                      &error);
  sent = exchange->stream != NULL && exchange_send (exchange, &error);
  if (!sent)
    g_debug ("Could not push to %s: %s",
             peerup_peer_id_get_string (peerup_connection_get_remote_peer (exchange->connection)), error->message);
  link = g_hash_table_lookup (self->links, exchange->connection);
  if (link != NULL)
    identify_took_push (self, link, sent);
  self->n_pushing--;
  identify_push_more (self);
  return dex_future_new_true ();
}

static void
identify_push_more (PeerupIdentify *self)
{
  while (self->n_pushing < PUSHES_MAX && self->to_push.head != NULL)
    {
      Link *link = self->to_push.head->data;

      g_queue_unlink (&self->to_push, &link->push_link);
      link->queued = FALSE;
      link->told = self->generation;
      link->stale = FALSE;
      self->n_pushing++;
      exchange_start (self, link->connection, NULL, identify_dup_own_message (self, link->connection), push_fiber);
    }
}

static void
identify_plan_pushes (PeerupIdentify *self, gint64 at)
{
  if (self->push_timer.index == G_MAXUINT || at < self->push_timer.deadline)
    peerup_timer_set (&self->push_timer, at);
}

/* Now, or with all that changes until it may be. */
static void
identify_queue_push (PeerupIdentify *self, Link *link)
{
  gint64 now = g_get_monotonic_time ();

  PeerupPeerInfo *info = g_hash_table_lookup (self->infos, peerup_connection_get_remote_peer (link->connection));

  if (link->queued || (link->told == self->generation && !link->stale) || info == NULL ||
      !peerup_peer_info_has_protocol (info, PEERUP_IDENTIFY_PUSH_PROTOCOL))
    return;
  if (link->told == self->generation && link->retry_at > now)
    {
      identify_plan_pushes (self, link->retry_at);
      return;
    }
  if (!peerup_rate_take (&link->own_pushes, now, OWN_PUSH_BURST, PUSH_INTERVAL))
    {
      identify_plan_pushes (self, peerup_rate_get_next (&link->own_pushes, OWN_PUSH_BURST, PUSH_INTERVAL));
      return;
    }
  link->queued = TRUE;
  g_queue_push_tail_link (&self->to_push, &link->push_link);
  identify_push_more (self);
}

static void
on_push_time (gpointer data)
{
  PeerupIdentify *self = data;
  GHashTableIter iter;
  gpointer link;

  g_hash_table_iter_init (&iter, self->links);
  while (g_hash_table_iter_next (&iter, NULL, &link))
    identify_queue_push (self, link);
}

static void
on_changed (PeerupIdentify *self)
{
  self->generation++;
  if (g_hash_table_size (self->links) > 0)
    identify_plan_pushes (self, g_get_monotonic_time () + PUSH_DELAY);
}

/* Connections. */

static void
link_free (gpointer data)
{
  Link *link = data;

  if (dex_future_is_pending (DEX_FUTURE (link->identified)))
    dex_promise_reject (link->identified, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                                               "The connection closed before it was identified"));
  g_assert (!link->queued);
  dex_unref (link->identified);
  g_object_unref (link->connection);
  g_free (link);
}

static void
on_connection_opened (PeerupIdentify *self, PeerupConnection *connection)
{
  Link *link = g_new0 (Link, 1);

  g_assert (!g_hash_table_contains (self->links, connection));
  link->connection = g_object_ref (connection);
  link->identified = dex_promise_new ();
  link->push_link.data = link;
  g_hash_table_insert (self->links, connection, link);
  exchange_start (self, connection, NULL, NULL, ask_fiber);
}

static void
identify_unqueue_push (PeerupIdentify *self, Link *link)
{
  if (link->queued)
    g_queue_unlink (&self->to_push, &link->push_link);
  link->queued = FALSE;
}

static void
on_connection_closed (PeerupIdentify *self, PeerupConnection *connection)
{
  PeerupPeerId *peer = peerup_connection_get_remote_peer (connection);
  Link *link = g_hash_table_lookup (self->links, connection);
  g_autoptr (GPtrArray) others = NULL;

  if (link == NULL)
    return;
  identify_unqueue_push (self, link);
  g_hash_table_remove (self->links, connection);
  others = peerup_swarm_dup_connections (self->swarm, peer);
  if (others->len == 0)
    g_hash_table_remove (self->infos, peer);
}

void
peerup_identify_set_agent (PeerupIdentify *self, const char *agent)
{
  g_return_if_fail (PEERUP_IS_IDENTIFY (self));
  g_return_if_fail (agent != NULL);

  g_set_str (&self->agent, agent);
}

void
peerup_identify_set_view (PeerupIdentify *self, PeerupIdentifyView view, gpointer data)
{
  g_return_if_fail (PEERUP_IS_IDENTIFY (self));

  self->view = view;
  self->view_data = data;
}

void
peerup_identify_push_to (PeerupIdentify *self, PeerupPeerId *peer)
{
  GHashTableIter iter;
  gpointer value;

  g_return_if_fail (PEERUP_IS_IDENTIFY (self));
  g_return_if_fail (peer != NULL);

  g_hash_table_iter_init (&iter, self->links);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      Link *link = value;

      if (!peerup_peer_id_equal (peerup_connection_get_remote_peer (link->connection), peer))
        continue;
      link->stale = TRUE;
      link->retry_at = 0;
      identify_queue_push (self, link);
    }
}

PeerupPeerInfo *
peerup_identify_dup_info (PeerupIdentify *self, PeerupPeerId *peer)
{
  PeerupPeerInfo *info;

  g_return_val_if_fail (PEERUP_IS_IDENTIFY (self), NULL);
  g_return_val_if_fail (peer != NULL, NULL);

  info = g_hash_table_lookup (self->infos, peer);
  return info != NULL ? peerup_peer_info_ref (info) : NULL;
}

DexFuture *
peerup_identify_wait (PeerupIdentify *self, PeerupConnection *connection)
{
  Link *link;

  g_return_val_if_fail (PEERUP_IS_IDENTIFY (self), NULL);
  g_return_val_if_fail (PEERUP_IS_CONNECTION (connection), NULL);

  link = g_hash_table_lookup (self->links, connection);
  if (link == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, "The connection is not open here");
  return dex_ref (link->identified);
}

static void
peerup_identify_dispose (GObject *object)
{
  PeerupIdentify *self = PEERUP_IDENTIFY (object);
  GHashTableIter iter;
  gpointer link;

  peerup_timer_clear (&self->push_timer);
  if (self->swarm != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->swarm, self);
      peerup_swarm_remove_protocol (self->swarm, PEERUP_IDENTIFY_PROTOCOL);
      peerup_swarm_remove_protocol (self->swarm, PEERUP_IDENTIFY_PUSH_PROTOCOL);
    }
  g_hash_table_iter_init (&iter, self->links);
  while (g_hash_table_iter_next (&iter, NULL, &link))
    identify_unqueue_push (self, link);
  g_hash_table_remove_all (self->links);
  g_clear_object (&self->swarm);
  G_OBJECT_CLASS (peerup_identify_parent_class)->dispose (object);
}

static void
peerup_identify_finalize (GObject *object)
{
  PeerupIdentify *self = PEERUP_IDENTIFY (object);

  g_clear_pointer (&self->links, g_hash_table_unref);
  g_clear_pointer (&self->infos, g_hash_table_unref);
  g_clear_pointer (&self->record, g_bytes_unref);
  g_free (self->agent);
  G_OBJECT_CLASS (peerup_identify_parent_class)->finalize (object);
}

static void
peerup_identify_class_init (PeerupIdentifyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_identify_dispose;
  object_class->finalize = peerup_identify_finalize;

  signals[IDENTIFIED] = g_signal_new ("identified", PEERUP_TYPE_IDENTIFY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                      G_TYPE_NONE, 2, PEERUP_TYPE_CONNECTION, PEERUP_TYPE_PEER_INFO);
}

static void
peerup_identify_init (PeerupIdentify *self)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

  self->agent = g_strdup (PEERUP_AGENT);
  self->generation = 1;
  self->links = g_hash_table_new_full (NULL, NULL, NULL, link_free);
  /* The key is the info's own peer. */
  self->infos =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, NULL, (GDestroyNotify) peerup_peer_info_unref);
  g_queue_init (&self->to_push);
  peerup_timer_init (&self->push_timer, reactor, on_push_time, self);
}

PeerupIdentify *
peerup_identify_new (PeerupSwarm *swarm)
{
  g_autoptr (GPtrArray) open = NULL;
  PeerupIdentify *self;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm), NULL);

  self = g_object_new (PEERUP_TYPE_IDENTIFY, NULL);
  self->swarm = g_object_ref (swarm);
  peerup_swarm_add_protocol (swarm, PEERUP_IDENTIFY_PROTOCOL, on_identify_stream, self, NULL);
  peerup_swarm_add_protocol (swarm, PEERUP_IDENTIFY_PUSH_PROTOCOL, on_push_stream, self, NULL);
  g_signal_connect_object (swarm, "connection-opened", G_CALLBACK (on_connection_opened), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "connection-closed", G_CALLBACK (on_connection_closed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "protocols-changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (swarm, "addresses-changed", G_CALLBACK (on_changed), self, G_CONNECT_SWAPPED);
  open = peerup_swarm_dup_connections (swarm, NULL);
  for (guint i = 0; i < open->len; i++)
    on_connection_opened (self, g_ptr_array_index (open, i));
  return self;
}
