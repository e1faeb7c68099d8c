/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Looks at services. What is known of one is noted at itself, and goes with it; a look under way does not keep it.
 */
#include "engine/peerup-service-health.h"

#include <glib/gi18n-lib.h>

#include "templates/peerup-listeners.h"
#include "transport/peerup-socket-stream.h"

/* Microseconds: how long what is known is believed, and how long one connection may take. */
#define AGE_HERE      (1 * (gint64) G_USEC_PER_SEC)
#define AGE_THERE     (10 * (gint64) G_USEC_PER_SEC)
#define AGE_ANSWERING (60 * (gint64) G_USEC_PER_SEC)
#define DIAL_TIMEOUT  (3 * (gint64) G_USEC_PER_SEC)

/* At the service. */
typedef struct
{
  char *host; /* what was looked at */
  guint port;
  gint64 looked_at;   /* monotonic µs */
  DexFuture *dialing; /* nullable: dropping it gives it up */
  DexPromise *looked; /* nullable: to TRUE when it has come to an end */
} Note;

typedef struct
{
  GWeakRef service;
  char *host;
  guint port;
  DexPromise *looked;
} Look;

static void
note_free (gpointer data)
{
  Note *note = data;

  dex_clear (&note->dialing);
  dex_clear (&note->looked);
  g_free (note->host);
  g_free (note);
}

static void
look_free (gpointer data)
{
  Look *look = data;

  g_weak_ref_clear (&look->service);
  dex_unref (look->looked);
  g_free (look->host);
  g_free (look);
}

static Note *
get_note (PeerupService *service)
{
  static GQuark quark;
  Note *note;

  if (quark == 0)
    quark = g_quark_from_static_string ("peerup-service-health");
  note = g_object_get_qdata (G_OBJECT (service), quark);
  if (note == NULL)
    {
      note = g_new0 (Note, 1);
      g_object_set_qdata_full (G_OBJECT (service), quark, note, note_free);
    }
  return note;
}

/* Of what has been dialed: whether it has said no, or nothing. All else may be the fault of this process. */
static gboolean
is_silence (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE) ||
         g_error_matches (error, PEERUP_ERROR, PEERUP_ERROR_TIMEOUT) ||
         g_error_matches (error, DEX_ERROR, DEX_ERROR_TIMED_OUT);
}

static void
tell_failure (PeerupService *service, const GError *error)
{
  const char *host = peerup_service_get_host (service);
  guint port = peerup_service_get_port (service);
  g_autofree char *place = peerup_listeners_is_local (host) ? g_strdup_printf (_ ("port %u"), port)
                                                            : g_strdup_printf (_ ("port %u of %s"), port, host);
  g_autofree char *text = NULL;

  if (is_silence (error))
    {
      text = g_strdup_printf (_ ("Nothing answers on %s"), place);
      peerup_service_set_health (service, "silent", text);
      return;
    }
  text = g_strdup_printf (_ ("Whether something answers on %s is not known: %s"), place, error->message);
  peerup_service_set_health (service, "unknown", text);
}

static DexFuture *
on_dialed (DexFuture *dialed, gpointer data)
{
  Look *look = data;
  g_autoptr (PeerupService) service = g_weak_ref_get (&look->service);
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (dialed, &error);

  if (value != NULL)
    g_io_stream_close (g_value_get_object (value), NULL, NULL);
  /* It may be elsewhere by now. */
  if (service != NULL && g_str_equal (look->host, peerup_service_get_host (service)) &&
      look->port == peerup_service_get_port (service))
    {
      if (value != NULL)
        peerup_service_set_health (service, "answers", "");
      else
        tell_failure (service, error);
    }
  dex_promise_resolve_boolean (look->looked, TRUE);
  return dex_future_new_true ();
}

static void
dial (PeerupService *service, Note *note)
{
  gint64 deadline = g_get_monotonic_time () + DIAL_TIMEOUT;
  Look *look = g_new0 (Look, 1);

  g_weak_ref_init (&look->service, service);
  look->host = g_strdup (note->host);
  look->port = note->port;
  dex_clear (&note->dialing);
  dex_clear (&note->looked);
  note->looked = dex_promise_new ();
  look->looked = dex_ref (note->looked);
  note->dialing = dex_future_finally (dex_future_first (peerup_socket_connect (note->host, note->port, deadline),
                                                        dex_timeout_new_deadline (deadline), NULL),
                                      on_dialed, look, look_free);
}

gboolean
peerup_service_health_is_due (PeerupService *service, gint64 now)
{
  const Note *note = get_note (service);
  gboolean answers = g_str_equal (peerup_service_get_health (service), "answers");
  gint64 age = answers ? AGE_ANSWERING : AGE_THERE;

  if (note->host == NULL || !g_str_equal (note->host, peerup_service_get_host (service)) ||
      note->port != peerup_service_get_port (service))
    return TRUE;
  if (peerup_listeners_is_local (note->host))
    age = AGE_HERE;
  else if (answers && peerup_service_get_active (service) > 0)
    return FALSE;
  return now - MAX (note->looked_at, peerup_service_get_reached_at (service)) >= age;
}

/* @listeners: of this machine, nullable. */
static void
look_at (PeerupService *service, GArray *listeners)
{
  Note *note = get_note (service);

  if (g_set_str (&note->host, peerup_service_get_host (service)) | (note->port != peerup_service_get_port (service)))
    peerup_service_set_health (service, "unknown", "");
  note->port = peerup_service_get_port (service);
  note->looked_at = g_get_monotonic_time ();
  if (listeners == NULL || !peerup_listeners_is_local (note->host) ||
      !peerup_listeners_have (listeners, note->host, note->port))
    {
      dial (service, note);
      return;
    }
  dex_clear (&note->dialing);
  dex_clear (&note->looked);
  peerup_service_set_health (service, "answers", "");
}

static gboolean
is_looking (const Note *note)
{
  return note->looked != NULL && dex_future_is_pending (DEX_FUTURE (note->looked));
}

void
peerup_service_health_look (PeerupService *service)
{
  g_autoptr (GArray) listeners = NULL;

  if (!peerup_service_health_is_due (service, g_get_monotonic_time ()))
    return;
  listeners = peerup_listeners_read (TRUE, NULL);
  look_at (service, listeners);
}

void
peerup_service_health_doubt (PeerupService *service)
{
  Note *note = get_note (service);

  if (g_str_equal (peerup_service_get_health (service), "answers") && !is_looking (note))
    {
      g_autoptr (GArray) listeners = peerup_listeners_read (TRUE, NULL);

      look_at (service, listeners);
    }
  else
    peerup_service_health_look (service);
}

static DexFuture *
on_waited (DexFuture *future, gpointer data)
{
  return dex_future_new_true ();
}

void
peerup_service_health_look_all (GListModel *services)
{
  g_autoptr (GArray) listeners = NULL;
  gboolean read = FALSE;
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);

      if (!peerup_service_health_is_due (service, now))
        continue;
      if (!read)
        listeners = peerup_listeners_read (TRUE, NULL);
      read = TRUE;
      look_at (service, listeners);
    }
}

DexFuture *
peerup_service_health_refresh (GListModel *services)
{
  g_autoptr (GPtrArray) looks = g_ptr_array_new_with_free_func (dex_unref);

  peerup_service_health_look_all (services);
  for (guint i = 0; i < g_list_model_get_n_items (services); i++)
    {
      g_autoptr (PeerupService) service = g_list_model_get_item (services, i);
      const Note *note = get_note (service);

      if (is_looking (note))
        g_ptr_array_add (looks, dex_ref (note->looked));
    }
  if (looks->len == 0)
    return dex_future_new_true ();
  /* A look that is not waited for any longer goes on: its service holds it. */
  return dex_future_finally (dex_future_first (dex_future_allv ((DexFuture **) looks->pdata, looks->len),
                                               dex_timeout_new_usec (PEERUP_SERVICE_HEALTH_WAIT), NULL),
                             on_waited, NULL, NULL);
}
