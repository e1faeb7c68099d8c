/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <libdex.h>

#include "templates/peerup-listeners.h"
#include "templates/peerup-templates.h"

G_BEGIN_DECLS

/* Microseconds of all probes, and how many there are at once. */
#define PEERUP_FIND_TIMEOUT  (4 * (gint64) G_USEC_PER_SEC)
#define PEERUP_FIND_PARALLEL 16

/* A port that listens on this machine, and what it was taken for. */
typedef struct
{
  PeerupTemplate *template;
  PeerupListener listener;
  char *address;      /* "localhost:8096" */
  gboolean confirmed; /* it has answered as the template wants */
  char *evidence;     /* why it was taken for that, in words that are safe to show */
} PeerupFound;

void peerup_found_free (PeerupFound *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupFound, peerup_found_free)

/**
 * peerup_find_services:
 * @until: (nullable) (transfer none): whatever becomes of it ends the search
 *
 * Looks which services run on this machine: its ports that listen, without those of this process, each asked what it
 * is. Only addresses of the loopback are spoken to. First the templates whose port it is are tried; a port that answers
 * to none of them is listened to and asked for a web page, and what comes is held against the other templates. A usual
 * port that says nothing is taken for its template, unconfirmed, and everything else for PEERUP_TEMPLATE_GENERIC.
 *
 * Resolves to a GPtrArray of PeerupFound (boxed), at the latest after PEERUP_FIND_TIMEOUT: those that were confirmed
 * first, then usual ports, then the others, by port. May be dropped at any time. Rejects with G_FILE_ERROR where the
 * ports cannot be listed.
 */
DexFuture *peerup_find_services (PeerupTemplates *templates, DexFuture *until) G_GNUC_WARN_UNUSED_RESULT;
/* The same for @template alone, at its usual ports: resolves to those that were confirmed. @left_out: (nullable)
 * (element-type guint16): ports that are not spoken to. */
DexFuture *peerup_find_template (PeerupTemplates *templates, PeerupTemplate *template,
                                 const GArray *left_out) G_GNUC_WARN_UNUSED_RESULT;
/* What find_services() does with the ports: @listeners are given. */
DexFuture *
peerup_find_services_among (PeerupTemplates *templates, GArray *listeners, DexFuture *until) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
