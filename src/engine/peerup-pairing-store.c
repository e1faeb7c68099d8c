/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of pairings: read at the start, then written one at a time. What is in them is peerup-pairing-record.c's
 * and peerup-left-invite.c's; what follows from them is decided elsewhere, but that an invite is dead for which there
 * is a record. A file that cannot be read is never removed or replaced.
 */
#include "engine/peerup-pairing-store.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/peerup-atomic-file.h"

#define RECORD ".pairing"
#define INVITE ".invite"
/* Bytes of a record with the largest offers, in base64, and what stands around them. */
#define PROBE (2 * 4 * PEERUP_PAIRING_OFFER_MAX / 3 + 8192)

struct _PeerupPairingStore
{
  gatomicrefcount references;
  char *directory;
  int steps;      /* left, atomic; -1: no end */
  int steps_done; /* atomic */
};

char *
peerup_pairing_store_path (const char *config_path)
{
  const char *state = g_getenv ("STATE_DIRECTORY");
  g_autofree char *directory = NULL;

  if (state != NULL && g_path_is_absolute (state))
    return g_build_filename (state, "pairings", NULL);
  directory = g_path_get_dirname (config_path);
  return g_build_filename (directory, "pairings", NULL);
}

PeerupPairingStore *
peerup_pairing_store_new (const char *directory)
{
  PeerupPairingStore *self = g_new0 (PeerupPairingStore, 1);

  g_atomic_ref_count_init (&self->references);
  self->directory = g_strdup (directory);
  self->steps = -1;
  return self;
}

PeerupPairingStore *
peerup_pairing_store_ref (PeerupPairingStore *self)
{
  g_atomic_ref_count_inc (&self->references);
  return self;
}

void
peerup_pairing_store_unref (PeerupPairingStore *self)
{
  if (!g_atomic_ref_count_dec (&self->references))
    return;
  g_free (self->directory);
  g_free (self);
}

/* Steps */

gboolean
peerup_pairing_store_step (PeerupPairingStore *self, GError **error)
{
  int left = g_atomic_int_get (&self->steps);

  g_atomic_int_inc (&self->steps_done);
  if (left < 0)
    return TRUE;
  if (left > 0)
    {
      g_atomic_int_set (&self->steps, left - 1);
      return TRUE;
    }
  g_set_error_literal (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "No space left on device");
  return FALSE;
}

void
peerup_pairing_store_set_steps (PeerupPairingStore *self, int steps)
{
  g_atomic_int_set (&self->steps, steps);
}

int
peerup_pairing_store_get_steps (PeerupPairingStore *self)
{
  return g_atomic_int_get (&self->steps_done);
}

/* Out */

static char *
path_of (PeerupPairingStore *self, const char *name, const char *suffix)
{
  g_autofree char *file = g_strconcat (name, suffix, NULL);

  return g_build_filename (self->directory, file, NULL);
}

static gboolean
make_directory (PeerupPairingStore *self, GError **error)
{
  int code;

  if (g_mkdir (self->directory, 0700) == 0 || errno == EEXIST)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("cannot make the directory %s: %s"),
               self->directory, g_strerror (code));
  return FALSE;
}

static gboolean
write_file (PeerupPairingStore *self, const char *name, const char *suffix, GBytes *text, GError **error)
{
  g_autofree char *path = path_of (self, name, suffix);
  gsize length;
  const char *data = g_bytes_get_data (text, &length);

  return peerup_pairing_store_step (self, error) && make_directory (self, error) &&
         peerup_atomic_file_replace (path, data, length, error);
}

static gboolean
sync_directory (PeerupPairingStore *self, GError **error)
{
  g_autofd int fd = open (self->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int code;

  if (fd >= 0 && fsync (fd) == 0)
    return TRUE;
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("cannot sync %s: %s"), self->directory,
               g_strerror (code));
  return FALSE;
}

static gboolean
remove_file (PeerupPairingStore *self, const char *name, const char *suffix, GError **error)
{
  g_autofree char *path = path_of (self, name, suffix);
  int code;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  if (!peerup_pairing_store_step (self, error))
    return FALSE;
  if (g_unlink (path) == 0 || errno == ENOENT)
    return sync_directory (self, error);
  code = errno;
  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), _ ("cannot remove %s: %s"), path,
               g_strerror (code));
  return FALSE;
}

gboolean
peerup_pairing_store_probe (PeerupPairingStore *self, GError **error)
{
  g_autofree guint8 *room = g_malloc (PROBE);
  g_autoptr (GBytes) text = NULL;

  memset (room, '\n', PROBE);
  text = g_bytes_new (room, PROBE);
  if (write_file (self, "probe", ".tmp", text, error) && remove_file (self, "probe", ".tmp", error))
    return TRUE;
  g_prefix_error (error, _ ("A pairing could not be kept: "));
  return FALSE;
}

gboolean
peerup_pairing_store_write (PeerupPairingStore *self, const PeerupPairingRecord *record, GError **error)
{
  g_autofree char *name = peerup_pairing_record_dup_name (record);
  g_autoptr (GBytes) text = peerup_pairing_record_encode (record, error);

  return text != NULL && write_file (self, name, RECORD, text, error);
}

gboolean
peerup_pairing_store_remove (PeerupPairingStore *self, const PeerupPairingRecord *record, GError **error)
{
  g_autofree char *name = peerup_pairing_record_dup_name (record);

  return (record->invite == NULL || remove_file (self, record->invite, INVITE, error)) &&
         remove_file (self, name, RECORD, error);
}

gboolean
peerup_pairing_store_write_invite (PeerupPairingStore *self, const PeerupLeftInvite *invite, GError **error)
{
  g_autoptr (GBytes) text = peerup_left_invite_encode (invite, error);

  return text != NULL && write_file (self, invite->token, INVITE, text, error);
}

gboolean
peerup_pairing_store_remove_invite (PeerupPairingStore *self, const char *token, GError **error)
{
  return remove_file (self, token, INVITE, error);
}

/* In */

typedef gpointer (*DecodeFunc) (GBytes *text, GError **error);

static gpointer
decode_record (GBytes *text, GError **error)
{
  return peerup_pairing_record_decode (text, error);
}

static gpointer
decode_invite (GBytes *text, GError **error)
{
  return peerup_left_invite_decode (text, error);
}

static void
load_file (PeerupPairingStore *self, const char *file, DecodeFunc decode, GPtrArray *into, GPtrArray *problems)
{
  g_autofree char *path = g_build_filename (self->directory, file, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) text = peerup_private_file_read (path, 0077, PEERUP_PAIRING_FILE_MAX, &error);
  gpointer value = text != NULL ? decode (text, &error) : NULL;

  if (value != NULL)
    g_ptr_array_add (into, value);
  else
    g_ptr_array_add (
      problems, g_strdup_printf (_ ("%s is left as it is and does not count: %s. Remove it if you do not know what it "
                                    "is"),
                                 path, error->message));
}

static gboolean
is_used (GPtrArray *records, const char *token)
{
  for (guint i = 0; i < records->len; i++)
    {
      const PeerupPairingRecord *record = records->pdata[i];

      if (record->inviter && g_strcmp0 (record->invite, token) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
drop_used (PeerupPairingStore *self, GPtrArray *records, GPtrArray *invites)
{
  for (guint i = invites->len; i > 0; i--)
    {
      const PeerupLeftInvite *invite = invites->pdata[i - 1];

      if (!is_used (records, invite->token))
        continue;
      /* If it stays, it does not count the next time either: the record outlives it. */
      if (!peerup_pairing_store_remove_invite (self, invite->token, NULL))
        g_info ("The file of invite %s, which was used, is still there", invite->token);
      g_ptr_array_remove_index (invites, i - 1);
    }
}

void
peerup_pairing_store_load (PeerupPairingStore *self, GPtrArray *records, GPtrArray *invites, GPtrArray *problems)
{
  g_autoptr (GDir) dir = g_dir_open (self->directory, 0, NULL);
  const char *file;

  while (dir != NULL && (file = g_dir_read_name (dir)) != NULL)
    {
      if (file[0] == '.')
        continue;
      if (g_str_has_suffix (file, RECORD) && records->len < PEERUP_PAIRING_STORE_MAX)
        load_file (self, file, decode_record, records, problems);
      else if (g_str_has_suffix (file, INVITE) && invites->len < PEERUP_PAIRING_STORE_MAX)
        load_file (self, file, decode_invite, invites, problems);
    }
  drop_used (self, records, invites);
}
