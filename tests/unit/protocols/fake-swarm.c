/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* See fake-swarm.h. Streams are pipes; negotiation is a look into the other side's table. */

#include "fake-swarm.h"

#include "transport/peerup-pipe-stream.h"

#define CAPACITY (256 * 1024)

typedef struct
{
  PeerupProtocolFunc func;
  gpointer data;
  GDestroyNotify destroy;
} Handler;

struct _PeerupSwarm
{
  GObject parent_instance;
  PeerupPrivateKey *identity;
  GHashTable *handlers;
  GPtrArray *connections;
  GPtrArray *listen_addresses;
  GHashTable *peerstore; /* PeerupPeerId to GPtrArray */
  guint n_opened;
  guint n_failures;
  PeerupError failure;
};

G_DEFINE_FINAL_TYPE (PeerupSwarm, peerup_swarm, G_TYPE_OBJECT)

/* One side of a connection. */
#define FAKE_TYPE_CONNECTION (fake_connection_get_type ())
G_DECLARE_FINAL_TYPE (FakeConnection, fake_connection, FAKE, CONNECTION, PeerupConnection)

struct _FakeConnection
{
  PeerupConnection parent_instance;
  PeerupSwarm *swarm;         /* borrowed */
  FakeConnection *other_side; /* borrowed; NULL once closed */
};

G_DEFINE_FINAL_TYPE (FakeConnection, fake_connection, PEERUP_TYPE_CONNECTION)

static void
fake_connection_class_init (FakeConnectionClass *klass)
{
}

static void
fake_connection_init (FakeConnection *self)
{
}

static void
handler_free (gpointer data)
{
  Handler *handler = data;

  if (handler->destroy != NULL)
    handler->destroy (handler->data);
  g_free (handler);
}

static void
peerup_swarm_dispose (GObject *object)
{
  PeerupSwarm *self = (PeerupSwarm *) object;

  fake_swarm_part (self);
  g_hash_table_remove_all (self->handlers);
  G_OBJECT_CLASS (peerup_swarm_parent_class)->dispose (object);
}

static void
peerup_swarm_finalize (GObject *object)
{
  PeerupSwarm *self = (PeerupSwarm *) object;

  peerup_private_key_unref (self->identity);
  g_hash_table_unref (self->handlers);
  g_hash_table_unref (self->peerstore);
  g_ptr_array_unref (self->connections);
  g_ptr_array_unref (self->listen_addresses);
  G_OBJECT_CLASS (peerup_swarm_parent_class)->finalize (object);
}

static void
peerup_swarm_class_init (PeerupSwarmClass *klass)
{
  static const char *const plain[] = { "protocols-changed", "addresses-changed" };
  static const char *const about[] = { "connection-opened", "connection-closed" };

  G_OBJECT_CLASS (klass)->dispose = peerup_swarm_dispose;
  G_OBJECT_CLASS (klass)->finalize = peerup_swarm_finalize;
  for (guint i = 0; i < 2; i++)
    {
      g_signal_new (plain[i], G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
      g_signal_new (about[i], G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1,
                    PEERUP_TYPE_CONNECTION);
    }
}

static GPtrArray *
address_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

static void
peerup_swarm_init (PeerupSwarm *self)
{
  self->handlers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, handler_free);
  self->peerstore = g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal,
                                           (GDestroyNotify) peerup_peer_id_unref, (GDestroyNotify) g_ptr_array_unref);
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->listen_addresses = address_list_new ();
}

PeerupSwarm *
fake_swarm_new (guint8 number)
{
  PeerupSwarm *self = g_object_new (PEERUP_TYPE_SWARM, NULL);
  guint8 seed[32] = { number };

  self->identity = peerup_private_key_new_from_seed (seed, NULL);
  return self;
}

PeerupPrivateKey *
peerup_swarm_get_identity (PeerupSwarm *self)
{
  return self->identity;
}

PeerupPeerId *
peerup_swarm_get_peer_id (PeerupSwarm *self)
{
  return peerup_private_key_get_peer_id (self->identity);
}

static FakeConnection *
fake_connection_new (PeerupSwarm *from, PeerupSwarm *to, gboolean outbound)
{
  FakeConnection *self = g_object_new (FAKE_TYPE_CONNECTION, NULL);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("/ip4/127.0.0.1/tcp/%u", outbound ? 4001 : 50000);
  PeerupConnectionInfo info = { .remote_key = peerup_private_key_get_public_key (to->identity),
                                .remote_peer = peerup_private_key_get_peer_id (to->identity),
                                .remote_address = address,
                                .transport = "memory",
                                .security = "/noise",
                                .muxer = "/yamux/1.0.0",
                                .outbound = outbound };

  peerup_connection_init_info (PEERUP_CONNECTION (self), &info);
  self->swarm = from;
  g_ptr_array_add (from->connections, self);
  return self;
}

void
fake_swarm_join (PeerupSwarm *a, PeerupSwarm *b)
{
  FakeConnection *from_a = fake_connection_new (a, b, TRUE);
  FakeConnection *from_b = fake_connection_new (b, a, FALSE);

  from_a->other_side = from_b;
  from_b->other_side = from_a;
  g_signal_emit_by_name (a, "connection-opened", from_a);
  g_signal_emit_by_name (b, "connection-opened", from_b);
}

static void
fake_connection_end (FakeConnection *self)
{
  g_autoptr (FakeConnection) held = g_object_ref (self);

  self->other_side = NULL;
  g_ptr_array_remove (self->swarm->connections, self);
  peerup_connection_set_closed (PEERUP_CONNECTION (self),
                                g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, "Parted"));
  g_signal_emit_by_name (self->swarm, "connection-closed", self);
}

void
fake_swarm_part (PeerupSwarm *self)
{
  while (self->connections->len > 0)
    {
      FakeConnection *near = g_ptr_array_index (self->connections, 0);
      FakeConnection *far = near->other_side;

      fake_connection_end (near);
      fake_connection_end (far);
    }
}

void
fake_swarm_fail (PeerupSwarm *self, guint count, PeerupError code)
{
  self->n_failures = count;
  self->failure = code;
}

guint
fake_swarm_get_n_opened (PeerupSwarm *self)
{
  return self->n_opened;
}

PeerupConnection *
fake_swarm_get_connection (PeerupSwarm *self)
{
  g_assert_cmpuint (self->connections->len, ==, 1);
  return g_ptr_array_index (self->connections, 0);
}

void
fake_swarm_set_listen_address (PeerupSwarm *self, const char *address)
{
  g_ptr_array_set_size (self->listen_addresses, 0);
  g_ptr_array_add (self->listen_addresses, peerup_multiaddr_new_from_string (address, NULL));
  g_signal_emit_by_name (self, "addresses-changed");
}

GPtrArray *
peerup_swarm_dup_announced_addresses (PeerupSwarm *self)
{
  return g_ptr_array_copy (self->listen_addresses, (GCopyFunc) (GCallback) peerup_multiaddr_ref, NULL);
}

void
peerup_swarm_add_protocol (PeerupSwarm *self, const char *protocol, PeerupProtocolFunc func, gpointer data,
                           GDestroyNotify destroy)
{
  Handler *handler = g_new (Handler, 1);

  *handler = (Handler) { func, data, destroy };
  g_hash_table_replace (self->handlers, g_strdup (protocol), handler);
  g_signal_emit_by_name (self, "protocols-changed");
}

void
peerup_swarm_remove_protocol (PeerupSwarm *self, const char *protocol)
{
  if (g_hash_table_remove (self->handlers, protocol))
    g_signal_emit_by_name (self, "protocols-changed");
}

char **
peerup_swarm_dup_protocols (PeerupSwarm *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  GHashTableIter iter;
  gpointer protocol;

  g_hash_table_iter_init (&iter, self->handlers);
  while (g_hash_table_iter_next (&iter, &protocol, NULL))
    g_strv_builder_add (builder, protocol);
  return g_strv_builder_end (builder);
}

void
peerup_swarm_add_addresses (PeerupSwarm *self, PeerupPeerId *peer, GPtrArray *addresses)
{
  g_hash_table_insert (self->peerstore, peerup_peer_id_ref (peer), g_ptr_array_ref (addresses));
}

void
peerup_swarm_add_told_addresses (PeerupSwarm *self, PeerupConnection *connection, GPtrArray *addresses)
{
  peerup_swarm_add_addresses (self, peerup_connection_get_remote_peer (connection), addresses);
}

GPtrArray *
peerup_swarm_dup_addresses (PeerupSwarm *self, PeerupPeerId *peer)
{
  GPtrArray *known = g_hash_table_lookup (self->peerstore, peer);

  return known != NULL ? g_ptr_array_ref (known) : address_list_new ();
}

GPtrArray *
peerup_swarm_dup_connections (PeerupSwarm *self, PeerupPeerId *peer)
{
  GPtrArray *connections = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->connections->len; i++)
    {
      PeerupConnection *connection = g_ptr_array_index (self->connections, i);

      if (peer == NULL || peerup_peer_id_equal (peerup_connection_get_remote_peer (connection), peer))
        g_ptr_array_add (connections, g_object_ref (connection));
    }
  return connections;
}

static PeerupStream *
connection_open (FakeConnection *self, const char *protocol)
{
  FakeConnection *other = self->other_side;
  Handler *handler = g_hash_table_lookup (other->swarm->handlers, protocol);
  PeerupStream *near;
  PeerupStream *far;

  if (handler == NULL)
    return NULL;
  peerup_pipe_stream_new_pair (CAPACITY, &near, &far);
  peerup_stream_set_protocol (near, protocol);
  peerup_stream_set_protocol (far, protocol);
  peerup_stream_set_connection (near, PEERUP_CONNECTION (self));
  peerup_stream_set_connection (far, PEERUP_CONNECTION (other));
  handler->func (other->swarm, PEERUP_CONNECTION (other), far, handler->data);
  return near;
}

PeerupStream *
fake_swarm_open (PeerupSwarm *self, const char *protocol)
{
  PeerupStream *stream = connection_open (FAKE_CONNECTION (fake_swarm_get_connection (self)), protocol);

  g_assert_nonnull (stream);
  return stream;
}

DexFuture *
peerup_swarm_connect (PeerupSwarm *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self, peer);

  if (connections->len > 0)
    return dex_future_new_for_object (g_ptr_array_index (connections, 0));
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "no address is known");
}

DexFuture *
peerup_swarm_open_stream_on (PeerupSwarm *self, PeerupConnection *connection, const char *const *protocols,
                             gint64 deadline)
{
  PeerupStream *stream;

  self->n_opened++;
  if (self->n_failures > 0)
    {
      self->n_failures--;
      return dex_future_new_reject (PEERUP_ERROR, self->failure, "failed on order");
    }
  if (FAKE_CONNECTION (connection)->other_side == NULL)
    return dex_future_new_for_error (g_error_copy (peerup_connection_get_error (connection)));
  stream = connection_open (FAKE_CONNECTION (connection), protocols[0]);
  if (stream == NULL)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION, "no protocol in common");
  return dex_future_new_take_object (stream);
}

DexFuture *
peerup_swarm_open_stream (PeerupSwarm *self, PeerupPeerId *peer, const char *const *protocols, gint64 deadline)
{
  g_autoptr (GPtrArray) connections = peerup_swarm_dup_connections (self, peer);

  if (connections->len == 0)
    {
      self->n_opened++;
      return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "no address is known");
    }
  return peerup_swarm_open_stream_on (self, g_ptr_array_index (connections, 0), protocols, deadline);
}

DexFuture *
peerup_swarm_open_stream_early (PeerupSwarm *self, PeerupPeerId *peer, const char *protocol,
                                G_GNUC_UNUSED PeerupSocketStream *early, gint64 deadline)
{
  const char *protocols[] = { protocol, NULL };

  return peerup_swarm_open_stream (self, peer, protocols, deadline);
}
