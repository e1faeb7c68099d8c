/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One search: as many fibers as may speak at once take the ports from one list. It lives until the last of them has
 * ended, which is soon whatever becomes of who asked.
 */
#include "templates/peerup-find-services.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "templates/peerup-probe.h"
#include "transport/peerup-fiber.h"

/* Printers that listen here print what they are sent. */
#define PRINTER_FIRST 9100
#define PRINTER_LAST  9107

typedef struct
{
  PeerupTemplates *templates;
  PeerupTemplate *only; /* nullable */
  DexFuture *until;     /* nullable */
  gint64 deadline;
  GPtrArray *found;
  guint next;
} Search;

static void
search_clear (gpointer data)
{
  Search *self = data;

  peerup_templates_unref (self->templates);
  g_clear_pointer (&self->only, peerup_template_unref);
  dex_clear (&self->until);
  g_ptr_array_unref (self->found);
}

static void
search_unref (gpointer data)
{
  g_rc_box_release_full (data, search_clear);
}

void
peerup_found_free (PeerupFound *self)
{
  peerup_template_unref (self->template);
  g_free (self->address);
  g_free (self->evidence);
  g_free (self);
}

static void
take_for (PeerupFound *found, PeerupTemplate *template, gboolean confirmed, char *evidence)
{
  PeerupTemplate *old = found->template;

  found->template = peerup_template_ref (template);
  found->confirmed = confirmed;
  g_free (found->evidence);
  found->evidence = evidence;
  peerup_template_unref (old);
}

static gboolean
is_out_of_time (Search *self)
{
  return g_get_monotonic_time () >= self->deadline || (self->until != NULL && !dex_future_is_pending (self->until));
}

/* One port */

static gboolean
try_template (PeerupFound *found, const PeerupProbeTarget *target, PeerupTemplate *template, GByteArray **other)
{
  g_autoptr (GByteArray) answer = peerup_probe_ask (target, template, other);

  if (answer == NULL)
    return FALSE;
  take_for (found, template, TRUE, peerup_probe_describe (template, answer->data, answer->len));
  return TRUE;
}

static gboolean
try_usual (Search *self, PeerupFound *found, const PeerupProbeTarget *target)
{
  for (guint i = 0; i < peerup_templates_get_n (self->templates); i++)
    {
      PeerupTemplate *template = peerup_templates_get (self->templates, i);

      if (peerup_template_has_port (template, target->port) && (self->only == NULL || self->only == template) &&
          !is_out_of_time (self) && try_template (found, target, template, NULL))
        return TRUE;
    }
  return FALSE;
}

/* It has spoken first: whichever template that is. */
static void
judge_greeting (Search *self, PeerupFound *found, GByteArray *greeting)
{
  g_autofree char *text = NULL;

  for (guint i = 0; i < peerup_templates_get_n (self->templates); i++)
    {
      PeerupTemplate *template = peerup_templates_get (self->templates, i);

      if (template->probe == PEERUP_PROBE_BANNER &&
          peerup_probe_judge (template, greeting->data, greeting->len, TRUE) == PEERUP_PROBE_YES)
        {
          take_for (found, template, TRUE, peerup_probe_describe (template, greeting->data, greeting->len));
          return;
        }
    }
  text = peerup_template_clean_text ((const char *) greeting->data, MIN (greeting->len, 200),
                                     PEERUP_PROBE_EVIDENCE_MAX - 20);
  take_for (found, peerup_templates_find (self->templates, PEERUP_TEMPLATE_GENERIC), FALSE,
            g_strdup_printf (_ ("greets with “%s”"), text));
}

/* A web server at a port that is not its usual one. */
static void
try_other_webs (Search *self, PeerupFound *found, const PeerupProbeTarget *target)
{
  for (guint i = 0; i < peerup_templates_get_n (self->templates) && !is_out_of_time (self); i++)
    {
      PeerupTemplate *template = peerup_templates_get (self->templates, i);

      if (template->probe == PEERUP_PROBE_HTTP && !g_str_equal (template->id, PEERUP_TEMPLATE_WEB) &&
          (template->header != NULL || template->body != NULL) && !peerup_template_has_port (template, target->port) &&
          try_template (found, target, template, NULL))
        return;
    }
}

static void
look (Search *self, PeerupFound *found)
{
  const PeerupProbeTarget target = { found->listener.probe, found->listener.port, self->deadline, self->until,
                                     self->only != NULL };
  PeerupTemplate *web = peerup_templates_find (self->templates, PEERUP_TEMPLATE_WEB);
  g_autoptr (GByteArray) greeting = NULL;

  if (try_usual (self, found, &target) || self->only != NULL || is_out_of_time (self))
    return;
  greeting = peerup_probe_listen (&target);
  if (greeting == NULL && (target.port < PRINTER_FIRST || target.port > PRINTER_LAST) && !is_out_of_time (self) &&
      try_template (found, &target, web, &greeting))
    try_other_webs (self, found, &target);
  else if (greeting != NULL)
    judge_greeting (self, found, greeting);
}

static DexFuture *
work (gpointer data)
{
  Search *self = data;

  while (self->next < self->found->len && !is_out_of_time (self))
    look (self, self->found->pdata[self->next++]);
  return dex_future_new_true ();
}

/* All ports */

static int
rank (const PeerupFound *found)
{
  return found->confirmed ? 0 : peerup_template_has_port (found->template, found->listener.port) ? 1 : 2;
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const PeerupFound *one = *(const PeerupFound *const *) a, *other = *(const PeerupFound *const *) b;

  if (rank (one) != rank (other))
    return rank (one) - rank (other);
  if (one->listener.port != other->listener.port)
    return (int) one->listener.port - other->listener.port;
  return strcmp (one->listener.host, other->listener.host);
}

static gboolean
drop_unconfirmed (gconstpointer found)
{
  return !((const PeerupFound *) found)->confirmed;
}

static DexFuture *
answer (DexFuture *ended, gpointer data)
{
  Search *self = data;
  GValue value = G_VALUE_INIT;
  DexFuture *future;

  if (self->only != NULL)
    for (guint i = self->found->len; i > 0; i--)
      if (drop_unconfirmed (self->found->pdata[i - 1]))
        g_ptr_array_remove_index (self->found, i - 1);
  g_ptr_array_sort (self->found, compare);
  g_value_init (&value, G_TYPE_PTR_ARRAY);
  g_value_set_boxed (&value, self->found);
  future = dex_future_new_for_value (&value);
  g_value_unset (&value);
  return future;
}

static void
add (Search *self, const PeerupListener *listener)
{
  PeerupTemplate *generic = peerup_templates_find (self->templates, PEERUP_TEMPLATE_GENERIC);
  PeerupTemplate *usual = peerup_templates_find_by_port (self->templates, listener->port);
  PeerupFound *found = g_new0 (PeerupFound, 1);

  found->template = peerup_template_ref (usual != NULL ? usual : generic);
  found->listener = *listener;
  found->address =
    g_strdup_printf (strchr (listener->host, ':') != NULL ? "[%s]:%u" : "%s:%u", listener->host, listener->port);
  found->evidence = usual != NULL ? g_strdup_printf (_ ("the usual port of %s"), usual->name)
                                  : g_strdup_printf (_ ("listens on port %u"), listener->port);
  g_ptr_array_add (self->found, found);
}

static DexFuture *
search (PeerupTemplates *templates, PeerupTemplate *only, GArray *listeners, DexFuture *until)
{
  Search *self = g_rc_box_new0 (Search);
  g_autoptr (GPtrArray) workers = g_ptr_array_new_with_free_func (dex_unref);
  guint n;

  self->templates = peerup_templates_ref (templates);
  self->only = only != NULL ? peerup_template_ref (only) : NULL;
  self->until = until != NULL ? dex_ref (until) : NULL;
  self->deadline = g_get_monotonic_time () + PEERUP_FIND_TIMEOUT;
  self->found = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_found_free);
  for (guint i = 0; i < listeners->len; i++)
    {
      const PeerupListener *listener = &g_array_index (listeners, PeerupListener, i);

      if (only == NULL || peerup_template_has_port (only, listener->port))
        add (self, listener);
    }
  /* Usual ports come first: many silent ones may take all the time there is. */
  g_ptr_array_sort (self->found, compare);
  n = MIN (self->found->len, PEERUP_FIND_PARALLEL);
  g_ptr_array_add (workers, dex_future_new_true ());
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (workers, peerup_fiber_spawn (work, g_rc_box_acquire (self), search_unref));
  return dex_future_finally (dex_future_allv ((DexFuture **) workers->pdata, workers->len), answer, self, search_unref);
}

DexFuture *
peerup_find_services_among (PeerupTemplates *templates, GArray *listeners, DexFuture *until)
{
  return search (templates, NULL, listeners, until);
}

DexFuture *
peerup_find_services (PeerupTemplates *templates, DexFuture *until)
{
  GError *error = NULL;
  g_autoptr (GArray) listeners = peerup_listeners_read (FALSE, &error);

  if (listeners == NULL)
    return dex_future_new_for_error (error);
  return search (templates, NULL, listeners, until);
}

static gboolean
has_port (const GArray *ports, guint16 port)
{
  for (guint i = 0; i < ports->len; i++)
    if (g_array_index (ports, guint16, i) == port)
      return TRUE;
  return FALSE;
}

DexFuture *
peerup_find_template (PeerupTemplates *templates, PeerupTemplate *template, const GArray *left_out)
{
  GError *error = NULL;
  g_autoptr (GArray) listeners = peerup_listeners_read (FALSE, &error);

  if (listeners == NULL)
    return dex_future_new_for_error (error);
  for (guint i = left_out != NULL ? listeners->len : 0; i > 0; i--)
    if (has_port (left_out, g_array_index (listeners, PeerupListener, i - 1).port))
      g_array_remove_index (listeners, i - 1);
  return search (templates, template, listeners, NULL);
}
