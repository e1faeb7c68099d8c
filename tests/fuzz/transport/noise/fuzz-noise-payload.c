/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* The payload of a handshake message, as one sees it who can encrypt: any peer. */

#include "transport/noise/peerup-noise-payload.h"
#include "transport/noise/peerup-noise.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  /* The X25519 public key of 32 bytes of 0x11. */
  static const guint8 static_public[] = { 0x7b, 0x4e, 0x90, 0x9b, 0xbe, 0x7f, 0xfe, 0x44, 0xc4, 0x65, 0xa2,
                                          0x20, 0x03, 0x7d, 0x60, 0x8e, 0xe3, 0x58, 0x97, 0xd3, 0x1e, 0xf9,
                                          0x72, 0xf0, 0x7f, 0x74, 0x89, 0x2c, 0xb0, 0xf7, 0x3f, 0x13 };
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_auto (GStrv) muxers = NULL;
  g_autoptr (PeerupPublicKey) key = peerup_noise_payload_open (copy, size, static_public, &muxers, NULL);

  g_assert (key != NULL || muxers == NULL);
  g_assert (muxers == NULL || g_strv_length (muxers) <= PEERUP_NOISE_MUXERS_MAX);
  return 0;
}
