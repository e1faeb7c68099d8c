/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Transport frames: two bytes of length, big endian, then ciphertext and tag. The data path
 * of a channel: it works between the caller's buffers, allocates nothing and keeps nothing
 * but the cipher's counter. */

#include "transport/noise/peerup-noise-frames.h"

#include <string.h>

#include "transport/noise/peerup-noise.h"

#define PREFIX_SIZE PEERUP_NOISE_PREFIX_SIZE
G_STATIC_ASSERT (PEERUP_NOISE_FRAME_OVERHEAD == PREFIX_SIZE + PEERUP_NOISE_TAG_SIZE);
G_STATIC_ASSERT (PEERUP_NOISE_PLAINTEXT_MAX == 0xffff - PEERUP_NOISE_TAG_SIZE);

guint
peerup_noise_prefix_read (const guint8 *prefix)
{
  return (guint) prefix[0] << 8 | prefix[1];
}

void
peerup_noise_prefix_write (guint8 *prefix, gsize length)
{
  g_assert (length <= 0xffff);
  prefix[0] = length >> 8;
  prefix[1] = length & 0xff;
}

/* Reads on in a list of vectors. */
typedef struct
{
  const GOutputVector *vectors;
  gsize n_vectors;
  gsize offset; /* in the first of them */
} Cursor;

static gsize
cursor_left (const Cursor *cursor)
{
  gsize left = 0;

  for (gsize i = 0; i < cursor->n_vectors; i++)
    left += cursor->vectors[i].size;
  return left - cursor->offset;
}

static void
cursor_copy (Cursor *cursor, guint8 *out, gsize count)
{
  while (count > 0)
    {
      const GOutputVector *vector = cursor->vectors;
      gsize piece = MIN (count, vector->size - cursor->offset);

      if (piece > 0)
        memcpy (out, (const guint8 *) vector->buffer + cursor->offset, piece);
      out += piece;
      count -= piece;
      cursor->offset += piece;
      if (cursor->offset == vector->size)
        {
          cursor->vectors++;
          cursor->n_vectors--;
          cursor->offset = 0;
        }
    }
}

gboolean
peerup_noise_frames_encrypt (PeerupNoiseCipher *cipher, const GOutputVector *vectors, gsize n_vectors, guint8 *out,
                             gsize capacity, gsize *consumed, gsize *produced, GError **error)
{
  Cursor cursor = { vectors, n_vectors, 0 };
  gsize left = cursor_left (&cursor);

  *consumed = *produced = 0;
  while (left > 0 && capacity - *produced > PEERUP_NOISE_FRAME_OVERHEAD)
    {
      gsize room = capacity - *produced - PEERUP_NOISE_FRAME_OVERHEAD;
      gsize size = MIN (MIN (left, room), PEERUP_NOISE_PLAINTEXT_MAX);
      guint8 *frame = out + *produced;
      guint8 *body = frame + PREFIX_SIZE;

      /* The copy costs a fraction of the cipher, and makes one path for any vectors. */
      cursor_copy (&cursor, body, size);
      peerup_noise_prefix_write (frame, size + PEERUP_NOISE_TAG_SIZE);
      if (!peerup_noise_cipher_encrypt (cipher, NULL, 0, body, size, body, error))
        return FALSE;

      left -= size;
      *consumed += size;
      *produced += size + PEERUP_NOISE_FRAME_OVERHEAD;
    }
  return TRUE;
}

gsize
peerup_noise_frame_size (const guint8 *data, gsize length)
{
  return length < PREFIX_SIZE ? 0 : PREFIX_SIZE + peerup_noise_prefix_read (data);
}

gboolean
peerup_noise_frames_decrypt (PeerupNoiseCipher *cipher, const guint8 *data, gsize length, guint8 *out, gsize capacity,
                             gsize *consumed, gsize *produced, GError **error)
{
  *consumed = *produced = 0;
  while (*consumed < length)
    {
      const guint8 *frame = data + *consumed;
      gsize left = length - *consumed;
      gsize size = peerup_noise_frame_size (frame, left);
      gsize plaintext = size > PEERUP_NOISE_FRAME_OVERHEAD ? size - PEERUP_NOISE_FRAME_OVERHEAD : 0;

      if (size == 0 || size > left || plaintext > capacity - *produced)
        break;

      if (!peerup_noise_cipher_decrypt (cipher, NULL, 0, frame + PREFIX_SIZE, size - PREFIX_SIZE, out + *produced,
                                        error))
        return FALSE;
      *consumed += size;
      *produced += plaintext;
    }
  return TRUE;
}

gboolean
peerup_noise_frames_decrypt_in_place (PeerupNoiseCipher *cipher, guint8 *data, gsize length, guint8 **plaintext,
                                      gsize *plaintext_length, gsize *consumed, GError **error)
{
  gsize size = peerup_noise_frame_size (data, length);
  guint8 *body = data + PREFIX_SIZE;

  *plaintext = NULL;
  *plaintext_length = *consumed = 0;
  if (size == 0 || size > length)
    return TRUE;

  if (!peerup_noise_cipher_decrypt (cipher, NULL, 0, body, size - PREFIX_SIZE, body, error))
    return FALSE;
  *plaintext = body;
  *plaintext_length = size - PEERUP_NOISE_FRAME_OVERHEAD;
  *consumed = size;
  return TRUE;
}
