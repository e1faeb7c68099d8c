/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Who calls operations: a client of a D-Bus, or one of HTTP. What a client has made for itself alone (its forwards),
 * and calls that are under way for it, end when it leaves. Belongs to the engine's thread. */
#define PEERUP_TYPE_CALLER (peerup_caller_get_type ())
G_DECLARE_FINAL_TYPE (PeerupCaller, peerup_caller, PEERUP, CALLER, GObject)

/* @face: "dbus" or "http", for metrics and messages. @keeps: what it makes outlives it (HTTP, where a client is one
 * request). */
PeerupCaller *peerup_caller_new (const char *face, gboolean keeps) G_GNUC_WARN_UNUSED_RESULT;
const char *peerup_caller_get_face (PeerupCaller *self);
gboolean peerup_caller_get_keeps (PeerupCaller *self);
/* Cancelled by peerup_caller_leave(). */
GCancellable *peerup_caller_get_cancellable (PeerupCaller *self);
/* It is gone. Emits "left" once. */
void peerup_caller_leave (PeerupCaller *self);
gboolean peerup_caller_has_left (PeerupCaller *self);

/* Calls that are under way for it, as peerup_control_invoke() counts them. */
void peerup_caller_begin (PeerupCaller *self);
void peerup_caller_end (PeerupCaller *self);
guint peerup_caller_get_n_calls (PeerupCaller *self);

G_END_DECLS
