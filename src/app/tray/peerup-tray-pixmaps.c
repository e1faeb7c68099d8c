/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The shapes are drawn from the SVGs when the program is built, and coloured here. */
#include "app/tray/peerup-tray-pixmaps.h"

#include <png.h>
#include <string.h>

#include "app/tray/peerup-tray-resources.h"

#define FILL 0xff
#define EDGE 0x18
/* How much of what is behind the edge it hides, of 255. */
#define EDGE_ALPHA 0xc8

/* How thick the edge is, in pixels. */
static int
get_radius (guint size)
{
  return size < 40 ? 1 : 2;
}

/* The strongest part of the shape near a pixel: what is further away in both directions counts for less. */
static guint
find_edge (const guint8 *alpha, int size, int x, int y)
{
  int radius = get_radius (size);
  guint edge = 0;

  for (int dy = -radius; dy <= radius; dy++)
    for (int dx = -radius; dx <= radius; dx++)
      {
        gboolean is_corner = ABS (dx) == radius && ABS (dy) == radius;
        guint near;

        if (x + dx < 0 || x + dx >= size || y + dy < 0 || y + dy >= size)
          continue;
        near = alpha[(y + dy) * size + x + dx];
        edge = MAX (edge, is_corner ? near / 2 : near);
      }
  return edge * EDGE_ALPHA / 255;
}

void
peerup_tray_pixmaps_paint (const guint8 *alpha, guint size, guint8 *argb)
{
  for (guint i = 0; i < size * size; i++)
    {
      guint shape = alpha[i], edge = find_edge (alpha, size, i % size, i / size);
      guint behind = edge * (255 - shape) / 255, whole = shape + behind;
      guint grey = whole > 0 ? (FILL * shape + EDGE * behind) / whole : 0;

      argb[4 * i] = whole;
      memset (argb + 4 * i + 1, grey, 3);
    }
}

/* (nullable) (transfer floating): one size of an icon */
static GVariant *
load (const char *name, guint size, GError **error)
{
  g_autofree char *path = g_strdup_printf ("/dev/peerup/PeerUp/tray/%s-%u.png", name, size);
  g_autoptr (GBytes) file =
    g_resource_lookup_data (peerup_app_tray_get_resource (), path, G_RESOURCE_LOOKUP_FLAGS_NONE, error);
  g_autofree guint8 *rgba = g_malloc (4 * size * size);
  g_autofree guint8 *alpha = g_malloc (size * size);
  g_autofree guint8 *argb = g_malloc (4 * size * size);
  png_image image = { .version = PNG_IMAGE_VERSION };

  if (file == NULL)
    return NULL;
  if (!png_image_begin_read_from_memory (&image, g_bytes_get_data (file, NULL), g_bytes_get_size (file)) ||
      image.width != size || image.height != size)
    {
      png_image_free (&image);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s is no icon of %u pixels", path, size);
      return NULL;
    }
  image.format = PNG_FORMAT_RGBA;
  if (!png_image_finish_read (&image, NULL, rgba, 0, NULL))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "%s: %s", path, image.message);
      return NULL;
    }
  for (guint i = 0; i < size * size; i++)
    alpha[i] = rgba[4 * i + 3];
  peerup_tray_pixmaps_paint (alpha, size, argb);
  return g_variant_new ("(ii@ay)", size, size,
                        g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, argb, 4 * size * size, 1));
}

GVariant *
peerup_tray_pixmaps_new (const char *name, GError **error)
{
  static const guint sizes[] = { 16, 22, 24, 32, 48 };
  GVariantBuilder pixmaps;

  g_variant_builder_init (&pixmaps, G_VARIANT_TYPE ("a(iiay)"));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      GVariant *pixmap = load (name, sizes[i], error);

      if (pixmap == NULL)
        {
          g_variant_builder_clear (&pixmaps);
          return NULL;
        }
      g_variant_builder_add_value (&pixmaps, pixmap);
    }
  return g_variant_builder_end (&pixmaps);
}
