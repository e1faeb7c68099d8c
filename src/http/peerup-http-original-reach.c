/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Two tables: the original's word for each grade, and what it says before anything is measured. The grade itself is the
 * engine's, so that all faces say the same.
 */
#include "http/peerup-http-original-reach.h"

static const PeerupHttpOriginalReach words[] = {
  { "A", "Excellent", NULL }, { "B", "Good", NULL }, { "C", "Fair", NULL },
  { "D", "Poor", NULL },      { "E", "Poor", NULL }, { "F", "Offline", NULL },
};

static const PeerupHttpOriginalReach unmeasured[] = {
  { "A", "Excellent", "Public IPv6 detected" },
  { "B", "Good", "Public IPv4 detected" },
  { "D", "Poor", "No public address detected" },
  { "F", "Offline", "No network connectivity detected" },
};

void
peerup_http_original_reach (const char *grade, const char *sentence, gboolean global_ip6, gboolean global_ip4,
                            gboolean has_interface, PeerupHttpOriginalReach *reach)
{
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (grade, words[i].grade))
      {
        reach->grade = g_str_equal (grade, "E") ? "D" : words[i].grade;
        reach->label = words[i].label;
        reach->description = sentence;
        return;
      }
  if (global_ip6)
    *reach = unmeasured[0];
  else if (global_ip4)
    *reach = unmeasured[1];
  else
    *reach = has_interface ? unmeasured[2] : unmeasured[3];
}
