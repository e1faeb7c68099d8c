/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The times of one topic on one link, with literals. */

#include "mdns/peerup-mdns-talk.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define NOW    (1000 * SECOND)

static void
test_say (void)
{
  PeerupMdnsTalk talk = { 0 };

  g_assert_cmpint (peerup_mdns_talk_get_deadline (&talk), ==, G_MAXINT64);
  peerup_mdns_talk_say (&talk, 1, NOW + 5);
  peerup_mdns_talk_say (&talk, 2, NOW + 9);
  g_assert_cmpint (talk.say_at, ==, NOW + 5);
  g_assert_cmpuint (talk.says, ==, 3);
  peerup_mdns_talk_say (&talk, 2, NOW + 3);
  g_assert_cmpint (peerup_mdns_talk_get_deadline (&talk), ==, NOW + 3);
  peerup_mdns_talk_be_silent (&talk);
  g_assert_cmpint (peerup_mdns_talk_get_deadline (&talk), ==, G_MAXINT64);
  /* Something was said a moment ago, and just long enough ago. */
  talk.said_at = NOW;
  peerup_mdns_talk_say (&talk, 1, NOW + SECOND - 1);
  g_assert_cmpint (talk.say_at, ==, NOW + SECOND);
  peerup_mdns_talk_be_silent (&talk);
  peerup_mdns_talk_say (&talk, 1, NOW + SECOND + 1);
  g_assert_cmpint (talk.say_at, ==, NOW + SECOND + 1);
}

static void
test_take_back (void)
{
  PeerupMdnsTalk talk = { 0 };

  peerup_mdns_talk_announce (&talk, 1, NOW);
  g_assert_cmpuint (talk.n_more, ==, 1);
  /* Nobody has heard it. */
  peerup_mdns_talk_take_back (&talk, 1, NOW);
  g_assert_cmpint (peerup_mdns_talk_get_deadline (&talk), ==, G_MAXINT64);
  talk.said_at = NOW;
  peerup_mdns_talk_announce (&talk, 1, NOW + SECOND);
  peerup_mdns_talk_take_back (&talk, 1, NOW);
  g_assert_true (talk.bye);
  g_assert_cmpuint (talk.n_more, ==, 0);
  g_assert_cmpint (talk.say_at, ==, NOW);
  /* It is true again before that was said. */
  peerup_mdns_talk_announce (&talk, 1, NOW);
  g_assert_false (talk.bye);
}

static void
test_ask (void)
{
  static const gint64 pauses[] = { 1, 3, 9, 27, 81, 243, 300, 300 };
  PeerupMdnsTalk talk = { 0 };
  gint64 now = NOW;

  peerup_mdns_talk_begin_asking (&talk, now);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      g_assert_cmpint (peerup_mdns_talk_asks_rarely (&talk), ==, i == G_N_ELEMENTS (pauses) - 1);
      peerup_mdns_talk_go_on_asking (&talk, FALSE, now, 0);
      g_assert_cmpint (talk.ask_at - now, ==, pauses[i] * SECOND);
      now = talk.ask_at;
    }
  peerup_mdns_talk_go_on_asking (&talk, FALSE, now, 1);
  g_assert_cmpint (talk.ask_at - now, ==, 360 * SECOND);
  /* Anew, but not twice in a second. */
  talk.asked_at = now;
  peerup_mdns_talk_begin_asking (&talk, now);
  g_assert_cmpint (talk.ask_at, ==, now + SECOND);
  g_assert_false (peerup_mdns_talk_asks_rarely (&talk));
}

static void
test_ask_while_waiting (void)
{
  static const gint64 pauses[] = { 1, 3, 4, 4 };
  PeerupMdnsTalk talk = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    {
      peerup_mdns_talk_go_on_asking (&talk, TRUE, NOW, 1);
      g_assert_cmpint (talk.ask_at - NOW, ==, pauses[i] * SECOND);
    }
  peerup_mdns_talk_go_on_asking (&talk, FALSE, NOW, 1);
  g_assert_cmpint (talk.ask_at - NOW, ==, 12 * SECOND);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/talk/say", test_say);
  g_test_add_func ("/mdns/talk/take-back", test_take_back);
  g_test_add_func ("/mdns/talk/ask", test_ask);
  g_test_add_func ("/mdns/talk/ask-while-waiting", test_ask_while_waiting);
  return g_test_run ();
}
