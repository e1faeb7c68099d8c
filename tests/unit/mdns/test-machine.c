/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is asked and answered when, with literal times: each claim of peerup-mdns-machine.h either side of its moment.
 */

#include "mdns-test.h"

#include "mdns/peerup-mdns-machine.h"

#define SERVICE   "_p2p._udp.local"
#define INVITES   "_peerup-invite._udp.local"
#define OURS      INSTANCE "." SERVICE
#define ONE       "one." SERVICE
#define SECOND    ((gint64) G_USEC_PER_SEC)
#define MS        ((gint64) 1000)
#define START     (1000 * SECOND)
#define INTERFACE 2

typedef struct
{
  PeerupMdnsMachine *machine;
  PeerupMdnsInterface *interface;
  PeerupMdnsPacket packet; /* the last */
} Fixture;

static void
fixture_tell (Fixture *self, gint64 now, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) list = addresses;

  peerup_mdns_machine_set_addresses (self->machine, list, now);
}

/* One IPv4 link, and an address to tell; nothing is announced unless the test wants it. */
static void
fixture_init (Fixture *self, gboolean announcing)
{
  g_autoptr (PeerupPeerId) peer = new_peer (OWN_ID);

  *self = (Fixture) { 0 };
  self->machine = peerup_mdns_machine_new (peerup_mdns_own_new (peer, INSTANCE), 1);
  self->interface = new_interface (INTERFACE, "192.168.7.2/24", "fd00:7::2/64", NULL);
  peerup_mdns_machine_set_announcing (self->machine, announcing, START);
  fixture_tell (self, START, new_list ("/ip4/192.168.7.2/tcp/4001", NULL));
  peerup_mdns_machine_set_link (self->machine, self->interface, AF_INET, START);
}

static void
fixture_clear (Fixture *self)
{
  peerup_mdns_machine_free (self->machine);
  peerup_mdns_interface_free (self->interface);
}

/* 'q' for a question, 'a' for an answer, 'b' for a goodbye; capital letters of invites. */
static char
packet_get_letter (const PeerupMdnsPacket *self)
{
  PeerupMdnsName invites = make_name (INVITES);
  PeerupMdnsQuestion question = { 0 };
  PeerupMdnsRecord record = { .ttl = 1 };
  PeerupMdnsMessage message;
  PeerupMdnsCursor cursor;
  char letter;

  g_assert_true (peerup_mdns_message_parse (&message, self->data, self->length, NULL));
  peerup_mdns_cursor_init (&cursor, &message);
  if (message.is_response)
    g_assert_true (peerup_mdns_cursor_next_record (&cursor, &record));
  else
    g_assert_true (peerup_mdns_cursor_next_question (&cursor, &question));
  letter = !message.is_response ? 'q' : record.ttl == 0 ? 'b' : 'a';
  return peerup_mdns_name_equal (message.is_response ? &record.name : &question.name, &invites)
           ? g_ascii_toupper (letter)
           : letter;
}

/* What is sent at @now. */
static char *
fixture_send (Fixture *self, gint64 now)
{
  GString *letters = g_string_new ("");

  while (peerup_mdns_machine_next (self->machine, now, &self->packet))
    g_string_append_c (letters, packet_get_letter (&self->packet));
  return g_string_free_and_steal (letters);
}

static void
assert_sends (Fixture *self, gint64 now, const char *expected)
{
  g_autofree char *letters = fixture_send (self, now);

  g_assert_cmpstr (letters, ==, expected);
}

/* Lets everything happen that is due until @until, and says what, each with its time in tenths of seconds from START.
 */
static char *
fixture_run (Fixture *self, gint64 until)
{
  GString *text = g_string_new ("");

  while (peerup_mdns_machine_get_deadline (self->machine) <= until)
    {
      gint64 now = peerup_mdns_machine_get_deadline (self->machine);
      g_autofree char *letters = fixture_send (self, now);

      g_string_append_printf (text, "%s%s%" G_GINT64_FORMAT, text->len > 0 ? " " : "", letters,
                              (now - START) / (100 * MS));
    }
  return g_string_free_and_steal (text);
}

static void
fixture_settle (Fixture *self, gint64 until)
{
  g_free (fixture_run (self, until));
}

static GPtrArray *
fixture_take_from (Fixture *self, Letter *letter, const char *host, guint16 port, gint64 now)
{
  PeerupSocketAddress source = make_address (host, port);
  PeerupMdnsTopic topic;

  return peerup_mdns_machine_take (self->machine, INTERFACE, &source, letter->data, letter->writer.length, now, &topic);
}

static void
fixture_hear (Fixture *self, Letter *letter, gint64 now)
{
  g_assert_null (fixture_take_from (self, letter, "192.168.7.3", PEERUP_MDNS_PORT, now));
}

static void
letter_init_question (Letter *self)
{
  letter_init (self, FALSE);
  letter_ask (self, SERVICE, PEERUP_MDNS_PTR);
}

static void
letter_init_claim (Letter *self, const char *address)
{
  g_autofree char *string = g_strconcat ("dnsaddr=", address, NULL);

  letter_init (self, TRUE);
  letter_add_pointer (self, 120, SERVICE, ONE);
  letter_add_text (self, 120, ONE, string, NULL);
}

/* Questions and announcements */

/* When packets of that letter are sent, until @until. */
static GArray *
fixture_list_times (Fixture *self, char letter, gint64 until)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (gint64));

  while (peerup_mdns_machine_get_deadline (self->machine) <= until)
    {
      gint64 now = peerup_mdns_machine_get_deadline (self->machine);
      g_autofree char *letters = fixture_send (self, now);

      for (const char *i = letters; *i != '\0'; i++)
        if (*i == letter)
          g_array_append_val (times, now);
    }
  return times;
}

static gint64
get_time (GArray *times, guint index)
{
  g_assert_cmpuint (index, <, times->len);
  return g_array_index (times, gint64, index);
}

/* Questions with more and more time between them, and every five minutes or a little more from then on. */
static void
test_questions (void)
{
  static const guint pauses[] = { 1, 3, 9, 27, 81, 243 };
  g_autoptr (GArray) times = NULL;
  Fixture f;

  fixture_init (&f, TRUE);
  assert_sends (&f, START, "");
  times = fixture_list_times (&f, 'q', START + 5000 * SECOND);
  g_assert_cmpint (get_time (times, 0), >=, START + PEERUP_MDNS_DELAY_MIN);
  g_assert_cmpint (get_time (times, 0), <=, START + PEERUP_MDNS_DELAY_MAX);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    g_assert_cmpint (get_time (times, i + 1) - get_time (times, i), ==, pauses[i] * SECOND);
  for (guint i = G_N_ELEMENTS (pauses) + 1; i < times->len; i++)
    {
      g_assert_cmpint (get_time (times, i) - get_time (times, i - 1), >=, PEERUP_MDNS_ASK_PAUSE);
      g_assert_cmpint (get_time (times, i) - get_time (times, i - 1), <=, PEERUP_MDNS_ASK_PAUSE / 5 * 6);
    }
  fixture_clear (&f);
}

/* Two announcements, a second apart, which answer the first questions, too; then an answer to each of ours. */
static void
test_announcements (void)
{
  g_autoptr (GArray) times = NULL;
  Fixture f;

  fixture_init (&f, TRUE);
  times = fixture_list_times (&f, 'a', START + 100 * SECOND);
  g_assert_cmpint (get_time (times, 0), >=, START + PEERUP_MDNS_DELAY_MIN);
  g_assert_cmpint (get_time (times, 0), <=, START + PEERUP_MDNS_DELAY_MAX);
  for (guint i = 1; i < times->len; i++)
    g_assert_cmpint (get_time (times, i) - get_time (times, i - 1), >=, SECOND);
  g_assert_cmpint (get_time (times, 1) - get_time (times, 0), ==, SECOND);
  /* After questions at 0, 1, 4, 13 and 40 s; what is due within the same second is said once. */
  g_assert_cmpuint (times->len, >=, 5);
  g_assert_cmpuint (times->len, <=, 6);
  g_assert_cmpint (get_time (times, times->len - 1), >=, START + 40 * SECOND);
  g_assert_cmpint (get_time (times, times->len - 1), <=, START + 40 * SECOND + 2 * PEERUP_MDNS_DELAY_MAX);
  fixture_clear (&f);
}

/* In a day nothing but a question every five minutes and its answer. */
static void
test_idle (void)
{
  PeerupMdnsFigures before, after;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 3600 * SECOND);
  peerup_mdns_machine_get_figures (f.machine, &before);
  fixture_settle (&f, START + 25 * 3600 * (gint64) SECOND);
  peerup_mdns_machine_get_figures (f.machine, &after);
  g_assert_cmpuint (after.n_sent - before.n_sent, <=, 2 * 24 * 12);
  g_assert_cmpuint (after.n_sent - before.n_sent, >=, 2 * 24 * 10 - 2);
  fixture_clear (&f);
}

/* Where all are asked all the time by one, nobody else asks. */
static void
test_question_of_another (void)
{
  Letter question, knowing;
  gint64 deadline;
  Fixture f;

  fixture_init (&f, TRUE);
  letter_init_question (&question);
  letter_init_question (&knowing);
  letter_add_pointer (&knowing, 120, SERVICE, ONE);
  /* While ours are frequent, another's changes nothing. */
  fixture_settle (&f, START + 30 * SECOND);
  fixture_hear (&f, &question, START + 30 * SECOND);
  fixture_settle (&f, START + 31 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), <, START + 41 * SECOND);
  fixture_settle (&f, START + 1000 * SECOND);
  deadline = peerup_mdns_machine_get_deadline (f.machine);
  /* One with known answers is not answered by all. */
  fixture_hear (&f, &knowing, deadline - 20 * SECOND);
  fixture_settle (&f, deadline - 10 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, deadline);
  fixture_hear (&f, &question, deadline - 10 * SECOND);
  fixture_settle (&f, deadline - 8 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), >=, deadline - 10 * SECOND + PEERUP_MDNS_ASK_PAUSE);
  fixture_clear (&f);
}

/* Without a word of us, and without one to us. */
static void
test_silent (void)
{
  Letter question;
  Fixture f;

  fixture_init (&f, FALSE);
  letter_init_question (&question);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  fixture_hear (&f, &question, START + SECOND);
  g_assert_null (fixture_take_from (&f, &question, "192.168.7.3", 40000, START + SECOND));
  peerup_mdns_machine_ask (f.machine, START + SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  /* It can be changed at any time. */
  peerup_mdns_machine_set_announcing (f.machine, TRUE, START + 10 * SECOND);
  fixture_settle (&f, START + 20 * SECOND);
  peerup_mdns_machine_set_announcing (f.machine, FALSE, START + 20 * SECOND);
  assert_sends (&f, START + 20 * SECOND, "b");
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  fixture_clear (&f);
}

static void
test_waiting (void)
{
  g_autofree char *asked = NULL;
  Fixture f;

  fixture_init (&f, FALSE);
  peerup_mdns_machine_set_waiting (f.machine, PEERUP_MDNS_INVITES, TRUE, START);
  asked = fixture_run (&f, START + 13 * SECOND);
  g_assert_cmpstr (asked, ==, "Q0 Q10 Q40 Q80 Q120");
  peerup_mdns_machine_set_waiting (f.machine, PEERUP_MDNS_INVITES, FALSE, START + 13 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  /* Not twice in a second, whoever comes and goes. */
  peerup_mdns_machine_set_waiting (f.machine, PEERUP_MDNS_INVITES, TRUE, START + 12500 * MS);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, START + 13 * SECOND);
  fixture_clear (&f);
}

/* After somebody waited for a peer, questions grow rare again. */
static void
test_waited (void)
{
  g_autofree char *asked = NULL;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 1000 * SECOND);
  peerup_mdns_machine_set_waiting (f.machine, PEERUP_MDNS_PEERS, TRUE, START + 1000 * SECOND);
  assert_sends (&f, START + 1000 * SECOND, "q");
  fixture_settle (&f, START + 1030 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), <=, START + 1034 * SECOND);
  peerup_mdns_machine_set_waiting (f.machine, PEERUP_MDNS_PEERS, FALSE, START + 1030 * SECOND);
  fixture_settle (&f, START + 1600 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), >, START + 1600 * SECOND + 60 * SECOND);
  fixture_clear (&f);
}

static void
test_changes (void)
{
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 1000 * SECOND);
  /* The same once more is no change. */
  fixture_tell (&f, START + 1000 * SECOND, new_list ("/ip4/192.168.7.2/tcp/4001", "/ip4/127.0.0.1/tcp/1", NULL));
  assert_sends (&f, START + 1001 * SECOND, "");
  fixture_tell (&f, START + 1001 * SECOND, new_list ("/ip4/192.168.7.2/tcp/4002", NULL));
  assert_sends (&f, START + 1001 * SECOND, "");
  assert_sends (&f, START + 1001 * SECOND + PEERUP_MDNS_DELAY_MAX, "a");
  assert_sends (&f, START + 1001 * SECOND + PEERUP_MDNS_DELAY_MAX + 999 * MS, "");
  assert_sends (&f, START + 1001 * SECOND + PEERUP_MDNS_DELAY_MAX + 1000 * MS, "a");
  assert_sends (&f, START + 1005 * SECOND, "");
  fixture_clear (&f);
}

/* Another network on the same link: all over again. Another family: a link of its own. */
static void
test_links (void)
{
  g_autoptr (PeerupMdnsInterface) moved = new_interface (INTERFACE, "10.0.0.2/24", NULL);
  g_autofree char *letters = NULL;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 1000 * SECOND);
  peerup_mdns_machine_set_link (f.machine, f.interface, AF_INET6, START + 1000 * SECOND);
  letters = fixture_send (&f, START + 1000 * SECOND + PEERUP_MDNS_DELAY_MAX);
  g_assert_cmpuint (strlen (letters), ==, 2);
  g_assert_cmpint (f.packet.family, ==, AF_INET6);
  g_assert_cmpuint (f.packet.interface, ==, INTERFACE);
  g_assert_false (f.packet.is_unicast);
  peerup_mdns_machine_remove_link (f.machine, INTERFACE, AF_INET6);
  f.packet.family = AF_UNSPEC;
  fixture_settle (&f, START + 1020 * SECOND);
  g_assert_cmpint (f.packet.family, !=, AF_INET6);
  peerup_mdns_machine_set_link (f.machine, moved, AF_INET, START + 1020 * SECOND);
  g_clear_pointer (&letters, g_free);
  letters = fixture_send (&f, START + 1020 * SECOND + PEERUP_MDNS_DELAY_MAX);
  g_assert_cmpuint (strlen (letters), ==, 2);
  g_assert_cmpint (f.packet.family, ==, AF_INET);
  fixture_clear (&f);
}

/* Told of a change where there is none to be seen: a question, but not one a second. */
static void
test_same_link (void)
{
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 1000 * SECOND);
  peerup_mdns_machine_set_link (f.machine, f.interface, AF_INET, START + 1000 * SECOND);
  assert_sends (&f, START + 1001 * SECOND, "q");
  fixture_settle (&f, START + 1002 * SECOND);
  peerup_mdns_machine_set_link (f.machine, f.interface, AF_INET, START + 1003 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), >=, START + 1002 * SECOND);
  fixture_settle (&f, START + 1004 * SECOND);
  assert_sends (&f, START + 1004 * SECOND, "");
  fixture_clear (&f);
}

static void
test_leave (void)
{
  Fixture f;

  fixture_init (&f, TRUE);
  peerup_mdns_machine_add_number (f.machine, 417, START);
  fixture_settle (&f, START + 10 * SECOND);
  peerup_mdns_machine_leave (f.machine);
  assert_sends (&f, START + 10 * SECOND, "bB");
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  fixture_clear (&f);
}

/* Who has said nothing has nothing to take back. */
static void
test_leave_at_once (void)
{
  Fixture f;

  fixture_init (&f, TRUE);
  peerup_mdns_machine_leave (f.machine);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  fixture_clear (&f);
}

static void
test_invites (void)
{
  g_autofree char *letters = NULL;
  Letter question;
  Fixture f;

  fixture_init (&f, FALSE);
  peerup_mdns_machine_add_number (f.machine, 417, START);
  letters = fixture_run (&f, START + 5 * SECOND);
  g_assert_true (g_str_equal (letters, "A0 A10") || g_str_equal (letters, "A0 A11") || g_str_equal (letters, "A1 A11"));
  letter_init (&question, FALSE);
  letter_ask (&question, INVITES, PEERUP_MDNS_PTR);
  fixture_hear (&f, &question, START + 6 * SECOND);
  assert_sends (&f, START + 6 * SECOND + PEERUP_MDNS_DELAY_MAX, "A");
  peerup_mdns_machine_remove_number (f.machine, 417, START + 7 * SECOND);
  assert_sends (&f, START + 7 * SECOND, "B");
  fixture_hear (&f, &question, START + 8 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), ==, G_MAXINT64);
  fixture_clear (&f);
}

/* Answers to others */

static void
test_answer (void)
{
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init_question (&question);
  fixture_hear (&f, &question, START + 500 * SECOND);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), >=, START + 500 * SECOND + PEERUP_MDNS_DELAY_MIN);
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), <=, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX);
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_MIN - 1, "");
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX, "a");
  g_assert_false (f.packet.is_unicast);
  /* A hundred questions more in that second: one answer, when it is over. */
  for (guint i = 0; i < 20; i++)
    fixture_hear (&f, &question, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX + i * MS);
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX + SECOND - 1, "");
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX + SECOND, "a");
  assert_sends (&f, START + 510 * SECOND, "");
  fixture_clear (&f);
}

static void
test_details (void)
{
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init (&question, FALSE);
  letter_ask (&question, OURS, PEERUP_MDNS_TXT);
  fixture_hear (&f, &question, START + 500 * SECOND);
  /* Nobody else can answer, so nobody is waited for. */
  assert_sends (&f, START + 500 * SECOND, "a");
  letter_init (&question, FALSE);
  letter_ask (&question, "other." SERVICE, PEERUP_MDNS_TXT);
  letter_ask (&question, "_http._tcp.local", PEERUP_MDNS_PTR);
  fixture_hear (&f, &question, START + 502 * SECOND);
  assert_sends (&f, START + 503 * SECOND, "");
  fixture_clear (&f);
}

static void
test_known_answer (void)
{
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init_question (&question);
  letter_add_pointer (&question, PEERUP_MDNS_TTL / 2, SERVICE, OURS);
  fixture_hear (&f, &question, START + 500 * SECOND);
  assert_sends (&f, START + 501 * SECOND, "");
  /* Nearly over, and another's. */
  letter_init_question (&question);
  letter_add_pointer (&question, PEERUP_MDNS_TTL / 2 - 1, SERVICE, OURS);
  letter_add_pointer (&question, 4500, SERVICE, ONE);
  fixture_hear (&f, &question, START + 502 * SECOND);
  assert_sends (&f, START + 503 * SECOND, "a");
  fixture_clear (&f);
}

/* More known answers follow: they are waited for. */
static void
test_truncated_question (void)
{
  Letter question, more;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init_question (&question);
  question.data[2] |= 2;
  letter_init (&more, FALSE);
  letter_add_pointer (&more, 120, SERVICE, OURS);
  fixture_hear (&f, &question, START + 500 * SECOND);
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_TRUNCATED_MIN - 1, "");
  fixture_hear (&f, &more, START + 500 * SECOND + 50 * MS);
  assert_sends (&f, START + 501 * SECOND, "");
  /* Of somebody else it means nothing. */
  fixture_hear (&f, &question, START + 502 * SECOND);
  g_assert_null (fixture_take_from (&f, &more, "192.168.7.4", PEERUP_MDNS_PORT, START + 502 * SECOND));
  assert_sends (&f, START + 502 * SECOND + PEERUP_MDNS_DELAY_TRUNCATED_MAX, "a");
  /* Somebody else asks, too. */
  fixture_hear (&f, &question, START + 505 * SECOND);
  letter_init_question (&question);
  g_assert_null (fixture_take_from (&f, &question, "192.168.7.4", PEERUP_MDNS_PORT, START + 505 * SECOND));
  fixture_hear (&f, &more, START + 505 * SECOND);
  assert_sends (&f, START + 505 * SECOND + PEERUP_MDNS_DELAY_MAX, "a");
  fixture_clear (&f);
}

/* From another port than 5353: at once, to nobody else, under the ID of the question; and not without bounds. */
static void
test_legacy (void)
{
  PeerupSocketAddress source = make_address ("192.168.7.3", 40000);
  g_autofree char *letters = NULL;
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init_question (&question);
  question.data[0] = 0x12;
  question.data[1] = 0x34;
  g_assert_null (fixture_take_from (&f, &question, "192.168.7.3", 40000, START + 500 * SECOND));
  g_assert_cmpint (peerup_mdns_machine_get_deadline (f.machine), <=, START + 500 * SECOND);
  assert_sends (&f, START + 500 * SECOND, "a");
  g_assert_true (f.packet.is_unicast);
  g_assert_true (peerup_socket_address_equal (&f.packet.to, &source));
  g_assert_cmpmem (f.packet.data, 2, "\x12\x34", 2);
  for (guint i = 0; i < 250; i++)
    {
      g_autofree char *host = g_strdup_printf ("192.168.7.%u", i + 3);

      g_assert_null (fixture_take_from (&f, &question, host, 40000, START + 501 * SECOND));
    }
  letters = fixture_send (&f, START + 501 * SECOND);
  g_assert_cmpuint (strlen (letters), ==, PEERUP_MDNS_UNICAST_BURST);
  fixture_clear (&f);
}

static void
test_services (void)
{
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 500 * SECOND);
  letter_init (&question, FALSE);
  letter_ask (&question, "_services._dns-sd._udp.local", PEERUP_MDNS_PTR);
  fixture_hear (&f, &question, START + 500 * SECOND);
  assert_sends (&f, START + 500 * SECOND + PEERUP_MDNS_DELAY_MAX, "a");
  fixture_clear (&f);
}

/* What others say */

static void
test_claims (void)
{
  g_autoptr (GPtrArray) claims = NULL;
  const PeerupMdnsClaim *claim;
  Letter letter;
  Fixture f;

  fixture_init (&f, FALSE);
  letter_init_claim (&letter, "/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID);
  claims = fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START);
  g_assert_nonnull (claims);
  claim = claims->pdata[0];
  g_assert_cmpstr (peerup_peer_id_get_string (claim->peer), ==, OTHER_ID);
  g_assert_true (claim->is_news);
  g_clear_pointer (&claims, g_ptr_array_unref);
  claims = fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START + SECOND);
  g_assert_false (((PeerupMdnsClaim *) claims->pdata[0])->is_news);
  g_clear_pointer (&claims, g_ptr_array_unref);
  /* Who asks wants to hear all of it again. */
  peerup_mdns_machine_ask (f.machine, START + 2 * SECOND);
  claims = fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START + 2 * SECOND);
  g_assert_true (((PeerupMdnsClaim *) claims->pdata[0])->is_news);
  fixture_clear (&f);
}

/* Bad input: addresses of others, in other people's networks, on the internet, on loopback, of ourselves. */
static void
test_claims_of_elsewhere (void)
{
  static const char *const bad[] = {
    "/ip4/8.8.8.8/tcp/1/p2p/" OTHER_ID,      "/ip4/192.168.8.3/tcp/1/p2p/" OTHER_ID,
    "/ip4/10.0.0.1/tcp/1/p2p/" OTHER_ID,     "/ip4/127.0.0.1/tcp/1/p2p/" OTHER_ID,
    "/ip6/2001:db8::1/tcp/1/p2p/" OTHER_ID,  "/ip4/192.168.7.2/tcp/4001/p2p/" OWN_ID,
    "/dns4/example.org/tcp/1/p2p/" OTHER_ID, "/ip4/169.254.1.1/tcp/1/p2p/" OTHER_ID,
  };
  Fixture f;

  fixture_init (&f, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Letter letter;

      letter_init_claim (&letter, bad[i]);
      g_assert_null (fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START));
    }
  fixture_clear (&f);
}

static void
test_claims_of_nobody (void)
{
  PeerupSocketAddress source = make_address ("192.168.7.3", PEERUP_MDNS_PORT);
  PeerupMdnsFigures figures;
  PeerupMdnsTopic topic;
  Letter letter;
  Fixture f;

  fixture_init (&f, FALSE);
  letter_init_claim (&letter, "/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID);
  /* Not from the port; not on a link that there is; cut. */
  g_assert_null (fixture_take_from (&f, &letter, "192.168.7.3", 40000, START));
  g_assert_null (fixture_take_from (&f, &letter, "192.168.7.3", 0, START));
  g_assert_null (fixture_take_from (&f, &letter, "fd00:7::3", PEERUP_MDNS_PORT, START));
  g_assert_null (
    peerup_mdns_machine_take (f.machine, INTERFACE + 1, &source, letter.data, letter.writer.length, START, &topic));
  letter.writer.length--;
  g_assert_null (fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START));
  peerup_mdns_machine_get_figures (f.machine, &figures);
  g_assert_cmpuint (figures.n_bad, ==, 1);
  fixture_clear (&f);
}

/* Bad input: 10,000 answers of one host, and of many. */
static void
test_flood (void)
{
  guint n_of_one = 0, n_of_all = 0;
  PeerupMdnsFigures figures;
  Letter letter;
  Fixture f;

  fixture_init (&f, FALSE);
  letter_init_claim (&letter, "/ip4/192.168.7.3/tcp/1/p2p/" OTHER_ID);
  for (guint i = 0; i < 10000; i++)
    {
      g_autoptr (GPtrArray) claims = fixture_take_from (&f, &letter, "192.168.7.3", PEERUP_MDNS_PORT, START + i * 100);

      n_of_one += claims != NULL;
    }
  /* In one second. */
  g_assert_cmpuint (n_of_one, >=, PEERUP_MDNS_SOURCE_BURST);
  g_assert_cmpuint (n_of_one, <=, PEERUP_MDNS_SOURCE_BURST + SECOND / PEERUP_MDNS_SOURCE_INTERVAL + 1);
  for (guint i = 0; i < 10000; i++)
    {
      g_autofree char *host = g_strdup_printf ("192.168.7.%u", i % 250 + 3);
      g_autoptr (GPtrArray) claims =
        fixture_take_from (&f, &letter, host, PEERUP_MDNS_PORT, START + 60 * SECOND + i * 100);

      n_of_all += claims != NULL;
    }
  g_assert_cmpuint (n_of_all, <=, PEERUP_MDNS_RATE_BURST + SECOND / PEERUP_MDNS_RATE_INTERVAL + 1);
  peerup_mdns_machine_get_figures (f.machine, &figures);
  g_assert_cmpuint (figures.n_heard, ==, 20000);
  g_assert_cmpuint (figures.n_refused, ==, 20000 - n_of_one - n_of_all);
  /* Who comes after it is heard. */
  g_assert_cmpuint (n_of_all, >, 0);
  {
    g_autoptr (GPtrArray) claims =
      fixture_take_from (&f, &letter, "192.168.7.9", PEERUP_MDNS_PORT, START + 70 * SECOND);

    g_assert_nonnull (claims);
  }
  fixture_clear (&f);
}

/* Bad input: a flood of questions is worth one answer a second. */
static void
test_question_flood (void)
{
  PeerupMdnsFigures before, after;
  Letter question;
  Fixture f;

  fixture_init (&f, TRUE);
  fixture_settle (&f, START + 1000 * SECOND);
  peerup_mdns_machine_get_figures (f.machine, &before);
  letter_init_question (&question);
  for (guint i = 0; i < 10000; i++)
    {
      fixture_hear (&f, &question, START + 1000 * SECOND + i * MS);
      g_free (fixture_send (&f, START + 1000 * SECOND + i * MS));
    }
  peerup_mdns_machine_get_figures (f.machine, &after);
  g_assert_cmpuint (after.n_sent - before.n_sent, <=, 11);
  fixture_clear (&f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/machine/questions", test_questions);
  g_test_add_func ("/mdns/machine/announcements", test_announcements);
  g_test_add_func ("/mdns/machine/idle", test_idle);
  g_test_add_func ("/mdns/machine/question-of-another", test_question_of_another);
  g_test_add_func ("/mdns/machine/silent", test_silent);
  g_test_add_func ("/mdns/machine/waiting", test_waiting);
  g_test_add_func ("/mdns/machine/waited", test_waited);
  g_test_add_func ("/mdns/machine/changes", test_changes);
  g_test_add_func ("/mdns/machine/links", test_links);
  g_test_add_func ("/mdns/machine/same-link", test_same_link);
  g_test_add_func ("/mdns/machine/leave", test_leave);
  g_test_add_func ("/mdns/machine/leave-at-once", test_leave_at_once);
  g_test_add_func ("/mdns/machine/invites", test_invites);
  g_test_add_func ("/mdns/machine/answer", test_answer);
  g_test_add_func ("/mdns/machine/details", test_details);
  g_test_add_func ("/mdns/machine/known-answer", test_known_answer);
  g_test_add_func ("/mdns/machine/truncated-question", test_truncated_question);
  g_test_add_func ("/mdns/machine/legacy", test_legacy);
  g_test_add_func ("/mdns/machine/services", test_services);
  g_test_add_func ("/mdns/machine/claims", test_claims);
  g_test_add_func ("/mdns/machine/claims-of-elsewhere", test_claims_of_elsewhere);
  g_test_add_func ("/mdns/machine/claims-of-nobody", test_claims_of_nobody);
  g_test_add_func ("/mdns/machine/flood", test_flood);
  g_test_add_func ("/mdns/machine/question-flood", test_question_flood);
  return g_test_run ();
}
