/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* The code. The clock runs only while the page is seen. */
#include "app/pairing/peerup-invite-code-page.h"

#include <glib/gi18n.h>

#include "app/pairing/peerup-page-focus.h"
#include "app/pairing/peerup-pairing-words.h"
#include "app/widgets/peerup-copy-row.h"
#include "app/widgets/peerup-qr-view.h"

/* It is read aloud from where one can see it from. */
#define SPOKEN_SCALE 1.6

struct _PeerupInviteCodePage
{
  AdwNavigationPage parent_instance;

  PeerupQrView *qr;
  GtkLabel *spoken;
  GtkLabel *waiting;
  AdwSpinner *spinner;
  GtkLabel *left;
  GtkWidget *guesses_box;
  GtkLabel *guesses;
  PeerupCopyRow *code_row;
  PeerupCopyRow *link_row;
  gint64 expires_at;
  guint timer;
};

G_DEFINE_FINAL_TYPE (PeerupInviteCodePage, peerup_invite_code_page, ADW_TYPE_NAVIGATION_PAGE)

static void
tick (gpointer data)
{
  PeerupInviteCodePage *self = data;
  gint64 seconds = self->expires_at - g_get_real_time () / G_USEC_PER_SEC;
  g_autofree char *text = peerup_pairing_words_left (seconds);

  self->timer = 0;
  gtk_label_set_text (self->left, text);
  if (seconds > 0)
    self->timer = g_timeout_add_seconds_once (peerup_pairing_words_left_holds (seconds), tick, self);
}

static void
peerup_invite_code_page_map (GtkWidget *widget)
{
  GTK_WIDGET_CLASS (peerup_invite_code_page_parent_class)->map (widget);
  tick (widget);
}

static void
peerup_invite_code_page_unmap (GtkWidget *widget)
{
  g_clear_handle_id (&PEERUP_INVITE_CODE_PAGE (widget)->timer, g_source_remove);
  GTK_WIDGET_CLASS (peerup_invite_code_page_parent_class)->unmap (widget);
}

static void
on_shown (AdwNavigationPage *page)
{
  peerup_page_focus (page, GTK_WIDGET (PEERUP_INVITE_CODE_PAGE (page)->qr), NULL);
}

void
peerup_invite_code_page_set_guesses (PeerupInviteCodePage *self, guint guesses)
{
  g_autofree char *text = NULL;

  g_return_if_fail (PEERUP_IS_INVITE_CODE_PAGE (self));
  /* TRANSLATORS: %u is 1 or 2; after three the code is dead */
  text = g_strdup_printf (_ ("Somebody has tried a wrong code (%u of 3)"), guesses);
  gtk_label_set_text (self->guesses, text);
  gtk_widget_set_visible (self->guesses_box, guesses > 0);
}

static void
peerup_invite_code_page_dispose (GObject *object)
{
  PeerupInviteCodePage *self = PEERUP_INVITE_CODE_PAGE (object);

  g_clear_handle_id (&self->timer, g_source_remove);
  gtk_widget_dispose_template (GTK_WIDGET (self), PEERUP_TYPE_INVITE_CODE_PAGE);
  G_OBJECT_CLASS (peerup_invite_code_page_parent_class)->dispose (object);
}

static void
peerup_invite_code_page_class_init (PeerupInviteCodePageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = peerup_invite_code_page_dispose;
  widget_class->map = peerup_invite_code_page_map;
  widget_class->unmap = peerup_invite_code_page_unmap;
  g_type_ensure (PEERUP_TYPE_QR_VIEW);
  g_type_ensure (PEERUP_TYPE_COPY_ROW);
  gtk_widget_class_set_template_from_resource (widget_class, "/dev/peerup/PeerUp/pairing/peerup-invite-code-page.ui");
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, qr);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, spoken);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, waiting);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, spinner);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, left);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, guesses_box);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, guesses);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, code_row);
  gtk_widget_class_bind_template_child (widget_class, PeerupInviteCodePage, link_row);
}

static void
peerup_invite_code_page_init (PeerupInviteCodePage *self)
{
  g_autoptr (PangoAttrList) attributes = pango_attr_list_new ();

  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self, "map", G_CALLBACK (on_shown), NULL);
  pango_attr_list_insert (attributes, pango_attr_family_new ("monospace"));
  pango_attr_list_insert (attributes, pango_attr_weight_new (PANGO_WEIGHT_BOLD));
  pango_attr_list_insert (attributes, pango_attr_scale_new (SPOKEN_SCALE));
  gtk_label_set_attributes (self->spoken, attributes);
  /* A code reads from left to right in every language. */
  gtk_widget_set_direction (GTK_WIDGET (self->spoken), GTK_TEXT_DIR_LTR);
}

static const char *
get_string (GVariant *invite, const char *key)
{
  const char *value = "";

  g_variant_lookup (invite, key, "&s", &value);
  return value;
}

static void
set_description (PeerupInviteCodePage *self, const char *spoken)
{
  g_autofree char *text = NULL;

  if (*spoken != '\0')
    /* TRANSLATORS: to a screen reader; %s is a code of a number and three words */
    text = g_strdup_printf (_ ("QR code of the invite. Spoken code: %s"), spoken);
  else
    text = g_strdup (_ ("QR code of the invite. The full code and the link are below"));
  peerup_qr_view_set_description (self->qr, text);
}

PeerupInviteCodePage *
peerup_invite_code_page_new (GVariant *invite)
{
  PeerupInviteCodePage *self = g_object_new (PEERUP_TYPE_INVITE_CODE_PAGE, NULL);
  const char *link = get_string (invite, "link"), *spoken = get_string (invite, "spoken");
  const char *code = get_string (invite, "code");
  gboolean left = FALSE;

  g_variant_lookup (invite, "expires_at", "x", &self->expires_at);
  g_variant_lookup (invite, "left", "b", &left);
  peerup_qr_view_set_text (self->qr, *link != '\0' ? link : code);
  set_description (self, spoken);
  gtk_label_set_text (self->spoken, spoken);
  gtk_widget_set_visible (GTK_WIDGET (self->spoken), *spoken != '\0');
  peerup_copy_row_set_text (self->code_row, code);
  peerup_copy_row_set_text (self->link_row, link);
  gtk_widget_set_visible (GTK_WIDGET (self->link_row), *link != '\0');
  if (left)
    {
      gtk_label_set_text (self->waiting,
                          _ ("The invite waits with a relay. You can close this: the code goes on working."));
      gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
    }
  return self;
}
