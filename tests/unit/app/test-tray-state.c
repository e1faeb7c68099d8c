/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the tray says, by what is so; and its shapes in colours that are seen on whatever is behind them. */
#include "app/tray/peerup-tray-state.h"

#include <string.h>

#include "app/tray/peerup-tray-pixmaps.h"

static void
assert_said (PeerupTrayFacts facts, PeerupTrayState state, const char *text)
{
  g_autofree char *said = peerup_tray_dup_text (&facts);

  g_assert_cmpint (peerup_tray_find_state (&facts), ==, state);
  g_assert_cmpstr (said, ==, text);
}

static PeerupTrayFacts
connected (guint n, guint n_relayed)
{
  return (PeerupTrayFacts) { .session = PEERUP_SESSION_RUNNING, .n_connected = n, .n_relayed = n_relayed };
}

static void
test_states (void)
{
  PeerupTrayFacts facts = { .session = PEERUP_SESSION_STOPPED };

  assert_said (facts, PEERUP_TRAY_OFF, "Not running");
  facts.session = PEERUP_SESSION_STARTING;
  assert_said (facts, PEERUP_TRAY_OFF, "Starting…");
  facts.session = PEERUP_SESSION_FAILED;
  assert_said (facts, PEERUP_TRAY_TROUBLE, "Not running");
  facts.error = "The daemon\nhas\u202e ended";
  assert_said (facts, PEERUP_TRAY_TROUBLE, "The daemon has ended");
  facts.session = PEERUP_SESSION_GONE;
  assert_said (facts, PEERUP_TRAY_TROUBLE, "The daemon has ended");
  assert_said (connected (0, 0), PEERUP_TRAY_OFF, "No device connected");
  assert_said (connected (1, 0), PEERUP_TRAY_CONNECTED, "1 device connected");
  assert_said (connected (3, 0), PEERUP_TRAY_CONNECTED, "3 devices connected");
  assert_said (connected (1, 1), PEERUP_TRAY_RELAYED, "1 device connected, through a relay");
  assert_said (connected (2, 2), PEERUP_TRAY_RELAYED, "2 devices connected, through relays");
  assert_said (connected (3, 1), PEERUP_TRAY_RELAYED, "3 devices connected, 1 through a relay");
  assert_said (connected (5, 2), PEERUP_TRAY_RELAYED, "5 devices connected, 2 through relays");
}

static void
test_trouble (void)
{
  g_autofree char *endless = g_strnfill (100000, 'x');
  PeerupTrayFacts facts = connected (3, 1);
  g_autofree char *text = NULL;

  facts.problem = "UDP port 4001 is taken";
  assert_said (facts, PEERUP_TRAY_TROUBLE, "UDP port 4001 is taken");
  facts.problem = endless;
  text = peerup_tray_dup_text (&facts);
  g_assert_cmpint (g_utf8_strlen (text, -1), <, 100);
}

static void
test_icons (void)
{
  for (guint i = 0; i <= PEERUP_TRAY_TROUBLE; i++)
    for (guint j = 0; j < i; j++)
      g_assert_cmpstr (peerup_tray_get_icon (i), !=, peerup_tray_get_icon (j));
  g_assert_cmpstr (peerup_tray_get_icon (PEERUP_TRAY_RELAYED), ==, "dev.peerup.PeerUp-relayed-symbolic");
}

/* Four shapes, in five sizes, none of which is like another, and all of them with something in them. */
static void
test_pixmaps (void)
{
  static const int sizes[] = { 16, 22, 24, 32, 48 };
  g_autoptr (GHashTable) seen =
    g_hash_table_new_full (g_bytes_hash, g_bytes_equal, (GDestroyNotify) g_bytes_unref, NULL);

  for (guint state = 0; state <= PEERUP_TRAY_TROUBLE; state++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) pixmaps = peerup_tray_pixmaps_new (peerup_tray_get_name (state), &error);

      g_assert_no_error (error);
      g_variant_ref_sink (pixmaps);
      g_assert_cmpuint (g_variant_n_children (pixmaps), ==, G_N_ELEMENTS (sizes));
      for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
        {
          g_autoptr (GVariant) bytes = NULL;
          const guint8 *argb;
          guint n_white = 0, n_clear = 0;
          int width, height;
          gsize length;

          g_variant_get_child (pixmaps, i, "(ii@ay)", &width, &height, &bytes);
          argb = g_variant_get_fixed_array (bytes, &length, 1);
          g_assert_cmpint (width, ==, sizes[i]);
          g_assert_cmpint (height, ==, sizes[i]);
          g_assert_cmpuint (length, ==, 4 * width * height);
          g_assert_true (g_hash_table_add (seen, g_variant_get_data_as_bytes (bytes)));
          for (gsize p = 0; p < length; p += 4)
            {
              n_white += argb[p] == 0xff && argb[p + 1] == 0xff;
              n_clear += argb[p] == 0;
            }
          /* It is a shape, and not all of it. */
          g_assert_cmpuint (n_white, >, width * height / 20);
          g_assert_cmpuint (n_clear, >, width * height / 10);
        }
    }
  {
    g_autoptr (GError) error = NULL;

    g_assert_null (peerup_tray_pixmaps_new ("no-such", &error));
    g_assert_error (error, G_RESOURCE_ERROR, G_RESOURCE_ERROR_NOT_FOUND);
  }
}

/* One point in the middle: white, dark all around it, and nothing further away. */
static void
test_paint (void)
{
  guint8 alpha[25] = { [12] = 0xff }, argb[100];

  peerup_tray_pixmaps_paint (alpha, 5, argb);
  g_assert_cmpmem (argb + 4 * 12, 4, ((guint8[]) { 0xff, 0xff, 0xff, 0xff }), 4);
  g_assert_cmpmem (argb + 4 * 11, 4, ((guint8[]) { 0xc8, 0x18, 0x18, 0x18 }), 4);
  g_assert_cmpmem (argb + 4 * 6, 2, ((guint8[]) { 0x63, 0x18 }), 2);
  g_assert_cmpuint (argb[4 * 10], ==, 0);
  g_assert_cmpuint (argb[0], ==, 0);
  /* What is half there is half white. */
  alpha[12] = 0x80;
  peerup_tray_pixmaps_paint (alpha, 5, argb);
  g_assert_cmpuint (argb[4 * 12], >, 0x80);
  g_assert_cmpuint (argb[4 * 12 + 1], >, 0x80);
  g_assert_cmpuint (argb[4 * 12 + 1], <, 0xff);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/tray/states", test_states);
  g_test_add_func ("/app/tray/trouble", test_trouble);
  g_test_add_func ("/app/tray/icons", test_icons);
  g_test_add_func ("/app/tray/pixmaps", test_pixmaps);
  g_test_add_func ("/app/tray/paint", test_paint);
  return g_test_run ();
}
