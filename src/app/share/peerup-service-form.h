/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What a person says of a service: its name, where it is, what it is, and who may use it. Each entry says at once
 * what is wrong with it. Groups of a dialog's own can be added below.
 *
 * Property "valid" (all that is written could be taken). Signal "apply": Enter was
 * pressed in an entry. */
#define PEERUP_TYPE_SERVICE_FORM (peerup_service_form_get_type ())
G_DECLARE_FINAL_TYPE (PeerupServiceForm, peerup_service_form, PEERUP, SERVICE_FORM, AdwPreferencesPage)

/* Whose list of devices and kinds it shows; once, before it is shown. */
void peerup_service_form_set_session (PeerupServiceForm *self, PeerupSession *session);
/* What is there already. */
void peerup_service_form_load (PeerupServiceForm *self, PeerupDBusService1 *service);
/* What was found on this machine: any of them may be NULL. */
void peerup_service_form_suggest (PeerupServiceForm *self, const char *name, const char *address, const char *kind,
                                  const char *template_id, const char *const *tags);
gboolean peerup_service_form_is_valid (PeerupServiceForm *self);
char *peerup_service_form_dup_name (PeerupServiceForm *self) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_service_form_dup_address (PeerupServiceForm *self) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer floating): "a{sv}" as AddService takes it. */
GVariant *peerup_service_form_get_options (PeerupServiceForm *self) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer floating): "a{sv}" as ChangeService takes it: what differs from @service, which may be nothing. */
GVariant *
peerup_service_form_get_changes (PeerupServiceForm *self, PeerupDBusService1 *service) G_GNUC_WARN_UNUSED_RESULT;
/* Nothing can be changed, for the reason @why. */
void peerup_service_form_set_fixed (PeerupServiceForm *self, const char *why);
/* To where the person begins to write. */
void peerup_service_form_focus (PeerupServiceForm *self);

G_END_DECLS
