/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The audit: a JSON object on a line of its own for each decision and each change of who may what,
 *
 *   {"time":"2026-01-31T18:00:00.000Z","event":"service","peer":"12D3…","name":"Laptop","service":"ssh",
 *    "path":"direct","decision":"deny","reason":"grant-ended"}
 *
 * to a file or to stderr, from where the journal takes it. Fields without a value are left out. A line is one write
 * of some hundred bytes without a sync: it costs microseconds, unless the file lies where writing hangs. What cannot be
 * written is counted, told, and tried again with a later line; nobody waits for it. Times are given; one thread. */
typedef struct _PeerupAudit PeerupAudit;

/* Denials written in one second; of the rest there is a line with their number. */
#define PEERUP_AUDIT_DENIALS_MAX 20
/* Bytes of a field; what is longer is cut. */
#define PEERUP_AUDIT_FIELD_MAX 128

typedef struct
{
  gboolean enabled;
  const char *file; /* nullable: stderr */
  guint64 max_size; /* bytes, after which the file is renamed to FILE.1 and so on */
  guint keep;       /* how many of those; 0: it is begun anew */
} PeerupAuditSettings;

typedef struct
{
  const char *event;
  /* nullable, from anywhere: control characters and such as hide or reorder text are taken out */
  const char *peer, *name, *service, *path, *decision, *reason;
} PeerupAuditLine;

/* @text: what is wrong with the file, as a sentence for a person; NULL: no more. Not told twice. */
typedef void (*PeerupAuditProblem) (const char *text, gpointer data);

/* Writes nothing before it has settings. */
PeerupAudit *peerup_audit_new (PeerupAuditProblem problem, gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void peerup_audit_free (PeerupAudit *self);
void peerup_audit_set_settings (PeerupAudit *self, const PeerupAuditSettings *settings);
/* @now: microseconds since 1970. */
void peerup_audit_write (PeerupAudit *self, const PeerupAuditLine *line, gint64 now);
/* Whether something was left out and is to be told; peerup_audit_flush() does it a second later, or the next line. */
gboolean peerup_audit_is_pending (PeerupAudit *self);
void peerup_audit_flush (PeerupAudit *self, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAudit, peerup_audit_free)

G_END_DECLS
