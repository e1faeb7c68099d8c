/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef struct _PeerupControl PeerupControl;

#define PEERUP_CONTROL_ROOT "/dev/peerup/PeerUp"

typedef enum
{
  PEERUP_CONTROL_PEERS,
  PEERUP_CONTROL_SERVICES,
  PEERUP_CONTROL_FORWARDS,
  PEERUP_CONTROL_INVITES,
  PEERUP_CONTROL_GRANTS,
  PEERUP_CONTROL_RELAYS,
  PEERUP_CONTROL_DEVICES,
  PEERUP_CONTROL_PROMPTS,
  PEERUP_CONTROL_N_KINDS,
} PeerupControlKind;

/* The object manager at PEERUP_CONTROL_ROOT and its objects, data/dbus/dev.peerup.PeerUp.Objects1.xml: what the lists
 * of Engine1 say, kept, compared and told of where it changes. Also tells PeerChanged and ServiceChanged. */
typedef struct _PeerupControlObjects PeerupControlObjects;

PeerupControlObjects *peerup_control_objects_new (PeerupControl *control) G_GNUC_WARN_UNUSED_RESULT;
void peerup_control_objects_free (PeerupControlObjects *self);

/* On one of the control's connections, whose face stands for who may read. */
gboolean peerup_control_objects_export (PeerupControlObjects *self, GDBusConnection *connection, GError **error);
void peerup_control_objects_unexport (PeerupControlObjects *self, GDBusConnection *connection);
/* Things of @kind may have changed: looks soon, and together with what changes meanwhile. May be called in a fiber. */
void peerup_control_objects_touch (PeerupControlObjects *self, PeerupControlKind kind);
/* The same of one thing, of a kind whose things can be looked at one by one: its @id is that of ListAuthorized. */
void peerup_control_objects_touch_one (PeerupControlObjects *self, PeerupControlKind kind, const char *id);
/* As in an object path: letters and digits stay, everything else is "_" and two digits of each byte. */
char *peerup_control_objects_escape (const char *id) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
