/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-expires.h"
#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Bytes of a line without its ending, and of a comment or value that is added by us. */
#define PEERUP_AUTHORIZED_LINE_MAX    (64 * 1024)
#define PEERUP_AUTHORIZED_COMMENT_MAX 512
#define PEERUP_AUTHORIZED_VALUE_MAX   512

/* One line of an authorized_keys file. Immutable: an edit makes a new line out of an old
 * one. An entry has a @peer; a line that should be one and is not has a @problem; comments
 * and blank lines have neither. */
typedef struct
{
  char *text; /* the bytes, with a carriage return if there was one */
  gsize length;
  PeerupPeerId *peer; /* (nullable) */
  char *problem;      /* (nullable): a reason for a person */
  char *id;           /* as it was written */
  GPtrArray *words;   /* what follows the ID: key=value, and words without a meaning */
  char *raw_comment;  /* (nullable): what follows the first '#', as it was written */
  char *comment;      /* (nullable): the same, fit to be shown */
  gint64 expires;     /* the earliest; PEERUP_EXPIRES_* */
} PeerupAuthorizedLine;

/* Never fails. @text has no line feed. */
PeerupAuthorizedLine *peerup_authorized_line_parse (const char *text, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* @comment is sanitised, see peerup_authorized_keys_add(). */
PeerupAuthorizedLine *
peerup_authorized_line_new (const PeerupPeerId *peer, const char *comment) G_GNUC_WARN_UNUSED_RESULT;
/* The line with @key set to @value (NULL: without @key); both checked before. NULL if it would be above
 * PEERUP_AUTHORIZED_LINE_MAX. */
PeerupAuthorizedLine *peerup_authorized_line_with (const PeerupAuthorizedLine *self, const char *key,
                                                   const char *value) G_GNUC_WARN_UNUSED_RESULT;
void peerup_authorized_line_free (PeerupAuthorizedLine *self);
/* (nullable): the first value of @key, borrowed. */
const char *peerup_authorized_line_get_attribute (const PeerupAuthorizedLine *self, const char *key);

/* (nullable) (transfer full): @text from anywhere as at most @max bytes of UTF-8 without line ends, control
 * characters and such as hide or reorder text; NULL if nothing is left. */
char *peerup_trust_clean_text (const char *text, gsize max) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAuthorizedLine, peerup_authorized_line_free)

G_END_DECLS
