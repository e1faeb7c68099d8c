/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Invites for the tests of the codes, the same in every run. */
#pragma once

#include <string.h>

#include "code/peerup-code-private.h"

#define CODES_INVITER "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define CODES_RELAY   "12D3KooWJWoaqZhDaoEFshF7Rh1bpY9ohihFhzcW6d69Lr2NASuq"
#define CODES_RELAY_2 "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"
/* Of an RSA key, so not a key itself. */
#define CODES_HASHED "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"

static inline void
codes_add (GPtrArray *list, const char *text)
{
  PeerupMultiaddr *address = peerup_multiaddr_new_from_string (text, NULL);

  g_assert_nonnull (address);
  g_ptr_array_add (list, address);
}

static inline PeerupPeerId *
codes_id (const char *text)
{
  PeerupPeerId *id = peerup_peer_id_new_from_string (text, NULL);

  g_assert_nonnull (id);
  return id;
}

/* One relay with an IPv4 address. */
static inline PeerupInviteCode *
codes_new_long (void)
{
  static const guint8 secret[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255 };
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_LONG);

  code->number = 417;
  code->secret = g_bytes_new (secret, sizeof secret);
  code->inviter = codes_id (CODES_INVITER);
  codes_add (code->relays, "/ip4/203.0.113.7/tcp/4001/p2p/" CODES_RELAY);
  return code;
}

/* Two relays with everything, own addresses, a network, left behind. */
static inline PeerupInviteCode *
codes_new_full (void)
{
  static const char *const relays[] = {
    "/ip4/203.0.113.7/udp/4001/quic-v1/p2p/" CODES_RELAY,      "/ip4/203.0.113.7/tcp/4001/p2p/" CODES_RELAY,
    "/ip6/2001:db8:17:4::1/udp/4001/quic-v1/p2p/" CODES_RELAY, "/ip6/2001:db8:17:4::1/tcp/4001/p2p/" CODES_RELAY,
    "/dns4/relay.example.org/tcp/443/wss/p2p/" CODES_RELAY,    "/ip4/198.51.100.1/udp/4001/quic-v1/p2p/" CODES_RELAY_2,
    "/ip4/198.51.100.1/tcp/4001/p2p/" CODES_RELAY_2,           "/ip6/2001:db8:99::abcd/tcp/80/ws/p2p/" CODES_RELAY_2,
    "/dns/second.example.net/tcp/4001/p2p/" CODES_RELAY_2,     "/dns6/second.example.net/tcp/4001/p2p/" CODES_RELAY_2,
  };
  PeerupInviteCode *code = codes_new_long ();

  g_ptr_array_set_size (code->relays, 0);
  for (guint i = 0; i < G_N_ELEMENTS (relays); i++)
    codes_add (code->relays, relays[i]);
  codes_add (code->addresses, "/ip4/192.168.1.20/udp/4001/quic-v1");
  codes_add (code->addresses, "/ip4/192.168.1.20/tcp/4001");
  codes_add (code->addresses, "/ip6/fd00::20/tcp/4001");
  code->network = g_strdup ("my-crew");
  code->left = TRUE;
  return code;
}

static inline void
codes_assert_same_list (GPtrArray *a, GPtrArray *b)
{
  g_assert_cmpuint (a->len, ==, b->len);
  for (guint i = 0; i < a->len; i++)
    g_assert_cmpstr (peerup_multiaddr_get_string (a->pdata[i]), ==, peerup_multiaddr_get_string (b->pdata[i]));
}

static inline void
codes_assert_same (const PeerupInviteCode *a, const PeerupInviteCode *b)
{
  g_assert_cmpint (a->kind, ==, b->kind);
  g_assert_cmpuint (a->number, ==, b->number);
  g_assert_true (g_bytes_equal (a->secret, b->secret));
  g_assert_true ((a->inviter == NULL) == (b->inviter == NULL));
  g_assert_true (a->inviter == NULL || peerup_peer_id_equal (a->inviter, b->inviter));
  g_assert_cmpstr (a->network, ==, b->network);
  g_assert_true (a->left == b->left);
  codes_assert_same_list (a->relays, b->relays);
  codes_assert_same_list (a->addresses, b->addresses);
}

/* The code in @text, which must be one. */
static inline PeerupInviteCode *
codes_parse (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupInviteCode *code = peerup_invite_code_parse (text, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (code);
  return code;
}

/* That @text is none, for the reason @code, and what is said of it. */
static inline PeerupCodeMistake
codes_refuse (const char *text, PeerupError code, const char *said)
{
  g_autoptr (GError) error = NULL;
  PeerupCodeMistake mistake = { .known = TRUE, .character = 12345 };
  PeerupInviteCode *parsed = peerup_invite_code_parse (text, &mistake, &error);

  g_assert_null (parsed);
  g_assert_error (error, PEERUP_ERROR, (int) code);
  if (said != NULL && strstr (error->message, said) == NULL)
    g_error ("“%s” does not say “%s”", error->message, said);
  g_assert_true (mistake.character != 12345);
  g_assert_cmpuint (mistake.offset, <=, strlen (text));
  return mistake;
}
