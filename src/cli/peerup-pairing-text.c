/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Sentences about invites and pairings. They are made of what the control interface says and of nothing else, so that
 * they are the same with a daemon and without.
 */
#include "cli/peerup-pairing-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-cli-text.h"
#include "cli/peerup-cli.h"
#include "cli/peerup-path-text.h"

#define BOLD  "\033[1m"
#define PLAIN "\033[0m"

char *
peerup_pairing_text_list (const char *const *words)
{
  GString *out = g_string_new (NULL);

  for (guint i = 0; words[i] != NULL; i++)
    g_string_append_printf (out, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? _ (" and ") : ", ", words[i]);
  return g_string_free_and_steal (out);
}

char *
peerup_pairing_text_rights (const char *const *services, gint64 grant_time, gboolean weak)
{
  g_autofree char *duration = grant_time > 0 ? peerup_cli_format_duration (grant_time) : NULL;
  g_autofree char *time = duration != NULL ? g_strdup_printf (_ ("for %s"), duration) : g_strdup (_ ("for good"));
  g_autofree char *list = services != NULL ? peerup_pairing_text_list (services) : NULL;
  const char *warning =
    weak ? _ (" This is the older kind of code, which a relay in between could attack: verify the device afterwards.")
         : "";

  if (list != NULL)
    return g_strdup_printf (_ ("Whoever joins with this code may use %s of this device %s, and nothing else.%s"), list,
                            time, warning);
  return g_strdup_printf (
    _ ("Whoever joins with this code is authorized %s, and may use the services of this device.%s"), time, warning);
}

static char *
format_clock (gint64 time)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (time);

  return when != NULL ? g_date_time_format (when, "%F %H:%M") : g_strdup ("?");
}

/* Long codes and links stay in one line: terminals wrap them, and copy them as one. */
char *
peerup_pairing_text_invite (GVariant *invite, gboolean bold, gint64 now)
{
  const char *spoken = peerup_answer_get_string (invite, "spoken");
  gint64 end = peerup_answer_get_number (invite, "expires_at");
  g_autofree char *left = peerup_cli_format_duration (end - now);
  g_autofree char *clock = format_clock (end);
  GString *out = g_string_new (NULL);

  if (spoken[0] != '\0')
    g_string_append_printf (out,
                            _ ("Say, where both devices use one relay or are in one network:\n\n"
                               "    %s%s%s\n\n"),
                            bold ? BOLD : "", spoken, bold ? PLAIN : "");
  g_string_append_printf (out, "%s:\n\n%s\n\n",
                          spoken[0] != '\0' ? _ ("Or type or paste, anywhere") : _ ("Type or paste"),
                          peerup_answer_get_string (invite, "code"));
  if (peerup_answer_get_string (invite, "link")[0] != '\0')
    g_string_append_printf (out, _ ("Or open:\n\n%s\n\n"), peerup_answer_get_string (invite, "link"));
  g_string_append_printf (
    out, _ ("On the other device “peerup join” takes any of these. It works once, for %s, until %s.\n"), left, clock);
  return g_string_free_and_steal (out);
}

/* "Laptop (12D3KooW…hMuwAJU5)", or what there is of it. */
static char *
format_peer (GVariant *dict, const char *name_key)
{
  const char *name = peerup_answer_get_string (dict, name_key);
  GVariantDict only_id = G_VARIANT_DICT_INIT (NULL);
  g_autoptr (GVariant) nameless = NULL;
  g_autofree char *id = NULL;

  g_variant_dict_insert (&only_id, "id", "s", peerup_answer_get_string (dict, "peer_id"));
  nameless = g_variant_ref_sink (g_variant_dict_end (&only_id));
  id = peerup_path_text_peer (nameless, "id");
  if (id[0] == '\0')
    return g_strdup (name[0] != '\0' ? name : _ ("A device"));
  return name[0] != '\0' ? g_strdup_printf ("%s (%s)", name, id) : g_steal_pointer (&id);
}

char *
peerup_pairing_text_state (GVariant *invite)
{
  const char *state = peerup_answer_get_string (invite, "state");
  guint guesses = peerup_answer_get_number (invite, "guesses");
  g_autofree char *peer = format_peer (invite, "peer_name");

  if (g_str_equal (state, "claimed"))
    return g_strdup_printf (_ ("%s is joining…"), peer);
  if (g_str_equal (state, "used"))
    return g_strdup_printf (_ ("%s has joined."), peer);
  if (g_str_equal (state, "expired"))
    return g_strdup (_ ("The time of the code is over, and nobody has joined with it."));
  if (g_str_equal (state, "cancelled"))
    return g_strdup (_ ("The invite is taken back: the code is worth nothing now."));
  if (g_str_equal (state, "dead"))
    return g_strdup_printf (
      _ ("The code is dead after %u wrong guesses. Somebody may be trying codes: make another with "
         "“peerup invite”."),
      guesses);
  if (guesses > 0)
    return g_strdup_printf (_ ("Somebody has tried a wrong code (%u of 3)."), guesses);
  return NULL;
}

static char *
format_rest (GVariant *invite, gint64 now)
{
  g_autofree char *left = NULL;

  if (!g_str_equal (peerup_answer_get_string (invite, "state"), "open"))
    return NULL;
  left = peerup_cli_format_duration ((gint64) peerup_answer_get_number (invite, "expires_at") - now);
  return g_strdup_printf (_ ("%s left"), left);
}

char *
peerup_pairing_text_invites (GVariant *invites, gint64 now)
{
  PeerupTable *table = peerup_table_new ("", 4);

  for (gsize i = 0; i < g_variant_n_children (invites); i++)
    {
      g_autoptr (GVariant) invite = g_variant_get_child_value (invites, i);
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, peerup_answer_get_number (invite, "number"));
      g_autofree char *rest = format_rest (invite, now);
      g_autofree char *peer =
        peerup_answer_get_string (invite, "peer_id")[0] != '\0' ? format_peer (invite, "peer_name") : NULL;

      peerup_table_add (table, number, peerup_cli_word (peerup_answer_get_string (invite, "state")), rest,
                        peer != NULL                              ? peer
                        : peerup_answer_get_flag (invite, "left") ? _ ("left with relays")
                                                                  : NULL);
    }
  return peerup_table_end (table);
}

/* Joining */

char *
peerup_pairing_text_progress (const char *state, const char *detail)
{
  static const struct
  {
    const char *state;
    const char *text;
  } texts[] = {
    { "finding", N_ ("Looking for the other device…") },
    { "proving", N_ ("Proving that both know the code…") },
    { "waiting", N_ ("The other device is away; waiting for it…") },
    { "saving", N_ ("Saving…") },
  };
  gboolean has_detail = detail[0] != '\0' && g_str_equal (state, "waiting");

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (g_str_equal (texts[i].state, state))
      return has_detail ? g_strdup_printf ("%s %s", _ (texts[i].text), detail) : g_strdup (_ (texts[i].text));
  return NULL;
}

static void
append_rights (GString *out, GVariant *pairing, const char *const *services, gint64 now)
{
  g_autofree char *list = peerup_pairing_text_list (services);
  guint64 until;
  g_autofree char *end = NULL;

  if (peerup_answer_lookup_number (pairing, "until", &until))
    {
      g_autofree char *left = peerup_cli_format_duration ((gint64) until - now);
      g_autofree char *clock = format_clock (until);

      end = g_strdup_printf (_ (", until %s (%s)"), clock, left);
    }
  if (services[0] != NULL)
    g_string_append_printf (out, _ ("It lets this device use %s%s.\n"), list, end != NULL ? end : "");
  else if (peerup_answer_get_flag (pairing, "guest"))
    g_string_append (out, _ ("It lets this device use nothing yet.\n"));
  else if (end != NULL)
    g_string_append_printf (out, _ ("This device is authorized there%s.\n"), end);
}

/* The port is one that nobody needs to be root for. */
static void
append_next (GString *out, GVariant *pairing, const char *const *services, gboolean daemon)
{
  const char *name = peerup_answer_get_string (pairing, "name");
  const char *peer = name[0] != '\0' ? name : peerup_answer_get_string (pairing, "peer_id");

  g_string_append (out, _ ("Next:\n"));
  if (!daemon)
    g_string_append (out, "  peerup daemon\n");
  for (guint i = 0; services[i] != NULL && i < 3; i++)
    g_string_append_printf (out, "  peerup proxy %s %s %u\n", peer, services[i], 2222 + i);
  if (services[0] == NULL && !peerup_answer_get_flag (pairing, "guest"))
    g_string_append_printf (out, "  peerup proxy %s SERVICE PORT\n", peer);
  g_string_append_printf (out, "  peerup verify %s\n", peer);
}

char *
peerup_pairing_text_joined (GVariant *pairing, gboolean daemon, gint64 now)
{
  g_autofree char *peer = format_peer (pairing, "name");
  g_autofree const char **services = NULL;
  static const char *const none[] = { NULL };
  const char *const *list;
  GString *out = g_string_new (NULL);

  g_variant_lookup (pairing, "services", "^a&s", &services);
  list = services != NULL ? (const char *const *) services : none;
  if (g_str_equal (peerup_answer_get_string (pairing, "state"), "complete"))
    g_string_append_printf (out, _ ("Paired with %s.\n"), peer);
  else
    g_string_append_printf (out,
                            _ ("%s is away. The answer waits for it, and the pairing is complete when it is back; "
                               "“peerup pairing list” tells.\n"),
                            peer);
  append_rights (out, pairing, list, now);
  append_next (out, pairing, list, daemon);
  return g_string_free_and_steal (out);
}

/* @text may come from anywhere: one column for each character, whatever it is. */
static char *
make_showable (const char *text, gsize length)
{
  GString *out = g_string_new (NULL);

  for (const char *p = text; p < text + length;)
    {
      gunichar c = g_utf8_get_char_validated (p, text + length - p);
      gboolean valid = c != (gunichar) -1 && c != (gunichar) -2;

      if (valid && g_unichar_isprint (c) && !g_unichar_iszerowidth (c) && !g_unichar_iswide (c))
        g_string_append_unichar (out, c);
      else
        g_string_append_c (out, valid && g_unichar_isspace (c) ? ' ' : '?');
      p += valid ? g_unichar_to_utf8 (c, NULL) : 1;
    }
  return g_string_free_and_steal (out);
}

char *
peerup_pairing_text_mistake (const char *text, const PeerupCodeMistake *mistake, guint width)
{
  gsize offset = MIN (mistake->offset, strlen (text)), start = offset, end = offset;
  g_autofree char *line = NULL;
  g_autofree char *before = NULL;
  g_autofree char *part = NULL;
  glong column, first, length;

  while (start > 0 && text[start - 1] != '\n' && text[start - 1] != '\r')
    start--;
  while (text[end] != '\0' && text[end] != '\n' && text[end] != '\r')
    end++;
  line = make_showable (text + start, end - start);
  before = make_showable (text + start, offset - start);
  column = g_utf8_strlen (before, -1);
  length = g_utf8_strlen (line, -1);
  /* The mistake in the middle of what is shown of a long line. */
  first = length <= (glong) width ? 0 : CLAMP (column - (glong) width / 2, 0, length - (glong) width);
  part = g_utf8_substring (line, first, MIN (first + (glong) width, length));
  return g_strdup_printf ("%s\n%*s^\n", part, (int) (column - first), "");
}

/* Verification */

char *
peerup_pairing_text_sas (GVariant *verification)
{
  gboolean bound = peerup_answer_get_string (verification, "transcript_emoji")[0] != '\0';

  return g_strdup_printf ("%s  %s", peerup_answer_get_string (verification, bound ? "transcript_emoji" : "emoji"),
                          peerup_answer_get_string (verification, bound ? "transcript_digits" : "digits"));
}

char *
peerup_pairing_text_verification (GVariant *verification)
{
  g_autofree char *peer = format_peer (verification, "name");
  const char *transcript = peerup_answer_get_string (verification, "transcript_emoji");
  GString *out = g_string_new (NULL);

  g_string_append_printf (out, "%s%s\n\n", peer,
                          peerup_answer_get_flag (verification, "verified") ? _ (", verified before") : "");
  if (transcript[0] != '\0')
    g_string_append_printf (out, _ ("  Pairing   %s  %s\n"), transcript,
                            peerup_answer_get_string (verification, "transcript_digits"));
  g_string_append_printf (out, _ ("  Peer IDs  %s  %s\n\n"), peerup_answer_get_string (verification, "emoji"),
                          peerup_answer_get_string (verification, "digits"));
  g_string_append_printf (
    out, "%s\n",
    transcript[0] != '\0' ? _ ("Ask what the other device shows. Where the first line is the same, nobody was in "
                               "between; where the second is, each has the other's right peer ID.")
                          : _ ("Ask what the other device shows. Where it is the same, each has the other's right peer "
                               "ID."));
  return g_string_free_and_steal (out);
}

char *
peerup_pairing_text_half (GVariant *pairings, gint64 now)
{
  GString *out = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (pairings); i++)
    {
      g_autoptr (GVariant) pairing = g_variant_get_child_value (pairings, i);
      g_autofree char *peer = format_peer (pairing, "name");
      g_autofree char *age = peerup_cli_format_duration (now - (gint64) peerup_answer_get_number (pairing, "at"));
      g_autofree char *advice = peerup_cli_wrap (peerup_answer_get_string (pairing, "advice"), "  ", 76);

      g_string_append_printf (out, "%s%s  ", i > 0 ? "\n" : "", peer);
      /* TRANSLATORS: how long ago, and the state that it is in */
      g_string_append_printf (out,
                              peerup_answer_get_flag (pairing, "inviter") ? _ ("invited, %s ago, %s")
                                                                          : _ ("joined, %s ago, %s"),
                              age, peerup_cli_word (peerup_answer_get_string (pairing, "state")));
      g_string_append_printf (out, "\n%s  peerup pairing undo %s\n", advice,
                              peerup_answer_get_string (pairing, "peer_id"));
    }
  return g_string_free_and_steal (out);
}

static guint
count_open (GVariant *invites)
{
  guint n = 0;

  for (gsize i = 0; i < g_variant_n_children (invites); i++)
    {
      g_autoptr (GVariant) invite = g_variant_get_child_value (invites, i);

      n += g_str_equal (peerup_answer_get_string (invite, "state"), "open") ||
           g_str_equal (peerup_answer_get_string (invite, "state"), "claimed");
    }
  return n;
}

char *
peerup_pairing_text_summary (GVariant *invites, GVariant *pairings)
{
  guint n_open = count_open (invites), n_half = g_variant_n_children (pairings);
  GString *out;

  if (n_open == 0 && n_half == 0)
    return NULL;
  out = g_string_new (NULL);
  if (n_open > 0)
    g_string_append_printf (out, g_dngettext (GETTEXT_PACKAGE, "%u open invite", "%u open invites", n_open), n_open);
  if (n_half > 0)
    {
      g_string_append (out, n_open > 0 ? ", " : "");
      g_string_append_printf (out,
                              g_dngettext (GETTEXT_PACKAGE, "%u half pairing (see “peerup pairing list”)",
                                           "%u half pairings (see “peerup pairing list”)", n_half),
                              n_half);
    }
  return g_string_free_and_steal (out);
}
