/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* qr-draw invite KIND         writes an invite's link, and its text below
 * qr-draw STYLE [MODULE-SIZE] draws what stands on its input: png, svg, blocks, coloured, ascii, or says the size
 *
 * Invites of the sizes that are usual, and the pictures of them, for readers of somebody else.
 */
#include <stdio.h>

#include "qr/peerup-qr.h"
#include "unit/code/codes.h"

static PeerupInviteCode *
new_spoken (void)
{
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_SPOKEN);

  code->number = 417;
  code->secret = g_bytes_new_static ("otter violin maple", 18);
  return code;
}

static PeerupInviteCode *
new_original (void)
{
  PeerupInviteCode *code = peerup_invite_code_new (PEERUP_CODE_ORIGINAL);

  code->secret = g_bytes_new_static ("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  code->inviter = codes_id (CODES_INVITER);
  codes_add (code->relays, "/ip4/203.0.113.7/tcp/7777/p2p/" CODES_RELAY);
  return code;
}

/* A relay over IPv4, IPv6 and by name, both transports on one port. */
static void
add_relay (PeerupInviteCode *code, const char *id, guint host)
{
  static const char *const tails[] = { "udp/4001/quic-v1", "tcp/4001" };

  for (guint i = 0; i < G_N_ELEMENTS (tails); i++)
    {
      g_autofree char *ip4 = g_strdup_printf ("/ip4/203.0.113.%u/%s/p2p/%s", host, tails[i], id);
      g_autofree char *ip6 = g_strdup_printf ("/ip6/2001:db8:17:4::%u/%s/p2p/%s", host, tails[i], id);
      g_autofree char *dns = g_strdup_printf ("/dns/relay%u.example.org/%s/p2p/%s", host, tails[i], id);

      codes_add (code->relays, ip4);
      codes_add (code->relays, ip6);
      codes_add (code->relays, dns);
    }
}

static PeerupInviteCode *
new_invite (const char *kind)
{
  PeerupInviteCode *code;

  if (g_str_equal (kind, "spoken"))
    return new_spoken ();
  if (g_str_equal (kind, "original"))
    return new_original ();
  if (g_str_equal (kind, "full"))
    return codes_new_full ();
  code = codes_new_long ();
  if (g_str_equal (kind, "lan"))
    {
      g_ptr_array_set_size (code->relays, 0);
      codes_add (code->addresses, "/ip4/192.168.1.20/udp/4001/quic-v1");
      codes_add (code->addresses, "/ip4/192.168.1.20/tcp/4001");
    }
  else if (g_str_equal (kind, "left"))
    code->left = TRUE;
  else if (g_str_equal (kind, "two-relays"))
    {
      g_ptr_array_set_size (code->relays, 0);
      add_relay (code, CODES_RELAY, 7);
      add_relay (code, CODES_RELAY_2, 8);
    }
  else
    g_assert_cmpstr (kind, ==, "one-relay");
  return code;
}

static void
write_bytes (GBytes *bytes)
{
  gsize length;
  const guint8 *data;

  g_assert_nonnull (bytes);
  data = g_bytes_get_data (bytes, &length);
  g_assert_cmpuint (fwrite (data, 1, length, stdout), ==, length);
}

static void
draw (const char *style, guint module_size, const char *text)
{
  static const char *const styles[] = { "blocks", "coloured", "ascii", NULL };
  g_autoptr (GBytes) bytes = NULL;
  g_autofree char *lines = NULL;

  if (g_str_equal (style, "size"))
    printf ("%u\n", peerup_qr_get_size (text));
  else if (g_strv_contains (styles, style))
    {
      lines = peerup_qr_format (text, g_str_equal (style, "blocks")     ? PEERUP_QR_BLOCKS
                                      : g_str_equal (style, "coloured") ? PEERUP_QR_COLOURED
                                                                        : PEERUP_QR_ASCII);
      fputs (lines, stdout);
    }
  else
    {
      bytes = g_str_equal (style, "svg") ? peerup_qr_to_svg (text) : peerup_qr_to_png (text, module_size);
      write_bytes (bytes);
    }
}

int
main (int argc, char **argv)
{
  char text[8192] = "";

  if (argc == 3 && g_str_equal (argv[1], "invite"))
    {
      g_autoptr (PeerupInviteCode) code = new_invite (argv[2]);
      g_autofree char *link = peerup_invite_code_to_link (code, NULL);
      g_autofree char *plain = peerup_invite_code_to_text (code, NULL);

      printf ("%s\n%s\n", link, plain);
      return 0;
    }
  if (argc < 2 || fread (text, 1, sizeof text - 1, stdin) == 0)
    return 2;
  draw (argv[1], argc > 2 ? (guint) g_ascii_strtoull (argv[2], NULL, 10) : PEERUP_QR_MODULE_SIZE, text);
  return 0;
}
