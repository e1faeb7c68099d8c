/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "config/peerup-config-edit.h"

G_BEGIN_DECLS

/* What a run of the command ends with. */
#define PEERUP_CLI_OK     0
#define PEERUP_CLI_FAILED 1
#define PEERUP_CLI_USAGE  2
/* By Ctrl+C, as shells have it: 128 and the number of the signal. */
#define PEERUP_CLI_INTERRUPTED 130

typedef struct _PeerupCli PeerupCli;

/* One command. Functions return one of the codes above, and have said what went wrong. */
typedef struct
{
  const char *name;      /* one or two words: "ping", "service add" */
  const char *arguments; /* as usage shows them: "NAME ADDRESS" */
  const char *summary;   /* one line, no full stop */
  const char *details;   /* nullable: what its help says where data/help/commands has nothing */
  guint min_arguments;
  guint max_arguments;
  const GOptionEntry *options; /* nullable */
  int (*run) (PeerupCli *cli);
} PeerupCommand;

/* One run of the command. */
struct _PeerupCli
{
  const PeerupCommand *command;
  char **arguments;
  char *config;    /* nullable: --config */
  char **profiles; /* nullable: --profile, one except for “daemon” */
  gboolean json;
  char *colour; /* nullable: --color */

  /* Of peerup_cli_catch_signals(). */
  GSourceFunc on_signal;
  gpointer signal_data;
  guint signal_sources[3];
  gboolean interrupted; /* by SIGINT */
};

/* The table, in the order of help; ends with a NULL name. */
extern const PeerupCommand peerup_commands[];
/* (nullable): @second may be NULL. */
const PeerupCommand *peerup_command_find (const char *first, const char *second);

/* Parses @argv (program name first), and runs what it asks for. */
int peerup_cli_main (char **argv);
/* Fills @self from @argv, or says in @error (G_OPTION_ERROR) what is wrong, in one line
 * that helps. A @self without a command asks for general help. */
gboolean peerup_cli_parse (PeerupCli *self, char **argv, GError **error);
void peerup_cli_clear (PeerupCli *self);
/* Those that every command has, up to PEERUP_CLI_MAX_COMMON with the end; they fill @self (nullable). */
#define PEERUP_CLI_MAX_COMMON 8
void peerup_cli_fill_common_options (PeerupCli *self, GOptionEntry *entries);
/* FALSE for what is there for other programs, and named with an underscore. */
gboolean peerup_command_is_shown (const PeerupCommand *command);

/* Runs @run in a fiber, and the main loop until it has ended. */
int peerup_cli_run_fiber (PeerupCli *self, int (*run) (PeerupCli *cli));

/* From now on SIGINT, SIGTERM and SIGHUP call @func of the main loop instead of ending the program on the spot, until
 * they are released. What @func returns does not matter. */
void peerup_cli_catch_signals (PeerupCli *self, GSourceFunc func, gpointer data);
/* @code, or PEERUP_CLI_INTERRUPTED if it was SIGINT that came. */
int peerup_cli_release_signals (PeerupCli *self, int code);

/* The file that --config or --profile asks for, or the one that is found; NULL with an error that says how to make one.
 */
char *peerup_cli_find_config (PeerupCli *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same, read; warnings go to stderr. */
PeerupConfig *peerup_cli_load_config (PeerupCli *self, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* As peerup_config_edit_open(); what is committed is archived with @operation and @object as its cause. */
PeerupConfigEdit *peerup_cli_edit_open (const char *path, const char *operation, const char *object,
                                        GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The columns that a terminal shows: COLUMNS, or what the terminal behind stdout says; 0 if there is none. */
guint peerup_cli_get_width (void);

/* stdout: results; without what would command a terminal (peerup_cli_make_safe()). */
void peerup_cli_print (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* As it is: for what is meant to command it. */
void peerup_cli_print_raw (const char *text);
/* (transfer full) @root, pretty, with a line end. */
void peerup_cli_print_json (JsonNode *root);
/* (transfer floating) the same of a variant. */
void peerup_cli_print_variant (GVariant *value);
/* (transfer floating) the same on one line: one document of a stream. */
void peerup_cli_print_variant_line (GVariant *value);
/* stderr: everything else, with a line end. With --json {"message":"text"}. */
void peerup_cli_say (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* "peerup: text" to stderr, with --json {"error":{"code":"not-found","message":"text","exit_status":1}};
 * PEERUP_CLI_FAILED.
 */
int peerup_cli_fail (const GError *error);
int peerup_cli_fail_text (PeerupError code, const char *format, ...) G_GNUC_PRINTF (2, 3);
/* The same of what the command line has wrong; PEERUP_CLI_USAGE. */
int peerup_cli_fail_parse (const GError *error);
/* "peerup COMMAND: text; usage" to stderr; PEERUP_CLI_USAGE. */
int peerup_cli_fail_usage (PeerupCli *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Rows of cells, printed in columns as wide as they must be; where that is wider than the terminal, the widest are
 * shortened. */
typedef struct _PeerupTable PeerupTable;
PeerupTable *peerup_table_new (const char *indent, guint n_columns) G_GNUC_WARN_UNUSED_RESULT;
/* As many strings as there are columns; NULL for an empty cell. */
void peerup_table_add (PeerupTable *self, ...);
/* The same, once and before all others: what the columns are. */
void peerup_table_add_title (PeerupTable *self, ...);
char *peerup_table_end (PeerupTable *self) G_GNUC_WARN_UNUSED_RESULT;

/* "1.2 ms", "35 s", "2 h 5 min", "3 days 4 h": (transfer full). */
char *peerup_cli_format_rtt (gint64 microseconds) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_cli_format_duration (gint64 seconds) G_GNUC_WARN_UNUSED_RESULT;
/* "512 B", "1.2 KiB", "256 MiB"; a rate of bytes a second as "1.2 Gbit/s". */
char *peerup_cli_format_bytes (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_cli_format_rate (guint64 bytes) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full) @text in lines of at most @width characters, each after @indent and with a line
 * end; broken at spaces alone, so a longer word stands out. A line end in @text stays one. */
char *peerup_cli_wrap (const char *text, const char *indent, guint width) G_GNUC_WARN_UNUSED_RESULT;
/* "localhost:22" for "22", and all else as it is: (transfer full). */
char *peerup_cli_complete_address (const char *text) G_GNUC_WARN_UNUSED_RESULT;
/* A Go duration ("1h30m"), whole days ("7d") or seconds ("0.5"), above zero, as microseconds. */
gboolean peerup_cli_parse_duration (const char *text, gint64 *microseconds, GError **error);

/* What is said is JSON from now on, too: every line of stderr is an object. */
void peerup_cli_set_json (gboolean json);
/* Log lines go to stderr, from @level on; as JSON, a line each, if @json. With G_LOG_LEVEL_CRITICAL the warnings of an
 * engine of our own, which say what a daemon should have, are not in the way of a dialog. */
void peerup_cli_set_log (GLogLevelFlags level, gboolean json);

G_END_DECLS
