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
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "service/peerup-activation.h"
#include "wire/peerup-label.h"

#define SYSTEM_DIRECTORY "/etc/peerup"

struct _PeerupControlClaim
{
  char *path;
  char *config_path;
  int lock;
  int fd;        /* of the socket, where the service manager has made it; else -1 */
  gboolean held; /* what is at path is ours to remove */
  dev_t device;  /* and inode: of the socket; 0 as long as there is none */
  ino_t inode;
};

/* The system's directory, and that of the person whose process this is, whatever the environment says: units of systemd
 * know no other. (transfer full), nullable. */
static char *
known_directory (gboolean system)
{
  struct passwd *user = system ? NULL : getpwuid (getuid ());

  if (system)
    return g_strdup (SYSTEM_DIRECTORY);
  return user != NULL ? g_build_filename (user->pw_dir, ".config", "peerup", NULL) : NULL;
}

/* "default" or "profile-NAME" for @real, a configuration at its usual place in @directory; else NULL. */
static char *
known_name (const char *directory, const char *real)
{
  g_autofree char *resolved = realpath (directory, NULL);
  g_autofree char *usual = g_build_filename (directory, "config.yaml", NULL);
  g_autofree char *usual_real = realpath (usual, NULL);
  g_autofree char *profiles = g_build_filename (resolved != NULL ? resolved : directory, "profiles", NULL);
  g_autofree char *own = g_path_get_dirname (real);
  g_autofree char *parent = g_path_get_dirname (own);
  g_autofree char *name = g_path_get_basename (own);

  if (g_str_equal (real, usual_real != NULL ? usual_real : usual))
    return g_strdup ("default");
  if (!g_str_equal (parent, profiles) || !g_str_has_suffix (real, "/config.yaml") ||
      !peerup_label_is_valid (name, strlen (name)))
    return NULL;
  return g_strconcat ("profile-", name, NULL);
}

static char *
socket_name (const char *config_path)
{
  g_autofree char *canonical = g_canonicalize_filename (config_path, NULL);
  g_autofree char *real = realpath (canonical, NULL);
  const char *path = real != NULL ? real : canonical;
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, path, -1);

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *directory = known_directory (i == 0);
      g_autofree char *name = directory != NULL ? known_name (directory, path) : NULL;

      if (name != NULL)
        return g_strconcat (name, ".sock", NULL);
    }
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

/* Something listens there, and is too busy to say who it is. */
static gboolean
is_own_socket (const char *path, gint64 *pid)
{
  struct stat info;

  if (lstat (path, &info) != 0 || !S_ISSOCK (info.st_mode) || info.st_uid != getuid ())
    return FALSE;
  if (pid != NULL)
    *pid = 0;
  return TRUE;
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
  /* Who has too many waiting must not hold up who only asks. */
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return FALSE;
  if (connect (fd, (const struct sockaddr *) &address, sizeof address) != 0)
    return errno == EAGAIN && is_own_socket (path, pid);
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0 ||
      (credentials.uid != getuid () && credentials.uid != 0))
    return FALSE;
  if (pid != NULL)
    *pid = credentials.pid;
  return TRUE;
}

/* Who has written himself into the lock of @socket_path; 0 if nobody has. He may be gone since. */
static gint64
read_holder (const char *socket_path)
{
  g_autofree char *lock_path = g_strconcat (socket_path, ".lock", NULL);
  char text[32] = { 0 };
  g_autofd int fd = open (lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  guint64 pid;

  if (fd < 0 || read (fd, text, sizeof text - 1) <= 0)
    return 0;
  return g_ascii_string_to_unsigned (g_strchomp (text), 10, 1, G_MAXINT, &pid, NULL) ? (gint64) pid : 0;
}

/* Another process has the lock. */
static void
set_running_error (const char *config_path, const char *socket_path, GError **error)
{
  gint64 maker = 0, holder = read_holder (socket_path);
  gboolean live = peerup_control_socket_is_live (socket_path, &maker);
  gint64 pid = holder > 0 ? holder : maker;

  if (live && pid > 0)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 _ ("a daemon for %s is running already: process %" PRId64 " (see “peerup status”)"), config_path, pid);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 _ ("a daemon for %s is just starting or stopping: try again"), config_path);
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
                   _ ("the path of the control socket %s is longer than the %zu bytes the system allows: set "
                      "XDG_RUNTIME_DIR, or use a shorter path for the configuration"),
                   socket_path, sizeof address.sun_path - 1);
      return FALSE;
    }
  errno = 0;
  if (g_mkdir_with_parents (directory, 0700) == 0 && stat (directory, &info) == 0 && info.st_uid == getuid () &&
      (info.st_mode & 0022) == 0 && access (directory, W_OK | X_OK) == 0)
    return TRUE;
  if (errno == EROFS || errno == ENOSPC) /* of mkdir or access: no fault of the directory's */
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("cannot make the control socket %s: %s"),
                   socket_path, g_strerror (errno));
      return FALSE;
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               _ ("%s is no safe place for the control socket: it must be a directory of yours that others cannot "
                  "write to (chmod 700 %s)"),
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
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("cannot open %s: %s"), lock_path,
                   g_strerror (errno));
      return FALSE;
    }
  if (flock (self->lock, LOCK_EX | LOCK_NB) == 0)
    {
      /* For whoever comes second; nothing depends on it. */
      if (ftruncate (self->lock, 0) != 0 || dprintf (self->lock, "%d\n", getpid ()) < 0)
        g_debug ("%s does not say who has it: %s", lock_path, g_strerror (errno));
      return TRUE;
    }
  set_running_error (config_path, self->path, error);
  return FALSE;
}

/* With the lock held: what is here was left by a daemon that is gone, unless somebody answers who is none. */
static gboolean
remove_stale (PeerupControlClaim *self, const char *config_path, GError **error)
{
  struct stat info;
  gint64 pid;

  if (peerup_control_socket_is_live (self->path, &pid))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                   _ ("the service manager (process %" PRId64 ") holds %s for the daemon of %s: start it with "
                      "“systemctl start”, or stop its socket unit first"),
                   pid, self->path, config_path);
      return FALSE;
    }
  if (lstat (self->path, &info) != 0)
    return TRUE;
  if (S_ISSOCK (info.st_mode) && unlink (self->path) == 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               _ ("%s is in the way of the control socket: remove it if it is not needed"), self->path);
  return FALSE;
}

/* A candidate at which the service manager listens for us, if there is one. */
static void
take_activated (PeerupControlClaim *self, char **candidates)
{
  for (guint i = 0; candidates[i] != NULL && self->fd < 0; i++)
    {
      self->fd = peerup_activation_take_path (candidates[i]);
      if (self->fd >= 0)
        self->path = g_strdup (candidates[i]);
    }
}

static gboolean
choose_path (PeerupControlClaim *self, char **candidates, GError **error)
{
  g_autoptr (GError) first_error = NULL;

  take_activated (self, candidates);
  for (guint i = 0; candidates[i] != NULL && self->path == NULL; i++)
    if (prepare_directory (candidates[i], first_error == NULL ? &first_error : NULL))
      self->path = g_strdup (candidates[i]);
  if (self->path != NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first_error));
  return FALSE;
}

PeerupControlClaim *
peerup_control_claim (const char *config_path, GError **error)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config_path);
  g_autoptr (PeerupControlClaim) self = g_new0 (PeerupControlClaim, 1);

  self->lock = self->fd = -1;
  self->config_path = g_strdup (config_path);
  if (!choose_path (self, candidates, error))
    return NULL;
  /* A daemon may be at another candidate, if it was started where another environment was. */
  for (guint i = 0; candidates[i] != NULL; i++)
    if (!g_str_equal (candidates[i], self->path) && peerup_control_socket_is_live (candidates[i], NULL))
      {
        set_running_error (config_path, candidates[i], error);
        return NULL;
      }
  if (!take_lock (self, config_path, error))
    return NULL;
  if (self->fd < 0 && !remove_stale (self, config_path, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* A lock whose file was removed keeps nobody out. */
static gboolean
renew_lock (PeerupControlClaim *self, GError **error)
{
  g_autofree char *lock_path = g_strconcat (self->path, ".lock", NULL);
  int held = self->lock;
  struct stat ours, there;

  if (fstat (held, &ours) == 0 && lstat (lock_path, &there) == 0 && ours.st_dev == there.st_dev &&
      ours.st_ino == there.st_ino)
    return TRUE;
  if (take_lock (self, self->config_path, error))
    {
      close (held);
      return TRUE;
    }
  g_clear_fd (&self->lock, NULL);
  self->lock = held;
  return FALSE;
}

static void
remember (PeerupControlClaim *self)
{
  struct stat info;

  if (lstat (self->path, &info) != 0)
    return;
  self->device = info.st_dev;
  self->inode = info.st_ino;
}

PeerupControlClaimState
peerup_control_claim_look (PeerupControlClaim *self)
{
  struct stat info;

  if (lstat (self->path, &info) != 0)
    return PEERUP_CONTROL_CLAIM_GONE;
  if (info.st_dev == self->device && info.st_ino == self->inode)
    return PEERUP_CONTROL_CLAIM_WHOLE;
  return PEERUP_CONTROL_CLAIM_OTHER;
}

int
peerup_control_claim_listen (PeerupControlClaim *self, GError **error)
{
  struct sockaddr_un address;
  g_autofd int fd = -1;
  int code;

  if (self->fd >= 0)
    {
      remember (self);
      return g_steal_fd (&self->fd);
    }
  if (!prepare_directory (self->path, error) || !renew_lock (self, error))
    return -1;
  fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (!fill_address (self->path, &address))
    g_assert_not_reached ();
  /* It must not be open to others even for a moment: its name has at most the mode that the socket has when it is
   * bound. The umask is the whole process's, which other threads make files by. */
  if (fd >= 0 && fchmod (fd, 0600) == 0 && bind (fd, (const struct sockaddr *) &address, sizeof address) == 0 &&
      listen (fd, SOMAXCONN) == 0)
    code = 0;
  else
    code = errno;
  if (code == 0)
    {
      self->held = TRUE;
      remember (self);
      return g_steal_fd (&fd);
    }
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("cannot make the control socket %s: %s"), self->path,
               g_strerror (code));
  return -1;
}

const char *
peerup_control_claim_get_path (PeerupControlClaim *self)
{
  return self->path;
}

void
peerup_control_claim_free (PeerupControlClaim *self)
{
  if (self->held && peerup_control_claim_look (self) == PEERUP_CONTROL_CLAIM_WHOLE)
    g_unlink (self->path);
  g_clear_fd (&self->lock, NULL);
  g_clear_fd (&self->fd, NULL);
  g_free (self->path);
  g_free (self->config_path);
  g_free (self);
}
