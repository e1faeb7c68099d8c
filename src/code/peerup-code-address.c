/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Addresses in a long code, as few bytes as can be: a host and a port once, with every transport that is there. Pure
 * functions. An entry:
 *
 *   1 byte    bits 0-3 transports, 4-6 kind of host, 7 the port is the previous entry's
 *   host      4 bytes, 16 bytes, or a length and that many
 *   2 bytes   port, unless bit 7 is set
 */
#include "code/peerup-code-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "wire/peerup-bytes.h"
#include "wire/peerup-varint.h"

#define SAME_PORT       0x80
#define HOST_LENGTH_MAX 253

/* By the bits of an entry. */
static const PeerupMultiaddrCode hosts[] = { PEERUP_MULTIADDR_IP4, PEERUP_MULTIADDR_IP6, PEERUP_MULTIADDR_DNS,
                                             PEERUP_MULTIADDR_DNS4, PEERUP_MULTIADDR_DNS6 };

typedef enum
{
  QUIC,
  TCP,
  WS,
  WSS,
  N_TRANSPORTS,
} Transport;

typedef struct
{
  guint kind; /* in hosts */
  const guint8 *host;
  gsize length;
  guint16 port;
  guint transports; /* bits */
} Entry;

static gboolean
take (PeerupMultiaddr *address, guint *i, PeerupMultiaddrCode code, PeerupMultiaddrComponent *component)
{
  if (*i >= peerup_multiaddr_get_n_components (address))
    return FALSE;
  peerup_multiaddr_get_component (address, *i, component);
  if (component->code != code)
    return FALSE;
  (*i)++;
  return TRUE;
}

/* What follows the port. tls/ws and wss are one thing. */
static Transport
take_transport (PeerupMultiaddr *address, guint *i, gboolean tcp)
{
  PeerupMultiaddrComponent component;

  if (!tcp)
    return take (address, i, PEERUP_MULTIADDR_QUIC_V1, &component) ? QUIC : N_TRANSPORTS;
  if (take (address, i, PEERUP_MULTIADDR_WS, &component))
    return WS;
  if (take (address, i, PEERUP_MULTIADDR_WSS, &component))
    return WSS;
  if (take (address, i, PEERUP_MULTIADDR_TLS, &component))
    return take (address, i, PEERUP_MULTIADDR_WS, &component) ? WSS : N_TRANSPORTS;
  return TCP;
}

static gboolean
entry_from_address (PeerupMultiaddr *address, Entry *entry)
{
  PeerupMultiaddrComponent host, port;
  guint i = 0, kind = 0;
  Transport transport;
  gboolean tcp;

  while (kind < G_N_ELEMENTS (hosts) && !take (address, &i, hosts[kind], &host))
    kind++;
  if (kind == G_N_ELEMENTS (hosts) || host.length > HOST_LENGTH_MAX)
    return FALSE;
  tcp = take (address, &i, PEERUP_MULTIADDR_TCP, &port);
  if (!tcp && !take (address, &i, PEERUP_MULTIADDR_UDP, &port))
    return FALSE;
  transport = take_transport (address, &i, tcp);
  *entry = (Entry) { kind, host.value, host.length, peerup_load_be16 (port.value), 1u << transport };
  return transport != N_TRANSPORTS && i == peerup_multiaddr_get_n_components (address) && entry->port != 0;
}

gboolean
peerup_code_address_fits (PeerupMultiaddr *bare)
{
  Entry entry;

  return entry_from_address (bare, &entry);
}

/* The same host and port, and another transport. */
static gboolean
join_entries (GArray *entries, const Entry *entry)
{
  for (guint i = 0; i < entries->len; i++)
    {
      Entry *other = &g_array_index (entries, Entry, i);

      if (other->kind != entry->kind || other->port != entry->port || other->length != entry->length ||
          memcmp (other->host, entry->host, entry->length) != 0)
        continue;
      other->transports |= entry->transports;
      return TRUE;
    }
  return FALSE;
}

static void
write_entry (const Entry *entry, guint16 *last_port, GByteArray *out)
{
  gboolean same = entry->port == *last_port;
  guint8 port[2];

  g_byte_array_append (out, &(guint8) { (guint8) (entry->transports | entry->kind << 4 | (same ? SAME_PORT : 0)) }, 1);
  if (hosts[entry->kind] != PEERUP_MULTIADDR_IP4 && hosts[entry->kind] != PEERUP_MULTIADDR_IP6)
    g_byte_array_append (out, &(guint8) { (guint8) entry->length }, 1);
  g_byte_array_append (out, entry->host, (guint) entry->length);
  peerup_store_be16 (port, entry->port);
  if (!same)
    g_byte_array_append (out, port, sizeof port);
  *last_port = entry->port;
}

gboolean
peerup_code_addresses_write (GPtrArray *addresses, guint16 *last_port, GByteArray *out, guint *n_entries,
                             GError **error)
{
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  Entry entry;

  for (guint i = 0; i < addresses->len; i++)
    {
      if (!entry_from_address (addresses->pdata[i], &entry))
        {
          g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
                       _ ("The address “%s” cannot be in a code: only IP addresses and host names with a port for TCP, "
                          "QUIC or WebSocket can"),
                       peerup_multiaddr_get_string (addresses->pdata[i]));
          return FALSE;
        }
      if (!join_entries (entries, &entry))
        g_array_append_val (entries, entry);
    }
  for (guint i = 0; i < entries->len; i++)
    write_entry (&g_array_index (entries, Entry, i), last_port, out);
  *n_entries = entries->len;
  return TRUE;
}

static gboolean
read_host (PeerupReader *reader, Entry *entry)
{
  guint8 length = 4;

  if (hosts[entry->kind] == PEERUP_MULTIADDR_IP6)
    length = 16;
  else if (hosts[entry->kind] != PEERUP_MULTIADDR_IP4 && !peerup_reader_u8 (reader, &length))
    return FALSE;
  entry->length = length;
  return length <= HOST_LENGTH_MAX && peerup_reader_bytes (reader, length, &entry->host);
}

static void
append_component (GByteArray *bytes, PeerupMultiaddrCode code, const guint8 *value, gsize length, gboolean prefixed)
{
  peerup_varint_append (bytes, code);
  if (prefixed)
    peerup_varint_append (bytes, length);
  if (length > 0)
    g_byte_array_append (bytes, value, (guint) length);
}

static PeerupMultiaddr *
entry_to_address (const Entry *entry, Transport transport, GError **error)
{
  static const PeerupMultiaddrCode tops[] = {
    [QUIC] = PEERUP_MULTIADDR_QUIC_V1, [WS] = PEERUP_MULTIADDR_WS, [WSS] = PEERUP_MULTIADDR_WSS
  };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  PeerupMultiaddrCode host = hosts[entry->kind];
  guint8 port[2];

  peerup_store_be16 (port, entry->port);
  append_component (bytes, host, entry->host, entry->length,
                    host != PEERUP_MULTIADDR_IP4 && host != PEERUP_MULTIADDR_IP6);
  append_component (bytes, transport == QUIC ? PEERUP_MULTIADDR_UDP : PEERUP_MULTIADDR_TCP, port, sizeof port, FALSE);
  if (transport != TCP)
    append_component (bytes, tops[transport], NULL, 0, FALSE);
  return peerup_multiaddr_new_from_bytes (bytes->data, bytes->len, error);
}

static gboolean
malformed (GError **error)
{
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED, _ ("The code has an address in it that is none"));
  return FALSE;
}

gboolean
peerup_code_addresses_read (PeerupReader *reader, guint16 *last_port, GPtrArray *addresses, GError **error)
{
  Entry entry = { 0 };
  guint8 head;

  if (!peerup_reader_u8 (reader, &head))
    return malformed (error);
  entry.kind = head >> 4 & 7;
  entry.transports = head & 15;
  if (entry.kind >= G_N_ELEMENTS (hosts))
    {
      g_set_error_literal (
        error, PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED,
        _ ("The code has an address of a kind that this version of Peer-Up does not know: update it"));
      return FALSE;
    }
  if (!read_host (reader, &entry) || (!(head & SAME_PORT) && !peerup_reader_be16 (reader, last_port)))
    return malformed (error);
  entry.port = *last_port;
  if (entry.port == 0 || entry.transports == 0)
    return malformed (error);
  for (Transport transport = QUIC; transport < N_TRANSPORTS; transport++)
    {
      PeerupMultiaddr *address;

      if (!(entry.transports & 1u << transport))
        continue;
      address = entry_to_address (&entry, transport, NULL);
      if (address == NULL)
        return malformed (error);
      g_ptr_array_add (addresses, address);
    }
  return TRUE;
}
