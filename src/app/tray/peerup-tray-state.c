/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The state of the tray. Holds nothing. */
#include "app/tray/peerup-tray-state.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"
#include "app/model/peerup-text.h"

/* Characters: menus have no second line. */
#define MAX_TEXT 90

static const struct
{
  const char *name, *icon;
} shapes[] = {
  [PEERUP_TRAY_OFF] = { "off", "dev.peerup.PeerUp-off-symbolic" },
  [PEERUP_TRAY_CONNECTED] = { "connected", "dev.peerup.PeerUp-connected-symbolic" },
  [PEERUP_TRAY_RELAYED] = { "relayed", "dev.peerup.PeerUp-relayed-symbolic" },
  [PEERUP_TRAY_TROUBLE] = { "trouble", "dev.peerup.PeerUp-trouble-symbolic" },
};

static void
count (PeerupTrayFacts *facts, PeerupDBusDevice1 *device, GDateTime *now)
{
  PeerupDeviceFacts one;
  PeerupDeviceState state;

  peerup_device_facts_get (&one, device);
  state = peerup_device_find_state (&one, now);
  if (state != PEERUP_DEVICE_DIRECT && state != PEERUP_DEVICE_RELAYED)
    return;
  facts->n_connected++;
  if (state == PEERUP_DEVICE_RELAYED)
    facts->n_relayed++;
}

void
peerup_tray_facts_get (PeerupTrayFacts *facts, PeerupSession *session)
{
  GListModel *devices = G_LIST_MODEL (peerup_session_get_devices (session));
  PeerupDBusEngine1 *engine = peerup_session_get_engine (session);
  const char *const *problems = engine != NULL ? peerup_dbus_engine1_get_problems (engine) : NULL;
  const GError *error = peerup_session_get_error (session);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  *facts = (PeerupTrayFacts) { .session = peerup_session_get_state (session) };
  facts->error = error != NULL ? error->message : NULL;
  for (guint i = 0; problems != NULL && problems[i] != NULL && facts->problem == NULL; i++)
    if (!peerup_text_is_first_run (problems[i]))
      facts->problem = problems[i];
  for (guint i = 0; i < g_list_model_get_n_items (devices); i++)
    {
      g_autoptr (PeerupDBusDevice1) device = g_list_model_get_item (devices, i);

      if (!peerup_dbus_device1_get_is_relay (device))
        count (facts, device, now);
    }
}

PeerupTrayState
peerup_tray_find_state (const PeerupTrayFacts *facts)
{
  if (facts->session == PEERUP_SESSION_FAILED || facts->session == PEERUP_SESSION_GONE)
    return PEERUP_TRAY_TROUBLE;
  if (facts->session != PEERUP_SESSION_RUNNING)
    return PEERUP_TRAY_OFF;
  if (facts->problem != NULL)
    return PEERUP_TRAY_TROUBLE;
  if (facts->n_connected == 0)
    return PEERUP_TRAY_OFF;
  return facts->n_relayed > 0 ? PEERUP_TRAY_RELAYED : PEERUP_TRAY_CONNECTED;
}

static char *
say_connected (guint n_connected, guint n_relayed)
{
  g_autofree char *all = NULL;

  if (n_relayed == n_connected)
    return g_strdup_printf (ngettext ("%u device connected, through a relay", "%u devices connected, through relays",
                                      n_connected),
                            n_connected);
  all = g_strdup_printf (ngettext ("%u device connected", "%u devices connected", n_connected), n_connected);
  if (n_relayed == 0)
    return g_steal_pointer (&all);
  /* TRANSLATORS: %s is "3 devices connected"; so many of them through a relay. */
  return g_strdup_printf (ngettext ("%s, %u through a relay", "%s, %u through relays", n_relayed), all, n_relayed);
}

char *
peerup_tray_dup_text (const PeerupTrayFacts *facts)
{
  const char *trouble = facts->session == PEERUP_SESSION_RUNNING ? facts->problem : facts->error;

  switch (facts->session)
    {
    case PEERUP_SESSION_STARTING:
      return g_strdup (_ ("Starting…"));
    case PEERUP_SESSION_STOPPED:
      return g_strdup (_ ("Not running"));
    case PEERUP_SESSION_FAILED:
    case PEERUP_SESSION_GONE:
    case PEERUP_SESSION_RUNNING:
    default:
      break;
    }
  if (trouble != NULL)
    return peerup_text_clean_to (trouble, MAX_TEXT);
  if (facts->session != PEERUP_SESSION_RUNNING)
    return g_strdup (_ ("Not running"));
  return facts->n_connected == 0 ? g_strdup (_ ("No device connected"))
                                 : say_connected (facts->n_connected, facts->n_relayed);
}

const char *
peerup_tray_get_name (PeerupTrayState state)
{
  return shapes[state].name;
}

const char *
peerup_tray_get_icon (PeerupTrayState state)
{
  return shapes[state].icon;
}
