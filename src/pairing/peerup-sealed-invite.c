/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What two sides leave for each other with a relay that neither trusts, as values: a random nonce, then the offer under
 * XChaCha20-Poly1305. The key is made of the secret and of everything that the seal is bound to, so that a copy put in
 * another place does not open. */

#include "pairing/peerup-sealed-invite.h"

#include <glib/gi18n-lib.h>

#include "pairing/peerup-pairing-crypto.h"
#include "pairing/peerup-pairing-machine.h"

#define NONCE_LENGTH crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_LENGTH   crypto_aead_xchacha20poly1305_ietf_ABYTES

G_STATIC_ASSERT (PEERUP_PAIRING_OFFER_MAX + NONCE_LENGTH + TAG_LENGTH <= PEERUP_SEALED_MAX);
G_STATIC_ASSERT (PEERUP_PAIRING_TRANSCRIPT_LENGTH == PEERUP_PAIRING_HASH_LENGTH);

/* What a sealed thing is part of. @joiner: NULL for an invite, which anybody with the secret may answer. */
typedef struct
{
  GBytes *secret;
  guint number;
  PeerupPeerId *inviter, *joiner;
  const char *network;
} Place;

static void
add_peer (PeerupPairingHash *hash, PeerupPeerId *peer)
{
  gsize length = 0;
  const guint8 *bytes = peer != NULL ? peerup_peer_id_get_bytes (peer, &length) : (const guint8 *) "";

  peerup_pairing_hash_add (hash, bytes, length);
}

/* PEERUP_PAIRING_HASH_LENGTH bytes that go with this place, @label and @sealed (nullable) alone. */
static void
derive (const Place *place, const char *label, GBytes *sealed, guint8 *out)
{
  PeerupPairingHash hash;
  guint8 number[] = { (guint8) (place->number >> 8), (guint8) place->number };

  peerup_pairing_crypto_init ();
  peerup_pairing_hash_init (&hash, g_bytes_get_data (place->secret, NULL), PEERUP_SEALED_SECRET_LENGTH,
                            PEERUP_PAIRING_HASH_LENGTH, label);
  peerup_pairing_hash_add_text (&hash, place->network != NULL ? place->network : "");
  add_peer (&hash, place->inviter);
  add_peer (&hash, place->joiner);
  peerup_pairing_hash_add (&hash, number, sizeof number);
  if (sealed != NULL)
    peerup_pairing_hash_add (&hash, g_bytes_get_data (sealed, NULL), g_bytes_get_size (sealed));
  peerup_pairing_hash_finish (&hash, out);
}

static const char *
get_label (const Place *place)
{
  return place->joiner == NULL ? "peerup sealed invite 1" : "peerup sealed answer 1";
}

static GBytes *
seal (const Place *place, const PeerupPairingOffer *offer, GError **error)
{
  g_autoptr (GBytes) text = peerup_pairing_offer_encode (offer, error);
  guint8 key[PEERUP_PAIRING_HASH_LENGTH];
  guint8 *sealed;
  gsize length;

  if (text == NULL)
    return NULL;
  length = g_bytes_get_size (text);
  sealed = g_malloc (NONCE_LENGTH + length + TAG_LENGTH);
  derive (place, get_label (place), NULL, key);
  randombytes_buf (sealed, NONCE_LENGTH);
  crypto_aead_xchacha20poly1305_ietf_encrypt (sealed + NONCE_LENGTH, NULL, g_bytes_get_data (text, NULL), length, NULL,
                                              0, NULL, sealed, key);
  sodium_memzero (key, sizeof key);
  return g_bytes_new_take (sealed, NONCE_LENGTH + length + TAG_LENGTH);
}

static gboolean
decrypt (const Place *place, const guint8 *sealed, gsize length, guint8 *text)
{
  guint8 key[PEERUP_PAIRING_HASH_LENGTH];
  int result;

  derive (place, get_label (place), NULL, key);
  result = crypto_aead_xchacha20poly1305_ietf_decrypt (text, NULL, NULL, sealed + NONCE_LENGTH, length - NONCE_LENGTH,
                                                       NULL, 0, sealed, key);
  sodium_memzero (key, sizeof key);
  return result == 0;
}

static PeerupPairingOffer *
open_sealed (const Place *place, GBytes *sealed, GError **error)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (sealed, &length);
  g_autofree guint8 *text = NULL;
  g_autoptr (GBytes) offer = NULL;

  if (length > PEERUP_SEALED_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
                   _ ("A sealed invite of %zu bytes is above the limit of %d"), length, PEERUP_SEALED_MAX);
      return NULL;
    }
  if (length < NONCE_LENGTH + TAG_LENGTH)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("A sealed invite of %zu bytes is cut short"),
                   length);
      return NULL;
    }
  length -= NONCE_LENGTH + TAG_LENGTH;
  text = g_malloc (MAX (length, 1));
  if (!decrypt (place, data, length + NONCE_LENGTH + TAG_LENGTH, text))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CRYPTO,
                           _ ("A sealed invite does not open with this code, or was changed on the way"));
      return NULL;
    }
  offer = g_bytes_new_take (g_steal_pointer (&text), length);
  return peerup_pairing_offer_decode (offer, error);
}

static gboolean
check_place (const Place *place)
{
  return place->secret != NULL && g_bytes_get_size (place->secret) == PEERUP_SEALED_SECRET_LENGTH &&
         place->inviter != NULL && place->number <= G_MAXUINT16;
}

GBytes *
peerup_sealed_invite_seal (GBytes *secret, guint number, PeerupPeerId *inviter, const char *network,
                           const PeerupPairingOffer *offer, GError **error)
{
  Place place = { secret, number, inviter, NULL, network };

  g_return_val_if_fail (check_place (&place) && offer != NULL, NULL);

  return seal (&place, offer, error);
}

PeerupPairingOffer *
peerup_sealed_invite_open (GBytes *sealed, GBytes *secret, guint number, PeerupPeerId *inviter, const char *network,
                           GError **error)
{
  Place place = { secret, number, inviter, NULL, network };

  g_return_val_if_fail (check_place (&place) && sealed != NULL, NULL);

  return open_sealed (&place, sealed, error);
}

GBytes *
peerup_sealed_answer_seal (GBytes *secret, guint number, PeerupPeerId *inviter, PeerupPeerId *joiner,
                           const char *network, const PeerupPairingOffer *offer, guint8 *transcript, GError **error)
{
  Place place = { secret, number, inviter, joiner, network };
  g_autoptr (GBytes) sealed = NULL;

  g_return_val_if_fail (check_place (&place) && joiner != NULL && offer != NULL, NULL);

  sealed = seal (&place, offer, error);
  if (sealed != NULL)
    derive (&place, "peerup sealed transcript 1", sealed, transcript);
  return g_steal_pointer (&sealed);
}

PeerupPairingOffer *
peerup_sealed_answer_open (GBytes *sealed, GBytes *secret, guint number, PeerupPeerId *inviter, PeerupPeerId *joiner,
                           const char *network, guint8 *transcript, GError **error)
{
  Place place = { secret, number, inviter, joiner, network };
  g_autoptr (PeerupPairingOffer) offer = NULL;

  g_return_val_if_fail (check_place (&place) && joiner != NULL && sealed != NULL, NULL);

  offer = open_sealed (&place, sealed, error);
  if (offer != NULL)
    derive (&place, "peerup sealed transcript 1", sealed, transcript);
  return g_steal_pointer (&offer);
}

void
peerup_sealed_invite_get_pass (GBytes *secret, PeerupPeerId *inviter, guint8 pass[PEERUP_PASS_LENGTH])
{
  PeerupPairingHash hash;

  g_return_if_fail (g_bytes_get_size (secret) == PEERUP_SEALED_SECRET_LENGTH);

  peerup_pairing_crypto_init ();
  peerup_pairing_hash_init (&hash, g_bytes_get_data (secret, NULL), PEERUP_SEALED_SECRET_LENGTH, PEERUP_PASS_LENGTH,
                            "peerup pass 1");
  add_peer (&hash, inviter);
  peerup_pairing_hash_finish (&hash, pass);
}
