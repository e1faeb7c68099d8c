/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "templates/peerup-template.h"

G_BEGIN_DECLS

/* What is said to a service, and whether what it answers is what a template wants: bytes alone, no socket. What a
 * service says may be anything. */

/* Bytes of an answer that are read at most. */
#define PEERUP_PROBE_ANSWER_MAX (64 * 1024)
/* Characters of the words that tell of it. */
#define PEERUP_PROBE_EVIDENCE_MAX 80

typedef enum
{
  PEERUP_PROBE_MORE, /* not known yet */
  PEERUP_PROBE_NO,
  PEERUP_PROBE_YES
} PeerupProbeVerdict;

/* (transfer full) (nullable): what is sent first; NULL where the service speaks first. */
GBytes *
peerup_probe_make_question (const PeerupTemplate *template, const char *host, guint16 port) G_GNUC_WARN_UNUSED_RESULT;
/* Of the @length bytes that have come; @ended: no more will, and then it is yes or no. */
PeerupProbeVerdict
peerup_probe_judge (const PeerupTemplate *template, const guint8 *bytes, gsize length, gboolean ended);
/* (transfer full): what an answer that was judged to be a YES says, in words: "answers as OpenSSH_10.0". Safe to show.
 */
char *
peerup_probe_describe (const PeerupTemplate *template, const guint8 *bytes, gsize length) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
