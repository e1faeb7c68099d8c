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
/* Stops the engine, unless the test has, and drops everything. */
void device_stop (Device *device);
