/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The calls of the control interface about pairing, each awaited. Holds nothing.
 */
#include "cli/peerup-pairing-calls.h"

#include <glib/gi18n-lib.h>

static GAsyncResult *
await_result (DexPromise *promise, GError **error)
{
  return dex_await_object (DEX_FUTURE (promise), error);
}

gboolean
peerup_pairing_call_invite (PeerupDBusEngine1 *proxy, GVariant *options, GVariant **invite, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_create_invite (proxy, options, dex_promise_get_cancellable (promise), peerup_client_ready,
                                          dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_create_invite_finish (proxy, invite, result, error);
}

gboolean
peerup_pairing_call_cancel (PeerupDBusEngine1 *proxy, guint number, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_cancel_invite (proxy, number, dex_promise_get_cancellable (promise), peerup_client_ready,
                                          dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_cancel_invite_finish (proxy, result, error);
}

gboolean
peerup_pairing_call_undo (PeerupDBusEngine1 *proxy, const char *peer, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_undo_pairing (proxy, peer, dex_promise_get_cancellable (promise), peerup_client_ready,
                                         dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_undo_pairing_finish (proxy, result, error);
}

gboolean
peerup_pairing_call_set_verified (PeerupDBusEngine1 *proxy, const char *peer, gboolean verified, GError **error)
{
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_set_verified (proxy, peer, verified, dex_promise_get_cancellable (promise),
                                         peerup_client_ready, dex_ref (promise));
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_set_verified_finish (proxy, result, error);
}

gboolean
peerup_pairing_call_join (PeerupClient *client, const char *code, GVariant *options, DexFuture *interrupted,
                          GVariant **pairing, GError **error)
{
  PeerupDBusEngine1 *proxy = peerup_client_get_proxy (client);
  DexPromise *promise = dex_promise_new_cancellable ();
  g_autoptr (GAsyncResult) result = NULL;

  peerup_dbus_engine1_call_join (proxy, code, options, dex_promise_get_cancellable (promise), peerup_client_ready,
                                 dex_ref (promise));
  dex_await (dex_future_first (dex_ref (promise), dex_ref (interrupted), NULL), NULL);
  if (dex_future_is_pending (DEX_FUTURE (promise)))
    {
      dex_unref (promise);
      g_set_error_literal (error, PEERUP_ERROR, PEERUP_ERROR_CLOSED,
                           _ ("interrupted; “peerup pairing list” tells if anything was half done"));
      return FALSE;
    }
  result = await_result (promise, error);
  return result != NULL && peerup_dbus_engine1_call_join_finish (proxy, pairing, result, error);
}

GVariant *
peerup_pairing_without_secrets (GVariant *invites)
{
  static const char *const secrets[] = { "code", "link", "spoken" };
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < g_variant_n_children (invites); i++)
    {
      g_autoptr (GVariant) invite = g_variant_get_child_value (invites, i);
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (invite);

      for (gsize k = 0; k < G_N_ELEMENTS (secrets); k++)
        g_variant_dict_remove (&dict, secrets[k]);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

void
peerup_pairing_print_line (GVariant *value)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (value);
  g_autofree char *text = json_gvariant_serialize_data (owned, NULL);

  peerup_cli_print ("%s\n", text);
}
