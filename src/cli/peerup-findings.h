/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a check can find, the worst last. */
typedef enum
{
  PEERUP_FINDING_OK,
  PEERUP_FINDING_NOTE,    /* good to know; nothing to mend */
  PEERUP_FINDING_UNKNOWN, /* it could not be checked */
  PEERUP_FINDING_MEND,    /* something is wrong, and there is something to do about it */
} PeerupFindingResult;

/* What is checked, in the order in which it is told. A check has one finding at least. */
typedef enum
{
  PEERUP_CHECK_CONFIGURATION,
  PEERUP_CHECK_IDENTITY,
  PEERUP_CHECK_AUTHORIZED_KEYS,
  PEERUP_CHECK_CLOCK,
  PEERUP_CHECK_DAEMON,
  PEERUP_CHECK_LISTENING,
  PEERUP_CHECK_INTERFACES,
  PEERUP_CHECK_UDP,
  PEERUP_CHECK_UDP_BUFFERS,
  PEERUP_CHECK_UDP_OFFLOAD,
  PEERUP_CHECK_PATH_MTU,
  PEERUP_CHECK_CONGESTION,
  PEERUP_CHECK_STUN,
  PEERUP_CHECK_NAT,
  PEERUP_CHECK_PORT_MAPPING,
  PEERUP_CHECK_FIREWALL,
  PEERUP_CHECK_REACHABILITY,
  PEERUP_CHECK_RELAYS,
  PEERUP_CHECK_MAIN_LOOP,
  PEERUP_CHECK_RELAY,
  PEERUP_CHECK_LIMITS,
  PEERUP_N_CHECKS,
} PeerupCheck;

/* The findings of one visit of the doctor. */
typedef struct _PeerupFindings PeerupFindings;

PeerupFindings *peerup_findings_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_findings_free (PeerupFindings *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupFindings, peerup_findings_free)

/* @next: nullable: what to do; a command stands in a line of its own. Takes both. */
void peerup_findings_take (PeerupFindings *self, PeerupCheck check, PeerupFindingResult result, char *text, char *next);
void peerup_findings_add (PeerupFindings *self, PeerupCheck check, PeerupFindingResult result, const char *format, ...)
  G_GNUC_PRINTF (4, 5);
/* Every check from @first on that has no finding could not be made, because of @reason. */
void peerup_findings_give_up (PeerupFindings *self, PeerupCheck first, const char *reason);
guint peerup_findings_count (PeerupFindings *self, PeerupFindingResult result);
/* The worst that was found of @check; OK if nothing was. */
PeerupFindingResult peerup_findings_get_result (PeerupFindings *self, PeerupCheck check);

/* What stands in front of such a finding in peerup_findings_format(), in the language of the person. */
const char *peerup_findings_get_sign (PeerupFindingResult result);
/* For people, on lines of 80 characters, with a line at the end that sums it up. */
char *peerup_findings_format (PeerupFindings *self) G_GNUC_WARN_UNUSED_RESULT;
/* Floating: aa{sv} of check, result ("ok", "note", "mend", "unknown"), text, and next if there is one (s). */
GVariant *peerup_findings_describe (PeerupFindings *self);

G_END_DECLS
