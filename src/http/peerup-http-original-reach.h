/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The original's grade of how well others can reach this device. @description may be borrowed of what went in. */
typedef struct
{
  const char *grade;
  const char *label;
  const char *description;
} PeerupHttpOriginalReach;

/* @grade, @sentence: as GetNetwork has them. The original has no E, which is its D; and while nothing is measured it
 * judges by the addresses of the interfaces. */
void peerup_http_original_reach (const char *grade, const char *sentence, gboolean global_ip6, gboolean global_ip4,
                                 gboolean has_interface, PeerupHttpOriginalReach *reach);

G_END_DECLS
