/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* Two streams joined both ways: what one side sends the other side gets, end and
 * reset included, and a side that does not read stops the one that sends. An idle
 * splice holds no buffer. Owned by whoever made it, in the thread of its streams. */
typedef struct _PeerupSplice PeerupSplice;

/* Most bytes moved one way in one callback, and most that wait in one direction. */
#define PEERUP_SPLICE_CHUNK (256 * 1024)

typedef struct
{
  guint64 limit; /* bytes that may go each way; G_MAXUINT64: any number */
  gsize share;   /* bytes moved one way in one callback, of a source that shows its buffer; 1 to PEERUP_SPLICE_CHUNK */
} PeerupSpliceOptions;

/* Called once, from the reactor, when both directions have ended. @failed and @error: NULL if
 * both ended by an end of stream, else the stream whose reading or writing cut the splice, and
 * why; both streams are reset then. May free the splice.
 *
 * PEERUP_ERROR_LIMIT: @failed has sent more than the limit. Exactly the limit was written to the
 * other stream, nothing moves any more, and both are left for the callee to reset: a
 * reset at once would overtake the last bytes. */
typedef void (*PeerupSpliceFunc) (PeerupSplice *self, PeerupStream *failed, const GError *error, gpointer data);

/* Takes references. Nothing else may read or write the streams from now on, and the
 * bytes begin to move at the next dispatch. @data must outlive the splice. */
PeerupSplice *
peerup_splice_new (PeerupStream *a, PeerupStream *b, PeerupSpliceFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
PeerupSplice *peerup_splice_new_full (PeerupStream *a, PeerupStream *b, const PeerupSpliceOptions *options,
                                      PeerupSpliceFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Resets both streams with @code unless the splice has ended. The callback is not called any more. */
void peerup_splice_cancel (PeerupSplice *self, guint32 code);
/* Cancels with PEERUP_STREAM_CODE_NONE first if it has not ended. */
void peerup_splice_free (PeerupSplice *self);
/* Bytes written so far to b (read from a) and to a. */
void peerup_splice_get_bytes (PeerupSplice *self, guint64 *a_to_b, guint64 *b_to_a);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupSplice, peerup_splice_free)

G_END_DECLS
