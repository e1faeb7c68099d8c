/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A port search on real sockets: the machine says what to send and when, and this does it from the reactor. It
 * lives until it has a way, its time is over or nobody waits for it any more, and closes all sockets then but the one
 * that was found. What the system refuses to send counts as lost. It remembers no peer, and does not
 * try again. */

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "punch/peerup-port-search-machine.h"
#include "punch/peerup-port-search-private.h"
#include "transport/peerup-reactor.h"
#include "wire/peerup-error.h"

/* Of the descriptors that the process may have, the part that one search may take. */
#define DESCRIPTORS_SHARE 8
/* What is below belongs to services, and many of these answer with more than they are asked. */
#define PORT_MIN 1024
/* Datagrams, and sockets with news, that are looked at in one turn. */
#define READS_PER_TURN 64

typedef struct
{
  PeerupPortSearchMachine *machine;
  PeerupSocketAddress remote;
  PeerupReactor *reactor;
  guint64 host; /* in @searched */
  int fds[PEERUP_PORT_SEARCH_SOCKETS];
  guint n_fds;
  int epoll_fd; /* of all of them, by their indexes: one to watch instead of many */
  PeerupWatch watch;
  PeerupTimer timer;
  gint64 began_at;
  guint n_refused; /* packets */
  int refusal;     /* errno of the last */
  DexPromise *promise;
  gulong cancelled_id;
  gboolean cancelled;
} Search;

/* What is searched at this time by this process; 0: nothing. */
static guint64 searched[PEERUP_PORT_SEARCH_AT_ONCE];
G_LOCK_DEFINE_STATIC (searched);

/* FALSE: the host is searched already, or so many are. */
static gboolean
claim_host (guint64 host)
{
  guint64 *free_place = NULL;
  gboolean is_searched = FALSE;

  G_LOCK (searched);
  for (guint i = 0; i < G_N_ELEMENTS (searched); i++)
    {
      is_searched |= searched[i] == host;
      if (searched[i] == 0)
        free_place = &searched[i];
    }
  if (free_place != NULL && !is_searched)
    *free_place = host;
  G_UNLOCK (searched);
  return free_place != NULL && !is_searched;
}

static void
release_host (guint64 host)
{
  G_LOCK (searched);
  for (guint i = 0; i < G_N_ELEMENTS (searched); i++)
    if (searched[i] == host)
      searched[i] = 0;
  G_UNLOCK (searched);
}

/* The end */

static void
search_free (Search *self)
{
  peerup_timer_clear (&self->timer);
  peerup_watch_clear (&self->watch);
  g_clear_fd (&self->epoll_fd, NULL);
  for (guint i = 0; i < self->n_fds; i++)
    g_clear_fd (&self->fds[i], NULL);
  if (self->host != 0)
    release_host (self->host);
  g_clear_pointer (&self->machine, peerup_port_search_machine_free);
  g_clear_pointer (&self->reactor, peerup_reactor_unref);
  dex_clear (&self->promise);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Search, search_free)

/* (transfer full): what it promised; the search is gone. */
static DexPromise *
search_end (Search *self)
{
  DexPromise *promise = g_steal_pointer (&self->promise);
  PeerupPortSearchFigures figures;

  peerup_port_search_machine_get_figures (self->machine, &figures);
  g_debug (
    "Port search from %u sockets: %u packets sent, %u of them refused, %u heard and %u strays on %u pairs in %u ms",
    self->n_fds, figures.n_sent, self->n_refused, figures.n_heard, figures.n_strays, figures.n_pairs,
    (guint) ((g_get_monotonic_time () - self->began_at) / 1000));
  g_signal_handler_disconnect (dex_promise_get_cancellable (promise), self->cancelled_id);
  search_free (self);
  return promise;
}

static void
search_reject (Search *self, GError *error)
{
  g_autoptr (DexPromise) promise = search_end (self);

  dex_promise_reject (promise, error);
}

static void
search_resolve (Search *self)
{
  g_autoptr (DexPromise) promise = NULL;
  PeerupPunchedSocket *found;
  PeerupSocketAddress remote;
  guint socket;

  peerup_port_search_machine_get_found (self->machine, &socket, &remote);
  found = peerup_punched_socket_new (g_steal_fd (&self->fds[socket]), &remote);
  /* What is watched is the open file, which lives on. */
  epoll_ctl (self->epoll_fd, EPOLL_CTL_DEL, found->fd, NULL);
  promise = search_end (self);
  dex_promise_resolve_boxed (promise, PEERUP_TYPE_PUNCHED_SOCKET, found);
}

/* (transfer full): why there is no way. */
static GError *
search_explain (Search *self)
{
  g_autofree char *where = peerup_socket_address_to_string (&self->remote);
  PeerupPortSearchFigures figures;

  peerup_port_search_machine_get_figures (self->machine, &figures);
  if (self->n_refused > 0 && self->n_refused == figures.n_sent)
    return g_error_new (G_IO_ERROR, g_io_error_from_errno (self->refusal),
                        "The system let none of %u packets out to %s: %s", figures.n_sent, where,
                        g_strerror (self->refusal));
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE,
                      "No port of %s was found that meets one of ours: %u packets sent, %u of the peer's came", where,
                      figures.n_sent, figures.n_heard);
}

/* Sockets */

static gboolean
search_add_socket (Search *self, int fd, GError **error)
{
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = self->n_fds };

  if (fd >= 0 && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
    {
      self->fds[self->n_fds++] = fd;
      return TRUE;
    }
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot open a socket to search ports with: %s",
               g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return FALSE;
}

/* The system gives it a port when the first packet leaves. */
static gboolean
search_open_socket (Search *self, GError **error)
{
  return search_add_socket (self, socket (self->remote.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
                            error);
}

static gboolean
search_duplicate_socket (Search *self, int fd, GError **error)
{
  PeerupSocketAddress bound;
  socklen_t length = sizeof bound;

  if (getsockname (fd, &bound.any, &length) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot search ports with this socket: %s",
                   g_strerror (errno));
      return FALSE;
    }
  if (bound.any.sa_family != self->remote.any.sa_family)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "This socket is of the other IP version");
      return FALSE;
    }
  return g_unix_set_fd_nonblocking (fd, TRUE, error) && search_add_socket (self, fcntl (fd, F_DUPFD_CLOEXEC, 0), error);
}

/* FALSE: there is no socket at all. */
static gboolean
search_ensure_socket (Search *self, guint socket, GError **error)
{
  g_autoptr (GError) refusal = NULL;

  if (socket < self->n_fds || search_open_socket (self, &refusal))
    return TRUE;
  if (self->n_fds == 0)
    {
      g_propagate_error (error, g_steal_pointer (&refusal));
      return FALSE;
    }
  g_debug ("Ports are searched with %u sockets only: %s", self->n_fds, refusal->message);
  peerup_port_search_machine_limit_sockets (self->machine, self->n_fds);
  return TRUE;
}

/* To and from the machine */

static void
search_send (Search *self, const PeerupPortSearchPacket *packet)
{
  if (packet->socket < self->n_fds &&
      sendto (self->fds[packet->socket], packet->data, packet->length, MSG_DONTWAIT | MSG_NOSIGNAL, &packet->remote.any,
              peerup_socket_address_get_length (&packet->remote)) >= 0)
    return;
  self->n_refused++;
  self->refusal = packet->socket < self->n_fds ? errno : EMFILE;
}

/* What is due now. The search may be gone after this. */
static void
search_go_on (Search *self)
{
  gint64 now = g_get_monotonic_time ();
  PeerupPortSearchPacket packet;
  GError *error = NULL;

  while (peerup_port_search_machine_next (self->machine, now, &packet))
    {
      if (!search_ensure_socket (self, packet.socket, &error))
        {
          search_reject (self, error);
          return;
        }
      search_send (self, &packet);
    }
  switch (peerup_port_search_machine_advance (self->machine, now))
    {
    case PEERUP_PORT_SEARCH_FOUND:
      search_resolve (self);
      break;
    case PEERUP_PORT_SEARCH_OVER:
      search_reject (self, search_explain (self));
      break;
    case PEERUP_PORT_SEARCH_SEARCHING:
    case PEERUP_PORT_SEARCH_NOMINATING:
    case PEERUP_PORT_SEARCH_PARTING:
    default:
      peerup_timer_set (&self->timer, peerup_port_search_machine_get_deadline (self->machine));
    }
}

/* At most @max datagrams; how many it took, 1 for none, as looking costs too. */
static guint
search_read (Search *self, guint socket, guint max)
{
  guint n = 0;

  while (n < max)
    {
      guint8 data[4 * PEERUP_PUNCH_MESSAGE_SIZE_MAX];
      PeerupSocketAddress native, remote;
      socklen_t length = sizeof native;
      gssize size = recvfrom (self->fds[socket], data, sizeof data, MSG_DONTWAIT, &native.any, &length);

      if (size < 0)
        break;
      n++;
      if (peerup_socket_address_set_native (&remote, &native, length))
        peerup_port_search_machine_take (self->machine, socket, &remote, data, size, g_get_monotonic_time ());
    }
  return MAX (n, 1);
}

/* Somebody who uses the socket too may have asked for the errors of its packets. */
static void
search_forget_error (Search *self, guint socket)
{
  guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX];

  (void) !recv (self->fds[socket], data, sizeof data, MSG_ERRQUEUE | MSG_DONTWAIT);
}

static void
on_ready (gpointer data)
{
  struct epoll_event events[READS_PER_TURN];
  Search *self = data;
  guint n_read = 0;
  int n;

  do
    {
      n = epoll_wait (self->epoll_fd, events, G_N_ELEMENTS (events), 0);
      for (int i = 0; i < n && n_read < READS_PER_TURN; i++)
        {
          if (events[i].events & EPOLLERR)
            search_forget_error (self, events[i].data.u32);
          n_read += search_read (self, events[i].data.u32, READS_PER_TURN - n_read);
        }
    }
  while (n > 0 && n_read < READS_PER_TURN);
  if (n_read < READS_PER_TURN)
    peerup_watch_exhausted (&self->watch, EPOLLIN);
  else
    peerup_task_schedule_later (&self->watch.task);
  search_go_on (self);
}

static void
on_timer (gpointer data)
{
  Search *self = data;

  if (self->cancelled)
    search_reject (self, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "Nobody waits any more"));
  else
    search_go_on (self);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Search *self = data;

  self->cancelled = TRUE;
  peerup_timer_set (&self->timer, 0);
}

/* The beginning */

static void
search_limit_sockets (Search *self)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / DESCRIPTORS_SHARE < PEERUP_PORT_SEARCH_SOCKETS)
    peerup_port_search_machine_limit_sockets (self->machine, MAX (limit.rlim_cur / DESCRIPTORS_SHARE, 1));
}

static gboolean
search_open (Search *self, const PeerupPortSearchOptions *options, GError **error)
{
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot search ports: %s", g_strerror (errno));
      return FALSE;
    }
  if (!options->many_sockets && !search_duplicate_socket (self, options->fd, error))
    return FALSE;
  return peerup_watch_init (&self->watch, self->reactor, self->epoll_fd, on_ready, self, error);
}

static PeerupPortSearchMachine *
make_machine (const PeerupPortSearchOptions *options, gint64 now)
{
  guint8 seed[PEERUP_PORT_SEARCH_SEED_SIZE];

  if (gnutls_rnd (GNUTLS_RND_NONCE, seed, sizeof seed) != 0)
    g_error ("No random numbers");
  return peerup_port_search_machine_new (options, seed, now);
}

static Search *
search_new (const PeerupPortSearchOptions *options)
{
  Search *self = g_new0 (Search, 1);

  self->epoll_fd = -1;
  self->remote = options->remote;
  self->reactor = peerup_reactor_ref_default ();
  self->began_at = g_get_monotonic_time ();
  self->machine = make_machine (options, self->began_at);
  peerup_timer_init (&self->timer, self->reactor, on_timer, self);
  if (options->many_sockets)
    search_limit_sockets (self);
  return self;
}

DexFuture *
peerup_port_search_anywhere (const PeerupPortSearchOptions *options)
{
  guint64 host = peerup_socket_address_get_host_key (&options->remote);
  g_autoptr (Search) search = NULL;
  GError *error = NULL;
  DexPromise *promise;

  if (!claim_host (host))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT,
                                  "Ports of this address, or of %u others, are searched already",
                                  PEERUP_PORT_SEARCH_AT_ONCE);
  search = search_new (options);
  search->host = host;
  if (!search_open (search, options, &error))
    return dex_future_new_for_error (error);
  promise = search->promise = dex_promise_new_cancellable ();
  search->cancelled_id =
    g_signal_connect (dex_promise_get_cancellable (promise), "cancelled", G_CALLBACK (on_cancelled), search);
  peerup_timer_set (&search->timer, search->began_at);
  search = NULL;
  /* A promise that is dropped is not discarded; what waits for one discards it as it goes. */
  return dex_future_first (DEX_FUTURE (dex_ref (promise)), NULL);
}

DexFuture *
peerup_port_search (const PeerupPortSearchOptions *options)
{
  g_return_val_if_fail (options != NULL, NULL);
  g_return_val_if_fail (options->many_sockets || options->fd >= 0, NULL);

  if (!peerup_port_search_may_probe (&options->remote))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                                  "Ports are searched at addresses of the internet alone");
  return peerup_port_search_anywhere (options);
}

gboolean
peerup_port_search_may_probe (const PeerupSocketAddress *remote)
{
  g_return_val_if_fail (remote != NULL, FALSE);

  return peerup_socket_address_get_port (remote) >= PORT_MIN && peerup_socket_address_is_global (remote);
}
