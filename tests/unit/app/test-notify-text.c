/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The words of notifications: of the kind device, and of one that writes its name against whoever reads it. */
#include "app/notify/peerup-notify-text.h"

#include <string.h>

#define NOW G_GINT64_CONSTANT (1800000000)

static void
assert_text (const PeerupNote *note, const char *title, const char *body)
{
  g_autofree char *its_title = peerup_notify_dup_title (note, NOW);
  g_autofree char *its_body = peerup_notify_dup_body (note, NOW);

  g_assert_cmpstr (its_title, ==, title);
  g_assert_cmpstr (its_body, ==, body);
}

static void
test_texts (void)
{
  PeerupNote note = { .topic = PEERUP_NOTIFY_PAIRING,
                      .peer_id = "12D3KooWabcdef",
                      .name = "Laptop",
                      .service = "Jellyfin",
                      .emoji = "🐶 🐱",
                      .digits = "123 456" };

  assert_text (&note, "\u2068Laptop\u2069 wants to pair", "Compare with the other device: 🐶 🐱 · 123 456");
  note.topic = PEERUP_NOTIFY_JOINED;
  assert_text (&note, "\u2068Laptop\u2069 has joined", "It is one of your devices now.");
  note.topic = PEERUP_NOTIFY_ACCESS;
  assert_text (&note, "\u2068Laptop\u2069 asks for \u2068Jellyfin\u2069", "It may not use this service yet.");
  note.topic = PEERUP_NOTIFY_DEVICE;
  assert_text (&note, "\u2068Laptop\u2069 is offline", "Its services cannot be used now.");
  note.is_back = TRUE;
  assert_text (&note, "\u2068Laptop\u2069 is back online", "Its services can be used again.");
  note = (PeerupNote) { .topic = PEERUP_NOTIFY_RELAY };
  assert_text (&note, "No Relay Can Be Reached", "Devices in other networks may not reach this one.");
}

static void
test_time (void)
{
  static const struct
  {
    gint64 seconds;
    const char *title;
  } cases[] = {
    { 301, "Access Ends in 6 Minutes" },         { 300, "Access Ends in 5 Minutes" },
    { 241, "Access Ends in 5 Minutes" },         { 240, "Access Ends in 4 Minutes" },
    { 60, "Access Ends in 1 Minute" },           { 59, "Access Ends in Less Than a Minute" },
    { -1, "Access Ends in Less Than a Minute" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const PeerupNote note = { .topic = PEERUP_NOTIFY_GRANT_ENDING,
                                .peer_id = "12D3KooWabcdef",
                                .service = "web",
                                .until = NOW + cases[i].seconds };

      assert_text (&note, cases[i].title,
                   "\u2068Unnamed Device abcdef\u2069 will no longer be able to use \u2068web\u2069.");
    }
}

/* No markup, no way out of its isolation, no length. */
static void
test_hostile (void)
{
  g_autofree char *long_name = g_strnfill (10 * 1024, 'x');
  const char *const names[] = {
    "<b>bold</b> & <a href=\"http://192.0.2.1\">x</a> &lt;i&gt; <img src='file:///x'/>",
    "\u202e\u2069\u2069 desserts \u2067\u202d",
    "one\ntwo\r\n\n\n\nthree\x07\x1b[31m",
    "\xff\xfe\x80",
    "%s%n%d%1$s",
    long_name,
    "",
    NULL,
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint topic = 0; topic < PEERUP_NOTIFY_N_TOPICS; topic++)
      {
        const PeerupNote note = { .topic = topic,
                                  .peer_id = "12D3KooWabcdef",
                                  .name = names[i],
                                  .service = names[i],
                                  .emoji = names[i],
                                  .digits = names[i] };
        g_autofree char *title = peerup_notify_dup_title (&note, NOW);
        g_autofree char *body = peerup_notify_dup_body (&note, NOW);
        const char *texts[] = { title, body };

        for (guint k = 0; k < G_N_ELEMENTS (texts); k++)
          {
            int depth = 0;

            g_assert_true (g_utf8_validate (texts[k], -1, NULL));
            g_assert_cmpint (g_utf8_strlen (texts[k], -1), <, 200);
            g_assert_null (strpbrk (texts[k], "<>&\n\r\x07\x1b"));
            for (const char *p = texts[k]; *p != '\0'; p = g_utf8_next_char (p))
              {
                gunichar c = g_utf8_get_char (p);

                depth += c == 0x2068 ? 1 : c == 0x2069 ? -1 : 0;
                g_assert_true (depth == 0 || depth == 1);
                g_assert_false ((c >= 0x202a && c <= 0x202e) || c == 0x2066 || c == 0x2067);
              }
            g_assert_cmpint (depth, ==, 0);
          }
      }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/notify/text/texts", test_texts);
  g_test_add_func ("/app/notify/text/time", test_time);
  g_test_add_func ("/app/notify/text/hostile", test_hostile);
  return g_test_run ();
}
