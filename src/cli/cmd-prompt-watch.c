/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* peerup prompt watch: shows at a terminal, or to a script, what the daemon asks while it runs, and takes the answers
 * as lines of standard input. While it runs the daemon has somebody to ask; at the end of its input it goes on showing,
 * as others may answer.
 */
#include "cli/peerup-commands.h"

#include <gio/gunixinputstream.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "cli/peerup-answers.h"
#include "cli/peerup-attached.h"
#include "cli/peerup-prompt-text.h"

#define FOLDER "/dev/peerup/PeerUp/prompts/"

typedef struct
{
  PeerupCli *cli;
  PeerupClient *client;
  DexPromise *end;
  DexPromise *changed;
  DexFuture *line;         /* nullable: being read */
  GDataInputStream *input; /* nullable: at its end */
  GCancellable *cancellable;
  guint64 shown;     /* the last number of those that were shown */
  guint n_meant;     /* how many were shown that a word alone could mean */
  gboolean answered; /* since they were counted */
} Watch;

static gboolean
on_interrupt (gpointer data)
{
  Watch *self = data;

  if (dex_future_is_pending (DEX_FUTURE (self->end)))
    dex_promise_resolve_boolean (self->end, TRUE);
  return G_SOURCE_CONTINUE;
}

static void
on_objects (GDBusConnection *connection, const char *sender, const char *path, const char *interface,
            const char *signal, GVariant *parameters, gpointer data)
{
  Watch *self = data;
  g_autoptr (GVariant) object = g_variant_get_child_value (parameters, 0);

  if (g_variant_is_of_type (object, G_VARIANT_TYPE_OBJECT_PATH) &&
      g_str_has_prefix (g_variant_get_string (object, NULL), FOLDER) &&
      dex_future_is_pending (DEX_FUTURE (self->changed)))
    dex_promise_resolve_boolean (self->changed, TRUE);
}

/* Input */

static void
on_line (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (DexPromise) promise = data;
  g_autoptr (GError) error = NULL;
  char *line = g_data_input_stream_read_line_finish_utf8 (G_DATA_INPUT_STREAM (source), result, NULL, &error);

  if (line != NULL)
    dex_promise_resolve_string (promise, line);
  else if (error != NULL)
    dex_promise_reject (promise, g_steal_pointer (&error));
  else
    dex_promise_reject (promise, g_error_new_literal (PEERUP_ERROR, PEERUP_ERROR_CLOSED, _ ("the input has ended")));
}

static void
read_line (Watch *self)
{
  DexPromise *promise;

  if (self->input == NULL || self->line != NULL)
    return;
  promise = dex_promise_new ();
  self->line = dex_ref (DEX_FUTURE (promise));
  g_data_input_stream_read_line_async (self->input, G_PRIORITY_DEFAULT, self->cancellable, on_line, promise);
}

/* "allow", or "3 allow": without a number the one that was shown is meant, where it was the only one. */
static void
take_line (Watch *self, const char *text)
{
  g_auto (GStrv) words = g_strsplit_set (text, " \t", -1);
  const char *answer = NULL;
  guint64 number = self->shown;
  gboolean is_named = FALSE;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; words[i] != NULL; i++)
    if (words[i][0] == '\0')
      continue;
    else if (g_ascii_string_to_unsigned (words[i], 10, 1, G_MAXUINT32, &number, NULL))
      is_named = TRUE;
    else
      answer = words[i];
  if (answer == NULL)
    return;
  /* Who asks chooses when, and may come between what was read and what is typed. */
  if (!is_named && self->n_meant > 1)
    {
      peerup_cli_say (_ ("More than one question was shown: write its number, too, as in “%u %s”."), (guint) number,
                      answer);
      return;
    }
  if (number == 0)
    peerup_cli_say (_ ("Nothing was asked yet."));
  else if (!peerup_attached_call (self->client, "AnswerPrompt", g_variant_new ("(us)", (guint) number, answer), NULL,
                                  &error))
    peerup_cli_say ("%s", error->message);
  else
    {
      self->answered = TRUE;
      peerup_cli_say ("%s", peerup_prompt_text_consequence (answer));
    }
}

static void
take_input (Watch *self)
{
  g_autoptr (DexFuture) line = NULL;
  const GValue *value;

  if (self->line == NULL || dex_future_is_pending (self->line))
    return;
  line = g_steal_pointer (&self->line);
  value = dex_future_get_value (line, NULL);
  if (value != NULL)
    take_line (self, g_value_get_string (value));
  else
    g_clear_object (&self->input);
}

/* Output */

static void
show (Watch *self, GVariant *prompt)
{
  g_autofree char *text = NULL;

  if (self->cli->json)
    {
      peerup_cli_print_variant_line (prompt);
      return;
    }
  text = peerup_prompt_text_question (prompt);
  peerup_cli_print ("%s\n", text);
}

static gboolean
show_new (Watch *self, GError **error)
{
  g_autoptr (GVariant) prompts = NULL;

  if (!PEERUP_ASK (peerup_client_get_proxy (self->client), list_prompts, &prompts, error))
    return FALSE;
  if (self->answered)
    self->n_meant = 0;
  for (gsize i = 0; i < g_variant_n_children (prompts); i++)
    {
      g_autoptr (GVariant) prompt = g_variant_get_child_value (prompts, i);
      guint64 number = peerup_answer_get_number (prompt, "number");

      if (self->answered || number > self->shown)
        self->n_meant++;
      if (number <= self->shown)
        continue;
      self->shown = number;
      show (self, prompt);
    }
  self->answered = FALSE;
  return TRUE;
}

/* Until it is interrupted (TRUE) or the daemon ends. */
static gboolean
follow (Watch *self, GError **error)
{
  while (dex_future_is_pending (DEX_FUTURE (self->end)))
    {
      if (!dex_future_is_pending (DEX_FUTURE (self->changed)))
        {
          dex_unref (self->changed);
          self->changed = dex_promise_new ();
        }
      if (!show_new (self, error))
        return FALSE;
      read_line (self);
      dex_await (dex_future_first (dex_ref (DEX_FUTURE (self->changed)), dex_ref (DEX_FUTURE (self->end)),
                                   self->line != NULL ? dex_ref (self->line) : dex_future_new_infinite (),
                                   peerup_client_wait_closed (self->client), NULL),
                 NULL);
      take_input (self);
    }
  return TRUE;
}

static gboolean
watch (PeerupCli *cli, PeerupClient *client, GError **error)
{
  GDBusProxy *proxy = G_DBUS_PROXY (peerup_client_get_proxy (client));
  GDBusConnection *connection = g_dbus_proxy_get_connection (proxy);
  g_autofree char *owner = g_dbus_proxy_get_name_owner (proxy);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  Watch self = { .cli = cli, .client = client };
  gboolean done;
  guint id;

  self.end = dex_promise_new ();
  self.changed = dex_promise_new ();
  self.input = g_data_input_stream_new (input);
  self.cancellable = g_cancellable_new ();
  id =
    g_dbus_connection_signal_subscribe (connection, owner, "org.freedesktop.DBus.ObjectManager", NULL,
                                        "/dev/peerup/PeerUp", NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_objects, &self, NULL);
  peerup_cli_catch_signals (cli, on_interrupt, &self);
  done = peerup_attached_call (client, "WatchPrompts", NULL, NULL, error);
  if (done)
    peerup_cli_say (_ ("Showing what the daemon asks; answer with a word, or NUMBER and a word. Press Ctrl+C to end."));
  done = done && follow (&self, error);
  g_dbus_connection_signal_unsubscribe (connection, id);
  g_cancellable_cancel (self.cancellable);
  g_clear_object (&self.cancellable);
  g_clear_object (&self.input);
  dex_clear (&self.line);
  dex_unref (self.changed);
  dex_unref (self.end);
  return done;
}

int
cmd_prompt_watch (PeerupCli *cli)
{
  return peerup_cli_release_signals (cli, peerup_attached_run (cli, watch));
}
