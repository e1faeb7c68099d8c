/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * What we say of ourselves: read again by our own eyes, and in sizes that fit. */

#include "mdns-test.h"

#include "mdns/peerup-mdns-claim.h"
#include "mdns/peerup-mdns-own.h"

#define SERVICE "_p2p._udp.local"

typedef struct
{
  PeerupMdnsOwn *own;
  PeerupMdnsInterface *interface;
  guint8 data[PEERUP_MDNS_SEND_MAX];
  gsize length;
  PeerupMdnsMessage message;
} Fixture;

static void
fixture_init (Fixture *self)
{
  g_autoptr (PeerupPeerId) peer = new_peer (OWN_ID);

  *self = (Fixture) { 0 };
  self->own = peerup_mdns_own_new (peer, INSTANCE);
  self->interface = new_interface (2, "192.168.7.2/24", "fd00:7::2/64", "fe80::2/64", NULL);
  peerup_mdns_own_set_announcing (self->own, TRUE);
}

static void
fixture_clear (Fixture *self)
{
  peerup_mdns_own_free (self->own);
  peerup_mdns_interface_free (self->interface);
}

static gboolean
fixture_tell (Fixture *self, GPtrArray *addresses)
{
  g_autoptr (GPtrArray) list = addresses;

  return peerup_mdns_own_set_addresses (self->own, list);
}

static void
fixture_write (Fixture *self, const PeerupMdnsAnswer *answer)
{
  g_autoptr (GError) error = NULL;

  self->length = peerup_mdns_own_write_answer (self->own, answer, self->interface, self->data);
  g_assert_cmpuint (self->length, <=, PEERUP_MDNS_SEND_MAX);
  g_assert_true (peerup_mdns_message_parse (&self->message, self->data, self->length, &error));
  g_assert_no_error (error);
  g_assert_true (self->message.is_response);
}

/* "answers: PTR; additional: TXT SRV A", TTLs where they are not 120, and ! for what others have, too. */
static char *
fixture_describe (Fixture *self)
{
  static const char *const sections[] = { "answer", "authority", "additional" };
  GString *text = g_string_new ("");
  PeerupMdnsCursor cursor;
  PeerupMdnsRecord record;

  peerup_mdns_cursor_init (&cursor, &self->message);
  while (peerup_mdns_cursor_next_record (&cursor, &record))
    {
      const char *type = record.type == PEERUP_MDNS_PTR   ? "PTR"
                         : record.type == PEERUP_MDNS_TXT ? "TXT"
                         : record.type == PEERUP_MDNS_SRV ? "SRV"
                         : record.type == PEERUP_MDNS_A   ? "A"
                                                          : "AAAA";

      g_string_append_printf (text, "%s%s %s %u%s", text->len > 0 ? ", " : "", sections[record.section], type,
                              record.ttl, record.flush ? "" : "!");
    }
  return g_string_free_and_steal (text);
}

static char *
fixture_list_addresses (Fixture *self, const char *service)
{
  PeerupMdnsName name = make_name (service);
  g_autoptr (GPtrArray) claims = peerup_mdns_claims_read (&self->message, &name);
  GString *text = g_string_new ("");
  const PeerupMdnsClaim *claim;

  g_assert_cmpuint (claims->len, ==, 1);
  claim = claims->pdata[0];
  g_assert_cmpstr (peerup_peer_id_get_string (claim->peer), ==, OWN_ID);
  for (guint i = 0; i < claim->addresses->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? " " : "", peerup_multiaddr_get_string (claim->addresses->pdata[i]));
  for (guint i = 0; i < claim->n_numbers; i++)
    g_string_append_printf (text, " %u", claim->numbers[i]);
  return g_string_free_and_steal (text);
}

static void
test_answer (void)
{
  g_autofree char *records = NULL, *addresses = NULL;
  Fixture f;

  fixture_init (&f);
  g_assert_false (peerup_mdns_own_tells (f.own, PEERUP_MDNS_PEERS));
  g_assert_true (
    fixture_tell (&f, new_list ("/ip4/127.0.0.1/tcp/1", "/ip4/10.9.9.9/tcp/1", "/ip4/192.168.7.2/tcp/4001",
                                "/ip4/192.168.7.2/udp/4001/quic-v1", "/ip6/::1/tcp/1", "/ip4/192.168.7.2/tcp/4001/ws",
                                "/ip6/fd00:7::2/tcp/4001", "/ip4/1.2.3.4/tcp/1/p2p/" OTHER_ID "/p2p-circuit", NULL)));
  g_assert_true (peerup_mdns_own_tells (f.own, PEERUP_MDNS_PEERS));
  fixture_write (&f, &(PeerupMdnsAnswer) { .topic = PEERUP_MDNS_PEERS, .says = PEERUP_MDNS_SAY_POINTER });
  records = fixture_describe (&f);
  g_assert_cmpstr (records, ==,
                   "answer PTR 120!, additional TXT 120, additional SRV 120, additional A 120, additional AAAA 120");
  /* The other interface's business is not told here. */
  addresses = fixture_list_addresses (&f, SERVICE);
  g_assert_cmpstr (addresses, ==,
                   "/ip4/192.168.7.2/tcp/4001 /ip4/192.168.7.2/udp/4001/quic-v1 /ip6/fd00:7::2/tcp/4001");
  fixture_clear (&f);
}

/* Nothing is listened on here: what there is elsewhere. */
static void
test_elsewhere (void)
{
  g_autofree char *addresses = NULL;
  Fixture f;

  fixture_init (&f);
  g_assert_true (fixture_tell (&f, new_list ("/ip4/10.9.9.9/tcp/1", NULL)));
  fixture_write (&f, &(PeerupMdnsAnswer) { .topic = PEERUP_MDNS_PEERS, .says = PEERUP_MDNS_SAY_POINTER });
  addresses = fixture_list_addresses (&f, SERVICE);
  g_assert_cmpstr (addresses, ==, "/ip4/10.9.9.9/tcp/1");
  fixture_clear (&f);
}

static void
test_parts (void)
{
  static const struct
  {
    guint says;
    const char *expected;
  } parts[] = {
    { PEERUP_MDNS_SAY_INSTANCE, "answer TXT 120, answer SRV 120" },
    { PEERUP_MDNS_SAY_HOST, "answer A 120" },
    { PEERUP_MDNS_SAY_INSTANCE | PEERUP_MDNS_SAY_HOST, "answer TXT 120, answer SRV 120, answer A 120" },
  };
  Fixture f;

  fixture_init (&f);
  g_assert_true (fixture_tell (&f, new_list ("/ip4/192.168.7.2/tcp/4001", "/ip4/192.168.7.2/udp/4001/quic-v1", NULL)));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autofree char *records = NULL;

      fixture_write (&f, &(PeerupMdnsAnswer) { .topic = PEERUP_MDNS_PEERS, .says = parts[i].says });
      records = fixture_describe (&f);
      g_assert_cmpstr (records, ==, parts[i].expected);
    }
  fixture_clear (&f);
}

static void
test_goodbye (void)
{
  g_autofree char *records = NULL;
  Fixture f;

  fixture_init (&f);
  /* Also when there is nothing to tell any more. */
  fixture_write (&f, &(PeerupMdnsAnswer) {
                       .topic = PEERUP_MDNS_PEERS, .says = PEERUP_MDNS_SAY_POINTER, .is_goodbye = TRUE });
  records = fixture_describe (&f);
  g_assert_cmpstr (records, ==, "answer PTR 0!, additional TXT 0");
  fixture_clear (&f);
}

/* As plain DNS: the question with its ID, short times, nothing that speaks of caches. */
static void
test_legacy (void)
{
  PeerupMdnsQuestion question = { .name = make_name (SERVICE), .type = PEERUP_MDNS_PTR }, repeated;
  g_autofree char *records = NULL;
  PeerupMdnsCursor cursor;
  Fixture f;

  fixture_init (&f);
  g_assert_true (fixture_tell (&f, new_list ("/ip4/192.168.7.2/tcp/4001", NULL)));
  fixture_write (&f,
                 &(PeerupMdnsAnswer) {
                   .topic = PEERUP_MDNS_PEERS, .says = PEERUP_MDNS_SAY_POINTER, .legacy = &question, .id = 0x1234 });
  records = fixture_describe (&f);
  g_assert_cmpstr (records, ==, "answer PTR 10!, additional TXT 10!, additional SRV 10!, additional A 10!");
  g_assert_cmpuint (f.message.id, ==, 0x1234);
  peerup_mdns_cursor_init (&cursor, &f.message);
  g_assert_true (peerup_mdns_cursor_next_question (&cursor, &repeated));
  g_assert_true (peerup_mdns_name_equal (&repeated.name, &question.name));
  fixture_clear (&f);
}

static void
test_invites (void)
{
  g_autofree char *told = NULL;
  Fixture f;

  fixture_init (&f);
  peerup_mdns_own_set_announcing (f.own, FALSE);
  g_assert_true (fixture_tell (&f, new_list ("/ip4/192.168.7.2/tcp/4001", NULL)));
  g_assert_false (peerup_mdns_own_tells (f.own, PEERUP_MDNS_INVITES));
  g_assert_true (peerup_mdns_own_add_number (f.own, 417));
  g_assert_false (peerup_mdns_own_add_number (f.own, 417));
  g_assert_true (peerup_mdns_own_add_number (f.own, 9));
  g_assert_true (peerup_mdns_own_tells (f.own, PEERUP_MDNS_INVITES));
  g_assert_false (peerup_mdns_own_tells (f.own, PEERUP_MDNS_PEERS));
  g_assert_false (peerup_mdns_own_tells (f.own, PEERUP_MDNS_SERVICES));
  fixture_write (&f, &(PeerupMdnsAnswer) { .topic = PEERUP_MDNS_INVITES, .says = PEERUP_MDNS_SAY_POINTER });
  told = fixture_list_addresses (&f, "_peerup-invite._udp.local");
  g_assert_cmpstr (told, ==, "/ip4/192.168.7.2/tcp/4001 417 9");
  g_assert_true (peerup_mdns_own_remove_number (f.own, 417));
  g_assert_false (peerup_mdns_own_remove_number (f.own, 417));
  g_assert_true (peerup_mdns_own_remove_number (f.own, 9));
  g_assert_false (peerup_mdns_own_tells (f.own, PEERUP_MDNS_INVITES));
  fixture_clear (&f);
}

static guint
match (PeerupMdnsOwn *own, PeerupMdnsTopic topic, const char *name, guint16 type)
{
  PeerupMdnsQuestion question = { .name = make_name (name), .type = type };

  return peerup_mdns_own_match (own, topic, &question);
}

static void
test_match (void)
{
  Fixture f;

  fixture_init (&f);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, SERVICE, PEERUP_MDNS_PTR), ==, 0);
  g_assert_true (fixture_tell (&f, new_list ("/ip4/192.168.7.2/tcp/4001", NULL)));
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, SERVICE, PEERUP_MDNS_PTR), ==, PEERUP_MDNS_SAY_POINTER);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, "_P2P._UDP.Local", PEERUP_MDNS_ANY), ==, PEERUP_MDNS_SAY_POINTER);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, SERVICE, PEERUP_MDNS_TXT), ==, 0);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, "_http._tcp.local", PEERUP_MDNS_PTR), ==, 0);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_INVITES, SERVICE, PEERUP_MDNS_PTR), ==, 0);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, INSTANCE "." SERVICE, PEERUP_MDNS_SRV), ==,
                    PEERUP_MDNS_SAY_INSTANCE);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, INSTANCE "." SERVICE, PEERUP_MDNS_PTR), ==, 0);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, "x." SERVICE, PEERUP_MDNS_TXT), ==, 0);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_PEERS, INSTANCE ".p2p.local", PEERUP_MDNS_AAAA), ==,
                    PEERUP_MDNS_SAY_HOST);
  g_assert_cmpuint (match (f.own, PEERUP_MDNS_SERVICES, "_services._dns-sd._udp.local", PEERUP_MDNS_PTR), ==,
                    PEERUP_MDNS_SAY_POINTER);
  fixture_clear (&f);
}

/* Known is what points to our name and will for a while. */
static void
test_known (void)
{
  PeerupMdnsRecord record = { .name = make_name (SERVICE),
                              .type = PEERUP_MDNS_PTR,
                              .ttl = PEERUP_MDNS_TTL / 2,
                              .target = make_name (INSTANCE "." SERVICE) };
  Fixture f;

  fixture_init (&f);
  g_assert_true (peerup_mdns_own_is_known (f.own, PEERUP_MDNS_PEERS, &record));
  g_assert_false (peerup_mdns_own_is_known (f.own, PEERUP_MDNS_INVITES, &record));
  record.ttl--;
  g_assert_false (peerup_mdns_own_is_known (f.own, PEERUP_MDNS_PEERS, &record));
  record.ttl++;
  record.target = make_name ("x." SERVICE);
  g_assert_false (peerup_mdns_own_is_known (f.own, PEERUP_MDNS_PEERS, &record));
  fixture_clear (&f);
}

/* More addresses than anybody wants, as long as they can be; and the same in another order are no change. */
static void
test_many (void)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func ((GDestroyNotify) peerup_multiaddr_unref);
  g_autoptr (GPtrArray) reversed = g_ptr_array_new ();
  g_autofree char *told = NULL;
  g_auto (GStrv) words = NULL;
  Fixture f;

  fixture_init (&f);
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *text =
        g_strdup_printf ("/ip6/2001:db8:1111:2222:3333:4444:5555:%x/udp/65535/quic-v1", 0x6666 + i);
      PeerupSocketAddress address;

      g_ptr_array_add (list, new_address (text));
      g_assert_true (peerup_mdns_address_get (list->pdata[i], &address));
      peerup_mdns_interface_add (f.interface, &address, 64);
      g_ptr_array_insert (reversed, 0, list->pdata[i]);
    }
  g_assert_true (peerup_mdns_own_set_addresses (f.own, list));
  g_assert_false (peerup_mdns_own_set_addresses (f.own, reversed));
  g_ptr_array_set_size (reversed, 39);
  g_assert_true (peerup_mdns_own_set_addresses (f.own, reversed));
  for (guint i = 1; i <= PEERUP_MDNS_NUMBERS_MAX; i++)
    g_assert_true (peerup_mdns_own_add_number (f.own, 9900 + i));
  g_assert_false (peerup_mdns_own_add_number (f.own, 1));
  fixture_write (&f, &(PeerupMdnsAnswer) { .topic = PEERUP_MDNS_INVITES, .says = PEERUP_MDNS_SAY_POINTER });
  told = fixture_list_addresses (&f, "_peerup-invite._udp.local");
  words = g_strsplit (told, " ", -1);
  g_assert_cmpuint (g_strv_length (words), >=, PEERUP_MDNS_NUMBERS_MAX + PEERUP_MDNS_TELL_MAX - 2);
  fixture_clear (&f);
}

static void
test_question (void)
{
  PeerupMdnsQuestion question;
  PeerupMdnsMessage message;
  PeerupMdnsCursor cursor;
  Fixture f;

  fixture_init (&f);
  f.length = peerup_mdns_own_write_question (f.own, PEERUP_MDNS_PEERS, f.data);
  g_assert_true (peerup_mdns_message_parse (&message, f.data, f.length, NULL));
  g_assert_false (message.is_response);
  peerup_mdns_cursor_init (&cursor, &message);
  g_assert_true (peerup_mdns_cursor_next_question (&cursor, &question));
  g_assert_cmpuint (question.type, ==, PEERUP_MDNS_PTR);
  g_assert_true (peerup_mdns_name_equal (&question.name, peerup_mdns_own_get_service (f.own, PEERUP_MDNS_PEERS)));
  fixture_clear (&f);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/mdns/own/answer", test_answer);
  g_test_add_func ("/mdns/own/elsewhere", test_elsewhere);
  g_test_add_func ("/mdns/own/parts", test_parts);
  g_test_add_func ("/mdns/own/goodbye", test_goodbye);
  g_test_add_func ("/mdns/own/legacy", test_legacy);
  g_test_add_func ("/mdns/own/invites", test_invites);
  g_test_add_func ("/mdns/own/match", test_match);
  g_test_add_func ("/mdns/own/known", test_known);
  g_test_add_func ("/mdns/own/many", test_many);
  g_test_add_func ("/mdns/own/question", test_question);
  return g_test_run ();
}
