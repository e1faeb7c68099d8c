/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>
#include <string.h>

#include "transport/peerup-pipe-stream.h"
#include "wire/peerup-error.h"

/* Running the default main context, and fibers in it, from tests. */

static inline gboolean
test_out_of_time (gpointer data)
{
  g_error ("The test waited for a minute");
  return G_SOURCE_REMOVE;
}

/* Everything that is due now. */
static inline void
test_spin (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    continue;
}

/* Until @future has ended, which is taken and given back. */
static inline DexFuture *
test_finish (DexFuture *future)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
  return future;
}

/* Until *@object is NULL: a weak pointer. */
static inline void
test_wait_gone (gpointer *object)
{
  guint guard = g_timeout_add_seconds (60, test_out_of_time, NULL);

  while (*object != NULL)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (guard);
}

/* (transfer full): what @future, which is taken, resolves to. */
static inline gpointer
test_take_object (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) ended = test_finish (future);
  const GValue *value = dex_future_get_value (ended, error);

  return value != NULL ? g_value_dup_object (value) : NULL;
}

/* @future, which is taken, rejects; why. */
static inline GError *
test_take_error (DexFuture *future)
{
  g_autoptr (DexFuture) ended = test_finish (future);
  GError *error = NULL;

  g_assert_null (dex_future_get_value (ended, &error));
  g_assert_nonnull (error);
  return error;
}

/* Runs @func, which returns NULL, as a fiber to its end. */
static inline void
test_run_fiber (DexFiberFunc func, gpointer data)
{
  dex_unref (test_finish (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, func, data, NULL)));
}

/* Far enough for anything that works. */
static inline gint64
test_deadline (void)
{
  return g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
}

static inline void
test_assert_blocks (PeerupStream *stream)
{
  g_autoptr (GError) error = NULL;
  guint8 byte;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

static inline void
test_assert_reads (PeerupStream *stream, const char *expected)
{
  g_autoptr (GError) error = NULL;
  char buffer[256];
  gssize n = peerup_stream_read (stream, buffer, sizeof buffer, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (buffer, n, expected, strlen (expected));
}

static inline void
test_assert_writes (PeerupStream *stream, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (peerup_stream_write (stream, text, strlen (text), &error), ==, strlen (text));
  g_assert_no_error (error);
}

/* Both directions fail with @code. */
static inline void
test_assert_fails (PeerupStream *stream, int code)
{
  g_autoptr (GError) read_error = NULL;
  g_autoptr (GError) write_error = NULL;
  guint8 byte = 0;

  g_assert_cmpint (peerup_stream_read (stream, &byte, 1, &read_error), ==, -1);
  g_assert_error (read_error, PEERUP_ERROR, code);
  g_assert_cmpint (peerup_stream_write (stream, &byte, 1, &write_error), ==, -1);
  g_assert_error (write_error, PEERUP_ERROR, code);
  g_assert_cmpint (peerup_stream_poll (stream), ==, G_IO_IN | G_IO_OUT);
}

/* One byte of a pattern that is easy to check at any place. */
static inline guint8
test_pattern (gsize at)
{
  return at * 31 + at / 257;
}
