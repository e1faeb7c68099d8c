/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Bytes of a line without its length prefix, newline included. */
#define PEERUP_MULTISTREAM_LINE_MAX 1024

/* Proposals a listener hears in one negotiation before it gives up. */
#define PEERUP_MULTISTREAM_PROPOSALS_MAX 64

/* One multistream-select negotiation, either side of it (connections/README.md,
 * "multistream-select"). A machine of bytes: it has no socket and no clock, so the
 * deadline of a negotiation belongs to its caller.
 *
 *   take_output() -> send -> receive -> feed() -> take_output() -> …
 *
 * until get_protocol() is not NULL or feed() fails. Not thread-safe. */
typedef struct _PeerupMultistream PeerupMultistream;

/**
 * PeerupMultistreamServes:
 * @protocol: a protocol ID the peer proposed: valid UTF-8, no control characters,
 *   at most 1023 bytes
 *
 * Says whether a listener serves @protocol. Must not free the machine that asks.
 */
typedef gboolean (*PeerupMultistreamServes) (const char *protocol, gpointer user_data);

/**
 * peerup_multistream_new_dialer:
 * @protocols: (array zero-terminated=1): one or more IDs, the preferred one first;
 *   each must pass peerup_multistream_is_valid_protocol()
 *
 * The header and the first proposal are output at once. With a single protocol the
 * caller may be lazy: send application data right behind that output, without waiting,
 * and feed the two lines of the answer when they come. If the peer then refuses, the
 * data sent is lost and the stream must be reset.
 *
 * Returns: (transfer full): free with peerup_multistream_free()
 */
PeerupMultistream *peerup_multistream_new_dialer (const char *const *protocols) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_multistream_new_listener:
 * @serves: asked once for each proposal
 *
 * The header is output at once. Where the dialer may be waiting for it (a new TCP
 * connection) send it before the first feed(); on a stream the dialer has opened, feed()
 * first and send header and answer together.
 *
 * A proposal that is not served is answered with "na", and so is "ls": the specification
 * leaves listing optional, go no longer answers it, and the names of our services are
 * nothing to show to a peer that may not use them.
 *
 * Returns: (transfer full): free with peerup_multistream_free()
 */
PeerupMultistream *
peerup_multistream_new_listener (PeerupMultistreamServes serves, gpointer user_data) G_GNUC_WARN_UNUSED_RESULT;

/**
 * peerup_multistream_feed:
 * @consumed: (out): bytes of @data that belonged to the negotiation
 *
 * Takes in received bytes, in any pieces. Stops exactly behind the line that ends the
 * negotiation: what is left of @data is the application's. After the end it consumes
 * nothing and returns %TRUE.
 *
 * Errors: TOO_LARGE (a line above the cap), MALFORMED (overlong or zero length, no newline,
 * not UTF-8, control characters), PROTOCOL (no header, or an answer to something never
 * proposed), NEGOTIATION (dialer: all was refused; the message lists it), LIMIT (listener:
 * too many proposals), CLOSED (failed before). All are final.
 */
gboolean peerup_multistream_feed (PeerupMultistream *self, gconstpointer data, gsize length, gsize *consumed,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full) (nullable): what is to be sent now, NULL for nothing. What was
 * output before a failure need not be sent. */
GBytes *peerup_multistream_take_output (PeerupMultistream *self) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (nullable): the protocol agreed on, NULL while there is none. Borrowed. */
const char *peerup_multistream_get_protocol (const PeerupMultistream *self);

/* Whether @protocol can stand in a line: 1 to 1023 bytes of UTF-8 without control
 * characters, and not one of the words the protocol keeps for itself. */
gboolean peerup_multistream_is_valid_protocol (const char *protocol);

void peerup_multistream_free (PeerupMultistream *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupMultistream, peerup_multistream_free)

G_END_DECLS
