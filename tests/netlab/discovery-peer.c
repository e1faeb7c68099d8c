/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A peer that says of its services what a test wants. It says "ready ID" and ends with its input.
 *
 *   discovery-peer SEED LISTEN WHAT [PROTOCOL…]   SEED: a number; LISTEN: a multiaddr. It speaks each PROTOCOL, too, by
 *                                                 resetting it. WHAT:
 *     none      it does not speak discovery
 *     hostile   names, kinds and tags with markup, bidi and control characters, 10 KB long, and one that is well
 *     many      10,000 services
 *     endless   an answer that says it is 1 GiB, and begins
 *     silent    no answer
 */

#include <stdlib.h>
#include <string.h>

#include "protocols/peerup-discovery.h"
#include "protocols/peerup-identify.h"
#include "wire/peerup-frame.h"

typedef struct
{
  const char *what;
  GPtrArray *kept; /* streams */
} Program;

/* A field of bytes. */
static void
add_field (GByteArray *out, guint8 number, gconstpointer data, gsize length)
{
  const guint8 key = number << 3 | 2;

  g_byte_array_append (out, &key, 1);
  peerup_frame_append (out, data, length);
}

static void
add_service (GByteArray *out, const char *name, const char *kind, const char *tag, const char *protocol)
{
  g_autoptr (GByteArray) service = g_byte_array_new ();
  const char *const fields[] = { name, kind, tag, protocol };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    if (fields[i] != NULL)
      add_field (service, i + 1, fields[i], strlen (fields[i]));
  add_field (out, 2, service->data, service->len);
}

static void
add_hostile (GByteArray *out)
{
  static const char *const bad[] = { "<b>ssh</b>", "ssh\u202egnp", "a\nb",      "\x1b[31mred",
                                     "\u0430",     "SSH",          "$(reboot)", "" };
  g_autofree char *endless = g_strnfill (10 * 1024, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    add_service (out, bad[i], "ssh", NULL, NULL);
  add_service (out, endless, "ssh", NULL, NULL);
  add_service (out, "web", "<i>http</i>", "<b>bold</b> & co", "javascript:alert(1)");
  add_service (out, "web", "second", NULL, NULL);
  add_service (out, "spy", endless, "left\u202ethgir", endless);
}

/* (transfer full): framed. */
static GBytes *
make_answer (const char *what)
{
  g_autoptr (GByteArray) message = g_byte_array_new ();

  if (g_str_equal (what, "endless"))
    return g_bytes_new_static ("\x80\x80\x80\x80\x04\x12\x05", 7);
  if (g_str_equal (what, "hostile"))
    add_hostile (message);
  for (guint i = 0; i < 10000 && g_str_equal (what, "many"); i++)
    {
      g_autofree char *name = g_strdup_printf ("%u", i);

      add_service (message, name, NULL, NULL, NULL);
    }
  return peerup_frame_new (message->data, message->len);
}

/* Takes @stream, which stays open until the program ends. */
static void
on_asked (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Program *self = data;
  g_autoptr (GBytes) answer = make_answer (self->what);

  g_ptr_array_add (self->kept, stream);
  if (!g_str_equal (self->what, "silent"))
    peerup_stream_write (stream, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), NULL);
}

static void
on_other (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  peerup_stream_reset (stream, PEERUP_STREAM_CODE_NONE);
  g_object_unref (stream);
}

static gboolean
on_input (GIOChannel *input, GIOCondition condition, gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
await (DexFuture *future)
{
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  g_assert (dex_future_is_resolved (future));
  dex_unref (future);
}

static PeerupSwarm *
make_swarm (const char *seed, const char *listen)
{
  guint8 bytes[32] = { 78, (guint8) atoi (seed) };
  g_autoptr (PeerupPrivateKey) identity = peerup_private_key_new_from_seed (bytes, NULL);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", listen);
  PeerupSwarm *swarm = peerup_swarm_new (identity, NULL);

  await (peerup_swarm_listen (swarm, address));
  return swarm;
}

int
main (int argc, char **argv)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (0);
  g_autoptr (PeerupSwarm) swarm = NULL;
  g_autoptr (PeerupIdentify) identify = NULL;
  Program self = { .kept = g_ptr_array_new_with_free_func (g_object_unref) };

  if (argc < 4)
    g_error ("Read the head of this program");
  dex_init ();
  self.what = argv[3];
  swarm = make_swarm (argv[1], argv[2]);
  identify = peerup_identify_new (swarm);
  if (!g_str_equal (self.what, "none"))
    peerup_swarm_add_protocol (swarm, PEERUP_DISCOVERY_PROTOCOL, on_asked, &self, NULL);
  for (int i = 4; i < argc; i++)
    peerup_swarm_add_protocol (swarm, argv[i], on_other, NULL, NULL);
  g_io_add_watch (input, G_IO_IN | G_IO_HUP, on_input, loop);
  g_print ("ready %s\n", peerup_peer_id_get_string (peerup_swarm_get_peer_id (swarm)));
  g_main_loop_run (loop);
  await (peerup_swarm_close (swarm));
  g_ptr_array_unref (self.kept);
  return 0;
}
