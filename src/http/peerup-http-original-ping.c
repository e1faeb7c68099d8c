/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* POST /v1/ping: connects, then one Ping after the other with a pause between. It ends after the last one, at the end
 * of the time that they should take, or when its client goes, whichever is first.
 */
#include "http/peerup-http-original.h"

#include "http/peerup-http-original-data.h"
#include "http/peerup-http-original-request.h"
#include "http/peerup-http-original-text.h"

#define COUNT_DEFAULT 4
#define COUNT_MAX     100
/* Milliseconds. */
#define INTERVAL_DEFAULT 1000
#define INTERVAL_MIN     100
#define INTERVAL_MAX     60000
#define PAUSES_MAX       (10 * 60 * 1000)
/* Microseconds, beyond the pauses: as the original has it. */
#define GRACE (30 * (gint64) G_USEC_PER_SEC)

typedef struct
{
  const char *peer;
  char *peer_id;
  gint64 count;
  gint64 interval;
} Wish;

static gboolean
read_wish (PeerupHttpOriginal *self, Wish *wish)
{
  if (!peerup_http_original_read_text (self, "peer", &wish->peer) ||
      !peerup_http_original_read_number (self, "count", 1, COUNT_MAX, &wish->count) ||
      !peerup_http_original_read_number (self, "interval_ms", INTERVAL_MIN, INTERVAL_MAX, &wish->interval))
    return FALSE;
  if (wish->peer[0] == '\0')
    return peerup_http_original_refuse (self, 400, "peer is required");
  if (wish->count * wish->interval > PAUSES_MAX)
    return peerup_http_original_refuse (self, 400,
                                        "%" G_GINT64_FORMAT " pings every %" G_GINT64_FORMAT
                                        " ms take more than %d s: ask for fewer at once",
                                        wish->count, wish->interval, PAUSES_MAX / 1000);
  return TRUE;
}

static GVariant *
ping_once (PeerupHttpOriginal *self, const Wish *wish, guint seq)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;
  const char *path;
  guint64 rtt;

  answer = peerup_http_original_ask (self, "Ping", g_variant_new ("(s)", wish->peer), &error);
  if (answer == NULL)
    return peerup_http_original_ping (seq, wish->peer_id, 0, "", error->message);
  g_variant_get (answer, "(t&s)", &rtt, &path);
  return peerup_http_original_ping (seq, wish->peer_id, rtt, path, NULL);
}

/* FALSE if there is nobody left to answer to. */
static gboolean
pause_for (PeerupCaller *caller, gint64 microseconds)
{
  DexFuture *left = dex_cancellable_new_from_cancellable (peerup_caller_get_cancellable (caller));

  /* Both are rejections: what matters is said by the caller. */
  dex_await (dex_future_first (dex_timeout_new_usec (microseconds), left, NULL), NULL);
  return !peerup_caller_has_left (caller);
}

static GVariant *
ping_all (PeerupHttpOriginal *self, const Wish *wish)
{
  PeerupCaller *caller = peerup_http_request_get_caller (peerup_http_original_get_request (self));
  GVariantBuilder results = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  gint64 pause = wish->interval * 1000;
  gint64 end = g_get_monotonic_time () + wish->count * pause + GRACE;

  for (guint seq = 1; seq <= wish->count; seq++)
    {
      g_variant_builder_add_value (&results, ping_once (self, wish, seq));
      if (seq == wish->count || g_get_monotonic_time () + pause >= end || !pause_for (caller, pause))
        break;
    }
  return g_variant_builder_end (&results);
}

static void
ping (PeerupHttpOriginal *self, PeerupHttpResponse **response)
{
  Wish wish = { .count = COUNT_DEFAULT, .interval = INTERVAL_DEFAULT };
  g_autofree char *peer_id = NULL;
  g_autoptr (GVariant) data = NULL;

  if (!read_wish (self, &wish) || !peerup_http_original_reach_peer (self, wish.peer, &peer_id))
    return;
  wish.peer_id = peer_id;
  data = g_variant_ref_sink (peerup_http_original_pings (ping_all (self, &wish)));
  if (peerup_http_request_wants_text (peerup_http_original_get_request (self)))
    *response =
      peerup_http_response_new_take (200, PEERUP_HTTP_TEXT, peerup_http_original_pings_text (wish.peer, peer_id, data));
  else
    *response = peerup_http_response_new_data (data);
}

DexFuture *
peerup_http_original_ping_peer (PeerupHttpRequest *request, gpointer data)
{
  return peerup_http_original_run (request, ping);
}
