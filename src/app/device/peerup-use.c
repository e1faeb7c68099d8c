/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* How a service that is a local port is used. Pure. */
#include "app/device/peerup-use.h"

#include <string.h>

GVariant *
peerup_use_find_template (GVariant *templates, const char *kind)
{
  g_autoptr (GVariant) found = NULL;
  GVariantIter iter;
  GVariant *item;

  if (templates == NULL || kind == NULL || *kind == '\0')
    return NULL;
  g_variant_iter_init (&iter, templates);
  while ((item = g_variant_iter_next_value (&iter)) != NULL)
    {
      const char *id = "", *its_kind = "";

      g_variant_lookup (item, "id", "&s", &id);
      g_variant_lookup (item, "kind", "&s", &its_kind);
      if (g_str_equal (id, kind))
        return item;
      if (g_str_equal (its_kind, kind) && (found == NULL || g_str_equal (id, "web")))
        {
          g_clear_pointer (&found, g_variant_unref);
          found = g_variant_ref (item);
        }
      g_variant_unref (item);
    }
  return g_steal_pointer (&found);
}

/* @host, @port: (transfer full) */
static gboolean
split_address (const char *address, char **host, char **port)
{
  const char *colon = address != NULL ? strrchr (address, ':') : NULL;
  guint64 number;

  if (colon == NULL || colon == address || !g_ascii_string_to_unsigned (colon + 1, 10, 1, G_MAXUINT16, &number, NULL))
    return FALSE;
  *host = g_strndup (address, (gsize) (colon - address));
  *port = g_strdup (colon + 1);
  if (g_str_equal (*host, "127.0.0.1"))
    {
      g_free (*host);
      *host = g_strdup ("localhost");
    }
  return TRUE;
}

char *
peerup_use_fill (const char *pattern, const char *address)
{
  g_autofree char *host = NULL;
  g_autofree char *port = NULL;
  g_autoptr (GString) out = NULL;
  gsize length;

  if (pattern == NULL || !split_address (address, &host, &port))
    return NULL;
  /* An IPv6 address has its brackets where a port follows, and not where it is an argument of its own. */
  length = strlen (host);
  if (host[0] == '[' && length > 2 && strstr (pattern, "{host}:") == NULL)
    {
      memmove (host, host + 1, length - 2);
      host[length - 2] = '\0';
    }
  out = g_string_new (pattern);
  g_string_replace (out, "{host}", host, 0);
  g_string_replace (out, "{port}", port, 0);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
peerup_use_format_address (const char *address)
{
  return peerup_use_fill ("{host}:{port}", address);
}

guint
peerup_use_list_ports (GVariant *template, guint16 ports[PEERUP_USE_N_PORTS])
{
  g_autoptr (GVariant) usual =
    template != NULL ? g_variant_lookup_value (template, "ports", G_VARIANT_TYPE ("au")) : NULL;
  guint32 port = 0;
  guint n = 0;

  if (usual != NULL && g_variant_n_children (usual) > 0)
    g_variant_get_child (usual, 0, "u", &port);
  /* Those below 1024 are the system's: 22 is 2222 here, and 445 is 8445. */
  if (port == 22)
    ports[n++] = 2222;
  else if (port > 0 && port < 1024)
    ports[n++] = (guint16) (8000 + port);
  else if (port >= 1024 && port <= G_MAXUINT16)
    {
      ports[n++] = (guint16) port;
      /* The same may run here, too. */
      if (port + 10000 <= G_MAXUINT16)
        ports[n++] = (guint16) (port + 10000);
    }
  ports[n++] = 0;
  return n;
}
