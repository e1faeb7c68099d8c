/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The doctor's checks of the files, which need no daemon: each reads what the daemon would
 * read, with the same rules. Nothing is changed.
 */
#include "cli/peerup-checks.h"

#include <glib/gi18n-lib.h>

#include "config/peerup-config-identity.h"
#include "trust/peerup-authorized-keys-file.h"

PeerupConfig *
peerup_check_configuration (PeerupFindings *findings, const char *path)
{
  const PeerupCheck check = PEERUP_CHECK_CONFIGURATION;
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;
  PeerupConfig *config = peerup_config_load (path, &warnings, &error);

  if (config == NULL)
    {
      peerup_findings_add (findings, check, PEERUP_FINDING_MEND, "%s", error->message);
      return NULL;
    }
  peerup_findings_add (findings, check, PEERUP_FINDING_OK, _ ("%s is valid"), path);
  for (guint i = 0; warnings != NULL && i < warnings->len; i++)
    peerup_findings_add (findings, check, PEERUP_FINDING_NOTE, "%s", (const char *) g_ptr_array_index (warnings, i));
  return config;
}

void
peerup_check_identity (PeerupFindings *findings, PeerupConfig *config)
{
  const PeerupCheck check = PEERUP_CHECK_IDENTITY;
  g_autoptr (GError) error = NULL;
  g_autofree char *note = NULL;
  g_autoptr (PeerupPrivateKey) key = peerup_config_identity_load (config, FALSE, NULL, &note, &error);
  const char *id = key != NULL ? peerup_peer_id_get_string (peerup_private_key_get_peer_id (key)) : NULL;

  if (key == NULL)
    peerup_findings_add (findings, check, PEERUP_FINDING_MEND, "%s", error->message);
  else if (note != NULL)
    peerup_findings_add (findings, check, PEERUP_FINDING_MEND, "%s", note);
  else if (peerup_config_get_key_store (config) == PEERUP_CONFIG_KEY_STORE_KEYRING)
    peerup_findings_add (findings, check, PEERUP_FINDING_OK, _ ("%s, whose key is in the login keyring"), id);
  else
    peerup_findings_add (findings, check, PEERUP_FINDING_OK, _ ("%s, and nobody else may read its key file"), id);
}

static void
add_lines (PeerupFindings *findings, PeerupFindingResult result, const char *path, char **lines)
{
  for (guint i = 0; lines[i] != NULL; i++)
    peerup_findings_add (findings, PEERUP_CHECK_AUTHORIZED_KEYS, result, "%s: %s", path, lines[i]);
}

static void
count_entries (PeerupAuthorizedKeys *keys, gint64 now, guint *n_valid, guint *n_expired)
{
  *n_valid = *n_expired = 0;
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_authorized_keys_get_expires (keys, i) > now)
      (*n_valid)++;
    else
      (*n_expired)++;
}

static void
judge_keys (PeerupFindings *findings, const char *path, PeerupAuthorizedKeys *keys, gint64 now)
{
  const PeerupCheck check = PEERUP_CHECK_AUTHORIZED_KEYS;
  g_auto (GStrv) problems = peerup_authorized_keys_dup_problems (keys);
  g_auto (GStrv) notes = peerup_authorized_keys_dup_notes (keys);
  guint n_valid, n_expired;
  g_autofree char *expired = NULL;

  count_entries (keys, now, &n_valid, &n_expired);
  expired =
    n_expired > 0 ? g_strdup_printf (_ (", and %u more could until their time was over"), n_expired) : g_strdup ("");
  add_lines (findings, PEERUP_FINDING_MEND, path, problems);
  add_lines (findings, PEERUP_FINDING_NOTE, path, notes);
  if (problems[0] != NULL)
    return;
  if (n_valid == 0)
    peerup_findings_take (findings, check, PEERUP_FINDING_MEND,
                          g_strdup_printf (_ ("%s authorizes nobody, so no peer can connect to this device%s"), path,
                                           expired),
                          g_strdup ("peerup auth add PEER-ID"));
  else
    peerup_findings_add (findings, check, PEERUP_FINDING_OK,
                         g_dngettext (GETTEXT_PACKAGE, "%u peer may connect%s", "%u peers may connect%s", n_valid),
                         n_valid, expired);
}

void
peerup_check_authorized_keys (PeerupFindings *findings, PeerupConfig *config, gint64 now)
{
  const PeerupCheck check = PEERUP_CHECK_AUTHORIZED_KEYS;
  const char *path = peerup_config_get_authorized_keys_file (config);
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  g_autoptr (GError) error = NULL;

  if (!peerup_config_get_connection_gating (config))
    {
      peerup_findings_take (findings, check, PEERUP_FINDING_MEND,
                            g_strdup (_ ("connection gating is off, so EVERY peer that finds this device is admitted")),
                            g_strdup_printf (_ ("set security.enable_connection_gating to true in %s"),
                                             peerup_config_get_path (config)));
      return;
    }
  keys = peerup_authorized_keys_file_load (path, &error);
  if (keys == NULL)
    peerup_findings_add (findings, check, PEERUP_FINDING_MEND, "%s", error->message);
  else
    judge_keys (findings, path, keys, now);
}
