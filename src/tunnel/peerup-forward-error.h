/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* What a person is told when a forward cannot do its work: the peer, the service, the
 * reason and the next step. @peer is what to call the peer, @self_id is ours. */

/* Whether opening a stream may go better a moment later: TRUE when the peer was not
 * reached, FALSE when it (or whoever answered in its place) refused. */
gboolean peerup_forward_may_retry (const GError *error);
/* The stream could not be opened. */
char *peerup_forward_describe_refusal (const GError *error, const char *peer, const char *service,
                                       PeerupPeerId *self_id) G_GNUC_WARN_UNUSED_RESULT;
/* The stream broke. @reset_code: of the stream. @had_answer: bytes had come from the peer. */
char *peerup_forward_describe_cut (const GError *error, guint32 reset_code, gboolean had_answer, const char *peer,
                                   const char *service, PeerupPeerId *self_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
