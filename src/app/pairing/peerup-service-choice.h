/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* A list of this device's services, each with a switch. None is on at first.
 *
 * Signal "changed": another choice. */
#define PEERUP_TYPE_SERVICE_CHOICE (peerup_service_choice_get_type ())
G_DECLARE_FINAL_TYPE (PeerupServiceChoice, peerup_service_choice, PEERUP, SERVICE_CHOICE, AdwBin)

PeerupServiceChoice *peerup_service_choice_new (PeerupSession *session) G_GNUC_WARN_UNUSED_RESULT;
gboolean peerup_service_choice_has_any (PeerupServiceChoice *self);
/* Names, in the order of the list; those of services that are gone are left out. (transfer full) */
char **peerup_service_choice_dup (PeerupServiceChoice *self) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
