/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/peerup-connection.h"

G_BEGIN_DECLS

/* For class_init: the properties that peerup-connection.h tells of, and who reads them. */
void peerup_connection_install_properties (GObjectClass *klass);
/* Where a connection keeps the streams that name it: nodes are the streams' own, data is the
 * PeerupStream, borrowed. */
GQueue *peerup_connection_get_stream_queue (PeerupConnection *self);

/* A stream has come or gone. */
void peerup_connection_note_use (PeerupConnection *self);

/* Signs of life; see peerup-connection-life.c. */
typedef struct
{
  gint64 heard_at, answered_at;
  gint64 owed_since; /* 0: no answer is owed */
  gboolean attentive;
  gint64 used_at;
  PeerupConnectionLifeFunc func;
  gpointer data;
} PeerupConnectionLife;

PeerupConnectionLife *peerup_connection_get_life (PeerupConnection *self);

G_END_DECLS
