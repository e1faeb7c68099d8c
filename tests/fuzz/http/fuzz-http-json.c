/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* JSON: what is read is written as JSON, and that is read the same again. */

#include "http/peerup-http-json.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static GVariant *
read_value (const char *text, gsize length)
{
  g_autoptr (PeerupJson) json = peerup_json_parse (text, length, NULL);
  GVariant *value = json != NULL ? peerup_json_to_variant (json, G_VARIANT_TYPE_VARIANT, "it", NULL) : NULL;

  return value != NULL ? g_variant_ref_sink (value) : NULL;
}

static GString *
write_value (GVariant *value)
{
  GString *text = g_string_new (NULL);

  peerup_json_append_variant (text, value);
  return text;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (GVariant) value = read_value ((const char *) data, size);
  g_autoptr (GString) text = value != NULL ? write_value (value) : NULL;
  g_autoptr (PeerupJson) json = text != NULL ? peerup_json_parse (text->str, text->len, NULL) : NULL;
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GVariant) third = NULL;
  g_autoptr (GString) text_again = NULL;
  g_autoptr (GString) text_third = NULL;

  g_assert ((json == NULL) == (value == NULL));
  /* A number with an exponent can become an integer, and one that is too large for that. */
  again = text != NULL ? read_value (text->str, text->len) : NULL;
  if (again == NULL)
    return 0;
  text_again = write_value (again);
  third = read_value (text_again->str, text_again->len);
  g_assert (third != NULL);
  text_third = write_value (third);
  g_assert (g_string_equal (text_again, text_third));
  return 0;
}
