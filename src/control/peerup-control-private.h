/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "control/peerup-control-call.h"
#include "control/peerup-control-devices.h"
#include "control/peerup-control-door.h"
#include "control/peerup-control-face.h"
#include "control/peerup-control-forwards.h"
#include "control/peerup-control-objects.h"
#include "control/peerup-control-outbox.h"

G_BEGIN_DECLS

/* What the files of the control share. */
struct _PeerupControl
{
  GObject parent_instance;

  PeerupEngine *engine;
  PeerupControlDoor *door; /* (nullable): of the private socket */
  GPtrArray *faces;        /* of PeerupControlFace */
  GPtrArray *buses;        /* of PeerupControlBus */
  PeerupControlOutbox *outbox;
  PeerupControlForwards *forwards;
  PeerupControlObjects *objects;
  PeerupControlDevices *devices;
  GHashTable *properties; /* of Engine1: name to GVariant */
  gint64 crowded_at;      /* when it was said last that there are too many clients; 0: never */

  /* Of peerup-control-templates.c: the search that all callers of FindServices share. */
  DexFuture *search; /* (nullable) */
  DexPromise *search_end;
  gint64 search_began; /* monotonic µs */
};

/* Emits "stop-requested". */
void peerup_control_request_stop (PeerupControl *self);
/* Tells InviteChanged for the invites of each of the engine's runs, as long as it lives. */
void peerup_control_follow_invites (PeerupControl *self);
/* Keeps Grade and what belongs to it, of each of the engine's runs, until it is unfollowed, which comes before the end.
 */
void peerup_control_follow_network (PeerupControl *self);
void peerup_control_unfollow_network (PeerupControl *self);
/* Ends the search of FindServices and forgets what it has found. */
void peerup_control_end_search (PeerupControl *self);
/* Takes a face into use, or ends one. */
void peerup_control_add_face (PeerupControl *self, PeerupControlFace *face);
void peerup_control_drop_face (PeerupControl *self, PeerupControlFace *face);

G_END_DECLS
