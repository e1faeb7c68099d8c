/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-varint.h"

G_BEGIN_DECLS

/* Messages with a varint length in front, as identify, circuit relay, DCUtR, AutoNAT
 * and kad send them. The reader takes bytes as they come and never one more than the
 * message has, because a relayed stream goes on with somebody else's bytes. It holds
 * memory for what has arrived, never for what was only declared.
 *
 * Usually embedded in the state of a stream; init and clear are the owner's. */
typedef struct
{
  GByteArray *message;
  gsize max;
  gsize length;
  guint8 prefix[PEERUP_VARINT_SIZE_MAX];
  guint n_prefix;
  gboolean have_length;
} PeerupFrameReader;

/* @max: longest message, in bytes, without its prefix. */
void peerup_frame_reader_init (PeerupFrameReader *self, gsize max);
void peerup_frame_reader_clear (PeerupFrameReader *self);
/* Takes bytes from the front of @data and says in @consumed how many.
 * DONE: a message is whole; take it before feeding on. NEED_MORE: all of @data was
 * taken. MALFORMED: the length is not a minimal varint. TOO_LARGE: it is above the
 * cap. After the last two only clear may follow. */
PeerupDecode peerup_frame_reader_feed (PeerupFrameReader *self, const guint8 *data, gsize length,
                                       gsize *consumed) G_GNUC_WARN_UNUSED_RESULT;
/* How many bytes can be read from a stream now without taking any that are not this
 * message's: 1 within the prefix, else what is missing; 0 when a message is whole. */
gsize peerup_frame_reader_wanted (const PeerupFrameReader *self);
/* TRUE when nothing of a next message has arrived: an end of stream here is clean. */
gboolean peerup_frame_reader_at_start (const PeerupFrameReader *self);
/* The whole message; the reader is then ready for the next. */
GBytes *peerup_frame_reader_take (PeerupFrameReader *self) G_GNUC_WARN_UNUSED_RESULT;

/* Appends prefix and message. */
void peerup_frame_append (GByteArray *out, gconstpointer message, gsize length);
GBytes *peerup_frame_new (gconstpointer message, gsize length) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupFrameReader, peerup_frame_reader_clear)

G_END_DECLS
