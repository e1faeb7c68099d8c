/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "pairing/peerup-sas.h"
#include "trust/peerup-authorized-keys-file.h"

G_BEGIN_DECLS

/* What two people compare to be sure of an authorized peer, and whether they have. */
typedef struct
{
  PeerupSas *peers;      /* of the two peer IDs */
  PeerupSas *transcript; /* nullable: of the pairing it came by, which its line names */
  gboolean verified;     /* the line has verified= of one of the two; that of an earlier pairing does not count */
} PeerupVerification;

void peerup_verification_free (PeerupVerification *self);
/* Of @peer's line in the authorized_keys file @path, blocking. NOT_FOUND for a peer without one, and as
 * peerup_authorized_keys_file_load(). @own: this device. */
PeerupVerification *peerup_verification_load (const char *path, PeerupPeerId *own, PeerupPeerId *peer,
                                              GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes verified=, of the transcript where there is one, or takes it away. Errors as for load, blocking. */
gboolean peerup_verification_set (const char *path, PeerupPeerId *own, PeerupPeerId *peer, gboolean verified,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupVerification, peerup_verification_free)

G_END_DECLS
