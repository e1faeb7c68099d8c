/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The operations of the engine, as data/dbus/ declares them: the one table that every face walks.
 * Everything here is borrowed, lives as long as the process and may be used in any thread. */

/* The annotation of a method, signal or interface that says how HTTP offers it: "POST /v1/ping". */
#define PEERUP_OPERATION_HTTP "dev.peerup.PeerUp.HTTP"

/**
 * PeerupOperation:
 * @interface: "dev.peerup.PeerUp.Engine1"
 * @name: "Ping"
 * @info: its arguments; those that go in are the call's parameters, one tuple
 * @http_method: "GET", "POST", "PUT" or "DELETE"
 * @http_path: "/v1/grants/{peer}/{service}": what is in braces are names of arguments that go in; the
 *   others come from the body, an object with a member for each, or for GET and DELETE from the query
 * @doc: what data/dbus/ says of it, as plain text of paragraphs
 *
 * What comes out: nothing, or a value for each argument that goes out.
 */
typedef struct
{
  const char *interface;
  const char *name;
  const GDBusMethodInfo *info;
  const char *http_method;
  const char *http_path;
  const char *doc;
} PeerupOperation;

/* All, in the order of the description. */
const PeerupOperation *peerup_operations_get (guint *n);
/* (nullable): by its name alone, "Ping": no two have the same. */
const PeerupOperation *peerup_operations_find (const char *name);
/* The parsed description: node of PEERUP_CONTROL_PATH with all interfaces, properties, signals and annotations. */
GDBusNodeInfo *peerup_operations_get_node (void);
/* (transfer full): the same anew, for who changes it. */
GDBusNodeInfo *peerup_operations_parse (void) G_GNUC_WARN_UNUSED_RESULT;

/* TRUE if @parameters is a tuple of @self's arguments that go in. */
gboolean peerup_operation_takes (const PeerupOperation *self, GVariant *parameters);
/* Of the arguments that go in or out: "(s)". (transfer full) */
GVariantType *peerup_operation_dup_in_type (const PeerupOperation *self) G_GNUC_WARN_UNUSED_RESULT;
GVariantType *peerup_operation_dup_out_type (const PeerupOperation *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
