/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace, CPACE-RISTR255-SHA512), initiator and responder. Bytes
 * and randomness go in, bytes come out. Two parties that have the same password, channel identifier and session ID get
 * the same key; any others get keys that have nothing to do with each other. */
#define PEERUP_CPACE_SHARE_LENGTH  32
#define PEERUP_CPACE_SCALAR_LENGTH 32
#define PEERUP_CPACE_KEY_LENGTH    64
#define PEERUP_CPACE_TAG_LENGTH    64

typedef struct _PeerupCpace PeerupCpace;

/* Begins a run. @scalar: nullable, 32 bytes that are reduced to a scalar, for tests with published vectors; NULL draws
 * one. Everything is copied. Never fails. */
PeerupCpace *peerup_cpace_new (GBytes *password, GBytes *channel, GBytes *session, gboolean initiator, GBytes *data,
                               const guint8 *scalar) G_GNUC_WARN_UNUSED_RESULT;
/* Wipes what is secret. */
void peerup_cpace_free (PeerupCpace *self);
/* Our share, 32 bytes. Borrowed. */
const guint8 *peerup_cpace_get_share (PeerupCpace *self);
/* Takes the other's share and associated data, and makes the intermediate session key (ISK). CRYPTO for a point that is
 * no valid encoding, or the neutral one: the run is over then. Once. */
gboolean peerup_cpace_finish (PeerupCpace *self, const guint8 share[PEERUP_CPACE_SHARE_LENGTH], GBytes *data,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* After finish: ISK. Borrowed. */
const guint8 *peerup_cpace_get_key (PeerupCpace *self);
/* After finish: the key confirmation tag that we send (section 10.4 of the draft), and whether the other's is right, in
 * constant time. */
void peerup_cpace_get_tag (PeerupCpace *self, guint8 tag[PEERUP_CPACE_TAG_LENGTH]);
gboolean
peerup_cpace_check_tag (PeerupCpace *self, const guint8 tag[PEERUP_CPACE_TAG_LENGTH]) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCpace, peerup_cpace_free)

G_END_DECLS
