/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * STUN between the packets of a UDP socket: what comes is read once and goes to the server or to
 * the question that it answers. It lives as long as its owner wants STUN on the socket, and less
 * long than that. Each question has a timer of its own; the first answer with its transaction ID, from
 * where it was sent to, ends it. It follows no redirection and checks no integrity: whoever can see the
 * question can answer it, and what it says is no more than a hint. */

#include "nat/peerup-stun-socket.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <string.h>

#include "stun/peerup-stun-retry.h"
#include "stun/peerup-stun-writer.h"
#include "wire/peerup-bytes.h"
#include "wire/peerup-error.h"

/* The flags of CHANGE-REQUEST (RFC 5780 7.2). */
#define CHANGE_HOST 4
#define CHANGE_PORT 2

/* A SOFTWARE that is as long as an answer's OTHER-ADDRESS for IPv6 asks for. */
#define ROOM "peerup------"
/* The header and all of what may follow it. */
#define REQUEST_SIZE_MAX (PEERUP_STUN_HEADER_SIZE + 8 + 16 + 8)

struct _PeerupStunSocket
{
  PeerupUdpSocket *socket;
  PeerupStunServer *server;
  PeerupStunSocket *other_port;
  PeerupStunSocket *other_host;
  PeerupReactor *reactor;
  GPtrArray *questions; /* of Question, unordered: they are few */
};

typedef struct
{
  PeerupStunSocket *owner;
  PeerupSocketAddress remote;
  PeerupStunWants wants;
  guint8 transaction[PEERUP_STUN_TRANSACTION_SIZE];
  guint n_sent;
  gint64 asked_at;
  gint64 deadline;
  PeerupTimer timer;
  DexPromise *promise;
  gulong cancelled_id;
  gboolean cancelled;
} Question;

static gpointer
peerup_stun_binding_copy (gpointer binding)
{
  return g_memdup2 (binding, sizeof (PeerupStunBinding));
}

G_DEFINE_BOXED_TYPE (PeerupStunBinding, peerup_stun_binding, peerup_stun_binding_copy, g_free)

/* Questions */

/* (transfer full): what it promised. */
static DexPromise *
question_end (Question *self)
{
  DexPromise *promise = self->promise;

  g_signal_handler_disconnect (dex_promise_get_cancellable (promise), self->cancelled_id);
  peerup_timer_clear (&self->timer);
  g_ptr_array_remove_fast (self->owner->questions, self);
  g_free (self);
  return promise;
}

static void G_GNUC_PRINTF (3, 4) question_reject (Question *self, PeerupError code, const char *format, ...)
{
  g_autofree char *where = peerup_socket_address_to_string (&self->remote);
  g_autoptr (DexPromise) promise = NULL;
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  promise = question_end (self);
  dex_promise_reject (promise, g_error_new (PEERUP_ERROR, code, "STUN server %s: %s", where, what));
}

/* The server names its second address only where its answer stays small beside the question: with IPv6 that takes
 * some bytes that say nothing. */
static void
question_write_wants (const Question *self, PeerupStunWriter *writer)
{
  const PeerupStunWants *wants = &self->wants;
  guint8 port[4] = { 0 };

  if (wants->other || wants->from_other_port || wants->from_other_host)
    peerup_stun_writer_add_u32 (writer, PEERUP_STUN_CHANGE_REQUEST,
                                (wants->from_other_host ? CHANGE_HOST | CHANGE_PORT : 0) |
                                  (wants->from_other_port ? CHANGE_PORT : 0));
  if (wants->other && self->remote.any.sa_family == AF_INET6)
    peerup_stun_writer_add (writer, PEERUP_STUN_SOFTWARE, ROOM, strlen (ROOM));
  if (wants->port == 0)
    return;
  peerup_store_be16 (port, wants->port);
  peerup_stun_writer_add (writer, PEERUP_STUN_RESPONSE_PORT, port, sizeof port);
}

static void
question_send (Question *self)
{
  PeerupStunSocket *sender = self->wants.sender != NULL ? self->wants.sender : self->owner;
  guint8 request[REQUEST_SIZE_MAX];
  PeerupDatagrams datagrams = { .remote = self->remote, .data = request };
  PeerupStunWriter writer;

  peerup_stun_writer_init (&writer, request, sizeof request, PEERUP_STUN_REQUEST, PEERUP_STUN_BINDING,
                           self->transaction);
  question_write_wants (self, &writer);
  datagrams.length = datagrams.segment = peerup_stun_writer_finish (&writer);
  g_assert (datagrams.length > 0);
  peerup_udp_socket_send (sender->socket, &datagrams);
  self->n_sent++;
}

static void
on_question_timer (gpointer data)
{
  Question *self = data;
  gint64 now = peerup_reactor_now (self->owner->reactor);

  if (self->cancelled)
    question_reject (self, PEERUP_ERROR_CLOSED, "nobody waits any more");
  else if (now >= self->deadline || self->n_sent == PEERUP_STUN_SENDS_MAX)
    question_reject (self, PEERUP_ERROR_TIMEOUT, "no answer after %u tries", self->n_sent);
  else
    {
      question_send (self);
      peerup_timer_set (&self->timer, MIN (self->asked_at + peerup_stun_get_next_send (self->n_sent), self->deadline));
    }
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Question *self = data;

  self->cancelled = TRUE;
  peerup_timer_set (&self->timer, 0);
}

/* Whether an answer from @remote is from where it was asked for. */
static gboolean
is_expected_from (const Question *self, const PeerupSocketAddress *remote)
{
  if (self->wants.from_other_host)
    return remote->any.sa_family == self->remote.any.sa_family &&
           !peerup_socket_address_is_same_host (&self->remote, remote);
  if (self->wants.from_other_port)
    return peerup_socket_address_is_same_host (&self->remote, remote) &&
           !peerup_socket_address_equal (&self->remote, remote);
  return peerup_socket_address_equal (&self->remote, remote);
}

/* A refusal comes from where the question went. */
static gboolean
is_answer_from (const Question *self, const PeerupStunMessage *message, const PeerupSocketAddress *remote)
{
  return is_expected_from (self, remote) ||
         (message->class == PEERUP_STUN_ERROR && peerup_socket_address_equal (&self->remote, remote));
}

static Question *
find_question (PeerupStunSocket *self, const PeerupStunMessage *message, const PeerupSocketAddress *remote)
{
  for (guint i = 0; i < self->questions->len; i++)
    {
      Question *question = self->questions->pdata[i];

      if (memcmp (question->transaction, peerup_stun_message_get_transaction (message), sizeof question->transaction) ==
            0 &&
          is_answer_from (question, message, remote))
        return question;
    }
  return NULL;
}

static void
question_resolve (Question *self, const PeerupStunMessage *message, const PeerupDatagrams *datagrams)
{
  PeerupStunBinding binding = { .local = datagrams->local };
  g_autoptr (DexPromise) promise = NULL;

  if (!peerup_stun_message_get_address (message, PEERUP_STUN_XOR_MAPPED_ADDRESS, &binding.mapped) &&
      !peerup_stun_message_get_address (message, PEERUP_STUN_MAPPED_ADDRESS, &binding.mapped))
    {
      question_reject (self, PEERUP_ERROR_PROTOCOL, "its answer has no address");
      return;
    }
  if (!peerup_stun_message_get_address (message, PEERUP_STUN_OTHER_ADDRESS, &binding.other))
    binding.other.any.sa_family = AF_UNSPEC;
  promise = question_end (self);
  dex_promise_resolve_boxed (promise, PEERUP_TYPE_STUN_BINDING, peerup_stun_binding_copy (&binding));
}

/* What the socket tells */

static void
socket_take_answer (PeerupStunSocket *self, const PeerupStunMessage *message, const PeerupDatagrams *datagrams)
{
  Question *question = find_question (self, message, &datagrams->remote);

  if (question == NULL || message->is_classic || message->method != PEERUP_STUN_BINDING)
    return;
  if (message->class == PEERUP_STUN_ERROR)
    question_reject (question, PEERUP_ERROR_DENIED, "it answers with error %u",
                     peerup_stun_message_get_error_code (message));
  else if (peerup_stun_message_find_unknown (message, NULL, 0) > 0)
    question_reject (question, PEERUP_ERROR_PROTOCOL, "its answer has attributes that we do not know");
  else
    question_resolve (question, message, datagrams);
}

/* The address of @other as whoever sends to @here can use it; FALSE: it cannot be told. */
static gboolean
get_address_beside (PeerupStunSocket *other, const PeerupSocketAddress *here, PeerupSocketAddress *address)
{
  peerup_udp_socket_get_address (other->socket, address);
  if (peerup_socket_address_is_wildcard (address))
    {
      guint16 port = peerup_socket_address_get_port (address);

      *address = *here;
      peerup_socket_address_set_port (address, port);
    }
  return !peerup_socket_address_is_wildcard (address);
}

/* What there is to answer from beside this socket, for who asked it at @here. */
static gboolean
socket_get_other (PeerupStunSocket *self, const PeerupSocketAddress *here, PeerupStunOther *other)
{
  PeerupStunSocket *host = self->other_host;

  if (self->other_port == NULL || here->any.sa_family == AF_UNSPEC)
    return FALSE;
  other->has_host = host != NULL && host->other_port != NULL;
  return get_address_beside (other->has_host ? host->other_port : self->other_port, here, &other->address);
}

static PeerupStunSocket *
socket_get_sender (PeerupStunSocket *self, const PeerupStunWay *way)
{
  PeerupStunSocket *sender = way->from_other_host ? self->other_host : self;

  return way->from_other_port ? sender->other_port : sender;
}

static void
socket_answer (PeerupStunSocket *self, const PeerupStunMessage *message, const PeerupDatagrams *datagrams, gint64 now)
{
  guint8 answer[PEERUP_STUN_SERVER_SIZE_MAX];
  PeerupDatagrams back = { .local = datagrams->local, .data = answer };
  PeerupStunOther other;
  gboolean has_other;
  PeerupStunWay way;

  if (self->server == NULL)
    return;
  has_other = socket_get_other (self, &datagrams->local, &other);
  back.length = back.segment =
    peerup_stun_server_answer (self->server, message, &datagrams->remote, has_other ? &other : NULL, now, answer, &way);
  if (back.length == 0)
    return;
  back.remote = way.remote;
  if (way.from_other_host)
    back.local.any.sa_family = AF_UNSPEC;
  peerup_udp_socket_send (socket_get_sender (self, &way)->socket, &back);
}

static void
on_stun (PeerupUdpSocket *socket, const PeerupDatagrams *datagrams, gint64 now, gpointer data)
{
  PeerupStunSocket *self = data;
  PeerupStunMessage message;

  if (!peerup_stun_message_parse (&message, datagrams->data, datagrams->length, NULL))
    return;
  if (message.class == PEERUP_STUN_SUCCESS || message.class == PEERUP_STUN_ERROR)
    socket_take_answer (self, &message, datagrams);
  else
    socket_answer (self, &message, datagrams, now);
}

/* Life */

PeerupStunSocket *
peerup_stun_socket_new (PeerupUdpSocket *socket, PeerupStunServer *server)
{
  PeerupStunSocket *self;

  g_return_val_if_fail (socket != NULL, NULL);

  self = g_new0 (PeerupStunSocket, 1);
  self->socket = socket;
  self->server = server;
  self->reactor = peerup_reactor_ref_default ();
  self->questions = g_ptr_array_new ();
  peerup_udp_socket_set_stun_func (socket, on_stun, self);
  return self;
}

void
peerup_stun_socket_set_server (PeerupStunSocket *self, PeerupStunServer *server)
{
  g_return_if_fail (self != NULL);

  self->server = server;
}

void
peerup_stun_socket_set_others (PeerupStunSocket *self, PeerupStunSocket *port, PeerupStunSocket *host)
{
  g_return_if_fail (self != NULL && port != self && host != self);
  g_return_if_fail (port != NULL || host == NULL);

  self->other_port = port;
  self->other_host = host;
}

PeerupUdpSocket *
peerup_stun_socket_get_udp (PeerupStunSocket *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->socket;
}

void
peerup_stun_socket_free (PeerupStunSocket *self)
{
  g_return_if_fail (self != NULL);

  peerup_udp_socket_set_stun_func (self->socket, NULL, NULL);
  while (self->questions->len > 0)
    question_reject (self->questions->pdata[0], PEERUP_ERROR_CLOSED, "the socket is no longer used for STUN");
  g_ptr_array_unref (self->questions);
  peerup_reactor_unref (self->reactor);
  g_free (self);
}

DexFuture *
peerup_stun_socket_ask (PeerupStunSocket *self, const PeerupSocketAddress *server, gint64 deadline)
{
  PeerupStunWants nothing = { 0 };

  return peerup_stun_socket_ask_for (self, server, &nothing, deadline);
}

DexFuture *
peerup_stun_socket_ask_for (PeerupStunSocket *self, const PeerupSocketAddress *server, const PeerupStunWants *wants,
                            gint64 deadline)
{
  PeerupSocketAddress bound;
  Question *question;

  g_return_val_if_fail (self != NULL && server != NULL && wants != NULL, NULL);
  g_return_val_if_fail ((wants->port == 0) == (wants->sender == NULL), NULL);

  peerup_udp_socket_get_address (self->socket, &bound);
  if (server->any.sa_family != bound.any.sa_family)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_UNSUPPORTED, "This socket is of the other IP version");
  question = g_new0 (Question, 1);
  question->owner = self;
  question->remote = *server;
  question->wants = *wants;
  question->deadline = deadline;
  question->asked_at = g_get_monotonic_time ();
  if (gnutls_rnd (GNUTLS_RND_NONCE, question->transaction, sizeof question->transaction) != 0)
    g_error ("No random numbers");
  question->promise = dex_promise_new_cancellable ();
  question->cancelled_id = g_signal_connect (dex_promise_get_cancellable (question->promise), "cancelled",
                                             G_CALLBACK (on_cancelled), question);
  peerup_timer_init (&question->timer, self->reactor, on_question_timer, question);
  peerup_timer_set (&question->timer, question->asked_at);
  g_ptr_array_add (self->questions, question);
  return DEX_FUTURE (dex_ref (question->promise));
}
