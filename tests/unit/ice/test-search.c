/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a peer may say of a port search, and what is believed of it. */

#include <libdex.h>

#include "ice/peerup-ice-search.h"

static void
on_wake (gpointer data)
{
}

/* Nobody answers there. */
static PeerupIceSearch *
make_search (PeerupIceSearchRole role, gboolean controlling)
{
  PeerupSocketAddress server;

  g_assert_true (peerup_socket_address_set (&server, "127.0.0.1", 9));
  return peerup_ice_search_new (role, controlling, 0, &server, on_wake, NULL);
}

static PeerupIceSearchOffer
make_offer (void)
{
  return (PeerupIceSearchOffer) { .address = { { 1, 2, 3, 4 }, 4, 4000 }, .has_key = TRUE, .key = "0123456789abcde" };
}

/* Row 15: no host's services, nobody's network, nothing that answers with more than it is asked. */
static void
test_addresses (void)
{
  static const PeerupIceAddress refused[] = {
    { { 0 }, 0, 4000 },
    { { 127, 0, 0, 1 }, 4, 4000 },
    { { 10, 0, 0, 1 }, 4, 4000 },
    { { 192, 168, 1, 1 }, 4, 4000 },
    { { 100, 64, 0, 1 }, 4, 4000 },
    { { 169, 254, 169, 254 }, 4, 4000 },
    { { 224, 0, 0, 251 }, 4, 4000 },
    { { 255, 255, 255, 255 }, 4, 4000 },
    { { 1, 2, 3, 4 }, 4, 53 },
    { { 1, 2, 3, 4 }, 4, 1023 },
    { { 1, 2, 3, 4 }, 4, 1900 },
    { { 1, 2, 3, 4 }, 4, 11211 },
    { { [15] = 1 }, 16, 4000 },
    { { 0xfe, 0x80, [15] = 1 }, 16, 4000 },
    { { 0xfd, [15] = 1 }, 16, 4000 },
    { { [10] = 0xff, 0xff, 10, 0, 0, 1 }, 16, 4000 },
  };
  g_autoptr (PeerupIceSearch) search = make_search (PEERUP_ICE_SEARCH_MANY_PORTS, FALSE);
  PeerupIceSearchOffer offer = make_offer ();

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_test_message ("%u", i);
      offer.address = refused[i];
      g_assert_false (peerup_ice_search_set_peer (search, &offer));
    }
  offer = make_offer ();
  g_assert_true (peerup_ice_search_set_peer (search, &offer));
}

/* The first word counts: a second one moves nothing. */
static void
test_once (void)
{
  g_autoptr (PeerupIceSearch) search = make_search (PEERUP_ICE_SEARCH_MANY_PORTS, TRUE);
  PeerupIceSearchOffer offer = make_offer ();

  g_assert_true (peerup_ice_search_set_peer (search, &offer));
  offer.address.bytes[0] = 5;
  g_assert_false (peerup_ice_search_set_peer (search, &offer));
}

/* Both with many ports, or none; and no key where it is the peer's to draw one. */
static void
test_does_not_fit (void)
{
  g_autoptr (PeerupIceSearch) many = make_search (PEERUP_ICE_SEARCH_MANY_PORTS, FALSE);
  g_autoptr (PeerupIceSearch) one = make_search (PEERUP_ICE_SEARCH_ONE_SOCKET, FALSE);
  PeerupIceSearchOffer offer = make_offer ();

  g_assert_false (peerup_ice_search_set_peer (one, &offer));
  offer.many_ports = TRUE;
  g_assert_false (peerup_ice_search_set_peer (many, &offer));
  offer.has_key = FALSE;
  g_assert_false (peerup_ice_search_set_peer (one, &offer));
  offer.has_key = TRUE;
  g_assert_true (peerup_ice_search_set_peer (one, &offer));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/ice/search/addresses", test_addresses);
  g_test_add_func ("/ice/search/once", test_once);
  g_test_add_func ("/ice/search/does-not-fit", test_does_not_fit);
  return g_test_run ();
}
