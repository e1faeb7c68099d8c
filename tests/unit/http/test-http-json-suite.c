/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* JSONTestSuite: y_ is accepted, n_ is refused, i_ is one or the other without harm. */
#include "http/peerup-http-json.h"

/* Grammar allows these, and we do not: two readers could take them for different things, or GVariant cannot have them.
 */
static const char *const refused_on_purpose[] = {
  "y_object_duplicated_key.json",
  "y_object_duplicated_key_and_value.json",
  "y_object_escaped_null_in_key.json",
  "y_string_null_escape.json",
};

static gboolean
is_refused_on_purpose (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused_on_purpose); i++)
    if (g_str_equal (name, refused_on_purpose[i]))
      return TRUE;
  return FALSE;
}

static gboolean
accepts (const char *data, gsize length)
{
  /* Without the NUL that GLib puts behind what it reads. */
  g_autofree char *exact = g_memdup2 (data, length);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupJson) json = peerup_json_parse (exact, length, &error);

  g_assert_true ((json == NULL) == (error != NULL));
  if (json == NULL)
    g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  return json != NULL;
}

static void
check_file (const char *folder, const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *data = NULL;
  gsize length;
  g_autoptr (GError) error = NULL;
  gboolean accepted;

  g_file_get_contents (path, &data, &length, &error);
  g_assert_no_error (error);
  accepted = accepts (data, length);
  if (name[0] != 'i' && accepted != (name[0] == 'y' && !is_refused_on_purpose (name)))
    g_error ("%s is %s", name, accepted ? "accepted" : "refused");
}

static void
test_suite (void)
{
  const char *data = g_getenv ("PEERUP_TESTDATA");
  g_autofree char *folder = data != NULL ? g_build_filename (data, "json-test-suite", "test_parsing", NULL) : NULL;
  g_autoptr (GDir) dir = folder != NULL ? g_dir_open (folder, 0, NULL) : NULL;
  const char *name;
  guint n = 0;

  if (dir == NULL)
    {
      g_test_skip ("PEERUP_TESTDATA names no folder with json-test-suite in it");
      return;
    }
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      check_file (folder, name);
      n++;
    }
  g_assert_cmpuint (n, >, 300);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/http/json/suite", test_suite);

  return g_test_run ();
}
