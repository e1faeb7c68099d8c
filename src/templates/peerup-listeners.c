/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The kernel's lists of TCP sockets. Those that listen stand first in them, so reading ends at the first one that does
 * not, however many connections there are.
 */
#include "templates/peerup-listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Bytes of one list: some thousand lines that listen. */
#define TABLE_MAX  (1024 * 1024)
#define CHUNK_SIZE 4096
#define LISTENING  "0A"

enum
{
  FIELD_LOCAL = 1,
  FIELD_STATE = 3,
  FIELD_INODE = 9
};

/* "0100007F:0016": words of four bytes, each as the number that this machine makes of them. */
static gboolean
parse_address (const char *text, struct in6_addr *address, gboolean *is_ip6, guint16 *port)
{
  const char *colon = strchr (text, ':');
  gsize length = colon != NULL ? colon - text : 0;
  guint64 number;

  if ((length != 8 && length != 32) || !g_ascii_string_to_unsigned (colon + 1, 16, 1, G_MAXUINT16, &number, NULL))
    return FALSE;
  *port = (guint16) number;
  *is_ip6 = length == 32;
  for (gsize i = 0; i < length / 8; i++)
    {
      g_autofree char *digits = g_strndup (text + 8 * i, 8);
      guint32 word;

      if (!g_ascii_string_to_unsigned (digits, 16, 0, G_MAXUINT32, &number, NULL))
        return FALSE;
      word = (guint32) number;
      memcpy ((guint8 *) address + 4 * i, &word, sizeof word);
    }
  return TRUE;
}

/* FALSE: it is to be reached from elsewhere alone. */
static gboolean
set_host (PeerupListener *listener, const struct in6_addr *address, gboolean is_ip6)
{
  const guint8 *bytes = (const guint8 *) address;
  gboolean plain;

  if (is_ip6 && IN6_IS_ADDR_V4MAPPED (address))
    {
      is_ip6 = FALSE;
      bytes += 12;
    }
  if (is_ip6)
    {
      if (!IN6_IS_ADDR_UNSPECIFIED (address) && !IN6_IS_ADDR_LOOPBACK (address))
        return FALSE;
      g_strlcpy (listener->probe, "::1", sizeof listener->probe);
      plain = TRUE;
      listener->ip6 = TRUE;
      /* Almost always; the list does not tell. */
      listener->ip4 = IN6_IS_ADDR_UNSPECIFIED (address);
    }
  else
    {
      static const guint8 any[4] = { 0 }, loopback[4] = { 127, 0, 0, 1 };

      plain = memcmp (bytes, any, 4) == 0 || memcmp (bytes, loopback, 4) == 0;
      if (!plain && bytes[0] != 127)
        return FALSE;
      g_snprintf (listener->probe, sizeof listener->probe, "%u.%u.%u.%u", plain ? 127 : bytes[0], plain ? 0 : bytes[1],
                  plain ? 0 : bytes[2], plain ? 1 : bytes[3]);
      listener->ip4 = TRUE;
    }
  g_strlcpy (listener->host, plain ? "localhost" : listener->probe, sizeof listener->host);
  return TRUE;
}

/* IPv4 is asked where both are there, as the lists are read in that order. */
static void
add (GArray *listeners, const PeerupListener *listener)
{
  for (guint i = 0; i < listeners->len; i++)
    {
      PeerupListener *other = &g_array_index (listeners, PeerupListener, i);

      if (other->port == listener->port && g_str_equal (other->host, listener->host))
        {
          other->ip4 |= listener->ip4;
          other->ip6 |= listener->ip6;
          return;
        }
    }
  if (listeners->len < PEERUP_LISTENERS_MAX)
    g_array_append_vals (listeners, listener, 1);
}

/* Copies field @n of @line to @field, of @size bytes; FALSE where it is not there, or larger. */
static gboolean
get_field (const char *line, guint n, char *field, gsize size)
{
  gsize length;

  line += strspn (line, " \t");
  for (guint i = 0; i < n; i++)
    {
      line += strcspn (line, " \t");
      line += strspn (line, " \t");
    }
  length = strcspn (line, " \t");
  if (length == 0 || length >= size)
    return FALSE;
  memcpy (field, line, length);
  field[length] = '\0';
  return TRUE;
}

/* FALSE: it is one of a connection, and so are all behind it. Lines of another form are passed over, as the title. */
static gboolean
add_line (GArray *listeners, const char *line, GHashTable *own)
{
  char field[64];
  PeerupListener listener = { 0 };
  struct in6_addr address;
  gboolean is_ip6;
  guint64 inode;

  if (!get_field (line, FIELD_STATE, field, sizeof field))
    return TRUE;
  if (!g_str_equal (field, LISTENING))
    return !g_ascii_isxdigit (field[0]) || !g_ascii_isxdigit (field[1]) || field[2] != '\0';
  if (get_field (line, FIELD_INODE, field, sizeof field) &&
      g_ascii_string_to_unsigned (field, 10, 0, G_MAXUINT64, &inode, NULL) &&
      (own == NULL || !g_hash_table_contains (own, &inode)) && get_field (line, FIELD_LOCAL, field, sizeof field) &&
      parse_address (field, &address, &is_ip6, &listener.port) && set_host (&listener, &address, is_ip6))
    add (listeners, &listener);
  return TRUE;
}

gsize
peerup_listeners_add (GArray *listeners, char *table, GHashTable *own, gboolean *more)
{
  char *line = table, *end;

  *more = TRUE;
  while (*more && (end = strchr (line, '\n')) != NULL)
    {
      *end = '\0';
      *more = add_line (listeners, line, own);
      line = end + 1;
    }
  return line - table;
}

static gboolean
read_table (GArray *listeners, const char *path, GHashTable *own, GError **error)
{
  g_autofree char *text = g_malloc (2 * CHUNK_SIZE + 1);
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  gsize length = 0, total = 0;
  gboolean more = TRUE;
  gssize n = 0;

  /* A line is much shorter than a chunk, so there is room for one whatever the end of the last was. */
  while (fd >= 0 && more && length <= CHUNK_SIZE && total < TABLE_MAX && (n = read (fd, text + length, CHUNK_SIZE)) > 0)
    {
      gsize taken;

      total += n;
      length += n;
      text[length] = '\0';
      taken = peerup_listeners_add (listeners, text, own, &more);
      length -= taken;
      memmove (text, text + taken, length);
    }
  if (fd < 0 || n < 0)
    {
      int code = errno;

      g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (code), "%s: %s", path, g_strerror (code));
    }
  if (fd >= 0)
    close (fd);
  return fd >= 0 && n >= 0;
}

/* (transfer full): the numbers of the sockets of this process. */
static GHashTable *
list_own (void)
{
  GHashTable *own = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_strconcat ("/proc/self/fd/", name, NULL);
      g_autofree char *target = g_file_read_link (path, NULL);
      guint64 inode;

      if (target != NULL && sscanf (target, "socket:[%" G_GUINT64_FORMAT "]", &inode) == 1)
        g_hash_table_add (own, g_memdup2 (&inode, sizeof inode));
    }
  return own;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const PeerupListener *one = a, *other = b;

  return one->port != other->port ? (int) one->port - other->port : strcmp (one->host, other->host);
}

GArray *
peerup_listeners_read (gboolean own, GError **error)
{
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GHashTable) left_out = own ? NULL : list_own ();

  if (!read_table (listeners, "/proc/self/net/tcp", left_out, error))
    return NULL;
  /* A kernel without IPv6 has no such file. */
  (void) read_table (listeners, "/proc/self/net/tcp6", left_out, NULL);
  g_array_sort (listeners, compare);
  return g_steal_pointer (&listeners);
}

gboolean
peerup_listeners_is_local (const char *host)
{
  return g_ascii_strcasecmp (host, "localhost") == 0 || g_str_equal (host, "127.0.0.1") || g_str_equal (host, "::1");
}

gboolean
peerup_listener_is_at (const PeerupListener *listener, const char *host, guint16 port)
{
  gboolean plain = g_str_equal (listener->host, "localhost");

  if (listener->port != port)
    return FALSE;
  if (g_ascii_strcasecmp (host, "localhost") == 0)
    return plain;
  if (g_str_equal (host, "127.0.0.1"))
    return plain && listener->ip4;
  if (g_str_equal (host, "::1"))
    return plain && listener->ip6;
  return g_str_equal (listener->host, host);
}

gboolean
peerup_listeners_have (GArray *listeners, const char *host, guint16 port)
{
  for (guint i = 0; i < listeners->len; i++)
    if (peerup_listener_is_at (&g_array_index (listeners, PeerupListener, i), host, port))
      return TRUE;
  return FALSE;
}
