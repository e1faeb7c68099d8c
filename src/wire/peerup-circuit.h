/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* The messages of circuit relay v2 (circuit-v2.md), without the varint length in front. */

#define PEERUP_CIRCUIT_HOP  "/libp2p/circuit/relay/0.2.0/hop"
#define PEERUP_CIRCUIT_STOP "/libp2p/circuit/relay/0.2.0/stop"
/* Bytes of one message at most. */
#define PEERUP_CIRCUIT_MESSAGE_MAX 4096
/* Addresses of a reservation that are kept at most; what comes after is dropped. */
#define PEERUP_CIRCUIT_ADDRESSES_MAX 64

/* RESERVE is said on hop only; CONNECT and STATUS on both. */
typedef enum
{
  PEERUP_CIRCUIT_RESERVE,
  PEERUP_CIRCUIT_CONNECT,
  PEERUP_CIRCUIT_STATUS,
} PeerupCircuitType;

/* As on the wire. */
typedef enum
{
  PEERUP_CIRCUIT_NONE = 0, /* not said */
  PEERUP_CIRCUIT_OK = 100,
  PEERUP_CIRCUIT_RESERVATION_REFUSED = 200,
  PEERUP_CIRCUIT_RESOURCE_LIMIT_EXCEEDED = 201,
  PEERUP_CIRCUIT_PERMISSION_DENIED = 202,
  PEERUP_CIRCUIT_CONNECTION_FAILED = 203,
  PEERUP_CIRCUIT_NO_RESERVATION = 204,
  PEERUP_CIRCUIT_MALFORMED_MESSAGE = 400,
  PEERUP_CIRCUIT_UNEXPECTED_MESSAGE = 401,
} PeerupCircuitStatus;

/* What a circuit may carry. Said, even with zeros, it makes the connection a limited one. */
typedef struct
{
  guint32 duration; /* seconds; 0: not bounded. js-libp2p says milliseconds here */
  guint64 data;     /* bytes each way; 0: not bounded */
} PeerupCircuitLimit;

typedef struct
{
  PeerupCircuitType type;
  PeerupCircuitStatus status; /* any number: the peer's */
  PeerupPeerId *peer;         /* nullable: hop CONNECT: to whom; stop CONNECT: from whom */

  gboolean has_reservation;
  guint64 expires;      /* seconds since 1970 */
  GPtrArray *addresses; /* nullable, of PeerupMultiaddr: the relay's, where the peer can be reached */
  GBytes *voucher;      /* nullable: an envelope, see below */

  gboolean has_limit;
  PeerupCircuitLimit limit;
} PeerupCircuitMessage;

/* Of hop and stop. A type that is not known there, and CONNECT without a peer, is MALFORMED, as
 * is what is not a message; above PEERUP_CIRCUIT_MESSAGE_MAX: TOO_LARGE. A bad address in a
 * reservation is dropped. */
PeerupCircuitMessage *
peerup_circuit_hop_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupCircuitMessage *
peerup_circuit_stop_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Framed, behind their length. The type is always written (proto2 presence). A reservation's
 * addresses are left out from where the message would pass PEERUP_CIRCUIT_MESSAGE_MAX. */
GBytes *peerup_circuit_hop_encode (const PeerupCircuitMessage *self) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_circuit_stop_encode (const PeerupCircuitMessage *self) G_GNUC_WARN_UNUSED_RESULT;
/* Clears what it owns and frees it. */
void peerup_circuit_message_free (PeerupCircuitMessage *self);

/* "no reservation", "permission denied" ... or NULL for a number that is not known. Static. */
const char *peerup_circuit_status_get_text (PeerupCircuitStatus status);

/* The payload of a reservation voucher: @relay lets @peer be reached through it until then.
 * Sealed and opened as PEERUP_ENVELOPE_DOMAIN_RELAY_VOUCHER. */
typedef struct
{
  PeerupPeerId *relay;
  PeerupPeerId *peer;
  guint64 expires; /* seconds since 1970 */
} PeerupCircuitVoucher;

/* TOO_LARGE, MALFORMED. */
PeerupCircuitVoucher *
peerup_circuit_voucher_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
GBytes *peerup_circuit_voucher_encode (const PeerupCircuitVoucher *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_circuit_voucher_free (PeerupCircuitVoucher *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCircuitMessage, peerup_circuit_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCircuitVoucher, peerup_circuit_voucher_free)

G_END_DECLS
