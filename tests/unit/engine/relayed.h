/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "device.h"

/* A relay and devices that know its address, in one process. Nobody goes anywhere but through it. */
Device relayed_relay (const char *more);
/* Of a home that the test may have changed; with @relay (nullable) in its configuration, and waits until it has its
 * reservation there if it is known to it. */
Device relayed_device (Home *home, Device *relay, gboolean known);
void relayed_await_reservation (Device *device);
/* As device_stop(), of a device that has paired. */
void relayed_stop (Device *device);
/* authorized_keys as it is on disk. */
char *relayed_read_keys (Device *device);
PeerupPeerId *relayed_get_id (Device *device);
/* Whether @other stands in the authorized_keys of @device. */
gboolean relayed_knows (Device *device, Device *other);
/* Waits until it does. */
void relayed_await_knows (Device *device, Device *other);

/* A stream of @protocol from @from to @to, which are connected or can be, on which the test speaks by itself. */
PeerupStream *relayed_open (Device *from, Device *to, const char *protocol, GError **error);
/* Writes @bytes, ends, and returns what comes back until the end; NULL: the stream was reset. */
GBytes *relayed_say (PeerupStream *stream, gconstpointer bytes, gsize length);
