/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define PEERUP_WEBSOCKET_MASK_SIZE 4

/* XORs @length bytes of @from with @mask into @to, which may be the same place; @offset is how many
 * bytes of the frame's payload came before (RFC 6455 5.3). */
void peerup_websocket_mask (guint8 *to, const guint8 *from, gsize length, const guint8 mask[PEERUP_WEBSOCKET_MASK_SIZE],
                            guint64 offset);

G_END_DECLS
