/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What was done or found, one line each, told at once to people or at the end as a variant. */
typedef struct _PeerupReport PeerupReport;

typedef enum
{
  PEERUP_REPORT_OK,      /* found as it should be */
  PEERUP_REPORT_KEPT,    /* was there already and is left as it is */
  PEERUP_REPORT_MADE,    /* was made or changed now */
  PEERUP_REPORT_WOULD,   /* would be made or changed */
  PEERUP_REPORT_NOTE,    /* good to know */
  PEERUP_REPORT_DIFFERS, /* is otherwise than it would be made, and left so */
  PEERUP_REPORT_UNKNOWN, /* could not be found out */
  PEERUP_REPORT_MEND,    /* something is wrong */
  PEERUP_N_REPORTS,
} PeerupReportResult;

/* @quiet: nothing is printed. */
PeerupReport *peerup_report_new (gboolean quiet) G_GNUC_WARN_UNUSED_RESULT;
void peerup_report_free (PeerupReport *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupReport, peerup_report_free)

/* @title: a word or two; @next (nullable): what to do, in lines that are not broken, as they may be
 * commands to copy. */
void peerup_report_add (PeerupReport *self, PeerupReportResult result, const char *title, const char *next,
                        const char *format, ...) G_GNUC_PRINTF (5, 6);
guint peerup_report_count (PeerupReport *self, PeerupReportResult result);
/* Floating: aa{sv} of step, result, text, and next if there is one (s). */
GVariant *peerup_report_describe (PeerupReport *self);

G_END_DECLS
