/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The D-Bus names of PeerupError. They are part of the interface: a name is never used
 * for another error.
 */
#include "control/peerup-control-errors.h"

#include <gio/gio.h>

#define NAME(suffix) "dev.peerup.PeerUp.Error." suffix

static const GDBusErrorEntry entries[] = {
  { PEERUP_ERROR_MALFORMED, NAME ("Malformed") },
  { PEERUP_ERROR_TOO_LARGE, NAME ("TooLarge") },
  { PEERUP_ERROR_UNSUPPORTED, NAME ("Unsupported") },
  { PEERUP_ERROR_CRYPTO, NAME ("Crypto") },
  { PEERUP_ERROR_WRONG_PEER, NAME ("WrongPeer") },
  { PEERUP_ERROR_GATED, NAME ("Gated") },
  { PEERUP_ERROR_NEGOTIATION, NAME ("Negotiation") },
  { PEERUP_ERROR_PROTOCOL, NAME ("Protocol") },
  { PEERUP_ERROR_RESET, NAME ("Reset") },
  { PEERUP_ERROR_CLOSED, NAME ("Closed") },
  { PEERUP_ERROR_LIMIT, NAME ("Limit") },
  { PEERUP_ERROR_TIMEOUT, NAME ("Timeout") },
  { PEERUP_ERROR_UNREACHABLE, NAME ("Unreachable") },
  { PEERUP_ERROR_NOT_FOUND, NAME ("NotFound") },
  { PEERUP_ERROR_EXISTS, NAME ("Exists") },
  { PEERUP_ERROR_PERMISSION, NAME ("Permission") },
  { PEERUP_ERROR_CONFIG, NAME ("Config") },
  { PEERUP_ERROR_DENIED, NAME ("Denied") },
};

G_STATIC_ASSERT (G_N_ELEMENTS (entries) == PEERUP_ERROR_DENIED + 1);

void
peerup_control_register_errors (void)
{
  static gsize registered;

  if (!g_once_init_enter (&registered))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    g_dbus_error_register_error (PEERUP_ERROR, entries[i].error_code, entries[i].dbus_error_name);
  g_once_init_leave (&registered, 1);
}
