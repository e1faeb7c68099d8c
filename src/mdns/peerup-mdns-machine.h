/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "mdns/peerup-mdns-claim.h"
#include "mdns/peerup-mdns-own.h"
#include "mdns/peerup-mdns-rates.h"
#include "mdns/peerup-mdns-talk.h"

G_BEGIN_DECLS

/* What to ask and to answer when, as bytes and times (RFC 6762, discovery/mdns.md). A link is an interface with one
 * family of addresses; what happens on one is no matter of the others.
 *
 * - Questions go out when a link comes, again after 1 s, 3 s, 9 s and so on, and every PEERUP_MDNS_ASK_PAUSE from then
 * on; more often while somebody waits. In that long run a question that somebody else asks counts as ours (7.3): each
 *   one is answered by everybody to everybody. For the same reason, and because libp2p wants it so, our own
 *   questions are answered too, and known answers are not listed in them.
 * - Answers that others may give too come after 20 to 120 ms, and none on one link twice in a second; what somebody
 *   knows already is not said. All goes to everybody, also where an answer to one alone would have done (5.4): the
 *   others have a use for it, and programs that share the port would not get it. Who asks from another port than
 *   5353 gets an answer of his own (6.7).
 * - What is new is announced twice, a second apart; what ends is taken back. */

#define PEERUP_MDNS_PORT 5353

/* Microseconds: of random delay before an answer, and before one to a question whose known answers are not complete. */
#define PEERUP_MDNS_DELAY_MIN           ((gint64) 20000)
#define PEERUP_MDNS_DELAY_MAX           ((gint64) 120000)
#define PEERUP_MDNS_DELAY_TRUNCATED_MIN ((gint64) 400000)
#define PEERUP_MDNS_DELAY_TRUNCATED_MAX ((gint64) 500000)

typedef struct
{
  guint interface; /* index */
  int family;
  gboolean is_unicast;
  PeerupSocketAddress to; /* only then; else the group of the family, port 5353 */
  guint8 data[PEERUP_MDNS_SEND_MAX];
  gsize length;
} PeerupMdnsPacket;

typedef struct
{
  guint n_heard;   /* messages */
  guint n_refused; /* of them, by the rates */
  guint n_bad;     /* of them, malformed */
  guint n_sent;
} PeerupMdnsFigures;

typedef struct _PeerupMdnsMachine PeerupMdnsMachine;

/* @own: taken. @seed: random. */
PeerupMdnsMachine *peerup_mdns_machine_new (PeerupMdnsOwn *own, guint32 seed) G_GNUC_WARN_UNUSED_RESULT;
void peerup_mdns_machine_free (PeerupMdnsMachine *self);

/* All times are monotonic µs, and never go back. */

/* A link that comes, or whose interface has other networks now. Copied. */
void
peerup_mdns_machine_set_link (PeerupMdnsMachine *self, const PeerupMdnsInterface *interface, int family, gint64 now);
void peerup_mdns_machine_remove_link (PeerupMdnsMachine *self, guint interface, int family);

void peerup_mdns_machine_set_addresses (PeerupMdnsMachine *self, GPtrArray *addresses, gint64 now);
/* Whether peers are told of us and, in the long run, asked for. */
void peerup_mdns_machine_set_announcing (PeerupMdnsMachine *self, gboolean announcing, gint64 now);
void peerup_mdns_machine_add_number (PeerupMdnsMachine *self, guint number, gint64 now);
void peerup_mdns_machine_remove_number (PeerupMdnsMachine *self, guint number, gint64 now);
/* While somebody waits for what @topic brings (not SERVICES). */
void peerup_mdns_machine_set_waiting (PeerupMdnsMachine *self, PeerupMdnsTopic topic, gboolean waiting, gint64 now);
/* Asks for peers now, at once where that was not done a moment ago; all of them are news again. */
void peerup_mdns_machine_ask (PeerupMdnsMachine *self, gint64 now);
/* The end of all links: what was said is taken back, which next() has to say before they are removed. */
void peerup_mdns_machine_leave (PeerupMdnsMachine *self);

/* A message from @source on @interface. (transfer full) (nullable) of PeerupMdnsClaim: what it claims of @topic about
 * others than us, with addresses in networks of the links; NULL: nothing. */
GPtrArray *peerup_mdns_machine_take (PeerupMdnsMachine *self, guint interface, const PeerupSocketAddress *source,
                                     const guint8 *data, gsize length, gint64 now,
                                     PeerupMdnsTopic *topic) G_GNUC_WARN_UNUSED_RESULT;
/* What to send now, again until it is FALSE. */
gboolean
peerup_mdns_machine_next (PeerupMdnsMachine *self, gint64 now, PeerupMdnsPacket *packet) G_GNUC_WARN_UNUSED_RESULT;
/* When there is something to send; G_MAXINT64: not before something happens. */
gint64 peerup_mdns_machine_get_deadline (PeerupMdnsMachine *self);
void peerup_mdns_machine_get_figures (PeerupMdnsMachine *self, PeerupMdnsFigures *figures);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMdnsMachine, peerup_mdns_machine_free)

G_END_DECLS
