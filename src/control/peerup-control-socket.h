/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "wire/peerup-error.h"

G_BEGIN_DECLS

/* Where the daemon of a configuration is reached: a Unix socket, 0600, in a directory that is
 * 0700. Its name comes from the configuration's path, so each configuration has its own: default.sock and
 * profile-NAME.sock for those at their usual places, which units of systemd name too, a hash for others. */

/* The path of the socket for @config_path, best first: in /run/peerup for a configuration
 * below the system's directory, else in $XDG_RUNTIME_DIR/peerup; then beside the
 * configuration, for where there is no runtime directory. (transfer full) */
char **peerup_control_socket_candidates (const char *config_path) G_GNUC_WARN_UNUSED_RESULT;
/* Whether something of this user, or of root, listens at @path; then @pid gets the process that made the socket, which
 * may be the service manager, or 0 if it is too busy to say. Does not block. */
gboolean peerup_control_socket_is_live (const char *path, gint64 *pid);

/* The right to serve one configuration, held until it is freed. */
typedef struct _PeerupControlClaim PeerupControlClaim;

/* Blocking, at start-up. PEERUP_ERROR_EXISTS with the process if a daemon serves @config_path
 * already; PEERUP_ERROR_PERMISSION if no candidate's directory can be used. A socket
 * that nobody answers at is removed. One that the service manager has handed over (see
 * peerup-activation.h) is taken. */
PeerupControlClaim *peerup_control_claim (const char *config_path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Where to make the socket; nothing is there, unless the service manager made it. */
const char *peerup_control_claim_get_path (PeerupControlClaim *self);
/* A listening socket at the path, which the caller closes: the first time that of the service manager, if it made one;
 * else it is made, and where the directory or the lock's file have been removed, they are made anew. -1 with
 * PEERUP_ERROR_PERMISSION, or PEERUP_ERROR_EXISTS if another daemon has come by a lock's file of its own. */
int peerup_control_claim_listen (PeerupControlClaim *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

typedef enum
{
  PEERUP_CONTROL_CLAIM_WHOLE,
  PEERUP_CONTROL_CLAIM_GONE, /* nothing is at the path */
  PEERUP_CONTROL_CLAIM_OTHER /* something else is */
} PeerupControlClaimState;

/* What is at the path after peerup_control_claim_listen(). */
PeerupControlClaimState peerup_control_claim_look (PeerupControlClaim *self);
/* Removes the socket, if it was not the service manager who made it. */
void peerup_control_claim_free (PeerupControlClaim *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupControlClaim, peerup_control_claim_free)

G_END_DECLS
