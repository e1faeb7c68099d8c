/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Short authentication strings: what two people compare, as emoji and as digits. */
typedef struct
{
  char *emoji;     /* four, with a space between */
  char *digits;    /* "075-741" */
  char *attribute; /* what authorized_keys keeps as verified= */
} PeerupSas;

/* As the original's: of the two peer IDs alone, in either order. It says that the IDs are the right ones. */
PeerupSas *peerup_sas_new_for_peers (PeerupPeerId *one, PeerupPeerId *other) G_GNUC_WARN_UNUSED_RESULT;
/* Of a pairing's transcript (peerup_pairing_machine_get_transcript()): nobody was in between either. */
PeerupSas *peerup_sas_new_for_transcript (const guint8 *transcript, gsize length) G_GNUC_WARN_UNUSED_RESULT;
void peerup_sas_free (PeerupSas *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupSas, peerup_sas_free)

G_END_DECLS
