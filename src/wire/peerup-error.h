/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PEERUP_ERROR (peerup_error_quark ())

/**
 * PeerupError:
 * @PEERUP_ERROR_MALFORMED: bytes or text that the format does not allow
 * @PEERUP_ERROR_TOO_LARGE: a declared or actual size above the stated cap
 * @PEERUP_ERROR_UNSUPPORTED: well-formed, but a kind we do not handle (named in the message)
 * @PEERUP_ERROR_CRYPTO: a signature, MAC or key agreement that does not verify
 * @PEERUP_ERROR_WRONG_PEER: the remote proved an identity other than the one dialed
 * @PEERUP_ERROR_GATED: refused by a gater, ours or the remote's
 * @PEERUP_ERROR_NEGOTIATION: no protocol in common
 * @PEERUP_ERROR_PROTOCOL: the remote broke the protocol's rules
 * @PEERUP_ERROR_RESET: the stream was reset; see peerup_stream_get_reset_code()
 * @PEERUP_ERROR_CLOSED: the connection or stream is closed
 * @PEERUP_ERROR_LIMIT: a limit on count, memory or rate was met
 * @PEERUP_ERROR_TIMEOUT: a deadline passed
 * @PEERUP_ERROR_UNREACHABLE: every way to the peer failed
 * @PEERUP_ERROR_NOT_FOUND: a name, peer, service or file that is not there
 * @PEERUP_ERROR_EXISTS: a name, peer, service or file that is there already
 * @PEERUP_ERROR_PERMISSION: a file whose mode or owner is not safe
 * @PEERUP_ERROR_CONFIG: a configuration that does not hold, with file, line and column
 * @PEERUP_ERROR_DENIED: the peer may not use this service
 *
 * What can go wrong. The messages are meant for people: they name the thing, the reason and the next step.
 */
typedef enum
{
  PEERUP_ERROR_MALFORMED,
  PEERUP_ERROR_TOO_LARGE,
  PEERUP_ERROR_UNSUPPORTED,
  PEERUP_ERROR_CRYPTO,
  PEERUP_ERROR_WRONG_PEER,
  PEERUP_ERROR_GATED,
  PEERUP_ERROR_NEGOTIATION,
  PEERUP_ERROR_PROTOCOL,
  PEERUP_ERROR_RESET,
  PEERUP_ERROR_CLOSED,
  PEERUP_ERROR_LIMIT,
  PEERUP_ERROR_TIMEOUT,
  PEERUP_ERROR_UNREACHABLE,
  PEERUP_ERROR_NOT_FOUND,
  PEERUP_ERROR_EXISTS,
  PEERUP_ERROR_PERMISSION,
  PEERUP_ERROR_CONFIG,
  PEERUP_ERROR_DENIED,
} PeerupError;

GQuark peerup_error_quark (void);

G_END_DECLS
