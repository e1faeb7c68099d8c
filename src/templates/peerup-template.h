/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Bytes of a template's file. */
#define PEERUP_TEMPLATE_FILE_MAX (16 * 1024)
/* Of a template's file: "ssh.ini". */
#define PEERUP_TEMPLATE_SUFFIX ".ini"

/* Who speaks first, and in what. */
typedef enum
{
  PEERUP_PROBE_NONE,
  PEERUP_PROBE_BANNER,   /* the service, a line */
  PEERUP_PROBE_HTTP,     /* we, a GET */
  PEERUP_PROBE_TLS_HTTP, /* the same inside TLS, whatever the certificate */
  PEERUP_PROBE_EXCHANGE, /* we, bytes of the template */
  PEERUP_PROBE_MINECRAFT /* we, a status request */
} PeerupProbeType;

/* In PeerupTemplate.answers: any byte. */
#define PEERUP_PROBE_ANY_BYTE 0x100

/**
 * PeerupTemplate:
 *
 * What is known of one kind of service: how it is called, where it usually is, by what it is recognized, and how it is
 * used. Never changes. Counted, in any thread.
 */
typedef struct
{
  char *id; /* a service's name: "home-assistant" */
  char *name;
  char *kind;
  char *icon;
  GArray *ports; /* of guint16 */
  char **tags;
  char *use;
  char *open; /* nullable */
  gboolean hidden;

  PeerupProbeType probe;
  char *begins;       /* nullable: of a banner */
  char *path;         /* of HTTP */
  char *header;       /* nullable: the name of a header */
  char *header_text;  /* nullable: what is to be in it */
  char **body;        /* nullable: texts that must all be there */
  char *detail;       /* nullable: a header, a member of JSON or an attribute of XML that says more */
  char *evidence;     /* nullable: with {detail} */
  GBytes *send;       /* nullable: of an exchange */
  GPtrArray *answers; /* nullable: of GArray of guint16, each a beginning */
  guint size;         /* bytes that the answer has, 0: any number */
} PeerupTemplate;

/**
 * peerup_template_parse:
 * @id: what the file is called, without PEERUP_TEMPLATE_SUFFIX
 * @file: for messages
 * @text: a key file, UTF-8, with the groups Service and Probe; need not be terminated
 *
 * Reads one template: data/services/ has examples, and README.md there says which keys there are. Translations of the
 * name are taken as the locale wants.
 *
 * Errors: PEERUP_ERROR_MALFORMED or PEERUP_ERROR_TOO_LARGE, with file, line and what is wrong.
 *
 * Returns: (transfer full) (nullable): the template
 */
PeerupTemplate *peerup_template_parse (const char *id, const char *file, const char *text, gsize length,
                                       GError **error) G_GNUC_WARN_UNUSED_RESULT;
PeerupTemplate *peerup_template_ref (PeerupTemplate *self) G_GNUC_WARN_UNUSED_RESULT;
void peerup_template_unref (PeerupTemplate *self);

/* Whether @port is one of its usual ones. */
gboolean peerup_template_has_port (const PeerupTemplate *self, guint16 port);
/* (transfer full) (nullable): @line, which is its use or open, for a service at @host and @port. NULL where @line is,
 * and where @host is neither an IP address nor a name of letters, digits, dots, dashes and underscores: so no shell and
 * no URI takes any of it for something else. */
char *peerup_template_fill (const char *line, const char *host, guint16 port) G_GNUC_WARN_UNUSED_RESULT;
/* (transfer full): at most @max characters of @bytes from elsewhere as one line of text: valid UTF-8, without control
 * characters and marks of direction, without space at the ends. */
char *peerup_template_clean_text (const char *bytes, gsize length, guint max) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PeerupTemplate, peerup_template_unref)

G_END_DECLS
