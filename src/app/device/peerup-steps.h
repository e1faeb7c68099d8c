/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "app/model/peerup-session.h"

G_BEGIN_DECLS

/* Operations of the engine that are one thing to people: one after the other, until one fails. */
typedef struct _PeerupSteps PeerupSteps;

PeerupSteps *peerup_steps_new (void) G_GNUC_WARN_UNUSED_RESULT;
void peerup_steps_free (PeerupSteps *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupSteps, peerup_steps_free)
/* @parameters: a floating one is consumed. */
void peerup_steps_add (PeerupSteps *self, const char *operation, GVariant *parameters);

/* @steps: (transfer full). They go on where whoever has asked for them is gone meanwhile: what is begun is brought to
 * its end. */
void peerup_steps_run_async (PeerupSession *session, PeerupSteps *steps, GAsyncReadyCallback callback, gpointer data);
gboolean peerup_steps_run_finish (PeerupSession *session, GAsyncResult *result, GError **error);

G_END_DECLS
