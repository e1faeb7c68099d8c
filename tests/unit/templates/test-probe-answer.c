/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What each shipped template asks, and what it makes of answers: of the real service, of another, cut and torn. */
#include "templates/peerup-probe-answer.h"

#include <string.h>

#include "templates/peerup-templates.h"

#define OK          "HTTP/1.1 200 OK\r\n"
#define JSON        OK "Content-Type: application/json\r\n\r\n"
#define BYTES(text) text, sizeof text - 1

/* As the programs send it. */
static const struct
{
  const char *id;
  const char *answer;
  gsize length;
  const char *evidence;
} real[] = {
  { "ssh", BYTES ("SSH-2.0-OpenSSH_10.0p2 Debian-7\r\n\0\0\3\xb4\x0b\x14"), "answers as OpenSSH_10.0p2 Debian-7" },
  { "ssh", BYTES ("SSH-2.0-dropbear_2022.83\r\n"), "answers as dropbear_2022.83" },
  { "vnc", BYTES ("RFB 003.008\n"), "answers as VNC, protocol 003.008" },
  { "rdp", BYTES ("\3\0\0\x13\x0e\xd0\0\0\x12\x34\0\2\x1f\x08\0\2\0\0\0"), "answers as Remote Desktop" },
  { "smb", BYTES ("\0\0\0\xf4\xfeSMB\x40\0\1\0\0\0\0\0\0\0\1\0\1\0\0\0"), "answers as Windows Share" },
  { "postgresql", BYTES ("S"), "answers as PostgreSQL" },
  { "postgresql", BYTES ("N"), "answers as PostgreSQL" },
  { "jellyfin",
    BYTES (
      OK "Content-Type: application/json; charset=utf-8\r\nServer: Kestrel\r\n\r\n"
         "{\"LocalAddress\":\"http://172.17.0.2:8096\",\"ServerName\":\"den\",\"Version\":\"10.9.11\","
         "\"ProductName\":\"Jellyfin Server\",\"OperatingSystem\":\"\",\"Id\":\"a4\",\"StartupWizardCompleted\":true}"),
    "answers as Jellyfin 10.9.11" },
  { "plex",
    BYTES (OK "X-Plex-Protocol: 1.0\r\nContent-Type: text/xml;charset=utf-8\r\n\r\n"
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MediaContainer size=\"0\" claimed=\"1\" "
              "machineIdentifier=\"f1\" version=\"1.41.3.9314-a0bfb8370\">\n</MediaContainer>\n"),
    "answers as Plex 1.41.3.9314-a0bfb8370" },
  { "home-assistant",
    BYTES (OK "Content-Type: application/manifest+json\r\nServer: Python/3.13 aiohttp/3.11\r\n\r\n"
              "{\"background_color\": \"#FFFFFF\", \"name\": \"Home Assistant\", \"short_name\": \"Home Assistant\"}"),
    "answers as Home Assistant" },
  { "ollama", BYTES ("HTTP/1.0 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nOllama is running"),
    "answers as Ollama" },
  { "vllm",
    BYTES (OK
           "server: uvicorn\r\ncontent-type: application/json\r\n\r\n{\"object\":\"list\",\"data\":[{\"id\":"
           "\"Qwen/Qwen3-8B\",\"object\":\"model\",\"created\":1752,\"owned_by\":\"vllm\",\"root\":\"Qwen/Qwen3-8B\","
           "\"permission\":[{\"id\":\"modelperm-1\"}]}]}"),
    "answers as vLLM with Qwen/Qwen3-8B" },
  { "syncthing",
    BYTES (OK "Content-Type: application/json\r\nX-Syncthing-Id: ABC\r\nX-Syncthing-Version: v1.29.5\r\n\r\n"
              "{\n  \"status\": \"OK\"\n}"),
    "answers as Syncthing v1.29.5" },
  { "grafana", BYTES (JSON "{\n  \"commit\": \"895fbafb7a\",\n  \"database\": \"ok\",\n  \"version\": \"11.5.1\"\n}"),
    "answers as Grafana 11.5.1" },
  { "minecraft",
    BYTES ("\x7b\0\x79{\"description\":{\"text\":\"A Minecraft Server\"},\"players\":{\"max\":20,\"online\":0},"
           "\"version\":{\"name\":\"1.21.4\",\"protocol\":769}} "),
    "answers as Minecraft 1.21.4" },
  { "web", BYTES (OK "Server: nginx/1.26.3\r\n\r\n<html>"), "answers as nginx/1.26.3" },
  { "web", BYTES ("HTTP/1.1 404 Not Found\r\n\r\n"), "answers as Web page" },
};

static PeerupTemplates *templates;

static PeerupProbeVerdict
judge (const PeerupTemplate *template, const char *answer, gsize length, gboolean ended)
{
  g_autofree guint8 *copy = g_memdup2 (answer, length);

  return peerup_probe_judge (template, copy, length, ended);
}

static void
test_real (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (real); i++)
    {
      const PeerupTemplate *template = peerup_templates_find (templates, real[i].id);
      g_autofree guint8 *copy = g_memdup2 (real[i].answer, real[i].length);
      g_autofree char *evidence = peerup_probe_describe (template, copy, real[i].length);

      g_assert_cmpint (judge (template, real[i].answer, real[i].length, TRUE), ==, PEERUP_PROBE_YES);
      g_assert_cmpstr (evidence, ==, real[i].evidence);
    }
}

/* However much has come, it is a yes at the earliest where it would be one at the end, and a no stays one. */
static void
test_pieces (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (real); i++)
    for (gsize j = 0; j <= real[i].length; j++)
      {
        const PeerupTemplate *template = peerup_templates_find (templates, real[i].id);
        PeerupProbeVerdict now = judge (template, real[i].answer, j, FALSE);
        PeerupProbeVerdict last = judge (template, real[i].answer, j, TRUE);
        g_autofree guint8 *copy = g_memdup2 (real[i].answer, j);
        g_autofree char *evidence = last == PEERUP_PROBE_YES ? peerup_probe_describe (template, copy, j) : NULL;

        g_assert_cmpint (now, !=, PEERUP_PROBE_NO);
        g_assert_cmpint (last, !=, PEERUP_PROBE_MORE);
        if (now == PEERUP_PROBE_YES)
          g_assert_cmpint (last, ==, PEERUP_PROBE_YES);
      }
}

/* What is one service is no other; only a web page is anything that speaks HTTP. */
static void
test_others (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (real); i++)
    for (guint j = 0; j < peerup_templates_get_n (templates); j++)
      {
        const PeerupTemplate *template = peerup_templates_get (templates, j);
        gboolean expected = g_str_equal (template->id, real[i].id) ||
                            (g_str_equal (template->id, "web") && g_str_has_prefix (real[i].answer, "HTTP"));

        g_assert_cmpint (judge (template, real[i].answer, real[i].length, TRUE) == PEERUP_PROBE_YES, ==, expected);
      }
}

static void
test_garbage (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (guint n = 0; n < 2000; n++)
    {
      gsize i = g_rand_int_range (rand, 0, G_N_ELEMENTS (real));
      const PeerupTemplate *template = peerup_templates_find (templates, real[i].id);
      g_autofree guint8 *bytes = g_memdup2 (real[i].answer, real[i].length);

      for (guint k = g_rand_int_range (rand, 1, 6); k > 0; k--)
        bytes[g_rand_int_range (rand, 0, (gint32) real[i].length)] = (guint8) g_rand_int (rand);
      if (peerup_probe_judge (template, bytes, real[i].length, TRUE) == PEERUP_PROBE_YES)
        {
          g_autofree char *evidence = peerup_probe_describe (template, bytes, real[i].length);

          g_assert_true (g_utf8_validate (evidence, -1, NULL));
          g_assert_cmpint (g_utf8_strlen (evidence, -1), <=, PEERUP_PROBE_EVIDENCE_MAX);
        }
    }
}

static void
test_hostile_words (void)
{
  const PeerupTemplate *ssh = peerup_templates_find (templates, "ssh");
  const PeerupTemplate *grafana = peerup_templates_find (templates, "grafana");
  const char *odd = "SSH-2.0-\x1b]0;x\x07<b>\xe2\x80\xae\xff"
                    "a\r\n";
  const char *open = JSON "{\"database\":\"ok\",\"version\":\"11";
  g_autofree char *fill = g_strnfill (5000, 'x');
  g_autofree char *huge = g_strconcat ("SSH-2.0-", fill, NULL);
  g_autofree char *text = peerup_probe_describe (ssh, (const guint8 *) odd, strlen (odd));
  g_autofree char *cut = peerup_probe_describe (ssh, (const guint8 *) huge, strlen (huge));
  g_autofree char *none = peerup_probe_describe (grafana, (const guint8 *) open, strlen (open));

  g_assert_cmpstr (text, ==,
                   "answers as ]0;x <b> \xef\xbf\xbd"
                   "a");
  g_assert_cmpuint (strlen (cut), <=, PEERUP_PROBE_EVIDENCE_MAX);
  g_assert_cmpint (judge (ssh, huge, strlen (huge), FALSE), ==, PEERUP_PROBE_YES);
  g_assert_cmpstr (none, ==, "answers as Grafana");
}

static void
assert_question (const char *id, const char *expected, gsize length)
{
  g_autoptr (GBytes) question = peerup_probe_make_question (peerup_templates_find (templates, id), "127.0.0.1", 25565);

  g_assert_cmpmem (g_bytes_get_data (question, NULL), g_bytes_get_size (question), expected, length);
}

static void
test_questions (void)
{
  assert_question ("postgresql", BYTES ("\0\0\0\x08\x04\xd2\x16\x2f"));
  assert_question ("minecraft", BYTES ("\x13\0\xff\xff\xff\xff\x0f\x09"
                                       "127.0.0.1\x63\xdd\1\1\0"));
  assert_question ("grafana", BYTES ("GET /api/health HTTP/1.0\r\nHost: 127.0.0.1:25565\r\nUser-Agent: Peer-Up\r\n"
                                     "Accept: */*\r\nConnection: close\r\n\r\n"));
  g_assert_null (peerup_probe_make_question (peerup_templates_find (templates, "ssh"), "127.0.0.1", 22));
}

int
main (int argc, char **argv)
{
  int code;

  g_test_init (&argc, &argv, NULL);
  templates = peerup_templates_load_from (NULL);
  g_test_add_func ("/templates/probe-answer/real", test_real);
  g_test_add_func ("/templates/probe-answer/pieces", test_pieces);
  g_test_add_func ("/templates/probe-answer/others", test_others);
  g_test_add_func ("/templates/probe-answer/garbage", test_garbage);
  g_test_add_func ("/templates/probe-answer/hostile-words", test_hostile_words);
  g_test_add_func ("/templates/probe-answer/questions", test_questions);
  code = g_test_run ();
  peerup_templates_unref (templates);
  return code;
}
