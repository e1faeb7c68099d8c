/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* First byte: the role (bit 0) and how many bytes are fed at a time; then all that the
 * peer sends, handshake and frames. The keys are fixed, so a kept input goes all the way. */

#include <string.h>

#include "transport/noise/peerup-noise.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static const char *const muxers[] = { "/yamux/1.0.0", "/mplex/6.7.0", NULL };

static PeerupNoise *
new_side (gboolean initiator)
{
  PeerupNoiseKeys keys;
  guint8 seed[32];
  g_autoptr (PeerupPrivateKey) identity = NULL;

  memset (seed, initiator ? 1 : 2, sizeof seed);
  memset (keys.static_key, initiator ? 0x11 : 0x22, sizeof keys.static_key);
  memset (keys.ephemeral_key, initiator ? 0x33 : 0x44, sizeof keys.ephemeral_key);
  identity = peerup_private_key_new_from_seed (seed, NULL);
  return peerup_noise_new (initiator, identity, NULL, muxers, &keys, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupNoise) noise = new_side (size > 0 && (data[0] & 1));
  gsize step = size > 0 ? 1 + data[0] / 2 * 8 : 1;
  gsize at = 1, consumed, produced;

  for (; at < size && !peerup_noise_is_done (noise); at += consumed)
    {
      g_autofree guint8 *copy = g_memdup2 (data + at, MIN (step, size - at));
      g_autoptr (GBytes) output = NULL;

      if (!peerup_noise_feed (noise, copy, MIN (step, size - at), &consumed, NULL))
        return 0;
      output = peerup_noise_take_output (noise);
    }

  if (at < size)
    {
      g_autofree guint8 *copy = g_memdup2 (data + at, size - at);
      g_autofree guint8 *out = g_malloc (size);

      if (peerup_noise_decrypt (noise, copy, size - at, out, size, &consumed, &produced, NULL))
        g_assert (consumed <= size - at && produced <= consumed);
    }
  return 0;
}
