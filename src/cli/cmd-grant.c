/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup grant: which peer may use which service of this device, and until when. The file of grants beside
 * authorized_keys is edited in place; a running daemon follows it at once.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-cli-trust.h"
#include "cli/peerup-cli-until.h"
#include "engine/peerup-arguments.h"
#include "trust/peerup-authorized-keys-file.h"
#include "tunnel/peerup-service-name.h"

static char *for_how_long;
static char *until_when;

const GOptionEntry cmd_grant_options[] = {
  { "for", 0, 0, G_OPTION_ARG_STRING, &for_how_long, N_ ("How long from now: 1h30m, 7d, or forever"), "TIME" },
  { "until", 0, 0, G_OPTION_ARG_STRING, &until_when, N_ ("When it ends: 2026-01-31T18:00:00Z, or forever"), "TIME" },
  G_OPTION_ENTRY_NULL,
};

/* What a command about one peer's grants works on. */
typedef struct
{
  PeerupConfig *config;
  char *path;
  PeerupPeerId *peer; /* NULL: each */
  const char *name;   /* what the peer is called */
  const char *service;
} Subject;

static void
subject_clear (Subject *self)
{
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_free (self->path);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Subject, subject_clear)

static gboolean
subject_read (Subject *self, PeerupCli *cli, GError **error)
{
  const char *keys;

  self->config = peerup_cli_load_config (cli, error);
  keys = self->config != NULL ? peerup_cli_get_keys_file (self->config, error) : NULL;
  if (keys == NULL)
    return FALSE;
  self->path = peerup_grants_path (keys);
  if (cli->arguments[0] == NULL)
    return TRUE;
  self->peer = peerup_peer_argument_parse (cli->arguments[0], self->config, NULL, error);
  if (self->peer == NULL)
    return FALSE;
  self->name = peerup_cli_call_peer (self->config, self->peer);
  self->service = cli->arguments[1];
  return self->service == NULL || peerup_service_name_check (self->service, error);
}

/* For an option that is left out: for ever. */
static gboolean
read_until (gint64 now, gint64 *until, GError **error)
{
  *until = PEERUP_EXPIRES_NEVER;
  if (for_how_long != NULL)
    return peerup_cli_parse_until (for_how_long, "--for", now, until, error);
  return until_when == NULL || peerup_cli_parse_until (until_when, "--until", now, until, error);
}

/* What a person may not know who gives a grant that opens nothing, or nothing more. */
static void
say_what_it_opens (const Subject *self)
{
  const char *path = peerup_config_get_authorized_keys_file (self->config);
  g_autoptr (PeerupAuthorizedKeys) keys = peerup_authorized_keys_file_load (path, NULL);
  const PeerupConfigService *service = peerup_config_find_service (self->config, self->service);

  if (keys != NULL &&
      peerup_authorized_keys_lookup (keys, self->peer, peerup_cli_get_now (), NULL) != PEERUP_AUTHORIZATION_VALID)
    peerup_cli_say (
      _ ("%s is not authorized to connect yet. To let it in for what it is granted alone: peerup auth add %s "
         "--guest"),
      self->name, self->name);
  if (service == NULL)
    peerup_cli_say (_ ("There is no service %s here yet: add it with “peerup service add %s ADDRESS”."), self->service,
                    self->service);
  else if (service->allowed_peers == NULL && keys != NULL && !peerup_authorized_keys_is_guest (keys, self->peer))
    peerup_cli_say (_ ("Every authorized peer may use %s anyway. To keep it to some: peerup service acl %s --nobody"),
                    self->service, self->service);
}

static int
report (PeerupCli *cli, const Subject *self, gint64 until, gint64 now, const char *what)
{
  g_autofree char *time = peerup_cli_format_until (until, now);

  if (cli->json)
    {
      const PeerupGrant grant = { self->peer, (char *) self->service, until, NULL };
      g_autoptr (GVariant) described = g_variant_ref_sink (peerup_cli_describe_grant (self->config, &grant, now));
      GVariantDict dict = G_VARIANT_DICT_INIT (described);

      g_variant_dict_insert (&dict, "status", "s", what);
      peerup_cli_print_variant (g_variant_dict_end (&dict));
      return PEERUP_CLI_OK;
    }
  peerup_cli_say (/* TRANSLATORS: who, which service, and how long: "for ever" or "until …" */ _ ("%s may use %s %s."),
                  self->name, self->service, time);
  say_what_it_opens (self);
  return PEERUP_CLI_OK;
}

int
cmd_grant_add (PeerupCli *cli)
{
  g_auto (Subject) subject = { NULL };
  g_autoptr (GError) error = NULL;
  gint64 now = peerup_cli_get_now ();
  gint64 until;

  if (for_how_long != NULL && until_when != NULL)
    return peerup_cli_fail_usage (cli, _ ("--for and --until cannot both be given"));
  if (!subject_read (&subject, cli, &error) || !read_until (now, &until, &error) ||
      !peerup_grants_file_add (subject.path, subject.peer, subject.service, until,
                               peerup_config_name_of_peer (subject.config, subject.peer), &error))
    return peerup_cli_fail (error);
  return report (cli, &subject, until, now, "granted");
}

int
cmd_grant_extend (PeerupCli *cli)
{
  g_auto (Subject) subject = { NULL };
  g_autoptr (GError) error = NULL;
  gint64 now = peerup_cli_get_now ();
  gint64 until;

  if ((for_how_long != NULL) == (until_when != NULL))
    return peerup_cli_fail_usage (cli, _ ("say until when, with --for or --until"));
  if (!subject_read (&subject, cli, &error) || !read_until (now, &until, &error))
    return peerup_cli_fail (error);
  if (peerup_grants_file_extend (subject.path, subject.peer, subject.service, until, &error))
    return report (cli, &subject, until, now, "extended");
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    g_prefix_error (&error, _ ("there is nothing to extend, give a new grant with “peerup grant add %s %s”: "),
                    subject.name, subject.service);
  return peerup_cli_fail (error);
}

static void
say_revoked (const Subject *self)
{
  if (self->service != NULL)
    peerup_cli_say (_ ("%s has no grant of %s any more; what was open by it is cut."), self->name, self->service);
  else
    peerup_cli_say (_ ("%s has no grant any more; what was open by it is cut."), self->name);
}

int
cmd_grant_revoke (PeerupCli *cli)
{
  g_auto (Subject) subject = { NULL };
  g_autoptr (GError) error = NULL;

  if (!subject_read (&subject, cli, &error) ||
      !peerup_grants_file_revoke (subject.path, subject.peer, subject.service, &error))
    return peerup_cli_fail (error);
  if (cli->json)
    peerup_cli_print_variant (
      g_variant_new_parsed ("{'peer_id': <%s>, 'status': <'revoked'>}", peerup_peer_id_get_string (subject.peer)));
  else
    say_revoked (&subject);
  return PEERUP_CLI_OK;
}

static gboolean
is_asked_for (const Subject *self, const PeerupGrant *grant)
{
  return self->peer == NULL || peerup_peer_id_equal (self->peer, grant->peer);
}

static void
list_json (const Subject *self, GPtrArray *grants, gint64 now)
{
  GVariantBuilder list = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < grants->len; i++)
    if (is_asked_for (self, grants->pdata[i]))
      g_variant_builder_add_value (&list, peerup_cli_describe_grant (self->config, grants->pdata[i], now));
  peerup_cli_print_variant (g_variant_builder_end (&list));
}

static void
list_text (const Subject *self, GPtrArray *grants, gint64 now)
{
  PeerupTable *table = peerup_table_new ("", 3);
  g_autofree char *text = NULL;
  guint n_shown = 0;

  for (guint i = 0; i < grants->len; i++)
    {
      const PeerupGrant *grant = grants->pdata[i];
      g_autofree char *until = peerup_cli_format_until (grant->until, now);

      if (!is_asked_for (self, grant))
        continue;
      peerup_table_add (table, peerup_cli_call_peer (self->config, grant->peer), grant->service, until);
      n_shown++;
    }
  text = peerup_table_end (table);
  peerup_cli_print ("%s", text);
  if (n_shown == 0 && self->name != NULL)
    peerup_cli_say (_ ("%s has no grant: give one with “peerup grant add PEER SERVICE --for 7d”."), self->name);
  else if (n_shown == 0)
    peerup_cli_say (_ ("Nobody has a grant yet: give one with “peerup grant add PEER SERVICE --for 7d”."));
}

int
cmd_grant_list (PeerupCli *cli)
{
  g_auto (Subject) subject = { NULL };
  g_autoptr (GPtrArray) grants = NULL;
  g_autoptr (GError) error = NULL;
  gint64 now = peerup_cli_get_now ();

  if (subject_read (&subject, cli, &error))
    grants = peerup_grants_file_load (subject.path, &error);
  if (grants == NULL)
    return peerup_cli_fail (error);
  if (cli->json)
    list_json (&subject, grants, now);
  else
    list_text (&subject, grants, now);
  return PEERUP_CLI_OK;
}
