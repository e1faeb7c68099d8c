/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * One edit of a relay's authorized_keys: a peer that an authorized one has invited. Stateless. Nobody gets more by it
 * than whoever sponsors him has, nor for longer, because sponsor= counts only while that peer's own entry does; and who
 * was sponsored sponsors nobody. */

#include "relay/peerup-rendezvous-sponsor.h"

#include "trust/peerup-authorized-keys-file.h"

typedef struct
{
  PeerupPeerId *inviter;
  PeerupPeerId *joined;
  gint64 until;
  const char *name;
  gint64 now;
  gboolean is_there; /* nothing is to be written */
} Sponsoring;

static gboolean
is_sponsored_by (PeerupAuthorizedKeys *keys, guint entry, const PeerupPeerId *inviter)
{
  return g_strcmp0 (peerup_authorized_keys_get_attribute (keys, entry, PEERUP_AUTHORIZED_KEYS_SPONSOR),
                    peerup_peer_id_get_string (inviter)) == 0;
}

/* Each entry of its own must say so. */
static gboolean
may_sponsor (PeerupAuthorizedKeys *keys, const PeerupPeerId *inviter, gint64 now)
{
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), inviter) &&
        (peerup_authorized_keys_get_attribute (keys, i, PEERUP_AUTHORIZED_KEYS_SPONSOR) != NULL ||
         peerup_authorized_keys_get_attribute (keys, i, PEERUP_AUTHORIZED_KEYS_ROLE) != NULL))
      return FALSE;
  return peerup_authorized_keys_lookup (keys, inviter, now, NULL) == PEERUP_AUTHORIZATION_VALID;
}

/* The first of @inviter's whose time is over. */
static PeerupPeerId *
find_ended (PeerupAuthorizedKeys *keys, const PeerupPeerId *inviter, gint64 now)
{
  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    if (is_sponsored_by (keys, i, inviter) && peerup_authorized_keys_get_expires (keys, i) <= now)
      return peerup_peer_id_ref (peerup_authorized_keys_get_peer (keys, i));
  return NULL;
}

static gboolean
forget_ended (PeerupAuthorizedKeys *keys, const PeerupPeerId *inviter, gint64 now, GError **error)
{
  PeerupPeerId *ended;
  gboolean removed = TRUE;

  while (removed && (ended = find_ended (keys, inviter, now)) != NULL)
    {
      removed = peerup_authorized_keys_remove (keys, ended, error);
      peerup_peer_id_unref (ended);
    }
  return removed;
}

/* Of an entry that does not count: one of the owner's own stays, and so does what he meant by it. */
static gboolean
forget_sponsored (PeerupAuthorizedKeys *keys, const PeerupPeerId *joined, GError **error)
{
  gboolean is_there = FALSE;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    {
      if (!peerup_peer_id_equal (peerup_authorized_keys_get_peer (keys, i), joined))
        continue;
      is_there = TRUE;
      if (peerup_authorized_keys_get_attribute (keys, i, PEERUP_AUTHORIZED_KEYS_SPONSOR) != NULL)
        continue;
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED, "its authorization here has ended");
      return FALSE;
    }
  return !is_there || peerup_authorized_keys_remove (keys, joined, error);
}

static guint
count_sponsored (PeerupAuthorizedKeys *keys, const PeerupPeerId *inviter)
{
  guint n = 0;

  for (guint i = 0; i < peerup_authorized_keys_get_n_entries (keys); i++)
    n += is_sponsored_by (keys, i, inviter);
  return n;
}

static gboolean
add (PeerupAuthorizedKeys *keys, const Sponsoring *self, GError **error)
{
  g_autofree char *until = self->until != PEERUP_EXPIRES_NEVER ? peerup_expires_format (self->until) : NULL;

  return peerup_authorized_keys_add (keys, self->joined, self->name, error) &&
         peerup_authorized_keys_set (keys, self->joined, PEERUP_AUTHORIZED_KEYS_SPONSOR,
                                     peerup_peer_id_get_string (self->inviter), error) &&
         (until == NULL ||
          peerup_authorized_keys_set (keys, self->joined, PEERUP_AUTHORIZED_KEYS_EXPIRES, until, error));
}

/* PeerupAuthorizedKeysEdit. */
static gboolean
edit (PeerupAuthorizedKeys *keys, gpointer data, GError **error)
{
  Sponsoring *self = data;

  if (!may_sponsor (keys, self->inviter, self->now))
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
                           "only who is authorized here by its owner may sponsor");
      return FALSE;
    }
  if (!forget_ended (keys, self->inviter, self->now, error))
    return FALSE;
  if (peerup_authorized_keys_lookup (keys, self->joined, self->now, NULL) == PEERUP_AUTHORIZATION_VALID)
    {
      self->is_there = TRUE;
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS, "it is authorized already");
      return FALSE;
    }
  if (!forget_sponsored (keys, self->joined, error))
    return FALSE;
  if (count_sponsored (keys, self->inviter) < PEERUP_RENDEZVOUS_SPONSORED_MAX)
    return add (keys, self, error);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%d are sponsored by one peer here already",
               PEERUP_RENDEZVOUS_SPONSORED_MAX);
  return FALSE;
}

gboolean
peerup_rendezvous_sponsor (const char *path, PeerupPeerId *inviter, PeerupPeerId *joined, gint64 until,
                           const char *name, gint64 now, GError **error)
{
  Sponsoring sponsoring = { .inviter = inviter, .joined = joined, .until = until, .name = name, .now = now };
  g_autoptr (GError) local = NULL;

  if (peerup_authorized_keys_file_edit (path, FALSE, edit, &sponsoring, &local) || sponsoring.is_there)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
