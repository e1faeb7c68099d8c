/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-group.h"
#include "engine/peerup-engine-private.h"
#include "engine/peerup-guest-list.h"
#include "engine/peerup-introductions.h"

G_BEGIN_DECLS

/* Microseconds for each read and write, for a notice from its stream on, and for all that a joiner does. */
#define PEERUP_GROUP_READ_TIMEOUT   (10 * G_USEC_PER_SEC)
#define PEERUP_GROUP_NOTICE_TIMEOUT (10 * G_USEC_PER_SEC)
#define PEERUP_GROUP_JOIN_TIMEOUT   (30 * G_USEC_PER_SEC)

/* What the files of a group share. Counted: fibers hold it, and find the engine gone then. */
struct _PeerupEngineGroup
{
  PeerupEngine *engine; /* owns this; NULL when it has freed it */

  /* The relay */
  PeerupGroups *groups; /* NULL: the file cannot be read */
  char *path;
  gboolean serving;
  guint n_runs;
  PeerupGuestList *guests;
  PeerupTimer timer;
  GHashTable *told; /* PeerupPeerId to what it was told last */

  /* The member */
  PeerupIntroductions *introductions;
  guint n_notices;
};

/* Groups of an entry beyond the one that the original knows of: IDs with commas between. */
#define PEERUP_GROUPS_ATTRIBUTE "groups"

PeerupEngineGroup *peerup_engine_group_ref (PeerupEngineGroup *self);
void peerup_engine_group_unref (PeerupEngineGroup *self);
void peerup_engine_group_tell (PeerupEngineGroup *self, const char *id);
/* (nullable) (transfer full): the entries of authorized_keys as they are on disk; NULL where there are none to read. */
PeerupAuthorizedKeys *peerup_engine_group_load_keys (PeerupEngineGroup *self) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the value of @key of @peer's first entry. Borrowed from @keys, nullable. */
const char *peerup_engine_group_get_attribute (PeerupAuthorizedKeys *keys, PeerupPeerId *peer, const char *key);

/* peerup-engine-group-relay.c: serves and introduces. follow: what there is to serve has changed. */
void peerup_group_relay_init (PeerupEngineGroup *self);
void peerup_group_relay_clear (PeerupEngineGroup *self);
void peerup_group_relay_begin (PeerupEngineGroup *self);
void peerup_group_relay_follow (PeerupEngineGroup *self);
gboolean peerup_group_relay_save (PeerupEngineGroup *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void peerup_group_relay_identified (PeerupEngineGroup *self, PeerupConnection *connection);

/* peerup-group-admission.c: the relay's files, from a code that was claimed on. Blocking. complete: authorizes whoever
 * claimed @code; on an error the code is free again. */
gboolean peerup_group_admit (PeerupEngineGroup *self, PeerupGroup *group, PeerupGroupCode *code,
                             GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) of PeerupGroupPeer: the members of group @id but @except (nullable) that are authorized at @now. */
GPtrArray *peerup_group_dup_members (PeerupEngineGroup *self, const char *id, PeerupPeerId *except,
                                     gint64 now) G_GNUC_WARN_UNUSED_RESULT;

/* peerup-engine-group-member.c */
void peerup_group_member_init (PeerupEngineGroup *self);
void peerup_group_member_clear (PeerupEngineGroup *self);
/* Whether @peer is a relay of the configuration. */
gboolean peerup_group_is_relay_of_ours (PeerupEngineGroup *self, PeerupPeerId *peer);
/* (transfer full): the groups that an entry is of; what is no group's ID is left out. */
GStrv peerup_group_dup_ids (PeerupAuthorizedKeys *keys, guint entry) G_GNUC_WARN_UNUSED_RESULT;
/* Writes down who is new in @news of the relay at @relays (of PeerupMultiaddr), which was checked and is believed.
 * @tell: nullable, once for each with its name. Returns how many were new, or -1 with the first error, after having
 * tried all. */
int peerup_group_take_news (PeerupEngineGroup *self, GPtrArray *relays, const PeerupGroupNews *news,
                            PeerupJoinFunc tell, gpointer data, GError **error);
/* A record of somebody whom the relay at @relays vouches for, and who is found there. */
PeerupPairingRecord *peerup_group_make_record (const char *id, PeerupPeerId *peer, const char *name,
                                               const char *own_name, GPtrArray *relays) G_GNUC_WARN_UNUSED_RESULT;
/* Marks @peer as of group @id, unless it is of another: then its first one stays. */
gboolean peerup_group_mark (PeerupEngineGroup *self, PeerupPeerId *peer, const char *id,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupEngineGroup, peerup_engine_group_unref)

G_END_DECLS
