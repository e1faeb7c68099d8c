/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The search: services at usual and other ports, those that say nothing, and too many at once. */
#include "templates/peerup-find-services.h"

#include <glib/gstdio.h>
#include <string.h>

#include "speakers.h"

/* Templates of the ports that a test has got, beside those that are shipped. */
static PeerupTemplates *
load_with (const char *id, guint16 port)
{
  char *directory = g_dir_make_tmp (NULL, NULL);
  const char *directories[] = { directory, NULL };
  g_autofree char *file = g_strconcat (id, ".ini", NULL);
  g_autofree char *path = g_build_filename (directory, file, NULL);
  g_autofree char *text = g_strdup_printf ("[Service]\nName=Mine\nPorts=%u\nUse=x\n"
                                           "[Probe]\nType=banner\nBegins=MINE\\s\nEvidence=mine {detail}\n",
                                           port);
  PeerupTemplates *templates;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  templates = peerup_templates_load_from (directories);
  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (g_rmdir (directory), ==, 0);
  g_free (directory);
  return templates;
}

static void
add (GArray *listeners, guint16 port)
{
  PeerupListener listener = { "127.0.0.1", "localhost", port };

  g_array_append_val (listeners, listener);
}

static GPtrArray *
finish (DexFuture *future)
{
  const GValue *value;
  GPtrArray *found;

  while (dex_future_is_pending (future))
    g_main_context_iteration (NULL, TRUE);
  value = dex_future_get_value (future, NULL);
  g_assert_nonnull (value);
  found = g_value_dup_boxed (value);
  dex_unref (future);
  return found;
}

static const PeerupFound *
at_port (GPtrArray *found, guint16 port)
{
  for (guint i = 0; i < found->len; i++)
    if (((PeerupFound *) found->pdata[i])->listener.port == port)
      return found->pdata[i];
  g_assert_not_reached ();
}

static void
assert_found (GPtrArray *found, Speaker *speaker, const char *id, gboolean confirmed, const char *evidence)
{
  const PeerupFound *one = at_port (found, speaker_get_port (speaker));
  g_autofree char *address = g_strdup_printf ("localhost:%u", speaker_get_port (speaker));
  g_autofree char *listens = g_strdup_printf ("listens on port %u", speaker_get_port (speaker));

  g_assert_cmpstr (one->template->id, ==, id);
  g_assert_cmpint (one->confirmed, ==, confirmed);
  g_assert_cmpstr (one->evidence, ==, evidence != NULL ? evidence : listens);
  g_assert_cmpstr (one->address, ==, address);
}

static void
test_kinds (void)
{
  g_autoptr (Speaker) mine = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (Speaker) ssh = speaker_new (SPEAKER_FIRST, "SSH-2.0-OpenSSH_9.9\r\n", -1, NULL);
  g_autoptr (Speaker) mail = speaker_new (SPEAKER_FIRST, "220 mail ESMTP\r\n", -1, NULL);
  g_autoptr (Speaker) web = speaker_new (SPEAKER_ASKED, "HTTP/1.0 200 OK\r\nServer: nginx\r\n\r\nhello", -1, "GET");
  g_autoptr (Speaker) ollama = speaker_new (SPEAKER_ASKED, "HTTP/1.0 200 OK\r\n\r\nOllama is running", -1, "GET / ");
  g_autoptr (Speaker) silent = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (PeerupTemplates) templates = load_with ("mine", speaker_get_port (mine));
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GPtrArray) found = NULL;
  Speaker *const all[] = { mine, ssh, mail, web, ollama, silent };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    add (listeners, speaker_get_port (all[i]));
  found = finish (peerup_find_services_among (templates, listeners, NULL));
  g_assert_cmpuint (found->len, ==, G_N_ELEMENTS (all));
  assert_found (found, ssh, "ssh", TRUE, "answers as OpenSSH_9.9");
  assert_found (found, web, "web", TRUE, "answers as nginx");
  assert_found (found, ollama, "ollama", TRUE, "answers as Ollama");
  assert_found (found, mine, "mine", FALSE, "the usual port of Mine");
  assert_found (found, mail, "generic", FALSE, "greets with “220 mail ESMTP”");
  assert_found (found, silent, "generic", FALSE, NULL);
  /* Those that are sure first, then the usual port. */
  for (guint i = 0; i < found->len; i++)
    g_assert_cmpint (((PeerupFound *) found->pdata[i])->confirmed, ==, i < 3);
  g_assert_cmpstr (((PeerupFound *) found->pdata[3])->template->id, ==, "mine");
}

/* Something else is at the usual port. */
static void
test_usurper (void)
{
  g_autoptr (Speaker) web = speaker_new (SPEAKER_ASKED, "HTTP/1.0 200 OK\r\n\r\n", -1, "GET");
  g_autoptr (Speaker) mine = speaker_new (SPEAKER_FIRST, "MINE 1.0\n", -1, NULL);
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (PeerupTemplates) templates = load_with ("mine", speaker_get_port (web));
  g_autoptr (GPtrArray) found = NULL;

  add (listeners, speaker_get_port (web));
  add (listeners, speaker_get_port (mine));
  found = finish (peerup_find_services_among (templates, listeners, NULL));
  assert_found (found, web, "web", TRUE, "answers as Web page");
  assert_found (found, mine, "mine", TRUE, "answers as mine 1.0");
}

/* All of them take their time, and it ends all the same. */
static void
test_many (void)
{
  g_autoptr (Speaker) silent = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (Speaker) mine = speaker_new (SPEAKER_FIRST, "MINE 1.0\n", -1, NULL);
  g_autoptr (PeerupTemplates) templates = load_with ("mine", speaker_get_port (mine));
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GPtrArray) found = NULL;

  for (guint i = 0; i < 250; i++)
    add (listeners, speaker_get_port (silent));
  add (listeners, speaker_get_port (mine));
  found = finish (peerup_find_services_among (templates, listeners, NULL));
  g_assert_cmpuint (found->len, ==, 251);
  /* It was the last one of the list, but its port is usual. */
  g_assert_cmpuint (speaker_get_n (mine), >=, 1);
  /* Two conversations with each port whose turn came: 1.4 s, so a third round is the last. */
  g_assert_cmpuint (speaker_get_n (silent), <=, 3 * 2 * PEERUP_FIND_PARALLEL);
  g_assert_cmpuint (speaker_get_n (silent), >=, PEERUP_FIND_PARALLEL);
}

static void
test_none (void)
{
  g_autoptr (PeerupTemplates) templates = peerup_templates_load_from (NULL);
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (GPtrArray) found = finish (peerup_find_services_among (templates, listeners, NULL));

  g_assert_cmpuint (found->len, ==, 0);
}

/* Who is gone ends the search, and who drops the future leaves nothing behind. */
static void
test_left (void)
{
  g_autoptr (Speaker) silent = speaker_new (SPEAKER_SILENT, "", -1, NULL);
  g_autoptr (PeerupTemplates) templates = peerup_templates_load_from (NULL);
  g_autoptr (GArray) listeners = g_array_new (FALSE, FALSE, sizeof (PeerupListener));
  g_autoptr (DexPromise) left = dex_promise_new ();
  g_autoptr (GPtrArray) found = NULL;
  DexFuture *dropped, *ended;

  for (guint i = 0; i < 100; i++)
    add (listeners, speaker_get_port (silent));
  dropped = peerup_find_services_among (templates, listeners, DEX_FUTURE (left));
  ended = peerup_find_services_among (templates, listeners, DEX_FUTURE (left));
  while (speaker_get_n (silent) < PEERUP_FIND_PARALLEL)
    g_main_context_iteration (NULL, FALSE);
  dex_unref (dropped);
  dex_promise_resolve_boolean (left, TRUE);
  found = finish (ended);
  g_assert_cmpuint (found->len, ==, 100);
  g_assert_cmpuint (speaker_get_n (silent), <=, 2 * 2 * PEERUP_FIND_PARALLEL);
}

/* The ports of this process are none, so no template is found at them. */
static void
test_template (void)
{
  g_autoptr (Speaker) mine = speaker_new (SPEAKER_FIRST, "MINE 1.0\n", -1, NULL);
  g_autoptr (PeerupTemplates) templates = load_with ("mine", speaker_get_port (mine));
  g_autoptr (GPtrArray) found =
    finish (peerup_find_template (templates, peerup_templates_find (templates, "mine"), NULL));

  g_assert_cmpuint (found->len, ==, 0);
  g_assert_cmpuint (speaker_get_n (mine), ==, 0);
}

int
main (int argc, char **argv)
{
  dex_init ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/templates/find-services/kinds", test_kinds);
  g_test_add_func ("/templates/find-services/usurper", test_usurper);
  g_test_add_func ("/templates/find-services/many", test_many);
  g_test_add_func ("/templates/find-services/none", test_none);
  g_test_add_func ("/templates/find-services/left", test_left);
  g_test_add_func ("/templates/find-services/template", test_template);
  return g_test_run ();
}
