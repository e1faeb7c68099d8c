/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The words of a notification. Pure. */
#include "app/notify/peerup-notify-text.h"

#include <glib/gi18n.h>

#include "app/model/peerup-device-text.h"

/* Characters of a name in a notification, which has room for little more. */
#define MAX_NAME 30

/* Signs of markup, and what looks like them. GNotification knows of none, and its way to org.freedesktop.Notifications
 * hands the body over as it is; to escape it here would show the escapes where another way is taken. */
static char *
disarm (char *text)
{
  g_autofree char *taken = text;
  GString *out = g_string_new (NULL);

  for (const char *p = taken; *p != '\0'; p++)
    switch (*p)
      {
      case '<':
        g_string_append (out, "\u2039");
        break;
      case '>':
        g_string_append (out, "\u203a");
        break;
      case '&':
        g_string_append (out, "\uff06");
        break;
      default:
        g_string_append_c (out, *p);
      }
  return g_string_free (out, FALSE);
}

/* For a sentence. */
static char *
dup_device (const PeerupNote *note)
{
  g_autofree char *title = peerup_device_dup_title (note->name, note->peer_id);
  g_autofree char *cut = peerup_text_clean_to (title, MAX_NAME);

  return disarm (peerup_text_isolate (cut));
}

static char *
dup_service (const PeerupNote *note)
{
  g_autofree char *cut = peerup_text_clean_to (note->service, MAX_NAME);

  return disarm (peerup_text_isolate (cut));
}

static char *
dup_ending_title (const PeerupNote *note, gint64 now)
{
  gint64 seconds = MAX (note->until - now, 0);
  gint64 minutes = (seconds + 59) / 60;

  if (seconds < 60)
    return g_strdup (_ ("Access Ends in Less Than a Minute"));
  return g_strdup_printf (ngettext ("Access Ends in %d Minute", "Access Ends in %d Minutes", (gulong) minutes),
                          (int) MIN (minutes, G_MAXINT));
}

static char *
dup_device_title (const PeerupNote *note, const char *device)
{
  /* TRANSLATORS: %s is a device's name. */
  return g_strdup_printf (note->is_back ? _ ("%s is back online") : _ ("%s is offline"), device);
}

char *
peerup_notify_dup_title (const PeerupNote *note, gint64 now)
{
  g_autofree char *device = note->peer_id != NULL ? dup_device (note) : NULL;
  g_autofree char *service = NULL;

  switch (note->topic)
    {
    case PEERUP_NOTIFY_PAIRING:
      /* TRANSLATORS: %s is a device's name. */
      return g_strdup_printf (_ ("%s wants to pair"), device);
    case PEERUP_NOTIFY_JOINED:
      /* TRANSLATORS: %s is a device's name. */
      return g_strdup_printf (_ ("%s has joined"), device);
    case PEERUP_NOTIFY_ACCESS:
      service = dup_service (note);
      /* TRANSLATORS: A device's name, and a service's: "Laptop asks for Jellyfin" */
      return g_strdup_printf (_ ("%1$s asks for %2$s"), device, service);
    case PEERUP_NOTIFY_GRANT_ENDING:
      return dup_ending_title (note, now);
    case PEERUP_NOTIFY_DEVICE:
      return dup_device_title (note, device);
    case PEERUP_NOTIFY_RELAY:
    case PEERUP_NOTIFY_N_TOPICS:
    default:
      return g_strdup (_ ("No Relay Can Be Reached"));
    }
}

static char *
dup_pairing_body (const PeerupNote *note)
{
  g_autofree char *emoji = disarm (peerup_text_clean (note->emoji));
  g_autofree char *digits = disarm (peerup_text_clean (note->digits));

  /* TRANSLATORS: Emoji, and digits, that another device shows too. */
  return g_strdup_printf (_ ("Compare with the other device: %1$s · %2$s"), emoji, digits);
}

static char *
dup_ending_body (const PeerupNote *note)
{
  g_autofree char *device = dup_device (note);
  g_autofree char *service = dup_service (note);

  /* TRANSLATORS: A device's name, and a service's: "Laptop will no longer be able to use Jellyfin." */
  return g_strdup_printf (_ ("%1$s will no longer be able to use %2$s."), device, service);
}

char *
peerup_notify_dup_body (const PeerupNote *note, gint64 now)
{
  switch (note->topic)
    {
    case PEERUP_NOTIFY_PAIRING:
      return dup_pairing_body (note);
    case PEERUP_NOTIFY_JOINED:
      return g_strdup (_ ("It is one of your devices now."));
    case PEERUP_NOTIFY_ACCESS:
      return g_strdup (_ ("It may not use this service yet."));
    case PEERUP_NOTIFY_GRANT_ENDING:
      return dup_ending_body (note);
    case PEERUP_NOTIFY_DEVICE:
      return g_strdup (note->is_back ? _ ("Its services can be used again.") : _ ("Its services cannot be used now."));
    case PEERUP_NOTIFY_RELAY:
    case PEERUP_NOTIFY_N_TOPICS:
    default:
      return g_strdup (_ ("Devices in other networks may not reach this one."));
    }
}
