/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-yamux-connection.h"

G_BEGIN_DECLS

/* Two yamux connections over a pipe in memory; or one, with the bare pipe on the other side. */
typedef struct
{
  PeerupConnection *a; /* the client */
  PeerupConnection *b; /* the server, or NULL */
  PeerupStream *raw;   /* the server's end of the pipe, or NULL */
  GPtrArray *accepted; /* streams that b was given */
} Fixture;

Fixture *fixture_new (gsize capacity, const PeerupYamuxLimits *limits);
Fixture *fixture_new_raw (gsize capacity, const PeerupYamuxLimits *limits);
/* Over a pair of Unix sockets. */
Fixture *fixture_new_sockets (void);
/* Closes what is open and waits until it is. */
void fixture_free (Fixture *self);

/* Opens a stream from a. */
PeerupStream *fixture_open (Fixture *self);
/* Opens a stream from a and waits until b has it too. */
PeerupStream *fixture_join (Fixture *self, PeerupStream **accepted);

/* Everything that can happen now happens. */
void settle_down (void);
/* Iterates the main loop until @condition; fails when that takes 20 s. */
#define spin_until(condition)                                      \
  G_STMT_START                                                     \
  {                                                                \
    gint64 until_ = g_get_monotonic_time () + 20 * G_USEC_PER_SEC; \
    while (!(condition))                                           \
      {                                                            \
        g_assert_cmpint (g_get_monotonic_time (), <, until_);      \
        g_main_context_iteration (NULL, FALSE);                    \
      }                                                            \
  }                                                                \
  G_STMT_END

/* Reads all there is now. */
GByteArray *read_now (PeerupStream *stream);
/* Writes frames in the text form of yamux-side.h to the bare pipe. */
void raw_send (Fixture *self, const char *frames);
/* The frames the connection sent to the bare pipe. */
char *raw_take (Fixture *self);

#define assert_raw(fixture, expected)           \
  G_STMT_START                                  \
  {                                             \
    g_autofree char *raw_ = raw_take (fixture); \
    g_assert_cmpstr (raw_, ==, expected);       \
  }                                             \
  G_STMT_END

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Fixture, fixture_free)

G_END_DECLS
