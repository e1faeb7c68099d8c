/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay add: from an address to a relay in the configuration. The relay itself says who it
 * is, in a handshake that proves it, and that is what counts from then on; the person compares.
 * Nothing is written unless it answered, and unless all that answered is one and the same.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <libdex.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-relay-address.h"
#include "cli/peerup-relay-daemon.h"
#include "cli/peerup-relay-entries.h"
#include "cli/peerup-relay-probe.h"
#include "config/peerup-config-edit.h"
#include "config/peerup-config-identity.h"

/* Microseconds that a daemon gets to read the file, connect and be granted a reservation. */
#define RESERVE_TIMEOUT (20 * G_USEC_PER_SEC)

static char *name;
static char *peer_id;

const GOptionEntry cmd_relay_add_options[] = {
  { "name", 0, 0, G_OPTION_ARG_STRING, &name, N_ ("Call the relay so from now on"), "NAME" },
  { "peer-id", 0, 0, G_OPTION_ARG_STRING, &peer_id, N_ ("Who the relay has to be, as /p2p/ID in the address says"),
    "ID" },
  G_OPTION_ENTRY_NULL,
};

typedef struct
{
  PeerupCli *cli;
  PeerupConfig *config;
  gboolean has_daemon;
  PeerupRelayAddress *place;
  GPtrArray *entries;
  PeerupSwarm *swarm;
  PeerupProbe *probe;
  PeerupPeerId *peer; /* borrowed from the probe */
  PeerupReport *report;
  guint n_written;
  gboolean was_there;
} Add;

static void
add_clear (Add *self)
{
  peerup_relay_probe_end (self->swarm);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->probe, peerup_probe_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_pointer (&self->place, peerup_relay_address_free);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->report, peerup_report_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Add, add_clear)

/* Who answered is whom the address named, and whom the configuration has known there. */
static gboolean
check_peer (Add *self, GError **error)
{
  const char *found = peerup_peer_id_get_string (self->peer);

  if (self->place->peer != NULL && !peerup_peer_id_equal (self->place->peer, self->peer))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                   _ ("%s was to be there, but %s answered: nothing was changed. If you trust what answers, add it "
                      "without /p2p/%s"),
                   peerup_peer_id_get_string (self->place->peer), found, peerup_peer_id_get_string (self->place->peer));
      return FALSE;
    }
  for (guint i = 0; i < self->place->addresses->len; i++)
    {
      PeerupRelayEntry *entry = peerup_relay_entries_find_address (self->entries, self->place->addresses->pdata[i]);

      if (entry == NULL || peerup_peer_id_equal (entry->peer, self->peer))
        continue;
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                   _ ("another relay is known there: %s, and now %s answers. Nothing was changed. If the relay was set "
                      "up anew with another key, say “peerup relay remove %s” first; if it was not, do not trust it"),
                   peerup_peer_id_get_string (entry->peer), found, peerup_relay_entry_get_label (entry));
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_name (Add *self, GError **error)
{
  PeerupPeerId *other = name != NULL ? peerup_config_lookup_name (self->config, name) : NULL;

  if (other == NULL || peerup_peer_id_equal (other, self->peer))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
               _ ("the name “%s” is that of %s already: choose another --name"), name,
               peerup_peer_id_get_string (other));
  return FALSE;
}

static gboolean
ask (Add *self, GError **error)
{
  self->swarm = peerup_relay_probe_swarm (self->has_daemon ? NULL : self->config, error);
  if (self->swarm == NULL)
    return FALSE;
  self->probe = peerup_relay_probe_dial (self->swarm, self->place->addresses);
  peerup_relay_probe_report (self->probe, self->report);
  self->peer = peerup_probe_get_peer (self->probe, error);
  if (self->peer == NULL && g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER))
    g_prefix_error (error, _ ("nothing was changed: "));
  /* The reasons stand above. */
  if (self->peer == NULL && g_error_matches (*error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE) && !self->cli->json)
    {
      g_clear_error (error);
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("no relay answers at %s, and nothing was changed"),
                   self->cli->arguments[0]);
    }
  return self->peer != NULL && check_peer (self, error) && check_name (self, error);
}

/* The addresses that answered; those that did not keep their place if they have one. */
static gboolean
write_addresses (Add *self, PeerupConfigEdit *edit, GError **error)
{
  PeerupRelayEntry *entry = peerup_relay_entries_lookup (self->entries, self->peer);
  g_autoptr (GHashTable) done = g_hash_table_new (peerup_multiaddr_hash, peerup_multiaddr_equal);

  self->was_there = entry != NULL;
  for (guint i = 0; i < peerup_probe_get_n_answers (self->probe); i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (self->probe, i);
      g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_with_peer_id (answer->address, self->peer);

      if (answer->peer == NULL || !g_hash_table_add (done, answer->address) ||
          (entry != NULL && g_ptr_array_find_with_equal_func (entry->addresses, address, peerup_multiaddr_equal, NULL)))
        continue;
      if (!peerup_config_edit_add_relay (edit, address, error))
        return FALSE;
      self->n_written++;
    }
  return TRUE;
}

static gboolean
write_config (Add *self, GError **error)
{
  g_autoptr (PeerupConfigEdit) edit =
    peerup_cli_edit_open (peerup_config_get_path (self->config), "relay add", self->cli->arguments[0], error);

  return edit != NULL && write_addresses (self, edit, error) &&
         (name == NULL || peerup_config_lookup_name (self->config, name) != NULL ||
          peerup_config_edit_add_name (edit, name, self->peer, error)) &&
         peerup_config_edit_commit (edit, error);
}

static void
report_written (Add *self)
{
  const char *id = peerup_peer_id_get_string (self->peer);

  if (self->place->peer != NULL)
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("peer ID"), NULL, _ ("%s, as you wrote"), id);
  else if (self->was_there)
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("peer ID"), NULL, _ ("%s, as it was known here"), id);
  else
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("peer ID"),
                       _ ("compare it with what “peerup relay setup --check” prints on the relay"),
                       _ ("%s, which counts from now on"), id);
  if (self->n_written > 0)
    peerup_report_add (self->report, PEERUP_REPORT_MADE, _ ("configuration"), NULL,
                       g_dngettext (GETTEXT_PACKAGE, "%u address in %s", "%u addresses in %s", self->n_written),
                       self->n_written, peerup_config_get_path (self->config));
  else
    peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("configuration"), NULL, _ ("%s has them already"),
                       peerup_config_get_path (self->config));
}

static void
report_reserved (Add *self, gint64 expires)
{
  g_autofree char *time = peerup_cli_format_duration (MAX (expires - g_get_real_time () / G_USEC_PER_SEC, 0));

  peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("reservation"), NULL,
                     _ ("granted for %s; the daemon keeps it from then on"), time);
}

/* The daemon asks with its own identity, and says in words what became of it. */
static void
report_daemon (Add *self, PeerupPeerId *own)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) relay =
    peerup_relay_daemon_wait_reserved (peerup_config_get_path (self->config), self->peer, RESERVE_TIMEOUT, &error);
  const char *reason = relay != NULL ? peerup_answer_get_string (relay, "error") : error->message;
  g_autofree char *next = NULL;

  if (peerup_relay_daemon_is_reserved (relay))
    {
      report_reserved (self, (gint64) peerup_answer_get_number (relay, "expires_at"));
      return;
    }
  next = g_strdup_printf (_ ("if the relay does not know this device yet, run there:\nsudo peerup relay authorize %s"),
                          peerup_peer_id_get_string (own));
  peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reservation"), next, _ ("not granted: %s"),
                     reason[0] != '\0' ? reason : _ ("no answer yet"));
}

static void
report_direct (Add *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *limits = NULL;
  gint64 expires;

  if (peerup_relay_probe_reserve (self->swarm, self->probe, &expires, &limits, &error))
    {
      peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("reservation"), "peerup daemon",
                         _ ("the relay grants one; %s. No daemon runs to keep it"), limits);
      return;
    }
  g_autofree char *next = peerup_relay_probe_advise (peerup_swarm_get_peer_id (self->swarm), error);

  peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reservation"), next, _ ("not granted: %s"), error->message);
}

static void
print_json (Add *self, gboolean reserved)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (self->peer));
  g_variant_dict_insert (&dict, "status", "s",
                         self->n_written == 0 ? "unchanged"
                         : self->was_there    ? "updated"
                                              : "added");
  g_variant_dict_insert (&dict, "reserved", "b", reserved);
  g_variant_dict_insert_value (&dict, "steps", peerup_report_describe (self->report));
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static gboolean
report_reservation (Add *self, GError **error)
{
  g_autoptr (PeerupPeerId) own = peerup_config_identity_load_peer (self->config, FALSE, error);
  guint n_mend = peerup_report_count (self->report, PEERUP_REPORT_MEND);

  if (own == NULL)
    return FALSE;
  if (self->has_daemon)
    report_daemon (self, own);
  else
    report_direct (self);
  if (self->cli->json)
    print_json (self, peerup_report_count (self->report, PEERUP_REPORT_MEND) == n_mend);
  return TRUE;
}

/* What --peer-id says counts as if the address had it. */
static gboolean
take_peer_id (Add *self, GError **error)
{
  g_autoptr (PeerupPeerId) peer = NULL;

  if (peer_id == NULL)
    return TRUE;
  peer = peerup_peer_id_new_from_string (peer_id, error);
  if (peer == NULL)
    return FALSE;
  if (self->place->peer != NULL && !peerup_peer_id_equal (self->place->peer, peer))
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER,
                   _ ("the address names another peer than --peer-id: %s"),
                   peerup_peer_id_get_string (self->place->peer));
      return FALSE;
    }
  if (self->place->peer == NULL)
    self->place->peer = g_steal_pointer (&peer);
  return TRUE;
}

static gboolean
prepare (Add *self, GError **error)
{
  self->place = peerup_relay_address_parse (self->cli->arguments[0], error);
  if (self->place == NULL || !take_peer_id (self, error))
    return FALSE;
  self->config = peerup_cli_load_config (self->cli, error);
  if (self->config == NULL)
    return FALSE;
  self->entries = peerup_relay_entries_new (self->config);
  self->has_daemon = peerup_relay_daemon_runs (peerup_config_get_path (self->config));
  self->report = peerup_report_new (self->cli->json);
  return TRUE;
}

static int
run (PeerupCli *cli)
{
  g_auto (Add) self = { .cli = cli };
  g_autoptr (GError) error = NULL;

  if (!prepare (&self, &error) || !ask (&self, &error) || !write_config (&self, &error))
    return peerup_cli_fail (error);
  report_written (&self);
  if (!report_reservation (&self, &error))
    return peerup_cli_fail (error);
  return PEERUP_CLI_OK;
}

int
cmd_relay_add (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
