/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* An IP address and port as the system's calls take them, by value; the bytes only, no
 * socket. IPv4 is always AF_INET, never mapped into IPv6. */
typedef struct
{
  union
  {
    struct sockaddr any; /* AF_UNSPEC: none */
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
  };
} PeerupSocketAddress;

/* Takes what recvmsg() or getsockname() gave, IPv4 in IPv6 as IPv4. FALSE for anything but IP. */
gboolean peerup_socket_address_set_native (PeerupSocketAddress *self, gconstpointer native, gsize length);
/* @host: an IP literal, with %zone where there is one. FALSE for anything else. */
gboolean peerup_socket_address_set (PeerupSocketAddress *self, const char *host, guint16 port);
/* sizeof the member that is in use. */
socklen_t peerup_socket_address_get_length (const PeerupSocketAddress *self);
guint16 peerup_socket_address_get_port (const PeerupSocketAddress *self);
void peerup_socket_address_set_port (PeerupSocketAddress *self, guint16 port);
/* Family, address, port and, for link-local ones, scope. */
gboolean peerup_socket_address_equal (const PeerupSocketAddress *a, const PeerupSocketAddress *b);
/* Family, address and scope: whether they are of one host, whatever the ports. */
gboolean peerup_socket_address_is_same_host (const PeerupSocketAddress *a, const PeerupSocketAddress *b);
/* 0.0.0.0 or ::, of any port. */
gboolean peerup_socket_address_is_wildcard (const PeerupSocketAddress *self);
/* Known on one link only: 169.254.0.0/16 or fe80::/10. */
gboolean peerup_socket_address_is_link_local (const PeerupSocketAddress *self);
/* Of the internet, see peerup_ip_is_global(). */
gboolean peerup_socket_address_is_global (const PeerupSocketAddress *self);

typedef enum
{
  PEERUP_IP_TCP,
  PEERUP_IP_QUIC,       /* /udp/PORT/quic-v1 */
  PEERUP_IP_WEBSOCKET,  /* /tcp/PORT/ws */
  PEERUP_IP_WEBSOCKETS, /* /tcp/PORT/tls/ws, the same as /tcp/PORT/wss */
} PeerupIpTransport;

/* (transfer full) [/ip6zone/ZONE]/ip4|ip6/ADDRESS and the transport; NULL for AF_UNSPEC. */
PeerupMultiaddr *peerup_socket_address_to_multiaddr (const PeerupSocketAddress *self,
                                                     PeerupIpTransport transport) G_GNUC_WARN_UNUSED_RESULT;
/* "1.2.3.4:5" or "[::1]:5", for messages. */
char *peerup_socket_address_to_string (const PeerupSocketAddress *self) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): "1.2.3.4" or "::1", without zone; NULL for AF_UNSPEC. */
char *peerup_socket_address_dup_host (const PeerupSocketAddress *self) G_GNUC_WARN_UNUSED_RESULT;
/* What counts as one host for limits: an IPv4 address, or the /64 that one IPv6 host can
 * fill at will. 0 for none. */
guint64 peerup_socket_address_get_host_key (const PeerupSocketAddress *self);

/* ECN codepoints of the IP header (RFC 3168). */
#define PEERUP_ECN_NOT_ECT 0
#define PEERUP_ECN_ECT_1   1
#define PEERUP_ECN_ECT_0   2
#define PEERUP_ECN_CE      3

/* Datagrams between the same two addresses in one piece of memory, as the kernel takes
 * and gives them with segmentation offload: each is @segment bytes long but the last,
 * which may be shorter. An empty datagram is @length 0. */
typedef struct
{
  PeerupSocketAddress local; /* AF_UNSPEC: not known; sending: the system chooses */
  PeerupSocketAddress remote;
  guint8 *data; /* borrowed */
  gsize length;
  gsize segment; /* > 0 unless @length is 0 */
  guint8 ecn;
} PeerupDatagrams;

G_END_DECLS
