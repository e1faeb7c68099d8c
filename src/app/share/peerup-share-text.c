/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Sentences about what is shared and with whom. Names come from others, so each is cleaned and isolated where it
 * enters a sentence. */
#include "app/share/peerup-share-text.h"

#include <glib/gi18n.h>
#include <string.h>

#include "app/model/peerup-text.h"
#include "config/peerup-config.h"
#include "wire/peerup-error.h"
#include "wire/peerup-multiaddr.h"

/* So many users are named, the others are counted. */
#define NAMED_USERS 2

/* Who */

static gboolean
is_same_day (GDateTime *a, GDateTime *b)
{
  return g_date_time_get_year (a) == g_date_time_get_year (b) &&
         g_date_time_get_day_of_year (a) == g_date_time_get_day_of_year (b);
}

char *
peerup_share_describe_until (gint64 until, GDateTime *now)
{
  g_autoptr (GDateTime) utc = g_date_time_new_from_unix_utc (until);
  g_autoptr (GDateTime) end = utc != NULL ? g_date_time_to_timezone (utc, g_date_time_get_timezone (now)) : NULL;

  /* Beyond what a calendar has. */
  if (end == NULL)
    return g_strdup (_ ("for ever"));
  if (is_same_day (end, now))
    /* TRANSLATORS: when a permission ends, today: a format of strftime() */
    return g_date_time_format (end, _ ("until %H:%M"));
  if (g_date_time_difference (end, now) > 0 && g_date_time_difference (end, now) < 6 * G_TIME_SPAN_DAY)
    /* TRANSLATORS: when a permission ends, within a week: a format of strftime() */
    return g_date_time_format (end, _ ("until %A, %H:%M"));
  /* TRANSLATORS: when a permission ends: a format of strftime() */
  return g_date_time_format (end, _ ("until %-d %B %Y"));
}

static char *
describe_user (const PeerupShareUser *user, GDateTime *now)
{
  g_autofree char *name = peerup_text_isolate (user->name);
  g_autofree char *end = user->until != 0 ? peerup_share_describe_until (user->until, now) : NULL;

  /* TRANSLATORS: a device, and until when it may: "Laptop until 18:00" */
  return end != NULL ? g_strdup_printf (_ ("%s %s"), name, end) : g_steal_pointer (&name);
}

/* "Laptop", "Laptop and Phone", "Laptop, Phone and 3 others". @n_users: at least one. */
static char *
describe_list (const PeerupShareUser *users, guint n_users, GDateTime *now)
{
  g_autofree char *first = describe_user (&users[0], now);
  g_autofree char *second = n_users > 1 ? describe_user (&users[1], now) : NULL;

  if (n_users == 1)
    return g_steal_pointer (&first);
  if (n_users == NAMED_USERS && users[1].until != 0)
    /* TRANSLATORS: two devices, of which the second may until a time: "Laptop, and Phone until 18:00" */
    return g_strdup_printf (_ ("%s, and %s"), first, second);
  if (n_users == NAMED_USERS)
    /* TRANSLATORS: two devices */
    return g_strdup_printf (_ ("%s and %s"), first, second);
  /* TRANSLATORS: two devices, and how many others */
  return g_strdup_printf (ngettext ("%s, %s and %u other", "%s, %s and %u others", n_users - NAMED_USERS), first,
                          second, n_users - NAMED_USERS);
}

char *
peerup_share_describe_users (gboolean restricted, const PeerupShareUser *users, guint n_users, GDateTime *now)
{
  g_autofree char *list = n_users > 0 ? describe_list (users, n_users, now) : NULL;

  if (list == NULL)
    return g_strdup (restricted ? _ ("Nobody may use it yet") : _ ("Everybody you paired with"));
  if (!restricted)
    /* TRANSLATORS: who may use a service; %s are guests, as "Laptop until 18:00" */
    return g_strdup_printf (_ ("Everybody you paired with, and %s"), list);
  if (n_users == 1 && users[0].until == 0)
    /* TRANSLATORS: the one device that may use a service */
    return g_strdup_printf (_ ("Only %s"), list);
  return g_steal_pointer (&list);
}

/* What people write */

const char *
peerup_share_check_name (const char *name)
{
  if (name[0] == '\0')
    return _ ("Give it a name by which other devices ask for it");
  if (peerup_config_is_service_name (name))
    return NULL;
  if (strlen (name) > 63)
    return _ ("The name is too long: use 63 characters at most");
  if (name[0] == '-' || g_str_has_suffix (name, "-"))
    return _ ("The name cannot begin or end with a dash");
  return _ ("Use small letters a–z, digits and dashes only");
}

const char *
peerup_share_check_address (const char *address)
{
  g_autofree char *host = NULL;
  guint16 port;

  if (address[0] == '\0')
    return _ ("Say where it is, as localhost:8096");
  if (peerup_config_parse_host_port (address, &host, &port, NULL))
    return NULL;
  return strchr (address, ':') == NULL ? _ ("The port is missing, as in localhost:8096")
                                       : _ ("Write a host and a port from 1 to 65535, as localhost:8096");
}

char **
peerup_share_split_tags (const char *text)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) words = g_strsplit_set (text, ", \t\n;", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] != '\0' && g_hash_table_add (seen, words[i]))
      g_strv_builder_add (builder, words[i]);
  return g_strv_builder_end (builder);
}

const char *
peerup_share_get_kind_icon (const char *kind)
{
  static const struct
  {
    const char *kind;
    const char *icon;
  } icons[] = {
    { "ssh", "utilities-terminal-symbolic" },
    { "http", "web-browser-symbolic" },
    { "https", "web-browser-symbolic" },
    { "rdp", "preferences-desktop-remote-desktop-symbolic" },
    { "vnc", "preferences-desktop-remote-desktop-symbolic" },
    { "smb", "folder-remote-symbolic" },
    { "postgresql", "drive-multidisk-symbolic" },
    { "minecraft", "applications-games-symbolic" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (icons); i++)
    if (g_strcmp0 (icons[i].kind, kind) == 0)
      return icons[i].icon;
  return "network-server-symbolic";
}

/* (nullable) (transfer full): the address of a relay, if @word is one, and whose it is. */
static PeerupMultiaddr *
read_relay (const char *word, PeerupPeerId **peer)
{
  const char *start = strchr (word, '/');
  g_autoptr (PeerupMultiaddr) address = start != NULL ? peerup_multiaddr_new_from_string (start, NULL) : NULL;

  *peer =
    address != NULL && peerup_multiaddr_get_n_components (address) > 1 ? peerup_multiaddr_dup_peer_id (address) : NULL;
  return *peer != NULL ? g_steal_pointer (&address) : NULL;
}

static gboolean
has_address (char **words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (g_str_has_prefix (words[i], "/ip") || g_str_has_prefix (words[i], "/dns"))
      return TRUE;
  return FALSE;
}

char **
peerup_share_parse_relay (const char *text, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (peerup_multiaddr_hash, peerup_multiaddr_equal,
                                                       (GDestroyNotify) peerup_multiaddr_unref, NULL);
  g_autoptr (PeerupPeerId) first = NULL;
  g_auto (GStrv) words = g_strsplit_set (text, " \t\r\n,;\"'()<>", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      g_autoptr (PeerupPeerId) peer = NULL;
      PeerupMultiaddr *address = read_relay (words[i], &peer);

      if (address == NULL)
        continue;
      if (first == NULL)
        first = peerup_peer_id_ref (peer);
      if (!peerup_peer_id_equal (peer, first))
        {
          g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                               _ ("These are addresses of different relays: add one after the other"));
          peerup_multiaddr_unref (address);
          return NULL;
        }
      if (!g_hash_table_contains (seen, address))
        g_strv_builder_add (builder, peerup_multiaddr_get_string (address));
      g_hash_table_add (seen, address);
    }
  if (first != NULL)
    return g_strv_builder_end (builder);
  g_set_error_literal (
    error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
    has_address (words)
      ? _ ("The address lacks the relay’s peer ID, or is cut: it ends in /p2p/ and the ID")
      : _ ("This is no address of a relay: it begins with /ip4/ or /dns/ and ends in /p2p/ and an ID"));
  return NULL;
}

/* Relays */

char *
peerup_share_describe_relay (const char *state, gboolean silent, guint failures, const char *error)
{
  gboolean reserved = g_strcmp0 (state, "reserved") == 0;
  g_autofree char *reason = error != NULL && error[0] != '\0' ? peerup_text_clean_to (error, 200) : NULL;

  if (reserved)
    return g_strdup (silent ? _ ("Not answering") : _ ("Ready"));
  if (g_strcmp0 (state, "connecting") == 0)
    return g_strdup (_ ("Connecting…"));
  if (reason != NULL)
    return g_steal_pointer (&reason);
  if (failures > 0)
    return g_strdup_printf (ngettext ("Not answering, tried %u time", "Not answering, tried %u times", failures),
                            failures);
  return g_strdup (_ ("Waiting to be asked again"));
}

const char *
peerup_share_get_relay_icon (const char *state, gboolean silent)
{
  if (g_strcmp0 (state, "reserved") == 0)
    return silent ? "network-no-route-symbolic" : "object-select-symbolic";
  return g_strcmp0 (state, "connecting") == 0 ? "content-loading-symbolic" : "dialog-warning-symbolic";
}

char *
peerup_share_describe_limits (guint64 seconds, guint64 bytes)
{
  g_autofree char *size = bytes != 0 ? g_format_size (bytes) : NULL;
  guint minutes = (guint) MIN ((seconds + 59) / 60, G_MAXUINT);
  g_autofree char *time =
    seconds != 0 ? g_strdup_printf (ngettext ("%u minute", "%u minutes", minutes), minutes) : NULL;

  if (size != NULL && time != NULL)
    /* TRANSLATORS: how much, and how many minutes, one connection through a relay may take */
    return g_strdup_printf (_ ("%s and %s for each connection"), size, time);
  if (size != NULL || time != NULL)
    /* TRANSLATORS: how much, or how many minutes, one connection through a relay may take */
    return g_strdup_printf (_ ("%s for each connection"), size != NULL ? size : time);
  return g_strdup (_ ("None"));
}

char *
peerup_share_describe_own_relay (const char *state, gboolean for_peers, guint reservations, guint circuits)
{
  g_autofree char *devices = g_strdup_printf (ngettext ("%u device can be reached through it",
                                                        "%u devices can be reached through it", reservations),
                                              reservations);
  g_autofree char *connections =
    g_strdup_printf (ngettext ("it carries %u connection", "it carries %u connections", circuits), circuits);

  if (g_strcmp0 (state, "serving") == 0 && for_peers && reservations == 0 && circuits == 0)
    return g_strdup (_ ("It relays for devices you paired with, as it can be reached from the internet"));
  if (g_strcmp0 (state, "serving") == 0 && reservations == 0 && circuits == 0)
    return g_strdup (_ ("Ready, and used by no device yet"));
  if (g_strcmp0 (state, "serving") == 0)
    /* TRANSLATORS: "3 devices can be reached through it, it carries 1 connection" */
    return g_strdup_printf (_ ("%s, %s"), devices, connections);
  if (g_strcmp0 (state, "draining") == 0)
    /* TRANSLATORS: %s is "it carries 1 connection" */
    return g_strdup_printf (_ ("Coming to its end: it takes nothing new, %s"), connections);
  if (g_strcmp0 (state, "drained") == 0)
    return g_strdup (_ ("Ended until you resume it, or start Peer-Up again"));
  return g_strdup (_ ("Other devices do not find each other through this one"));
}

gboolean
peerup_share_grade_is_bad (const char *grade)
{
  return grade != NULL && grade[0] >= 'D' && grade[0] <= 'F';
}

guint16
peerup_share_find_port (const char *const *addresses)
{
  for (guint i = 0; addresses != NULL && addresses[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (addresses[i], "/", -1);

      for (guint k = 0; parts[k] != NULL && parts[k + 1] != NULL; k++)
        {
          guint64 port;

          if ((g_str_equal (parts[k], "tcp") || g_str_equal (parts[k], "udp")) &&
              g_ascii_string_to_unsigned (parts[k + 1], 10, 1, G_MAXUINT16, &port, NULL))
            return (guint16) port;
        }
    }
  return 0;
}
