/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "net/peerup-socket-address.h"

G_BEGIN_DECLS

/* The messages by which a host asks its router for ports: PCP (RFC 6887; MAP and ANNOUNCE, without options) and
 * NAT-PMP (RFC 6886). Bytes only. */

/* Where a gateway listens, and where it sends announcements to, from there. */
#define PEERUP_PORT_MAPPING_GATEWAY_PORT  5351
#define PEERUP_PORT_MAPPING_ANNOUNCE_PORT 5350

#define PEERUP_PORT_MAPPING_NONCE_SIZE   12
#define PEERUP_PORT_MAPPING_REQUEST_SIZE 60   /* of the longest request */
#define PEERUP_PORT_MAPPING_ANSWER_MAX   1100 /* RFC 6887 7 */

/* Result codes that mean something to us; they are the same in both where both have them, but for the last. */
#define PEERUP_PORT_MAPPING_SUCCESS        0
#define PEERUP_PORT_MAPPING_UNSUPP_VERSION 1
#define PEERUP_PORT_MAPPING_NOT_AUTHORIZED 2
#define PEERUP_PORT_MAPPING_UNSUPP_OPCODE  4 /* PCP; 5 in NAT-PMP */

typedef struct
{
  guint8 protocol;                              /* IPPROTO_UDP or IPPROTO_TCP */
  guint16 port;                                 /* ours */
  guint16 external_port;                        /* wanted; 0: any */
  PeerupSocketAddress external;                 /* PCP: the address wanted; AF_UNSPEC: any */
  PeerupSocketAddress client;                   /* PCP: our address, which the request is sent from */
  guint32 lifetime;                             /* seconds; 0: ends the mapping */
  guint8 nonce[PEERUP_PORT_MAPPING_NONCE_SIZE]; /* PCP */
} PeerupPortMappingRequest;

/* All return the length. */
gsize peerup_pcp_write_map (const PeerupPortMappingRequest *request, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE]);
gsize peerup_pcp_write_announce (const PeerupSocketAddress *client, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE]);
gsize peerup_nat_pmp_write_map (const PeerupPortMappingRequest *request, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE]);
gsize peerup_nat_pmp_write_address (guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE]);

typedef enum
{
  PEERUP_PORT_MAPPING_PCP_MAP,
  PEERUP_PORT_MAPPING_PCP_ANNOUNCE,
  PEERUP_PORT_MAPPING_PCP_OTHER, /* an error without what it is about, or an operation we do not ask for */
  PEERUP_PORT_MAPPING_NAT_PMP_MAP,
  PEERUP_PORT_MAPPING_NAT_PMP_ADDRESS,
} PeerupPortMappingAnswerType;

/* What an answer of that type does not have is zero. */
typedef struct
{
  PeerupPortMappingAnswerType type;
  guint16 result;
  guint32 epoch;    /* seconds since the gateway lost what it knew */
  guint32 lifetime; /* seconds; of an error: how long it lasts (PCP) */
  guint8 protocol;
  guint16 port;
  guint16 external_port;
  PeerupSocketAddress external; /* with port 0; AF_UNSPEC: none that is of one host */
  guint8 nonce[PEERUP_PORT_MAPPING_NONCE_SIZE];
} PeerupPortMappingAnswer;

/* FALSE, with MALFORMED, for what is no answer; without @error a refusal costs no memory. */
gboolean peerup_port_mapping_answer_parse (PeerupPortMappingAnswer *answer, const guint8 *data, gsize length,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
