/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "config/peerup-config-edit.h"
#include "control/peerup-control-ops.h"
#include "engine/peerup-engine-private.h"

G_BEGIN_DECLS

/* CLOSED unless @engine runs with a configuration that it follows. */
gboolean peerup_control_check_config (PeerupEngine *engine, GError **error);
typedef gboolean (*PeerupControlChangeFunc) (PeerupConfigEdit *edit, gconstpointer data, GError **error);
/* One edit of the configuration by @change, in force when this returns; archived with @operation and @object as its
 * cause. Nothing is written if any of it fails. */
gboolean peerup_control_change_config (PeerupControlCall *call, const char *operation, const char *object,
                                       PeerupControlChangeFunc change, gconstpointer data, GError **error);
/* (transfer full) of PeerupPeerId: those that @texts mean; NULL on an error. */
GPtrArray *
peerup_control_parse_peers (PeerupEngine *engine, const char *const *texts, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Writes a name into the configuration, or takes it out where @peer is NULL; archived with @operation and @name as its
 * cause. Errors as peerup_config_edit_add_name(), but a name of another peer is given to this one. */
gboolean peerup_control_set_name (PeerupControlCall *call, const char *operation, const char *name, PeerupPeerId *peer,
                                  GError **error);

G_END_DECLS
