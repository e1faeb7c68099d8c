/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* What is read can be written, reads the same again, and is fit to be shown. */

#include "pairing/peerup-pairing-offer.h"

#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check_name (const char *name)
{
  g_autofree char *again = peerup_pairing_name_sanitize (name, strlen (name));

  g_assert_cmpstr (again, ==, name);
  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_cmpuint (strlen (name), <=, PEERUP_PAIRING_NAME_MAX);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static (data, size), written = NULL, rewritten = NULL;
  g_autoptr (PeerupPairingOffer) offer = peerup_pairing_offer_decode (bytes, NULL), again = NULL;
  g_autofree char *name = peerup_pairing_name_sanitize ((const char *) data, size);

  check_name (name);
  if (offer == NULL)
    return 0;
  check_name (offer->name);
  written = peerup_pairing_offer_encode (offer, NULL);
  if (written == NULL) /* the canonical form may be longer than what came */
    return 0;
  again = peerup_pairing_offer_decode (written, NULL);
  g_assert_nonnull (again);
  rewritten = peerup_pairing_offer_encode (again, NULL);
  g_assert_true (g_bytes_equal (written, rewritten));
  return 0;
}
