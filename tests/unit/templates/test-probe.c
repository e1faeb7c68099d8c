/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Conversations with services of the loopback: those that answer, and those that say nothing, too much or nonsense. */
#include "templates/peerup-probe.h"

#include <string.h>

#include "speakers.h"
#include "templates/peerup-templates.h"
#include "transport/peerup-fiber.h"

typedef struct
{
  PeerupProbeTarget target;
  const PeerupTemplate *template; /* NULL: listen */
  GByteArray *answer;
} Case;

static PeerupTemplates *templates;

static DexFuture *
run (gpointer data)
{
  Case *self = data;

  self->answer = self->template != NULL ? peerup_probe_ask (&self->target, self->template, NULL)
                                        : peerup_probe_listen (&self->target);
  return dex_future_new_true ();
}

static GByteArray *
converse_with (PeerupProbeTarget target, const char *id)
{
  Case self = { target, NULL, NULL };
  g_autoptr (DexFuture) future = NULL;

  if (id != NULL)
    self.template = peerup_templates_find (templates, id);
  future = peerup_fiber_run (run, &self, NULL);
  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  return self.answer;
}

static GByteArray *
converse (guint16 port, const char *id, gint64 deadline, DexFuture *until)
{
  return converse_with ((PeerupProbeTarget) { "127.0.0.1", port, deadline, until, FALSE }, id);
}

static void
assert_answers (Speaker *speaker, const char *id, const char *expected)
{
  g_autoptr (GByteArray) answer = converse (speaker_get_port (speaker), id, G_MAXINT64, NULL);

  if (expected == NULL)
    g_assert_null (answer);
  else
    {
      g_assert_nonnull (answer);
      g_assert_cmpmem (answer->data, MIN (answer->len, strlen (expected)), expected, strlen (expected));
    }
}

static void
test_answers (void)
{
  g_autoptr (Speaker) ssh = speaker_new (SPEAKER_FIRST, "SSH-2.0-x\r\n", -1, NULL);
  g_autoptr (Speaker) http =
    speaker_new (SPEAKER_ASKED, "HTTP/1.0 200 OK\r\n\r\nOllama is running", -1, "GET / HTTP/1.0\r\n");
  g_autoptr (Speaker) open = speaker_new (SPEAKER_LASTING, "HTTP/1.1 200 OK\r\nServer: a\r\n\r\n", -1, "Host: ");
  g_autoptr (Speaker) database = speaker_new (SPEAKER_LASTING, "N", -1, "\x04\xd2\x16\x2f");

  assert_answers (ssh, "ssh", "SSH-2.0-x");
  assert_answers (http, "ollama", "HTTP/1.0 200");
  assert_answers (open, "web", "HTTP/1.1 200");
  assert_answers (database, "postgresql", "N");
  assert_answers (ssh, NULL, "SSH-2.0-x");
  assert_answers (ssh, "postgresql", NULL);
  assert_answers (database, "ssh", NULL);
  g_assert_cmpuint (speaker_get_n (ssh), ==, 3);
}

/* Every kind of probe, against every kind of nuisance. */
static void
test_nuisances (void)
{
  static const char *const ids[] = { "ssh", "grafana", "postgresql", "minecraft", "smb" };
  static char garbage[4096];
  g_autoptr (Speaker) silent = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (Speaker) odd = NULL;
  g_autoptr (Speaker) endless = NULL;
  g_autoptr (Speaker) closing = speaker_new (SPEAKER_ASKED, "", -1, NULL);

  for (gsize i = 0; i < sizeof garbage; i++)
    garbage[i] = (char) (i * 37 + 200);
  odd = speaker_new (SPEAKER_FIRST, garbage, sizeof garbage, NULL);
  endless = speaker_new (SPEAKER_ENDLESS, garbage, sizeof garbage, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      assert_answers (silent, ids[i], NULL);
      assert_answers (odd, ids[i], NULL);
      assert_answers (endless, ids[i], NULL);
      assert_answers (closing, ids[i], NULL);
    }
  assert_answers (silent, NULL, NULL);
  /* Each is counted when its thread begins. */
  while (speaker_get_n (silent) < G_N_ELEMENTS (ids) + 1)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (speaker_get_n (silent), ==, G_N_ELEMENTS (ids) + 1);
}

/* What never ends is read up to the bound, even where all of it might be what is wanted. */
static void
test_endless (void)
{
  g_autoptr (Speaker) drone = speaker_new (SPEAKER_ENDLESS, "HTTP/1.0 200 OK\r\nX: y\r\n", -1, NULL);
  g_autoptr (Speaker) page = speaker_new (SPEAKER_ENDLESS, "HTTP/1.0 200 OK\r\n\r\n", -1, NULL);
  char text[4096] = "SSH-2.0-";
  g_autoptr (Speaker) line = NULL;
  g_autoptr (GByteArray) answer = NULL;
  g_autoptr (GByteArray) heard = NULL;

  /* In pieces that are large enough to reach the bound in the time that listening has. */
  memset (text + strlen (text), 'x', sizeof text - strlen (text));
  line = speaker_new (SPEAKER_ENDLESS, text, sizeof text, NULL);
  assert_answers (drone, "web", NULL);
  answer = converse (speaker_get_port (page), "web", G_MAXINT64, NULL);
  g_assert_nonnull (answer);
  g_assert_cmpuint (answer->len, <=, PEERUP_PROBE_ANSWER_MAX);
  heard = converse (speaker_get_port (line), NULL, G_MAXINT64, NULL);
  g_assert_nonnull (heard);
  g_assert_cmpuint (heard->len, ==, PEERUP_PROBE_ANSWER_MAX);
}

/* Whoever is patient hears what is slow. */
static void
test_late (void)
{
  g_autoptr (Speaker) late = speaker_new (SPEAKER_LATE, "SSH-2.0-x\r\n", -1, NULL);
  const PeerupProbeTarget target = { "127.0.0.1", speaker_get_port (late), G_MAXINT64, NULL, TRUE };
  g_autoptr (GByteArray) answer = converse_with (target, "ssh");

  g_assert_nonnull (answer);
  g_assert_cmpmem (answer->data, answer->len, "SSH-2.0-x\r\n", 11);
}

static void
test_nobody (void)
{
  Speaker *gone = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  guint16 port = speaker_get_port (gone);

  speaker_free (gone);
  g_assert_null (converse (port, "ssh", G_MAXINT64, NULL));
  g_assert_null (converse (port, NULL, G_MAXINT64, NULL));
}

/* Either ends what would take a second. */
static void
test_ended (void)
{
  g_autoptr (Speaker) silent = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (DexFuture) done = dex_future_new_true ();

  g_assert_null (converse (speaker_get_port (silent), "ssh", 0, NULL));
  g_assert_null (converse (speaker_get_port (silent), "ssh", G_MAXINT64, done));
}

int
main (int argc, char **argv)
{
  int code;

  dex_init ();
  g_test_init (&argc, &argv, NULL);
  templates = peerup_templates_load_from (NULL);
  g_test_add_func ("/templates/probe/answers", test_answers);
  g_test_add_func ("/templates/probe/nuisances", test_nuisances);
  g_test_add_func ("/templates/probe/endless", test_endless);
  g_test_add_func ("/templates/probe/late", test_late);
  g_test_add_func ("/templates/probe/nobody", test_nobody);
  g_test_add_func ("/templates/probe/ended", test_ended);
  code = g_test_run ();
  peerup_templates_unref (templates);
  return code;
}
