/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Between the swarm's peerstore and the known_peers file. Only addresses at which a peer
 * has proven its identity get into the file. Writing happens in a worker thread, one
 * write at a time; what is learned meanwhile goes with the next one. Lives while its
 * engine runs.
 */
#include "engine/peerup-address-book.h"

#include "engine/peerup-known-peers.h"

struct _PeerupAddressBook
{
  GObject parent_instance;

  char *path;
  GHashTable *known;  /* what the file holds or will hold */
  GPtrArray *pending; /* what the next write adds */
  DexPromise *writing;
};

G_DEFINE_FINAL_TYPE (PeerupAddressBook, peerup_address_book, G_TYPE_OBJECT)

typedef struct
{
  char *path;
  GPtrArray *addresses;
} Write;

static void
write_free (gpointer data)
{
  Write *write = data;

  g_free (write->path);
  g_ptr_array_unref (write->addresses);
  g_free (write);
}

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Write *write = data;
  GError *error = NULL;

  if (peerup_known_peers_add (write->path, write->addresses, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void begin_write (PeerupAddressBook *self);

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  PeerupAddressBook *self = PEERUP_ADDRESS_BOOK (source);
  g_autoptr (DexPromise) writing = g_steal_pointer (&self->writing);
  g_autoptr (GError) error = NULL;

  /* Losing a cache is no trouble a person must read about. */
  if (!g_task_propagate_boolean (G_TASK (result), &error))
    g_info ("The addresses of peers were not kept: %s", error->message);
  if (self->pending->len > 0)
    begin_write (self);
  dex_promise_resolve_boolean (writing, TRUE);
}

static void
begin_write (PeerupAddressBook *self)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, on_written, NULL);
  Write *write = g_new (Write, 1);

  write->path = g_strdup (self->path);
  write->addresses = g_steal_pointer (&self->pending);
  self->pending = new_list ();
  self->writing = dex_promise_new ();
  g_task_set_task_data (task, write, write_free);
  g_task_run_in_thread (task, write_in_thread);
}

void
peerup_address_book_add (PeerupAddressBook *self, PeerupPeerId *peer, PeerupMultiaddr *address)
{
  PeerupMultiaddr *whole = peerup_multiaddr_with_peer_id (address, peer);

  if (!g_hash_table_add (self->known, whole))
    return;
  g_ptr_array_add (self->pending, peerup_multiaddr_ref (whole));
  if (self->writing == NULL)
    begin_write (self);
}

static void
on_connection_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);

  if (info->outbound && info->remote_address != NULL)
    peerup_address_book_add (data, info->remote_peer, info->remote_address);
}

static void
load (PeerupAddressBook *self, PeerupSwarm *swarm)
{
  g_autoptr (GPtrArray) addresses = NULL;
  g_autoptr (GError) error = NULL;

  addresses = peerup_known_peers_load (self->path, &error);
  if (addresses == NULL)
    {
      g_message ("Addresses of peers are not remembered: %s", error->message);
      return;
    }
  /* The latest first in the file, the latest last for the peerstore. */
  for (guint i = addresses->len; i > 0; i--)
    {
      PeerupMultiaddr *address = g_ptr_array_index (addresses, i - 1);
      g_autoptr (PeerupPeerId) peer = peerup_multiaddr_dup_peer_id (address);
      g_autoptr (GPtrArray) one = new_list ();

      g_ptr_array_add (one, peerup_multiaddr_ref (address));
      peerup_swarm_add_addresses (swarm, peer, one);
      g_hash_table_add (self->known, peerup_multiaddr_ref (address));
    }
}

PeerupAddressBook *
peerup_address_book_new (PeerupSwarm *swarm, const char *path)
{
  PeerupAddressBook *self = g_object_new (PEERUP_TYPE_ADDRESS_BOOK, NULL);

  self->path = g_strdup (path);
  load (self, swarm);
  g_signal_connect_object (swarm, "connection-opened", G_CALLBACK (on_connection_opened), self, 0);
  return self;
}

static DexFuture *
flush_again (DexFuture *future, gpointer data)
{
  return peerup_address_book_flush (data);
}

DexFuture *
peerup_address_book_flush (PeerupAddressBook *self)
{
  if (self->writing == NULL)
    return dex_future_new_true ();
  return dex_future_then (dex_ref (DEX_FUTURE (self->writing)), flush_again, g_object_ref (self), g_object_unref);
}

static void
peerup_address_book_finalize (GObject *object)
{
  PeerupAddressBook *self = PEERUP_ADDRESS_BOOK (object);

  g_assert (self->writing == NULL);
  g_free (self->path);
  g_clear_pointer (&self->known, g_hash_table_unref);
  g_clear_pointer (&self->pending, g_ptr_array_unref);
  G_OBJECT_CLASS (peerup_address_book_parent_class)->finalize (object);
}

static void
peerup_address_book_class_init (PeerupAddressBookClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_address_book_finalize;
}

static void
peerup_address_book_init (PeerupAddressBook *self)
{
  self->known = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                       (GDestroyNotify) peerup_multiaddr_unref, NULL);
  self->pending = new_list ();
}
