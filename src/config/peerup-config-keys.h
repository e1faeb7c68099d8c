/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-schema.h"
#include "config/peerup-yaml.h"

G_BEGIN_DECLS

/* (nullable) */
const PeerupConfigKey *peerup_config_key_get_child (const PeerupConfigKey *self, const char *name);
/* What an unknown @name in @self was likely meant to be, as a sentence's end ("did you
 * mean “key_file”?", "it belongs under “identity”"); NULL where nothing is near. */
char *peerup_config_key_suggest (const PeerupConfigKey *self, const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* Whether the key may have the value @text: whether it is of its form and in its range, where that is for the table
 * to say. */
gboolean peerup_config_key_takes (const PeerupConfigKey *self, const char *text);
/* Checks that what stands in @document is what the table allows (or null), and
 * appends a warning for each key that is not in it. PEERUP_ERROR_CONFIG. */
gboolean peerup_config_keys_check (const PeerupYamlDocument *document, GPtrArray *warnings,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* true, false, and the words of YAML 1.1 that the original reads too: yes, no, on, off, y, n. */
gboolean peerup_config_parse_flag (const char *text, gboolean *value);
/* @text as it may stand in a message: in quotes, not longer than a line, no control characters. */
char *peerup_config_quote (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Appends "PATH:LINE:COLUMN: message" to @warnings, up to a cap, then once that there are more. */
void peerup_config_warn (const PeerupYamlDocument *document, GPtrArray *warnings, gsize offset, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

G_END_DECLS
