/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The one way in, without any face: what it refuses, what it answers, and the operations that change files.
 */
#include <string.h>

#include "../engine/home.h"
#include "control/peerup-control-call.h"
#include "engine/peerup-engine-private.h"

#define SSH   "services: {ssh: {enabled: true, local_address: \"localhost:22\"}} # keep me\n"
#define RELAY "/ip4/192.0.2.1/tcp/7777/p2p/"

typedef struct
{
  Home *home;
  Home *other;
  PeerupEngine *engine;
  PeerupControl *control;
  PeerupCaller *caller;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  self->other = home_new ();
  home_configure (self->home, data != NULL ? data : "");
  self->engine = peerup_engine_new (self->home->config, PEERUP_ENGINE_DEFAULT);
  g_assert_true (await_true (peerup_engine_start (self->engine), NULL));
  self->control = peerup_control_new (self->engine);
  self->caller = peerup_caller_new ("dbus", FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_caller_leave (self->caller);
  g_object_unref (self->caller);
  g_assert_true (await_true (peerup_engine_stop (self->engine, NULL), NULL));
  peerup_control_close (self->control);
  g_assert_finalize_object (self->control);
  g_object_unref (self->engine);
  home_free (self->home);
  home_free (self->other);
}

static GVariant *
await_answer (DexFuture *future, GError **error)
{
  const GValue *value;
  GVariant *answer = NULL;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  value = dex_future_get_value (future, error);
  if (value != NULL)
    answer = g_value_dup_variant (value);
  dex_unref (future);
  return answer;
}

static GVariant *
invoke (Fixture *self, const char *name, GVariant *parameters, GError **error)
{
  const PeerupOperation *operation = peerup_operations_find (name);
  g_autoptr (GVariantType) type = NULL;
  GVariant *answer;

  g_assert_nonnull (operation);
  answer = await_answer (peerup_control_invoke (self->control, self->caller, operation, parameters), error);
  type = peerup_operation_dup_out_type (operation);
  g_assert_true (answer == NULL || g_variant_is_of_type (answer, type));
  return answer;
}

static void
assert_done (Fixture *self, const char *name, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = invoke (self, name, parameters, &error);

  g_assert_no_error (error);
  g_assert_nonnull (answer);
}

static void
assert_fails (Fixture *self, const char *name, GVariant *parameters, GQuark domain, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = invoke (self, name, parameters, &error);

  g_assert_null (answer);
  g_assert_error (error, domain, code);
}

static GVariant *
list (Fixture *self, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = invoke (self, name, g_variant_new ("()"), &error);

  g_assert_no_error (error);
  return g_variant_get_child_value (answer, 0);
}

static gboolean
config_has (Fixture *self, const char *text)
{
  g_autofree char *content = NULL;

  g_assert_true (g_file_get_contents (self->home->config, &content, NULL, NULL));
  return strstr (content, text) != NULL;
}

static GVariant *
options (const char *text)
{
  return g_variant_new_parsed (text);
}

/* Whatever is asked for with whatever arguments, nothing but an answer or an error comes of it. */
static void
test_wrong_arguments (Fixture *self, gconstpointer data)
{
  static const char *const odd[] = { "(1, 2)",        "('',)",         "('\\u0001/../', 'x')",
                                     "({'': <''>},)", "(@aa{sv} [],)", "(true,)" };
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);
  g_autofree char *huge = g_strnfill (3 * 1024 * 1024, 'x');

  for (guint i = 0; i < n; i++)
    for (gsize j = 0; j < G_N_ELEMENTS (odd); j++)
      {
        g_autoptr (GVariant) parameters = g_variant_parse (NULL, odd[j], NULL, NULL, NULL);

        if (!peerup_operation_takes (&operations[i], parameters))
          assert_fails (self, operations[i].name, parameters, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
      }
  assert_fails (self, "Ping", g_variant_new ("(s)", huge), PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  assert_fails (self, "Ping", g_variant_new ("(s)", "no/such\npeer"), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "Expose", g_variant_new ("(ss@a{sv})", "web", "localhost:80", options ("{'colour': <'x'>}")),
                G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
}

static void
test_caller_is_gone (Fixture *self, gconstpointer data)
{
  DexFuture *future;
  g_autoptr (GError) error = NULL;
  g_autofree char *peer = g_strconcat ("/ip4/192.0.2.1/tcp/9/p2p/", home_get_id (self->other), NULL);

  /* Nobody answers there, and the ping would take 15 seconds to say so. */
  future =
    peerup_control_invoke (self->control, self->caller, peerup_operations_find ("Ping"), g_variant_new ("(s)", peer));
  g_assert_true (dex_future_is_pending (future));
  g_assert_cmpuint (peerup_caller_get_n_calls (self->caller), ==, 1);
  peerup_caller_leave (self->caller);
  g_assert_null (await_answer (future, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  while (peerup_caller_get_n_calls (self->caller) > 0)
    g_main_context_iteration (NULL, TRUE);
  assert_fails (self, "ListPeers", g_variant_new ("()"), G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_too_many_calls (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) futures = g_ptr_array_new_with_free_func (dex_unref);
  DexFuture *last;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1025; i++)
    g_ptr_array_add (futures, peerup_control_invoke (self->control, self->caller, peerup_operations_find ("ListPaths"),
                                                     g_variant_new ("(s)", "")));
  last = futures->pdata[1024];
  g_assert_null (dex_future_get_value (last, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  for (guint i = 0; i < 1024; i++)
    while (dex_future_is_pending (futures->pdata[i]))
      g_main_context_iteration (NULL, TRUE);
}

static void
test_services (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) services = NULL;
  g_autoptr (GVariant) web = NULL;
  gboolean transient, restricted, enabled;

  assert_done (self, "Expose",
               g_variant_new_parsed ("('web', 'localhost:80', {'allowed': <[%s]>})", home_get_id (self->other)));
  assert_fails (self, "Expose", g_variant_new ("(ssa{sv})", "web", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_EXISTS);
  assert_fails (self, "Expose", g_variant_new ("(ssa{sv})", "ssh", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_EXISTS);
  assert_fails (self, "Expose", g_variant_new ("(ss@a{sv})", "ok", "localhost:80", options ("{'kind': <'A b'>}")),
                PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  assert_fails (self, "Expose",
                g_variant_new ("(ss@a{sv})", "ok", "localhost:80", options ("{'tags': <['fine', 'a\\nb']>}")),
                PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  assert_fails (self, "Expose", g_variant_new ("(ssa{sv})", "discovery", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  assert_fails (self, "ListPeerServices", g_variant_new ("(s)", home_get_id (self->other)), PEERUP_ERROR,
                PEERUP_ERROR_UNREACHABLE);
  assert_fails (self, "ListPeerServices", g_variant_new ("(s)", "nobody"), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "Expose", g_variant_new ("(ssa{sv})", "a b", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  assert_fails (self, "Expose", g_variant_new ("(ssa{sv})", "ok", "localhost", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  services = list (self, "ListServices");
  g_assert_cmpuint (g_variant_n_children (services), ==, 2);
  web = g_variant_get_child_value (services, 1);
  g_assert_true (g_variant_lookup (web, "transient", "b", &transient) && transient);
  g_assert_true (g_variant_lookup (web, "restricted", "b", &restricted) && restricted);
  g_assert_true (g_variant_lookup (web, "enabled", "b", &enabled) && enabled);
  g_assert_false (config_has (self, "web"));

  /* A change of the configuration leaves it alone. */
  assert_done (self, "EnableService", g_variant_new ("(sb)", "ssh", FALSE));
  g_assert_true (config_has (self, "enabled: false"));
  g_assert_true (config_has (self, "# keep me"));
  g_assert_false (peerup_service_get_enabled (peerup_service_set_find (self->engine->services, "ssh")));
  g_assert_nonnull (peerup_service_set_find (self->engine->services, "web"));
  assert_fails (self, "EnableService", g_variant_new ("(sb)", "web", FALSE), PEERUP_ERROR, PEERUP_ERROR_DENIED);
  assert_fails (self, "EnableService", g_variant_new ("(sb)", "no", FALSE), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "Unexpose", g_variant_new ("(s)", "ssh"), PEERUP_ERROR, PEERUP_ERROR_DENIED);
  assert_done (self, "Unexpose", g_variant_new ("(s)", "web"));
  assert_fails (self, "Unexpose", g_variant_new ("(s)", "web"), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static const PeerupConfigService *
find_configured (Fixture *self, const char *name)
{
  return peerup_config_find_service (self->engine->config, name);
}

/* The configuration's own: each in force when it is answered, and the rest of the file as it was. */
static void
test_configured_services (Fixture *self, gconstpointer data)
{
  const char *id = home_get_id (self->other);

  assert_done (
    self, "AddService",
    g_variant_new_parsed ("('web', 'localhost:80', {'kind': <'http'>, 'tags': <['attic']>, 'allowed': <[%s]>})", id));
  g_assert_true (config_has (self, "# keep me"));
  g_assert_cmpstr (find_configured (self, "web")->kind, ==, "http");
  g_assert_cmpuint (find_configured (self, "web")->allowed_peers->len, ==, 1);
  g_assert_true (peerup_service_get_enabled (peerup_service_set_find (self->engine->services, "web")));
  assert_fails (self, "AddService", g_variant_new ("(ssa{sv})", "web", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_EXISTS);
  assert_fails (self, "AddService", g_variant_new ("(ssa{sv})", "A b", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  assert_fails (self, "AddService", g_variant_new ("(ssa{sv})", "discovery", "localhost:80", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  assert_fails (self, "AddService", g_variant_new ("(ssa{sv})", "nas", "localhost", NULL), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  assert_fails (self, "AddService", g_variant_new ("(ss@a{sv})", "nas", "localhost:1", options ("{'kind': <'A b'>}")),
                PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  assert_fails (self, "AddService",
                g_variant_new ("(ss@a{sv})", "nas", "localhost:1", options ("{'allowed': <['me']>}")), PEERUP_ERROR,
                PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "AddService", g_variant_new ("(ss@a{sv})", "nas", "localhost:1", options ("{'colour': <'x'>}")),
                G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS);
  g_assert_false (config_has (self, "nas"));
  assert_done (self, "AddService",
               g_variant_new ("(ss@a{sv})", "nas", "nas.lan:445",
                              options ("{'enabled': <false>, 'allowed': <@as []>}")));
  g_assert_false (find_configured (self, "nas")->enabled);
  g_assert_null (find_configured (self, "nas")->allowed_peers);

  /* Changed: all or nothing. */
  assert_fails (self, "ChangeService",
                g_variant_new ("(s@a{sv})", "web", options ("{'address': <'localhost:81'>, 'name': <'nas'>}")),
                PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_cmpuint (find_configured (self, "web")->port, ==, 80);
  assert_done (self, "ChangeService",
               g_variant_new ("(s@a{sv})", "web",
                              options (
                                "{'address': <'localhost:81'>, 'name': <'site'>, 'kind': <''>, 'tags': <@as []>, "
                                "'allowed': <@as []>}")));
  g_assert_null (find_configured (self, "web"));
  g_assert_null (peerup_service_set_find (self->engine->services, "web"));
  g_assert_cmpuint (find_configured (self, "site")->port, ==, 81);
  g_assert_null (find_configured (self, "site")->kind);
  g_assert_null (find_configured (self, "site")->allowed_peers);
  g_assert_true (config_has (self, "# keep me"));
  /* Nobody, and not everybody. */
  assert_done (self, "ChangeService",
               g_variant_new ("(s@a{sv})", "site",
                              options ("{'allowed': <@as []>, 'restricted': <true>, 'tags': <['a']>}")));
  g_assert_cmpuint (find_configured (self, "site")->allowed_peers->len, ==, 0);
  assert_done (self, "ChangeService", g_variant_new ("(s@a{sv})", "site", options ("{'tags': <['b', 'c']>}")));
  g_assert_cmpuint (find_configured (self, "site")->allowed_peers->len, ==, 0);
  g_assert_cmpuint (g_strv_length ((char **) find_configured (self, "site")->tags), ==, 2);
  assert_fails (self, "ChangeService", g_variant_new ("(sa{sv})", "web", NULL), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "ChangeService", g_variant_new ("(s@a{sv})", "site", options ("{'address': <'x'>}")),
                PEERUP_ERROR, PEERUP_ERROR_MALFORMED);

  /* What Expose has made is none of it. */
  assert_done (self, "Expose", g_variant_new ("(ssa{sv})", "tmp", "localhost:9", NULL));
  assert_fails (self, "AddService", g_variant_new ("(ssa{sv})", "tmp", "localhost:9", NULL), PEERUP_ERROR,
                PEERUP_ERROR_EXISTS);
  assert_fails (self, "ChangeService", g_variant_new ("(sa{sv})", "tmp", NULL), PEERUP_ERROR, PEERUP_ERROR_DENIED);
  assert_fails (self, "ChangeService", g_variant_new ("(s@a{sv})", "site", options ("{'name': <'tmp'>}")), PEERUP_ERROR,
                PEERUP_ERROR_EXISTS);
  assert_fails (self, "RemoveService", g_variant_new ("(s)", "tmp"), PEERUP_ERROR, PEERUP_ERROR_DENIED);

  assert_done (self, "RemoveService", g_variant_new ("(s)", "site"));
  g_assert_null (peerup_service_set_find (self->engine->services, "site"));
  g_assert_nonnull (peerup_service_set_find (self->engine->services, "ssh"));
  assert_fails (self, "RemoveService", g_variant_new ("(s)", "site"), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
assert_value_fails (Fixture *self, const char *key, const char *value, PeerupError code)
{
  assert_fails (self, "SetConfigValue", g_variant_new ("(ss)", key, value), PEERUP_ERROR, code);
}

/* That is done in a thread, some moments later. */
static gboolean
is_archived (Fixture *self, const char *cause)
{
  g_autoptr (GVariant) configs = list (self, "ListConfigs");
  g_autoptr (GVariant) last = NULL;
  const char *found;

  if (g_variant_n_children (configs) == 0)
    return FALSE;
  last = g_variant_get_child_value (configs, 0);
  return g_variant_lookup (last, "cause", "&s", &found) && g_str_equal (found, cause);
}

static void
test_config_values (Fixture *self, gconstpointer data)
{
  assert_done (self, "SetConfigValue", g_variant_new ("(ss)", "relay.drain_time", "45s"));
  g_assert_cmpint (peerup_config_get_relay_drain_time (self->engine->config), ==, 45 * (gint64) G_USEC_PER_SEC);
  assert_done (self, "SetConfigValue", g_variant_new ("(ss)", "services.ssh.enabled", "off"));
  g_assert_false (peerup_service_get_enabled (peerup_service_set_find (self->engine->services, "ssh")));
  assert_done (self, "SetConfigValue", g_variant_new ("(ss)", "relay.drain_time", ""));
  g_assert_cmpint (peerup_config_get_relay_drain_time (self->engine->config), ==, 30 * (gint64) G_USEC_PER_SEC);
  /* The default holds already. */
  assert_done (self, "SetConfigValue", g_variant_new ("(ss)", "relay.drain_time", ""));
  g_assert_true (config_has (self, "# keep me"));

  assert_value_fails (self, "relay.drain_time", "soon", PEERUP_ERROR_CONFIG);
  assert_value_fails (self, "relay.serve", "perhaps", PEERUP_ERROR_MALFORMED);
  assert_value_fails (self, "relay.colour", "x", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "relay.colour", "", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "", "x", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "", "", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "services.", "", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "relay.serve.", "true", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "services.none.enabled", "true", PEERUP_ERROR_NOT_FOUND);
  assert_value_fails (self, "relay.addresses", "x", PEERUP_ERROR_MALFORMED);
  assert_value_fails (self, "services", "", PEERUP_ERROR_MALFORMED);
  assert_value_fails (self, "services.ssh", "", PEERUP_ERROR_MALFORMED);
  assert_value_fails (self, "identity.key_file", "other.key", PEERUP_ERROR_DENIED);
  assert_value_fails (self, "network.websocket.key_file", "", PEERUP_ERROR_DENIED);
  assert_value_fails (self, "security.authorized_keys_file", "", PEERUP_ERROR_CONFIG);
  g_assert_cmpint (peerup_config_get_relay_drain_time (self->engine->config), ==, 30 * (gint64) G_USEC_PER_SEC);
  while (!is_archived (self, "config unset relay.drain_time"))
    g_main_context_iteration (NULL, TRUE);
}

static void
test_authorized (Fixture *self, gconstpointer data)
{
  const char *id = home_get_id (self->other);
  gint64 end = g_get_real_time () / G_USEC_PER_SEC + 3600, expires_at;
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (id, NULL);
  g_autoptr (GVariant) peers = NULL;
  g_autoptr (GVariant) entry = NULL;
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);
  const char *text;

  g_variant_dict_insert (&dict, "comment", "s", "the laptop");
  g_variant_dict_insert (&dict, "name", "s", "laptop");
  g_variant_dict_insert (&dict, "expires", "x", end);
  assert_done (self, "Authorize", g_variant_new ("(s@a{sv})", id, g_variant_dict_end (&dict)));
  g_assert_true (peerup_engine_authorizes (self->engine, peer));
  assert_fails (self, "Authorize", g_variant_new ("(sa{sv})", id, NULL), PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  assert_fails (self, "Authorize", g_variant_new ("(s@a{sv})", id, options ("{'expires': <int64 12>}")), PEERUP_ERROR,
                PEERUP_ERROR_MALFORMED);
  peers = list (self, "ListAuthorized");
  g_assert_cmpuint (g_variant_n_children (peers), ==, 2);
  entry = g_variant_get_child_value (peers, 1);
  g_assert_true (g_variant_lookup (entry, "comment", "&s", &text));
  g_assert_cmpstr (text, ==, "the laptop");
  g_assert_true (g_variant_lookup (entry, "name", "&s", &text));
  g_assert_cmpstr (text, ==, "laptop");
  g_assert_true (g_variant_lookup (entry, "expires_at", "x", &expires_at));
  g_assert_cmpint (expires_at, ==, end);
  g_assert_true (g_variant_lookup (entry, "state", "&s", &text));
  g_assert_cmpstr (text, ==, "disconnected");
  g_assert_true (g_variant_lookup (entry, "pairing", "&s", &text));
  g_assert_cmpstr (text, ==, "complete");
  g_assert_false (g_variant_lookup (entry, "path", "&s", &text));

  assert_done (self, "AddGrant", g_variant_new ("(ssx)", "laptop", "ssh", (gint64) 0));
  assert_done (self, "Deauthorize", g_variant_new ("(s)", "laptop"));
  g_assert_false (peerup_engine_authorizes (self->engine, peer));
  g_clear_pointer (&peers, g_variant_unref);
  peers = list (self, "ListGrants");
  g_assert_cmpuint (g_variant_n_children (peers), ==, 0);
  assert_fails (self, "Deauthorize", g_variant_new ("(s)", id), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
test_names_and_relays (Fixture *self, gconstpointer data)
{
  const char *id = home_get_id (self->other);
  g_autofree char *address = g_strconcat (RELAY, id, NULL);
  g_autofree char *second = g_strconcat ("/ip4/192.0.2.2/tcp/7777/p2p/", id, NULL);

  assert_done (self, "SetName", g_variant_new ("(ss)", "desk", id));
  assert_done (self, "SetName", g_variant_new ("(ss)", "desk", id));
  g_assert_nonnull (peerup_config_lookup_name (self->engine->config, "desk"));
  assert_done (self, "SetName", g_variant_new ("(ss)", "desk", home_get_id (self->home)));
  assert_done (self, "SetName", g_variant_new ("(ss)", "desk", ""));
  g_assert_null (peerup_config_lookup_name (self->engine->config, "desk"));
  assert_fails (self, "SetName", g_variant_new ("(ss)", "desk", ""), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  assert_fails (self, "SetName", g_variant_new ("(ss)", "a\nb", id), PEERUP_ERROR, PEERUP_ERROR_MALFORMED);

  assert_done (self, "AddRelay", g_variant_new ("(s)", address));
  assert_done (self, "AddRelay", g_variant_new ("(s)", second));
  assert_fails (self, "AddRelay", g_variant_new ("(s)", address), PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_assert_cmpuint (peerup_config_get_relay_addresses (self->engine->config)->len, ==, 2);
  assert_done (self, "RemoveRelay", g_variant_new ("(s)", second));
  assert_done (self, "RemoveRelay", g_variant_new ("(s)", id));
  g_assert_cmpuint (peerup_config_get_relay_addresses (self->engine->config)->len, ==, 0);
  assert_fails (self, "RemoveRelay", g_variant_new ("(s)", id), PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_assert_true (config_has (self, "# keep me"));
}

static void
test_forwards (Fixture *self, gconstpointer data)
{
  const char *id = home_get_id (self->other);
  GListModel *forwards = peerup_engine_get_forwards (self->engine);

  assert_done (self, "AddForward", g_variant_new ("(sssa{sv})", id, "ssh", "0", NULL));
  assert_done (self, "AddForward", g_variant_new ("(sss@a{sv})", id, "ssh", "0", options ("{'keep': <true>}")));
  g_assert_cmpuint (g_list_model_get_n_items (forwards), ==, 2);
  peerup_caller_leave (self->caller);
  g_assert_cmpuint (g_list_model_get_n_items (forwards), ==, 1);
}

static void
on_event (PeerupControl *control, const char *interface, const char *name, GVariant *parameters, PeerupCaller *only,
          gpointer data)
{
  g_assert_cmpstr (interface, ==, PEERUP_CONTROL_INTERFACE);
  g_assert_null (only);
  g_string_append_printf (data, "%s ", name);
}

static void
on_property (PeerupControl *control, const char *name, GVariant *value, gpointer data)
{
  g_string_append_printf (data, "%s=%s ", name, g_variant_get_boolean (value) ? "yes" : "no");
}

static void
test_what_is_told (Fixture *self, gconstpointer data)
{
  g_autoptr (GString) told = g_string_new (NULL);
  g_autoptr (GVariant) properties = NULL;
  gboolean pending;
  const char *state;

  g_signal_connect (self->control, "event", G_CALLBACK (on_event), told);
  g_signal_connect (self->control, "property-changed", G_CALLBACK (on_property), told);
  peerup_control_set_property (self->control, "ConfigPending", g_variant_new_boolean (FALSE));
  peerup_control_set_property (self->control, "ConfigPending", g_variant_new_boolean (TRUE));
  peerup_control_emit (self->control, "GroupChanged", g_variant_new ("(s)", "01234567"), NULL);
  g_assert_cmpstr (told->str, ==, "");
  while (told->len < strlen ("ConfigPending=yes GroupChanged "))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_str_has_prefix (told->str, "ConfigPending=yes GroupChanged "));
  properties = peerup_control_dup_properties (self->control);
  g_assert_true (g_variant_lookup (properties, "ConfigPending", "b", &pending) && pending);
  g_assert_true (g_variant_lookup (properties, "State", "&s", &state));
  g_assert_cmpstr (state, ==, "running");
  g_signal_handlers_disconnect_by_data (self->control, told);
}

/* Waiting for another device, for up to a month, ends with who wanted it. */
static void
test_join_ends_with_caller (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) wanted = g_variant_ref_sink (options ("('417-otter-violin-maple', {'wait': <true>})"));
  DexFuture *join = peerup_control_invoke (self->control, self->caller, peerup_operations_find ("Join"), wanted);
  g_autoptr (GError) error = NULL;

  g_assert_true (dex_future_is_pending (join));
  peerup_caller_leave (self->caller);
  g_assert_null (await_answer (join, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, test) g_test_add ("/control/call/" name, Fixture, SSH, set_up, test, tear_down)
  ADD ("wrong-arguments", test_wrong_arguments);
  ADD ("gone", test_caller_is_gone);
  ADD ("too-many", test_too_many_calls);
  ADD ("services", test_services);
  ADD ("configured-services", test_configured_services);
  ADD ("config-values", test_config_values);
  ADD ("authorized", test_authorized);
  ADD ("names-and-relays", test_names_and_relays);
  ADD ("forwards", test_forwards);
  ADD ("told", test_what_is_told);
  ADD ("join-ends", test_join_ends_with_caller);
  return g_test_run ();
}
