/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-figures.h"

G_BEGIN_DECLS

/* Fills in all of @figures but the bytes, from what the kernel knows of the path of a TCP
 * socket. FALSE, and @figures as they were, for another socket. One system call. */
gboolean peerup_tcp_info_get_figures (int fd, PeerupConnectionFigures *figures);

G_END_DECLS
