/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* For a worker thread: calls that would return later are waited for on the spot, in a main context of their own, until
 * a time is over or somebody else cancels. Everything that the calls make belongs between begin and end. */
typedef struct
{
  GMainContext *context;
  GCancellable *cancellable; /* for the calls; cancelled by the time and by @outer */
  GCancellable *outer;       /* nullable */
  gulong handler;
  GSource *timer;
  gboolean late; /* it was the time that cancelled */
  GAsyncResult *result;
  GDBusConnection *connection; /* nullable */
  gboolean exits;              /* as it was before */
} PeerupKeyringWait;

/* @timeout: microseconds. */
void peerup_keyring_wait_begin (PeerupKeyringWait *self, GCancellable *outer, gint64 timeout);
/* A GAsyncReadyCallback; its data is the wait. */
void peerup_keyring_wait_ready (GObject *source, GAsyncResult *result, gpointer data);
/* What came to peerup_keyring_wait_ready(), which comes also after it was cancelled. */
GAsyncResult *peerup_keyring_wait_result (PeerupKeyringWait *self) G_GNUC_WARN_UNUSED_RESULT;
/* Until *@flag is set by something in this context; FALSE if it was cancelled first. */
gboolean peerup_keyring_wait_flag (PeerupKeyringWait *self, const gboolean *flag) G_GNUC_WARN_UNUSED_RESULT;
void peerup_keyring_wait_end (PeerupKeyringWait *self);

/* To the session bus: @connection, which is the one that the rest of the program has, if it has any; until the end of
 * the wait it does not end the program when the bus does. UNREACHABLE where there is no bus, for none is ever started.
 */
gboolean peerup_keyring_wait_connect (PeerupKeyringWait *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* *@error said again for people: that the time is over (TIMEOUT), nobody answers (UNREACHABLE), the person said no
 * (DENIED); G_IO_ERROR_CANCELLED by @outer stays. @what: "the login keyring". */
void peerup_keyring_wait_explain (PeerupKeyringWait *self, const char *what, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PeerupKeyringWait, peerup_keyring_wait_end)

G_END_DECLS
