/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* The event source of the data path: one per GMainContext, one epoll descriptor
 * and one GSource however many sockets there are, so that a main loop iteration
 * costs the same with one connection and with ten thousand.
 *
 * Everything here belongs to the thread that iterates the context. Callbacks run
 * from the reactor's dispatch only, never from inside a call that arms or
 * schedules, and a dispatch returns to the main loop after PEERUP_DISPATCH_BUDGET. */

/* Microseconds of data path work in one dispatch, looked at after each task or timer. One that can be
 * long ends at this too, so that a dispatch stays under twice as much. */
#define PEERUP_DISPATCH_BUDGET 1000
/* The dispatches counted by how long they took: less than PEERUP_REACTOR_BUCKET microseconds, less than two, four,
 * eight times as many, and so on; the last bucket has all that took 16384 or more. */
#define PEERUP_REACTOR_BUCKETS 10
#define PEERUP_REACTOR_BUCKET  64

typedef struct _PeerupReactor PeerupReactor;

/* The reactor of the thread-default context, made on first use. Owned by its users together. */
PeerupReactor *peerup_reactor_ref_default (void) G_GNUC_WARN_UNUSED_RESULT;
PeerupReactor *peerup_reactor_ref (PeerupReactor *self);
void peerup_reactor_unref (PeerupReactor *self);
/* Monotonic microseconds, read once a dispatch: for bookkeeping, not for measuring. */
gint64 peerup_reactor_now (PeerupReactor *self);
/* The dispatches since it was made, by the time that passed, or by the processor time that was
 * ours: on a busy machine the rest is the turn of others. */
typedef enum
{
  PEERUP_REACTOR_ELAPSED,
  PEERUP_REACTOR_PROCESSOR,
  PEERUP_REACTOR_N_CLOCKS,
} PeerupReactorClock;

void
peerup_reactor_get_histogram (PeerupReactor *self, PeerupReactorClock clock, guint64 buckets[PEERUP_REACTOR_BUCKETS]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupReactor, peerup_reactor_unref)

/* A call to make soon, embedded in its owner. Scheduling twice is scheduling once;
 * tasks run in the order they were scheduled. The owner clears it before it goes. */
typedef void (*PeerupTaskFunc) (gpointer data);

/* Tasks that run before one that may come later does, while it waits. */
#define PEERUP_TASKS_BEFORE 16

typedef struct
{
  PeerupReactor *reactor;
  PeerupTaskFunc func;
  gpointer data;
  GList link;
  GQueue *queue; /* NULL: it is not scheduled */
} PeerupTask;

void peerup_task_init (PeerupTask *task, PeerupReactor *reactor, PeerupTaskFunc func, gpointer data);
/* After those that are scheduled already. */
void peerup_task_schedule (PeerupTask *task);
/* When nothing else is scheduled, or after PEERUP_TASKS_BEFORE others: for who has had a turn and has more to do, so
 * that who comes with little does not wait for a thousand that always have more. */
void peerup_task_schedule_later (PeerupTask *task);
/* Before all of them, and after others that were scheduled so. For a chain of tasks that comes to an end by
 * itself: what one of them holds for the next is held once then, and not by everybody in the queue. */
void peerup_task_schedule_next (PeerupTask *task);
/* Between these two calls everything is scheduled so. */
void peerup_reactor_begin_chain (PeerupReactor *self);
void peerup_reactor_end_chain (PeerupReactor *self);
void peerup_task_clear (PeerupTask *task);

/* A call to make at a time, embedded in its owner; one-shot. */
typedef struct
{
  PeerupReactor *reactor;
  PeerupTaskFunc func;
  gpointer data;
  gint64 deadline;
  guint index;
} PeerupTimer;

void peerup_timer_init (PeerupTimer *timer, PeerupReactor *reactor, PeerupTaskFunc func, gpointer data);
/* @deadline: monotonic microseconds; replaces an earlier one. It is met to some tens of microseconds when it
 * is near, to a millisecond when it was still 2 ms away as the loop went to sleep; never early. */
void peerup_timer_set (PeerupTimer *timer, gint64 deadline);
/* Stops it; it can be set again. */
void peerup_timer_stop (PeerupTimer *timer);
/* Stops it and drops the reactor. */
void peerup_timer_clear (PeerupTimer *timer);

/* Who is told, from a dispatch, that the loop woke more than PEERUP_REACTOR_LATE after the first timer that it had gone
 * to sleep for: the process was stopped, or the machine was busy with something else entirely. It wakes nobody by
 * itself. @late: microseconds. Embedded in its owner, who clears it before it goes. */
#define PEERUP_REACTOR_LATE (5 * G_USEC_PER_SEC)
typedef void (*PeerupLatenessFunc) (gint64 late, gpointer data);

typedef struct
{
  PeerupReactor *reactor;
  PeerupLatenessFunc func;
  gpointer data;
  GList link;
} PeerupLateness;

void peerup_lateness_init (PeerupLateness *lateness, PeerupReactor *reactor, PeerupLatenessFunc func, gpointer data);
void peerup_lateness_clear (PeerupLateness *lateness);

/* A file descriptor, edge-triggered: @ready collects what epoll told (an error is EPOLLERR and
 * both directions, as the next read and write find it), the owner
 * clears bits with peerup_watch_exhausted() when a call says EAGAIN, and @func is
 * called when bits are added. The descriptor stays the owner's. */
typedef struct
{
  PeerupTask task;
  int fd;
  guint32 ready;
} PeerupWatch;

gboolean peerup_watch_init (PeerupWatch *watch, PeerupReactor *reactor, int fd, PeerupTaskFunc func, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* @events: what to be told of from now on, EPOLLIN and EPOLLOUT at first; what is true already is told
 * again. A datagram socket reports EPOLLOUT for each datagram that has left: ask for it only when blocked. */
void peerup_watch_set_events (PeerupWatch *watch, guint32 events);
/* @events: EPOLLIN, EPOLLOUT and EPOLLERR bits that are no longer true. */
void peerup_watch_exhausted (PeerupWatch *watch, guint32 events);
void peerup_watch_clear (PeerupWatch *watch);

G_END_DECLS
