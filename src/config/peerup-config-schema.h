/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

typedef enum
{
  PEERUP_CONFIG_KEY_MAPPING,
  PEERUP_CONFIG_KEY_LIST,
  PEERUP_CONFIG_KEY_TEXT,
  PEERUP_CONFIG_KEY_FLAG,
  PEERUP_CONFIG_KEY_NUMBER,
} PeerupConfigKeyKind;

/* What a text, or each entry of a list, has to look like. Values of the first group that are not of their
 * form, or out of their range, are refused by peerup_config_keys_check(); those of the second one by the
 * readers, which know when they matter. */
typedef enum
{
  PEERUP_CONFIG_FORMAT_ANY,
  PEERUP_CONFIG_FORMAT_DURATION, /* Go's: "1m30s"; the range is in microseconds */
  PEERUP_CONFIG_FORMAT_SECONDS,  /* the same, whole seconds only */
  PEERUP_CONFIG_FORMAT_SIZE,     /* "64MiB"; the range is in bytes */
  PEERUP_CONFIG_FORMAT_CHOICE,
  PEERUP_CONFIG_FORMAT_LABEL,
  PEERUP_CONFIG_FORMAT_PROTOCOL,

  PEERUP_CONFIG_FORMAT_PATH,
  PEERUP_CONFIG_FORMAT_ENDPOINT,  /* HOST:PORT */
  PEERUP_CONFIG_FORMAT_MULTIADDR, /* with or without /p2p/ID */
  PEERUP_CONFIG_FORMAT_PEER_MULTIADDR,
  PEERUP_CONFIG_FORMAT_PEER_ID,
} PeerupConfigFormat;

/* What a change of a key does to a daemon that runs. */
typedef enum
{
  PEERUP_CONFIG_EFFECT_LIVE, /* it is in force when the file is saved */
  PEERUP_CONFIG_EFFECT_RESTART,
  PEERUP_CONFIG_EFFECT_NONE, /* accepted because the original's files have it */
} PeerupConfigEffect;

/* A key that a configuration file may hold: everything that is said of it anywhere. Static data. */
typedef struct
{
  /* "network.limits.memory"; "*" stands for any name and is the only key of its mapping. "" is the whole file. */
  const char *path;
  PeerupConfigKeyKind kind;
  PeerupConfigFormat format;
  PeerupConfigEffect effect;
  /* The file does not load without it. */
  gboolean required;
  /* (nullable): the default as it is written in a file; NULL: none, or one that depends on the machine. */
  const char *value;
  /* (nullable): a value where there is no default; entries of a list are apart by one space. */
  const char *example;
  /* Of numbers, sizes and durations; max 0: the largest that the kind holds. */
  guint64 min;
  guint64 max;
  /* (nullable): of PEERUP_CONFIG_FORMAT_CHOICE: "bbr cubic". */
  const char *choices;
  /* What it is, in one paragraph of plain text. */
  const char *doc;
} PeerupConfigKey;

extern const PeerupConfigKey peerup_config_root_key;
/* Every other key, a mapping before what stands in it; ends with a NULL path. */
extern const PeerupConfigKey peerup_config_schema[];

/* (nullable): the key with that path, in which names may stand for "*": "services.ssh.enabled". */
const PeerupConfigKey *peerup_config_schema_find (const char *path);
/* The default of the key at @path, which has one. */
const char *peerup_config_schema_get_default (const char *path);
/* The last part of the path. */
const char *peerup_config_key_get_name (const PeerupConfigKey *self);
/* (nullable): the child that comes after @previous, or the first one for NULL. */
const PeerupConfigKey *peerup_config_key_next_child (const PeerupConfigKey *self, const PeerupConfigKey *previous);

/* peerup-config-schema-text.c: what is made of the table for people.
 *
 * "one of bbr, cubic", "a number from 1 to 1000": what may be written, without a full stop. */
char *peerup_config_key_describe_values (const PeerupConfigKey *self) G_GNUC_WARN_UNUSED_RESULT;
/* A sentence on when a change of the key is in force; static. */
const char *peerup_config_key_describe_effect (const PeerupConfigKey *self);
/* Some lines for a terminal; of a mapping, what stands in it too. */
char *peerup_config_key_explain (const PeerupConfigKey *self) G_GNUC_WARN_UNUSED_RESULT;
/* A configuration with every key and its documentation. It loads without a warning and says what the defaults are. */
char *peerup_config_schema_sample (void) G_GNUC_WARN_UNUSED_RESULT;
/* peerup.yaml(5) in the man macros; @version stands at its foot. */
char *peerup_config_schema_man_page (const char *version) G_GNUC_WARN_UNUSED_RESULT;

/* peerup-config-schema-json.c: JSON Schema, draft 2020-12. What it accepts may still be refused: it knows no peer
 * ID from another word. */
JsonNode *peerup_config_schema_to_json (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
