/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The engine's word, and the host's name while there is none. */
#include "app/pairing/peerup-machine-name.h"

char *
peerup_machine_name_dup (PeerupSession *session)
{
  PeerupDBusEngine1 *engine = peerup_session_get_engine (session);
  g_autofree char *name = NULL;

  /* An older daemon does not say it. */
  if (engine != NULL && g_object_class_find_property (G_OBJECT_GET_CLASS (engine), "machine-name") != NULL)
    g_object_get (engine, "machine-name", &name, NULL);
  return name != NULL && *name != '\0' ? g_steal_pointer (&name) : g_strdup (g_get_host_name ());
}
