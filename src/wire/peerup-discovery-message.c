/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The messages of /peerup/discovery/1.0.0 as bytes. All that a peer says of its services is shown to people and given
 * to programs, so what is kept of it here has the form of what it stands for. Who may be told what is not known here.
 */
#include "wire/peerup-discovery-message.h"

#include <string.h>

#include "wire/peerup-label.h"
#include "wire/peerup-message.h"
#include "wire/proto/discovery.pb-c.h"

/* As many as a full response has, and again as many for what later versions say. */
#define FIELDS_MAX (2 * PEERUP_DISCOVERY_SERVICES_MAX * (4 + PEERUP_DISCOVERY_TAGS_MAX))

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__DiscoveryRequest, peerup_message_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Peerup__DiscoveryResponse, peerup_message_free)

static gboolean
is_shown_as_it_is (gunichar c)
{
  const GUnicodeType type = g_unichar_type (c);

  return type != G_UNICODE_CONTROL && type != G_UNICODE_FORMAT && type != G_UNICODE_SURROGATE &&
         type != G_UNICODE_PRIVATE_USE && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR;
}

gboolean
peerup_discovery_is_tag (const char *text, gsize length)
{
  g_return_val_if_fail (text != NULL || length == 0, FALSE);

  if (length == 0 || length > PEERUP_DISCOVERY_TAG_MAX || !g_utf8_validate_len (text, length, NULL))
    return FALSE;
  for (const char *p = text; p < text + length; p = g_utf8_next_char (p))
    if (!is_shown_as_it_is (g_utf8_get_char (p)))
      return FALSE;
  return text[0] != ' ' && text[length - 1] != ' ';
}

static gboolean
is_protocol (const char *text, gsize length)
{
  if (length == 0 || length > PEERUP_DISCOVERY_PROTOCOL_MAX || text[0] != '/')
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (text[i]))
      return FALSE;
  return TRUE;
}

/* Services */

static void
add_tag (GPtrArray *tags, const char *text, gsize length)
{
  g_autofree char *tag = NULL;

  if (tags->len >= PEERUP_DISCOVERY_TAGS_MAX || !peerup_discovery_is_tag (text, length))
    return;
  tag = g_strndup (text, length);
  if (!g_ptr_array_find_with_equal_func (tags, tag, g_str_equal, NULL))
    g_ptr_array_add (tags, g_steal_pointer (&tag));
}

PeerupDiscoveryService *
peerup_discovery_service_new (const char *name, const char *kind, const char *const *tags)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  PeerupDiscoveryService *self;

  g_return_val_if_fail (name != NULL, NULL);

  for (guint i = 0; tags != NULL && tags[i] != NULL; i++)
    add_tag (list, tags[i], strlen (tags[i]));
  self = g_new0 (PeerupDiscoveryService, 1);
  self->name = g_strdup (name);
  self->kind = g_strdup (kind != NULL ? kind : "");
  self->tags = (char **) g_ptr_array_free (g_steal_pointer (&list), FALSE);
  self->protocol = g_strdup_printf ("/peerup/%s/1.0.0", name);
  return self;
}

void
peerup_discovery_service_free (PeerupDiscoveryService *self)
{
  g_free (self->name);
  g_free (self->kind);
  g_strfreev (self->tags);
  g_free (self->protocol);
  g_free (self);
}

/* Reading */

static gboolean
check_length (gsize length, gsize max, GError **error)
{
  if (length <= max)
    return TRUE;
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "A discovery message of %" G_GSIZE_FORMAT " bytes is above the limit of %" G_GSIZE_FORMAT, length, max);
  return FALSE;
}

static gboolean
is_label (const ProtobufCBinaryData *field)
{
  return peerup_label_is_valid ((const char *) field->data, field->len);
}

static char *
dup_label (const ProtobufCBinaryData *field)
{
  return is_label (field) ? g_strndup ((const char *) field->data, field->len) : g_strdup ("");
}

static PeerupDiscoveryService *
read_service (const Peerup__DiscoveryService *service)
{
  g_autoptr (GPtrArray) tags = g_ptr_array_new_null_terminated (0, g_free, TRUE);
  g_autofree char *name = dup_label (&service->name);
  PeerupDiscoveryService *self = peerup_discovery_service_new (name, NULL, NULL);

  g_free (self->kind);
  self->kind = dup_label (&service->kind);
  for (gsize i = 0; i < service->n_tags; i++)
    add_tag (tags, (const char *) service->tags[i].data, service->tags[i].len);
  g_strfreev (self->tags);
  self->tags = (char **) g_ptr_array_free (g_steal_pointer (&tags), FALSE);
  if (!is_protocol ((const char *) service->protocol.data, service->protocol.len))
    return self;
  g_free (self->protocol);
  self->protocol = g_strndup ((const char *) service->protocol.data, service->protocol.len);
  return self;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  const PeerupDiscoveryService *const *one = a;
  const PeerupDiscoveryService *const *other = b;

  return strcmp ((*one)->name, (*other)->name);
}

static GPtrArray *
read_services (const Peerup__DiscoveryResponse *message)
{
  GPtrArray *services = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_discovery_service_free);
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (gsize i = 0; i < message->n_services; i++)
    {
      g_autoptr (PeerupDiscoveryService) service = NULL;

      if (!is_label (&message->services[i]->name))
        continue;
      service = read_service (message->services[i]);
      if (g_hash_table_contains (names, service->name))
        continue;
      g_hash_table_add (names, service->name);
      g_ptr_array_add (services, g_steal_pointer (&service));
    }
  g_ptr_array_sort (services, compare_names);
  return services;
}

gboolean
peerup_discovery_request_decode (gconstpointer data, gsize length, guint *version, GError **error)
{
  g_autoptr (Peerup__DiscoveryRequest) message = NULL;

  g_return_val_if_fail (version != NULL, FALSE);

  if (!check_length (length, PEERUP_DISCOVERY_REQUEST_MAX, error))
    return FALSE;
  message = peerup_message_unpack (&peerup__discovery_request__descriptor, data, length,
                                   PEERUP_DISCOVERY_REQUEST_MAX / 2, error);
  if (message == NULL)
    return FALSE;
  *version = message->version;
  return TRUE;
}

GPtrArray *
peerup_discovery_response_decode (gconstpointer data, gsize length, GError **error)
{
  g_autoptr (Peerup__DiscoveryResponse) message = NULL;

  if (!check_length (length, PEERUP_DISCOVERY_RESPONSE_MAX, error))
    return NULL;
  message = peerup_message_unpack (&peerup__discovery_response__descriptor, data, length, FIELDS_MAX, error);
  if (message == NULL)
    return NULL;
  if (message->n_services <= PEERUP_DISCOVERY_SERVICES_MAX)
    return read_services (message);
  g_set_error (error, PEERUP_ERROR, PEERUP_ERROR_TOO_LARGE,
               "A discovery message of %" G_GSIZE_FORMAT " services is above the limit of %d", message->n_services,
               PEERUP_DISCOVERY_SERVICES_MAX);
  return NULL;
}

/* Writing */

GBytes *
peerup_discovery_request_encode (void)
{
  Peerup__DiscoveryRequest message = PEERUP__DISCOVERY_REQUEST__INIT;

  message.has_version = TRUE;
  message.version = PEERUP_DISCOVERY_VERSION;
  return peerup_message_pack_framed (&message.base);
}

/* A message and what it borrows. */
typedef struct
{
  Peerup__DiscoveryResponse message;
  Peerup__DiscoveryService services[PEERUP_DISCOVERY_SERVICES_MAX];
  Peerup__DiscoveryService *list[PEERUP_DISCOVERY_SERVICES_MAX];
  ProtobufCBinaryData tags[PEERUP_DISCOVERY_SERVICES_MAX][PEERUP_DISCOVERY_TAGS_MAX];
} Response;

static void
write_service (Response *self, gsize i, const PeerupDiscoveryService *from, gboolean with_tags)
{
  Peerup__DiscoveryService *to = &self->services[i];

  peerup__discovery_service__init (to);
  to->has_name = to->has_protocol = TRUE;
  to->name = peerup_message_text (from->name);
  to->protocol = peerup_message_text (from->protocol);
  to->has_kind = from->kind[0] != '\0';
  if (to->has_kind)
    to->kind = peerup_message_text (from->kind);
  to->tags = self->tags[i];
  for (; with_tags && from->tags[to->n_tags] != NULL && to->n_tags < PEERUP_DISCOVERY_TAGS_MAX; to->n_tags++)
    to->tags[to->n_tags] = peerup_message_text (from->tags[to->n_tags]);
  self->list[i] = to;
}

static gsize
write_services (Response *self, GPtrArray *services, gboolean with_tags)
{
  Peerup__DiscoveryResponse *message = &self->message;

  peerup__discovery_response__init (message);
  message->has_version = TRUE;
  message->version = PEERUP_DISCOVERY_VERSION;
  message->n_services = MIN (services->len, PEERUP_DISCOVERY_SERVICES_MAX);
  message->services = self->list;
  for (gsize i = 0; i < message->n_services; i++)
    write_service (self, i, services->pdata[i], with_tags);
  return protobuf_c_message_get_packed_size (&message->base);
}

GBytes *
peerup_discovery_response_encode (GPtrArray *services)
{
  /* Fibers have no room for it. */
  g_autofree Response *response = g_new0 (Response, 1);
  gsize length;

  g_return_val_if_fail (services != NULL, NULL);

  length = write_services (response, services, TRUE);
  if (length > PEERUP_DISCOVERY_RESPONSE_MAX)
    length = write_services (response, services, FALSE);
  g_assert (length <= PEERUP_DISCOVERY_RESPONSE_MAX);
  return peerup_message_pack_framed (&response->message.base);
}
