/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* JSON: what is read is written, and read the same again. */

#include "http/peerup-http-json.h"

int LLVMFuzzerTestOneInput (const guint8 *data, size_t size);

static GVariant *
read_value (const char *text, gsize length)
{
  g_autoptr (PeerupJson) json = peerup_json_parse (text, length, NULL);
  GVariant *value = json != NULL ? peerup_json_to_variant (json, G_VARIANT_TYPE_VARIANT, "it", NULL) : NULL;

  return value != NULL ? g_variant_ref_sink (value) : NULL;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, size_t size)
{
  g_autoptr (GVariant) value = read_value ((const char *) data, size);
  g_autoptr (GVariant) again = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) text_again = g_string_new (NULL);

  if (value == NULL)
    return 0;
  peerup_json_append_variant (text, value);
  again = read_value (text->str, text->len);
  g_assert (again != NULL);
  peerup_json_append_variant (text_again, again);
  g_assert (g_string_equal (text, text_again));
  return 0;
}
