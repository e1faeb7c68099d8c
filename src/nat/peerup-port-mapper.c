/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The ports of one gateway. Each has its own time to be asked for again; what they share is the protocol that the
 * gateway speaks, its clock, and the rate at which it is asked. Lives as long as the gateway is ours. It believes
 * what the gateway says of itself only as far as that bounds what it sends. */

#include "nat/peerup-port-mapper.h"

#include <string.h>

#include "limits/peerup-rate.h"

#define SECOND ((gint64) G_USEC_PER_SEC)

/* The first wait for an answer (RFC 6887 8.1.1, RFC 6886 3.1), each is twice the one before; and when a gateway that
 * has not answered at all is taken not to know the protocol. */
#define PCP_WAIT       (3 * SECOND)
#define PCP_PHASE      (6 * SECOND)
#define NAT_PMP_WAIT   ((gint64) 250000)
#define NAT_PMP_PHASE  (4 * SECOND)
#define WAIT_MAX       (64 * SECOND)
#define WAIT_DOUBLINGS 10
/* Whether it still knows us it is asked in vain so often in a row. */
#define CHECK_TRIES 4
/* That a mapping ends is told so often. */
#define END_TRIES 2
#define END_WAIT  ((gint64) 250000)
/* A mapping that lasts less than twice as long lapses in between. */
#define RENEW_MIN (30 * SECOND)
/* Refusals are believed for as long as they say, within these. */
#define REFUSED_MIN (60 * SECOND)
/* How often a gateway may say that it has forgotten everything: thrice at once, then once a minute. */
#define RESETS          3
#define RESET_INTERVAL  (60 * SECOND)
#define PACKET_INTERVAL (60 * SECOND / PEERUP_PORT_MAPPER_PACKETS_MAX)

typedef enum
{
  SPEAKS_PCP,
  SPEAKS_NAT_PMP,
  SPEAKS_NOTHING,
} Protocol;

typedef struct
{
  guint8 protocol;
  guint16 port;
  guint8 nonce[PEERUP_PORT_MAPPING_NONCE_SIZE];
  guint n_sent;   /* since the last answer */
  gint64 send_at; /* G_MAXINT64: nothing is to be sent */
  gboolean is_refused;
  gboolean is_ending;
  gboolean is_held;
  gint64 expires_at; /* G_MAXINT64 unless it is held */
  guint16 external_port;
  PeerupSocketAddress external; /* AF_UNSPEC with NAT-PMP, which has one address for all */
} Entry;

struct _PeerupPortMapper
{
  PeerupSocketAddress client;
  guint8 random[PEERUP_PORT_MAPPING_NONCE_SIZE];
  Protocol protocol;
  gint64 phase_ends_at; /* then another protocol is tried; G_MAXINT64: the gateway speaks this one */
  Entry entries[PEERUP_PORT_MAPPER_PORTS_MAX];
  guint n_entries;
  /* The question that is for no port: whether the gateway still knows us, or, with NAT-PMP, its outer address. */
  guint n_checks; /* since the last answer */
  gint64 check_at;
  PeerupSocketAddress address; /* NAT-PMP */
  /* The gateway's clock (RFC 6887 8.5). */
  gboolean has_epoch;
  guint32 epoch;
  gint64 epoch_at;
  PeerupRate resets;
  PeerupRate packets;
};

/* What to ask, and in which words */

static void
mapper_ask_all (PeerupPortMapper *self, gint64 now)
{
  for (guint i = 0; i < self->n_entries; i++)
    {
      self->entries[i].is_refused = FALSE;
      self->entries[i].n_sent = 0;
      self->entries[i].send_at = now;
    }
}

static void
mapper_speak (PeerupPortMapper *self, Protocol protocol, gint64 now)
{
  static const gint64 phases[] = { PCP_PHASE, NAT_PMP_PHASE, PEERUP_PORT_MAPPER_RETRY };

  self->protocol = protocol;
  self->phase_ends_at = now + phases[protocol];
  self->has_epoch = FALSE;
  self->n_checks = 0;
  self->check_at = protocol == SPEAKS_NAT_PMP ? now : G_MAXINT64;
  mapper_ask_all (self, protocol == SPEAKS_NOTHING ? G_MAXINT64 : now);
}

/* NAT-PMP is for IPv4 only. */
static void
mapper_speak_less (PeerupPortMapper *self, gint64 now)
{
  mapper_speak (self,
                self->protocol == SPEAKS_PCP && self->client.any.sa_family == AF_INET ? SPEAKS_NAT_PMP : SPEAKS_NOTHING,
                now);
}

static gint64
mapper_get_wait (PeerupPortMapper *self, guint n_sent)
{
  gint64 wait = self->protocol == SPEAKS_PCP ? PCP_WAIT : NAT_PMP_WAIT;

  return MIN (wait << MIN (n_sent - 1, WAIT_DOUBLINGS), WAIT_MAX);
}

/* Writing */

static gsize
mapper_write_entry (PeerupPortMapper *self, Entry *entry, gint64 now, guint8 *data)
{
  PeerupPortMappingRequest request = { .protocol = entry->protocol, .port = entry->port, .client = self->client };

  memcpy (request.nonce, entry->nonce, sizeof request.nonce);
  entry->n_sent++;
  entry->send_at = now + (entry->is_ending ? END_WAIT : mapper_get_wait (self, entry->n_sent));
  if (entry->is_ending && entry->n_sent == END_TRIES)
    entry->send_at = G_MAXINT64;
  if (!entry->is_ending)
    {
      /* The same outside as before, or else as inside: addresses that others know stay right. */
      request.lifetime = PEERUP_PORT_MAPPER_LIFETIME;
      request.external_port = entry->external_port != 0 ? entry->external_port : entry->port;
      request.external = entry->external;
    }
  return self->protocol == SPEAKS_PCP ? peerup_pcp_write_map (&request, data)
                                      : peerup_nat_pmp_write_map (&request, data);
}

static gsize
mapper_write_check (PeerupPortMapper *self, gint64 now, guint8 *data)
{
  self->n_checks++;
  self->check_at =
    now + (self->n_checks % CHECK_TRIES == 0 ? PEERUP_PORT_MAPPER_CHECK : mapper_get_wait (self, self->n_checks));
  return self->protocol == SPEAKS_PCP ? peerup_pcp_write_announce (&self->client, data)
                                      : peerup_nat_pmp_write_address (data);
}

gsize
peerup_port_mapper_next (PeerupPortMapper *self, gint64 now, guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE])
{
  guint due = 0;

  g_return_val_if_fail (self != NULL && data != NULL, 0);

  while (due < self->n_entries && self->entries[due].send_at > now)
    due++;
  if ((due == self->n_entries && self->check_at > now) ||
      !peerup_rate_take (&self->packets, now, PEERUP_PORT_MAPPER_PACKETS_MAX, PACKET_INTERVAL))
    return 0;
  return due < self->n_entries ? mapper_write_entry (self, &self->entries[due], now, data)
                               : mapper_write_check (self, now, data);
}

gint64
peerup_port_mapper_get_deadline (PeerupPortMapper *self)
{
  gint64 send_at, other;

  g_return_val_if_fail (self != NULL, G_MAXINT64);

  send_at = self->check_at;
  other = self->phase_ends_at;
  for (guint i = 0; i < self->n_entries; i++)
    {
      send_at = MIN (send_at, self->entries[i].send_at);
      other = MIN (other, self->entries[i].expires_at);
    }
  /* When the rate lets the next one through. */
  send_at = MAX (send_at, self->packets.full_at - (PEERUP_PORT_MAPPER_PACKETS_MAX - 1) * PACKET_INTERVAL);
  return MIN (send_at, other);
}

/* What comes */

/* Whether the gateway can have kept what it knew since it last told its time (RFC 6887 8.5). */
static gboolean
mapper_check_epoch (PeerupPortMapper *self, guint32 epoch, gint64 now)
{
  gint64 here = (now - self->epoch_at) / SECOND;
  gint64 there = (gint64) epoch - self->epoch;
  gboolean is_right =
    !self->has_epoch || (there >= -1 && here + 2 >= there - there / 16 && there + 2 >= here - here / 16);

  self->has_epoch = TRUE;
  self->epoch = epoch;
  self->epoch_at = now;
  return is_right;
}

static void
mapper_note_epoch (PeerupPortMapper *self, guint32 epoch, gint64 now)
{
  if (!mapper_check_epoch (self, epoch, now) && peerup_rate_take (&self->resets, now, RESETS, RESET_INTERVAL))
    mapper_ask_all (self, now);
}

static void
entry_refuse (Entry *self, guint32 lifetime, gint64 now)
{
  self->is_held = FALSE;
  self->expires_at = G_MAXINT64;
  self->is_refused = TRUE;
  self->send_at = self->is_ending ? G_MAXINT64 : now + CLAMP (lifetime * SECOND, REFUSED_MIN, PEERUP_PORT_MAPPER_RETRY);
}

static void
entry_hold (Entry *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  gint64 lifetime = MIN (answer->lifetime, PEERUP_PORT_MAPPER_LIFETIME_MAX) * SECOND;

  self->is_held = TRUE;
  self->is_refused = FALSE;
  self->external_port = answer->external_port;
  self->external = answer->external;
  self->n_sent = 0;
  self->expires_at = now + lifetime;
  self->send_at = now + MAX (lifetime / 2, RENEW_MIN);
}

static void
entry_take (Entry *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  gboolean is_pcp = answer->type == PEERUP_PORT_MAPPING_PCP_MAP;

  if (answer->result != PEERUP_PORT_MAPPING_SUCCESS || self->is_ending || answer->lifetime == 0 ||
      answer->external_port == 0 || (is_pcp && answer->external.any.sa_family == AF_UNSPEC))
    entry_refuse (self, answer->result != PEERUP_PORT_MAPPING_SUCCESS ? answer->lifetime : G_MAXUINT32, now);
  else
    entry_hold (self, answer, now);
}

static Entry *
mapper_find (PeerupPortMapper *self, const PeerupPortMappingAnswer *answer)
{
  for (guint i = 0; i < self->n_entries; i++)
    {
      Entry *entry = &self->entries[i];

      if (entry->protocol == answer->protocol && entry->port == answer->port &&
          (answer->type != PEERUP_PORT_MAPPING_PCP_MAP ||
           memcmp (entry->nonce, answer->nonce, sizeof entry->nonce) == 0))
        return entry;
    }
  return NULL;
}

/* The gateway speaks our protocol. */
static void
mapper_accept (PeerupPortMapper *self, gint64 now)
{
  if (self->phase_ends_at == G_MAXINT64)
    return;
  self->phase_ends_at = G_MAXINT64;
  self->check_at = MIN (self->check_at, now + PEERUP_PORT_MAPPER_CHECK);
}

static gboolean
is_pcp (const PeerupPortMappingAnswer *answer)
{
  return answer->type == PEERUP_PORT_MAPPING_PCP_MAP || answer->type == PEERUP_PORT_MAPPING_PCP_ANNOUNCE ||
         answer->type == PEERUP_PORT_MAPPING_PCP_OTHER;
}

static gboolean
is_check (const PeerupPortMappingAnswer *answer)
{
  return answer->type == PEERUP_PORT_MAPPING_PCP_ANNOUNCE || answer->type == PEERUP_PORT_MAPPING_NAT_PMP_ADDRESS;
}

/* It refuses everything, or does not know the words. */
static void
mapper_take_error (PeerupPortMapper *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  if (self->phase_ends_at != G_MAXINT64)
    mapper_speak_less (self, now);
  else
    for (guint i = 0; i < self->n_entries; i++)
      entry_refuse (&self->entries[i], answer->lifetime, now);
}

static void
mapper_take_success (PeerupPortMapper *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  if (answer->type == PEERUP_PORT_MAPPING_NAT_PMP_ADDRESS)
    self->address = answer->external;
  if (is_check (answer))
    {
      self->n_checks = 0;
      self->check_at = now + PEERUP_PORT_MAPPER_CHECK;
    }
  mapper_accept (self, now);
  mapper_note_epoch (self, answer->epoch, now);
}

/* A gateway that was silent has been started, or tells it in the other protocol. */
static void
mapper_take_foreign (PeerupPortMapper *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  gboolean is_error = answer->result != PEERUP_PORT_MAPPING_SUCCESS;

  if (self->protocol == SPEAKS_NOTHING && !is_error && peerup_rate_take (&self->resets, now, RESETS, RESET_INTERVAL))
    mapper_speak (self, SPEAKS_PCP, now);
  else if (self->protocol == SPEAKS_PCP && is_error && self->phase_ends_at != G_MAXINT64)
    mapper_speak_less (self, now);
  else if (self->protocol != SPEAKS_NOTHING && !is_error && self->phase_ends_at == G_MAXINT64)
    mapper_note_epoch (self, answer->epoch, now);
}

static void
mapper_take (PeerupPortMapper *self, const PeerupPortMappingAnswer *answer, gint64 now)
{
  gboolean is_of_port = answer->type == PEERUP_PORT_MAPPING_PCP_MAP ||
                        (answer->type == PEERUP_PORT_MAPPING_NAT_PMP_MAP && answer->port != 0);
  Entry *entry = is_of_port ? mapper_find (self, answer) : NULL;

  if (self->protocol != (is_pcp (answer) ? SPEAKS_PCP : SPEAKS_NAT_PMP))
    mapper_take_foreign (self, answer, now);
  else if (answer->result != PEERUP_PORT_MAPPING_SUCCESS && is_check (answer) &&
           answer->result != PEERUP_PORT_MAPPING_UNSUPP_VERSION)
    self->check_at = now + PEERUP_PORT_MAPPER_CHECK;
  else if (answer->result == PEERUP_PORT_MAPPING_UNSUPP_VERSION ||
           (!is_of_port && answer->result != PEERUP_PORT_MAPPING_SUCCESS))
    mapper_take_error (self, answer, now);
  else if (entry != NULL || !is_of_port)
    {
      /* Before the entry: what it holds is not to be asked for again because its own answer told of a loss. */
      mapper_take_success (self, answer, now);
      if (entry != NULL)
        entry_take (entry, answer, now);
    }
}

/* The caller's side */

/* What the caller can see: two that are equal look alike. */
typedef struct
{
  PeerupPortMapperState state;
  PeerupPortMapped ports[PEERUP_PORT_MAPPER_PORTS_MAX];
} Face;

static void
mapper_get_face (PeerupPortMapper *self, Face *face)
{
  memset (face, 0, sizeof *face);
  face->state = peerup_port_mapper_get_state (self);
  for (guint i = 0; i < self->n_entries; i++)
    {
      peerup_port_mapper_get_port (self, i, &face->ports[i]);
      face->ports[i].expires_at = 0;
    }
}

static gboolean
face_equal (const Face *a, const Face *b)
{
  for (guint i = 0; i < PEERUP_PORT_MAPPER_PORTS_MAX; i++)
    if (a->ports[i].is_held != b->ports[i].is_held ||
        !peerup_socket_address_equal (&a->ports[i].external, &b->ports[i].external))
      return FALSE;
  return a->state == b->state;
}

static gboolean
mapper_has_changed (PeerupPortMapper *self, const Face *before)
{
  Face after;

  mapper_get_face (self, &after);
  return !face_equal (before, &after);
}

gboolean
peerup_port_mapper_take (PeerupPortMapper *self, const guint8 *data, gsize length, gint64 now)
{
  PeerupPortMappingAnswer answer;
  Face before;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!peerup_port_mapping_answer_parse (&answer, data, length, NULL))
    return FALSE;
  mapper_get_face (self, &before);
  mapper_take (self, &answer, now);
  return mapper_has_changed (self, &before);
}

gboolean
peerup_port_mapper_refused (PeerupPortMapper *self, gint64 now)
{
  Face before;

  g_return_val_if_fail (self != NULL, FALSE);

  mapper_get_face (self, &before);
  if (self->phase_ends_at != G_MAXINT64 && self->protocol != SPEAKS_NOTHING)
    mapper_speak (self, SPEAKS_NOTHING, now);
  return mapper_has_changed (self, &before);
}

gboolean
peerup_port_mapper_advance (PeerupPortMapper *self, gint64 now)
{
  gboolean expired = FALSE;
  Face before;

  g_return_val_if_fail (self != NULL, FALSE);

  mapper_get_face (self, &before);
  for (guint i = 0; i < self->n_entries; i++)
    if (self->entries[i].expires_at <= now)
      {
        self->entries[i].is_held = FALSE;
        self->entries[i].expires_at = G_MAXINT64;
        expired = TRUE;
      }
  /* Nobody has renewed it for half its life: maybe the gateway is another one now. */
  if (expired || (self->phase_ends_at <= now && self->protocol == SPEAKS_NOTHING))
    mapper_speak (self, SPEAKS_PCP, now);
  else if (self->phase_ends_at <= now)
    mapper_speak_less (self, now);
  return mapper_has_changed (self, &before);
}

void
peerup_port_mapper_add (PeerupPortMapper *self, guint8 protocol, guint16 port, gint64 now)
{
  Entry *entry;

  g_return_if_fail (self != NULL && port != 0);
  g_return_if_fail (protocol == IPPROTO_UDP || protocol == IPPROTO_TCP);

  for (guint i = 0; i < self->n_entries; i++)
    if (self->entries[i].protocol == protocol && self->entries[i].port == port)
      return;
  if (self->n_entries == PEERUP_PORT_MAPPER_PORTS_MAX)
    return;
  if (self->n_entries == 0)
    mapper_speak (self, SPEAKS_PCP, now);
  entry = &self->entries[self->n_entries];
  *entry = (Entry) { .protocol = protocol, .port = port, .expires_at = G_MAXINT64 };
  entry->send_at = self->protocol == SPEAKS_NOTHING ? G_MAXINT64 : now;
  memcpy (entry->nonce, self->random, sizeof entry->nonce);
  entry->nonce[0] ^= self->n_entries++;
}

void
peerup_port_mapper_withdraw (PeerupPortMapper *self, gint64 now)
{
  g_return_if_fail (self != NULL);

  self->check_at = G_MAXINT64;
  for (guint i = 0; i < self->n_entries; i++)
    {
      Entry *entry = &self->entries[i];

      entry->is_ending = TRUE;
      entry->n_sent = 0;
      entry->send_at = entry->is_held || self->phase_ends_at == G_MAXINT64 ? now : G_MAXINT64;
      entry->is_held = FALSE;
      entry->expires_at = G_MAXINT64;
    }
}

gboolean
peerup_port_mapper_is_withdrawn (PeerupPortMapper *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  for (guint i = 0; i < self->n_entries; i++)
    if (!self->entries[i].is_ending || self->entries[i].send_at != G_MAXINT64)
      return FALSE;
  return TRUE;
}

PeerupPortMapperState
peerup_port_mapper_get_state (PeerupPortMapper *self)
{
  guint n_held = 0, n_refused = 0;

  g_return_val_if_fail (self != NULL, PEERUP_PORT_MAPPER_FAILED);

  for (guint i = 0; i < self->n_entries; i++)
    {
      n_held += self->entries[i].is_held;
      n_refused += self->entries[i].is_refused;
    }
  if (n_held > 0)
    return PEERUP_PORT_MAPPER_WORKS;
  return self->protocol == SPEAKS_NOTHING || (n_refused > 0 && n_refused == self->n_entries)
           ? PEERUP_PORT_MAPPER_FAILED
           : PEERUP_PORT_MAPPER_ASKING;
}

const char *
peerup_port_mapper_get_protocol (PeerupPortMapper *self)
{
  g_return_val_if_fail (self != NULL, "");

  return self->protocol == SPEAKS_PCP ? "PCP" : "NAT-PMP";
}

guint
peerup_port_mapper_get_n_ports (PeerupPortMapper *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->n_entries;
}

void
peerup_port_mapper_get_port (PeerupPortMapper *self, guint index, PeerupPortMapped *port)
{
  const Entry *entry;

  g_return_if_fail (self != NULL && index < self->n_entries && port != NULL);

  entry = &self->entries[index];
  *port = (PeerupPortMapped) { .protocol = entry->protocol, .port = entry->port, .is_held = entry->is_held };
  if (!entry->is_held)
    return;
  port->expires_at = entry->expires_at;
  port->external = entry->external.any.sa_family != AF_UNSPEC ? entry->external : self->address;
  if (port->external.any.sa_family != AF_UNSPEC)
    peerup_socket_address_set_port (&port->external, entry->external_port);
}

/* Life */

PeerupPortMapper *
peerup_port_mapper_new (const PeerupSocketAddress *client, const guint8 random[PEERUP_PORT_MAPPING_NONCE_SIZE])
{
  PeerupPortMapper *self;

  g_return_val_if_fail (client != NULL && client->any.sa_family != AF_UNSPEC && random != NULL, NULL);

  self = g_new0 (PeerupPortMapper, 1);
  self->client = *client;
  memcpy (self->random, random, sizeof self->random);
  self->phase_ends_at = G_MAXINT64;
  self->check_at = G_MAXINT64;
  return self;
}

void
peerup_port_mapper_free (PeerupPortMapper *self)
{
  g_return_if_fail (self != NULL);

  g_free (self);
}
