/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-yaml.h"

G_BEGIN_DECLS

/* Values that stand in no text yet, or no longer: made, compared, written out. */

/* @quoted: to be written in double quotes. Unquoted text must be a plain word. */
PeerupYamlNode *peerup_yaml_value_new_scalar (const char *text, gboolean quoted) G_GNUC_WARN_UNUSED_RESULT;
/* Appends @child (transfer full); @key for a mapping, NULL for a sequence. Returns @child. */
PeerupYamlNode *peerup_yaml_value_add (PeerupYamlNode *self, const char *key, PeerupYamlNode *child);
/* Deep, without @self's key. */
PeerupYamlNode *peerup_yaml_value_copy (const PeerupYamlNode *self) G_GNUC_WARN_UNUSED_RESULT;
/* Same keys in the same order, same texts, quoted alike. Nothing, null and an empty
 * collection are equal. */
gboolean peerup_yaml_value_equal (const PeerupYamlNode *a, const PeerupYamlNode *b);
/* In double quotes, with escapes: always one line, always the same text when read. */
char *peerup_yaml_quote (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Without quotes where it is a plain word that nothing reads as something else. */
char *peerup_yaml_quote_key (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Letters, digits and "_./-", and neither a number, a flag nor null. */
gboolean peerup_yaml_is_plain (const char *text);
/* On one line, in brackets. */
void peerup_yaml_append_flow (GString *out, const PeerupYamlNode *self);
/* Lines indented by @indent, those below by @step more: "key: value" for a mapping's
 * entry (@key), "- value" for an item (@key NULL). Ends in "\n". */
void peerup_yaml_append_block (GString *out, const char *key, const PeerupYamlNode *self, guint indent, guint step);

G_END_DECLS
