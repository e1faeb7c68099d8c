/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What is asked of whom, and what the answers of every kind of NAT mean. The NAT is a model: a mapping and a filter
 * by the words of RFC 4787, with the servers behind it. */

#include "nat/peerup-nat-behaviour.h"

#define LOCAL "192.168.1.2"
#define OURS  4000
#define NOW   ((gint64) 123456789)

typedef struct
{
  const char *host;
  guint16 port;
  guint16 second_port;    /* 0: none */
  const char *other_host; /* NULL: none */
  gboolean is_old;        /* does not know CHANGE-REQUEST */
  gboolean is_gone;
} Server;

typedef struct
{
  const char *outside; /* NULL: no NAT */
  PeerupNatBehaviour mapping;
  PeerupNatBehaviour filtering;
  int step;      /* of ports, where the mapping depends on the destination */
  guint strange; /* after so many mappings one is somebody else's */
  Server servers[5];
  /* What happens. */
  guint n_mappings;
  struct
  {
    PeerupNatSource source;
    PeerupSocketAddress remote;
    guint16 port;
  } mappings[40];
  guint n_asked;
} Nat;

static PeerupSocketAddress
make_address (const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

static gboolean
is_same_destination (const Nat *self, const PeerupSocketAddress *a, const PeerupSocketAddress *b)
{
  if (self->mapping == PEERUP_NAT_ENDPOINT_INDEPENDENT)
    return TRUE;
  return self->mapping == PEERUP_NAT_ADDRESS_DEPENDENT ? peerup_socket_address_is_same_host (a, b)
                                                       : peerup_socket_address_equal (a, b);
}

static PeerupSocketAddress
nat_map (Nat *self, PeerupNatSource source, const PeerupSocketAddress *remote)
{
  static const guint16 random[] = { 40123, 1025, 60999, 20002, 33333, 5, 48000, 9000, 64000, 17000, 29999, 51000 };
  guint n = self->n_mappings;

  if (self->outside == NULL)
    return make_address (LOCAL, OURS + source);
  for (guint i = 0; i < n; i++)
    if (self->mappings[i].source == source && is_same_destination (self, &self->mappings[i].remote, remote))
      return make_address (self->outside, self->mappings[i].port);
  self->mappings[n].source = source;
  self->mappings[n].remote = *remote;
  if (self->mapping == PEERUP_NAT_ENDPOINT_INDEPENDENT)
    self->mappings[n].port = OURS + source;
  else
    self->mappings[n].port = self->step != 0
                               ? (guint16) (65530 + self->step * (int) (n + (self->strange > 0 && n >= self->strange)))
                               : random[n];
  self->n_mappings++;
  return make_address (self->outside, self->mappings[n].port);
}

static const Server *
nat_find_server (const Nat *self, const PeerupSocketAddress *address)
{
  for (guint i = 0; i < G_N_ELEMENTS (self->servers) && self->servers[i].host != NULL; i++)
    {
      PeerupSocketAddress host = make_address (self->servers[i].host, 1);

      if (peerup_socket_address_is_same_host (&host, address))
        return &self->servers[i];
    }
  return NULL;
}

static PeerupSocketAddress
get_other (const Server *server)
{
  if (server->second_port == 0)
    return (PeerupSocketAddress) { 0 };
  return make_address (server->other_host != NULL ? server->other_host : server->host, server->second_port);
}

static gboolean
lets_in (const Nat *self, const PeerupNatQuestion *question)
{
  if (question->from_other_host)
    return self->filtering == PEERUP_NAT_ENDPOINT_INDEPENDENT;
  return !question->from_other_port || self->filtering != PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static void
nat_answer (Nat *self, PeerupNatInquiry *inquiry, const PeerupNatQuestion *question)
{
  const Server *server = nat_find_server (self, &question->server);
  PeerupSocketAddress mapped = nat_map (self, question->source, &question->server);
  PeerupSocketAddress other = { 0 };
  guint16 port = peerup_socket_address_get_port (&question->server);

  self->n_asked++;
  g_assert_nonnull (server);
  g_assert_true (port == server->port || port == server->second_port);
  if (question->wants_other)
    other = get_other (server);
  if (server->is_gone || !lets_in (self, question))
    peerup_nat_inquiry_fail (inquiry, question->id, FALSE);
  else if (((question->wants_other || question->from_other_port) && server->is_old) ||
           (question->from_other_host && server->other_host == NULL))
    peerup_nat_inquiry_fail (inquiry, question->id, TRUE);
  else
    peerup_nat_inquiry_answer (inquiry, question->id, &mapped, &other);
}

static PeerupNatInquiry *
nat_inquire (const Nat *self)
{
  PeerupSocketAddress servers[G_N_ELEMENTS (self->servers)];
  PeerupSocketAddress local = make_address (LOCAL, OURS);
  guint n = 0;

  for (; n < G_N_ELEMENTS (servers) && self->servers[n].host != NULL; n++)
    servers[n] = make_address (self->servers[n].host, self->servers[n].port);
  return peerup_nat_inquiry_new (&local, servers, n);
}

static PeerupNatFacts
nat_find_out (Nat *self)
{
  g_autoptr (PeerupNatInquiry) inquiry = nat_inquire (self);
  PeerupNatQuestion question;
  PeerupNatFacts facts;

  while (peerup_nat_inquiry_next (inquiry, &question))
    nat_answer (self, inquiry, &question);
  g_assert_true (peerup_nat_inquiry_is_over (inquiry));
  g_assert_cmpuint (self->n_asked, <=, PEERUP_NAT_QUESTIONS_MAX);
  peerup_nat_inquiry_get_facts (inquiry, NOW, &facts);
  g_assert_cmpint (facts.measured_at, ==, NOW);
  return facts;
}

#define TWO_HOSTS { "5.6.7.2", 7777, 7778, "5.6.7.3" }
#define TWO_PORTS { "5.6.8.2", 7777, 41000 }
#define ONE_PORT  { "5.6.9.2", 3478 }
#define OLD       { "5.6.10.2", 3478, .is_old = TRUE }

#define NONE    PEERUP_NAT_ENDPOINT_INDEPENDENT
#define ADDRESS PEERUP_NAT_ADDRESS_DEPENDENT
#define PORT    PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT
#define UNKNOWN PEERUP_NAT_UNKNOWN

typedef struct
{
  const char *name;
  Nat nat;
  PeerupNatBehaviour mapping;
  PeerupNatBehaviour filtering;
  int step;
  gboolean keeps_port;
} Case;

static const Case cases[] = {
  { "public", { NULL, .filtering = NONE, .servers = { TWO_HOSTS, TWO_PORTS } }, NONE, NONE, 0, TRUE },
  { "public-seen-by-one", { NULL, .filtering = NONE, .servers = { ONE_PORT } }, NONE, UNKNOWN, 0, TRUE },
  { "firewall", { NULL, .filtering = PORT, .servers = { TWO_PORTS } }, NONE, PORT, 0, TRUE },
  { "full-cone", { "1.2.3.4", NONE, NONE, .servers = { TWO_HOSTS, TWO_PORTS } }, NONE, NONE, 0, TRUE },
  { "full-cone-without-a-second-host",
    { "1.2.3.4", NONE, NONE, .servers = { TWO_PORTS, ONE_PORT } },
    NONE,
    ADDRESS,
    0,
    TRUE },
  { "address-restricted", { "1.2.3.4", NONE, ADDRESS, .servers = { TWO_HOSTS, TWO_PORTS } }, NONE, ADDRESS, 0, TRUE },
  { "port-restricted", { "1.2.3.4", NONE, PORT, .servers = { TWO_HOSTS, TWO_PORTS } }, NONE, PORT, 0, TRUE },
  { "old-servers", { "1.2.3.4", NONE, PORT, .servers = { OLD, ONE_PORT } }, NONE, UNKNOWN, 0, TRUE },
  { "one-server", { "1.2.3.4", NONE, PORT, .servers = { TWO_PORTS } }, UNKNOWN, PORT, 0, TRUE },
  { "one-server-and-one-that-is-gone",
    { "1.2.3.4", NONE, PORT, .servers = { { "5.6.9.9", 1, .is_gone = TRUE }, TWO_PORTS } },
    UNKNOWN,
    PORT,
    0,
    TRUE },
  { "symmetric-random", { "1.2.3.4", PORT, PORT, .servers = { TWO_PORTS, TWO_HOSTS } }, PORT, PORT, 0, FALSE },
  { "symmetric-seen-by-one", { "1.2.3.4", PORT, PORT, .servers = { TWO_PORTS } }, PORT, PORT, 0, FALSE },
  { "symmetric-old-servers", { "1.2.3.4", PORT, PORT, .servers = { OLD, ONE_PORT } }, PORT, UNKNOWN, 0, FALSE },
  /* Round the end of the ports, downwards, by twos, and with a stranger's mapping in between. */
  { "sequential", { "1.2.3.4", PORT, PORT, 1, .servers = { TWO_PORTS, TWO_HOSTS } }, PORT, PORT, 1, FALSE },
  { "sequential-down", { "1.2.3.4", PORT, PORT, -1, .servers = { TWO_PORTS, TWO_HOSTS } }, PORT, PORT, -1, FALSE },
  { "sequential-by-two", { "1.2.3.4", PORT, PORT, 2, .servers = { TWO_PORTS, TWO_HOSTS } }, PORT, PORT, 2, FALSE },
  { "sequential-with-a-stranger",
    { "1.2.3.4", PORT, PORT, 1, 5, .servers = { TWO_PORTS, TWO_HOSTS } },
    PORT,
    PORT,
    1,
    FALSE },
  { "sequential-too-far", { "1.2.3.4", PORT, PORT, 65, .servers = { TWO_PORTS, TWO_HOSTS } }, PORT, PORT, 0, FALSE },
  { "by-address", { "1.2.3.4", ADDRESS, PORT, .servers = { TWO_PORTS, TWO_HOSTS } }, ADDRESS, PORT, 0, FALSE },
  { "nobody", { "1.2.3.4", NONE, PORT, .servers = { { "5.6.7.2", 1, .is_gone = TRUE } } }, UNKNOWN, UNKNOWN, 0, FALSE },
};

static void
test_case (gconstpointer data)
{
  const Case *expected = data;
  Nat nat = expected->nat;
  PeerupNatFacts facts = nat_find_out (&nat);

  g_assert_cmpint (facts.mapping, ==, expected->mapping);
  g_assert_cmpint (facts.filtering, ==, expected->filtering);
  g_assert_cmpint (facts.port_step, ==, expected->step);
  g_assert_cmpint (facts.keeps_port, ==, expected->keeps_port);
  g_assert_cmpuint (peerup_socket_address_get_port (&facts.local), ==, OURS);
  g_assert_false (facts.is_shared);
  if (facts.mapped.any.sa_family != AF_UNSPEC)
    g_assert_cmpint (facts.has_nat, ==, nat.outside != NULL);
}

/* Two that have answered are enough: the third may take its time. */
static void
test_does_not_wait_for_the_dead (void)
{
  Nat nat = { "1.2.3.4", NONE, NONE, .servers = { { "5.6.9.9", 1 }, ONE_PORT, { "5.6.10.2", 1 } } };
  g_autoptr (PeerupNatInquiry) inquiry = nat_inquire (&nat);
  PeerupNatQuestion questions[3], more;
  PeerupSocketAddress none = { 0 };
  PeerupSocketAddress mapped = make_address ("1.2.3.4", OURS);

  for (guint i = 0; i < 3; i++)
    g_assert_true (peerup_nat_inquiry_next (inquiry, &questions[i]));
  g_assert_false (peerup_nat_inquiry_next (inquiry, &more));
  peerup_nat_inquiry_answer (inquiry, questions[1].id, &mapped, &none);
  g_assert_false (peerup_nat_inquiry_is_over (inquiry));
  peerup_nat_inquiry_answer (inquiry, questions[2].id, &mapped, &none);
  g_assert_true (peerup_nat_inquiry_is_over (inquiry));
  /* Late, again, and never asked. */
  peerup_nat_inquiry_answer (inquiry, questions[0].id, &mapped, &none);
  peerup_nat_inquiry_answer (inquiry, questions[0].id, &mapped, &none);
  peerup_nat_inquiry_fail (inquiry, 1000, TRUE);
  g_assert_true (peerup_nat_inquiry_is_over (inquiry));
}

/* A server of another family, of a host that is there, and the fifth are left out. */
static void
test_servers_that_are_left_out (void)
{
  PeerupSocketAddress local = make_address (LOCAL, OURS);
  PeerupSocketAddress servers[] = {
    make_address ("5.6.7.2", 1), make_address ("5.6.7.2", 2), make_address ("2a00::1", 1), make_address ("5.6.7.3", 1),
    make_address ("5.6.7.4", 1), make_address ("5.6.7.5", 1), make_address ("5.6.7.6", 1),
  };
  g_autoptr (PeerupNatInquiry) inquiry = peerup_nat_inquiry_new (&local, servers, G_N_ELEMENTS (servers));
  g_autoptr (PeerupNatInquiry) empty = peerup_nat_inquiry_new (&local, &servers[2], 1);
  PeerupNatQuestion question;
  guint n = 0;

  while (peerup_nat_inquiry_next (inquiry, &question))
    n++;
  g_assert_cmpuint (n, ==, PEERUP_NAT_SERVERS_MAX);
  g_assert_true (peerup_nat_inquiry_is_over (empty));
}

/* What could not be true is as good as no answer, and nothing is sent where a server points. */
static void
test_liars (void)
{
  static const struct
  {
    const char *mapped;
    guint16 port;
  } impossible[] = { { "0.0.0.0", 1 }, { "1.2.3.4", 0 }, { "2a00::1", 1 } };

  for (guint i = 0; i < G_N_ELEMENTS (impossible); i++)
    {
      Nat nat = { "1.2.3.4", NONE, NONE, .servers = { ONE_PORT } };
      g_autoptr (PeerupNatInquiry) inquiry = nat_inquire (&nat);
      PeerupSocketAddress mapped = make_address (impossible[i].mapped, impossible[i].port);
      PeerupSocketAddress other = make_address ("169.254.169.254", 80);
      PeerupNatQuestion question;
      PeerupNatFacts facts;

      g_assert_true (peerup_nat_inquiry_next (inquiry, &question));
      peerup_nat_inquiry_answer (inquiry, question.id, &mapped, &other);
      g_assert_true (peerup_nat_inquiry_is_over (inquiry));
      peerup_nat_inquiry_get_facts (inquiry, NOW, &facts);
      g_assert_cmpint (facts.mapped.any.sa_family, ==, AF_UNSPEC);
    }
}

static void
test_a_second_address_is_asked_at_the_first_host (void)
{
  Nat nat = { "1.2.3.4", PORT, PORT, .servers = { { "5.6.7.2", 7777, 80, "169.254.169.254" }, TWO_PORTS } };
  PeerupNatFacts facts = nat_find_out (&nat);

  /* The model asserts that no other host is asked. */
  g_assert_cmpint (facts.mapping, ==, PORT);
}

static void
test_shared (void)
{
  static const struct
  {
    const char *host;
    gboolean shared;
  } hosts[] = { { "100.63.255.255", FALSE },
                { "100.64.0.0", TRUE },
                { "100.127.255.255", TRUE },
                { "100.128.0.0", FALSE },
                { "2a00::1", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      PeerupSocketAddress address = make_address (hosts[i].host, 1);
      PeerupSocketAddress server = make_address ("5.6.7.2", 1);
      g_autoptr (PeerupNatInquiry) inquiry = peerup_nat_inquiry_new (&address, &server, 1);
      PeerupNatFacts facts;

      g_assert_cmpint (peerup_nat_is_shared (&address), ==, hosts[i].shared);
      peerup_nat_inquiry_get_facts (inquiry, NOW, &facts);
      g_assert_cmpint (facts.is_shared, ==, hosts[i].shared);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nat/behaviour/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/nat/behaviour/does-not-wait-for-the-dead", test_does_not_wait_for_the_dead);
  g_test_add_func ("/nat/behaviour/servers-that-are-left-out", test_servers_that_are_left_out);
  g_test_add_func ("/nat/behaviour/liars", test_liars);
  g_test_add_func ("/nat/behaviour/a-second-address-is-asked-at-the-first-host",
                   test_a_second_address_is_asked_at_the_first_host);
  g_test_add_func ("/nat/behaviour/shared", test_shared);
  return g_test_run ();
}
