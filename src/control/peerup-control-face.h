/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "control/peerup-caller.h"

G_BEGIN_DECLS

typedef struct _PeerupControl PeerupControl;
typedef struct _PeerupControlPolicy PeerupControlPolicy;

/* The control on one D-Bus connection: Engine1 at PEERUP_CONTROL_PATH, and the object manager with its objects beside
 * it. On a private connection there is one caller, on a bus one for each that calls. */
typedef struct _PeerupControlFace PeerupControlFace;

/* @policy: (nullable) (transfer full): whom a bus lets in; without one everybody on @connection may do everything. */
PeerupControlFace *peerup_control_face_new (PeerupControl *control, GDBusConnection *connection,
                                            PeerupControlPolicy *policy, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Its callers have left. */
void peerup_control_face_free (PeerupControlFace *self);
GDBusConnection *peerup_control_face_get_connection (PeerupControlFace *self);
/* Not everybody on the connection may do everything. */
gboolean peerup_control_face_has_policy (const PeerupControlFace *self);
/* Asks nobody: without a policy everybody may, else those that have been let in. @sender: (nullable) */
gboolean peerup_control_face_may_read (const PeerupControlFace *self, const char *sender);

/* Whether somebody is there who may look: on a private connection always, on a bus whoever has called and has not left.
 */
gboolean peerup_control_face_has_clients (const PeerupControlFace *self);

/* Tells who may know: a signal of @interface at @path; all, or @only (nullable) if it is one of this face. @parameters
 * stay the caller's. */
void peerup_control_face_emit (PeerupControlFace *self, const char *path, const char *interface, const char *name,
                               GVariant *parameters, PeerupCaller *only);
/* Answers a call of another interface than Engine1 on this face: @answer takes the invocation, once the sender may
 * read. */
typedef void (*PeerupControlFaceAnswer) (GDBusMethodInvocation *invocation, gpointer data);
void peerup_control_face_let_read (PeerupControlFace *self, GDBusMethodInvocation *invocation,
                                   PeerupControlFaceAnswer answer, gpointer data);
/* The answer to a call of org.freedesktop.DBus.Properties: @values is a{sv} of @interface, floating or not, and is
 * consumed. */
void peerup_control_face_answer_properties (GDBusMethodInvocation *invocation, const char *interface, GVariant *values);
/* @interface without its texts, which are for people and would make it ten times as long; changed in place. */
GDBusInterfaceInfo *peerup_control_face_strip (GDBusInterfaceInfo *interface);

G_END_DECLS
