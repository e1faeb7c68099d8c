/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib/gstdio.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "identity/peerup-private-key.h"
#include "wire/peerup-rendezvous-message.h"

/* Peers, passes and requests for tests of the rendezvous. */

/* (transfer full): always the same one for @seed. */
static inline PeerupPeerId *
part_peer (guint seed)
{
  guint8 bytes[32] = { seed % 256, seed / 256, 1 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (bytes, NULL);

  return peerup_peer_id_ref (peerup_private_key_get_peer_id (key));
}

static inline GBytes *
part_sealed (guint8 fill, gsize length)
{
  guint8 *bytes = g_malloc (length);

  memset (bytes, fill, length);
  return g_bytes_new_take (bytes, length);
}

static inline void
part_pass (guint8 fill, guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH])
{
  memset (pass, fill, PEERUP_RENDEZVOUS_PASS_LENGTH);
}

static inline GBytes *
part_hash (guint8 fill)
{
  guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH], hash[PEERUP_RENDEZVOUS_HASH_LENGTH];

  part_pass (fill, pass);
  g_assert_cmpint (gnutls_hash_fast (GNUTLS_DIG_SHA256, pass, sizeof pass, hash), ==, 0);
  return g_bytes_new (hash, sizeof hash);
}

/* @pass: what it is filled with; 0: none. @sealed: bytes; 0: none. */
static inline PeerupRendezvousRequest *
part_register (guint number, guint32 ttl, guint8 pass, gsize sealed)
{
  PeerupRendezvousRequest *self = g_new0 (PeerupRendezvousRequest, 1);

  self->type = PEERUP_RENDEZVOUS_REGISTER;
  self->number = number;
  self->ttl = ttl;
  self->pass_hash = pass != 0 ? part_hash (pass) : NULL;
  self->sealed = sealed > 0 ? part_sealed (7, sealed) : NULL;
  return self;
}

static inline PeerupRendezvousRequest *
part_show (guint number, PeerupPeerId *inviter, guint8 pass)
{
  PeerupRendezvousRequest *self = g_new0 (PeerupRendezvousRequest, 1);

  self->type = PEERUP_RENDEZVOUS_PASS;
  self->number = number;
  self->inviter = peerup_peer_id_ref (inviter);
  part_pass (pass, self->pass);
  return self;
}

static inline PeerupRendezvousRequest *
part_leave (guint number, PeerupPeerId *inviter, guint8 fill, gsize length)
{
  PeerupRendezvousRequest *self = g_new0 (PeerupRendezvousRequest, 1);

  self->type = PEERUP_RENDEZVOUS_LEAVE;
  self->number = number;
  self->inviter = peerup_peer_id_ref (inviter);
  self->sealed = part_sealed (fill, length);
  return self;
}

/* (transfer full): an empty directory; part_remove_directory() takes it away with its files. */
static inline char *
part_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("peerup-rendezvous-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static inline guint
part_count_files (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static inline void
part_remove_directory (const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (directory, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        part_remove_directory (path);
      else
        g_assert_cmpint (g_unlink (path), ==, 0);
    }
  g_assert_cmpint (g_rmdir (directory), ==, 0);
}
