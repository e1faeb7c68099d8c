/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is said of a device. Pure. */
#include "app/model/peerup-device-text.h"

#include <glib/gi18n.h>
#include <string.h>

/* Seconds: a device that was connected so lately is called back, not called. */
#define RECENT   300
#define SHORT_ID 6
/* How many colours AdwAvatar has, of which it takes one by g_str_hash(). With another number, only the colour is not
 * kept over a change of the name. */
#define AVATAR_COLORS 14

static gboolean
has_text (const char *text)
{
  return text != NULL && *text != '\0';
}

void
peerup_device_facts_get (PeerupDeviceFacts *facts, PeerupDBusDevice1 *device)
{
  *facts = (PeerupDeviceFacts) {
    .peer_id = peerup_dbus_device1_get_peer_id (device),
    .name = peerup_dbus_device1_get_name (device),
    .state = peerup_dbus_device1_get_state (device),
    .path = peerup_dbus_device1_get_path (device),
    .relay_name = peerup_dbus_device1_get_relay_name (device),
    .silent = peerup_dbus_device1_get_silent (device),
    .ended = peerup_dbus_device1_get_ended (device),
    .rtt_us = peerup_dbus_device1_get_rtt_us (device),
    .last_seen_at = peerup_dbus_device1_get_last_seen_at (device),
  };
}

PeerupDeviceState
peerup_device_find_state (const PeerupDeviceFacts *facts, GDateTime *now)
{
  if (facts->ended)
    return PEERUP_DEVICE_ENDED;
  if (g_strcmp0 (facts->state, "connected") == 0)
    {
      if (facts->silent)
        return PEERUP_DEVICE_RECONNECTING;
      return g_strcmp0 (facts->path, "relayed") == 0 ? PEERUP_DEVICE_RELAYED : PEERUP_DEVICE_DIRECT;
    }
  if (g_strcmp0 (facts->state, "connecting") == 0)
    {
      gint64 ago = g_date_time_to_unix (now) - facts->last_seen_at;

      return ago >= 0 && ago < RECENT ? PEERUP_DEVICE_RECONNECTING : PEERUP_DEVICE_CONNECTING;
    }
  return facts->last_seen_at > 0 ? PEERUP_DEVICE_OFFLINE : PEERUP_DEVICE_NEVER;
}

char *
peerup_text_dup_round_trip (gint64 us)
{
  /* TRANSLATORS: How long a round trip to another device takes, in milliseconds. */
  if (us < 1000)
    return g_strdup (_ ("under 1 ms"));
  if (us < 999500)
    /* TRANSLATORS: Milliseconds. */
    return g_strdup_printf (_ ("%d ms"), (int) ((us + 500) / 1000));
  /* TRANSLATORS: Seconds. */
  return g_strdup_printf (_ ("%.1f s"), (double) us / G_USEC_PER_SEC);
}

static char *
join_round_trip (const char *text, gint64 us)
{
  g_autofree char *round_trip = NULL;

  if (us <= 0)
    return g_strdup (text);
  round_trip = peerup_text_dup_round_trip (us);
  /* TRANSLATORS: How a device is reached, and how long a round trip takes: "Direct, 6 ms". */
  return g_strdup_printf (C_ ("path", "%s, %s"), text, round_trip);
}

static char *
say_relayed (const PeerupDeviceFacts *facts)
{
  g_autofree char *relay = peerup_text_isolate (facts->relay_name);
  g_autofree char *text = NULL;

  if (*relay == '\0')
    return join_round_trip (_ ("Relayed"), facts->rtt_us);
  /* TRANSLATORS: %s is the name of a relay. */
  text = g_strdup_printf (_ ("Relayed through %s"), relay);
  return join_round_trip (text, facts->rtt_us);
}

/* Days of the calendar from @then to @now. */
static int
count_days (GDateTime *then, GDateTime *now)
{
  GDate a, b;

  g_date_clear (&a, 1);
  g_date_clear (&b, 1);
  g_date_set_dmy (&a, g_date_time_get_day_of_month (then), g_date_time_get_month (then), g_date_time_get_year (then));
  g_date_set_dmy (&b, g_date_time_get_day_of_month (now), g_date_time_get_month (now), g_date_time_get_year (now));
  return g_date_days_between (&a, &b);
}

static char *
say_offline (gint64 last_seen_at, GDateTime *now)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (last_seen_at);
  g_autoptr (GDateTime) then = utc != NULL ? g_date_time_to_timezone (utc, g_date_time_get_timezone (now)) : NULL;
  int days = then != NULL ? count_days (then, now) : -1;

  /* A clock was set back. */
  if (days < 0 || g_date_time_compare (then, now) > 0)
    return g_strdup (_ ("Offline"));
  if (days == 0)
    /* TRANSLATORS: %R is the time of day; see g_date_time_format() for other forms. */
    return g_date_time_format (then, _ ("Offline since %R"));
  if (days == 1)
    return g_strdup (_ ("Offline since yesterday"));
  if (days < 7)
    /* TRANSLATORS: %A is the day of the week. */
    return g_date_time_format (then, _ ("Offline since %A"));
  if (g_date_time_get_year (then) == g_date_time_get_year (now))
    /* TRANSLATORS: A day of this year: "3 March". */
    return g_date_time_format (then, _ ("Offline since %-e %B"));
  /* TRANSLATORS: A month of another year: "March 2025". */
  return g_date_time_format (then, _ ("Offline since %B %Y"));
}

char *
peerup_device_dup_line (const PeerupDeviceFacts *facts, GDateTime *now)
{
  switch (peerup_device_find_state (facts, now))
    {
    case PEERUP_DEVICE_ENDED:
      /* TRANSLATORS: A device was let in until a day that is past. */
      return g_strdup (_ ("Its time is over"));
    case PEERUP_DEVICE_DIRECT:
      return join_round_trip (_ ("Direct"), facts->rtt_us);
    case PEERUP_DEVICE_RELAYED:
      return say_relayed (facts);
    case PEERUP_DEVICE_RECONNECTING:
      return g_strdup (_ ("Reconnecting…"));
    case PEERUP_DEVICE_CONNECTING:
      return g_strdup (_ ("Connecting…"));
    case PEERUP_DEVICE_OFFLINE:
      return say_offline (facts->last_seen_at, now);
    case PEERUP_DEVICE_NEVER:
    default:
      return g_strdup (_ ("Never connected"));
    }
}

static const struct
{
  const char *icon;
  const char *text;
} states[] = {
  [PEERUP_DEVICE_NEVER] = { "dialog-question-symbolic", N_ ("Never connected") },
  [PEERUP_DEVICE_OFFLINE] = { "network-offline-symbolic", N_ ("Offline") },
  [PEERUP_DEVICE_CONNECTING] = { "content-loading-symbolic", N_ ("Connecting") },
  [PEERUP_DEVICE_RECONNECTING] = { "view-refresh-symbolic", N_ ("Reconnecting") },
  [PEERUP_DEVICE_RELAYED] = { "network-workgroup-symbolic", N_ ("Connected through a relay") },
  [PEERUP_DEVICE_DIRECT] = { "network-transmit-receive-symbolic", N_ ("Connected directly") },
  [PEERUP_DEVICE_ENDED] = { "appointment-missed-symbolic", N_ ("Its time is over") },
};

const char *
peerup_device_get_icon (PeerupDeviceState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), NULL);
  return states[state].icon;
}

const char *
peerup_device_get_icon_text (PeerupDeviceState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), NULL);
  return _ (states[state].text);
}

char *
peerup_device_dup_short_id (const char *peer_id)
{
  g_autofree char *clean = peerup_text_clean (peer_id);
  gsize length = strlen (clean);

  /* Base58 is ASCII; whatever is not, is not cut into. */
  if (!g_str_is_ascii (clean) || length <= SHORT_ID)
    return g_steal_pointer (&clean);
  return g_strdup (clean + length - SHORT_ID);
}

static char *
make_unnamed (const char *peer_id)
{
  g_autofree char *id = peerup_device_dup_short_id (peer_id);

  if (!has_text (id))
    return g_strdup (_ ("Unnamed Device"));
  /* TRANSLATORS: %s is the end of a device's ID, as "aBc123". */
  return g_strdup_printf (_ ("Unnamed Device %s"), id);
}

char *
peerup_device_dup_title (const char *name, const char *peer_id)
{
  g_autofree char *clean = peerup_text_clean (name);

  return *clean != '\0' ? g_steal_pointer (&clean) : make_unnamed (peer_id);
}

char *
peerup_device_dup_title_isolated (const char *name, const char *peer_id)
{
  g_autofree char *title = peerup_device_dup_title (name, peer_id);

  return peerup_text_isolate (title);
}

char *
peerup_device_dup_avatar_text (const char *name, const char *peer_id)
{
  g_autofree char *clean = peerup_text_clean (name);
  guint color = g_str_hash (peer_id != NULL ? peer_id : "") % AVATAR_COLORS;

  if (*clean == '\0')
    return NULL;
  /* The initials are of the beginning of words: what follows the last one is free. */
  for (guint i = 0; i < 1000; i++)
    {
      g_autofree char *text = g_strdup_printf ("%s%u", clean, i);

      if (g_str_hash (text) % AVATAR_COLORS == color)
        return g_steal_pointer (&text);
    }
  return g_steal_pointer (&clean);
}
