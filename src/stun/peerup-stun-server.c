/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a STUN server answers, and how often. It lives as long as its engine wants to be asked,
 * and keeps nothing of those who ask but when each may ask again. It checks no credentials: there
 * is nothing here that not everybody may know. */

#include "stun/peerup-stun-server.h"

#include "limits/peerup-rate.h"
#include "stun/peerup-stun-writer.h"

#define RATE_MAX 100000

/* The most attributes that fit into a request. */
#define ATTRIBUTES_MAX ((PEERUP_STUN_SERVER_SIZE_MAX - PEERUP_STUN_HEADER_SIZE) / 4)

#define UNKNOWN_ATTRIBUTE 420

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

/* Who is held to a rate of its own takes nothing of everybody's. */
static gboolean
server_admit (PeerupStunServer *self, const PeerupSocketAddress *remote, gint64 now)
{
  guint burst = self->rate * PEERUP_STUN_SERVER_BURST;
  gint64 interval = G_USEC_PER_SEC / self->rate;

  return peerup_rate_allows (&self->all, now, burst, interval) &&
         peerup_rate_take (server_get_slot (self, remote), now, self->rate_per_address * PEERUP_STUN_SERVER_BURST,
                           G_USEC_PER_SEC / self->rate_per_address) &&
         peerup_rate_take (&self->all, now, burst, interval);
}

static gboolean
is_for_us (const PeerupStunMessage *request)
{
  return request->class == PEERUP_STUN_REQUEST && request->method == PEERUP_STUN_BINDING &&
         request->length <= PEERUP_STUN_SERVER_SIZE_MAX;
}

/* A classic client knows no XOR-MAPPED-ADDRESS (RFC 5389 12.2); libnice asks so. */
static gsize
write_address (const PeerupStunMessage *request, const PeerupSocketAddress *remote, guint8 *answer)
{
  PeerupStunWriter writer;

  peerup_stun_writer_init_answer (&writer, answer, PEERUP_STUN_SERVER_SIZE_MAX, PEERUP_STUN_SUCCESS, request);
  peerup_stun_writer_add_address (&writer,
                                  request->is_classic ? PEERUP_STUN_MAPPED_ADDRESS : PEERUP_STUN_XOR_MAPPED_ADDRESS,
                                  remote);
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
                           gint64 now, guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX])
{
  guint16 unknown[ATTRIBUTES_MAX];
  guint64 *counter;
  gsize n = 0, size = 0;

  g_return_val_if_fail (self != NULL && remote->any.sa_family != AF_UNSPEC, 0);

  if (!is_for_us (request))
    counter = &self->figures.ignored;
  else if (!server_admit (self, remote, now))
    counter = &self->figures.limited;
  else if ((n = peerup_stun_message_find_unknown (request, unknown, ATTRIBUTES_MAX)) > 0)
    {
      counter = &self->figures.rejected;
      size = write_unknown (request, unknown, n, answer);
    }
  else
    {
      counter = &self->figures.answered;
      size = write_address (request, remote, answer);
    }
  ++*counter;
  g_assert (size <= request->length + PEERUP_STUN_SERVER_GROWTH_MAX);
  return size;
}

void
peerup_stun_server_get_figures (PeerupStunServer *self, PeerupStunServerFigures *figures)
{
  g_return_if_fail (self != NULL && figures != NULL);

  *figures = self->figures;
}
