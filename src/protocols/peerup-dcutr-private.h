/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "protocols/peerup-dcutr.h"

G_BEGIN_DECLS

/* For tests, whose peers are on loopback and fail soon: any address may be told and dialed, and a try takes
 * @try_timeout microseconds. No configuration leads here. */
void peerup_dcutr_set_laboratory (PeerupDcutr *self, gint64 try_timeout);

G_END_DECLS
