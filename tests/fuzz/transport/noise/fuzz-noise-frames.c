/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Transport frames: as what the peer sends, and as plaintext cut anywhere (the first two
 * bytes say where) into buffers of any size, which must come out as it went in. */

#include <string.h>

#include "transport/noise/peerup-noise-frames.h"
#include "transport/noise/peerup-noise.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  static const guint8 key[32];
  gsize cut = size < 2 ? 0 : MIN (data[0], size);
  gsize capacity = size < 2 ? 0 : data[1] * 8;
  GOutputVector vectors[] = { { data, cut }, { data + cut, size - cut } };
  g_autofree guint8 *sealed = g_malloc (capacity);
  g_autofree guint8 *out = g_malloc (size);
  g_autofree guint8 *copy = g_memdup2 (data, size);
  PeerupNoiseCipher a = { 0 }, b = { 0 };
  gsize consumed, produced, read, opened;

  g_assert (peerup_noise_cipher_set_key (&a, key, NULL) && peerup_noise_cipher_set_key (&b, key, NULL));
  if (peerup_noise_frames_decrypt (&a, copy, size, out, size, &read, &opened, NULL))
    g_assert (read <= size && opened <= read);

  g_assert (peerup_noise_cipher_set_key (&a, key, NULL));
  g_assert (peerup_noise_frames_encrypt (&a, vectors, 2, sealed, capacity, &consumed, &produced, NULL));
  g_assert (produced <= capacity && (capacity < size + PEERUP_NOISE_FRAME_OVERHEAD || consumed == size));
  g_assert (peerup_noise_frames_decrypt (&b, sealed, produced, out, size, &read, &opened, NULL));
  g_assert (read == produced && opened == consumed && (opened == 0 || memcmp (out, data, opened) == 0));

  peerup_noise_cipher_clear (&a);
  peerup_noise_cipher_clear (&b);
  return 0;
}
