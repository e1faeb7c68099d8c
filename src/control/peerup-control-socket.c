/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Finding and claiming the daemon's socket. A lock on a file beside the socket decides
 * between two daemons that start at one time; the kernel drops it however the holder
 * ends, so a crash leaves nothing that has to be cleaned up by hand.
 *
 * Nothing is removed but a socket that does not answer, in a directory of our own.
 */
#include "control/peerup-control-socket.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

struct _PeerupControlClaim
{
  char *path;
  int lock;
  gboolean held; /* what is at path is ours to remove */
};

static char *
socket_name (const char *config_path)
{
  g_autofree char *canonical = g_canonicalize_filename (config_path, NULL);
  g_autofree char *real = realpath (canonical, NULL);
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, real != NULL ? real : canonical, -1);

  return g_strdup_printf ("%.16s.sock", hash);
}

static char *
runtime_directory (const char *config_path)
{
  const char *runtime = g_getenv ("XDG_RUNTIME_DIR");

  if (g_str_has_prefix (config_path, "/etc/"))
    return g_strdup ("/run/peerup");
  if (runtime == NULL || !g_path_is_absolute (runtime))
    return NULL;
  return g_build_filename (runtime, "peerup", NULL);
}

char **
peerup_control_socket_candidates (const char *config_path)
{
  g_autofree char *canonical = g_canonicalize_filename (config_path, NULL);
  g_autofree char *beside = g_path_get_dirname (canonical);
  g_autofree char *runtime = runtime_directory (canonical);
  g_autofree char *name = socket_name (canonical);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  if (runtime != NULL)
    g_strv_builder_take (builder, g_build_filename (runtime, name, NULL));
  g_strv_builder_take (builder, g_strdup_printf ("%s/.peerup-%s", beside, name));
  return g_strv_builder_end (builder);
}

static gboolean
fill_address (const char *path, struct sockaddr_un *address)
{
  *address = (struct sockaddr_un) { .sun_family = AF_UNIX };
  return g_strlcpy (address->sun_path, path, sizeof address->sun_path) < sizeof address->sun_path;
}

gboolean
peerup_control_socket_is_live (const char *path, gint64 *pid)
{
  struct sockaddr_un address;
  struct ucred credentials;
  socklen_t length = sizeof credentials;
  g_autofd int fd = -1;

  if (!fill_address (path, &address))
    return FALSE;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    return FALSE;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 || credentials.uid != getuid ())
    return FALSE;
  if (pid != NULL)
    *pid = credentials.pid;
  return TRUE;
}

static void
set_running_error (const char *config_path, const char *socket_path, GError **error)
{
  gint64 pid;

  if (peerup_control_socket_is_live (socket_path, &pid))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 "a daemon for %s is running already: process %" G_GINT64_FORMAT " (see “peerup status”)", config_path,
                 pid);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, "a daemon for %s is just starting or stopping: try again",
                 config_path);
}

/* A directory that only we can write to. */
static gboolean
prepare_directory (const char *socket_path, GError **error)
{
  g_autofree char *directory = g_path_get_dirname (socket_path);
  struct sockaddr_un address;
  struct stat info;

  if (!fill_address (socket_path, &address))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
                   "the path of the control socket %s is longer than the %zu bytes the system allows: set "
                   "XDG_RUNTIME_DIR, or use a shorter path for the configuration",
                   socket_path, sizeof address.sun_path - 1);
      return FALSE;
    }
  if (g_mkdir_with_parents (directory, 0700) == 0 && stat (directory, &info) == 0 && info.st_uid == getuid () &&
      (info.st_mode & 0022) == 0 && access (directory, W_OK | X_OK) == 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               "%s is no safe place for the control socket: it must be a directory of yours that others cannot "
               "write to (chmod 700 %s)",
               directory, directory);
  return FALSE;
}

static gboolean
take_lock (PeerupControlClaim *self, const char *config_path, GError **error)
{
  g_autofree char *lock_path = g_strconcat (self->path, ".lock", NULL);

  self->lock = open (lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (self->lock < 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, "cannot open %s: %s", lock_path, g_strerror (errno));
      return FALSE;
    }
  if (flock (self->lock, LOCK_EX | LOCK_NB) == 0)
    return TRUE;
  set_running_error (config_path, self->path, error);
  return FALSE;
}

/* With the lock held and nobody answering: what is here was left by a daemon that is gone. */
static gboolean
remove_stale (PeerupControlClaim *self, GError **error)
{
  struct stat info;

  if (lstat (self->path, &info) != 0)
    return TRUE;
  if (S_ISSOCK (info.st_mode) && unlink (self->path) == 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               "%s is in the way of the control socket: remove it if it is not needed", self->path);
  return FALSE;
}

PeerupControlClaim *
peerup_control_claim (const char *config_path, GError **error)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config_path);
  g_autoptr (PeerupControlClaim) self = NULL;
  g_autoptr (GError) first_error = NULL;

  for (guint i = 0; candidates[i] != NULL; i++)
    if (peerup_control_socket_is_live (candidates[i], NULL))
      {
        set_running_error (config_path, candidates[i], error);
        return NULL;
      }
  self = g_new0 (PeerupControlClaim, 1);
  self->lock = -1;
  for (guint i = 0; candidates[i] != NULL && self->path == NULL; i++)
    if (prepare_directory (candidates[i], first_error == NULL ? &first_error : NULL))
      self->path = g_strdup (candidates[i]);
  if (self->path == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&first_error));
      return NULL;
    }
  if (!take_lock (self, config_path, error) || !remove_stale (self, error))
    return NULL;
  self->held = TRUE;
  return g_steal_pointer (&self);
}

const char *
peerup_control_claim_get_path (PeerupControlClaim *self)
{
  return self->path;
}

void
peerup_control_claim_free (PeerupControlClaim *self)
{
  if (self->held)
    g_unlink (self->path);
  g_clear_fd (&self->lock, NULL);
  g_free (self->path);
  g_free (self);
}
