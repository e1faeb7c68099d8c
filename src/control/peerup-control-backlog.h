/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What waits in memory on a private connection, either way, has a bound: PEERUP_CONTROL_BACKLOG_MAX bytes and one
 * message. GDBus reads whatever comes and queues whatever goes, so a client that does not read what it asks for, or
 * asks faster than it is answered, is cut off. What is sent on such a connection goes through here. */
#define PEERUP_CONTROL_BACKLOG_MAX (16 * 1024 * 1024)

/* From now on, for as long as @connection lives, which is one of a socket. Its calls are those of the main context that
 * is the thread's default. */
void peerup_control_backlog_bound (GDBusConnection *connection);

/* As the functions of GDBus do, on connections with a bound and without one. @invocation, @error and a floating @value
 * are consumed. */
void peerup_control_backlog_return_value (GDBusMethodInvocation *invocation, GVariant *value);
void peerup_control_backlog_take_error (GDBusMethodInvocation *invocation, GError *error);
void peerup_control_backlog_return_error (GDBusMethodInvocation *invocation, GQuark domain, int code,
                                          const char *format, ...) G_GNUC_PRINTF (4, 5);
/* FALSE with @error if nothing can be told on @connection any more. @to: (nullable) */
gboolean peerup_control_backlog_emit (GDBusConnection *connection, const char *to, const char *path,
                                      const char *interface, const char *name, GVariant *parameters, GError **error);

G_END_DECLS
