/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-multiaddr.h"

G_BEGIN_DECLS

/* Addresses that are asked about in one round at most. */
#define PEERUP_AUTONAT_CANDIDATES_MAX 6

/* Where this machine may be reached from the internet, to be asked: (transfer full) of PeerupMultiaddr, the likeliest
 * first. Of @listening (of PeerupMultiaddr: what is listened on) those of the internet. For those that are private,
 * @seen (of PeerupMultiaddr: where others see us, a host alone too): as it is where it is of the same transport, and
 * its host with the port that is listened on, which is what a forwarded port mostly looks like. Nothing that others say
 * is more than a question. */
GPtrArray *peerup_autonat_candidates_new (GPtrArray *listening, GPtrArray *seen) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
