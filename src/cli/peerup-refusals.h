/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What limits have refused, for people: "12 connections (192.0.2.7 at its limit of 64), 3
 * streams (…)". NULL if they refused nothing. @limits: as ListLimits gives them, aa{sv}. */
char *peerup_refusals_format (GVariant *limits) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
