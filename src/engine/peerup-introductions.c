/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Introductions as a key file: a section for each group with the list of its peers. Lives as long as the engine's run.
 * It decides nothing about who is let in; losing it costs no more than that a removed member may be introduced again.
 */
#include "engine/peerup-introductions.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "identity/peerup-atomic-file.h"
#include "pairing/peerup-original-pair.h"

#define PEERS    "peers"
#define FILE_MAX (2 * 1024 * 1024)

struct _PeerupIntroductions
{
  char *path;
  GKeyFile *file;
};

static void
introductions_read (PeerupIntroductions *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) text = peerup_private_file_read (self->path, 0022, FILE_MAX, &local);

  if (g_error_matches (local, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return;
  if (text != NULL && g_bytes_get_size (text) > 0)
    g_key_file_load_from_bytes (self->file, text, G_KEY_FILE_NONE, &local);
  if (local != NULL)
    g_propagate_error (error, g_steal_pointer (&local));
}

PeerupIntroductions *
peerup_introductions_load (const char *path, char **problem)
{
  PeerupIntroductions *self = g_new0 (PeerupIntroductions, 1);
  g_autoptr (GError) error = NULL;

  self->path = g_strdup (path);
  self->file = g_key_file_new ();
  introductions_read (self, &error);
  if (problem != NULL)
    *problem = error != NULL ? g_strdup_printf (_ ("Whom relays have introduced is not known: %s cannot be read: %s"),
                                                path, error->message)
                             : NULL;
  return self;
}

void
peerup_introductions_free (PeerupIntroductions *self)
{
  if (self == NULL)
    return;
  g_key_file_unref (self->file);
  g_free (self->path);
  g_free (self);
}

static GStrv
introductions_dup_peers (PeerupIntroductions *self, const char *group)
{
  char **peers = g_key_file_get_string_list (self->file, group, PEERS, NULL, NULL);

  return peers != NULL ? peers : g_new0 (char *, 1);
}

gboolean
peerup_introductions_have (PeerupIntroductions *self, const char *group, PeerupPeerId *peer)
{
  g_auto (GStrv) peers = introductions_dup_peers (self, group);

  return g_strv_contains ((const char *const *) peers, peerup_peer_id_get_string (peer));
}

static gboolean
introductions_save (PeerupIntroductions *self, GError **error)
{
  gsize length;
  g_autofree char *text = g_key_file_to_data (self->file, &length, NULL);

  return peerup_atomic_file_replace (self->path, text, length, error);
}

static gsize
count_groups (PeerupIntroductions *self)
{
  g_auto (GStrv) groups = g_key_file_get_groups (self->file, NULL);

  return g_strv_length (groups);
}

gboolean
peerup_introductions_add (PeerupIntroductions *self, const char *group, PeerupPeerId *peer, GError **error)
{
  g_auto (GStrv) peers = NULL;
  g_autoptr (GPtrArray) more = g_ptr_array_new ();

  g_return_val_if_fail (peerup_group_id_check (group, strlen (group)), FALSE);

  peers = introductions_dup_peers (self, group);
  if (g_strv_contains ((const char *const *) peers, peerup_peer_id_get_string (peer)))
    return TRUE;
  if (g_strv_length (peers) >= PEERUP_INTRODUCTIONS_PEERS_MAX ||
      (peers[0] == NULL && count_groups (self) >= PEERUP_INTRODUCTIONS_GROUPS_MAX))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("Group %s has introduced as many devices as are taken"),
                   group);
      return FALSE;
    }
  for (guint i = 0; peers[i] != NULL; i++)
    g_ptr_array_add (more, peers[i]);
  g_ptr_array_add (more, (gpointer) peerup_peer_id_get_string (peer));
  g_key_file_set_string_list (self->file, group, PEERS, (const char *const *) more->pdata, more->len);
  return introductions_save (self, error);
}

gboolean
peerup_introductions_forget (PeerupIntroductions *self, const char *group, GError **error)
{
  return !g_key_file_remove_group (self->file, group, NULL) || introductions_save (self, error);
}
