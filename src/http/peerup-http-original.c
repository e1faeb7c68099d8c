/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The original's endpoints: each asks operations and says their answers in the original's words. Nothing is kept
 * between requests: a proxy of its is a forward, by whose number it is called.
 */
#include "http/peerup-http-original.h"

#include "http/peerup-http-original-data.h"
#include "http/peerup-http-original-request.h"
#include "http/peerup-http-original-text.h"

/* "forward-3" of the engine is "proxy-3" here. */
#define FORWARD "forward-"
#define PROXY   "proxy-"

typedef char *(*TextFunc) (GVariant *data);

/* @data: consumed if floating. */
static void
answer (PeerupHttpOriginal *self, GVariant *data, TextFunc to_text, PeerupHttpResponse **response)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (data);

  if (peerup_http_request_wants_text (peerup_http_original_get_request (self)))
    *response = peerup_http_response_new_take (200, PEERUP_HTTP_TEXT, to_text (owned));
  else
    *response = peerup_http_response_new_data (owned);
}

static void
answer_status (PeerupHttpOriginal *self, const char *status, PeerupHttpResponse **response)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&members, "{sv}", "status", g_variant_new_string (status));
  answer (self, g_variant_builder_end (&members), peerup_http_original_fields_text, response);
}

static const char *
get_parameter (PeerupHttpOriginal *self, const char *name)
{
  return peerup_http_request_get_parameter (peerup_http_original_get_request (self), name);
}

/* What there is */

static void
get_status (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  PeerupControl *control = peerup_http_request_get_control (peerup_http_original_get_request (self));
  g_autoptr (GVariant) properties = NULL;
  g_autoptr (GVariant) peers = NULL;
  g_autoptr (GVariant) services = NULL;
  g_autoptr (GVariant) network = NULL;

  peers = peerup_http_original_get (self, "ListPeers", NULL);
  services = peers != NULL ? peerup_http_original_get (self, "ListServices", NULL) : NULL;
  network = services != NULL ? peerup_http_original_get (self, "GetNetwork", NULL) : NULL;
  if (network == NULL)
    return;
  properties = peerup_control_dup_properties (control);
  answer (self, peerup_http_original_status (properties, peers, services, network, g_get_real_time () / G_USEC_PER_SEC),
          peerup_http_original_status_text, response);
}

static void
list_services (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GVariant) services = peerup_http_original_get (self, "ListServices", NULL);

  if (services != NULL)
    answer (self, peerup_http_original_services (services), peerup_http_original_services_text, response);
}

/* Where each is known to be, by its ID. (transfer full) */
static GVariant *
list_addresses (PeerupHttpOriginal *self, GVariant *peers)
{
  GVariantBuilder addresses = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));

  for (gsize i = 0; i < g_variant_n_children (peers); i++)
    {
      g_autoptr (GVariant) peer = g_variant_get_child_value (peers, i);
      g_autoptr (GVariant) tuple = NULL;
      g_autoptr (GVariant) facts = NULL;
      g_autoptr (GVariant) known = NULL;
      const char *id;

      if (!g_variant_lookup (peer, "id", "&s", &id))
        continue;
      tuple = peerup_http_original_ask (self, "Resolve", g_variant_new ("(s)", id), NULL);
      facts = tuple != NULL ? g_variant_get_child_value (tuple, 0) : NULL;
      known = facts != NULL ? g_variant_lookup_value (facts, "addresses", G_VARIANT_TYPE_STRING_ARRAY) : NULL;
      if (known != NULL)
        g_variant_builder_add (&addresses, "{sv}", id, known);
    }
  return g_variant_ref_sink (g_variant_builder_end (&addresses));
}

static void
list_peers (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  const char *all = peerup_http_request_get_query (peerup_http_original_get_request (self), "all");
  g_autoptr (GVariant) peers = peerup_http_original_get (self, "ListPeers", NULL);
  g_autoptr (GVariant) addresses = NULL;

  if (peers == NULL)
    return;
  addresses = list_addresses (self, peers);
  answer (self, peerup_http_original_peers (peers, addresses, g_strcmp0 (all, "true") == 0),
          peerup_http_original_peers_text, response);
}

static void
list_paths (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GVariant) peers = peerup_http_original_get (self, "ListPeers", NULL);

  if (peers != NULL)
    answer (self, peerup_http_original_paths (peers), peerup_http_original_paths_text, response);
}

/* Who may come in */

/* Nobody, where gating is off and there is no file. */
static void
list_auth (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = peerup_http_original_ask (self, "ListAuthorized", NULL, &error);
  g_autoptr (GVariant) authorized = NULL;

  if (tuple != NULL)
    authorized = g_variant_get_child_value (tuple, 0);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG))
    authorized = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0));
  if (authorized != NULL)
    answer (self, peerup_http_original_auth (authorized), peerup_http_original_auth_text, response);
  else
    peerup_http_original_refuse_error (self, 500, error);
}

/* Without a file of authorized peers it is the request that is out of place. */
static void
refuse_change (PeerupHttpOriginal *self, const GError *error, int code)
{
  gboolean wrong =
    g_error_matches (error, PEERUP_ERROR, code) || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);

  peerup_http_original_refuse_error (self, wrong ? 400 : 0, error);
}

static GVariant *
authorize_options (const char *comment)
{
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  if (comment[0] != '\0')
    g_variant_builder_add (&options, "{sv}", "comment", g_variant_new_string (comment));
  return g_variant_builder_end (&options);
}

static void
add_auth (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = NULL;
  const char *peer_id, *comment;

  if (!peerup_http_original_read_text (self, "peer_id", &peer_id) ||
      !peerup_http_original_read_text (self, "comment", &comment))
    return;
  if (peer_id[0] == '\0')
    {
      peerup_http_original_refuse (self, 400, "peer_id is required");
      return;
    }
  done = peerup_http_original_ask (self, "Authorize", g_variant_new ("(s@a{sv})", peer_id, authorize_options (comment)),
                                   &error);
  if (done != NULL)
    answer_status (self, "added", response);
  else
    refuse_change (self, error, PEERUP_ERROR_NOT_FOUND);
}

static void
remove_auth (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = NULL;

  done = peerup_http_original_ask (self, "Deauthorize", g_variant_new ("(s)", get_parameter (self, "peer_id")), &error);
  if (done != NULL)
    answer_status (self, "removed", response);
  else
    refuse_change (self, error, PEERUP_ERROR_MALFORMED);
}

/* Where peers are */

static void
trace (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GVariant) found = NULL;
  g_autofree char *peer_id = NULL;
  const char *peer;

  if (!peerup_http_original_read_text (self, "peer", &peer))
    return;
  if (peer[0] == '\0')
    {
      peerup_http_original_refuse (self, 400, "peer is required");
      return;
    }
  if (!peerup_http_original_reach_peer (self, peer, &peer_id))
    return;
  found = peerup_http_original_get (self, "Trace", g_variant_new ("(s)", peer));
  if (found != NULL)
    answer (self, peerup_http_original_trace (peer, found), peerup_http_original_trace_text, response);
}

static void
resolve (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) tuple = NULL;
  g_autoptr (GVariant) found = NULL;
  g_autofree char *quoted = NULL;
  const char *name;

  if (!peerup_http_original_read_text (self, "name", &name))
    return;
  if (name[0] == '\0')
    {
      peerup_http_original_refuse (self, 400, "name is required");
      return;
    }
  quoted = peerup_http_original_quote (name);
  tuple = peerup_http_original_ask (self, "Resolve", g_variant_new ("(s)", name), &error);
  if (tuple == NULL)
    {
      peerup_http_original_refuse (self, 404, "cannot resolve %s: %s", quoted, error->message);
      return;
    }
  found = g_variant_get_child_value (tuple, 0);
  answer (self, peerup_http_original_resolve (name, found), peerup_http_original_resolve_text, response);
}

/* Proxies */

/* The original listens wherever it is told: whoever names an address of others wants it. */
static GVariant *
forward_options (void)
{
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);

  g_variant_builder_add (&options, "{sv}", "any-address", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&options);
}

static GVariant *
describe_proxy (GVariant *tuple)
{
  GVariantBuilder members = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autofree char *proxy = NULL;
  const char *id, *address;

  g_variant_get (tuple, "(&s&s)", &id, &address);
  proxy = g_str_has_prefix (id, FORWARD) ? g_strconcat (PROXY, id + strlen (FORWARD), NULL) : g_strdup (id);
  g_variant_builder_add (&members, "{sv}", "id", g_variant_new_string (proxy));
  g_variant_builder_add (&members, "{sv}", "listen_address", g_variant_new_string (address));
  return g_variant_builder_end (&members);
}

static gboolean
read_proxy (PeerupHttpOriginal *self, const char **peer, const char **service, const char **listen)
{
  if (!peerup_http_original_read_text (self, "peer", peer) ||
      !peerup_http_original_read_text (self, "service", service) ||
      !peerup_http_original_read_text (self, "listen", listen))
    return FALSE;
  if (**peer == '\0' || **service == '\0' || **listen == '\0')
    return peerup_http_original_refuse (self, 400, "peer, service, and listen are required");
  return TRUE;
}

static void
add_proxy (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) added = NULL;
  g_autofree char *peer_id = NULL;
  const char *peer, *service, *listen;

  if (!read_proxy (self, &peer, &service, &listen) || !peerup_http_original_reach_peer (self, peer, &peer_id))
    return;
  added = peerup_http_original_ask (self, "AddForward",
                                    g_variant_new ("(sss@a{sv})", peer, service, listen, forward_options ()), &error);
  if (added != NULL)
    answer (self, describe_proxy (added), peerup_http_original_fields_text, response);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED))
    peerup_http_original_refuse_error (self, 400, error);
  else
    peerup_http_original_refuse (self, 500, "failed to create listener: %s", error->message);
}

static void
remove_proxy (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  const char *id = get_parameter (self, "id");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = NULL;
  g_autofree char *forward = NULL;

  if (g_str_has_prefix (id, PROXY))
    {
      forward = g_strconcat (FORWARD, id + strlen (PROXY), NULL);
      done = peerup_http_original_ask (self, "RemoveForward", g_variant_new ("(s)", forward), &error);
    }
  if (done != NULL)
    answer_status (self, "disconnected", response);
  else if (error == NULL || g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    peerup_http_original_refuse (self, 404, "proxy not found: %s", id);
  else
    peerup_http_original_refuse_error (self, 0, error);
}

/* Services */

static void
expose (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  GVariantBuilder options = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_VARDICT);
  g_autoptr (GVariant) none = g_variant_ref_sink (g_variant_builder_end (&options));
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = NULL;
  const char *name, *address;

  if (!peerup_http_original_read_text (self, "name", &name) ||
      !peerup_http_original_read_text (self, "local_address", &address))
    return;
  if (name[0] == '\0' || address[0] == '\0')
    {
      peerup_http_original_refuse (self, 400, "name and local_address are required");
      return;
    }
  done = peerup_http_original_ask (self, "Expose", g_variant_new ("(ss@a{sv})", name, address, none), &error);
  if (done != NULL)
    answer_status (self, "exposed", response);
  else
    peerup_http_original_refuse_error (self, 0, error);
}

static void
unexpose (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  const char *name = get_parameter (self, "name");
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = NULL;

  done = peerup_http_original_ask (self, "Unexpose", g_variant_new ("(s)", name), &error);
  if (done != NULL)
    answer_status (self, "unexposed", response);
  else if (g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND))
    peerup_http_original_refuse (self, 404, "service not found: %s", name);
  else
    peerup_http_original_refuse_error (self, 0, error);
}

static void
shut_down (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) done = peerup_http_original_ask (self, "Stop", NULL, &error);

  if (done != NULL)
    answer_status (self, "shutting down", response);
  else
    peerup_http_original_refuse_error (self, 0, error);
}

/* Routes */

#define HANDLER(func)                                                         \
  static DexFuture *handle_##func (PeerupHttpRequest *request, gpointer data) \
  {                                                                           \
    return peerup_http_original_run (request, func);                          \
  }

HANDLER (get_status)
HANDLER (list_services)
HANDLER (list_peers)
HANDLER (list_paths)
HANDLER (list_auth)
HANDLER (add_auth)
HANDLER (remove_auth)
HANDLER (trace)
HANDLER (resolve)
HANDLER (add_proxy)
HANDLER (remove_proxy)
HANDLER (expose)
HANDLER (unexpose)
HANDLER (shut_down)

static const PeerupHttpRoute routes[] = {
  { "GET", "/v1/status", handle_get_status },
  { "GET", "/v1/services", handle_list_services },
  { "GET", "/v1/peers", handle_list_peers },
  { "GET", "/v1/paths", handle_list_paths },
  { "GET", "/v1/auth", handle_list_auth },
  { "POST", "/v1/auth", handle_add_auth },
  { "DELETE", "/v1/auth/{peer_id}", handle_remove_auth },
  { "POST", "/v1/ping", peerup_http_original_ping_peer },
  { "POST", "/v1/traceroute", handle_trace },
  { "POST", "/v1/resolve", handle_resolve },
  { "POST", "/v1/connect", handle_add_proxy },
  { "DELETE", "/v1/connect/{id}", handle_remove_proxy },
  { "POST", "/v1/expose", handle_expose },
  { "DELETE", "/v1/expose/{name}", handle_unexpose },
  { "POST", "/v1/shutdown", handle_shut_down },
};

const PeerupHttpRoute *
peerup_http_original_get_routes (guint *n_routes)
{
  *n_routes = G_N_ELEMENTS (routes);
  return routes;
}
