/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "client/peerup-client.h"

G_BEGIN_DECLS

/* Asking the engine, and reading the dictionaries it answers with. Another version of the
 * engine may leave things out or say more: what is not there, or of another type, reads as
 * empty. */

/* The two halves of a generated call that takes nothing and gives one thing. */
typedef void (*PeerupAskCall) (PeerupDBusEngine1 *proxy, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer data);
typedef gboolean (*PeerupAskFinish) (PeerupDBusEngine1 *proxy, GVariant **answer, GAsyncResult *result, GError **error);

/* In a fiber. */
gboolean
peerup_ask (PeerupDBusEngine1 *proxy, PeerupAskCall call, PeerupAskFinish finish, GVariant **answer, GError **error);
#define PEERUP_ASK(proxy, method, answer, error) \
  peerup_ask (proxy, peerup_dbus_engine1_call_##method, peerup_dbus_engine1_call_##method##_finish, answer, error)

/* The same for a call that takes one text. */
typedef void (*PeerupAskAboutCall) (PeerupDBusEngine1 *proxy, const char *text, GCancellable *cancellable,
                                    GAsyncReadyCallback callback, gpointer data);
gboolean peerup_ask_about (PeerupDBusEngine1 *proxy, const char *text, PeerupAskAboutCall call, PeerupAskFinish finish,
                           GVariant **answer, GError **error);
#define PEERUP_ASK_ABOUT(proxy, method, text, answer, error)                                                    \
  peerup_ask_about (proxy, text, peerup_dbus_engine1_call_##method, peerup_dbus_engine1_call_##method##_finish, \
                    answer, error)

/* Borrowed; "" if it is not there. */
const char *peerup_answer_get_string (GVariant *dict, const char *key);
gboolean peerup_answer_get_flag (GVariant *dict, const char *key);
/* u, t, or an x that is not negative; FALSE, and @number 0, for all else. */
gboolean peerup_answer_lookup_number (GVariant *dict, const char *key, guint64 *number);
guint64 peerup_answer_get_number (GVariant *dict, const char *key);
/* (transfer full): aa{sv}. */
GVariant *peerup_answer_get_list (GVariant *dict, const char *key) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
