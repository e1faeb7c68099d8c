/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-objects.h"
#include "app/model/peerup-text.h"

G_BEGIN_DECLS

/* What is said of a device, in words that are always true. From facts and a time that is given, so that there is
 * nothing here to wait for. Names are peers' words, and made safe (peerup-text.h). */

typedef enum
{
  PEERUP_DEVICE_NEVER,        /* it was never connected */
  PEERUP_DEVICE_OFFLINE,      /* it was, and is not */
  PEERUP_DEVICE_CONNECTING,   /* it is called */
  PEERUP_DEVICE_RECONNECTING, /* likewise, and was here a moment ago; or what it is reached by is silent */
  PEERUP_DEVICE_RELAYED,
  PEERUP_DEVICE_DIRECT,
  PEERUP_DEVICE_ENDED, /* its time is over */
} PeerupDeviceState;

/* What a Device1 says; strings are (nullable) and borrowed. */
typedef struct
{
  const char *peer_id;
  const char *name;
  const char *state;
  const char *path;
  const char *relay_name;
  gboolean silent;
  gboolean ended;
  gint64 rtt_us;       /* 0: not known */
  gint64 last_seen_at; /* seconds since 1970; 0: never */
} PeerupDeviceFacts;

/* @facts: (out): hold as long as @device does and says the same. */
void peerup_device_facts_get (PeerupDeviceFacts *facts, PeerupDBusDevice1 *device);

/* @now: in the time zone of the person */
PeerupDeviceState peerup_device_find_state (const PeerupDeviceFacts *facts, GDateTime *now);
/* "Direct, 6 ms", "Offline since Tuesday"; (transfer full) */
char *peerup_device_dup_line (const PeerupDeviceFacts *facts, GDateTime *now) G_GNUC_WARN_UNUSED_RESULT;
/* A symbolic icon of Adwaita, of another shape for each state. */
const char *peerup_device_get_icon (PeerupDeviceState state);
/* The same for those who do not see the icon: "Connected directly". */
const char *peerup_device_get_icon_text (PeerupDeviceState state);

/* The name, or "Unnamed Device aBc123"; (transfer full). For a label of its own. */
char *peerup_device_dup_title (const char *name, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;
/* Likewise for a sentence: isolated. */
char *peerup_device_dup_title_isolated (const char *name, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;
/* The end of a peer ID, by which people tell two of them apart; (transfer full) */
char *peerup_device_dup_short_id (const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

/* For AdwAvatar: its initials are the name's, and its colour goes by the peer ID alone, so that it stays when the name
 * is another one; (nullable) (transfer full): NULL where there is no name to have initials of. */
char *peerup_device_dup_avatar_text (const char *name, const char *peer_id) G_GNUC_WARN_UNUSED_RESULT;

/* "under 1 ms", "6 ms", "2.5 s"; (transfer full). @us: above 0 */
char *peerup_text_dup_round_trip (gint64 us) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
