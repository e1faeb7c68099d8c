/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* What help says of commands and topics: from the table, and from data/help. Strings that are returned are the
 * caller's. */

/* "commands/service-add" of it, or its details; "" if there is neither. */
char *peerup_help_describe (const PeerupCommand *command) G_GNUC_WARN_UNUSED_RESULT;
/* "Usage:", "peerup service add [OPTION…] NAME ADDRESS" and all that follows, @width characters wide. */
char *peerup_help_for_command (const PeerupCommand *command, guint width) G_GNUC_WARN_UNUSED_RESULT;
/* The same for programs: name, usage, summary, description, options. (transfer floating) */
GVariant *peerup_help_to_variant (const PeerupCommand *command);
/* (nullable): a topic, as "files". */
char *peerup_help_for_topic (const char *topic, guint width) G_GNUC_WARN_UNUSED_RESULT;
/* Its first line; NULL if there is no such topic. */
char *peerup_help_get_topic_title (const char *topic) G_GNUC_WARN_UNUSED_RESULT;
/* All commands and topics, a line or two each. */
char *peerup_help_overview (guint width) G_GNUC_WARN_UNUSED_RESULT;
/* "-c, --count=N"; "" for an option that is hidden. */
char *peerup_help_format_option (const GOptionEntry *option) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
