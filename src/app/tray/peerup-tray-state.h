/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* How this device is, in one of four shapes and one line. */

typedef enum
{
  PEERUP_TRAY_OFF,       /* there is no connection */
  PEERUP_TRAY_CONNECTED, /* to devices, and to all of them directly */
  PEERUP_TRAY_RELAYED,   /* at least one of them through a relay */
  PEERUP_TRAY_TROUBLE,   /* something is to be mended */
} PeerupTrayState;

/* What it is found from. Strings are (nullable) and borrowed. */
typedef struct
{
  PeerupSessionState session;
  const char *error;   /* of a session that FAILED or is GONE */
  const char *problem; /* of a running engine, the first */
  guint n_connected;   /* devices, but for those that are relays alone */
  guint n_relayed;     /* of them */
} PeerupTrayFacts;

/* @facts: (out): hold as long as nothing of the session changes. */
void peerup_tray_facts_get (PeerupTrayFacts *facts, PeerupSession *session);

PeerupTrayState peerup_tray_find_state (const PeerupTrayFacts *facts);
/* One line, plain: "2 devices connected, 1 through a relay". (transfer full) */
char *peerup_tray_dup_text (const PeerupTrayFacts *facts) G_GNUC_WARN_UNUSED_RESULT;
/* "connected" */
const char *peerup_tray_get_name (PeerupTrayState state);
/* "dev.peerup.PeerUp-connected-symbolic" */
const char *peerup_tray_get_icon (PeerupTrayState state);

G_END_DECLS
