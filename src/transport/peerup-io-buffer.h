/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The buffers that carry one batch of input, of which a stream needs one only while it has
 * something to read. They go from hand to hand within a thread instead of through the
 * allocator, where buffers of this size between small objects leave holes: 20 KiB for each
 * idle connection, as measured. */
#define PEERUP_IO_BUFFER_SIZE (128 * 1024)

/* Contents are undefined. Give it back in the same thread. */
guint8 *peerup_io_buffer_take (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_io_buffer_give (guint8 *buffer);

/* The same for output that is made piece by piece: an array with no bytes in it and room for so many. */
#define PEERUP_IO_ARRAY_SIZE (96 * 1024)
GByteArray *peerup_io_array_take (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_io_array_give (GByteArray *array);

G_END_DECLS
