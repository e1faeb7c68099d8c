/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/yamux/peerup-yamux-private.h"

G_BEGIN_DECLS

/* One session under test with what it sent and told. Frames are written as text:
 * a letter for the type (D, W, P, G), flags (S, A, F, R), stream id, length, as in
 * "W:S:1:0 D:AF:1:5". */
typedef struct _Side Side;
typedef void (*SideHook) (Side *self, PeerupYamuxChannel *channel);

struct _Side
{
  PeerupYamux *yamux;
  GByteArray *out; /* sent and not taken yet */
  guint n_sends;
  GString *log;      /* events: "opened 1 readable 1 closed 1 " */
  GPtrArray *opened; /* inbound channels, referenced */
  gint64 now;
  GError *error;           /* of the last feed */
  gboolean writes_through; /* what is sent has left at once */
  gsize buffered;          /* as it was told last */
  gsize max_buffered;      /* more is refused */
  SideHook on_opened;
  SideHook on_readable;
  SideHook on_writable;
  SideHook on_closed;
  gpointer data;
};

Side *side_new (gboolean is_client, const PeerupYamuxLimits *limits);
void side_free (Side *self);

/* Feeds raw bytes from a copy of exactly their size; remembers the error. */
gboolean side_feed (Side *self, gconstpointer data, gsize length);
/* Feeds frames in the text form; payload of data frames is filled with a pattern. */
gboolean side_feed_frames (Side *self, const char *frames);
/* The same as bytes. */
GByteArray *frames_to_bytes (const char *frames);
/* And back; it must be whole frames. */
char *bytes_to_frames (GByteArray *bytes);
/* Takes what was sent, as frames. */
char *side_take_frames (Side *self);
char *side_take_log (Side *self);

#define assert_frames(side, expected)                   \
  G_STMT_START                                          \
  {                                                     \
    g_autofree char *frames_ = side_take_frames (side); \
    g_assert_cmpstr (frames_, ==, expected);            \
  }                                                     \
  G_STMT_END
#define assert_log(side, expected)                \
  G_STMT_START                                    \
  {                                               \
    g_autofree char *log_ = side_take_log (side); \
    g_assert_cmpstr (log_, ==, expected);         \
  }                                               \
  G_STMT_END

/* Opens a stream and takes its SYN; the side's session holds it, and so does the caller. */
PeerupYamuxChannel *side_open (Side *self);
/* Reads and drops everything that waits. */
gsize side_drain (Side *self, PeerupYamuxChannel *channel);
gsize side_write (PeerupYamuxChannel *channel, gsize length);

/* Moves up to @max bytes from one side's output to the other. */
gsize side_move (Side *from, Side *to, gsize max);
/* Moves everything both ways until nothing is left, in random pieces if @rand is given. */
void side_pump (Side *a, Side *b, GRand *rand);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Side, side_free)

G_END_DECLS
