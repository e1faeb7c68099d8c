/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

/* A background portal on a bus of its own, for whose answers a test decides. */

typedef enum
{
  ANSWER_ALLOWED,
  ANSWER_NO_AUTOSTART, /* the rest is allowed */
  ANSWER_NOTHING,      /* success, by which nothing is allowed */
  ANSWER_CANCELLED,
  ANSWER_FAILED,
  ANSWER_NOT_ALLOWED, /* the call itself fails */
  ANSWER_EARLY,       /* before the call has returned */
  ANSWER_ELSEWHERE,   /* at a path of its own, as portals of long ago */
  ANSWER_LATE,        /* it takes the call, and says nothing */
  ANSWER_NEVER,       /* it does not even take the call */
} Answer;

typedef struct
{
  GTestDBus *bus;
  GDBusConnection *server;
  GDBusConnection *client;
  Answer answer;
  guint name_id, background_id, registry_id;
  guint requests, closed, statuses;
  gboolean autostart;
  char **command;
  char *status;
  char *registered;
} MockPortal;

/* Nobody owns the portal's name yet. */
void mock_portal_up (MockPortal *self);
void mock_portal_own (MockPortal *self);
void mock_portal_down (MockPortal *self);
/* Until *@flag; fails after a minute. */
void mock_portal_wait (const gboolean *flag);
void mock_portal_wait_count (const guint *count, guint n);
/* Until all that has been sent so far was taken. */
void mock_portal_sync (MockPortal *self);
