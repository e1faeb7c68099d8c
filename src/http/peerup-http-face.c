/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The HTTP face as a daemon has it: everything that is offered, at the place where clients look.
 */
#include "http/peerup-http-face.h"

#include <string.h>

#include "http/peerup-http-original.h"

#define SUFFIX ".sock"

static char *
beside (const char *control_socket, const char *suffix)
{
  gsize length = strlen (control_socket);

  if (g_str_has_suffix (control_socket, SUFFIX))
    length -= strlen (SUFFIX);
  return g_strdup_printf ("%.*s%s", (int) length, control_socket, suffix);
}

char *
peerup_http_face_dup_socket_path (const char *control_socket)
{
  return beside (control_socket, "-http.sock");
}

char *
peerup_http_face_dup_cookie_path (const char *control_socket)
{
  return beside (control_socket, "-http.cookie");
}

PeerupHttpServer *
peerup_http_face_new (PeerupControl *control, const char *control_socket, GError **error)
{
  g_autoptr (PeerupHttpServer) server = peerup_http_server_new (control);
  g_autofree char *path = peerup_http_face_dup_socket_path (control_socket);
  g_autofree char *cookie_path = peerup_http_face_dup_cookie_path (control_socket);
  guint n_routes;
  const PeerupHttpRoute *routes = peerup_http_original_get_routes (&n_routes);

  peerup_http_server_add_routes (server, routes, n_routes, NULL);
  return peerup_http_server_listen (server, path, cookie_path, error) ? g_steal_pointer (&server) : NULL;
}
