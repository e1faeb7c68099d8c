/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Tells gettext where the translations of what people read are: where they are installed, or in the directory that the
 * environment variable PEERUP_LOCALE_DIR names, which is for programs that are not installed. The locale itself is the
 * program's matter (setlocale()). Once is enough; again is harmless. */
void peerup_locale_init (void);

G_END_DECLS
