/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* peerup relay setup --check: what can be verified of the relay whose files are in @directory, and where
 * devices find it, with a QR code on a terminal or if @qr says so. */
int peerup_relay_check_own (PeerupCli *cli, const char *directory, gboolean qr, gboolean ascii);

G_END_DECLS
