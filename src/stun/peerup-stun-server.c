/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a STUN server answers, and how often. It lives as long as its engine wants to be asked,
 * and keeps nothing of those who ask but when each may ask again. It checks no credentials: there
 * is nothing here that not everybody may know. */

#include "stun/peerup-stun-server.h"

#include "limits/peerup-rate.h"
#include "stun/peerup-stun-writer.h"
#include "wire/peerup-bytes.h"

#define RATE_MAX 100000

/* The most attributes that fit into a request. */
#define ATTRIBUTES_MAX ((PEERUP_STUN_SERVER_SIZE_MAX - PEERUP_STUN_HEADER_SIZE) / 4)

#define UNKNOWN_ATTRIBUTE 420

/* The flags of CHANGE-REQUEST (RFC 5780 7.2). */
#define CHANGE_HOST 4
#define CHANGE_PORT 2

struct _PeerupStunServer
{
  guint rate_per_address;
  guint rate;
  guint64 secret;
  PeerupRate all;
  PeerupRate slots[PEERUP_STUN_SERVER_SLOTS];
  PeerupStunServerFigures figures;
};

PeerupStunServer *
peerup_stun_server_new (guint rate_per_address, guint rate, guint64 secret)
{
  PeerupStunServer *self;

  g_return_val_if_fail (rate_per_address > 0 && rate_per_address <= RATE_MAX && rate > 0 && rate <= RATE_MAX, NULL);

  self = g_new0 (PeerupStunServer, 1);
  self->rate_per_address = rate_per_address;
  self->rate = rate;
  self->secret = secret;
  return self;
}

void
peerup_stun_server_free (PeerupStunServer *self)
{
  g_return_if_fail (self != NULL);

  g_free (self);
}

/* Nobody who does not know the secret can choose addresses that meet in one slot (the mixing is that
 * of splitmix64). */
static PeerupRate *
server_get_slot (PeerupStunServer *self, const PeerupSocketAddress *remote)
{
  guint64 key = peerup_socket_address_get_host_key (remote) ^ self->secret;

  key = (key ^ key >> 30) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  key = (key ^ key >> 27) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return &self->slots[(key ^ key >> 31) % G_N_ELEMENTS (self->slots)];
}

/* Who is held to a rate of its own takes nothing of everybody's. @cost: divides PEERUP_STUN_SERVER_BURST. */
static gboolean
server_admit (PeerupStunServer *self, const PeerupSocketAddress *remote, guint cost, gint64 now)
{
  guint burst = self->rate * PEERUP_STUN_SERVER_BURST;
  gint64 interval = G_USEC_PER_SEC / self->rate;

  return peerup_rate_allows (&self->all, now, burst, interval) &&
         peerup_rate_take (server_get_slot (self, remote), now,
                           self->rate_per_address * PEERUP_STUN_SERVER_BURST / cost,
                           G_USEC_PER_SEC / self->rate_per_address * cost) &&
         peerup_rate_take (&self->all, now, burst, interval);
}

static gboolean
is_for_us (const PeerupStunMessage *request)
{
  return request->class == PEERUP_STUN_REQUEST && request->method == PEERUP_STUN_BINDING &&
         request->length <= PEERUP_STUN_SERVER_SIZE_MAX;
}

/* What RFC 5780 adds */

typedef struct
{
  gboolean has_change; /* CHANGE-REQUEST */
  guint32 change;
  guint16 port; /* RESPONSE-PORT, or 0 */
} Wishes;

/* The port is 16 bits and padding, which some count as part of the value (RFC 5780 7.5). */
static void
read_wishes (const PeerupStunMessage *request, Wishes *wishes)
{
  PeerupStunAttribute attribute;

  *wishes = (Wishes) { 0 };
  if (request->is_classic)
    return;
  if (peerup_stun_message_find (request, PEERUP_STUN_CHANGE_REQUEST, &attribute) && attribute.length == 4)
    {
      wishes->has_change = TRUE;
      wishes->change = peerup_load_be32 (attribute.value);
    }
  if (peerup_stun_message_find (request, PEERUP_STUN_RESPONSE_PORT, &attribute) &&
      (attribute.length == 2 || attribute.length == 4))
    wishes->port = peerup_load_be16 (attribute.value);
}

static gboolean
can_do (const Wishes *wishes, const PeerupStunOther *other, guint16 type)
{
  if (type == PEERUP_STUN_CHANGE_REQUEST)
    return wishes->has_change && other != NULL && (other->has_host || !(wishes->change & CHANGE_HOST));
  return type == PEERUP_STUN_RESPONSE_PORT && wishes->port >= PEERUP_STUN_SERVER_PORT_MIN;
}

/* The types that stand in the way of an answer: @types shrinks to them. */
static gsize
refuse (const PeerupStunMessage *request, const Wishes *wishes, const PeerupStunOther *other, guint16 *types)
{
  gsize n_unknown = peerup_stun_message_find_unknown (request, types, ATTRIBUTES_MAX);
  gsize n = 0;

  for (gsize i = 0; i < n_unknown; i++)
    if (!can_do (wishes, other, types[i]))
      types[n++] = types[i];
  return n;
}

static void
set_way (const Wishes *wishes, const PeerupSocketAddress *remote, PeerupStunWay *way)
{
  way->remote = *remote;
  way->from_other_port = (wishes->change & CHANGE_PORT) != 0;
  way->from_other_host = (wishes->change & CHANGE_HOST) != 0;
  if (wishes->port != 0)
    peerup_socket_address_set_port (&way->remote, wishes->port);
}

/* Answers */

/* Bytes of an attribute that is an address of that kind. */
static gsize
get_address_size (const PeerupSocketAddress *address)
{
  return 8 + (address->any.sa_family == AF_INET ? sizeof (struct in_addr) : sizeof (struct in6_addr));
}

/* A classic client knows no XOR-MAPPED-ADDRESS (RFC 5389 12.2); libnice asks so. */
static gsize
write_address (const PeerupStunMessage *request, const PeerupSocketAddress *remote, const PeerupSocketAddress *other,
               guint8 *answer)
{
  gsize fingerprint = request->has_fingerprint ? 8 : 0;
  PeerupStunWriter writer;

  peerup_stun_writer_init_answer (&writer, answer, PEERUP_STUN_SERVER_SIZE_MAX, PEERUP_STUN_SUCCESS, request);
  peerup_stun_writer_add_address (&writer,
                                  request->is_classic ? PEERUP_STUN_MAPPED_ADDRESS : PEERUP_STUN_XOR_MAPPED_ADDRESS,
                                  remote);
  if (other != NULL &&
      writer.length + get_address_size (other) + fingerprint <= request->length + PEERUP_STUN_SERVER_GROWTH_MAX)
    peerup_stun_writer_add_address (&writer, PEERUP_STUN_OTHER_ADDRESS, other);
  if (request->has_fingerprint)
    peerup_stun_writer_add_fingerprint (&writer);
  return peerup_stun_writer_finish (&writer);
}

/* Without words: they would make it larger. */
static gsize
write_unknown (const PeerupStunMessage *request, const guint16 *types, gsize n, guint8 *answer)
{
  PeerupStunWriter writer;

  peerup_stun_writer_init_answer (&writer, answer, PEERUP_STUN_SERVER_SIZE_MAX, PEERUP_STUN_ERROR, request);
  peerup_stun_writer_add_error (&writer, UNKNOWN_ATTRIBUTE, "");
  peerup_stun_writer_add_unknown (&writer, types, n);
  if (request->has_fingerprint)
    peerup_stun_writer_add_fingerprint (&writer);
  return peerup_stun_writer_finish (&writer);
}

gsize
peerup_stun_server_answer (PeerupStunServer *self, const PeerupStunMessage *request, const PeerupSocketAddress *remote,
                           const PeerupStunOther *other, gint64 now, guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX],
                           PeerupStunWay *way)
{
  guint16 unknown[ATTRIBUTES_MAX];
  guint64 *counter;
  gsize n = 0, size = 0;
  Wishes wishes;

  g_return_val_if_fail (self != NULL && remote->any.sa_family != AF_UNSPEC && way != NULL, 0);

  read_wishes (request, &wishes);
  if (!is_for_us (request))
    counter = &self->figures.ignored;
  else if (!server_admit (self, remote, wishes.port != 0 ? PEERUP_STUN_SERVER_REDIRECT_COST : 1, now))
    counter = &self->figures.limited;
  else if ((n = refuse (request, &wishes, other, unknown)) > 0)
    {
      counter = &self->figures.rejected;
      wishes = (Wishes) { 0 };
      size = write_unknown (request, unknown, n, answer);
    }
  else
    {
      counter = &self->figures.answered;
      size = write_address (request, remote, wishes.has_change && other != NULL ? &other->address : NULL, answer);
    }
  ++*counter;
  set_way (&wishes, remote, way);
  g_assert (size <= request->length + PEERUP_STUN_SERVER_GROWTH_MAX);
  return size;
}

void
peerup_stun_server_get_figures (PeerupStunServer *self, PeerupStunServerFigures *figures)
{
  g_return_if_fail (self != NULL && figures != NULL);

  *figures = self->figures;
}
