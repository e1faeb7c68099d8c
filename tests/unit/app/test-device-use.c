/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/device/peerup-use.h"

static void
test_fill (void)
{
  static const struct
  {
    const char *pattern, *address, *line;
  } cases[] = {
    { "ssh -p {port} {host}", "127.0.0.1:2222", "ssh -p 2222 localhost" },
    { "http://{host}:{port}/", "127.0.0.1:8096", "http://localhost:8096/" },
    { "http://{host}:{port}/", "192.0.2.7:80", "http://192.0.2.7:80/" },
    { "http://{host}:{port}/", "[::1]:8096", "http://[::1]:8096/" },
    { "ssh -p {port} {host}", "[::1]:2222", "ssh -p 2222 ::1" },
    { "vncviewer {host}::{port}", "127.0.0.1:5900", "vncviewer localhost::5900" },
    { "nothing", "127.0.0.1:1", "nothing" },
    { "", "127.0.0.1:1", "" },
    { "{host}:{port}", "", NULL },
    { "{host}:{port}", ":80", NULL },
    { "{host}:{port}", "127.0.0.1", NULL },
    { "{host}:{port}", "127.0.0.1:0", NULL },
    { "{host}:{port}", "127.0.0.1:65536", NULL },
    { "{host}:{port}", "127.0.0.1:8o", NULL },
    { "{host}:{port}", NULL, NULL },
    { NULL, "127.0.0.1:80", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = peerup_use_fill (cases[i].pattern, cases[i].address);

      g_assert_cmpstr (line, ==, cases[i].line);
    }
}

static void
test_address (void)
{
  g_autofree char *ipv4 = peerup_use_format_address ("127.0.0.1:2222");
  g_autofree char *ipv6 = peerup_use_format_address ("[2001:db8::1]:80");

  g_assert_cmpstr (ipv4, ==, "localhost:2222");
  g_assert_cmpstr (ipv6, ==, "[2001:db8::1]:80");
}

static GVariant *
make_templates (void)
{
  return g_variant_ref_sink (g_variant_new_parsed ("[{'id': <'grafana'>, 'kind': <'http'>, 'ports': <[uint32 3000]>},"
                                                   " {'id': <'ssh'>, 'kind': <'ssh'>, 'ports': <[uint32 22, 2222]>},"
                                                   " {'id': <'web'>, 'kind': <'http'>, 'ports': <[uint32 80]>},"
                                                   " {'id': <'big'>, 'kind': <'big'>, 'ports': <[uint32 60000]>},"
                                                   " {'id': <'none'>, 'kind': <'none'>}]"));
}

static void
assert_found (GVariant *templates, const char *kind, const char *id)
{
  g_autoptr (GVariant) found = peerup_use_find_template (templates, kind);
  const char *its_id = NULL;

  if (found != NULL)
    g_assert_true (g_variant_lookup (found, "id", "&s", &its_id));
  g_assert_cmpstr (its_id, ==, id);
}

static void
test_find (void)
{
  g_autoptr (GVariant) templates = make_templates ();

  assert_found (templates, "ssh", "ssh");
  assert_found (templates, "grafana", "grafana");
  /* Not the first of the kind, but the plain one. */
  assert_found (templates, "http", "web");
  assert_found (templates, "gopher", NULL);
  assert_found (templates, "", NULL);
  assert_found (templates, NULL, NULL);
  assert_found (NULL, "ssh", NULL);
}

static void
assert_ports (GVariant *templates, const char *kind, guint16 first, guint16 second, guint n)
{
  g_autoptr (GVariant) template = peerup_use_find_template (templates, kind);
  guint16 ports[PEERUP_USE_N_PORTS];

  g_assert_cmpuint (peerup_use_list_ports (template, ports), ==, n);
  g_assert_cmpuint (ports[0], ==, first);
  if (n > 1)
    g_assert_cmpuint (ports[1], ==, second);
  g_assert_cmpuint (ports[n - 1], ==, 0);
}

static void
test_ports (void)
{
  g_autoptr (GVariant) templates = make_templates ();

  assert_ports (templates, "ssh", 2222, 0, 2);
  assert_ports (templates, "web", 8080, 0, 2);
  assert_ports (templates, "grafana", 3000, 13000, 3);
  assert_ports (templates, "big", 60000, 0, 2);
  assert_ports (templates, "none", 0, 0, 1);
  assert_ports (templates, "gopher", 0, 0, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device/use/fill", test_fill);
  g_test_add_func ("/app/device/use/address", test_address);
  g_test_add_func ("/app/device/use/find", test_find);
  g_test_add_func ("/app/device/use/ports", test_ports);
  return g_test_run ();
}
