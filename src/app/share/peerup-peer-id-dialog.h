/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A peer ID as a QR code, and as text to copy. */
#define PEERUP_TYPE_PEER_ID_DIALOG (peerup_peer_id_dialog_get_type ())
G_DECLARE_FINAL_TYPE (PeerupPeerIdDialog, peerup_peer_id_dialog, PEERUP, PEER_ID_DIALOG, AdwDialog)

PeerupPeerIdDialog *peerup_peer_id_dialog_new (const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
