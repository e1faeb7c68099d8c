/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"
#include "client/peerup-client.h"

G_BEGIN_DECLS

/* The calls about pairing, awaited in a fiber. @options are taken if they float. */
gboolean peerup_pairing_call_invite (PeerupDBusEngine1 *proxy, GVariant *options, GVariant **invite, GError **error);
gboolean peerup_pairing_call_cancel (PeerupDBusEngine1 *proxy, guint number, GError **error);
gboolean peerup_pairing_call_undo (PeerupDBusEngine1 *proxy, const char *peer, GError **error);
gboolean
peerup_pairing_call_set_verified (PeerupDBusEngine1 *proxy, const char *peer, gboolean verified, GError **error);
/* Rejects with CLOSED where the daemon goes meanwhile. */
gboolean peerup_pairing_call_join (PeerupClient *client, const char *code, GVariant *options, DexFuture *interrupted,
                                   GVariant **pairing, GError **error);

/* Invites (aa{sv}) without what others could join by. */
GVariant *peerup_pairing_without_secrets (GVariant *invites) G_GNUC_WARN_UNUSED_RESULT;
/* One line of JSON. Takes @value if it floats. */
void peerup_pairing_print_line (GVariant *value);

G_END_DECLS
