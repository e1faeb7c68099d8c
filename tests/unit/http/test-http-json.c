/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* JSON read, made into values of a type, and written. */
#include "http/peerup-http-json.h"

#include <math.h>
#include <string.h>

static PeerupJson *
parse (const char *text)
{
  g_autofree char *exact = g_memdup2 (text, strlen (text));
  g_autoptr (GError) error = NULL;
  PeerupJson *json = peerup_json_parse (exact, strlen (text), &error);

  g_assert_no_error (error);
  return json;
}

static void
test_tree (void)
{
  g_autoptr (PeerupJson) json = parse (" {\"a\" : [1, \"x\\u00e4\\ud83d\\ude00\\n\", null], \"b\":{}, \"c\":-1.5e3}\n");
  const PeerupJson *array = peerup_json_get_member (json, "a");

  g_assert_cmpuint (peerup_json_get_length (json), ==, 3);
  g_assert_cmpstr (peerup_json_get_name (json, 1), ==, "b");
  g_assert_null (peerup_json_get_member (json, "d"));
  g_assert_cmpuint (peerup_json_get_length (array), ==, 3);
  g_assert_cmpstr (peerup_json_get_text (peerup_json_get_element (array, 1)), ==, "xä😀\n");
  g_assert_cmpint (peerup_json_get_type (peerup_json_get_element (array, 2)), ==, PEERUP_JSON_NULL);
  g_assert_cmpstr (peerup_json_get_text (peerup_json_get_member (json, "c")), ==, "-1.5e3");
}

static void
test_truncated (void)
{
  static const char text[] = "{\"a\":[1,\"x\\u00e4\\ud83d\\ude00\\n\",null,true,false],\"b\":{\"c\":-1.5e+3}}";

  for (gsize length = 0; length < strlen (text); length++)
    {
      g_autofree char *exact = g_memdup2 (text, length);
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_json_parse (exact, length, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_refused (void)
{
  static const struct
  {
    const char *text;
    const char *error;
  } cases[] = {
    { "{\"a\":1,\n \"a\":2}", "line 2, column 5 of the JSON: an object has two members of one name" },
    { "{\"a\":1,\"\\u0061\":2}", "line 1, column 16 of the JSON: an object has two members of one name" },
    { "\"\\u0000\"", "line 1, column 8 of the JSON: a string must not have a NUL character" },
    { "\"\\ud800\"", "line 1, column 8 of the JSON: half a surrogate pair is no character" },
    { "\"\\udc00\"", "line 1, column 8 of the JSON: half a surrogate pair is no character" },
    { "\"\xff\"", "line 1, column 2 of the JSON: it is not UTF-8, or has a NUL byte" },
    { "[1,]", "line 1, column 4 of the JSON: there is no value here" },
    { "[1] 2", "line 1, column 5 of the JSON: there is something behind the value" },
    { "", "line 1, column 1 of the JSON: there is no value here" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_json_parse (cases[i].text, strlen (cases[i].text), &error));
      g_assert_cmpstr (error->message, ==, cases[i].error);
    }
}

static void
test_depth (void)
{
  g_autofree char *open = g_strnfill (PEERUP_JSON_DEPTH_MAX, '['), *close = g_strnfill (PEERUP_JSON_DEPTH_MAX, ']');
  g_autofree char *deepest = g_strconcat (open, close, NULL), *deeper = g_strconcat ("[", open, close, "]", NULL);
  g_autoptr (PeerupJson) json = parse (deepest);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_json_parse (deeper, strlen (deeper), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_many_members (void)
{
  g_autoptr (GString) text = g_string_new ("{");
  g_autoptr (PeerupJson) json = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (text, "\"%u\":%u,", i, i);
  g_string_append (text, "\"x\":0}");
  json = parse (text->str);
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      g_assert_cmpstr (peerup_json_get_text (peerup_json_get_member (json, name)), ==, name);
    }
  g_assert_null (peerup_json_get_member (json, "1000"));
  g_string_truncate (text, text->len - 5);
  g_string_append (text, "999\":0}");
  g_assert_null (peerup_json_parse (text->str, text->len, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

/* Values */

static GVariant *
read_as (const char *text, const char *type, GError **error)
{
  g_autoptr (PeerupJson) json = parse (text);
  GVariant *value = peerup_json_to_variant (json, G_VARIANT_TYPE (type), "it", error);

  return value != NULL ? g_variant_ref_sink (value) : NULL;
}

static void
test_values (void)
{
  static const struct
  {
    const char *json;
    const char *type;
    const char *value;
  } cases[] = {
    { "\"\"", "s", "''" },
    { "true", "b", "true" },
    { "255", "y", "0xff" },
    { "-32768", "n", "int16 -32768" },
    { "65535", "q", "uint16 65535" },
    { "-2147483648", "i", "-2147483648" },
    { "4294967295", "u", "uint32 4294967295" },
    { "-9223372036854775808", "x", "int64 -9223372036854775808" },
    { "9223372036854775807", "x", "int64 9223372036854775807" },
    { "18446744073709551615", "t", "uint64 18446744073709551615" },
    { "-0", "x", "int64 0" },
    { "1e3", "d", "1000.0" },
    { "[]", "as", "@as []" },
    { "[\"a\",\"b\"]", "as", "['a', 'b']" },
    { "[\"a\",2]", "(su)", "('a', uint32 2)" },
    { "null", "ms", "@ms nothing" },
    { "\"a\"", "ms", "@ms 'a'" },
    { "{\"a\":\"b\"}", "a{ss}", "{'a': 'b'}" },
    { "{\"s\":\"x\",\"b\":false,\"x\":5,\"t\":9223372036854775808,\"d\":0.5,\"as\":[\"y\"],\"e\":[],\"av\":[1,\"z\"],"
      "\"o\":{\"p\":1}}",
      "a{sv}",
      "{'s': <'x'>, 'b': <false>, 'x': <int64 5>, 't': <uint64 9223372036854775808>, 'd': <0.5>, 'as': <['y']>, "
      "'e': <@as []>, 'av': <[<int64 1>, <'z'>]>, 'o': <{'p': <int64 1>}>}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) value = read_as (cases[i].json, cases[i].type, &error);
      g_autoptr (GVariant) expected = NULL;

      g_assert_no_error (error);
      expected = g_variant_parse (G_VARIANT_TYPE (cases[i].type), cases[i].value, NULL, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpvariant (value, expected);
    }
}

static void
test_wrong_values (void)
{
  static const struct
  {
    const char *json;
    const char *type;
    const char *error;
  } cases[] = {
    { "1", "s", "“it” must be a string, not 1" },
    { "\"true\"", "b", "“it” must be true or false, not a string" },
    { "256", "y", "“it” must be an integer from 0 to 255, not 256" },
    { "-1", "u", "“it” must be an integer from 0 to 4294967295, not -1" },
    { "1.0", "u", "“it” must be an integer from 0 to 4294967295, not 1.0" },
    { "1e3", "t", "“it” must be an integer from 0 to 18446744073709551615, not 1e3" },
    { "18446744073709551616", "t", "“it” must be an integer from 0 to 18446744073709551615, not 18446744073709551616" },
    { "-18446744073709551615", "t",
      "“it” must be an integer from 0 to 18446744073709551615, not -18446744073709551615" },
    { "9223372036854775808", "x",
      "“it” must be an integer from -9223372036854775808 to 9223372036854775807, not 9223372036854775808" },
    { "32768", "n", "“it” must be an integer from -32768 to 32767, not 32768" },
    { "null", "i", "“it” must be an integer from -2147483648 to 2147483647, not null" },
    { "1e999", "d", "“it” must be a number, not 1e999" },
    { "{}", "as", "“it” must be an array, not an object" },
    { "[\"a\",[]]", "as", "“it[1]” must be a string, not an array" },
    { "[1]", "(uu)", "“it” must be an array of as many values as it has parts, not an array" },
    { "[]", "a{sv}", "“it” must be an object, not an array" },
    { "{\"a\":[{\"b\":null}]}", "a{sv}", "“it.a[0].b” must be a value, not null" },
    { "\"/\"", "o", "“it” must be of a kind that can be said in JSON, not a string" },
    { "{}", "a{us}", "“it” must be of a kind that can be said in JSON, not an object" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (read_as (cases[i].json, cases[i].type, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_cmpstr (error->message, ==, cases[i].error);
    }
}

static void
test_object (void)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0), array = g_bytes_new_static ("[]", 2);
  g_autoptr (GBytes) object = g_bytes_new_static ("{\"peer\":\"home\"}", 15);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) none = peerup_json_parse_object (empty, &error),
                       some = peerup_json_parse_object (object, &error);
  const char *peer;

  g_assert_no_error (error);
  g_assert_cmpuint (g_variant_n_children (none), ==, 0);
  g_assert_true (g_variant_lookup (some, "peer", "&s", &peer));
  g_assert_cmpstr (peer, ==, "home");
  g_assert_null (peerup_json_parse_object (array, &error));
  g_assert_cmpstr (error->message, ==, "the body must be a JSON object");
}

/* Writing */

static void
assert_written (GVariant *value, const char *expected)
{
  g_autoptr (GVariant) sunk = g_variant_take_ref (value);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (PeerupJson) again = NULL;

  peerup_json_append_variant (out, sunk);
  g_assert_cmpstr (out->str, ==, expected);
  again = parse (out->str);
}

static void
test_write (void)
{
  static const struct
  {
    const char *value;
    const char *json;
  } cases[] = {
    { "('x', uint32 1, true)", "[\"x\",1,true]" },
    { "{'a': <int64 -5>, 'b': <@as []>, 'c': <{'d': <byte 7>}>}", "{\"a\":-5,\"b\":[],\"c\":{\"d\":7}}" },
    { "{uint32 1: 'a'}", "[[1,\"a\"]]" },
    { "@ms nothing", "null" },
    { "@ms 'x'", "\"x\"" },
    { "uint64 18446744073709551615", "18446744073709551615" },
    { "int16 -1", "-1" },
    { "uint16 1", "1" },
    { "objectpath '/a'", "\"/a\"" },
    { "'<a href=\"x\">&\\\\\\n\\r\\t\\b\\f\\u0001\\u2028\\u2029ä😀'",
      "\"\\u003ca href=\\\"x\\\"\\u003e\\u0026\\\\\\n\\r\\t\\b\\f\\u0001\\u2028\\u2029ä😀\"" },
    { "@aa{sv} []", "[]" },
    { "@a{sv} {}", "{}" },
    { "()", "[]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      GVariant *value = g_variant_parse (NULL, cases[i].value, NULL, NULL, &error);

      g_assert_no_error (error);
      assert_written (value, cases[i].json);
    }
}

static void
test_doubles (void)
{
  /* As strconv and encoding/json of Go write them. */
  static const struct
  {
    double value;
    const char *json;
  } cases[] = {
    { 0, "0" },
    { -0.0, "-0" },
    { 1, "1" },
    { 100, "100" },
    { 0.1, "0.1" },
    { 1.0 / 3, "0.3333333333333333" },
    { 12.5, "12.5" },
    { 1234567.891, "1234567.891" },
    { 0.000001, "0.000001" },
    { 0.0000001, "1e-7" },
    { 1.5e-9, "1.5e-9" },
    { 1e20, "100000000000000000000" },
    { 1e21, "1e+21" },
    { 1.7976931348623157e308, "1.7976931348623157e+308" },
    { 5e-324, "5e-324" },
    { -2.5, "-2.5" },
    { (double) INFINITY, "null" },
    { (double) NAN, "null" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_written (g_variant_new_double (cases[i].value), cases[i].json);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http/json/tree", test_tree);
  g_test_add_func ("/http/json/truncated", test_truncated);
  g_test_add_func ("/http/json/refused", test_refused);
  g_test_add_func ("/http/json/depth", test_depth);
  g_test_add_func ("/http/json/many-members", test_many_members);
  g_test_add_func ("/http/json/values", test_values);
  g_test_add_func ("/http/json/wrong-values", test_wrong_values);
  g_test_add_func ("/http/json/object", test_object);
  g_test_add_func ("/http/json/write", test_write);
  g_test_add_func ("/http/json/doubles", test_doubles);

  return g_test_run ();
}
