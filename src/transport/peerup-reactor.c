/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One GSource around one epoll descriptor, a queue of tasks and a heap of timers.
 *
 * A context finds its reactor through a thread-private pointer: engines live in
 * one thread and one context, and so do their streams. The reactor goes with its
 * last user; nothing in it is touched by another thread. */

#include "transport/peerup-reactor.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_PER_DISPATCH 128
/* Microseconds: timers that are due sooner are told by a descriptor, as the main loop's
 * own timeout counts in whole milliseconds. */
#define FINE_TIMER 2000

typedef struct
{
  GSource source;
  PeerupReactor *reactor;
  gpointer tag;
} ReactorSource;

struct _PeerupReactor
{
  guint ref_count;
  GMainContext *context;
  GSource *source;
  int epoll_fd;
  int timer_fd;          /* watched with NULL for its watch; -1: there is none */
  gint64 wake_by;        /* the first timer, when the loop went to sleep for it; 0: it did not */
  GQueue lateness;       /* of PeerupLateness */
  gint64 timer_deadline; /* what it was last armed for, maybe gone by */
  gint64 now;
  GQueue tasks;
  GQueue chain;   /* tasks that come before those */
  GQueue later;   /* and after them */
  guint n_before; /* tasks run since the last of @later */
  gboolean chaining;
  GPtrArray *timers; /* binary heap of PeerupTimer, soonest first */
  guint64 histograms[PEERUP_REACTOR_N_CLOCKS][PEERUP_REACTOR_BUCKETS];
};

static GPrivate current_reactor;

/* Timers: a binary heap whose entries know their index, so that stopping one is O(log n). */

static void
timer_place (GPtrArray *heap, guint index, PeerupTimer *timer)
{
  heap->pdata[index] = timer;
  timer->index = index;
}

static void
timer_sift_up (GPtrArray *heap, guint index)
{
  PeerupTimer *timer = heap->pdata[index];

  while (index > 0)
    {
      guint parent = (index - 1) / 2;
      PeerupTimer *above = heap->pdata[parent];

      if (above->deadline <= timer->deadline)
        break;
      timer_place (heap, index, above);
      index = parent;
    }
  timer_place (heap, index, timer);
}

static void
timer_sift_down (GPtrArray *heap, guint index)
{
  PeerupTimer *timer = heap->pdata[index];

  for (;;)
    {
      guint child = 2 * index + 1;
      PeerupTimer *below;

      if (child >= heap->len)
        break;
      below = heap->pdata[child];
      if (child + 1 < heap->len && ((PeerupTimer *) heap->pdata[child + 1])->deadline < below->deadline)
        below = heap->pdata[++child];
      if (timer->deadline <= below->deadline)
        break;
      timer_place (heap, index, below);
      index = child;
    }
  timer_place (heap, index, timer);
}

static void
timer_remove (GPtrArray *heap, guint index)
{
  PeerupTimer *last = heap->pdata[heap->len - 1];

  ((PeerupTimer *) heap->pdata[index])->index = G_MAXUINT;
  heap->len--;
  if (index == heap->len)
    return;
  timer_place (heap, index, last);
  timer_sift_up (heap, index);
  timer_sift_down (heap, last->index);
}

static void
reactor_collect_events (PeerupReactor *self)
{
  struct epoll_event events[EVENTS_PER_DISPATCH];
  int n = epoll_wait (self->epoll_fd, events, G_N_ELEMENTS (events), 0);

  for (int i = 0; i < n; i++)
    {
      PeerupWatch *watch = events[i].data.ptr;
      guint32 bits = events[i].events;

      /* The clock's descriptor has woken the loop, which is all it is for. */
      if (watch == NULL)
        continue;
      /* An error or hang-up shows in both directions: the next read and write find it. */
      if (bits & (EPOLLERR | EPOLLHUP))
        bits |= EPOLLIN | EPOLLOUT;
      if (bits & EPOLLRDHUP)
        bits |= EPOLLIN;
      watch->ready |= bits & (EPOLLIN | EPOLLOUT | EPOLLERR);
      peerup_task_schedule (&watch->task);
    }
}

static gboolean
reactor_is_over_budget (PeerupReactor *self)
{
  return g_get_monotonic_time () - self->now >= PEERUP_DISPATCH_BUDGET;
}

/* A timer that is set to a time gone by over and over leaves turns for others too. */
static void
reactor_run_timers (PeerupReactor *self)
{
  while (self->timers->len > 0)
    {
      PeerupTimer *timer = self->timers->pdata[0];

      if (timer->deadline > self->now)
        break;
      timer_remove (self->timers, 0);
      timer->func (timer->data);
      if (reactor_is_over_budget (self))
        break;
    }
}

static gboolean
reactor_has_tasks (PeerupReactor *self)
{
  return self->chain.head != NULL || self->tasks.head != NULL || self->later.head != NULL;
}

/* An empty one when there is no task. */
static GQueue *
reactor_choose_queue (PeerupReactor *self)
{
  if (self->chain.head != NULL)
    return &self->chain;
  if (self->tasks.head != NULL && (self->later.head == NULL || self->n_before < PEERUP_TASKS_BEFORE))
    {
      self->n_before++;
      return &self->tasks;
    }
  self->n_before = 0;
  return &self->later;
}

static void
task_leave_queue (PeerupTask *task)
{
  if (task->queue != NULL)
    g_queue_unlink (task->queue, &task->link);
  task->queue = NULL;
}

static void
reactor_run_tasks (PeerupReactor *self)
{
  for (;;)
    {
      GQueue *queue = reactor_choose_queue (self);
      PeerupTask *task;

      if (queue->head == NULL)
        break;
      task = queue->head->data;
      task_leave_queue (task);
      task->func (task->data);
      if (reactor_is_over_budget (self))
        break;
    }
}

/* Microseconds of this thread. */
static gint64
get_processor_time (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

static void
reactor_count (PeerupReactor *self, PeerupReactorClock clock, gint64 duration)
{
  guint bucket = 0;

  while (duration >= PEERUP_REACTOR_BUCKET << bucket && bucket < PEERUP_REACTOR_BUCKETS - 1)
    bucket++;
  self->histograms[clock][bucket]++;
}

static void
reactor_tell_lateness (PeerupReactor *self)
{
  gint64 late = self->wake_by != 0 ? self->now - self->wake_by : 0;
  GList *next;

  self->wake_by = 0;
  for (GList *l = late > PEERUP_REACTOR_LATE ? self->lateness.head : NULL; l != NULL; l = next)
    {
      PeerupLateness *lateness = l->data;

      next = l->next;
      lateness->func (late, lateness->data);
    }
}

static gboolean
reactor_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  PeerupReactor *self = peerup_reactor_ref (((ReactorSource *) source)->reactor);
  gint64 used = get_processor_time ();

  self->now = g_get_monotonic_time ();
  if (g_source_query_unix_fd (source, ((ReactorSource *) source)->tag) != 0)
    reactor_collect_events (self);
  reactor_tell_lateness (self);
  reactor_run_timers (self);
  reactor_run_tasks (self);
  reactor_count (self, PEERUP_REACTOR_ELAPSED, g_get_monotonic_time () - self->now);
  reactor_count (self, PEERUP_REACTOR_PROCESSOR, get_processor_time () - used);
  peerup_reactor_unref (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
reactor_is_due (PeerupReactor *self)
{
  return reactor_has_tasks (self) ||
         (self->timers->len > 0 && ((PeerupTimer *) self->timers->pdata[0])->deadline <= g_get_monotonic_time ());
}

/* Whether the descriptor will tell. It is armed anew for another deadline only, and never disarmed: a
 * timer that was stopped costs one vain turn of the loop at most. */
static gboolean
reactor_arm (PeerupReactor *self, gint64 deadline)
{
  struct itimerspec spec = {
    .it_value = { .tv_sec = deadline / G_USEC_PER_SEC, .tv_nsec = deadline % G_USEC_PER_SEC * 1000 },
  };

  if (self->timer_fd < 0)
    return FALSE;
  if (self->timer_deadline != deadline)
    self->timer_deadline = timerfd_settime (self->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL) == 0 ? deadline : 0;
  return self->timer_deadline == deadline;
}

/* Milliseconds that the loop may sleep; -1: until a descriptor tells. */
static int
reactor_get_timeout (PeerupReactor *self)
{
  gint64 deadline, left;

  if (reactor_has_tasks (self))
    return 0;
  if (self->timers->len == 0)
    return -1;
  deadline = ((PeerupTimer *) self->timers->pdata[0])->deadline;
  left = deadline - g_get_monotonic_time ();
  if (left <= 0)
    return 0;
  self->wake_by = deadline;
  if (left < FINE_TIMER && reactor_arm (self, deadline))
    return -1;
  return (int) MIN ((left + 999) / 1000, G_MAXINT);
}

/* Tasks and timers are looked up before each poll rather than told to the context by
 * g_source_set_ready_time(), which writes to the context's event descriptor: three
 * system calls an iteration, a quarter of all that a saturated tunnel makes. It is enough
 * because only the thread that iterates the context schedules anything. */
static gboolean
reactor_prepare (GSource *source, int *timeout)
{
  *timeout = reactor_get_timeout (((ReactorSource *) source)->reactor);
  return *timeout == 0;
}

static gboolean
reactor_check (GSource *source)
{
  ReactorSource *self = (ReactorSource *) source;

  return g_source_query_unix_fd (source, self->tag) != 0 || reactor_is_due (self->reactor);
}

static GSourceFuncs reactor_source_funcs = {
  .prepare = reactor_prepare,
  .check = reactor_check,
  .dispatch = reactor_dispatch,
};

/* Without one, timers are as coarse as the main loop's. Edge-triggered, so that nobody need read it. */
static void
reactor_open_timer (PeerupReactor *self)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = NULL };

  self->timer_fd = timerfd_create (CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  if (self->timer_fd >= 0 && epoll_ctl (self->epoll_fd, EPOLL_CTL_ADD, self->timer_fd, &event) != 0)
    g_clear_fd (&self->timer_fd, NULL);
}

static PeerupReactor *
reactor_new (void)
{
  PeerupReactor *self = g_new0 (PeerupReactor, 1);
  ReactorSource *source;

  self->ref_count = 1;
  self->context = g_main_context_ref_thread_default ();
  self->timers = g_ptr_array_new ();
  self->now = g_get_monotonic_time ();
  self->epoll_fd = epoll_create1 (EPOLL_CLOEXEC);
  if (self->epoll_fd < 0)
    g_error ("Cannot make an epoll descriptor: %s", g_strerror (errno));
  reactor_open_timer (self);
  self->source = g_source_new (&reactor_source_funcs, sizeof (ReactorSource));
  g_source_set_static_name (self->source, "peerup-reactor");
  source = (ReactorSource *) self->source;
  source->reactor = self;
  source->tag = g_source_add_unix_fd (self->source, self->epoll_fd, G_IO_IN);
  g_source_attach (self->source, self->context);
  return self;
}

PeerupReactor *
peerup_reactor_ref_default (void)
{
  PeerupReactor *self = g_private_get (&current_reactor);
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();

  if (self != NULL && self->context == context)
    return peerup_reactor_ref (self);
  /* A thread has one reactor at a time; a test that changes contexts drops the old one first. */
  g_assert (self == NULL);
  self = reactor_new ();
  g_private_set (&current_reactor, self);
  return self;
}

PeerupReactor *
peerup_reactor_ref (PeerupReactor *self)
{
  self->ref_count++;
  return self;
}

void
peerup_reactor_unref (PeerupReactor *self)
{
  if (--self->ref_count > 0)
    return;
  g_assert (!reactor_has_tasks (self) && self->timers->len == 0);
  g_private_set (&current_reactor, NULL);
  g_source_destroy (self->source);
  g_source_unref (self->source);
  g_clear_fd (&self->timer_fd, NULL);
  close (self->epoll_fd);
  g_ptr_array_unref (self->timers);
  g_main_context_unref (self->context);
  g_free (self);
}

gint64
peerup_reactor_now (PeerupReactor *self)
{
  return self->now;
}

void
peerup_reactor_get_histogram (PeerupReactor *self, PeerupReactorClock clock, guint64 buckets[PEERUP_REACTOR_BUCKETS])
{
  for (guint i = 0; i < PEERUP_REACTOR_BUCKETS; i++)
    buckets[i] = self->histograms[clock][i];
}

void
peerup_task_init (PeerupTask *task, PeerupReactor *reactor, PeerupTaskFunc func, gpointer data)
{
  task->reactor = peerup_reactor_ref (reactor);
  task->func = func;
  task->data = data;
  task->link = (GList) { .data = task };
  task->queue = NULL;
}

void
peerup_task_schedule_next (PeerupTask *task)
{
  if (task->queue == &task->reactor->chain)
    return;
  task_leave_queue (task);
  task->queue = &task->reactor->chain;
  g_queue_push_tail_link (task->queue, &task->link);
}

void
peerup_task_schedule (PeerupTask *task)
{
  if (task->reactor->chaining)
    {
      peerup_task_schedule_next (task);
      return;
    }
  if (task->queue != NULL)
    return;
  task->queue = &task->reactor->tasks;
  g_queue_push_tail_link (task->queue, &task->link);
}

void
peerup_task_schedule_later (PeerupTask *task)
{
  if (task->queue != NULL)
    return;
  task->queue = &task->reactor->later;
  g_queue_push_tail_link (task->queue, &task->link);
}

void
peerup_reactor_begin_chain (PeerupReactor *self)
{
  self->chaining = TRUE;
}

void
peerup_reactor_end_chain (PeerupReactor *self)
{
  self->chaining = FALSE;
}

void
peerup_task_clear (PeerupTask *task)
{
  if (task->reactor == NULL)
    return;
  task_leave_queue (task);
  g_clear_pointer (&task->reactor, peerup_reactor_unref);
}

void
peerup_timer_init (PeerupTimer *timer, PeerupReactor *reactor, PeerupTaskFunc func, gpointer data)
{
  timer->reactor = peerup_reactor_ref (reactor);
  timer->func = func;
  timer->data = data;
  timer->index = G_MAXUINT;
}

void
peerup_timer_set (PeerupTimer *timer, gint64 deadline)
{
  PeerupReactor *reactor = timer->reactor;

  peerup_timer_stop (timer);
  timer->deadline = deadline;
  g_ptr_array_add (reactor->timers, timer);
  timer->index = reactor->timers->len - 1;
  timer_sift_up (reactor->timers, timer->index);
}

void
peerup_timer_stop (PeerupTimer *timer)
{
  if (timer->index != G_MAXUINT)
    timer_remove (timer->reactor->timers, timer->index);
}

void
peerup_timer_clear (PeerupTimer *timer)
{
  if (timer->reactor == NULL)
    return;
  peerup_timer_stop (timer);
  g_clear_pointer (&timer->reactor, peerup_reactor_unref);
}

gboolean
peerup_watch_init (PeerupWatch *watch, PeerupReactor *reactor, int fd, PeerupTaskFunc func, gpointer data,
                   GError **error)
{
  struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = watch };

  watch->fd = fd;
  watch->ready = 0;
  peerup_task_init (&watch->task, reactor, func, data);
  if (epoll_ctl (reactor->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
    return TRUE;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "Cannot watch a socket: %s", g_strerror (errno));
  peerup_task_clear (&watch->task);
  return FALSE;
}

void
peerup_watch_set_events (PeerupWatch *watch, guint32 events)
{
  struct epoll_event event = { .events = events | EPOLLET, .data.ptr = watch };

  g_return_if_fail (watch->task.reactor != NULL);

  /* It fails for want of memory alone when a descriptor is added, not when one is changed. */
  if (epoll_ctl (watch->task.reactor->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event) != 0)
    g_critical ("Cannot change what a socket is watched for: %s", g_strerror (errno));
}

void
peerup_watch_exhausted (PeerupWatch *watch, guint32 events)
{
  watch->ready &= ~events;
}

void
peerup_watch_clear (PeerupWatch *watch)
{
  if (watch->task.reactor == NULL)
    return;
  epoll_ctl (watch->task.reactor->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
  peerup_task_clear (&watch->task);
}

void
peerup_lateness_init (PeerupLateness *lateness, PeerupReactor *reactor, PeerupLatenessFunc func, gpointer data)
{
  *lateness = (PeerupLateness) { peerup_reactor_ref (reactor), func, data, { .data = lateness } };
  g_queue_push_tail_link (&reactor->lateness, &lateness->link);
}

void
peerup_lateness_clear (PeerupLateness *lateness)
{
  if (lateness->reactor == NULL)
    return;
  g_queue_unlink (&lateness->reactor->lateness, &lateness->link);
  g_clear_pointer (&lateness->reactor, peerup_reactor_unref);
}
