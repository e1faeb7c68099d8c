/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "device.h"

Device
device_start (Home *home, PeerupEngineFlags flags)
{
  Device device = { home, peerup_engine_new (home->config, flags) };
  g_autoptr (GError) error = NULL;

  g_assert_true (await_true (peerup_engine_start (device.engine), &error));
  g_assert_no_error (error);
  return device;
}

void
device_stop (Device *device)
{
  g_autoptr (GError) error = NULL;

  if (device->engine == NULL)
    return;
  if (peerup_engine_get_state (device->engine) == PEERUP_ENGINE_RUNNING)
    g_assert_true (await_true (peerup_engine_stop (device->engine, NULL), &error));
  g_assert_no_error (error);
  home_drop_engine (device->engine);
  home_free (device->home);
}
