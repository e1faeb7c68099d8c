/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The grades: what has to be true for each, the first that fits wins. The words are for everybody, and
 * nothing is promised that was not seen.
 */
#include "engine/peerup-reach-grade.h"

#include <glib/gi18n-lib.h>

typedef enum
{
  NETWORK = 1 << 0,
  RELAYS = 1 << 1,
  CONNECTED = 1 << 2,
  ASKED = 1 << 3,
  REACHED = 1 << 4,
  FORWARDED = 1 << 5,
  OPEN6 = 1 << 6,    /* an IPv6 address of the internet's, and no firewall was noticed */
  OPEN4 = 1 << 7,    /* the same of IPv4 */
  ANYBODY = 1 << 8,  /* a NAT that lets anybody in */
  FIREWALL = 1 << 9, /* no NAT, but something that lets nobody in */
  STEADY = 1 << 10,  /* a NAT with the same port for everybody */
  VARYING = 1 << 11, /* a NAT with a port for each */
  REGULAR = 1 << 12, /* in steps that can be foreseen */
  SEEN = 1 << 13,    /* some server has seen us */
  SHARED = 1 << 14,  /* the provider's NAT */
} Known;

typedef struct
{
  guint with; /* all of these */
  guint without;
  PeerupReachVerdict verdict;
} Row;

#define OPEN_ROUTER \
  N_ ("Turn on UPnP or PCP (NAT-PMP) in your router, or let it forward UDP port %u to this computer. IPv6 helps too.")
#define ASK_PROVIDER N_ ("Ask your internet provider for an IPv4 address of your own, or for IPv6.")

static const Row rows[] = {
  { 0,
    NETWORK,
    { PEERUP_REACH_F, N_ ("This computer is not connected to a network."),
      N_ ("Connect it to a network by cable or Wi-Fi.") } },
  { REACHED, 0, { PEERUP_REACH_A, N_ ("Others can reach this computer directly."), NULL } },
  { OPEN6, 0, { PEERUP_REACH_A, N_ ("Others can reach this computer directly, if they have IPv6 as well."), NULL } },
  { FORWARDED,
    0,
    { PEERUP_REACH_B, N_ ("Your router lets others in to this computer, as it was asked to."),
      N_ ("IPv6 from your internet provider would make it easier still.") } },
  { OPEN4,
    0,
    { PEERUP_REACH_B, N_ ("This computer has an internet address of its own, and nothing seems to keep others out."),
      N_ ("IPv6 from your internet provider would make it easier still.") } },
  { ANYBODY,
    0,
    { PEERUP_REACH_B, N_ ("Your router lets others in while this computer is in contact with the internet."),
      N_ ("Let your router forward UDP port %u to this computer, so that it always works.") } },
  { FIREWALL,
    0,
    { PEERUP_REACH_C,
      N_ ("A firewall lets nobody in by itself; with most other networks a direct connection still works."),
      N_ ("Let incoming UDP to port %u through the firewall of this computer or of your router.") } },
  { STEADY | SHARED,
    0,
    { PEERUP_REACH_C,
      N_ ("Your internet provider shares one address among several customers; with most other networks a direct "
          "connection still works."),
      ASK_PROVIDER } },
  { STEADY,
    0,
    { PEERUP_REACH_C,
      N_ ("Your router lets nobody in by itself; with most other networks a direct connection still works."),
      OPEN_ROUTER } },
  { VARYING | SHARED,
    0,
    { PEERUP_REACH_D,
      N_ ("Your internet provider shares one address among several customers in a way that makes direct connections "
          "hard; with many networks a relay is used."),
      ASK_PROVIDER } },
  { VARYING | REGULAR,
    0,
    { PEERUP_REACH_D,
      N_ ("Your router makes direct connections hard, but in a way that can be foreseen; with some networks a relay is "
          "used."),
      OPEN_ROUTER } },
  { VARYING,
    0,
    { PEERUP_REACH_D, N_ ("Your router makes direct connections hard; with many networks a relay is used."),
      OPEN_ROUTER } },
  { SEEN,
    0,
    { PEERUP_REACH_C, N_ ("Your router lets nobody in by itself; how well direct connections work is only half known."),
      N_ ("Add a second relay, so that it can be measured. Turn on UPnP or PCP (NAT-PMP) in your router, or let it "
          "forward UDP port %u to this computer. IPv6 helps too.") } },
  { ASKED | CONNECTED,
    0,
    { PEERUP_REACH_E, N_ ("This network lets no UDP through, so everything goes through relays."),
      N_ ("Allow outgoing UDP in the firewall of this network, or use another network.") } },
  { CONNECTED,
    ASKED,
    { PEERUP_REACH_UNKNOWN, N_ ("How well others can reach this computer is not known yet."),
      N_ ("Relays that offer QUIC (UDP) can measure it.") } },
  { RELAYS | ASKED,
    0,
    { PEERUP_REACH_F, N_ ("No way to the internet was found."),
      N_ ("Check the connection of this network to the internet, and that your relays are running.") } },
  { RELAYS, 0, { PEERUP_REACH_UNKNOWN, N_ ("How well others can reach this computer is being measured."), NULL } },
  { 0,
    0,
    { PEERUP_REACH_UNKNOWN, N_ ("How well others can reach this computer is not known: measuring it takes a relay."),
      N_ ("Add a relay with: peerup relay add ADDRESS") } },
};

static gboolean
depends (PeerupNatBehaviour behaviour)
{
  return behaviour == PEERUP_NAT_ADDRESS_DEPENDENT || behaviour == PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

/* A firewall remembers whom we spoke to with his port: where an answer from another port has come in there is none. */
static gboolean
is_open (const PeerupNatFacts *facts)
{
  return facts->mapped.any.sa_family != AF_UNSPEC && !facts->has_nat &&
         facts->filtering != PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
}

static guint
read_nat (const PeerupNatFacts *facts)
{
  guint known = 0;

  if (facts->mapped.any.sa_family == AF_UNSPEC)
    return 0;
  if (!facts->has_nat)
    return SEEN | (is_open (facts) ? 0 : FIREWALL);
  if (facts->is_shared)
    known |= SHARED;
  if (depends (facts->mapping))
    known |= VARYING | (facts->port_step != 0 ? REGULAR : 0);
  if (facts->mapping == PEERUP_NAT_ENDPOINT_INDEPENDENT)
    known |= STEADY | (facts->filtering == PEERUP_NAT_ENDPOINT_INDEPENDENT ? ANYBODY : 0);
  return known | SEEN;
}

static guint
read_view (const PeerupReachView *view)
{
  guint known = read_nat (&view->ip4);

  /* Behind a firewall IPv6 is as good as a steady NAT, whatever IPv4 has. */
  known |= read_nat (&view->ip6) & (SEEN | FIREWALL);
  known |= is_open (&view->ip4) ? OPEN4 : 0;
  known |= is_open (&view->ip6) ? OPEN6 : 0;
  known |= view->has_network ? NETWORK : 0;
  known |= view->has_relays ? RELAYS : 0;
  known |= view->is_connected ? CONNECTED : 0;
  known |= view->was_asked ? ASKED : 0;
  known |= view->was_reached ? REACHED : 0;
  known |= view->is_forwarded ? FORWARDED : 0;
  return known;
}

const PeerupReachVerdict *
peerup_reach_grade (const PeerupReachView *view)
{
  guint known = read_view (view);
  guint i = 0;

  while ((known & rows[i].with) != rows[i].with || (known & rows[i].without) != 0)
    {
      i++;
      g_assert (i < G_N_ELEMENTS (rows));
    }
  return &rows[i].verdict;
}

char *
peerup_reach_format (const char *text, guint16 port)
{
  g_autoptr (GString) result = g_string_new (text);
  g_autofree char *number = g_strdup_printf ("%u", port);

  g_string_replace (result, "%u", number, 0);
  return g_string_free (g_steal_pointer (&result), FALSE);
}
