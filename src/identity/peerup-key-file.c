/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The identity's file: libp2p's PrivateKey protobuf and nothing else, so that an
 * identity moves between implementations by copying.
 * Used at start-up only; blocks. Refuses a file that other users can read, and never
 * overwrites one: a lost identity cannot be made again.
 */
#include "identity/peerup-atomic-file.h"

#include <glib/gi18n-lib.h>
#include "identity/peerup-private-key.h"
#include "wire/peerup-key-protobuf.h"

PeerupPrivateKey *
peerup_key_file_load (const char *path, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  PeerupPrivateKey *key;
  gconstpointer data;
  gsize length;

  g_return_val_if_fail (path != NULL, NULL);

  bytes = peerup_private_file_read (path, 0077, PEERUP_PRIVATE_KEY_MAX, error);
  if (bytes == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  key = peerup_private_key_new_from_protobuf (data, length, error);
  if (key == NULL)
    g_prefix_error (error, _ ("%s is not an identity key: "), path);
  return key;
}

gboolean
peerup_key_file_create (const char *path, PeerupPrivateKey *key, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;
  gconstpointer data;
  gsize length;

  g_return_val_if_fail (path != NULL && key != NULL, FALSE);

  bytes = peerup_private_key_to_protobuf (key);
  data = g_bytes_get_data (bytes, &length);
  return peerup_atomic_file_create (path, data, length, error);
}
