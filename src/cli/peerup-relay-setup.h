/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "cli/peerup-relay-texts.h"
#include "cli/peerup-report.h"
#include "identity/peerup-private-key.h"

G_BEGIN_DECLS

/* The steps of "peerup relay setup". Each looks first, does what is missing, and tells what it found or
 * did in the report; with dry_run it does nothing. What a person has changed is left as it is, and told.
 * FALSE with an error ends the whole. */
typedef struct
{
  PeerupRelayPlan plan;
  PeerupReport *report;
  gboolean dry_run;
  gboolean system; /* of this machine: user, unit and all; else files in a directory alone */
  gboolean no_start;
  char **authorize;        /* nullable: what was written for peers */
  gboolean units_changed;  /* systemd has to read them again */
  PeerupPrivateKey *key;   /* nullable: of the relay */
} PeerupRelaySetup;

void peerup_relay_setup_clear (PeerupRelaySetup *self);

/* Blocking; small files. */
gboolean peerup_relay_setup_directory (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_key (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_authorized_keys (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_config (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_nft (PeerupRelaySetup *self, GError **error);
/* A file of ours with this very text, of @mode; @changed (nullable) is set to TRUE if it was made. */
gboolean peerup_relay_setup_file (PeerupRelaySetup *self, const char *title, const char *path, const char *text,
                                  guint mode, gboolean *changed, GError **error);

/* What runs other programs of the system. */
gboolean peerup_relay_setup_user (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_unit (PeerupRelaySetup *self, GError **error);
gboolean peerup_relay_setup_service (PeerupRelaySetup *self, GError **error);
void peerup_relay_setup_firewall (PeerupRelaySetup *self);
/* Whether systemd runs this machine. */
gboolean peerup_relay_has_systemd (void);
/* "active", "inactive", "failed"…; NULL where systemctl cannot say. */
char *peerup_relay_unit_state (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
