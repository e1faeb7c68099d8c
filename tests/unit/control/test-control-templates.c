/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* FindServices and ListTemplates, and the health of services as ListServices tells it. */
#include <glib-unix.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../engine/home.h"
#include "control/peerup-control-call.h"
#include "engine/peerup-service-health.h"
#include "templates/peerup-listeners.h"

static gboolean alone;

typedef struct
{
  Home *home;
  PeerupEngine *engine;
  PeerupControl *control;
  PeerupCaller *caller;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->home = home_new ();
  home_configure (self->home, "");
  self->engine = peerup_engine_new (self->home->config, PEERUP_ENGINE_DEFAULT);
  g_assert_true (await_true (peerup_engine_start (self->engine), NULL));
  self->control = peerup_control_new (self->engine);
  self->caller = peerup_caller_new ("dbus", FALSE);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_caller_leave (self->caller);
  g_object_unref (self->caller);
  g_assert_true (await_true (peerup_engine_stop (self->engine, NULL), NULL));
  peerup_control_close (self->control);
  g_assert_finalize_object (self->control);
  g_object_unref (self->engine);
  home_free (self->home);
}

static GVariant *
ask (Fixture *self, const char *name, GVariant *parameters)
{
  DexFuture *future = peerup_control_invoke (self->control, self->caller, peerup_operations_find (name), parameters);
  g_autoptr (GError) error = NULL;
  const GValue *value;
  GVariant *answer;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  value = dex_future_get_value (future, &error);
  g_assert_no_error (error);
  answer = g_value_dup_variant (value);
  dex_unref (future);
  return answer;
}

static GVariant *
list (Fixture *self, const char *name)
{
  g_autoptr (GVariant) answer = ask (self, name, g_variant_new ("()"));

  return g_variant_get_child_value (answer, 0);
}

static void
test_templates (Fixture *self, gconstpointer data)
{
  g_autoptr (GVariant) templates = list (self, "ListTemplates");
  gboolean seen = FALSE;

  for (gsize i = 0; i < g_variant_n_children (templates); i++)
    {
      g_autoptr (GVariant) dict = g_variant_get_child_value (templates, i);
      g_autoptr (GVariant) ports = NULL;
      const char *id, *use;

      g_assert_true (g_variant_lookup (dict, "id", "&s", &id) && g_variant_lookup (dict, "use", "&s", &use));
      if (!g_str_equal (id, "ssh"))
        continue;
      seen = TRUE;
      ports = g_variant_lookup_value (dict, "ports", G_VARIANT_TYPE ("au"));
      g_assert_cmpuint (g_variant_n_children (ports), ==, 1);
      g_assert_cmpstr (use, ==, "ssh -p {port} {host}");
    }
  g_assert_true (seen);
}

/* Nothing but this process runs in its network, and its own ports are not told. */
static void
test_find (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 own = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autoptr (GVariant) found = NULL;

  if (!alone)
    {
      g_test_skip ("It would speak to the servers of other tests: a network of its own needs root");
      return;
    }
  found = list (self, "FindServices");
  g_assert_cmpuint (own, >, 0);
  g_assert_cmpuint (g_variant_n_children (found), ==, 0);
}

/* A server in a process of its own, which takes each connection with a byte to the pipe and says nothing. */
typedef struct
{
  pid_t pid;
  int taken;
  guint n;
} Mute;

static void
mute_begin (Mute *self, GSocket *socket)
{
  int ends[2];

  g_assert_cmpint (pipe (ends), ==, 0);
  g_assert_true (g_unix_set_fd_nonblocking (g_socket_get_fd (socket), FALSE, NULL));
  self->n = 0;
  self->pid = fork ();
  g_assert_cmpint (self->pid, >=, 0);
  if (self->pid == 0)
    while (accept (g_socket_get_fd (socket), NULL, NULL) >= 0 && write (ends[1], "x", 1) == 1)
      ;
  if (self->pid == 0)
    _exit (0);
  close (ends[1]);
  self->taken = ends[0];
  g_assert_true (g_unix_set_fd_nonblocking (self->taken, TRUE, NULL));
  g_socket_close (socket, NULL);
}

static guint
mute_count (Mute *self)
{
  char bytes[256];
  gssize n;

  while ((n = read (self->taken, bytes, sizeof bytes)) > 0)
    self->n += (guint) n;
  return self->n;
}

static void
mute_end (Mute *self)
{
  kill (self->pid, SIGKILL);
  g_assert_cmpint (waitpid (self->pid, NULL, 0), ==, self->pid);
  close (self->taken);
}

static DexFuture *
begin_find (Fixture *self, PeerupCaller *caller)
{
  return peerup_control_invoke (self->control, caller, peerup_operations_find ("FindServices"), g_variant_new ("()"));
}

/* Many ask, and the first of them leaves: there is one search, and another who asks soon after gets what it found. */
static void
test_find_shared (Fixture *self, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (PeerupCaller) leaver = peerup_caller_new ("dbus", FALSE);
  DexFuture *left, *stay[20];
  Mute mute;
  guint n;

  if (!alone)
    {
      g_test_skip ("It would speak to the servers of other tests: a network of its own needs root");
      return;
    }
  g_assert_true (g_socket_bind (socket, any, TRUE, NULL) && g_socket_listen (socket, NULL));
  mute_begin (&mute, socket);
  left = begin_find (self, leaver);
  for (gsize i = 0; i < G_N_ELEMENTS (stay); i++)
    stay[i] = begin_find (self, self->caller);
  peerup_caller_leave (leaver);
  while (peerup_caller_get_n_calls (self->caller) > 0 || peerup_caller_get_n_calls (leaver) > 0)
    g_main_context_iteration (NULL, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (stay); i++)
    {
      g_autoptr (GVariant) answer = g_value_dup_variant (dex_future_get_value (stay[i], NULL));
      g_autoptr (GVariant) found = g_variant_get_child_value (answer, 0);

      g_assert_cmpuint (g_variant_n_children (found), ==, 1);
      dex_unref (stay[i]);
    }
  /* It was listened to, and asked for a page. */
  n = mute_count (&mute);
  g_assert_cmpuint (n, >=, 1);
  g_assert_cmpuint (n, <=, 2);
  g_variant_unref (list (self, "FindServices"));
  g_assert_cmpuint (mute_count (&mute), <=, 2);
  dex_unref (left);
  mute_end (&mute);
}

static void
test_find_left (Fixture *self, gconstpointer data)
{
  DexFuture *future;

  if (!alone)
    {
      g_test_skip ("It would speak to the servers of other tests: a network of its own needs root");
      return;
    }
  future = begin_find (self, self->caller);
  peerup_caller_leave (self->caller);
  while (dex_future_is_pending (future) || peerup_caller_get_n_calls (self->caller) > 0)
    g_main_context_iteration (NULL, TRUE);
  dex_unref (future);
}

/* What ListServices says of it, as soon as that is known: no look is waited for longer than a second. */
static void
assert_health (Fixture *self, const char *name, const char *health, const char *text)
{
  for (;;)
    {
      g_autoptr (GVariant) services = list (self, "ListServices");
      const char *other, *is = NULL, *words = NULL;

      for (gsize i = 0; i < g_variant_n_children (services); i++)
        {
          g_autoptr (GVariant) dict = g_variant_get_child_value (services, i);

          g_assert_true (g_variant_lookup (dict, "name", "&s", &other));
          if (g_str_equal (name, other))
            g_assert_true (g_variant_lookup (dict, "health", "&s", &is) &&
                           g_variant_lookup (dict, "health_text", "&s", &words));
        }
      g_assert_nonnull (is);
      if (g_str_equal (is, "unknown") && words[0] == '\0')
        continue;
      g_assert_cmpstr (is, ==, health);
      g_assert_cmpstr (words, ==, text);
      return;
    }
}

static void
expose (Fixture *self, const char *name, const char *host, guint16 port)
{
  g_autofree char *address = g_strdup_printf ("%s:%u", host, port);
  g_autoptr (GVariant) answer = ask (self, "Expose", g_variant_new ("(ssa{sv})", name, address, NULL));
}

static gboolean
connects (GSocketListener *listener)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GSocketConnection) connection = NULL;

  g_cancellable_cancel (cancelled);
  connection = g_socket_listener_accept (listener, NULL, cancelled, NULL);
  return connection != NULL;
}

/* On the loopback nobody is disturbed; at another address a connection shows it. */
static void
test_health (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *here = g_strdup_printf ("Nothing answers on port %u", port);
  g_autofree char *there = g_strdup_printf ("Nothing answers on port %u of 127.0.0.7", port);

  expose (self, "near", "localhost", port);
  assert_health (self, "near", "answers", "");
  g_assert_false (connects (listener));
  expose (self, "far", "127.0.0.7", port);
  assert_health (self, "far", "answers", "");

  g_socket_listener_close (listener);
  g_clear_object (&listener);
  expose (self, "near-gone", "127.0.0.1", port);
  assert_health (self, "near-gone", "silent", here);
  expose (self, "far-gone", "127.0.0.7", port);
  assert_health (self, "far-gone", "silent", there);
  /* What has gone since is seen when it is asked again, a second later. */
  while (g_str_equal (peerup_service_get_health (peerup_service_set_find (self->engine->services, "near")), "answers"))
    {
      g_autoptr (GVariant) services = list (self, "ListServices");

      g_assert_nonnull (services);
    }
  assert_health (self, "near", "silent", here);
}

/* How old what is known may be. */
static void
test_health_age (Fixture *self, gconstpointer data)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  gint64 begin = g_get_monotonic_time ();
  PeerupService *near, *far, *gone;
  gint64 end;

  expose (self, "near", "localhost", port);
  expose (self, "far", "127.0.0.7", port);
  assert_health (self, "near", "answers", "");
  assert_health (self, "far", "answers", "");
  g_socket_listener_close (listener);
  expose (self, "gone", "127.0.0.8", port);
  near = peerup_service_set_find (self->engine->services, "near");
  far = peerup_service_set_find (self->engine->services, "far");
  gone = peerup_service_set_find (self->engine->services, "gone");
  while (g_str_equal (peerup_service_get_health (gone), "unknown"))
    g_main_context_iteration (NULL, TRUE);
  end = g_get_monotonic_time ();
  g_assert_false (peerup_service_health_is_due (near, begin + G_USEC_PER_SEC - 1));
  g_assert_true (peerup_service_health_is_due (near, end + G_USEC_PER_SEC));
  g_assert_false (peerup_service_health_is_due (gone, begin + 10 * (gint64) G_USEC_PER_SEC - 1));
  g_assert_true (peerup_service_health_is_due (gone, end + 10 * (gint64) G_USEC_PER_SEC));
  g_assert_false (peerup_service_health_is_due (far, begin + 60 * (gint64) G_USEC_PER_SEC - 1));
  g_assert_true (peerup_service_health_is_due (far, end + 60 * (gint64) G_USEC_PER_SEC));
}

/* Nobody asks, but a session fails. */
static void
test_health_doubt (Fixture *self, gconstpointer data)
{
  static const char *const names[] = { "near", "far" };
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  expose (self, "near", "localhost", port);
  expose (self, "far", "127.0.0.7", port);
  assert_health (self, "near", "answers", "");
  assert_health (self, "far", "answers", "");
  g_socket_listener_close (listener);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      PeerupService *service = peerup_service_set_find (self->engine->services, names[i]);

      g_signal_emit_by_name (service, "failed", peerup_engine_get_peer_id (self->engine), "No answer");
      while (!g_str_equal (peerup_service_get_health (service), "silent"))
        g_main_context_iteration (NULL, TRUE);
    }
}

/* What the kernel does not name as listening may answer all the same, as where a rule of the firewall leads elsewhere;
 * here it is one more than are counted. */
static void
test_health_unlisted (Fixture *self, gconstpointer data)
{
  struct rlimit files = { 8192, 8192 };
  g_autoptr (GArray) listeners = NULL;
  g_autoptr (GPtrArray) many = g_ptr_array_new_with_free_func (g_object_unref);
  guint16 port = 0;

  if (!alone)
    {
      g_test_skip ("It takes a thousand ports: a network of its own needs root");
      return;
    }
  if (setrlimit (RLIMIT_NOFILE, &files) != 0)
    {
      g_test_skip ("It takes thousands of files, which are not allowed here");
      return;
    }
  do
    {
      g_autoptr (GSocketListener) listener = g_socket_listener_new ();

      for (guint i = 0; i < 100; i++)
        port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
      g_ptr_array_add (many, g_steal_pointer (&listener));
      g_clear_pointer (&listeners, g_array_unref);
      listeners = peerup_listeners_read (TRUE, NULL);
    }
  while (port != 0 && peerup_listeners_have (listeners, "localhost", port));
  g_assert_cmpuint (port, >, 0);
  expose (self, "unlisted", "localhost", port);
  assert_health (self, "unlisted", "answers", "");
}

/* One that never answers holds the list for a second at most, and is silent in the end. */
static void
test_health_black_hole (Fixture *self, gconstpointer data)
{
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string ("127.0.0.7");
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (address, 0);
  g_autoptr (GSocket) socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GPtrArray) fill = g_ptr_array_new_with_free_func (g_object_unref);
  guint16 port;

  /* A queue that is full answers nobody. */
  g_socket_set_listen_backlog (socket, 0);
  g_assert_true (g_socket_bind (socket, any, TRUE, NULL) && g_socket_listen (socket, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  port = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  for (guint i = 0; i < 4; i++)
    {
      GSocket *one = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, 0, NULL);

      g_socket_set_blocking (one, FALSE);
      g_socket_connect (one, bound, NULL, NULL);
      g_ptr_array_add (fill, one);
    }
  expose (self, "hole", "127.0.0.7", port);
  g_variant_unref (list (self, "ListServices"));
  while (!g_str_equal (peerup_service_get_health (peerup_service_set_find (self->engine->services, "hole")), "silent"))
    g_main_context_iteration (NULL, TRUE);
}

/* In a network where nothing else is. */
static gboolean
be_alone (void)
{
  struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
  g_autoptr (GSocket) socket = NULL;

  if (unshare (CLONE_NEWNET) != 0)
    return FALSE;
  socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM, 0, NULL);
  g_assert_cmpint (ioctl (g_socket_get_fd (socket), SIOCSIFFLAGS, &request), ==, 0);
  return TRUE;
}

int
main (int argc, char **argv)
{
  alone = be_alone ();
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func) g_test_add ("/control/templates/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("templates", test_templates);
  ADD ("find", test_find);
  ADD ("find-shared", test_find_shared);
  ADD ("find-left", test_find_left);
  ADD ("health", test_health);
  ADD ("health-age", test_health_age);
  ADD ("health-doubt", test_health_doubt);
  ADD ("health-unlisted", test_health_unlisted);
  ADD ("health-black-hole", test_health_black_hole);
  return g_test_run ();
}
