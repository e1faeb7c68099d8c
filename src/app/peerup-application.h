/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* The program: one for each profile on a desktop. It owns the session with the engine, which outlives its windows. */
#define PEERUP_TYPE_APPLICATION (peerup_application_get_type ())
G_DECLARE_FINAL_TYPE (PeerupApplication, peerup_application, PEERUP, APPLICATION, AdwApplication)

PeerupApplication *peerup_application_new (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
