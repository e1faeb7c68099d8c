/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* The head of one HTTP/1.1 message, as far as a WebSocket needs it (RFC 9112 2 to 5): a first
 * line and fields. Lines end with CR LF and nothing else, fields are not folded, and there are
 * no control characters. */
typedef struct
{
  char *text;     /* all of it; what follows points into it */
  char *start;    /* the first line */
  GArray *fields; /* of PeerupHttpField, in their order */
} PeerupHttpHead;

typedef struct
{
  const char *name;
  const char *value; /* without the white space around it */
} PeerupHttpField;

/* @text: everything up to and with the empty line. MALFORMED, with what is wrong. */
PeerupHttpHead *peerup_http_head_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_http_head_free (PeerupHttpHead *self);

guint peerup_http_head_count (const PeerupHttpHead *self, const char *name);
/* (nullable): the value of the only field @name; NULL where there is none or more than one. */
const char *peerup_http_head_get (const PeerupHttpHead *self, const char *name);
/* Whether @token stands in the lists of the fields @name, in any case of its letters. */
gboolean peerup_http_head_has_token (const PeerupHttpHead *self, const char *name, const char *token);
/* (nullable) (transfer full): the first token of the first field @name. */
char *peerup_http_head_dup_first_token (const PeerupHttpHead *self, const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupHttpHead, peerup_http_head_free)

G_END_DECLS
