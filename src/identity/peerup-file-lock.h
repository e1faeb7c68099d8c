/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* How long who wants to change a file waits for others who do, in microseconds; and where a main loop stands still
 * meanwhile, whose lateness a watchdog judges: a change of a file takes some milliseconds, and some take several. */
#define PEERUP_FILE_LOCK_TIMEOUT      (10 * (gint64) G_USEC_PER_SEC)
#define PEERUP_FILE_LOCK_TIMEOUT_LOOP (1 * (gint64) G_USEC_PER_SEC)

/* Of the calling thread, from now on, in microseconds; PEERUP_FILE_LOCK_TIMEOUT before. Whoever changes files there
 * waits for so long at each lock. */
void peerup_file_lock_set_timeout (gint64 timeout);
gint64 peerup_file_lock_get_timeout (void);

/* flock() for at most @timeout microseconds: on @fd, which stays the caller's; the lock goes when every descriptor of
 * its open file description is closed. @path is for messages. Blocks its thread meanwhile, whichever that is.
 * PEERUP_ERROR_TIMEOUT, which names who has it where the system tells. */
gboolean peerup_file_lock_take (int fd, gint64 timeout, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
