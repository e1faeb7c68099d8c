/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * UPnP IGD by libgupnp-igd. It lives while ports are wanted of a router that speaks nothing better. The library finds
 * routers, asks and renews; what is here is which ports are wanted and what came of each. A router's word
 * is taken for what it says of itself, and no more. */

#include "nat/peerup-upnp.h"

#include <gio/gio.h>
#include <libgupnp-igd/gupnp-simple-igd.h>

/* What a router's own pages show of us. */
#define DESCRIPTION "Peer-Up"

typedef struct
{
  PeerupPortMapped mapped;
  gboolean takes_any; /* the port of the same number was refused */
} Port;

struct _PeerupUpnp
{
  GUPnPSimpleIgd *igd;
  char *host;    /* ours */
  GArray *ports; /* of Port */
  PeerupUpnpFunc func;
  gpointer data;
};

static const char *
get_protocol_name (guint8 protocol)
{
  return protocol == IPPROTO_TCP ? "TCP" : "UDP";
}

/* (nullable) */
static Port *
upnp_find (PeerupUpnp *self, const char *protocol, guint local_port)
{
  for (guint i = 0; i < self->ports->len; i++)
    {
      Port *port = &g_array_index (self->ports, Port, i);

      if (port->mapped.port == local_port && g_strcmp0 (get_protocol_name (port->mapped.protocol), protocol) == 0)
        return port;
    }
  return NULL;
}

static void
upnp_ask (PeerupUpnp *self, const Port *port)
{
  gupnp_simple_igd_add_port (self->igd, get_protocol_name (port->mapped.protocol),
                             port->takes_any ? 0 : port->mapped.port, self->host, port->mapped.port,
                             PEERUP_PORT_MAPPER_LIFETIME, DESCRIPTION);
}

static void
on_mapped (GUPnPSimpleIgd *igd, const char *protocol, const char *external_ip, const char *replaces_ip,
           guint external_port, const char *local_ip, guint local_port, const char *description, gpointer data)
{
  PeerupUpnp *self = data;
  Port *port = upnp_find (self, protocol, local_port);

  if (port == NULL || external_port == 0 || external_port > G_MAXUINT16)
    return;
  port->mapped.is_held = TRUE;
  if (external_ip == NULL || !peerup_socket_address_set (&port->mapped.external, external_ip, external_port) ||
      peerup_socket_address_is_wildcard (&port->mapped.external))
    port->mapped.external = (PeerupSocketAddress) { 0 };
  self->func (self, self->data);
}

static void
on_refused (GUPnPSimpleIgd *igd, const GError *error, const char *protocol, guint external_port, const char *local_ip,
            guint local_port, const char *description, gpointer data)
{
  PeerupUpnp *self = data;
  Port *port = upnp_find (self, protocol, local_port);

  if (port == NULL)
    return;
  g_info ("UPnP: the router does not forward %s port %u: %s", protocol, local_port, error->message);
  port->mapped.is_held = FALSE;
  port->mapped.external = (PeerupSocketAddress) { 0 };
  if (!port->takes_any)
    {
      port->takes_any = TRUE;
      gupnp_simple_igd_remove_port_local (self->igd, protocol, self->host, local_port);
      upnp_ask (self, port);
    }
  self->func (self, self->data);
}

PeerupUpnp *
peerup_upnp_new (const PeerupSocketAddress *client, PeerupUpnpFunc func, gpointer data)
{
  g_autoptr (GInetAddress) host = NULL;
  PeerupUpnp *self;

  g_return_val_if_fail (client != NULL && client->any.sa_family == AF_INET && func != NULL, NULL);

  self = g_new0 (PeerupUpnp, 1);
  host = g_inet_address_new_from_bytes ((const guint8 *) &client->ip4.sin_addr, G_SOCKET_FAMILY_IPV4);
  self->host = g_inet_address_to_string (host);
  self->ports = g_array_new (FALSE, FALSE, sizeof (Port));
  self->func = func;
  self->data = data;
  self->igd = gupnp_simple_igd_new ();
  g_signal_connect (self->igd, "mapped-external-port", G_CALLBACK (on_mapped), self);
  g_signal_connect (self->igd, "error-mapping-port", G_CALLBACK (on_refused), self);
  return self;
}

void
peerup_upnp_free (PeerupUpnp *self)
{
  g_return_if_fail (self != NULL);

  g_signal_handlers_disconnect_by_data (self->igd, self);
  g_object_unref (self->igd);
  g_array_unref (self->ports);
  g_free (self->host);
  g_free (self);
}

void
peerup_upnp_add (PeerupUpnp *self, guint8 protocol, guint16 port)
{
  Port fresh = { .mapped = { .protocol = protocol, .port = port } };

  g_return_if_fail (self != NULL && port != 0);

  if (upnp_find (self, get_protocol_name (protocol), port) != NULL)
    return;
  g_array_append_val (self->ports, fresh);
  upnp_ask (self, &fresh);
}

void
peerup_upnp_withdraw (PeerupUpnp *self)
{
  g_return_if_fail (self != NULL);

  for (guint i = 0; i < self->ports->len; i++)
    {
      const Port *port = &g_array_index (self->ports, Port, i);

      gupnp_simple_igd_remove_port_local (self->igd, get_protocol_name (port->mapped.protocol), self->host,
                                          port->mapped.port);
    }
  g_array_set_size (self->ports, 0);
}

guint
peerup_upnp_get_n_ports (PeerupUpnp *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return self->ports->len;
}

void
peerup_upnp_get_port (PeerupUpnp *self, guint index, PeerupPortMapped *port)
{
  g_return_if_fail (self != NULL && index < self->ports->len && port != NULL);

  *port = g_array_index (self->ports, Port, index).mapped;
}
