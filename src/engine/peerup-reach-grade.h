/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "engine/peerup-engine-nat.h"

G_BEGIN_DECLS

/* How well others can reach this machine, from what is known: a table, no objects and no clock. */

/* What is known. */
typedef struct
{
  gboolean has_network;  /* an address that is not of this machine alone */
  gboolean has_relays;   /* some are configured, or peers relay for us */
  gboolean is_connected; /* to one of them, by whatever transport */
  gboolean was_asked;    /* servers have been asked over UDP, and have answered or had the time to */
  gboolean was_reached;  /* somebody came in from the internet */
  gboolean is_forwarded; /* the router forwards our port, and has an address of the internet */
  PeerupNatFacts ip4;
  PeerupNatFacts ip6;
} PeerupReachView;

/* The words are static; @port is what %u in them means. */
typedef struct
{
  PeerupReachGrade grade;
  const char *sentence;
  const char *advice; /* nullable */
} PeerupReachVerdict;

/* Never NULL. */
const PeerupReachVerdict *peerup_reach_grade (const PeerupReachView *view);
/* (transfer full): @text with @port, the UDP port we listen on, where it is named. */
char *peerup_reach_format (const char *text, guint16 port) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
