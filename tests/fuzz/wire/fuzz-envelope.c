/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * An envelope, and whatever is in it read as a peer record; both must survive being
 * written and read again.
 */
#include "wire/peerup-envelope.h"
#include "wire/peerup-peer-record.h"

static void
check_record (const guint8 *data, gsize size)
{
  g_autoptr (PeerupPeerRecord) record = peerup_peer_record_decode (data, size, NULL);
  g_autoptr (PeerupPeerRecord) again = NULL;
  g_autoptr (GBytes) encoded = NULL;

  if (record == NULL)
    return;
  encoded = peerup_peer_record_encode (record);
  again = peerup_peer_record_decode (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->addresses->len, ==, record->addresses->len);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupEnvelope) envelope = peerup_envelope_decode (data, size, NULL);

  check_record (data, size);
  if (envelope != NULL)
    {
      g_autoptr (GBytes) encoded = peerup_envelope_encode (envelope);
      g_autoptr (PeerupEnvelope) again =
        peerup_envelope_decode (g_bytes_get_data (encoded, NULL), g_bytes_get_size (encoded), NULL);

      g_assert_nonnull (again);
      check_record (g_bytes_get_data (envelope->payload, NULL), g_bytes_get_size (envelope->payload));
    }
  return 0;
}
