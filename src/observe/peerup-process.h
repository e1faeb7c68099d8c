/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "observe/peerup-metrics.h"

G_BEGIN_DECLS

/* What the kernel says of this process, under the names that all programs use for it
 * (process_cpu_seconds_total, process_open_fds, process_resident_memory_bytes…). */
typedef struct _PeerupProcess PeerupProcess;

/* @root: where /proc is, "" but for tests. @metrics outlives it. */
PeerupProcess *peerup_process_new (PeerupMetrics *metrics, const char *root) G_GNUC_WARN_UNUSED_RESULT;
void peerup_process_free (PeerupProcess *self);
/* Sets the figures. Blocking, a few files of the kernel; what cannot be read is left out. */
void peerup_process_collect (PeerupProcess *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupProcess, peerup_process_free)

G_END_DECLS
