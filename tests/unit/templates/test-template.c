/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One template: what is read of its file, what is refused and how that is told, and the lines that it fills. */
#include "templates/peerup-template.h"

#include <string.h>

#include "wire/peerup-error.h"

#define HEAD "[Service]\nName=Web\nUse=http://{host}:{port}/\n"

static const char whole[] = "# A comment\n"
                            "[Service]\n"
                            "Name=Shelf\n"
                            "Name[de]=Regal\n"
                            "Kind=http\n"
                            "Icon=folder-symbolic\n"
                            "Ports=80;8080\n"
                            "Tags=web;files\n"
                            "Use=curl {host}:{port}\n"
                            "Open=http://{host}:{port}/\n"
                            "[Probe]\n"
                            "Type=http\n"
                            "Path=/health\n"
                            "Header=Server: Shelf\n"
                            "Body=one;two\n"
                            "Detail=version\n"
                            "Evidence=Shelf {detail}\n";

static void
test_whole (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupTemplate) template = peerup_template_parse ("shelf", "shelf.ini", whole, strlen (whole), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (template->id, ==, "shelf");
  g_assert_cmpstr (template->name, ==, "Shelf");
  g_assert_cmpstr (template->kind, ==, "http");
  g_assert_cmpstr (template->icon, ==, "folder-symbolic");
  g_assert_true (peerup_template_has_port (template, 80) && peerup_template_has_port (template, 8080));
  g_assert_false (peerup_template_has_port (template, 22));
  g_assert_cmpstrv (template->tags, ((const char *[]) { "web", "files", NULL }));
  g_assert_cmpint (template->probe, ==, PEERUP_PROBE_HTTP);
  g_assert_cmpstr (template->path, ==, "/health");
  g_assert_cmpstr (template->header, ==, "Server");
  g_assert_cmpstr (template->header_text, ==, "Shelf");
  g_assert_cmpstrv (template->body, ((const char *[]) { "one", "two", NULL }));
  g_assert_cmpstr (template->detail, ==, "version");
  g_assert_cmpstr (template->evidence, ==, "Shelf {detail}");
}

static void
test_least (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupTemplate) template = peerup_template_parse ("web", "web.ini", HEAD, strlen (HEAD), &error);

  g_assert_no_error (error);
  g_assert_cmpstr (template->kind, ==, "tcp");
  g_assert_cmpstr (template->icon, ==, "network-server-symbolic");
  g_assert_cmpuint (template->ports->len, ==, 0);
  g_assert_cmpuint (g_strv_length (template->tags), ==, 0);
  g_assert_null (template->open);
  g_assert_cmpint (template->probe, ==, PEERUP_PROBE_NONE);
}

/* Each with the line and some of the words of the error. */
static const struct
{
  const char *text;
  const char *told;
} wrong[] = {
  { "", "f.ini:1: There is no group [Service]" },
  { "[Service]\nUse={host}\n", "f.ini:1: [Service] has no Name=" },
  { "[Service]\nName=X\n", "f.ini:1: [Service] has no Use=" },
  { "[Service]\nName=X\nthis is no line\n", "f.ini:3: " },
  { "Name=X\n[Service]\n", "f.ini:1: " },
  { HEAD "Prots=22\n", "f.ini:4: Prots is no key of [Service]" },
  { HEAD "[Other]\nA=b\n", "f.ini:4: The group [Other]" },
  { HEAD "Ports=22,23\n", "f.ini:4: “22,23” is no port" },
  { HEAD "Ports=0\n", "f.ini:4: “0” is no port" },
  { HEAD "Ports=65536\n", "f.ini:4: “65536” is no port" },
  { HEAD "Ports=-1\n", "f.ini:4: “-1” is no port" },
  { HEAD "Ports=1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17\n", "f.ini:4: Ports has 17 values" },
  { HEAD "Tags=Big Words\n", "f.ini:4: The tag “Big Words”" },
  { HEAD "Icon=../../etc\n", "f.ini:4: Icon is “../../etc”" },
  { HEAD "Kind=\n", "f.ini:4: Kind is empty" },
  { HEAD "Open=localhost\n", "f.ini:4: “localhost” is no URI" },
  { HEAD "Open=http://{hots}/\n", "f.ini:4: Open has a brace" },
  { HEAD "Hidden=perhaps\n", "f.ini:4: Hidden is neither" },
  { "[Service]\nName=a\\nb\nUse=x\n", "f.ini:2: Name has a control character" },
  { "[Service]\nName=a\xe2\x80\xae"
    "b\nUse=x\n",
    "f.ini:2: Name has a control character" },
  { "[Service]\nName=\xff\nUse=x\n", "f.ini:2: Name: " },
  { "[Service]\nName=X\nUse={port\n", "f.ini:3: Use has a brace" },
  { HEAD "[Probe]\nPath=/\n", "f.ini:4: Type is “”" },
  { HEAD "[Probe]\nType=magic\n", "f.ini:5: Type is “magic”" },
  { HEAD "[Probe]\nType=banner\n", "f.ini:4: A banner needs Begins=" },
  { HEAD "[Probe]\nType=http\nPath=health\n", "f.ini:6: Path is “health”" },
  { HEAD "[Probe]\nType=http\nPath=/ HTTP/1.1\n", "f.ini:6: Path is" },
  { HEAD "[Probe]\nType=http\nPath=/\\r\\nHost: x\n", "f.ini:6: Path has a control character" },
  { HEAD "[Probe]\nType=http\nHeader=Server\n", "f.ini:6: Header is “Server”" },
  { HEAD "[Probe]\nType=http\nEvidence=Web\n", "f.ini:6: Evidence has no {detail}" },
  { HEAD "[Probe]\nType=exchange\nAnswer=00\n", "f.ini:4: An exchange needs Send=" },
  { HEAD "[Probe]\nType=exchange\nSend=0x00\nAnswer=00\n", "f.ini:6: An exchange needs Send=" },
  { HEAD "[Probe]\nType=exchange\nSend=00 ??\nAnswer=00\n", "f.ini:6: Send has ??" },
  { HEAD "[Probe]\nType=exchange\nSend=00\n", "f.ini:4: An exchange needs Answer=" },
  { HEAD "[Probe]\nType=exchange\nSend=00\nAnswer=zz\n", "f.ini:7: “zz” are no bytes" },
  { HEAD "[Probe]\nType=exchange\nSend=00\nAnswer=00\nSize=many\n", "f.ini:8: Size is no number" },
};

static void
test_wrong (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_template_parse ("f", "f.ini", wrong[i].text, strlen (wrong[i].text), &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      if (strstr (error->message, wrong[i].told) == NULL)
        g_error ("“%s” is not in “%s”", wrong[i].told, error->message);
    }
}

static void
test_bounds (void)
{
  g_autofree char *huge = g_strnfill (PEERUP_TEMPLATE_FILE_MAX + 1, '#');
  g_autofree char *name = g_strnfill (65, 'x');
  g_autofree char *text = g_strdup_printf ("[Service]\nName=%s\nUse=x\n", name);
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_template_parse ("f", "f.ini", huge, strlen (huge), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (peerup_template_parse ("f", "f.ini", text, strlen (text), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (peerup_template_parse ("f", "f.ini", HEAD "\0x", sizeof HEAD "\0x" - 1, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
  g_clear_error (&error);
  g_assert_null (peerup_template_parse ("Not An Id", "f.ini", HEAD, strlen (HEAD), &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
}

/* However a file is cut, it is a template or an error. */
static void
test_cut (void)
{
  for (gsize i = 0; i <= strlen (whole); i++)
    {
      g_autofree char *piece = g_memdup2 (whole, MAX (i, 1));
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupTemplate) template = peerup_template_parse ("f", "f.ini", piece, i, &error);

      g_assert_true ((template == NULL) == (error != NULL));
    }
}

static void
assert_filled (const char *line, const char *host, guint16 port, const char *expected)
{
  g_autofree char *text = peerup_template_fill (line, host, port);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_fill (void)
{
  static const char *const hostile[] = { "",       "a b", "a;reboot", "$(reboot)", "`x`", "-oProxyCommand=x", "a\nb",
                                         "a/b",    "a'b", "a\"b",     "a@b",       "a#b", "fe80::1%x;y",      "a\\b",
                                         "..\xff", "a|b", "a&b",      "{port}" };

  assert_filled ("ssh -p {port} {host}", "localhost", 2222, "ssh -p 2222 localhost");
  assert_filled ("http://{host}:{port}/", "localhost", 80, "http://localhost:80/");
  assert_filled ("http://{host}:{port}/", "::1", 80, "http://[::1]:80/");
  assert_filled ("ssh -p {port} {host}", "::1", 22, "ssh -p 22 ::1");
  assert_filled ("{host}", "nas_2.example.org", 1, "nas_2.example.org");
  assert_filled (NULL, "localhost", 1, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (hostile); i++)
    assert_filled ("ssh {host}", hostile[i], 22, NULL);
}

static void
assert_clean (const char *text, guint max, const char *expected)
{
  g_autofree char *clean = peerup_template_clean_text (text, strlen (text), max);

  g_assert_cmpstr (clean, ==, expected);
}

static void
test_clean (void)
{
  assert_clean ("  plain\r\n", 80, "plain");
  assert_clean ("a\x1b[31mb\tc", 80, "a [31mb c");
  assert_clean ("a\xe2\x80\xae"
                "b",
                80, "a b");
  assert_clean ("\xff", 80, "\xef\xbf\xbd");
  assert_clean ("äöü", 2, "äö");
  assert_clean ("", 80, "");
}

int
main (int argc, char **argv)
{
  g_setenv ("LC_ALL", "C.UTF-8", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/templates/template/whole", test_whole);
  g_test_add_func ("/templates/template/least", test_least);
  g_test_add_func ("/templates/template/wrong", test_wrong);
  g_test_add_func ("/templates/template/bounds", test_bounds);
  g_test_add_func ("/templates/template/cut", test_cut);
  g_test_add_func ("/templates/template/fill", test_fill);
  g_test_add_func ("/templates/template/clean", test_clean);
  return g_test_run ();
}
