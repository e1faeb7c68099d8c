/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

#include "net/peerup-socket-address.h"
#include "wire/peerup-ice-message.h"

G_BEGIN_DECLS

/* ICE (RFC 8445) for one component of one session, by libnice, of which nothing shows here. Full, trickled
 * (RFC 8838), with aggressive nomination, over UDP. It runs on the thread-default context in which it was made. */
typedef struct _PeerupIceAgent PeerupIceAgent;

/* Milliseconds between two checks or STUN requests (RFC 8445 14). */
#define PEERUP_ICE_PACING 5

/* Called from within calls into the agent and from the main loop: note it and return. Nothing may be called. */
typedef struct
{
  void (*candidate) (const PeerupIceCandidate *candidate, gpointer data);
  void (*gathered) (gpointer data); /* there will be no more */
  void (*connected) (gpointer data);
  void (*failed) (gpointer data); /* may become connected yet while candidates arrive */
} PeerupIceAgentEvents;

typedef struct
{
  gboolean controlling;
  const PeerupSocketAddress *addresses; /* of this machine: where sockets are bound; of which 16 are taken */
  guint n_addresses;
  const PeerupSocketAddress *server; /* STUN, nullable; tells addresses of its own family alone */
} PeerupIceAgentOptions;

/* Opens sockets at once. UNREACHABLE when none could be. @options is copied; @data outlives the agent. */
PeerupIceAgent *peerup_ice_agent_new (const PeerupIceAgentOptions *options, const PeerupIceAgentEvents *events,
                                      gpointer data, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Closes what was not taken, at once; sends nothing. */
void peerup_ice_agent_free (PeerupIceAgent *self);

const char *peerup_ice_agent_get_ufrag (PeerupIceAgent *self);
const char *peerup_ice_agent_get_pwd (PeerupIceAgent *self);
/* Once, before the first candidate. FALSE: they are none. */
gboolean peerup_ice_agent_set_remote_credentials (PeerupIceAgent *self, const char *ufrag, const char *pwd);
/* @candidates: those that may be probed (peerup-ice-filter.h). */
void
peerup_ice_agent_add_remote_candidates (PeerupIceAgent *self, const PeerupIceCandidate *candidates, guint n_candidates);
/* Whether it was told of @address, or a signed check has come from there. */
gboolean peerup_ice_agent_has_remote (PeerupIceAgent *self, const PeerupSocketAddress *address);
/* The peer has no more. */
void peerup_ice_agent_end_remote_candidates (PeerupIceAgent *self);
gboolean peerup_ice_agent_is_connected (PeerupIceAgent *self);
/* A descriptor of the socket that is connected now, for the caller to close: bound to one address of this machine,
 * without blocking. @local, @remote: both ends as each is seen by the other. More than one path may be found, and the
 * better one chosen later on either side, so the controlling side tells the other what it has taken. The agent goes on
 * answering checks until it is freed. UNREACHABLE when there is none. */
int peerup_ice_agent_take (PeerupIceAgent *self, PeerupSocketAddress *local, PeerupSocketAddress *remote,
                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* The same of the controlled side, of the socket that the other side sees at @local; whether it is connected there or
 * not. */
int peerup_ice_agent_take_at (PeerupIceAgent *self, const PeerupSocketAddress *local,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Datagrams that have come from where checks came from, and are none, may be the peer's first words on the path that it
 * has taken already: so many are kept. (transfer full) (nullable), of GBytes. */
#define PEERUP_ICE_EARLY_MAX 8
GPtrArray *peerup_ice_agent_take_early (PeerupIceAgent *self) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupIceAgent, peerup_ice_agent_free)

/* Between the wire's form of an address and the system's. FALSE: AF_UNSPEC, or what is no address. */
gboolean peerup_ice_address_get (const PeerupIceAddress *self, PeerupSocketAddress *address);
gboolean peerup_ice_address_set (PeerupIceAddress *self, const PeerupSocketAddress *address);

G_END_DECLS
