/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Notifications of changes inside fibers and outside.
 */
#include "transport/peerup-notify.h"

#include "transport/peerup-fiber.h"

#define THING_TYPE (thing_get_type ())
G_DECLARE_FINAL_TYPE (Thing, thing, TEST, THING, GObject)

struct _Thing
{
  GObject parent_instance;
  int number;
};

G_DEFINE_FINAL_TYPE (Thing, thing, G_TYPE_OBJECT)

static GParamSpec *number_pspec, *other_pspec;

static void
thing_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  g_value_set_int (value, TEST_THING (object)->number);
}

static void
thing_class_init (ThingClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = thing_get_property;
  peerup_notify_outside_fibers (object_class);
  number_pspec = g_param_spec_int ("number", NULL, NULL, 0, 100, 0, G_PARAM_READABLE);
  other_pspec = g_param_spec_int ("other", NULL, NULL, 0, 100, 0, G_PARAM_READABLE);
  g_object_class_install_property (object_class, 1, number_pspec);
  g_object_class_install_property (object_class, 2, other_pspec);
}

static void
thing_init (Thing *self)
{
}

typedef struct
{
  Thing *thing;
  GString *told; /* "number=3 " */
  gboolean in_fiber;
  gboolean drop;
} Case;

static void
on_notify (Thing *thing, GParamSpec *pspec, Case *self)
{
  self->in_fiber |= peerup_notify_is_in_fiber ();
  g_string_append_printf (self->told, "%s=%d ", pspec->name, thing->number);
}

static Case
new_case (void)
{
  Case self = { .thing = g_object_new (THING_TYPE, NULL), .told = g_string_new (NULL) };

  return self;
}

static void
case_follow (Case *self)
{
  g_signal_connect (self->thing, "notify", G_CALLBACK (on_notify), self);
}

static void
case_end (Case *self)
{
  if (self->thing != NULL)
    g_assert_finalize_object (self->thing);
  g_string_free (self->told, TRUE);
}

static void
change (Thing *thing, int number)
{
  thing->number = number;
  g_object_notify_by_pspec (G_OBJECT (thing), number_pspec);
}

static DexFuture *
change_in_fiber (gpointer data)
{
  Case *self = data;

  g_assert_true (peerup_notify_is_in_fiber ());
  change (self->thing, 1);
  g_object_notify_by_pspec (G_OBJECT (self->thing), other_pspec);
  change (self->thing, 2);
  g_assert_cmpstr (self->told->str, ==, "");
  if (self->drop)
    g_assert_finalize_object (g_steal_pointer (&self->thing));
  return dex_future_new_true ();
}

static void
run_fiber (Case *self)
{
  g_autoptr (DexFuture) fiber = peerup_fiber_spawn (change_in_fiber, self, NULL);

  while (dex_future_is_pending (fiber))
    g_main_context_iteration (NULL, TRUE);
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
test_outside_at_once (void)
{
  Case self = new_case ();

  case_follow (&self);
  g_assert_false (peerup_notify_is_in_fiber ());
  change (self.thing, 7);
  g_assert_cmpstr (self.told->str, ==, "number=7 ");
  g_assert_false (g_main_context_iteration (NULL, FALSE));
  case_end (&self);
}

/* Each property once, with the value that it has by then. */
static void
test_inside_from_the_loop (void)
{
  Case self = new_case ();

  case_follow (&self);
  run_fiber (&self);
  g_assert_cmpstr (self.told->str, ==, "number=2 other=2 ");
  g_assert_false (self.in_fiber);
  change (self.thing, 9);
  g_assert_true (g_str_has_suffix (self.told->str, "number=9 "));
  case_end (&self);
}

/* What waits does not hold its object, and tells nothing of one that is gone. */
static void
test_gone_meanwhile (void)
{
  Case self = new_case ();

  self.drop = TRUE;
  case_follow (&self);
  run_fiber (&self);
  g_assert_cmpstr (self.told->str, ==, "");
  case_end (&self);
}

static gpointer
look (gpointer data)
{
  return GINT_TO_POINTER (peerup_notify_is_in_fiber ());
}

static void
test_threads_have_stacks_of_their_own (void)
{
  g_assert_false (GPOINTER_TO_INT (g_thread_join (g_thread_new ("looker", look, NULL))));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  dex_init ();
  g_test_add_func ("/transport/notify/outside-at-once", test_outside_at_once);
  g_test_add_func ("/transport/notify/inside-from-the-loop", test_inside_from_the_loop);
  g_test_add_func ("/transport/notify/gone-meanwhile", test_gone_meanwhile);
  g_test_add_func ("/transport/notify/threads-have-stacks-of-their-own", test_threads_have_stacks_of_their_own);
  return g_test_run ();
}
