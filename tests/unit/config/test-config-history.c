/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The archive: names that hold all there is to know, what is kept, what goes. */
#include "config/peerup-config-history.h"

#include "fixture.h"

#include <string.h>
#include <unistd.h>

typedef struct
{
  char *directory;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->directory = make_directory ();
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  remove_directory (self->directory);
  g_free (self->directory);
}

static void
assert_name (const char *who, const char *cause, const char *read_cause)
{
  g_autofree char *name = peerup_config_entry_name (7, 1790000000, who, cause, ".yaml");
  g_autoptr (PeerupConfigEntry) entry = peerup_config_entry_parse (name);

  g_assert_cmpuint (strlen (name), <=, 255 - strlen (".") - strlen (".12345678.tmp"));
  g_assert_nonnull (entry);
  g_assert_cmpstr (entry->file, ==, name);
  g_assert_cmpuint (entry->sequence, ==, 7);
  g_assert_cmpint (entry->time, ==, 1790000000);
  g_assert_cmpstr (entry->who, ==, who);
  g_assert_cmpstr (entry->cause, ==, read_cause);
}

static char *
append (char *text)
{
  char *longer = g_strconcat (text, "ü", NULL);

  g_free (text);
  return longer;
}

static void
test_names (void)
{
  g_autofree char *longest = g_strnfill (400, 'x');
  g_autofree char *longest_umlauts = g_strdup ("");
  g_autofree char *cut = g_strnfill (150, 'x');
  g_autofree char *cut_umlauts = g_strdup ("");

  for (guint i = 0; i < 100; i++)
    {
      longest_umlauts = append (longest_umlauts);
      if (i < 25)
        cut_umlauts = append (cut_umlauts);
    }
  assert_name ("command", "", "");
  assert_name ("dbus", "new relay: ./../x.yaml\n100 %", "new relay: ./../x.yaml\n100 %");
  assert_name ("http", longest, cut);
  assert_name ("file", longest_umlauts, cut_umlauts);
  assert_name ("file", "a\xff", "a\357\277\275");
}

static void
test_strange_names (void)
{
  static const char *const names[] = {
    "",
    ".",
    "..",
    "config.yaml",
    "1.2.3",
    "0.1.a.b.yaml",
    "x.1.a.b.yaml",
    "1.x.a.b.yaml",
    "1.1.a",
    "1.-1.a.b.yaml",
    "1.1.%.b.yaml",
    "1.1.a.%FF.yaml",
    "1.1.a.b%00.yaml",
    ".1.1.a.b.yaml.0.tmp",
    "1.1.a.b.tmp",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_null (peerup_config_entry_parse (names[i]));
}

static void
add (Fixture *self, const char *text, gint64 time)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (
    peerup_config_history_add (self->directory, text, strlen (text), time, "command", "test", ".yaml", &error));
  g_assert_no_error (error);
}

/* The texts from the latest on, joined. */
static char *
join (Fixture *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = peerup_config_history_list (self->directory, &error);
  g_autoptr (GString) texts = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < entries->len; i++)
    {
      gsize length;
      g_autofree char *text = peerup_config_history_read (self->directory, entries->pdata[i], &length, &error);

      g_assert_no_error (error);
      g_string_append_len (texts, text, length);
    }
  return g_string_free (g_steal_pointer (&texts), FALSE);
}

static void
assert_texts (Fixture *self, const char *expected)
{
  g_autofree char *texts = join (self);

  g_assert_cmpstr (texts, ==, expected);
}

static void
test_keep (Fixture *self, gconstpointer data)
{
  static const char *const texts[] = { "a", "b", "c", "d", "e", "f", "g", "h" };
  g_autofree char *foreign = write_file (self->directory, "README", "mine", 0600);
  g_autofree char *left = write_file (self->directory, ".00000001.1790000000.a.b.yaml.12345678.tmp", "", 0600);
  GStatBuf info;

  assert_texts (self, "");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    add (self, texts[i], 1790000000 + i);
  /* The one in use and five before. */
  assert_texts (self, "hgfedc");
  /* The latest is not repeated; an older one moves to the front. */
  add (self, "h", 1790000010);
  assert_texts (self, "hgfedc");
  add (self, "f", 1790000011);
  assert_texts (self, "fhgedc");
  /* A clock that went back does not change the order. */
  add (self, "i", 5);
  assert_texts (self, "ifhged");
  g_assert_true (g_file_test (foreign, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_stat (foreign, &info), ==, 0);
  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
}

/* Who follows the file knows less than who has changed it. */
static void
test_cause (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *who, *cause, *expected;
  } steps[] = {
    { "file", "edited", "file: edited" },
    { "daemon", "start", "file: edited" },
    { "file", "", "file: edited" },
    { "command", "service add web", "command: service add web" },
    { "file", "edited", "command: service add web" },
    { "dbus", "another", "command: service add web" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autoptr (GPtrArray) entries = NULL;
      g_autofree char *found = NULL;
      const PeerupConfigEntry *entry;

      g_assert_true (peerup_config_history_add (self->directory, "a", 1, 1790000000 + i, steps[i].who, steps[i].cause,
                                                ".yaml", NULL));
      entries = peerup_config_history_list (self->directory, NULL);
      g_assert_cmpuint (entries->len, ==, 1);
      entry = entries->pdata[0];
      found = g_strdup_printf ("%s: %s", entry->who, entry->cause);
      g_assert_cmpstr (found, ==, steps[i].expected);
      g_assert_cmpint (entry->time, ==, 1790000000);
    }
}

static void
test_modes (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) entries = NULL;
  g_autofree char *path = NULL;
  GStatBuf info;

  add (self, "a", 1790000000);
  entries = peerup_config_history_list (self->directory, NULL);
  g_assert_cmpuint (entries->len, ==, 1);
  path = g_build_filename (self->directory, ((PeerupConfigEntry *) entries->pdata[0])->file, NULL);
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
}

/* Whoever may write there knows what the next name is. */
static void
test_link (Fixture *self, gconstpointer data)
{
  g_autofree char *elsewhere = write_file (self->directory, "elsewhere", "mine", 0600);
  /* The number after this one. */
  g_autofree char *last = write_file (self->directory, "4294967295.1.file.x.yaml", "", 0600);
  g_autofree char *name = peerup_config_entry_name (0, 1790000000, "command", "", ".yaml");
  g_autofree char *path = g_build_filename (self->directory, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (symlink (elsewhere, path), ==, 0);
  g_assert_false (peerup_config_history_add (self->directory, "a", 1, 1790000000, "command", "", ".yaml", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION);
  g_assert_true (g_file_get_contents (elsewhere, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");
}

static void
test_no_directory (Fixture *self, gconstpointer data)
{
  g_autofree char *nowhere = g_build_filename (self->directory, "nowhere", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) entries = peerup_config_history_list (nowhere, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (entries->len, ==, 0);
  g_assert_false (peerup_config_history_add (nowhere, "a", 1, 1790000000, "command", "", ".yaml", &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/history/names", test_names);
  g_test_add_func ("/config/history/strange-names", test_strange_names);
  g_test_add ("/config/history/keep", Fixture, NULL, set_up, test_keep, tear_down);
  g_test_add ("/config/history/cause", Fixture, NULL, set_up, test_cause, tear_down);
  g_test_add ("/config/history/modes", Fixture, NULL, set_up, test_modes, tear_down);
  g_test_add ("/config/history/link", Fixture, NULL, set_up, test_link, tear_down);
  g_test_add ("/config/history/no-directory", Fixture, NULL, set_up, test_no_directory, tear_down);
  return g_test_run ();
}
