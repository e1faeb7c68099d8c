/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control.h"
#include "trust/peerup-authorized-keys.h"

G_BEGIN_DECLS

/* The devices that authorized_keys lists, as objects: which there are, and what has changed of each. Owned by the
 * control, whose objects it touches. */
typedef struct _PeerupControlDevices PeerupControlDevices;

PeerupControlDevices *peerup_control_devices_new (PeerupControl *control) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_devices_free (PeerupControlDevices *self);

/* As ListAuthorized, aa{sv}, of the entries in force and each peer once, but for the round trips: those are what they
 * were told as, until they have changed notably. Floating; empty for an engine that admits nobody. */
GVariant *peerup_control_list_devices (PeerupControl *control) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the same of one, by its peer ID; floating, NULL if it is not listed. */
GVariant *peerup_control_find_device (PeerupControl *control, const char *id) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the peer IDs of pairings that are half done, to the words for that. */
GHashTable *peerup_control_dup_half (PeerupEngine *engine) G_GNUC_WARN_UNUSED_RESULT;
/* One of ListAuthorized, floating. @half: as above; @devices: nullable, where the round trip is to be as it was told.
 */
GVariant *peerup_control_describe_device (PeerupEngine *engine, PeerupAuthorizedKeys *keys, guint entry,
                                          GHashTable *half, PeerupControlDevices *devices) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a round trip that was told as @told, µs, is to be told as @rtt: by more than a quarter, and by 1 ms. 0 is
 * unknown. */
gboolean peerup_control_is_other_rtt (gint64 told, gint64 rtt);

G_END_DECLS
