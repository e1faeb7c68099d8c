/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* What can stand at a place of a command line that is being written: from the table of commands, and what their
 * synopses call their arguments. Values that only the device knows are left to who asks. */
typedef struct
{
  const PeerupCommand *command; /* nullable: as far as it is known */
  PeerupCli *cli;               /* --config and the like, as far as they are written */
  const char *word;             /* what there is of the word; borrowed */
  char *before;                 /* "--name=" where the word begins so and only what follows is a value, else "" */
  char **kinds;                 /* what may stand there: "PEER", "SERVICE", "FILE", or a word in lower case as it is */
  gboolean options;             /* whether an option may */
  gboolean commands;            /* whether a command's first word may */
  gboolean verbs;               /* whether the second word of a command that begins as @first may */
  const char *first;            /* nullable; borrowed */
  const char *peer;             /* nullable; borrowed: the one that the command is given already */
} PeerupComplete;

/* @words: those after the program's name, of which the one at @index (from 0) is being written; it may be missing.
 * @words lives as long as what is returned. */
PeerupComplete *peerup_complete_new (char **words, guint index) G_GNUC_WARN_UNUSED_RESULT;
void peerup_complete_free (PeerupComplete *self);

/* "value\tdescription", or ":files" and ":directories", as far as the table knows them and they begin as the word does.
 * (transfer full) */
char **peerup_complete_list (PeerupComplete *self) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable) (transfer full): the line for @value, unless the word begins in another way or @value is nothing to write
 * on a command line. */
char *
peerup_complete_format (PeerupComplete *self, const char *value, const char *description) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_complete_wants (PeerupComplete *self, const char *kind);
/* Whether a SERVICE is one of @peer, and not of this device. */
gboolean peerup_complete_wants_theirs (PeerupComplete *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupComplete, peerup_complete_free)

G_END_DECLS
