/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "swarm/peerup-swarm.h"

G_BEGIN_DECLS

/* AutoNAT v2 (autonat-v2.md): others dial an address of ours and say whether they came through, and we do the same for
 * them. */
#define PEERUP_AUTONAT_DIAL_REQUEST "/libp2p/autonat/2/dial-request"
#define PEERUP_AUTONAT_DIAL_BACK    "/libp2p/autonat/2/dial-back"

#define PEERUP_TYPE_AUTONAT (peerup_autonat_get_type ())
G_DECLARE_FINAL_TYPE (PeerupAutonat, peerup_autonat, PEERUP, AUTONAT, GObject)

typedef enum
{
  PEERUP_AUTONAT_UNKNOWN,     /* the server could not or would not tell */
  PEERUP_AUTONAT_REACHABLE,   /* it dialed, and the dial came in on an address that fits */
  PEERUP_AUTONAT_UNREACHABLE, /* it dialed, and nothing came */
} PeerupAutonatVerdict;

typedef struct
{
  PeerupMultiaddr *address; /* nullable: the one that was dialed */
  PeerupAutonatVerdict verdict;
  char *reason;            /* nullable: why it is not known */
  PeerupMultiaddr *local;  /* nullable: where the dial came in, if it is reachable */
  PeerupMultiaddr *remote; /* nullable: and from where */
} PeerupAutonatAnswer;

#define PEERUP_TYPE_AUTONAT_ANSWER (peerup_autonat_answer_get_type ())
GType peerup_autonat_answer_get_type (void) G_GNUC_CONST;

/* One for a swarm. Takes dial-backs that it expects until it is finalized, and serves nobody at first. */
PeerupAutonat *peerup_autonat_new (PeerupSwarm *swarm) G_GNUC_WARN_UNUSED_RESULT;
/* Whether we dial others back: their own host at once, another one only after as many bytes from them as the
 * specification asks. The bounds stand in peerup-autonat-server.h. */
void peerup_autonat_set_serving (PeerupAutonat *self, gboolean serving);
/* Asks @server about @addresses (of PeerupMultiaddr, the best first; those not of the internet are left out).
 * Resolves to a boxed PeerupAutonatAnswer. Rejects with NEGOTIATION when it does not serve it, TIMEOUT, PROTOCOL, and
 * as the stream. One at a time for a server, else LIMIT. */
DexFuture *peerup_autonat_check (PeerupAutonat *self, PeerupPeerId *server, GPtrArray *addresses,
                                 gint64 deadline) G_GNUC_WARN_UNUSED_RESULT;
/* For the gate: whether a connection of anybody from @remote may be a dial-back that is due now. A connection that
 * was let in for that alone gets no other stream, and is closed when the check has ended. */
gboolean peerup_autonat_expects (PeerupAutonat *self, PeerupMultiaddr *remote);

G_END_DECLS
