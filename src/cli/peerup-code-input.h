/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The code that a person joins by, as it was given: the arguments, one after the other; else PEERUP_INVITE_CODE; else
 * one line of standard input, asked for where that is a terminal. Blocks for the last. NOT_FOUND if nobody gave one,
 * TOO_LARGE. */
char *peerup_code_input_read (char **arguments, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
