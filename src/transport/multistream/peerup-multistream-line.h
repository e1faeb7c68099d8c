/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/multistream/peerup-multistream.h"

G_BEGIN_DECLS

/* Room for the text of any line and its terminating zero. */
#define PEERUP_MULTISTREAM_TEXT_SIZE PEERUP_MULTISTREAM_LINE_MAX

/* Reads the length prefix at the start of @data. @size is the size of the whole line,
 * prefix included, or 0 while the prefix is incomplete. Errors: TOO_LARGE, MALFORMED. */
gboolean peerup_multistream_line_measure (const guint8 *data, gsize length, gsize *size,
                                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Reads one line, for which peerup_multistream_line_measure() gave @size, and writes its
 * text without the newline to @text. Errors: MALFORMED. */
gboolean peerup_multistream_line_read (const guint8 *line, gsize size, char text[PEERUP_MULTISTREAM_TEXT_SIZE],
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Appends one line. @text fits: at most PEERUP_MULTISTREAM_TEXT_SIZE - 1 bytes. */
void peerup_multistream_line_append (GByteArray *out, const char *text);

/* Whether all of @text may stand in a line: UTF-8 without control characters. */
gboolean peerup_multistream_line_is_text (const char *text, gsize length);

G_END_DECLS
