/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Engines in threads of their own: they go on while this thread does nothing, and all that they say comes here.
 */
#include <gio/gio.h>
#include <unistd.h>

#include "../engine/home.h"
#include "client/peerup-client.h"
#include "control/peerup-control-errors.h"

#define ENOUGH ((guint64) 16 * 1024 * 1024)

typedef void (*Body) (Home *home);

typedef struct
{
  Body body;
  Home *home;
} Run;

static DexFuture *
run_fiber (gpointer data)
{
  const Run *run = data;

  run->body (run->home);
  return dex_future_new_true ();
}

static void
run_test (gconstpointer data)
{
  g_autoptr (Home) home = home_new ();
  Run run = { (Body) (void (*) (void)) data, home };

  g_assert_true (await_true (dex_scheduler_spawn (NULL, 512 * 1024, run_fiber, &run, NULL), NULL));
}

static PeerupClient *
embed (Home *home)
{
  g_autoptr (GError) error = NULL;
  PeerupClient *client = dex_await_object (peerup_client_embed_threaded (home->config, PEERUP_ENGINE_DEFAULT), &error);

  g_assert_no_error (error);
  g_assert_true (peerup_client_is_embedded (client));
  return client;
}

static void
close_client (PeerupClient *client)
{
  g_assert_true (dex_await (peerup_client_close (client, NULL), NULL));
  g_assert_true (dex_await (peerup_client_wait_closed (client), NULL));
  g_assert_finalize_object (client);
}

static GVariant *
call (PeerupClient *client, const char *method, GVariant *parameters)
{
  GDBusProxy *proxy = G_DBUS_PROXY (peerup_client_get_proxy (client));
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GError) error = NULL;

  g_dbus_proxy_call (proxy, method, parameters, G_DBUS_CALL_FLAGS_NONE, -1, dex_promise_get_cancellable (promise),
                     peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), NULL);
  answer = g_dbus_proxy_call_finish (proxy, result, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&answer);
}

static void
tell (PeerupClient *client, const char *method, GVariant *parameters)
{
  g_autoptr (GVariant) answer = call (client, method, parameters);

  g_assert_nonnull (answer);
}

/* The service behind the tunnel, and who writes into it: plain threads with plain sockets. */

static guint64 n_received; /* atomic */

static gpointer
sink_thread (gpointer data)
{
  GSocket *listening = data;
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, NULL);
  char *buffer = g_malloc (64 * 1024);
  gssize n;

  g_assert_nonnull (socket);
  while ((n = g_socket_receive (socket, buffer, 64 * 1024, NULL, NULL)) > 0)
    __atomic_add_fetch (&n_received, (guint64) n, __ATOMIC_RELAXED);
  g_free (buffer);
  return NULL;
}

/* Until the other side ends. */
static gpointer
source_thread (gpointer data)
{
  GSocket *socket = data;
  char *buffer = g_malloc0 (64 * 1024);

  while (g_socket_send (socket, buffer, 64 * 1024, NULL, NULL) > 0)
    continue;
  g_free (buffer);
  return NULL;
}

static GSocket *
socket_new (guint16 port, gboolean listen)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  if (listen)
    g_assert_true (g_socket_bind (socket, address, FALSE, &error) && g_socket_listen (socket, &error));
  else
    g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return socket;
}

static guint16
get_port (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

/* @client's way to "sink" of @peer. */
static GSocket *
connect_forward (PeerupClient *client, const char *peer)
{
  g_autoptr (GVariant) answer =
    call (client, "AddForward",
          g_variant_new ("(sss@a{sv})", peer, "sink", "127.0.0.1:0", g_variant_new ("a{sv}", NULL)));
  const char *id, *address;

  g_variant_get (answer, "(&s&s)", &id, &address);
  return socket_new ((guint16) g_ascii_strtoull (strrchr (address, ':') + 1, NULL, 10), FALSE);
}

/* Blocks this thread, its main loop with it, for two seconds and until enough has come through. */
static void
assert_goes_on (void)
{
  guint64 before = __atomic_load_n (&n_received, __ATOMIC_RELAXED);

  for (guint i = 0; i < 30; i++)
    {
      g_usleep (2 * G_USEC_PER_SEC);
      if (__atomic_load_n (&n_received, __ATOMIC_RELAXED) - before >= ENOUGH)
        break;
    }
  g_assert_cmpuint (__atomic_load_n (&n_received, __ATOMIC_RELAXED) - before, >=, ENOUGH);
}

static void
tunnel (Home *home, const char *listen)
{
  g_autoptr (Home) other = home_new ();
  g_autoptr (GSocket) sink = socket_new (0, TRUE);
  g_autoptr (GSocket) source = NULL;
  g_autoptr (PeerupClient) far = NULL;
  g_autoptr (PeerupClient) near = NULL;
  g_autofree char *address = g_strdup_printf ("127.0.0.1:%u", get_port (sink));
  GThread *receiving = g_thread_new ("sink", sink_thread, sink);
  GThread *sending;

  home_listen (other, listen);
  home_authorize (other, home);
  far = embed (other);
  near = embed (home);
  tell (far, "Expose", g_variant_new ("(ss@a{sv})", "sink", address, g_variant_new ("a{sv}", NULL)));
  tell (near, "Connect",
        g_variant_new ("(s)", peerup_dbus_engine1_get_listen_addresses (peerup_client_get_proxy (far))[0]));
  tell (near, "Ping", g_variant_new ("(s)", home_get_id (other)));
  source = connect_forward (near, home_get_id (other));
  sending = g_thread_new ("source", source_thread, source);
  assert_goes_on ();
  g_socket_shutdown (source, TRUE, TRUE, NULL);
  g_thread_join (sending);
  close_client (g_steal_pointer (&near));
  close_client (g_steal_pointer (&far));
  g_thread_join (receiving);
}

/* The second time is in the threads of the first. */
static void
body_tunnel_quic (Home *home)
{
  for (guint i = 0; i < 2; i++)
    tunnel (home, "/ip4/127.0.0.1/udp/0/quic-v1");
}

static void
body_tunnel_tcp (Home *home)
{
  for (guint i = 0; i < 2; i++)
    tunnel (home, "/ip4/127.0.0.1/tcp/0");
}

/* Properties */

static void
on_deadline (GObject *proxy, GParamSpec *pspec, gpointer promise)
{
  g_assert_true (g_main_context_is_owner (g_main_context_default ()));
  if (dex_future_is_pending (DEX_FUTURE (promise)))
    dex_promise_resolve_int64 (promise, peerup_dbus_engine1_get_config_deadline (PEERUP_DBUS_ENGINE1 (proxy)));
}

static void
body_properties_change_here (Home *home)
{
  g_autoptr (PeerupClient) client = embed (home);
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *told = dex_promise_new ();
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *text = NULL;
  g_autofree char *changed = NULL;

  g_assert_cmpstr (peerup_dbus_engine1_get_state (proxy), ==, "running");
  g_assert_cmpstr (peerup_dbus_engine1_get_peer_id (proxy), ==, home_get_id (home));
  g_assert_cmpint (peerup_dbus_engine1_get_config_deadline (proxy), ==, 0);
  g_assert_true (g_file_get_contents (home->config, &text, NULL, NULL));
  changed = g_strconcat (text, "# another one\n", NULL);
  g_signal_connect_data (proxy, "notify::config-deadline", G_CALLBACK (on_deadline), dex_ref (told),
                         (GClosureNotify) (void (*) (void)) dex_unref, 0);
  g_variant_builder_add (&options, "{sv}", "confirm_timeout", g_variant_new_int64 (600));
  tell (client, "ApplyConfig", g_variant_new ("(sa{sv})", changed, &options));
  g_assert_cmpint (dex_await_int64 (DEX_FUTURE (told), NULL), >, 0);
  tell (client, "ConfirmConfig", NULL);
  close_client (g_steal_pointer (&client));
}

/* The ends */

static void
body_start_fails (Home *home)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  home_configure (home, "network: []\n");
  client = dex_await_object (peerup_client_embed_threaded (home->config, PEERUP_ENGINE_DEFAULT), &error);
  g_assert_null (client);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

/* A caller who will not wait gets the same end; a second one finds nothing left to close. */
static void
body_close_cancelled (Home *home)
{
  g_autoptr (PeerupClient) client = embed (home);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  g_assert_true (dex_await (peerup_client_close (client, cancellable), NULL));
  g_assert_true (dex_await (peerup_client_close (client, NULL), NULL));
  g_assert_finalize_object (g_steal_pointer (&client));
}

/* One that is dropped stops, and its home serves the next. */
static void
body_dropped (Home *home)
{
  PeerupClient *client = embed (home);

  g_assert_finalize_object (client);
  client = embed (home);
  close_client (client);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
#define ADD(name, body) g_test_add_data_func ("/client-thread/" name, (gconstpointer) (void (*) (void)) body, run_test)
  ADD ("properties", body_properties_change_here);
  ADD ("start-fails", body_start_fails);
  ADD ("close-cancelled", body_close_cancelled);
  ADD ("dropped", body_dropped);
  ADD ("tunnel-quic", body_tunnel_quic);
  ADD ("tunnel-tcp", body_tunnel_tcp);
  return g_test_run ();
}
