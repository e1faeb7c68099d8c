/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "trust/peerup-authorized-line.h"

G_BEGIN_DECLS

/* The text of an authorized_keys file, line by line:
 *
 *   PEER-ID  key=value  key=value  # comment
 *
 * Untouched lines keep their bytes through parse, edit and to_text; a line that is edited keeps
 * its ID as it was written, its words, its comment and its line ending. Attributes are
 * written in a fixed order: service, expires, verified, group, hmac_proof, then the others as they stood.
 * Bytes and times go in and out, files are peerup-authorized-keys-file.h's. Not
 * thread-safe. */
typedef struct _PeerupAuthorizedKeys PeerupAuthorizedKeys;

/* Bytes of a file that are read at most. */
#define PEERUP_AUTHORIZED_KEYS_MAX (4 * 1024 * 1024)

/* Attributes with a meaning here. */
#define PEERUP_AUTHORIZED_KEYS_EXPIRES  "expires"
#define PEERUP_AUTHORIZED_KEYS_VERIFIED "verified"
#define PEERUP_AUTHORIZED_KEYS_GROUP    "group"
/* The one value of role= with a meaning here: a guest, see peerup-grants.h. */
#define PEERUP_AUTHORIZED_KEYS_ROLE  "role"
#define PEERUP_AUTHORIZED_KEYS_GUEST "guest"
/* The peer ID of who vouches for the peer: the entry counts while that one's own does, which must not have a sponsor
 * itself. */
#define PEERUP_AUTHORIZED_KEYS_SPONSOR "sponsor"
/* Hex of the transcript of the pairing that it came by. */
#define PEERUP_AUTHORIZED_KEYS_PAIRING "pairing"

typedef enum
{
  PEERUP_AUTHORIZATION_NONE,    /* not listed */
  PEERUP_AUTHORIZATION_EXPIRED, /* listed, its time is over or cannot be read */
  PEERUP_AUTHORIZATION_VALID,
} PeerupAuthorization;

/* Never fails: what does not parse becomes a problem. */
PeerupAuthorizedKeys *peerup_authorized_keys_parse (const char *text, gsize length) G_GNUC_WARN_UNUSED_RESULT;
void peerup_authorized_keys_free (PeerupAuthorizedKeys *self);
GBytes *peerup_authorized_keys_to_bytes (PeerupAuthorizedKeys *self) G_GNUC_WARN_UNUSED_RESULT;

/* Entries, in the order of the file. Everything borrowed until the next edit. */
guint peerup_authorized_keys_get_n_entries (PeerupAuthorizedKeys *self);
PeerupPeerId *peerup_authorized_keys_get_peer (PeerupAuthorizedKeys *self, guint entry);
/* From 1. */
guint peerup_authorized_keys_get_line (PeerupAuthorizedKeys *self, guint entry);
/* (nullable): valid UTF-8 without control characters. */
const char *peerup_authorized_keys_get_comment (PeerupAuthorizedKeys *self, guint entry);
/* (nullable): the first value of @key. */
const char *peerup_authorized_keys_get_attribute (PeerupAuthorizedKeys *self, guint entry, const char *key);
/* Seconds since 1970, or PEERUP_EXPIRES_*. */
gint64 peerup_authorized_keys_get_expires (PeerupAuthorizedKeys *self, guint entry);

/* Lines that no entry could be made of (bad ID, above PEERUP_AUTHORIZED_LINE_MAX, NUL), each as
 * "line N: reason". A gate must not be built on a file that has any. (transfer full) strv. */
char **peerup_authorized_keys_dup_problems (PeerupAuthorizedKeys *self) G_GNUC_WARN_UNUSED_RESULT;
/* Things a person should know about entries that do count: an expiry that cannot be read, an ID listed twice. */
char **peerup_authorized_keys_dup_notes (PeerupAuthorizedKeys *self) G_GNUC_WARN_UNUSED_RESULT;

/* How @peer stands at @now (seconds since 1970); who may what is decided by peerup_decide(). An entry is valid until
 * the second before its expiry; of several entries for one peer the earliest expiry counts, and that of its sponsor.
 * Who has a sponsor that is not listed, or has one itself, is NONE. @expires (nullable) gets the expiry that counted,
 * unless NONE. */
PeerupAuthorization
peerup_authorized_keys_lookup (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, gint64 now, gint64 *expires);
/* Whether an entry of @peer says role=guest. */
gboolean peerup_authorized_keys_is_guest (PeerupAuthorizedKeys *self, const PeerupPeerId *peer);

/* Whether an entry of @peer says sponsor=. */
gboolean peerup_authorized_keys_is_sponsored (PeerupAuthorizedKeys *self, const PeerupPeerId *peer);

/* Edits of one entry, for files in which a peer may stand more than once. append: returns the new entry; @comment as
 * with add. set: errors as with peerup_authorized_keys_set(). */
guint peerup_authorized_keys_append (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *comment);
gboolean peerup_authorized_keys_set_entry (PeerupAuthorizedKeys *self, guint entry, const char *key, const char *value,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_authorized_keys_remove_entry (PeerupAuthorizedKeys *self, guint entry);

/* Appends an entry. EXISTS, with the line. @comment (nullable) comes from anywhere: it loses line ends, NUL and other
 * control characters and is cut to PEERUP_AUTHORIZED_COMMENT_MAX. */
gboolean peerup_authorized_keys_add (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *comment,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Removes each entry of @peer. NOT_FOUND. */
gboolean peerup_authorized_keys_remove (PeerupAuthorizedKeys *self, const PeerupPeerId *peer,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Sets @key of each entry of @peer, or takes it away if @value is NULL. NOT_FOUND (peer); MALFORMED: a key
 * that is not of [A-Za-z0-9_.-], a value that is empty, has white space, '#', control or non-ASCII
 * characters, an expiry that is not RFC 3339; TOO_LARGE. */
gboolean peerup_authorized_keys_set (PeerupAuthorizedKeys *self, const PeerupPeerId *peer, const char *key,
                                     const char *value, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupAuthorizedKeys, peerup_authorized_keys_free)

G_END_DECLS
