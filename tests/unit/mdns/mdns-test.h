/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What the tests of mDNS have in common: peers, addresses, and messages of others. */
#pragma once

#include "mdns/peerup-mdns-message.h"
#include "mdns/peerup-mdns-interface.h"
#include "wire/peerup-error.h"
#include "wire/peerup-multiaddr.h"

#define OWN_ID   "12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp"
#define OTHER_ID "12D3KooWHHzSeKaY8xuZVzkLbKFfvNgPPeKhFBGrMbNzbm5akpqu"
#define THIRD_ID "12D3KooWKRyzVWW6ChFjQjK4miCty85Niy48tpPV95XdKu1BcvMA"
#define INSTANCE "abcdefghijklmnopqrstuvwxyz23456712345678"

G_GNUC_UNUSED static PeerupPeerId *
new_peer (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupPeerId *peer = peerup_peer_id_new_from_string (text, &error);

  g_assert_no_error (error);
  return peer;
}

G_GNUC_UNUSED static PeerupMultiaddr *
new_address (const char *text)
{
  g_autoptr (GError) error = NULL;
  PeerupMultiaddr *address = peerup_multiaddr_new_from_string (text, &error);

  g_assert_no_error (error);
  return address;
}

/* (transfer full): of the addresses, up to NULL. */
G_GNUC_UNUSED static GPtrArray *
new_list (const char *first, ...)
{
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  va_list more;

  va_start (more, first);
  for (const char *text = first; text != NULL; text = va_arg (more, const char *))
    g_ptr_array_add (list, new_address (text));
  va_end (more);
  return list;
}

G_GNUC_UNUSED static PeerupSocketAddress
make_address (const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

G_GNUC_UNUSED static PeerupMdnsName
make_name (const char *text)
{
  PeerupMdnsName name;

  g_assert_true (peerup_mdns_name_set (&name, text));
  return name;
}

/* eth0, number 2, with addresses as in 192.168.7.2/24, up to NULL. */
G_GNUC_UNUSED static PeerupMdnsInterface *
new_interface (guint index, ...)
{
  PeerupMdnsInterface *interface = peerup_mdns_interface_new (index, "eth0");
  const char *text;
  va_list networks;

  va_start (networks, index);
  while ((text = va_arg (networks, const char *)) != NULL)
    {
      g_auto (GStrv) parts = g_strsplit (text, "/", 2);
      PeerupSocketAddress address = make_address (parts[0], 0);

      peerup_mdns_interface_add (interface, &address, atoi (parts[1]));
    }
  va_end (networks);
  return interface;
}

/* A message under construction. */
typedef struct
{
  PeerupMdnsWriter writer;
  guint8 data[PEERUP_MDNS_MESSAGE_MAX];
} Letter;

G_GNUC_UNUSED static void
letter_init (Letter *self, gboolean is_response)
{
  peerup_mdns_writer_init (&self->writer, self->data, sizeof self->data, 0, is_response);
}

G_GNUC_UNUSED static void
letter_ask (Letter *self, const char *name, guint16 type)
{
  PeerupMdnsQuestion question = { .name = make_name (name), .type = type };

  g_assert_true (peerup_mdns_writer_add_question (&self->writer, &question));
}

G_GNUC_UNUSED static void
letter_add_pointer (Letter *self, guint32 ttl, const char *name, const char *target)
{
  PeerupMdnsRecord record = { .section = PEERUP_MDNS_ANSWER,
                              .name = make_name (name),
                              .type = PEERUP_MDNS_PTR,
                              .ttl = ttl,
                              .target = make_name (target) };

  g_assert_true (peerup_mdns_writer_add_record (&self->writer, &record));
}

/* Strings up to NULL. */
G_GNUC_UNUSED static void
letter_add_text (Letter *self, guint32 ttl, const char *name, ...)
{
  g_autoptr (GByteArray) text = g_byte_array_new ();
  PeerupMdnsRecord record = {
    .section = PEERUP_MDNS_ANSWER, .name = make_name (name), .type = PEERUP_MDNS_TXT, .ttl = ttl
  };
  const char *string;
  va_list strings;

  va_start (strings, name);
  while ((string = va_arg (strings, const char *)) != NULL)
    {
      guint8 length = strlen (string);

      g_byte_array_append (text, &length, 1);
      g_byte_array_append (text, (const guint8 *) string, length);
    }
  va_end (strings);
  record.data = text->data;
  record.length = text->len;
  g_assert_true (peerup_mdns_writer_add_record (&self->writer, &record));
}
