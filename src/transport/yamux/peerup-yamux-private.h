/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/yamux/peerup-chunk-queue.h"
#include "transport/yamux/peerup-yamux-frame.h"
#include "transport/yamux/peerup-yamux.h"

G_BEGIN_DECLS

/* What the files of the machine share: peerup-yamux.c (the session), -input (frames that
 * arrive), -output (frames that leave), -events (what is told, and when), -channel (one
 * stream) and -window (receive windows). */

/* Control frames gathered for one send(). */
#define PEERUP_YAMUX_CONTROL_SIZE (32u * PEERUP_YAMUX_HEADER_SIZE)

/* Events of a channel that wait to be delivered. */
typedef enum
{
  PEERUP_YAMUX_EVENT_OPENED = 1 << 0,
  PEERUP_YAMUX_EVENT_READABLE = 1 << 1,
  PEERUP_YAMUX_EVENT_WRITABLE = 1 << 2,
  PEERUP_YAMUX_EVENT_CLOSED = 1 << 3,
} PeerupYamuxEvent;

struct _PeerupYamuxChannel
{
  PeerupYamux *session; /* NULL once the stream is done */
  PeerupYamuxChannel *next_pending;
  PeerupYamuxChannel *next_borrowing;
  gpointer user_data;
  GError *lost;
  PeerupChunkQueue queue;
  gint64 window_time; /* when the receive window was last given back */
  guint ref_count;
  guint32 id;
  guint32 reset_code;
  guint32 send_window;
  guint32 window;   /* the receive window; always allowed + queue.length + consumed */
  guint32 allowed;  /* bytes the peer may still send */
  guint32 consumed; /* bytes read and not given back yet */
  PeerupYamuxChannelState state : 8;
  guint8 pending; /* PeerupYamuxEvent */
  guint inbound : 1;
  guint announced : 1; /* the user knows of it */
  guint unacked : 1;   /* no frame has acknowledged it: ours if inbound, else the peer's */
  guint eof : 1;       /* the peer's FIN arrived */
  guint deaf : 1;      /* we stopped reading */
  guint lean : 1;      /* peerup_yamux_channel_set_lean() */
  guint is_pending : 1;
  guint is_borrowing : 1;
};

struct _PeerupYamux
{
  PeerupYamuxLimits limits;
  const PeerupYamuxEvents *events;
  gpointer user_data;
  guint ref_count;
  guint n_holds; /* references of calls under way */
  GError *error; /* set: dead */
  gint64 now;

  GHashTable *channels;             /* id to channel; holds a reference */
  PeerupYamuxChannel *last_channel; /* the last one looked up */
  guint32 next_id;                  /* 0: all used */
  guint32 id_parity;                /* of ours */
  guint n_inbound;
  guint n_outbound;
  guint n_unaccepted;
  guint n_unacked;
  gsize window_sum;
  gsize buffered;

  /* Input: a header in parts, or the rest of a payload. */
  guint8 header[PEERUP_YAMUX_HEADER_SIZE];
  guint header_fill;
  guint32 body_left;
  gboolean body_fin;
  PeerupYamuxChannel *body_channel; /* NULL: skip it */
  gint64 last_received;

  /* Output. */
  guint8 control[PEERUP_YAMUX_CONTROL_SIZE];
  guint control_fill;
  guint64 sent;          /* bytes given to send() */
  gsize unsent;          /* of them, what had not left when send() was called last */
  guint64 control_epoch; /* when so many bytes have left, control_older have */
  guint control_older;   /* control frames that may not have left: before the epoch's mark */
  guint control_newer;   /* and after it */
  gboolean sending;

  /* Events. */
  PeerupYamuxChannel *pending_head;
  PeerupYamuxChannel *pending_tail;
  PeerupYamuxChannel *borrowing;
  guint busy; /* parsing or delivering: control frames and events wait */
  gboolean tell_goaway;
  gboolean tell_ping;
  gboolean tell_can_open;
  gboolean open_refused;

  gboolean goaway_sent;
  gboolean goaway_received;
  guint32 goaway_code;

  guint64 n_owing; /* frames sent that the peer has to answer, by and by */
  guint32 ping_opaque;
  gint64 ping_sent; /* G_MININT64: none is unanswered */
  gint64 ping_time; /* when the last answer came */
  gint64 ping_rtt;  /* of the last answer */
  gint64 rtt;
};

/* peerup-yamux.c */
void peerup_yamux_hold (PeerupYamux *self);
void peerup_yamux_release (PeerupYamux *self);
void peerup_yamux_set_now (PeerupYamux *self, gint64 now);
/* The session is dead: a GoAway with @code is sent, the streams are lost. */
void peerup_yamux_fail (PeerupYamux *self, guint32 code, GError *error);
PeerupYamuxChannel *peerup_yamux_add_channel (PeerupYamux *self, guint32 id, gboolean inbound);
/* Forgets a channel that is done; drops the session's reference. */
void peerup_yamux_remove_channel (PeerupYamux *self, PeerupYamuxChannel *channel);
/* FALSE, and nothing changed, if the user refuses more. Fewer are never refused. */
gboolean peerup_yamux_set_buffered (PeerupYamux *self, gsize bytes);
PeerupYamuxChannel *peerup_yamux_lookup (PeerupYamux *self, guint32 id);
void peerup_yamux_note_room (PeerupYamux *self);

/* peerup-yamux-output.c */
void peerup_yamux_send_control (PeerupYamux *self, PeerupYamuxFrameType type, guint flags, guint32 id, guint32 length);
void peerup_yamux_flush_control (PeerupYamux *self);
gsize peerup_yamux_send_data (PeerupYamux *self, guint flags, guint32 id, const GOutputVector *vectors, gsize n_vectors,
                              gsize max);
guint peerup_yamux_get_n_control (PeerupYamux *self);

/* peerup-yamux-events.c */
void peerup_yamux_queue_event (PeerupYamux *self, PeerupYamuxChannel *channel, PeerupYamuxEvent event);
void peerup_yamux_deliver (PeerupYamux *self);

/* peerup-yamux-channel.c */
void peerup_yamux_channel_set_state (PeerupYamuxChannel *self, PeerupYamuxChannelState state);
void peerup_yamux_channel_lose (PeerupYamuxChannel *self, const GError *error);
void peerup_yamux_channel_drop_queue (PeerupYamuxChannel *self);
guint peerup_yamux_channel_take_ack (PeerupYamuxChannel *self);

/* peerup-yamux-window.c */
void peerup_yamux_channel_give_back (PeerupYamuxChannel *self, gsize n, gint64 now);

static inline gboolean
peerup_yamux_channel_is_done (const PeerupYamuxChannel *self)
{
  return self->state >= PEERUP_YAMUX_FINISHED;
}

G_END_DECLS
