/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The table of operations, read once from the description that is built in. A description that contradicts itself is
 * a fault of the program, and ends it.
 */
#include "control/peerup-operations.h"

#include <string.h>

#define DOC "org.gtk.GDBus.DocString"

/* Made from data/dbus/. */
extern const char peerup_operations_xml[];

typedef struct
{
  GDBusNodeInfo *node;
  GArray *operations;  /* of PeerupOperation */
  GHashTable *by_name; /* name to PeerupOperation */
} Table;

static void
add_operation (Table *table, const GDBusInterfaceInfo *interface, const GDBusMethodInfo *method)
{
  const char *http = g_dbus_annotation_info_lookup (method->annotations, PEERUP_OPERATION_HTTP);
  const char *doc = g_dbus_annotation_info_lookup (method->annotations, DOC);
  const char *space = http != NULL ? strchr (http, ' ') : NULL;
  PeerupOperation operation = { interface->name, method->name, method, NULL, NULL, doc != NULL ? doc : "" };

  if (space == NULL || space[1] != '/')
    g_error ("%s does not say how HTTP offers it", method->name);
  g_autofree char *verb = g_strndup (http, space - http);

  operation.http_method = g_intern_string (verb);
  operation.http_path = space + 1;
  g_array_append_val (table->operations, operation);
}

GDBusNodeInfo *
peerup_operations_parse (void)
{
  g_autoptr (GError) error = NULL;
  GDBusNodeInfo *node = g_dbus_node_info_new_for_xml (peerup_operations_xml, &error);

  if (node == NULL)
    g_error ("The description of the operations: %s", error->message);
  return node;
}

static const Table *
get_table (void)
{
  static gsize made;
  static Table table;

  if (!g_once_init_enter (&made))
    return &table;
  table.node = peerup_operations_parse ();
  table.operations = g_array_new (FALSE, FALSE, sizeof (PeerupOperation));
  table.by_name = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; table.node->interfaces[i] != NULL; i++)
    for (guint j = 0; table.node->interfaces[i]->methods != NULL && table.node->interfaces[i]->methods[j] != NULL; j++)
      add_operation (&table, table.node->interfaces[i], table.node->interfaces[i]->methods[j]);
  for (guint i = 0; i < table.operations->len; i++)
    {
      PeerupOperation *operation = &g_array_index (table.operations, PeerupOperation, i);

      if (!g_hash_table_insert (table.by_name, (gpointer) operation->name, operation))
        g_error ("Two operations are called %s", operation->name);
    }
  g_once_init_leave (&made, 1);
  return &table;
}

const PeerupOperation *
peerup_operations_get (guint *n)
{
  const Table *table = get_table ();

  *n = table->operations->len;
  return &g_array_index (table->operations, PeerupOperation, 0);
}

const PeerupOperation *
peerup_operations_find (const char *name)
{
  return g_hash_table_lookup (get_table ()->by_name, name);
}

GDBusNodeInfo *
peerup_operations_get_node (void)
{
  return get_table ()->node;
}

static char *
dup_types (GDBusArgInfo **arguments)
{
  GString *types = g_string_new ("(");

  for (guint i = 0; arguments != NULL && arguments[i] != NULL; i++)
    g_string_append (types, arguments[i]->signature);
  g_string_append_c (types, ')');
  return g_string_free (types, FALSE);
}

/* A type is its own text. */
GVariantType *
peerup_operation_dup_in_type (const PeerupOperation *self)
{
  g_autofree char *types = dup_types (self->info->in_args);

  return g_variant_type_new (types);
}

GVariantType *
peerup_operation_dup_out_type (const PeerupOperation *self)
{
  g_autofree char *types = dup_types (self->info->out_args);

  return g_variant_type_new (types);
}

gboolean
peerup_operation_takes (const PeerupOperation *self, GVariant *parameters)
{
  g_autoptr (GVariantType) type = peerup_operation_dup_in_type (self);

  return g_variant_is_of_type (parameters, type);
}
