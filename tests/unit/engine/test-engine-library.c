/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine as programs use the library: services exposed while it runs, events, notifications that no fiber
 * makes, and an engine that is dropped while it runs.
 */
#include <string.h>

#include "device.h"
#include "echo.h"
#include "transport/peerup-notify.h"

/* What has been heard of one engine. */
typedef struct
{
  GPtrArray *lines; /* "NAME {…}" */
  gboolean in_fiber;
} Heard;

static void
heard_clear (Heard *heard)
{
  g_ptr_array_unref (heard->lines);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Heard, heard_clear)

static void
on_event (PeerupEngine *engine, const char *name, GVariant *details, Heard *heard)
{
  g_autofree char *text = g_variant_print (details, FALSE);

  g_assert_true (g_variant_is_of_type (details, G_VARIANT_TYPE_VARDICT));
  heard->in_fiber |= peerup_notify_is_in_fiber ();
  g_ptr_array_add (heard->lines, g_strdup_printf ("%s %s", name, text));
}

static void
on_notify (GObject *object, GParamSpec *pspec, Heard *heard)
{
  heard->in_fiber |= peerup_notify_is_in_fiber ();
}

static Heard
listen_to (PeerupEngine *engine)
{
  return (Heard) { .lines = g_ptr_array_new_with_free_func (g_free) };
}

/* The address of @heard is final here. */
static void
follow (Heard *heard, PeerupEngine *engine)
{
  g_signal_connect (engine, "event", G_CALLBACK (on_event), heard);
  g_signal_connect (engine, "notify", G_CALLBACK (on_notify), heard);
}

typedef struct
{
  const Heard *heard;
  const char *words[4];
} Expected;

/* One line has all the words. */
static gboolean
is_heard (gpointer data)
{
  const Expected *expected = data;

  for (guint i = 0; i < expected->heard->lines->len; i++)
    {
      gboolean all = TRUE;

      for (guint w = 0; w < G_N_ELEMENTS (expected->words) && expected->words[w] != NULL; w++)
        all &= strstr (expected->heard->lines->pdata[i], expected->words[w]) != NULL;
      if (all)
        return TRUE;
    }
  return FALSE;
}

static void
assert_comes (const Heard *heard, const char *name, const char *word, const char *another)
{
  Expected expected = { heard, { name, word, another } };

  spin_while_not (is_heard, &expected);
}

static void
start_pair (Device *a, Device *b)
{
  Home *home_a = home_new (), *home_b = home_new ();

  home_authorize (home_a, home_b);
  *a = device_start (home_a, PEERUP_ENGINE_DEFAULT);
  *b = device_start (home_b, PEERUP_ENGINE_DIAL_ONLY);
}

static void
test_states_are_told_in_order (void)
{
  g_autoptr (PeerupEngine) engine = peerup_engine_new (NULL, PEERUP_ENGINE_DEFAULT);
  g_auto (Heard) heard = listen_to (engine);
  static const char *const states[] = { "'starting'", "'running'", "'stopping'", "'stopped'" };
  g_autoptr (GError) error = NULL;

  follow (&heard, engine);
  g_assert_true (await_true (peerup_engine_start (engine), &error));
  g_assert_true (await_true (peerup_engine_stop (engine, NULL), &error));
  assert_comes (&heard, "StateChanged", "'stopped'", NULL);
  g_assert_cmpuint (heard.lines->len, ==, G_N_ELEMENTS (states));
  for (guint i = 0; i < G_N_ELEMENTS (states); i++)
    g_assert_nonnull (strstr (heard.lines->pdata[i], states[i]));
  g_assert_false (heard.in_fiber);
}

static void
test_exposed_service_is_used (void)
{
  Device a, b;
  guint16 port;
  g_autoptr (GSocketService) server = echo_start (&port);
  g_autofree char *target = g_strdup_printf ("127.0.0.1:%u", port);
  g_auto (GStrv) addresses = NULL;
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;
  PeerupService *service;

  start_pair (&a, &b);
  g_auto (Heard) heard = listen_to (a.engine);
  g_auto (Heard) heard_b = listen_to (b.engine);

  follow (&heard, a.engine);
  follow (&heard_b, b.engine);
  addresses = peerup_engine_dup_listen_addresses (a.engine);
  service = peerup_engine_expose (a.engine, "echo", target, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (peerup_service_get_name (service), ==, "echo");
  g_assert_true (peerup_service_get_enabled (service));
  assert_comes (&heard, "ServiceChanged", "'echo'", "'enabled': <true>");
  forward = peerup_engine_add_forward (b.engine, addresses[0], "echo", "0", FALSE, &error);
  g_assert_no_error (error);
  stream = echo_connect (forward);
  echo_assert (stream, "exposed");
  assert_comes (&heard, "PeerChanged", home_get_id (b.home), "'connected'");
  assert_comes (&heard_b, "ForwardChanged", "'echo'", "'active'");
  g_assert_true (peerup_engine_unexpose (a.engine, "echo", &error));
  assert_comes (&heard, "ServiceChanged", "'echo'", "'removed': <true>");
  g_assert_cmpuint (g_list_model_get_n_items (peerup_engine_get_services (a.engine)), ==, 0);
  g_assert_false (heard.in_fiber || heard_b.in_fiber);
  g_socket_service_stop (server);
  g_socket_listener_close (G_SOCKET_LISTENER (server));
  device_stop (&b);
  device_stop (&a);
}

static gboolean
has_two_services (gpointer engine)
{
  return g_list_model_get_n_items (peerup_engine_get_services (engine)) == 2;
}

static gboolean
has_no_service (gpointer engine)
{
  return g_list_model_get_n_items (peerup_engine_get_services (engine)) == 0;
}

/* What is exposed outlives changes of the file, and a service of the file takes an exposed one over. */
static void
test_exposed_beside_the_configuration (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (peerup_engine_expose (device.engine, "one", "127.0.0.1:1", &error));
  home_configure (device.home, "services: {two: {enabled: true, local_address: \"127.0.0.1:2\"}}\n");
  spin_while_not (has_two_services, device.engine);
  g_assert_false (peerup_engine_unexpose (device.engine, "two", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_null (peerup_engine_expose (device.engine, "two", "127.0.0.1:3", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_true (peerup_engine_unexpose (device.engine, "one", &error));
  g_assert_nonnull (peerup_engine_expose (device.engine, "three", "127.0.0.1:3", &error));
  home_configure (device.home, "services: {three: {enabled: true, local_address: \"127.0.0.1:3\"},"
                               " four: {enabled: true, local_address: \"127.0.0.1:4\"}}\n");
  while (peerup_service_set_find (device.engine->services, "four") == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (peerup_engine_unexpose (device.engine, "three", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  home_configure (device.home, "");
  spin_while_not (has_no_service, device.engine);
  device_stop (&device);
}

static void
test_expose_refusals (void)
{
  Device device = device_start (home_new (), PEERUP_ENGINE_DEFAULT);
  Device dialer = device_start (home_new (), PEERUP_ENGINE_DIAL_ONLY);
  const struct
  {
    PeerupEngine *engine;
    const char *name, *address;
    PeerupError code;
  } cases[] = {
    { device.engine, "Bad Name", "127.0.0.1:1", PEERUP_ERROR_MALFORMED },
    { device.engine, "good", "nowhere", PEERUP_ERROR_MALFORMED },
    { device.engine, "good", "127.0.0.1:0", PEERUP_ERROR_MALFORMED },
    { dialer.engine, "good", "127.0.0.1:1", PEERUP_ERROR_UNSUPPORTED },
  };
  g_autoptr (PeerupEngine) stopped = peerup_engine_new (NULL, PEERUP_ENGINE_DEFAULT);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_assert_null (peerup_engine_expose (cases[i].engine, cases[i].name, cases[i].address, &error));
      g_assert_error (error, PEERUP_ERROR, (int) cases[i].code);
      g_clear_error (&error);
    }
  g_assert_null (peerup_engine_expose (stopped, "good", "127.0.0.1:1", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  g_clear_error (&error);
  g_assert_false (peerup_engine_unexpose (device.engine, "good", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
  device_stop (&dialer);
  device_stop (&device);
}

static gboolean
is_stopped (gpointer forward)
{
  return peerup_forward_get_state (forward) == PEERUP_FORWARD_STOPPED;
}

/* What a program holds on to says what became of it, to nobody who is gone. */
static void
test_forward_outlives_its_engine (void)
{
  Device a, b;
  guint16 port;
  g_autoptr (GSocketService) server = echo_start (&port);
  g_autofree char *target = g_strdup_printf ("127.0.0.1:%u", port);
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GCancellable) at_once = g_cancellable_new ();
  g_autoptr (PeerupForward) forward = NULL;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (GError) error = NULL;

  start_pair (&a, &b);
  addresses = peerup_engine_dup_listen_addresses (a.engine);
  g_assert_nonnull (peerup_engine_expose (a.engine, "echo", target, &error));
  forward = peerup_engine_add_forward (b.engine, addresses[0], "echo", "0", FALSE, &error);
  g_assert_no_error (error);
  stream = echo_connect (forward);
  echo_assert (stream, "held");
  g_cancellable_cancel (at_once);
  g_assert_true (await_true (peerup_engine_stop (b.engine, at_once), &error));
  spin_while_not (is_stopped, forward);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  /* As what is late in a fiber would. */
  g_object_notify (G_OBJECT (forward), "state");
  g_socket_service_stop (server);
  g_socket_listener_close (G_SOCKET_LISTENER (server));
  device_stop (&b);
  device_stop (&a);
}

static gboolean
is_set (gpointer flag)
{
  return g_atomic_int_get ((int *) flag);
}

/* The last reference may go in a thread of libdex. */
static void
on_gone (gpointer flag, GObject *where)
{
  g_atomic_int_set ((int *) flag, TRUE);
  g_main_context_wakeup (NULL);
}

/* By somebody who does not wait, in the loop's own thread or another. */
static gpointer
drop (gpointer engine)
{
  g_object_unref (engine);
  return NULL;
}

static void
test_dropped_while_it_runs (gconstpointer elsewhere)
{
  g_autoptr (Home) home = home_new ();
  PeerupEngine *engine = peerup_engine_new (home->config, PEERUP_ENGINE_DEFAULT);
  g_autoptr (GSocketConnection) connection = NULL;
  g_auto (GStrv) addresses = NULL;
  g_autoptr (GError) error = NULL;
  int gone = FALSE;

  g_assert_true (await_true (peerup_engine_start (engine), &error));
  g_assert_no_error (error);
  addresses = peerup_engine_dup_listen_addresses (engine);
  g_assert_cmpuint (g_strv_length (addresses), ==, 1);
  g_object_weak_ref (G_OBJECT (engine), on_gone, &gone);
  if (GPOINTER_TO_INT (elsewhere))
    g_thread_join (g_thread_new ("dropper", drop, engine));
  else
    drop (engine);
  spin_while_not (is_set, &gone);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/library/states-are-told-in-order", test_states_are_told_in_order);
  g_test_add_func ("/engine/library/exposed-service-is-used", test_exposed_service_is_used);
  g_test_add_func ("/engine/library/exposed-beside-the-configuration", test_exposed_beside_the_configuration);
  g_test_add_func ("/engine/library/expose-refusals", test_expose_refusals);
  g_test_add_func ("/engine/library/forward-outlives-its-engine", test_forward_outlives_its_engine);
  g_test_add_data_func ("/engine/library/dropped-while-it-runs", GINT_TO_POINTER (FALSE), test_dropped_while_it_runs);
  g_test_add_data_func ("/engine/library/dropped-in-another-thread", GINT_TO_POINTER (TRUE),
                        test_dropped_while_it_runs);
  return g_test_run ();
}
