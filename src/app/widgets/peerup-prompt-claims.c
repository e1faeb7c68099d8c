/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Claims of dialogs on questions about a device. They live as long as their owners. */
#include "app/widgets/peerup-prompt-claims.h"

typedef struct
{
  GObject *owner; /* weak */
  char *peer_id;
} Claim;

typedef struct
{
  GObject *object; /* weak */
  void (*changed) (GObject *object);
} Watch;

static GPtrArray *claims;
static GPtrArray *watches;

static void
claim_free (gpointer data)
{
  Claim *claim = data;

  g_free (claim->peer_id);
  g_free (claim);
}

static void
tell (void)
{
  g_autoptr (GPtrArray) objects = g_ptr_array_new_with_free_func (g_object_unref);

  /* Who is told may come or go by it. */
  for (guint i = 0; watches != NULL && i < watches->len; i++)
    g_ptr_array_add (objects, g_object_ref (((const Watch *) watches->pdata[i])->object));
  for (guint i = 0; i < objects->len; i++)
    for (guint j = 0; j < watches->len; j++)
      {
        const Watch *watch = watches->pdata[j];

        if (watch->object == objects->pdata[i])
          {
            watch->changed (watch->object);
            break;
          }
      }
}

static gboolean
remove_claims (gconstpointer owner)
{
  gboolean any = FALSE;

  for (guint i = claims != NULL ? claims->len : 0; i > 0; i--)
    if (((const Claim *) claims->pdata[i - 1])->owner == owner)
      {
        g_ptr_array_remove_index (claims, i - 1);
        any = TRUE;
      }
  return any;
}

static void
on_owner_gone (gpointer data, GObject *owner)
{
  if (remove_claims (owner))
    tell ();
}

static gboolean
has_claim (gconstpointer owner)
{
  for (guint i = 0; claims != NULL && i < claims->len; i++)
    if (((const Claim *) claims->pdata[i])->owner == owner)
      return TRUE;
  return FALSE;
}

void
peerup_prompt_claim (GObject *owner, const char *peer_id)
{
  Claim *claim;

  g_return_if_fail (G_IS_OBJECT (owner) && peer_id != NULL);
  if (claims == NULL)
    claims = g_ptr_array_new_with_free_func (claim_free);
  if (!has_claim (owner))
    g_object_weak_ref (owner, on_owner_gone, NULL);
  claim = g_new (Claim, 1);
  claim->owner = owner;
  claim->peer_id = g_strdup (peer_id);
  g_ptr_array_add (claims, claim);
  tell ();
}

void
peerup_prompt_release (GObject *owner)
{
  g_return_if_fail (G_IS_OBJECT (owner));
  if (!remove_claims (owner))
    return;
  g_object_weak_unref (owner, on_owner_gone, NULL);
  tell ();
}

gboolean
peerup_prompt_is_claimed (const char *peer_id)
{
  for (guint i = 0; claims != NULL && i < claims->len; i++)
    if (g_strcmp0 (((const Claim *) claims->pdata[i])->peer_id, peer_id) == 0)
      return TRUE;
  return FALSE;
}

static void
on_watcher_gone (gpointer data, GObject *object)
{
  g_ptr_array_remove (watches, data);
}

void
peerup_prompt_claims_watch (GObject *object, void (*changed) (GObject *object))
{
  Watch *watch = g_new (Watch, 1);

  g_return_if_fail (G_IS_OBJECT (object) && changed != NULL);
  if (watches == NULL)
    watches = g_ptr_array_new_with_free_func (g_free);
  watch->object = object;
  watch->changed = changed;
  g_ptr_array_add (watches, watch);
  g_object_weak_ref (object, on_watcher_gone, watch);
}
