/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What a person is told: always who, which service, and what to do. */

#include <string.h>

#include "identity/peerup-private-key.h"
#include "transport/peerup-stream.h"
#include "tunnel/peerup-forward-error.h"

static void
test_retry (void)
{
  static const struct
  {
    int code;
    gboolean retry;
  } cases[] = {
    { PEERUP_ERROR_UNREACHABLE, TRUE }, { PEERUP_ERROR_TIMEOUT, TRUE },      { PEERUP_ERROR_CLOSED, TRUE },
    { PEERUP_ERROR_LIMIT, TRUE },       { PEERUP_ERROR_NEGOTIATION, FALSE }, { PEERUP_ERROR_GATED, FALSE },
    { PEERUP_ERROR_DENIED, FALSE },     { PEERUP_ERROR_WRONG_PEER, FALSE },  { PEERUP_ERROR_RESET, FALSE },
    { PEERUP_ERROR_CRYPTO, FALSE },
  };
  g_autoptr (GError) refused = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED, "refused");

  g_assert_true (peerup_forward_may_retry (refused));
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, cases[i].code, "reason");

      g_assert_cmpint (peerup_forward_may_retry (error), ==, cases[i].retry);
    }
}

static void
assert_plain (const char *message)
{
  g_test_message ("%s", message);
  g_assert_true (g_utf8_validate (message, -1, NULL));
  g_assert_nonnull (strstr (message, "Laptop"));
  g_assert_null (strchr (message, '\n'));
}

static void
test_messages (void)
{
  static const guint8 seed[32] = { 1 };
  static const guint32 codes[] = { PEERUP_STREAM_CODE_NONE,           PEERUP_STREAM_CODE_GATED,
                                   PEERUP_STREAM_CODE_RESOURCE_LIMIT, PEERUP_STREAM_CODE_SHUTDOWN,
                                   PEERUP_STREAM_CODE_RATE_LIMITED,   0xffffffff };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  PeerupPeerId *self_id = peerup_private_key_get_peer_id (key);

  for (int code = 0; code <= PEERUP_ERROR_DENIED; code++)
    {
      g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, code, "reason");
      g_autofree char *refusal = peerup_forward_describe_refusal (error, "Laptop", "web", self_id);

      assert_plain (refusal);
      for (guint i = 0; i < 2 * G_N_ELEMENTS (codes); i++)
        {
          g_autofree char *cut =
            peerup_forward_describe_cut (error, codes[i / 2], i % 2 == 1, "Laptop", "web", self_id);

          assert_plain (cut);
          g_assert_nonnull (strstr (cut, "“web”"));
        }
    }
}

/* A name of a peer is only text. */
static void
test_percent (void)
{
  static const guint8 seed[32] = { 1 };
  g_autoptr (PeerupPrivateKey) key = peerup_private_key_new_from_seed (seed, NULL);
  g_autoptr (GError) error = g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, "%s%n");
  g_autofree char *message =
    peerup_forward_describe_refusal (error, "%n%s", "web", peerup_private_key_get_peer_id (key));

  g_assert_true (g_str_has_prefix (message, "%n%s cannot be reached for “web”: %s%n."));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tunnel/forward-error/retry", test_retry);
  g_test_add_func ("/tunnel/forward-error/messages", test_messages);
  g_test_add_func ("/tunnel/forward-error/percent", test_percent);
  return g_test_run ();
}
