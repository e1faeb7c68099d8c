/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-authorized-keys.h"

G_BEGIN_DECLS

/* Grants: that one peer may use one service here, until a time or for ever. The file "grants" beside authorized_keys
 * has the same form (comments, order and unknown words survive; 0600; written whole):
 *
 *   PEER-ID  service=ssh  expires=2026-01-31T18:00:00Z  # comment
 *
 * A peer whose line in authorized_keys has role=guest may use what it is granted and nothing else, nor see it. For any
 * other peer a grant opens a service whose list it is not on. */
#define PEERUP_GRANTS_NAME    "grants"
#define PEERUP_GRANTS_SERVICE "service"
/* Seconds before its end that a grant is warned of. */
#define PEERUP_GRANT_WARNING 300

typedef struct
{
  PeerupPeerId *peer;
  char *service;
  gint64 until;  /* seconds since 1970, or PEERUP_EXPIRES_*; the second before it is the last */
  char *comment; /* nullable */
} PeerupGrant;

PeerupGrant *peerup_grant_copy (const PeerupGrant *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_grant_free (PeerupGrant *self);

/* "DIR/grants" of an authorized_keys file's path. */
char *peerup_grants_path (const char *authorized_keys) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupGrant: the entries of @keys, which @path is named for in errors. MALFORMED. */
GPtrArray *peerup_grants_read (PeerupAuthorizedKeys *keys, const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupGrant, in the order of the file; a missing file has none. Blocking. PERMISSION, TOO_LARGE,
 * MALFORMED (a line that is no grant: nobody is let in by a file that cannot be read). A grant whose end cannot be read
 * has ended, as in authorized_keys; of two grants of one service to one peer the earlier end counts. */
GPtrArray *peerup_grants_file_load (const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* One edit each, under the file's lock, blocking. add: of a grant that is there the end becomes @until; MALFORMED for
 * a name that no service can have; @comment as in peerup_authorized_keys_add(). extend: NOT_FOUND. revoke: @service
 * nullable, for all of the peer's; NOT_FOUND. expire: takes away what has ended at @now, with what
 * else there is of the same service for the same peer, and returns in *@ended
 * (nullable, transfer full) what that was, so that a clock that is set back revives nothing; an end that cannot be read
 * stays, for a person to mend. */
gboolean peerup_grants_file_add (const char *path, PeerupPeerId *peer, const char *service, gint64 until,
                                 const char *comment, GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_grants_file_extend (const char *path, PeerupPeerId *peer, const char *service, gint64 until,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_grants_file_revoke (const char *path, PeerupPeerId *peer, const char *service,
                                    GError **error) G_GNUC_WARN_UNUSED_RESULT;
gboolean
peerup_grants_file_expire (const char *path, gint64 now, GPtrArray **ended, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupGrant, peerup_grant_free)

G_END_DECLS
