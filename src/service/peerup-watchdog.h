/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Feeds the service manager's watchdog (WATCHDOG=1) from the main loop, four times in its interval, and only while
 * all is well: a loop that stands still feeds nothing, and neither does one whose program has lost its way. What is
 * wrong is said in STATUS= and once in the log. Belongs to the main context that was the thread's default. */
typedef struct _PeerupWatchdog PeerupWatchdog;

/* NULL if all is well; else what is not, as the end of a sentence (transfer full). */
typedef char *(*PeerupWatchdogCheck) (gpointer data);

/* The interval that the service manager has set for this process, in microseconds (WATCHDOG_USEC, WATCHDOG_PID); 0 if
 * it watches nobody or another process. */
gint64 peerup_watchdog_get_interval (void);

/* @interval in microseconds, above 0. */
PeerupWatchdog *
peerup_watchdog_new (gint64 interval, PeerupWatchdogCheck check, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_watchdog_free (PeerupWatchdog *self);
/* (nullable): why it is not fed now. */
const char *peerup_watchdog_get_trouble (PeerupWatchdog *self);

/* A turn of the loop that was due at @due and came at @now (microseconds): late by more than half of @interval, and why
 * that is not well (transfer full); else NULL. */
char *peerup_watchdog_judge_turn (gint64 due, gint64 now, gint64 interval) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupWatchdog, peerup_watchdog_free)

G_END_DECLS
