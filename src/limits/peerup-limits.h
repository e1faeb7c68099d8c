/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/**
 * PeerupLimit:
 * @PEERUP_LIMIT_CONNECTIONS: inbound connections, in all
 * @PEERUP_LIMIT_CONNECTIONS_PER_PEER: of one peer
 * @PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS: of one IPv4 address or IPv6 /64
 * @PEERUP_LIMIT_CONNECTIONS_PER_NETWORK: of one IPv6 /48, what one customer may be given
 * @PEERUP_LIMIT_HANDSHAKES: inbound handshakes under way, in all; the next two as above
 * @PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS: of one address
 * @PEERUP_LIMIT_HANDSHAKES_PER_NETWORK: of one network
 * @PEERUP_LIMIT_HANDSHAKE_RATE: inbound handshakes begun in a second, in all
 * @PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS: by one address
 * @PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK: by one network
 * @PEERUP_LIMIT_STREAMS: inbound streams that are open, in all
 * @PEERUP_LIMIT_STREAMS_PER_PEER: of one peer, over all its connections
 * @PEERUP_LIMIT_STREAM_RATE_PER_PEER: streams one peer opens in a second
 * @PEERUP_LIMIT_MEMORY: bytes received that wait for their readers, in all
 * @PEERUP_LIMIT_MEMORY_PER_PEER: those of one peer
 *
 * What is bounded. A rate is for long; PEERUP_LIMITS_BURST seconds' worth of it may come at
 * once. IPv4 has no network: its addresses are given out one by one.
 */
typedef enum
{
  PEERUP_LIMIT_CONNECTIONS,
  PEERUP_LIMIT_CONNECTIONS_PER_PEER,
  PEERUP_LIMIT_CONNECTIONS_PER_ADDRESS,
  PEERUP_LIMIT_CONNECTIONS_PER_NETWORK,
  PEERUP_LIMIT_HANDSHAKES,
  PEERUP_LIMIT_HANDSHAKES_PER_ADDRESS,
  PEERUP_LIMIT_HANDSHAKES_PER_NETWORK,
  PEERUP_LIMIT_HANDSHAKE_RATE,
  PEERUP_LIMIT_HANDSHAKE_RATE_PER_ADDRESS,
  PEERUP_LIMIT_HANDSHAKE_RATE_PER_NETWORK,
  PEERUP_LIMIT_STREAMS,
  PEERUP_LIMIT_STREAMS_PER_PEER,
  PEERUP_LIMIT_STREAM_RATE_PER_PEER,
  PEERUP_LIMIT_MEMORY,
  PEERUP_LIMIT_MEMORY_PER_PEER,
  PEERUP_N_LIMITS,
} PeerupLimit;

#define PEERUP_LIMITS_BURST 4
/* A setting that bounds nothing. */
#define PEERUP_LIMITS_NONE G_MAXUINT64
/* Addresses, and networks, that are remembered for their rate alone. When so many are, the
 * others share one rate. */
#define PEERUP_LIMITS_REMEMBERED 4096

/* The key under network.limits: "connections_per_peer". Static. */
const char *peerup_limit_get_name (PeerupLimit limit);
/* What is bounded, in the plural: "connections", "handshakes", "streams", "bytes". Static. */
const char *peerup_limit_get_noun (PeerupLimit limit);
gboolean peerup_limit_is_rate (PeerupLimit limit);
/* PEERUP_N_LIMITS if no limit has that name. */
PeerupLimit peerup_limit_from_name (const char *name);

/* Each at least 1. Memory in bytes, rates a second, all else a number of things. */
typedef struct
{
  guint64 values[PEERUP_N_LIMITS];
} PeerupLimitsSettings;

/* What the program runs on. */
typedef struct
{
  guint64 memory; /* bytes that the machine, or the container, has */
  guint64 descriptors;
  guint processors;
} PeerupLimitsMachine;

/* The defaults. In all: a connection for each MiB of memory and each 4th descriptor, 64 to
 * 16,384; 128 handshakes and 250 a second for each processor up to the second; a stream for
 * each 512 KiB, 8,192 to 16,384, because each has a stack while it is negotiated, and a process
 * can map some 30,000 of those; an 8th of the memory, at least 64 MiB. Of these:
 *
 *             | one peer           | one address | one network
 * connections | 16                 | 1/8, >= 32  | 1/2
 * handshakes  |                    | 1/4         | 1/2
 * rate        |                    | 1/4         | 1/2
 * streams     | 1/4; 2,000 a second |            |
 * memory      | 1/4, >= 32 MiB     |             |
 */
void peerup_limits_settings_init (PeerupLimitsSettings *self, const PeerupLimitsMachine *machine);
/* What protects the machine and nothing else: what is there in all stays bounded, with half
 * of the descriptors for connections and a quarter for handshakes; the rest is PEERUP_LIMITS_NONE. */
void peerup_limits_settings_init_relaxed (PeerupLimitsSettings *self, const PeerupLimitsMachine *machine);

/* What others may take of an engine; one for each. It counts what they have begun and says
 * when that is enough. It holds no socket, clock or main loop: @now is monotonic microseconds
 * and never less than in an earlier call.
 *
 * Who is at a limit of its own takes nothing of anybody else's. Of each bound in all, the last
 * eighth is kept for peers, or for handshakes addresses, that have none yet: the many that a
 * few have taken never shut out a newcomer.
 *
 * A @host is what peerup_socket_address_get_host_key() gives; 0, for who has no address of its
 * own, is bounded in all only. Memory: what is in use, which the settings bound, and
 * PEERUP_LIMITS_REMEMBERED addresses, networks and peers whose burst is not whole again.
 *
 * Each begin that answers TRUE has exactly one end with the same host and peer; an end too
 * many is a failed assertion. FALSE: PEERUP_ERROR_LIMIT, with who, the number, and the key to
 * change; it was counted, and needs no end. */
typedef struct _PeerupLimits PeerupLimits;

PeerupLimits *peerup_limits_new (const PeerupLimitsSettings *settings) G_GNUC_WARN_UNUSED_RESULT;
PeerupLimits *peerup_limits_ref (PeerupLimits *self);
/* The last one asserts that everything that was begun has ended. */
void peerup_limits_unref (PeerupLimits *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupLimits, peerup_limits_unref)

const PeerupLimitsSettings *peerup_limits_get_settings (PeerupLimits *self);
/* For what begins from now on; nothing that is there is ended. */
void peerup_limits_set_settings (PeerupLimits *self, const PeerupLimitsSettings *settings);

gboolean peerup_limits_begin_handshake (PeerupLimits *self, guint64 host, gint64 now, GError **error);
void peerup_limits_end_handshake (PeerupLimits *self, guint64 host);
gboolean peerup_limits_begin_connection (PeerupLimits *self, guint64 host, PeerupPeerId *peer, GError **error);
void peerup_limits_end_connection (PeerupLimits *self, guint64 host, PeerupPeerId *peer);
/* *@limit (optional) tells which limit it was: the reset code is another for a rate. */
gboolean
peerup_limits_begin_stream (PeerupLimits *self, PeerupPeerId *peer, gint64 now, PeerupLimit *limit, GError **error);
void peerup_limits_end_stream (PeerupLimits *self, PeerupPeerId *peer);
/* @bytes more, all or nothing. What was reserved in many calls may be released in one. */
gboolean peerup_limits_reserve (PeerupLimits *self, PeerupPeerId *peer, gsize bytes, GError **error);
void peerup_limits_release (PeerupLimits *self, PeerupPeerId *peer, gsize bytes);

/* What is in use now. */
typedef struct
{
  guint handshakes;
  guint connections;
  guint streams;
  guint64 memory;
} PeerupLimitsUsage;

void peerup_limits_get_usage (PeerupLimits *self, PeerupLimitsUsage *usage);
/* Of one peer; handshakes are nobody's yet. */
void peerup_limits_get_peer_usage (PeerupLimits *self, PeerupPeerId *peer, PeerupLimitsUsage *usage);
/* How often @limit has refused something since the start. */
guint64 peerup_limits_get_refusals (PeerupLimits *self, PeerupLimit limit);
/* (transfer full) (nullable): whom @limit refused last: a peer ID, "192.0.2.7",
 * "2001:db8:1:2::/64", "2001:db8:1::/48"; NULL where that is nobody's address. */
char *peerup_limits_dup_last_refused (PeerupLimits *self, PeerupLimit limit) G_GNUC_WARN_UNUSED_RESULT;
/* Addresses, networks and peers in the tables: for tests of what they may grow to. */
guint peerup_limits_get_n_entries (PeerupLimits *self);

G_END_DECLS
