/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Edits, chosen by the first two bytes, of any document: one that fails changes nothing;
 * one that succeeds leaves a document whose other sections are what they were.
 */
#include "config/peerup-config-edit.h"

#include "config/peerup-yaml-value.h"

#define PEER "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

/* Returns the section that may have changed, NULL if the edit failed. */
static const char *
edit_one (PeerupConfigEdit *edit, guint which)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (PEER, NULL);
  g_autoptr (PeerupMultiaddr) relay = peerup_multiaddr_newf ("/ip4/192.0.2.1/tcp/1/p2p/" PEER);
  g_autoptr (GPtrArray) peers = g_ptr_array_new ();

  if (which % 2 == 1)
    g_ptr_array_add (peers, peer);
  switch (which / 2 % 8)
    {
    case 0:
      return peerup_config_edit_add_service (edit, which % 2 ? "zz" : "on", "a:1", NULL) ? "services" : NULL;
    case 1:
      return peerup_config_edit_remove_service (edit, "ssh", NULL) ? "services" : NULL;
    case 2:
      return peerup_config_edit_set_service_enabled (edit, "ssh", which % 2, NULL) ? "services" : NULL;
    case 3:
      return peerup_config_edit_set_allowed_peers (edit, "ssh", peers, NULL) ? "services" : NULL;
    case 4:
      return peerup_config_edit_add_name (edit, which % 2 ? "home" : "zz", peer, NULL) ? "names" : NULL;
    case 5:
      return peerup_config_edit_remove_name (edit, "home", NULL) ? "names" : NULL;
    case 6:
      return (which % 2 ? peerup_config_edit_add_relay : peerup_config_edit_remove_relay) (edit, relay, NULL) ? "relay"
                                                                                                              : NULL;
    default:
      return peerup_config_edit_set (edit, "discovery.network", which % 2 ? "x: #" : NULL, NULL) ? "discovery" : NULL;
    }
}

static void
assert_rest_unchanged (const PeerupYamlNode *before, const PeerupYamlNode *after, const char *section)
{
  for (guint i = 0; i < before->children->len; i++)
    {
      const PeerupYamlNode *node = g_ptr_array_index (before->children, i);
      const PeerupYamlNode *now = peerup_yaml_node_get (after, node->key->text);

      g_assert_nonnull (now);
      g_assert_true (g_strcmp0 (node->key->text, section) == 0 || peerup_yaml_value_equal (node, now));
    }
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (PeerupConfigEdit) edit =
    size < 2 ? NULL : peerup_config_edit_new_from_data ((const char *) data + 2, size - 2, "c.yaml", NULL);

  for (guint i = 0; edit != NULL && i < 2; i++)
    {
      gsize length;
      const char *text = peerup_config_edit_get_text (edit, &length);
      g_autofree char *copy = g_memdup2 (text, length + 1);
      g_autoptr (PeerupYamlDocument) before = peerup_yaml_parse (text, length, "c.yaml", NULL);
      const char *section = edit_one (edit, data[i]);
      g_autoptr (PeerupYamlDocument) after = NULL;

      text = peerup_config_edit_get_text (edit, &length);
      after = peerup_yaml_parse (text, length, "c.yaml", NULL);
      g_assert_nonnull (after);
      assert_rest_unchanged (before->root, after->root, section);
      if (section == NULL)
        g_assert_cmpstr (text, ==, copy);
    }
  return 0;
}
