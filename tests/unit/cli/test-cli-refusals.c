/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "cli/peerup-refusals.h"

static void
assert_formats (const char *limits, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) list = g_variant_parse (G_VARIANT_TYPE ("aa{sv}"), limits, NULL, NULL, &error);
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  text = peerup_refusals_format (list);
  g_assert_cmpstr (text, ==, expected);
}

#define LIMIT(name, what, limit, refused, last)                                                           \
  "{'name': <'" name "'>, 'what': <'" what "'>, 'limit': <uint64 " limit ">, 'refused': <uint64 " refused \
  ">, 'last_refused': <'" last "'>}"
#define QUIET \
  "{'name': <'streams'>, 'what': <'streams'>, 'limit': <uint64 9>, 'used': <uint64 1>, 'refused': <uint64 0>}"

static void
test_none (void)
{
  assert_formats ("[]", NULL);
  assert_formats ("[" QUIET "]", NULL);
}

static void
test_kinds (void)
{
  assert_formats ("[" LIMIT ("connections_per_peer", "connections", "16", "3", "12D3KooWX") "," LIMIT (
                    "connections_per_address", "connections", "64", "9",
                    "192.0.2.7") "," QUIET "," LIMIT ("stream_rate_per_peer", "streams", "2000", "3", "12D3KooWY") "]",
                  "12 connections (192.0.2.7 at its limit of 64), 3 streams (12D3KooWY at its limit of 2000 a second)");
  assert_formats ("[" LIMIT ("handshakes", "handshakes", "256", "5", "192.0.2.7") "]",
                  "5 handshakes (this device at its limit of 256)");
  assert_formats ("[" LIMIT ("memory_per_peer", "memory", "33554432", "1", "12D3KooWX") "]",
                  "1 streams that filled the memory (12D3KooWX at its limit of 32MiB)");
}

/* What another version says more than this one knows. */
static void
test_unknown (void)
{
  assert_formats ("[{'what': <'reservations'>, 'refused': <uint64 7>}, {'refused': <'x'>}]", NULL);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/refusals/none", test_none);
  g_test_add_func ("/cli/refusals/kinds", test_kinds);
  g_test_add_func ("/cli/refusals/unknown", test_unknown);
  return g_test_run ();
}
