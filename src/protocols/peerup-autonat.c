/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * AutoNAT v2 for one swarm: the client here, a server beside it while we serve. A check is one fiber with one
 * deadline: it asks, pays in data where the server has to dial another host than the one that it sees, and believes
 * in a dial only when its nonce has come in on a connection that fits. While it runs, the server's host may come in
 * as a guest of the swarm. It keeps no verdicts, and asks nobody by itself. Lives as long as the engine's run. */

#include "protocols/peerup-autonat.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "nat/peerup-reachability.h"
#include "protocols/peerup-autonat-server.h"
#include "wire/peerup-autonat-message.h"
#include "transport/peerup-fiber.h"

/* Microseconds a whole check may take: a server's 15 s, and what lies between us. */
#define CHECK_TIMEOUT (20 * G_USEC_PER_SEC)
/* For the nonce to come once the server says that it was sent, and for a dial-back stream to say it. */
#define NONCE_TIMEOUT (5 * G_USEC_PER_SEC)
/* What a server may ask for as dial data; the specification's servers ask 30,000 to 100,000. */
#define DIAL_DATA_MAX (100 * 1024)
/* Data in one message of ours: with what stands around it still below PEERUP_AUTONAT_DATA_MAX. */
#define DATA_CHUNK 4000
/* Connections that are let in for one check, one after the other. */
#define GUESTS_MAX 4

struct _PeerupAutonat
{
  GObject parent_instance;
  PeerupSwarm *swarm;
  GPtrArray *checks; /* of Check, borrowed: each leaves by itself */
  PeerupAutonatServer *server;
};

G_DEFINE_FINAL_TYPE (PeerupAutonat, peerup_autonat, G_TYPE_OBJECT)

/* Answers */

static PeerupMultiaddr *
ref_address (PeerupMultiaddr *address)
{
  return address != NULL ? peerup_multiaddr_ref (address) : NULL;
}

static PeerupAutonatAnswer *
answer_copy (const PeerupAutonatAnswer *self)
{
  PeerupAutonatAnswer *copy = g_new0 (PeerupAutonatAnswer, 1);

  copy->address = ref_address (self->address);
  copy->verdict = self->verdict;
  copy->reason = g_strdup (self->reason);
  copy->local = ref_address (self->local);
  copy->remote = ref_address (self->remote);
  return copy;
}

static void
answer_free (PeerupAutonatAnswer *self)
{
  g_clear_pointer (&self->address, peerup_multiaddr_unref);
  g_clear_pointer (&self->local, peerup_multiaddr_unref);
  g_clear_pointer (&self->remote, peerup_multiaddr_unref);
  g_free (self->reason);
  g_free (self);
}

G_DEFINE_BOXED_TYPE (PeerupAutonatAnswer, peerup_autonat_answer, answer_copy, answer_free)

/* A check */

typedef struct
{
  PeerupAutonat *autonat;
  PeerupPeerId *server;
  GPtrArray *addresses; /* of PeerupMultiaddr, without /p2p */
  gint64 deadline;
  guint64 nonce;
  GPtrArray *hosts;        /* nullable, of PeerupMultiaddr: where the server may come from; NULL before it is asked */
  PeerupConnection *guest; /* nullable */
  guint n_guests;
  DexPromise *came;        /* resolves when the nonce has come */
  PeerupMultiaddr *local;  /* nullable: where it came in */
  PeerupMultiaddr *remote; /* nullable: and from where */
} Check;

static GPtrArray *
address_list_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
}

static void
check_free (gpointer data)
{
  Check *self = data;

  g_ptr_array_remove (self->autonat->checks, self);
  if (self->guest != NULL)
    peerup_connection_close (self->guest, PEERUP_CONNECTION_CODE_NONE);
  g_clear_object (&self->guest);
  g_object_unref (self->autonat);
  peerup_peer_id_unref (self->server);
  g_ptr_array_unref (self->addresses);
  g_clear_pointer (&self->hosts, g_ptr_array_unref);
  g_clear_pointer (&self->local, peerup_multiaddr_unref);
  g_clear_pointer (&self->remote, peerup_multiaddr_unref);
  dex_unref (self->came);
  g_free (self);
}

static guint64
make_nonce (void)
{
  guint64 nonce = 0;

  /* Zero is what a message without a nonce has. */
  while (nonce == 0)
    if (gnutls_rnd (GNUTLS_RND_NONCE, &nonce, sizeof nonce) != 0)
      g_error ("No random numbers");
  return nonce;
}

/* Guests: where the server comes from */

static void
check_add_host (Check *self, PeerupMultiaddr *address)
{
  if (address != NULL && peerup_reachability_is_global (address) && peerup_swarm_get_host (address) != 0)
    g_ptr_array_add (self->hosts, peerup_multiaddr_ref (address));
}

/* Where we are connected to it, and what it says where it is: of another family too. */
static void
check_expect (Check *self, PeerupConnection *connection)
{
  g_autoptr (GPtrArray) known = peerup_swarm_dup_addresses (self->autonat->swarm, self->server);

  self->hosts = address_list_new ();
  check_add_host (self, peerup_connection_get_info (connection)->remote_address);
  for (guint i = 0; i < known->len; i++)
    check_add_host (self, known->pdata[i]);
}

static gboolean
check_expects (const Check *self, PeerupMultiaddr *remote)
{
  if (self->hosts == NULL || self->local != NULL || self->n_guests == GUESTS_MAX ||
      (self->guest != NULL && !peerup_connection_is_closed (self->guest)))
    return FALSE;
  for (guint i = 0; i < self->hosts->len; i++)
    if (peerup_reachability_is_same_host (self->hosts->pdata[i], remote))
      return TRUE;
  return FALSE;
}

static Check *
find_expecting (PeerupAutonat *self, PeerupMultiaddr *remote)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (check_expects (self->checks->pdata[i], remote))
      return self->checks->pdata[i];
  return NULL;
}

gboolean
peerup_autonat_expects (PeerupAutonat *self, PeerupMultiaddr *remote)
{
  g_return_val_if_fail (PEERUP_IS_AUTONAT (self), FALSE);
  g_return_val_if_fail (remote != NULL, FALSE);

  /* What comes through a relay begins with its address, and is not from there. */
  return peerup_swarm_get_host (remote) != 0 && find_expecting (self, remote) != NULL;
}

static gboolean
on_guest_asked (PeerupSwarm *swarm, PeerupMultiaddr *remote, gpointer data)
{
  return peerup_autonat_expects (data, remote);
}

static void
on_guest_came (PeerupSwarm *swarm, PeerupConnection *connection, gpointer data)
{
  Check *check = find_expecting (data, peerup_connection_get_info (connection)->remote_address);

  g_assert (check != NULL);
  check->n_guests++;
  g_set_object (&check->guest, connection);
}

/* Dial-backs */

typedef struct
{
  PeerupAutonat *autonat;
  PeerupStream *stream;
} DialBack;

static void
dial_back_free (gpointer data)
{
  DialBack *self = data;

  g_object_unref (self->autonat);
  g_object_unref (self->stream);
  g_free (self);
}

/* The check whose nonce it is, once. */
static Check *
find_check (PeerupAutonat *self, guint64 nonce)
{
  for (guint i = 0; i < self->checks->len; i++)
    {
      Check *check = self->checks->pdata[i];

      if (check->nonce == nonce && check->hosts != NULL && check->local == NULL)
        return check;
    }
  return NULL;
}

static gboolean
dial_back_take (DialBack *self, guint64 nonce, GError **error)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (peerup_stream_get_connection (self->stream));
  Check *check = find_check (self->autonat, nonce);

  if (check == NULL || info->outbound || info->local_address == NULL || info->remote_address == NULL)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "Nobody waits for this dial-back");
      return FALSE;
    }
  check->local = peerup_multiaddr_ref (info->local_address);
  check->remote = peerup_multiaddr_ref (info->remote_address);
  dex_promise_resolve_boolean (check->came, TRUE);
  return TRUE;
}

static gboolean
dial_back_answer (DialBack *self, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + NONCE_TIMEOUT;
  g_autoptr (GBytes) said = peerup_stream_await_message (self->stream, PEERUP_AUTONAT_DIAL_BACK_MAX, deadline, error);
  g_autoptr (GBytes) answer = peerup_autonat_dial_back_response_encode ();
  guint64 nonce;

  return said != NULL &&
         peerup_autonat_dial_back_decode (g_bytes_get_data (said, NULL), g_bytes_get_size (said), &nonce, error) &&
         dial_back_take (self, nonce, error) &&
         peerup_stream_await_write_all (self->stream, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer),
                                        deadline, error);
}

static DexFuture *
dial_back_fiber (gpointer data)
{
  DialBack *self = data;
  g_autoptr (GError) error = NULL;

  if (dial_back_answer (self, &error))
    peerup_stream_close (self->stream);
  else
    {
      g_debug ("A dial-back was dropped: %s", error->message);
      peerup_stream_reset (self->stream, PEERUP_STREAM_CODE_PROTOCOL_VIOLATION);
    }
  return dex_future_new_true ();
}

static void
on_dial_back (PeerupSwarm *swarm, PeerupConnection *connection, PeerupStream *stream, gpointer data)
{
  PeerupAutonat *self = data;
  DialBack *dial_back;

  if (self->checks->len == 0)
    {
      peerup_stream_reset (stream, PEERUP_STREAM_CODE_GATED);
      g_object_unref (stream);
      return;
    }
  dial_back = g_new (DialBack, 1);
  dial_back->autonat = g_object_ref (self);
  dial_back->stream = stream;
  /* Let go: it ends by its deadline, and the stream with it. */
  dex_future_disown (peerup_fiber_run (dial_back_fiber, dial_back, dial_back_free));
}

/* Asking */

static gboolean
check_send (Check *self, PeerupStream *stream, const PeerupAutonatMessage *message, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_autonat_message_encode (message);

  return peerup_stream_await_write_all (stream, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        self->deadline, error);
}

static PeerupAutonatMessage *
check_receive (Check *self, PeerupStream *stream, GError **error)
{
  g_autoptr (GBytes) bytes = peerup_stream_await_message (stream, PEERUP_AUTONAT_MESSAGE_MAX, self->deadline, error);

  return bytes != NULL ? peerup_autonat_message_decode (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error)
                       : NULL;
}

static gboolean
check_pay (Check *self, PeerupStream *stream, const PeerupAutonatMessage *asked, GError **error)
{
  guint64 left = asked->n_bytes;

  if (asked->index >= self->addresses->len || left > DIAL_DATA_MAX)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL,
                   "%s asks for %" G_GUINT64_FORMAT " bytes of data for address %u, which it may not",
                   peerup_peer_id_get_string (self->server), left, asked->index);
      return FALSE;
    }
  while (left > 0)
    {
      const PeerupAutonatMessage data = { .type = PEERUP_AUTONAT_DATA_RESPONSE_MESSAGE,
                                          .n_bytes = MIN (left, DATA_CHUNK) };

      if (!check_send (self, stream, &data, error))
        return FALSE;
      left -= data.n_bytes;
    }
  return TRUE;
}

/* The one answer at the end; before it, data may be asked for once. */
static PeerupAutonatMessage *
check_exchange (Check *self, PeerupStream *stream, GError **error)
{
  const PeerupAutonatMessage request = { .type = PEERUP_AUTONAT_DIAL_REQUEST_MESSAGE,
                                         .addresses = self->addresses,
                                         .nonce = self->nonce };
  g_autoptr (PeerupAutonatMessage) message = NULL;

  if (!check_send (self, stream, &request, error))
    return NULL;
  message = check_receive (self, stream, error);
  if (message != NULL && message->type == PEERUP_AUTONAT_DATA_REQUEST_MESSAGE)
    {
      if (!check_pay (self, stream, message, error))
        return NULL;
      g_clear_pointer (&message, peerup_autonat_message_free);
      message = check_receive (self, stream, error);
    }
  if (message != NULL && message->type != PEERUP_AUTONAT_DIAL_RESPONSE_MESSAGE)
    {
      g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "%s says something that is no answer to a dial request",
                   peerup_peer_id_get_string (self->server));
      return NULL;
    }
  return g_steal_pointer (&message);
}

/* Judging */

static gboolean
is_listened_on (PeerupSwarm *swarm, PeerupMultiaddr *address)
{
  g_autoptr (GPtrArray) listening = peerup_swarm_dup_listen_addresses (swarm);

  for (guint i = 0; i < listening->len; i++)
    if (peerup_reachability_is_same_kind (listening->pdata[i], address) &&
        peerup_reachability_is_same_place (listening->pdata[i], address))
      return TRUE;
  return FALSE;
}

/* (nullable): why the nonce, wherever it came in, is no proof for @tested; static. */
static const char *
check_doubt (const Check *self, PeerupMultiaddr *tested)
{
  PeerupSwarm *swarm = self->autonat->swarm;

  if (self->local == NULL)
    return "the server says that it dialed, but nothing came";
  if (!peerup_reachability_is_same_kind (tested, self->local) || !is_listened_on (swarm, self->local))
    return "the dial came in elsewhere than at the address that was asked for";
  if (is_listened_on (swarm, tested) && !peerup_reachability_is_same_place (tested, self->local))
    return "the dial came in elsewhere than at the address that was asked for";
  if (!peerup_reachability_is_global (self->remote) || peerup_reachability_is_same_host (self->remote, tested) ||
      peerup_reachability_is_same_host (self->remote, self->local))
    return "the dial came from a neighbor, which proves nothing";
  return NULL;
}

static void
check_judge_dial (const Check *self, const PeerupAutonatMessage *message, PeerupAutonatAnswer *answer)
{
  const char *doubt = check_doubt (self, answer->address);

  if (message->dial_status == PEERUP_AUTONAT_DIAL_ERROR && self->local == NULL)
    answer->verdict = PEERUP_AUTONAT_UNREACHABLE;
  else if (message->dial_status == PEERUP_AUTONAT_DIAL_ERROR)
    answer->reason = g_strdup ("the server says that it could not dial, but it did");
  else if (message->dial_status != PEERUP_AUTONAT_DIAL_OK && message->dial_status != PEERUP_AUTONAT_DIAL_BACK_ERROR)
    answer->reason = g_strdup_printf ("the server answers with the unknown code %u", message->dial_status);
  else if (doubt != NULL)
    answer->reason = g_strdup (doubt);
  else
    {
      answer->verdict = PEERUP_AUTONAT_REACHABLE;
      answer->local = peerup_multiaddr_ref (self->local);
      answer->remote = peerup_multiaddr_ref (self->remote);
    }
}

static PeerupAutonatAnswer *
check_judge (const Check *self, const PeerupAutonatMessage *message)
{
  PeerupAutonatAnswer *answer = g_new0 (PeerupAutonatAnswer, 1);
  const char *text = peerup_autonat_status_get_text (message->status);

  if (message->status != PEERUP_AUTONAT_OK)
    answer->reason =
      text != NULL ? g_strdup (text) : g_strdup_printf ("the server answers with the unknown code %u", message->status);
  else if (message->index >= self->addresses->len)
    answer->reason = g_strdup ("the server names an address that it was not asked for");
  else
    {
      answer->address = peerup_multiaddr_ref (self->addresses->pdata[message->index]);
      check_judge_dial (self, message, answer);
    }
  return answer;
}

/* The whole of it */

static PeerupStream *
check_open (Check *self, GError **error)
{
  static const char *const protocols[] = { PEERUP_AUTONAT_DIAL_REQUEST, NULL };
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) local = NULL;

  connection = dex_await_object (dex_future_first (peerup_swarm_connect_direct (self->autonat->swarm, self->server),
                                                   dex_timeout_new_deadline (self->deadline), NULL),
                                 &local);
  if (connection == NULL)
    {
      if (g_error_matches (local, DEX_ERROR, DEX_ERROR_TIMED_OUT))
        g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, "%s could not be reached in time",
                     peerup_peer_id_get_string (self->server));
      else
        g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  check_expect (self, connection);
  return dex_await_object (peerup_swarm_open_stream_on (self->autonat->swarm, connection, protocols, self->deadline),
                           error);
}

static gboolean
says_that_it_dialed (const PeerupAutonatMessage *message)
{
  return message->status == PEERUP_AUTONAT_OK &&
         (message->dial_status == PEERUP_AUTONAT_DIAL_OK || message->dial_status == PEERUP_AUTONAT_DIAL_BACK_ERROR);
}

static DexFuture *
check_fiber (gpointer data)
{
  Check *self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = check_open (self, &error);
  g_autoptr (PeerupAutonatMessage) message = NULL;

  if (stream != NULL)
    message = check_exchange (self, stream, &error);
  if (message == NULL)
    return dex_future_new_for_error (g_steal_pointer (&error));
  peerup_stream_close (stream);
  /* That it does not come is an answer too. */
  if (says_that_it_dialed (message) && self->local == NULL)
    dex_await (
      dex_future_first (dex_ref (self->came),
                        dex_timeout_new_deadline (MIN (self->deadline, g_get_monotonic_time () + NONCE_TIMEOUT)), NULL),
      NULL);
  return dex_future_new_take_boxed (PEERUP_TYPE_AUTONAT_ANSWER, check_judge (self, message));
}

/* (transfer full): what of @addresses is of the internet. */
static GPtrArray *
choose_addresses (GPtrArray *addresses)
{
  GPtrArray *chosen = address_list_new ();

  for (guint i = 0; i < addresses->len && chosen->len < PEERUP_AUTONAT_ADDRESSES_MAX; i++)
    {
      PeerupMultiaddr *bare = peerup_multiaddr_without_peer_id (addresses->pdata[i]);

      if (bare != NULL && peerup_reachability_is_global (bare))
        g_ptr_array_add (chosen, bare);
      else
        g_clear_pointer (&bare, peerup_multiaddr_unref);
    }
  return chosen;
}

static gboolean
is_asked (PeerupAutonat *self, PeerupPeerId *server)
{
  for (guint i = 0; i < self->checks->len; i++)
    if (peerup_peer_id_equal (((Check *) self->checks->pdata[i])->server, server))
      return TRUE;
  return FALSE;
}

DexFuture *
peerup_autonat_check (PeerupAutonat *self, PeerupPeerId *server, GPtrArray *addresses, gint64 deadline)
{
  g_autoptr (GPtrArray) chosen = NULL;
  Check *check;

  g_return_val_if_fail (PEERUP_IS_AUTONAT (self), NULL);
  g_return_val_if_fail (server != NULL && addresses != NULL, NULL);

  if (is_asked (self, server))
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_LIMIT, "%s is being asked already",
                                  peerup_peer_id_get_string (server));
  chosen = choose_addresses (addresses);
  if (chosen->len == 0)
    return dex_future_new_reject (PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND,
                                  "There is no address of the internet to ask for");
  check = g_new0 (Check, 1);
  check->autonat = g_object_ref (self);
  check->server = peerup_peer_id_ref (server);
  check->addresses = g_steal_pointer (&chosen);
  check->deadline = MIN (deadline, g_get_monotonic_time () + CHECK_TIMEOUT);
  check->nonce = make_nonce ();
  check->came = dex_promise_new ();
  g_ptr_array_add (self->checks, check);
  return peerup_fiber_spawn (check_fiber, check, check_free);
}

/* Life */

void
peerup_autonat_set_serving (PeerupAutonat *self, gboolean serving)
{
  g_return_if_fail (PEERUP_IS_AUTONAT (self));

  if (serving == (self->server != NULL))
    return;
  if (serving)
    self->server = peerup_autonat_server_new (self->swarm);
  else
    g_clear_pointer (&self->server, peerup_autonat_server_free);
}

static void
peerup_autonat_finalize (GObject *object)
{
  PeerupAutonat *self = PEERUP_AUTONAT (object);

  g_clear_pointer (&self->server, peerup_autonat_server_free);
  peerup_swarm_remove_guests (self->swarm, PEERUP_AUTONAT_DIAL_BACK);
  peerup_swarm_remove_protocol (self->swarm, PEERUP_AUTONAT_DIAL_BACK);
  /* Checks hold this. */
  g_assert (self->checks->len == 0);
  g_ptr_array_unref (self->checks);
  g_object_unref (self->swarm);
  G_OBJECT_CLASS (peerup_autonat_parent_class)->finalize (object);
}

static void
peerup_autonat_class_init (PeerupAutonatClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = peerup_autonat_finalize;
}

static void
peerup_autonat_init (PeerupAutonat *self)
{
  self->checks = g_ptr_array_new ();
}

PeerupAutonat *
peerup_autonat_new (PeerupSwarm *swarm)
{
  PeerupAutonat *self = g_object_new (PEERUP_TYPE_AUTONAT, NULL);
  const PeerupSwarmGuests guests = { PEERUP_AUTONAT_DIAL_BACK, on_guest_asked, on_guest_came, on_dial_back, self };

  self->swarm = g_object_ref (swarm);
  peerup_swarm_add_protocol (swarm, PEERUP_AUTONAT_DIAL_BACK, on_dial_back, self, NULL);
  peerup_swarm_add_guests (swarm, &guests);
  return self;
}
