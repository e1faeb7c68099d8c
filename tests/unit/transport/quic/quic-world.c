/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Simulated time and a simulated network around two QUIC machines. */

#include "quic-world.h"

#include <string.h>

typedef struct
{
  Side *to;
  gint64 at;
  PeerupDatagrams datagram; /* owns its data */
} Flying;

static void
flying_free (gpointer data)
{
  Flying *self = data;

  g_free (self->datagram.data);
  g_free (self);
}

static void
taped_free (gpointer data)
{
  g_bytes_unref (((Taped *) data)->bytes);
  g_free (data);
}

void
world_tape (World *self)
{
  if (self->tape == NULL)
    self->tape = g_ptr_array_new_with_free_func (taped_free);
  g_ptr_array_set_size (self->tape, 0);
}

Taped *
world_taped (World *self, Side *from, guint i)
{
  for (guint at = 0; at < self->tape->len; at++)
    if (((Taped *) self->tape->pdata[at])->from == from && i-- == 0)
      return self->tape->pdata[at];
  return NULL;
}

static void
world_note (World *self, Side *from, const PeerupDatagrams *datagram)
{
  Taped *taped = g_new0 (Taped, 1);

  taped->from = from;
  taped->at = self->now;
  taped->remote = datagram->remote;
  taped->bytes = g_bytes_new (datagram->data, datagram->length);
  g_ptr_array_add (self->tape, taped);
}

/* In order of arrival: nearly always the last. */
static void
world_push (World *self, Flying *flying)
{
  GList *before = self->flying.tail;

  while (before != NULL && ((Flying *) before->data)->at > flying->at)
    before = before->prev;
  g_queue_insert_after (&self->flying, before, flying);
}

/* One datagram onto the line. */
static void
world_fly (World *self, Side *from, const PeerupDatagrams *datagram)
{
  Side *to = from == &self->client ? &self->server : &self->client;
  guint direction = from == &self->client ? 0 : 1;
  gint64 delay = self->delay, queued = 0;
  Flying *flying;

  from->n_sent++;
  from->bytes_sent += datagram->length;
  if (self->tape != NULL)
    world_note (self, from, datagram);
  if (datagram->length > self->mtu)
    return;
  if (self->bandwidth > 0)
    {
      gint64 start = MAX (self->busy_until[direction], self->now);

      queued = start - self->now;
      if ((guint64) queued * self->bandwidth / G_USEC_PER_SEC > self->queue)
        return;
      self->busy_until[direction] = start + datagram->length * G_USEC_PER_SEC / self->bandwidth;
    }
  flying = g_new0 (Flying, 1);
  flying->datagram = *datagram;
  if (self->filter != NULL && !self->filter (self, from, &flying->datagram, &delay, self->filter_data))
    {
      g_free (flying);
      return;
    }
  flying->to = to;
  flying->at = self->now + delay + queued;
  flying->datagram.data = g_memdup2 (flying->datagram.data, flying->datagram.length);
  world_push (self, flying);
}

void
world_repeat (World *self, Side *from, const PeerupDatagrams *datagram, gint64 delay)
{
  Flying *flying = g_new0 (Flying, 1);

  flying->datagram = *datagram;
  flying->datagram.data = g_memdup2 (datagram->data, datagram->length);
  flying->to = from == &self->client ? &self->server : &self->client;
  flying->at = self->now + delay;
  world_push (self, flying);
}

void
world_clear_line (World *self)
{
  g_queue_clear_full (&self->flying, flying_free);
}

static void
side_send (Side *self, const PeerupDatagrams *datagrams)
{
  for (gsize offset = 0; offset < datagrams->length; offset += datagrams->segment)
    {
      PeerupDatagrams one = *datagrams;

      one.data += offset;
      one.length = one.segment = MIN (datagrams->segment, datagrams->length - offset);
      if (one.local.any.sa_family == AF_UNSPEC)
        one.local = self->address;
      world_fly (self->world, self, &one);
    }
}

/* Events */

static void
on_send (const PeerupDatagrams *datagrams, gpointer data)
{
  Side *self = data;

  self->n_stateless++;
  side_send (self, datagrams);
}

static guint
on_get_mtu (const PeerupSocketAddress *remote, gpointer data)
{
  return ((Side *) data)->mtu;
}

static gboolean
on_admit (const PeerupSocketAddress *remote, gpointer data)
{
  Side *self = data;

  if (self->refuses_all)
    return FALSE;
  self->n_admitted++;
  return TRUE;
}

static void
on_release (const PeerupSocketAddress *remote, gpointer data)
{
  ((Side *) data)->n_released++;
}

static gint64
on_get_wall_time (gpointer data)
{
  Side *self = data;

  return self->wall_time != 0 ? self->wall_time : g_get_real_time () / G_USEC_PER_SEC;
}

static Link *
link_new (Side *side, PeerupQuicConn *conn)
{
  Link *self = g_new0 (Link, 1);

  self->side = side;
  self->conn = peerup_quic_conn_ref (conn);
  self->active = TRUE;
  self->flows = g_ptr_array_new_with_free_func ((GDestroyNotify) flow_free);
  peerup_quic_conn_set_user_data (conn, self);
  g_ptr_array_add (side->links, self);
  return self;
}

static void
link_free (gpointer data)
{
  Link *self = data;

  peerup_quic_conn_set_user_data (self->conn, NULL);
  g_ptr_array_unref (self->flows);
  peerup_quic_conn_unref (self->conn);
  g_clear_error (&self->error);
  g_free (self);
}

static void
on_active (PeerupQuicConn *conn, gpointer user_data)
{
  if (user_data != NULL)
    ((Link *) user_data)->active = TRUE;
}

/* What a test does from within an event. */
static void
link_hook (Link *self, WorldEvent event)
{
  World *world = self->side->world;

  if (world->hook != NULL)
    world->hook (self, event, world->hook_data);
}

static void
on_incoming (PeerupQuicConn *conn, gpointer data)
{
  link_hook (link_new (data, conn), WORLD_INCOMING);
}

static void
on_established (PeerupQuicConn *conn, gpointer user_data)
{
  Link *self = user_data;

  g_assert_false (self->established);
  self->established = TRUE;
  link_hook (self, WORLD_ESTABLISHED);
}

static void
on_closed (PeerupQuicConn *conn, const GError *error, gpointer user_data)
{
  Link *self = user_data;

  if (self == NULL)
    return;
  self->n_closed++;
  g_assert_cmpuint (self->n_closed, ==, 1);
  g_set_error_literal (&self->error, error->domain, error->code, error->message);
  link_hook (self, WORLD_CLOSED);
}

/* It is looked at in the next step. */
static void
flow_wake (Flow *self)
{
  if (!self->is_awake)
    g_queue_push_tail (&self->link->side->world->awake, self);
  self->is_awake = TRUE;
}

static void
on_ready (PeerupQuicChannel *channel, gpointer user_data)
{
  flow_wake (user_data);
}

static Flow *
flow_new (Link *link, PeerupQuicChannel *channel)
{
  Flow *self = g_new0 (Flow, 1);

  self->link = link;
  self->channel = peerup_quic_channel_ref (channel);
  self->received = g_byte_array_new ();
  peerup_quic_channel_set_user_data (channel, self);
  flow_wake (self);
  return self;
}

static void
on_opened (PeerupQuicConn *conn, PeerupQuicChannel *channel, gpointer user_data)
{
  Link *self = user_data;
  Flow *flow = flow_new (self, channel);

  self->side->n_opened++;
  flow->echo = self->side->echo;
  flow->no_reading = self->side->no_reading;
  g_ptr_array_add (self->flows, flow);
  if (self->side->reset_opened)
    peerup_quic_channel_reset (channel, 0x1002);
  link_hook (self, WORLD_OPENED);
}

static void
on_openable (PeerupQuicConn *conn, gpointer user_data)
{
  ((Link *) user_data)->n_openable++;
  link_hook (user_data, WORLD_OPENABLE);
}

static void
on_drained (PeerupQuicConn *conn, gpointer user_data)
{
  ((Link *) user_data)->n_drained++;
  link_hook (user_data, WORLD_DRAINED);
}

static void
on_moved (PeerupQuicConn *conn, gpointer user_data)
{
  ((Link *) user_data)->n_moved++;
  link_hook (user_data, WORLD_MOVED);
}

static const PeerupQuicEvents events = {
  .send = on_send,
  .get_mtu = on_get_mtu,
  .admit = on_admit,
  .release = on_release,
  .get_wall_time = on_get_wall_time,
  .incoming = on_incoming,
  .active = on_active,
  .established = on_established,
  .closed = on_closed,
  .opened = on_opened,
  .openable = on_openable,
  .drained = on_drained,
  .moved = on_moved,
  .readable = on_ready,
  .writable = on_ready,
};

/* Streams: looked at after each step, for the machine tells only that there is news. */

static void
flow_push (Flow *self)
{
  while (self->sending != NULL && self->sent < g_bytes_get_size (self->sending))
    {
      GOutputVector vector = { (const guint8 *) g_bytes_get_data (self->sending, NULL) + self->sent,
                               g_bytes_get_size (self->sending) - self->sent };
      gsize n = peerup_quic_channel_writev (self->channel, &vector, 1);

      if (n == 0)
        return;
      self->sent += n;
    }
  if (self->fin)
    peerup_quic_channel_close_write (self->channel);
}

static void
flow_pull (Flow *self)
{
  guint8 buffer[16384];

  while (!self->no_reading)
    switch (peerup_quic_channel_get_read_state (self->channel))
      {
      case PEERUP_QUIC_READ_DATA:
        {
          gsize n = sizeof buffer;

          if (self->echo && (n = MIN (n, peerup_quic_channel_get_room (self->channel))) == 0)
            {
              peerup_quic_channel_wait_room (self->channel);
              return;
            }
          n = peerup_quic_channel_read (self->channel, buffer, n);
          self->n_received += n;
          if (self->echo)
            g_assert_cmpuint (peerup_quic_channel_writev (self->channel, &(GOutputVector) { buffer, n }, 1), ==, n);
          else if (self->received != NULL)
            g_byte_array_append (self->received, buffer, n);
          break;
        }
      case PEERUP_QUIC_READ_EOF:
        self->ended = TRUE;
        if (self->echo)
          peerup_quic_channel_close_write (self->channel);
        return;
      case PEERUP_QUIC_READ_FAILED:
        self->failed = TRUE;
        return;
      case PEERUP_QUIC_READ_WAIT:
      default:
        return;
      }
}

/* Those that a test opened. */
static GPtrArray *all_flows;

Flow *
flow_open (Link *link)
{
  g_autoptr (GError) error = NULL;
  PeerupQuicChannel *channel = peerup_quic_conn_open (link->conn, &error);
  Flow *self;

  if (channel == NULL)
    return NULL;
  self = flow_new (link, channel);
  peerup_quic_channel_unref (channel);
  if (all_flows == NULL)
    all_flows = g_ptr_array_new ();
  g_ptr_array_add (all_flows, self);
  return self;
}

void
flow_send (Flow *self, GBytes *bytes, gboolean fin)
{
  g_assert (self->sending == NULL);
  self->sending = g_bytes_ref (bytes);
  self->fin = fin;
  flow_push (self);
}

void
flow_send_text (Flow *self, const char *text, gboolean fin)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  flow_send (self, bytes, fin);
}

void
flow_free (Flow *self)
{
  if (all_flows != NULL && g_ptr_array_remove_fast (all_flows, self) && all_flows->len == 0)
    g_clear_pointer (&all_flows, g_ptr_array_unref);
  if (self->is_awake)
    g_queue_remove (&self->link->side->world->awake, self);
  peerup_quic_channel_set_user_data (self->channel, NULL);
  peerup_quic_channel_unref (self->channel);
  g_clear_pointer (&self->received, g_byte_array_unref);
  g_clear_pointer (&self->sending, g_bytes_unref);
  g_free (self);
}

static void
flow_step (Flow *self)
{
  flow_pull (self);
  flow_push (self);
}

/* Time */

static gboolean
side_write (Side *self)
{
  static guint8 buffer[65536];
  gboolean any = FALSE;

  for (guint i = 0; !self->is_puppet && i < self->links->len; i++)
    {
      Link *link = self->links->pdata[i];
      PeerupDatagrams datagrams = { .data = buffer };

      if (!link->active)
        continue;
      link->active = FALSE;
      while (peerup_quic_conn_write (link->conn, &datagrams, sizeof buffer, self->world->now))
        {
          any = TRUE;
          g_assert_cmpuint (datagrams.segment, >, 0);
          side_send (self, &datagrams);
          datagrams = (PeerupDatagrams) { .data = buffer };
        }
    }
  return any;
}

static void
world_step_flows (World *self)
{
  Flow *flow;

  while ((flow = g_queue_pop_head (&self->awake)) != NULL)
    {
      flow->is_awake = FALSE;
      flow_step (flow);
      if (flow->link->side->forgets && peerup_quic_channel_is_done (flow->channel))
        g_ptr_array_remove_fast (flow->link->flows, flow);
    }
}

/* A test may have changed what they are to do. */
static void
world_wake_flows (World *self)
{
  for (guint side = 0; side < 2; side++)
    {
      GPtrArray *links = side == 0 ? self->client.links : self->server.links;

      for (guint i = 0; i < links->len; i++)
        g_ptr_array_foreach (((Link *) links->pdata[i])->flows, (GFunc) flow_wake, NULL);
    }
  if (all_flows != NULL)
    g_ptr_array_foreach (all_flows, (GFunc) flow_wake, NULL);
}

static void
world_settle (World *self)
{
  gboolean any;
  guint n = 0;

  do
    {
      g_assert_cmpuint (++n, <, 1000);
      world_step_flows (self);
      any = side_write (&self->client);
      any |= side_write (&self->server);
    }
  while (any);
}

static gint64
side_deadline (Side *self)
{
  gint64 deadline = G_MAXINT64;

  for (guint i = 0; !self->is_puppet && i < self->links->len; i++)
    deadline = MIN (deadline, peerup_quic_conn_get_deadline (((Link *) self->links->pdata[i])->conn));
  return deadline;
}

static void
side_expire (Side *self, gint64 now)
{
  for (guint i = 0; !self->is_puppet && i < self->links->len; i++)
    {
      Link *link = self->links->pdata[i];

      if (peerup_quic_conn_get_deadline (link->conn) <= now)
        peerup_quic_conn_expire (link->conn, now);
    }
}

static void
world_deliver (World *self)
{
  Flying *flying = g_queue_pop_head (&self->flying);

  self->n_delivered++;
  /* The local address is the one it was sent to, as a socket tells. */
  G_STMT_START
  {
    PeerupSocketAddress sender = flying->datagram.local;

    flying->datagram.local = flying->datagram.remote;
    flying->datagram.remote = sender;
  }
  G_STMT_END;
  flying->to->bytes_received += flying->datagram.length;
  if (!flying->to->is_puppet)
    peerup_quic_receive (flying->to->quic, &flying->datagram, self->now);
  flying_free (flying);
}

/* What is due has happened when this returns, with all it caused: a flag is seen at its time, not
 * at the next deadline. FALSE: nothing is left to happen before @until. */
static gboolean
world_step (World *self, gint64 until)
{
  gint64 next = MIN (side_deadline (&self->client), side_deadline (&self->server));

  /* Time goes on: what is due is done, once. */
  if (next <= self->now)
    g_assert_cmpuint (++self->n_idle_steps, <, 1000);
  else
    self->n_idle_steps = 0;
  if (self->flying.head != NULL)
    next = MIN (next, ((Flying *) self->flying.head->data)->at);
  if (next > until)
    {
      if (until != G_MAXINT64)
        self->now = MAX (self->now, until);
      return FALSE;
    }
  self->now = MAX (self->now, next);
  if (self->flying.head != NULL && ((Flying *) self->flying.head->data)->at <= self->now)
    world_deliver (self);
  side_expire (&self->client, self->now);
  side_expire (&self->server, self->now);
  world_settle (self);
  return TRUE;
}

void
world_run (World *self, gint64 until)
{
  world_wake_flows (self);
  world_settle (self);
  while (world_step (self, until))
    ;
}

gboolean
world_run_until (World *self, gboolean *flag)
{
  gint64 until = self->now + 600 * G_USEC_PER_SEC;

  world_wake_flows (self);
  world_settle (self);
  while (!*flag && world_step (self, until))
    ;
  return *flag;
}

Link *
world_dial (World *self)
{
  g_autoptr (PeerupQuicConn) conn = peerup_quic_dial (self->client.quic, &self->client.address, &self->server.address,
                                                      self->server.peer, 10 * G_USEC_PER_SEC, self->now);

  return link_new (&self->client, conn);
}

Link *
world_dial_punching (World *self)
{
  g_autoptr (PeerupQuicConn) conn =
    peerup_quic_dial_punching (self->client.quic, &self->client.address, &self->server.address, self->server.peer,
                               10 * G_USEC_PER_SEC, self->now);

  return link_new (&self->client, conn);
}

Link *
world_connect (World *self)
{
  Link *link = world_dial (self);

  g_assert_true (world_run_until (self, &link->established));
  world_run (self, self->now + 2 * self->delay);
  g_assert_true (world_accepted (self)->established);
  return link;
}

void
world_inject (World *self, Side *to, const PeerupSocketAddress *from, gconstpointer data, gsize length)
{
  PeerupDatagrams datagram = {
    .local = to->address,
    .remote = *from,
    .data = g_memdup2 (data, length),
    .length = length,
    .segment = length,
  };

  to->bytes_received += length;
  peerup_quic_receive (to->quic, &datagram, self->now);
  g_free (datagram.data);
}

GBytes *
make_pattern (gsize length)
{
  guint8 *data = g_malloc (length);

  for (gsize i = 0; i < length; i++)
    data[i] = i * 131 + (i >> 8) * 17;
  return g_bytes_new_take (data, length);
}

void
flow_assert_received (Flow *self, GBytes *expected)
{
  g_autoptr (GBytes) got = g_bytes_new (self->received->data, self->received->len);

  g_assert_cmpuint (g_bytes_get_size (got), ==, g_bytes_get_size (expected));
  g_assert_true (g_bytes_equal (got, expected));
}

Link *
world_accepted (World *self)
{
  return self->server.links->len > 0 ? self->server.links->pdata[self->server.links->len - 1] : NULL;
}

static void
side_start (Side *self)
{
  self->links = g_ptr_array_new_with_free_func (link_free);
  self->options.certificate = self->certificate;
  self->quic = peerup_quic_new (&self->options, &events, self);
}

static void
side_stop (Side *self)
{
  g_clear_pointer (&self->links, g_ptr_array_unref);
  g_clear_pointer (&self->quic, peerup_quic_free);
}

static void
side_init (Side *self, World *world, const char *name, const char *host, guint port)
{
  self->world = world;
  self->name = name;
  self->mtu = 1500;
  g_assert_true (peerup_socket_address_set (&self->address, host, port));
  self->key = peerup_private_key_generate (NULL);
  self->peer = peerup_peer_id_new_from_public_key (peerup_private_key_get_public_key (self->key));
  self->certificate = peerup_certificate_new (self->key, NULL);
  memset (self->options.secret, name[0], sizeof self->options.secret);
  self->options.retry_from = 100;
  side_start (self);
}

static void
side_clear (Side *self)
{
  side_stop (self);
  g_assert_cmpuint (self->n_released, <=, self->n_admitted);
  peerup_certificate_unref (self->certificate);
  peerup_peer_id_unref (self->peer);
  peerup_private_key_unref (self->key);
}

World *
world_new (void)
{
  World *self = g_new0 (World, 1);

  self->now = 1000 * G_USEC_PER_SEC;
  self->delay = 10 * 1000;
  self->mtu = 1472;
  self->queue = 256 * 1024;
  self->server.options.listening = TRUE;
  side_init (&self->client, self, "client", "192.0.2.1", 4001);
  side_init (&self->server, self, "server", "198.51.100.1", 4002);
  return self;
}

void
world_restart (World *self)
{
  side_stop (&self->client);
  side_stop (&self->server);
  g_queue_clear_full (&self->flying, flying_free);
  side_start (&self->client);
  side_start (&self->server);
}

void
world_restart_side (World *self, Side *side)
{
  side_stop (side);
  side_start (side);
}

void
world_free (World *self)
{
  side_clear (&self->client);
  side_clear (&self->server);
  g_clear_pointer (&self->tape, g_ptr_array_unref);
  g_queue_clear_full (&self->flying, flying_free);
  g_free (self);
}
