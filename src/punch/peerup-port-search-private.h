/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "punch/peerup-port-search.h"

G_BEGIN_DECLS

/* As peerup_port_search(), but to any address: loopback has no others. For tests alone. */
DexFuture *peerup_port_search_anywhere (const PeerupPortSearchOptions *options) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
