/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Preloaded into a daemon: counts the calls that change files or send to peers, in all its threads, and kills the
 * process at the one it is told to, before that call. Lives as long as the process. What is counted is in the file that
 * CRASH_STEP names, three numbers that the test writes and reads: armed, how many there were, and at which to die (0:
 * at none). Their names go to that file's name with ".log".
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  _Atomic int armed;
  _Atomic int n;
  int at;
} Board;

static Board *board;
static int log_fd = -1;

__attribute__ ((constructor)) static void
start (void)
{
  const char *path = getenv ("CRASH_STEP");
  char name[4096];
  int fd = path != NULL ? open (path, O_RDWR | O_CLOEXEC) : -1;

  if (fd < 0)
    return;
  board = mmap (NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close (fd);
  snprintf (name, sizeof name, "%s.log", path);
  log_fd = open (name, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
}

static void
step (const char *call, const char *about)
{
  const char *base = strrchr (about, '/');
  char line[512];
  int n, length;

  if (board == NULL || board == MAP_FAILED || !board->armed)
    return;
  n = atomic_fetch_add (&board->n, 1) + 1;
  length = snprintf (line, sizeof line, "%d %s %s\n", n, call, base != NULL ? base + 1 : about);
  if (write (log_fd, line, (size_t) length) < 0)
    abort ();
  if (n == board->at)
    kill (getpid (), SIGKILL);
}

static void
step_of_fd (const char *call, int fd)
{
  char link[64], path[4096];
  ssize_t length;

  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = readlink (link, path, sizeof path - 1);
  path[length > 0 ? length : 0] = '\0';
  step (call, path);
}

/* To peers: TCP alone. */
static void
step_of_socket (int fd)
{
  struct sockaddr_storage address;
  socklen_t length = sizeof address;
  int type = 0;
  socklen_t size = sizeof type;

  if (board == NULL || getsockname (fd, (struct sockaddr *) &address, &length) != 0 || address.ss_family == AF_UNIX ||
      getsockopt (fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM)
    return;
  step ("send", "peer");
}

#define NEXT(type, name) ((type) dlsym (RTLD_NEXT, name))

int
rename (const char *from, const char *to)
{
  step ("rename", to);
  return NEXT (int (*) (const char *, const char *), "rename") (from, to);
}

int
renameat2 (int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
  step ("rename", to);
  return NEXT (int (*) (int, const char *, int, const char *, unsigned int), "renameat2") (from_fd, from, to_fd, to,
                                                                                           flags);
}

int
renameat (int from_fd, const char *from, int to_fd, const char *to)
{
  step ("rename", to);
  return NEXT (int (*) (int, const char *, int, const char *), "renameat") (from_fd, from, to_fd, to);
}

int
link (const char *from, const char *to)
{
  step ("link", to);
  return NEXT (int (*) (const char *, const char *), "link") (from, to);
}

int
linkat (int from_fd, const char *from, int to_fd, const char *to, int flags)
{
  step ("link", to);
  return NEXT (int (*) (int, const char *, int, const char *, int), "linkat") (from_fd, from, to_fd, to, flags);
}

int
unlink (const char *path)
{
  step ("unlink", path);
  return NEXT (int (*) (const char *), "unlink") (path);
}

int
unlinkat (int fd, const char *path, int flags)
{
  step ("unlink", path);
  return NEXT (int (*) (int, const char *, int), "unlinkat") (fd, path, flags);
}

int
fsync (int fd)
{
  step_of_fd ("fsync", fd);
  return NEXT (int (*) (int), "fsync") (fd);
}

int
fdatasync (int fd)
{
  step_of_fd ("fsync", fd);
  return NEXT (int (*) (int), "fdatasync") (fd);
}

ssize_t
send (int fd, const void *data, size_t length, int flags)
{
  step_of_socket (fd);
  return NEXT (ssize_t (*) (int, const void *, size_t, int), "send") (fd, data, length, flags);
}

ssize_t
sendto (int fd, const void *data, size_t length, int flags, const struct sockaddr *address, socklen_t size)
{
  step_of_socket (fd);
  return NEXT (ssize_t (*) (int, const void *, size_t, int, const struct sockaddr *, socklen_t),
               "sendto") (fd, data, length, flags, address, size);
}

ssize_t
sendmsg (int fd, const struct msghdr *message, int flags)
{
  step_of_socket (fd);
  return NEXT (ssize_t (*) (int, const struct msghdr *, int), "sendmsg") (fd, message, flags);
}
