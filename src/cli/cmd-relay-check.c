/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup relay check ADDRESS: a relay, looked at from here, as a device sees it: who it is, over
 * what it is reached, whether it takes this device. It changes nothing, and gives back what it is granted.
 */
#include "cli/peerup-commands.h"

#include <glib/gi18n-lib.h>
#include <libdex.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-relay-address.h"
#include "cli/peerup-relay-daemon.h"
#include "cli/peerup-relay-entries.h"
#include "cli/peerup-relay-probe.h"
#include "protocols/peerup-ping.h"

typedef struct
{
  PeerupConfig *config; /* nullable: this device has none */
  PeerupRelayAddress *place;
  GVariant *kept; /* nullable: what a daemon of this device says of the relay */
  PeerupSwarm *swarm;
  PeerupProbe *probe;
  PeerupReport *report;
} Check;

static void
check_clear (Check *self)
{
  peerup_relay_probe_end (self->swarm);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->probe, peerup_probe_unref);
  g_clear_pointer (&self->kept, g_variant_unref);
  g_clear_pointer (&self->place, peerup_relay_address_free);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->report, peerup_report_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Check, check_clear)

/* Two of one identity at a relay would be in each other's way. */
static void
ask_daemon (Check *self, GVariant **relays)
{
  g_autoptr (PeerupClient) client = NULL;
  g_autoptr (GError) error = NULL;

  if (self->config == NULL || !peerup_relay_daemon_runs (peerup_config_get_path (self->config)))
    return;
  client = dex_await_object (peerup_client_attach (peerup_config_get_path (self->config)), &error);
  if (client != NULL)
    *relays = peerup_relay_daemon_list (client, &error);
}

/* Whether a daemon may be connected there with this device's identity. */
static gboolean
is_kept_by_daemon (Check *self, GVariant *relays)
{
  g_autoptr (GPtrArray) entries = relays != NULL ? peerup_relay_entries_new (self->config) : NULL;

  for (guint i = 0; entries != NULL && i < self->place->addresses->len; i++)
    if (peerup_relay_entries_find_address (entries, self->place->addresses->pdata[i]) != NULL)
      return TRUE;
  return FALSE;
}

static void
report_peer (Check *self, PeerupPeerId *peer)
{
  const char *id = peerup_peer_id_get_string (peer);

  if (self->place->peer == NULL)
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("peer ID"),
                       _ ("compare it with what “peerup relay setup --check” prints on the relay"), "%s", id);
  else if (peerup_peer_id_equal (self->place->peer, peer))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("peer ID"), NULL, _ ("%s, as you wrote"), id);
  else
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("peer ID"), _ ("do not use it unless you know why"),
                       _ ("%s answers, and not %s"), id, peerup_peer_id_get_string (self->place->peer));
}

static void
check_ping (Check *self, PeerupPeerId *peer)
{
  gint64 deadline = g_get_monotonic_time () + PEERUP_RELAY_QUESTION_TIMEOUT;
  PeerupConnection *connection = peerup_relay_probe_get_connection (self->probe);
  g_autoptr (GError) error = NULL;
  g_autofree char *text = NULL;
  gint64 rtt;

  if (connection == NULL)
    return;
  rtt = dex_await_int64 (peerup_ping_once (self->swarm, peer, deadline), &error);
  /* A relay that does not take us says so once more below. */
  if (error != NULL)
    return;
  text = peerup_cli_format_rtt (rtt);
  peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("round trip"), NULL, "%s", text);
}

static void
check_reservation (Check *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *limits = NULL;
  g_autofree char *next = NULL;
  gint64 expires;

  if (peerup_relay_daemon_is_reserved (self->kept))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("reservation"), NULL,
                       _ ("the daemon of this device has one"));
  else if (self->kept != NULL)
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reservation"), NULL,
                       _ ("the daemon of this device has none: %s"), peerup_answer_get_string (self->kept, "error"));
  else if (self->config == NULL)
    peerup_report_add (self->report, PEERUP_REPORT_UNKNOWN, _ ("reservation"), "peerup init",
                       _ ("not asked for, as this device has no identity yet"));
  else if (peerup_relay_probe_reserve (self->swarm, self->probe, &expires, &limits, &error))
    {
      g_autofree char *time = peerup_cli_format_duration (MAX (expires - g_get_real_time () / G_USEC_PER_SEC, 0));

      peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("reservation"), NULL,
                         _ ("granted for %s, and given back; %s"), time, limits);
    }
  else
    {
      next = peerup_relay_probe_advise (peerup_swarm_get_peer_id (self->swarm), error);
      peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reservation"), next, _ ("refused: %s"), error->message);
    }
}

/* A relay of another program has none. */
static void
check_stun (Check *self)
{
  for (guint i = 0; i < peerup_probe_get_n_answers (self->probe); i++)
    {
      const PeerupProbeAnswer *answer = peerup_probe_get_answer (self->probe, i);
      g_autoptr (GError) error = NULL;
      g_autofree char *seen = NULL;

      if (answer->peer == NULL || !g_str_equal (peerup_relay_address_get_transport (answer->address), "quic"))
        continue;
      seen = peerup_relay_probe_stun (self->swarm, answer->address, answer->host, &error);
      if (seen != NULL)
        peerup_report_add (self->report, PEERUP_REPORT_OK, "STUN", NULL, _ ("answers, and sees this device at %s"),
                           seen);
      else
        peerup_report_add (self->report, PEERUP_REPORT_NOTE, "STUN", NULL, "%s", error->message);
      return;
    }
}

static void
print_json (Check *self, PeerupPeerId *peer)
{
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "healthy", "b", peerup_report_count (self->report, PEERUP_REPORT_MEND) == 0);
  if (peer != NULL)
    g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (peer));
  g_variant_dict_insert_value (&dict, "checks", peerup_report_describe (self->report));
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

/* A device without a configuration can look, too. */
static gboolean
prepare (Check *self, PeerupCli *cli, GError **error)
{
  g_autofree char *path = NULL;
  g_autoptr (GError) local_error = NULL;

  self->place = peerup_relay_address_parse (cli->arguments[0], error);
  if (self->place == NULL)
    return FALSE;
  path = peerup_cli_find_config (cli, &local_error);
  if (path == NULL && cli->config != NULL)
    return g_propagate_error (error, g_steal_pointer (&local_error)), FALSE;
  if (path != NULL)
    self->config = peerup_config_load (path, NULL, error);
  self->report = peerup_report_new (cli->json);
  return path == NULL || self->config != NULL;
}

static void
check_peer (Check *self, PeerupPeerId *peer)
{
  report_peer (self, peer);
  check_ping (self, peer);
  check_reservation (self);
  check_stun (self);
}

static int
run (PeerupCli *cli)
{
  g_auto (Check) self = { 0 };
  g_autoptr (GVariant) relays = NULL;
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer;

  if (!prepare (&self, cli, &error))
    return peerup_cli_fail (error);
  ask_daemon (&self, &relays);
  self.swarm = peerup_relay_probe_swarm (is_kept_by_daemon (&self, relays) ? NULL : self.config, &error);
  if (self.swarm == NULL)
    return peerup_cli_fail (error);
  self.probe = peerup_relay_probe_dial (self.swarm, self.place->addresses);
  peerup_relay_probe_report (self.probe, self.report);
  peer = peerup_probe_get_peer (self.probe, &error);
  self.kept = peer != NULL ? peerup_relay_daemon_lookup (relays, peer) : NULL;
  if (peer != NULL)
    check_peer (&self, peer);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER))
    peerup_report_add (self.report, PEERUP_REPORT_MEND, _ ("peer ID"), NULL, "%s", error->message);
  if (cli->json)
    print_json (&self, peer);
  return peerup_report_count (self.report, PEERUP_REPORT_MEND) == 0 ? PEERUP_CLI_OK : PEERUP_CLI_FAILED;
}

int
cmd_relay_check (PeerupCli *cli)
{
  return peerup_cli_run_fiber (cli, run);
}
