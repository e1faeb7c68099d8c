/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * A peer on our own stack for the interoperability suite. README.md is the contract it
 * keeps; what does not stand there is refused with exit code 2. */

#include "interop.h"

#define SEED_SIZE 32
/* Microseconds in which everything has to be closed at the end. */
#define CLOSE_TIMEOUT (2 * G_USEC_PER_SEC)

typedef struct
{
  const char *command;
  InteropOptions options;
  PeerupSwarm *swarm;
  PeerupRelayClient *relays; /* reserves, and dials through relays; NULL: this is one itself */
  gboolean passed;
  GError *error;
} Program;

static gboolean
usage (GError **error, const char *text)
{
  g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, text);
  return FALSE;
}

gboolean
interop_options_want_quic (const InteropOptions *options)
{
  return g_strcmp0 (options->transport, "quic") == 0;
}

/* QUIC needs none: there it is for what is inside of circuits. */
static gboolean
is_security_known (const InteropOptions *options)
{
  return options->security == NULL ? interop_options_want_quic (options)
                                   : g_str_equal (options->security, "tls") || g_str_equal (options->security, "noise");
}

static gboolean
is_transport (const char *name)
{
  static const char *const names[] = { "tcp", "quic", "ws", "wss", NULL };

  return name == NULL || g_strv_contains (names, name);
}

static gboolean
check_options (const InteropOptions *options, GError **error)
{
  if (!is_transport (options->transport))
    return usage (error, "--transport must be tcp, quic, ws or wss");
  if (!is_security_known (options))
    return usage (error, "--security must be tls or noise");
  if (options->code < 0 || options->code > G_MAXUINT8)
    return usage (error, "--code must be 0 to 255");
  if (options->streams < 0 || options->ttl < 0)
    return usage (error, "--streams and --ttl must be numbers");
  return TRUE;
}

static gboolean
parse_options (InteropOptions *options, int *argc, char ***argv, GError **error)
{
  GOptionEntry entries[] = {
    { "transport", 0, 0, G_OPTION_ARG_STRING, &options->transport, NULL, NULL },
    { "certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->certificate, NULL, NULL },
    { "certificate-key", 0, 0, G_OPTION_ARG_FILENAME, &options->certificate_key, NULL, NULL },
    { "security", 0, 0, G_OPTION_ARG_STRING, &options->security, NULL, NULL },
    { "at", 0, 0, G_OPTION_ARG_STRING, &options->at, NULL, NULL },
    { "punch", 0, 0, G_OPTION_ARG_NONE, &options->punches, NULL, NULL },
    { "key", 0, 0, G_OPTION_ARG_STRING, &options->key, NULL, NULL },
    { "allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->allow, NULL, NULL },
    { "service", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->services, NULL, NULL },
    { "addr", 0, 0, G_OPTION_ARG_STRING, &options->address, NULL, NULL },
    { "do", 0, 0, G_OPTION_ARG_STRING, &options->action, NULL, NULL },
    { "protocol", 0, 0, G_OPTION_ARG_STRING, &options->protocol, NULL, NULL },
    { "bytes", 0, 0, G_OPTION_ARG_INT64, &options->bytes, NULL, NULL },
    { "count", 0, 0, G_OPTION_ARG_INT, &options->count, NULL, NULL },
    { "code", 0, 0, G_OPTION_ARG_INT, &options->code, NULL, NULL },
    { "relay", 0, 0, G_OPTION_ARG_STRING, &options->relay, NULL, NULL },
    { "ttl", 0, 0, G_OPTION_ARG_INT, &options->ttl, NULL, NULL },
    { "streams", 0, 0, G_OPTION_ARG_INT, &options->streams, NULL, NULL },
    { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &options->timeout, NULL, NULL },
    { "check", 0, 0, G_OPTION_ARG_STRING, &options->check, NULL, NULL },
    G_OPTION_ENTRY_NULL,
  };
  static const char *const commands[] = { "listen", "relay", "dial", "autonat", NULL };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, argc, argv, error))
    return FALSE;
  if (*argc != 2 || !g_strv_contains (commands, (*argv)[1]))
    return usage (error, "say listen, relay, dial or autonat, and options");
  options->relays = g_str_equal ((*argv)[1], "relay");
  return check_options (options, error);
}

static PeerupPrivateKey *
parse_seed (const char *hex, GError **error)
{
  guint8 seed[SEED_SIZE];

  for (guint i = 0; i < SEED_SIZE; i++)
    {
      int high = hex != NULL && strlen (hex) == 2 * SEED_SIZE ? g_ascii_xdigit_value (hex[2 * i]) : -1;
      int low = high >= 0 ? g_ascii_xdigit_value (hex[2 * i + 1]) : -1;

      if (low < 0)
        {
          usage (error, "--key must be 64 hex digits");
          return NULL;
        }
      seed[i] = high << 4 | low;
    }
  return peerup_private_key_new_from_seed (seed, error);
}

static void
limit_streams (PeerupSwarm *swarm, guint streams)
{
  PeerupLimitsSettings settings = *peerup_limits_get_settings (peerup_swarm_get_limits (swarm));
  g_autoptr (PeerupLimits) limits = NULL;

  settings.values[PEERUP_LIMIT_STREAMS_PER_PEER] = streams;
  limits = peerup_limits_new (&settings);
  peerup_swarm_set_limits (swarm, limits);
}

static PeerupSwarm *
make_swarm (const InteropOptions *options, GError **error)
{
  static const char *const tls[] = { "/tls/1.0.0", NULL };
  static const char *const noise[] = { "/noise", NULL };
  g_autoptr (PeerupPrivateKey) key = parse_seed (options->key, error);
  PeerupSwarm *swarm = key != NULL ? peerup_swarm_new (key, error) : NULL;

  if (swarm != NULL && options->security != NULL)
    peerup_swarm_set_securities (swarm, g_str_equal (options->security, "tls") ? tls : noise);
  if (swarm != NULL)
    peerup_swarm_set_websocket_certificate (swarm, options->certificate, options->certificate_key);
  if (swarm != NULL && options->streams > 0)
    limit_streams (swarm, options->streams);
  return swarm;
}

static DexFuture *
program_fiber (gpointer data)
{
  Program *self = data;
  g_autoptr (GError) error = NULL;

  if (g_str_equal (self->command, "dial"))
    self->passed = interop_dial (self->swarm, &self->options, &self->error);
  else if (g_str_equal (self->command, "autonat"))
    self->passed = interop_autonat (self->swarm, &self->options, &self->error);
  else
    self->passed = interop_listen (self->swarm, self->relays, &self->options, &self->error);
  if (!dex_await (dex_future_first (peerup_swarm_close (self->swarm), dex_timeout_new_usec (CLOSE_TIMEOUT), NULL),
                  &error))
    g_printerr ("peerup-interop: closing: %s\n", error->message);
  return dex_future_new_true ();
}

static void
program_run (Program *self)
{
  g_autoptr (DexFuture) done = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, program_fiber, self, NULL);

  while (dex_future_is_pending (done))
    g_main_context_iteration (NULL, TRUE);
}

/* What is wrong with the command line is found before anything runs. */
static gboolean
program_prepare (Program *self, int argc, char *argv[])
{
  if (!parse_options (&self->options, &argc, &argv, &self->error))
    return FALSE;
  self->command = argv[1];
  if (g_str_equal (self->command, "dial") && !interop_dial_check (&self->options, &self->error))
    return FALSE;
  self->swarm = make_swarm (&self->options, &self->error);
  if (self->swarm != NULL && !self->options.relays)
    self->relays = peerup_relay_client_new (self->swarm);
  return self->swarm != NULL;
}

static void
program_clear (Program *self)
{
  g_free (self->options.transport);
  g_free (self->options.certificate);
  g_free (self->options.certificate_key);
  g_free (self->options.security);
  g_free (self->options.at);
  g_free (self->options.key);
  g_strfreev (self->options.allow);
  g_strfreev (self->options.services);
  g_free (self->options.address);
  g_free (self->options.relay);
  g_free (self->options.action);
  g_free (self->options.protocol);
  g_free (self->options.check);
  g_clear_object (&self->relays);
  g_clear_object (&self->swarm);
  g_clear_error (&self->error);
}

int
main (int argc, char *argv[])
{
  Program self = { .options = { .bytes = -1, .timeout = 30 } };
  int code = 1;

  dex_init ();
  if (program_prepare (&self, argc, argv))
    {
      program_run (&self);
      code = self.passed ? 0 : 1;
    }
  if (self.error != NULL)
    g_printerr ("peerup-interop: %s\n", self.error->message);
  if (self.error != NULL && self.error->domain == G_OPTION_ERROR)
    code = 2;
  program_clear (&self);
  return code;
}
