/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#include "app/device/peerup-offer.h"

static const char *const no_ports[] = { NULL };

typedef struct
{
  guint n;
  guint position;
  guint removed;
  guint added;
} Changes;

static void
on_changed (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  Changes *changes = data;

  *changes = (Changes) { changes->n + 1, position, removed, added };
}

static PeerupOffer *
get_offer (GListStore *store, guint position)
{
  PeerupOffer *offer = g_list_model_get_item (G_LIST_MODEL (store), position);

  g_object_unref (offer);
  return offer;
}

static void
update (GListStore *store, const char *services, const char *const *ports)
{
  g_autoptr (GVariant) value = services != NULL ? g_variant_ref_sink (g_variant_new_parsed (services)) : NULL;

  peerup_offer_update_store (store, value, ports);
}

static void
test_update (void)
{
  g_autoptr (GListStore) store = g_list_store_new (PEERUP_TYPE_OFFER);
  Changes changes = { 0 };
  const PeerupOffer *kept;

  g_signal_connect (store, "items-changed", G_CALLBACK (on_changed), &changes);
  update (store, "[{'name': <'a'>}, {'name': <'c'>, 'kind': <'ssh'>, 'tags': <['x', 'y']>}]", no_ports);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 2);
  g_assert_cmpstr (peerup_offer_get_name (get_offer (store, 1)), ==, "c");
  g_assert_cmpstr (peerup_offer_get_kind (get_offer (store, 1)), ==, "ssh");
  g_assert_cmpstr (peerup_offer_get_tags (get_offer (store, 1)), ==, "x, y");
  g_assert_cmpstr (peerup_offer_get_tags (get_offer (store, 0)), ==, "");
  g_assert_true (peerup_offer_is_offered (get_offer (store, 0)));
  kept = get_offer (store, 1);

  /* One comes between them, and the others stay what they are. */
  update (store, "[{'name': <'a'>}, {'name': <'b'>}, {'name': <'c'>, 'kind': <'ssh'>, 'tags': <['x', 'y']>}]",
          no_ports);
  g_assert_cmpuint (changes.position, ==, 1);
  g_assert_cmpuint (changes.removed, ==, 0);
  g_assert_cmpuint (changes.added, ==, 1);
  g_assert_true (get_offer (store, 2) == kept);

  /* The same again is no change. */
  changes.n = 0;
  update (store, "[{'name': <'a'>}, {'name': <'b'>}, {'name': <'c'>, 'kind': <'ssh'>, 'tags': <['x', 'y']>}]",
          no_ports);
  g_assert_cmpuint (changes.n, ==, 0);

  update (store, NULL, no_ports);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 0);
}

/* What is in use stays in the list when the other device is away or offers it no longer. */
static void
test_ports (void)
{
  static const char *const ports[] = { "a", "z", NULL };
  g_autoptr (GListStore) store = g_list_store_new (PEERUP_TYPE_OFFER);

  update (store, "[{'name': <'a'>}]", ports);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 2);
  g_assert_true (peerup_offer_is_offered (get_offer (store, 0)));
  g_assert_cmpstr (peerup_offer_get_name (get_offer (store, 1)), ==, "z");
  g_assert_false (peerup_offer_is_offered (get_offer (store, 1)));
}

/* A dictionary of a peer may lack anything, and have it of any type. */
static void
test_odd (void)
{
  g_autoptr (GListStore) store = g_list_store_new (PEERUP_TYPE_OFFER);
  g_autoptr (GVariantBuilder) many = g_variant_builder_new (G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) value = NULL;

  update (store,
          "[{'kind': <'ssh'>}, {'name': <''>}, {'name': <uint32 7>}, {'name': <'a'>, 'tags': <'x'>, 'kind': <true>}]",
          no_ports);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 1);
  g_assert_cmpstr (peerup_offer_get_name (get_offer (store, 0)), ==, "a");
  for (guint i = 0; i < 5000; i++)
    g_variant_builder_add_parsed (many, "{'name': <%s>}", "s");
  value = g_variant_ref_sink (g_variant_builder_end (many));
  peerup_offer_update_store (store, value, no_ports);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (store)), ==, 1000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/app/device/offer/update", test_update);
  g_test_add_func ("/app/device/offer/ports", test_ports);
  g_test_add_func ("/app/device/offer/odd", test_odd);
  return g_test_run ();
}
