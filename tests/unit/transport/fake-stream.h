/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* A stream whose every answer the test decides, and which remembers what was done to it. */
#define FAKE_TYPE_STREAM (fake_stream_get_type ())
G_DECLARE_FINAL_TYPE (FakeStream, fake_stream, FAKE, STREAM, PeerupStream)

struct _FakeStream
{
  PeerupStream parent_instance;
  GByteArray *input;  /* what reads give */
  GByteArray *output; /* what was written */
  GError *read_error; /* after the input */
  GError *write_error;
  gsize room;        /* bytes that writes still take */
  gsize read_limit;  /* most bytes of one read */
  gsize write_limit; /* most bytes of one write */
  guint n_reads;
  guint n_writes;
  gsize largest_read;
  guint32 reset_code;
  gboolean can_peek;
  gboolean ended; /* after the input */
  gboolean read_closed;
  gboolean write_closed;
  gboolean was_reset;
};

FakeStream *fake_stream_new (void);
void fake_stream_push (FakeStream *self, gconstpointer data, gsize length);
void fake_stream_end (FakeStream *self);
void fake_stream_add_room (FakeStream *self, gsize room);
void fake_stream_fail (FakeStream *self, GIOCondition condition, GQuark domain, int code);

G_END_DECLS
