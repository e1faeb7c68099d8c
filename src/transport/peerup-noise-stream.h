/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "transport/noise/peerup-noise.h"
#include "transport/peerup-stream.h"

G_BEGIN_DECLS

/* A stream inside a Noise channel. Noise has no end of its own: a half-close is that of
 * the stream below, so an end is only as trustworthy as that is, and what runs inside
 * must know its own (yamux has go-away). */
#define PEERUP_TYPE_NOISE_STREAM (peerup_noise_stream_get_type ())
G_DECLARE_FINAL_TYPE (PeerupNoiseStream, peerup_noise_stream, PEERUP, NOISE_STREAM, PeerupStream)

/**
 * peerup_noise_stream_new:
 * @raw: carries the frames; nobody else uses it from now on
 * @noise: (transfer full): a channel whose handshake is done and whose output is sent
 * @early: (nullable): what was read from @raw behind the handshake
 *
 * Errors of the stream: those of @raw, those of peerup_noise_decrypt() (which reset @raw),
 * and CLOSED if the peer ends within a frame.
 */
PeerupStream *peerup_noise_stream_new (PeerupStream *raw, PeerupNoise *noise, gconstpointer early,
                                       gsize early_length) G_GNUC_WARN_UNUSED_RESULT;

/* For tests: bytes of buffers held now. */
gsize peerup_noise_stream_get_held (PeerupNoiseStream *self);

G_END_DECLS
