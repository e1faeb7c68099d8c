/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-private.h"
#include "trust/peerup-audit.h"
#include "trust/peerup-file-watch.h"
#include "trust/peerup-gater.h"
#include "trust/peerup-trust-clock.h"

G_BEGIN_DECLS

/* What the files peerup-engine-trust*.c share. */
struct _PeerupEngineTrust
{
  PeerupEngine *engine; /* owns this */
  PeerupTrustClock *clock;
  GHashTable *passes; /* PeerupPeerId to its end, gint64 */
  PeerupAudit *audit;
  PeerupTimer timer;
  PeerupTimer audit_timer;
  GCancellable *cancellable; /* of what a thread writes */
  gboolean expiring;

  /* peerup-engine-trust-files.c */
  PeerupConfig *config; /* that the files are named by */
  PeerupGater *gater;
  GHashTable *entries; /* PeerupPeerId to what is said of it in authorized_keys */
  char *grants_path;   /* NULL: gating is off and no authorized_keys file named */
  PeerupFileWatch *watch;
  GPtrArray *loaded; /* of PeerupGrant, as the file has them */
};

void peerup_engine_trust_clear_files (PeerupEngineTrust *self);
/* Reads the grants; @tell: their changes are audited. On an error, which is a problem that is shown then, those read
 * before stay in force, and end. */
gboolean peerup_engine_trust_load_grants (PeerupEngineTrust *self, gboolean tell, GError **error);
/* Looks at the time: ends what has ended, warns of what will, and plans the next look. */
void peerup_engine_trust_advance (PeerupEngineTrust *self);
void peerup_engine_trust_disconnect (PeerupEngineTrust *self, PeerupPeerId *peer, const char *reason);
/* What @peer may see has changed. */
void peerup_engine_trust_show (PeerupEngineTrust *self, PeerupPeerId *peer);

G_END_DECLS
