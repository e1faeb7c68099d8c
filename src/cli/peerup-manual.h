/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* Man pages of section 1, in man(7), from the table of commands and data/help. (transfer full) */

/* peerup-service-add(1). */
char *peerup_manual_for_command (const PeerupCommand *command) G_GNUC_WARN_UNUSED_RESULT;
/* peerup(1): @template, where "@title@", "@commands@", "@options@" and "@topics@" on lines of their own stand for what
 * is known here. */
char *peerup_manual_fill (const char *template) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
