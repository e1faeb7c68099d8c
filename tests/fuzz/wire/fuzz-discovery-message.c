/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Discovery's messages: what decodes must survive being written and read again.
 */
#include "wire/peerup-discovery-message.h"

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GPtrArray) services = peerup_discovery_response_decode (data, size, NULL);
  g_autoptr (GPtrArray) again = NULL;
  g_autoptr (GBytes) encoded = NULL;
  const guint8 *bytes;
  gsize length, n_prefix;
  guint version;

  if (peerup_discovery_request_decode (data, size, &version, NULL))
    g_assert_cmpuint (size, <=, PEERUP_DISCOVERY_REQUEST_MAX);
  if (services == NULL)
    return 0;
  encoded = peerup_discovery_response_encode (services);
  bytes = g_bytes_get_data (encoded, &length);
  n_prefix = length < 129 ? 1 : length < 16386 ? 2 : 3;
  again = peerup_discovery_response_decode (bytes + n_prefix, length - n_prefix, NULL);
  g_assert_nonnull (again);
  g_assert_cmpuint (again->len, ==, services->len);
  for (guint i = 0; i < services->len; i++)
    {
      const PeerupDiscoveryService *one = services->pdata[i];
      const PeerupDiscoveryService *other = again->pdata[i];

      g_assert_cmpstr (one->name, ==, other->name);
      g_assert_cmpstr (one->kind, ==, other->kind);
      g_assert_cmpstr (one->protocol, ==, other->protocol);
    }
  return 0;
}
