/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* When to ask and what to say of one topic on one link, by value. Zeroed at first. All times are monotonic µs, and 0
 * where nothing is to be done, or was. */

/* Microseconds between two messages of one kind, */
#define PEERUP_MDNS_PAUSE G_USEC_PER_SEC
/* and between two questions in the long run, up to a fifth more, and at most while somebody waits. */
#define PEERUP_MDNS_ASK_PAUSE  (300 * (gint64) G_USEC_PER_SEC)
#define PEERUP_MDNS_WAIT_PAUSE (4 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  gint64 ask_at;
  gint64 asked_at;
  gint64 ask_pause; /* between the last two questions; 0: they begin anew */
  gint64 say_at;
  gint64 said_at;
  guint says;                /* PeerupMdnsSay, of the next answer */
  guint n_more;              /* announcements after that one */
  gboolean bye;              /* the next answer takes back what was said */
  PeerupSocketAddress asker; /* who alone waits for it and may know more yet; AF_UNSPEC: nobody or several */
} PeerupMdnsTalk;

/* Says @says too, at @at, or a moment later where something was said just now. */
void peerup_mdns_talk_say (PeerupMdnsTalk *self, guint says, gint64 at);
/* Says @says, which is all there is, at @at and again a moment later. */
void peerup_mdns_talk_announce (PeerupMdnsTalk *self, guint says, gint64 at);
/* Of what was going to be said nothing is. */
void peerup_mdns_talk_be_silent (PeerupMdnsTalk *self);
/* Takes back @says at once. Whoever has not heard it needs no word. */
void peerup_mdns_talk_take_back (PeerupMdnsTalk *self, guint says, gint64 now);

/* Asks at @at, or a moment later where it has asked just now, and more and more rarely from then on. */
void peerup_mdns_talk_begin_asking (PeerupMdnsTalk *self, gint64 at);
/* After a question at @now, ours or another's that is as good. @chance: random, from 0 to 1. */
void peerup_mdns_talk_go_on_asking (PeerupMdnsTalk *self, gboolean waiting, gint64 now, double chance);
/* Whether questions are as rare as they get. */
gboolean peerup_mdns_talk_asks_rarely (const PeerupMdnsTalk *self);
/* When there is something to do; G_MAXINT64: not before something happens. */
gint64 peerup_mdns_talk_get_deadline (const PeerupMdnsTalk *self);

G_END_DECLS
