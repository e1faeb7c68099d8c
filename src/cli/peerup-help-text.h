/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The texts of data/help, as people read them. Their form:
 *
 *   a paragraph, on one line or several; blank lines stand between paragraphs
 *   # Heading
 *   * term: what it is
 *   * a point without a term
 *     (two spaces) a line to be typed or shown as it is
 *   @NAME  what data/help/shared/name.txt says
 */

/* (transfer full) (nullable): "commands/service-add", "topics/files"; NULL if there is no such text. */
char *peerup_help_text_load (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) (nullable): a file as it is: "completions/bash". */
char *peerup_help_text_load_file (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the names of the texts in "commands" or "topics", sorted. */
char **peerup_help_text_list (const char *folder) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): in lines of at most @width characters; shown lines may be longer. */
char *peerup_help_text_to_terminal (const char *text, guint width) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): the same in man(7)'s macros, ASCII alone; headings with @heading, "SH" or "SS". What comes before
 * it is a heading. */
char *peerup_help_text_to_man (const char *text, const char *heading) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): @text with nothing in it that roff would take for a command. */
char *peerup_help_text_escape_man (const char *text) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
