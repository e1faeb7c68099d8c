/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-yaml.h"

G_BEGIN_DECLS

/* All offsets are bytes of the document's text. */

/* Whether nothing but @characters stands between @start and @end. */
gboolean peerup_yaml_is_only (const PeerupYamlDocument *document, gsize start, gsize end, const char *characters);
gsize peerup_yaml_line_start (const PeerupYamlDocument *document, gsize offset);
/* Where the line after the one of @offset begins, or the end of the text. */
gsize peerup_yaml_next_line (const PeerupYamlDocument *document, gsize offset);
/* Where the lines of @node end. A block scalar's end is in the line after it already. */
gsize peerup_yaml_after_node (const PeerupYamlDocument *document, const PeerupYamlNode *node);
/* Passes over lines of comment that are indented by @indent at least. */
gsize peerup_yaml_skip_comments (const PeerupYamlDocument *document, gsize offset, guint indent);
/* Where a node begins with its key, if it has one. */
gsize peerup_yaml_begin_of (const PeerupYamlNode *node);
/* The indentation of the line that the entry @node of a collection written in lines
 * begins; FALSE if something else begins it. */
gboolean peerup_yaml_find_indent (const PeerupYamlDocument *document, const PeerupYamlNode *node, guint *indent);
/* How far this file indents: the first section decides. */
guint peerup_yaml_find_step (const PeerupYamlDocument *document);
/* After the colon of @node's key, or where the key ends if it has none. */
gsize peerup_yaml_after_colon (const PeerupYamlDocument *document, const PeerupYamlNode *node);
/* The comma from @offset on, with nothing but white space and comments before it. */
gboolean peerup_yaml_find_comma (const PeerupYamlDocument *document, gsize offset, gsize *comma);

G_END_DECLS
