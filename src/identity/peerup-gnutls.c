/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What all users of GnuTLS share: its results as our errors, and the TLS that we speak. GnuTLS's
 * texts name no key and no bytes, so they may be shown.
 */
#include "identity/peerup-gnutls.h"

gboolean
peerup_gnutls_check (int result, int code, const char *what, GError **error)
{
  if (result >= 0)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, code, "%s: %s", what, gnutls_strerror (result));
  return FALSE;
}

/* AES first where the CPU has it: GnuTLS's ChaCha20 is several times slower there. The
 * groups leave out finite-field ones, which cost a listener 0.2 s of CPU a hello. */
#define AES_FIRST    ":+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305"
#define CHACHA_FIRST ":+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM"
#define GROUPS       ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1"

#define PEER_PRIORITY(ciphers) \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL" ciphers GROUPS ":%DISABLE_TLS13_COMPAT_MODE:%SERVER_PRECEDENCE"
#define WEB_PRIORITY(ciphers)                                                                             \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL" ciphers GROUPS \
  ":%SERVER_PRECEDENCE"

static gboolean
cpu_has_aes (void)
{
#if defined(__x86_64__) || defined(__i386__)
  return __builtin_cpu_supports ("aes");
#elif defined(__ARM_FEATURE_AES)
  return TRUE;
#else
  return FALSE;
#endif
}

static gnutls_priority_t
priority_new (const char *text)
{
  gnutls_priority_t priority = NULL;

  if (gnutls_priority_init (&priority, text, NULL) < 0)
    g_error ("This GnuTLS does not know the TLS ciphers it needs");
  return priority;
}

gnutls_priority_t
peerup_gnutls_get_priority (void)
{
  static gnutls_priority_t priority;

  if (g_once_init_enter_pointer (&priority))
    g_once_init_leave_pointer (&priority, priority_new (cpu_has_aes () ? PEER_PRIORITY (AES_FIRST)
                                                                       : PEER_PRIORITY (CHACHA_FIRST)));
  return priority;
}

gnutls_priority_t
peerup_gnutls_get_web_priority (void)
{
  static gnutls_priority_t priority;

  if (g_once_init_enter_pointer (&priority))
    g_once_init_leave_pointer (&priority,
                               priority_new (cpu_has_aes () ? WEB_PRIORITY (AES_FIRST) : WEB_PRIORITY (CHACHA_FIRST)));
  return priority;
}
