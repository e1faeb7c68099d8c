/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is asked about, of what is listened on and of what others say.
 */
#include "engine/peerup-autonat-candidates.h"

#include <string.h>

static GPtrArray *
parse (const char *text)
{
  GPtrArray *addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_auto (GStrv) parts = g_strsplit (text, " ", -1);

  for (guint i = 0; parts[i] != NULL && *text != '\0'; i++)
    g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s", parts[i]));
  return addresses;
}

static void
assert_candidates (const char *listening, const char *seen, const char *expected)
{
  g_autoptr (GPtrArray) ours = parse (listening);
  g_autoptr (GPtrArray) theirs = parse (seen);
  g_autoptr (GPtrArray) candidates = peerup_autonat_candidates_new (ours, theirs);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < candidates->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (candidates->pdata[i]));
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_public (void)
{
  assert_candidates ("", "", "");
  assert_candidates ("/ip4/1.2.3.4/tcp/1 /ip4/1.2.3.4/udp/1/quic-v1", "",
                     "/ip4/1.2.3.4/tcp/1 /ip4/1.2.3.4/udp/1/quic-v1");
  /* Where nothing stands between, what others say adds nothing. */
  assert_candidates ("/ip4/1.2.3.4/tcp/1", "/ip4/5.6.7.8/tcp/1", "/ip4/1.2.3.4/tcp/1");
  assert_candidates ("/ip4/127.0.0.1/tcp/1 /ip6/::1/tcp/1", "/ip4/5.6.7.8/tcp/1 /ip6/2a00::1/tcp/1", "");
}

static void
test_behind_nat (void)
{
  assert_candidates ("/ip4/192.168.1.2/tcp/1", "", "");
  /* The mapped port first, and then the one that would be forwarded. */
  assert_candidates ("/ip4/192.168.1.2/udp/1/quic-v1", "/ip4/5.6.7.8/udp/4000/quic-v1",
                     "/ip4/5.6.7.8/udp/4000/quic-v1 /ip4/5.6.7.8/udp/1/quic-v1");
  assert_candidates ("/ip4/192.168.1.2/tcp/1 /ip4/192.168.1.2/udp/2/quic-v1", "/ip4/5.6.7.8",
                     "/ip4/5.6.7.8/tcp/1 /ip4/5.6.7.8/udp/2/quic-v1");
  /* One that is of the internet besides. */
  assert_candidates ("/ip4/192.168.1.2/tcp/1 /ip6/2a00::1/tcp/1", "/ip4/5.6.7.8",
                     "/ip6/2a00::1/tcp/1 /ip4/5.6.7.8/tcp/1");
}

/* Nobody is made to ask about what cannot be ours. */
static void
test_lies (void)
{
  assert_candidates ("/ip4/192.168.1.2/tcp/1", "/ip4/10.0.0.1/tcp/1 /ip4/127.0.0.1/tcp/1 /ip4/169.254.169.254", "");
  assert_candidates ("/ip4/192.168.1.2/tcp/1", "/ip6/2a00::1/tcp/1 /dns4/example.org/tcp/1", "");
  assert_candidates ("/ip4/192.168.1.2/tcp/1", "/ip4/5.6.7.8/tcp/22/ws", "/ip4/5.6.7.8/tcp/1");
}

static void
test_bound (void)
{
  g_autoptr (GString) seen = g_string_new ("/ip4/8.8.8.1");
  g_autoptr (GPtrArray) ours = parse ("/ip4/192.168.1.2/tcp/1");
  g_autoptr (GPtrArray) theirs = NULL;
  g_autoptr (GPtrArray) candidates = NULL;

  for (guint i = 0; i < 200; i++)
    g_string_append_printf (seen, " /ip4/8.8.8.%u", i);
  theirs = parse (seen->str);
  candidates = peerup_autonat_candidates_new (ours, theirs);
  g_assert_cmpuint (candidates->len, ==, PEERUP_AUTONAT_CANDIDATES_MAX);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/autonat-candidates/public", test_public);
  g_test_add_func ("/engine/autonat-candidates/behind-nat", test_behind_nat);
  g_test_add_func ("/engine/autonat-candidates/lies", test_lies);
  g_test_add_func ("/engine/autonat-candidates/bound", test_bound);
  return g_test_run ();
}
