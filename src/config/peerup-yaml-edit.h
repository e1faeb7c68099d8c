/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-yaml.h"

G_BEGIN_DECLS

/* One change to a document's text. Each function returns the changed document, in which
 * every byte that the change is not about is what it was, and which differs as a tree by
 * that change alone (it was parsed again and compared); otherwise PEERUP_ERROR_CONFIG with
 * the place that cannot be changed. @path is a NULL-terminated list of keys from the top. */

/* Puts @value (transfer none), a scalar or an empty list, in the place of the scalar or
 * null at @path; where nothing is, any value, making what it stands in. */
PeerupYamlDocument *peerup_yaml_edit_set (const PeerupYamlDocument *document, const char *const *path,
                                          const PeerupYamlNode *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Adds @value at the end of the list at @path, which is made if there is none. */
PeerupYamlDocument *peerup_yaml_edit_append (const PeerupYamlDocument *document, const char *const *path,
                                             const PeerupYamlNode *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes out what stands at @path, key and all. It must exist. */
PeerupYamlDocument *peerup_yaml_edit_remove (const PeerupYamlDocument *document, const char *const *path,
                                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Takes out one item of the list at @path. It must exist. */
PeerupYamlDocument *peerup_yaml_edit_remove_item (const PeerupYamlDocument *document, const char *const *path,
                                                  guint index, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Calls what stands at @path by another @key, which its mapping must not have. It must exist. */
PeerupYamlDocument *peerup_yaml_edit_rename (const PeerupYamlDocument *document, const char *const *path,
                                             const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) */
PeerupYamlNode *peerup_yaml_edit_find (const PeerupYamlDocument *document, const char *const *path);

G_END_DECLS
