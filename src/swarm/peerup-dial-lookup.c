/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * From a name among a peer's addresses to the addresses it stands for. The system's
 * resolver does the work and keeps what it likes; nothing is remembered here. */

#include "swarm/peerup-dial-lookup.h"

#include <glib/gi18n-lib.h>

#include "transport/peerup-fiber.h"
#include "transport/peerup-stream.h"
#include "wire/peerup-error.h"

/* A resolver that is slower than this is not going to answer. */
#define LOOKUP_TIMEOUT (10 * G_USEC_PER_SEC)

static PeerupDialLookup *
lookup_ref (PeerupDialLookup *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
peerup_dial_lookup_unref (PeerupDialLookup *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  peerup_dial_candidate_free (self->candidate);
  dex_unref (self->cancel);
  dex_unref (self->ended);
  g_clear_pointer (&self->candidates, g_ptr_array_unref);
  g_clear_error (&self->error);
  g_free (self);
}

static void
lookup_release (gpointer data)
{
  peerup_dial_lookup_unref (data);
}

static void
expand_family (const PeerupDialCandidate *candidate, GList *addresses, GSocketFamily family, GPtrArray *candidates)
{
  PeerupMultiaddrCode code = family == G_SOCKET_FAMILY_IPV4 ? PEERUP_MULTIADDR_IP4 : PEERUP_MULTIADDR_IP6;
  guint n = 0;

  for (GList *l = addresses; l != NULL && n < PEERUP_DIAL_LOOKUP_MAX; l = l->next)
    {
      g_autofree char *literal = NULL;

      if (g_inet_address_get_family (l->data) != family)
        continue;
      literal = g_inet_address_to_string (l->data);
      g_ptr_array_add (candidates, peerup_dial_candidate_resolve (candidate, code, literal));
      n++;
    }
}

GPtrArray *
peerup_dial_lookup_expand (const PeerupDialCandidate *candidate, GList *addresses, GError **error)
{
  const PeerupEndpoint *endpoint = &candidate->endpoint;
  g_autoptr (GPtrArray) candidates = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_dial_candidate_free);

  if (endpoint->family != PEERUP_MULTIADDR_DNS4)
    expand_family (candidate, addresses, G_SOCKET_FAMILY_IPV6, candidates);
  if (endpoint->family != PEERUP_MULTIADDR_DNS6)
    expand_family (candidate, addresses, G_SOCKET_FAMILY_IPV4, candidates);
  if (candidates->len > 0)
    return g_steal_pointer (&candidates);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_UNREACHABLE, _ ("%s has no %s address"), endpoint->host,
               endpoint->family == PEERUP_MULTIADDR_DNS4   ? "IPv4"
               : endpoint->family == PEERUP_MULTIADDR_DNS6 ? "IPv6"
                                                           : "IP");
  return NULL;
}

static DexFuture *
lookup_fiber (gpointer data)
{
  PeerupDialLookup *self = data;
  const char *host = self->candidate->endpoint.host;
  g_autoptr (GResolver) resolver = g_resolver_get_default ();
  GList *addresses =
    dex_await_boxed (dex_future_first (dex_resolver_lookup_by_name (resolver, host),
                                       dex_timeout_new_deadline (g_get_monotonic_time () + LOOKUP_TIMEOUT),
                                       dex_ref (self->cancel), NULL),
                     &self->error);

  if (addresses != NULL)
    self->candidates = peerup_dial_lookup_expand (self->candidate, addresses, &self->error);
  else if (g_error_matches (self->error, DEX_ERROR, DEX_ERROR_TIMED_OUT))
    {
      g_clear_error (&self->error);
      g_set_error (&self->error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT, _ ("the look-up of %s had no answer in time"),
                   host);
    }
  g_resolver_free_addresses (addresses);
  dex_promise_resolve_boolean (self->ended, TRUE);
  return dex_future_new_for_boolean (TRUE);
}

PeerupDialLookup *
peerup_dial_lookup_start (PeerupDialCandidate *candidate)
{
  PeerupDialLookup *self = g_new0 (PeerupDialLookup, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->candidate = candidate;
  self->cancel = dex_promise_new ();
  self->ended = dex_promise_new ();
  /* Answers through its promise, also when it was cancelled. */
  dex_future_disown (peerup_fiber_run (lookup_fiber, lookup_ref (self), lookup_release));
  return self;
}

void
peerup_dial_lookup_cancel (PeerupDialLookup *self)
{
  dex_promise_reject (self->cancel, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("No longer needed")));
}
