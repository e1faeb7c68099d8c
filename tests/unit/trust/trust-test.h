/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the tests of this room share: three peers, and a directory with an authorized_keys file.
 */
#pragma once

#include <glib/gstdio.h>
#include <string.h>

#include "trust/peerup-authorized-keys-file.h"

#define ALICE     "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define ALICE_CID "bafzaajaiaejcbcui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324"
#define BOB       "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"
#define CAROL     "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"

static inline PeerupPeerId *
test_peer (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_string (text, &error);

  g_assert_no_error (error);
  return peer;
}

typedef struct
{
  char *directory;
  char *path;
} TestFile;

static inline void
test_write (const char *path, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, strlen (text), G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error);
  g_assert_no_error (error);
}

static inline void
test_file_init (TestFile *self, const char *text)
{
  g_autoptr (GError) error = NULL;

  self->directory = g_dir_make_tmp ("peerup-test-XXXXXX", &error);
  g_assert_no_error (error);
  self->path = g_build_filename (self->directory, "authorized_keys", NULL);
  if (text != NULL)
    test_write (self->path, text);
}

static inline void
test_file_clear (TestFile *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (self->directory, name, NULL);

      g_assert_cmpint (g_remove (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (self->directory), ==, 0);
  g_free (self->directory);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TestFile, test_file_clear)

static inline void
test_assert_text (const char *path, const char *expected)
{
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}
