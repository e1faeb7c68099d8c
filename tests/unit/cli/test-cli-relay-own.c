/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a device says of itself as a relay. */
#include <string.h>

#include "cli/peerup-relay-own.h"

#define NOW 1800000000

static char *
format (const char *text)
{
  g_autoptr (GVariant) service = g_variant_ref_sink (g_variant_new_parsed (text));

  return peerup_relay_own_format (service, NOW);
}

static void
test_serving (void)
{
  g_autofree char *text =
    format ("{'state': <'serving'>, 'since': <int64 1799996400>, 'reservations': <uint32 3>, 'circuits': <uint32 2>,"
            " 'reservations_granted': <uint64 17>, 'reservations_refused': <uint64 4>, 'circuits_opened': <uint64 9>,"
            " 'circuits_refused': <uint64 0>, 'bytes': <uint64 1048576>, 'addresses': <['/ip4/203.0.113.7/tcp/7777']>,"
            " 'limits': <{'max_reservations': <uint64 128>, 'max_circuits_total': <uint64 1024>,"
            " 'authorized_session_duration': <uint64 3600>, 'authorized_session_data_limit': <uint64 0>}>}");

  g_assert_nonnull (strstr (text, "3 of 128 reservations and 2 of 1024 circuits"));
  g_assert_nonnull (strstr (text, "1 h, any amount\n"));
  g_assert_nonnull (strstr (text, "addresses    /ip4/203.0.113.7/tcp/7777\n"));
}

static void
test_off (void)
{
  g_autofree char *off = format ("{'state': <'off'>}");
  g_autofree char *empty = format ("@a{sv} {}");

  g_assert_null (off);
  g_assert_null (empty);
}

/* An answer of another version, with things of other types. */
static void
test_strange (void)
{
  g_autofree char *text = format ("{'state': <'serving'>, 'reservations': <uint32 0>, 'circuits': <uint32 0>, 'since': "
                                  "<'yesterday'>, 'limits': <7>, 'addresses': <8>, 'bytes': <int64 -1>}");

  g_assert_nonnull (strstr (text, "any time, any amount\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-own/serving", test_serving);
  g_test_add_func ("/cli/relay-own/off", test_off);
  g_test_add_func ("/cli/relay-own/strange", test_strange);
  return g_test_run ();
}
