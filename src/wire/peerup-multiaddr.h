/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Codes of go-multiaddr's protocols.go, which the specification points to. */
typedef enum
{
  PEERUP_MULTIADDR_IP4 = 4,
  PEERUP_MULTIADDR_TCP = 6,
  PEERUP_MULTIADDR_IP6 = 41,
  PEERUP_MULTIADDR_IP6ZONE = 42,
  PEERUP_MULTIADDR_IPCIDR = 43,
  PEERUP_MULTIADDR_DNS = 53,
  PEERUP_MULTIADDR_DNS4 = 54,
  PEERUP_MULTIADDR_DNS6 = 55,
  PEERUP_MULTIADDR_DNSADDR = 56,
  PEERUP_MULTIADDR_UDP = 273,
  PEERUP_MULTIADDR_WEBRTC_DIRECT = 280,
  PEERUP_MULTIADDR_WEBRTC = 281,
  PEERUP_MULTIADDR_P2P_CIRCUIT = 290,
  PEERUP_MULTIADDR_UNIX = 400,
  PEERUP_MULTIADDR_P2P = 421,
  PEERUP_MULTIADDR_TLS = 448,
  PEERUP_MULTIADDR_SNI = 449,
  PEERUP_MULTIADDR_NOISE = 454,
  PEERUP_MULTIADDR_QUIC = 460,
  PEERUP_MULTIADDR_QUIC_V1 = 461,
  PEERUP_MULTIADDR_WEBTRANSPORT = 465,
  PEERUP_MULTIADDR_CERTHASH = 466,
  PEERUP_MULTIADDR_WS = 477,
  PEERUP_MULTIADDR_WSS = 478,
  PEERUP_MULTIADDR_HTTP = 480,
  PEERUP_MULTIADDR_HTTP_PATH = 481,
  PEERUP_MULTIADDR_MEMORY = 777,
} PeerupMultiaddrCode;

/* Longest binary form we accept: far above any real address, small enough that
 * a list of 500 stays harmless. */
#define PEERUP_MULTIADDR_MAX 1024

/* One component, borrowed from its multiaddr: @value are the binary bytes
 * without the length prefix (port: 2 bytes big endian; ip4: 4; p2p: multihash). */
typedef struct
{
  PeerupMultiaddrCode code;
  const guint8 *value;
  gsize length;
} PeerupMultiaddrComponent;

/* A validated multiaddr with at least one component. Immutable, reference counted (atomic). */
typedef struct _PeerupMultiaddr PeerupMultiaddr;

#define PEERUP_TYPE_MULTIADDR (peerup_multiaddr_get_type ())
GType peerup_multiaddr_get_type (void);

PeerupMultiaddr *peerup_multiaddr_new_from_string (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupMultiaddr *
peerup_multiaddr_new_from_bytes (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* printf over peerup_multiaddr_new_from_string(), for addresses of our own making:
 * aborts on a malformed result. */
PeerupMultiaddr *peerup_multiaddr_newf (const char *format, ...) G_GNUC_PRINTF (1, 2) G_GNUC_WARN_UNUSED_RESULT;
PeerupMultiaddr *peerup_multiaddr_ref (PeerupMultiaddr *self);
void peerup_multiaddr_unref (PeerupMultiaddr *self);
/* Canonical (RFC 5952 for IPv6), always valid printable UTF-8. Borrowed. */
const char *peerup_multiaddr_get_string (PeerupMultiaddr *self);
const guint8 *peerup_multiaddr_get_bytes (PeerupMultiaddr *self, gsize *length);
guint peerup_multiaddr_get_n_components (PeerupMultiaddr *self);
void peerup_multiaddr_get_component (PeerupMultiaddr *self, guint index, PeerupMultiaddrComponent *component);
/* The first component of @code; @component may be NULL. */
gboolean peerup_multiaddr_find (PeerupMultiaddr *self, PeerupMultiaddrCode code, PeerupMultiaddrComponent *component);
/* The value of the last component if that is /p2p, else NULL. */
PeerupPeerId *peerup_multiaddr_dup_peer_id (PeerupMultiaddr *self) G_GNUC_WARN_UNUSED_RESULT;
/* Without a trailing /p2p component; NULL if nothing else remains. */
PeerupMultiaddr *peerup_multiaddr_without_peer_id (PeerupMultiaddr *self) G_GNUC_WARN_UNUSED_RESULT;
/* With a trailing /p2p/@peer (unchanged if it ends in exactly that, or in a path, after
 * which nothing can follow). */
PeerupMultiaddr *peerup_multiaddr_with_peer_id (PeerupMultiaddr *self, PeerupPeerId *peer) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): NULL if @self ends in a path. Never longer than both together: the result
 * may be above PEERUP_MULTIADDR_MAX. */
PeerupMultiaddr *peerup_multiaddr_concat (PeerupMultiaddr *self, PeerupMultiaddr *tail) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_multiaddr_equal (gconstpointer a, gconstpointer b);
guint peerup_multiaddr_hash (gconstpointer self);

/* Reads a list of binary addresses (GBytes *), drops each that does not parse or
 * is longer than the cap, stops after @max good ones. Never fails: one bad
 * address does not spoil a list. (transfer full) of PeerupMultiaddr. */
GPtrArray *peerup_multiaddr_list_from_bytes (GPtrArray *list, guint max) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMultiaddr, peerup_multiaddr_unref)

G_END_DECLS
