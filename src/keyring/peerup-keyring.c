/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Which keeping it is, and the sealed file of the sandbox. Each call is a conversation of its own, that holds
 * nothing at its end: a program that has its key keeps no bus open for it.
 */
#include "keyring/peerup-keyring.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "identity/peerup-atomic-file.h"
#include "keyring/peerup-keyring-wait.h"
#include "keyring/peerup-sealed-key.h"
#include "keyring/peerup-secret-portal.h"
#include "keyring/peerup-secret-service.h"

/* Microseconds, where no person is waited for: a keyring may have to be started first. */
#define TIMEOUT (20 * (gint64) G_USEC_PER_SEC)

static gboolean
is_sandboxed (void)
{
  const char *wanted = g_getenv ("PEERUP_KEYRING");

  if (g_strcmp0 (wanted, "portal") == 0)
    return TRUE;
  return g_strcmp0 (wanted, "service") != 0 && g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
}

/* The sealed file */

/* The portal unlocks by itself what is locked, and who is asked may take his time. */
static GBytes *
retrieve (PeerupKeyringWait *wait, GError **error)
{
  return wait->connection != NULL || peerup_keyring_wait_connect (wait, error)
           ? peerup_secret_portal_retrieve (wait, error)
           : NULL;
}

/* @secret: (inout): retrieved once it is needed. */
static PeerupPrivateKey *
open_sealed (PeerupKeyringWait *wait, const char *path, GBytes **secret, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_private_file_read (path, 0077, PEERUP_SEALED_KEY_MAX, error);
  PeerupPrivateKey *key;
  gconstpointer data;
  gsize length;

  if (bytes == NULL)
    return NULL;
  if (*secret == NULL)
    *secret = retrieve (wait, error);
  if (*secret == NULL)
    return NULL;
  data = g_bytes_get_data (bytes, &length);
  key = peerup_sealed_key_open (*secret, data, length, error);
  if (key == NULL)
    g_prefix_error (error, _ ("%s cannot be opened: "), path);
  return key;
}

static PeerupPrivateKey *
load_sealed (PeerupKeyringWait *wait, const char *path, PeerupPeerId *expected, GError **error)
{
  g_autoptr (GBytes) secret = NULL;
  g_autoptr (PeerupPrivateKey) key = open_sealed (wait, path, &secret, error);

  if (key == NULL || expected == NULL || peerup_peer_id_equal (peerup_private_key_get_peer_id (key), expected))
    return g_steal_pointer (&key);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, _ ("%s holds the key of %s, and this device is %s"), path,
               peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)), peerup_peer_id_get_string (expected));
  return NULL;
}

static gboolean
store_sealed (PeerupKeyringWait *wait, const char *path, PeerupPrivateKey *key, gboolean *begun, GError **error)
{
  g_autoptr (GBytes) secret = NULL;
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupPrivateKey) present = open_sealed (wait, path, &secret, &reason);
  g_autoptr (GBytes) sealed = NULL;

  if (present != NULL &&
      peerup_peer_id_equal (peerup_private_key_get_peer_id (present), peerup_private_key_get_peer_id (key)))
    return TRUE;
  if (present != NULL)
    g_set_error (
      error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
      _ ("%s is there already, with the key of %s. Nothing is overwritten: move that file away, and try again"), path,
      peerup_peer_id_get_string (peerup_private_key_get_peer_id (present)));
  else if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    secret = retrieve (wait, error);
  else if (reason->domain == PEERUP_ERROR &&
           (reason->code == PEERUP_ERROR_MALFORMED || reason->code == PEERUP_ERROR_CRYPTO ||
            reason->code == PEERUP_ERROR_TOO_LARGE || reason->code == PEERUP_ERROR_UNSUPPORTED))
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                 _ ("%s. Nothing is overwritten: move that file away, and try again"), reason->message);
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  if (present != NULL || secret == NULL)
    return FALSE;
  sealed = peerup_sealed_key_seal (secret, key, error);
  *begun = sealed != NULL;
  return sealed != NULL &&
         peerup_atomic_file_create (path, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed), error);
}

static gboolean
erase_sealed (PeerupKeyringWait *wait, const char *path, PeerupPeerId *peer, GError **error)
{
  g_autoptr (GBytes) secret = NULL;
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupPrivateKey) key = open_sealed (wait, path, &secret, &reason);

  if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) ||
      (key != NULL && !peerup_peer_id_equal (peerup_private_key_get_peer_id (key), peer)))
    return TRUE;
  if (key == NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (unlink (path) != 0 && errno != ENOENT)
    g_set_error (error, G_FILE_ERROR, g_file_error_from_errno (errno), _ ("cannot remove %s: %s"), path,
                 g_strerror (errno));
  else
    return TRUE;
  return FALSE;
}

/* Both */

/* One conversation. */
typedef struct
{
  PeerupKeyringWait wait;
  char *sealed; /* nullable: the file, in a sandbox */
} Talk;

static gboolean
talk_begin (Talk *self, const char *key_file, gboolean ask, GCancellable *cancellable, GError **error)
{
  peerup_keyring_wait_begin (&self->wait, cancellable, ask ? PEERUP_KEYRING_PATIENCE : TIMEOUT);
  if (is_sandboxed ())
    self->sealed = g_strconcat (key_file, ".sealed", NULL);
  else
    return peerup_keyring_wait_connect (&self->wait, error);
  return TRUE;
}

static void
talk_end (Talk *self)
{
  peerup_keyring_wait_end (&self->wait);
  g_free (self->sealed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Talk, talk_end)

PeerupPrivateKey *
peerup_keyring_load (const char *key_file, PeerupPeerId *expected, gboolean ask, GCancellable *cancellable,
                     GError **error)
{
  g_auto (Talk) talk = { 0 };

  g_return_val_if_fail (key_file != NULL, NULL);

  if (!talk_begin (&talk, key_file, ask, cancellable, error))
    return NULL;
  if (talk.sealed != NULL)
    return load_sealed (&talk.wait, talk.sealed, expected, error);
  return peerup_secret_service_load (&talk.wait, key_file, expected, ask, error);
}

static gboolean
put (const char *key_file, PeerupPrivateKey *key, gboolean ask, GCancellable *cancellable, gboolean *begun,
     GError **error)
{
  g_auto (Talk) talk = { 0 };

  if (!talk_begin (&talk, key_file, ask, cancellable, error))
    return FALSE;
  if (talk.sealed != NULL)
    return store_sealed (&talk.wait, talk.sealed, key, begun, error);
  return peerup_secret_service_store (&talk.wait, key_file, key, ask, begun, error);
}

gboolean
peerup_keyring_store (const char *key_file, PeerupPrivateKey *key, gboolean ask, GCancellable *cancellable,
                      gboolean *begun, GError **error)
{
  g_autoptr (PeerupPrivateKey) back = NULL;
  g_autoptr (GBytes) stored = NULL, read = NULL;

  g_return_val_if_fail (key_file != NULL && key != NULL && begun != NULL, FALSE);

  *begun = FALSE;
  if (!put (key_file, key, ask, cancellable, begun, error))
    return FALSE;
  /* In a conversation of its own: as the next start will ask. */
  back = peerup_keyring_load (key_file, peerup_private_key_get_peer_id (key), ask, cancellable, error);
  if (back == NULL)
    {
      g_prefix_error (error, _ ("the key was stored, and cannot be read back: "));
      return FALSE;
    }
  stored = peerup_private_key_to_protobuf (key);
  read = peerup_private_key_to_protobuf (back);
  if (g_bytes_equal (stored, read))
    return TRUE;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                       _ ("the key that comes back is not the one that was stored"));
  return FALSE;
}

gboolean
peerup_keyring_erase (const char *key_file, PeerupPeerId *peer, gboolean ask, GCancellable *cancellable, GError **error)
{
  g_auto (Talk) talk = { 0 };

  g_return_val_if_fail (key_file != NULL && peer != NULL, FALSE);

  if (!talk_begin (&talk, key_file, ask, cancellable, error))
    return FALSE;
  if (talk.sealed != NULL)
    return erase_sealed (&talk.wait, talk.sealed, peer, error);
  return peerup_secret_service_erase (&talk.wait, key_file, peer, ask, error);
}

static gboolean
look_for_portal (PeerupKeyringWait *wait, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) answer = NULL;

  if (!peerup_keyring_wait_connect (wait, error))
    return FALSE;
  g_dbus_connection_call (wait->connection, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
                          "org.freedesktop.DBus.Properties", "Get",
                          g_variant_new ("(ss)", "org.freedesktop.portal.Secret", "version"), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, wait->cancellable, peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  answer = g_dbus_connection_call_finish (wait->connection, result, error);
  if (answer == NULL)
    peerup_keyring_wait_explain (wait, "the desktop's Secret portal", error);
  return answer != NULL;
}

gboolean
peerup_keyring_look (gboolean *locked, GCancellable *cancellable, GError **error)
{
  g_auto (Talk) talk = { 0 };

  *locked = FALSE;
  if (!talk_begin (&talk, "", FALSE, cancellable, error))
    return FALSE;
  if (talk.sealed != NULL)
    return look_for_portal (&talk.wait, error);
  return peerup_secret_service_look (&talk.wait, locked, error);
}
