/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* Offers there and back, within their limits and beyond. */

#include "pairing/peerup-pairing-offer.h"
#include "wire/peerup-message.h"
#include "wire/proto/pairing.pb-c.h"

#define RELAY "/dns4/relay.example/tcp/4001/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"

static PeerupPairingOffer *
make_offer (void)
{
  PeerupPairingOffer *offer = peerup_pairing_offer_new ("Ada's laptop");

  offer->guest = TRUE;
  g_strfreev (offer->services);
  offer->services = g_strdupv ((char *[]) { (char *) "ssh", (char *) "web-1", NULL });
  offer->until = 1800000000;
  g_ptr_array_add (offer->relays, peerup_multiaddr_newf (RELAY));
  return offer;
}

static void
assert_same (const PeerupPairingOffer *one, const PeerupPairingOffer *other)
{
  g_assert_cmpstr (one->name, ==, other->name);
  g_assert_true (one->guest == other->guest);
  g_assert_true (g_strv_equal ((const char *const *) one->services, (const char *const *) other->services));
  g_assert_cmpint (one->until, ==, other->until);
  g_assert_cmpuint (one->relays->len, ==, other->relays->len);
  for (guint i = 0; i < one->relays->len; i++)
    g_assert_true (peerup_multiaddr_equal (one->relays->pdata[i], other->relays->pdata[i]));
}

static void
test_there_and_back (void)
{
  g_autoptr (PeerupPairingOffer) offer = make_offer (), copy = peerup_pairing_offer_copy (offer), back = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes = peerup_pairing_offer_encode (copy, &error);

  g_assert_no_error (error);
  back = peerup_pairing_offer_decode (bytes, &error);
  g_assert_no_error (error);
  assert_same (offer, back);
}

static void
test_least (void)
{
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_new (""), back = NULL, empty = NULL;
  g_autoptr (GBytes) bytes = peerup_pairing_offer_encode (offer, NULL), nothing = g_bytes_new (NULL, 0);

  back = peerup_pairing_offer_decode (bytes, NULL);
  assert_same (offer, back);
  g_assert_cmpint (back->until, ==, G_MAXINT64);
  empty = peerup_pairing_offer_decode (nothing, NULL);
  assert_same (offer, empty);
}

static PeerupPairingOffer *
decode_copy (const guint8 *data, gsize length, GError **error)
{
  g_autofree guint8 *copy = g_malloc (MAX (length, 1));
  g_autoptr (GBytes) bytes = NULL;

  memcpy (copy, data, length);
  bytes = g_bytes_new_static (copy, length);
  return peerup_pairing_offer_decode (bytes, error);
}

static void
test_truncated (void)
{
  g_autoptr (PeerupPairingOffer) offer = make_offer ();
  g_autoptr (GBytes) bytes = peerup_pairing_offer_encode (offer, NULL);
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  guint n_good = 0;

  for (gsize i = 0; i < length; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupPairingOffer) cut = decode_copy (data, i, &error);

      g_assert_true ((cut == NULL) == (error != NULL));
      if (cut == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      n_good += cut != NULL;
    }
  /* Those that end between two fields. */
  g_assert_cmpuint (n_good, ==, 6);
}

/* What a peer that keeps to no limits would send. */
static PeerupPairingOffer *
decode (guint n_services, const char *service, gsize service_length, guint n_relays, const char *relay, gint64 until,
        GError **error)
{
  Peerup__PairingOffer message = PEERUP__PAIRING_OFFER__INIT;
  g_autofree ProtobufCBinaryData *services = g_new0 (ProtobufCBinaryData, n_services);
  g_autofree ProtobufCBinaryData *relays = g_new0 (ProtobufCBinaryData, n_relays);
  g_autoptr (PeerupMultiaddr) address = peerup_multiaddr_newf ("%s", relay);
  g_autoptr (GBytes) bytes = NULL;

  for (guint i = 0; i < n_services; i++)
    services[i] = (ProtobufCBinaryData) { .data = (guint8 *) service, .len = service_length };
  for (guint i = 0; i < n_relays; i++)
    relays[i].data = (guint8 *) peerup_multiaddr_get_bytes (address, &relays[i].len);
  message.n_services = n_services;
  message.services = services;
  message.n_relays = n_relays;
  message.relays = relays;
  message.has_until = TRUE;
  message.until = until;
  bytes = peerup_message_pack (&message.base);
  return peerup_pairing_offer_decode (bytes, error);
}

static void
assert_malformed (guint n_services, const char *service, gsize service_length, guint n_relays, gint64 until)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingOffer) offer =
    decode (n_services, service, service_length, n_relays, "/ip4/192.0.2.1/tcp/1", until, &error);

  g_assert_null (offer);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

static void
test_bad_services (void)
{
  const char *const names[] = { "",    "-a",  "a-",  "A",   "a_b",      "a.b", "a/b",   "..",
                                "a b", "a\n", "a,b", "a=b", "\xc3\xb6", "#a",  "a\xff", "../x" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_malformed (1, names[i], strlen (names[i]), 0, 1);
  assert_malformed (1, "a\0b", 3, 0, 1);
  assert_malformed (1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 64, 0, 1);
}

static void
test_too_many (void)
{
  g_autoptr (PeerupPairingOffer) most =
    decode (PEERUP_PAIRING_SERVICES_MAX, "a", 1, PEERUP_PAIRING_ADDRESSES_MAX, RELAY, 1, NULL);

  g_assert_nonnull (most);
  g_assert_cmpuint (g_strv_length (most->services), ==, PEERUP_PAIRING_SERVICES_MAX);
  g_assert_cmpuint (most->relays->len, ==, PEERUP_PAIRING_ADDRESSES_MAX);
  assert_malformed (PEERUP_PAIRING_SERVICES_MAX + 1, "a", 1, 0, 1);
  assert_malformed (0, NULL, 0, PEERUP_PAIRING_ADDRESSES_MAX + 1, 1);
  assert_malformed (2000, "a", 1, 0, 1);
  assert_malformed (0, NULL, 0, 0, -1);
}

/* Nowhere that a relay is, or none: not kept, and no reason to refuse. */
static void
test_bad_relays (void)
{
  g_autoptr (PeerupPairingOffer) offer = decode (0, NULL, 0, 2, "/ip4/192.0.2.1/tcp/1", 1, NULL);

  g_assert_nonnull (offer);
  g_assert_cmpuint (offer->relays->len, ==, 0);
}

static void
test_own_too_large (void)
{
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_new ("a");
  g_autoptr (GError) error = NULL;
  GBytes *bytes;

  g_strfreev (offer->services);
  offer->services = g_new0 (char *, PEERUP_PAIRING_SERVICES_MAX + 1);
  for (guint i = 0; i < PEERUP_PAIRING_SERVICES_MAX; i++)
    offer->services[i] = g_strdup_printf ("%063u", i);
  bytes = peerup_pairing_offer_encode (offer, &error);
  g_assert_null (bytes);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_ptr_array_set_size (offer->relays, 0);
  g_clear_pointer (&offer->services[1], g_free);
  for (guint i = 2; i < PEERUP_PAIRING_SERVICES_MAX; i++)
    g_free (offer->services[i]);
  for (guint i = 0; i <= PEERUP_PAIRING_ADDRESSES_MAX; i++)
    g_ptr_array_add (offer->relays, peerup_multiaddr_newf (RELAY));
  bytes = peerup_pairing_offer_encode (offer, &error);
  g_assert_null (bytes);
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
}

static void
test_too_long (void)
{
  g_autofree guint8 *bytes = g_malloc0 (PEERUP_PAIRING_OFFER_MAX + 1);
  g_autoptr (GError) error = NULL;

  g_assert_null (decode_copy (bytes, PEERUP_PAIRING_OFFER_MAX + 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pairing/offer/there-and-back", test_there_and_back);
  g_test_add_func ("/pairing/offer/least", test_least);
  g_test_add_func ("/pairing/offer/truncated", test_truncated);
  g_test_add_func ("/pairing/offer/bad-services", test_bad_services);
  g_test_add_func ("/pairing/offer/too-many", test_too_many);
  g_test_add_func ("/pairing/offer/bad-relays", test_bad_relays);
  g_test_add_func ("/pairing/offer/own-too-large", test_own_too_large);
  g_test_add_func ("/pairing/offer/too-long", test_too_long);
  return g_test_run ();
}
