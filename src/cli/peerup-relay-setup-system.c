/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The parts of a relay that are the system's: its user, its unit, what the firewall has to let
 * in. Programs of the system do the work; each is named when it fails, with what it said.
 */
#include "cli/peerup-relay-setup.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <pwd.h>
#include <string.h>

#include "wire/peerup-error.h"

#define UNIT    "peerup-relay.service"
#define LOCAL   "/etc/systemd/system"
#define DROP_IN LOCAL "/" UNIT ".d/low-ports.conf"

/* Where a package puts units; what is in LOCAL comes before all of them. */
static const char *const unit_directories[] = { "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                                "/lib/systemd/system" };

/* (nullable): what @argv prints, without its line end; NULL with what it complained of. */
static char *
run (GError **error, const char *const *argv)
{
  g_autoptr (GSubprocess) process =
    g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE, error);
  g_autofree char *out = NULL;
  g_autofree char *err = NULL;

  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &out, &err, error))
    return NULL;
  if (g_subprocess_get_successful (process))
    return g_strchomp (g_steal_pointer (&out));
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED, _ ("%s %s failed: %s"), argv[0], argv[1],
               err[0] != '\0' ? g_strstrip (err) : g_strstrip (out));
  return NULL;
}

#define RUN(error, ...) run (error, (const char *const[]) { __VA_ARGS__, NULL })

static gboolean
has_program (const char *name)
{
  g_autofree char *path = g_find_program_in_path (name);

  return path != NULL;
}

gboolean
peerup_relay_has_systemd (void)
{
  return g_file_test ("/run/systemd/system", G_FILE_TEST_IS_DIR) && has_program ("systemctl");
}

/* systemctl says it also when it is not active, and then fails. */
char *
peerup_relay_unit_state (void)
{
  static const char *const argv[] = { "systemctl", "is-active", UNIT, NULL };
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *out = NULL;

  if (!peerup_relay_has_systemd ())
    return NULL;
  process = g_subprocess_newv (argv, G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, NULL);
  if (process == NULL || !g_subprocess_communicate_utf8 (process, NULL, NULL, &out, NULL, NULL))
    return NULL;
  return g_strchomp (g_steal_pointer (&out));
}

/* With systemd's own program where it is there, as packages do it. */
static gboolean
make_user (const char *name, GError **error)
{
  g_autofree char *out = NULL;

  if (has_program ("systemd-sysusers"))
    {
      g_autofree char *line = g_strdup_printf ("u %s - \"Peer-Up\" - -", name);

      out = RUN (error, "systemd-sysusers", "--inline", line);
    }
  else
    out = RUN (error, "useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
               "--shell", "/usr/sbin/nologin", name);
  return out != NULL;
}

gboolean
peerup_relay_setup_user (PeerupRelaySetup *self, GError **error)
{
  const char *name = self->plan.user;

  if (getpwnam (name) != NULL)
    {
      peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("user"), NULL, "%s", name);
      return TRUE;
    }
  if (!self->dry_run && !make_user (name, error))
    return FALSE;
  peerup_report_add (self->report, self->dry_run ? PEERUP_REPORT_WOULD : PEERUP_REPORT_MADE, _ ("user"), NULL,
                     _ ("%s, which owns nothing but the relay's files"), name);
  return TRUE;
}

/* Unit */

/* A unit that a package brought, if it is the one that would be made but for where the program is. */
static char *
find_packaged (const char *wanted)
{
  for (guint i = 0; i < G_N_ELEMENTS (unit_directories); i++)
    {
      g_autofree char *path = g_build_filename (unit_directories[i], UNIT, NULL);
      g_autofree char *text = NULL;

      if (g_file_get_contents (path, &text, NULL, NULL) && g_str_equal (text, wanted))
        return g_steal_pointer (&path);
    }
  return NULL;
}

static gboolean
set_up_drop_in (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *text = peerup_relay_text_drop_in ();
  g_autofree char *beside = g_build_filename (self->plan.directory, "low-ports.conf", NULL);

  if (!peerup_relay_plan_has_low_port (&self->plan))
    return TRUE;
  return peerup_relay_setup_file (self, _ ("low ports"), self->system ? DROP_IN : beside, text, 0644,
                                  &self->units_changed, error);
}

gboolean
peerup_relay_setup_unit (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *text = peerup_relay_text_unit (&self->plan);
  g_autofree char *packaged = self->system ? find_packaged (text) : NULL;
  g_autofree char *path = g_build_filename (self->system ? LOCAL : self->plan.directory, UNIT, NULL);

  if (packaged != NULL && !g_file_test (path, G_FILE_TEST_EXISTS))
    peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("unit"), NULL, "%s", packaged);
  else if (!peerup_relay_setup_file (self, _ ("unit"), path, text, 0644, &self->units_changed, error))
    return FALSE;
  return set_up_drop_in (self, error);
}

/* By hand: a container without systemd, or a directory of one's own. */
static void
tell_by_hand (PeerupRelaySetup *self)
{
  g_autofree char *command = NULL;

  if (self->system)
    command = g_strdup_printf ("runuser -u %s -- %s relay serve", self->plan.user, self->plan.program);
  else
    command =
      g_strdup_printf ("%s relay serve --config %s/relay-server.yaml", self->plan.program, self->plan.directory);
  peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("service"), command, _ ("%s: start it so"),
                     self->system ? _ ("no systemd runs here") : _ ("nothing of the system was touched"));
}

static gboolean
is_enabled (void)
{
  g_autofree char *out = RUN (NULL, "systemctl", "is-enabled", UNIT);

  return out != NULL;
}

static gboolean
start_service (PeerupRelaySetup *self, gboolean enabled, gboolean active, GError **error)
{
  g_autofree char *reloaded = self->units_changed ? RUN (error, "systemctl", "daemon-reload") : g_strdup ("");
  g_autofree char *done = NULL;

  if (reloaded == NULL)
    return FALSE;
  done = enabled ? g_strdup ("") : RUN (error, "systemctl", "enable", UNIT);
  if (done == NULL)
    return FALSE;
  if (self->no_start || (active && !self->units_changed))
    return TRUE;
  g_free (done);
  /* Returns when the relay has said that it listens. */
  done = RUN (error, "systemctl", "restart", UNIT);
  if (done == NULL)
    g_prefix_error (error, _ ("the relay does not start, see “journalctl -u peerup-relay.service”: "));
  return done != NULL;
}

gboolean
peerup_relay_setup_service (PeerupRelaySetup *self, GError **error)
{
  g_autofree char *state = self->system ? peerup_relay_unit_state () : NULL;
  gboolean active = g_strcmp0 (state, "active") == 0;
  gboolean enabled;

  if (state == NULL)
    {
      tell_by_hand (self);
      return TRUE;
    }
  enabled = is_enabled ();
  if (enabled && !self->units_changed && (active || self->no_start))
    {
      peerup_report_add (self->report, PEERUP_REPORT_KEPT, _ ("service"), NULL,
                         _ ("peerup-relay.service is enabled and %s"), state);
      return TRUE;
    }
  if (!self->dry_run && !start_service (self, enabled, active, error))
    return FALSE;
  peerup_report_add (self->report, self->dry_run ? PEERUP_REPORT_WOULD : PEERUP_REPORT_MADE, _ ("service"), NULL, "%s",
                     self->no_start ? _ ("peerup-relay.service is enabled, and starts with the machine")
                                    : _ ("peerup-relay.service is enabled and runs"));
  return TRUE;
}

/* Firewall */

static char *
firewall_commands (const PeerupRelayPlan *plan, const char *format)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (GStrv) parts = g_strsplit (format, "WHAT", 2);

  g_string_append_printf (out, "%s%u/tcp%s\n%s%u/udp%s", parts[0], plan->port, parts[1], parts[0], plan->port,
                          parts[1]);
  if (plan->websocket_port > 0)
    g_string_append_printf (out, "\n%s%u/tcp%s", parts[0], plan->websocket_port, parts[1]);
  return g_string_free_and_steal (g_steal_pointer (&out));
}

void
peerup_relay_setup_firewall (PeerupRelaySetup *self)
{
  g_autofree char *load = g_strdup_printf ("nft -f %s/relay.nft", self->plan.directory);
  g_autofree char *ufw = firewall_commands (&self->plan, "ufw allow WHAT");
  g_autofree char *ports = firewall_commands (&self->plan, "firewall-cmd --permanent --add-port=WHAT");
  g_autofree char *firewalld = g_strconcat (ports, "\nfirewall-cmd --reload", NULL);

  peerup_report_add (self->report, PEERUP_REPORT_NOTE, _ ("rate limits"), load,
                     _ ("read the rules, then load them as root"));
  if (has_program ("ufw"))
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, "ufw", ufw, _ ("if it is on, let devices in, as root"));
  if (has_program ("firewall-cmd"))
    peerup_report_add (self->report, PEERUP_REPORT_NOTE, "firewalld", firewalld,
                       _ ("if it is on, let devices in, as root"));
}
