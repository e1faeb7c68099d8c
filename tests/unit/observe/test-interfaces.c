/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The addresses of this machine against what the kernel lists elsewhere. */
#include "observe/peerup-interfaces.h"

#include <string.h>

/* Lines of /proc/net/if_inet6 whose scope is neither host (0x10) nor link (0x20). */
static guint
count_ipv6 (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) fields = g_regex_split_simple (" +", lines[i], 0, 0);

      if (g_strv_length (fields) >= 6)
        n += !g_str_equal (fields[3], "10") && !g_str_equal (fields[3], "20");
    }
  return n;
}

static void
test_read (void)
{
  PeerupInterfaces first;
  PeerupInterfaces second;
  g_autofree char *text = NULL;

  peerup_interfaces_read (&first);
  peerup_interfaces_read (&second);
  g_assert_true (peerup_interface_addresses_equal (&first.ipv4, &second.ipv4));
  g_assert_true (peerup_interface_addresses_equal (&first.ipv6, &second.ipv6));
  if (g_file_get_contents ("/proc/net/if_inet6", &text, NULL, NULL))
    g_assert_cmpuint (first.ipv6.n_addresses, <=, count_ipv6 (text));
}

static void
test_equal (void)
{
  const PeerupInterfaceAddresses none = { 0, 0 };
  const PeerupInterfaceAddresses one = { 1, 5 };
  const PeerupInterfaceAddresses other = { 1, 6 };
  const PeerupInterfaceAddresses two = { 2, 5 };

  g_assert_true (peerup_interface_addresses_equal (&one, &one));
  g_assert_false (peerup_interface_addresses_equal (&one, &none));
  g_assert_false (peerup_interface_addresses_equal (&one, &other));
  g_assert_false (peerup_interface_addresses_equal (&one, &two));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/observe/interfaces/read", test_read);
  g_test_add_func ("/observe/interfaces/equal", test_equal);
  return g_test_run ();
}
