/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The files of a relay: made where they are missing, compared where they are not, never
 * written over. Root makes them for the owner of the directory they are in.
 */
#include "cli/peerup-relay-setup.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/peerup-relay-config.h"
#include "identity/peerup-atomic-file.h"
#include "trust/peerup-authorized-keys-file.h"
#include "wire/peerup-error.h"

#define TEXT_MAX (1024 * 1024)

void
peerup_relay_setup_clear (PeerupRelaySetup *self)
{
  g_clear_pointer (&self->report, peerup_report_free);
  g_clear_pointer (&self->key, peerup_private_key_unref);
}

static gboolean
fail (GError **error, const char *what, const char *path)
{
  int saved = errno;

  g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (saved),
               /* TRANSLATORS: what, as "make the directory", and its path */ _ ("cannot %s %s: %s"), what, path,
               g_strerror (saved));
  return FALSE;
}

static gboolean
exists (const char *path)
{
  struct stat info;

  return lstat (path, &info) == 0;
}

static PeerupReportResult
made (PeerupRelaySetup *self)
{
  return self->dry_run ? PEERUP_REPORT_WOULD : PEERUP_REPORT_MADE;
}

/* The directory itself, not what a link in its place leads to. */
static gboolean
give_directory (const char *path, const char *name, GError **error)
{
  struct passwd *user = getpwnam (name);
  g_autofd int fd = open (path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

  if (user == NULL)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND, _ ("there is no user %s"), name);
      return FALSE;
    }
  return (fd >= 0 && fchown (fd, user->pw_uid, user->pw_gid) == 0) || fail (error, _ ("give the user"), path);
}

/* A directory that is there may be that of a daemon of this machine, and stays whose it is. */
static gboolean
check_directory (PeerupRelaySetup *self, const struct stat *info)
{
  const char *path = self->plan.directory;
  struct passwd *user = self->system ? getpwnam (self->plan.user) : NULL;
  g_autofree char *next = NULL;

  if (user == NULL || info->st_uid == user->pw_uid)
    {
      peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("directory"), NULL, "%s", path);
      return TRUE;
    }
  next = g_strdup_printf ("chown -R %s: %s", self->plan.user, path);
  peerup_report_add (self->report, PEERUP_REPORT_DIFFERS, _ ("directory"), next,
                     _ ("%s does not belong to %s, which has to read and change the files in it"), path,
                     self->plan.user);
  return TRUE;
}

gboolean
peerup_relay_setup_directory (PeerupRelaySetup *self, GError **error)
{
  const char *path = self->plan.directory;
  struct stat info;

  if (stat (path, &info) == 0)
    return check_directory (self, &info);
  if (!self->dry_run)
    {
      if (g_mkdir_with_parents (path, 0700) != 0)
        return fail (error, _ ("make the directory"), path);
      if (self->system && !give_directory (path, self->plan.user, error))
        return FALSE;
    }
  peerup_report_add (self->report, made (self), _ ("directory"), NULL, "%s, 0700%s%s", path,
                     self->system ? _ (", of the user ") : "", self->system ? self->plan.user : "");
  return TRUE;
}

/* A directory that others can write to holds nothing that root should follow or own, so what is in
 * it is made by whoever it belongs to. The user's own groups are not needed for that. */
gboolean
peerup_relay_setup_act_as_owner (PeerupRelaySetup *self, GError **error)
{
  struct stat info;

  if (!self->system || self->dry_run || geteuid () != 0)
    return TRUE;
  if (stat (self->plan.directory, &info) != 0)
    return fail (error, _ ("look at"), self->plan.directory);
  if (setgroups (0, NULL) == 0 && setegid (info.st_gid) == 0 && seteuid (info.st_uid) == 0)
    return TRUE;
  return fail (error, _ ("act as the owner of"), self->plan.directory);
}

void
peerup_relay_setup_act_as_root (PeerupRelaySetup *self)
{
  if (self->system && !self->dry_run && getuid () == 0 && (seteuid (0) != 0 || setegid (0) != 0))
    g_error ("Cannot act as root again: %s", g_strerror (errno));
}

gboolean
peerup_relay_setup_key (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->plan.directory, "relay.key", NULL);

  if (exists (path))
    {
      self->key = peerup_key_file_load (path, error);
      if (self->key == NULL)
        return FALSE;
      peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("key"), NULL, "%s: %s", path,
                         peerup_peer_id_get_string (peerup_private_key_get_peer_id (self->key)));
      return TRUE;
    }
  if (self->dry_run)
    {
      peerup_report_add (self->report, PEERUP_REPORT_WOULD, _ ("key"), NULL, _ ("%s, 0600: a new identity"), path);
      return TRUE;
    }
  self->key = peerup_private_key_generate (error);
  if (self->key == NULL || !peerup_key_file_create (path, self->key, error))
    return FALSE;
  peerup_report_add (self->report, PEERUP_REPORT_MADE, _ ("key"), NULL, _ ("%s, 0600: the relay is %s"), path,
                     peerup_peer_id_get_string (peerup_private_key_get_peer_id (self->key)));
  return TRUE;
}

/* FALSE with no error: it is authorized already. */
static gboolean
authorize_peer (PeerupRelaySetup *self, const char *path, PeerupPeerId *peer, GError **error)
{
  g_autoptr (PeerupAuthorizedKeys) keys = exists (path) ? peerup_authorized_keys_file_load (path, error) : NULL;

  if (keys == NULL && exists (path))
    return FALSE;
  for (guint i = 0; keys != NULL && i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), peer))
      return FALSE;
  return self->dry_run || peerup_authorized_keys_file_add (path, peer, NULL, PEERUP_EXPIRES_NEVER, error);
}

gboolean
peerup_relay_setup_authorized_keys (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->plan.directory, "authorized_keys", NULL);
  g_autofree char *text = peerup_relay_text_authorized_keys ();

  if (exists (path))
    peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("authorized keys"), NULL, "%s", path);
  else if (self->dry_run || peerup_atomic_file_create (path, text, strlen (text), error))
    peerup_report_add (self->report, made (self), _ ("authorized keys"), NULL, "%s, 0600", path);
  else
    return FALSE;
  for (guint i = 0; self->authorize != NULL && self->authorize[i] != NULL; i++)
    {
      g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (self->authorize[i], error);
      g_autoptr (GError) local_error = NULL;

      if (peer == NULL)
        return FALSE;
      if (authorize_peer (self, path, peer, &local_error))
        peerup_report_add (self->report, made (self), _ ("authorized"), NULL, "%s", peerup_peer_id_get_string (peer));
      else if (local_error == NULL)
        peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("authorized"), NULL, "%s",
                           peerup_peer_id_get_string (peer));
      else
        return g_propagate_error (error, g_steal_pointer (&local_error)), FALSE;
    }
  return TRUE;
}

/* What is there is told where it is not what would be made. */
static gboolean
compare_file (PeerupRelaySetup *self, const char *title, const char *path, const char *text, GError **error)
{
  g_autofree char *present = NULL;
  g_autofree char *difference = NULL;
  struct stat info;

  if (stat (path, &info) != 0)
    return fail (error, _ ("look at"), path);
  if (!S_ISREG (info.st_mode) || info.st_size > TEXT_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("%s is in the way: it is no text file"), path);
      return FALSE;
    }
  if (!g_file_get_contents (path, &present, NULL, error))
    return FALSE;
  difference = peerup_relay_text_compare (present, text);
  if (difference == NULL)
    peerup_report_add (self->report, PEERUP_REPORT_KEPT, title, NULL, "%s", path);
  else
    peerup_report_add (self->report, PEERUP_REPORT_DIFFERS, title, difference,
                       _ ("%s is not what would be made (- is there, + would be), and is left as it is"), path);
  return TRUE;
}

gboolean
peerup_relay_setup_file (PeerupRelaySetup *self, const char *title, const char *path, const char *text, guint mode,
                         gboolean *changed, GError **error)
{
  if (exists (path))
    return compare_file (self, title, path, text, error);
  if (!self->dry_run)
    {
      g_autofree char *directory = g_path_get_dirname (path);

      if (g_mkdir_with_parents (directory, 0755) != 0)
        return fail (error, _ ("make the directory"), directory);
      if (!peerup_atomic_file_create (path, text, strlen (text), error))
        return FALSE;
      if (mode != 0600 && chmod (path, mode) != 0)
        return fail (error, _ ("set the rights of"), path);
    }
  if (changed != NULL)
    *changed = TRUE;
  peerup_report_add (self->report, made (self), title, NULL, "%s, 0%o", path, mode);
  return TRUE;
}

gboolean
peerup_relay_setup_config (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->plan.directory, PEERUP_RELAY_CONFIG, NULL);
  g_autofree char *text = peerup_relay_text_config (&self->plan);

  return peerup_relay_setup_file (self, _ ("configuration"), path, text, 0600, NULL, error);
}

gboolean
peerup_relay_setup_nft (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *path = g_build_filename (self->plan.directory, "relay.nft", NULL);
  g_autofree char *text = peerup_relay_text_nft (&self->plan);

  return peerup_relay_setup_file (self, _ ("nftables rules"), path, text, 0600, NULL, error);
}
