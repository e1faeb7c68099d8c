/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

G_BEGIN_DECLS

/* Fibers belong to the scheduler of the thread they are begun in, which is the engine's: libdex's default one is always
 * that of the main thread. Their stacks are PEERUP_FIBER_STACK. */

/* As dex_scheduler_spawn(): see below for what must not become of the future. */
DexFuture *peerup_fiber_run (DexFiberFunc func, gpointer data, GDestroyNotify destroy) G_GNUC_WARN_UNUSED_RESULT;

/* Runs @func in a fiber that goes to its end whatever becomes of the future that is returned, which resolves or rejects
 * as the fiber does, and may be dropped or lose dex_future_first() at any time.
 *
 * A fiber's own future may not: libdex before 0.10.1 breaks the queues of its scheduler when a fiber is cancelled just
 * before what it waits for completes, and then no fiber of the thread runs any more. So whatever is to be given up
 * early is told by a promise that it waits for too, or by the stream that it uses. */
DexFuture *peerup_fiber_spawn (DexFiberFunc func, gpointer data, GDestroyNotify destroy) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
