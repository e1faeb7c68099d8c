/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The messages of /peerup/discovery/1.0.0, without the varint length in front. Who asks opens a stream and sends a
 * request; the other side answers with the services that this peer may use, and ends. Each is told by its name and
 * the protocol that it is used by, and where its owner says so by a kind, which programs go by ("ssh", "http"), and
 * tags, which people read. A later version may say more: fields that are not known here are passed over. */

/* Bytes of one message. */
#define PEERUP_DISCOVERY_REQUEST_MAX  256
#define PEERUP_DISCOVERY_RESPONSE_MAX (64 * 1024)
#define PEERUP_DISCOVERY_SERVICES_MAX 256
/* Of one service, and bytes of each. */
#define PEERUP_DISCOVERY_TAGS_MAX     16
#define PEERUP_DISCOVERY_TAG_MAX      64
#define PEERUP_DISCOVERY_PROTOCOL_MAX 96
#define PEERUP_DISCOVERY_VERSION      1

typedef struct
{
  char *name;     /* a label (peerup-label.h) */
  char *kind;     /* a label, or "" */
  char **tags;    /* never NULL; each is one by peerup_discovery_is_tag() */
  char *protocol; /* printable ASCII from "/" on */
} PeerupDiscoveryService;

/* 1 to PEERUP_DISCOVERY_TAG_MAX bytes of UTF-8 that show as what they are: no control or format (bidi) characters, and
 * no line ends. */
gboolean peerup_discovery_is_tag (const char *text, gsize length);

/* @kind: nullable, a label or "". @tags: nullable; those that are none, that are there already or are too many are left
 * out. The protocol is "/peerup/NAME/1.0.0". */
PeerupDiscoveryService *
peerup_discovery_service_new (const char *name, const char *kind, const char *const *tags) G_GNUC_WARN_UNUSED_RESULT;
void peerup_discovery_service_free (PeerupDiscoveryService *self);

/* Framed, behind its length. */
GBytes *peerup_discovery_request_encode (void) G_GNUC_WARN_UNUSED_RESULT;
/* MALFORMED, TOO_LARGE. @version: of who asks, 0 if it does not say. */
gboolean peerup_discovery_request_decode (gconstpointer data, gsize length, guint *version,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @services: of PeerupDiscoveryService. Framed. What does not fit is left out: first the tags of all, then what is
 * above PEERUP_DISCOVERY_SERVICES_MAX. */
GBytes *peerup_discovery_response_encode (GPtrArray *services) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) (element-type PeerupDiscoveryService): in the order of their names, each name once. A service whose
 * name is no label is dropped, and so is a kind or a tag that is not of its form. MALFORMED; TOO_LARGE: a message above
 * the limits. */
GPtrArray *
peerup_discovery_response_decode (gconstpointer data, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupDiscoveryService, peerup_discovery_service_free)

G_END_DECLS
