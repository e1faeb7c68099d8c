/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Asking the daemon of a configuration about its relays. Holds nothing; what the answers mean
 * is the business of who asked.
 */
#include "cli/peerup-relay-daemon.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "control/peerup-control-socket.h"

/* Nothing tells when a relay's state changes, and a person waits. */
#define ASK_EVERY_MS 100
/* A relay that has failed this often will not come to be reserved while somebody waits. */
#define FAILURES_MAX 2

gboolean
peerup_relay_daemon_runs (const char *config_path)
{
  g_auto (GStrv) candidates = peerup_control_socket_candidates (config_path);

  for (guint i = 0; candidates[i] != NULL; i++)
    if (peerup_control_socket_is_live (candidates[i], NULL))
      return TRUE;
  return FALSE;
}

GVariant *
peerup_relay_daemon_list (PeerupClient *client, GError **error)
{
  GVariant *relays = NULL;

  return PEERUP_ASK (peerup_client_get_proxy (client), list_relays, &relays, error) ? relays : NULL;
}

GVariant *
peerup_relay_daemon_lookup (GVariant *relays, PeerupPeerId *peer)
{
  for (gsize i = 0; relays != NULL && i < g_variant_n_children (relays); i++)
    {
      g_autoptr (GVariant) relay = g_variant_get_child_value (relays, i);

      if (g_str_equal (peerup_answer_get_string (relay, "id"), peerup_peer_id_get_string (peer)))
        return g_steal_pointer (&relay);
    }
  return NULL;
}

gboolean
peerup_relay_daemon_is_reserved (GVariant *relay)
{
  return relay != NULL && g_str_equal (peerup_answer_get_string (relay, "state"), "reserved");
}

GVariant *
peerup_relay_daemon_wait_reserved (const char *config_path, PeerupPeerId *relay, gint64 timeout, GError **error)
{
  g_autoptr (PeerupClient) client = dex_await_object (peerup_client_attach (config_path), error);
  gint64 end = g_get_monotonic_time () + timeout;

  while (client != NULL)
    {
      g_autoptr (GVariant) relays = peerup_relay_daemon_list (client, error);
      g_autoptr (GVariant) state = peerup_relay_daemon_lookup (relays, relay);

      if (relays == NULL)
        return NULL;
      if (peerup_relay_daemon_is_reserved (state) ||
          (state != NULL && peerup_answer_get_number (state, "failures") >= FAILURES_MAX))
        return g_steal_pointer (&state);
      if (g_get_monotonic_time () >= end)
        {
          if (state == NULL)
            g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT,
                                 _ ("the daemon has not taken the relay up yet: see “peerup status”"));
          return g_steal_pointer (&state);
        }
      /* It always times out: that is the pause. */
      dex_await (dex_timeout_new_msec (ASK_EVERY_MS), NULL);
    }
  return NULL;
}

gboolean
peerup_relay_become_owner (const char *path, GError **error)
{
  struct stat info;
  struct passwd *user;

  if (geteuid () != 0 || stat (path, &info) != 0 || info.st_uid == 0)
    return TRUE;
  user = getpwuid (info.st_uid);
  if (user != NULL && initgroups (user->pw_name, user->pw_gid) == 0 && setgid (user->pw_gid) == 0 &&
      setuid (user->pw_uid) == 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PERMISSION, _ ("cannot act as the owner of %s, user %u: %s"), path,
               info.st_uid, user == NULL ? _ ("there is no such user") : g_strerror (errno));
  return FALSE;
}
