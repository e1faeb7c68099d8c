/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who comes, changes and leaves in a list, by its objects. */
#include "app/notify/peerup-notify-list.h"

static GString *seen;

static void
note (gpointer object, char sign)
{
  g_string_append_printf (seen, "%c%s ", sign, g_action_get_name (object));
}

static void
on_added (gpointer object, gpointer data)
{
  note (object, '+');
}

static void
on_changed (gpointer object, gpointer data)
{
  note (object, '*');
}

static void
on_removed (gpointer object, gpointer data)
{
  note (object, '-');
}

static GSimpleAction *
append (GListStore *store, const char *name)
{
  g_autoptr (GSimpleAction) action = g_simple_action_new (name, NULL);

  g_list_store_append (store, action);
  return action;
}

static void
assert_seen (const char *expected)
{
  g_assert_cmpstr (seen->str, ==, expected);
  g_string_truncate (seen, 0);
}

static void
test_follow (void)
{
  g_autoptr (GListStore) store = g_list_store_new (G_TYPE_SIMPLE_ACTION);
  GSimpleAction *a = append (store, "a");
  g_autoptr (GSimpleAction) b = g_object_ref (append (store, "b"));
  g_autoptr (GSimpleAction) c = g_simple_action_new ("c", NULL);
  gpointer both[] = { c, b };
  PeerupNotifyList *list;

  seen = g_string_new (NULL);
  list = peerup_notify_list_new (G_LIST_MODEL (store), on_added, on_changed, on_removed, NULL);
  assert_seen ("+a +b ");
  g_simple_action_set_enabled (a, FALSE);
  assert_seen ("*a ");
  /* Between the two. */
  g_list_store_insert (store, 1, c);
  assert_seen ("+c ");
  g_list_store_remove (store, 0);
  assert_seen ("-a ");
  /* All at once, for the same in another order. */
  g_list_store_splice (store, 0, 2, both, 2);
  assert_seen ("-c -b +c +b ");
  g_list_store_remove (store, 1);
  g_simple_action_set_enabled (b, FALSE);
  assert_seen ("-b ");
  /* Nobody is told any longer. */
  peerup_notify_list_free (list);
  g_simple_action_set_enabled (c, FALSE);
  g_list_store_remove_all (store);
  assert_seen ("");
  g_string_free (seen, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/notify/list/follow", test_follow);
  return g_test_run ();
}
