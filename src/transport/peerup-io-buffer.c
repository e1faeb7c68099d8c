/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A few spare buffers a thread. The last one given is the next one taken, for it is still in
 * the cache; spares go with their thread. */

#include "transport/peerup-io-buffer.h"

#define SPARES_MAX 4

static GPrivate thread_spares = G_PRIVATE_INIT ((GDestroyNotify) g_ptr_array_unref);

static GPtrArray *
get_spares (void)
{
  GPtrArray *spares = g_private_get (&thread_spares);

  if (spares == NULL)
    {
      spares = g_ptr_array_new_with_free_func (g_free);
      g_private_set (&thread_spares, spares);
    }
  return spares;
}

guint8 *
peerup_io_buffer_take (void)
{
  GPtrArray *spares = get_spares ();

  return spares->len > 0 ? g_ptr_array_steal_index_fast (spares, spares->len - 1) : g_malloc (PEERUP_IO_BUFFER_SIZE);
}

void
peerup_io_buffer_give (guint8 *buffer)
{
  GPtrArray *spares = get_spares ();

  if (spares->len < SPARES_MAX)
    g_ptr_array_add (spares, buffer);
  else
    g_free (buffer);
}

/* One is enough: nearly all who take it give it back before somebody else has a turn. */
static GPrivate thread_array = G_PRIVATE_INIT ((GDestroyNotify) g_byte_array_unref);

GByteArray *
peerup_io_array_take (void)
{
  GByteArray *array = g_private_get (&thread_array);

  if (array == NULL)
    return g_byte_array_sized_new (PEERUP_IO_ARRAY_SIZE);
  g_private_set (&thread_array, NULL);
  return array;
}

void
peerup_io_array_give (GByteArray *array)
{
  if (g_private_get (&thread_array) != NULL)
    {
      g_byte_array_unref (array);
      return;
    }
  g_byte_array_set_size (array, 0);
  g_private_set (&thread_array, array);
}
