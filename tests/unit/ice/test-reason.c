/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

#include "ice/peerup-ice-reason.h"

static PeerupIceNat
nat (PeerupNatBehaviour mapping, PeerupNatBehaviour filtering)
{
  return (PeerupIceNat) { TRUE, TRUE, TRUE, mapping, filtering, 0 };
}

#define CONE       nat (PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ENDPOINT_INDEPENDENT)
#define RESTRICTED nat (PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT)
#define UNTOLD     nat (PEERUP_NAT_ENDPOINT_INDEPENDENT, PEERUP_NAT_UNKNOWN)
#define SYMMETRIC  nat (PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT)
#define BY_ADDRESS nat (PEERUP_NAT_ADDRESS_DEPENDENT, PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT)

static void
assert_roles (PeerupIceNat a, PeerupIceNat b, PeerupIceSearchRole role_a, PeerupIceSearchRole role_b)
{
  g_assert_cmpint (peerup_ice_choose_search (&a, &b), ==, role_a);
  g_assert_cmpint (peerup_ice_choose_search (&b, &a), ==, role_b);
}

static void
test_search (void)
{
  const PeerupIceNat nothing = { 0 };
  PeerupIceNat open = RESTRICTED;

  assert_roles (SYMMETRIC, RESTRICTED, PEERUP_ICE_SEARCH_MANY_PORTS, PEERUP_ICE_SEARCH_ONE_SOCKET);
  assert_roles (BY_ADDRESS, RESTRICTED, PEERUP_ICE_SEARCH_MANY_PORTS, PEERUP_ICE_SEARCH_ONE_SOCKET);
  assert_roles (SYMMETRIC, UNTOLD, PEERUP_ICE_SEARCH_MANY_PORTS, PEERUP_ICE_SEARCH_ONE_SOCKET);
  assert_roles (SYMMETRIC, SYMMETRIC, PEERUP_ICE_SEARCH_NONE, PEERUP_ICE_SEARCH_NONE);
  assert_roles (SYMMETRIC, CONE, PEERUP_ICE_SEARCH_NONE, PEERUP_ICE_SEARCH_NONE);
  assert_roles (RESTRICTED, RESTRICTED, PEERUP_ICE_SEARCH_NONE, PEERUP_ICE_SEARCH_NONE);
  assert_roles (SYMMETRIC, nothing, PEERUP_ICE_SEARCH_NONE, PEERUP_ICE_SEARCH_NONE);
  open.translates = FALSE;
  assert_roles (SYMMETRIC, open, PEERUP_ICE_SEARCH_NONE, PEERUP_ICE_SEARCH_NONE);
}

static void
assert_explained (PeerupIceNat ours, PeerupIceNat theirs, gboolean had_candidates, const char *part)
{
  const char *text = peerup_ice_explain (&ours, &theirs, had_candidates);

  if (strstr (text, part) == NULL)
    g_error ("\"%s\" does not say \"%s\"", text, part);
}

static void
test_explain (void)
{
  const PeerupIceNat nothing = { 0 };
  PeerupIceNat blocked = { .is_measured = TRUE };

  assert_explained (blocked, CONE, TRUE, "UDP seems blocked in this network");
  assert_explained (CONE, blocked, TRUE, "UDP seems blocked in the other device's network");
  assert_explained (SYMMETRIC, SYMMETRIC, TRUE, "Both NATs give every destination another port");
  assert_explained (SYMMETRIC, RESTRICTED, TRUE, "This network's NAT gives every destination another port");
  assert_explained (RESTRICTED, SYMMETRIC, TRUE, "The other device's NAT gives every destination another port");
  assert_explained (nothing, nothing, FALSE, "told no address");
  assert_explained (nothing, nothing, TRUE, "firewall");
}

static void
test_facts (void)
{
  PeerupNatFacts facts = { .mapping = PEERUP_NAT_ADDRESS_DEPENDENT, .port_step = 2 };
  PeerupIceNat told = peerup_ice_nat_from_facts (NULL);

  g_assert_false (told.is_measured);
  told = peerup_ice_nat_from_facts (&facts);
  g_assert_false (told.is_measured);
  g_assert_true (peerup_socket_address_set (&facts.local, "192.168.1.2", 1));
  told = peerup_ice_nat_from_facts (&facts);
  g_assert_true (told.is_measured);
  g_assert_false (told.answered);
  g_assert_true (peerup_socket_address_set (&facts.mapped, "1.2.3.4", 1));
  facts.has_nat = TRUE;
  told = peerup_ice_nat_from_facts (&facts);
  g_assert_true (told.answered && told.translates);
  g_assert_cmpuint (told.mapping, ==, PEERUP_NAT_ADDRESS_DEPENDENT);
  g_assert_cmpint (told.port_step, ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ice-reason/search", test_search);
  g_test_add_func ("/ice-reason/explain", test_explain);
  g_test_add_func ("/ice-reason/facts", test_facts);
  return g_test_run ();
}
