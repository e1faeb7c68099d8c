/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Evidence for being reachable, visit by visit. It opens nothing, asks nobody and knows no clock: it
 * is told what happened and works out what that proves. Lives as long as the swarm that it is told of. */

#include "nat/peerup-reachability.h"

#include <string.h>

#include "net/peerup-ip-global.h"

/* Components of an address that are compared; no transport has more. */
#define KINDS_MAX 8

typedef struct
{
  gconstpointer visit;     /* NULL: it is over */
  PeerupMultiaddr *local;  /* where it came in */
  PeerupMultiaddr *remote; /* from where */
  PeerupMultiaddr *proves; /* NULL: nothing, or not yet */
  gint64 left_at;
  gboolean asked_for; /* somebody dialed us back because we asked */
} Evidence;

struct _PeerupReachability
{
  GObject parent_instance;
  GPtrArray *evidence;  /* of Evidence, oldest first */
  GPtrArray *confirmed; /* of PeerupMultiaddr */
};

G_DEFINE_FINAL_TYPE (PeerupReachability, peerup_reachability, G_TYPE_OBJECT)

static guint changed_signal;

/* Addresses */

gboolean
peerup_reachability_is_global (PeerupMultiaddr *address)
{
  PeerupMultiaddrComponent host;

  peerup_multiaddr_get_component (address, 0, &host);
  return (host.code == PEERUP_MULTIADDR_IP4 || host.code == PEERUP_MULTIADDR_IP6) &&
         peerup_ip_is_global (host.value, host.length);
}

gboolean
peerup_reachability_is_same_host (PeerupMultiaddr *a, PeerupMultiaddr *b)
{
  PeerupMultiaddrComponent x, y;

  peerup_multiaddr_get_component (a, 0, &x);
  peerup_multiaddr_get_component (b, 0, &y);
  return x.code == y.code && x.length == y.length && memcmp (x.value, y.value, x.length) == 0;
}

gboolean
peerup_reachability_is_same_place (PeerupMultiaddr *a, PeerupMultiaddr *b)
{
  PeerupMultiaddrComponent x, y;

  if (!peerup_reachability_is_same_host (a, b) || peerup_multiaddr_get_n_components (a) < 2 ||
      peerup_multiaddr_get_n_components (b) < 2)
    return FALSE;
  peerup_multiaddr_get_component (a, 1, &x);
  peerup_multiaddr_get_component (b, 1, &y);
  return x.code == y.code && x.length == y.length && memcmp (x.value, y.value, x.length) == 0;
}

/* What an address is made of; the name that TLS asks for, which a socket does not show, is left out. 0: too much. */
static guint
list_kinds (PeerupMultiaddr *address, PeerupMultiaddrCode kinds[KINDS_MAX])
{
  guint n = 0;

  for (guint i = 0; i < peerup_multiaddr_get_n_components (address); i++)
    {
      PeerupMultiaddrComponent component;

      peerup_multiaddr_get_component (address, i, &component);
      if (component.code == PEERUP_MULTIADDR_SNI)
        continue;
      if (n + 2 > KINDS_MAX)
        return 0;
      if (component.code == PEERUP_MULTIADDR_WSS)
        {
          kinds[n++] = PEERUP_MULTIADDR_TLS;
          kinds[n++] = PEERUP_MULTIADDR_WS;
        }
      else
        kinds[n++] = component.code;
    }
  return n;
}

gboolean
peerup_reachability_is_same_kind (PeerupMultiaddr *a, PeerupMultiaddr *b)
{
  PeerupMultiaddrCode x[KINDS_MAX], y[KINDS_MAX];
  guint n = list_kinds (a, x);

  return n > 0 && list_kinds (b, y) == n && memcmp (x, y, n * sizeof x[0]) == 0;
}

/* Evidence */

static void
evidence_free (gpointer data)
{
  Evidence *self = data;

  peerup_multiaddr_unref (self->local);
  peerup_multiaddr_unref (self->remote);
  g_clear_pointer (&self->proves, peerup_multiaddr_unref);
  g_free (self);
}

/* (transfer full) */
static Evidence *
evidence_new (gconstpointer visit, PeerupMultiaddr *local, PeerupMultiaddr *remote)
{
  Evidence *self = g_new0 (Evidence, 1);

  self->visit = visit;
  self->local = peerup_multiaddr_ref (local);
  self->remote = peerup_multiaddr_ref (remote);
  if (peerup_reachability_is_global (local))
    self->proves = peerup_multiaddr_ref (local);
  return self;
}

static gboolean
is_over (const Evidence *evidence)
{
  return evidence->visit == NULL;
}

static Evidence *
reachability_find (PeerupReachability *self, gconstpointer visit)
{
  for (guint i = 0; i < self->evidence->len; i++)
    {
      Evidence *evidence = self->evidence->pdata[i];

      if (evidence->visit == visit)
        return evidence;
    }
  return NULL;
}

static gboolean
has_address (GPtrArray *addresses, PeerupMultiaddr *address)
{
  return g_ptr_array_find_with_equal_func (addresses, address, peerup_multiaddr_equal, NULL);
}

static GPtrArray *
reachability_confirm (PeerupReachability *self)
{
  GPtrArray *confirmed = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  for (guint i = 0; i < self->evidence->len && confirmed->len < PEERUP_REACHABILITY_ADDRESSES_MAX; i++)
    {
      const Evidence *evidence = self->evidence->pdata[i];

      if (evidence->proves != NULL && !has_address (confirmed, evidence->proves))
        g_ptr_array_add (confirmed, peerup_multiaddr_ref (evidence->proves));
    }
  return confirmed;
}

/* Who only moves from one place of the list to another has not changed. */
static gboolean
is_same_set (GPtrArray *a, GPtrArray *b)
{
  guint n = 0;

  while (n < a->len && has_address (b, a->pdata[n]))
    n++;
  return n == a->len && a->len == b->len;
}

/* Whatever has happened to the evidence. */
static void
reachability_update (PeerupReachability *self)
{
  GPtrArray *confirmed = reachability_confirm (self);
  gboolean same = is_same_set (self->confirmed, confirmed);

  g_ptr_array_unref (self->confirmed);
  self->confirmed = confirmed;
  if (!same)
    g_signal_emit (self, changed_signal, 0);
}

/* Makes room for one more; FALSE if every visit lasts. */
static gboolean
reachability_make_room (PeerupReachability *self)
{
  if (self->evidence->len < PEERUP_REACHABILITY_VISITS_MAX)
    return TRUE;
  for (guint i = 0; i < self->evidence->len; i++)
    if (is_over (self->evidence->pdata[i]))
      {
        g_ptr_array_remove_index (self->evidence, i);
        return TRUE;
      }
  return FALSE;
}

void
peerup_reachability_came (PeerupReachability *self, gconstpointer visit, PeerupMultiaddr *local,
                          PeerupMultiaddr *remote, gint64 now)
{
  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  g_return_if_fail (visit != NULL && reachability_find (self, visit) == NULL);
  peerup_reachability_advance (self, now);
  if (!peerup_reachability_is_global (remote) || peerup_reachability_is_same_host (remote, local) ||
      !reachability_make_room (self))
    return;
  g_ptr_array_add (self->evidence, evidence_new (visit, local, remote));
  reachability_update (self);
}

/* What a visitor says that he dialed, if it can be: (transfer full) (nullable). */
static PeerupMultiaddr *
evidence_believe (const Evidence *evidence, PeerupMultiaddr *address)
{
  g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (address);

  if (bare == NULL || !peerup_reachability_is_global (bare) ||
      !peerup_reachability_is_same_kind (bare, evidence->local) ||
      peerup_reachability_is_same_host (bare, evidence->remote))
    return NULL;
  return g_steal_pointer (&bare);
}

void
peerup_reachability_named (PeerupReachability *self, gconstpointer visit, PeerupMultiaddr *address, gint64 now)
{
  Evidence *evidence;

  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  g_return_if_fail (visit != NULL);
  peerup_reachability_advance (self, now);
  evidence = reachability_find (self, visit);
  if (evidence == NULL || peerup_reachability_is_global (evidence->local))
    return;
  g_clear_pointer (&evidence->proves, peerup_multiaddr_unref);
  evidence->proves = evidence_believe (evidence, address);
  reachability_update (self);
}

/* Of the visits to one address that are over the last is enough, and of the dial-backs. */
static void
reachability_forget_older (PeerupReachability *self, Evidence *last)
{
  for (guint i = self->evidence->len; i > 0; i--)
    {
      Evidence *other = self->evidence->pdata[i - 1];

      if (other != last && is_over (other) && other->asked_for == last->asked_for &&
          peerup_multiaddr_equal (other->proves, last->proves))
        g_ptr_array_remove_index (self->evidence, i - 1);
    }
}

void
peerup_reachability_left (PeerupReachability *self, gconstpointer visit, gint64 now)
{
  Evidence *evidence;

  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  g_return_if_fail (visit != NULL);
  evidence = reachability_find (self, visit);
  if (evidence == NULL)
    return;
  evidence->visit = NULL;
  evidence->left_at = now;
  if (evidence->proves == NULL)
    g_ptr_array_remove (self->evidence, evidence);
  else
    reachability_forget_older (self, evidence);
  peerup_reachability_advance (self, now);
}

/* Dial-backs */

void
peerup_reachability_dialed_back (PeerupReachability *self, PeerupMultiaddr *address, PeerupMultiaddr *local,
                                 PeerupMultiaddr *remote, gint64 now)
{
  Evidence *evidence;

  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  peerup_reachability_advance (self, now);
  if (!peerup_reachability_is_global (remote) || peerup_reachability_is_same_host (remote, local))
    return;
  evidence = evidence_new (NULL, local, remote);
  evidence->left_at = now;
  evidence->asked_for = TRUE;
  if (evidence->proves == NULL)
    evidence->proves = evidence_believe (evidence, address);
  if (evidence->proves == NULL || !reachability_make_room (self))
    {
      evidence_free (evidence);
      return;
    }
  g_ptr_array_add (self->evidence, evidence);
  reachability_forget_older (self, evidence);
  reachability_update (self);
}

void
peerup_reachability_not_dialed_back (PeerupReachability *self, PeerupMultiaddr *address, gint64 now)
{
  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  for (guint i = self->evidence->len; i > 0; i--)
    {
      const Evidence *evidence = self->evidence->pdata[i - 1];

      if (evidence->asked_for && peerup_multiaddr_equal (evidence->proves, address))
        g_ptr_array_remove_index (self->evidence, i - 1);
    }
  peerup_reachability_advance (self, now);
}

static gboolean
has_host (GPtrArray *addresses, PeerupMultiaddr *local)
{
  for (guint i = 0; i < addresses->len; i++)
    if (peerup_reachability_is_same_host (addresses->pdata[i], local))
      return TRUE;
  return FALSE;
}

void
peerup_reachability_set_local_addresses (PeerupReachability *self, GPtrArray *addresses, gint64 now)
{
  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  for (guint i = self->evidence->len; i > 0; i--)
    if (!has_host (addresses, ((Evidence *) self->evidence->pdata[i - 1])->local))
      g_ptr_array_remove_index (self->evidence, i - 1);
  peerup_reachability_advance (self, now);
}

void
peerup_reachability_advance (PeerupReachability *self, gint64 now)
{
  g_return_if_fail (PEERUP_IS_REACHABILITY (self));
  for (guint i = self->evidence->len; i > 0; i--)
    {
      const Evidence *evidence = self->evidence->pdata[i - 1];

      if (is_over (evidence) && now - evidence->left_at >= PEERUP_REACHABILITY_LIFETIME)
        g_ptr_array_remove_index (self->evidence, i - 1);
    }
  reachability_update (self);
}

gint64
peerup_reachability_get_deadline (PeerupReachability *self)
{
  gint64 deadline = G_MAXINT64;

  g_return_val_if_fail (PEERUP_IS_REACHABILITY (self), deadline);
  for (guint i = 0; i < self->evidence->len; i++)
    {
      const Evidence *evidence = self->evidence->pdata[i];

      if (is_over (evidence))
        deadline = MIN (deadline, evidence->left_at + PEERUP_REACHABILITY_LIFETIME);
    }
  return deadline;
}

gboolean
peerup_reachability_is_confirmed (PeerupReachability *self)
{
  g_return_val_if_fail (PEERUP_IS_REACHABILITY (self), FALSE);
  return self->confirmed->len > 0;
}

gboolean
peerup_reachability_is_visited (PeerupReachability *self)
{
  g_return_val_if_fail (PEERUP_IS_REACHABILITY (self), FALSE);
  for (guint i = 0; i < self->evidence->len; i++)
    {
      const Evidence *evidence = self->evidence->pdata[i];

      if (!evidence->asked_for && evidence->proves != NULL)
        return TRUE;
    }
  return FALSE;
}

GPtrArray *
peerup_reachability_dup_addresses (PeerupReachability *self)
{
  GPtrArray *result = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);

  g_return_val_if_fail (PEERUP_IS_REACHABILITY (self), result);
  for (guint i = 0; i < self->confirmed->len; i++)
    g_ptr_array_add (result, peerup_multiaddr_ref (self->confirmed->pdata[i]));
  return result;
}

/* Life */

static void
peerup_reachability_finalize (GObject *object)
{
  PeerupReachability *self = PEERUP_REACHABILITY (object);

  g_ptr_array_unref (self->evidence);
  g_ptr_array_unref (self->confirmed);
  G_OBJECT_CLASS (peerup_reachability_parent_class)->finalize (object);
}

static void
peerup_reachability_class_init (PeerupReachabilityClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_reachability_finalize;
  changed_signal =
    g_signal_new ("changed", PEERUP_TYPE_REACHABILITY, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
peerup_reachability_init (PeerupReachability *self)
{
  self->evidence = g_ptr_array_new_with_free_func (evidence_free);
  self->confirmed = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

PeerupReachability *
peerup_reachability_new (void)
{
  return g_object_new (PEERUP_TYPE_REACHABILITY, NULL);
}
