/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

#include "config/peerup-config-edit.h"

#include "fixture.h"

#include <string.h>

static PeerupConfigEdit *
start (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupConfigEdit *edit = peerup_config_edit_new_from_data (text, strlen (text), "c.yaml", &error);

  g_assert_no_error (error);
  return edit;
}

static PeerupPeerId *
peer (const char *text)
{
  PeerupPeerId *id = peerup_peer_id_new_from_string (text, NULL);

  g_assert_nonnull (id);
  return id;
}

/* Takes over the list's members. */
static GPtrArray *
peers (const char *first, ...)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  va_list more;

  va_start (more, first);
  for (const char *text = first; text != NULL; text = va_arg (more, const char *))
    g_ptr_array_add (list, peer (text));
  va_end (more);
  return list;
}

/* The text as it is, with every occurrence of @old (which there must be) made @new. */
static char *
with (const char *text, const char *old, const char *new)
{
  GString *result = g_string_new (text);

  g_assert_cmpuint (g_string_replace (result, old, new, 0), ==, 1);
  return g_string_free_and_steal (result);
}

static void
assert_committed (PeerupConfigEdit *edit, const char *text)
{
  g_autoptr (GError) error = NULL;

  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, text);
  g_assert_true (peerup_config_edit_commit (edit, &error));
  g_assert_no_error (error);
}

#define WEB HEAD "services:\n  web:\n    enabled: true\n    local_address: a:1\n"

static void
test_add_service (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *expected =
    with (text, "    local_address: \"[::1]:3389\"\n",
          "    local_address: \"[::1]:3389\"\n  jellyfin:\n    enabled: true\n    local_address: \"nas.lan:8096\"\n");
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_add_service (edit, "ssh", "localhost:22", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_add_service (edit, "My SSH", "localhost:22", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_add_service (edit, "web", "localhost", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_add_service (edit, "a\nb: \377", "localhost:1", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, text);

  g_assert_true (peerup_config_edit_add_service (edit, "jellyfin", "nas.lan:8096", &error));
  assert_committed (edit, expected);
}

/* What peers are told of a service. */
static void
test_service_label (void)
{
  static const char *const tags[] = { "attic", "a: b # c", "Büro", NULL };
  static const char *const bad[] = { "fine", "a\nb", NULL };
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (PeerupConfigEdit) edit = start (WEB);
  g_autoptr (PeerupConfig) config = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) many = NULL;
  const char *text;

  for (guint i = 0; i < 17; i++)
    g_strv_builder_take (builder, g_strdup_printf ("%u", i));
  many = g_strv_builder_end (builder);
  g_assert_false (peerup_config_edit_set_service_kind (edit, "web", "HTTP", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_set_service_tags (edit, "web", bad, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_set_service_tags (edit, "web", (const char *const *) many, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_set_service_kind (edit, "none", "http", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_config_edit_set_service_kind (edit, "web", NULL, &error));
  g_assert_true (peerup_config_edit_set_service_tags (edit, "web", NULL, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, WEB);

  g_assert_true (peerup_config_edit_set_service_kind (edit, "web", "http", &error));
  g_assert_true (peerup_config_edit_set_service_tags (edit, "web", tags, &error));
  text = peerup_config_edit_get_text (edit, NULL);
  config = peerup_config_new_from_data (text, strlen (text), "c.yaml", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_config_find_service (config, "web")->kind, ==, "http");
  g_assert_cmpstrv (peerup_config_find_service (config, "web")->tags, tags);
  g_assert_true (peerup_config_edit_set_service_kind (edit, "web", NULL, &error));
  g_assert_true (peerup_config_edit_set_service_tags (edit, "web", NULL, &error));
  assert_committed (edit, WEB);
}

/* Whatever stands there: a list in either form, or a key without a value. */
static void
test_other_tags (void)
{
  static const char *const forms[] = { " [attic, cellar]", "\n      - attic\n      - cellar", " ~", "" };
  static const char *const tags[] = { "roof", NULL };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autofree char *before = g_strconcat (WEB, "    tags:", forms[i], "\n", NULL);
      g_autoptr (PeerupConfigEdit) edit = start (before);
      g_autoptr (PeerupConfig) config = NULL;
      g_autoptr (GError) error = NULL;
      const char *text;

      g_assert_true (peerup_config_edit_set_service_tags (edit, "web", tags, &error));
      g_assert_no_error (error);
      text = peerup_config_edit_get_text (edit, NULL);
      config = peerup_config_new_from_data (text, strlen (text), "c.yaml", NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstrv (peerup_config_find_service (config, "web")->tags, tags);
    }
}

/* Peers would take it for a protocol of ours. */
static void
test_own_protocol (void)
{
  g_autoptr (PeerupConfigEdit) edit = start (HEAD);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_add_service (edit, "discovery", "localhost:1", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

/* Names that YAML would take for something else are still those names. */
static void
test_odd_names (void)
{
  static const char *const names[] = { "on", "null", "0x1f", "1e3", "12", "true", "y", "a--b", "2025-01-01" };
  g_autoptr (PeerupConfigEdit) edit = start (HEAD);
  g_autoptr (PeerupConfig) config = NULL;
  const char *text;

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_true (peerup_config_edit_add_service (edit, names[i], "localhost:1", NULL));
  text = peerup_config_edit_get_text (edit, NULL);
  config = peerup_config_new_from_data (text, strlen (text), "c.yaml", NULL, NULL);
  g_assert_cmpuint (peerup_config_get_services (config)->len, ==, G_N_ELEMENTS (names));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_nonnull (peerup_config_find_service (config, names[i]));
}

static void
test_remove_service (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *expected = with (text, "  ssh:\n    enabled: true\n    local_address: \"localhost:22\"\n", "");
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_remove_service (edit, "enabled", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_config_edit_remove_service (edit, "ssh", &error));
  assert_committed (edit, expected);
}

static void
test_rename_service (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *expected = with (text, "  ssh:\n    enabled: true\n", "  shell:\n    enabled: true\n");
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_rename_service (edit, "none", "shell", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_rename_service (edit, "ssh", "xrdp", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_rename_service (edit, "ssh", "My SSH", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_rename_service (edit, "ssh", "discovery", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_true (peerup_config_edit_rename_service (edit, "ssh", "ssh", &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, text);
  g_assert_true (peerup_config_edit_rename_service (edit, "ssh", "shell", &error));
  assert_committed (edit, expected);
}

static void
test_enable_service (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *on = with (text, "  xrdp:\n    enabled: false", "  xrdp:\n    enabled: true");
  g_autofree char *off = with (on, "    enabled: on\n", "    enabled: false\n");
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  /* What is so already is not rewritten in other words. */
  g_assert_true (peerup_config_edit_set_service_enabled (edit, "gateway-web", TRUE, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, text);
  g_assert_true (peerup_config_edit_set_service_enabled (edit, "xrdp", TRUE, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, on);
  g_assert_true (peerup_config_edit_set_service_enabled (edit, "gateway-web", FALSE, &error));
  g_assert_false (peerup_config_edit_set_service_enabled (edit, "vnc", FALSE, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_committed (edit, off);
}

/* The key is not there yet; the service is. */
static void
test_enable_unsaid (void)
{
  g_autoptr (PeerupConfigEdit) edit = start (HEAD "services:\n  ssh:\n    local_address: localhost:22 # mine\n");

  g_assert_true (peerup_config_edit_set_service_enabled (edit, "ssh", TRUE, NULL));
  assert_committed (edit, HEAD "services:\n  ssh:\n    local_address: localhost:22 # mine\n    enabled: true\n");
}

static void
test_service_address (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *expected = with (text, "\"192.168.1.1:80\"", "\"192.168.1.254:443\"");
  g_autoptr (PeerupConfigEdit) edit = start (text);

  g_assert_false (peerup_config_edit_set_service_address (edit, "gateway-web", "x", NULL));
  g_assert_true (peerup_config_edit_set_service_address (edit, "gateway-web", "192.168.1.254:443", NULL));
  assert_committed (edit, expected);
}

static void
test_allowed_peers (void)
{
  static const char text[] = WEB "    allowed_peers: # who\n"
                                 "      - " PEER_A " # laptop\n"
                                 "      # phone\n"
                                 "      - " PEER_B "\n"
                                 "      - garbage # ?\n"
                                 "      - " PEER_A_CID " # laptop again\n"
                                 "names: {}\n";
  g_autoptr (GPtrArray) wanted = peers (PEER_C, PEER_A, PEER_C, NULL);
  g_autoptr (GPtrArray) none = peers (NULL, NULL);
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (PeerupConfigEdit) to_nobody = start (text);
  g_autoptr (PeerupConfigEdit) to_everyone = start (text);

  g_assert_true (peerup_config_edit_set_allowed_peers (edit, "web", wanted, NULL));
  assert_committed (edit, WEB "    allowed_peers: # who\n"
                              "      - " PEER_A " # laptop\n"
                              "      # phone\n"
                              "      - \"" PEER_C "\"\n"
                              "names: {}\n");
  g_assert_true (peerup_config_edit_set_allowed_peers (to_nobody, "web", none, NULL));
  assert_committed (to_nobody, WEB "    allowed_peers: [] # who\n      # phone\nnames: {}\n");
  g_assert_true (peerup_config_edit_set_allowed_peers (to_everyone, "web", NULL, NULL));
  assert_committed (to_everyone, WEB "names: {}\n");
}

static void
test_allowed_peers_from_nothing (void)
{
  g_autoptr (GPtrArray) wanted = peers (PEER_A, NULL);
  g_autoptr (GPtrArray) none = peers (NULL, NULL);
  g_autoptr (PeerupConfigEdit) edit = start (WEB);
  g_autoptr (PeerupConfigEdit) to_nobody = start (WEB);
  g_autoptr (PeerupConfigEdit) to_everyone = start (WEB);

  g_assert_true (peerup_config_edit_set_allowed_peers (edit, "web", wanted, NULL));
  assert_committed (edit, WEB "    allowed_peers:\n      - \"" PEER_A "\"\n");
  g_assert_true (peerup_config_edit_set_allowed_peers (to_nobody, "web", none, NULL));
  assert_committed (to_nobody, WEB "    allowed_peers: []\n");
  g_assert_true (peerup_config_edit_set_allowed_peers (to_everyone, "web", NULL, NULL));
  assert_committed (to_everyone, WEB);
}

static void
test_names (void)
{
  g_autofree char *text = read_fixture ("minimal.yaml", NULL);
  g_autofree char *expected = with (text, "names: {}         # Map", "names:         # Map");
  g_autofree char *added = with (expected, "peer IDs\n", "peer IDs\n  home: \"" PEER_A "\"\n");
  g_autofree char *both =
    with (added, "  home: \"" PEER_A "\"\n", "  home: \"" PEER_A "\"\n  my.laptop: \"" PEER_B "\"\n");
  g_autoptr (PeerupPeerId) a = peer (PEER_A);
  g_autoptr (PeerupPeerId) b = peer (PEER_B);
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_config_edit_add_name (edit, "home", a, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, added);
  g_assert_true (peerup_config_edit_add_name (edit, "my.laptop", b, &error));
  g_assert_true (peerup_config_edit_add_name (edit, "home", a, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, both);
  g_assert_false (peerup_config_edit_add_name (edit, "home", b, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_add_name (edit, "a: b", b, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_remove_name (edit, "12D3KooW", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_true (peerup_config_edit_remove_name (edit, "my.laptop", &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, added);
  g_assert_true (peerup_config_edit_remove_name (edit, "home", &error));
  assert_committed (edit, expected);
}

/* A name that leads nowhere is there to be filled in. */
static void
test_name_to_fill_in (void)
{
  g_autoptr (PeerupPeerId) a = peer (PEER_A);
  g_autoptr (PeerupConfigEdit) edit = start (HEAD "names:\n  home: \"12D3KooW...\" # mine\n");

  g_assert_true (peerup_config_edit_add_name (edit, "home", a, NULL));
  assert_committed (edit, HEAD "names:\n  home: \"" PEER_A "\" # mine\n");
}

/* Section 6 item 14: only the key itself is edited, not what looks like it. */
static void
test_row_30_lookalikes (void)
{
  static const char text[] = HEAD "# names:\n"
                                  "discovery:\n"
                                  "  addresses: []\n"
                                  "  names:\n"
                                  "    x: y # names:\n"
                                  "  rendezvous: |\n"
                                  "    names:\n"
                                  "    addresses: []\n"
                                  "relay:\n"
                                  "  # addresses: []\n"
                                  "  addresses: [] # addresses:\n"
                                  "names: {} # names:\n";
  g_autoptr (PeerupPeerId) a = peer (PEER_A);
  g_autoptr (PeerupMultiaddr) relay = peerup_multiaddr_new_from_string (RELAY_A, NULL);
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autofree char *named = with (text, "names: {} # names:\n", "names: # names:\n  home: \"" PEER_A "\"\n");
  g_autofree char *expected =
    with (named, "  addresses: [] # addresses:\n", "  addresses: # addresses:\n    - \"" RELAY_A "\"\n");

  g_assert_true (peerup_config_edit_add_name (edit, "home", a, NULL));
  g_assert_true (peerup_config_edit_add_relay (edit, relay, NULL));
  assert_committed (edit, expected);
}

static void
test_relays (void)
{
  g_autofree char *text = read_fixture ("everything.yaml", NULL);
  g_autofree char *without_b = with (text, "    - " RELAY_B "\n", "");
  g_autoptr (PeerupMultiaddr) a = peerup_multiaddr_new_from_string (RELAY_A, NULL);
  g_autoptr (PeerupMultiaddr) b = peerup_multiaddr_new_from_string (RELAY_B, NULL);
  g_autoptr (PeerupMultiaddr) c = peerup_multiaddr_new_from_string ("/ip4/1.2.3.4/tcp/1", NULL);
  g_autofree char *again =
    with (without_b, "    - \"" RELAY_A "\"\n", "    - \"" RELAY_A "\"\n    - \"" RELAY_B "\"\n");
  g_autoptr (PeerupConfigEdit) edit = start (text);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_add_relay (edit, a, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (peerup_config_edit_add_relay (edit, c, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_true (peerup_config_edit_remove_relay (edit, b, &error));
  g_assert_cmpstr (peerup_config_edit_get_text (edit, NULL), ==, without_b);
  g_assert_false (peerup_config_edit_remove_relay (edit, b, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_true (peerup_config_edit_add_relay (edit, b, NULL));
  assert_committed (edit, again);
}

static void
test_set (void)
{
  static const struct
  {
    const char *before;
    const char *key;
    const char *value;
    const char *after; /* NULL: refused with @code */
    PeerupError code;
  } cases[] = {
    { "relay: {reservation_interval: 2m}\n", "relay.reservation_interval", "90s",
      "relay: {reservation_interval: 90s}\n" },
    { "relay: {reservation_interval: '2m'}\n", "relay.reservation_interval", "90s",
      "relay: {reservation_interval: \"90s\"}\n" },
    { "relay: {reservation_interval: 2m}\n", "relay.reservation_interval", "2m",
      "relay: {reservation_interval: 2m}\n" },
    { "", "discovery.rendezvous", "a: b # c", "\ndiscovery:\n  rendezvous: \"a: b # c\"\n" },
    { "discovery: {rendezvous: x}\n", "discovery.rendezvous", "12", "discovery: {rendezvous: \"12\"}\n" },
    { "discovery:\n  network: x # y\n", "discovery.network", NULL, "discovery:\n" },
    { "telemetry:\n  audit:\n    enabled: no # y\n", "telemetry.audit.enabled", "Yes",
      "telemetry:\n  audit:\n    enabled: true # y\n" },
    { "services: {ssh: {local_address: a:1}}\n", "services.ssh.enabled", "true",
      "services: {ssh: {local_address: a:1, enabled: true}}\n" },
    { "", "names.my.laptop", PEER_A, "\nnames:\n  my.laptop: \"" PEER_A "\"\n" },
    { "", "telemetry.audit.enabled", "perhaps", NULL, PEERUP_ERROR_MALFORMED },
    { "", "version", "one", NULL, PEERUP_ERROR_MALFORMED },
    { "", "services.ssh.enabled", "true", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "relay.addresses", "x", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "relay", "x", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "relay.", "x", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "", "x", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", ".", "x", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "discovery.network", NULL, NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "discovery.colour", "red", NULL, PEERUP_ERROR_NOT_FOUND },
    { "", "discovery.rendezvous", "\377", NULL, PEERUP_ERROR_MALFORMED },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *before = g_strconcat (HEAD, cases[i].before, NULL);
      g_autofree char *after = g_strconcat (HEAD, cases[i].after == NULL ? cases[i].before : cases[i].after, NULL);
      g_autoptr (PeerupConfigEdit) edit = start (before);
      g_autoptr (GError) error = NULL;

      g_test_message ("%s", cases[i].key);
      g_assert_cmpint (peerup_config_edit_set (edit, cases[i].key, cases[i].value, &error), ==, cases[i].after != NULL);
      if (cases[i].after == NULL)
        g_assert_error (error, PEERUP_ERROR, cases[i].code);
      assert_committed (edit, after);
    }
}

static void
test_set_suggests (void)
{
  g_autoptr (PeerupConfigEdit) edit = start (HEAD);
  g_autoptr (GError) error = NULL;

  g_assert_false (peerup_config_edit_set (edit, "relay.reservation_intervall", "2m", &error));
  g_assert_cmpstr (error->message, ==, "there is no key “reservation_intervall”; did you mean “reservation_interval”?");
}

/* An edit may pass through what is not valid, or mend it, but not leave it so. */
static void
test_commit_checks (void)
{
  g_autoptr (PeerupConfigEdit) broken = start (HEAD "relay: {reservation_interval: 2x}\n");
  g_autoptr (PeerupConfigEdit) breaking = start (HEAD "relay: {reservation_interval: 2m}\n");
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_config_edit_set (broken, "relay.reservation_interval", "2m", NULL));
  g_assert_true (peerup_config_edit_commit (broken, &error));
  g_assert_no_error (error);
  g_assert_true (peerup_config_edit_set (breaking, "relay.reservation_interval", "often", NULL));
  g_assert_false (peerup_config_edit_commit (breaking, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  g_assert_true (peerup_config_edit_set (breaking, "relay.reservation_interval", "3m", NULL));
  g_assert_true (peerup_config_edit_commit (breaking, NULL));
}

static void
test_not_yaml (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_config_edit_new_from_data ("a: [", 4, "c.yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/edit/add-service", test_add_service);
  g_test_add_func ("/config/edit/service-label", test_service_label);
  g_test_add_func ("/config/edit/other-tags", test_other_tags);
  g_test_add_func ("/config/edit/own-protocol", test_own_protocol);
  g_test_add_func ("/config/edit/odd-names", test_odd_names);
  g_test_add_func ("/config/edit/remove-service", test_remove_service);
  g_test_add_func ("/config/edit/rename-service", test_rename_service);
  g_test_add_func ("/config/edit/enable-service", test_enable_service);
  g_test_add_func ("/config/edit/enable-unsaid", test_enable_unsaid);
  g_test_add_func ("/config/edit/service-address", test_service_address);
  g_test_add_func ("/config/edit/allowed-peers", test_allowed_peers);
  g_test_add_func ("/config/edit/allowed-peers-from-nothing", test_allowed_peers_from_nothing);
  g_test_add_func ("/config/edit/names", test_names);
  g_test_add_func ("/config/edit/name-to-fill-in", test_name_to_fill_in);
  g_test_add_func ("/config/edit/row-30/lookalikes", test_row_30_lookalikes);
  g_test_add_func ("/config/edit/relays", test_relays);
  g_test_add_func ("/config/edit/set", test_set);
  g_test_add_func ("/config/edit/set-suggests", test_set_suggests);
  g_test_add_func ("/config/edit/commit-checks", test_commit_checks);
  g_test_add_func ("/config/edit/not-yaml", test_not_yaml);
  return g_test_run ();
}
