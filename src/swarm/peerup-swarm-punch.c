/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * QUIC on sockets that somebody else has made reach a peer through NATs. */

#include <unistd.h>

#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"

DexFuture *
peerup_swarm_dial_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                           gint64 deadline)
{
  close (fd);
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "Punched paths are not available");
}

DexFuture *
peerup_swarm_accept_punched (PeerupSwarm *self, int fd, const PeerupSocketAddress *remote, PeerupPeerId *peer,
                             gint64 deadline)
{
  close (fd);
  return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "Punched paths are not available");
}
