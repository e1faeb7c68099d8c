/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What a peer asks a relay's rendezvous: one request and one answer, on a stream of their own, in a fiber that answers
 * through a promise. The promise may be dropped at any time; the fiber then ends with its stream. What the relay says
 * is looked at here, as far as it can be: whether it swaps peers is for the pairing to find out. */

#include "relay/peerup-rendezvous.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

#include "transport/peerup-fiber.h"
#include "trust/peerup-expires.h"

/* What is found */

G_DEFINE_BOXED_TYPE (PeerupRendezvousFound, peerup_rendezvous_found, peerup_rendezvous_found_copy,
                     peerup_rendezvous_found_free)
G_DEFINE_BOXED_TYPE (PeerupRendezvousAnswers, peerup_rendezvous_answers, peerup_rendezvous_answers_copy,
                     peerup_rendezvous_answers_free)

static PeerupRendezvousFound *
found_new (PeerupPeerId *inviter, gboolean here, GBytes *sealed)
{
  PeerupRendezvousFound *self = g_new (PeerupRendezvousFound, 1);

  self->inviter = peerup_peer_id_ref (inviter);
  self->here = here;
  self->sealed = sealed != NULL ? g_bytes_ref (sealed) : NULL;
  return self;
}

PeerupRendezvousFound *
peerup_rendezvous_found_copy (const PeerupRendezvousFound *self)
{
  return found_new (self->inviter, self->here, self->sealed);
}

void
peerup_rendezvous_found_free (PeerupRendezvousFound *self)
{
  peerup_peer_id_unref (self->inviter);
  g_clear_pointer (&self->sealed, g_bytes_unref);
  g_free (self);
}

PeerupRendezvousAnswers *
peerup_rendezvous_answers_copy (const PeerupRendezvousAnswers *self)
{
  PeerupRendezvousAnswers *copy = g_new (PeerupRendezvousAnswers, 1);

  copy->joiners = g_ptr_array_ref (self->joiners);
  copy->sealed = g_ptr_array_ref (self->sealed);
  return copy;
}

void
peerup_rendezvous_answers_free (PeerupRendezvousAnswers *self)
{
  g_ptr_array_unref (self->joiners);
  g_ptr_array_unref (self->sealed);
  g_free (self);
}

static PeerupRendezvousAnswers *
answers_new (GPtrArray *left)
{
  PeerupRendezvousAnswers *self = g_new (PeerupRendezvousAnswers, 1);

  self->joiners = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_peer_id_unref);
  self->sealed = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint i = 0; i < left->len; i++)
    {
      const PeerupRendezvousLeft *one = left->pdata[i];

      g_ptr_array_add (self->joiners, peerup_peer_id_ref (one->joiner));
      g_ptr_array_add (self->sealed, g_bytes_ref (one->sealed));
    }
  return self;
}

/* One question */

/* A fiber that nobody waits for any more is not run to its end: it answers through a promise. */
typedef struct
{
  PeerupSwarm *swarm;
  PeerupPeerId *relay;
  PeerupRendezvousRequest *request;
  gint64 deadline;
  DexPromise *promise;
  gulong cancelled_id;
  PeerupStream *stream; /* once it is open */
} Question;

static void
question_free (gpointer data)
{
  Question *self = data;

  g_signal_handler_disconnect (dex_promise_get_cancellable (self->promise), self->cancelled_id);
  dex_unref (self->promise);
  g_object_unref (self->swarm);
  peerup_peer_id_unref (self->relay);
  peerup_rendezvous_request_free (self->request);
  g_clear_object (&self->stream);
  g_free (self);
}

static gboolean
question_is_cancelled (Question *self)
{
  return g_cancellable_is_cancelled (dex_promise_get_cancellable (self->promise));
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  Question *self = data;

  if (self->stream != NULL)
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
}

static PeerupConnection *
question_connect (Question *self, GError **error)
{
  return dex_await_object (dex_future_first (peerup_swarm_connect_direct (self->swarm, self->relay),
                                             dex_timeout_new_deadline (self->deadline), NULL),
                           error);
}

static PeerupRendezvousAnswer *
question_talk (Question *self, GError **error)
{
  g_autoptr (GBytes) request = peerup_rendezvous_request_encode (self->request);
  g_autoptr (GBytes) answer = NULL;

  if (!peerup_stream_await_write_all (self->stream, g_bytes_get_data (request, NULL), g_bytes_get_size (request),
                                      self->deadline, error))
    return NULL;
  answer = peerup_stream_await_message (self->stream, PEERUP_RENDEZVOUS_ANSWER_MAX, self->deadline, error);
  if (answer == NULL)
    return NULL;
  return peerup_rendezvous_answer_decode (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), error);
}

static PeerupRendezvousAnswer *
question_ask (Question *self, PeerupConnection *connection, GError **error)
{
  static const char *const protocols[] = { PEERUP_RENDEZVOUS_PROTOCOL, NULL };
  PeerupRendezvousAnswer *answer = NULL;

  self->stream =
    dex_await_object (peerup_swarm_open_stream_on (self->swarm, connection, protocols, self->deadline), error);
  if (self->stream == NULL)
    return NULL;
  if (!question_is_cancelled (self))
    answer = question_talk (self, error);
  if (answer != NULL)
    peerup_stream_close (self->stream);
  else
    peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_NONE);
  return answer;
}

/* What it comes to */

static PeerupError
error_of_status (PeerupRendezvousStatus status)
{
  switch ((int) status)
    {
    case PEERUP_RENDEZVOUS_DENIED:
      return PEERUP_ERROR_DENIED;
    case PEERUP_RENDEZVOUS_NOT_FOUND:
      return PEERUP_ERROR_NOT_FOUND;
    case PEERUP_RENDEZVOUS_TAKEN:
      return PEERUP_ERROR_EXISTS;
    case PEERUP_RENDEZVOUS_LIMIT:
      return PEERUP_ERROR_LIMIT;
    case PEERUP_RENDEZVOUS_UNAVAILABLE:
      return PEERUP_ERROR_UNREACHABLE;
    default:
      return PEERUP_ERROR_PROTOCOL;
    }
}

/* The few that callers are promised. */
static GError *
error_of_failure (const GError *error)
{
  PeerupError code = PEERUP_ERROR_UNREACHABLE;

  if (g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("the relay could not be reached in time"));
  if (error->domain == PEERUP_ERROR)
    switch (error->code)
      {
      case PEERUP_ERROR_GATED:
      case PEERUP_ERROR_DENIED:
        code = PEERUP_ERROR_DENIED;
        break;
      case PEERUP_ERROR_MALFORMED:
      case PEERUP_ERROR_TOO_LARGE:
      case PEERUP_ERROR_PROTOCOL:
        code = PEERUP_ERROR_PROTOCOL;
        break;
      case PEERUP_ERROR_TIMEOUT:
      case PEERUP_ERROR_NEGOTIATION:
      case PEERUP_ERROR_LIMIT:
        code = error->code;
        break;
      default:
        break;
      }
  return g_error_new_literal (PEERUP_ERROR, code, error->message);
}

static GError *
error_of_answer (const PeerupRendezvousAnswer *answer)
{
  if (answer->reason != NULL)
    return g_error_new (PEERUP_ERROR, error_of_status (answer->status), _ ("the relay refuses: %s"), answer->reason);
  return g_error_new (PEERUP_ERROR, error_of_status (answer->status), _ ("the relay refuses (%d)"),
                      (int) answer->status);
}

/* NULL: it has what it must have. */
static GError *
check_answer (const PeerupRendezvousRequest *request, const PeerupRendezvousAnswer *answer)
{
  if (answer->status != PEERUP_RENDEZVOUS_OK)
    return error_of_answer (answer);
  if (request->type != PEERUP_RENDEZVOUS_FIND)
    return NULL;
  if (answer->inviter == NULL)
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, _ ("the relay agrees and names no inviter"));
  if (request->inviter != NULL && !peerup_peer_id_equal (request->inviter, answer->inviter))
    return g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                                _ ("the relay names another inviter than was asked for"));
  return NULL;
}

static void
question_resolve (Question *self, const PeerupRendezvousAnswer *answer)
{
  if (self->request->type == PEERUP_RENDEZVOUS_FIND)
    dex_promise_resolve_boxed (self->promise, PEERUP_TYPE_RENDEZVOUS_FOUND,
                               found_new (answer->inviter, answer->here, answer->sealed));
  else if (self->request->type == PEERUP_RENDEZVOUS_FETCH)
    dex_promise_resolve_boxed (self->promise, PEERUP_TYPE_RENDEZVOUS_ANSWERS, answers_new (answer->left));
  else
    dex_promise_resolve_boolean (self->promise, TRUE);
}

static DexFuture *
question_fiber (gpointer data)
{
  Question *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupRendezvousAnswer) answer = NULL;
  g_autoptr (PeerupConnection) connection = question_connect (self, &error);
  GError *refusal;

  if (connection != NULL && !question_is_cancelled (self))
    answer = question_ask (self, connection, &error);
  /* A guest's connection, which is good for nothing else. */
  if (answer != NULL && answer->anew)
    peerup_connection_close (connection, PEERUP_CONNECTION_CODE_NONE);
  if (question_is_cancelled (self))
    return dex_future_new_true ();
  refusal = answer != NULL ? check_answer (self->request, answer) : error_of_failure (error);
  if (refusal != NULL)
    dex_promise_reject (self->promise, refusal);
  else
    question_resolve (self, answer);
  return dex_future_new_true ();
}

/* Takes @request. */
static DexFuture *
ask (PeerupSwarm *swarm, PeerupPeerId *relay, PeerupRendezvousRequest *request, gint64 deadline)
{
  Question *question = g_new0 (Question, 1);
  DexFuture *future;

  question->swarm = g_object_ref (swarm);
  question->relay = peerup_peer_id_ref (relay);
  question->request = request;
  question->deadline = deadline;
  question->promise = dex_promise_new_cancellable ();
  question->cancelled_id = g_signal_connect (dex_promise_get_cancellable (question->promise), "cancelled",
                                             G_CALLBACK (on_cancelled), question);
  future = DEX_FUTURE (dex_ref (question->promise));
  /* It ends soon when nobody waits any more, and by its deadline at the latest. */
  dex_future_disown (peerup_fiber_run (question_fiber, question, question_free));
  return future;
}

/* The questions */

static PeerupRendezvousRequest *
request_new (PeerupRendezvousType type, guint number)
{
  PeerupRendezvousRequest *self = g_new0 (PeerupRendezvousRequest, 1);

  g_assert (number > 0 && number <= PEERUP_RENDEZVOUS_NUMBER_MAX);
  self->type = type;
  self->number = number;
  return self;
}

static gint64
get_seconds_until (gint64 time)
{
  return time - g_get_real_time () / G_USEC_PER_SEC;
}

DexFuture *
peerup_rendezvous_register (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, gint64 expires,
                            const guint8 *pass_hash, GBytes *sealed, gint64 deadline)
{
  gint64 ttl = get_seconds_until (expires);
  PeerupRendezvousRequest *request;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL, NULL);
  g_return_val_if_fail (sealed == NULL || g_bytes_get_size (sealed) <= PEERUP_RENDEZVOUS_SEALED_MAX, NULL);

  if (ttl <= 0 || ttl > PEERUP_RENDEZVOUS_TTL_MAX)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, _ ("a relay keeps no invite for %" PRId64 " s"),
                                  ttl);
  request = request_new (PEERUP_RENDEZVOUS_REGISTER, number);
  request->ttl = ttl;
  request->pass_hash = pass_hash != NULL ? g_bytes_new (pass_hash, PEERUP_RENDEZVOUS_HASH_LENGTH) : NULL;
  request->sealed = sealed != NULL ? g_bytes_ref (sealed) : NULL;
  return ask (swarm, relay, request, deadline);
}

DexFuture *
peerup_rendezvous_unregister (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *joined, gint64 until,
                              const char *name, gint64 deadline)
{
  PeerupRendezvousRequest *request;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL, NULL);

  request = request_new (PEERUP_RENDEZVOUS_UNREGISTER, number);
  if (joined != NULL && (until == PEERUP_EXPIRES_NEVER || get_seconds_until (until) > 0))
    {
      request->joined = peerup_peer_id_ref (joined);
      request->until = until == PEERUP_EXPIRES_NEVER ? 0 : get_seconds_until (until);
      request->name = name != NULL ? g_utf8_substring (name, 0, MIN (g_utf8_strlen (name, -1), 60)) : NULL;
    }
  return ask (swarm, relay, request, deadline);
}

DexFuture *
peerup_rendezvous_find (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter, gint64 deadline)
{
  PeerupRendezvousRequest *request;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL, NULL);

  request = request_new (PEERUP_RENDEZVOUS_FIND, number);
  request->inviter = inviter != NULL ? peerup_peer_id_ref (inviter) : NULL;
  return ask (swarm, relay, request, deadline);
}

DexFuture *
peerup_rendezvous_present_pass (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter,
                                const guint8 *pass, gint64 deadline)
{
  PeerupRendezvousRequest *request;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL && inviter != NULL && pass != NULL, NULL);

  request = request_new (PEERUP_RENDEZVOUS_PASS, number);
  request->inviter = peerup_peer_id_ref (inviter);
  memcpy (request->pass, pass, sizeof request->pass);
  return ask (swarm, relay, request, deadline);
}

DexFuture *
peerup_rendezvous_leave (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, PeerupPeerId *inviter, GBytes *sealed,
                         gint64 deadline)
{
  PeerupRendezvousRequest *request;

  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL && inviter != NULL, NULL);
  g_return_val_if_fail (sealed != NULL && g_bytes_get_size (sealed) <= PEERUP_RENDEZVOUS_SEALED_MAX, NULL);

  request = request_new (PEERUP_RENDEZVOUS_LEAVE, number);
  request->inviter = peerup_peer_id_ref (inviter);
  request->sealed = g_bytes_ref (sealed);
  return ask (swarm, relay, request, deadline);
}

DexFuture *
peerup_rendezvous_fetch (PeerupSwarm *swarm, PeerupPeerId *relay, guint number, gint64 deadline)
{
  g_return_val_if_fail (PEERUP_IS_SWARM (swarm) && relay != NULL, NULL);

  return ask (swarm, relay, request_new (PEERUP_RENDEZVOUS_FETCH, number), deadline);
}
