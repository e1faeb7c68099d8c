/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The audit: lines that any parser of JSON reads, whatever a peer is called; rotation; floods; and files that cannot be
 * written.
 */
#include "trust/peerup-audit.h"

#include <json-glib/json-glib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "trust-test.h"

#define NOW ((gint64) 1800000000 * G_USEC_PER_SEC)

typedef struct
{
  TestFile file; /* not there at first */
  PeerupAudit *audit;
  char *problem;
  guint n_told;
} World;

static void
on_problem (const char *text, gpointer data)
{
  World *self = data;

  self->n_told++;
  g_set_str (&self->problem, text);
}

static void
world_set (World *self, guint64 max_size, guint keep)
{
  const PeerupAuditSettings settings = { TRUE, self->file.path, max_size, keep };

  peerup_audit_set_settings (self->audit, &settings);
}

static void
world_init (World *self)
{
  test_file_init (&self->file, NULL);
  self->audit = peerup_audit_new (on_problem, self);
  world_set (self, 1024 * 1024, 2);
}

static void
world_clear (World *self)
{
  peerup_audit_free (self->audit);
  g_free (self->problem);
  test_file_clear (&self->file);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

static char *
sibling (World *self, const char *end)
{
  return g_strconcat (self->file.path, end, NULL);
}

/* (transfer full) of JsonObject, one a line; each line must be one, and end. */
static GPtrArray *
read_lines (const char *path)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autofree char *text = NULL;
  g_auto (GStrv) parts = NULL;
  g_autoptr (GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_true (text[0] == '\0' || g_str_has_suffix (text, "\n"));
  parts = g_strsplit (text, "\n", -1);
  for (guint i = 0; parts[i + 1] != NULL; i++)
    {
      g_autoptr (JsonNode) node = json_from_string (parts[i], &error);

      g_assert_no_error (error);
      g_ptr_array_add (lines, json_object_ref (json_node_get_object (node)));
    }
  return lines;
}

static void
write_denial (World *self, gint64 now)
{
  const PeerupAuditLine line = { .event = "service", .peer = ALICE, .decision = "deny", .reason = "not-granted" };

  peerup_audit_write (self->audit, &line, now);
}

static void
write_event (World *self, const char *name, gint64 now)
{
  const PeerupAuditLine line = { .event = "grant-added", .peer = ALICE, .name = name };

  peerup_audit_write (self->audit, &line, now);
}

static void
test_line (void)
{
  const PeerupAuditLine line = { "service", ALICE, "Laptop", "ssh", "direct", "deny", "grant-ended" };
  g_auto (World) world = { 0 };
  g_autofree char *text = NULL;
  GStatBuf info;

  world_init (&world);
  peerup_audit_write (world.audit, &line, NOW + 7999);
  test_assert_text (world.file.path,
                    "{\"time\":\"2027-01-15T08:00:00.007Z\",\"event\":\"service\",\"peer\":\"" ALICE
                    "\",\"name\":\"Laptop\",\"service\":\"ssh\",\"path\":\"direct\",\"decision\":\"deny\","
                    "\"reason\":\"grant-ended\"}\n");
  g_assert_cmpint (g_stat (world.file.path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_null (world.problem);
}

static void
test_disabled (void)
{
  const PeerupAuditSettings settings = { FALSE, NULL, 4096, 1 };
  g_auto (World) world = { 0 };

  world_init (&world);
  peerup_audit_set_settings (world.audit, &settings);
  write_event (&world, NULL, NOW);
  g_assert_false (g_file_test (world.file.path, G_FILE_TEST_EXISTS));
}

static void
test_hostile_names (void)
{
  g_autofree char *long_name = g_strnfill (10240, 'n');
  const char *const names[] = {
    "a\nb",    "\"},{\"event\":\"x", "\033[31m", "\xe2\x80\xae gnp", "\xff\xfe", "<b>&amp;</b>", "\\u0000",
    long_name, "\xe2\x80\xa8",       "",
  };
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) lines = NULL;

  world_init (&world);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    write_event (&world, names[i], NOW);
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < lines->len; i++)
    {
      const char *name = json_object_get_string_member (lines->pdata[i], "name");

      g_assert_cmpstr (json_object_get_string_member (lines->pdata[i], "event"), ==, "grant-added");
      g_assert_cmpuint (json_object_get_size (lines->pdata[i]), ==, 4);
      g_assert_cmpuint (strlen (name), <=, PEERUP_AUDIT_FIELD_MAX);
      g_assert_null (strpbrk (name, "\n\033"));
      g_assert_null (strstr (name, "\xe2\x80\xae"));
      g_assert_null (strstr (name, "\xe2\x80\xa8"));
    }
}

/* Before a line would make it too large, and no more files than are to be kept; no line is lost or torn. */
static void
test_rotation (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *third = NULL;
  g_autoptr (GPtrArray) now = NULL;
  g_autoptr (GPtrArray) before = NULL;

  world_init (&world);
  world_set (&world, 1000, 2);
  first = sibling (&world, ".1");
  second = sibling (&world, ".2");
  third = sibling (&world, ".3");
  for (guint i = 0; i < 100; i++)
    {
      GStatBuf info;

      write_event (&world, "Laptop", NOW + i * G_USEC_PER_SEC);
      g_assert_cmpint (g_stat (world.file.path, &info), ==, 0);
      g_assert_cmpint (info.st_size, <=, 1000);
    }
  g_assert_true (g_file_test (second, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (third, G_FILE_TEST_EXISTS));
  now = read_lines (world.file.path);
  before = read_lines (first);
  g_assert_cmpuint (now->len, >, 0);
  g_assert_cmpuint (before->len, >, 4);
  g_assert_cmpstr (json_object_get_string_member (now->pdata[now->len - 1], "time"), ==, "2027-01-15T08:01:39.000Z");
  g_assert_null (world.problem);
}

static void
test_keep_none (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *first = NULL;

  world_init (&world);
  world_set (&world, 300, 0);
  first = sibling (&world, ".1");
  for (guint i = 0; i < 10; i++)
    write_event (&world, "Laptop", NOW);
  g_assert_false (g_file_test (first, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (world.file.path, G_FILE_TEST_EXISTS));
}

/* As logrotate does it. */
static void
test_moved_away (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *away = NULL;
  g_autoptr (GPtrArray) old = NULL;
  g_autoptr (GPtrArray) new = NULL;

  world_init (&world);
  away = sibling (&world, "-old");
  write_event (&world, NULL, NOW);
  g_assert_cmpint (g_rename (world.file.path, away), ==, 0);
  write_event (&world, NULL, NOW);
  old = read_lines (away);
  new = read_lines (world.file.path);
  g_assert_cmpuint (old->len, ==, 1);
  g_assert_cmpuint (new->len, ==, 1);
}

/* Other events are written whatever the flood, and a line says how many denials were not. */
static void
test_flood (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) lines = NULL;
  JsonObject *count;

  world_init (&world);
  for (guint i = 0; i < 1000; i++)
    write_denial (&world, NOW + i);
  write_event (&world, NULL, NOW + 1000);
  g_assert_true (peerup_audit_is_pending (world.audit));
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, PEERUP_AUDIT_DENIALS_MAX + 1);
  peerup_audit_flush (world.audit, NOW + G_USEC_PER_SEC);
  g_assert_false (peerup_audit_is_pending (world.audit));
  write_denial (&world, NOW + G_USEC_PER_SEC);
  g_ptr_array_unref (g_steal_pointer (&lines));
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, PEERUP_AUDIT_DENIALS_MAX + 3);
  count = lines->pdata[PEERUP_AUDIT_DENIALS_MAX + 1];
  g_assert_cmpstr (json_object_get_string_member (count, "event"), ==, "left-out");
  g_assert_cmpint (json_object_get_int_member (count, "count"), ==, 1000 - PEERUP_AUDIT_DENIALS_MAX);
}

static void
assert_problem (World *self, const char *words)
{
  g_assert_nonnull (self->problem);
  g_assert_nonnull (strstr (self->problem, words));
  g_assert_nonnull (strstr (self->problem, self->file.path));
}

/* A link may lead where the audit must not write; nor is it for a pipe that nobody reads. */
static void
test_no_file (void)
{
  g_auto (World) world = { 0 };
  g_autofree char *target = NULL;

  world_init (&world);
  target = sibling (&world, "-target");
  g_assert_cmpint (symlink (target, world.file.path), ==, 0);
  write_event (&world, NULL, NOW);
  assert_problem (&world, "opening");
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_remove (world.file.path), ==, 0);
  g_assert_cmpint (mkfifo (world.file.path, 0600), ==, 0);
  write_event (&world, NULL, NOW + 2 * G_USEC_PER_SEC);
  assert_problem (&world, "opening");
}

/* What is lost is counted, the trouble is told once, and what is written when it is over says how much was lost. */
static void
test_unwritable (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) lines = NULL;

  world_init (&world);
  g_assert_cmpint (g_mkdir (world.file.path, 0700), ==, 0);
  write_event (&world, NULL, NOW);
  write_event (&world, NULL, NOW + 1);
  write_event (&world, NULL, NOW + 2 * G_USEC_PER_SEC);
  assert_problem (&world, "opening");
  g_assert_cmpuint (world.n_told, ==, 1);
  g_assert_true (peerup_audit_is_pending (world.audit));
  g_assert_cmpint (g_rmdir (world.file.path), ==, 0);
  peerup_audit_flush (world.audit, NOW + 2 * G_USEC_PER_SEC + 1);
  g_assert_true (peerup_audit_is_pending (world.audit));
  peerup_audit_flush (world.audit, NOW + 4 * G_USEC_PER_SEC);
  g_assert_false (peerup_audit_is_pending (world.audit));
  g_assert_null (world.problem);
  write_event (&world, NULL, NOW + 4 * G_USEC_PER_SEC);
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, 2);
  g_assert_cmpint (json_object_get_int_member (lines->pdata[0], "count"), ==, 3);
  g_assert_cmpstr (json_object_get_string_member (lines->pdata[0], "reason"), ==, "not-writable");
}

/* A full disk: the limit on a file's size is met in the same place. Half a line does not stay. */
static void
test_full_disk (void)
{
  g_auto (World) world = { 0 };
  g_autoptr (GPtrArray) lines = NULL;
  struct rlimit before, limit;
  guint n_fit = 0;

  signal (SIGXFSZ, SIG_IGN);
  world_init (&world);
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &before), ==, 0);
  limit = before;
  limit.rlim_cur = 1000;
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  for (; world.problem == NULL && n_fit < 100; n_fit++)
    write_event (&world, "Laptop", NOW);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &before), ==, 0);
  assert_problem (&world, "writing to");
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, n_fit - 1);
  write_event (&world, "Laptop", NOW + 2 * G_USEC_PER_SEC);
  g_assert_null (world.problem);
  g_ptr_array_unref (g_steal_pointer (&lines));
  lines = read_lines (world.file.path);
  g_assert_cmpuint (lines->len, ==, n_fit + 1);
}

/* Bits that let others read are taken from a file that is there. */
static void
test_mode (void)
{
  g_auto (World) world = { 0 };
  GStatBuf info;

  world_init (&world);
  test_write (world.file.path, "");
  g_assert_cmpint (g_chmod (world.file.path, 0644), ==, 0);
  write_event (&world, NULL, NOW);
  g_assert_cmpint (g_stat (world.file.path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/trust/audit/line", test_line);
  g_test_add_func ("/trust/audit/disabled", test_disabled);
  g_test_add_func ("/trust/audit/hostile-names", test_hostile_names);
  g_test_add_func ("/trust/audit/rotation", test_rotation);
  g_test_add_func ("/trust/audit/keep-none", test_keep_none);
  g_test_add_func ("/trust/audit/moved-away", test_moved_away);
  g_test_add_func ("/trust/audit/flood", test_flood);
  g_test_add_func ("/trust/audit/no-file", test_no_file);
  g_test_add_func ("/trust/audit/unwritable", test_unwritable);
  g_test_add_func ("/trust/audit/full-disk", test_full_disk);
  g_test_add_func ("/trust/audit/mode", test_mode);
  return g_test_run ();
}
