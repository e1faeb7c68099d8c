/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-private.h"
#include "home.h"

/* A home with an engine that runs there. */
typedef struct
{
  Home *home;
  PeerupEngine *engine;
} Device;

/* Takes @home. */
Device device_start (Home *home, PeerupEngineFlags flags);
/* Stops the engine, unless the test has, and drops everything; nothing of a device without an engine. */
void device_stop (Device *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Device, device_stop)
