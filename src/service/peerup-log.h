/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The log of the program: which messages are wanted, by the domain they come from, and where they go: to the journal
 * with its fields if standard error is the journal, else as lines to whoever prints. A domain is a room of src
 * ("swarm" for the messages of peerup-swarm), or the whole name of another library's ("GLib-GIO"). All functions may be
 * called in any thread. Secrets are nobody's to log: no key, code, cookie or password may be in a message. */

/* All that have no level of their own. Debug messages of other libraries are wanted only by their own names. */
#define PEERUP_LOG_ALL "*"
/* In the environment: levels for each run, "swarm=debug,all=info". */
#define PEERUP_LOG_ENVIRONMENT "PEERUP_LOG"

/* MESSAGE_ID of the journal, for programs that look for these: the daemon is ready, it ends, a problem has come. */
#define PEERUP_LOG_ID_START   "a095db92e449483db82fdbf89f6139ee"
#define PEERUP_LOG_ID_STOP    "a4bcb324762b41dfbe23d94f3e5fa13f"
#define PEERUP_LOG_ID_PROBLEM "9d9f22cc82e3423c93c5bb4bf4682c3e"

/**
 * PeerupLogFields:
 * @message_id: one of those above, as MESSAGE_ID
 * @peer: the peer ID it is about, as PEERUP_PEER
 * @service: the name of a service, as PEERUP_SERVICE
 * @path: "direct" or "relayed", or an address, as PEERUP_PATH
 * @profile: whose line it is where several engines are in one process, as PEERUP_PROFILE; NULL for that of
 *   peerup_log_set_profile()
 *
 * What is known besides the text; each may be NULL.
 */
typedef struct
{
  const char *message_id;
  const char *peer;
  const char *service;
  const char *path;
  const char *profile;
} PeerupLogFields;

/* A line for people. @domain is nullable, @message one line, @fields never NULL. */
typedef void (*PeerupLogPrint) (GLogLevelFlags level, const char *domain, const char *message,
                                const PeerupLogFields *fields);

/* Once, at the start of a program: takes the messages of GLib over. */
void peerup_log_install (PeerupLogPrint print);
/* The profile that all is done for, of lines that name none themselves. @name: nullable. Lines of a process with
 * several engines have none that come from rooms below the engine's: which engine asked is not known there. */
void peerup_log_set_profile (const char *name);
/* Whether what is written to standard error arrives in the journal, as JOURNAL_STREAM says. */
gboolean peerup_log_is_journal (void);

/* A message with its fields (const PeerupLogFields *, then the format); as g_log() otherwise. */
#define peerup_log(level, ...) peerup_log_with (G_LOG_DOMAIN, (level), __VA_ARGS__)
void peerup_log_with (const char *domain, GLogLevelFlags level, const PeerupLogFields *fields, const char *format, ...)
  G_GNUC_PRINTF (4, 5);

/* Whether a message would be written. */
gboolean peerup_log_wants (const char *domain, GLogLevelFlags level);
/* "error", "warning", "message", "info", "debug": (transfer none). */
const char *peerup_log_level_to_string (GLogLevelFlags level);

/* PEERUP_ERROR_MALFORMED if there is no such domain or level. An empty @level takes a domain's own back, but not that
 * of PEERUP_LOG_ALL, for which "all" stands too. */
gboolean peerup_log_check (const char *domain, const char *level, GError **error);
/* The same is changed; TRUE. */
gboolean peerup_log_set (const char *domain, const char *level, GError **error);
/* Of "swarm=debug,all=info": all of it, or nothing and MALFORMED. */
gboolean peerup_log_set_from_text (const char *text, GError **error);
/* The level of PEERUP_LOG_ALL. */
void peerup_log_set_all (GLogLevelFlags level);
/* {domain: level}, with PEERUP_LOG_ALL: (transfer full). */
GHashTable *peerup_log_dup_levels (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
