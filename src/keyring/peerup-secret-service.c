/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The Secret Service (GNOME Keyring, KWallet, KeePassXC) by libsecret, which encrypts what is on the bus and keeps what
 * it has in memory that is not swapped. What another program has put under our attributes is told, and neither used nor
 * replaced.
 */
#include "keyring/peerup-secret-service.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>
#include <string.h>

#include "wire/peerup-key-protobuf.h"

#define WHAT        "the login keyring"
#define APPLICATION "dev.peerup.PeerUp"
#define CONTENT     "application/octet-stream"

static const SecretSchema schema = {
  "dev.peerup.PeerUp.Identity",
  SECRET_SCHEMA_NONE,
  {
    { "application", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "key-file", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "peer-id", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 },
  },
};

/* Whatever else items have among their attributes, so that what others put there is seen. */
static const SecretSchema any_schema = {
  "dev.peerup.PeerUp.Identity",
  SECRET_SCHEMA_DONT_MATCH_NAME,
  {
    { "application", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "key-file", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { "peer-id", SECRET_SCHEMA_ATTRIBUTE_STRING },
    { NULL, 0 },
  },
};

/* (nullable) */
static SecretService *
open_service (PeerupKeyringWait *wait, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  /* One of its own, not the program's: its context goes at the end of the wait. */
  secret_service_open (SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION, wait->cancellable,
                       peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  return secret_service_open_finish (result, error);
}

/* (nullable): the usual keyring; NOT_FOUND if there is none. */
static SecretCollection *
get_collection (PeerupKeyringWait *wait, SecretService *service, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) reason = NULL;
  SecretCollection *collection;

  secret_collection_for_alias (service, SECRET_COLLECTION_DEFAULT, SECRET_COLLECTION_NONE, wait->cancellable,
                               peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  collection = secret_collection_for_alias_finish (result, &reason);
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (collection == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                         _ ("there is no login keyring yet, or it was deleted; make one named Login in the program "
                            "“Passwords and Keys”"));
  return collection;
}

static GError *
new_locked (void)
{
  return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_DENIED,
                              _ ("the login keyring is locked; unlock it, as logging in with a password does, and try "
                                 "again"));
}

/* @objects: (transfer full): what is locked. */
static gboolean
unlock (PeerupKeyringWait *wait, SecretService *service, GList *objects, gboolean ask, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;
  int n = 0, wanted = (int) g_list_length (objects);
  g_autoptr (GError) reason = NULL;

  if (ask)
    {
      secret_service_unlock (service, objects, wait->cancellable, peerup_keyring_wait_ready, wait);
      result = peerup_keyring_wait_result (wait);
      n = secret_service_unlock_finish (service, result, NULL, &reason);
    }
  g_list_free_full (objects, g_object_unref);
  if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (!ask)
    g_propagate_error (error, new_locked ());
  else if (n < wanted)
    g_set_error_literal (
      error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
      _ ("the login keyring stays locked, for its password was not entered; unlock it and try again"));
  else
    return TRUE;
  return FALSE;
}

static GHashTable *
new_attributes (const char *key_file, PeerupPeerId *peer)
{
  GHashTable *attributes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  g_hash_table_insert (attributes, (gpointer) "application", g_strdup (APPLICATION));
  g_hash_table_insert (attributes, (gpointer) "key-file", g_strdup (key_file));
  if (peer != NULL)
    g_hash_table_insert (attributes, (gpointer) "peer-id", g_strdup (peerup_peer_id_get_string (peer)));
  return attributes;
}

/* (element-type SecretItem) (transfer full): locked ones too, without what they hold. NULL without an error: none. */
static GList *
search (PeerupKeyringWait *wait, SecretService *service, const char *key_file, GError **error)
{
  g_autoptr (GHashTable) attributes = new_attributes (key_file, NULL);
  g_autoptr (GAsyncResult) result = NULL;

  secret_service_search (service, &any_schema, attributes, SECRET_SEARCH_ALL | SECRET_SEARCH_LOAD_SECRETS,
                         wait->cancellable, peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  return secret_service_search_finish (service, result, error);
}

static GList *
list_locked (GList *items)
{
  GList *locked = NULL;

  for (GList *link = items; link != NULL; link = link->next)
    if (secret_item_get_locked (link->data))
      locked = g_list_prepend (locked, g_object_ref (link->data));
  return locked;
}

/* Those under our attributes, readable. (element-type SecretItem) (transfer full). FALSE with an error. A keyring that
 * is locked may not even tell that it has any. */
static gboolean
find (PeerupKeyringWait *wait, SecretService *service, const char *key_file, gboolean ask, GList **items,
      GError **error)
{
  g_autoptr (SecretCollection) collection = NULL;
  g_autoptr (GError) reason = NULL;
  GList *locked;

  *items = search (wait, service, key_file, &reason);
  locked = list_locked (*items);
  if (reason == NULL && *items == NULL)
    {
      collection = get_collection (wait, service, &reason);
      /* No keyring has no items. */
      if (g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
        return TRUE;
      if (collection != NULL && secret_collection_get_locked (collection))
        locked = g_list_prepend (locked, g_steal_pointer (&collection));
    }
  if (reason == NULL && locked != NULL)
    {
      g_list_free_full (g_steal_pointer (items), g_object_unref);
      if (unlock (wait, service, locked, ask, &reason))
        *items = search (wait, service, key_file, &reason);
    }
  if (reason == NULL)
    return TRUE;
  g_list_free_full (g_steal_pointer (items), g_object_unref);
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* What an item holds, if it is a key, and the one that its attributes name. */
static PeerupPrivateKey *
read_item (SecretItem *item, GError **error)
{
  g_autoptr (SecretValue) value = secret_item_get_secret (item);
  g_autoptr (GHashTable) attributes = secret_item_get_attributes (item);
  g_autofree char *label = secret_item_get_label (item);
  const char *named = g_hash_table_lookup (attributes, "peer-id");
  g_autoptr (PeerupPrivateKey) key = NULL;
  const char *data;
  gsize length = 0;

  data = value != NULL ? secret_value_get (value, &length) : NULL;
  if (data != NULL && length <= PEERUP_PRIVATE_KEY_MAX)
    key = peerup_private_key_new_from_protobuf (data, length, NULL);
  if (key != NULL &&
      (named == NULL || g_str_equal (named, peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)))))
    return g_steal_pointer (&key);
  if (key != NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                 _ (
                   "the item “%s” of the login keyring holds the key of %s, though it is marked as that of %s: another "
                   "program has changed it"),
                 label, peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)), named);
  else
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                 _ ("the item “%s” of the login keyring holds no identity key: another program has filled it"), label);
  return NULL;
}

static PeerupPrivateKey *
choose (GList *items, PeerupPeerId *expected, GError **error)
{
  g_autoptr (PeerupPrivateKey) chosen = NULL;
  g_autoptr (GError) reason = NULL;

  for (GList *link = items; link != NULL; link = link->next)
    {
      g_autoptr (PeerupPrivateKey) key = read_item (link->data, reason == NULL ? &reason : NULL);
      PeerupPeerId *peer = key != NULL ? peerup_private_key_get_peer_id (key) : NULL;

      if (key == NULL)
        continue;
      if (expected != NULL && peerup_peer_id_equal (peer, expected))
        return g_steal_pointer (&key);
      if (chosen != NULL && !peerup_peer_id_equal (peer, peerup_private_key_get_peer_id (chosen)) && reason == NULL)
        g_set_error_literal (&reason, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                             _ ("the login keyring holds keys of several identities for this file"));
      g_clear_pointer (&chosen, peerup_private_key_unref);
      chosen = g_steal_pointer (&key);
    }
  if (chosen != NULL && expected != NULL)
    g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                 _ ("the login keyring holds the key of %s, and this device is %s: another program has replaced it"),
                 peerup_peer_id_get_string (peerup_private_key_get_peer_id (chosen)),
                 peerup_peer_id_get_string (expected));
  else if (reason != NULL)
    g_propagate_error (error, g_steal_pointer (&reason));
  else if (chosen == NULL)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                         _ ("the login keyring has no key for this device"));
  else
    return g_steal_pointer (&chosen);
  return NULL;
}

PeerupPrivateKey *
peerup_secret_service_load (PeerupKeyringWait *wait, const char *key_file, PeerupPeerId *expected, gboolean ask,
                            GError **error)
{
  g_autoptr (SecretService) service = open_service (wait, error);
  PeerupPrivateKey *key = NULL;
  GList *items = NULL;

  if (service != NULL && find (wait, service, key_file, ask, &items, error))
    key = choose (items, expected, error);
  g_list_free_full (items, g_object_unref);
  if (key == NULL)
    peerup_keyring_wait_explain (wait, WHAT, error);
  return key;
}

/* TRUE: it may be stored, and is not there yet unless *@present. */
static gboolean
check_place (GList *items, PeerupPeerId *peer, gboolean *present, GError **error)
{
  g_autoptr (GError) reason = NULL;
  g_autoptr (PeerupPrivateKey) key = choose (items, peer, &reason);

  *present = key != NULL;
  if (key != NULL || g_error_matches (reason, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    return TRUE;
  g_set_error (
    error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
    _ ("%s. Nothing is overwritten: look at it in the program “Passwords and Keys”, delete it there if nobody "
       "needs it, and try again"),
    reason->message);
  return FALSE;
}

static gboolean
put (PeerupKeyringWait *wait, SecretService *service, const char *key_file, PeerupPrivateKey *key, GError **error)
{
  g_autoptr (GHashTable) attributes = new_attributes (key_file, peerup_private_key_get_peer_id (key));
  g_autoptr (GBytes) bytes = peerup_private_key_to_protobuf (key);
  g_autoptr (SecretValue) value =
    secret_value_new (g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes), CONTENT);
  g_autoptr (GAsyncResult) result = NULL;

  secret_service_store (service, &schema, attributes, SECRET_COLLECTION_DEFAULT, "Identity key of Peer-Up", value,
                        wait->cancellable, peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  return secret_service_store_finish (service, result, error);
}

/* The item may only be where the usual keyring is. */
static gboolean
open_collection (PeerupKeyringWait *wait, SecretService *service, gboolean ask, GError **error)
{
  g_autoptr (SecretCollection) collection = get_collection (wait, service, error);

  if (collection == NULL)
    return FALSE;
  return !secret_collection_get_locked (collection) ||
         unlock (wait, service, g_list_prepend (NULL, g_object_ref (collection)), ask, error);
}

gboolean
peerup_secret_service_store (PeerupKeyringWait *wait, const char *key_file, PeerupPrivateKey *key, gboolean ask,
                             gboolean *begun, GError **error)
{
  g_autoptr (SecretService) service = open_service (wait, error);
  GList *items = NULL;
  gboolean done = FALSE, present = FALSE;

  if (service != NULL && open_collection (wait, service, ask, error) &&
      find (wait, service, key_file, ask, &items, error) &&
      check_place (items, peerup_private_key_get_peer_id (key), &present, error))
    {
      *begun = !present;
      done = present || put (wait, service, key_file, key, error);
    }
  g_list_free_full (items, g_object_unref);
  if (!done)
    peerup_keyring_wait_explain (wait, WHAT, error);
  return done;
}

static gboolean
delete_item (PeerupKeyringWait *wait, SecretItem *item, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  secret_item_delete (item, wait->cancellable, peerup_keyring_wait_ready, wait);
  result = peerup_keyring_wait_result (wait);
  return secret_item_delete_finish (item, result, error);
}

gboolean
peerup_secret_service_erase (PeerupKeyringWait *wait, const char *key_file, PeerupPeerId *peer, gboolean ask,
                             GError **error)
{
  g_autoptr (SecretService) service = open_service (wait, error);
  GList *items = NULL;
  gboolean done = service != NULL && find (wait, service, key_file, ask, &items, error);

  for (GList *link = items; done && link != NULL; link = link->next)
    {
      g_autoptr (PeerupPrivateKey) key = read_item (link->data, NULL);

      if (key != NULL && peerup_peer_id_equal (peerup_private_key_get_peer_id (key), peer))
        done = delete_item (wait, link->data, error);
    }
  g_list_free_full (items, g_object_unref);
  if (!done)
    peerup_keyring_wait_explain (wait, WHAT, error);
  return done;
}

gboolean
peerup_secret_service_look (PeerupKeyringWait *wait, gboolean *locked, GError **error)
{
  g_autoptr (SecretService) service = open_service (wait, error);
  g_autoptr (SecretCollection) collection = service != NULL ? get_collection (wait, service, error) : NULL;

  if (collection != NULL)
    *locked = secret_collection_get_locked (collection);
  else
    peerup_keyring_wait_explain (wait, WHAT, error);
  return collection != NULL;
}
