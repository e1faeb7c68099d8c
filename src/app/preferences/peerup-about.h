/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <adwaita.h>

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* What this program is. Its debugging information names versions, and nothing by which a person or a device is known.
 * (transfer floating) */
AdwDialog *peerup_about_dialog_new (PeerupSession *session);

G_END_DECLS
