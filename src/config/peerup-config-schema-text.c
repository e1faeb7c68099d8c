/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What people read of the table of keys: on a terminal, as the manual page peerup.yaml(5), and as a sample
 * configuration. Text out of static data; no file is read or written. */

#include "config/peerup-config-schema.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

#include "config/peerup-config-size.h"
#include "config/peerup-go-duration.h"
#include "config/peerup-yaml-value.h"

#define TERMINAL_WIDTH 79
#define SAMPLE_WIDTH   100
/* Before signs of the text are escaped. */
#define MAN_WIDTH 48
/* Of the last change of what the page says beside the table. */
#define MAN_DATE "2026-11-22"
/* Whole seconds that everybody has an idea of. */
#define SECONDS_EXAMPLE "10m"

/* Values */

/* "24h" where Go writes "24h0m0s". */
static char *
format_time (guint64 microseconds)
{
  char *text = peerup_go_duration_format (microseconds * 1000);

  if (g_str_has_suffix (text, "h0m0s"))
    text[strlen (text) - strlen ("0m0s")] = '\0';
  else if (g_str_has_suffix (text, "m0s"))
    text[strlen (text) - strlen ("0s")] = '\0';
  return text;
}

static const char *
get_example (const PeerupConfigKey *self)
{
  return self->value != NULL && *self->value != '\0' ? self->value : self->example;
}

static char *
describe_duration (const PeerupConfigKey *self)
{
  g_autofree char *min = format_time (self->min);
  g_autofree char *max = format_time (self->max);

  if (self->format == PEERUP_CONFIG_FORMAT_SECONDS)
    return g_strdup_printf (_ ("whole seconds, as in %s%s"), SECONDS_EXAMPLE,
                            self->min == 0 ? _ (", or 0 for no limit") : "");
  if (self->max == 0)
    return g_strdup_printf (_ ("a time of %s or more, as in %s"), min, get_example (self));
  return g_strdup_printf (_ ("a time from %s to %s, as in %s"), min, max, get_example (self));
}

static char *
describe_size (const PeerupConfigKey *self)
{
  g_autofree char *min = peerup_config_size_format (self->min);
  g_autofree char *max = peerup_config_size_format (self->max);

  if (self->min == 0)
    return g_strdup (_ ("a size, as in 64MB, or 0 for no limit"));
  if (self->max == 0 || self->max == G_MAXINT64)
    return g_strdup_printf (_ ("a size of %s or more, as in %s"), min, get_example (self));
  return g_strdup_printf (_ ("a size from %s to %s, as in %s"), min, max, get_example (self));
}

static char *
describe_choices (const PeerupConfigKey *self)
{
  g_auto (GStrv) choices = g_strsplit (self->choices, " ", -1);

  return g_strjoinv (" or ", choices);
}

/* Of a text, or of an entry of a list. */
static char *
describe_word (const PeerupConfigKey *self)
{
  g_auto (GStrv) examples = g_strsplit (get_example (self) != NULL ? get_example (self) : "", " ", -1);

  switch (self->format)
    {
    case PEERUP_CONFIG_FORMAT_DURATION:
    case PEERUP_CONFIG_FORMAT_SECONDS:
      return describe_duration (self);
    case PEERUP_CONFIG_FORMAT_SIZE:
      return describe_size (self);
    case PEERUP_CONFIG_FORMAT_CHOICE:
      return describe_choices (self);
    case PEERUP_CONFIG_FORMAT_LABEL:
      return g_strdup (_ ("1 to 63 of a-z, 0-9 and “-”, the “-” not at the ends"));
    case PEERUP_CONFIG_FORMAT_PROTOCOL:
      return g_strdup_printf (_ ("a protocol ID without blanks, as in “%s”"), examples[0]);
    case PEERUP_CONFIG_FORMAT_PATH:
      return g_strdup (_ ("a path, from the directory of the configuration"));
    case PEERUP_CONFIG_FORMAT_ENDPOINT:
      return g_strdup_printf (_ ("HOST:PORT, as in %s"), examples[0]);
    case PEERUP_CONFIG_FORMAT_MULTIADDR:
      return g_strdup_printf (_ ("a multiaddr, as in %s"), examples[0]);
    case PEERUP_CONFIG_FORMAT_PEER_MULTIADDR:
      return g_strdup (_ ("a multiaddr that ends in /p2p/ID, as in /ip4/203.0.113.7/tcp/7777/p2p/12D3KooW…"));
    case PEERUP_CONFIG_FORMAT_PEER_ID:
      return g_strdup (_ ("a peer ID, as “peerup whoami” prints it"));
    case PEERUP_CONFIG_FORMAT_ANY:
    default:
      return g_strdup ("a text");
    }
}

char *
peerup_config_key_describe_values (const PeerupConfigKey *self)
{
  g_autofree char *word = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  switch (self->kind)
    {
    case PEERUP_CONFIG_KEY_MAPPING:
      return g_strdup ("a mapping");
    case PEERUP_CONFIG_KEY_FLAG:
      return g_strdup (_ ("true or false"));
    case PEERUP_CONFIG_KEY_NUMBER:
      return g_strdup_printf (_ ("a number from %" PRIu64 " to %" PRIu64), self->min, self->max);
    case PEERUP_CONFIG_KEY_LIST:
      word = describe_word (self);
      return g_strdup_printf (_ ("a list; each entry is %s"), word);
    case PEERUP_CONFIG_KEY_TEXT:
    default:
      return describe_word (self);
    }
}

const char *
peerup_config_key_describe_effect (const PeerupConfigKey *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  switch (self->effect)
    {
    case PEERUP_CONFIG_EFFECT_RESTART:
      return "in force when the daemon is restarted";
    case PEERUP_CONFIG_EFFECT_NONE:
      return "without effect";
    case PEERUP_CONFIG_EFFECT_LIVE:
    default:
      return "in force when the file is saved";
    }
}

/* Words for the default: NULL where there is nothing to say. */
static const char *
describe_default (const PeerupConfigKey *self)
{
  if (self->kind == PEERUP_CONFIG_KEY_MAPPING)
    return NULL;
  if (self->required)
    return "none: the key is required";
  if (g_str_has_prefix (self->path, "network.limits."))
    return "as the machine is";
  if (self->value == NULL)
    return "none";
  return *self->value != '\0' ? self->value : "an empty list";
}

/* Lines */

/* Appends @text in lines that begin with @head and have @width characters at most, where words allow it. */
static void
append_wrapped (GString *out, const char *head, const char *text, gsize width)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  gsize length = 0;

  for (gsize i = 0; words[i] != NULL; i++)
    {
      gsize next = g_utf8_strlen (words[i], -1);

      if (i > 0 && length + 1 + next <= width)
        {
          g_string_append_printf (out, " %s", words[i]);
          length += 1 + next;
          continue;
        }
      g_string_append_printf (out, "%s%s%s", i > 0 ? "\n" : "", head, words[i]);
      length = g_utf8_strlen (head, -1) + next;
    }
  g_string_append_c (out, '\n');
}

/* The terminal */

static void
append_fact (GString *out, const char *name, const char *fact)
{
  g_autofree char *text = g_strdup_printf ("%s: %s", name, fact);

  append_wrapped (out, "  ", text, TERMINAL_WIDTH);
}

static void
append_children (GString *out, const PeerupConfigKey *self)
{
  g_string_append_c (out, '\n');
  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
    {
      g_autofree char *head = g_strndup (child->doc, strcspn (child->doc, ".:;"));

      g_string_append_printf (out, "  %s\n", child->path);
      append_wrapped (out, "      ", head, TERMINAL_WIDTH);
    }
}

char *
peerup_config_key_explain (const PeerupConfigKey *self)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autofree char *values = NULL;

  g_return_val_if_fail (self != NULL, NULL);

  if (*self->path != '\0')
    {
      g_string_append_printf (out, "%s\n", self->path);
      append_wrapped (out, "  ", self->doc, TERMINAL_WIDTH);
    }
  else
    g_string_append (out, "The keys of a configuration; “peerup config explain KEY” tells more of one.\n");
  if (self->kind == PEERUP_CONFIG_KEY_MAPPING)
    {
      append_children (out, self);
      return g_string_free_and_steal (g_steal_pointer (&out));
    }
  values = peerup_config_key_describe_values (self);
  g_string_append_c (out, '\n');
  append_fact (out, "Value", values);
  append_fact (out, "Default", describe_default (self));
  append_fact (out, "A change is", peerup_config_key_describe_effect (self));
  return g_string_free_and_steal (g_steal_pointer (&out));
}

/* The sample */

/* Whether it stands there without a “#” before it: where there is a default, or must be a value. */
static gboolean
is_written (const PeerupConfigKey *self)
{
  if (g_str_equal (peerup_config_key_get_name (self), "*"))
    return FALSE;
  if (self->kind != PEERUP_CONFIG_KEY_MAPPING)
    return self->required || self->value != NULL;
  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
    if (is_written (child))
      return TRUE;
  return FALSE;
}

static void
append_sample_doc (GString *out, const PeerupConfigKey *self, const char *head)
{
  g_autofree char *start = g_strconcat (head, "# ", NULL);
  g_autofree char *values = peerup_config_key_describe_values (self);
  g_autofree char *text = NULL;

  if (self->kind == PEERUP_CONFIG_KEY_MAPPING || self->kind == PEERUP_CONFIG_KEY_FLAG)
    text = g_strdup (self->doc);
  else
    text = g_strdup_printf ("%s Value: %s.", self->doc, values);
  append_wrapped (out, start, text, SAMPLE_WIDTH);
  if (self->effect == PEERUP_CONFIG_EFFECT_RESTART)
    g_string_append_printf (out, "%sA change is %s.\n", start, peerup_config_key_describe_effect (self));
}

static void
append_sample_list (GString *out, const char *value, const char *head)
{
  g_auto (GStrv) entries = g_strsplit (value, " ", -1);

  if (entries[0] == NULL)
    {
      g_string_append (out, " []\n");
      return;
    }
  g_string_append_c (out, '\n');
  for (gsize i = 0; entries[i] != NULL; i++)
    {
      g_autofree char *quoted = peerup_yaml_quote (entries[i]);

      g_string_append_printf (out, "%s  - %s\n", head, quoted);
    }
}

static void append_sample (GString *out, const PeerupConfigKey *self, const char *head);

/* @head: what stands before the key, which is written after it unless it is commented out. */
static void
append_sample_key (GString *out, const PeerupConfigKey *self, const char *head)
{
  const char *name = peerup_config_key_get_name (self);
  const char *value = self->value != NULL && is_written (self) ? self->value : get_example (self);
  g_autofree char *below = g_strconcat (head, "  ", NULL);
  g_autofree char *quoted = NULL;

  if (g_str_equal (name, "*"))
    name = self->kind == PEERUP_CONFIG_KEY_MAPPING ? "ssh" : "home";
  if (self->example != NULL && g_str_has_prefix (self->path, "services.*."))
    value = self->example;
  g_string_append_printf (out, "%s%s:", head, name);
  switch (self->kind)
    {
    case PEERUP_CONFIG_KEY_MAPPING:
      g_string_append_c (out, '\n');
      for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
        append_sample (out, child, below);
      return;
    case PEERUP_CONFIG_KEY_LIST:
      append_sample_list (out, value, head);
      return;
    case PEERUP_CONFIG_KEY_TEXT:
      quoted = peerup_yaml_quote (value);
      g_string_append_printf (out, " %s\n", quoted);
      return;
    case PEERUP_CONFIG_KEY_FLAG:
    case PEERUP_CONFIG_KEY_NUMBER:
    default:
      g_string_append_printf (out, " %s\n", value);
    }
}

/* A key that is commented out takes all that is below it along, so that its “#” are all that has to go. */
static void
append_sample (GString *out, const PeerupConfigKey *self, const char *head)
{
  g_autofree char *commented = g_strconcat (head, "# ", NULL);
  gboolean already = strchr (head, '#') != NULL;

  append_sample_doc (out, self, head);
  append_sample_key (out, self, already || is_written (self) ? head : commented);
}

char *
peerup_config_schema_sample (void)
{
  g_autoptr (GString) out = g_string_new (
    "# Every key of a Peer-Up configuration, with its default, or with an example where there is none\n"
    "# (then it is commented out). Changes take effect when the file is saved, unless it says otherwise.\n"
    "# Only its owner may read the file. “peerup config sample” made it; see peerup.yaml(5), too.\n");

  for (const PeerupConfigKey *key = NULL; (key = peerup_config_key_next_child (&peerup_config_root_key, key)) != NULL;)
    {
      g_string_append_c (out, '\n');
      append_sample (out, key, "");
    }
  return g_string_free_and_steal (g_steal_pointer (&out));
}

/* The manual */

/* As text of the man macros: nothing in it is a request, a hyphen is one that can be copied, and quotes are those
 * of the page's device. */
static void
append_troff (GString *out, const char *text)
{
  gboolean begins = TRUE;

  for (const char *c = text; *c != '\0'; c = g_utf8_next_char (c))
    {
      gunichar character = g_utf8_get_char (c);

      if (begins && (character == '.' || character == '\''))
        g_string_append (out, "\\&");
      begins = character == '\n';
      if (character == '\\')
        g_string_append (out, "\\e");
      else if (character == '-')
        g_string_append (out, "\\-");
      else if (character >= 0x80)
        g_string_append_printf (out, "\\[u%04X]", character);
      else
        g_string_append_c (out, (char) character);
    }
}

/* The same with each sentence begun on a line of its own, as the formatter wants them. */
static void
append_troff_sentences (GString *out, const char *text)
{
  g_auto (GStrv) sentences = g_strsplit (text, ". ", -1);
  g_autoptr (GString) lines = g_string_new (NULL);

  for (gsize i = 0; sentences[i] != NULL; i++)
    {
      g_autofree char *whole = g_strconcat (sentences[i], sentences[i + 1] != NULL ? "." : NULL, NULL);

      append_wrapped (lines, "", whole, MAN_WIDTH);
    }
  append_troff (out, lines->str);
}

static void
append_man_key (GString *out, const PeerupConfigKey *self)
{
  g_autofree char *values = peerup_config_key_describe_values (self);
  g_autofree char *facts = NULL;

  g_string_append (out, ".TP\n\\fB");
  append_troff (out, self->path);
  g_string_append (out, "\\fR\n");
  append_troff_sentences (out, self->doc);
  if (self->kind == PEERUP_CONFIG_KEY_MAPPING)
    return;
  facts = g_strdup_printf ("Value: %s. Default: %s.", values, describe_default (self));
  g_string_append (out, ".br\n");
  append_troff_sentences (out, facts);
  if (self->effect == PEERUP_CONFIG_EFFECT_RESTART)
    g_string_append_printf (out, "A change is %s.\n", peerup_config_key_describe_effect (self));
}

static const char man_head[] =
  ".SH NAME\n"
  "peerup.yaml \\- configuration of Peer\\-Up\n"
  ".SH SYNOPSIS\n"
  ".I ./peerup.yaml\\fR, \\fI~/.config/peerup/config.yaml\\fR, \\fI/etc/peerup/config.yaml\n"
  ".SH DESCRIPTION\n"
  "The first of these files that exists is the configuration of\n"
  ".BR peerup (1),\n"
  "unless\n"
  ".B \\-\\-config\n"
  "names another.\n"
  "It is YAML without anchors and tags.\n"
  "Only its owner may have any permission on it (mode 0600).\n"
  "Paths in it are taken from its directory.\n"
  "Keys that are not known are told of, and have no effect.\n"
  ".PP\n"
  "A daemon that runs follows the file: a change is in force when the file\n"
  "is saved, and ends no connection that it is not about, unless it is said\n"
  "otherwise below.\n"
  "A file that is not right changes nothing, and\n"
  ".B peerup status\n"
  "says what is wrong.\n"
  ".PP\n"
  "Times are written as 90s, 2m or 1h30m, sizes as 512KiB or 64MiB;\n"
  "KB, MB and GB mean the same powers of 1024.\n"
  ".SH KEYS\n";

static const char man_tail[] = ".SH EXAMPLE\n"
                               ".nf\n"
                               "version: 1\n"
                               "identity:\n"
                               "  key_file: \"identity.key\"\n"
                               "network:\n"
                               "  listen_addresses:\n"
                               "    \\- \"/ip4/0.0.0.0/udp/4001/quic\\-v1\"\n"
                               "    \\- \"/ip4/0.0.0.0/tcp/4001\"\n"
                               "security:\n"
                               "  authorized_keys_file: \"authorized_keys\"\n"
                               "  enable_connection_gating: true\n"
                               "services:\n"
                               "  ssh:\n"
                               "    enabled: true\n"
                               "    local_address: \"localhost:22\"\n"
                               ".fi\n"
                               ".PP\n"
                               ".B peerup config sample\n"
                               "prints a file with every key,\n"
                               ".B peerup config schema\n"
                               "a JSON Schema for editors.\n"
                               ".SH SEE ALSO\n"
                               ".BR peerup (1)\n";

/* A mapping and all that is below it, mappings in it too. */
static void
append_man_section (GString *out, const PeerupConfigKey *self)
{
  append_man_key (out, self);
  for (const PeerupConfigKey *child = NULL; (child = peerup_config_key_next_child (self, child)) != NULL;)
    append_man_section (out, child);
}

char *
peerup_config_schema_man_page (const char *version)
{
  g_autoptr (GString) out = g_string_new (".\\\" SPDX-License-Identifier: LGPL-2.1-or-later\n"
                                          ".\\\" Made from the table of keys, src/config/peerup-config-schema.c\n");

  g_return_val_if_fail (version != NULL, NULL);

  g_string_append_printf (out, ".TH PEERUP.YAML 5 " MAN_DATE " \"Peer\\-Up %s\" \"File Formats\"\n", version);
  g_string_append (out, man_head);
  for (const PeerupConfigKey *key = NULL; (key = peerup_config_key_next_child (&peerup_config_root_key, key)) != NULL;)
    append_man_section (out, key);
  g_string_append (out, man_tail);
  return g_string_free_and_steal (g_steal_pointer (&out));
}
