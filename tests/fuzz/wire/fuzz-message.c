/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The generated messages behind the check in front of them; the first byte chooses
 * which.
 */
#include "wire/peerup-message.h"
#include "wire/proto/identify.pb-c.h"
#include "wire/proto/noise.pb-c.h"
#include "wire/proto/peer-record.pb-c.h"

#define FIELDS_MAX 256

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const ProtobufCMessageDescriptor *const types[] = {
    &peerup__identify__descriptor,
    &peerup__noise_payload__descriptor,
    &peerup__peer_record__descriptor,
  };
  const ProtobufCMessageDescriptor *type;
  g_autoptr (GBytes) packed = NULL;
  gpointer message;
  gpointer again;

  if (size == 0)
    return 0;
  type = types[data[0] % G_N_ELEMENTS (types)];
  message = peerup_message_unpack (type, data + 1, size - 1, FIELDS_MAX, NULL);
  if (message == NULL)
    return 0;

  packed = peerup_message_pack (message);
  again = peerup_message_unpack (type, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), FIELDS_MAX, NULL);
  g_assert_nonnull (again);
  peerup_message_free (again);
  peerup_message_free (message);
  return 0;
}
