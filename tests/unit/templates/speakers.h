/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Services that say what a test wants, at ports of the loopback of their own. */

typedef enum
{
  SPEAKER_FIRST,   /* says it at once, and waits for the end */
  SPEAKER_LATE,    /* says it when a probe has given it up, and waits for the end */
  SPEAKER_ASKED,   /* says it after the question it wants, and closes */
  SPEAKER_LASTING, /* says it after the question, and waits for the end */
  SPEAKER_ENDLESS, /* says it at once, again and again */
  SPEAKER_SILENT   /* takes what comes and says nothing */
} SpeakerManner;

typedef struct _Speaker Speaker;

/* @says is borrowed. @wants: (nullable) what a question has in it that is answered. @length: -1 for a text. */
Speaker *speaker_new (SpeakerManner manner, const char *says, gssize length, const char *wants);
guint16 speaker_get_port (Speaker *self);
/* How many have connected. */
guint speaker_get_n (Speaker *self);
void speaker_free (Speaker *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Speaker, speaker_free)

G_END_DECLS
