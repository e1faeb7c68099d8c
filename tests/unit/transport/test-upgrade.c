/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Upgrades of streams in memory, both sides at once, or one side against a peer of bytes. */

#include "test-wire.h"

#include "transport/peerup-upgrade.h"

static const char *const tls_only[] = { "/tls/1.0.0", NULL };
static const char *const noise_only[] = { "/noise", NULL };

typedef struct
{
  PeerupPrivateKey *identity;
  PeerupCertificate *certificate;
} Identity;

/* The certificates take longer to make than everything else. */
static Identity identities[2];

static void
identities_init (void)
{
  for (guint i = 0; i < 2; i++)
    {
      guint8 seed[32];

      memset (seed, i + 1, sizeof seed);
      identities[i].identity = peerup_private_key_new_from_seed (seed, NULL);
      identities[i].certificate = peerup_certificate_new (identities[i].identity, NULL);
    }
}

static void
identities_clear (void)
{
  for (guint i = 0; i < 2; i++)
    {
      peerup_private_key_unref (identities[i].identity);
      peerup_certificate_unref (identities[i].certificate);
    }
}

static PeerupPeerId *
id_of (guint i)
{
  return peerup_private_key_get_peer_id (identities[i].identity);
}

/* Side 0 dials side 1. */
static PeerupUpgradeOptions
make_options (guint i, const char *const *securities)
{
  return (PeerupUpgradeOptions) {
    .identity = identities[i].identity,
    .certificate = identities[i].certificate,
    .outbound = i == 0,
    .expected_peer = i == 0 ? id_of (1) : NULL,
    .transport = "memory",
    .securities = securities,
    .deadline = test_deadline (),
  };
}

typedef struct
{
  PeerupUpgradeOptions options[2];
  PeerupConnection *connection[2];
  GError *error[2];
} Pair;

static void
pair_init (Pair *pair, const char *const *securities)
{
  *pair = (Pair) { { make_options (0, securities), make_options (1, securities) } };
}

static void
pair_clear (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    {
      if (pair->connection[i] != NULL)
        peerup_connection_close (pair->connection[i], PEERUP_CONNECTION_CODE_NONE);
      g_clear_object (&pair->connection[i]);
      g_clear_error (&pair->error[i]);
    }
  test_spin ();
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static void
pair_upgrade (Pair *pair, PeerupStream *raw[2])
{
  DexFuture *futures[2];

  for (guint i = 0; i < 2; i++)
    futures[i] = peerup_upgrade (raw[i], &pair->options[i]);
  for (guint i = 0; i < 2; i++)
    pair->connection[i] = test_take_object (futures[i], &pair->error[i]);
}

static void
pair_upgrade_pipe (Pair *pair, gsize capacity)
{
  PeerupStream *raw[2];

  peerup_pipe_stream_new_pair (capacity, &raw[0], &raw[1]);
  pair_upgrade (pair, raw);
  g_object_unref (raw[0]);
  g_object_unref (raw[1]);
}

static void
on_stream (PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  g_set_object ((PeerupStream **) data, stream);
}

/* A stream of @from arrives at the other side with what was written on it. */
static void
assert_carries (Pair *pair, guint from)
{
  g_autoptr (PeerupStream) here = NULL;
  g_autoptr (PeerupStream) there = NULL;

  peerup_connection_set_stream_func (pair->connection[1 - from], on_stream, &there);
  here = test_take_object (peerup_connection_open_stream (pair->connection[from]), NULL);
  test_assert_writes (here, "hello");
  while (there == NULL || (peerup_stream_poll (there) & G_IO_IN) == 0)
    g_main_context_iteration (NULL, TRUE);
  test_assert_reads (there, "hello");
  peerup_connection_set_stream_func (pair->connection[1 - from], NULL, NULL);
}

static void
test_upgrade (gconstpointer data)
{
  const char *const *securities = data;
  /* What both say first has to fit: neither reads before that has left. */
  static const gsize capacities[] = { 64, 97, 1000, 100000 };

  for (guint i = 0; i < G_N_ELEMENTS (capacities); i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init (&pair, securities);
      pair_upgrade_pipe (&pair, capacities[i]);
      for (guint j = 0; j < 2; j++)
        {
          const PeerupConnectionInfo *info;

          g_assert_no_error (pair.error[j]);
          info = peerup_connection_get_info (pair.connection[j]);
          g_assert_cmpstr (info->security, ==, securities[0]);
          g_assert_cmpstr (info->muxer, ==, "/yamux/1.0.0");
          g_assert_true (info->outbound == (j == 0));
          g_assert_true (peerup_peer_id_equal (info->remote_peer, id_of (1 - j)));
          g_assert_true (peerup_peer_id_matches_public_key (id_of (1 - j), info->remote_key));
        }
      assert_carries (&pair, 0);
      assert_carries (&pair, 1);
    }
}

/* The dialer's preference decides, and the listener's list limits. */
static void
test_choice (void)
{
  g_auto (Pair) pair = { 0 };
  g_auto (Pair) apart = { 0 };

  pair_init (&pair, NULL);
  pair.options[1].securities = noise_only;
  pair_upgrade_pipe (&pair, 1000);
  g_assert_no_error (pair.error[0]);
  g_assert_cmpstr (peerup_connection_get_info (pair.connection[0])->security, ==, "/noise");
  pair_init (&apart, tls_only);
  apart.options[1].securities = noise_only;
  pair_upgrade_pipe (&apart, 1000);
  g_assert_error (apart.error[0], PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  g_assert_true (apart.error[1] != NULL && apart.error[1]->domain == PEERUP_ERROR);
}

/* One security protocol proposed with what it says first, which the listener has. */
static void
test_guess (gconstpointer data)
{
  const char *const *securities = data;
  /* What the listener says before it knows more has to fit: its header and its answer. */
  static const gsize capacities[] = { 34, 97, 100000 };

  for (guint i = 0; i < G_N_ELEMENTS (capacities); i++)
    {
      g_auto (Pair) pair = { 0 };

      pair_init (&pair, NULL);
      pair.options[0].guess = securities[0];
      pair_upgrade_pipe (&pair, capacities[i]);
      g_assert_no_error (pair.error[0]);
      g_assert_no_error (pair.error[1]);
      g_assert_cmpstr (peerup_connection_get_info (pair.connection[0])->security, ==, securities[0]);
      g_assert_cmpstr (peerup_connection_get_info (pair.connection[1])->security, ==, securities[0]);
      assert_carries (&pair, 0);
      assert_carries (&pair, 1);
    }
}

static void
test_wrong_guess (gconstpointer data)
{
  const char *const *securities = data;
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, NULL);
  pair.options[0].guess = securities[0];
  pair.options[1].securities = securities == tls_only ? noise_only : tls_only;
  pair_upgrade_pipe (&pair, 1000);
  g_assert_error (pair.error[0], PEERUP_ERROR, PEERUP_ERROR_NEGOTIATION);
  /* It does not take what follows the proposal for one. */
  g_assert_nonnull (pair.error[1]);
}

static void
test_wrong_peer (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };

  pair_init (&pair, data);
  pair.options[0].expected_peer = id_of (0);
  pair_upgrade_pipe (&pair, 1000);
  g_assert_error (pair.error[0], PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER);
  g_assert_nonnull (strstr (pair.error[0]->message, peerup_peer_id_get_string (id_of (1))));
  g_assert_nonnull (pair.error[1]);
}

/* The gate */

static gboolean
refuse (PeerupPeerId *peer, PeerupMultiaddr *address, gboolean outbound, gpointer data, GError **error)
{
  ++*(guint *) data;
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_GATED, "not on the list");
  return FALSE;
}

static void
test_gate (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (DexFuture) closed = NULL;
  guint n_asked = 0;

  pair_init (&pair, data);
  pair.options[1].gate = refuse;
  pair.options[1].gate_data = &n_asked;
  pair_upgrade_pipe (&pair, 1000);
  g_assert_error (pair.error[1], PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (n_asked, ==, 1);
  /* The dialer was through before the listener knew who it was. */
  g_assert_no_error (pair.error[0]);
  closed = test_finish (peerup_connection_wait_closed (pair.connection[0]));
  g_assert_error (peerup_connection_get_error (pair.connection[0]), PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_nonnull (strstr (peerup_connection_get_error (pair.connection[0])->message, "peerup auth add"));
}

/* One's own refusal of the peer that was dialed. */
static void
test_gate_outbound (gconstpointer data)
{
  g_auto (Pair) pair = { 0 };
  g_autoptr (DexFuture) closed = NULL;
  guint n_asked = 0;

  pair_init (&pair, data);
  pair.options[0].gate = refuse;
  pair.options[0].gate_data = &n_asked;
  pair_upgrade_pipe (&pair, 1000);
  g_assert_error (pair.error[0], PEERUP_ERROR, PEERUP_ERROR_GATED);
  g_assert_cmpuint (n_asked, ==, 1);
  g_assert_nonnull (pair.connection[1]);
  closed = test_finish (peerup_connection_wait_closed (pair.connection[1]));
}

/* Peers of bytes */

typedef struct
{
  PeerupStream *raw;
  const char *bytes;
  gsize length;
  gboolean forever;
} Script;

/* Writes as the pipe takes it, and reads and drops all answers. */
static DexFuture *
script_fiber (gpointer data)
{
  Script *script = data;

  while (peerup_stream_await_write_all (script->raw, script->bytes, script->length, test_deadline (), NULL) &&
         script->forever)
    continue;
  return dex_future_new_for_boolean (TRUE);
}

static void
drop_input (PeerupStream *raw, gpointer data)
{
  guint8 bytes[4096];

  while (peerup_stream_read (raw, bytes, sizeof bytes, NULL) > 0)
    continue;
  if ((peerup_stream_poll (raw) & G_IO_IN) == 0)
    peerup_stream_arm_read (raw, drop_input, NULL);
}

/* (transfer full): what side @i says to @bytes. */
static GError *
upgrade_error (guint i, const char *bytes, gsize length, gboolean forever, gboolean reads, gint64 timeout)
{
  PeerupUpgradeOptions options = make_options (i, NULL);
  Script script = { .bytes = bytes, .length = length, .forever = forever };
  g_autoptr (PeerupStream) raw = NULL;
  g_autoptr (DexFuture) fiber = NULL;
  DexFuture *upgrade;
  GError *error;

  if (timeout > 0)
    options.deadline = g_get_monotonic_time () + timeout;
  peerup_pipe_stream_new_pair (2000, &raw, &script.raw);
  fiber = dex_scheduler_spawn (NULL, PEERUP_FIBER_STACK, script_fiber, &script, NULL);
  if (reads)
    peerup_stream_arm_read (script.raw, drop_input, NULL);
  upgrade = peerup_upgrade (raw, &options);
  error = test_take_error (upgrade);
  test_assert_fails (raw, PEERUP_ERROR_RESET);
  fiber = test_finish (fiber);
  g_object_unref (script.raw);
  return error;
}

/* Longer than the 71 bytes that its G announces. */
#define HTTP   "GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n"
#define HEADER "\x13/multistream/1.0.0\n"

static void
test_silence (void)
{
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (GError) error = upgrade_error (i, "", 0, FALSE, TRUE, 30000);
      g_autoptr (GError) late = upgrade_error (i, HEADER, 20, FALSE, TRUE, 30000);
      /* And one that does not even read. */
      g_autoptr (GError) stuck = upgrade_error (i, HEADER, 20, FALSE, FALSE, 30000);

      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
      g_assert_error (late, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
      g_assert_error (stuck, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
    }
}

/* (transfer full): what the dialer's guess of TLS comes to where the peer says @bytes and ends, or waits. */
static GError *
guess_error (const char *bytes, gboolean ends, gint64 timeout)
{
  PeerupUpgradeOptions options = make_options (0, NULL);
  g_autoptr (PeerupStream) raw = NULL;
  g_autoptr (PeerupStream) peer = NULL;

  options.guess = PEERUP_SECURITY_TLS;
  options.deadline = g_get_monotonic_time () + timeout;
  peerup_pipe_stream_new_pair (2000, &raw, &peer);
  if (*bytes != 0)
    test_assert_writes (peer, bytes);
  if (ends)
    peerup_stream_close_write (peer);
  return test_take_error (peerup_upgrade (raw, &options));
}

/* Until the peer has agreed, all that goes wrong may be the guess's fault; after that nothing is. */
static void
test_guess_unanswered (void)
{
  static const struct
  {
    const char *bytes;
    gboolean ends;
    PeerupError code;
  } cases[] = {
    { "", TRUE, PEERUP_ERROR_NEGOTIATION },
    { HEADER, TRUE, PEERUP_ERROR_NEGOTIATION },
    { HEADER "\x03na\n", FALSE, PEERUP_ERROR_NEGOTIATION },
    { HEADER "\x07/noise\n", FALSE, PEERUP_ERROR_NEGOTIATION },
    { HTTP, FALSE, PEERUP_ERROR_NEGOTIATION },
    { HEADER "\x0b/tls/1.0.0\n", TRUE, PEERUP_ERROR_CLOSED },
    { HEADER "\x0b/tls/1.0.0\n" HTTP, FALSE, PEERUP_ERROR_PROTOCOL },
  };
  g_autoptr (GError) silence = guess_error ("", FALSE, 30000);
  g_autoptr (GError) late = guess_error (HEADER "\x0b/tls/1.0.0\n", FALSE, 30000);

  g_assert_error (silence, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_error (late, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = guess_error (cases[i].bytes, cases[i].ends, 30 * G_USEC_PER_SEC);

      g_assert_error (error, PEERUP_ERROR, (int) cases[i].code);
    }
}

/* A byte a millisecond does not prolong anything. */
static gboolean
on_drip (gpointer data)
{
  /* Fails once the upgrade has given up. */
  peerup_stream_write (data, HEADER, 1, NULL);
  return G_SOURCE_CONTINUE;
}

static void
test_drip (void)
{
  PeerupUpgradeOptions options = make_options (1, NULL);
  g_autoptr (PeerupStream) raw = NULL;
  g_autoptr (PeerupStream) peer = NULL;
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();
  guint source;

  options.deadline = start + 100000;
  peerup_pipe_stream_new_pair (2000, &raw, &peer);
  test_assert_writes (peer, "\x80\x08");
  source = g_timeout_add (1, on_drip, peer);
  error = test_take_error (peerup_upgrade (raw, &options));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time (), >=, start + 100000);
  g_source_remove (source);
}

static void
test_garbage (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
    gboolean forever;
  } cases[] = {
    { HTTP, sizeof HTTP - 1, FALSE },
    { "\x81\x08", 2, FALSE },                                      /* a line of 1025 bytes */
    { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, FALSE }, /* a varint of 11 bytes */
    { "\x93\x00/multistream/1.0.0\n", 21, FALSE },                 /* one that is not minimal */
    { "\x13/multistream/1.0.0X", 20, FALSE },                      /* no newline */
    { HEADER "\x06/a\0bc\n", 27, FALSE },
    { "\0", 1, TRUE },
  };

  for (guint i = 0; i < 2; i++)
    for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
      {
        g_autoptr (GError) error = upgrade_error (i, cases[j].bytes, cases[j].length, cases[j].forever, TRUE, 0);

        g_test_message ("%u %u: %s", i, j, error->message);

        g_assert_true (error->domain == PEERUP_ERROR);
        g_assert_cmpint (error->code, !=, PEERUP_ERROR_TIMEOUT);
      }
}

static void
test_endless_proposals (void)
{
  g_autoptr (GString) bytes = g_string_new (HEADER);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 1000; i++)
    g_string_append_printf (bytes, "\x0b/test/%04u\n", i);
  error = upgrade_error (1, bytes->str, bytes->len, FALSE, TRUE, 0);
  g_assert_true (error->domain == PEERUP_ERROR);
  g_assert_cmpint (error->code, !=, PEERUP_ERROR_TIMEOUT);
}

/* Agreed on a protocol, and then nonsense. */
static void
test_garbage_behind (void)
{
  static const struct
  {
    const char *bytes;
    gsize length;
  } cases[] = {
    { HEADER "\x0b/tls/1.0.0\nGET / HTTP/1.1\r\n\r\n", 20 + 12 + 18 },
    { HEADER "\x07/noise\nGET / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n", 20 + 8 + 36 },
    { HEADER "\x07/noise\n\0\0", 20 + 8 + 2 },
  };

  for (guint j = 0; j < G_N_ELEMENTS (cases); j++)
    {
      g_autoptr (GError) error = upgrade_error (1, cases[j].bytes, cases[j].length, FALSE, TRUE, 100000);

      g_test_message ("%s", error->message);
      g_assert_true (error->domain == PEERUP_ERROR);
    }
}

/* The wire is cut */

static gsize
run_cut (const char *const *securities, gsize cut_at)
{
  g_auto (Wire) wire = { 0 };
  g_auto (Pair) pair = { 0 };
  gpointer gone[2];

  wire_init (&wire, cut_at);
  pair_init (&pair, securities);
  pair_upgrade (&pair, wire.end);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (DexFuture) closed = NULL;

      g_assert_true ((pair.connection[i] == NULL) == (pair.error[i] != NULL));
      if (pair.error[i] != NULL)
        {
          g_assert_true (pair.error[i]->domain == PEERUP_ERROR);
          g_assert_cmpint (pair.error[i]->code, !=, PEERUP_ERROR_TIMEOUT);
        }
      gone[i] = wire.end[i];
      g_object_add_weak_pointer (G_OBJECT (wire.end[i]), &gone[i]);
      /* Whoever got a connection is told that it is gone. */
      if (pair.connection[i] != NULL && wire.was_cut)
        closed = test_finish (peerup_connection_wait_closed (pair.connection[i]));
    }
  pair_clear (&pair);
  wire_clear (&wire);
  test_wait_gone (&gone[0]);
  test_wait_gone (&gone[1]);
  return wire.passed;
}

static void
test_cut (gconstpointer data)
{
  const char *const *securities = data;
  /* Enough for every step; signatures make TLS slow. */
  gsize step = securities == tls_only ? 11 : 3;
  gsize cut_at = 0;

  while (run_cut (securities, cut_at) == cut_at && cut_at < 1500)
    cut_at += step;
  g_assert_cmpuint (cut_at, >, 400);
}

static void
test_dropped_upgrade (void)
{
  PeerupUpgradeOptions options = make_options (0, NULL);
  g_autoptr (PeerupStream) peer = NULL;
  PeerupStream *raw;
  DexFuture *upgrade;

  /* Nobody waits any more; the fiber ends by the peer's or the deadline. */
  options.deadline = g_get_monotonic_time () + 30000;
  peerup_pipe_stream_new_pair (1000, &raw, &peer);
  upgrade = peerup_upgrade (raw, &options);
  g_object_add_weak_pointer (G_OBJECT (raw), (gpointer *) &raw);
  g_object_unref (raw);
  test_spin ();
  dex_future_disown (upgrade);
  test_wait_gone ((gpointer *) &raw);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  dex_init ();
  identities_init ();
  g_test_add_data_func ("/upgrade/tls", tls_only, test_upgrade);
  g_test_add_data_func ("/upgrade/noise", noise_only, test_upgrade);
  g_test_add_func ("/upgrade/choice", test_choice);
  g_test_add_data_func ("/upgrade/guess/tls", tls_only, test_guess);
  g_test_add_data_func ("/upgrade/guess/noise", noise_only, test_guess);
  g_test_add_data_func ("/upgrade/wrong-guess/tls", tls_only, test_wrong_guess);
  g_test_add_data_func ("/upgrade/wrong-guess/noise", noise_only, test_wrong_guess);
  g_test_add_func ("/upgrade/guess-unanswered", test_guess_unanswered);
  g_test_add_data_func ("/upgrade/wrong-peer/tls", tls_only, test_wrong_peer);
  g_test_add_data_func ("/upgrade/wrong-peer/noise", noise_only, test_wrong_peer);
  g_test_add_data_func ("/upgrade/gate/tls", tls_only, test_gate);
  g_test_add_data_func ("/upgrade/gate/noise", noise_only, test_gate);
  g_test_add_data_func ("/upgrade/gate-outbound/tls", tls_only, test_gate_outbound);
  g_test_add_data_func ("/upgrade/gate-outbound/noise", noise_only, test_gate_outbound);
  g_test_add_func ("/upgrade/silence", test_silence);
  g_test_add_func ("/upgrade/drip", test_drip);
  g_test_add_func ("/upgrade/garbage", test_garbage);
  g_test_add_func ("/upgrade/endless-proposals", test_endless_proposals);
  g_test_add_func ("/upgrade/garbage-behind", test_garbage_behind);
  g_test_add_data_func ("/upgrade/cut/tls", tls_only, test_cut);
  g_test_add_data_func ("/upgrade/cut/noise", noise_only, test_cut);
  g_test_add_func ("/upgrade/dropped", test_dropped_upgrade);
  result = g_test_run ();
  identities_clear ();
  return result;
}
