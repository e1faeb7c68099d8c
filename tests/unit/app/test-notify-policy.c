/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a person is notified of, by literal times: microseconds on both sides of each limit. */
#include "app/notify/peerup-notify-policy.h"

#define S   ((gint64) G_USEC_PER_SEC)
#define FAR (1000 * S)

typedef struct
{
  PeerupNotifyPolicy *policy;
  GString *log; /* "+id" shown, "-id" withdrawn; withdrawals of what was never shown are left out */
  GHashTable *on_screen;
  char *name; /* (nullable): in what was shown last */
} Desk;

static void
on_show (const PeerupNote *note, gpointer data)
{
  Desk *desk = data;

  g_string_append_printf (desk->log, "+%s%s ", note->id, note->is_back ? "(back)" : "");
  g_set_str (&desk->name, note->name);
  g_hash_table_add (desk->on_screen, g_strdup (note->id));
}

static void
on_withdraw (const char *id, gpointer data)
{
  Desk *desk = data;

  if (g_hash_table_remove (desk->on_screen, id))
    g_string_append_printf (desk->log, "-%s ", id);
}

static void
desk_open (Desk *desk)
{
  desk->log = g_string_new (NULL);
  desk->name = NULL;
  desk->on_screen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  desk->policy = peerup_notify_policy_new (on_show, on_withdraw, desk);
  for (guint i = 0; i < PEERUP_NOTIFY_N_TOPICS; i++)
    peerup_notify_policy_set_allowed (desk->policy, i, TRUE);
  peerup_notify_policy_begin (desk->policy);
}

static void
desk_close (Desk *desk)
{
  peerup_notify_policy_free (desk->policy);
  g_hash_table_unref (desk->on_screen);
  g_string_free (desk->log, TRUE);
  g_free (desk->name);
}

/* What has come to be shown and withdrawn since the last look. Returns when the next is due. */
static gint64
look (Desk *desk, gint64 now, const char *expected)
{
  gint64 next = peerup_notify_policy_advance (desk->policy, now);

  g_assert_cmpstr (desk->log->str, ==, expected);
  g_string_truncate (desk->log, 0);
  return next;
}

static void
ask (Desk *desk, PeerupNotifyTopic topic, guint number, const char *peer, gint64 now)
{
  const PeerupNote note = { .topic = topic, .number = number, .peer_id = peer, .name = peer, .service = "web" };

  peerup_notify_policy_add_prompt (desk->policy, &note, FALSE, now);
}

static void
set_device (Desk *desk, const char *peer, gboolean connected, gint64 now)
{
  peerup_notify_policy_set_device (desk->policy, peer, peer, connected, FALSE, now);
}

/* The grant of web ends soon. */
static void
end_grant (Desk *desk, const char *peer, gint64 now)
{
  peerup_notify_policy_set_grant (desk->policy, peer, "web", 100, now);
  peerup_notify_policy_add_ending (desk->policy, peer, peer, "web", 100, now);
}

/* Questions */

static void
test_question (void)
{
  Desk desk;

  desk_open (&desk);
  ask (&desk, PEERUP_NOTIFY_ACCESS, 1, "a", 0);
  g_assert_cmpint (look (&desk, 0, "+prompt-1 "), ==, G_MAXINT64);
  look (&desk, FAR, "");
  peerup_notify_policy_remove_prompt (desk.policy, 1, FAR);
  look (&desk, FAR, "-prompt-1 ");
  peerup_notify_policy_remove_prompt (desk.policy, 1, FAR);
  ask (&desk, PEERUP_NOTIFY_PAIRING, 2, "b", FAR);
  look (&desk, FAR, "+prompt-2 ");
  /* The engine is gone, and with it who takes answers. */
  peerup_notify_policy_end (desk.policy);
  look (&desk, FAR, "-prompt-2 ");
  desk_close (&desk);
}

/* Who is in the window sees it there. */
static void
test_question_attended (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 0);
  ask (&desk, PEERUP_NOTIFY_ACCESS, 1, "a", 0);
  look (&desk, 0, "");
  /* Its dialog stays where it is. */
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_VISIBLE, S);
  look (&desk, S, "");
  ask (&desk, PEERUP_NOTIFY_ACCESS, 2, "b", S);
  look (&desk, S, "+prompt-2 ");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 2 * S);
  look (&desk, 2 * S, "-prompt-2 ");
  /* The dialogs are gone with the window; one of the two was not told of yet. */
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 3 * S);
  look (&desk, 3 * S, "+prompt-1 ");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 4 * S);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 5 * S);
  look (&desk, 5 * S, "-prompt-1 ");
  desk_close (&desk);
}

/* Of what waits when the engine is found, it is news where somebody waits for it. */
static void
test_question_old (void)
{
  const PeerupNote access = { .topic = PEERUP_NOTIFY_ACCESS, .number = 1, .peer_id = "a" };
  const PeerupNote pairing = { .topic = PEERUP_NOTIFY_PAIRING, .number = 2, .peer_id = "b" };
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_add_prompt (desk.policy, &access, TRUE, 0);
  peerup_notify_policy_add_prompt (desk.policy, &pairing, TRUE, 0);
  look (&desk, 0, "+prompt-1 ");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_VISIBLE, S);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, S);
  look (&desk, FAR, "");
  desk_close (&desk);
}

/* A button of what an earlier run has left would answer another question of the same number. */
static void
test_question_of_before (void)
{
  Desk desk;

  desk_open (&desk);
  g_hash_table_add (desk.on_screen, g_strdup ("prompt-1"));
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 0);
  ask (&desk, PEERUP_NOTIFY_ACCESS, 1, "a", 0);
  look (&desk, 0, "-prompt-1 ");
  desk_close (&desk);
}

/* Who has joined */

static void
test_joined (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_add_joined (desk.policy, "a", "a", 0);
  g_assert_cmpint (look (&desk, 0, ""), ==, PEERUP_NOTIFY_JOIN_TIME);
  look (&desk, PEERUP_NOTIFY_JOIN_TIME - 1, "");
  look (&desk, PEERUP_NOTIFY_JOIN_TIME, "+joined-a ");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, FAR);
  look (&desk, FAR, "-joined-a ");
  /* The window shows it. */
  peerup_notify_policy_add_joined (desk.policy, "b", "b", FAR);
  g_assert_cmpint (look (&desk, 2 * FAR, ""), ==, G_MAXINT64);
  /* It was undone before it was told. */
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 2 * FAR);
  peerup_notify_policy_add_joined (desk.policy, "c", "c", 2 * FAR);
  peerup_notify_policy_remove_device (desk.policy, "c");
  g_assert_cmpint (look (&desk, 3 * FAR, ""), ==, G_MAXINT64);
  desk_close (&desk);
}

/* An invite is told of again and again; a device that was removed may join again. */
static void
test_joined_once (void)
{
  Desk desk;

  desk_open (&desk);
  for (guint i = 0; i < 3; i++)
    peerup_notify_policy_add_joined (desk.policy, "a", "its own", 0);
  peerup_notify_policy_set_device (desk.policy, "a", "ours", TRUE, FALSE, 1);
  look (&desk, PEERUP_NOTIFY_JOIN_TIME, "+joined-a ");
  g_assert_cmpstr (desk.name, ==, "ours");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, FAR);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, FAR);
  peerup_notify_policy_add_joined (desk.policy, "a", "a", FAR);
  look (&desk, 2 * FAR, "-joined-a ");
  peerup_notify_policy_remove_device (desk.policy, "a");
  peerup_notify_policy_add_joined (desk.policy, "a", "its own", 2 * FAR);
  look (&desk, 3 * FAR, "+joined-a ");
  g_assert_cmpstr (desk.name, ==, "its own");
  desk_close (&desk);
}

/* The question says it; whether it has really joined is known when that is answered. */
static void
test_joined_and_asked (void)
{
  for (guint verified = 0; verified < 2; verified++)
    {
      Desk desk;

      desk_open (&desk);
      peerup_notify_policy_add_joined (desk.policy, "a", "a", 0);
      set_device (&desk, "a", FALSE, 0);
      ask (&desk, PEERUP_NOTIFY_PAIRING, 1, "a", S);
      look (&desk, S, "+prompt-1 ");
      g_assert_cmpint (look (&desk, FAR, ""), ==, G_MAXINT64);
      peerup_notify_policy_set_device (desk.policy, "a", "a", FALSE, verified, FAR);
      peerup_notify_policy_remove_prompt (desk.policy, 1, FAR);
      g_assert_cmpint (look (&desk, FAR, "-prompt-1 "), ==, FAR + PEERUP_NOTIFY_JOIN_TIME);
      look (&desk, FAR + PEERUP_NOTIFY_JOIN_TIME, verified ? "+joined-a " : "");
      desk_close (&desk);
    }
}

/* Where questions are not told of, that it has joined is. */
static void
test_joined_alone (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_set_allowed (desk.policy, PEERUP_NOTIFY_PAIRING, FALSE);
  ask (&desk, PEERUP_NOTIFY_PAIRING, 1, "a", 0);
  peerup_notify_policy_add_joined (desk.policy, "a", "a", 0);
  look (&desk, FAR, "+joined-a ");
  desk_close (&desk);
}

/* Grants */

static void
test_grant (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 100, 0);
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 100, 0);
  look (&desk, 0, "+grant-a-web ");
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 100, S);
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 100, S);
  peerup_notify_policy_set_grant (desk.policy, "a", "ssh", 50, S);
  look (&desk, S, "");
  /* Longer: nothing ends soon. */
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 4000, S);
  look (&desk, S, "-grant-a-web ");
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 4000, 2 * S);
  look (&desk, 2 * S, "+grant-a-web ");
  /* Another end that is soon: in place of the first, when the grant has it. */
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 4100, 3 * S);
  g_assert_cmpint (look (&desk, 3 * S, ""), ==, G_MAXINT64);
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 4100, 3 * S);
  look (&desk, 3 * S, "+grant-a-web ");
  peerup_notify_policy_remove_grant (desk.policy, "a", "web");
  look (&desk, 4 * S, "-grant-a-web ");
  desk_close (&desk);
}

/* Given and taken back before anybody has seen it, or given an end that is far. */
static void
test_grant_that_never_was (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 100, 0);
  g_assert_cmpint (look (&desk, FAR, ""), ==, G_MAXINT64);
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 5000, FAR);
  look (&desk, FAR, "");
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 5000, FAR);
  look (&desk, FAR, "+grant-a-web ");
  /* Two ends later: the first is not so any longer, and the second is not to be. */
  peerup_notify_policy_add_ending (desk.policy, "a", "a", "web", 5100, FAR);
  peerup_notify_policy_set_grant (desk.policy, "a", "web", 9000, FAR);
  look (&desk, 2 * FAR, "-grant-a-web ");
  desk_close (&desk);
}

/* The window says nothing of it, and it is so without the engine that said it. */
static void
test_grant_stays (void)
{
  Desk desk;

  desk_open (&desk);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 0);
  end_grant (&desk, "a", 0);
  look (&desk, 0, "+grant-a-web ");
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 0);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 0);
  peerup_notify_policy_end (desk.policy);
  look (&desk, S, "");
  peerup_notify_policy_begin (desk.policy);
  look (&desk, 2 * S, "-grant-a-web ");
  desk_close (&desk);
}

/* Devices */

static void
test_device (void)
{
  const gint64 T = PEERUP_NOTIFY_DEVICE_TIME;
  Desk desk;

  desk_open (&desk);
  set_device (&desk, "a", TRUE, 0);
  set_device (&desk, "a", FALSE, 0);
  g_assert_cmpint (look (&desk, T - 1, ""), ==, T);
  look (&desk, T, "+device-a ");
  set_device (&desk, "a", TRUE, 2 * T);
  look (&desk, 3 * T - 1, "");
  look (&desk, 3 * T, "+device-a(back) ");
  set_device (&desk, "a", FALSE, 4 * T);
  look (&desk, 5 * T, "+device-a ");
  peerup_notify_policy_remove_device (desk.policy, "a");
  look (&desk, 5 * T, "-device-a ");
  desk_close (&desk);
}

/* It flaps for a day, and at its end nothing is said. */
static void
test_device_flaps (void)
{
  const gint64 T = PEERUP_NOTIFY_DEVICE_TIME;
  Desk desk;
  gint64 now = 0;

  desk_open (&desk);
  set_device (&desk, "a", TRUE, now);
  for (guint i = 0; i < 1000; i++)
    {
      set_device (&desk, "a", FALSE, now);
      look (&desk, now + T - 1, "");
      set_device (&desk, "a", TRUE, now + T - 1);
      now += 2 * T;
      look (&desk, now, "");
    }
  /* Offline, it comes for less than a minute: nothing is said, and what was stays on the screen. */
  set_device (&desk, "a", FALSE, now);
  look (&desk, now + T, "+device-a ");
  now += 2 * T;
  set_device (&desk, "a", TRUE, now);
  look (&desk, now + T - 1, "");
  set_device (&desk, "a", FALSE, now + T - 1);
  look (&desk, now + 3 * T, "");
  set_device (&desk, "a", TRUE, now + 3 * T);
  look (&desk, now + 4 * T, "+device-a(back) ");
  desk_close (&desk);
}

/* What is offline when the engine is found, and comes then, is no news; nor what was seen in the window. */
static void
test_device_no_news (void)
{
  const gint64 T = PEERUP_NOTIFY_DEVICE_TIME;
  Desk desk;

  desk_open (&desk);
  set_device (&desk, "a", FALSE, 0);
  look (&desk, FAR, "");
  set_device (&desk, "a", TRUE, FAR);
  look (&desk, 2 * FAR, "");
  set_device (&desk, "a", FALSE, 2 * FAR);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_ACTIVE, 2 * FAR + 1);
  g_assert_cmpint (look (&desk, 2 * FAR + T, ""), ==, G_MAXINT64);
  peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 3 * FAR);
  set_device (&desk, "a", TRUE, 3 * FAR);
  g_assert_cmpint (look (&desk, 4 * FAR, ""), ==, G_MAXINT64);
  desk_close (&desk);
}

/* Relays */

static void
test_relay (void)
{
  const gint64 T = PEERUP_NOTIFY_RELAY_TIME;
  Desk desk;

  desk_open (&desk);
  /* None was ever there. */
  peerup_notify_policy_set_relays (desk.policy, 2, 0, 0);
  g_assert_cmpint (look (&desk, FAR, ""), ==, G_MAXINT64);
  peerup_notify_policy_set_relays (desk.policy, 2, 2, FAR);
  peerup_notify_policy_set_relays (desk.policy, 2, 1, FAR);
  g_assert_cmpint (look (&desk, FAR, ""), ==, G_MAXINT64);
  peerup_notify_policy_set_relays (desk.policy, 2, 0, FAR);
  g_assert_cmpint (look (&desk, FAR + T - 1, ""), ==, FAR + T);
  look (&desk, FAR + T, "+relay ");
  peerup_notify_policy_set_relays (desk.policy, 2, 0, FAR + T);
  look (&desk, 2 * FAR, "");
  peerup_notify_policy_set_relays (desk.policy, 2, 1, 2 * FAR);
  look (&desk, 2 * FAR, "-relay ");
  /* Back in time. */
  peerup_notify_policy_set_relays (desk.policy, 2, 0, 2 * FAR);
  peerup_notify_policy_set_relays (desk.policy, 2, 1, 2 * FAR + T - 1);
  look (&desk, 3 * FAR, "");
  /* The person uses none any longer. */
  peerup_notify_policy_set_relays (desk.policy, 1, 0, 3 * FAR);
  look (&desk, 3 * FAR + T, "+relay ");
  peerup_notify_policy_set_relays (desk.policy, 0, 0, 4 * FAR);
  look (&desk, 4 * FAR, "-relay ");
  desk_close (&desk);
}

/* All of them */

/* Each topic at once, and how it is begun. */
static void
begin_all (Desk *desk, gint64 now)
{
  ask (desk, PEERUP_NOTIFY_PAIRING, 1, "p", now);
  ask (desk, PEERUP_NOTIFY_ACCESS, 2, "q", now);
  peerup_notify_policy_add_joined (desk->policy, "j", "j", now);
  end_grant (desk, "g", now);
  set_device (desk, "d", TRUE, now);
  set_device (desk, "d", FALSE, now);
  peerup_notify_policy_set_relays (desk->policy, 1, 1, now);
  peerup_notify_policy_set_relays (desk->policy, 1, 0, now);
}

static const struct
{
  PeerupNotifyTopic topic;
  const char *id;
} all[] = {
  { PEERUP_NOTIFY_PAIRING, "prompt-1" }, { PEERUP_NOTIFY_JOINED, "joined-j" },
  { PEERUP_NOTIFY_ACCESS, "prompt-2" },  { PEERUP_NOTIFY_GRANT_ENDING, "grant-g-web" },
  { PEERUP_NOTIFY_DEVICE, "device-d" },  { PEERUP_NOTIFY_RELAY, "relay" },
};

/* Off before: never shown, not even when it is on again. Off after: withdrawn. The others are as they were. */
static void
test_switches (void)
{
  G_STATIC_ASSERT (G_N_ELEMENTS (all) == PEERUP_NOTIFY_N_TOPICS);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    for (guint before = 0; before < 2; before++)
      {
        Desk desk;

        desk_open (&desk);
        if (before)
          peerup_notify_policy_set_allowed (desk.policy, all[i].topic, FALSE);
        begin_all (&desk, 0);
        peerup_notify_policy_advance (desk.policy, FAR);
        g_assert_cmpuint (g_hash_table_size (desk.on_screen), ==, before ? 5 : 6);
        if (!before)
          peerup_notify_policy_set_allowed (desk.policy, all[i].topic, FALSE);
        g_assert_cmpuint (g_hash_table_size (desk.on_screen), ==, 5);
        g_assert_false (g_hash_table_contains (desk.on_screen, all[i].id));
        peerup_notify_policy_set_allowed (desk.policy, all[i].topic, TRUE);
        peerup_notify_policy_advance (desk.policy, 2 * FAR);
        peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_VISIBLE, 2 * FAR);
        peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, 2 * FAR);
        peerup_notify_policy_advance (desk.policy, 3 * FAR);
        g_assert_cmpuint (g_hash_table_size (desk.on_screen), ==, 5);
        desk_close (&desk);
      }
}

/* Whatever is said again and however time passes, each was shown once. */
static void
test_no_repetition (void)
{
  Desk desk;

  desk_open (&desk);
  begin_all (&desk, 0);
  peerup_notify_policy_advance (desk.policy, FAR);
  g_assert_cmpuint (g_hash_table_size (desk.on_screen), ==, G_N_ELEMENTS (all));
  g_string_truncate (desk.log, 0);
  for (gint64 now = FAR; now < 2 * FAR; now += S)
    {
      end_grant (&desk, "g", now);
      set_device (&desk, "d", FALSE, now);
      peerup_notify_policy_set_relays (desk.policy, 1, 0, now);
      peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_VISIBLE, now);
      peerup_notify_policy_set_attention (desk.policy, PEERUP_ATTENTION_NONE, now);
      g_assert_cmpint (look (&desk, now, ""), ==, G_MAXINT64);
    }
  desk_close (&desk);
}

/* Peers that ask and ask get so many in a minute, and take no turn of what is no peer's doing. */
static void
test_rate (void)
{
  Desk desk;
  g_autoptr (GString) first = g_string_new (NULL);

  desk_open (&desk);
  for (guint i = 1; i <= 1000; i++)
    {
      ask (&desk, PEERUP_NOTIFY_ACCESS, i, "a", 0);
      if (i <= PEERUP_NOTIFY_RATE)
        g_string_append_printf (first, "+prompt-%u ", i);
    }
  g_assert_cmpint (look (&desk, 0, first->str), ==, PEERUP_NOTIFY_RATE_TIME);
  peerup_notify_policy_remove_prompt (desk.policy, 10, 0);
  end_grant (&desk, "g", 0);
  look (&desk, 0, "+grant-g-web ");
  g_assert_cmpint (look (&desk, PEERUP_NOTIFY_RATE_TIME - 1, ""), ==, PEERUP_NOTIFY_RATE_TIME);
  /* The next ones in their order, without what is over. */
  look (&desk, PEERUP_NOTIFY_RATE_TIME, "+prompt-6 +prompt-7 +prompt-8 +prompt-9 +prompt-11 ");
  for (guint i = 1; i <= 1000; i++)
    peerup_notify_policy_remove_prompt (desk.policy, i, PEERUP_NOTIFY_RATE_TIME);
  g_assert_cmpint (peerup_notify_policy_advance (desk.policy, FAR), ==, G_MAXINT64);
  desk_close (&desk);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/notify/policy/question", test_question);
  g_test_add_func ("/app/notify/policy/question-attended", test_question_attended);
  g_test_add_func ("/app/notify/policy/question-old", test_question_old);
  g_test_add_func ("/app/notify/policy/question-of-before", test_question_of_before);
  g_test_add_func ("/app/notify/policy/joined", test_joined);
  g_test_add_func ("/app/notify/policy/joined-once", test_joined_once);
  g_test_add_func ("/app/notify/policy/joined-and-asked", test_joined_and_asked);
  g_test_add_func ("/app/notify/policy/joined-alone", test_joined_alone);
  g_test_add_func ("/app/notify/policy/grant", test_grant);
  g_test_add_func ("/app/notify/policy/grant-that-never-was", test_grant_that_never_was);
  g_test_add_func ("/app/notify/policy/grant-stays", test_grant_stays);
  g_test_add_func ("/app/notify/policy/device", test_device);
  g_test_add_func ("/app/notify/policy/device-flaps", test_device_flaps);
  g_test_add_func ("/app/notify/policy/device-no-news", test_device_no_news);
  g_test_add_func ("/app/notify/policy/relay", test_relay);
  g_test_add_func ("/app/notify/policy/switches", test_switches);
  g_test_add_func ("/app/notify/policy/no-repetition", test_no_repetition);
  g_test_add_func ("/app/notify/policy/rate", test_rate);
  return g_test_run ();
}
