/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <glib.h>

#include "wire/peerup-reader.h"

G_BEGIN_DECLS

/* Messages of multicast DNS (RFC 1035 4, RFC 6762 18), as bytes: read where they lie, and written into memory of the
 * caller's. Only the types that libp2p's discovery uses are understood; records of others are passed over. */

/* Bytes of the longest message there is (RFC 6762 17), name and label (RFC 1035 2.3.4). */
#define PEERUP_MDNS_MESSAGE_MAX 9000
#define PEERUP_MDNS_NAME_MAX    255
#define PEERUP_MDNS_LABEL_MAX   63
/* Bytes of one string of a TXT record. */
#define PEERUP_MDNS_STRING_MAX 255

/* A name by value, as on the wire without compression, the empty label at its end included. */
typedef struct
{
  guint8 length;
  guint8 bytes[PEERUP_MDNS_NAME_MAX];
} PeerupMdnsName;

/* @text: labels with dots between them. FALSE: one is empty or too long, or all of them are. */
gboolean peerup_mdns_name_set (PeerupMdnsName *self, const char *text);
/* @label before @parent. FALSE: it is empty or too long, or both together are. */
gboolean peerup_mdns_name_set_child (PeerupMdnsName *self, const char *label, const PeerupMdnsName *parent);
/* Letters of ASCII in any case (RFC 6762 16). */
gboolean peerup_mdns_name_equal (const PeerupMdnsName *a, const PeerupMdnsName *b);
/* Whether @self is @parent with one label before it. */
gboolean peerup_mdns_name_is_child (const PeerupMdnsName *self, const PeerupMdnsName *parent);

typedef enum
{
  PEERUP_MDNS_A = 1,
  PEERUP_MDNS_PTR = 12,
  PEERUP_MDNS_TXT = 16,
  PEERUP_MDNS_AAAA = 28,
  PEERUP_MDNS_SRV = 33,
  PEERUP_MDNS_ANY = 255, /* in questions */
} PeerupMdnsType;

typedef struct
{
  PeerupMdnsName name;
  guint16 type; /* a PeerupMdnsType, or another */
} PeerupMdnsQuestion;

typedef enum
{
  PEERUP_MDNS_ANSWER,
  PEERUP_MDNS_AUTHORITY,
  PEERUP_MDNS_ADDITIONAL,
  PEERUP_MDNS_N_SECTIONS,
} PeerupMdnsSection;

typedef struct
{
  PeerupMdnsSection section;
  PeerupMdnsName name;
  PeerupMdnsType type;   /* not ANY */
  gboolean flush;        /* there are no others of that name and type (RFC 6762 10.2) */
  guint32 ttl;           /* seconds; 0: goodbye */
  guint16 port;          /* SRV */
  PeerupMdnsName target; /* PTR, SRV */
  const guint8 *data;    /* borrowed: the address of A (4 bytes) and AAAA (16), the strings of TXT */
  gsize length;
} PeerupMdnsRecord;

/* One that was parsed is well-formed to its last record. */
typedef struct
{
  const guint8 *data; /* borrowed */
  gsize length;
  guint16 id;
  gboolean is_response;
  gboolean is_truncated; /* a query: more known answers follow (RFC 6762 7.2) */
  guint n_questions;
  guint n_records[PEERUP_MDNS_N_SECTIONS];
} PeerupMdnsMessage;

/* MALFORMED; TOO_LARGE; UNSUPPORTED for an operation or an error that mDNS does not have, which are to be ignored
 * (RFC 6762 18.3, 18.11). What stands after the last record is not looked at. */
gboolean peerup_mdns_message_parse (PeerupMdnsMessage *self, const guint8 *data, gsize length, GError **error);

/* A place in a message: questions first, then records, those of the internet (class IN) and of the types above. */
typedef struct
{
  const PeerupMdnsMessage *message;
  gsize offset;
  guint n_questions;
  PeerupMdnsSection section;
  guint n_records; /* of that section */
} PeerupMdnsCursor;

void peerup_mdns_cursor_init (PeerupMdnsCursor *self, const PeerupMdnsMessage *message);
/* FALSE: there are no more. */
gboolean peerup_mdns_cursor_next_question (PeerupMdnsCursor *self, PeerupMdnsQuestion *question);
/* The same; questions that were not looked at are passed over. */
gboolean peerup_mdns_cursor_next_record (PeerupMdnsCursor *self, PeerupMdnsRecord *record);

/* The next string of a TXT record that was parsed. @reader: at first over the record's data. */
gboolean peerup_mdns_text_next (PeerupReader *reader, const guint8 **string, gsize *length);

/* Writes a message, names compressed. What does not fit is refused, and what was there stays. */
typedef struct
{
  guint8 *data; /* borrowed */
  gsize size;
  gsize length;
  PeerupMdnsSection section; /* of the last record */
  guint16 labels[32];        /* where names begin that others may point to */
  guint n_labels;
} PeerupMdnsWriter;

/* @size: 12 at least. */
void peerup_mdns_writer_init (PeerupMdnsWriter *self, guint8 *data, gsize size, guint16 id, gboolean is_response);
/* Before all records. */
gboolean peerup_mdns_writer_add_question (PeerupMdnsWriter *self, const PeerupMdnsQuestion *question);
/* In the order of the sections. */
gboolean peerup_mdns_writer_add_record (PeerupMdnsWriter *self, const PeerupMdnsRecord *record);

G_END_DECLS
