/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/notify/peerup-notify-policy.h"

G_BEGIN_DECLS

/* The words of a notification. Some servers read markup in the body, and no library escapes it for them: there is none
 * of its signs in what comes out of here, whoever wrote it, nor anything that turns the direction of our words. */

/* Seconds that Extend gives. */
#define PEERUP_NOTIFY_EXTENSION 3600

/* (transfer full) One line each. @now: seconds since 1970 */
char *peerup_notify_dup_title (const PeerupNote *note, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_notify_dup_body (const PeerupNote *note, gint64 now) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
