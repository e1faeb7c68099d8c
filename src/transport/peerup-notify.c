/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Notifications that wait for the main loop. What waits hangs on its object and does not hold it: one that goes
 * meanwhile has nothing more to tell.
 */
#include "transport/peerup-notify.h"

#include <pthread.h>

typedef struct
{
  GObject *object; /* not held; NULL once it is gone */
  GPtrArray *pspecs;
} Waiting;

static G_DEFINE_QUARK (peerup_notify_waiting, waiting)

  gboolean peerup_notify_is_in_fiber (void)
{
  static _Thread_local const char *low, *high;
  const char *here = __builtin_frame_address (0);
  pthread_attr_t attributes;
  void *address;
  size_t size;

  if (high == NULL && pthread_getattr_np (pthread_self (), &attributes) == 0)
    {
      if (pthread_attr_getstack (&attributes, &address, &size) == 0)
        {
          low = address;
          high = low + size;
        }
      pthread_attr_destroy (&attributes);
    }
  return here < low || here >= high;
}

/* The object is finalized. (A GWeakRef would be cleared by a dispose that the object outlives.) */
static void
on_object_gone (gpointer data)
{
  ((Waiting *) data)->object = NULL;
}

/* After its turn, or with a context that goes before. */
static void
waiting_free (gpointer data)
{
  Waiting *waiting = data;

  if (waiting->object != NULL)
    g_object_steal_qdata (waiting->object, waiting_quark ());
  g_ptr_array_unref (waiting->pspecs);
  g_free (waiting);
}

static gboolean
notify_waiting (gpointer data)
{
  Waiting *waiting = data;
  g_autoptr (GObject) object = NULL;

  if (waiting->object == NULL)
    return G_SOURCE_REMOVE;
  object = g_object_ref (g_steal_pointer (&waiting->object));
  g_object_steal_qdata (object, waiting_quark ());
  for (guint i = 0; i < waiting->pspecs->len; i++)
    g_object_notify_by_pspec (object, waiting->pspecs->pdata[i]);
  return G_SOURCE_REMOVE;
}

static Waiting *
wait_for_loop (GObject *object)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) source = g_idle_source_new ();
  Waiting *waiting = g_new0 (Waiting, 1);

  waiting->object = object;
  waiting->pspecs = g_ptr_array_new_with_free_func ((GDestroyNotify) g_param_spec_unref);
  g_object_set_qdata_full (object, waiting_quark (), waiting, on_object_gone);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_static_name (source, "[peerup] notify");
  g_source_set_callback (source, notify_waiting, waiting, waiting_free);
  g_source_attach (source, context);
  return waiting;
}

static void
dispatch_properties_changed (GObject *object, guint n_pspecs, GParamSpec **pspecs)
{
  Waiting *waiting;

  if (!peerup_notify_is_in_fiber ())
    {
      G_OBJECT_CLASS (g_type_class_peek (G_TYPE_OBJECT))->dispatch_properties_changed (object, n_pspecs, pspecs);
      return;
    }
  waiting = g_object_get_qdata (object, waiting_quark ());
  if (waiting == NULL)
    waiting = wait_for_loop (object);
  for (guint i = 0; i < n_pspecs; i++)
    if (!g_ptr_array_find (waiting->pspecs, pspecs[i], NULL))
      g_ptr_array_add (waiting->pspecs, g_param_spec_ref (pspecs[i]));
}

void
peerup_notify_outside_fibers (GObjectClass *klass)
{
  klass->dispatch_properties_changed = dispatch_properties_changed;
}
