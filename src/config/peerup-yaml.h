/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Collections within collections that a document may hold. */
#define PEERUP_YAML_MAX_DEPTH 32

typedef enum
{
  PEERUP_YAML_SCALAR,
  PEERUP_YAML_SEQUENCE,
  PEERUP_YAML_MAPPING,
} PeerupYamlKind;

/* One node of a document, owned by it. */
typedef struct _PeerupYamlNode PeerupYamlNode;
/**
 * PeerupYamlNode:
 * @flow: of a collection: written in brackets, not by indentation
 * @quoted: of a scalar: written in quotes
 * @folded: of a scalar: a block scalar ("|" or ">")
 * @start: the byte where the node's text begins: quotes and brackets belong to it. A value
 *   that is not written begins after its colon.
 * @end: the byte after its text
 * @key: (nullable): the key, if the node is a value in a mapping
 * @text: of a scalar: its value; "" where nothing is written
 * @children: of a collection: its values, in order; otherwise NULL
 */
struct _PeerupYamlNode
{
  PeerupYamlKind kind;
  gboolean flow;
  gboolean quoted;
  gboolean folded;
  gsize start;
  gsize end;
  PeerupYamlNode *key;
  char *text;
  GPtrArray *children;
};

PeerupYamlNode *peerup_yaml_node_new (PeerupYamlKind kind, gsize start, gsize end) G_GNUC_WARN_UNUSED_RESULT;
void peerup_yaml_node_free (PeerupYamlNode *self);

/* A document and the text it was read from. Immutable, but for who made it. */
typedef struct
{
  char *path;
  char *text;
  gsize length;
  gsize end;
  gboolean ended;
  PeerupYamlNode *root;
} PeerupYamlDocument;

/* Keys of mappings are scalars and stand once each; there are no anchors, aliases, tags or merge keys,
 * and one document only. An empty text is an empty mapping. @end is where the document's
 * content may grow: the end of the text, or (@ended) the "..." line. Errors:
 * PEERUP_ERROR_CONFIG as "@path:LINE:COLUMN: text". */
PeerupYamlDocument *
peerup_yaml_parse (const char *text, gsize length, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_yaml_document_free (PeerupYamlDocument *self);
/* "PATH:LINE:COLUMN" of a byte of the text. */
char *peerup_yaml_document_locate (const PeerupYamlDocument *self, gsize offset) G_GNUC_WARN_UNUSED_RESULT;
/* Sets PEERUP_ERROR_CONFIG with "PATH:LINE:COLUMN: message", returns FALSE. */
gboolean peerup_yaml_refuse (const PeerupYamlDocument *self, gsize offset, GError **error, const char *format, ...)
  G_GNUC_PRINTF (4, 5);
/* Nothing written, or "~" or "null". */
gboolean peerup_yaml_node_is_null (const PeerupYamlNode *self);
/* (nullable): also NULL if @self is not a mapping. */
PeerupYamlNode *peerup_yaml_node_get (const PeerupYamlNode *self, const char *key);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupYamlNode, peerup_yaml_node_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupYamlDocument, peerup_yaml_document_free)

G_END_DECLS
