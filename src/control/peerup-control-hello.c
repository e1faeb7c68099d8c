/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* A bus of two: the client and the engine. Nothing is kept; matches are taken and mean nothing, for what is told on a
 * private connection is for its client.
 */
#include "control/peerup-control-hello.h"

#include <glib/gi18n-lib.h>

#include "control/peerup-control-backlog.h"
#include "control/peerup-control.h"

#define CLIENT ":1.1"
#define ENGINE ":1.0"

static const char description[] = "<node><interface name='org.freedesktop.DBus'>"
                                  "<method name='Hello'><arg name='name' type='s' direction='out'/></method>"
                                  "<method name='AddMatch'><arg name='rule' type='s' direction='in'/></method>"
                                  "<method name='RemoveMatch'><arg name='rule' type='s' direction='in'/></method>"
                                  "<method name='ListNames'><arg name='names' type='as' direction='out'/></method>"
                                  "<method name='NameHasOwner'><arg name='name' type='s' direction='in'/>"
                                  "<arg name='has' type='b' direction='out'/></method>"
                                  "<method name='GetNameOwner'><arg name='name' type='s' direction='in'/>"
                                  "<arg name='owner' type='s' direction='out'/></method>"
                                  "</interface></node>";

/* (nullable) */
static const char *
find_owner (GVariant *parameters)
{
  const char *name;

  g_variant_get (parameters, "(&s)", &name);
  if (g_str_equal (name, PEERUP_CONTROL_BUS_NAME) || g_str_equal (name, ENGINE))
    return ENGINE;
  return g_str_equal (name, CLIENT) ? CLIENT : NULL;
}

static void
on_method_call (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
                const char *method, GVariant *parameters, GDBusMethodInvocation *invocation, gpointer data)
{
  static const char *const names[] = { "org.freedesktop.DBus", PEERUP_CONTROL_BUS_NAME, ENGINE, CLIENT, NULL };
  GVariant *answer = NULL;

  if (g_str_equal (method, "Hello"))
    answer = g_variant_new ("(s)", CLIENT);
  else if (g_str_equal (method, "ListNames"))
    answer = g_variant_new ("(^as)", names);
  else if (g_str_equal (method, "NameHasOwner"))
    answer = g_variant_new ("(b)", find_owner (parameters) != NULL);
  else if (g_str_equal (method, "GetNameOwner") && find_owner (parameters) != NULL)
    answer = g_variant_new ("(s)", find_owner (parameters));
  else if (g_str_equal (method, "GetNameOwner"))
    {
      peerup_control_backlog_return_error (invocation, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER,
                                           _ ("Nobody has that name on this private connection"));
      return;
    }
  peerup_control_backlog_return_value (invocation, answer);
}

guint
peerup_control_hello_register (GDBusConnection *connection, GError **error)
{
  static const GDBusInterfaceVTable vtable = { .method_call = on_method_call };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (description, NULL);

  return g_dbus_connection_register_object (connection, "/org/freedesktop/DBus", node->interfaces[0], &vtable, NULL,
                                            NULL, error);
}
