/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "cli/peerup-cli.h"

G_BEGIN_DECLS

/* In a fiber: where on this machine a service answers as the template @id wants, at one of its usual ports:
 * "localhost:22". @name: what it is to be called, for the message that says what to type otherwise. NOT_FOUND where
 * there is no such template, or nothing answers. The forwards of the running daemon do not count: they are services of
 * others, who share them with this device alone. *@out_tags gets the template's. (transfer full) (nullable) */
char *peerup_service_place_find (PeerupCli *cli, const char *name, const char *id, char ***out_tags,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
