/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The menu of the tray, from what the session has. Names are those of others and made safe. Holds nothing. */
#include "app/tray/peerup-tray-menu.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-device-text.h"

static PeerupMenuEntry *
add (PeerupMenuEntry *menu, PeerupMenuKind kind, const char *key, const char *label)
{
  return peerup_menu_entry_append (menu, peerup_menu_entry_new (kind, key, label));
}

static void
add_service (PeerupMenuEntry *menu, PeerupDBusService1 *service)
{
  const char *name = peerup_dbus_service1_get_name (service);
  g_autofree char *key = g_strconcat (PEERUP_TRAY_SERVICE, name, NULL);
  g_autofree char *shown = peerup_text_isolate (name);
  /* TRANSLATORS: In the tray's menu, with a check mark; %s is the name of a service, such as "ssh". */
  g_autofree char *label = g_strdup_printf (_ ("Share %s"), shown);

  add (menu, PEERUP_MENU_CHECK, key, label)->is_checked = peerup_dbus_service1_get_enabled (service);
}

/* As people know it. */
static char *
dup_address (const char *address)
{
  const char *port = address != NULL && g_str_has_prefix (address, "127.0.0.1:") ? strchr (address, ':') : NULL;

  return port != NULL ? g_strconcat ("localhost", port, NULL) : peerup_text_clean (address);
}

static void
add_forward (PeerupMenuEntry *menu, PeerupSession *session, PeerupDBusForward1 *forward)
{
  const char *peer_id = peerup_dbus_forward1_get_peer_id (forward);
  g_autoptr (PeerupDBusDevice1) device =
    peerup_object_list_find (peerup_session_get_devices (session), "peer-id", peer_id);
  const char *name = device != NULL ? peerup_dbus_device1_get_name (device) : peerup_dbus_forward1_get_peer (forward);
  g_autofree char *key = g_strconcat (PEERUP_TRAY_FORWARD, peerup_dbus_forward1_get_id (forward), NULL);
  g_autofree char *service = peerup_text_isolate (peerup_dbus_forward1_get_service (forward));
  g_autofree char *title = peerup_device_dup_title_isolated (name, peer_id);
  g_autofree char *address = dup_address (peerup_dbus_forward1_get_address (forward));
  /* TRANSLATORS: A service of a device, and where it is on this one: "ssh on office: localhost:2222". */
  g_autofree char *label = g_strdup_printf (_ ("%s on %s: %s"), service, title, address);

  add (menu, PEERUP_MENU_ACTION, key, label);
}

static void
add_services (PeerupMenuEntry *menu, PeerupSession *session)
{
  GListModel *services = G_LIST_MODEL (peerup_session_get_services (session));
  guint n = g_list_model_get_n_items (services);

  if (n > 0)
    add (menu, PEERUP_MENU_SEPARATOR, "before-services", NULL);
  for (guint i = 0; i < MIN (n, PEERUP_TRAY_MAX_LISTED); i++)
    {
      g_autoptr (PeerupDBusService1) service = g_list_model_get_item (services, i);

      add_service (menu, service);
    }
  if (n > PEERUP_TRAY_MAX_LISTED)
    add (menu, PEERUP_MENU_ACTION, "more-services", _ ("More Services…"));
}

static gboolean
is_in_use (PeerupDBusForward1 *forward)
{
  return g_strcmp0 (peerup_dbus_forward1_get_state (forward), "stopped") != 0;
}

static void
add_forwards (PeerupMenuEntry *menu, PeerupSession *session)
{
  GListModel *forwards = G_LIST_MODEL (peerup_session_get_forwards (session));
  guint n = 0;

  for (guint i = 0; i < g_list_model_get_n_items (forwards) && n <= PEERUP_TRAY_MAX_LISTED; i++)
    {
      g_autoptr (PeerupDBusForward1) forward = g_list_model_get_item (forwards, i);

      if (!is_in_use (forward))
        continue;
      if (n == 0)
        add (menu, PEERUP_MENU_SEPARATOR, "before-forwards", NULL);
      if (n++ < PEERUP_TRAY_MAX_LISTED)
        add_forward (menu, session, forward);
      else
        add (menu, PEERUP_MENU_ACTION, "more-forwards", _ ("More Services in Use…"));
    }
}

PeerupMenuEntry *
peerup_tray_menu_new (PeerupSession *session, const char *text)
{
  PeerupMenuEntry *menu = peerup_menu_entry_new (PEERUP_MENU_TEXT, "", NULL);
  gboolean running = peerup_session_get_state (session) == PEERUP_SESSION_RUNNING;

  add (menu, PEERUP_MENU_ACTION, "open", _ ("Open Peer-Up"));
  add (menu, PEERUP_MENU_TEXT, "state", text);
  add_services (menu, session);
  add_forwards (menu, session);
  add (menu, PEERUP_MENU_SEPARATOR, "before-pairing", NULL);
  add (menu, PEERUP_MENU_ACTION, "invite", _ ("Invite a Device…"))->is_enabled = running;
  add (menu, PEERUP_MENU_ACTION, "join", _ ("Join with a Code…"))->is_enabled = running;
  add (menu, PEERUP_MENU_SEPARATOR, "before-quit", NULL);
  add (menu, PEERUP_MENU_ACTION, "quit", _ ("Quit"));
  return menu;
}
