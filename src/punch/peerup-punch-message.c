/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of a port search to and from bytes. It holds nothing. Whether a message is new, and whether it comes
 * from where it may come from, is for others to judge. */

#include "punch/peerup-punch-message.h"

#include <gnutls/crypto.h>
#include <string.h>

#include "stun/peerup-stun-writer.h"

/* RFC 8445 16.1: no value. */
#define USE_CANDIDATE 0x0025

#define PASSWORD_SIZE (PEERUP_PORT_SEARCH_KEY_SIZE + 1)

static void
make_password (guint8 password[PASSWORD_SIZE], const guint8 *key, gboolean from_controlling)
{
  memcpy (password, key, PEERUP_PORT_SEARCH_KEY_SIZE);
  password[PEERUP_PORT_SEARCH_KEY_SIZE] = from_controlling ? 1 : 0;
}

static PeerupStunClass
get_class (PeerupPunchKind kind)
{
  switch (kind)
    {
    case PEERUP_PUNCH_ANSWER:
      return PEERUP_STUN_SUCCESS;
    case PEERUP_PUNCH_FAREWELL:
      return PEERUP_STUN_INDICATION;
    case PEERUP_PUNCH_PROBE:
    case PEERUP_PUNCH_NOMINATION:
    default:
      return PEERUP_STUN_REQUEST;
    }
}

gsize
peerup_punch_message_write (const PeerupPunchMessage *self, const PeerupSocketAddress *mapped, const guint8 *key,
                            gboolean from_controlling, guint8 data[PEERUP_PUNCH_MESSAGE_SIZE_MAX])
{
  guint8 password[PASSWORD_SIZE];
  PeerupStunWriter writer;

  g_return_val_if_fail ((self->kind == PEERUP_PUNCH_ANSWER) == (mapped != NULL), 0);

  make_password (password, key, from_controlling);
  peerup_stun_writer_init (&writer, data, PEERUP_PUNCH_MESSAGE_SIZE_MAX, get_class (self->kind), PEERUP_STUN_BINDING,
                           self->transaction);
  if (mapped != NULL)
    peerup_stun_writer_add_address (&writer, PEERUP_STUN_XOR_MAPPED_ADDRESS, mapped);
  if (self->kind == PEERUP_PUNCH_NOMINATION || self->kind == PEERUP_PUNCH_FAREWELL)
    peerup_stun_writer_add (&writer, USE_CANDIDATE, NULL, 0);
  peerup_stun_writer_add_integrity (&writer, PEERUP_STUN_MESSAGE_INTEGRITY, password, sizeof password);
  peerup_stun_writer_add_fingerprint (&writer);
  gnutls_memset (password, 0, sizeof password);
  return peerup_stun_writer_finish (&writer);
}

/* The kind, by the class and by whether there is a USE-CANDIDATE. FALSE for what none of ours would send. */
static gboolean
find_kind (const PeerupStunMessage *message, PeerupPunchKind *kind)
{
  guint16 unknown;
  gsize n_unknown = peerup_stun_message_find_unknown (message, &unknown, 1);
  gboolean is_flagged = n_unknown == 1 && unknown == USE_CANDIDATE;

  if (n_unknown > 0 && !is_flagged)
    return FALSE;
  switch (message->class)
    {
    case PEERUP_STUN_REQUEST:
      *kind = is_flagged ? PEERUP_PUNCH_NOMINATION : PEERUP_PUNCH_PROBE;
      return TRUE;
    case PEERUP_STUN_SUCCESS:
      *kind = PEERUP_PUNCH_ANSWER;
      return !is_flagged;
    case PEERUP_STUN_INDICATION:
      *kind = PEERUP_PUNCH_FAREWELL;
      return is_flagged;
    case PEERUP_STUN_ERROR:
    default:
      return FALSE;
    }
}

gboolean
peerup_punch_message_read (PeerupPunchMessage *self, const guint8 *data, gsize length, const guint8 *key,
                           gboolean from_controlling)
{
  guint8 password[PASSWORD_SIZE];
  PeerupStunMessage message;
  gboolean is_theirs;

  if (!peerup_stun_message_parse (&message, data, length, NULL) || message.is_classic ||
      message.method != PEERUP_STUN_BINDING || !message.has_fingerprint || !find_kind (&message, &self->kind))
    return FALSE;
  if (!from_controlling && (self->kind == PEERUP_PUNCH_NOMINATION || self->kind == PEERUP_PUNCH_FAREWELL))
    return FALSE;
  make_password (password, key, from_controlling);
  is_theirs = peerup_stun_message_check_integrity (&message, PEERUP_STUN_MESSAGE_INTEGRITY, password, sizeof password);
  gnutls_memset (password, 0, sizeof password);
  memcpy (self->transaction, peerup_stun_message_get_transaction (&message), sizeof self->transaction);
  return is_theirs;
}
