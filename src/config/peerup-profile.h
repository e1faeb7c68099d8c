/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Profiles: several identities of one person on one machine, each with a directory of its own that has its
 * configuration, key, authorized_keys and all else. A profile is named as services are (peerup-label.h). */

/* MALFORMED, with what a name may be, if @name is none. */
gboolean peerup_profile_check (const char *name, GError **error);
/* Where the configuration of @name is, or would be made: $XDG_CONFIG_HOME/peerup/profiles/NAME/config.yaml if it is
 * there, else /etc/peerup/profiles/NAME/config.yaml if that is there; where neither is, the latter for root in its own
 * home, and the former for everybody else. (transfer full) */
char *peerup_profile_dup_config (const char *name) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the profile whose configuration would be at @path; NULL if that is nowhere where profiles are.
 * (transfer full) */
char *peerup_profile_dup_name (const char *path) G_GNUC_WARN_UNUSED_RESULT;
/* The names of all whose configurations are there, in order. (transfer full) */
char **peerup_profile_list (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
