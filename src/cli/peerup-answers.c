/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* One call of the control interface, awaited, and safe readers of what comes back. Holds
 * nothing; what the facts mean is the business of who asked.
 */
#include "cli/peerup-answers.h"

gboolean
peerup_ask (PeerupDBusEngine1 *proxy, PeerupAskCall call, PeerupAskFinish finish, GVariant **answer, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  call (proxy, dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && finish (proxy, answer, result, error);
}

gboolean
peerup_ask_about (PeerupDBusEngine1 *proxy, const char *text, PeerupAskAboutCall call, PeerupAskFinish finish,
                  GVariant **answer, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  call (proxy, text, dex_promise_get_cancellable (promise), peerup_client_ready, dex_ref (promise));
  result = dex_await_object (DEX_FUTURE (promise), error);
  return result != NULL && finish (proxy, answer, result, error);
}

const char *
peerup_answer_get_string (GVariant *dict, const char *key)
{
  const char *text = "";

  g_variant_lookup (dict, key, "&s", &text);
  return text;
}

gboolean
peerup_answer_get_flag (GVariant *dict, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup (dict, key, "b", &flag);
  return flag;
}

gboolean
peerup_answer_lookup_number (GVariant *dict, const char *key, guint64 *number)
{
  gint64 with_sign;
  guint small;

  *number = 0;
  if (g_variant_lookup (dict, key, "t", number))
    return TRUE;
  if (g_variant_lookup (dict, key, "u", &small))
    *number = small;
  else if (g_variant_lookup (dict, key, "x", &with_sign) && with_sign >= 0)
    *number = with_sign;
  else
    return FALSE;
  return TRUE;
}

guint64
peerup_answer_get_number (GVariant *dict, const char *key)
{
  guint64 number;

  peerup_answer_lookup_number (dict, key, &number);
  return number;
}

GVariant *
peerup_answer_get_list (GVariant *dict, const char *key)
{
  GVariant *list = g_variant_lookup_value (dict, key, G_VARIANT_TYPE ("aa{sv}"));

  return list != NULL ? list : g_variant_ref_sink (g_variant_new ("aa{sv}", NULL));
}
