/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a person is notified of, and what not: a machine of facts and times, which knows no bus, no clock and no words.
 *
 * Each thing has one id, is shown once, and is withdrawn when it is answered, over, or seen in the window. Nothing that
 * was so before the engine was found is news, but for a question somebody waits for. Peers cannot make more of it than
 * PEERUP_NOTIFY_RATE in a minute: what is too much waits, and is forgotten if it is over before its turn. */
typedef struct _PeerupNotifyPolicy PeerupNotifyPolicy;

typedef enum
{
  PEERUP_NOTIFY_PAIRING,      /* somebody has paired, and two people are to compare */
  PEERUP_NOTIFY_JOINED,       /* a device has come by an invite */
  PEERUP_NOTIFY_ACCESS,       /* a device asks for a service */
  PEERUP_NOTIFY_GRANT_ENDING, /* what a device may use ends soon */
  PEERUP_NOTIFY_DEVICE,       /* a device is offline, or back */
  PEERUP_NOTIFY_RELAY,        /* no relay is left */
  PEERUP_NOTIFY_N_TOPICS,
} PeerupNotifyTopic;

typedef enum
{
  PEERUP_ATTENTION_NONE,    /* no window is to be seen */
  PEERUP_ATTENTION_VISIBLE, /* there is one, and another program has the keyboard */
  PEERUP_ATTENTION_ACTIVE,  /* the person is in it */
} PeerupAttention;

/* Monotonic µs: how long it has to be so before it is told; how long a question has to follow who has joined. */
#define PEERUP_NOTIFY_DEVICE_TIME (60 * (gint64) G_USEC_PER_SEC)
#define PEERUP_NOTIFY_RELAY_TIME  (30 * (gint64) G_USEC_PER_SEC)
#define PEERUP_NOTIFY_JOIN_TIME   (2 * (gint64) G_USEC_PER_SEC)
/* So many in so many µs: of what peers cause, and again of what they do not. */
#define PEERUP_NOTIFY_RATE      5
#define PEERUP_NOTIFY_RATE_TIME (60 * (gint64) G_USEC_PER_SEC)
/* What is kept of at once; more is not told of. */
#define PEERUP_NOTIFY_MAX 64

/* Strings are what peers say, as they say it; NULL where the topic has none. */
typedef struct
{
  const char *id;
  PeerupNotifyTopic topic;
  gboolean is_back; /* of DEVICE */
  guint number;     /* of PAIRING and ACCESS: the question's */
  const char *peer_id;
  const char *name;
  const char *service;
  const char *emoji;
  const char *digits;
  gint64 until; /* of GRANT_ENDING: seconds since 1970 */
} PeerupNote;

/* @note: for the call; one of the same id is replaced. */
typedef void (*PeerupNotifyShow) (const PeerupNote *note, gpointer data);
typedef void (*PeerupNotifyWithdraw) (const char *id, gpointer data);

/* Both are called from the functions below that take a time, and must not call them. Every topic is off at first. */
PeerupNotifyPolicy *peerup_notify_policy_new (PeerupNotifyShow show, PeerupNotifyWithdraw withdraw,
                                              gpointer data) G_GNUC_WARN_UNUSED_RESULT;
/* Withdraws nothing. */
void peerup_notify_policy_free (PeerupNotifyPolicy *self);

/* @now is monotonic µs and never goes back. Each of these is to be followed by advance() in the same turn. */

/* What is shown of it is withdrawn when it is turned off; what was so before it is turned on is no news. */
void peerup_notify_policy_set_allowed (PeerupNotifyPolicy *self, PeerupNotifyTopic topic, gboolean allowed);
void peerup_notify_policy_set_attention (PeerupNotifyPolicy *self, PeerupAttention attention, gint64 now);
/* An engine is found; what is said with is_old is what it knows at that moment. */
void peerup_notify_policy_begin (PeerupNotifyPolicy *self);
/* It is gone: nobody takes answers any longer, and nothing of it is known. What has ended soon, or has joined, stays.
 */
void peerup_notify_policy_end (PeerupNotifyPolicy *self);

/* A question; @note: number, peer_id, name, topic (PAIRING or ACCESS) and what it has. */
void peerup_notify_policy_add_prompt (PeerupNotifyPolicy *self, const PeerupNote *note, gboolean is_old, gint64 now);
void peerup_notify_policy_remove_prompt (PeerupNotifyPolicy *self, guint number, gint64 now);
/* A device came, or has changed. */
void peerup_notify_policy_set_device (PeerupNotifyPolicy *self, const char *peer_id, const char *name,
                                      gboolean connected, gboolean verified, gint64 now);
void peerup_notify_policy_remove_device (PeerupNotifyPolicy *self, const char *peer_id);
/* It has used an invite. */
void peerup_notify_policy_add_joined (PeerupNotifyPolicy *self, const char *peer_id, const char *name, gint64 now);
/* The grant of @service to @peer_id ends @until, soon. It is shown while there is such a grant with that end, whichever
 * is said first; one that was taken back at once may never have been there. */
void peerup_notify_policy_add_ending (PeerupNotifyPolicy *self, const char *peer_id, const char *name,
                                      const char *service, gint64 until, gint64 now);
/* The grants as they are; @until: 0 of one without an end. */
void peerup_notify_policy_set_grant (PeerupNotifyPolicy *self, const char *peer_id, const char *service, gint64 until,
                                     gint64 now);
void peerup_notify_policy_remove_grant (PeerupNotifyPolicy *self, const char *peer_id, const char *service);
/* How many relays this device uses, and how many of them would carry somebody now. */
void peerup_notify_policy_set_relays (PeerupNotifyPolicy *self, guint n, guint n_reserved, gint64 now);

/* Shows what is due. Returns when to call it again, G_MAXINT64 for not. */
gint64 peerup_notify_policy_advance (PeerupNotifyPolicy *self, gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupNotifyPolicy, peerup_notify_policy_free)

G_END_DECLS
