/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include <string.h>

#include "wire/peerup-discovery-message.h"
#include "wire/peerup-error.h"

static GPtrArray *
new_list (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
}

/* Without its length. */
static GBytes *
strip (GBytes *framed)
{
  gsize length = g_bytes_get_size (framed);
  gsize prefix = length < 129 ? 1 : length < 16386 ? 2 : 3;
  GBytes *bytes = g_bytes_new_from_bytes (framed, prefix, length - prefix);

  g_bytes_unref (framed);
  return bytes;
}

static GPtrArray *
decode (GBytes *bytes, GError **error)
{
  return peerup_discovery_response_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

static GPtrArray *
there_and_back (GPtrArray *services)
{
  g_autoptr (GBytes) bytes = strip (peerup_discovery_response_encode (services));
  g_autoptr (GError) error = NULL;
  GPtrArray *back = decode (bytes, &error);

  g_assert_no_error (error);
  return back;
}

/* What a peer may say: fields of a service, each with its number and bytes as they are. */
static void
add_field (GByteArray *out, guint number, const void *data, gsize length)
{
  guint8 head[] = { number << 3 | 2, length & 0x7f, length >> 7 };

  g_assert_cmpuint (length, <, 1 << 14);
  head[1] |= length >= 128 ? 0x80 : 0;
  g_byte_array_append (out, head, length >= 128 ? 3 : 2);
  g_byte_array_append (out, data, length);
}

static void
add_said (GByteArray *out, const char *name, const char *kind, const char *tag, const char *protocol)
{
  g_autoptr (GByteArray) service = g_byte_array_new ();
  const char *const fields[] = { name, kind, tag, protocol };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i] != NULL)
      add_field (service, i + 1, fields[i], strlen (fields[i]));
  add_field (out, 2, service->data, service->len);
}

static GPtrArray *
read_said (GByteArray *said)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *services = peerup_discovery_response_decode (said->data, said->len, &error);

  g_assert_no_error (error);
  return services;
}

static void
test_request (void)
{
  g_autoptr (GBytes) bytes = strip (peerup_discovery_request_encode ());
  static const guint8 large[PEERUP_DISCOVERY_REQUEST_MAX + 1];
  g_autoptr (GError) error = NULL;
  guint version = 7;

  g_assert_true (
    peerup_discovery_request_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &version, &error));
  g_assert_cmpuint (version, ==, PEERUP_DISCOVERY_VERSION);
  g_assert_true (peerup_discovery_request_decode ("", 0, &version, &error));
  g_assert_cmpuint (version, ==, 0);
  g_assert_false (peerup_discovery_request_decode ("\x08", 1, &version, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_discovery_request_decode (large, sizeof large, &version, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_response (void)
{
  static const char *const tags[] = { "Büro", "4 K", NULL };
  g_autoptr (GPtrArray) services = new_list ();
  g_autoptr (GPtrArray) back = NULL;
  const PeerupDiscoveryService *service;

  g_ptr_array_add (services, peerup_discovery_service_new ("web", NULL, NULL));
  g_ptr_array_add (services, peerup_discovery_service_new ("films", "jellyfin", tags));
  back = there_and_back (services);
  g_assert_cmpuint (back->len, ==, 2);
  service = back->pdata[0];
  g_assert_cmpstr (service->name, ==, "films");
  g_assert_cmpstr (service->kind, ==, "jellyfin");
  g_assert_cmpstrv (service->tags, tags);
  g_assert_cmpstr (service->protocol, ==, "/peerup/films/1.0.0");
  service = back->pdata[1];
  g_assert_cmpstr (service->name, ==, "web");
  g_assert_cmpstr (service->kind, ==, "");
  g_assert_null (service->tags[0]);
}

static void
test_empty (void)
{
  g_autoptr (GPtrArray) services = new_list ();
  g_autoptr (GPtrArray) back = there_and_back (services);

  g_assert_cmpuint (back->len, ==, 0);
}

static void
test_names (void)
{
  static const char *const bad[] = { "",    "Web",  "<b>web</b>", "-web",     "web-",
                                     "w b", "w\nb", "b\u00fcro",  "a\u202eb", "\xff\xfe" };
  g_autofree char *longest = g_strnfill (63, 'a');
  g_autofree char *longer = g_strnfill (64, 'a');
  g_autofree char *endless = g_strnfill (10 * 1024, 'a');
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GPtrArray) services = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    add_said (said, bad[i], "ssh", NULL, NULL);
  add_said (said, NULL, "ssh", NULL, NULL);
  add_said (said, longest, NULL, NULL, NULL);
  add_said (said, longer, NULL, NULL, NULL);
  add_said (said, endless, NULL, NULL, NULL);
  services = read_said (said);
  g_assert_cmpuint (services->len, ==, 1);
  g_assert_cmpstr (((PeerupDiscoveryService *) services->pdata[0])->name, ==, longest);
}

/* The first one holds, also of more than two. */
static void
test_same_name (void)
{
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GPtrArray) services = NULL;

  for (guint i = 0; i < 4; i++)
    add_said (said, "web", i == 0 ? "http" : "other", NULL, NULL);
  services = read_said (said);
  g_assert_cmpuint (services->len, ==, 1);
  g_assert_cmpstr (((PeerupDiscoveryService *) services->pdata[0])->kind, ==, "http");
}

static void
test_kinds_and_protocols (void)
{
  g_autofree char *longest = g_strnfill (PEERUP_DISCOVERY_PROTOCOL_MAX, '/');
  g_autofree char *longer = g_strnfill (PEERUP_DISCOVERY_PROTOCOL_MAX + 1, '/');
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GPtrArray) services = NULL;
  const struct
  {
    const char *kind;
    const char *protocol;
    const char *expected_kind;
    const char *expected_protocol;
  } cases[] = {
    { "ssh", "/peerup/a/2.0.0", "ssh", "/peerup/a/2.0.0" },
    { "SSH", "peerup", "", "/peerup/b/1.0.0" },
    { "<i>", "/peerup/c \n", "", "/peerup/c/1.0.0" },
    { "s\u202eh", "/\u00e9", "", "/peerup/d/1.0.0" },
    { "", longest, "", longest },
    { "http-2", longer, "http-2", "/peerup/f/1.0.0" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const char name[] = { 'a' + i, '\0' };

      add_said (said, name, cases[i].kind, NULL, cases[i].protocol);
    }
  services = read_said (said);
  g_assert_cmpuint (services->len, ==, G_N_ELEMENTS (cases));
  for (guint i = 0; i < services->len; i++)
    {
      const PeerupDiscoveryService *service = services->pdata[i];

      g_assert_cmpstr (service->kind, ==, cases[i].expected_kind);
      g_assert_cmpstr (service->protocol, ==, cases[i].expected_protocol);
    }
}

static void
test_tags (void)
{
  static const char *const good[] = { "a", "Büro", "<b>as it is</b>", "🎬", "x y" };
  static const char *const bad[] = { "",         " a",     "a ",       "a\nb",        "a\tb",
                                     "\x1b[31m", "a\x7f",  "a\u202eb", "a\u2066b",    "a\u200eb",
                                     "a\u2028b", "\ue000", "\xc3",     "\xed\xa0\x80" };
  g_autofree char *longest = g_strnfill (PEERUP_DISCOVERY_TAG_MAX, 'a');
  g_autofree char *longer = g_strnfill (PEERUP_DISCOVERY_TAG_MAX + 1, 'a');
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GPtrArray) services = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (peerup_discovery_is_tag (good[i], strlen (good[i])));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (peerup_discovery_is_tag (bad[i], strlen (bad[i])));
  g_assert_true (peerup_discovery_is_tag (longest, strlen (longest)));
  g_assert_false (peerup_discovery_is_tag (longer, strlen (longer)));
  g_assert_false (peerup_discovery_is_tag ("a\0b", 3));
  add_said (said, "a", NULL, "a\u202eb", NULL);
  add_said (said, "b", NULL, "fine", NULL);
  services = read_said (said);
  g_assert_cmpuint (g_strv_length (((PeerupDiscoveryService *) services->pdata[0])->tags), ==, 0);
  g_assert_cmpuint (g_strv_length (((PeerupDiscoveryService *) services->pdata[1])->tags), ==, 1);
}

static void
test_many_tags (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (PeerupDiscoveryService) service = NULL;
  g_auto (GStrv) tags = NULL;

  for (guint i = 0; i < 3 * PEERUP_DISCOVERY_TAGS_MAX; i++)
    g_strv_builder_take (builder, g_strdup_printf ("%u", i / 2));
  tags = g_strv_builder_end (builder);
  service = peerup_discovery_service_new ("a", "", (const char *const *) tags);
  g_assert_cmpuint (g_strv_length (service->tags), ==, PEERUP_DISCOVERY_TAGS_MAX);
  g_assert_cmpstr (service->tags[1], ==, "1");
}

static void
add_number (GPtrArray *services, guint number, const char *const *tags)
{
  g_autofree char *kind = g_strnfill (63, 'k');
  g_autofree char *name = g_strdup_printf ("%063u", number);

  g_ptr_array_add (services, peerup_discovery_service_new (name, kind, tags));
}

/* The longest names, kinds and tags, and more of them than go into a message. */
static void
test_largest (void)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GPtrArray) services = new_list ();
  g_autoptr (GPtrArray) few = new_list ();
  g_autoptr (GPtrArray) back = NULL;
  g_autoptr (GPtrArray) few_back = NULL;
  g_auto (GStrv) tags = NULL;

  for (guint i = 0; i < PEERUP_DISCOVERY_TAGS_MAX; i++)
    g_strv_builder_take (builder, g_strdup_printf ("%064u", i));
  tags = g_strv_builder_end (builder);
  for (guint i = 0; i < PEERUP_DISCOVERY_SERVICES_MAX + 1; i++)
    add_number (services, i, (const char *const *) tags);
  back = there_and_back (services);
  g_assert_cmpuint (back->len, ==, PEERUP_DISCOVERY_SERVICES_MAX);
  g_assert_null (((PeerupDiscoveryService *) back->pdata[0])->tags[0]);
  for (guint i = 0; i < 20; i++)
    add_number (few, i, (const char *const *) tags);
  few_back = there_and_back (few);
  g_assert_cmpuint (few_back->len, ==, 20);
  g_assert_cmpstrv (((PeerupDiscoveryService *) few_back->pdata[19])->tags, tags);
}

static void
test_too_large (void)
{
  g_autofree guint8 *bytes = g_malloc0 (PEERUP_DISCOVERY_RESPONSE_MAX + 1);
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_discovery_response_decode (bytes, PEERUP_DISCOVERY_RESPONSE_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  for (guint i = 0; i < PEERUP_DISCOVERY_SERVICES_MAX + 1; i++)
    add_said (said, "a", NULL, NULL, NULL);
  g_clear_error (&error);
  g_assert_null (peerup_discovery_response_decode (said->data, said->len, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  for (guint i = 0; i < 10000; i++)
    add_said (said, "a", NULL, NULL, NULL);
  g_clear_error (&error);
  g_assert_null (peerup_discovery_response_decode (said->data, said->len, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

/* A later version: fields that are not known, in the message and in a service. */
static void
test_unknown_fields (void)
{
  g_autoptr (GByteArray) said = g_byte_array_new ();
  g_autoptr (GByteArray) service = g_byte_array_new ();
  g_autoptr (GPtrArray) services = NULL;

  add_field (said, 9, "later", 5);
  add_field (service, 1, "web", 3);
  add_field (service, 12, "\x01\x02", 2);
  add_field (said, 2, service->data, service->len);
  services = read_said (said);
  g_assert_cmpuint (services->len, ==, 1);
}

static void
test_truncation (void)
{
  static const char *const tags[] = { "one", "two", NULL };
  g_autoptr (GPtrArray) services = new_list ();
  g_autoptr (GBytes) bytes = NULL;

  g_ptr_array_add (services, peerup_discovery_service_new ("web", "http", tags));
  g_ptr_array_add (services, peerup_discovery_service_new ("ssh", "ssh", tags));
  bytes = strip (peerup_discovery_response_encode (services));
  for (gsize n = 0; n < g_bytes_get_size (bytes); n++)
    {
      g_autofree guint8 *prefix = g_memdup2 (g_bytes_get_data (bytes, NULL), n);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) back = peerup_discovery_response_decode (prefix, n, &error);

      g_assert_true ((back != NULL) == (error == NULL));
      if (back == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      else
        g_assert_cmpuint (back->len, <, 2);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/discovery-message/request", test_request);
  g_test_add_func ("/discovery-message/response", test_response);
  g_test_add_func ("/discovery-message/empty", test_empty);
  g_test_add_func ("/discovery-message/names", test_names);
  g_test_add_func ("/discovery-message/same-name", test_same_name);
  g_test_add_func ("/discovery-message/kinds-and-protocols", test_kinds_and_protocols);
  g_test_add_func ("/discovery-message/tags", test_tags);
  g_test_add_func ("/discovery-message/many-tags", test_many_tags);
  g_test_add_func ("/discovery-message/largest", test_largest);
  g_test_add_func ("/discovery-message/too-large", test_too_large);
  g_test_add_func ("/discovery-message/unknown-fields", test_unknown_fields);
  g_test_add_func ("/discovery-message/truncation", test_truncation);
  return g_test_run ();
}
