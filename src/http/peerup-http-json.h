/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* JSON as RFC 8259 has it, read strictly: UTF-8 alone, no name twice in an object, no NUL in a string, at most
 * PEERUP_JSON_DEPTH_MAX levels. A value is one tree, which does not change. */
typedef struct _PeerupJson PeerupJson;

#define PEERUP_JSON_DEPTH_MAX 64

typedef enum
{
  PEERUP_JSON_NULL,
  PEERUP_JSON_FALSE,
  PEERUP_JSON_TRUE,
  PEERUP_JSON_NUMBER,
  PEERUP_JSON_STRING,
  PEERUP_JSON_ARRAY,
  PEERUP_JSON_OBJECT,
} PeerupJsonType;

/* MALFORMED, with line and column. */
PeerupJson *peerup_json_parse (const char *text, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_json_free (PeerupJson *self);
PeerupJsonType peerup_json_get_type (const PeerupJson *self);
/* Of a string; and of a number, as it was written. */
const char *peerup_json_get_text (const PeerupJson *self);
/* Of an array or an object. */
guint peerup_json_get_length (const PeerupJson *self);
const PeerupJson *peerup_json_get_element (const PeerupJson *self, guint i);
const char *peerup_json_get_name (const PeerupJson *self, guint i);
/* (nullable): of an object. */
const PeerupJson *peerup_json_get_member (const PeerupJson *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupJson, peerup_json_free)

/**
 * peerup_json_to_variant:
 * @type: what it is to be, without handles and object paths
 * @what: what to call it in errors: "peer"
 *
 * Integers are exact: 1.5, 1e3 and what does not fit are refused. A "v", as in a{sv}, takes what JSON says: a string s,
 * a boolean b, an integer x (or t, above that), any other number d, an array of strings (and an empty one) as, other
 * arrays av, an object a{sv}. null is refused everywhere but as an "m" that is nothing.
 *
 * Returns: (transfer floating). MALFORMED, naming the member and what it must be.
 */
GVariant *peerup_json_to_variant (const PeerupJson *self, const GVariantType *type, const char *what,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): @body as an object of any members, a{sv} by the rule for "v"; an empty body is an object without
 * members. MALFORMED. */
GVariant *peerup_json_parse_object (GBytes *body, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Writes a value: numbers as numbers, dictionaries whose keys are strings as objects in their order, other dictionaries
 * as arrays of pairs, tuples and arrays as arrays, "v" as what it holds, an "m" that is nothing as null. As Go's
 * encoder does, it escapes "<", ">", "&", U+2028 and U+2029. */
void peerup_json_append_variant (GString *out, GVariant *value);
void peerup_json_append_string (GString *out, const char *text);

G_END_DECLS
