/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "wire/peerup-peer-id.h"

G_BEGIN_DECLS

/* Whom relays have introduced, by group, in a file: somebody who was introduced once and is not in authorized_keys any
 * more was taken out by a person, and a relay that names him again does not bring him back. */
typedef struct _PeerupIntroductions PeerupIntroductions;

#define PEERUP_INTRODUCTIONS_NAME "introductions"
/* Groups, and peers of one. */
#define PEERUP_INTRODUCTIONS_GROUPS_MAX 64
#define PEERUP_INTRODUCTIONS_PEERS_MAX  255

/* Never fails: of a file that cannot be read nothing is known, and *@problem (nullable, out, transfer full) says so. */
PeerupIntroductions *peerup_introductions_load (const char *path, char **problem) G_GNUC_WARN_UNUSED_RESULT;
void peerup_introductions_free (PeerupIntroductions *self);
gboolean peerup_introductions_have (PeerupIntroductions *self, const char *group, PeerupPeerId *peer);
/* Blocking, whole. LIMIT, G_FILE_ERROR. Nothing is written if it is there. */
gboolean peerup_introductions_add (PeerupIntroductions *self, const char *group, PeerupPeerId *peer,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The group is joined anew: whoever is introduced from now on is new. */
gboolean
peerup_introductions_forget (PeerupIntroductions *self, const char *group, GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIntroductions, peerup_introductions_free)

G_END_DECLS
