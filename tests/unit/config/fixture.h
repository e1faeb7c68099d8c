/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Identities and texts that the tests of this room share.
 */
#pragma once

#include <glib/gstdio.h>

#include "config/peerup-config.h"

#define PEER_A     "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define PEER_A_CID "bafzaajaiaejcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324"
#define PEER_B     "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"
#define PEER_C     "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"
#define RELAY_A    "/ip4/203.0.113.7/tcp/7777/p2p/" PEER_A
#define RELAY_B    "/dns4/relay.example.org/udp/7777/quic-v1/p2p/" PEER_B

/* The least that is valid, in 6 lines; what a test is about follows from line 7 on. */
#define HEAD                                                                            \
  "identity:\n"                                                                         \
  "  key_file: identity.key\n"                                                          \
  "network:\n"                                                                          \
  "  listen_addresses: [\"/ip4/0.0.0.0/tcp/0\"]\n"                                      \
  "security: {enable_connection_gating: true, authorized_keys_file: authorized_keys}\n" \
  "version: 1\n"

/* A file in tests/unit/config. */
static inline char *
read_fixture (const char *name, gsize *length)
{
  g_autofree char *path = g_build_filename (g_getenv ("G_TEST_SRCDIR"), "unit", "config", name, NULL);
  g_autoptr (GError) error = NULL;
  char *text = NULL;

  g_file_get_contents (path, &text, length, &error);
  g_assert_no_error (error);
  return text;
}

/* A directory of its own for a test, which goes with everything in it. */
static inline char *
make_directory (void)
{
  g_autoptr (GError) error = NULL;
  char *path = g_dir_make_tmp ("peerup-config-XXXXXX", &error);

  g_assert_no_error (error);
  return path;
}

static inline void
remove_directory (const char *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (g_file_test (child, G_FILE_TEST_IS_DIR) && !g_file_test (child, G_FILE_TEST_IS_SYMLINK))
        remove_directory (child);
      else
        g_assert_cmpint (g_unlink (child), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

static inline char *
write_file (const char *directory, const char *name, const char *text, int mode)
{
  char *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, mode, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_chmod (path, mode), ==, 0);
  return path;
}
