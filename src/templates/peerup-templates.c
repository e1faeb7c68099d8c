/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* All templates: those built in from data/services, and files over them. Loaded whenever they are wanted, so that what
 * a person has written just now is there; nobody follows the files.
 */
#include "templates/peerup-templates.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define RESOURCE_PATH "/dev/peerup/PeerUp/services/"
/* Files of which is kept that they were complained of. */
#define TOLD_MAX 4096

/* Made from data/services. */
extern GResource *peerup_templates_get_resource (void);

struct _PeerupTemplates
{
  GPtrArray *array; /* of PeerupTemplate */
};

G_DEFINE_BOXED_TYPE (PeerupTemplates, peerup_templates, peerup_templates_ref, peerup_templates_unref)

static int
compare (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(PeerupTemplate *const *) a)->id, (*(PeerupTemplate *const *) b)->id);
}

static gboolean
is_fixed (const char *id)
{
  return g_str_equal (id, PEERUP_TEMPLATE_WEB) || g_str_equal (id, PEERUP_TEMPLATE_GENERIC);
}

/* Takes @template. */
static void
put (PeerupTemplates *self, PeerupTemplate *template)
{
  for (guint i = 0; i < self->array->len; i++)
    if (g_str_equal (((PeerupTemplate *) self->array->pdata[i])->id, template->id))
      {
        g_ptr_array_remove_index (self->array, i);
        break;
      }
  if (template->hidden)
    peerup_template_unref (template);
  else
    g_ptr_array_add (self->array, template);
}

static char *
dup_id (const char *file)
{
  return g_strndup (file, strlen (file) - strlen (PEERUP_TEMPLATE_SUFFIX));
}

/* What is built in is right, or the program is not. */
static void
load_resources (PeerupTemplates *self)
{
  GResource *resource = peerup_templates_get_resource ();
  g_auto (GStrv) files = g_resource_enumerate_children (resource, RESOURCE_PATH, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);

  for (guint i = 0; files[i] != NULL; i++)
    {
      g_autofree char *path = g_strconcat (RESOURCE_PATH, files[i], NULL);
      g_autofree char *id = dup_id (files[i]);
      g_autoptr (GBytes) bytes = g_resource_lookup_data (resource, path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
      g_autoptr (GError) error = NULL;
      PeerupTemplate *template =
        peerup_template_parse (id, files[i], g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);

      if (template == NULL)
        g_error ("Built in: %s", error->message);
      put (self, template);
    }
}

/* Whether nobody was told of @path as it has been since @modified (µs): files are read whenever somebody asks. */
static gboolean
is_news (const char *path, gint64 modified)
{
  static GMutex mutex;
  static GHashTable *told; /* of gint64, by paths */
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&mutex);
  const gint64 *last;

  if (told == NULL)
    told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  last = g_hash_table_lookup (told, path);
  if (last != NULL && *last == modified)
    return FALSE;
  if (g_hash_table_size (told) >= TOLD_MAX)
    g_hash_table_remove_all (told);
  g_hash_table_insert (told, g_strdup (path), g_memdup2 (&modified, sizeof modified));
  return TRUE;
}

/* (transfer full) (nullable): one byte more than is allowed at most, so that too much is seen. @modified gets when it
 * was, in µs; 0 where that is not known. */
static GBytes *
read_file (const char *path, gint64 *modified, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInfo) info =
    g_file_query_info (file,
                       G_FILE_ATTRIBUTE_STANDARD_TYPE "," G_FILE_ATTRIBUTE_TIME_MODIFIED
                                                      "," G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC,
                       0, NULL, error);
  g_autoptr (GFileInputStream) stream = NULL;

  *modified = 0;
  if (info == NULL)
    return NULL;
  *modified = (gint64) g_file_info_get_attribute_uint64 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED) * G_USEC_PER_SEC +
              g_file_info_get_attribute_uint32 (info, G_FILE_ATTRIBUTE_TIME_MODIFIED_USEC);
  if (g_file_info_get_file_type (info) != G_FILE_TYPE_REGULAR)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, _ ("It is no file"));
      return NULL;
    }
  stream = g_file_read (file, NULL, error);
  if (stream == NULL)
    return NULL;
  return g_input_stream_read_bytes (G_INPUT_STREAM (stream), PEERUP_TEMPLATE_FILE_MAX + 1, NULL, error);
}

static void
load_file (PeerupTemplates *self, const char *directory, const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *id = dup_id (name);
  g_autoptr (GError) error = NULL;
  gint64 modified;
  g_autoptr (GBytes) bytes = read_file (path, &modified, &error);
  PeerupTemplate *template = NULL;

  if (bytes == NULL)
    {
      if (is_news (path, modified))
        g_warning ("The template %s cannot be read: %s", path, error->message);
      return;
    }
  template = peerup_template_parse (id, path, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &error);
  if (template == NULL)
    {
      if (is_news (path, modified))
        g_warning ("The template is left out: %s", error->message);
    }
  else if (template->hidden && is_fixed (id))
    {
      if (is_news (path, modified))
        g_warning ("The template is left out: %s:1: This one cannot be hidden", path);
      peerup_template_unref (template);
    }
  else
    put (self, template);
}

static void
load_directory (PeerupTemplates *self, const char *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, PEERUP_TEMPLATE_SUFFIX) && names->len < PEERUP_TEMPLATES_MAX)
      g_ptr_array_add (names, g_strdup (name));
    else if (names->len == PEERUP_TEMPLATES_MAX)
      {
        if (is_news (directory, 0))
          g_warning ("%s has more than %d templates: some are left out", directory, PEERUP_TEMPLATES_MAX);
        break;
      }
  for (guint i = 0; i < names->len; i++)
    load_file (self, directory, names->pdata[i]);
}

PeerupTemplates *
peerup_templates_load_from (const char *const *directories)
{
  PeerupTemplates *self = g_atomic_rc_box_new0 (PeerupTemplates);

  self->array = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_template_unref);
  load_resources (self);
  for (guint i = 0; directories != NULL && directories[i] != NULL; i++)
    load_directory (self, directories[i]);
  g_ptr_array_sort (self->array, compare);
  return self;
}

PeerupTemplates *
peerup_templates_load (void)
{
  const char *const *system = g_get_system_data_dirs ();
  g_autoptr (GPtrArray) directories = g_ptr_array_new_with_free_func (g_free);

  /* The first of the system's directories counts most. */
  for (guint i = g_strv_length ((char **) system); i > 0; i--)
    g_ptr_array_add (directories, g_build_filename (system[i - 1], "peerup", "services", NULL));
  g_ptr_array_add (directories, g_build_filename (g_get_user_data_dir (), "peerup", "services", NULL));
  g_ptr_array_add (directories, NULL);
  return peerup_templates_load_from ((const char *const *) directories->pdata);
}

static void
load_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_task_return_pointer (task, peerup_templates_load (), (GDestroyNotify) peerup_templates_unref);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  DexPromise *promise = data;
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, PEERUP_TYPE_TEMPLATES);
  g_value_take_boxed (&value, g_task_propagate_pointer (G_TASK (result), NULL));
  dex_promise_resolve (promise, &value);
  dex_unref (promise);
}

DexFuture *
peerup_templates_load_async (void)
{
  DexPromise *promise = dex_promise_new ();
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_loaded, dex_ref (promise));

  g_task_set_source_tag (task, peerup_templates_load_async);
  g_task_run_in_thread (task, load_in_thread);
  return DEX_FUTURE (promise);
}

PeerupTemplates *
peerup_templates_ref (PeerupTemplates *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
templates_clear (gpointer data)
{
  g_ptr_array_unref (((PeerupTemplates *) data)->array);
}

void
peerup_templates_unref (PeerupTemplates *self)
{
  g_atomic_rc_box_release_full (self, templates_clear);
}

guint
peerup_templates_get_n (const PeerupTemplates *self)
{
  return self->array->len;
}

PeerupTemplate *
peerup_templates_get (const PeerupTemplates *self, guint i)
{
  return self->array->pdata[i];
}

PeerupTemplate *
peerup_templates_find (const PeerupTemplates *self, const char *id)
{
  for (guint i = 0; i < self->array->len; i++)
    if (g_str_equal (peerup_templates_get (self, i)->id, id))
      return self->array->pdata[i];
  return NULL;
}

PeerupTemplate *
peerup_templates_find_by_kind (const PeerupTemplates *self, const char *kind)
{
  PeerupTemplate *template = peerup_templates_find (self, kind);
  PeerupTemplate *web = peerup_templates_find (self, PEERUP_TEMPLATE_WEB);

  if (template != NULL)
    return template;
  if (g_str_equal (web->kind, kind))
    return web;
  for (guint i = 0; i < self->array->len; i++)
    if (g_str_equal (peerup_templates_get (self, i)->kind, kind))
      return self->array->pdata[i];
  return NULL;
}

PeerupTemplate *
peerup_templates_find_by_port (const PeerupTemplates *self, guint16 port)
{
  for (guint i = 0; i < self->array->len; i++)
    if (peerup_template_has_port (self->array->pdata[i], port))
      return self->array->pdata[i];
  return NULL;
}
