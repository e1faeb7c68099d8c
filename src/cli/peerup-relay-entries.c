/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The relays that a configuration names, address by address, put together by peer. A view: it
 * changes nothing.
 */
#include "cli/peerup-relay-entries.h"

#include <glib/gi18n-lib.h>

#include "cli/peerup-relay-address.h"
#include "engine/peerup-arguments.h"

static void
entry_free (gpointer data)
{
  PeerupRelayEntry *self = data;

  peerup_peer_id_unref (self->peer);
  g_ptr_array_unref (self->addresses);
  g_free (self);
}

PeerupRelayEntry *
peerup_relay_entries_lookup (GPtrArray *entries, PeerupPeerId *peer)
{
  for (guint i = 0; i < entries->len; i++)
    if (peerup_peer_id_equal (((PeerupRelayEntry *) entries->pdata[i])->peer, peer))
      return entries->pdata[i];
  return NULL;
}

GPtrArray *
peerup_relay_entries_new (PeerupConfig *config)
{
  GPtrArray *addresses = peerup_config_get_relay_addresses (config);
  GPtrArray *entries = g_ptr_array_new_with_free_func (entry_free);

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupPeerId) peer = peerup_multiaddr_dup_peer_id (addresses->pdata[i]);
      PeerupRelayEntry *entry = peerup_relay_entries_lookup (entries, peer);

      if (entry == NULL)
        {
          entry = g_new0 (PeerupRelayEntry, 1);
          entry->number = entries->len + 1;
          entry->peer = peerup_peer_id_ref (peer);
          entry->name = peerup_config_name_of_peer (config, peer);
          entry->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
          g_ptr_array_add (entries, entry);
        }
      g_ptr_array_add (entry->addresses, peerup_multiaddr_ref (addresses->pdata[i]));
    }
  return entries;
}

static gboolean
entry_has_address (const PeerupRelayEntry *self, PeerupMultiaddr *address)
{
  for (guint i = 0; i < self->addresses->len; i++)
    {
      g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (self->addresses->pdata[i]);

      if (bare != NULL && peerup_multiaddr_equal (bare, address))
        return TRUE;
    }
  return FALSE;
}

PeerupRelayEntry *
peerup_relay_entries_find_address (GPtrArray *entries, PeerupMultiaddr *address)
{
  for (guint i = 0; i < entries->len; i++)
    if (entry_has_address (entries->pdata[i], address))
      return entries->pdata[i];
  return NULL;
}

const char *
peerup_relay_entry_get_label (const PeerupRelayEntry *self)
{
  return self->name != NULL ? self->name : peerup_peer_id_get_string (self->peer);
}

char *
peerup_relay_entry_format_places (const PeerupRelayEntry *self)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_auto (GStrv) places = NULL;

  for (guint i = 0; i < self->addresses->len; i++)
    {
      g_autofree char *host = peerup_relay_address_dup_host (self->addresses->pdata[i]);
      char *place = host != NULL
                      ? peerup_relay_address_format (host, peerup_relay_address_get_port (self->addresses->pdata[i]))
                      : g_strdup (peerup_multiaddr_get_string (self->addresses->pdata[i]));

      if (!g_hash_table_contains (seen, place))
        g_strv_builder_add (builder, place);
      g_hash_table_add (seen, place);
    }
  places = g_strv_builder_end (builder);
  return g_strjoinv (", ", places);
}

GVariant *
peerup_relay_entry_describe (const PeerupRelayEntry *self, GVariant *state)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (state);
  GVariantBuilder addresses = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (guint i = 0; i < self->addresses->len; i++)
    g_variant_builder_add (&addresses, "s", peerup_multiaddr_get_string (self->addresses->pdata[i]));
  g_variant_dict_remove (&dict, "id");
  g_variant_dict_insert (&dict, "number", "u", self->number);
  g_variant_dict_insert (&dict, "peer_id", "s", peerup_peer_id_get_string (self->peer));
  g_variant_dict_insert (&dict, "name", "s", self->name != NULL ? self->name : "");
  g_variant_dict_insert_value (&dict, "addresses", g_variant_builder_end (&addresses));
  return g_variant_dict_end (&dict);
}

/* NULL, and no error, if @text is no address or nobody's. */
static PeerupRelayEntry *
find_place (GPtrArray *entries, const char *text, GError **error)
{
  g_autoptr (PeerupRelayAddress) place = peerup_relay_address_parse (text, NULL);
  PeerupRelayEntry *found = NULL;

  for (guint i = 0; place != NULL && i < place->addresses->len; i++)
    for (guint j = 0; j < entries->len; j++)
      {
        PeerupRelayEntry *entry = entries->pdata[j];

        if (!entry_has_address (entry, place->addresses->pdata[i]) ||
            (place->peer != NULL && !peerup_peer_id_equal (place->peer, entry->peer)))
          continue;
        if (found != NULL && found != entry)
          {
            g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
                         _ ("several relays are at %s, so name one by its ID: %s and %s"), text,
                         peerup_peer_id_get_string (found->peer), peerup_peer_id_get_string (entry->peer));
            return NULL;
          }
        found = entry;
      }
  return found;
}

static GError *
not_found (GPtrArray *entries, const char *text)
{
  g_autoptr (GString) known = g_string_new (NULL);

  for (guint i = 0; i < entries->len; i++)
    g_string_append_printf (known, "%s%u. %s", i > 0 ? ", " : "", i + 1,
                            peerup_relay_entry_get_label (entries->pdata[i]));
  if (entries->len == 0)
    return g_error_new (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                        _ ("there is no relay “%s”, as there is none at all: add one with “peerup relay add ADDRESS”"),
                        text);
  return g_error_new (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                      _ ("there is no relay “%s” in this configuration; there is %s (see “peerup relay list”)"), text,
                      known->str);
}

PeerupRelayEntry *
peerup_relay_entries_find (GPtrArray *entries, const char *text, GError **error)
{
  g_autoptr (PeerupPeerId) peer = peerup_peer_id_new_from_string (text, NULL);
  g_autoptr (GError) local_error = NULL;
  PeerupRelayEntry *entry = NULL;
  guint64 number;

  for (guint i = 0; i < entries->len && entry == NULL; i++)
    if (g_strcmp0 (((PeerupRelayEntry *) entries->pdata[i])->name, text) == 0)
      entry = entries->pdata[i];
  if (entry == NULL && peer != NULL)
    entry = peerup_relay_entries_lookup (entries, peer);
  if (entry == NULL && entries->len > 0 && g_ascii_string_to_unsigned (text, 10, 1, entries->len, &number, NULL))
    entry = entries->pdata[number - 1];
  if (entry == NULL)
    entry = find_place (entries, text, &local_error);
  if (entry == NULL)
    g_propagate_error (error, local_error != NULL ? g_steal_pointer (&local_error) : not_found (entries, text));
  return entry;
}
