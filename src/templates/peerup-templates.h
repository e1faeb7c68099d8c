/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "templates/peerup-template.h"

G_BEGIN_DECLS

/* Files of one directory. */
#define PEERUP_TEMPLATES_MAX 256
/* The templates that are always there: of what answers as a web server, and of all else. */
#define PEERUP_TEMPLATE_WEB     "web"
#define PEERUP_TEMPLATE_GENERIC "generic"

/* The templates of this machine, ordered by their IDs: those that are built in, and over them those of the files
 * peerup/services/ID.ini in the system's data directories and then in the user's own. A file takes the place of what
 * has the same ID, or with Hidden=true takes it away. Never changes. Counted, in any thread. */
typedef struct _PeerupTemplates PeerupTemplates;

#define PEERUP_TYPE_TEMPLATES (peerup_templates_get_type ())
GType peerup_templates_get_type (void);

/* Reads all files anew, blocking: few and small ones. One that is malformed is told by a warning with its line, once as
 * long as it is not changed, and what it would have replaced stays. */
PeerupTemplates *peerup_templates_load (void) G_GNUC_WARN_UNUSED_RESULT;
/* The same in a thread. Resolves to PEERUP_TYPE_TEMPLATES, never rejects. May be dropped at any time. */
DexFuture *peerup_templates_load_async (void) G_GNUC_WARN_UNUSED_RESULT;
/* The same from @directories (nullable, later ones over earlier ones) instead of those of this machine. */
PeerupTemplates *peerup_templates_load_from (const char *const *directories) G_GNUC_WARN_UNUSED_RESULT;
PeerupTemplates *peerup_templates_ref (PeerupTemplates *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_templates_unref (PeerupTemplates *self);

guint peerup_templates_get_n (const PeerupTemplates *self);
/* (transfer none) */
PeerupTemplate *peerup_templates_get (const PeerupTemplates *self, guint i);
/* (transfer none) (nullable): the first that has it. */
PeerupTemplate *peerup_templates_find (const PeerupTemplates *self, const char *id);
PeerupTemplate *peerup_templates_find_by_port (const PeerupTemplates *self, guint16 port);
/* (transfer none) (nullable): what is meant by the kind that a peer tells of a service. That is an ID where "service
 * add" has found it, as "jellyfin", which says more than "http"; else the kind of a template. So an ID is taken first,
 * then a template whose kind it is: of several PEERUP_TEMPLATE_WEB, as the others are more than the kind says. */
PeerupTemplate *peerup_templates_find_by_kind (const PeerupTemplates *self, const char *kind);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTemplates, peerup_templates_unref)

G_END_DECLS
