/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Every row of the table of grades: what has to be known for it, and what it says. */

#include "engine/peerup-reach-grade.h"

/* How a network looks to one IP version. */
typedef enum
{
  UNSEEN,
  OPEN,      /* no NAT, nothing that keeps others out */
  GUARDED,   /* no NAT, a firewall */
  UNGUESSED, /* no NAT, filtering not known */
  ANYBODY,   /* a NAT that lets anybody in */
  STEADY,
  SHARED, /* the carrier's, steady */
  VARYING,
  REGULAR, /* varying, in steps */
  SHARED_VARYING,
  HALF_KNOWN,
} Network;

typedef struct
{
  const char *name;
  const char *flags; /* n network, r relays, c connected, a asked, v visited, f forwarded */
  Network ip4;
  Network ip6;
  PeerupReachGrade grade;
  const char *words;  /* of the sentence */
  const char *advice; /* words of it; NULL: there is none */
} Case;

static const Case cases[] = {
  { "no-network", "r", UNSEEN, UNSEEN, PEERUP_REACH_F, "not connected to a network", "cable or Wi-Fi" },
  { "no-network-any-more", "rcav", STEADY, OPEN, PEERUP_REACH_F, "not connected to a network", "cable" },
  { "reached", "nrcav", VARYING, UNSEEN, PEERUP_REACH_A, "Others can reach this computer directly.", NULL },
  { "ip6", "nrca", VARYING, OPEN, PEERUP_REACH_A, "if they have IPv6", NULL },
  { "ip6-not-guessed", "nrca", UNSEEN, UNGUESSED, PEERUP_REACH_A, "if they have IPv6", NULL },
  { "ip6-forwarded", "nrcaf", UNSEEN, GUARDED, PEERUP_REACH_B, "lets others in", "IPv6" },
  { "forwarded", "nrcaf", VARYING, UNSEEN, PEERUP_REACH_B, "lets others in to this computer", "IPv6" },
  { "forwarded-without-relays", "nf", UNSEEN, UNSEEN, PEERUP_REACH_B, "lets others in to this computer", "IPv6" },
  { "open", "nrca", OPEN, UNSEEN, PEERUP_REACH_B, "address of its own", "IPv6" },
  { "open-not-guessed", "nrca", UNGUESSED, UNSEEN, PEERUP_REACH_B, "address of its own", "IPv6" },
  { "anybody", "nrca", ANYBODY, UNSEEN, PEERUP_REACH_B, "while this computer is in contact", "UDP port 7777" },
  { "firewall", "nrca", GUARDED, UNSEEN, PEERUP_REACH_C, "A firewall lets nobody in", "UDP to port 7777" },
  { "ip6-firewall", "nrca", VARYING, GUARDED, PEERUP_REACH_C, "A firewall lets nobody in", "UDP to port 7777" },
  { "steady", "nrca", STEADY, UNSEEN, PEERUP_REACH_C, "with most other networks", "forward UDP port 7777" },
  { "shared", "nrca", SHARED, UNSEEN, PEERUP_REACH_C, "shares one address", "internet provider" },
  { "varying", "nrca", VARYING, UNSEEN, PEERUP_REACH_D, "makes direct connections hard; with many", "UPnP" },
  { "regular", "nrca", REGULAR, UNSEEN, PEERUP_REACH_D, "can be foreseen", "UPnP" },
  { "shared-varying", "nrca", SHARED_VARYING, UNSEEN, PEERUP_REACH_D, "shares one address", "internet provider" },
  { "half-known", "nrca", HALF_KNOWN, UNSEEN, PEERUP_REACH_C, "only half known", "second relay" },
  { "no-udp", "nrca", UNSEEN, UNSEEN, PEERUP_REACH_E, "no UDP through", "outgoing UDP" },
  { "relays-without-quic", "nrc", UNSEEN, UNSEEN, PEERUP_REACH_UNKNOWN, "not known yet", "QUIC" },
  { "no-internet", "nra", UNSEEN, UNSEEN, PEERUP_REACH_F, "No way to the internet", "relays are running" },
  { "being-measured", "nr", UNSEEN, UNSEEN, PEERUP_REACH_UNKNOWN, "being measured", NULL },
  { "no-relays", "n", UNSEEN, UNSEEN, PEERUP_REACH_UNKNOWN, "takes a relay", "peerup relay add" },
};

static PeerupNatFacts
make_facts (Network network, const char *host)
{
  static const struct
  {
    PeerupNatBehaviour mapping, filtering;
  } behaviours[] = {
    [OPEN] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ADDRESS_DEPENDENT },
    [GUARDED] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT },
    [UNGUESSED] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_UNKNOWN },
    [ANYBODY] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ENDPOINT_INDEPENDENT },
    [STEADY] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT },
    [SHARED] = { PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ADDRESS_DEPENDENT },
    [VARYING] = { PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT },
    [REGULAR] = { PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT, PEERUP_NAT_UNKNOWN },
    [SHARED_VARYING] = { PEERUP_NAT_ADDRESS_DEPENDENT, PEERUP_NAT_UNKNOWN },
    [HALF_KNOWN] = { PEERUP_NAT_UNKNOWN, PEERUP_NAT_UNKNOWN },
  };
  PeerupNatFacts facts = { 0 };

  if (network == UNSEEN)
    return facts;
  g_assert_true (peerup_socket_address_set (&facts.mapped, host, 7777));
  facts.has_nat = network >= ANYBODY;
  facts.is_shared = network == SHARED || network == SHARED_VARYING;
  facts.port_step = network == REGULAR ? 1 : 0;
  facts.mapping = behaviours[network].mapping;
  facts.filtering = behaviours[network].filtering;
  return facts;
}

static PeerupReachView
make_view (const Case *self)
{
  return (PeerupReachView) {
    .has_network = strchr (self->flags, 'n') != NULL,
    .has_relays = strchr (self->flags, 'r') != NULL,
    .is_connected = strchr (self->flags, 'c') != NULL,
    .was_asked = strchr (self->flags, 'a') != NULL,
    .was_reached = strchr (self->flags, 'v') != NULL,
    .is_forwarded = strchr (self->flags, 'f') != NULL,
    .ip4 = make_facts (self->ip4, "1.2.3.4"),
    .ip6 = make_facts (self->ip6, "2a00::1"),
  };
}

static void
test_case (gconstpointer data)
{
  const Case *expected = data;
  PeerupReachView view = make_view (expected);
  const PeerupReachVerdict *verdict = peerup_reach_grade (&view);
  g_autofree char *sentence = peerup_reach_format (verdict->sentence, 7777);
  g_autofree char *advice = verdict->advice != NULL ? peerup_reach_format (verdict->advice, 7777) : NULL;

  g_assert_cmpint (verdict->grade, ==, expected->grade);
  g_assert_nonnull (strstr (sentence, expected->words));
  if (expected->advice == NULL)
    g_assert_null (advice);
  else
    g_assert_nonnull (strstr (advice, expected->advice));
}

/* People read these. */
static void
test_words (void)
{
  static const char *const jargon[] = { "NAT ", "CGNAT", "STUN", "symmetric", "cone", "mapping", "endpoint", "%" };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PeerupReachView view = make_view (&cases[i]);
      const PeerupReachVerdict *verdict = peerup_reach_grade (&view);
      g_autofree char *text =
        g_strdup_printf ("%s %s", verdict->sentence, verdict->advice != NULL ? verdict->advice : "");
      g_autofree char *formatted = peerup_reach_format (text, 1);

      for (guint j = 0; j < G_N_ELEMENTS (jargon); j++)
        g_assert_null (strstr (formatted, jargon[j]));
      g_assert_true (g_str_has_suffix (verdict->sentence, "."));
    }
}

/* No network is without a grade, whatever is known of it. */
static void
test_everything_has_a_grade (void)
{
  static const char *const flags[] = { "", "n", "nr", "nrc", "nra", "nrca", "nrcav", "nrcaf", "nf", "nv", "rca" };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    for (Network ip4 = UNSEEN; ip4 <= HALF_KNOWN; ip4++)
      for (Network ip6 = UNSEEN; ip6 <= HALF_KNOWN; ip6++)
        {
          Case one = { .flags = flags[i], .ip4 = ip4, .ip6 = ip6 };
          PeerupReachView view = make_view (&one);

          g_assert_nonnull (peerup_reach_grade (&view)->sentence);
        }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/engine/reach-grade/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/engine/reach-grade/words", test_words);
  g_test_add_func ("/engine/reach-grade/everything-has-a-grade", test_everything_has_a_grade);
  return g_test_run ();
}
