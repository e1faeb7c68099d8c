/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Asks whether two devices show the same, and does what the answer means: it is noted, or the pairing is taken back.
 *
 * Signal "answered" (PeerupCompareAnswer), once. */
#define PEERUP_TYPE_COMPARE_PAGE (peerup_compare_page_get_type ())
G_DECLARE_FINAL_TYPE (PeerupComparePage, peerup_compare_page, PEERUP, COMPARE_PAGE, AdwNavigationPage)

typedef enum
{
  PEERUP_COMPARE_MATCH,  /* noted */
  PEERUP_COMPARE_LATER,  /* nothing has changed */
  PEERUP_COMPARE_UNDONE, /* they differ: the pairing is taken back */
} PeerupCompareAnswer;

/* @peer_id: a device. @name: (nullable): what it is called. */
PeerupComparePage *
peerup_compare_page_new (PeerupSession *session, const char *peer_id, const char *name) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
