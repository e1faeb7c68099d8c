/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The kernel's lists, as they are and as they might be. */
#include "templates/peerup-listeners.h"

#include <string.h>

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
#define REST  " 00000000:00000000 00:00000000 00000000     0        0 "

#if G_BYTE_ORDER == G_LITTLE_ENDIAN
static const char tcp[] = TITLE "   0: 0100007F:0016 00000000:0000 0A" REST "100 1 0 100 0 0 10 0\n"
                                "   1: 00000000:1F90 00000000:0000 0A" REST "101 1 0 100 0 0 10 0\n"
                                "   2: 0A01A8C0:1F91 00000000:0000 0A" REST "102 1 0 100 0 0 10 0\n"
                                "   3: 3500007F:0035 00000000:0000 0A" REST "103 1 0 100 0 0 10 0\n"
                                "   4: 00000000:0BB8 00000000:0000 0A" REST "105 1 0 100 0 0 10 0\n"
                                "   5: 0100007F:0017 0100007F:9999 01" REST "104 1 0 100 0 0 10 0\n"
                                "   6: 0100007F:0018 0100007F:9999 06" REST "106 1 0 100 0 0 10 0\n";
static const char tcp6[] = TITLE "   0: 00000000000000000000000000000000:1F90 0:0 0A" REST "200 1\n"
                                 "   1: 00000000000000000000000001000000:0019 0:0 0A" REST "201 1\n"
                                 "   2: 0000000000000000FFFF00000100007F:0050 0:0 0A" REST "202 1\n"
                                 "   3: 000080FE00000000FF00000001000000:0051 0:0 0A" REST "203 1\n";
#endif

/* Whether there may be more. */
static gboolean
add (GArray *listeners, const char *table, GHashTable *own)
{
  g_autofree char *text = g_strdup (table);
  gboolean more;
  gsize taken = peerup_listeners_add (listeners, text, own, &more);

  g_assert_cmpuint (taken, <=, strlen (table));
  if (taken > 0)
    g_assert_cmpint (table[taken - 1], ==, '\n');
  return more;
}

static void
assert_listener (GArray *listeners, guint i, const char *probe, const char *host, guint16 port)
{
  const PeerupListener *listener = &g_array_index (listeners, PeerupListener, i);

  g_assert_cmpuint (i, <, listeners->len);
  g_assert_cmpstr (listener->probe, ==, probe);
  g_assert_cmpstr (listener->host, ==, host);
  g_assert_cmpuint (listener->port, ==, port);
}

static void
test_tables (void)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GHashTable) own = g_hash_table_new (g_int64_hash, g_int64_equal);
  guint64 inode = 105;

  g_hash_table_add (own, &inode);
  g_assert_false (add (listeners, tcp, own));
  g_assert_true (add (listeners, tcp6, own));
  g_assert_cmpuint (listeners->len, ==, 5);
  assert_listener (listeners, 0, "127.0.0.1", "localhost", 22);
  assert_listener (listeners, 1, "127.0.0.1", "localhost", 8080);
  assert_listener (listeners, 2, "127.0.0.53", "127.0.0.53", 53);
  assert_listener (listeners, 3, "::1", "localhost", 25);
  assert_listener (listeners, 4, "127.0.0.1", "localhost", 80);
  g_assert_true (peerup_listeners_have (listeners, "LOCALHOST", 22));
  g_assert_true (peerup_listeners_have (listeners, "::1", 25));
  g_assert_true (peerup_listeners_have (listeners, "127.0.0.53", 53));
  g_assert_false (peerup_listeners_have (listeners, "127.0.0.1", 53));
  g_assert_false (peerup_listeners_have (listeners, "127.0.0.1", 25));
  g_assert_true (peerup_listeners_have (listeners, "::1", 8080));
  g_assert_false (peerup_listeners_have (listeners, "::1", 22));
  g_assert_false (peerup_listeners_have (listeners, "localhost", 23));
  g_assert_false (peerup_listeners_have (listeners, "localhost", 3000));
#else
  g_test_skip ("The samples are of a little-endian machine");
#endif
}

static void
test_odd_tables (void)
{
  static const char *const odd[] = { "",
                                     "\n\n",
                                     "garbage",
                                     "0: 0100007F:0000 0:0 0A" REST "1\n",
                                     "0: 0100007F:10000 0:0 0A" REST "1\n",
                                     "0: 0100007:0016 0:0 0A" REST "1\n",
                                     "0: 0100007G:0016 0:0 0A" REST "1\n",
                                     "0: 0100007F 0:0 0A" REST "1\n",
                                     "0: 0100007F:0016 0:0 0A" REST "x\n",
                                     "0: 0100007F:0016 0:0 0A 0 0 0 0 0\n" };
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));

  for (gsize i = 0; i < G_N_ELEMENTS (odd); i++)
    g_assert_true (add (listeners, odd[i], NULL));
  g_assert_cmpuint (listeners->len, ==, 0);
}

static void
test_many (void)
{
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GString) table = g_string_new (NULL);

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (table, "%u: 00000000:%04X 0:0 0A" REST "%u\n", i, i + 1, i);
  g_assert_true (add (listeners, table->str, NULL));
  g_assert_cmpuint (listeners->len, ==, PEERUP_LISTENERS_MAX);
}

/* What comes in pieces, cut anywhere, is the same. */
static void
test_pieces (void)
{
#if G_BYTE_ORDER == G_LITTLE_ENDIAN
  for (gsize cut = 0; cut <= strlen (tcp); cut++)
    {
      g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
      g_autofree char *text = g_strndup (tcp, cut);
      gboolean more;
      gsize taken = peerup_listeners_add (listeners, text, NULL, &more);

      if (more)
        add (listeners, tcp + taken, NULL);
      g_assert_cmpuint (listeners->len, ==, 4);
    }
#else
  g_test_skip ("The samples are of a little-endian machine");
#endif
}

/* The kernel names those that listen first: no connection is before one of them. */
static void
test_order (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree char *table = NULL;
  guint n_listening = 0, n_others = 0;

  g_assert_true (
    g_socket_listener_add_address (listener, any, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &bound, NULL));
  connection = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (bound), NULL, NULL);
  g_assert_nonnull (connection);
  g_assert_true (g_file_get_contents ("/proc/self/net/tcp", &table, NULL, NULL));
  lines = g_strsplit (table, "\n", -1);
  for (guint i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++)
    if (strstr (lines[i], " 0A ") == NULL)
      n_others++;
    else
      {
        g_assert_cmpuint (n_others, ==, 0);
        n_listening++;
      }
  g_assert_cmpuint (n_listening, >, 0);
  g_assert_cmpuint (n_others, >, 0);
}

/* A port of this process is none that is found. */
static void
test_real (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) listeners = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_assert_cmpuint (port, >, 0);
  listeners = peerup_listeners_read (FALSE, &error);
  g_assert_no_error (error);
  g_assert_false (peerup_listeners_have (listeners, "localhost", port));
  g_clear_pointer (&listeners, g_array_unref);
  listeners = peerup_listeners_read (TRUE, &error);
  g_assert_no_error (error);
  g_assert_true (peerup_listeners_have (listeners, "localhost", port));
}

static void
test_local (void)
{
  g_assert_true (peerup_listeners_is_local ("localhost"));
  g_assert_true (peerup_listeners_is_local ("127.0.0.1"));
  g_assert_false (peerup_listeners_is_local ("127.1.2.3"));
  g_assert_true (peerup_listeners_is_local ("::1"));
  g_assert_false (peerup_listeners_is_local ("192.168.1.1"));
  g_assert_false (peerup_listeners_is_local ("nas"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/templates/listeners/tables", test_tables);
  g_test_add_func ("/templates/listeners/odd-tables", test_odd_tables);
  g_test_add_func ("/templates/listeners/many", test_many);
  g_test_add_func ("/templates/listeners/pieces", test_pieces);
  g_test_add_func ("/templates/listeners/order", test_order);
  g_test_add_func ("/templates/listeners/real", test_real);
  g_test_add_func ("/templates/listeners/local", test_local);
  return g_test_run ();
}
