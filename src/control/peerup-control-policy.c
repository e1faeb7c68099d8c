/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Who on the system bus may do what. The bus says which user a sender is, and polkit decides about those who are
 * neither root nor the user of this process; without a polkit they may do nothing. Nothing is remembered: polkit does
 * that.
 */
#include "control/peerup-control-policy.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "wire/peerup-error.h"

#define POLKIT_NAME      "org.freedesktop.PolicyKit1"
#define POLKIT_PATH      "/org/freedesktop/PolicyKit1/Authority"
#define POLKIT_INTERFACE "org.freedesktop.PolicyKit1.Authority"

/* AllowUserInteraction, of CheckAuthorizationFlags. */
#define POLKIT_INTERACTIVE 1
/* Milliseconds: polkit gives a person some minutes to answer. */
#define POLKIT_TIMEOUT (5 * 60 * 1000)

struct _PeerupControlPolicy
{
  GDBusConnection *bus;
};

typedef struct
{
  PeerupControlPolicy *policy;
  char *sender;
  const char *action;
  gboolean interactive;
  GCancellable *cancellable;
  char *cancellation; /* (nullable): what polkit knows the question by */
} Check;

static const char *const actions[] = { "dev.peerup.PeerUp.read", "dev.peerup.PeerUp.change" };

static void
check_free (gpointer data)
{
  Check *check = data;

  peerup_control_policy_unref (check->policy);
  g_object_unref (check->cancellable);
  g_free (check->cancellation);
  g_free (check->sender);
  g_free (check);
}

static void
on_reply (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  g_autoptr (GError) error = NULL;
  GVariant *reply = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  if (reply != NULL)
    dex_promise_resolve_variant (promise, reply);
  else
    dex_promise_reject (promise, g_steal_pointer (&error));
}

/* Resolves to the reply. */
static DexFuture *
call (PeerupControlPolicy *self, const char *name, const char *path, const char *interface, const char *method,
      GVariant *parameters, const char *type, int timeout, GCancellable *cancellable)
{
  DexPromise *promise = dex_promise_new ();

  g_dbus_connection_call (self->bus, name, path, interface, method, parameters, G_VARIANT_TYPE (type),
                          G_DBUS_CALL_FLAGS_NONE, timeout, cancellable, on_reply, dex_ref (promise));
  return DEX_FUTURE (promise);
}

static DexFuture *
deny (const Check *check, const char *reason)
{
  return dex_future_new_reject (
    PEERUP_ERROR, PEERUP_ERROR_PERMISSION,
    _ ("You may not do this: %s. An administrator can allow the action %s by a rule of polkit"), reason, check->action);
}

/* So that nobody is asked for one who is gone. */
static void
take_back (const Check *check)
{
  g_dbus_connection_call (check->policy->bus, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CancelCheckAuthorization",
                          g_variant_new ("(s)", check->cancellation), NULL, G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                          NULL, NULL);
}

static DexFuture *
on_decided (DexFuture *future, gpointer data)
{
  const Check *check = data;
  g_autoptr (GError) error = NULL;
  const GValue *value = dex_future_get_value (future, &error);
  g_autofree char *reason = NULL;
  gboolean allowed = FALSE, challenge = FALSE;

  if (value == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        take_back (check);
      g_dbus_error_strip_remote_error (error);
      reason = g_strdup_printf (_ ("polkit does not answer (%s)"), error->message);
      return deny (check, reason);
    }
  g_variant_get (g_value_get_variant (value), "((bba{ss}))", &allowed, &challenge, NULL);
  if (allowed)
    return dex_future_new_true ();
  return deny (check, challenge ? _ ("it needs an authentication, which your program did not let take place")
                                : _ ("polkit has not allowed it"));
}

static DexFuture *
ask_polkit (const Check *check)
{
  static guint64 n_asked;
  GVariantBuilder details = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("a{sv}"));
  Check *copy = g_new (Check, 1);

  *copy = *check;
  copy->policy = peerup_control_policy_ref (check->policy);
  copy->sender = g_strdup (check->sender);
  copy->cancellable = g_object_ref (check->cancellable);
  copy->cancellation = g_strdup_printf ("peerup-%" G_GUINT64_FORMAT, n_asked++);
  g_variant_builder_add (&details, "{sv}", "name", g_variant_new_string (check->sender));
  return dex_future_finally (call (check->policy, POLKIT_NAME, POLKIT_PATH, POLKIT_INTERFACE, "CheckAuthorization",
                                   g_variant_new ("((sa{sv})sa{ss}us)", "system-bus-name", &details, check->action,
                                                  NULL, check->interactive ? POLKIT_INTERACTIVE : 0,
                                                  copy->cancellation),
                                   "((bba{ss}))", POLKIT_TIMEOUT, check->cancellable),
                             on_decided, copy, check_free);
}

static DexFuture *
on_user (DexFuture *future, gpointer data)
{
  const Check *check = data;
  const GValue *value = dex_future_get_value (future, NULL);
  guint32 user;

  if (value == NULL)
    return deny (check, _ ("the bus does not say who you are"));
  g_variant_get (g_value_get_variant (value), "(u)", &user);
  return user == 0 || user == geteuid () ? dex_future_new_true () : ask_polkit (check);
}

DexFuture *
peerup_control_policy_check (PeerupControlPolicy *self, const char *sender, PeerupControlAction action,
                             gboolean interactive, GCancellable *cancellable)
{
  Check *check = g_new0 (Check, 1);

  check->policy = peerup_control_policy_ref (self);
  check->sender = g_strdup (sender);
  check->action = actions[action];
  check->interactive = interactive;
  check->cancellable = g_object_ref (cancellable);
  return dex_future_finally (call (self, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                   "GetConnectionUnixUser", g_variant_new ("(s)", sender), "(u)", -1,
                                   check->cancellable),
                             on_user, check, check_free);
}

PeerupControlAction
peerup_control_policy_get_action (const PeerupOperation *operation)
{
  const char *word = g_dbus_annotation_info_lookup (operation->info->annotations, PEERUP_OPERATION_POLKIT);

  if (word == NULL)
    return g_str_equal (operation->http_method, "GET") ? PEERUP_CONTROL_READ : PEERUP_CONTROL_CHANGE;
  return g_str_equal (word, "read") ? PEERUP_CONTROL_READ : PEERUP_CONTROL_CHANGE;
}

static void
policy_clear (gpointer data)
{
  g_object_unref (((PeerupControlPolicy *) data)->bus);
}

PeerupControlPolicy *
peerup_control_policy_new (GDBusConnection *bus)
{
  PeerupControlPolicy *self = g_rc_box_new0 (PeerupControlPolicy);

  self->bus = g_object_ref (bus);
  return self;
}

PeerupControlPolicy *
peerup_control_policy_ref (PeerupControlPolicy *self)
{
  return g_rc_box_acquire (self);
}

void
peerup_control_policy_unref (PeerupControlPolicy *self)
{
  g_rc_box_release_full (self, policy_clear);
}
