/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One side of a relay's rendezvous, told what to do by a test. It says "ready ID" and ends with its input.
 *
 *   rendezvous-peer peer SEED RELAY        RELAY: a multiaddr with /p2p. For each line of its input it says "ok",
 *                                          or what is named here, or "error CODE TEXT", CODE of PeerupError:
 *     register NUMBER SECONDS PASS SEALED  PASS, SEALED: words, or "-"
 *     unregister NUMBER JOINED SECONDS NAME  JOINED: an ID, or "-"; SECONDS: how long, 0 for ever
 *     find NUMBER INVITER                  "found ID here|away SEALED"; INVITER: an ID, or "-"
 *     pass NUMBER INVITER PASS
 *     leave NUMBER INVITER SEALED
 *     fetch NUMBER                         "left ID SEALED ID SEALED ..."
 *     reserve                              a reservation on the relay, kept from now on
 *     circuit ID                           a connection to ID through the relay, which is closed again
 *     connect, disconnect, connected       to the relay; "yes" or "no"
 *
 *   rendezvous-peer relay SEED LISTEN MODE [ARGUMENT]   a relay for everybody, LISTEN a multiaddr, that is
 *     honest                               what it should be
 *     swap ID                              whoever is looked for, ID it names
 *     delay MILLISECONDS                   slow with each answer
 *     truncate BYTES                       of each answer
 *     replay                               with the first answer to each kind of request ever after
 *     silent                               answers nothing
 *     cut BYTES                            each way of a circuit, which ends then; its answers are well
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "relay/peerup-relay-client.h"
#include "relay/peerup-relay-server.h"
#include "relay/peerup-rendezvous-server-private.h"
#include "relay/peerup-rendezvous.h"
#include "trust/peerup-expires.h"

#define DEADLINE (g_get_monotonic_time () + 20 * G_USEC_PER_SEC)

typedef struct
{
  PeerupSwarm *swarm;
  GMainLoop *loop;
  GIOChannel *input;

  /* A peer's. */
  PeerupRelayClient *client;
  PeerupPeerId *relay;
  PeerupMultiaddr *address;

  /* A relay's. */
  PeerupRelayServer *hop;
  PeerupRendezvousServer *server;
  const char *mode, *argument;
  GBytes *first[PEERUP_RENDEZVOUS_FETCH + 1]; /* answers, by type */
} Program;

static PeerupPrivateKey *
make_identity (const char *seed)
{
  guint8 bytes[32] = { 77 };
  guint32 number = atoi (seed);

  memcpy (bytes + 1, &number, sizeof number);
  return peerup_private_key_new_from_seed (bytes, NULL);
}

/* (nullable) */
static PeerupPeerId *
parse_peer (const char *word)
{
  return g_str_equal (word, "-") ? NULL : peerup_peer_id_new_from_string (word, NULL);
}

static GBytes *
parse_sealed (const char *word)
{
  return g_str_equal (word, "-") ? NULL : g_bytes_new (word, strlen (word));
}

static void
parse_pass (const char *word, guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH])
{
  memset (pass, 0, PEERUP_RENDEZVOUS_PASS_LENGTH);
  memcpy (pass, word, MIN (strlen (word), PEERUP_RENDEZVOUS_PASS_LENGTH));
}

/* A peer */

static char *
get_text (GBytes *sealed)
{
  return sealed != NULL ? g_strndup (g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed)) : g_strdup ("-");
}

static char *
make_ok (DexFuture *answer, GError **error)
{
  return dex_await (answer, error) ? g_strdup ("ok") : NULL;
}

static char *
do_register (Program *self, char **words, GError **error)
{
  guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH], hash[PEERUP_RENDEZVOUS_HASH_LENGTH];
  gint64 expires = g_get_real_time () / G_USEC_PER_SEC + atoi (words[2]);
  gboolean has_pass = !g_str_equal (words[3], "-");
  g_autoptr (GBytes) sealed = parse_sealed (words[4]);

  parse_pass (words[3], pass);
  g_assert (gnutls_hash_fast (GNUTLS_DIG_SHA256, pass, sizeof pass, hash) == 0);
  return make_ok (peerup_rendezvous_register (self->swarm, self->relay, atoi (words[1]), expires,
                                              has_pass ? hash : NULL, sealed, DEADLINE),
                  error);
}

static char *
do_unregister (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupPeerId) joined = parse_peer (words[2]);
  gint64 until = atoi (words[3]) == 0 ? PEERUP_EXPIRES_NEVER : g_get_real_time () / G_USEC_PER_SEC + atoi (words[3]);

  return make_ok (peerup_rendezvous_unregister (self->swarm, self->relay, atoi (words[1]), joined, until, words[4],
                                                DEADLINE),
                  error);
}

static char *
do_find (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupPeerId) inviter = parse_peer (words[2]);
  g_autoptr (PeerupRendezvousFound) found =
    dex_await_boxed (peerup_rendezvous_find (self->swarm, self->relay, atoi (words[1]), inviter, DEADLINE), error);
  g_autofree char *sealed = found != NULL ? get_text (found->sealed) : NULL;

  if (found == NULL)
    return NULL;
  return g_strdup_printf ("found %s %s %s", peerup_peer_id_get_string (found->inviter), found->here ? "here" : "away",
                          sealed);
}

static char *
do_pass (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupPeerId) inviter = parse_peer (words[2]);
  guint8 pass[PEERUP_RENDEZVOUS_PASS_LENGTH];

  parse_pass (words[3], pass);
  return make_ok (peerup_rendezvous_present_pass (self->swarm, self->relay, atoi (words[1]), inviter, pass, DEADLINE),
                  error);
}

static char *
do_leave (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupPeerId) inviter = parse_peer (words[2]);
  g_autoptr (GBytes) sealed = parse_sealed (words[3]);

  return make_ok (peerup_rendezvous_leave (self->swarm, self->relay, atoi (words[1]), inviter, sealed, DEADLINE),
                  error);
}

static char *
do_fetch (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupRendezvousAnswers) answers =
    dex_await_boxed (peerup_rendezvous_fetch (self->swarm, self->relay, atoi (words[1]), DEADLINE), error);
  g_autoptr (GString) line = g_string_new ("left");

  if (answers == NULL)
    return NULL;
  for (guint i = 0; i < answers->joiners->len; i++)
    {
      g_autofree char *sealed = get_text (answers->sealed->pdata[i]);

      g_string_append_printf (line, " %s %s", peerup_peer_id_get_string (answers->joiners->pdata[i]), sealed);
    }
  return g_string_free_and_steal (g_steal_pointer (&line));
}

static char *
do_reserve (Program *self, char **words, GError **error)
{
  g_autoptr (GPtrArray) relays = g_ptr_array_new ();
  gint64 deadline = DEADLINE;
  PeerupRelayInfo info;

  g_ptr_array_add (relays, self->address);
  peerup_relay_client_set_relays (self->client, relays);
  do
    {
      dex_await (dex_timeout_new_msec (5), NULL);
      peerup_relay_client_get_info (self->client, 0, &info);
    }
  while (info.state != PEERUP_RELAY_RESERVED && info.error == NULL && g_get_monotonic_time () < deadline);
  if (info.state == PEERUP_RELAY_RESERVED)
    return g_strdup ("ok");
  g_propagate_error (error, info.error != NULL
                              ? g_error_copy (info.error)
                              : g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "no reservation"));
  return NULL;
}

static char *
do_circuit (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupPeerId) peer = parse_peer (words[1]);
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (PeerupConnection) connection = NULL;

  g_ptr_array_add (addresses, peerup_multiaddr_newf ("%s/p2p-circuit", peerup_multiaddr_get_string (self->address)));
  peerup_swarm_add_addresses (self->swarm, peer, addresses);
  connection = dex_await_object (peerup_swarm_connect (self->swarm, peer), error);
  if (connection == NULL)
    return NULL;
  peerup_connection_close (connection, PEERUP_CONNECTION_CODE_NONE);
  return g_strdup ("ok");
}

static char *
do_connect (Program *self, char **words, GError **error)
{
  g_autoptr (PeerupConnection) connection =
    dex_await_object (peerup_swarm_connect_direct (self->swarm, self->relay), error);

  return connection != NULL ? g_strdup ("ok") : NULL;
}

static char *
do_disconnect (Program *self, char **words, GError **error)
{
  peerup_swarm_disconnect (self->swarm, self->relay, PEERUP_CONNECTION_CODE_NONE);
  return g_strdup ("ok");
}

static char *
do_connected (Program *self, char **words, GError **error)
{
  g_autoptr (GPtrArray) list = peerup_swarm_dup_connections (self->swarm, self->relay);

  return g_strdup (list->len > 0 ? "yes" : "no");
}

static const struct
{
  const char *name;
  guint n_words;
  char *(*func) (Program *self, char **words, GError **error);
} commands[] = {
  { "register", 5, do_register },   { "unregister", 5, do_unregister },
  { "find", 3, do_find },           { "pass", 4, do_pass },
  { "leave", 4, do_leave },         { "fetch", 2, do_fetch },
  { "reserve", 1, do_reserve },     { "circuit", 2, do_circuit },
  { "connect", 1, do_connect },     { "disconnect", 1, do_disconnect },
  { "connected", 1, do_connected },
};

typedef struct
{
  Program *program;
  char **words;
} Command;

static void
command_free (gpointer data)
{
  Command *self = data;

  g_strfreev (self->words);
  g_free (self);
}

static DexFuture *
command_fiber (gpointer data)
{
  Command *self = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *said = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (self->words[0], commands[i].name) && g_strv_length (self->words) == commands[i].n_words)
      said = commands[i].func (self->program, self->words, &error);
  if (said == NULL && error == NULL)
    g_error ("%s: read the head of this program", self->words[0]);
  if (said != NULL)
    g_print ("%s\n", said);
  else
    g_print ("error %d %s\n", error->code, error->message);
  return dex_future_new_true ();
}

static void
start_peer (Program *self, const char *relay)
{
  g_autoptr (GPtrArray) addresses = g_ptr_array_new ();

  self->address = peerup_multiaddr_newf ("%s", relay);
  self->relay = peerup_multiaddr_dup_peer_id (self->address);
  self->client = peerup_relay_client_new (self->swarm);
  g_ptr_array_add (addresses, self->address);
  peerup_swarm_add_addresses (self->swarm, self->relay, addresses);
}

/* A relay */

/* (transfer full): the answer as the mode has it. */
static GBytes *
spoil (Program *self, PeerupRendezvousType type, GBytes *framed)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (framed, &length);
  gsize n_prefix = data[0] < 0x80 ? 1 : data[1] < 0x80 ? 2 : 3;
  g_autoptr (PeerupRendezvousAnswer) answer = NULL;

  if (g_str_equal (self->mode, "truncate"))
    return g_bytes_new (data, MIN (length, (gsize) atoi (self->argument)));
  if (g_str_equal (self->mode, "replay") && self->first[type] == NULL)
    self->first[type] = g_bytes_ref (framed);
  if (g_str_equal (self->mode, "replay"))
    return g_bytes_ref (self->first[type]);
  if (!g_str_equal (self->mode, "swap") || type != PEERUP_RENDEZVOUS_FIND)
    return g_bytes_ref (framed);
  answer = peerup_rendezvous_answer_decode (data + n_prefix, length - n_prefix, NULL);
  g_clear_pointer (&answer->inviter, peerup_peer_id_unref);
  g_clear_pointer (&answer->reason, g_free);
  answer->status = PEERUP_RENDEZVOUS_OK;
  answer->inviter = parse_peer (self->argument);
  answer->here = TRUE;
  return peerup_rendezvous_answer_encode (answer);
}

typedef struct
{
  Program *program;
  PeerupConnection *connection;
  PeerupStream *stream;
} Visit;

static void
visit_free (gpointer data)
{
  Visit *self = data;

  g_object_unref (self->connection);
  g_object_unref (self->stream);
  g_free (self);
}

static DexFuture *
visit_fiber (gpointer data)
{
  Visit *self = data;
  Program *program = self->program;
  g_autoptr (GBytes) bytes = peerup_stream_await_message (self->stream, PEERUP_RENDEZVOUS_REQUEST_MAX, DEADLINE, NULL);
  g_autoptr (PeerupRendezvousRequest) request = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GBytes) said = NULL;

  if (bytes != NULL)
    request = peerup_rendezvous_request_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), NULL);
  if (request == NULL)
    return dex_future_new_true ();
  answer = peerup_rendezvous_server_answer (program->server, self->connection, bytes);
  said = spoil (program, request->type, answer);
  if (g_str_equal (program->mode, "delay"))
    dex_await (dex_timeout_new_msec (atoi (program->argument)), NULL);
  if (g_str_equal (program->mode, "silent"))
    (void) peerup_stream_await_readable (self->stream, G_MAXINT64, NULL);
  else if (peerup_stream_await_write_all (self->stream, g_bytes_get_data (said, NULL), g_bytes_get_size (said),
                                          DEADLINE, NULL))
    peerup_stream_close (self->stream);
  return dex_future_new_true ();
}

static void
on_visit (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  Visit *visit = g_new (Visit, 1);

  *visit = (Visit) { data, g_object_ref (connection), stream };
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, visit_fiber, visit, visit_free));
}

static gboolean
is_member (PeerupPeerId *peer, gpointer data)
{
  return TRUE;
}

static gboolean
is_here (PeerupPeerId *peer, gpointer data)
{
  return peerup_relay_server_has_reservation (((Program *) data)->hop, peer);
}

static gboolean
sponsor (PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until, const char *name, gpointer data, GError **error)
{
  return TRUE;
}

static void
start_relay (Program *self, const char *listen, const char *directory)
{
  const PeerupRendezvousHost host = { .is_member = is_member, .is_here = is_here, .sponsor = sponsor, .data = self };
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", listen);
  g_autoptr (DexFuture) listening = peerup_swarm_listen (self->swarm, address);
  PeerupRelaySettings settings;

  while (dex_future_is_pending (listening))
    g_main_context_iteration (NULL, TRUE);
  g_assert (dex_future_is_resolved (listening));
  peerup_relay_settings_init (&settings);
  if (g_str_equal (self->mode, "cut"))
    settings.limit.data = atoi (self->argument);
  self->hop = peerup_relay_server_new (self->swarm, &settings);
  self->server = peerup_rendezvous_server_new (self->swarm, &host, directory);
  if (!g_str_equal (self->mode, "honest") && !g_str_equal (self->mode, "cut"))
    peerup_swarm_add_protocol (self->swarm, PEERUP_RENDEZVOUS_PROTOCOL, on_visit, self, NULL);
}

/* Both */

static gboolean
on_input (GIOChannel *input, GIOCondition condition, gpointer data)
{
  Program *self = data;
  g_autofree char *line = NULL;
  Command *command;

  if (g_io_channel_read_line (input, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      g_main_loop_quit (self->loop);
      return G_SOURCE_REMOVE;
    }
  command = g_new (Command, 1);
  command->program = self;
  command->words = g_strsplit (g_strchomp (line), " ", 0);
  dex_future_disown (dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, command_fiber, command, command_free));
  return G_SOURCE_CONTINUE;
}

static void
program_end (Program *self)
{
  g_autoptr (DexFuture) closing = NULL;

  g_clear_object (&self->client);
  g_clear_pointer (&self->server, peerup_rendezvous_server_free);
  g_clear_object (&self->hop);
  closing = peerup_swarm_close (self->swarm);
  while (dex_future_is_pending (closing))
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->swarm);
  g_clear_pointer (&self->relay, peerup_peer_id_unref);
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  g_clear_pointer (&self->input, g_io_channel_unref);
  g_clear_pointer (&self->loop, g_main_loop_unref);
  for (guint i = 0; i < G_N_ELEMENTS (self->first); i++)
    g_clear_pointer (&self->first[i], g_bytes_unref);
}

int
main (int argc, char **argv)
{
  Program self = { NULL };
  g_autoptr (PeerupPrivateKey) identity = NULL;
  g_autofree char *directory = NULL;

  if (argc < 4)
    g_error ("Read the head of this program");
  dex_init ();
  identity = make_identity (argv[2]);
  self.swarm = peerup_swarm_new (identity, NULL);
  self.loop = g_main_loop_new (NULL, FALSE);
  if (g_str_equal (argv[1], "peer"))
    start_peer (&self, argv[3]);
  else
    {
      self.mode = argv[4];
      self.argument = argc > 5 ? argv[5] : "";
      directory = g_build_filename (g_get_tmp_dir (), "rendezvous", NULL);
      start_relay (&self, argv[3], directory);
    }
  self.input = g_io_channel_unix_new (0);
  g_io_add_watch (self.input, G_IO_IN | G_IO_HUP, on_input, &self);
  g_print ("ready %s\n", peerup_peer_id_get_string (peerup_swarm_get_peer_id (self.swarm)));
  g_main_loop_run (self.loop);
  program_end (&self);
  return 0;
}
