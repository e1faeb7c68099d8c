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
#define PRIORITY(ciphers)                              \
  "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:" ciphers \
  ":-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%DISABLE_TLS13_COMPAT_MODE:%SERVER_PRECEDENCE"

gnutls_priority_t
peerup_gnutls_get_priority (void)
{
  static gnutls_priority_t priority;

  if (g_once_init_enter_pointer (&priority))
    {
      gnutls_priority_t made = NULL;
      const char *text = PRIORITY ("+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-GCM");

#if defined(__x86_64__) || defined(__i386__)
      if (__builtin_cpu_supports ("aes"))
        text = PRIORITY ("+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305");
#elif defined(__ARM_FEATURE_AES)
      text = PRIORITY ("+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305");
#endif
      if (gnutls_priority_init (&made, text, NULL) < 0)
        g_error ("This GnuTLS does not know the TLS 1.3 ciphers it needs");
      g_once_init_leave_pointer (&priority, made);
    }
  return priority;
}
