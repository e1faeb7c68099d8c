/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What Invite and Join say: times that are left, what goes on, and why it went wrong. */
#include "app/pairing/peerup-pairing-words.h"

#include <gio/gio.h>
#include <glib/gi18n.h>
#include <string.h>

/* From here on each second counts. */
#define EXACT_SECONDS 120

/* To the nearest. */
static gint64
count (gint64 seconds, gint64 unit)
{
  return (seconds + unit / 2) / unit;
}

static char *
format_long (gint64 seconds)
{
  gint64 minutes = count (seconds, 60), hours = count (seconds, 3600), days = count (seconds, 86400);

  if (days >= 2)
    return g_strdup_printf (ngettext ("%d day left", "%d days left", (gulong) days), (int) days);
  if (hours >= 2)
    return g_strdup_printf (ngettext ("%d hour left", "%d hours left", (gulong) hours), (int) hours);
  return g_strdup_printf (ngettext ("%d minute left", "%d minutes left", (gulong) minutes), (int) minutes);
}

char *
peerup_pairing_words_left (gint64 seconds)
{
  int rest = (int) (seconds % 60);
  g_autofree char *minute = NULL;
  g_autofree char *second = NULL;

  if (seconds >= EXACT_SECONDS)
    return format_long (seconds);
  if (seconds < 60)
    return g_strdup_printf (ngettext ("%d second left", "%d seconds left", (gulong) MAX (seconds, 0)),
                            (int) MAX (seconds, 0));
  /* TRANSLATORS: time that is left, from 60 to 119 seconds */
  return g_strdup_printf (ngettext ("1 minute %d second left", "1 minute %d seconds left", (gulong) rest), rest);
}

guint
peerup_pairing_words_left_holds (gint64 seconds)
{
  gint64 half;

  if (seconds < EXACT_SECONDS)
    return 1;
  half = count (seconds, 60) * 60 - 30;
  return (guint) (seconds - MAX (half, EXACT_SECONDS) + 1);
}

const char *
peerup_pairing_words_progress (const char *state)
{
  static const struct
  {
    const char *state;
    const char *text;
  } texts[] = {
    { "finding", N_ ("Looking for the Other Device…") },
    { "proving", N_ ("Proving That Both Know the Code…") },
    { "waiting", N_ ("Waiting for the Other Device…") },
    { "saving", N_ ("Saving…") },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_strcmp0 (texts[i].state, state) == 0)
      return _ (texts[i].text);
  return _ ("Joining…");
}

/* A spoken code does not say whose it is, but the engine knows. */
static gboolean
is_own (const GError *error, const PeerupInviteCode *code, const char *own_id)
{
  if (code->kind == PEERUP_CODE_SPOKEN)
    return error->code == PEERUP_ERROR_WRONG_PEER;
  return code->inviter != NULL && g_strcmp0 (peerup_peer_id_get_string (code->inviter), own_id) == 0;
}

PeerupJoinTrouble
peerup_pairing_words_find_trouble (const GError *error, const PeerupInviteCode *code, const char *own_id,
                                   gboolean online)
{
  if (error->domain != PEERUP_ERROR)
    return error->domain == G_IO_ERROR ? PEERUP_JOIN_GONE : PEERUP_JOIN_FAILED;
  switch (error->code)
    {
    case PEERUP_ERROR_MALFORMED:
    case PEERUP_ERROR_TOO_LARGE:
      return PEERUP_JOIN_MISTYPED;
    case PEERUP_ERROR_CRYPTO:
      return PEERUP_JOIN_WRONG_CODE;
    case PEERUP_ERROR_WRONG_PEER:
      return is_own (error, code, own_id) ? PEERUP_JOIN_OWN : PEERUP_JOIN_FAILED;
    case PEERUP_ERROR_DENIED:
      return PEERUP_JOIN_DECLINED;
    case PEERUP_ERROR_GATED:
      return PEERUP_JOIN_OVER;
    case PEERUP_ERROR_UNREACHABLE:
    case PEERUP_ERROR_TIMEOUT:
      if (!online)
        return PEERUP_JOIN_OFFLINE;
      return code->kind == PEERUP_CODE_SPOKEN ? PEERUP_JOIN_NOBODY : PEERUP_JOIN_AWAY;
    case PEERUP_ERROR_EXISTS:
      return PEERUP_JOIN_PAIRED;
    case PEERUP_ERROR_CONFIG:
      return PEERUP_JOIN_OTHER_NETWORK;
    case PEERUP_ERROR_NEGOTIATION:
    case PEERUP_ERROR_UNSUPPORTED:
      return PEERUP_JOIN_OLD;
    case PEERUP_ERROR_CLOSED:
      return PEERUP_JOIN_GONE;
    default:
      return PEERUP_JOIN_FAILED;
    }
}

static const struct
{
  const char *icon;
  const char *title;
  const char *advice;
  gboolean retry;
} troubles[] = {
  [PEERUP_JOIN_MISTYPED] = { "dialog-warning-symbolic", N_ ("Mistyped Code"),
                             N_ ("Compare it with what the other device shows."), FALSE },
  [PEERUP_JOIN_WRONG_CODE] = { "dialog-warning-symbolic", N_ ("Wrong Code"),
                               N_ ("The other device has an invite, but not with this code. Check it with the person "
                                   "who gave it to you: after three wrong codes a new one is needed."),
                               FALSE },
  [PEERUP_JOIN_OVER] = { "task-past-due-symbolic", N_ ("This Code No Longer Works"),
                         N_ ("It was used already, has expired, or was taken back. Each code works once and for a "
                             "while: ask for a new one."),
                         FALSE },
  [PEERUP_JOIN_DECLINED] = { "action-unavailable-symbolic", N_ ("Declined on the Other Device"),
                             N_ ("Nothing was changed here. Ask the person who has that device."), FALSE },
  [PEERUP_JOIN_NOBODY] = { "edit-find-symbolic", N_ ("Nobody Here Has This Invite"),
                           N_ ("Check the number. Spoken codes work between devices on one network, or with a relay in "
                               "common: from anywhere else, use the full code, the link or the QR code."),
                           TRUE },
  [PEERUP_JOIN_AWAY] = { "network-no-route-symbolic", N_ ("The Other Device Does Not Answer"),
                         N_ ("See that it is on, has a network, and still shows the code."), TRUE },
  [PEERUP_JOIN_OFFLINE] = { "network-offline-symbolic", N_ ("This Device Has No Network"),
                            N_ ("Connect it, then try again. The code stays good for its time."), TRUE },
  [PEERUP_JOIN_OTHER_NETWORK] = { "network-workgroup-symbolic", N_ ("A Code for Another Network"),
                                  N_ ("The other device keeps its devices apart under a network name that is not set "
                                      "on this one. Set the same name on both, and invite anew."),
                                  FALSE },
  [PEERUP_JOIN_OWN] = { "computer-symbolic", N_ ("This Device Made the Code"),
                        N_ ("Enter it on the other device, not here."), FALSE },
  [PEERUP_JOIN_PAIRED] = { "object-select-symbolic", N_ ("Already Paired"),
                           N_ ("There is nothing to join. For more services, ask for access to them on that device."),
                           FALSE },
  [PEERUP_JOIN_OLD] = { "software-update-available-symbolic", N_ ("A Newer Version Is Needed"),
                        N_ ("The two devices do not understand each other’s codes. Update Peer-Up on both."), FALSE },
  [PEERUP_JOIN_GONE] = { "dialog-error-symbolic", N_ ("Peer-Up Has Stopped"),
                         N_ ("It ended while this was going on. Start it again, and see whether the device is listed "
                             "before you try again."),
                         FALSE },
  [PEERUP_JOIN_FAILED] = { "dialog-error-symbolic", N_ ("Could Not Join"), N_ ("The details say why."), TRUE },
};

const char *
peerup_pairing_words_get_title (PeerupJoinTrouble trouble)
{
  return _ (troubles[trouble].title);
}

const char *
peerup_pairing_words_get_advice (PeerupJoinTrouble trouble)
{
  return _ (troubles[trouble].advice);
}

const char *
peerup_pairing_words_get_icon (PeerupJoinTrouble trouble)
{
  return troubles[trouble].icon;
}

gboolean
peerup_pairing_words_can_retry (PeerupJoinTrouble trouble)
{
  return troubles[trouble].retry;
}
