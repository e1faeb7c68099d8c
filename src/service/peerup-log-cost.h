/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

/* Put before every file of src by its meson.build. GLib makes the text of a debug message before it asks whether
 * anybody wants it; this asks first, so that what is not wanted costs a look at a list. */
#include <glib.h>

#undef g_debug
#define g_debug(...)                                                        \
  G_STMT_START                                                              \
  {                                                                         \
    if (!g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN)) \
      g_log (G_LOG_DOMAIN, G_LOG_LEVEL_DEBUG, __VA_ARGS__);                 \
  }                                                                         \
  G_STMT_END
