/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* An invite as programs see it: properties that notify, and the one place where its state changes. It holds the texts
 * of the code while it is open, wiped when it is not, and neither keeps, sends nor checks anything.
 */
#include "engine/peerup-invite-private.h"

struct _PeerupInvite
{
  GObject parent_instance;

  guint number;
  PeerupInviteState state;
  char *code, *link, *spoken; /* never NULL */
  gint64 expires_at;
  guint guesses;
  char *peer_id, *peer_name; /* never NULL */
  gboolean weak;
  gboolean left;
  guint n_relays;
};

enum
{
  PROP_NUMBER = 1,
  PROP_STATE,
  PROP_CODE,
  PROP_LINK,
  PROP_SPOKEN,
  PROP_EXPIRES_AT,
  PROP_GUESSES,
  PROP_PEER_ID,
  PROP_PEER_NAME,
  PROP_WEAK,
  PROP_LEFT,
  PROP_RELAYS,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (PeerupInvite, peerup_invite, G_TYPE_OBJECT)
G_DEFINE_ENUM_TYPE (PeerupInviteState, peerup_invite_state, G_DEFINE_ENUM_VALUE (PEERUP_INVITE_OPEN, "open"),
                    G_DEFINE_ENUM_VALUE (PEERUP_INVITE_CLAIMED, "claimed"),
                    G_DEFINE_ENUM_VALUE (PEERUP_INVITE_USED, "used"),
                    G_DEFINE_ENUM_VALUE (PEERUP_INVITE_EXPIRED, "expired"),
                    G_DEFINE_ENUM_VALUE (PEERUP_INVITE_CANCELLED, "cancelled"),
                    G_DEFINE_ENUM_VALUE (PEERUP_INVITE_DEAD, "dead"))

/* The writers */

PeerupInvite *
peerup_invite_new (guint number, const char *code, const char *link, const char *spoken, gint64 expires_at)
{
  PeerupInvite *self = g_object_new (PEERUP_TYPE_INVITE, NULL);

  self->number = number;
  self->code = g_strdup (code);
  self->link = g_strdup (link);
  self->spoken = g_strdup (spoken);
  self->expires_at = expires_at;
  return self;
}

static void
forget (char **text)
{
  explicit_bzero (*text, strlen (*text));
  g_free (*text);
  *text = g_strdup ("");
}

static void
forget_texts (PeerupInvite *self)
{
  forget (&self->code);
  forget (&self->link);
  forget (&self->spoken);
}

void
peerup_invite_set_state (PeerupInvite *self, PeerupInviteState state)
{
  static const char *const words[] = { "open", "claimed", "used", "expired", "cancelled", "dead" };

  if (self->state == state)
    return;
  g_return_if_fail (peerup_invite_is_live (self));

  g_info ("Invite %u: %s, was %s", self->number, words[state], words[self->state]);
  self->state = state;
  g_object_freeze_notify (G_OBJECT (self));
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
  if (!peerup_invite_is_live (self))
    {
      forget_texts (self);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_CODE]);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LINK]);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SPOKEN]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

void
peerup_invite_set_guesses (PeerupInvite *self, guint guesses)
{
  if (self->guesses == guesses)
    return;
  self->guesses = guesses;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GUESSES]);
}

void
peerup_invite_set_peer (PeerupInvite *self, const char *peer_id, const char *name)
{
  if (g_set_str (&self->peer_id, peer_id))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEER_ID]);
  if (g_set_str (&self->peer_name, name))
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PEER_NAME]);
}

void
peerup_invite_set_weak (PeerupInvite *self, gboolean weak)
{
  if (self->weak == weak)
    return;
  self->weak = weak;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WEAK]);
}

void
peerup_invite_set_left (PeerupInvite *self, gboolean left)
{
  if (self->left == left)
    return;
  self->left = left;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEFT]);
}

void
peerup_invite_set_n_relays (PeerupInvite *self, guint n_relays)
{
  if (self->n_relays == n_relays)
    return;
  self->n_relays = n_relays;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RELAYS]);
}

gboolean
peerup_invite_is_live (PeerupInvite *self)
{
  return self->state == PEERUP_INVITE_OPEN || self->state == PEERUP_INVITE_CLAIMED;
}

/* The readers */

guint
peerup_invite_get_number (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), 0);
  return self->number;
}

PeerupInviteState
peerup_invite_get_state (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), PEERUP_INVITE_DEAD);
  return self->state;
}

const char *
peerup_invite_get_code (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), NULL);
  return self->code;
}

const char *
peerup_invite_get_link (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), NULL);
  return self->link;
}

const char *
peerup_invite_get_spoken (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), NULL);
  return self->spoken;
}

gint64
peerup_invite_get_expires_at (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), 0);
  return self->expires_at;
}

guint
peerup_invite_get_guesses (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), 0);
  return self->guesses;
}

const char *
peerup_invite_get_peer_id (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), NULL);
  return self->peer_id;
}

const char *
peerup_invite_get_peer_name (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), NULL);
  return self->peer_name;
}

gboolean
peerup_invite_get_weak (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), FALSE);
  return self->weak;
}

gboolean
peerup_invite_get_left (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), FALSE);
  return self->left;
}

guint
peerup_invite_get_n_relays (PeerupInvite *self)
{
  g_return_val_if_fail (PEERUP_IS_INVITE (self), 0);
  return self->n_relays;
}

static void
peerup_invite_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  PeerupInvite *self = PEERUP_INVITE (object);

  switch (id)
    {
    case PROP_NUMBER:
      g_value_set_uint (value, self->number);
      break;
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_CODE:
      g_value_set_string (value, self->code);
      break;
    case PROP_LINK:
      g_value_set_string (value, self->link);
      break;
    case PROP_SPOKEN:
      g_value_set_string (value, self->spoken);
      break;
    case PROP_EXPIRES_AT:
      g_value_set_int64 (value, self->expires_at);
      break;
    case PROP_GUESSES:
      g_value_set_uint (value, self->guesses);
      break;
    case PROP_PEER_ID:
      g_value_set_string (value, self->peer_id);
      break;
    case PROP_PEER_NAME:
      g_value_set_string (value, self->peer_name);
      break;
    case PROP_WEAK:
      g_value_set_boolean (value, self->weak);
      break;
    case PROP_LEFT:
      g_value_set_boolean (value, self->left);
      break;
    case PROP_RELAYS:
      g_value_set_uint (value, self->n_relays);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
peerup_invite_finalize (GObject *object)
{
  PeerupInvite *self = PEERUP_INVITE (object);

  if (self->code != NULL)
    forget_texts (self);
  g_free (self->code);
  g_free (self->link);
  g_free (self->spoken);
  g_free (self->peer_id);
  g_free (self->peer_name);
  G_OBJECT_CLASS (peerup_invite_parent_class)->finalize (object);
}

static void
peerup_invite_class_init (PeerupInviteClass *klass)
{
  const GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  G_OBJECT_CLASS (klass)->get_property = peerup_invite_get_property;
  G_OBJECT_CLASS (klass)->finalize = peerup_invite_finalize;
  properties[PROP_NUMBER] = g_param_spec_uint ("number", NULL, NULL, 0, 9999, 0, flags);
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, PEERUP_TYPE_INVITE_STATE, PEERUP_INVITE_OPEN, flags);
  properties[PROP_CODE] = g_param_spec_string ("code", NULL, NULL, NULL, flags);
  properties[PROP_LINK] = g_param_spec_string ("link", NULL, NULL, NULL, flags);
  properties[PROP_SPOKEN] = g_param_spec_string ("spoken", NULL, NULL, NULL, flags);
  properties[PROP_EXPIRES_AT] = g_param_spec_int64 ("expires-at", NULL, NULL, 0, G_MAXINT64, 0, flags);
  properties[PROP_GUESSES] = g_param_spec_uint ("guesses", NULL, NULL, 0, G_MAXUINT, 0, flags);
  properties[PROP_PEER_ID] = g_param_spec_string ("peer-id", NULL, NULL, NULL, flags);
  properties[PROP_PEER_NAME] = g_param_spec_string ("peer-name", NULL, NULL, NULL, flags);
  properties[PROP_WEAK] = g_param_spec_boolean ("weak", NULL, NULL, FALSE, flags);
  properties[PROP_LEFT] = g_param_spec_boolean ("left", NULL, NULL, FALSE, flags);
  properties[PROP_RELAYS] = g_param_spec_uint ("relays", NULL, NULL, 0, G_MAXUINT, 0, flags);
  g_object_class_install_properties (G_OBJECT_CLASS (klass), N_PROPS, properties);
}

static void
peerup_invite_init (PeerupInvite *self)
{
  self->peer_id = g_strdup ("");
  self->peer_name = g_strdup ("");
}
