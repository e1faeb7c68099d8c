/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One run of the pairing's machine over a stream, message by message, in the caller's fiber. Decides nothing.
 */
#include "engine/peerup-engine-pairing-private.h"

#include <glib/gi18n-lib.h>

#include "wire/peerup-frame.h"

gboolean
peerup_pairing_send (PeerupPairingMachine *machine, PeerupStream *stream, gint64 deadline, GError **error)
{
  GBytes *output;

  while ((output = peerup_pairing_machine_take_output (machine)) != NULL)
    {
      g_autoptr (GBytes) message = output;
      g_autoptr (GBytes) frame = peerup_frame_new (g_bytes_get_data (message, NULL), g_bytes_get_size (message));

      if (!peerup_stream_await_write_all (stream, g_bytes_get_data (frame, NULL), g_bytes_get_size (frame), deadline,
                                          error))
        return FALSE;
    }
  return TRUE;
}

gboolean
peerup_pairing_hear (PeerupPairingMachine *machine, PeerupStream *stream, gint64 deadline, GError **error)
{
  g_autoptr (GBytes) message = peerup_stream_await_message (stream, PEERUP_PAIRING_MESSAGE_MAX, deadline, error);

  return message != NULL &&
         peerup_pairing_machine_receive (machine, g_bytes_get_data (message, NULL), g_bytes_get_size (message), error);
}

gboolean
peerup_pairing_await_end (PeerupStream *stream, gint64 deadline, GError **error)
{
  guint8 byte;
  gssize n = peerup_stream_await_read (stream, &byte, 1, deadline, error);

  if (n > 0)
    g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("there is more than was agreed"));
  return n == 0;
}
