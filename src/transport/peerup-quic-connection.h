/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"
#include "transport/quic/peerup-quic.h"

G_BEGIN_DECLS

/* A PeerupConnection whose streams are QUIC's. Made by a PeerupQuicTransport when the
 * handshake is done. */
#define PEERUP_TYPE_QUIC_CONNECTION (peerup_quic_connection_get_type ())
G_DECLARE_FINAL_TYPE (PeerupQuicConnection, peerup_quic_connection, PEERUP, QUIC_CONNECTION, PeerupConnection)

/* Takes a reference of its own on @conn, which is established. @remote: what the dialed
 * connection's info names, nullable: its address. @punched: what it names too. */
PeerupQuicConnection *
peerup_quic_connection_new (PeerupQuicConn *conn, PeerupMultiaddr *remote, gboolean punched) G_GNUC_WARN_UNUSED_RESULT;

/* What @error of the machine means between peers: the code with which the peer closed says more. */
GError *peerup_quic_connection_explain (PeerupQuicConnection *self, const GError *error) G_GNUC_WARN_UNUSED_RESULT;

/* For the transport: what the machine tells. */
void peerup_quic_connection_closed (PeerupQuicConnection *self, const GError *error);
void peerup_quic_connection_opened (PeerupQuicConnection *self, PeerupQuicChannel *channel);
void peerup_quic_connection_openable (PeerupQuicConnection *self);
void peerup_quic_connection_drained (PeerupQuicConnection *self);
void peerup_quic_connection_moved (PeerupQuicConnection *self);
/* After packets arrived. */
void peerup_quic_connection_received (PeerupQuicConnection *self);
/* After packets arrived or left. */
void peerup_quic_connection_note_life (PeerupQuicConnection *self);
/* The transport's record of it. It is told with func when the connection object goes. */
void peerup_quic_connection_set_gone_func (PeerupQuicConnection *self, void (*func) (gpointer data), gpointer data);

G_END_DECLS
