/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Two peers whose only connection is a carrier that a test gives them, and ICE between them.
 *
 *   ice-peer listen SEED ADDRESS LOCAL SERVER NAT          says "ready ID" and ends with its input
 *   ice-peer dial SEED ADDRESS LOCAL SERVER NAT ID         for each line of its input, which is "dial" or "listen" by
 *                                                          who shall begin, says "direct MS" or "failed MS WHY"; for
 *                                                          "keep" the same, and when the path ends "closed 0 WHY"
 *
 * ADDRESS: of the carrier, a multiaddr. LOCAL: the one address that ICE may use, with its prefix, "192.168.1.2/24", or
 * "-" for all. SERVER: STUN, "HOST PORT" as one word each. NAT: "MAPPING,FILTERING,STEP", numbers of
 * PeerupNatBehaviour.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/peerup-ice-private.h"
#include "wire/peerup-error.h"

/* Tells the other side to begin, on a stream of the carrier. */
#define BEGIN             "/test/begin/1.0.0"
#define DEADLINE(seconds) (g_get_monotonic_time () + (seconds) * G_USEC_PER_SEC)

typedef struct
{
  PeerupSwarm *swarm;
  PeerupIce *ice;
  GMainLoop *loop;
  PeerupPeerId *peer;
  GIOChannel *input;
} Program;

static PeerupPrivateKey *
make_identity (const char *seed)
{
  guint8 bytes[32];

  memset (bytes, atoi (seed), sizeof bytes);
  return peerup_private_key_new_from_seed (bytes, NULL);
}

static void
set_nat (PeerupIce *ice, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, ",", 3);
  PeerupNatFacts facts = { .has_nat = TRUE, .mapping = atoi (words[0]), .filtering = atoi (words[1]) };

  facts.port_step = atoi (words[2]);
  if (!peerup_socket_address_set (&facts.local, "192.168.1.2", 1) ||
      !peerup_socket_address_set (&facts.mapped, "1.2.1.2", 1))
    g_assert_not_reached ();
  peerup_ice_set_nat (ice, &facts);
}

static void
set_local (PeerupIce *ice, const char *text)
{
  g_auto (GStrv) words = g_strsplit (text, "/", 2);

  if (words[1] != NULL)
    peerup_ice_use_network (ice, words[0], atoi (words[1]));
}

/* The connection that the carrier is. */
static PeerupConnection *
get_carrier (Program *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, peer);

  for (guint i = 0; i < list->len; i++)
    if (!peerup_connection_get_info (list->pdata[i])->punched)
      return g_object_ref (list->pdata[i]);
  g_error ("The carrier is gone");
}

/* The last search may not be over on this side; what time it is then. */
static gint64
wait_idle (Program *self)
{
  while (peerup_ice_get_n_sessions (self->ice) > 0)
    dex_await (dex_timeout_new_msec (1), NULL);
  return g_get_monotonic_time ();
}

/* "direct MS" and the like; the path goes again. */
static char *
search (Program *self, PeerupPeerId *peer)
{
  g_autoptr (PeerupConnection) carrier = get_carrier (self, peer);
  g_autoptr (GError) error = NULL;
  gint64 start = wait_idle (self);
  g_autoptr (PeerupConnection) found =
    dex_await_object (peerup_ice_connect (self->ice, carrier, DEADLINE (20)), &error);
  double milliseconds = (g_get_monotonic_time () - start) / 1000.0;

  /* The other side has not heard yet that the last one is over. */
  if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT))
    return search (self, peer);
  if (found == NULL)
    return g_strdup_printf ("failed %.1f %s", milliseconds, error->message);
  return g_strdup_printf ("direct %.1f", milliseconds);
}

static void
close_punched (Program *self, PeerupPeerId *peer)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, peer);

  for (guint i = 0; i < list->len; i++)
    if (peerup_connection_get_info (list->pdata[i])->punched)
      peerup_connection_close (list->pdata[i], PEERUP_CONNECTION_CODE_NONE);
}

static void
wait_punched_closed (Program *self)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, self->peer);

  for (guint i = 0; i < list->len; i++)
    if (peerup_connection_get_info (list->pdata[i])->punched)
      {
        dex_await (peerup_connection_wait_closed (list->pdata[i]), NULL);
        g_print ("closed 0 %s\n", peerup_connection_get_error (list->pdata[i])->message);
      }
}

/* The listening side's answer to BEGIN */

typedef struct
{
  Program *program;
  PeerupStream *stream;
} Begin;

static DexFuture *
begin_fiber (gpointer data)
{
  Begin *self = data;
  g_autofree char *line =
    search (self->program, peerup_connection_get_remote_peer (peerup_stream_get_connection (self->stream)));

  if (!peerup_stream_await_write_all (self->stream, line, strlen (line), DEADLINE (20), NULL))
    g_printerr ("Nobody hears %s\n", line);
  peerup_stream_close (self->stream);
  g_object_unref (self->stream);
  g_free (self);
  return dex_future_new_for_boolean (TRUE);
}

static void
on_begin (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Begin *begin = g_new (Begin, 1);

  *begin = (Begin) { data, stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, begin_fiber, begin, NULL));
}

static char *
ask_to_begin (Program *self)
{
  static const char *const protocols[] = { BEGIN, NULL };
  g_autoptr (PeerupConnection) carrier = get_carrier (self, self->peer);
  g_autoptr (PeerupStream) stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, carrier, protocols, DEADLINE (20)), NULL);
  g_autoptr (GBytes) bytes = stream != NULL ? peerup_stream_await_rest (stream, 1000, DEADLINE (30), NULL) : NULL;

  return bytes != NULL ? g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes)) : g_strdup ("failed 0 -");
}

static DexFuture *
dial_fiber (gpointer data)
{
  Program *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupConnection) carrier = dex_await_object (peerup_swarm_connect (self->swarm, self->peer), &error);
  char line[100];

  if (carrier == NULL)
    g_error ("No carrier: %s", error->message);
  g_print ("ready %s\n", peerup_peer_id_get_string (self->peer));
  while (fgets (line, sizeof line, stdin) != NULL)
    {
      g_autofree char *said = g_str_has_prefix (line, "listen") ? ask_to_begin (self) : search (self, self->peer);

      g_print ("%s\n", said);
      if (g_str_has_prefix (line, "keep"))
        wait_punched_closed (self);
      close_punched (self, self->peer);
    }
  g_main_loop_quit (self->loop);
  return dex_future_new_for_boolean (TRUE);
}

static gboolean
on_input_ended (GIOChannel *input, GIOCondition condition, gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static void
start_dialing (Program *self, PeerupMultiaddr *address, const char *id)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  self->peer = peerup_peer_id_new_from_string (id, NULL);
  g_ptr_array_add (addresses, address);
  peerup_swarm_add_addresses (self->swarm, self->peer, addresses);
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, dial_fiber, self, NULL));
}

/* More tries in a minute than a peer is granted. */
static void
on_opened (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  peerup_ice_forget_begun (data);
}

static void
start_listening (Program *self, PeerupMultiaddr *address)
{
  peerup_swarm_add_protocol (self->swarm, BEGIN, on_begin, self, NULL);
  g_signal_connect (self->swarm, "connection-opened", G_CALLBACK (on_opened), self->ice);
  dex_future_disown (peerup_swarm_listen (self->swarm, address));
  self->input = g_io_channel_unix_new (0);
  g_io_add_watch (self->input, G_IO_IN | G_IO_HUP, on_input_ended, self->loop);
  g_print ("ready %s\n", peerup_peer_id_get_string (peerup_swarm_get_peer_id (self->swarm)));
}

static void
program_end (Program *self)
{
  g_autoptr (DexFuture) closing = NULL;

  g_clear_object (&self->ice);
  closing = peerup_swarm_close (self->swarm);
  while (dex_future_is_pending (closing))
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  g_clear_pointer (&self->peer, peerup_peer_id_unref);
  g_clear_pointer (&self->input, g_io_channel_unref);
}

int
main (int argc, char **argv)
{
  Program self = { NULL };
  g_autoptr (PeerupPrivateKey) identity = NULL;
  g_autoptr (PeerupMultiaddr) address = NULL;
  PeerupSocketAddress server;

  if (argc < 8)
    g_error ("Read the head of this program");
  dex_init ();
  identity = make_identity (argv[2]);
  address = peerup_multiaddr_newf ("%s", argv[3]);
  self.swarm = peerup_swarm_new (identity, NULL);
  self.ice = peerup_ice_new (self.swarm);
  self.loop = g_main_loop_new (NULL, FALSE);
  set_local (self.ice, argv[4]);
  if (!peerup_socket_address_set (&server, argv[5], atoi (argv[6])))
    g_error ("%s is no address", argv[5]);
  peerup_ice_set_servers (self.ice, &server, 1);
  set_nat (self.ice, argv[7]);
  if (g_str_equal (argv[1], "listen"))
    start_listening (&self, address);
  else
    start_dialing (&self, address, argv[8]);
  g_main_loop_run (self.loop);
  program_end (&self);
  return 0;
}
