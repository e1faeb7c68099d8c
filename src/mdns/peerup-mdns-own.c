/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Our own records (discovery/mdns.md, RFC 6763): a pointer from the service to a random name that is new in each run,
 * so that nobody has to be asked whether it is free (RFC 6762 8.1), and under that name the addresses, as TXT for
 * libp2p and as SRV, A and AAAA for who browses services. Lives as long as its machine; says nothing by itself. */

#include "mdns/peerup-mdns-own.h"

#include <string.h>

#include "mdns/peerup-mdns-claim.h"

/* Bytes of all addresses in a TXT record: with the names and the other records it fits PEERUP_MDNS_SEND_MAX. */
#define TEXT_MAX 1080

static const char *const services[] = {
  [PEERUP_MDNS_PEERS] = "_p2p._udp.local",
  [PEERUP_MDNS_INVITES] = "_peerup-invite._udp.local",
  [PEERUP_MDNS_SERVICES] = "_services._dns-sd._udp.local",
};
G_STATIC_ASSERT (G_N_ELEMENTS (services) == PEERUP_MDNS_N_TOPICS);

struct _PeerupMdnsOwn
{
  PeerupPeerId *peer;
  PeerupMdnsName services[PEERUP_MDNS_N_TOPICS];
  PeerupMdnsName instances[PEERUP_MDNS_N_TOPICS]; /* what its pointer points to */
  PeerupMdnsName host;
  GPtrArray *addresses; /* of PeerupMultiaddr, without /p2p */
  GArray *numbers;      /* of guint */
  gboolean announcing;
};

PeerupMdnsOwn *
peerup_mdns_own_new (PeerupPeerId *peer, const char *instance)
{
  PeerupMdnsOwn *self = g_new0 (PeerupMdnsOwn, 1);
  PeerupMdnsName parent;
  gboolean fits = TRUE;

  g_assert (strlen (instance) == PEERUP_MDNS_INSTANCE_LENGTH);

  self->peer = peerup_peer_id_ref (peer);
  for (guint i = 0; i < PEERUP_MDNS_N_TOPICS; i++)
    fits &= peerup_mdns_name_set (&self->services[i], services[i]);
  for (guint i = 0; i < PEERUP_MDNS_SERVICES; i++)
    fits &= peerup_mdns_name_set_child (&self->instances[i], instance, &self->services[i]);
  fits &= peerup_mdns_name_set (&parent, "p2p.local") && peerup_mdns_name_set_child (&self->host, instance, &parent);
  g_assert (fits);
  self->instances[PEERUP_MDNS_SERVICES] = self->services[PEERUP_MDNS_PEERS];
  self->addresses = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  self->numbers = g_array_new (FALSE, FALSE, sizeof (guint));
  return self;
}

void
peerup_mdns_own_free (PeerupMdnsOwn *self)
{
  peerup_peer_id_unref (self->peer);
  g_ptr_array_unref (self->addresses);
  g_array_unref (self->numbers);
  g_free (self);
}

PeerupPeerId *
peerup_mdns_own_get_peer (PeerupMdnsOwn *self)
{
  return self->peer;
}

const PeerupMdnsName *
peerup_mdns_own_get_service (PeerupMdnsOwn *self, PeerupMdnsTopic topic)
{
  return &self->services[topic];
}

void
peerup_mdns_own_set_announcing (PeerupMdnsOwn *self, gboolean announcing)
{
  self->announcing = announcing;
}

gboolean
peerup_mdns_own_get_announcing (PeerupMdnsOwn *self)
{
  return self->announcing;
}

gboolean
peerup_mdns_own_set_addresses (PeerupMdnsOwn *self, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  gboolean is_same = TRUE;

  for (guint i = 0; i < addresses->len; i++)
    {
      g_autoptr (PeerupMultiaddr) bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);
      PeerupSocketAddress ignored;

      if (bare == NULL || !peerup_mdns_address_get (bare, &ignored) ||
          g_ptr_array_find_with_equal_func (fresh, bare, peerup_multiaddr_equal, NULL))
        continue;
      is_same &= g_ptr_array_find_with_equal_func (self->addresses, bare, peerup_multiaddr_equal, NULL);
      g_ptr_array_add (fresh, g_steal_pointer (&bare));
    }
  is_same &= fresh->len == self->addresses->len;
  g_ptr_array_unref (self->addresses);
  self->addresses = g_steal_pointer (&fresh);
  return !is_same;
}

static gboolean
own_find_number (PeerupMdnsOwn *self, guint number, guint *index)
{
  for (guint i = 0; i < self->numbers->len; i++)
    if (g_array_index (self->numbers, guint, i) == number)
      {
        *index = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
peerup_mdns_own_add_number (PeerupMdnsOwn *self, guint number)
{
  guint index;

  if (self->numbers->len == PEERUP_MDNS_NUMBERS_MAX || own_find_number (self, number, &index))
    return FALSE;
  g_array_append_val (self->numbers, number);
  return TRUE;
}

gboolean
peerup_mdns_own_remove_number (PeerupMdnsOwn *self, guint number)
{
  guint index;

  if (!own_find_number (self, number, &index))
    return FALSE;
  g_array_remove_index (self->numbers, index);
  return TRUE;
}

/* Questions */

gboolean
peerup_mdns_own_tells (PeerupMdnsOwn *self, PeerupMdnsTopic topic)
{
  if (self->addresses->len == 0)
    return FALSE;
  return topic == PEERUP_MDNS_INVITES ? self->numbers->len > 0 : self->announcing;
}

static gboolean
asks_for (const PeerupMdnsQuestion *question, PeerupMdnsType type)
{
  return question->type == type || question->type == PEERUP_MDNS_ANY;
}

guint
peerup_mdns_own_match (PeerupMdnsOwn *self, PeerupMdnsTopic topic, const PeerupMdnsQuestion *question)
{
  /* The host is the same for both; one answer is enough. */
  gboolean has_host =
    topic == PEERUP_MDNS_PEERS || (topic == PEERUP_MDNS_INVITES && !peerup_mdns_own_tells (self, PEERUP_MDNS_PEERS));

  if (!peerup_mdns_own_tells (self, topic))
    return 0;
  if (asks_for (question, PEERUP_MDNS_PTR) && peerup_mdns_name_equal (&question->name, &self->services[topic]))
    return PEERUP_MDNS_SAY_POINTER;
  if (topic == PEERUP_MDNS_SERVICES)
    return 0;
  if ((asks_for (question, PEERUP_MDNS_TXT) || asks_for (question, PEERUP_MDNS_SRV)) &&
      peerup_mdns_name_equal (&question->name, &self->instances[topic]))
    return PEERUP_MDNS_SAY_INSTANCE;
  if (has_host && (asks_for (question, PEERUP_MDNS_A) || asks_for (question, PEERUP_MDNS_AAAA)) &&
      peerup_mdns_name_equal (&question->name, &self->host))
    return PEERUP_MDNS_SAY_HOST;
  return 0;
}

gboolean
peerup_mdns_own_is_known (PeerupMdnsOwn *self, PeerupMdnsTopic topic, const PeerupMdnsRecord *record)
{
  return record->type == PEERUP_MDNS_PTR && record->ttl >= PEERUP_MDNS_TTL / 2 &&
         peerup_mdns_name_equal (&record->name, &self->services[topic]) &&
         peerup_mdns_name_equal (&record->target, &self->instances[topic]);
}

/* Answers */

/* Those of @here, or where there are none all of them. */
static GPtrArray *
own_list_addresses (PeerupMdnsOwn *self, const PeerupMdnsInterface *here)
{
  GPtrArray *list = g_ptr_array_new ();
  PeerupSocketAddress address;

  for (guint i = 0; i < self->addresses->len; i++)
    if (peerup_mdns_address_get (self->addresses->pdata[i], &address) &&
        peerup_mdns_interface_has_host (here, &address))
      g_ptr_array_add (list, self->addresses->pdata[i]);
  for (guint i = 0; list->len == 0 && i < self->addresses->len; i++)
    g_ptr_array_add (list, self->addresses->pdata[i]);
  if (list->len > PEERUP_MDNS_TELL_MAX)
    g_ptr_array_set_size (list, PEERUP_MDNS_TELL_MAX);
  return list;
}

static void
append_string (GByteArray *text, const char *string)
{
  gsize length = strlen (string);
  guint8 size = length;

  if (length > PEERUP_MDNS_STRING_MAX || length + 1 > TEXT_MAX - text->len)
    return;
  g_byte_array_append (text, &size, 1);
  g_byte_array_append (text, (const guint8 *) string, length);
}

static GByteArray *
own_make_text (PeerupMdnsOwn *self, PeerupMdnsTopic topic, GPtrArray *addresses)
{
  GByteArray *text = g_byte_array_new ();

  for (guint i = 0; topic == PEERUP_MDNS_INVITES && i < self->numbers->len; i++)
    {
      g_autofree char *string = g_strdup_printf ("n=%u", g_array_index (self->numbers, guint, i));

      append_string (text, string);
    }
  for (guint i = 0; i < addresses->len; i++)
    {
      g_autofree char *string = g_strdup_printf ("dnsaddr=%s/p2p/%s", peerup_multiaddr_get_string (addresses->pdata[i]),
                                                 peerup_peer_id_get_string (self->peer));

      append_string (text, string);
    }
  /* There is no TXT record without a string (RFC 6763 6.1). */
  if (text->len == 0)
    append_string (text, "");
  return text;
}

/* What the records of one message have in common. */
typedef struct
{
  PeerupMdnsWriter writer;
  PeerupMdnsRecord record;
  gboolean flush; /* for what nobody else has */
} Scribe;

/* What is no longer wanted when there is no room is left out. */
static void
scribe_add (Scribe *self, const PeerupMdnsName *name, PeerupMdnsType type, gboolean is_shared)
{
  self->record.name = *name;
  self->record.type = type;
  self->record.flush = self->flush && !is_shared;
  (void) !peerup_mdns_writer_add_record (&self->writer, &self->record);
}

static void
own_write_instance (PeerupMdnsOwn *self, Scribe *scribe, PeerupMdnsTopic topic, GPtrArray *addresses)
{
  g_autoptr (GByteArray) text = own_make_text (self, topic, addresses);
  PeerupSocketAddress address;

  scribe->record.data = text->data;
  scribe->record.length = text->len;
  scribe_add (scribe, &self->instances[topic], PEERUP_MDNS_TXT, FALSE);
  if (addresses->len == 0 || !peerup_mdns_address_get (addresses->pdata[0], &address))
    return;
  scribe->record.target = self->host;
  scribe->record.port = peerup_socket_address_get_port (&address);
  scribe_add (scribe, &self->instances[topic], PEERUP_MDNS_SRV, FALSE);
}

static void
own_write_host (PeerupMdnsOwn *self, Scribe *scribe, GPtrArray *addresses)
{
  PeerupSocketAddress last = { 0 };

  for (guint i = 0; i < addresses->len; i++)
    {
      PeerupSocketAddress address;
      gboolean is_ip4;

      if (!peerup_mdns_address_get (addresses->pdata[i], &address) ||
          peerup_socket_address_is_same_host (&address, &last))
        continue;
      is_ip4 = address.any.sa_family == AF_INET;
      scribe->record.data = is_ip4 ? (const guint8 *) &address.ip4.sin_addr : (const guint8 *) &address.ip6.sin6_addr;
      scribe->record.length = is_ip4 ? 4 : 16;
      scribe_add (scribe, &self->host, is_ip4 ? PEERUP_MDNS_A : PEERUP_MDNS_AAAA, FALSE);
      last = address;
    }
}

gsize
peerup_mdns_own_write_answer (PeerupMdnsOwn *self, const PeerupMdnsAnswer *answer, const PeerupMdnsInterface *interface,
                              guint8 *data)
{
  g_autoptr (GPtrArray) addresses = own_list_addresses (self, interface);
  guint says = answer->says;
  Scribe scribe = { .flush = answer->legacy == NULL };

  scribe.record.ttl = answer->is_goodbye ? 0 : answer->legacy != NULL ? PEERUP_MDNS_LEGACY_TTL : PEERUP_MDNS_TTL;
  peerup_mdns_writer_init (&scribe.writer, data, PEERUP_MDNS_SEND_MAX, answer->id, TRUE);
  if (answer->legacy != NULL)
    (void) !peerup_mdns_writer_add_question (&scribe.writer, answer->legacy);
  if (says & PEERUP_MDNS_SAY_POINTER)
    {
      scribe.record.target = self->instances[answer->topic];
      scribe_add (&scribe, &self->services[answer->topic], PEERUP_MDNS_PTR, TRUE);
      scribe.record.section = PEERUP_MDNS_ADDITIONAL;
      says = PEERUP_MDNS_SAY_INSTANCE | PEERUP_MDNS_SAY_HOST;
    }
  if (answer->topic == PEERUP_MDNS_SERVICES)
    return scribe.writer.length;
  if (says & PEERUP_MDNS_SAY_INSTANCE)
    own_write_instance (self, &scribe, answer->topic, addresses);
  if (says & PEERUP_MDNS_SAY_HOST)
    own_write_host (self, &scribe, addresses);
  return scribe.writer.length;
}

gsize
peerup_mdns_own_write_question (PeerupMdnsOwn *self, PeerupMdnsTopic topic, guint8 *data)
{
  PeerupMdnsQuestion question = { .name = self->services[topic], .type = PEERUP_MDNS_PTR };
  PeerupMdnsWriter writer;

  peerup_mdns_writer_init (&writer, data, PEERUP_MDNS_SEND_MAX, 0, FALSE);
  (void) !peerup_mdns_writer_add_question (&writer, &question);
  return writer.length;
}
