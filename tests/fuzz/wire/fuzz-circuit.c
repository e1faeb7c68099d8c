/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Relay messages: the first byte says which kind; what decodes must survive being
 * written and read again.
 */
#include "wire/peerup-circuit.h"

static void
check_message (PeerupCircuitMessage *message, gboolean stop)
{
  g_autoptr (PeerupCircuitMessage) held = message;
  g_autoptr (PeerupCircuitMessage) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  const guint8 *data;
  gsize length, n_prefix;

  if (message == NULL)
    return;
  encoded = (stop ? peerup_circuit_stop_encode : peerup_circuit_hop_encode) (message);
  data = g_bytes_get_data (encoded, &length);
  n_prefix = length < 129 ? 1 : 2;
  again = (stop ? peerup_circuit_stop_decode : peerup_circuit_hop_decode) (data + n_prefix, length - n_prefix, NULL);
  g_assert_nonnull (again);
  g_assert_cmpint (again->type, ==, message->type);
  g_assert_cmpuint (again->status, ==, message->status);
  g_assert_cmpint (again->has_limit, ==, message->has_limit);
}

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupCircuitVoucher) voucher = NULL;

  if (size == 0)
    return 0;
  if (data[0] % 3 == 2)
    voucher = peerup_circuit_voucher_decode (data + 1, size - 1, NULL);
  else if (data[0] % 3 == 1)
    check_message (peerup_circuit_stop_decode (data + 1, size - 1, NULL), TRUE);
  else
    check_message (peerup_circuit_hop_decode (data + 1, size - 1, NULL), FALSE);
  return 0;
}
