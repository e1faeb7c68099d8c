/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The services of the configuration: added, changed, switched and taken out, each by one edit of the file that is in
 * force when it is answered. Those that Expose has made are not theirs: the configuration does not have them.
 */
#include "config/peerup-config-edit.h"

#include <glib/gi18n-lib.h>
#include "control/peerup-control-edit.h"
#include "control/peerup-control-options.h"
#include "control/peerup-control-ops.h"

/* What is wanted of a service; NULL: as it is. */
typedef struct
{
  const char *name;
  const char *new_name;
  const char *address;
  const char *kind; /* "": none */
  const char **tags;
  GPtrArray *allowed;  /* empty: all who are authorized */
  gboolean restricted; /* or nobody */
  gboolean enabled;    /* for a new one */
} Service;

static DexFuture *
answer (gboolean done, GError *error)
{
  return done ? peerup_control_reply (NULL) : peerup_control_reply_take_error (error);
}

/* EXISTS where an exposed service is in the way. */
static gboolean
check_free (PeerupControlCall *call, const char *name, GError **error)
{
  if (!peerup_service_set_is_exposed (call->engine->services, name))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_EXISTS,
               _ ("There is already a service “%s”, which Expose has made: end it with Unexpose, or use another name"),
               name);
  return FALSE;
}

/* DENIED where @name is an exposed service. */
static gboolean
check_configured (PeerupControlCall *call, const char *name, GError **error)
{
  if (!peerup_service_set_is_exposed (call->engine->services, name))
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED,
               _ ("The configuration does not have the service “%s”: end it with Unexpose"), name);
  return FALSE;
}

/* EnableService */

typedef struct
{
  const char *name;
  gboolean enabled;
} Switch;

static gboolean
switch_service (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const Switch *wanted = data;

  return peerup_config_edit_set_service_enabled (edit, wanted->name, wanted->enabled, error);
}

DexFuture *
peerup_control_op_enable_service (PeerupControlCall *call)
{
  GError *error = NULL;
  Switch wanted;
  gboolean done;

  g_variant_get (call->parameters, "(&sb)", &wanted.name, &wanted.enabled);
  done = check_configured (call, wanted.name, &error) &&
         peerup_control_change_config (call, wanted.enabled ? "service enable" : "service disable", wanted.name,
                                       switch_service, &wanted, &error);
  return answer (done, error);
}

/* AddService and ChangeService */

static gboolean
set_labels (PeerupConfigEdit *edit, const Service *wanted, GError **error)
{
  const char *kind = wanted->kind != NULL && wanted->kind[0] != '\0' ? wanted->kind : NULL;

  return (wanted->kind == NULL || peerup_config_edit_set_service_kind (edit, wanted->name, kind, error)) &&
         (wanted->tags == NULL || peerup_config_edit_set_service_tags (edit, wanted->name, wanted->tags, error)) &&
         (wanted->allowed == NULL ||
          peerup_config_edit_set_allowed_peers (edit, wanted->name,
                                                wanted->allowed->len > 0 || wanted->restricted ? wanted->allowed : NULL,
                                                error));
}

static gboolean
add_service (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const Service *wanted = data;

  return peerup_config_edit_add_service (edit, wanted->name, wanted->address, error) &&
         peerup_config_edit_set_service_enabled (edit, wanted->name, wanted->enabled, error) &&
         set_labels (edit, wanted, error);
}

/* The name last: until then it has the old one. */
static gboolean
change_service (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  const Service *wanted = data;

  return (wanted->address == NULL ||
          peerup_config_edit_set_service_address (edit, wanted->name, wanted->address, error)) &&
         set_labels (edit, wanted, error) &&
         peerup_config_edit_rename_service (edit, wanted->name,
                                            wanted->new_name != NULL ? wanted->new_name : wanted->name, error);
}

/* @allowed: nullable */
static gboolean
read_allowed (PeerupControlCall *call, const char *const *allowed, Service *wanted, GError **error)
{
  static const char *const nobody[] = { NULL };

  if (allowed == NULL && wanted->restricted)
    allowed = nobody;
  if (allowed == NULL)
    return TRUE;
  if (!peerup_control_check_config (call->engine, error))
    return FALSE;
  wanted->allowed = peerup_control_parse_peers (call->engine, allowed, error);
  return wanted->allowed != NULL;
}

DexFuture *
peerup_control_op_add_service (PeerupControlCall *call)
{
  g_autofree const char **allowed = NULL;
  g_autofree const char **tags = NULL;
  Service wanted = { .enabled = TRUE };
  const PeerupControlOption known[] = {
    { "allowed", "as", &allowed }, { "enabled", "b", &wanted.enabled },
    { "kind", "s", &wanted.kind }, { "restricted", "b", &wanted.restricted },
    { "tags", "as", &tags },
  };
  g_autoptr (GVariant) options = NULL;
  GError *error = NULL;
  gboolean done;

  g_variant_get (call->parameters, "(&s&s@a{sv})", &wanted.name, &wanted.address, &options);
  done = peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error) &&
         read_allowed (call, allowed, &wanted, &error) && check_free (call, wanted.name, &error);
  wanted.tags = tags;
  done = done && peerup_control_change_config (call, "service add", wanted.name, add_service, &wanted, &error);
  g_clear_pointer (&wanted.allowed, g_ptr_array_unref);
  return answer (done, error);
}

DexFuture *
peerup_control_op_change_service (PeerupControlCall *call)
{
  g_autofree const char **allowed = NULL;
  g_autofree const char **tags = NULL;
  Service wanted = { NULL };
  const PeerupControlOption known[] = {
    { "address", "s", &wanted.address },
    { "allowed", "as", &allowed },
    { "kind", "s", &wanted.kind },
    { "name", "s", &wanted.new_name },
    { "restricted", "b", &wanted.restricted },
    { "tags", "as", &tags },
  };
  g_autoptr (GVariant) options = NULL;
  GError *error = NULL;
  gboolean done;

  g_variant_get (call->parameters, "(&s@a{sv})", &wanted.name, &options);
  done = peerup_control_read_options (options, known, G_N_ELEMENTS (known), &error) &&
         read_allowed (call, allowed, &wanted, &error) && check_configured (call, wanted.name, &error) &&
         (wanted.new_name == NULL || check_free (call, wanted.new_name, &error));
  wanted.tags = tags;
  done = done && peerup_control_change_config (call, "service change", wanted.name, change_service, &wanted, &error);
  g_clear_pointer (&wanted.allowed, g_ptr_array_unref);
  return answer (done, error);
}

/* RemoveService */

static gboolean
remove_service (PeerupConfigEdit *edit, gconstpointer data, GError **error)
{
  return peerup_config_edit_remove_service (edit, data, error);
}

DexFuture *
peerup_control_op_remove_service (PeerupControlCall *call)
{
  GError *error = NULL;
  const char *name;
  gboolean done;

  g_variant_get (call->parameters, "(&s)", &name);
  done = check_configured (call, name, &error) &&
         peerup_control_change_config (call, "service remove", name, remove_service, name, &error);
  return answer (done, error);
}
