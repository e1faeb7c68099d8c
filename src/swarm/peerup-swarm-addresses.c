/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * Connections from an address that this machine has no more. Nothing comes back to such an address, and the system
 * keeps the socket for minutes all the same, so they end here, and whoever needs them connects anew at once. An
 * address that is back in a moment, as when a lease is renewed, keeps its connections. What moves by itself (QUIC that
 * we dialed) and what has a socket of its own (punched) is looked after elsewhere. */

#include <glib/gi18n-lib.h>
#include <ifaddrs.h>

#include "swarm/peerup-endpoint.h"
#include "swarm/peerup-swarm-private.h"
#include "wire/peerup-error.h"

/* Microseconds that an address may be away. */
#define GRACE G_USEC_PER_SEC

/* (nullable): NULL where the system does not tell. */
static struct ifaddrs *
list_own_addresses (void)
{
  struct ifaddrs *list = NULL;

  return getifaddrs (&list) == 0 ? list : NULL;
}

static gboolean
is_listed (const struct ifaddrs *list, const PeerupSocketAddress *address)
{
  for (; list != NULL; list = list->ifa_next)
    {
      PeerupSocketAddress own;

      if (list->ifa_addr != NULL && list->ifa_addr->sa_family == address->any.sa_family &&
          peerup_socket_address_set_native (&own, list->ifa_addr, peerup_socket_address_get_length (address)) &&
          peerup_socket_address_is_same_host (&own, address))
        return TRUE;
    }
  return FALSE;
}

static gboolean
moves_by_itself (const PeerupConnectionInfo *info)
{
  return info->punched || (info->outbound && g_str_equal (info->transport, "quic-v1"));
}

static gboolean
is_stranded (PeerupConnection *connection, const struct ifaddrs *list)
{
  const PeerupConnectionInfo *info = peerup_connection_get_info (connection);
  g_auto (PeerupEndpoint) endpoint = { 0 };
  PeerupSocketAddress address;

  return info->local_address != NULL && !moves_by_itself (info) && !peerup_swarm_is_relayed (connection) &&
         peerup_endpoint_parse (info->local_address, &endpoint, NULL) &&
         peerup_endpoint_get_socket_address (&endpoint, &address) && !is_listed (list, &address);
}

/* (transfer full) of PeerupConnection. */
static GPtrArray *
swarm_find_stranded (PeerupSwarm *self)
{
  g_autoptr (GPtrArray) all = peerup_swarm_dup_connections (self, NULL);
  GPtrArray *stranded = g_ptr_array_new_with_free_func (g_object_unref);
  struct ifaddrs *list = list_own_addresses ();

  for (guint i = 0; list != NULL && i < all->len; i++)
    if (is_stranded (all->pdata[i], list))
      g_ptr_array_add (stranded, g_object_ref (all->pdata[i]));
  if (list != NULL)
    freeifaddrs (list);
  return stranded;
}

static void
on_grace_over (gpointer data)
{
  g_autoptr (PeerupSwarm) self = g_object_ref (data);
  g_autoptr (GPtrArray) stranded = swarm_find_stranded (self);

  self->in_grace = FALSE;
  for (guint i = 0; i < stranded->len; i++)
    peerup_connection_abort (
      stranded->pdata[i],
      g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                           _ ("This machine no longer has the address that the connection was from")));
}

void
peerup_swarm_check_addresses (PeerupSwarm *self)
{
  g_autoptr (GPtrArray) stranded = NULL;

  /* Further changes do not put the end off. */
  if (self->in_grace)
    return;
  stranded = swarm_find_stranded (self);
  if (stranded->len == 0)
    return;
  if (self->grace.reactor == NULL)
    {
      g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();

      peerup_timer_init (&self->grace, reactor, on_grace_over, self);
    }
  self->in_grace = TRUE;
  peerup_timer_set (&self->grace, g_get_monotonic_time () + GRACE);
}

void
peerup_swarm_stop_grace (PeerupSwarm *self)
{
  if (self->grace.reactor != NULL)
    peerup_timer_clear (&self->grace);
  self->grace.reactor = NULL;
  self->in_grace = FALSE;
}
