/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "code/peerup-invite-code.h"

G_BEGIN_DECLS

/* What a person has typed, pasted or scanned as a code, looked at while it comes. Pure. */
typedef enum
{
  PEERUP_CODE_CHECK_EMPTY,
  PEERUP_CODE_CHECK_INCOMPLETE, /* it may become a code if it goes on */
  PEERUP_CODE_CHECK_MISTYPED,
  PEERUP_CODE_CHECK_FOREIGN, /* something else: another program's, or of a newer version */
  PEERUP_CODE_CHECK_COMPLETE,
} PeerupCodeCheckState;

typedef struct
{
  PeerupCodeCheckState state;
  char *text;             /* (nullable): what is wrong and where, for people; it has no more of the code than a word */
  PeerupInviteCode *code; /* (nullable): of COMPLETE */
  int first, last;        /* characters of the text, from 0, between which the mistake is; -1 if that is not known */
} PeerupCodeCheck;

/* Never NULL. */
PeerupCodeCheck *peerup_code_check_new (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* Wipes what is secret. */
void peerup_code_check_free (PeerupCodeCheck *self);

/* Whether a text that comes by itself (of the clipboard, a picture) is worth offering as a code. */
gboolean peerup_code_check_is_code (const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCodeCheck, peerup_code_check_free)

G_END_DECLS
