/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Counts bytes while streams are open. The engine tells when streams come and go, but not of bytes, so they are asked
 * for, by a timer that runs no longer than there are streams. */
#include "app/background/peerup-transfers.h"

/* Seconds between looks; looks without movement until it has ended; bytes in a look that are more than keeping a
 * connection alive. */
#define INTERVAL 5
#define QUIET    3
#define TRICKLE  (64 * 1024)

struct _PeerupTransfers
{
  GObject parent_instance;

  PeerupSession *session;
  GCancellable *cancellable;
  PeerupTransfersState state;
  guint64 bytes;   /* counted so far in the look that is under way */
  guint questions; /* of that look, that are open */
  guint timeout;   /* while anything is open */
};

enum
{
  PROP_MOVING = 1,
};

static GParamSpec *props[PROP_MOVING + 1];

G_DEFINE_FINAL_TYPE (PeerupTransfers, peerup_transfers, G_TYPE_OBJECT)

gboolean
peerup_transfers_look (PeerupTransfersState *state, guint64 bytes)
{
  /* Services and forwards that have gone take their bytes along. */
  gboolean moved = state->begun && bytes > state->last && bytes - state->last > TRICKLE;

  state->begun = TRUE;
  state->last = bytes;
  state->quiet = moved ? 0 : MIN (state->quiet + 1, QUIET);
  state->moving = moved || (state->moving && state->quiet < QUIET);
  return state->moving;
}

static void
set_state (PeerupTransfers *self, const PeerupTransfersState *state)
{
  gboolean notify = state->moving != self->state.moving;

  self->state = *state;
  if (notify)
    g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MOVING]);
}

static guint64
sum_bytes (GVariant *things)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < g_variant_n_children (things); i++)
    {
      g_autoptr (GVariant) thing = g_variant_get_child_value (things, i);
      guint64 n;

      if (g_variant_lookup (thing, "bytes_in", "t", &n))
        bytes += n;
      if (g_variant_lookup (thing, "bytes_out", "t", &n))
        bytes += n;
    }
  return bytes;
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (PeerupTransfers) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = peerup_session_call_finish (PEERUP_SESSION (source), result, &error);
  PeerupTransfersState state = self->state;

  self->questions--;
  if (answer != NULL && g_variant_is_of_type (answer, G_VARIANT_TYPE ("(aa{sv})")))
    {
      g_autoptr (GVariant) things = g_variant_get_child_value (answer, 0);

      self->bytes += sum_bytes (things);
    }
  /* What has ended meanwhile is not begun again by a late answer. */
  if (self->questions > 0 || self->timeout == 0)
    return;
  peerup_transfers_look (&state, self->bytes);
  set_state (self, &state);
}

static gboolean
look (gpointer data)
{
  PeerupTransfers *self = data;
  static const char *const operations[] = { "ListForwards", "ListServices" };

  /* An engine that is late is not asked twice. */
  if (self->questions > 0)
    return G_SOURCE_CONTINUE;
  self->bytes = 0;
  self->questions = G_N_ELEMENTS (operations);
  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    peerup_session_call_async (self->session, operations[i], NULL, self->cancellable, on_listed, g_object_ref (self));
  return G_SOURCE_CONTINUE;
}

static gboolean
has_active (gpointer list)
{
  for (guint i = 0; i < g_list_model_get_n_items (list); i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);
      guint active;

      g_object_get (item, "active", &active, NULL);
      if (active > 0)
        return TRUE;
    }
  return FALSE;
}

static void
on_active (PeerupTransfers *self)
{
  const PeerupTransfersState nothing = { 0 };
  gboolean any;

  if (self->session == NULL)
    return;
  any = has_active (peerup_session_get_forwards (self->session)) ||
        has_active (peerup_session_get_services (self->session));
  if (any && self->timeout == 0)
    {
      self->timeout = g_timeout_add_seconds (INTERVAL, look, self);
      look (self);
    }
  else if (!any && self->timeout != 0)
    {
      g_clear_handle_id (&self->timeout, g_source_remove);
      set_state (self, &nothing);
    }
}

static void
on_items (PeerupTransfers *self, guint position, guint removed, guint added, GListModel *list)
{
  for (guint i = position; i < position + added; i++)
    {
      g_autoptr (GObject) item = g_list_model_get_item (list, i);

      g_signal_connect_object (item, "notify::active", G_CALLBACK (on_active), self, G_CONNECT_SWAPPED);
    }
  on_active (self);
}

gboolean
peerup_transfers_is_moving (PeerupTransfers *self)
{
  g_return_val_if_fail (PEERUP_IS_TRANSFERS (self), FALSE);
  return self->state.moving;
}

static void
peerup_transfers_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == PROP_MOVING)
    g_value_set_boolean (value, PEERUP_TRANSFERS (object)->state.moving);
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
peerup_transfers_dispose (GObject *object)
{
  PeerupTransfers *self = PEERUP_TRANSFERS (object);

  g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_object (&self->session);
  G_OBJECT_CLASS (peerup_transfers_parent_class)->dispose (object);
}

static void
peerup_transfers_finalize (GObject *object)
{
  g_object_unref (PEERUP_TRANSFERS (object)->cancellable);
  G_OBJECT_CLASS (peerup_transfers_parent_class)->finalize (object);
}

static void
peerup_transfers_class_init (PeerupTransfersClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = peerup_transfers_get_property;
  object_class->dispose = peerup_transfers_dispose;
  object_class->finalize = peerup_transfers_finalize;
  props[PROP_MOVING] = g_param_spec_boolean ("moving", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (object_class, PROP_MOVING, props[PROP_MOVING]);
}

static void
peerup_transfers_init (PeerupTransfers *self)
{
  self->cancellable = g_cancellable_new ();
}

PeerupTransfers *
peerup_transfers_new (PeerupSession *session)
{
  PeerupTransfers *self = g_object_new (PEERUP_TYPE_TRANSFERS, NULL);
  PeerupObjectList *lists[] = { peerup_session_get_forwards (session), peerup_session_get_services (session) };

  self->session = g_object_ref (session);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_signal_connect_object (lists[i], "items-changed", G_CALLBACK (on_items), self, G_CONNECT_SWAPPED);
      on_items (self, 0, 0, g_list_model_get_n_items (G_LIST_MODEL (lists[i])), G_LIST_MODEL (lists[i]));
    }
  return self;
}
