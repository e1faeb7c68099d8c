/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* From what a peer sent to what is known of it. The rules about signed records are
 * here: only the remote's own is ever looked at, so a peer cannot plant addresses for
 * another one, nor an old record of its own over a newer one. */

#include "protocols/peerup-peer-info.h"

#include "identity/peerup-envelope-crypto.h"

G_DEFINE_BOXED_TYPE (PeerupPeerInfo, peerup_peer_info, peerup_peer_info_ref, peerup_peer_info_unref)

PeerupPeerInfo *
peerup_peer_info_ref (PeerupPeerInfo *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
peer_info_clear (gpointer data)
{
  PeerupPeerInfo *self = data;

  peerup_peer_id_unref (self->peer);
  g_clear_pointer (&self->agent, g_free);
  g_clear_pointer (&self->protocol_version, g_free);
  g_clear_pointer (&self->protocols, g_strfreev);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->observed_address, peerup_multiaddr_unref);
}

void
peerup_peer_info_unref (PeerupPeerInfo *self)
{
  g_atomic_rc_box_release_full (self, peer_info_clear);
}

gboolean
peerup_peer_info_has_protocol (const PeerupPeerInfo *self, const char *protocol)
{
  return g_strv_contains ((const char *const *) self->protocols, protocol);
}

static GStrv
dup_strings (GPtrArray *strings)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; strings != NULL && i < strings->len; i++)
    g_strv_builder_add (builder, g_ptr_array_index (strings, i));
  return g_strv_builder_end (builder);
}

static PeerupPeerInfo *
peer_info_new (PeerupPeerId *peer, PeerupPeerInfo *previous)
{
  PeerupPeerInfo *self = g_atomic_rc_box_new0 (PeerupPeerInfo);

  self->peer = peerup_peer_id_ref (peer);
  if (previous == NULL)
    {
      self->protocols = g_new0 (char *, 1);
      self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
      return self;
    }
  self->agent = g_strdup (previous->agent);
  self->protocol_version = g_strdup (previous->protocol_version);
  self->protocols = g_strdupv (previous->protocols);
  self->addresses = g_ptr_array_ref (previous->addresses);
  self->addresses_signed = previous->addresses_signed;
  self->seq = previous->seq;
  if (previous->observed_address != NULL)
    self->observed_address = peerup_multiaddr_ref (previous->observed_address);
  return self;
}

static void
take_addresses (PeerupPeerInfo *self, GPtrArray *addresses, gboolean are_signed)
{
  g_ptr_array_unref (self->addresses);
  self->addresses = g_ptr_array_ref (addresses);
  self->addresses_signed = are_signed;
}

/* FALSE: not the peer's own, or older than what is known; nothing was taken of it. */
static gboolean
take_record (PeerupPeerInfo *self, GBytes *envelope)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPeerRecord) record = NULL;
  gsize length;
  gconstpointer data = g_bytes_get_data (envelope, &length);

  record = peerup_peer_record_open (data, length, self->peer, &error);
  if (record == NULL)
    g_debug ("Dropped a signed record from %s: %s", peerup_peer_id_get_string (self->peer), error->message);
  else if (record->seq < self->seq)
    g_debug ("Dropped a signed record from %s: its number went backwards", peerup_peer_id_get_string (self->peer));
  else
    {
      self->seq = record->seq;
      take_addresses (self, record->addresses, TRUE);
      return TRUE;
    }
  return FALSE;
}

static gboolean
check_key (PeerupPeerId *peer, const PeerupIdentifyMessage *message, GError **error)
{
  if (message->public_key == NULL || peerup_peer_id_matches_public_key (peer, message->public_key))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_WRONG_PEER, "%s identified itself with the key of another peer",
               peerup_peer_id_get_string (peer));
  return FALSE;
}

PeerupPeerInfo *
peerup_peer_info_new_merged (PeerupPeerId *peer, PeerupPeerInfo *previous, const PeerupIdentifyMessage *message,
                             GError **error)
{
  PeerupPeerInfo *self;

  g_return_val_if_fail (peer != NULL, NULL);
  g_return_val_if_fail (message != NULL, NULL);

  if (!check_key (peer, message, error))
    return NULL;
  self = peer_info_new (peer, previous);
  if (message->agent != NULL)
    g_set_str (&self->agent, message->agent);
  if (message->protocol_version != NULL)
    g_set_str (&self->protocol_version, message->protocol_version);
  if (message->protocols != NULL)
    {
      g_strfreev (self->protocols);
      self->protocols = dup_strings (message->protocols);
    }
  if (message->observed_address != NULL)
    {
      g_clear_pointer (&self->observed_address, peerup_multiaddr_unref);
      self->observed_address = peerup_multiaddr_ref (message->observed_address);
    }
  /* Signed addresses are preferred to those beside them. */
  if ((message->signed_record == NULL || !take_record (self, message->signed_record)) && message->addresses != NULL &&
      !self->addresses_signed)
    take_addresses (self, message->addresses, FALSE);
  return self;
}
