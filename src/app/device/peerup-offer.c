/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What a device offers, as items of a list. They do not change: another offer is another item. */
#include "app/device/peerup-offer.h"

/* No device shows more of them. */
#define MAX_OFFERS 1000

struct _PeerupOffer
{
  GObject parent_instance;

  char *name;
  char *kind;
  char *tags;
  gboolean offered;
};

G_DEFINE_FINAL_TYPE (PeerupOffer, peerup_offer, G_TYPE_OBJECT)

static void
peerup_offer_finalize (GObject *object)
{
  PeerupOffer *self = PEERUP_OFFER (object);

  g_free (self->name);
  g_free (self->kind);
  g_free (self->tags);
  G_OBJECT_CLASS (peerup_offer_parent_class)->finalize (object);
}

static void
peerup_offer_class_init (PeerupOfferClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_offer_finalize;
}

static void
peerup_offer_init (PeerupOffer *self)
{
}

const char *
peerup_offer_get_name (PeerupOffer *self)
{
  return self->name;
}

const char *
peerup_offer_get_kind (PeerupOffer *self)
{
  return self->kind;
}

const char *
peerup_offer_get_tags (PeerupOffer *self)
{
  return self->tags;
}

gboolean
peerup_offer_is_offered (PeerupOffer *self)
{
  return self->offered;
}

/* @tags: (transfer full) */
static PeerupOffer *
offer_new (const char *name, const char *kind, char *tags, gboolean offered)
{
  PeerupOffer *self = g_object_new (PEERUP_TYPE_OFFER, NULL);

  self->name = g_strdup (name);
  self->kind = g_strdup (kind);
  self->tags = tags;
  self->offered = offered;
  return self;
}

static gboolean
offer_equal (const PeerupOffer *a, const PeerupOffer *b)
{
  return g_str_equal (a->name, b->name) && g_str_equal (a->kind, b->kind) && g_str_equal (a->tags, b->tags) &&
         a->offered == b->offered;
}

static gboolean
has_name (GPtrArray *offers, const char *name)
{
  for (guint i = 0; i < offers->len; i++)
    if (g_str_equal (((const PeerupOffer *) offers->pdata[i])->name, name))
      return TRUE;
  return FALSE;
}

static GPtrArray *
list_offers (GVariant *services, const char *const *ports)
{
  GPtrArray *offers = g_ptr_array_new_with_free_func (g_object_unref);

  for (gsize i = 0; services != NULL && i < MIN (g_variant_n_children (services), MAX_OFFERS); i++)
    {
      g_autoptr (GVariant) service = g_variant_get_child_value (services, i);
      g_autofree const char **tags = NULL;
      const char *name = "", *kind = "";

      g_variant_lookup (service, "name", "&s", &name);
      g_variant_lookup (service, "kind", "&s", &kind);
      g_variant_lookup (service, "tags", "^a&s", &tags);
      if (*name != '\0')
        g_ptr_array_add (offers, offer_new (name, kind,
                                            tags != NULL ? g_strjoinv (", ", (char **) tags) : g_strdup (""), TRUE));
    }
  for (guint i = 0; ports[i] != NULL; i++)
    if (!has_name (offers, ports[i]))
      g_ptr_array_add (offers, offer_new (ports[i], "", g_strdup (""), FALSE));
  return offers;
}

static gboolean
is_at (GListStore *store, guint position, const PeerupOffer *offer)
{
  g_autoptr (PeerupOffer) item = g_list_model_get_item (G_LIST_MODEL (store), position);

  return offer_equal (item, offer);
}

void
peerup_offer_update_store (GListStore *store, GVariant *services, const char *const *ports)
{
  g_autoptr (GPtrArray) offers = list_offers (services, ports);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (store));
  guint head = 0, tail = 0;

  while (head < n && head < offers->len && is_at (store, head, offers->pdata[head]))
    head++;
  while (tail < n - head && tail < offers->len - head &&
         is_at (store, n - 1 - tail, offers->pdata[offers->len - 1 - tail]))
    tail++;
  if (n - head - tail > 0 || offers->len - head - tail > 0)
    g_list_store_splice (store, head, n - head - tail, offers->len > 0 ? offers->pdata + head : NULL,
                         offers->len - head - tail);
}
