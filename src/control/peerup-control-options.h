/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One option of a call: its key, its type ("s", "b", "x" or "as"), and where its value goes: a const char *, gboolean,
 * gint64 or const char **. */
typedef struct
{
  const char *key;
  const char *type;
  gpointer value;
} PeerupControlOption;

/* Fills the values of those that are in @options, a{sv}, and leaves the others alone. Texts are borrowed of @options; a
 * list is to be freed with g_free(). FALSE, with G_DBUS_ERROR_INVALID_ARGS, for one that is not among the @n, or is of
 * another type. */
gboolean peerup_control_read_options (GVariant *options, const PeerupControlOption *known, gsize n,
                                      GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
