/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Multicast DNS on some links: when to ask, when to answer and what to pass over. Lives as long as its sockets; opens
 * none, asks no clock and believes nobody: what it hears it hands on as claims. */

#include "mdns/peerup-mdns-machine.h"

#include "mdns/peerup-mdns-known.h"

/* Answers to one alone that wait to be sent. */
#define UNICASTS_MAX 16
/* A new question where one was put a moment ago may wait so long. */
#define ASK_AGAIN_PAUSE (30 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  PeerupMdnsInterface *interface;
  int family;
  PeerupMdnsTalk talks[PEERUP_MDNS_N_TOPICS];
} Link;

struct _PeerupMdnsMachine
{
  PeerupMdnsOwn *own;
  PeerupMdnsKnown *known;
  GRand *random;
  GPtrArray *links; /* of Link */
  GQueue unicasts;  /* of PeerupMdnsPacket */
  gboolean waiting[PEERUP_MDNS_N_TOPICS];
  PeerupMdnsRates rates;
  PeerupMdnsFigures figures;
};

static void
link_free (gpointer data)
{
  Link *self = data;

  peerup_mdns_interface_free (self->interface);
  g_free (self);
}

PeerupMdnsMachine *
peerup_mdns_machine_new (PeerupMdnsOwn *own, guint32 seed)
{
  PeerupMdnsMachine *self = g_new0 (PeerupMdnsMachine, 1);

  self->own = own;
  self->known = peerup_mdns_known_new ();
  self->random = g_rand_new_with_seed (seed);
  self->links = g_ptr_array_new_with_free_func (link_free);
  return self;
}

void
peerup_mdns_machine_free (PeerupMdnsMachine *self)
{
  g_queue_clear_full (&self->unicasts, g_free);
  g_ptr_array_unref (self->links);
  g_rand_free (self->random);
  peerup_mdns_known_free (self->known);
  peerup_mdns_own_free (self->own);
  g_free (self);
}

static Link *
machine_find (PeerupMdnsMachine *self, guint interface, int family, guint *index)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      Link *link = self->links->pdata[i];

      if (link->interface->index != interface || link->family != family)
        continue;
      if (index != NULL)
        *index = i;
      return link;
    }
  return NULL;
}

/* When */

static gint64
machine_pick (PeerupMdnsMachine *self, gint64 min, gint64 max)
{
  return min + (gint64) (g_rand_double (self->random) * (max - min));
}

/* Whether questions of @topic go on by themselves. */
static gboolean
machine_asks (PeerupMdnsMachine *self, PeerupMdnsTopic topic)
{
  return self->waiting[topic] || (topic == PEERUP_MDNS_PEERS && peerup_mdns_own_get_announcing (self->own));
}

/* @delay: before the next question; there is none where nobody wants to know. */
static void
machine_begin_asking (PeerupMdnsMachine *self, PeerupMdnsTalk *talk, PeerupMdnsTopic topic, gint64 now, gint64 delay)
{
  if (machine_asks (self, topic))
    peerup_mdns_talk_begin_asking (talk, now + delay);
  else
    talk->ask_at = 0;
}

static void
machine_go_on_asking (PeerupMdnsMachine *self, PeerupMdnsTalk *talk, PeerupMdnsTopic topic, gint64 now)
{
  peerup_mdns_talk_go_on_asking (talk, self->waiting[topic], now, g_rand_double (self->random));
  if (!machine_asks (self, topic))
    talk->ask_at = 0;
}

static void
machine_announce (PeerupMdnsMachine *self, PeerupMdnsTalk *talk, PeerupMdnsTopic topic, gint64 now)
{
  if (!peerup_mdns_own_tells (self->own, topic) || topic == PEERUP_MDNS_SERVICES)
    return;
  peerup_mdns_talk_announce (talk, PEERUP_MDNS_SAY_POINTER,
                             now + machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX));
}

static void
machine_announce_all (PeerupMdnsMachine *self, PeerupMdnsTopic topic, gint64 now)
{
  for (guint i = 0; i < self->links->len; i++)
    machine_announce (self, &((Link *) self->links->pdata[i])->talks[topic], topic, now);
}

static void
machine_take_back_all (PeerupMdnsMachine *self, PeerupMdnsTopic topic, gint64 now)
{
  for (guint i = 0; i < self->links->len; i++)
    peerup_mdns_talk_take_back (&((Link *) self->links->pdata[i])->talks[topic], PEERUP_MDNS_SAY_POINTER, now);
}

/* Links */

static void
machine_begin (PeerupMdnsMachine *self, Link *link, gint64 now)
{
  for (PeerupMdnsTopic topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
    {
      machine_begin_asking (self, &link->talks[topic], topic, now,
                            machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX));
      machine_announce (self, &link->talks[topic], topic, now);
    }
}

/* The same networks as before, as far as we see: they may be others all the same. */
static void
machine_renew (PeerupMdnsMachine *self, Link *link, gint64 now)
{
  PeerupMdnsTalk *talk = &link->talks[PEERUP_MDNS_PEERS];

  if (talk->ask_at != 0 && now - talk->asked_at >= ASK_AGAIN_PAUSE)
    machine_begin_asking (self, talk, PEERUP_MDNS_PEERS, now,
                          machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX));
}

void
peerup_mdns_machine_set_link (PeerupMdnsMachine *self, const PeerupMdnsInterface *interface, int family, gint64 now)
{
  Link *link = machine_find (self, interface->index, family, NULL);

  if (link != NULL && peerup_mdns_interface_equal (link->interface, interface))
    {
      machine_renew (self, link, now);
      return;
    }
  if (link == NULL)
    {
      link = g_new0 (Link, 1);
      link->family = family;
      g_ptr_array_add (self->links, link);
    }
  g_clear_pointer (&link->interface, peerup_mdns_interface_free);
  link->interface = peerup_mdns_interface_copy (interface);
  machine_begin (self, link, now);
}

void
peerup_mdns_machine_remove_link (PeerupMdnsMachine *self, guint interface, int family)
{
  guint index;

  if (machine_find (self, interface, family, &index) != NULL)
    g_ptr_array_remove_index (self->links, index);
}

/* What there is to say */

void
peerup_mdns_machine_set_addresses (PeerupMdnsMachine *self, GPtrArray *addresses, gint64 now)
{
  if (!peerup_mdns_own_set_addresses (self->own, addresses))
    return;
  machine_announce_all (self, PEERUP_MDNS_PEERS, now);
  machine_announce_all (self, PEERUP_MDNS_INVITES, now);
}

void
peerup_mdns_machine_set_announcing (PeerupMdnsMachine *self, gboolean announcing, gint64 now)
{
  if (peerup_mdns_own_get_announcing (self->own) == announcing)
    return;
  peerup_mdns_own_set_announcing (self->own, announcing);
  if (announcing)
    machine_announce_all (self, PEERUP_MDNS_PEERS, now);
  else
    machine_take_back_all (self, PEERUP_MDNS_PEERS, now);
  for (guint i = 0; i < self->links->len; i++)
    machine_begin_asking (self, &((Link *) self->links->pdata[i])->talks[PEERUP_MDNS_PEERS], PEERUP_MDNS_PEERS, now,
                          machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX));
}

void
peerup_mdns_machine_add_number (PeerupMdnsMachine *self, guint number, gint64 now)
{
  if (peerup_mdns_own_add_number (self->own, number))
    machine_announce_all (self, PEERUP_MDNS_INVITES, now);
}

void
peerup_mdns_machine_remove_number (PeerupMdnsMachine *self, guint number, gint64 now)
{
  if (!peerup_mdns_own_remove_number (self->own, number))
    return;
  if (peerup_mdns_own_tells (self->own, PEERUP_MDNS_INVITES))
    machine_announce_all (self, PEERUP_MDNS_INVITES, now);
  else
    machine_take_back_all (self, PEERUP_MDNS_INVITES, now);
}

void
peerup_mdns_machine_set_waiting (PeerupMdnsMachine *self, PeerupMdnsTopic topic, gboolean waiting, gint64 now)
{
  g_assert (topic < PEERUP_MDNS_SERVICES);

  if (self->waiting[topic] == waiting)
    return;
  self->waiting[topic] = waiting;
  for (guint i = 0; i < self->links->len; i++)
    {
      PeerupMdnsTalk *talk = &((Link *) self->links->pdata[i])->talks[topic];

      if (waiting)
        machine_begin_asking (self, talk, topic, now, 0);
      else if (!machine_asks (self, topic))
        talk->ask_at = 0;
    }
}

void
peerup_mdns_machine_ask (PeerupMdnsMachine *self, gint64 now)
{
  peerup_mdns_known_clear (self->known);
  for (guint i = 0; i < self->links->len; i++)
    machine_begin_asking (self, &((Link *) self->links->pdata[i])->talks[PEERUP_MDNS_PEERS], PEERUP_MDNS_PEERS, now, 0);
}

void
peerup_mdns_machine_leave (PeerupMdnsMachine *self)
{
  g_queue_clear_full (&self->unicasts, g_free);
  for (guint i = 0; i < self->links->len; i++)
    for (PeerupMdnsTopic topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
      {
        PeerupMdnsTalk *talk = &((Link *) self->links->pdata[i])->talks[topic];

        talk->ask_at = 0;
        if (peerup_mdns_own_tells (self->own, topic) && topic != PEERUP_MDNS_SERVICES)
          peerup_mdns_talk_take_back (talk, PEERUP_MDNS_SAY_POINTER, 1);
        else if (!talk->bye)
          peerup_mdns_talk_be_silent (talk);
      }
}

/* Whom to listen to */

/* Whether a message of @source that is of our services is taken. */
static gboolean
machine_admits (PeerupMdnsMachine *self, const PeerupSocketAddress *source, gint64 now)
{
  if (peerup_mdns_rates_take_source (&self->rates, source, now))
    return TRUE;
  self->figures.n_refused++;
  return FALSE;
}

/* Answers of others */

static GPtrArray *
machine_read_claims (PeerupMdnsMachine *self, const PeerupMdnsMessage *message, PeerupMdnsTopic *topic)
{
  for (*topic = 0; *topic < PEERUP_MDNS_SERVICES; (*topic)++)
    {
      GPtrArray *claims = peerup_mdns_claims_read (message, peerup_mdns_own_get_service (self->own, *topic));

      if (claims->len > 0)
        return claims;
      g_ptr_array_unref (claims);
    }
  return NULL;
}

/* Addresses elsewhere are no business of a LAN: whoever names them has us knock at other people's doors. */
static gboolean
machine_reaches (PeerupMdnsMachine *self, PeerupMultiaddr *address)
{
  PeerupSocketAddress native;

  if (!peerup_mdns_address_get (address, &native))
    return FALSE;
  for (guint i = 0; i < self->links->len; i++)
    if (peerup_mdns_interface_contains (((Link *) self->links->pdata[i])->interface, &native))
      return TRUE;
  return FALSE;
}

/* Whether anything is left of @claim. */
static gboolean
machine_check_claim (PeerupMdnsMachine *self, PeerupMdnsClaim *claim, PeerupMdnsTopic topic, gint64 now)
{
  if (peerup_peer_id_equal (claim->peer, peerup_mdns_own_get_peer (self->own)))
    return FALSE;
  for (guint i = claim->addresses->len; i > 0; i--)
    if (!machine_reaches (self, claim->addresses->pdata[i - 1]))
      g_ptr_array_remove_index (claim->addresses, i - 1);
  if (topic == PEERUP_MDNS_PEERS)
    claim->is_news = peerup_mdns_known_learn (self->known, claim, now);
  return claim->ttl > 0 && claim->addresses->len > 0;
}

static GPtrArray *
machine_take_answer (PeerupMdnsMachine *self, const PeerupMdnsMessage *message, const PeerupSocketAddress *source,
                     gint64 now, PeerupMdnsTopic *topic)
{
  g_autoptr (GPtrArray) claims = NULL;

  /* Nobody but a responder of this port answers everybody (RFC 6762 6). */
  if (peerup_socket_address_get_port (source) != PEERUP_MDNS_PORT)
    return NULL;
  claims = machine_read_claims (self, message, topic);
  if (claims == NULL || !machine_admits (self, source, now))
    return NULL;
  for (guint i = claims->len; i > 0; i--)
    if (!machine_check_claim (self, claims->pdata[i - 1], *topic, now))
      g_ptr_array_remove_index (claims, i - 1);
  return claims->len > 0 ? g_steal_pointer (&claims) : NULL;
}

/* Questions of others */

static void
machine_answer_alone (PeerupMdnsMachine *self, const Link *link, const PeerupSocketAddress *to,
                      const PeerupMdnsAnswer *answer, gint64 now)
{
  PeerupMdnsPacket *packet;

  if (self->unicasts.length == UNICASTS_MAX || !peerup_mdns_rates_take_unicast (&self->rates, now))
    {
      self->figures.n_refused++;
      return;
    }
  packet = g_new0 (PeerupMdnsPacket, 1);
  packet->interface = link->interface->index;
  packet->family = link->family;
  packet->is_unicast = TRUE;
  packet->to = *to;
  packet->length = peerup_mdns_own_write_answer (self->own, answer, link->interface, packet->data);
  g_queue_push_tail (&self->unicasts, packet);
}

static void
machine_answer_all (PeerupMdnsMachine *self, PeerupMdnsTalk *talk, guint says, const PeerupMdnsMessage *message,
                    const PeerupSocketAddress *source, gint64 now)
{
  gboolean is_first = talk->says == 0;
  gint64 delay = 0;

  if (message->is_truncated)
    delay = machine_pick (self, PEERUP_MDNS_DELAY_TRUNCATED_MIN, PEERUP_MDNS_DELAY_TRUNCATED_MAX);
  else if (says & PEERUP_MDNS_SAY_POINTER)
    delay = machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX);
  talk->asker = message->is_truncated && is_first ? *source : (PeerupSocketAddress) { 0 };
  peerup_mdns_talk_say (talk, says, now + delay);
}

/* Which topics' pointers are among the known answers. */
static guint
machine_read_known (PeerupMdnsMachine *self, const PeerupMdnsMessage *message)
{
  PeerupMdnsCursor cursor;
  PeerupMdnsRecord record;
  guint known = 0;

  peerup_mdns_cursor_init (&cursor, message);
  while (peerup_mdns_cursor_next_record (&cursor, &record) && record.section == PEERUP_MDNS_ANSWER)
    for (PeerupMdnsTopic topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
      if (peerup_mdns_own_is_known (self->own, topic, &record))
        known |= 1 << topic;
  return known;
}

/* More that somebody knows, whose question we are about to answer. */
static void
link_take_known (Link *self, guint known, const PeerupSocketAddress *source)
{
  for (guint topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
    {
      PeerupMdnsTalk *talk = &self->talks[topic];

      if ((known & 1 << topic) != 0 && talk->n_more == 0 && !talk->bye &&
          peerup_socket_address_equal (&talk->asker, source))
        peerup_mdns_talk_be_silent (talk);
    }
}

/* One that everybody answers to everybody, and that we would put ourselves some time. */
static void
machine_count_as_ours (PeerupMdnsMachine *self, Link *link, const PeerupMdnsMessage *message,
                       const PeerupMdnsQuestion *question, gint64 now)
{
  PeerupMdnsTalk *talk = &link->talks[PEERUP_MDNS_PEERS];

  if (question->type == PEERUP_MDNS_PTR && message->n_records[PEERUP_MDNS_ANSWER] == 0 && !message->is_truncated &&
      peerup_mdns_talk_asks_rarely (talk) &&
      peerup_mdns_name_equal (&question->name, peerup_mdns_own_get_service (self->own, PEERUP_MDNS_PEERS)))
    machine_go_on_asking (self, talk, PEERUP_MDNS_PEERS, now);
}

/* @known: topics whose pointer need not be said. @admitted: whether the source has been counted for this message.
 * FALSE: it asks too much. */
static gboolean
machine_take_question (PeerupMdnsMachine *self, Link *link, const PeerupMdnsMessage *message,
                       const PeerupMdnsQuestion *question, guint known, const PeerupSocketAddress *source, gint64 now,
                       gboolean *admitted)
{
  gboolean is_legacy = peerup_socket_address_get_port (source) != PEERUP_MDNS_PORT;

  for (PeerupMdnsTopic topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
    {
      guint says = peerup_mdns_own_match (self->own, topic, question);

      if ((known & 1 << topic) != 0)
        says &= ~PEERUP_MDNS_SAY_POINTER;
      if (says == 0)
        continue;
      *admitted = *admitted || machine_admits (self, source, now);
      if (!*admitted)
        return FALSE;
      if (is_legacy)
        machine_answer_alone (self, link, source,
                              &(PeerupMdnsAnswer) {
                                .topic = topic, .says = says, .legacy = question, .id = message->id },
                              now);
      else
        machine_answer_all (self, &link->talks[topic], says, message, source, now);
    }
  if (!is_legacy)
    machine_count_as_ours (self, link, message, question, now);
  return TRUE;
}

static void
machine_take_questions (PeerupMdnsMachine *self, Link *link, const PeerupMdnsMessage *message,
                        const PeerupSocketAddress *source, gint64 now)
{
  guint known = machine_read_known (self, message);
  gboolean admitted = FALSE;
  PeerupMdnsCursor cursor;
  PeerupMdnsQuestion question;

  link_take_known (link, known, source);
  peerup_mdns_cursor_init (&cursor, message);
  while (peerup_mdns_cursor_next_question (&cursor, &question))
    if (!machine_take_question (self, link, message, &question, known, source, now, &admitted))
      return;
}

GPtrArray *
peerup_mdns_machine_take (PeerupMdnsMachine *self, guint interface, const PeerupSocketAddress *source,
                          const guint8 *data, gsize length, gint64 now, PeerupMdnsTopic *topic)
{
  Link *link = machine_find (self, interface, source->any.sa_family, NULL);
  PeerupMdnsMessage message;

  if (link == NULL || peerup_socket_address_get_port (source) == 0)
    return NULL;
  self->figures.n_heard++;
  if (!peerup_mdns_rates_take_any (&self->rates, now))
    {
      self->figures.n_refused++;
      return NULL;
    }
  if (!peerup_mdns_message_parse (&message, data, length, NULL))
    {
      self->figures.n_bad++;
      return NULL;
    }
  if (message.is_response)
    return machine_take_answer (self, &message, source, now, topic);
  machine_take_questions (self, link, &message, source, now);
  return NULL;
}

/* Sending */

static gboolean
machine_say (PeerupMdnsMachine *self, Link *link, PeerupMdnsTopic topic, gint64 now, PeerupMdnsPacket *packet)
{
  PeerupMdnsTalk *talk = &link->talks[topic];
  PeerupMdnsAnswer answer = { .topic = topic, .says = talk->says, .is_goodbye = talk->bye };
  guint n_more = talk->n_more;
  gboolean bye = talk->bye;

  peerup_mdns_talk_be_silent (talk);
  if (!bye && !peerup_mdns_own_tells (self->own, topic))
    return FALSE;
  talk->said_at = bye ? 0 : now;
  if (n_more > 0 && !bye)
    {
      peerup_mdns_talk_say (talk, PEERUP_MDNS_SAY_POINTER, now + PEERUP_MDNS_PAUSE);
      talk->n_more = n_more - 1;
    }
  packet->length = peerup_mdns_own_write_answer (self->own, &answer, link->interface, packet->data);
  return TRUE;
}

static void
machine_put_question (PeerupMdnsMachine *self, Link *link, PeerupMdnsTopic topic, gint64 now, PeerupMdnsPacket *packet)
{
  PeerupMdnsTalk *talk = &link->talks[topic];

  machine_go_on_asking (self, talk, topic, now);
  talk->asked_at = now;
  if (peerup_mdns_own_tells (self->own, topic))
    peerup_mdns_talk_say (talk, PEERUP_MDNS_SAY_POINTER,
                          now + machine_pick (self, PEERUP_MDNS_DELAY_MIN, PEERUP_MDNS_DELAY_MAX));
  packet->length = peerup_mdns_own_write_question (self->own, topic, packet->data);
}

static gboolean
machine_next_on (PeerupMdnsMachine *self, Link *link, gint64 now, PeerupMdnsPacket *packet)
{
  for (PeerupMdnsTopic topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
    {
      PeerupMdnsTalk *talk = &link->talks[topic];

      if (talk->say_at != 0 && talk->say_at <= now && machine_say (self, link, topic, now, packet))
        return TRUE;
      if (talk->ask_at != 0 && talk->ask_at <= now)
        {
          machine_put_question (self, link, topic, now, packet);
          return TRUE;
        }
    }
  return FALSE;
}

gboolean
peerup_mdns_machine_next (PeerupMdnsMachine *self, gint64 now, PeerupMdnsPacket *packet)
{
  g_autofree PeerupMdnsPacket *unicast = g_queue_pop_head (&self->unicasts);

  if (unicast != NULL)
    {
      *packet = *unicast;
      self->figures.n_sent++;
      return TRUE;
    }
  for (guint i = 0; i < self->links->len; i++)
    {
      Link *link = self->links->pdata[i];

      if (!machine_next_on (self, link, now, packet))
        continue;
      packet->interface = link->interface->index;
      packet->family = link->family;
      packet->is_unicast = FALSE;
      self->figures.n_sent++;
      return TRUE;
    }
  return FALSE;
}

gint64
peerup_mdns_machine_get_deadline (PeerupMdnsMachine *self)
{
  gint64 deadline = self->unicasts.length > 0 ? 0 : G_MAXINT64;

  for (guint i = 0; i < self->links->len; i++)
    for (guint topic = 0; topic < PEERUP_MDNS_N_TOPICS; topic++)
      deadline = MIN (deadline, peerup_mdns_talk_get_deadline (&((Link *) self->links->pdata[i])->talks[topic]));
  return deadline;
}

void
peerup_mdns_machine_get_figures (PeerupMdnsMachine *self, PeerupMdnsFigures *figures)
{
  *figures = self->figures;
}
