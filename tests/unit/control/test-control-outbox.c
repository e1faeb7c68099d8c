/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What leaves, in which order, and when.
 */
#include "control/peerup-control-outbox.h"

#include "wire/peerup-error.h"

static GString *told;

static void
on_properties (GHashTable *changed, gpointer data)
{
  g_string_append_printf (told, "p%u ", g_hash_table_size (changed));
}

static void
on_event (const char *name, GVariant *parameters, PeerupCaller *only, gpointer data)
{
  g_string_append_printf (told, "%s%s ", name, only != NULL ? "!" : "");
}

static DexFuture *
on_answered (DexFuture *future, gpointer data)
{
  g_string_append_printf (told, "%s ", (const char *) data);
  return dex_future_new_true ();
}

static const PeerupControlOutboxFuncs funcs = { on_properties, on_event };

static void
add_answer (PeerupControlOutbox *outbox, const char *name)
{
  g_autoptr (DexPromise) promise = dex_promise_new ();
  g_autoptr (DexFuture) answer = dex_future_new_true ();

  dex_future_disown (dex_future_finally (dex_ref (DEX_FUTURE (promise)), on_answered, (gpointer) name, NULL));
  peerup_control_outbox_add_answer (outbox, promise, answer);
}

static void
test_order (void)
{
  PeerupControlOutbox *outbox = peerup_control_outbox_new (&funcs, NULL);
  g_autoptr (PeerupCaller) caller = peerup_caller_new ("dbus", FALSE);

  told = g_string_new (NULL);
  peerup_control_outbox_add_event (outbox, "one", g_variant_new ("()"), NULL);
  add_answer (outbox, "two");
  peerup_control_outbox_add_event (outbox, "three", g_variant_new ("()"), caller);
  peerup_control_outbox_add_property (outbox, "A");
  peerup_control_outbox_add_property (outbox, "B");
  peerup_control_outbox_add_property (outbox, "A");
  /* Nothing leaves from within the call. */
  g_assert_cmpstr (told->str, ==, "");
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpstr (told->str, ==, "p2 one two three! ");
  peerup_control_outbox_add_event (outbox, "four", g_variant_new ("()"), NULL);
  peerup_control_outbox_flush (outbox);
  g_assert_true (g_str_has_suffix (told->str, "three! four "));
  peerup_control_outbox_free (outbox);
  g_string_free (told, TRUE);
}

static void
test_end (void)
{
  PeerupControlOutbox *outbox = peerup_control_outbox_new (&funcs, NULL);
  g_autoptr (DexPromise) promise = dex_promise_new ();
  g_autoptr (DexFuture) answer = dex_future_new_true ();
  g_autoptr (GError) error = NULL;

  peerup_control_outbox_add_answer (outbox, promise, answer);
  peerup_control_outbox_free (outbox);
  g_assert_null (dex_future_get_value (DEX_FUTURE (promise), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static DexFuture *
on_last (DexFuture *future, gpointer data)
{
  g_clear_pointer ((PeerupControlOutbox **) data, peerup_control_outbox_free);
  return dex_future_new_true ();
}

/* An answer drops what has kept the control, whether it leaves from the main loop or as the control is closed. */
static void
test_end_by_an_answer (void)
{
  for (guint i = 0; i < 2; i++)
    {
      PeerupControlOutbox *outbox = peerup_control_outbox_new (&funcs, NULL);
      g_autoptr (DexPromise) promise = dex_promise_new ();
      g_autoptr (DexFuture) answer = dex_future_new_true ();

      told = g_string_new (NULL);
      dex_future_disown (dex_future_finally (dex_ref (DEX_FUTURE (promise)), on_last, &outbox, NULL));
      peerup_control_outbox_add_answer (outbox, promise, answer);
      peerup_control_outbox_add_event (outbox, "never", g_variant_new ("()"), NULL);
      if (i == 0)
        peerup_control_outbox_flush (outbox);
      while (outbox != NULL)
        g_main_context_iteration (NULL, TRUE);
      while (g_main_context_iteration (NULL, FALSE))
        ;
      g_string_free (told, TRUE);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/control/outbox/order", test_order);
  g_test_add_func ("/control/outbox/end", test_end);
  g_test_add_func ("/control/outbox/end-by-an-answer", test_end_by_an_answer);
  return g_test_run ();
}
