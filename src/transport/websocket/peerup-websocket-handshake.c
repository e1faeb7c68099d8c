/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * HTTP's part of a WebSocket: one request, one answer. A handshake lives until the connection has
 * switched or was refused, and holds one head at most. A server answers what is no upgrade
 * with a status and a sentence for the person who tried it, and at the first byte where it can
 * no longer become one. */

#include "transport/websocket/peerup-websocket-handshake.h"

#include <string.h>

#include "transport/websocket/peerup-http-head.h"

/* RFC 6455 1.3 */
#define ACCEPT_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define VERSION     "13"
#define METHOD      "GET "
#define HTTP        "HTTP/1.1"
#define END         "\r\n\r\n"

/* Characters of base64 for a nonce, and of that those that stand for bits. */
#define KEY_LENGTH 24
#define KEY_DIGITS 22

typedef enum
{
  STATE_WAITING,
  STATE_DONE,
  STATE_FAILED,
} State;

struct _PeerupWebsocketHandshake
{
  State state;
  gboolean client;
  char *accept;  /* client: what has to be answered */
  GString *head; /* what has come of it; NULL in the end */
  GString *output;
};

char *
peerup_websocket_accept_for_key (const char *key)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;

  g_checksum_update (sum, (const guchar *) key, -1);
  g_checksum_update (sum, (const guchar *) ACCEPT_GUID, -1);
  g_checksum_get_digest (sum, digest, &size);
  return g_base64_encode (digest, size);
}

static PeerupWebsocketHandshake *
handshake_new (gboolean client)
{
  PeerupWebsocketHandshake *self = g_new0 (PeerupWebsocketHandshake, 1);

  self->client = client;
  self->head = g_string_new (NULL);
  return self;
}

PeerupWebsocketHandshake *
peerup_websocket_handshake_new_server (void)
{
  return handshake_new (FALSE);
}

PeerupWebsocketHandshake *
peerup_websocket_handshake_new_client (const char *host, const guint8 nonce[PEERUP_WEBSOCKET_NONCE_SIZE])
{
  PeerupWebsocketHandshake *self = handshake_new (TRUE);
  g_autofree char *key = g_base64_encode (nonce, PEERUP_WEBSOCKET_NONCE_SIZE);

  self->accept = peerup_websocket_accept_for_key (key);
  self->output = g_string_new (NULL);
  g_string_printf (self->output,
                   METHOD "/ " HTTP "\r\n"
                          "Host: %s\r\n"
                          "Upgrade: websocket\r\n"
                          "Connection: Upgrade\r\n"
                          "Sec-WebSocket-Key: %s\r\n"
                          "Sec-WebSocket-Version: " VERSION "\r\n\r\n",
                   host, key);
  return self;
}

void
peerup_websocket_handshake_free (PeerupWebsocketHandshake *self)
{
  g_free (self->accept);
  if (self->head != NULL)
    g_string_free (self->head, TRUE);
  if (self->output != NULL)
    g_string_free (self->output, TRUE);
  g_free (self);
}

GBytes *
peerup_websocket_handshake_take_output (PeerupWebsocketHandshake *self)
{
  return self->output != NULL ? g_string_free_to_bytes (g_steal_pointer (&self->output)) : NULL;
}

gboolean
peerup_websocket_handshake_is_done (const PeerupWebsocketHandshake *self)
{
  return self->state == STATE_DONE;
}

/* Server */

/* Answers with @status and @error's own words. FALSE always. */
static gboolean
refuse (PeerupWebsocketHandshake *self, const char *status, const GError *error)
{
  self->output = g_string_new (NULL);
  g_string_printf (self->output,
                   HTTP " %s\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade, close\r\n"
                        "Sec-WebSocket-Version: " VERSION "\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n"
                        "Content-Length: %" G_GSIZE_FORMAT "\r\n\r\n"
                        "%s\n",
                   status, strlen (error->message) + 1, error->message);
  return FALSE;
}

static gboolean
refuse_new (PeerupWebsocketHandshake *self, const char *status, GError **error, int code, const char *text)
{
  g_autoptr (GError) local = g_error_new_literal (PEERUP_ERROR, code, text);

  refuse (self, status, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
refuse_request (PeerupWebsocketHandshake *self, GError **error, const char *text)
{
  return refuse_new (self, "400 Bad Request", error, PEERUP_ERROR_PROTOCOL, text);
}

static gboolean
refuse_without_upgrade (PeerupWebsocketHandshake *self, GError **error)
{
  return refuse_new (self, "426 Upgrade Required", error, PEERUP_ERROR_PROTOCOL,
                     "There is nothing to see here but a libp2p peer: dial it with WebSocket, version 13");
}

/* Base64 of 16 bytes in its one form: the bits that the last digit has too many are zero. */
static gboolean
is_key (const char *key)
{
  if (key == NULL || strlen (key) != KEY_LENGTH || strcmp (key + KEY_DIGITS, "==") != 0)
    return FALSE;
  for (guint i = 0; i < KEY_DIGITS; i++)
    if (!g_ascii_isalnum (key[i]) && key[i] != '+' && key[i] != '/')
      return FALSE;
  return strchr ("AQgw", key[KEY_DIGITS - 1]) != NULL;
}

static gboolean
is_request_line (const char *line)
{
  gsize length = strlen (line), path;

  if (!g_str_has_prefix (line, METHOD) || !g_str_has_suffix (line, " " HTTP))
    return FALSE;
  path = strcspn (line + strlen (METHOD), " ");
  return path > 0 && strlen (METHOD) + path + strlen (" " HTTP) == length;
}

static void
grant (PeerupWebsocketHandshake *self, const PeerupHttpHead *head)
{
  g_autofree char *accept = peerup_websocket_accept_for_key (peerup_http_head_get (head, "Sec-WebSocket-Key"));
  g_autofree char *protocol = peerup_http_head_dup_first_token (head, "Sec-WebSocket-Protocol");

  self->output = g_string_new (HTTP " 101 Switching Protocols\r\n"
                                    "Upgrade: websocket\r\n"
                                    "Connection: Upgrade\r\n");
  g_string_append_printf (self->output, "Sec-WebSocket-Accept: %s\r\n", accept);
  if (protocol != NULL)
    g_string_append_printf (self->output, "Sec-WebSocket-Protocol: %s\r\n", protocol);
  g_string_append (self->output, "\r\n");
}

/* RFC 6455 4.2.1 */
static gboolean
handle_request (PeerupWebsocketHandshake *self, const PeerupHttpHead *head, GError **error)
{
  if (!is_request_line (head->start))
    return refuse_request (self, error, "The request is not GET PATH " HTTP);
  if (peerup_http_head_count (head, "Host") != 1)
    return refuse_request (self, error, "The request has no Host field, or several");
  if (!peerup_http_head_has_token (head, "Upgrade", "websocket") ||
      !peerup_http_head_has_token (head, "Connection", "upgrade"))
    return refuse_without_upgrade (self, error);
  if (g_strcmp0 (peerup_http_head_get (head, "Sec-WebSocket-Version"), VERSION) != 0)
    return refuse_without_upgrade (self, error);
  if (!is_key (peerup_http_head_get (head, "Sec-WebSocket-Key")))
    return refuse_request (self, error, "Sec-WebSocket-Key is not the base64 form of 16 bytes");
  grant (self, head);
  return TRUE;
}

/* Client */

/* @text is the server's, and as it may stand in a message: short, printable ASCII. */
static gboolean
reject_answer (GError **error, const char *what, const char *text)
{
  g_autofree char *head = g_strndup (text, 64);
  g_autofree char *quoted = g_strescape (head, NULL);

  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_PROTOCOL, "no WebSocket is served there: %s%s", what, quoted);
  return FALSE;
}

/* RFC 6455 4.1 */
static gboolean
handle_answer (PeerupWebsocketHandshake *self, const PeerupHttpHead *head, GError **error)
{
  const char *line = head->start;

  if (!g_str_has_prefix (line, HTTP " 101") || (line[12] != ' ' && line[12] != '\0'))
    return reject_answer (error, "the server answered ", line);
  if (!peerup_http_head_has_token (head, "Upgrade", "websocket") ||
      !peerup_http_head_has_token (head, "Connection", "upgrade"))
    return reject_answer (error, "the server switched to something else", "");
  if (g_strcmp0 (peerup_http_head_get (head, "Sec-WebSocket-Accept"), self->accept) != 0)
    return reject_answer (error, "the server's answer does not fit our key", "");
  if (peerup_http_head_count (head, "Sec-WebSocket-Protocol") > 0 ||
      peerup_http_head_count (head, "Sec-WebSocket-Extensions") > 0)
    return reject_answer (error, "the server granted what nobody asked for", "");
  return TRUE;
}

/* Both */

static gboolean
handle_head (PeerupWebsocketHandshake *self, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (PeerupHttpHead) head = peerup_http_head_parse (self->head->str, self->head->len, &local);

  if (head != NULL)
    return self->client ? handle_answer (self, head, error) : handle_request (self, head, error);
  if (!self->client)
    refuse (self, "400 Bad Request", local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Whether what has come can still become a head of ours. A client of something else, TLS say, may
 * never send an empty line. */
static gboolean
check_beginning (PeerupWebsocketHandshake *self, GError **error)
{
  const char *expected = self->client ? "HTTP/" : METHOD;

  if (memcmp (self->head->str, expected, MIN (self->head->len, strlen (expected))) == 0)
    return TRUE;
  if (!self->client)
    return refuse_new (self, "400 Bad Request", error, PEERUP_ERROR_MALFORMED,
                       "This port is for WebSocket: what came is not a GET request of " HTTP);
  g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED,
                       "no WebSocket is served there: the answer is not " HTTP);
  return FALSE;
}

static gboolean
too_large (PeerupWebsocketHandshake *self, GError **error)
{
  g_autoptr (GError) local =
    g_error_new (PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE, "The header is larger than %u bytes", PEERUP_WEBSOCKET_HEAD_MAX);

  if (!self->client)
    refuse (self, "431 Request Header Fields Too Large", local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
feed_head (PeerupWebsocketHandshake *self, const char *data, gsize length, gsize *consumed, gboolean *complete,
           GError **error)
{
  GString *head = self->head;
  gsize before = head->len;
  gsize searched = before - MIN (before, strlen (END) - 1);
  const char *end;

  g_string_append_len (head, data, MIN (length, PEERUP_WEBSOCKET_HEAD_MAX - before));
  end = memmem (head->str + searched, head->len - searched, END, strlen (END));
  if (end != NULL)
    g_string_truncate (head, end + strlen (END) - head->str);
  *consumed = head->len - before;
  *complete = end != NULL;
  if (!check_beginning (self, error))
    return FALSE;
  if (*complete)
    return handle_head (self, error);
  return head->len < PEERUP_WEBSOCKET_HEAD_MAX || too_large (self, error);
}

gboolean
peerup_websocket_handshake_feed (PeerupWebsocketHandshake *self, gconstpointer data, gsize length, gsize *consumed,
                                 GError **error)
{
  gboolean ok, complete;

  g_return_val_if_fail (self != NULL && consumed != NULL, FALSE);
  *consumed = 0;
  if (self->state == STATE_FAILED)
    {
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED, "The WebSocket handshake has failed");
      return FALSE;
    }
  if (self->state == STATE_DONE || length == 0)
    return TRUE;
  ok = feed_head (self, data, length, consumed, &complete, error);
  if (ok && !complete)
    return TRUE;
  self->state = ok ? STATE_DONE : STATE_FAILED;
  g_string_free (g_steal_pointer (&self->head), TRUE);
  return ok;
}
