/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is said of services and relays in words, and what people write of them, checked. Text in, text out: no engine
 * is asked, and the time comes from outside. */

typedef struct
{
  const char *name; /* what it is called, which may be anything */
  gint64 until;     /* seconds since 1970 when it ends; 0: never */
} PeerupShareUser;

/* "until 18:00", "until Sunday, 18:00", "until 3 March 2027". @until: seconds since 1970, not 0. It stays true until
 * then, whatever day it becomes meanwhile. */
char *peerup_share_describe_until (gint64 until, GDateTime *now) G_GNUC_WARN_UNUSED_RESULT;
/* "Everybody you paired with", "Only Laptop", "Laptop until 18:00". @restricted: only @users may, else they may beside
 * all who are authorized. */
char *peerup_share_describe_users (gboolean restricted, const PeerupShareUser *users, guint n_users,
                                   GDateTime *now) G_GNUC_WARN_UNUSED_RESULT;

/* (nullable) (transfer none): what is wrong with it, for people; NULL if nothing is. "" is wrong, too. */
const char *peerup_share_check_name (const char *name);
const char *peerup_share_check_address (const char *address);
/* (transfer full): the words of a text with commas or spaces between, each once. */
char **peerup_share_split_tags (const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* The icon of a service whose kind is @kind (nullable). Static. */
const char *peerup_share_get_kind_icon (const char *kind);

/* (transfer full): the addresses of relays, each with /p2p/ID, in what somebody has pasted or scanned: one or several,
 * also inside of other text as "peerup relay setup --check" prints it. All are of one relay.
 * PEERUP_ERROR_MALFORMED in words for people. */
char **peerup_share_parse_relay (const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* How a relay does: @state, @silent, @failures and @error as Relay1 tells them. */
char *peerup_share_describe_relay (const char *state, gboolean silent, guint failures,
                                   const char *error) G_GNUC_WARN_UNUSED_RESULT;
/* The shape that goes with it. Static. */
const char *peerup_share_get_relay_icon (const char *state, gboolean silent);
/* What a relay bounds of each connection through it: 0 for what it does not. */
char *peerup_share_describe_limits (guint64 seconds, guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
/* What this device is as a relay: RelayState, whether for authorized peers alone, and for how many. */
char *peerup_share_describe_own_relay (const char *state, gboolean for_peers, guint reservations,
                                       guint circuits) G_GNUC_WARN_UNUSED_RESULT;

/* A grade of D to F: devices of other networks may not reach this one. */
gboolean peerup_share_grade_is_bad (const char *grade);
/* The first port of addresses as "/ip4/192.0.2.1/tcp/4001/p2p/…"; 0 if there is none. */
guint16 peerup_share_find_port (const char *const *addresses);

G_END_DECLS
