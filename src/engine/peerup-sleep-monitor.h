/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Tells when this machine goes to sleep and when it has slept, and when its clock was set. It asks nothing at
 * intervals: logind tells of sleep where there is one, the kernel wakes us when the clock was set or jumped over a
 * sleep (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET), and the main loop finds out that it was stopped. Lives in one
 * thread and its context. */
typedef struct _PeerupSleepMonitor PeerupSleepMonitor;

typedef enum
{
  PEERUP_SLEEP_BEGINS, /* soon: nothing worth beginning now; only with logind, and AFTER follows even if it is given up
                        */
  PEERUP_SLEEP_ENDED,  /* once or more often for one sleep */
  PEERUP_CLOCK_SET,    /* the time of day jumped, by more than PEERUP_CLOCK_STEP */
} PeerupSleepEvent;

/* Microseconds. Less than these is nobody's sleep and no jump, but rounding, and a clock that is kept. */
#define PEERUP_SLEEP_MIN  G_USEC_PER_SEC
#define PEERUP_CLOCK_STEP (2 * G_USEC_PER_SEC)

/* @time: microseconds slept, 0 where that is not known; or how much the clock was put forward. */
typedef void (*PeerupSleepFunc) (PeerupSleepEvent event, gint64 time, gpointer data);

/* Without a system bus or logind it knows less, which is no error. */
PeerupSleepMonitor *peerup_sleep_monitor_new (PeerupSleepFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_sleep_monitor_free (PeerupSleepMonitor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupSleepMonitor, peerup_sleep_monitor_free)

/* The three clocks, microseconds, as they were looked at last; see clock_gettime(2). */
typedef struct
{
  gint64 asleep; /* CLOCK_BOOTTIME, which goes on asleep, less CLOCK_MONOTONIC */
  gint64 wall;   /* CLOCK_REALTIME less CLOCK_BOOTTIME */
} PeerupSleepClock;

void peerup_sleep_clock_init (PeerupSleepClock *self, gint64 monotonic, gint64 boot, gint64 real);
/* What has happened since it was looked at last: 0 or microseconds, @jumped maybe negative. */
void peerup_sleep_clock_look (PeerupSleepClock *self, gint64 monotonic, gint64 boot, gint64 real, gint64 *slept,
                              gint64 *jumped);

G_END_DECLS
