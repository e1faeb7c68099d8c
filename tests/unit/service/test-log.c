/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "service/peerup-log.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "wire/peerup-error.h"

#undef G_LOG_DOMAIN
#define G_LOG_DOMAIN "peerup-swarm"
#include "service/peerup-log-cost.h"

typedef struct
{
  GLogLevelFlags level;
  char *domain;
  char *message;
  char *peer;
  char *path;
  char *profile;
} Line;

static GPtrArray *lines;

static void
line_free (gpointer data)
{
  Line *line = data;

  g_free (line->domain);
  g_free (line->message);
  g_free (line->peer);
  g_free (line->path);
  g_free (line->profile);
  g_free (line);
}

static void
print (GLogLevelFlags level, const char *domain, const char *message, const PeerupLogFields *fields)
{
  Line *line = g_new0 (Line, 1);

  line->level = level;
  line->domain = g_strdup (domain);
  line->message = g_strdup (message);
  line->peer = g_strdup (fields->peer);
  line->path = g_strdup (fields->path);
  line->profile = g_strdup (fields->profile);
  g_ptr_array_add (lines, line);
}

static void
reset (void)
{
  g_autoptr (GHashTable) levels = peerup_log_dup_levels ();
  GHashTableIter iter;
  gpointer name;

  g_hash_table_iter_init (&iter, levels);
  while (g_hash_table_iter_next (&iter, &name, NULL))
    if (!g_str_equal (name, PEERUP_LOG_ALL))
      g_assert_true (peerup_log_set (name, "", NULL));
  peerup_log_set_all (G_LOG_LEVEL_MESSAGE);
  g_ptr_array_set_size (lines, 0);
}

static const char *
level_of (const char *domain)
{
  g_autoptr (GHashTable) levels = peerup_log_dup_levels ();

  return g_hash_table_lookup (levels, domain);
}

static void
test_levels (void)
{
  reset ();
  g_assert_true (peerup_log_wants ("peerup-swarm", G_LOG_LEVEL_MESSAGE));
  g_assert_false (peerup_log_wants ("peerup-swarm", G_LOG_LEVEL_INFO));
  g_assert_true (peerup_log_set_from_text ("swarm=debug, all=warning;GLib-GIO=debug", NULL));
  g_assert_true (peerup_log_wants ("peerup-swarm", G_LOG_LEVEL_DEBUG));
  g_assert_false (peerup_log_wants ("peerup-relay", G_LOG_LEVEL_MESSAGE));
  g_assert_true (peerup_log_wants ("peerup-relay", G_LOG_LEVEL_WARNING));
  g_assert_true (peerup_log_wants ("GLib-GIO", G_LOG_LEVEL_DEBUG));
  g_assert_cmpstr (level_of ("swarm"), ==, "debug");
  g_assert_cmpstr (level_of ("*"), ==, "warning");
  g_assert_true (peerup_log_set ("peerup-swarm", "", NULL));
  g_assert_null (level_of ("swarm"));
  g_assert_false (peerup_log_wants ("peerup-swarm", G_LOG_LEVEL_DEBUG));
}

/* “all” is about what is ours. */
static void
test_libraries_are_quiet (void)
{
  reset ();
  g_assert_true (peerup_log_set ("*", "debug", NULL));
  g_assert_true (peerup_log_wants ("peerup-wire", G_LOG_LEVEL_DEBUG));
  g_assert_true (peerup_log_wants ("peerup", G_LOG_LEVEL_DEBUG));
  g_assert_true (peerup_log_wants (NULL, G_LOG_LEVEL_DEBUG));
  g_assert_false (peerup_log_wants ("GLib", G_LOG_LEVEL_DEBUG));
  g_assert_true (peerup_log_wants ("GLib", G_LOG_LEVEL_INFO));
}

static void
test_bad_levels (void)
{
  const char *const bad[] = { "swarm",  "swram=debug",  "swarm=loud",     "all=",
                              "=debug", "swarm==debug", "all=info,swarm", "all=info,nothing=debug" };

  reset ();
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (peerup_log_set_from_text (bad[i], &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_cmpstr (level_of ("*"), ==, "message");
    }
  g_assert_true (peerup_log_set_from_text ("", NULL));
  g_assert_true (peerup_log_set_from_text (" , ", NULL));
}

static void
test_table_is_bounded (void)
{
  g_autoptr (GError) error = NULL;
  guint n = 0;

  reset ();
  while (error == NULL)
    {
      g_autofree char *name = g_strdup_printf ("GLib-%u", n++);

      if (!peerup_log_set (name, "debug", &error))
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
      g_assert_cmpuint (n, <, 1000);
    }
  /* What is there can change all the same. */
  g_assert_true (peerup_log_set ("GLib-0", "error", NULL));
  reset ();
}

static guint n_made;

static const char *
make_text (void)
{
  n_made++;
  return "text";
}

static void
test_messages (void)
{
  const Line *line;

  reset ();
  g_debug ("%s", make_text ());
  g_info ("not wanted");
  g_message ("two\nlines");
  g_assert_cmpuint (n_made, ==, 0);
  g_assert_cmpuint (lines->len, ==, 1);
  line = g_ptr_array_index (lines, 0);
  g_assert_cmpstr (line->domain, ==, "peerup-swarm");
  g_assert_cmpstr (line->message, ==, "two lines");
  g_assert_null (line->peer);
  g_assert_true (peerup_log_set ("swarm", "debug", NULL));
  g_debug ("%s", make_text ());
  g_assert_cmpuint (n_made, ==, 1);
  g_assert_cmpuint (lines->len, ==, 2);
  /* Another's debug messages are still not made. */
  g_assert_true (peerup_log_set ("swarm", "", NULL));
  g_assert_true (peerup_log_set ("relay", "debug", NULL));
  g_debug ("%s", make_text ());
  g_assert_cmpuint (n_made, ==, 1);
}

static void
test_fields (void)
{
  const PeerupLogFields fields = { .peer = "12D3KooWA", .path = "relayed" };
  const Line *line;

  reset ();
  peerup_log (G_LOG_LEVEL_INFO, &fields, "not wanted: %d", 1);
  peerup_log (G_LOG_LEVEL_MESSAGE, &fields, "wanted: %d", 2);
  g_message ("without");
  g_assert_cmpuint (lines->len, ==, 2);
  line = g_ptr_array_index (lines, 0);
  g_assert_cmpstr (line->message, ==, "wanted: 2");
  g_assert_cmpstr (line->peer, ==, "12D3KooWA");
  g_assert_cmpstr (line->path, ==, "relayed");
  line = g_ptr_array_index (lines, 1);
  g_assert_null (line->peer);
}

/* A line's own is before that of the whole program. */
static void
test_profile (void)
{
  const PeerupLogFields fields = { .profile = "work" };
  const char *const profiles[] = { NULL, "work", "home", "work", NULL };

  reset ();
  g_message ("nobody's");
  peerup_log (G_LOG_LEVEL_MESSAGE, &fields, "its own");
  peerup_log_set_profile ("home");
  g_message ("the program's");
  peerup_log (G_LOG_LEVEL_MESSAGE, &fields, "its own");
  peerup_log_set_profile (NULL);
  g_message ("nobody's");
  g_assert_cmpuint (lines->len, ==, G_N_ELEMENTS (profiles));
  for (guint i = 0; i < lines->len; i++)
    g_assert_cmpstr (((Line *) g_ptr_array_index (lines, i))->profile, ==, profiles[i]);
}

static void
test_journal_stream (void)
{
  g_autofree char *own = NULL;
  g_autofree char *other = NULL;
  struct stat info;

  g_unsetenv ("JOURNAL_STREAM");
  g_assert_false (peerup_log_is_journal ());
  g_assert_cmpint (fstat (STDERR_FILENO, &info), ==, 0);
  own = g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) info.st_dev, (guint64) info.st_ino);
  other =
    g_strdup_printf ("%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT, (guint64) info.st_dev, (guint64) info.st_ino + 1);
  g_setenv ("JOURNAL_STREAM", own, TRUE);
  g_assert_true (peerup_log_is_journal ());
  /* Standard error was redirected since: it is no journal any more. */
  g_setenv ("JOURNAL_STREAM", other, TRUE);
  g_assert_false (peerup_log_is_journal ());
  g_setenv ("JOURNAL_STREAM", "soup", TRUE);
  g_assert_false (peerup_log_is_journal ());
  g_unsetenv ("JOURNAL_STREAM");
}

/* Nanoseconds of this thread alone: other programs' work is none of its cost. */
static gint64
spent (void)
{
  struct timespec time;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &time);
  return (gint64) time.tv_sec * 1000000000 + time.tv_nsec;
}

/* A message that nobody wants must be much cheaper than one whose text is made and thrown away. */
static void
test_cost (void)
{
  const guint n = 200000;
  gint64 begun, cheap, dear;

  reset ();
  begun = spent ();
  for (guint i = 0; i < n; i++)
    g_debug ("Dialing %s: %u of %u", "12D3KooWA", i, n);
  cheap = spent () - begun;
  begun = spent ();
  for (guint i = 0; i < n; i++)
    g_log (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, "Dialing %s: %u of %u", "12D3KooWA", i, n);
  dear = spent () - begun;
  g_test_message ("%.0f ns unmade, %.0f ns made and dropped", (double) cheap / n, (double) dear / n);
  g_assert_cmpint (cheap * 2, <, dear);
  g_assert_cmpuint (lines->len, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  lines = g_ptr_array_new_with_free_func (line_free);
  /* That of g_test would take what is meant for the writer. */
  g_log_set_default_handler (g_log_default_handler, NULL);
  peerup_log_install (print);
  g_test_add_func ("/service/log/levels", test_levels);
  g_test_add_func ("/service/log/libraries-are-quiet", test_libraries_are_quiet);
  g_test_add_func ("/service/log/bad-levels", test_bad_levels);
  g_test_add_func ("/service/log/table-is-bounded", test_table_is_bounded);
  g_test_add_func ("/service/log/messages", test_messages);
  g_test_add_func ("/service/log/fields", test_fields);
  g_test_add_func ("/service/log/profile", test_profile);
  g_test_add_func ("/service/log/journal-stream", test_journal_stream);
  g_test_add_func ("/service/log/cost", test_cost);
  return g_test_run ();
}
