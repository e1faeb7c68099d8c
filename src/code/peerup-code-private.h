/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include "code/peerup-invite-code.h"
#include "wire/peerup-reader.h"

G_BEGIN_DECLS

/* Bytes that may be secret: wiped when they are freed. Made with room for @size, which is not to be exceeded, as what
 * grows leaves copies behind. */
typedef GByteArray PeerupCodeBytes;
PeerupCodeBytes *peerup_code_bytes_new (gsize size) G_GNUC_WARN_UNUSED_RESULT;
void peerup_code_bytes_free (PeerupCodeBytes *self);
GBytes *peerup_code_secret_new (gconstpointer data, gsize length) G_GNUC_WARN_UNUSED_RESULT;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupCodeBytes, peerup_code_bytes_free)

/* Five bits a symbol, most significant first. The last symbol is filled up with zeros. */
void peerup_code_symbols_from_bytes (GByteArray *symbols, const guint8 *bytes, gsize length);
/* The bits that are left over, fewer than eight, are returned; @n_spare of them. */
guint peerup_code_symbols_to_bytes (const guint8 *symbols, gsize n, GByteArray *bytes, guint *n_spare);

/* What was typed, without what is around it: quotes, a link's scheme, percent-encodings. */
typedef struct
{
  gunichar character;
  gsize offset; /* byte of what was typed */
} PeerupTypedCharacter;

/* Of PeerupTypedCharacter; wiped when it is freed. */
typedef GArray PeerupTyped;
void peerup_typed_free (PeerupTyped *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTyped, peerup_typed_free)

/* MALFORMED, TOO_LARGE, UNSUPPORTED (a link for something else). */
PeerupTyped *peerup_typed_read (const char *text, PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* White space, dashes of any kind, and what cannot be seen. */
gboolean peerup_typed_is_separator (gunichar character);
/* The value of an ASCII character; -1 if it has none. */
typedef int (*PeerupSymbolFunc) (char character);
/* The symbols of @typed, and their offsets (out, element-type gsize). MALFORMED names the first character that is none.
 */
GByteArray *peerup_typed_read_symbols (PeerupTyped *typed, PeerupSymbolFunc func, GArray **offsets,
                                       PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Sets @mistake (nullable): characters @first to @last, from 1. Returns FALSE with MALFORMED and a message. */
gboolean peerup_code_fail_at (PeerupCodeMistake *mistake, guint first, guint last, gsize offset, GError **error,
                              const char *format, ...) G_GNUC_PRINTF (6, 7);

/* A long code's symbols: payload between a format character, its length, a checksum, and the check characters. */
#define PEERUP_CODE_FRAME_PAYLOAD_MAX 1021

typedef enum
{
  PEERUP_CODE_FAULT_WRONG,     /* symbol @first is another one, and @count - 1 later ones */
  PEERUP_CODE_FAULT_SWAPPED,   /* @first and the next */
  PEERUP_CODE_FAULT_MISSING,   /* one before @first */
  PEERUP_CODE_FAULT_SURPLUS,   /* @first is too many */
  PEERUP_CODE_FAULT_CUT,       /* @count are missing at the end */
  PEERUP_CODE_FAULT_TRAILING,  /* @first and what follows is no part of it */
  PEERUP_CODE_FAULT_SOMEWHERE, /* two or more among @first to @last */
} PeerupCodeFaultKind;

typedef struct
{
  PeerupCodeFaultKind kind;
  guint first, last, count; /* symbols from 0 */
} PeerupCodeFault;

PeerupCodeBytes *peerup_code_frame_write (const guint8 *payload, gsize length) G_GNUC_WARN_UNUSED_RESULT;
/* (nullable): the payload, if every check holds. */
PeerupCodeBytes *peerup_code_frame_read (const guint8 *symbols, guint n) G_GNUC_WARN_UNUSED_RESULT;
/* Of symbols that peerup_code_frame_read() does not take: what is most likely wrong. TRUE if every check holds once
 * that is put right, so that it is certain. At most a hundred looks at the whole. */
gboolean peerup_code_frame_diagnose (const guint8 *symbols, guint n, PeerupCodeFault *fault);

/* Addresses in a long code. @addresses are of one peer, without its ID; appended as entries, counted. A host with
 * several transports on one port is one entry. UNSUPPORTED names an address that cannot be in a code. */
gboolean peerup_code_addresses_write (GPtrArray *addresses, guint16 *last_port, GByteArray *out, guint *n_entries,
                                      GError **error);
/* One entry, which becomes one address or several. MALFORMED, UNSUPPORTED. */
gboolean peerup_code_addresses_read (PeerupReader *reader, guint16 *last_port, GPtrArray *addresses, GError **error);
gboolean peerup_code_address_fits (PeerupMultiaddr *bare);

/* The forms. Text is without dashes where @bare. */
char *peerup_code_long_write (const PeerupInviteCode *code, gboolean bare, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupInviteCode *
peerup_code_long_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @typed is a long code but for one mistake that is certain, and is in its first characters, so that it does
 * not look like one: sets @error then. */
gboolean peerup_code_long_is_meant (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error);
char *
peerup_code_original_write (const PeerupInviteCode *code, gboolean bare, GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupInviteCode *
peerup_code_original_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;
char *peerup_code_spoken_write (const PeerupInviteCode *code, GError **error) G_GNUC_WARN_UNUSED_RESULT;
/* Whether @typed looks like a spoken code, which the other forms never do; read only what does. */
gboolean peerup_code_spoken_is_meant (PeerupTyped *typed);
PeerupInviteCode *
peerup_code_spoken_read (PeerupTyped *typed, PeerupCodeMistake *mistake, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Sorted. */
#define PEERUP_CODE_N_WORDS  512
#define PEERUP_CODE_WORD_MIN 4
#define PEERUP_CODE_WORD_MAX 8
extern const char *const peerup_code_words[PEERUP_CODE_N_WORDS];
/* (nullable): the word that @typed, lower case, is or begins, from PEERUP_CODE_WORD_MIN letters on. */
const char *peerup_code_find_word (const char *typed);
/* The word with the fewest letters to change, add or leave out, and how many. */
const char *peerup_code_nearest_word (const char *typed, guint *distance);

G_END_DECLS
