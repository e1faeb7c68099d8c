/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Sockets, times and gateways for the mappers of both IP versions, and UPnP beside the one of IPv4. Lives as
 * long as its owner listens. Datagrams count only when they come from the gateway and its port: the socket is connected
 * to it, and of those that are sent to everybody the others are dropped. */

#include "nat/peerup-port-mapping.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nat/peerup-gateway.h"
#include "nat/peerup-reachability.h"
#include "nat/peerup-upnp.h"
#include "transport/peerup-reactor.h"

/* Announcements are sent to all hosts of the link (RFC 6886 3.2.1); a host is in that group by itself. */
#define ALL_HOSTS_IP4 "0.0.0.0"
/* Datagrams of one dispatch. */
#define DATAGRAMS_PER_TURN 16

typedef struct
{
  PeerupPortMapping *owner;
  int family;
  PeerupGateway gateway; /* AF_UNSPEC: there is none */
  PeerupPortMapper *mapper;
  int fd;
  PeerupWatch watch;
  PeerupTimer timer;
} Side;

struct _PeerupPortMapping
{
  PeerupReactor *reactor;
  Side sides[2];
  GArray *ports;   /* of PeerupPortMapped */
  int announce_fd; /* -1: none */
  PeerupWatch announce_watch;
  PeerupUpnp *upnp; /* NULL: not needed, or not yet */
  PeerupTimer upnp_timer;
  PeerupPortMappingFunc func;
  gpointer data;
  DexPromise *stopped; /* NULL: it is not being stopped */
  PeerupTimer stop_timer;
};

static void side_pump (Side *self);

/* Telling */

static void
mapping_tell (PeerupPortMapping *self)
{
  if (self->stopped == NULL)
    self->func (self, self->data);
}

static void
on_upnp (PeerupUpnp *upnp, gpointer data)
{
  mapping_tell (data);
}

static void
mapping_drop_upnp (PeerupPortMapping *self)
{
  peerup_timer_stop (&self->upnp_timer);
  g_clear_pointer (&self->upnp, peerup_upnp_free);
}

/* UPnP is for whom the gateway has given nothing. */
static void
mapping_review_upnp (PeerupPortMapping *self)
{
  const Side *side = &self->sides[0];

  if (side->mapper == NULL || self->stopped != NULL)
    return;
  if (peerup_port_mapper_get_state (side->mapper) == PEERUP_PORT_MAPPER_WORKS)
    {
      if (self->upnp != NULL)
        peerup_upnp_withdraw (self->upnp);
      peerup_timer_stop (&self->upnp_timer);
    }
  else if (peerup_port_mapper_get_state (side->mapper) == PEERUP_PORT_MAPPER_FAILED)
    peerup_timer_set (&self->upnp_timer, 0);
}

static void
on_upnp_time (gpointer data)
{
  PeerupPortMapping *self = data;

  if (self->upnp == NULL)
    self->upnp = peerup_upnp_new (&self->sides[0].gateway.local, on_upnp, self);
  for (guint i = 0; i < self->ports->len; i++)
    {
      const PeerupPortMapped *port = &g_array_index (self->ports, PeerupPortMapped, i);

      peerup_upnp_add (self->upnp, port->protocol, port->port);
    }
}

static void
side_note (Side *self, gboolean changed)
{
  if (!changed)
    return;
  if (self->family == AF_INET)
    mapping_review_upnp (self->owner);
  mapping_tell (self->owner);
}

/* Datagrams */

static void
mapping_check_stopped (PeerupPortMapping *self)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    if (self->sides[i].mapper != NULL && !peerup_port_mapper_is_withdrawn (self->sides[i].mapper))
      return;
  /* UPnP has no answer to wait for that it tells of. */
  if (self->stopped != NULL && self->upnp == NULL)
    peerup_timer_set (&self->stop_timer, 0);
}

static void
side_pump (Side *self)
{
  guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  gint64 now = g_get_monotonic_time ();
  gint64 deadline;
  gsize size;

  side_note (self, peerup_port_mapper_advance (self->mapper, now));
  while ((size = peerup_port_mapper_next (self->mapper, now, data)) > 0)
    if (send (self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ECONNREFUSED)
      side_note (self, peerup_port_mapper_refused (self->mapper, now));
  deadline = peerup_port_mapper_get_deadline (self->mapper);
  if (deadline == G_MAXINT64)
    peerup_timer_stop (&self->timer);
  else
    peerup_timer_set (&self->timer, deadline);
  mapping_check_stopped (self->owner);
}

static void
on_side_timer (gpointer data)
{
  side_pump (data);
}

static void
on_side_ready (gpointer data)
{
  Side *self = data;
  guint8 bytes[PEERUP_PORT_MAPPING_ANSWER_MAX + 1];
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < DATAGRAMS_PER_TURN && (self->watch.ready & (EPOLLIN | EPOLLERR)); i++)
    {
      gssize n = recv (self->fd, bytes, sizeof bytes, MSG_DONTWAIT);

      if (n >= 0)
        side_note (self, peerup_port_mapper_take (self->mapper, bytes, n, now));
      else if (errno == ECONNREFUSED)
        side_note (self, peerup_port_mapper_refused (self->mapper, now));
      else if (errno != EINTR)
        peerup_watch_exhausted (&self->watch, EPOLLIN | EPOLLERR);
    }
  if (self->watch.ready & EPOLLIN)
    peerup_task_schedule (&self->watch.task);
  side_pump (self);
}

/* What a gateway tells everybody: only when it is ours. */
static void
mapping_take_announcement (PeerupPortMapping *self, const guint8 *data, gsize length, const PeerupSocketAddress *from)
{
  Side *side = &self->sides[0];

  if (side->mapper == NULL || self->stopped != NULL ||
      !peerup_socket_address_is_same_host (from, &side->gateway.gateway) ||
      peerup_socket_address_get_port (from) != PEERUP_PORT_MAPPING_GATEWAY_PORT)
    return;
  side_note (side, peerup_port_mapper_take (side->mapper, data, length, g_get_monotonic_time ()));
  side_pump (side);
}

static void
on_announced (gpointer data)
{
  PeerupPortMapping *self = data;
  guint8 bytes[PEERUP_PORT_MAPPING_ANSWER_MAX + 1];

  for (guint i = 0; i < DATAGRAMS_PER_TURN && (self->announce_watch.ready & EPOLLIN); i++)
    {
      PeerupSocketAddress native, from;
      socklen_t length = sizeof native;
      gssize n = recvfrom (self->announce_fd, bytes, sizeof bytes, MSG_DONTWAIT, &native.any, &length);

      if (n >= 0 && peerup_socket_address_set_native (&from, &native, length))
        mapping_take_announcement (self, bytes, n, &from);
      else if (n < 0 && errno != EINTR)
        peerup_watch_exhausted (&self->announce_watch, EPOLLIN | EPOLLERR);
    }
  if (self->announce_watch.ready & EPOLLIN)
    peerup_task_schedule (&self->announce_watch.task);
}

/* Other programs of this machine may listen there as well. Without it a gateway that has forgotten us is noticed
 * when it is asked next. */
static void
mapping_listen (PeerupPortMapping *self)
{
  PeerupSocketAddress address;
  int yes = 1;

  self->announce_fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->announce_fd >= 0 &&
      peerup_socket_address_set (&address, ALL_HOSTS_IP4, PEERUP_PORT_MAPPING_ANNOUNCE_PORT) &&
      setsockopt (self->announce_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
      bind (self->announce_fd, &address.any, sizeof address.ip4) == 0 &&
      peerup_watch_init (&self->announce_watch, self->reactor, self->announce_fd, on_announced, self, NULL))
    {
      peerup_watch_set_events (&self->announce_watch, EPOLLIN);
      return;
    }
  if (self->announce_fd >= 0)
    close (self->announce_fd);
  self->announce_fd = -1;
}

static void
mapping_stop_listening (PeerupPortMapping *self)
{
  if (self->announce_fd < 0)
    return;
  peerup_watch_clear (&self->announce_watch);
  close (self->announce_fd);
  self->announce_fd = -1;
}

/* Gateways */

static gboolean
is_global (const PeerupSocketAddress *address)
{
  g_autoptr (PeerupMultiaddr) multiaddr = peerup_socket_address_to_multiaddr (address, PEERUP_IP_QUIC);

  return peerup_reachability_is_global (multiaddr);
}

/* Where a router can help: before a private IPv4 address there is a NAT, before one of the internet's IPv6 a firewall.
 */
static gboolean
may_help (const PeerupGateway *gateway)
{
  return (gateway->local.any.sa_family == AF_INET6) == is_global (&gateway->local) &&
         (gateway->local.any.sa_family == AF_INET6 || !peerup_socket_address_is_link_local (&gateway->local));
}

/* A socket that hears the gateway only; -1 with errno. */
static int
open_socket (const PeerupGateway *gateway)
{
  PeerupSocketAddress remote = gateway->gateway;
  int fd = socket (remote.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  int code;

  peerup_socket_address_set_port (&remote, PEERUP_PORT_MAPPING_GATEWAY_PORT);
  if (fd < 0 || (bind (fd, &gateway->local.any, peerup_socket_address_get_length (&gateway->local)) == 0 &&
                 connect (fd, &remote.any, peerup_socket_address_get_length (&remote)) == 0))
    return fd;
  code = errno;
  close (fd);
  errno = code;
  return -1;
}

static void
side_close (Side *self)
{
  if (self->mapper == NULL)
    return;
  peerup_timer_stop (&self->timer);
  peerup_watch_clear (&self->watch);
  close (self->fd);
  g_clear_pointer (&self->mapper, peerup_port_mapper_free);
  self->gateway = (PeerupGateway) { 0 };
}

/* Says once that nothing is wanted any more: there may be nobody who hears it. */
static void
side_leave (Side *self)
{
  guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  gint64 now = g_get_monotonic_time ();
  gsize size;

  if (self->mapper == NULL)
    return;
  peerup_port_mapper_withdraw (self->mapper, now);
  while ((size = peerup_port_mapper_next (self->mapper, now, data)) > 0)
    if (send (self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      break;
  side_close (self);
}

static void
side_open (Side *self, const PeerupGateway *gateway)
{
  PeerupPortMapping *owner = self->owner;
  guint8 random[PEERUP_PORT_MAPPING_NONCE_SIZE];

  self->fd = open_socket (gateway);
  if (self->fd < 0 || !peerup_watch_init (&self->watch, owner->reactor, self->fd, on_side_ready, self, NULL))
    {
      g_debug ("The router cannot be asked for ports: %s", g_strerror (errno));
      if (self->fd >= 0)
        close (self->fd);
      return;
    }
  if (gnutls_rnd (GNUTLS_RND_NONCE, random, sizeof random) != 0)
    g_error ("No random numbers");
  peerup_watch_set_events (&self->watch, EPOLLIN);
  self->gateway = *gateway;
  self->mapper = peerup_port_mapper_new (&gateway->local, random);
  for (guint i = 0; i < owner->ports->len; i++)
    {
      const PeerupPortMapped *port = &g_array_index (owner->ports, PeerupPortMapped, i);

      peerup_port_mapper_add (self->mapper, port->protocol, port->port, g_get_monotonic_time ());
    }
  peerup_timer_set (&self->timer, 0);
  if (self->family == AF_INET)
    peerup_timer_set (&owner->upnp_timer, g_get_monotonic_time () + PEERUP_PORT_MAPPING_PATIENCE);
}

static gboolean
gateway_equal (const PeerupGateway *a, const PeerupGateway *b)
{
  return peerup_socket_address_equal (&a->gateway, &b->gateway) && peerup_socket_address_equal (&a->local, &b->local);
}

static void
side_look (Side *self)
{
  PeerupGateway gateway = { 0 };

  if (self->owner->ports->len == 0 || !peerup_gateway_find (self->family, &gateway, NULL) || !may_help (&gateway))
    gateway = (PeerupGateway) { 0 };
  if (gateway_equal (&gateway, &self->gateway))
    return;
  side_leave (self);
  if (self->family == AF_INET)
    mapping_drop_upnp (self->owner);
  if (gateway.gateway.any.sa_family != AF_UNSPEC)
    side_open (self, &gateway);
  mapping_tell (self->owner);
}

void
peerup_port_mapping_look (PeerupPortMapping *self)
{
  g_return_if_fail (self != NULL);

  if (self->stopped != NULL)
    return;
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    side_look (&self->sides[i]);
  if (self->announce_fd < 0 && self->sides[0].mapper != NULL)
    mapping_listen (self);
}

static gboolean
has_same_ports (GArray *ports, const PeerupPortMapped *others, guint n)
{
  guint same = 0;

  for (guint i = 0; i < n && i < ports->len; i++)
    {
      const PeerupPortMapped *port = &g_array_index (ports, PeerupPortMapped, i);

      same += port->protocol == others[i].protocol && port->port == others[i].port;
    }
  return same == n && n == ports->len;
}

void
peerup_port_mapping_set_ports (PeerupPortMapping *self, const PeerupPortMapped *ports, guint n)
{
  g_return_if_fail (self != NULL && (ports != NULL || n == 0));

  if (!has_same_ports (self->ports, ports, n))
    {
      for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
        side_leave (&self->sides[i]);
      if (self->upnp != NULL)
        peerup_upnp_withdraw (self->upnp);
      mapping_drop_upnp (self);
      g_array_set_size (self->ports, 0);
      g_array_append_vals (self->ports, ports, n);
    }
  peerup_port_mapping_look (self);
}

/* Answers */

static guint
add_info (PeerupPortMappingInfo *infos, guint n, const PeerupPortMapped *mapped, const char *by)
{
  if (!mapped->is_held || mapped->external.any.sa_family == AF_UNSPEC || n == PEERUP_PORT_MAPPING_MAX)
    return n;
  infos[n].mapped = *mapped;
  infos[n].by = by;
  return n + 1;
}

guint
peerup_port_mapping_list (PeerupPortMapping *self, PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX])
{
  PeerupPortMapped mapped;
  guint n = 0;

  g_return_val_if_fail (self != NULL, 0);

  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    for (guint j = 0; self->sides[i].mapper != NULL && j < peerup_port_mapper_get_n_ports (self->sides[i].mapper); j++)
      {
        peerup_port_mapper_get_port (self->sides[i].mapper, j, &mapped);
        n = add_info (infos, n, &mapped, peerup_port_mapper_get_protocol (self->sides[i].mapper));
      }
  for (guint i = 0; self->upnp != NULL && i < peerup_upnp_get_n_ports (self->upnp); i++)
    {
      peerup_upnp_get_port (self->upnp, i, &mapped);
      n = add_info (infos, n, &mapped, "UPnP");
    }
  return n;
}

/* Life */

static void
on_stop_time (gpointer data)
{
  PeerupPortMapping *self = data;

  if (self->stopped != NULL && dex_future_is_pending (DEX_FUTURE (self->stopped)))
    dex_promise_resolve_boolean (self->stopped, TRUE);
}

DexFuture *
peerup_port_mapping_stop (PeerupPortMapping *self)
{
  gint64 now = g_get_monotonic_time ();

  g_return_val_if_fail (self != NULL, NULL);

  if (self->stopped != NULL)
    return dex_ref (DEX_FUTURE (self->stopped));
  self->stopped = dex_promise_new ();
  peerup_timer_stop (&self->upnp_timer);
  peerup_timer_set (&self->stop_timer, now + PEERUP_PORT_MAPPING_STOP_TIME);
  if (self->upnp != NULL && peerup_upnp_get_n_ports (self->upnp) == 0)
    mapping_drop_upnp (self);
  if (self->upnp != NULL)
    peerup_upnp_withdraw (self->upnp);
  mapping_stop_listening (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    if (self->sides[i].mapper != NULL)
      {
        peerup_port_mapper_withdraw (self->sides[i].mapper, now);
        side_pump (&self->sides[i]);
      }
  mapping_check_stopped (self);
  return dex_ref (DEX_FUTURE (self->stopped));
}

PeerupPortMapping *
peerup_port_mapping_new (PeerupPortMappingFunc func, gpointer data)
{
  PeerupPortMapping *self = g_new0 (PeerupPortMapping, 1);

  g_return_val_if_fail (func != NULL, NULL);

  self->reactor = peerup_reactor_ref_default ();
  self->ports = g_array_new (FALSE, FALSE, sizeof (PeerupPortMapped));
  self->announce_fd = -1;
  self->func = func;
  self->data = data;
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    {
      self->sides[i].owner = self;
      self->sides[i].family = i == 0 ? AF_INET : AF_INET6;
      peerup_timer_init (&self->sides[i].timer, self->reactor, on_side_timer, &self->sides[i]);
    }
  peerup_timer_init (&self->upnp_timer, self->reactor, on_upnp_time, self);
  peerup_timer_init (&self->stop_timer, self->reactor, on_stop_time, self);
  return self;
}

void
peerup_port_mapping_free (PeerupPortMapping *self)
{
  g_return_if_fail (self != NULL);

  if (self->stopped != NULL)
    on_stop_time (self);
  dex_clear (&self->stopped);
  mapping_drop_upnp (self);
  mapping_stop_listening (self);
  for (guint i = 0; i < G_N_ELEMENTS (self->sides); i++)
    {
      side_leave (&self->sides[i]);
      peerup_timer_clear (&self->sides[i].timer);
    }
  peerup_timer_clear (&self->upnp_timer);
  peerup_timer_clear (&self->stop_timer);
  g_array_unref (self->ports);
  peerup_reactor_unref (self->reactor);
  g_free (self);
}
