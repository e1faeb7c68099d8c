/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "device.h"
#include "engine/peerup-engine-pairing-private.h"

/* Devices that pair, for tests. */

/* Two that do not know each other. */
void pairing_start (Device *inviter, Device *joiner);
/* The same for one, with @more in its configuration. */
Device pairing_start_one (const char *more);
/* Stops the engine and starts one anew at the same home, as after a crash: nothing is told to anybody before. */
void pairing_restart (Device *device);
/* The same; @device knows where @other is now, as its ports are others. */
void pairing_restart_at (Device *device, Device *other);
/* Both halves of it. */
void pairing_halt (Device *device);
void pairing_run (Device *device);
/* Waits until nobody is being paired on @device. */
void pairing_await_calm (Device *device);
/* @options: nullable. */
PeerupInvite *pairing_invite (Device *device, const PeerupInviteOptions *options);
PeerupPairingRecord *pairing_join (Device *device, const char *code, GError **error);
PeerupPairingRecord *
pairing_join_with (Device *device, const char *code, const PeerupJoinOptions *options, GError **error);
PeerupPairingRecord *pairing_await_record (DexFuture *future, GError **error);
/* Whether @device has @other in authorized_keys, as the file says. */
gboolean pairing_has (Device *device, Device *other);
/* (transfer full) (nullable): an attribute of its line there. */
char *pairing_attribute (Device *device, Device *other, const char *key);
/* (transfer full) (nullable): its name in the configuration's file. */
char *pairing_name (Device *device, Device *other);
/* A relay, and two devices that do not know each other; the relay knows the inviter, and with @both the joiner too. */
void pairing_start_relayed (Device *relay, Device *inviter, Device *joiner, gboolean both);
/* (transfer full): the long code without the inviter's own addresses, so that it is found through relays alone. */
char *pairing_code_without_addresses (const char *code);
/* (transfer full): the same code with another secret: what a guesser would enter. */
char *pairing_wrong_code (const char *code);
/* The clock that every device of a test is told, this much ahead of the real one: on the wall, and since the start. */
void pairing_set_clock (Device *device, gint64 wall_offset, gint64 boot_offset);
/* Waits until nothing is half on either side. */
void pairing_await_whole (Device *one, Device *other);
/* Files of @device's store with that @suffix. */
guint pairing_n_files (Device *device, const char *suffix);
guint pairing_n_half (Device *device);
/* Both have each other and nothing is half; or neither has anything of the other. */
void pairing_assert_paired (Device *one, Device *other);
void pairing_assert_strangers (Device *one, Device *other);
