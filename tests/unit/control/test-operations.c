/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The description and what is made of it: every operation has a function, a way over HTTP of its own, and words.
 */
#include "control/peerup-operations.h"

#include <string.h>

#include "control/peerup-control-policy.h"
#include "control/peerup-control-table.h"

/* Of the original, whose answers are others: PROTOCOLS 5.10. */
static const char *const originals[] = {
  "GET /v1/status",
  "GET /v1/services",
  "GET /v1/peers",
  "GET /v1/paths",
  "GET /v1/auth",
  "POST /v1/auth",
  "DELETE /v1/auth/{peer_id}",
  "POST /v1/ping",
  "POST /v1/traceroute",
  "POST /v1/resolve",
  "POST /v1/connect",
  "DELETE /v1/connect/{id}",
  "POST /v1/expose",
  "DELETE /v1/expose/{name}",
  "POST /v1/shutdown",
};

static void
test_functions (void)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);
  guint n_operations, n_functions;
  const PeerupOperation *operations = peerup_operations_get (&n_operations);
  const PeerupControlFunction *functions = peerup_control_table_get (&n_functions);

  g_assert_cmpuint (n_operations, >, 50);
  for (guint i = 0; i < n_operations; i++)
    {
      g_test_message ("%s", operations[i].name);
      g_assert_true (g_hash_table_add (names, (gpointer) operations[i].name));
      g_assert_nonnull (peerup_control_find_function (operations[i].name));
      g_assert_true (peerup_operations_find (operations[i].name) == &operations[i]);
      g_assert_cmpstr (operations[i].interface, ==, PEERUP_CONTROL_INTERFACE);
    }
  for (guint i = 0; i < n_functions; i++)
    {
      g_test_message ("%s", functions[i].name);
      g_assert_true (g_hash_table_remove (names, functions[i].name));
    }
  g_assert_cmpuint (g_hash_table_size (names), ==, 0);
  g_assert_null (peerup_operations_find ("Pong"));
  g_assert_null (peerup_control_find_function ("Pong"));
}

/* "GET /v1/peers/{}": those that no request could tell apart are the same. */
static char *
shape_of (const char *method, const char *path)
{
  g_autoptr (GRegex) variables = g_regex_new ("\\{[^}]*\\}", G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT, NULL);
  g_autofree char *shape = g_regex_replace_literal (variables, path, -1, 0, "{}", G_REGEX_MATCH_DEFAULT, NULL);

  return g_strconcat (method, " ", shape, NULL);
}

/* What is in braces goes in. */
static void
assert_variables (const PeerupOperation *operation)
{
  g_auto (GStrv) parts = g_strsplit (operation->http_path, "/", -1);

  for (guint i = 0; parts[i] != NULL; i++)
    {
      gboolean found = FALSE;

      if (parts[i][0] != '{')
        continue;
      parts[i][strlen (parts[i]) - 1] = '\0';
      for (guint j = 0; operation->info->in_args[j] != NULL; j++)
        found |= g_str_equal (operation->info->in_args[j]->name, parts[i] + 1);
      g_assert_true (found);
    }
}

static void
test_http (void)
{
  static const char *const methods[] = { "GET", "POST", "PUT", "DELETE", NULL };
  g_autoptr (GHashTable) shapes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  for (gsize i = 0; i < G_N_ELEMENTS (originals); i++)
    {
      g_auto (GStrv) words = g_strsplit (originals[i], " ", 2);

      g_assert_true (g_hash_table_add (shapes, shape_of (words[0], words[1])));
    }
  for (guint i = 0; i < n; i++)
    {
      g_test_message ("%s: %s %s", operations[i].name, operations[i].http_method, operations[i].http_path);
      g_assert_true (g_strv_contains (methods, operations[i].http_method));
      g_assert_true (g_str_has_prefix (operations[i].http_path, "/v1/"));
      g_assert_true (g_hash_table_add (shapes, shape_of (operations[i].http_method, operations[i].http_path)));
      assert_variables (&operations[i]);
    }
}

static void
assert_doc (GDBusAnnotationInfo **annotations)
{
  const char *doc = g_dbus_annotation_info_lookup (annotations, "org.gtk.GDBus.DocString");

  g_assert_nonnull (doc);
  g_assert_cmpuint (strlen (doc), >, 3);
}

static void
test_words (void)
{
  const GDBusInterfaceInfo *interface = peerup_operations_get_node ()->interfaces[0];
  guint n;
  const PeerupOperation *operations = peerup_operations_get (&n);

  for (guint i = 0; i < n; i++)
    {
      g_test_message ("%s", operations[i].name);
      g_assert_cmpuint (strlen (operations[i].doc), >, 10);
      g_assert_null (strstr (operations[i].doc, "@"));
      for (guint j = 0; operations[i].info->in_args != NULL && operations[i].info->in_args[j] != NULL; j++)
        assert_doc (operations[i].info->in_args[j]->annotations);
      for (guint j = 0; operations[i].info->out_args != NULL && operations[i].info->out_args[j] != NULL; j++)
        assert_doc (operations[i].info->out_args[j]->annotations);
    }
  for (guint i = 0; interface->signals[i] != NULL; i++)
    assert_doc (interface->signals[i]->annotations);
  for (guint i = 0; interface->properties[i] != NULL; i++)
    assert_doc (interface->properties[i]->annotations);
}

static void
test_types (void)
{
  const PeerupOperation *ping = peerup_operations_find ("Ping");
  g_autoptr (GVariantType) in = peerup_operation_dup_in_type (ping);
  g_autoptr (GVariantType) out = peerup_operation_dup_out_type (ping);
  g_autoptr (GVariantType) nothing = peerup_operation_dup_in_type (peerup_operations_find ("Stop"));
  g_autoptr (GVariant) good = g_variant_ref_sink (g_variant_new ("(s)", "x"));
  g_autoptr (GVariant) bad = g_variant_ref_sink (g_variant_new ("(u)", 1));

  g_assert_true (g_variant_type_equal (in, G_VARIANT_TYPE ("(s)")));
  g_assert_true (g_variant_type_equal (out, G_VARIANT_TYPE ("(ts)")));
  g_assert_true (g_variant_type_equal (nothing, G_VARIANT_TYPE ("()")));
  g_assert_true (peerup_operation_takes (ping, good));
  g_assert_false (peerup_operation_takes (ping, bad));
}

/* What polkit is asked for: what shows secrets or changes anything is no reading. */
static void
test_actions (void)
{
  static const struct
  {
    const char *name;
    PeerupControlAction action;
  } known[] = {
    { "ListPeers", PEERUP_CONTROL_READ },       { "Ping", PEERUP_CONTROL_CHANGE },
    { "Trace", PEERUP_CONTROL_CHANGE },         { "GetConfig", PEERUP_CONTROL_CHANGE },
    { "DiffConfig", PEERUP_CONTROL_CHANGE },    { "ListConfigs", PEERUP_CONTROL_READ },
    { "Resolve", PEERUP_CONTROL_READ },         { "ListInvites", PEERUP_CONTROL_CHANGE },
    { "Authorize", PEERUP_CONTROL_CHANGE },     { "Deauthorize", PEERUP_CONTROL_CHANGE },
    { "CreateInvite", PEERUP_CONTROL_CHANGE },  { "Stop", PEERUP_CONTROL_CHANGE },
    { "ApplyConfig", PEERUP_CONTROL_CHANGE },   { "SetLogLevels", PEERUP_CONTROL_CHANGE },
    { "FindServices", PEERUP_CONTROL_CHANGE },  { "ListTemplates", PEERUP_CONTROL_READ },
    { "AddService", PEERUP_CONTROL_CHANGE },    { "ChangeService", PEERUP_CONTROL_CHANGE },
    { "RemoveService", PEERUP_CONTROL_CHANGE }, { "SetConfigValue", PEERUP_CONTROL_CHANGE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    g_assert_cmpint (peerup_control_policy_get_action (peerup_operations_find (known[i].name)), ==, known[i].action);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/operations/functions", test_functions);
  g_test_add_func ("/operations/http", test_http);
  g_test_add_func ("/operations/words", test_words);
  g_test_add_func ("/operations/types", test_types);
  g_test_add_func ("/operations/actions", test_actions);
  return g_test_run ();
}
