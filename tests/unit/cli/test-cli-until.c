/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Ends as people write and read them, at literal times in a literal time zone.
 */
#include "cli/peerup-cli-until.h"

#include "trust/peerup-expires.h"
#include "wire/peerup-error.h"

/* A Friday, 8 in the morning. */
#define NOW  1800000000
#define DAY  (24 * 60 * 60)
#define HOUR (60 * 60)

static void
test_parse (void)
{
  static const struct
  {
    const char *text;
    gint64 until;
  } cases[] = {
    { "forever", PEERUP_EXPIRES_NEVER }, { "7d", NOW + 7 * DAY },
    { "1h30m", NOW + HOUR + HOUR / 2 },  { "0.2", NOW + 1 },
    { "2027-01-15T08:00:01Z", NOW + 1 }, { "2027-01-15T10:00:01+02:00", NOW + 1 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 until = 0;

      g_assert_true (peerup_cli_parse_until (cases[i].text, "--for", NOW, &until, &error));
      g_assert_no_error (error);
      g_assert_cmpint (until, ==, cases[i].until);
    }
}

static void
test_refused (void)
{
  static const char *const texts[] = {
    "", "soon", "7", "-1h", "0d", "2027-01-15T08:00:00Z", "2027-01-15", "99999999d"
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 until;
      gboolean taken = peerup_cli_parse_until (texts[i], "--for", NOW, &until, &error);

      /* A bare number is seconds, which a person may mean. */
      if (g_str_equal (texts[i], "7"))
        {
          g_assert_true (taken);
          g_assert_cmpint (until, ==, NOW + 7);
          continue;
        }
      g_assert_false (taken);
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      g_assert_nonnull (strstr (error->message, "--for"));
    }
}

static void
test_format (void)
{
  static const struct
  {
    gint64 until;
    const char *text;
  } cases[] = {
    { PEERUP_EXPIRES_NEVER, "for ever" },
    { PEERUP_EXPIRES_MALFORMED, "ended: its end cannot be read" },
    { NOW + 2 * DAY + 10 * HOUR, "until Sunday 18:00 (in 2 days)" },
    { NOW + 1, "until Friday 08:00 (in 1 s)" },
    { NOW + 50 * DAY, "until 6 March 2027 08:00 (in 50 days)" },
    { NOW, "ended 0 s ago" },
    { NOW - 3 * DAY, "ended 3 days ago" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = peerup_cli_format_until (cases[i].until, NOW);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/until/parse", test_parse);
  g_test_add_func ("/cli/until/refused", test_refused);
  g_test_add_func ("/cli/until/format", test_format);
  return g_test_run ();
}
