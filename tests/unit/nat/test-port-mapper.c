/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Ports wanted of gateways of all sorts, with literal times. The gateway is a model that answers what was sent. */

#include "nat/peerup-port-mapper.h"

#include "wire/peerup-bytes.h"

#define MS     ((gint64) 1000)
#define SECOND ((gint64) 1000000)
#define START  (1000 * SECOND)
#define OURS   7777

static const guint8 randomness[PEERUP_PORT_MAPPING_NONCE_SIZE] = "abcdefghijkl";

typedef struct
{
  PeerupPortMapper *mapper;
  gint64 now;
  guint8 sent[PEERUP_PORT_MAPPING_REQUEST_SIZE]; /* last */
  gsize sent_size;
  guint n_sent;
  gboolean changed;
  /* The gateway. */
  gboolean has_pcp;
  gboolean has_nat_pmp;
  guint8 result;
  gint64 booted_at;
  guint32 lifetime; /* that it gives; 0: as wanted */
  guint8 external[4];
  guint16 external_port; /* 0: as wanted */
  guint n_asked;
} Fixture;

static void
set_up_for (Fixture *self, const char *client)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, client, 0));
  *self = (Fixture) { .mapper = peerup_port_mapper_new (&address, randomness),
                      .now = START,
                      .external = { 1, 2, 3, 4 },
                      .booted_at = START - 500 * SECOND };
}

static void
set_up (Fixture *self, gconstpointer data)
{
  set_up_for (self, "192.168.1.2");
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_port_mapper_free (self->mapper);
}

static void
take (Fixture *self, const guint8 *data, gsize length)
{
  g_autofree guint8 *exact = g_memdup2 (data, length);

  self->changed |= peerup_port_mapper_take (self->mapper, exact, length, self->now);
}

static guint32
get_epoch (const Fixture *self)
{
  return (self->now - self->booted_at) / SECOND;
}

static void
answer_pcp (Fixture *self)
{
  guint8 answer[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  guint32 lifetime = peerup_load_be32 (self->sent + 4);

  memcpy (answer, self->sent, sizeof answer);
  answer[1] |= 0x80;
  answer[3] = self->result;
  if (self->result != 0)
    lifetime = 30;
  else if (lifetime > 0 && self->lifetime > 0)
    lifetime = self->lifetime;
  peerup_store_be32 (answer + 4, lifetime);
  memset (answer + 8, 0, 16);
  peerup_store_be32 (answer + 8, get_epoch (self));
  if (self->sent_size == sizeof answer)
    {
      if (self->external_port != 0)
        peerup_store_be16 (answer + 42, self->external_port);
      answer[54] = answer[55] = 0xff;
      memcpy (answer + 56, self->external, 4);
    }
  take (self, answer, self->sent_size);
}

static void
answer_nat_pmp (Fixture *self)
{
  guint8 answer[16] = { 0 };
  gboolean is_map = self->sent_size == 12;

  answer[1] = self->sent[1] | 0x80;
  answer[3] = self->result;
  peerup_store_be32 (answer + 4, get_epoch (self));
  if (is_map)
    memcpy (answer + 8, self->sent + 4, 8);
  else
    memcpy (answer + 8, self->external, 4);
  take (self, answer, is_map ? 16 : 12);
}

/* The gateway's part. */
static void
answer (Fixture *self)
{
  static const guint8 old[] = { 0, 0x81, 0, 1, 0, 0, 0, 9 };

  self->n_asked++;
  if (self->sent[0] == 2 && self->has_pcp)
    answer_pcp (self);
  else if (self->sent[0] == 2 && self->has_nat_pmp)
    take (self, old, sizeof old);
  else if (self->sent[0] == 0 && self->has_nat_pmp)
    answer_nat_pmp (self);
}

/* What is due now is sent, and answered at once. */
static void
pump (Fixture *self)
{
  self->changed |= peerup_port_mapper_advance (self->mapper, self->now);
  while ((self->sent_size = peerup_port_mapper_next (self->mapper, self->now, self->sent)) > 0)
    {
      self->n_sent++;
      answer (self);
    }
}

/* From deadline to deadline, until @end, which is included. */
static void
run (Fixture *self, gint64 end)
{
  pump (self);
  while (peerup_port_mapper_get_deadline (self->mapper) <= end)
    {
      gint64 deadline = peerup_port_mapper_get_deadline (self->mapper);

      g_assert_cmpint (deadline, >, self->now - 1);
      self->now = MAX (deadline, self->now + 1);
      pump (self);
    }
  self->now = end;
}

static void
want (Fixture *self)
{
  peerup_port_mapper_add (self->mapper, IPPROTO_UDP, OURS, self->now);
  peerup_port_mapper_add (self->mapper, IPPROTO_TCP, OURS, self->now);
  peerup_port_mapper_add (self->mapper, IPPROTO_UDP, OURS, self->now);
  g_assert_cmpuint (peerup_port_mapper_get_n_ports (self->mapper), ==, 2);
}

static void
assert_mapped (Fixture *self, const char *expected)
{
  for (guint i = 0; i < peerup_port_mapper_get_n_ports (self->mapper); i++)
    {
      PeerupPortMapped port;
      g_autofree char *text = NULL;

      peerup_port_mapper_get_port (self->mapper, i, &port);
      text = peerup_socket_address_to_string (&port.external);
      g_assert_cmpstr (text, ==, expected != NULL ? expected : "no address");
      g_assert_cmpint (port.is_held, ==, expected != NULL);
      g_assert_cmpuint (port.port, ==, OURS);
      g_assert_cmpuint (port.protocol, ==, i == 0 ? IPPROTO_UDP : IPPROTO_TCP);
    }
}

static void
assert_state (Fixture *self, PeerupPortMapperState state, const char *protocol)
{
  g_assert_cmpint (peerup_port_mapper_get_state (self->mapper), ==, state);
  if (protocol != NULL)
    g_assert_cmpstr (peerup_port_mapper_get_protocol (self->mapper), ==, protocol);
}

/* Two requests, two mappings, and again at half of two hours. */
static void
test_pcp (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  want (self);
  assert_state (self, PEERUP_PORT_MAPPER_ASKING, "PCP");
  run (self, START);
  g_assert_cmpuint (self->n_sent, ==, 2);
  g_assert_true (self->changed);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "PCP");
  assert_mapped (self, "1.2.3.4:7777");
  /* Nothing but a check now and then until half has passed. */
  run (self, START + 3600 * SECOND - 1);
  g_assert_cmpuint (self->n_sent, ==, 2 + 11);
  self->changed = FALSE;
  run (self, START + 3600 * SECOND);
  g_assert_cmpuint (self->n_sent, ==, 2 + 12 + 2);
  g_assert_false (self->changed);
  run (self, START + 86400 * SECOND);
  assert_mapped (self, "1.2.3.4:7777");
}

/* The gateway says that it knows no PCP: NAT-PMP at once. */
static void
test_nat_pmp (Fixture *self, gconstpointer data)
{
  self->has_nat_pmp = TRUE;
  want (self);
  run (self, START);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "NAT-PMP");
  assert_mapped (self, "1.2.3.4:7777");
  run (self, START + 86400 * SECOND);
  assert_mapped (self, "1.2.3.4:7777");
}

/* It says nothing to PCP: NAT-PMP after six seconds. */
static void
test_nat_pmp_after_silence (Fixture *self, gconstpointer data)
{
  want (self);
  run (self, START + 6 * SECOND - 1);
  g_assert_cmpuint (self->n_sent, ==, 4);
  assert_state (self, PEERUP_PORT_MAPPER_ASKING, "PCP");
  self->now = START + 6 * SECOND;
  pump (self);
  assert_state (self, PEERUP_PORT_MAPPER_ASKING, "NAT-PMP");
  self->has_nat_pmp = TRUE;
  run (self, START + 6 * SECOND + 250 * MS);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "NAT-PMP");
}

static void
test_silence (Fixture *self, gconstpointer data)
{
  want (self);
  run (self, START + 10 * SECOND - 1);
  assert_state (self, PEERUP_PORT_MAPPER_ASKING, "NAT-PMP");
  run (self, START + 10 * SECOND);
  assert_state (self, PEERUP_PORT_MAPPER_FAILED, NULL);
  g_assert_true (self->changed);
  g_assert_cmpuint (self->n_sent, <=, 20);
  self->n_sent = 0;
  run (self, START + 10 * SECOND + PEERUP_PORT_MAPPER_RETRY - 1);
  g_assert_cmpuint (self->n_sent, ==, 0);
  self->has_pcp = TRUE;
  run (self, START + 10 * SECOND + PEERUP_PORT_MAPPER_RETRY);
  assert_mapped (self, "1.2.3.4:7777");
}

static void
test_icmp (Fixture *self, gconstpointer data)
{
  want (self);
  g_assert_cmpuint (peerup_port_mapper_next (self->mapper, START, self->sent), >, 0);
  g_assert_true (peerup_port_mapper_refused (self->mapper, START));
  assert_state (self, PEERUP_PORT_MAPPER_FAILED, NULL);
  g_assert_false (peerup_port_mapper_refused (self->mapper, START));
  g_assert_cmpint (peerup_port_mapper_get_deadline (self->mapper), ==, START + PEERUP_PORT_MAPPER_RETRY);
}

/* There is no NAT-PMP for IPv6. */
static void
test_ip6 (void)
{
  Fixture fixture;

  set_up_for (&fixture, "2a00::2");
  want (&fixture);
  run (&fixture, START + 6 * SECOND);
  assert_state (&fixture, PEERUP_PORT_MAPPER_FAILED, NULL);
  tear_down (&fixture, NULL);
}

/* Refusals last as long as they say, within a minute and ten. */
static void
test_refused (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  self->result = PEERUP_PORT_MAPPING_NOT_AUTHORIZED;
  want (self);
  run (self, START + 60 * SECOND - 1);
  assert_state (self, PEERUP_PORT_MAPPER_FAILED, NULL);
  g_assert_cmpuint (self->n_sent, ==, 2);
  self->result = 0;
  run (self, START + 60 * SECOND);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "PCP");
}

/* A gateway that has been restarted tells everybody, and one that does not is found out at the next check. */
static void
test_restart (Fixture *self, gconstpointer data)
{
  static const guint8 pcp[24] = { 2, 0x80 };
  static const guint8 nat_pmp[12] = { 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4 };

  self->has_pcp = TRUE;
  want (self);
  run (self, START + 100 * SECOND);
  self->booted_at = self->now;
  self->n_sent = 0;
  take (self, pcp, sizeof pcp);
  pump (self);
  g_assert_cmpuint (self->n_sent, ==, 2);
  /* The same again is news to nobody. */
  take (self, pcp, sizeof pcp);
  take (self, nat_pmp, sizeof nat_pmp);
  pump (self);
  g_assert_cmpuint (self->n_sent, ==, 2);
  run (self, START + 200 * SECOND);
  self->booted_at = self->now;
  self->n_sent = 0;
  take (self, nat_pmp, sizeof nat_pmp);
  pump (self);
  g_assert_cmpuint (self->n_sent, ==, 2);
  run (self, START + 1000 * SECOND);
  self->booted_at = self->now;
  self->n_sent = 0;
  run (self, self->now + PEERUP_PORT_MAPPER_CHECK);
  g_assert_cmpuint (self->n_sent, ==, 3);
}

/* RFC 6887 8.5: clocks that run a little differently are right. */
static void
test_epoch (Fixture *self, gconstpointer data)
{
  static const struct
  {
    guint32 here, there; /* seconds that have passed */
    gboolean is_right;
  } cases[] = { { 1, 0, TRUE },      { 100, 100, TRUE }, { 100, 92, TRUE }, { 100, 91, FALSE }, { 100, 108, TRUE },
                { 100, 109, FALSE }, { 0, 2, TRUE },     { 0, 4, FALSE },   { 2, 0, TRUE },     { 4, 0, FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint8 announce[24] = { 2, 0x80 };

      tear_down (self, NULL);
      set_up (self, NULL);
      self->has_pcp = TRUE;
      want (self);
      pump (self);
      peerup_store_be32 (announce + 8, 500 + cases[i].there);
      self->now += cases[i].here * SECOND;
      self->n_sent = 0;
      take (self, announce, sizeof announce);
      self->sent_size = peerup_port_mapper_next (self->mapper, self->now, self->sent);
      g_test_message ("%u %u", cases[i].here, cases[i].there);
      g_assert_cmpint (self->sent_size == 0, ==, cases[i].is_right);
    }
}

/* A clock that jumps with every word: we do not send for ever. */
static void
test_mad_clock (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  want (self);
  for (guint i = 0; i < 3600; i++)
    {
      guint8 announce[24] = { 2, 0x80 };

      self->booted_at = i % 2 ? 0 : self->now;
      peerup_store_be32 (announce + 8, get_epoch (self));
      take (self, announce, sizeof announce);
      pump (self);
      self->now += SECOND;
    }
  /* An hour: three at once and one a minute, of two requests each. */
  g_assert_cmpuint (self->n_sent, <=, 2 * (3 + 60) + 4);
}

/* Of lifetimes the shortest are not believed in, and the longest neither. */
static void
test_lifetimes (Fixture *self, gconstpointer data)
{
  PeerupPortMapped port;

  self->has_pcp = TRUE;
  self->lifetime = 1;
  want (self);
  run (self, START + 3600 * SECOND);
  g_assert_cmpuint (self->n_sent, <=, PEERUP_PORT_MAPPER_PACKETS_MAX * 61 + PEERUP_PORT_MAPPER_PACKETS_MAX);
  self->lifetime = G_MAXUINT32;
  run (self, START + 3700 * SECOND);
  peerup_port_mapper_get_port (self->mapper, 0, &port);
  g_assert_cmpint (port.expires_at, <=, self->now + PEERUP_PORT_MAPPER_LIFETIME_MAX * SECOND);
}

/* The gateway goes without a word: what it gave is over when its time is, and it is looked for again. */
static void
test_expires (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  want (self);
  run (self, START + 100 * SECOND);
  self->has_pcp = FALSE;
  run (self, START + 7200 * SECOND - 1);
  assert_mapped (self, "1.2.3.4:7777");
  self->changed = FALSE;
  run (self, START + 7200 * SECOND);
  assert_mapped (self, NULL);
  g_assert_true (self->changed);
  self->has_nat_pmp = TRUE;
  run (self, START + 7220 * SECOND);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "NAT-PMP");
}

static void
test_another_port (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  self->external_port = 40000;
  want (self);
  run (self, START);
  assert_mapped (self, "1.2.3.4:40000");
  /* That is what is asked for from then on. */
  self->external_port = 0;
  run (self, START + 3600 * SECOND);
  assert_mapped (self, "1.2.3.4:40000");
}

/* What does not belong to what was asked, or cannot be. */
static void
test_liars (Fixture *self, gconstpointer data)
{
  static const struct
  {
    guint at;
    guint8 value;
  } changes[] = {
    { 0, 1 },    /* version */
    { 1, 0x82 }, /* operation */
    { 24, 0 },   /* nonce */
    { 35, 0 },   /* likewise */
    { 36, 99 },  /* protocol */
    { 40, 0 },   /* port */
  };
  guint8 right[PEERUP_PORT_MAPPING_REQUEST_SIZE];

  want (self);
  self->sent_size = peerup_port_mapper_next (self->mapper, START, self->sent);
  memcpy (right, self->sent, sizeof right);
  right[1] |= 0x80;
  right[54] = right[55] = 0xff;
  memcpy (right + 56, self->external, 4);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      guint8 wrong[sizeof right];

      memcpy (wrong, right, sizeof wrong);
      wrong[changes[i].at] = changes[i].value;
      take (self, wrong, sizeof wrong);
      g_assert_false (self->changed);
    }
  /* No port, no address, no time: a refusal. */
  for (guint i = 0; i < 3; i++)
    {
      guint8 empty[sizeof right];

      memcpy (empty, right, sizeof empty);
      memset (i == 0 ? empty + 42 : i == 1 ? empty + 44 : empty + 4, 0, i == 0 ? 2 : i == 1 ? 16 : 4);
      take (self, empty, sizeof empty);
      assert_mapped (self, NULL);
    }
  take (self, right, sizeof right);
  g_assert_true (self->changed);
  assert_state (self, PEERUP_PORT_MAPPER_WORKS, "PCP");
}

static void
test_withdraw (Fixture *self, gconstpointer data)
{
  self->has_pcp = GPOINTER_TO_INT (data);
  self->has_nat_pmp = !self->has_pcp;
  want (self);
  run (self, START + SECOND);
  self->n_sent = 0;
  peerup_port_mapper_withdraw (self->mapper, self->now);
  g_assert_false (peerup_port_mapper_is_withdrawn (self->mapper));
  g_assert_cmpuint (peerup_port_mapper_next (self->mapper, self->now, self->sent), >, 0);
  g_assert_cmpuint (peerup_load_be32 (self->sent + (self->has_pcp ? 4 : 8)), ==, 0);
  pump (self);
  /* The first of them was not answered. */
  g_assert_false (peerup_port_mapper_is_withdrawn (self->mapper));
  run (self, self->now + SECOND);
  g_assert_true (peerup_port_mapper_is_withdrawn (self->mapper));
  assert_mapped (self, NULL);
  g_assert_cmpint (peerup_port_mapper_get_deadline (self->mapper), ==, G_MAXINT64);
}

/* A gateway that is gone is told twice. */
static void
test_withdraw_unheard (Fixture *self, gconstpointer data)
{
  self->has_pcp = TRUE;
  want (self);
  run (self, START + SECOND);
  self->has_pcp = FALSE;
  self->n_sent = 0;
  peerup_port_mapper_withdraw (self->mapper, self->now);
  run (self, self->now + 250 * MS);
  g_assert_true (peerup_port_mapper_is_withdrawn (self->mapper));
  g_assert_cmpuint (self->n_sent, ==, 4);
}

static void
test_many_ports (Fixture *self, gconstpointer data)
{
  for (guint i = 1; i < 100; i++)
    peerup_port_mapper_add (self->mapper, IPPROTO_UDP, i, START);
  g_assert_cmpuint (peerup_port_mapper_get_n_ports (self->mapper), ==, PEERUP_PORT_MAPPER_PORTS_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func) g_test_add ("/nat/port-mapper/" name, Fixture, data, set_up, func, tear_down)
  ADD ("pcp", NULL, test_pcp);
  ADD ("nat-pmp", NULL, test_nat_pmp);
  ADD ("nat-pmp-after-silence", NULL, test_nat_pmp_after_silence);
  ADD ("silence", NULL, test_silence);
  ADD ("icmp", NULL, test_icmp);
  g_test_add_func ("/nat/port-mapper/ip6", test_ip6);
  ADD ("refused", NULL, test_refused);
  ADD ("restart", NULL, test_restart);
  ADD ("epoch", NULL, test_epoch);
  ADD ("mad-clock", NULL, test_mad_clock);
  ADD ("lifetimes", NULL, test_lifetimes);
  ADD ("expires", NULL, test_expires);
  ADD ("another-port", NULL, test_another_port);
  ADD ("liars", NULL, test_liars);
  ADD ("withdraw-pcp", GINT_TO_POINTER (TRUE), test_withdraw);
  ADD ("withdraw-nat-pmp", GINT_TO_POINTER (FALSE), test_withdraw);
  ADD ("withdraw-unheard", NULL, test_withdraw_unheard);
  ADD ("many-ports", NULL, test_many_ports);
  return g_test_run ();
}
