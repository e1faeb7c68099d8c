/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The record of a change that waits to be confirmed: what it holds, whose records are read, and what clocks do to it.
 */
#include "config/peerup-config-pending.h"

#include "fixture.h"

#include <string.h>

#define MINUTE ((gint64) 60 * G_USEC_PER_SEC)
#define NOON   (G_GINT64_CONSTANT (1790000000) * G_USEC_PER_SEC)

static void
test_json (void)
{
  char boot_id[] = "boot-1";
  const PeerupConfigNow now = { NOON, 500 * MINUTE, boot_id };
  g_autoptr (PeerupConfigPending) pending =
    peerup_config_pending_new (&now, 5 * MINUTE, ".config.pre-confirmed.yaml", "text", 4);
  g_autofree char *json = peerup_config_pending_to_json (pending);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfigPending) read = peerup_config_pending_parse (json, strlen (json), &error);

  g_assert_no_error (error);
  g_assert_cmpint (read->deadline, ==, NOON + 5 * MINUTE);
  g_assert_cmpstr (read->backup, ==, ".config.pre-confirmed.yaml");
  g_assert_cmpstr (read->boot_id, ==, "boot-1");
  g_assert_cmpint (read->boot_deadline, ==, 505 * MINUTE);
  g_assert_cmpint (read->timeout, ==, 5 * MINUTE);
  g_assert_cmpstr (read->hash, ==, "982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1");
}

static gint64
remaining (const PeerupConfigPending *pending, gint64 real, gint64 boot, const char *boot_id)
{
  g_auto (PeerupConfigNow) now = { real, boot, g_strdup (boot_id) };

  return peerup_config_pending_get_remaining (pending, &now);
}

static void
test_clocks (void)
{
  char boot_id[] = "boot-1";
  const PeerupConfigNow start = { NOON, 500 * MINUTE, boot_id };
  g_autoptr (PeerupConfigPending) pending = peerup_config_pending_new (&start, 5 * MINUTE, "b", "", 0);

  g_assert_cmpint (remaining (pending, NOON, 500 * MINUTE, "boot-1"), ==, 5 * MINUTE);
  g_assert_cmpint (remaining (pending, NOON + 4 * MINUTE, 504 * MINUTE, "boot-1"), ==, MINUTE);
  g_assert_cmpint (remaining (pending, NOON + 5 * MINUTE, 505 * MINUTE - 1, "boot-1"), ==, 1);
  g_assert_cmpint (remaining (pending, NOON + 5 * MINUTE, 505 * MINUTE, "boot-1"), ==, 0);
  /* The clock is set back by a day, or forward: neither counts. */
  g_assert_cmpint (remaining (pending, NOON - 1440 * MINUTE, 505 * MINUTE, "boot-1"), ==, 0);
  g_assert_cmpint (remaining (pending, NOON - 1440 * MINUTE, 503 * MINUTE, "boot-1"), ==, 2 * MINUTE);
  g_assert_cmpint (remaining (pending, NOON + 1440 * MINUTE, 503 * MINUTE, "boot-1"), ==, 2 * MINUTE);
  /* Another start of the machine ends it, whatever the clocks say. */
  g_assert_cmpint (remaining (pending, NOON, MINUTE, "boot-2"), ==, 0);
  /* Nobody can make it longer than it was. */
  g_assert_cmpint (remaining (pending, NOON, 0, "boot-1"), ==, 5 * MINUTE);
  /* A system that tells no start: the time of day is all there is. */
  g_assert_cmpint (remaining (pending, NOON + 2 * MINUTE, 502 * MINUTE, ""), ==, 3 * MINUTE);
}

/* Values that nobody could have written: none makes the time longer, or lasts for ever. */
static void
test_far_away (void)
{
  static const struct
  {
    const char *boot_deadline, *timeout;
    gint64 expected;
  } samples[] = {
    { "9223372036854775807", "300000000", 0 },
    { "9223372036854775807", "9223372036854775807", 0 },
    { "-9223372036854775808", "300000000", 0 },
    { "30300000000", "300000000", 5 * MINUTE },
    { "30300000000", "-9223372036854775808", 5 * MINUTE },
    { "1e300", "1e300", 0 },
    { "999999999999999999999999", "0", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      g_autofree char *record =
        g_strdup_printf ("{\"deadline\":\"9999-12-31T23:59:59Z\",\"backup\":\"b\",\"boot_id\":\"boot-1\","
                         "\"boot_deadline\":%s,\"timeout\":%s}",
                         samples[i].boot_deadline, samples[i].timeout);
      g_autoptr (PeerupConfigPending) pending = peerup_config_pending_parse (record, strlen (record), NULL);

      if (pending != NULL)
        g_assert_cmpint (remaining (pending, NOON, 500 * MINUTE, "boot-1"), ==, samples[i].expected);
      else
        g_assert_cmpint (samples[i].expected, ==, 0);
    }
}

static void
test_original (void)
{
  static const char record[] =
    "{\"deadline\":\"2026-09-21T16:18:20.5+02:00\",\"backup\":\".config.pre-confirmed.yaml\"}";
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConfigPending) pending = peerup_config_pending_parse (record, strlen (record), &error);

  g_assert_no_error (error);
  g_assert_cmpint (pending->deadline, ==, G_GINT64_CONSTANT (1790000300500000));
  g_assert_null (pending->boot_id);
  g_assert_cmpint (remaining (pending, G_GINT64_CONSTANT (1790000240500000), MINUTE, "boot-1"), ==, MINUTE);
  g_assert_cmpint (remaining (pending, G_GINT64_CONSTANT (1790000300500000), MINUTE, "boot-1"), ==, 0);
}

static void
test_malformed (void)
{
  static const char *const records[] = {
    "",
    "[]",
    "{}",
    "null",
    "{\"deadline\":\"2026-09-21T16:18:20Z\"}",
    "{\"deadline\":\"soon\",\"backup\":\"b\"}",
    "{\"deadline\":\"2026-09-21T16:18:20\",\"backup\":\"b\"}",
    "{\"deadline\":17,\"backup\":\"b\"}",
    "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":[]}",
    "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":\"\"}",
    "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":\"..\"}",
    "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":\"../shadow\"}",
    "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":\"/etc/shadow\"}",
  };
  static const char whole[] = "{\"deadline\":\"2026-09-21T16:18:20Z\",\"backup\":\"b\",\"boot_deadline\":\"x\"}";

  for (gsize i = 0; i < G_N_ELEMENTS (records); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_config_pending_parse (records[i], strlen (records[i]), &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
  for (gsize length = 0; length < strlen (whole); length++)
    g_assert_null (peerup_config_pending_parse (whole, length, NULL));
}

static void
assert_side_file (const char *path, gboolean extension, const char *expected)
{
  g_autofree char *file = peerup_config_side_file (path, "x", extension);

  g_assert_cmpstr (file, ==, expected);
}

static void
test_side_files (void)
{
  assert_side_file ("/a/config.yaml", TRUE, "/a/.config.x.yaml");
  assert_side_file ("/a/config.yaml", FALSE, "/a/.config.x");
  assert_side_file ("/a/relay-server.v2.yaml", TRUE, "/a/.relay-server.v2.x.yaml");
  assert_side_file ("/a.b/config", TRUE, "/a.b/.config.x");
  assert_side_file ("/a/.hidden", TRUE, "/a/..hidden.x");
}

static void
test_now (void)
{
  g_auto (PeerupConfigNow) a = { 0 };
  g_auto (PeerupConfigNow) b = { 0 };

  peerup_config_now_read (&a);
  peerup_config_now_read (&b);
  g_assert_cmpint (a.boot, >, 0);
  g_assert_cmpint (b.boot, >=, a.boot);
  g_assert_cmpstr (a.boot_id, ==, b.boot_id);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/config/pending/json", test_json);
  g_test_add_func ("/config/pending/clocks", test_clocks);
  g_test_add_func ("/config/pending/far-away", test_far_away);
  g_test_add_func ("/config/pending/original", test_original);
  g_test_add_func ("/config/pending/malformed", test_malformed);
  g_test_add_func ("/config/pending/side-files", test_side_files);
  g_test_add_func ("/config/pending/now", test_now);
  return g_test_run ();
}
