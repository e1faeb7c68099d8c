/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "limits/peerup-limits.h"

G_BEGIN_DECLS

/* What this process may use: the memory of the machine, or of the control group it is in where
 * that is less, the descriptors it may have open, and the processors it may run on. Blocking,
 * a few files of the kernel. @root: where /proc and /sys are, "" but for tests. What cannot be
 * read counts as 1 GiB. */
void peerup_machine_read (const char *root, PeerupLimitsMachine *machine);

G_END_DECLS
