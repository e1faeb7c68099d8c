/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-rendezvous-message.h"

G_BEGIN_DECLS

/* What a relay knows of invites: whose is which number until when, what was left for it, and who has shown its pass. It
 * holds no stream, file, clock or main loop: @now is seconds since 1970, because what is written down outlives the
 * machine's clock. Every number of it is bounded. */
typedef struct _PeerupRendezvousTable PeerupRendezvousTable;

/* Open numbers of one inviter, and in all. */
#define PEERUP_RENDEZVOUS_OF_PEER_MAX 8
#define PEERUP_RENDEZVOUS_IN_ALL_MAX  4096
/* Bytes of all that is sealed. */
#define PEERUP_RENDEZVOUS_BYTES_MAX (16 * 1024 * 1024)
/* Invites for which one joiner may leave something. */
#define PEERUP_RENDEZVOUS_LEFT_BY_PEER_MAX 8
/* Peers that may come by the pass of one invite, and wrong passes that end the pass. */
#define PEERUP_RENDEZVOUS_VISITORS_MAX 64
#define PEERUP_RENDEZVOUS_WRONG_MAX    100

/* Whoever owns a table may be told:
 *  keep: @invite, as it is about to be, has something sealed. FALSE with an error: it stays as it was.
 *  forget: what was kept of it goes.
 *  gone: @visitor, who has shown a pass, has no open invite any more. Not told when the table is freed. */
typedef struct
{
  gboolean (*keep) (const PeerupRendezvousKept *invite, gpointer data, GError **error);
  void (*forget) (const PeerupRendezvousKept *invite, gpointer data);
  void (*gone) (PeerupPeerId *visitor, gpointer data);
} PeerupRendezvousTableFuncs;

/* @funcs: nullable, static. */
PeerupRendezvousTable *
peerup_rendezvous_table_new (const PeerupRendezvousTableFuncs *funcs, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_rendezvous_table_free (PeerupRendezvousTable *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupRendezvousTable, peerup_rendezvous_table_free)

/* Takes up what was kept before; FALSE: its time is over, or there is no room. */
gboolean peerup_rendezvous_table_restore (PeerupRendezvousTable *self, const PeerupRendezvousKept *invite, gint64 now);

/* @request is a REGISTER of @inviter's: as peerup_rendezvous_register() says. OK or TAKEN, or LIMIT or UNAVAILABLE
 * (nothing has changed then), with a reason. */
PeerupRendezvousStatus
peerup_rendezvous_table_register (PeerupRendezvousTable *self, PeerupPeerId *inviter,
                                  const PeerupRendezvousRequest *request, gint64 now, GError **error);
/* FALSE: there was none. */
gboolean peerup_rendezvous_table_unregister (PeerupRendezvousTable *self, PeerupPeerId *inviter, guint number);
/* (nullable), borrowed until the next change; @inviter: nullable, for whoever has registered the number first. What is
 * not sealed has no "sealed" here. */
const PeerupRendezvousKept *
peerup_rendezvous_table_find (PeerupRendezvousTable *self, guint number, PeerupPeerId *inviter, gint64 now);
/* @request is a PASS of @visitor's (NULL: of somebody who needs none). OK: he has shown it from now on; DENIED for a
 * wrong pass, and for one that there is not; LIMIT. */
PeerupRendezvousStatus peerup_rendezvous_table_show (PeerupRendezvousTable *self, PeerupPeerId *visitor,
                                                     const PeerupRendezvousRequest *request, gint64 now);
/* @request is a LEAVE of @joiner's, which replaces what he has left before. Where there is no place, somebody who has
 * not shown the pass makes place for one who has. NOT_FOUND without something sealed to answer to; LIMIT,
 * UNAVAILABLE. */
PeerupRendezvousStatus
peerup_rendezvous_table_leave (PeerupRendezvousTable *self, PeerupPeerId *joiner,
                               const PeerupRendezvousRequest *request, gint64 now, GError **error);

/* Whether @visitor has shown the pass of an open invite of @inviter (nullable: of anybody). */
gboolean peerup_rendezvous_table_is_visitor (PeerupRendezvousTable *self, PeerupPeerId *visitor, PeerupPeerId *inviter,
                                             gint64 now);
/* When the last invite is over whose pass he has shown; 0: none is open. */
gint64 peerup_rendezvous_table_get_visit_end (PeerupRendezvousTable *self, PeerupPeerId *visitor);
/* Everybody knows him now: he is a visitor no more, and nobody is told. */
void peerup_rendezvous_table_end_visits (PeerupRendezvousTable *self, PeerupPeerId *visitor);

/* Drops what is over at @now, which the others do as well. */
void peerup_rendezvous_table_advance (PeerupRendezvousTable *self, gint64 now);
/* When the next one is over; G_MAXINT64: there is none. */
gint64 peerup_rendezvous_table_get_next_end (PeerupRendezvousTable *self);
guint peerup_rendezvous_table_get_n_numbers (PeerupRendezvousTable *self);
/* Invites by whose pass somebody may come. */
guint peerup_rendezvous_table_get_n_passes (PeerupRendezvousTable *self);
gsize peerup_rendezvous_table_get_n_bytes (PeerupRendezvousTable *self);

G_END_DECLS
