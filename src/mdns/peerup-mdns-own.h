/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "mdns/peerup-mdns-interface.h"
#include "mdns/peerup-mdns-message.h"
#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* What this node has to say of itself, and the words for it. */

/* What is asked for, and answered each in messages of its own: libp2p's programs expect nothing else in them. */
typedef enum
{
  PEERUP_MDNS_PEERS,    /* _p2p._udp.local */
  PEERUP_MDNS_INVITES,  /* _peerup-invite._udp.local */
  PEERUP_MDNS_SERVICES, /* which services there are (RFC 6763 9); never asked by us */
  PEERUP_MDNS_N_TOPICS,
} PeerupMdnsTopic;

/* What of a topic. */
typedef enum
{
  PEERUP_MDNS_SAY_POINTER = 1 << 0, /* the instance's name, and the rest beside it */
  PEERUP_MDNS_SAY_INSTANCE = 1 << 1,
  PEERUP_MDNS_SAY_HOST = 1 << 2,
} PeerupMdnsSay;

/* Seconds that what we say counts: it is asked for again sooner than it is forgotten, and forgotten soon. */
#define PEERUP_MDNS_TTL 120
/* The same for who asks as plain DNS does (RFC 6762 6.7). */
#define PEERUP_MDNS_LEGACY_TTL 10
/* Bytes of what we send: no packet of a LAN is cut for it. */
#define PEERUP_MDNS_SEND_MAX 1400
/* Addresses of ours that are told. */
#define PEERUP_MDNS_TELL_MAX 8
/* Characters of our random name. */
#define PEERUP_MDNS_INSTANCE_LENGTH 40

typedef struct _PeerupMdnsOwn PeerupMdnsOwn;

/* @instance: the random name, PEERUP_MDNS_INSTANCE_LENGTH letters and digits. */
PeerupMdnsOwn *peerup_mdns_own_new (PeerupPeerId *peer, const char *instance) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_own_free (PeerupMdnsOwn *self);
PeerupPeerId *peerup_mdns_own_get_peer (PeerupMdnsOwn *self);
const PeerupMdnsName *peerup_mdns_own_get_service (PeerupMdnsOwn *self, PeerupMdnsTopic topic);
void peerup_mdns_own_set_announcing (PeerupMdnsOwn *self, gboolean announcing);
gboolean peerup_mdns_own_get_announcing (PeerupMdnsOwn *self);
/* TRUE: they are others than before. Those that are none for a LAN are left out. */
gboolean peerup_mdns_own_set_addresses (PeerupMdnsOwn *self, GPtrArray *addresses);
/* FALSE: it was there already, or there are PEERUP_MDNS_NUMBERS_MAX. */
gboolean peerup_mdns_own_add_number (PeerupMdnsOwn *self, guint number);
/* FALSE: it was not there. */
gboolean peerup_mdns_own_remove_number (PeerupMdnsOwn *self, guint number);

/* Whether there is anything to say of @topic. */
gboolean peerup_mdns_own_tells (PeerupMdnsOwn *self, PeerupMdnsTopic topic);
/* PeerupMdnsSay of @topic that answers @question; 0: nothing. */
guint peerup_mdns_own_match (PeerupMdnsOwn *self, PeerupMdnsTopic topic, const PeerupMdnsQuestion *question);
/* Whether @record is our pointer of @topic, known for at least half of its time to come (RFC 6762 7.1). */
gboolean peerup_mdns_own_is_known (PeerupMdnsOwn *self, PeerupMdnsTopic topic, const PeerupMdnsRecord *record);

/* How an answer is given. */
typedef struct
{
  PeerupMdnsTopic topic;
  guint says; /* PeerupMdnsSay */
  gboolean is_goodbye;
  const PeerupMdnsQuestion *legacy; /* nullable: repeated to who asked it as plain DNS does, */
  guint16 id;                       /* with its ID */
} PeerupMdnsAnswer;

/* Bytes of the message in @data, which has PEERUP_MDNS_SEND_MAX; addresses of @interface alone are told where it has
 * any that are listened on. */
gsize peerup_mdns_own_write_answer (PeerupMdnsOwn *self, const PeerupMdnsAnswer *answer,
                                    const PeerupMdnsInterface *interface, guint8 *data);
gsize peerup_mdns_own_write_question (PeerupMdnsOwn *self, PeerupMdnsTopic topic, guint8 *data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsOwn, peerup_mdns_own_free)

G_END_DECLS
