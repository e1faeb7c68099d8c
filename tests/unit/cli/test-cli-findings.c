/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What the doctor found, as text and as a variant.
 */
#include "cli/peerup-findings.h"

#include <string.h>

static void
test_text (void)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autofree char *text = NULL;

  /* Told in the order of the checks, whatever the order of finding. */
  peerup_findings_take (findings, PEERUP_CHECK_UDP_BUFFERS, PEERUP_FINDING_MEND,
                        g_strdup ("208 KiB to receive and 208 KiB to send, where 7.0 MiB each were asked for"),
                        g_strdup ("sudo sysctl -w net.core.rmem_max=7340032 net.core.wmem_max=7340032\nand again"));
  peerup_findings_add (findings, PEERUP_CHECK_CONFIGURATION, PEERUP_FINDING_OK, "%s is valid", "config.yaml");
  peerup_findings_add (findings, PEERUP_CHECK_CONFIGURATION, PEERUP_FINDING_NOTE, "a remark");
  text = peerup_findings_format (findings);
  g_assert_cmpstr (text, ==,
                   "ok    configuration    config.yaml is valid\n"
                   "note  configuration    a remark\n"
                   "MEND  UDP buffers      208 KiB to receive and 208 KiB to send, where 7.0 MiB\n"
                   "                       each were asked for\n"
                   "      → sudo sysctl -w net.core.rmem_max=7340032 net.core.wmem_max=7340032\n"
                   "        and again\n"
                   "\n1 thing to mend.\n");
  g_assert_cmpuint (peerup_findings_count (findings, PEERUP_FINDING_MEND), ==, 1);
  g_assert_cmpint (peerup_findings_get_result (findings, PEERUP_CHECK_CONFIGURATION), ==, PEERUP_FINDING_NOTE);
  g_assert_cmpint (peerup_findings_get_result (findings, PEERUP_CHECK_LIMITS), ==, PEERUP_FINDING_OK);
}

static void
test_giving_up (void)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autofree char *text = NULL;

  peerup_findings_add (findings, PEERUP_CHECK_DAEMON, PEERUP_FINDING_OK, "running");
  peerup_findings_give_up (findings, PEERUP_CHECK_DAEMON, "no reason");
  g_assert_cmpuint (peerup_findings_count (findings, PEERUP_FINDING_UNKNOWN), ==,
                    PEERUP_N_CHECKS - PEERUP_CHECK_DAEMON - 1);
  text = peerup_findings_format (findings);
  g_assert_nonnull (strstr (text, "ok    daemon           running\n"));
  g_assert_nonnull (strstr (text, "?     limits           not checked: no reason\n"));
  g_assert_null (strstr (text, "configuration"));
  g_assert_true (g_str_has_suffix (text, "\nNothing to mend. 16 could not be checked.\n"));
}

static void
test_variant (void)
{
  g_autoptr (PeerupFindings) findings = peerup_findings_new ();
  g_autoptr (GVariant) list = NULL;
  g_autofree char *text = NULL;

  peerup_findings_take (findings, PEERUP_CHECK_UDP, PEERUP_FINDING_MEND, g_strdup ("blocked"),
                        g_strdup ("go elsewhere"));
  peerup_findings_add (findings, PEERUP_CHECK_LIMITS, PEERUP_FINDING_UNKNOWN, "silence");
  list = g_variant_ref_sink (peerup_findings_describe (findings));
  text = g_variant_print (list, FALSE);
  g_assert_cmpuint (g_variant_n_children (list), ==, 2);
  g_assert_nonnull (strstr (text, "'check': <'udp'>"));
  g_assert_nonnull (strstr (text, "'result': <'mend'>"));
  g_assert_nonnull (strstr (text, "'next': <'go elsewhere'>"));
  g_assert_nonnull (strstr (text, "'result': <'unknown'>"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/findings/text", test_text);
  g_test_add_func ("/cli/findings/give-up", test_giving_up);
  g_test_add_func ("/cli/findings/variant", test_variant);
  return g_test_run ();
}
