/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The token that proves that a client may read the daemon's files: new at each start, in a file of 0600 that is
 * whole at every moment.
 */
#include "http/peerup-http-private.h"

#include <errno.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/peerup-atomic-file.h"

#define SCHEME "Bearer "

gboolean
peerup_http_cookie_make (char token[PEERUP_HTTP_COOKIE_LENGTH + 1], GError **error)
{
  guint8 random[PEERUP_HTTP_COOKIE_LENGTH / 2];
  int code = gnutls_rnd (GNUTLS_RND_KEY, random, sizeof random);

  if (code < 0)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO, "cannot make the token of the HTTP socket: %s",
                   gnutls_strerror (code));
      return FALSE;
    }
  for (guint i = 0; i < sizeof random; i++)
    g_snprintf (token + 2 * i, 3, "%02x", random[i]);
  gnutls_memset (random, 0, sizeof random);
  return TRUE;
}

/* One that a daemon left which did not come to its end. */
static gboolean
remove_old (const char *path, GError **error)
{
  struct stat info;

  if (lstat (path, &info) != 0 && errno == ENOENT)
    return TRUE;
  if (S_ISREG (info.st_mode) && info.st_uid == getuid () && unlink (path) == 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
               "%s is in the way of the file with the token of the HTTP socket: it is no plain file of this user; "
               "remove it if it is not needed",
               path);
  return FALSE;
}

gboolean
peerup_http_cookie_write (const char *path, const char *token, GError **error)
{
  return remove_old (path, error) && peerup_atomic_file_create (path, token, PEERUP_HTTP_COOKIE_LENGTH, error);
}

gboolean
peerup_http_cookie_matches (const char *token, const char *authorization)
{
  const char *given;

  if (authorization == NULL || !g_str_has_prefix (authorization, SCHEME))
    return FALSE;
  given = authorization + strlen (SCHEME);
  return strlen (given) == PEERUP_HTTP_COOKIE_LENGTH && gnutls_memcmp (given, token, PEERUP_HTTP_COOKIE_LENGTH) == 0;
}
