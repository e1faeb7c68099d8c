/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The answers of the original's relay administration, byte for byte: they have no envelope. */
#include "http/peerup-http-original-relay.h"

#define ID "12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA"

static GVariant *
parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (NULL, text, NULL, NULL, &error);

  g_assert_no_error (error);
  return value;
}

static void
assert_groups (const char *groups, const char *expected)
{
  g_autoptr (GVariant) value = parse (groups);
  g_autofree char *json = peerup_http_original_relay_groups_json (value);

  g_assert_cmpstr (json, ==, expected);
}

static void
test_group (void)
{
  static const char *const codes[] = { "ABCD-EFGH", "<&>", NULL };
  g_autoptr (GVariant) group = parse ("{'id': <'0123abcd'>, 'expires_at': <int64 1764158400>, 'codes': <uint32 2>}");
  g_autofree char *json = peerup_http_original_relay_group_json (codes, group);

  g_assert_cmpstr (json, ==,
                   "{\"group_id\":\"0123abcd\",\"codes\":[\"ABCD-EFGH\",\"\\u003c\\u0026\\u003e\"],"
                   "\"expires_at\":\"2025-11-26T12:00:00Z\"}\n");
}

/* Neither those of other relays nor those whose codes have ended are told of. */
static void
test_groups (void)
{
  assert_groups ("@aa{sv} []", "[]\n");
  assert_groups ("[{'id': <'00000001'>, 'ours': <true>, 'network': <'home'>, 'codes': <uint32 3>, 'used': <uint32 1>,"
                 " 'expires_at': <int64 1764158400>,"
                 " 'members': <[{'peer_id': <'" ID "'>, 'name': <'laptop'>, 'joined_at': <int64 1>}]>},"
                 " {'id': <'00000002'>, 'ours': <false>, 'members': <@aa{sv} []>},"
                 " {'id': <'00000003'>, 'ours': <true>, 'codes': <uint32 1>, 'used': <uint32 1>},"
                 " {'id': <'00000004'>, 'ours': <true>, 'network': <''>, 'codes': <uint32 1>, 'used': <uint32 0>,"
                 " 'expires_at': <int64 1764158401>, 'members': <@aa{sv} []>}]",
                 "[{\"id\":\"00000001\",\"namespace\":\"home\",\"expires_at\":\"2025-11-26T12:00:00Z\",\"total\":3,"
                 "\"used\":1,\"peers\":[{\"peer_id\":\"" ID "\",\"name\":\"laptop\"}]},"
                 "{\"id\":\"00000004\",\"expires_at\":\"2025-11-26T12:00:01Z\",\"total\":1,\"used\":0}]\n");
}

static void
test_places (void)
{
  g_autofree char *path = peerup_http_original_relay_dup_socket_path ("/etc/peerup/relay-server.yaml");
  g_autofree char *cookie = peerup_http_original_relay_dup_cookie_path ("/etc/peerup/relay-server.yaml");

  g_assert_cmpstr (path, ==, "/etc/peerup/.relay-admin.sock");
  g_assert_cmpstr (cookie, ==, "/etc/peerup/.relay-admin.cookie");
}

static void
test_routes (void)
{
  static const char *const expected[][2] = {
    { "POST", "/v1/pair" },
    { "GET", "/v1/pair" },
    { "DELETE", "/v1/pair/{id}" },
  };
  guint n;
  const PeerupHttpRoute *routes = peerup_http_original_relay_get_routes (&n);

  g_assert_cmpuint (n, ==, G_N_ELEMENTS (expected));
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpstr (routes[i].method, ==, expected[i][0]);
      g_assert_cmpstr (routes[i].path, ==, expected[i][1]);
    }
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/original/relay/group", test_group);
  g_test_add_func ("/http/original/relay/groups", test_groups);
  g_test_add_func ("/http/original/relay/places", test_places);
  g_test_add_func ("/http/original/relay/routes", test_routes);
  return g_test_run ();
}
