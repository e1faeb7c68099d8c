/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The questions of one inquiry and what their answers mean. It lives from the first question to the
 * facts, once for each time that the network is looked at. A server may lie: what it says is a hint and is used
 * as one, so nothing is checked here but that it could be true. */

#include "nat/peerup-nat-behaviour.h"

#define SHARED_NETWORK 0x64400000
#define SHARED_MASK    0xffc00000

typedef enum
{
  STAGE_SOCKET,  /* what is mapped */
  STAGE_KNOCK,   /* the fresh socket is opened towards the helper */
  STAGE_FILTER,  /* who else is let in */
  STAGE_MAPPING, /* on which parts of the destination the mapping depends, in which steps */
  STAGE_OVER,
} Stage;

typedef enum
{
  ANSWER_NOT_ASKED,
  ANSWER_OPEN,
  ANSWER_NONE,
  ANSWER_REFUSED,
  ANSWER_MAPPED,
} AnswerState;

typedef struct
{
  PeerupNatQuestion question;
  guint server; /* its index */
  AnswerState state;
  PeerupSocketAddress mapped;
} Entry;

typedef struct
{
  PeerupSocketAddress address;
  PeerupSocketAddress other; /* as it names it; AF_UNSPEC: it names none */
} Server;

struct _PeerupNatInquiry
{
  PeerupSocketAddress local;
  Server servers[PEERUP_NAT_SERVERS_MAX];
  guint n_servers;
  Stage stage;
  Entry entries[PEERUP_NAT_QUESTIONS_MAX];
  guint n_entries;
  guint n_handed;
  guint stage_start; /* the first entry of this stage */
};

gboolean
peerup_nat_is_shared (const PeerupSocketAddress *address)
{
  return address->any.sa_family == AF_INET && (g_ntohl (address->ip4.sin_addr.s_addr) & SHARED_MASK) == SHARED_NETWORK;
}

/* Questions */

static Entry *
inquiry_add (PeerupNatInquiry *self, PeerupNatSource source, guint server, const PeerupSocketAddress *address)
{
  Entry *entry;

  g_assert (self->n_entries < PEERUP_NAT_QUESTIONS_MAX);
  entry = &self->entries[self->n_entries];
  *entry = (Entry) { .server = server };
  entry->question = (PeerupNatQuestion) { .id = self->n_entries, .source = source, .server = *address };
  self->n_entries++;
  return entry;
}

/* The second port of a server, at the host where it is asked; FALSE: it has none. */
static gboolean
get_second_port (const Server *server, PeerupSocketAddress *address)
{
  guint16 port = peerup_socket_address_get_port (&server->other);

  if (server->other.any.sa_family != server->address.any.sa_family || port == 0 ||
      port == peerup_socket_address_get_port (&server->address))
    return FALSE;
  *address = server->address;
  peerup_socket_address_set_port (address, port);
  return TRUE;
}

/* The first server that has answered the socket, with a second port or without; -1: none. */
static int
inquiry_find_server (PeerupNatInquiry *self, gboolean with_second_port)
{
  PeerupSocketAddress second;

  for (guint i = 0; i < self->n_entries; i++)
    {
      const Entry *entry = &self->entries[i];

      if (entry->question.source == PEERUP_NAT_FROM_SOCKET && entry->state == ANSWER_MAPPED &&
          (!with_second_port || get_second_port (&self->servers[entry->server], &second)))
        return entry->server;
    }
  return -1;
}

/* What answers mean */

/* What @source has asked of @server's first or second port; NULL: nothing that was answered. */
static const PeerupSocketAddress *
inquiry_find_mapped (PeerupNatInquiry *self, PeerupNatSource source, guint server, gboolean second)
{
  const PeerupSocketAddress *first = &self->servers[server].address;

  for (guint i = 0; i < self->n_entries; i++)
    {
      const Entry *entry = &self->entries[i];

      if (entry->question.source == source && entry->server == server && entry->state == ANSWER_MAPPED &&
          !entry->question.from_other_port && !entry->question.from_other_host &&
          peerup_socket_address_equal (&entry->question.server, first) != second)
        return &entry->mapped;
    }
  return NULL;
}

typedef enum
{
  COMPARED_NOT,
  COMPARED_EQUAL,
  COMPARED_DIFFERENT,
} Compared;

/* What two hosts see of one socket. */
static Compared
inquiry_compare_hosts (PeerupNatInquiry *self, PeerupNatSource source)
{
  const PeerupSocketAddress *first = NULL;
  Compared result = COMPARED_NOT;
  guint first_server = 0;

  for (guint i = 0; i < self->n_servers; i++)
    {
      const PeerupSocketAddress *mapped = inquiry_find_mapped (self, source, i, FALSE);

      if (mapped == NULL)
        continue;
      if (first == NULL)
        {
          first = mapped;
          first_server = i;
        }
      else if (!peerup_socket_address_equal (first, mapped))
        return COMPARED_DIFFERENT;
      else if (!peerup_socket_address_is_same_host (&self->servers[i].address, &self->servers[first_server].address))
        result = COMPARED_EQUAL;
    }
  return result;
}

/* What two ports of one host see. */
static Compared
inquiry_compare_ports (PeerupNatInquiry *self, PeerupNatSource source)
{
  Compared result = COMPARED_NOT;

  for (guint i = 0; i < self->n_servers; i++)
    {
      const PeerupSocketAddress *first = inquiry_find_mapped (self, source, i, FALSE);
      const PeerupSocketAddress *second = inquiry_find_mapped (self, source, i, TRUE);

      if (first == NULL || second == NULL)
        continue;
      if (!peerup_socket_address_equal (first, second))
        return COMPARED_DIFFERENT;
      result = COMPARED_EQUAL;
    }
  return result;
}

static const PeerupSocketAddress *
inquiry_get_mapped (PeerupNatInquiry *self)
{
  for (guint i = 0; i < self->n_servers; i++)
    {
      const PeerupSocketAddress *mapped = inquiry_find_mapped (self, PEERUP_NAT_FROM_SOCKET, i, FALSE);

      if (mapped != NULL)
        return mapped;
    }
  return NULL;
}

static gboolean
inquiry_has_nat (PeerupNatInquiry *self)
{
  const PeerupSocketAddress *mapped = inquiry_get_mapped (self);

  return mapped != NULL && !peerup_socket_address_equal (mapped, &self->local);
}

static PeerupNatBehaviour
inquiry_judge_mapping (PeerupNatInquiry *self)
{
  Compared hosts = inquiry_compare_hosts (self, PEERUP_NAT_FROM_SOCKET);
  Compared ports = inquiry_compare_ports (self, PEERUP_NAT_FROM_OTHER_FRESH);

  if (inquiry_get_mapped (self) == NULL)
    return PEERUP_NAT_UNKNOWN;
  if (hosts == COMPARED_DIFFERENT)
    return ports == COMPARED_EQUAL ? PEERUP_NAT_ADDRESS_DEPENDENT : PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
  if (!inquiry_has_nat (self) || hosts == COMPARED_EQUAL)
    return PEERUP_NAT_ENDPOINT_INDEPENDENT;
  return ports == COMPARED_DIFFERENT ? PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT : PEERUP_NAT_UNKNOWN;
}

/* Only what was asked for and did not come says that nobody else is let in. */
static PeerupNatBehaviour
inquiry_judge_filtering (PeerupNatInquiry *self)
{
  PeerupNatBehaviour result = PEERUP_NAT_UNKNOWN;

  for (guint i = 0; i < self->n_entries; i++)
    {
      const Entry *entry = &self->entries[i];

      if (entry->question.from_other_host && entry->state == ANSWER_MAPPED)
        return PEERUP_NAT_ENDPOINT_INDEPENDENT;
      if (entry->question.from_other_port && !entry->question.from_other_host && entry->state == ANSWER_MAPPED)
        result = PEERUP_NAT_ADDRESS_DEPENDENT;
      if (entry->question.from_other_port && !entry->question.from_other_host && entry->state == ANSWER_NONE)
        result = PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT;
    }
  return result;
}

/* The ports of one socket's mappings in the order in which they were made. */
static guint
inquiry_list_ports (PeerupNatInquiry *self, PeerupNatSource source, guint16 ports[PEERUP_NAT_QUESTIONS_MAX])
{
  guint n = 0;

  for (guint i = 0; i < self->n_entries; i++)
    {
      const Entry *entry = &self->entries[i];
      guint16 port = peerup_socket_address_get_port (&entry->mapped);
      gboolean known = FALSE;

      if (entry->question.source != source || entry->state != ANSWER_MAPPED)
        continue;
      for (guint j = 0; j < n; j++)
        known |= ports[j] == port;
      if (!known)
        ports[n++] = port;
    }
  return n;
}

/* The step between neighbours that comes at least twice, of all sockets. Ports are counted round at their end. */
static int
inquiry_find_step (PeerupNatInquiry *self)
{
  guint counts[2 * PEERUP_NAT_STEP_MAX + 1] = { 0 };
  guint16 ports[PEERUP_NAT_QUESTIONS_MAX];
  guint best = PEERUP_NAT_STEP_MAX;

  for (PeerupNatSource source = 0; source < PEERUP_NAT_N_SOURCES; source++)
    {
      guint n = inquiry_list_ports (self, source, ports);

      for (guint i = 1; i < n; i++)
        {
          int step = (gint16) (guint16) (ports[i] - ports[i - 1]);

          if (ABS (step) <= PEERUP_NAT_STEP_MAX)
            counts[step + PEERUP_NAT_STEP_MAX]++;
        }
    }
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > counts[best])
      best = i;
  return counts[best] >= 2 ? (int) best - PEERUP_NAT_STEP_MAX : 0;
}

static gboolean
inquiry_keeps_port (PeerupNatInquiry *self)
{
  guint16 ports[PEERUP_NAT_QUESTIONS_MAX];

  return inquiry_list_ports (self, PEERUP_NAT_FROM_SOCKET, ports) == 1 &&
         ports[0] == peerup_socket_address_get_port (&self->local);
}

void
peerup_nat_inquiry_get_facts (PeerupNatInquiry *self, gint64 now, PeerupNatFacts *facts)
{
  const PeerupSocketAddress *mapped = inquiry_get_mapped (self);

  g_return_if_fail (self != NULL && facts != NULL);

  *facts = (PeerupNatFacts) { .local = self->local, .measured_at = now };
  facts->is_shared = peerup_nat_is_shared (&self->local);
  if (mapped == NULL)
    return;
  facts->mapped = *mapped;
  facts->has_nat = inquiry_has_nat (self);
  facts->mapping = inquiry_judge_mapping (self);
  facts->filtering = inquiry_judge_filtering (self);
  facts->keeps_port = inquiry_keeps_port (self);
  if (facts->mapping == PEERUP_NAT_ADDRESS_DEPENDENT || facts->mapping == PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT)
    facts->port_step = inquiry_find_step (self);
}

/* Stages */

static void
inquiry_begin (PeerupNatInquiry *self, Stage stage)
{
  self->stage = stage;
  self->stage_start = self->n_entries;
}

static void
inquiry_begin_filter (PeerupNatInquiry *self, guint helper)
{
  const Server *server = &self->servers[helper];

  inquiry_begin (self, STAGE_FILTER);
  if (!peerup_socket_address_is_same_host (&server->other, &server->address))
    {
      Entry *entry = inquiry_add (self, PEERUP_NAT_FROM_FRESH, helper, &server->address);

      entry->question.from_other_host = TRUE;
      entry->question.from_other_port = TRUE;
    }
  inquiry_add (self, PEERUP_NAT_FROM_FRESH, helper, &server->address)->question.from_other_port = TRUE;
}

/* First ports, then second ones: with one host only, that of its second port is what is missing. */
static void
inquiry_begin_mapping (PeerupNatInquiry *self)
{
  PeerupSocketAddress second;

  inquiry_begin (self, STAGE_MAPPING);
  for (guint i = 0; i < self->n_servers; i++)
    if (inquiry_find_mapped (self, PEERUP_NAT_FROM_SOCKET, i, FALSE) != NULL)
      inquiry_add (self, PEERUP_NAT_FROM_OTHER_FRESH, i, &self->servers[i].address);
  for (guint i = 0; i < self->n_servers; i++)
    if (inquiry_find_mapped (self, PEERUP_NAT_FROM_SOCKET, i, FALSE) != NULL &&
        get_second_port (&self->servers[i], &second))
      inquiry_add (self, PEERUP_NAT_FROM_OTHER_FRESH, i, &second);
}

static void
inquiry_go_on (PeerupNatInquiry *self)
{
  int helper = inquiry_find_server (self, TRUE);

  if (self->stage == STAGE_SOCKET && helper >= 0)
    {
      inquiry_begin (self, STAGE_KNOCK);
      inquiry_add (self, PEERUP_NAT_FROM_FRESH, helper, &self->servers[helper].address);
    }
  else if (self->stage == STAGE_KNOCK && self->entries[self->stage_start].state == ANSWER_MAPPED)
    inquiry_begin_filter (self, self->entries[self->stage_start].server);
  else if (self->stage < STAGE_MAPPING && inquiry_get_mapped (self) != NULL && inquiry_has_nat (self) &&
           inquiry_judge_mapping (self) != PEERUP_NAT_ENDPOINT_INDEPENDENT)
    inquiry_begin_mapping (self);
  else
    inquiry_begin (self, STAGE_OVER);
}

/* A server that is gone must not hold up what two others have answered. */
static gboolean
inquiry_has_enough (PeerupNatInquiry *self)
{
  for (guint i = self->stage_start; i < self->n_entries; i++)
    if (self->entries[i].question.from_other_host && self->entries[i].state == ANSWER_MAPPED)
      return TRUE;
  return self->stage == STAGE_SOCKET && self->n_handed == self->n_entries &&
         inquiry_compare_hosts (self, PEERUP_NAT_FROM_SOCKET) != COMPARED_NOT;
}

static void
inquiry_check (PeerupNatInquiry *self)
{
  while (self->stage != STAGE_OVER)
    {
      for (guint i = self->stage_start; i < self->n_entries && !inquiry_has_enough (self); i++)
        if (self->entries[i].state <= ANSWER_OPEN)
          return;
      self->n_handed = self->n_entries;
      inquiry_go_on (self);
    }
}

/* The caller's side */

static gboolean
could_be (const PeerupSocketAddress *mapped, const PeerupSocketAddress *local)
{
  return mapped->any.sa_family == local->any.sa_family && peerup_socket_address_get_port (mapped) != 0 &&
         !peerup_socket_address_is_wildcard (mapped);
}

static Entry *
inquiry_find_open (PeerupNatInquiry *self, guint id)
{
  return id < self->n_entries && self->entries[id].state == ANSWER_OPEN ? &self->entries[id] : NULL;
}

gboolean
peerup_nat_inquiry_next (PeerupNatInquiry *self, PeerupNatQuestion *question)
{
  g_return_val_if_fail (self != NULL && question != NULL, FALSE);

  if (self->n_handed == self->n_entries)
    return FALSE;
  self->entries[self->n_handed].state = ANSWER_OPEN;
  *question = self->entries[self->n_handed++].question;
  return TRUE;
}

void
peerup_nat_inquiry_answer (PeerupNatInquiry *self, guint id, const PeerupSocketAddress *mapped,
                           const PeerupSocketAddress *other)
{
  Entry *entry = inquiry_find_open (self, id);

  g_return_if_fail (self != NULL && mapped != NULL && other != NULL);

  if (entry == NULL)
    return;
  entry->state = could_be (mapped, &self->local) ? ANSWER_MAPPED : ANSWER_REFUSED;
  entry->mapped = *mapped;
  if (entry->question.wants_other)
    self->servers[entry->server].other = *other;
  inquiry_check (self);
}

void
peerup_nat_inquiry_fail (PeerupNatInquiry *self, guint id, gboolean refused)
{
  Entry *entry = inquiry_find_open (self, id);

  g_return_if_fail (self != NULL);

  if (entry == NULL)
    return;
  entry->state = refused ? ANSWER_REFUSED : ANSWER_NONE;
  if (refused && self->stage == STAGE_SOCKET && entry->question.wants_other)
    inquiry_add (self, PEERUP_NAT_FROM_SOCKET, entry->server, &entry->question.server);
  inquiry_check (self);
}

gboolean
peerup_nat_inquiry_is_over (PeerupNatInquiry *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->stage == STAGE_OVER;
}

/* Life */

static gboolean
inquiry_has_host (PeerupNatInquiry *self, const PeerupSocketAddress *address)
{
  for (guint i = 0; i < self->n_servers; i++)
    if (peerup_socket_address_is_same_host (&self->servers[i].address, address))
      return TRUE;
  return FALSE;
}

static void
inquiry_add_server (PeerupNatInquiry *self, const PeerupSocketAddress *address)
{
  if (address->any.sa_family != self->local.any.sa_family || self->n_servers == PEERUP_NAT_SERVERS_MAX ||
      inquiry_has_host (self, address))
    return;
  self->servers[self->n_servers].address = *address;
  inquiry_add (self, PEERUP_NAT_FROM_SOCKET, self->n_servers, address)->question.wants_other = TRUE;
  self->n_servers++;
}

PeerupNatInquiry *
peerup_nat_inquiry_new (const PeerupSocketAddress *local, const PeerupSocketAddress *servers, guint n_servers)
{
  PeerupNatInquiry *self;

  g_return_val_if_fail (local != NULL && local->any.sa_family != AF_UNSPEC, NULL);
  g_return_val_if_fail (servers != NULL || n_servers == 0, NULL);

  self = g_new0 (PeerupNatInquiry, 1);
  self->local = *local;
  for (guint i = 0; i < n_servers; i++)
    inquiry_add_server (self, &servers[i]);
  if (self->n_servers == 0)
    self->stage = STAGE_OVER;
  return self;
}

void
peerup_nat_inquiry_free (PeerupNatInquiry *self)
{
  g_return_if_fail (self != NULL);

  g_free (self);
}
