/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "identity/peerup-certificate.h"
#include "transport/quic/peerup-quic.h"

G_BEGIN_DECLS

/* Two QUIC machines and the network between them, in simulated time: nothing here waits, and
 * with the same link the same happens again, but for the random numbers of cryptography. */
typedef struct _World World;
typedef struct _Side Side;
typedef struct _Flow Flow;

typedef enum
{
  WORLD_ESTABLISHED,
  WORLD_CLOSED,
  WORLD_OPENED,
  WORLD_OPENABLE,
  WORLD_DRAINED,
  WORLD_MOVED,
  WORLD_INCOMING, /* nothing of its first packet was read yet */
} WorldEvent;

/* What a connection's user data points to. */
typedef struct
{
  Side *side;
  PeerupQuicConn *conn; /* owned */
  gboolean active;      /* has output, maybe */
  gboolean established;
  GError *error; /* once closed */
  guint n_closed, n_drained, n_moved, n_openable;
  GPtrArray *flows; /* of the streams the peer opened */
} Link;

/* What a channel's user data points to: it reads all it gets unless told not to. */
struct _Flow
{
  Link *link;
  PeerupQuicChannel *channel; /* owned */
  gboolean is_awake;          /* in the world's queue */
  gboolean no_reading;
  gboolean echo; /* what it reads it writes back, the end too */
  GByteArray *received;
  gboolean ended, failed;
  guint64 n_received; /* bytes, also when received is NULL */
  GBytes *sending;
  gsize sent;
  gboolean fin;
};

struct _Side
{
  World *world;
  const char *name;
  PeerupSocketAddress address;
  PeerupPrivateKey *key;
  PeerupPeerId *peer;
  PeerupCertificate *certificate;
  PeerupQuicOptions options;
  PeerupQuic *quic;
  GPtrArray *links;
  gboolean echo;         /* streams that the peer opens echo */
  gboolean no_reading;   /* or are not read */
  gboolean reset_opened; /* or are reset with 0x1002 at once */
  gboolean forgets;      /* those that are done are freed */
  gboolean refuses_all;
  gboolean is_puppet; /* neither gets nor sends anything by itself: a test speaks in its name */
  gint64 wall_time;   /* seconds; 0: the real one */
  guint n_admitted, n_released, n_opened;
  guint64 n_sent, bytes_sent, n_stateless, bytes_received;
  guint mtu;
};

/* A datagram as it was sent, whatever became of it. */
typedef struct
{
  Side *from;
  gint64 at;
  PeerupSocketAddress remote;
  GBytes *bytes;
} Taped;

/* What happens to a datagram on its way; may change addresses and the delay, or say no. */
typedef gboolean (*WorldFilter) (World *world, Side *from, PeerupDatagrams *datagram, gint64 *delay, gpointer data);

struct _World
{
  Side client, server;
  gint64 now;
  gint64 delay;      /* one way, µs */
  guint mtu;         /* UDP payload; more is lost */
  guint64 bandwidth; /* bytes a second each way; 0: no bound */
  gint64 busy_until[2];
  gsize queue;                                                /* bytes that wait for a bounded line at most */
  void (*hook) (Link *link, WorldEvent event, gpointer data); /* within each event */
  gpointer hook_data;
  WorldFilter filter;
  gpointer filter_data;
  GQueue flying; /* by time of arrival */
  GQueue awake;  /* flows that have something to do, maybe */
  guint64 n_delivered;
  GPtrArray *tape;    /* of Taped, once asked for */
  guint n_idle_steps; /* since time went on without a datagram */
};

World *world_new (void);
/* Makes the machines anew; for tests that change options. */
void world_restart (World *self);
/* One of them forgets everything, as a process that ended and came back. */
void world_restart_side (World *self, Side *side);
void world_free (World *self);
Link *world_dial (World *self);
Link *world_dial_punching (World *self);
/* Dials; both sides are established. */
Link *world_connect (World *self);
/* Gives @to a datagram at once, in memory of its exact size. */
void world_inject (World *self, Side *to, const PeerupSocketAddress *from, gconstpointer data, gsize length);
/* For filters: the datagram arrives once more, after @delay. */
void world_repeat (World *self, Side *from, const PeerupDatagrams *datagram, gint64 delay);
/* What is under way is lost. */
void world_clear_line (World *self);
/* Notes what is sent from now on. */
void world_tape (World *self);
/* The @i-th datagram of @from on the tape, NULL: there are fewer. */
Taped *world_taped (World *self, Side *from, guint i);
GBytes *make_pattern (gsize length);
/* Until nothing happens any more or @until (µs) is reached. */
void world_run (World *self, gint64 until);
/* Runs until *@flag, at most 10 simulated minutes. FALSE: it did not come true. */
gboolean world_run_until (World *self, gboolean *flag);
/* The server's side of the newest connection. */
Link *world_accepted (World *self);

Flow *flow_open (Link *link);
void flow_send (Flow *flow, GBytes *bytes, gboolean fin);
void flow_send_text (Flow *flow, const char *text, gboolean fin);
void flow_assert_received (Flow *flow, GBytes *expected);
void flow_free (Flow *flow);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (World, world_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Flow, flow_free)

G_END_DECLS
