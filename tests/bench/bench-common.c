/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the benchmark programs have in common: a swarm to try things on, and a main loop
 * that runs until something has happened. Everything is in the main thread. */

#include "bench-common.h"

#include <glib-unix.h>
#include <sys/resource.h>
#include <unistd.h>

#include "transport/peerup-reactor.h"

gboolean
bench_is_quic (const char *kind)
{
  return kind != NULL && g_str_has_prefix (kind, "quic");
}

/* Everybody here comes from one address, faster than anybody in good faith. */
static void
lift_limits (PeerupSwarm *swarm)
{
  static const PeerupLimitsMachine large = { G_GUINT64_CONSTANT (1) << 40, 1 << 20, 64 };
  PeerupLimitsSettings settings;

  peerup_limits_settings_init_relaxed (&settings, &large);
  peerup_limits_set_settings (peerup_swarm_get_limits (swarm), &settings);
}

PeerupSwarm *
bench_swarm_new (const char *kind, GError **error)
{
  static const char *const tls[] = { "/tls/1.0.0", NULL };
  static const char *const noise[] = { "/noise", NULL };
  static const char *const kinds[] = { "tls", "noise", "ws", "quic", "quic-bbr", NULL };
  g_autoptr (PeerupPrivateKey) key = NULL;
  PeerupSwarm *swarm;

  if (kind != NULL && !g_strv_contains (kinds, kind))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s: use tls, noise, ws, quic or quic-bbr", kind);
      return NULL;
    }
  key = peerup_private_key_generate (error);
  swarm = key != NULL ? peerup_swarm_new (key, error) : NULL;
  if (swarm == NULL)
    return NULL;
  lift_limits (swarm);
  peerup_swarm_set_securities (swarm, g_strcmp0 (kind, "noise") == 0 ? noise : tls);
  peerup_swarm_set_congestion (swarm, g_strcmp0 (kind, "quic-bbr") == 0 ? PEERUP_QUIC_BBR : PEERUP_QUIC_CUBIC);
  return swarm;
}

char *
bench_swarm_listen (PeerupSwarm *swarm, const char *kind, const char *host, GError **error)
{
  const char *way = bench_is_quic (kind) ? "udp/0/quic-v1" : g_strcmp0 (kind, "ws") == 0 ? "tcp/0/ws" : "tcp/0";
  g_autofree char *text = g_strdup_printf ("/ip4/%s/%s", host != NULL ? host : "127.0.0.1", way);
  g_autoptr (PeerupMultiaddr) any = peerup_multiaddr_new_from_string (text, error);
  g_autoptr (GPtrArray) addresses = NULL;

  if (any == NULL || !bench_await (peerup_swarm_listen (swarm, any), error))
    return NULL;
  addresses = peerup_swarm_dup_listen_addresses (swarm);
  return g_strdup_printf ("%s/p2p/%s", peerup_multiaddr_get_string (addresses->pdata[0]),
                          peerup_peer_id_get_string (peerup_swarm_get_peer_id (swarm)));
}

PeerupPeerId *
bench_swarm_add_peer (PeerupSwarm *swarm, const char *multiaddr, GError **error)
{
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_new_from_string (multiaddr, error);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  PeerupPeerId *peer;

  if (address == NULL)
    return NULL;
  peer = peerup_multiaddr_dup_peer_id (address);
  if (peer == NULL)
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s does not end in /p2p/PEERID", multiaddr);
      return NULL;
    }
  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (swarm, peer, addresses);
  return peer;
}

gboolean
bench_await (DexFuture *future, GError **error)
{
  g_autoptr (DexFuture) held = future;

  while (dex_future_is_pending (held))
    g_main_context_iteration (NULL, TRUE);
  return dex_future_get_value (held, error) != NULL;
}

void
bench_rest (gint64 duration)
{
  /* A timeout is a future that fails. */
  gboolean waited = !bench_await (dex_timeout_new_usec (duration), NULL);

  g_assert (waited);
}

static void
print_dispatches (const char *name, PeerupReactorClock clock)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  guint64 counts[PEERUP_REACTOR_BUCKETS];

  peerup_reactor_get_histogram (reactor, clock, counts);
  g_print ("\"%s\": [", name);
  for (guint i = 0; i < PEERUP_REACTOR_BUCKETS; i++)
    g_print ("%s[%u, %" G_GUINT64_FORMAT "]", i > 0 ? ", " : "",
             i + 1 < PEERUP_REACTOR_BUCKETS ? PEERUP_REACTOR_BUCKET << i : 0, counts[i]);
  g_print ("]");
}

void
bench_print_dispatches (void)
{
  g_print ("{");
  print_dispatches ("elapsed", PEERUP_REACTOR_ELAPSED);
  g_print (", ");
  print_dispatches ("processor", PEERUP_REACTOR_PROCESSOR);
  g_print ("}\n");
}

static gboolean
on_input (int fd, GIOCondition condition, gpointer data)
{
  char buffer[256];

  if (read (fd, buffer, sizeof buffer) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
on_signal (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

void
bench_run_until_told (void)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  guint sources[] = {
    g_unix_fd_add (0, G_IO_IN | G_IO_HUP, on_input, loop),
    g_unix_signal_add (SIGTERM, on_signal, loop),
    g_unix_signal_add (SIGINT, on_signal, loop),
  };

  g_main_loop_run (loop);
  for (gsize i = 0; i < G_N_ELEMENTS (sources); i++)
    if (g_main_context_find_source_by_id (NULL, sources[i]) != NULL)
      g_source_remove (sources[i]);
}

gint64
bench_get_pss (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/smaps_rollup", &text, NULL, NULL))
    return -1;
  line = strstr (text, "\nPss:");
  return line != NULL ? g_ascii_strtoll (line + strlen ("\nPss:"), NULL, 10) : -1;
}

gint64
bench_get_processor_time (void)
{
  struct rusage used;

  if (getrusage (RUSAGE_SELF, &used) != 0)
    return -1;
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * G_USEC_PER_SEC + used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

void
bench_allow_many_descriptors (void)
{
  struct rlimit limit;

  if (getrlimit (RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit (RLIMIT_NOFILE, &limit) != 0)
    g_printerr ("%s: at most %u descriptors\n", g_get_prgname (), (guint) limit.rlim_cur);
}
