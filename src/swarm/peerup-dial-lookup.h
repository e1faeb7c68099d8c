/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>
#include <libdex.h>

#include "swarm/peerup-dial-order.h"

G_BEGIN_DECLS

/* The look-up of one name of a dial. Its fiber holds it, and so does the dial while it may
 * have to cancel it. */
typedef struct
{
  gatomicrefcount ref_count;
  PeerupDialCandidate *candidate; /* whose endpoint is a name */
  DexPromise *cancel;
  DexPromise *ended;     /* resolved with TRUE when it has ended, with either of the next two */
  GPtrArray *candidates; /* of PeerupDialCandidate, one for each address, at least one */
  GError *error;
} PeerupDialLookup;

/* Addresses of one family that are taken from one name; the first win. */
#define PEERUP_DIAL_LOOKUP_MAX 8

/* Takes @candidate. */
PeerupDialLookup *peerup_dial_lookup_start (PeerupDialCandidate *candidate) G_GNUC_WARN_UNUSED_RESULT;
void peerup_dial_lookup_cancel (PeerupDialLookup *self);
void peerup_dial_lookup_unref (PeerupDialLookup *self);

/* (transfer full) (nullable): @candidate with each of @addresses (of GInetAddress) that its family
 * admits; NULL and UNREACHABLE if that leaves none. */
GPtrArray *peerup_dial_lookup_expand (const PeerupDialCandidate *candidate, GList *addresses,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
