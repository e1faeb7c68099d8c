/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The quark of the one error domain. Codes and their meaning stand in the header.
 */
#include "wire/peerup-error.h"

/**
 * peerup_error_quark:
 *
 * The domain of [error@Error].
 *
 * Returns: the quark
 */
/* It would take the dashes for subtractions. */
/* clang-format off */
G_DEFINE_QUARK (peerup-error-quark, peerup_error)
/* clang-format on */
