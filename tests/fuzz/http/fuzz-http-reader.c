/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Requests, one after the other: what is read at once is read the same in single bytes. */

#include "http/peerup-http-reader.h"

#define HEAD_MAX 2048
#define BODY_MAX 512

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

/* A hash of all requests that are in it, and of how it ends. */
static guint
read_all (const guint8 *data, size_t size, size_t step)
{
  g_autoptr (PeerupHttpReader) reader = peerup_http_reader_new (HEAD_MAX, BODY_MAX);
  guint hash = 0;
  size_t at = 0;

  while (at < size && peerup_http_reader_get_state (reader) != PEERUP_HTTP_READER_REFUSED)
    {
      at += peerup_http_reader_feed (reader, (const char *) data + at, MIN (step, size - at));
      if (peerup_http_reader_get_state (reader) == PEERUP_HTTP_READER_WHOLE)
        {
          g_autoptr (GBytes) body = peerup_http_reader_take_body (reader);

          g_assert (g_bytes_get_size (body) <= BODY_MAX);
          hash = hash * 31 + g_bytes_hash (body) + g_str_hash (peerup_http_reader_get_method (reader)) +
                 g_str_hash (peerup_http_reader_get_path (reader)) +
                 g_str_hash (peerup_http_reader_get_field (reader, "Host")) +
                 (guint) peerup_http_reader_wants_close (reader);
          peerup_http_reader_next (reader);
        }
    }
  return hash * 31 + (guint) peerup_http_reader_get_state (reader);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_assert (read_all (data, size, MAX (size, 1)) == read_all (data, size, 1));
  return 0;
}
