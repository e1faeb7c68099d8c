/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

/* Requests, replies and notices of pairing at a relay; the first byte says which. What is read is written again, and
 * read the same. */

#include "pairing/peerup-original-pair.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static void
check (PeerupGroupNews *news, GBytes *(*encode) (const PeerupGroupNews *),
       PeerupGroupNews *(*parse) (gconstpointer, gsize, GError **) )
{
  g_autoptr (PeerupGroupNews) read = news;
  g_autoptr (GBytes) written = read != NULL ? encode (read) : NULL;
  g_autoptr (PeerupGroupNews) again =
    written != NULL ? parse (g_bytes_get_data (written, NULL), g_bytes_get_size (written), NULL) : NULL;

  g_assert ((again == NULL) == (read == NULL));
  g_assert (again == NULL || again->peers->len == read->peers->len);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_auto (PeerupGroupRequest) request = { 0 };

  if (size == 0)
    return 0;
  if (data[0] % 3 == 0 && peerup_group_request_parse (data + 1, size - 1, &request, NULL))
    g_assert (g_utf8_validate (request.name, -1, NULL));
  if (data[0] % 3 == 1)
    check (peerup_group_reply_parse (data + 1, size - 1, NULL), peerup_group_reply_encode, peerup_group_reply_parse);
  if (data[0] % 3 == 2)
    check (peerup_group_notice_parse (data + 1, size - 1, NULL), peerup_group_notice_encode, peerup_group_notice_parse);
  return 0;
}
