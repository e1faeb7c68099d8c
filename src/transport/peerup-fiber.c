/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A fiber behind a promise. Nothing is kept but by the fiber itself and by who holds the promise.
 */
#include "transport/peerup-fiber.h"

#include "transport/peerup-stream.h"

static DexFuture *
pass_on (DexFuture *ended, gpointer data)
{
  DexPromise *promise = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (ended, &error);

  if (value != NULL)
    dex_promise_resolve (promise, value);
  else
    dex_promise_reject (promise, g_steal_pointer (&error));
  return dex_future_new_true ();
}

DexFuture *
peerup_fiber_run (DexFiberFunc func, gpointer data, GDestroyNotify destroy)
{
  return dex_scheduler_spawn (dex_scheduler_get_thread_default (), PEERUP_FIBER_STACK, func, data, destroy);
}

DexFuture *
peerup_fiber_spawn (DexFiberFunc func, gpointer data, GDestroyNotify destroy)
{
  DexPromise *promise = dex_promise_new ();
  DexFuture *fiber = peerup_fiber_run (func, data, destroy);

  dex_future_disown (dex_future_finally (fiber, pass_on, dex_ref (promise), dex_unref));
  return DEX_FUTURE (promise);
}
