/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The relay of this machine, looked at from this machine: files, service, addresses. What only
 * another machine can tell is said to be so. It changes nothing.
 */
#include "cli/peerup-relay-check.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <string.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-relay-address.h"
#include "cli/peerup-relay-config.h"
#include "cli/peerup-relay-daemon.h"
#include "cli/peerup-relay-places.h"
#include "cli/peerup-relay-probe.h"
#include "cli/peerup-relay-setup.h"
#include "config/peerup-config-identity.h"
#include "qr/peerup-qr.h"
#include "trust/peerup-authorized-keys-file.h"

typedef struct
{
  const char *directory;
  gboolean qr;
  gboolean ascii;
  PeerupReport *report;
  PeerupConfig *config; /* nullable */
  PeerupPeerId *own;    /* nullable */
  gboolean runs;
  char **hosts; /* where devices find it, the first one first */
  gboolean public;
} Check;

/* What the fiber is told; peerup_cli_run_fiber() has no room for more than the command. */
static Check the_check;

static void
check_clear (Check *self)
{
  g_clear_pointer (&self->report, peerup_report_free);
  g_clear_pointer (&self->config, peerup_config_unref);
  g_clear_pointer (&self->own, peerup_peer_id_unref);
  g_clear_pointer (&self->hosts, g_strfreev);
}

static void
check_config (Check *self)
{
  g_autofree char *path = g_build_filename (self->directory, PEERUP_RELAY_CONFIG, NULL);
  g_autoptr (GPtrArray) warnings = NULL;
  g_autoptr (GError) error = NULL;

  self->config = peerup_config_load (path, &warnings, &error);
  if (self->config == NULL)
    {
      peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("configuration"),
                         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND) ? "sudo peerup relay setup"
                                                                                       : NULL,
                         "%s", error->message);
      return;
    }
  peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("configuration"), NULL, "%s", path);
  for (guint i = 0; warnings != NULL && i < warnings->len; i++)
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("configuration"), NULL, "%s", (char *) warnings->pdata[i]);
  if (!peerup_config_get_relay_serve (self->config))
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("configuration"), NULL,
                       _ ("relay.serve is false, so it relays only as “peerup relay serve”"));
}

static void
check_key (Check *self)
{
  g_autoptr (GError) error = NULL;

  self->own = peerup_config_identity_load_peer (self->config, FALSE, &error);
  if (self->own != NULL)
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("key"), NULL, "%s", peerup_peer_id_get_string (self->own));
  else
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("key"), NULL, "%s", error->message);
}

static void
check_authorized_keys (Check *self)
{
  const char *path = peerup_config_get_authorized_keys_file (self->config);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupAuthorizedKeys) keys = path != NULL ? peerup_authorized_keys_file_load (path, &error) : NULL;
  guint n = keys != NULL ? peerup_authorized_keys_get_n_entries (keys) : 0;

  if (path == NULL)
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("authorized keys"), NULL,
                       _ ("anybody may use this relay, as security.enable_connection_gating is false"));
  else if (keys == NULL)
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("authorized keys"), NULL, "%s", error->message);
  else if (n == 0)
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("authorized keys"), "peerup relay authorize PEER-ID",
                       _ ("no device may use it yet"));
  else
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("authorized keys"), NULL,
                       g_dngettext (GETTEXT_PACKAGE, "%u device may use it", "%u devices may use it", n), n);
}

/* What the unit says. */
#define STOP_TIMEOUT (60 * G_USEC_PER_SEC)

static void
check_unit (Check *self)
{
  g_autofree char *state = g_str_equal (self->directory, PEERUP_RELAY_DIRECTORY) ? peerup_relay_unit_state () : NULL;

  if (state == NULL)
    return;
  if (g_str_equal (state, "active"))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("service"), NULL, _ ("peerup-relay.service is active"));
  else
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("service"),
                       "journalctl -u peerup-relay\nsudo systemctl restart peerup-relay",
                       _ ("peerup-relay.service is %s"), state);
}

/* Listening */

static void
check_socket (Check *self, GVariant *socket)
{
  const char *address = peerup_answer_get_string (socket, "address");
  const char *error = peerup_answer_get_string (socket, "error");

  if (error[0] == '\0')
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("listening"), NULL, "%s", address);
  else
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("listening"), NULL, "%s%s%s",
                       strstr (error, address) != NULL ? "" : address, strstr (error, address) != NULL ? "" : ": ",
                       error);
}

static gboolean
ask_daemon (Check *self, GVariant **facts, GError **error)
{
  g_autoptr (PeerupClient) client =
    dex_await_object (peerup_client_attach (peerup_config_get_path (self->config)), error);

  return client != NULL && PEERUP_ASK (peerup_client_get_proxy (client), get_diagnostics, facts, error);
}

static void
check_daemon (Check *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) facts = NULL;
  g_autoptr (GVariant) sockets = NULL;

  if (!ask_daemon (self, &facts, &error))
    {
      g_autofree char *command =
        g_strdup_printf ("peerup relay serve --config %s", peerup_config_get_path (self->config));

      if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
        peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("relay"), command, _ ("it does not run"));
      else
        peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("relay"), NULL, "%s", error->message);
      return;
    }
  self->runs = TRUE;
  sockets = peerup_answer_get_list (facts, _ ("listening"));
  for (gsize i = 0; i < g_variant_n_children (sockets); i++)
    {
      g_autoptr (GVariant) socket = g_variant_get_child_value (sockets, i);

      check_socket (self, socket);
    }
}

/* Addresses */

static gboolean
is_own_address (const char *host)
{
  gboolean public;
  g_auto (GStrv) own = peerup_relay_own_hosts (&public);

  return g_strv_contains ((const char *const *) own, host);
}

static void
check_addresses (Check *self)
{
  g_auto (GStrv) announced = peerup_relay_announced_hosts (self->config);
  g_auto (GStrv) own = peerup_relay_own_hosts (&self->public);
  g_autofree char *list = g_strjoinv (", ", announced[0] != NULL ? announced : own);

  if (announced[0] != NULL)
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("addresses"), NULL, _ ("%s, as relay.announce says"), list);
  else if (self->public)
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("addresses"), NULL, _ ("%s, of this machine and public"),
                       list);
  else if (own[0] != NULL)
    peerup_report_add (
      self->report, PEERUP_REPORT_NOTE, _ ("addresses"),
      _ ("forward its TCP and UDP port in the router, and set relay.announce to\nthe router's public address"),
      _ ("%s: this machine is behind a router, and only its own network finds it there"), list);
  else
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("addresses"), NULL,
                       _ ("this machine has no network address"));
  self->public |= announced[0] != NULL;
  self->hosts = announced[0] != NULL ? g_steal_pointer (&announced) : g_steal_pointer (&own);
}

/* What another relay says of where packets from here come from. */
static void
report_seen (Check *self, PeerupSwarm *swarm, const PeerupProbeAnswer *answer)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *seen = peerup_relay_probe_stun (swarm, answer->address, answer->host, &error);
  g_autoptr (PeerupRelayAddress) place = seen != NULL ? peerup_relay_address_parse (seen, NULL) : NULL;
  g_autofree char *host = place != NULL ? peerup_relay_address_dup_host (place->addresses->pdata[0]) : NULL;

  if (host == NULL)
    return;
  if (is_own_address (host))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("seen from"), NULL,
                       _ ("another relay sees this machine at %s, which is its own address"), host);
  else if (g_strv_contains ((const char *const *) self->hosts, host))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("seen from"), NULL,
                       _ ("another relay sees this machine at %s, which is announced"), host);
  else
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("seen from"),
                       _ ("if that router forwards the port, announce its address in relay.announce"),
                       _ ("another relay sees this machine at %s, the address of a router"), host);
}

/* Only where the configuration has other relays to ask. */
static void
check_seen (Check *self)
{
  GPtrArray *relays = peerup_config_get_relay_addresses (self->config);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();
  g_autoptr (PeerupSwarm) swarm = NULL;
  g_autoptr (PeerupProbe) probe = NULL;

  for (guint i = 0; i < relays->len; i++)
    if (g_str_equal (peerup_relay_address_get_transport (relays->pdata[i]), "quic"))
      g_ptr_array_add (addresses, relays->pdata[i]);
  swarm = addresses->len > 0 ? peerup_relay_probe_swarm (NULL, NULL) : NULL;
  if (swarm == NULL)
    return;
  probe = peerup_relay_probe_dial (swarm, addresses);
  for (guint i = 0; i < peerup_probe_get_n_answers (probe); i++)
    if (peerup_probe_get_answer (probe, i)->peer != NULL)
      report_seen (self, swarm, peerup_probe_get_answer (probe, i));
  peerup_relay_probe_end (swarm);
}

/* (nullable): the multiaddr with the relay's ID that a device is to take up: TCP, which gets through
 * almost anywhere; QUIC is found from there. */
static PeerupMultiaddr *
get_best_address (Check *self)
{
  g_autoptr (GPtrArray) addresses = NULL;

  if (self->own == NULL || self->hosts == NULL || self->hosts[0] == NULL)
    return NULL;
  addresses = peerup_relay_addresses_at (self->config, self->hosts[0]);
  for (guint i = 0; i < addresses->len; i++)
    if (g_str_equal (peerup_relay_address_get_transport (addresses->pdata[i]), "tcp"))
      return peerup_multiaddr_with_peer_id (addresses->pdata[i], self->own);
  return NULL;
}

static char *
get_short_address (PeerupMultiaddr *address)
{
  g_autofree char *host = peerup_relay_address_dup_host (address);

  return peerup_relay_address_format (host, peerup_relay_address_get_port (address));
}

/* Of an answer that is this relay's, or of nobody: from the inside of a network not every address leads
 * back to it. */
static void
report_dialed (Check *self, const PeerupProbeAnswer *answer)
{
  g_autofree char *host = peerup_relay_address_dup_host (answer->address);
  g_autofree char *place = get_short_address (answer->address);
  g_autofree char *elsewhere = g_strdup_printf (_ ("on another machine: peerup relay check %s"), place);
  const char *text = peerup_multiaddr_get_string (answer->address);

  if (answer->peer != NULL && peerup_peer_id_equal (answer->peer, self->own))
    peerup_report_add (self->report, PEERUP_REPORT_OK, _ ("reached"), NULL, "%s", text);
  else if (answer->peer != NULL)
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reached"), NULL, _ ("%s: somebody else answers, %s"), text,
                       peerup_peer_id_get_string (answer->peer));
  else if (is_own_address (host))
    peerup_report_add (self->report, PEERUP_REPORT_MEND, _ ("reached"), NULL, "%s: %s", text, answer->error->message);
  else
    peerup_report_add (self->report, PEERUP_REPORT_UNKNOWN, _ ("reached"), elsewhere,
                       _ ("%s: %s. Many routers do not lead back in what comes from inside, so this says little"), text,
                       answer->error->message);
}

static void
dial_addresses (Check *self)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupSwarm) swarm = peerup_relay_probe_swarm (NULL, &error);
  g_autoptr (PeerupProbe) probe = NULL;
  g_autoptr (PeerupMultiaddr) best = get_best_address (self);
  g_autofree char *shortest = best != NULL ? get_short_address (best) : NULL;

  for (guint i = 0; self->hosts[i] != NULL; i++)
    {
      g_autoptr (GPtrArray) some = peerup_relay_addresses_at (self->config, self->hosts[i]);

      g_ptr_array_extend (addresses, some, (GCopyFunc) (void *) peerup_multiaddr_ref, NULL);
    }
  if (swarm == NULL)
    return;
  probe = peerup_relay_probe_dial (swarm, addresses);
  for (guint i = 0; i < peerup_probe_get_n_answers (probe); i++)
    report_dialed (self, peerup_probe_get_answer (probe, i));
  peerup_relay_probe_end (swarm);
  if (shortest != NULL)
    peerup_report_add (
      self->report, PEERUP_REPORT_NOTE, _ ("firewall"), NULL,
      _ ("what this machine sends to itself passes no firewall: “peerup relay check %s” on another machine "
         "tells whether it can be reached"),
      shortest);
}

/* The end */

static void
print_qr (Check *self, PeerupMultiaddr *address)
{
  gboolean terminal = isatty (STDOUT_FILENO);
  g_autofree char *code = NULL;

  if (!terminal && !self->qr)
    return;
  code = peerup_qr_format (peerup_multiaddr_get_string (address), self->ascii ? PEERUP_QR_ASCII
                                                                  : terminal  ? PEERUP_QR_COLOURED
                                                                              : PEERUP_QR_BLOCKS);
  if (code == NULL)
    return;
  peerup_cli_print ("\n");
  peerup_cli_print_raw (code);
}

static void
print_address (Check *self)
{
  g_autoptr (PeerupMultiaddr) address = get_best_address (self);
  g_autofree char *shortest = address != NULL ? get_short_address (address) : NULL;
  const char *id;

  if (address == NULL)
    return;
  id = peerup_peer_id_get_string (self->own);
  peerup_cli_print (_ ("\nAddress   %s%s\nPeer ID   %s\n\n"
                       "On each device of yours, compare the peer ID that it shows with this one:\n"
                       "  peerup relay add %s\n"
                       "or give it the peer ID at once:\n"
                       "  peerup relay add %s\n"),
                    shortest, self->public ? "" : _ ("  (in this network alone)"), id, shortest,
                    peerup_multiaddr_get_string (address));
  print_qr (self, address);
}

static void
print_json (Check *self)
{
  g_autoptr (PeerupMultiaddr) address = get_best_address (self);
  g_autofree char *shortest = address != NULL ? get_short_address (address) : NULL;
  GVariantDict dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "healthy", "b", peerup_report_count (self->report, PEERUP_REPORT_MEND) == 0);
  if (self->own != NULL)
    g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (self->own));
  if (address != NULL)
    {
      g_variant_dict_insert (&dict, "address", "s", shortest);
      g_variant_dict_insert (&dict, "multiaddr", "s", peerup_multiaddr_get_string (address));
      g_variant_dict_insert (&dict, "public", "b", self->public);
    }
  g_variant_dict_insert_value (&dict, "checks", peerup_report_describe (self->report));
  peerup_cli_print_variant (g_variant_dict_end (&dict));
}

static int
run (PeerupCli *cli)
{
  Check *self = &the_check;

  check_config (self);
  if (self->config != NULL)
    {
      check_key (self);
      check_authorized_keys (self);
      check_unit (self);
      check_daemon (self);
      check_addresses (self);
      check_seen (self);
    }
  if (self->runs && self->own != NULL)
    dial_addresses (self);
  if (cli->json)
    print_json (self);
  else
    print_address (self);
  return peerup_report_count (self->report, PEERUP_REPORT_MEND) == 0 ? PEERUP_CLI_OK : PEERUP_CLI_FAILED;
}

int
peerup_relay_check_own (PeerupCli *cli, const char *directory, gboolean qr, gboolean ascii)
{
  g_autoptr (GError) error = NULL;
  int code;

  if (!peerup_relay_become_owner (directory, &error))
    return peerup_cli_fail (error);
  if (access (directory, X_OK) != 0 && errno == EACCES)
    {
      return peerup_cli_fail_text (PEERUP_ERROR_PERMISSION,
                                   _ ("%s is not yours to see: say “sudo peerup relay setup --check”"), directory);
    }
  the_check = (Check) { .directory = directory, .qr = qr, .ascii = ascii, .report = peerup_report_new (cli->json) };
  code = peerup_cli_run_fiber (cli, run);
  check_clear (&the_check);
  return code;
}
