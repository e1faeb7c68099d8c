/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Multicast DNS on the interfaces of this machine: sockets and a timer around the machine that decides, and those who
 * wait for what it hears. Between a start and a stop it has sockets; otherwise it remembers what it has to say. It
 * believes nothing, stores no address and dials nobody. */

#include "mdns/peerup-mdns.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "mdns/peerup-mdns-machine.h"
#include "mdns/peerup-mdns-socket.h"
#include "wire/peerup-error.h"

static const int families[] = { AF_INET, AF_INET6 };
#define N_FAMILIES G_N_ELEMENTS (families)

/* Who waits for an invite, or, with the number 0, for a peer. */
typedef struct
{
  PeerupMdns *mdns;
  guint number;
  PeerupPeerId *peer; /* nullable */
  DexPromise *promise;
  gulong cancelled_id;
  gboolean cancelled;
  PeerupTimer timer;
} Waiter;

struct _PeerupMdns
{
  GObject parent_instance;
  PeerupMdnsMachine *machine;
  PeerupReactor *reactor;
  PeerupTimer timer;
  PeerupMdnsSocket *sockets[N_FAMILIES]; /* NULL: no interface has that family, or there is an error */
  GError *errors[N_FAMILIES];
  GPtrArray *interfaces; /* of PeerupMdnsInterface: those that are joined */
  GPtrArray *waiters;    /* of Waiter */
  gboolean started;
};

G_DEFINE_FINAL_TYPE (PeerupMdns, peerup_mdns, G_TYPE_OBJECT)
G_DEFINE_BOXED_TYPE (PeerupMdnsInviter, peerup_mdns_inviter, peerup_mdns_inviter_copy, peerup_mdns_inviter_free)

static guint found_signal;
static guint idle_signal;

static PeerupMdnsInviter *
inviter_new (PeerupPeerId *peer, GPtrArray *addresses)
{
  PeerupMdnsInviter *self = g_new (PeerupMdnsInviter, 1);

  self->peer = peerup_peer_id_ref (peer);
  self->addresses = g_ptr_array_ref (addresses);
  return self;
}

PeerupMdnsInviter *
peerup_mdns_inviter_copy (const PeerupMdnsInviter *self)
{
  return inviter_new (self->peer, self->addresses);
}

void
peerup_mdns_inviter_free (PeerupMdnsInviter *self)
{
  peerup_peer_id_unref (self->peer);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

/* Sending */

/* Whatever is due now, and the timer for what is not. */
static void
mdns_go_on (PeerupMdns *self)
{
  PeerupMdnsPacket packet;
  gint64 deadline;

  while (peerup_mdns_machine_next (self->machine, g_get_monotonic_time (), &packet))
    {
      PeerupMdnsSocket *socket = self->sockets[packet.family == AF_INET ? 0 : 1];

      if (socket != NULL)
        peerup_mdns_socket_send (socket, packet.interface, packet.is_unicast ? &packet.to : NULL, packet.data,
                                 packet.length);
    }
  deadline = peerup_mdns_machine_get_deadline (self->machine);
  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
}

static void
on_time (gpointer data)
{
  mdns_go_on (data);
}

/* Waiting */

static PeerupMdnsTopic
waiter_get_topic (const Waiter *self)
{
  return self->number != 0 ? PEERUP_MDNS_INVITES : PEERUP_MDNS_PEERS;
}

static void
waiter_free (gpointer data)
{
  Waiter *self = data;

  peerup_timer_clear (&self->timer);
  g_signal_handler_disconnect (dex_promise_get_cancellable (self->promise), self->cancelled_id);
  dex_clear (&self->promise);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self);
}

static void
mdns_count_waiters (PeerupMdns *self)
{
  gboolean waiting[PEERUP_MDNS_SERVICES] = { FALSE };
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < self->waiters->len; i++)
    waiting[waiter_get_topic (self->waiters->pdata[i])] = TRUE;
  for (guint i = 0; i < PEERUP_MDNS_SERVICES; i++)
    peerup_mdns_machine_set_waiting (self->machine, i, waiting[i], now);
  if (self->waiters->len == 0)
    g_signal_emit (self, idle_signal, 0);
}

/* (transfer full): what it waits for; the waiter is gone. */
static DexPromise *
waiter_end (Waiter *self)
{
  PeerupMdns *mdns = self->mdns;
  DexPromise *promise = dex_ref (self->promise);

  g_ptr_array_remove_fast (mdns->waiters, self);
  mdns_count_waiters (mdns);
  mdns_go_on (mdns);
  return promise;
}

static void
on_waiter_time (gpointer data)
{
  Waiter *self = data;
  gboolean cancelled = self->cancelled;
  g_autofree char *what = self->peer != NULL ? g_strdup (peerup_peer_id_get_string (self->peer))
                                             : g_strdup_printf ("the invite %u", self->number);
  g_autoptr (DexPromise) promise = waiter_end (self);

  if (!cancelled)
    dex_promise_reject (promise, g_error_new (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                                              "Nobody in this network has answered for %s", what));
}

/* Inside whatever dropped the future: the rest is done from the reactor. */
static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Waiter *self = data;

  self->cancelled = TRUE;
  peerup_timer_set (&self->timer, g_get_monotonic_time ());
}

/* @peer: nullable. */
static DexFuture *
mdns_wait (PeerupMdns *self, guint number, PeerupPeerId *peer, gint64 deadline)
{
  Waiter *waiter;

  if (!self->started)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "Nobody is looked for in this network");
  waiter = g_new0 (Waiter, 1);
  waiter->mdns = self;
  waiter->number = number;
  waiter->peer = peer != NULL ? peerup_peer_id_ref (peer) : NULL;
  waiter->promise = dex_promise_new_cancellable ();
  waiter->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (waiter->promise), "cancelled", G_CALLBACK (on_cancelled), waiter);
  peerup_timer_init (&waiter->timer, self->reactor, on_waiter_time, waiter);
  peerup_timer_set (&waiter->timer, deadline);
  g_ptr_array_add (self->waiters, waiter);
  mdns_count_waiters (self);
  mdns_go_on (self);
  /* A promise that is dropped is not discarded; what waits for one discards it as it goes. */
  return dex_future_first (DEX_FUTURE (dex_ref (waiter->promise)), NULL);
}

DexFuture *
peerup_mdns_find_invite (PeerupMdns *self, guint number, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), NULL);
  g_return_val_if_fail (number > 0 && number <= PEERUP_MDNS_NUMBER_MAX, NULL);

  return mdns_wait (self, number, NULL, deadline);
}

DexFuture *
peerup_mdns_find_peer (PeerupMdns *self, PeerupPeerId *peer, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), NULL);
  g_return_val_if_fail (peer != NULL, NULL);

  return mdns_wait (self, 0, peer, deadline);
}

/* Hearing */

static gboolean
waiter_wants (const Waiter *self, PeerupMdnsTopic topic, const PeerupMdnsClaim *claim)
{
  if (self->cancelled || waiter_get_topic (self) != topic)
    return FALSE;
  return self->peer != NULL ? peerup_peer_id_equal (self->peer, claim->peer)
                            : peerup_mdns_claim_has_number (claim, self->number);
}

static void
mdns_tell_waiters (PeerupMdns *self, PeerupMdnsTopic topic, const PeerupMdnsClaim *claim)
{
  for (guint i = self->waiters->len; i > 0; i--)
    {
      Waiter *waiter = self->waiters->pdata[i - 1];
      g_autoptr (DexPromise) promise = NULL;

      if (!waiter_wants (waiter, topic, claim))
        continue;
      promise = waiter_end (waiter);
      dex_promise_resolve_boxed (promise, PEERUP_TYPE_MDNS_INVITER, inviter_new (claim->peer, claim->addresses));
    }
}

static const PeerupMdnsInterface *
mdns_find_interface (PeerupMdns *self, guint index)
{
  for (guint i = 0; i < self->interfaces->len; i++)
    if (((PeerupMdnsInterface *) self->interfaces->pdata[i])->index == index)
      return self->interfaces->pdata[i];
  return NULL;
}

/* PeerupMdnsSocketFunc */
static void
on_datagram (guint index, const PeerupSocketAddress *source, int hop_limit, const guint8 *data, gsize length,
             gpointer user_data)
{
  g_autoptr (PeerupMdns) self = g_object_ref (user_data);
  const PeerupMdnsInterface *interface = mdns_find_interface (self, index);
  g_autoptr (GPtrArray) claims = NULL;
  PeerupMdnsTopic topic;

  if (interface == NULL || !peerup_mdns_interface_is_near (interface, source, hop_limit))
    return;
  claims = peerup_mdns_machine_take (self->machine, index, source, data, length, g_get_monotonic_time (), &topic);
  for (guint i = 0; claims != NULL && i < claims->len; i++)
    {
      const PeerupMdnsClaim *claim = claims->pdata[i];

      mdns_tell_waiters (self, topic, claim);
      if (claim->is_news)
        g_signal_emit (self, found_signal, 0, claim->peer, claim->addresses);
    }
  mdns_go_on (self);
}

/* Interfaces */

static gboolean
list_has (GPtrArray *interfaces, guint index, int family)
{
  for (guint i = 0; i < interfaces->len; i++)
    {
      const PeerupMdnsInterface *interface = interfaces->pdata[i];

      if (interface->index == index && peerup_mdns_interface_has_family (interface, family))
        return TRUE;
    }
  return FALSE;
}

/* Those of one family that are not in @list any more. */
static void
mdns_leave_others (PeerupMdns *self, guint family, GPtrArray *list)
{
  for (guint i = 0; i < self->interfaces->len; i++)
    {
      const PeerupMdnsInterface *interface = self->interfaces->pdata[i];

      if (list_has (list, interface->index, families[family]))
        continue;
      if (self->sockets[family] != NULL)
        peerup_mdns_socket_leave (self->sockets[family], interface->index);
      peerup_mdns_machine_remove_link (self->machine, interface->index, families[family]);
    }
}

static gboolean
mdns_join (PeerupMdns *self, guint family, const PeerupMdnsInterface *interface, gint64 now)
{
  GError **error = self->errors[family] == NULL ? &self->errors[family] : NULL;

  if (self->sockets[family] == NULL && self->errors[family] == NULL)
    self->sockets[family] = peerup_mdns_socket_new (families[family], on_datagram, self, error);
  if (self->sockets[family] == NULL || !peerup_mdns_socket_join (self->sockets[family], interface->index, error))
    return FALSE;
  peerup_mdns_machine_set_link (self->machine, interface, families[family], now);
  return TRUE;
}

/* How many links there are. */
static guint
mdns_look (PeerupMdns *self)
{
  g_autoptr (GPtrArray) list = peerup_mdns_interfaces_list ();
  gint64 now = g_get_monotonic_time ();
  guint n = 0;

  for (guint family = 0; family < N_FAMILIES; family++)
    {
      g_clear_error (&self->errors[family]);
      mdns_leave_others (self, family, list);
      for (guint i = 0; i < list->len; i++)
        if (peerup_mdns_interface_has_family (list->pdata[i], families[family]))
          n += mdns_join (self, family, list->pdata[i], now);
    }
  g_ptr_array_unref (self->interfaces);
  self->interfaces = g_steal_pointer (&list);
  mdns_go_on (self);
  return n;
}

gboolean
peerup_mdns_start (PeerupMdns *self, GError **error)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), FALSE);

  if (self->started)
    return TRUE;
  self->started = TRUE;
  if (mdns_look (self) > 0)
    return TRUE;
  if (peerup_mdns_get_error (self) != NULL)
    g_propagate_error (error, g_error_copy (peerup_mdns_get_error (self)));
  else
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                         "This machine is in no network that carries multicast");
  peerup_mdns_stop (self);
  return FALSE;
}

void
peerup_mdns_stop (PeerupMdns *self)
{
  g_autoptr (GPtrArray) nowhere = g_ptr_array_new ();

  g_return_if_fail (PEERUP_IS_MDNS (self));

  self->started = FALSE;
  while (self->waiters->len > 0)
    {
      g_autoptr (DexPromise) promise = waiter_end (self->waiters->pdata[0]);

      dex_promise_reject (promise, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                                                        "Nobody is looked for in this network any more"));
    }
  peerup_mdns_machine_leave (self->machine);
  mdns_go_on (self);
  for (guint family = 0; family < N_FAMILIES; family++)
    {
      mdns_leave_others (self, family, nowhere);
      g_clear_pointer (&self->sockets[family], peerup_mdns_socket_free);
    }
  g_ptr_array_set_size (self->interfaces, 0);
  mdns_go_on (self);
}

gboolean
peerup_mdns_is_waited_for (PeerupMdns *self)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), FALSE);

  return self->waiters->len > 0;
}

gboolean
peerup_mdns_is_started (PeerupMdns *self)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), FALSE);

  return self->started;
}

const GError *
peerup_mdns_get_error (PeerupMdns *self)
{
  g_return_val_if_fail (PEERUP_IS_MDNS (self), NULL);

  for (guint family = 0; family < N_FAMILIES; family++)
    if (self->errors[family] != NULL)
      return self->errors[family];
  return NULL;
}

void
peerup_mdns_network_changed (PeerupMdns *self)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));

  if (self->started)
    mdns_look (self);
}

/* What there is to say */

void
peerup_mdns_set_addresses (PeerupMdns *self, GPtrArray *addresses)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));
  g_return_if_fail (addresses != NULL);

  peerup_mdns_machine_set_addresses (self->machine, addresses, g_get_monotonic_time ());
  mdns_go_on (self);
}

void
peerup_mdns_set_announcing (PeerupMdns *self, gboolean announcing)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));

  peerup_mdns_machine_set_announcing (self->machine, announcing, g_get_monotonic_time ());
  mdns_go_on (self);
}

void
peerup_mdns_query (PeerupMdns *self)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));

  peerup_mdns_machine_ask (self->machine, g_get_monotonic_time ());
  mdns_go_on (self);
}

void
peerup_mdns_add_invite (PeerupMdns *self, guint number)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));
  g_return_if_fail (number > 0 && number <= PEERUP_MDNS_NUMBER_MAX);

  peerup_mdns_machine_add_number (self->machine, number, g_get_monotonic_time ());
  mdns_go_on (self);
}

void
peerup_mdns_remove_invite (PeerupMdns *self, guint number)
{
  g_return_if_fail (PEERUP_IS_MDNS (self));

  peerup_mdns_machine_remove_number (self->machine, number, g_get_monotonic_time ());
  mdns_go_on (self);
}

/* Life */

static void
peerup_mdns_dispose (GObject *object)
{
  PeerupMdns *self = PEERUP_MDNS (object);

  if (self->started)
    peerup_mdns_stop (self);
  G_OBJECT_CLASS (peerup_mdns_parent_class)->dispose (object);
}

static void
peerup_mdns_finalize (GObject *object)
{
  PeerupMdns *self = PEERUP_MDNS (object);

  peerup_timer_clear (&self->timer);
  g_clear_error (&self->errors[0]);
  g_clear_error (&self->errors[1]);
  g_ptr_array_unref (self->waiters);
  g_ptr_array_unref (self->interfaces);
  peerup_mdns_machine_free (self->machine);
  peerup_reactor_unref (self->reactor);
  G_OBJECT_CLASS (peerup_mdns_parent_class)->finalize (object);
}

static void
peerup_mdns_class_init (PeerupMdnsClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = peerup_mdns_dispose;
  object_class->finalize = peerup_mdns_finalize;
  found_signal = g_signal_new ("found", PEERUP_TYPE_MDNS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2,
                               PEERUP_TYPE_PEER_ID, G_TYPE_PTR_ARRAY);
  idle_signal = g_signal_new ("idle", PEERUP_TYPE_MDNS, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_mdns_init (PeerupMdns *self)
{
  self->reactor = peerup_reactor_ref_default ();
  peerup_timer_init (&self->timer, self->reactor, on_time, self);
  self->interfaces = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_mdns_interface_free);
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
}

/* A name that says nothing of who has it, and is no other's. */
static void
make_instance (char instance[PEERUP_MDNS_INSTANCE_LENGTH + 1])
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
  guint8 random[PEERUP_MDNS_INSTANCE_LENGTH];

  if (gnutls_rnd (GNUTLS_RND_NONCE, random, sizeof random) != 0)
    for (guint i = 0; i < sizeof random; i++)
      random[i] = g_random_int ();
  for (guint i = 0; i < PEERUP_MDNS_INSTANCE_LENGTH; i++)
    instance[i] = letters[random[i] % 32];
  instance[PEERUP_MDNS_INSTANCE_LENGTH] = '\0';
}

PeerupMdns *
peerup_mdns_new (PeerupPeerId *own)
{
  PeerupMdns *self = g_object_new (PEERUP_TYPE_MDNS, NULL);
  char instance[PEERUP_MDNS_INSTANCE_LENGTH + 1];

  make_instance (instance);
  self->machine = peerup_mdns_machine_new (peerup_mdns_own_new (own, instance), g_random_int ());
  peerup_mdns_machine_set_announcing (self->machine, TRUE, g_get_monotonic_time ());
  return self;
}
