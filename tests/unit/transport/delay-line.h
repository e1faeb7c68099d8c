/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport-test.h"

/* A path on which time is counted and does not pass: what is written at one end comes out at the
 * other when the test says so. So a test counts how often bytes have to cross the path, exactly,
 * however slow the machine is. */
typedef struct
{
  PeerupStream *end[2];   /* for the peers */
  PeerupStream *inner[2]; /* what is under way */
} DelayLine;

void delay_line_init (DelayLine *self);
void delay_line_clear (DelayLine *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DelayLine, delay_line_clear)

/* Lets everybody do what can be done now, and then all bytes cross once. */
void delay_line_cross (DelayLine *self);
/* Lets everybody do what can be done now, and then all bytes cross their line, once and the ends
 * of streams too; until @done says so. Returns how often. */
guint delay_lines_cross (DelayLine *lines, guint n_lines, gboolean (*done) (gpointer data), gpointer data);
