/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-pairing.h"

G_BEGIN_DECLS

/* Bytes of a record's text, and of a left invite's, that are read at most. */
#define PEERUP_PAIRING_FILE_MAX (32 * 1024)

/* (transfer full): of a pairing that has just begun to count; @offers are copied. */
PeerupPairingRecord *
peerup_pairing_record_new (PeerupPairingRecordState state, gboolean inviter, const char *kind, PeerupPeerId *peer,
                           const guint8 *transcript, gint64 at, const PeerupPairingOffer *own,
                           const PeerupPairingOffer *theirs) G_GNUC_WARN_UNUSED_RESULT;
/* As a key file. TOO_LARGE for an offer that is none. */
GBytes *peerup_pairing_record_encode (const PeerupPairingRecord *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* MALFORMED. */
PeerupPairingRecord *peerup_pairing_record_decode (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Hex of the ID: the record's name, as a file and in messages. */
char *peerup_pairing_record_dup_name (const PeerupPairingRecord *self) G_GNUC_WARN_UNUSED_RESULT;

/* What key files of pairings hold beside text and numbers. NULL or FALSE with MALFORMED. */
char *peerup_pairing_hex (const guint8 *bytes, gsize length) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_pairing_unhex (const char *hex, guint8 *bytes, gsize length, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_pairing_set_bytes (GKeyFile *file, const char *group, const char *key, GBytes *bytes);
GBytes *
peerup_pairing_get_bytes (GKeyFile *file, const char *group, const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_pairing_set_offer (GKeyFile *file, const char *group, const char *key, const PeerupPairingOffer *offer,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupPairingOffer *
peerup_pairing_get_offer (GKeyFile *file, const char *group, const char *key, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): @text as a key file. */
GKeyFile *peerup_pairing_parse_file (GBytes *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
