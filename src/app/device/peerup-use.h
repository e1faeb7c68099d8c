/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a service that is a local port is used, by what Engine1.ListTemplates says of its kind. Pure. */

/* The template for what a peer calls the kind of its service: by its ID first, and by its kind second; of several
 * "web", else the first. @templates: (nullable): aa{sv}. (transfer full) (nullable): a{sv} */
GVariant *peerup_use_find_template (GVariant *templates, const char *kind) G_GNUC_WARN_UNUSED_RESULT;
/* @pattern with {host} and {port} filled in: "ssh -p 2222 localhost". @address: "HOST:PORT", HOST an IP address, as
 * Forward1.Address. (transfer full) (nullable): NULL where it is no such address */
char *peerup_use_fill (const char *pattern, const char *address) G_GNUC_WARN_UNUSED_RESULT;
/* "localhost:2222" (transfer full) (nullable) */
char *peerup_use_format_address (const char *address) G_GNUC_WARN_UNUSED_RESULT;

#define PEERUP_USE_N_PORTS 3
/* The local ports to try one after the other for a service of a kind whose template is @template (nullable), the
 * friendliest first, and at last 0 for any. */
guint peerup_use_list_ports (GVariant *template, guint16 ports[PEERUP_USE_N_PORTS]);

G_END_DECLS
