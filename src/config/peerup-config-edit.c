/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a person or a program may change in a configuration file, in the terms of the
 * file's meaning. The text is changed by peerup-yaml-edit.c, which cannot damage it; the
 * file is locked and replaced by peerup-config-file.c. Lives for one change, holding the
 * lock. Nothing is written before the whole result has passed as a configuration. */

#include "config/peerup-config-edit.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "config/peerup-config-file.h"
#include "config/peerup-config-keys.h"
#include "config/peerup-config-store.h"
#include "config/peerup-yaml-edit.h"
#include "config/peerup-yaml-value.h"
#include "wire/peerup-discovery-message.h"
#include "wire/peerup-label.h"

#define NAME_MAX_LENGTH 64

struct _PeerupConfigEdit
{
  PeerupConfigFile *file; /* NULL in memory */
  PeerupYamlDocument *document;
  char *cause; /* (nullable): to archive it */
  gboolean changed;
  gboolean committed;
};

PeerupConfigEdit *
peerup_config_edit_new_from_data (const char *text, gsize length, const char *path, GError **error)
{
  g_autoptr (PeerupYamlDocument) document = NULL;
  PeerupConfigEdit *self;

  g_return_val_if_fail (text != NULL || length == 0, NULL);
  g_return_val_if_fail (path != NULL, NULL);

  document = peerup_yaml_parse (text, length, path, error);
  if (document == NULL)
    return NULL;
  self = g_new0 (PeerupConfigEdit, 1);
  self->document = g_steal_pointer (&document);
  return self;
}

PeerupConfigEdit *
peerup_config_edit_open (const char *path, GError **error)
{
  g_autoptr (PeerupConfigFile) file = NULL;
  PeerupConfigEdit *self;

  g_return_val_if_fail (path != NULL, NULL);

  file = peerup_config_file_lock (path, error);
  if (file == NULL || !peerup_config_pending_check_none (path, error))
    return NULL;
  self = peerup_config_edit_new_from_data (file->text, file->length, path, error);
  if (self != NULL)
    self->file = g_steal_pointer (&file);
  return self;
}

void
peerup_config_edit_free (PeerupConfigEdit *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->file, peerup_config_file_free);
  g_clear_pointer (&self->document, peerup_yaml_document_free);
  g_free (self->cause);
  g_free (self);
}

const char *
peerup_config_edit_get_text (PeerupConfigEdit *self, gsize *length)
{
  g_return_val_if_fail (self != NULL, NULL);

  if (length != NULL)
    *length = self->document->length;
  return self->document->text;
}

void
peerup_config_edit_set_cause (PeerupConfigEdit *self, const char *cause)
{
  g_return_if_fail (self != NULL);

  g_set_str (&self->cause, cause);
}

/* It is in place, and no longer locked: that it is not archived is no reason to say that it failed. */
static void
archive (PeerupConfigEdit *self)
{
  const PeerupYamlDocument *document = self->document;
  g_autoptr (PeerupConfigStore) store = peerup_config_store_new (document->path);
  g_autoptr (GError) error = NULL;

  if (!peerup_config_store_note (store, self->file->text, self->file->length, document->text, document->length,
                                 "command", self->cause, &error) &&
      error != NULL)
    g_message ("%s", error->message);
}

gboolean
peerup_config_edit_commit (PeerupConfigEdit *self, GError **error)
{
  const PeerupYamlDocument *document;
  g_autoptr (PeerupConfig) config = NULL;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (!self->committed, FALSE);

  document = self->document;
  config = peerup_config_new_from_data (document->text, document->length, document->path, NULL, error);
  if (config == NULL)
    return FALSE;
  if (self->file != NULL && self->changed &&
      !peerup_config_file_replace (self->file, document->text, document->length, error))
    return FALSE;
  if (self->file != NULL && self->changed && self->cause != NULL)
    archive (self);
  self->committed = TRUE;
  return TRUE;
}

/* Takes the result of a step, NULL where it failed. */
static gboolean
adopt (PeerupConfigEdit *self, PeerupYamlDocument *document)
{
  if (document == NULL)
    return FALSE;
  peerup_yaml_document_free (self->document);
  self->document = document;
  self->changed = TRUE;
  return TRUE;
}

static PeerupYamlNode *
find (PeerupConfigEdit *self, const char *const *path)
{
  return peerup_yaml_edit_find (self->document, path);
}

static gboolean
set_scalar (PeerupConfigEdit *self, const char *const *path, const char *text, gboolean quoted, GError **error)
{
  g_autoptr (PeerupYamlNode) value = peerup_yaml_value_new_scalar (text, quoted);

  return adopt (self, peerup_yaml_edit_set (self->document, path, value, error));
}

static gboolean
fail (GError **error, PeerupError code, const char *what, const char *name, const char *next)
{
  g_autofree char *quoted = peerup_config_quote (name);

  g_set_error (error, PEERUP_ERROR, code, "%s %s; %s", what, quoted, next);
  return FALSE;
}

static gboolean
check_address (const char *local_address, GError **error)
{
  g_autofree char *host = NULL;
  guint16 port;

  return peerup_config_parse_host_port (local_address, &host, &port, error);
}

static gboolean
check_service (PeerupConfigEdit *self, const char *name, GError **error)
{
  const char *const path[] = { "services", name, NULL };

  if (find (self, path) != NULL)
    return TRUE;
  return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("there is no service"), name,
               _ ("“peerup service list” shows those there are"));
}

/* Whether a service may get that name, which none has yet. */
static gboolean
check_new_service (PeerupConfigEdit *self, const char *name, GError **error)
{
  const char *const path[] = { "services", name, NULL };

  if (!peerup_config_is_service_name (name))
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("a service cannot be called"), name,
                 _ ("use 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends"));
  if (peerup_label_is_own_protocol (name))
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("a service cannot be called"), name,
                 _ ("Peer-Up itself speaks a protocol of that name; use another one"));
  if (find (self, path) != NULL)
    return fail (error, PEERUP_ERROR_EXISTS, _ ("there is already a service"), name,
                 _ ("remove it first, or use another name"));
  return TRUE;
}

gboolean
peerup_config_edit_add_service (PeerupConfigEdit *self, const char *name, const char *local_address, GError **error)
{
  const char *const path[] = { "services", name, NULL };
  g_autoptr (PeerupYamlNode) value = NULL;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL && local_address != NULL, FALSE);

  if (!check_new_service (self, name, error) || !check_address (local_address, error))
    return FALSE;
  value = peerup_yaml_node_new (PEERUP_YAML_MAPPING, 0, 0);
  peerup_yaml_value_add (value, "enabled", peerup_yaml_value_new_scalar ("true", FALSE));
  peerup_yaml_value_add (value, "local_address", peerup_yaml_value_new_scalar (local_address, TRUE));
  return adopt (self, peerup_yaml_edit_set (self->document, path, value, error));
}

gboolean
peerup_config_edit_rename_service (PeerupConfigEdit *self, const char *name, const char *new_name, GError **error)
{
  const char *const path[] = { "services", name, NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL && new_name != NULL, FALSE);

  if (!check_service (self, name, error))
    return FALSE;
  if (strcmp (name, new_name) == 0)
    return TRUE;
  return check_new_service (self, new_name, error) &&
         adopt (self, peerup_yaml_edit_rename (self->document, path, new_name, error));
}

gboolean
peerup_config_edit_remove_service (PeerupConfigEdit *self, const char *name, GError **error)
{
  const char *const path[] = { "services", name, NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  return check_service (self, name, error) && adopt (self, peerup_yaml_edit_remove (self->document, path, error));
}

gboolean
peerup_config_edit_set_service_enabled (PeerupConfigEdit *self, const char *name, gboolean enabled, GError **error)
{
  const char *const path[] = { "services", name, "enabled", NULL };
  const PeerupYamlNode *node;
  gboolean now;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (!check_service (self, name, error))
    return FALSE;
  node = find (self, path);
  if (node != NULL && node->kind == PEERUP_YAML_SCALAR && peerup_config_parse_flag (node->text, &now) &&
      now == !!enabled)
    return TRUE;
  return set_scalar (self, path, enabled ? "true" : "false", FALSE, error);
}

gboolean
peerup_config_edit_set_service_address (PeerupConfigEdit *self, const char *name, const char *local_address,
                                        GError **error)
{
  const char *const path[] = { "services", name, "local_address", NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL && local_address != NULL, FALSE);

  return check_address (local_address, error) && check_service (self, name, error) &&
         set_scalar (self, path, local_address, TRUE, error);
}

static gboolean
remove_if_there (PeerupConfigEdit *self, const char *const *path, GError **error)
{
  return find (self, path) == NULL || adopt (self, peerup_yaml_edit_remove (self->document, path, error));
}

gboolean
peerup_config_edit_set_service_kind (PeerupConfigEdit *self, const char *name, const char *kind, GError **error)
{
  const char *const path[] = { "services", name, "kind", NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (kind != NULL && !peerup_label_is_valid (kind, strlen (kind)))
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("a service cannot be of the kind"), kind,
                 _ ("use 1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends"));
  if (!check_service (self, name, error))
    return FALSE;
  return kind != NULL ? set_scalar (self, path, kind, TRUE, error) : remove_if_there (self, path, error);
}

static gboolean
check_tags (const char *const *tags, GError **error)
{
  for (guint i = 0; tags[i] != NULL; i++)
    {
      if (!peerup_discovery_is_tag (tags[i], strlen (tags[i])))
        return fail (error, PEERUP_ERROR_MALFORMED, _ ("a service cannot have the tag"), tags[i],
                     _ ("use fewer bytes of text, in one line"));
      if (i >= PEERUP_DISCOVERY_TAGS_MAX)
        return fail (error, PEERUP_ERROR_MALFORMED, _ ("a service cannot have another tag"), tags[i],
                     _ ("remove another one first"));
    }
  return TRUE;
}

gboolean
peerup_config_edit_set_service_tags (PeerupConfigEdit *self, const char *name, const char *const *tags, GError **error)
{
  const char *const path[] = { "services", name, "tags", NULL };
  g_autoptr (PeerupYamlNode) value = peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0);

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if ((tags != NULL && !check_tags (tags, error)) || !check_service (self, name, error))
    return FALSE;
  /* A list is not changed where it stands, nor is a key without a value. */
  if (!remove_if_there (self, path, error))
    return FALSE;
  if (tags == NULL || tags[0] == NULL)
    return TRUE;
  for (guint i = 0; tags[i] != NULL; i++)
    peerup_yaml_value_add (value, NULL, peerup_yaml_value_new_scalar (tags[i], TRUE));
  return adopt (self, peerup_yaml_edit_set (self->document, path, value, error));
}

/* Takes out of the list at @path what is not in @peers (any entry that does not parse, or
 * stands twice, too) and marks in @kept what is. */
static gboolean
prune_peers (PeerupConfigEdit *self, const char *const *path, GHashTable *wanted, GHashTable *kept, GError **error)
{
  const PeerupYamlNode *list = find (self, path);
  guint i = 0;

  while (list != NULL && list->kind == PEERUP_YAML_SEQUENCE && i < list->children->len)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);
      g_autoptr (PeerupPeerId) peer =
        node->kind == PEERUP_YAML_SCALAR ? peerup_peer_id_new_from_string (node->text, NULL) : NULL;

      if (peer != NULL && g_hash_table_contains (wanted, peer) && !g_hash_table_contains (kept, peer))
        {
          g_hash_table_add (kept, g_steal_pointer (&peer));
          i++;
          continue;
        }
      if (!adopt (self, peerup_yaml_edit_remove_item (self->document, path, i, error)))
        return FALSE;
      list = find (self, path);
    }
  return TRUE;
}

static gboolean
append_peers (PeerupConfigEdit *self, const char *const *path, GPtrArray *peers, GHashTable *kept, GError **error)
{
  for (guint i = 0; i < peers->len; i++)
    {
      PeerupPeerId *peer = g_ptr_array_index (peers, i);
      g_autoptr (PeerupYamlNode) value = peerup_yaml_value_new_scalar (peerup_peer_id_get_string (peer), TRUE);

      if (!g_hash_table_add (kept, peerup_peer_id_ref (peer)))
        continue;
      if (!adopt (self, peerup_yaml_edit_append (self->document, path, value, error)))
        return FALSE;
    }
  return TRUE;
}

/* Written out, so that it cannot be mistaken for a list that is not there. */
static gboolean
set_nobody (PeerupConfigEdit *self, const char *const *path, GError **error)
{
  const PeerupYamlNode *list = find (self, path);
  g_autoptr (PeerupYamlNode) value = peerup_yaml_node_new (PEERUP_YAML_SEQUENCE, 0, 0);

  if (list != NULL && list->kind == PEERUP_YAML_SEQUENCE)
    return TRUE;
  return adopt (self, peerup_yaml_edit_set (self->document, path, value, error));
}

/* In several steps, made on a document of their own, so that all of them happen or none. */
static gboolean
replace_peers (PeerupConfigEdit *self, const char *const *path, GPtrArray *peers, GError **error)
{
  const PeerupYamlDocument *document = self->document;
  PeerupConfigEdit steps = { NULL };
  g_autoptr (GHashTable) wanted = g_hash_table_new (peerup_peer_id_hash, peerup_peer_id_equal);
  g_autoptr (GHashTable) kept =
    g_hash_table_new_full (peerup_peer_id_hash, peerup_peer_id_equal, (GDestroyNotify) peerup_peer_id_unref, NULL);
  gboolean ok;

  for (guint i = 0; i < peers->len; i++)
    g_hash_table_add (wanted, g_ptr_array_index (peers, i));
  steps.document = peerup_yaml_parse (document->text, document->length, document->path, NULL);
  g_assert (steps.document != NULL);
  ok = prune_peers (&steps, path, wanted, kept, error) && append_peers (&steps, path, peers, kept, error) &&
       (peers->len > 0 || set_nobody (&steps, path, error));
  if (ok && steps.changed)
    return adopt (self, steps.document);
  peerup_yaml_document_free (steps.document);
  return ok;
}

gboolean
peerup_config_edit_set_allowed_peers (PeerupConfigEdit *self, const char *service, GPtrArray *peers, GError **error)
{
  const char *const path[] = { "services", service, "allowed_peers", NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (service != NULL, FALSE);

  if (!check_service (self, service, error))
    return FALSE;
  if (peers != NULL)
    return replace_peers (self, path, peers, error);
  return remove_if_there (self, path, error);
}

static gboolean
is_name (const char *text)
{
  gsize length = strspn (text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

  return text[length] == '\0' && length > 0 && length <= NAME_MAX_LENGTH;
}

gboolean
peerup_config_edit_add_name (PeerupConfigEdit *self, const char *name, PeerupPeerId *peer, GError **error)
{
  const char *const path[] = { "names", name, NULL };
  const PeerupYamlNode *node;
  g_autoptr (PeerupPeerId) present = NULL;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL && peer != NULL, FALSE);

  if (!is_name (name))
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("a device cannot be called"), name,
                 _ ("use 1 to 64 letters, digits, “.”, “_” and “-”"));
  node = find (self, path);
  if (node != NULL && node->kind == PEERUP_YAML_SCALAR)
    present = peerup_peer_id_new_from_string (node->text, NULL);
  if (present != NULL && peerup_peer_id_equal (present, peer))
    return TRUE;
  if (present != NULL)
    return fail (error, PEERUP_ERROR_EXISTS, _ ("there is already a device called"), name,
                 _ ("remove it first, or use another name"));
  return set_scalar (self, path, peerup_peer_id_get_string (peer), TRUE, error);
}

gboolean
peerup_config_edit_remove_name (PeerupConfigEdit *self, const char *name, GError **error)
{
  const char *const path[] = { "names", name, NULL };

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (find (self, path) == NULL)
    return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("there is no device called"), name, _ ("check the spelling"));
  return adopt (self, peerup_yaml_edit_remove (self->document, path, error));
}

static const char *const relay_path[] = { "relay", "addresses", NULL };

/* The place of @address in the list, -1 if it is not there in any spelling. */
static int
find_relay (PeerupConfigEdit *self, PeerupMultiaddr *address)
{
  const PeerupYamlNode *list = find (self, relay_path);

  for (guint i = 0; list != NULL && list->kind == PEERUP_YAML_SEQUENCE && i < list->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (list->children, i);
      g_autoptr (PeerupMultiaddr) present =
        node->kind == PEERUP_YAML_SCALAR ? peerup_multiaddr_new_from_string (node->text, NULL) : NULL;

      if (present != NULL && peerup_multiaddr_equal (present, address))
        return i;
    }
  return -1;
}

gboolean
peerup_config_edit_add_relay (PeerupConfigEdit *self, PeerupMultiaddr *address, GError **error)
{
  g_autoptr (PeerupYamlNode) value = NULL;
  g_autoptr (PeerupPeerId) peer = NULL;
  const char *text;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  text = peerup_multiaddr_get_string (address);
  peer = peerup_multiaddr_dup_peer_id (address);
  if (peer == NULL)
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("a relay cannot be reached at"), text,
                 _ ("write its peer ID behind it, as in /ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…"));
  if (find_relay (self, address) >= 0)
    return fail (error, PEERUP_ERROR_EXISTS, _ ("there is already the relay"), text, _ ("nothing is to be done"));
  value = peerup_yaml_value_new_scalar (text, TRUE);
  return adopt (self, peerup_yaml_edit_append (self->document, relay_path, value, error));
}

gboolean
peerup_config_edit_remove_relay (PeerupConfigEdit *self, PeerupMultiaddr *address, GError **error)
{
  int index;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (address != NULL, FALSE);

  index = find_relay (self, address);
  if (index < 0)
    return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("there is no relay"), peerup_multiaddr_get_string (address),
                 _ ("“peerup config show” lists those there are"));
  return adopt (self, peerup_yaml_edit_remove_item (self->document, relay_path, index, error));
}

/* "a.b.c" as keys and what the table says of it; a name may hold dots and takes the rest. */
static const PeerupConfigKey *
split_key (const char *key, GPtrArray *path, GError **error)
{
  const PeerupConfigKey *known = &peerup_config_root_key;

  while (*key != '\0')
    {
      const PeerupConfigKey *any = peerup_config_key_next_child (known, NULL);
      gboolean rest =
        any != NULL && strcmp (peerup_config_key_get_name (any), "*") == 0 && any->kind != PEERUP_CONFIG_KEY_MAPPING;
      gsize length = rest ? strlen (key) : strcspn (key, ".");
      g_autofree char *part = g_strndup (key, length);
      const PeerupConfigKey *child = peerup_config_key_get_child (known, part);

      if (child == NULL)
        {
          g_autofree char *suggestion = peerup_config_key_suggest (known, part);

          fail (error, PEERUP_ERROR_NOT_FOUND, _ ("there is no key"), part,
                suggestion != NULL ? suggestion : _ ("“peerup config show” lists those there are"));
          return NULL;
        }
      g_ptr_array_add (path, g_steal_pointer (&part));
      known = child;
      key += length;
      key += *key == '.' ? 1 : 0;
    }
  return known;
}

/* A value that stood without quotes stays so if it can. */
static gboolean
wants_quotes (const PeerupYamlNode *node, const char *value)
{
  return node == NULL || node->quoted || peerup_yaml_node_is_null (node) || !peerup_yaml_is_plain (value);
}

static gboolean
set_known (PeerupConfigEdit *self, const char *const *path, const PeerupConfigKey *known, const char *value,
           GError **error)
{
  const PeerupYamlNode *node = find (self, path);
  guint64 number;
  gboolean flag;

  if (node != NULL && node->kind == PEERUP_YAML_SCALAR && strcmp (node->text, value) == 0 && *value != '\0')
    return TRUE;
  switch (known->kind)
    {
    case PEERUP_CONFIG_KEY_FLAG:
      if (!peerup_config_parse_flag (value, &flag))
        return fail (error, PEERUP_ERROR_MALFORMED, _ ("this is either true or false, not"), value,
                     _ ("write one of these"));
      return set_scalar (self, path, flag ? "true" : "false", FALSE, error);

    case PEERUP_CONFIG_KEY_NUMBER:
      if (!g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT32, &number, NULL))
        return fail (error, PEERUP_ERROR_MALFORMED, _ ("this is a number, not"), value, _ ("write digits"));
      return set_scalar (self, path, value, FALSE, error);

    case PEERUP_CONFIG_KEY_TEXT:
      return set_scalar (self, path, value, wants_quotes (node, value), error);

    case PEERUP_CONFIG_KEY_MAPPING:
    case PEERUP_CONFIG_KEY_LIST:
    default:
      return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("this is not one value:"),
                   path[g_strv_length ((char **) path) - 1], _ ("name a key below it, or use the command for it"));
    }
}

gboolean
peerup_config_edit_set (PeerupConfigEdit *self, const char *key, const char *value, GError **error)
{
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  const PeerupConfigKey *known;
  const char *const *path;

  g_return_val_if_fail (self != NULL && !self->committed, FALSE);
  g_return_val_if_fail (key != NULL, FALSE);

  known = split_key (key, parts, error);
  if (known == NULL)
    return FALSE;
  if (parts->len == 0)
    return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("there is no key"), key,
                 _ ("give one such as relay.reservation_interval"));
  if (value != NULL && !g_utf8_validate (value, -1, NULL))
    return fail (error, PEERUP_ERROR_MALFORMED, _ ("this is not text in UTF-8:"), value,
                 _ ("give it in that encoding"));
  g_ptr_array_add (parts, NULL);
  path = (const char *const *) parts->pdata;
  /* A service is more than one key of it. */
  if (strcmp (path[0], "services") == 0 && path[1] != NULL && !check_service (self, path[1], error))
    return FALSE;
  if (value != NULL)
    return set_known (self, path, known, value, error);
  if (find (self, path) == NULL)
    return fail (error, PEERUP_ERROR_NOT_FOUND, _ ("the file does not have"), key, _ ("nothing is to be done"));
  return adopt (self, peerup_yaml_edit_remove (self->document, path, error));
}
