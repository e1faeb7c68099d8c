/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What comes before and after a port search in a session. It lives as long as the session wants; what goes on in it
 * ends with it. The bounds of what is sent are the port search's; the address that the peer names has to pass there,
 * and before that as a candidate on no network of ours. */

#include "ice/peerup-ice-search.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <netinet/udp.h>
#include <string.h>

#include "ice/peerup-ice-agent.h"
#include "ice/peerup-ice-filter.h"
#include "nat/peerup-stun-socket.h"
#include "punch/peerup-port-search.h"

/* Microseconds for the server to answer. */
#define STUN_TIMEOUT (3 * G_USEC_PER_SEC)

struct _PeerupIceSearch
{
  PeerupIceSearchRole role;
  gboolean controlling;
  gint32 port_step;
  void (*wake) (gpointer data);
  gpointer data;
  gint64 begin_at;

  int fd;
  PeerupUdpSocket *socket; /* on a duplicate, until the server has answered */
  PeerupStunSocket *stun;
  DexFuture *asking;
  gboolean has_asked;         /* it has answered, or will not */
  PeerupSocketAddress mapped; /* AF_UNSPEC: not known */
  gboolean has_told;

  gboolean has_peer;
  PeerupIceSearchOffer peer;
  PeerupSocketAddress remote; /* of the peer */
  guint8 key[PEERUP_PORT_SEARCH_KEY_SIZE];

  DexFuture *searching;
  gboolean has_searched;
  PeerupPunchedSocket *found; /* NULL: nothing */
  gboolean has_failed;
};

/* Our own address, as the server sees it */

static DexFuture *
on_asked (DexFuture *future, gpointer data)
{
  PeerupIceSearch *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  self->has_asked = TRUE;
  if (value != NULL)
    self->mapped = ((PeerupStunBinding *) g_value_get_boxed (value))->mapped;
  else
    g_debug ("Port search: no server tells how the NAT shows us: %s", error->message);
  self->wake (self->data);
  return NULL;
}

/* The options of the data path would have several answers come as one. */
static void
undo_options (int fd)
{
  const int off = 0;

  setsockopt (fd, IPPROTO_UDP, UDP_GRO, &off, sizeof off);
}

static void
search_end_asking (PeerupIceSearch *self)
{
  dex_clear (&self->asking);
  g_clear_pointer (&self->stun, peerup_stun_socket_free);
  g_clear_pointer (&self->socket, peerup_udp_socket_free);
}

/* Nobody speaks QUIC yet; without a function nothing is received. */
static void
on_quic (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
}

static gboolean
search_ask (PeerupIceSearch *self, const PeerupSocketAddress *server)
{
  const struct sockaddr_in any = { .sin_family = AF_INET };
  int copy;

  self->fd = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (self->fd < 0 || bind (self->fd, (const struct sockaddr *) &any, sizeof any) != 0)
    return FALSE;
  copy = fcntl (self->fd, F_DUPFD_CLOEXEC, 0);
  self->socket = copy >= 0 ? peerup_udp_socket_new_for_fd (copy, NULL) : NULL;
  if (self->socket == NULL)
    {
      g_clear_fd (&copy, NULL);
      return FALSE;
    }
  peerup_udp_socket_set_func (self->socket, on_quic, NULL);
  self->stun = peerup_stun_socket_new (self->socket, NULL);
  self->asking =
    dex_future_finally (peerup_stun_socket_ask (self->stun, server, g_get_monotonic_time () + STUN_TIMEOUT), on_asked,
                        self, NULL);
  return TRUE;
}

PeerupIceSearch *
peerup_ice_search_new (PeerupIceSearchRole role, gboolean controlling, gint32 port_step,
                       const PeerupSocketAddress *server, void (*wake) (gpointer data), gpointer data)
{
  PeerupIceSearch *self = g_new0 (PeerupIceSearch, 1);

  g_assert (role != PEERUP_ICE_SEARCH_NONE && server->any.sa_family == AF_INET);
  self->role = role;
  self->controlling = controlling;
  self->port_step = port_step;
  self->wake = wake;
  self->data = data;
  self->begin_at = g_get_monotonic_time () + PEERUP_ICE_SEARCH_HEAD_START;
  if (controlling && gnutls_rnd (GNUTLS_RND_KEY, self->key, sizeof self->key) != 0)
    g_error ("No random numbers");
  self->has_failed = !search_ask (self, server);
  return self;
}

void
peerup_ice_search_free (PeerupIceSearch *self)
{
  search_end_asking (self);
  dex_clear (&self->searching);
  if (self->found != NULL)
    g_boxed_free (PEERUP_TYPE_PUNCHED_SOCKET, self->found);
  g_clear_fd (&self->fd, NULL);
  gnutls_memset (self->key, 0, sizeof self->key);
  g_free (self);
}

/* The peer */

gboolean
peerup_ice_search_set_peer (PeerupIceSearch *self, const PeerupIceSearchOffer *offer)
{
  gboolean has_many = self->role == PEERUP_ICE_SEARCH_MANY_PORTS;
  const PeerupIceNetworks none = { 0 };

  if (self->has_peer || offer->many_ports == has_many || (!self->controlling && !offer->has_key) ||
      !peerup_ice_address_get (&offer->address, &self->remote) || !peerup_ice_may_probe (&none, &self->remote))
    return FALSE;
  self->has_peer = TRUE;
  self->peer = *offer;
  if (!self->controlling)
    memcpy (self->key, offer->key, sizeof self->key);
  return TRUE;
}

gboolean
peerup_ice_search_take_offer (PeerupIceSearch *self, PeerupIceSearchOffer *offer)
{
  *offer = (PeerupIceSearchOffer) { .many_ports = self->role == PEERUP_ICE_SEARCH_MANY_PORTS };
  if (self->has_told || !peerup_ice_address_set (&offer->address, &self->mapped))
    return FALSE;
  offer->port_step = self->port_step;
  offer->has_key = self->controlling;
  if (self->controlling)
    memcpy (offer->key, self->key, sizeof offer->key);
  self->has_told = TRUE;
  return TRUE;
}

/* The search */

static DexFuture *
on_searched (DexFuture *future, gpointer data)
{
  PeerupIceSearch *self = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);

  self->has_searched = TRUE;
  if (value != NULL)
    self->found = g_value_dup_boxed (value);
  else
    g_debug ("Port search: %s", error->message);
  self->wake (self->data);
  return NULL;
}

static void
search_begin (PeerupIceSearch *self)
{
  PeerupPortSearchOptions options = {
    .many_sockets = self->role == PEERUP_ICE_SEARCH_MANY_PORTS,
    .controlling = self->controlling,
    .fd = self->fd,
  };

  /* The step is that of whose NAT has many ports. */
  options.port_step = options.many_sockets ? self->port_step : self->peer.port_step;
  memcpy (options.key, self->key, sizeof options.key);
  options.remote = self->remote;
  self->searching = dex_future_finally (peerup_port_search (&options), on_searched, self, NULL);
}

void
peerup_ice_search_step (PeerupIceSearch *self)
{
  if (self->has_asked && self->stun != NULL)
    {
      search_end_asking (self);
      undo_options (self->fd);
      self->has_failed = self->mapped.any.sa_family == AF_UNSPEC;
    }
  if (self->has_searched && self->found == NULL)
    self->has_failed = TRUE;
  if (self->has_told && self->has_peer && self->searching == NULL && g_get_monotonic_time () >= self->begin_at)
    search_begin (self);
}

gint64
peerup_ice_search_get_deadline (PeerupIceSearch *self)
{
  return self->has_told && self->has_peer && self->searching == NULL ? self->begin_at : G_MAXINT64;
}

int
peerup_ice_search_take (PeerupIceSearch *self, PeerupSocketAddress *remote)
{
  if (self->found == NULL || self->found->fd < 0)
    return -1;
  *remote = self->found->remote;
  return peerup_punched_socket_take_fd (self->found);
}

gboolean
peerup_ice_search_has_failed (PeerupIceSearch *self)
{
  return self->has_failed;
}
