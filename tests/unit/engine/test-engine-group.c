/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* Groups by the original's protocols: a relay and members as engines in one process, and relays and members that mean
 * no good. What the members' files say is looked at on disk.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "engine/peerup-engine-group-private.h"
#include "relayed.h"
#include "trust/peerup-authorized-keys-file.h"

typedef struct
{
  Device relay, a, b, c;
  char *id;
  char **codes;
} Fixture;

static char **
make_group (Device *relay, guint count, gint64 expires, char **id)
{
  const PeerupGroupOptions options = { .count = count, .expires = expires };
  g_autoptr (GError) error = NULL;
  char **codes = peerup_engine_group_create (relay->engine->group, &options, id, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (codes), ==, count);
  return codes;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->relay = relayed_relay ("");
  self->a = relayed_device (home_new (), NULL, FALSE);
  self->b = relayed_device (home_new (), NULL, FALSE);
  self->c = relayed_device (home_new (), NULL, FALSE);
  self->codes = make_group (&self->relay, 3, 0, &self->id);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  relayed_stop (&self->c);
  relayed_stop (&self->b);
  relayed_stop (&self->a);
  relayed_stop (&self->relay);
  g_strfreev (self->codes);
  g_free (self->id);
}

static gboolean
is_done (gpointer future)
{
  return !dex_future_is_pending (future);
}

/* (nullable) (transfer full) */
static PeerupPairingRecord *
join (Device *device, const char *text, const char *name, GError **error)
{
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (text, NULL, error);
  g_autoptr (DexFuture) future = NULL;
  const GValue *value;

  g_assert_nonnull (code);
  g_assert_cmpint (code->kind, ==, PEERUP_CODE_RELAY);
  future = peerup_engine_group_join (device->engine->group, code, name, NULL, NULL);
  spin_while_not (is_done, future);
  value = dex_future_get_value (future, error);
  return value != NULL ? g_value_dup_boxed (value) : NULL;
}

static void
assert_joins (Device *device, const char *code, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupPairingRecord) record = join (device, code, name, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (record->kind, ==, "relay");
}

static void
assert_refused (Device *device, const char *code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (join (device, code, "x", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_GATED);
}

static guint
count_lines_with (Device *device, const char *what)
{
  g_autofree char *keys = relayed_read_keys (device);
  g_auto (GStrv) lines = g_strsplit (keys, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += strstr (lines[i], what) != NULL;
  return n;
}

/* Who joins later is told to who joined before, all of them; in the original the third one is refused by the first
 * two. */
static void
test_all_know_each_other (Fixture *self, gconstpointer data)
{
  g_autofree char *group = g_strconcat ("group=", self->id, NULL);
  Device *all[] = { &self->a, &self->b, &self->c };

  assert_joins (&self->a, self->codes[0], "alpha");
  relayed_await_reservation (&self->a);
  assert_joins (&self->b, self->codes[1], "beta");
  relayed_await_reservation (&self->b);
  relayed_await_knows (&self->a, &self->b);
  assert_joins (&self->c, self->codes[2], "gamma");
  relayed_await_knows (&self->a, &self->c);
  relayed_await_knows (&self->b, &self->c);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    {
      for (guint j = 0; j < G_N_ELEMENTS (all); j++)
        g_assert_true (i == j || relayed_knows (all[i], all[j]));
      g_assert_true (relayed_knows (&self->relay, all[i]));
      g_assert_true (relayed_knows (all[i], &self->relay));
      /* The relay and two others. */
      g_assert_cmpuint (count_lines_with (all[i], group), ==, 3);
      g_assert_cmpuint (count_lines_with (all[i], "role=guest"), ==, 1);
    }
  g_assert_cmpuint (count_lines_with (&self->relay, group), ==, 3);
}

/* A relay of the configuration that does not know us yet: the link to it is a guest's until then, and must not stay. */
static void
test_configured_before (Fixture *self, gconstpointer data)
{
  Device d = relayed_device (home_new (), &self->relay, FALSE);
  gint64 began_at = g_get_monotonic_time ();

  assert_joins (&d, self->codes[0], "delta");
  relayed_await_reservation (&d);
  g_test_message ("A place after %.2f s", (g_get_monotonic_time () - began_at) / 1e6);
  g_assert_cmpint (g_get_monotonic_time () - began_at, <, 5 * G_USEC_PER_SEC);
  relayed_stop (&d);
}

static gboolean
has_member (PeerupGroupInfo *info, Device *device, const char *name)
{
  for (guint i = 0; i < info->members->len; i++)
    {
      const PeerupGroupMember *member = info->members->pdata[i];

      if (peerup_peer_id_equal (member->peer, relayed_get_id (device)))
        return g_str_equal (member->name, name);
    }
  return FALSE;
}

static void
on_group (PeerupEngine *engine, const char *id, gpointer data)
{
  g_ptr_array_add (data, g_strdup (id));
}

static void
test_list (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) told = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) ours = NULL;
  g_autoptr (GPtrArray) theirs = NULL;
  PeerupGroupInfo *info;

  g_signal_connect (self->relay.engine, "group-changed", G_CALLBACK (on_group), told);
  assert_joins (&self->a, self->codes[0], "alpha");
  assert_joins (&self->b, self->codes[1], NULL);
  g_assert_cmpuint (told->len, ==, 2);
  g_assert_cmpstr (told->pdata[0], ==, self->id);
  g_signal_handlers_disconnect_by_data (self->relay.engine, told);
  ours = peerup_engine_group_dup_groups (self->relay.engine->group);
  g_assert_cmpuint (ours->len, ==, 1);
  info = ours->pdata[0];
  g_assert_true (info->ours);
  g_assert_cmpuint (info->n_codes, ==, 3);
  g_assert_cmpuint (info->n_used, ==, 2);
  g_assert_true (has_member (info, &self->a, "alpha"));
  g_assert_true (has_member (info, &self->b, ""));
  relayed_await_reservation (&self->b);
  theirs = peerup_engine_group_dup_groups (self->b.engine->group);
  g_assert_cmpuint (theirs->len, ==, 1);
  info = theirs->pdata[0];
  g_assert_false (info->ours);
  g_assert_true (peerup_peer_id_equal (info->relay, relayed_get_id (&self->relay)));
  g_assert_cmpuint (info->members->len, ==, 1);
  g_assert_true (has_member (info, &self->a, "alpha"));
}

static void
test_used (Fixture *self, gconstpointer data)
{
  assert_joins (&self->a, self->codes[0], "alpha");
  assert_refused (&self->b, self->codes[0]);
  g_assert_false (relayed_knows (&self->relay, &self->b));
  g_assert_false (relayed_knows (&self->b, &self->relay));
}

/* An answer that was lost is asked for again with the same code. */
static void
test_again (Fixture *self, gconstpointer data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  assert_joins (&self->a, self->codes[0], "alpha");
  before = relayed_read_keys (&self->relay);
  assert_joins (&self->a, self->codes[0], "alpha");
  after = relayed_read_keys (&self->relay);
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (count_lines_with (&self->a, "group="), ==, 1);
}

/* But nobody comes back by a used code who was removed. */
static void
test_removed_from_relay (Fixture *self, gconstpointer data)
{
  assert_joins (&self->a, self->codes[0], "alpha");
  g_assert_true (
    peerup_authorized_keys_file_remove (self->relay.home->authorized_keys, relayed_get_id (&self->a), NULL));
  g_assert_true (peerup_engine_trust_reload (self->relay.engine->trust, NULL));
  assert_refused (&self->a, self->codes[0]);
  g_assert_false (relayed_knows (&self->relay, &self->a));
  /* Nor is it told to others. */
  assert_joins (&self->b, self->codes[1], "beta");
  g_assert_false (relayed_knows (&self->b, &self->a));
}

static void
test_revoked (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  assert_joins (&self->a, self->codes[0], "alpha");
  g_assert_true (peerup_engine_group_revoke (self->relay.engine->group, self->id, &error));
  assert_refused (&self->b, self->codes[1]);
  g_assert_true (relayed_knows (&self->relay, &self->a));
  g_assert_false (peerup_engine_group_revoke (self->relay.engine->group, "00000000", &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_NOT_FOUND);
}

static void
test_expired (Fixture *self, gconstpointer data)
{
  peerup_groups_find (self->relay.engine->group->groups, self->id)->expires_at = 1;
  assert_refused (&self->a, self->codes[0]);
}

static void
test_wrong_code (Fixture *self, gconstpointer data)
{
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (self->codes[0], NULL, NULL);
  g_autofree char *wrong = NULL;

  g_bytes_unref (code->secret);
  code->secret = g_bytes_new ("0123456789abcdef", 16);
  wrong = peerup_invite_code_to_text (code, NULL);
  assert_refused (&self->a, wrong);
  assert_joins (&self->a, self->codes[0], NULL);
}

static void
test_own_code (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (join (&self->relay, self->codes[0], NULL, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

/* --expires is in the file, where it is enforced. */
static void
test_member_time (Fixture *self, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_auto (GStrv) codes = make_group (&self->relay, 1, 3600, &id);
  g_autoptr (PeerupAuthorizedKeys) keys = NULL;
  gint64 began_at = g_get_real_time () / G_USEC_PER_SEC;
  gint64 expires, now;

  assert_joins (&self->a, codes[0], "alpha");
  now = g_get_real_time () / G_USEC_PER_SEC;
  keys = peerup_authorized_keys_file_load (self->relay.home->authorized_keys, NULL);
  g_assert_cmpint (peerup_authorized_keys_lookup (keys, relayed_get_id (&self->a), now, &expires), ==,
                   PEERUP_AUTHORIZATION_VALID);
  g_assert_cmpint (expires, >=, began_at + 3600);
  g_assert_cmpint (expires, <=, now + 3600);
}

/* Of the process; what it knows is on disk. */
static void
restart_groups (Device *relay)
{
  PeerupEngine *engine = relay->engine;

  g_clear_pointer (&engine->group, peerup_engine_group_free);
  engine->group = peerup_engine_group_new (engine);
  peerup_engine_group_begin (engine->group);
}

static void
test_restart (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->relay.home->directory, PEERUP_GROUPS_NAME, NULL);
  GStatBuf status;

  assert_joins (&self->a, self->codes[0], "alpha");
  restart_groups (&self->relay);
  assert_refused (&self->b, self->codes[0]);
  assert_joins (&self->b, self->codes[1], "beta");
  g_assert_true (relayed_knows (&self->b, &self->a));
  g_assert_cmpint (g_stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

/* Killed after the claim was written, and before anybody was authorized. */
static void
test_killed_after_claim (Fixture *self, gconstpointer data)
{
  PeerupEngineGroup *groups = self->relay.engine->group;
  g_autoptr (PeerupInviteCode) code = peerup_invite_code_parse (self->codes[0], NULL, NULL);
  PeerupGroupCode *claimed;

  g_assert_nonnull (peerup_groups_claim (groups->groups, g_bytes_get_data (code->secret, NULL),
                                         relayed_get_id (&self->a), "alpha", g_get_real_time () / G_USEC_PER_SEC,
                                         &claimed));
  g_assert_true (peerup_group_relay_save (groups, NULL));
  g_assert_false (relayed_knows (&self->relay, &self->a));
  restart_groups (&self->relay);
  g_assert_true (relayed_knows (&self->relay, &self->a));
  assert_joins (&self->a, self->codes[0], "alpha");
}

static void
test_bad_file (Fixture *self, gconstpointer data)
{
  g_autofree char *path = g_build_filename (self->relay.home->directory, PEERUP_GROUPS_NAME, NULL);
  const PeerupGroupOptions options = { .count = 1 };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (path, "[a1b2c3d4]\ncodes=1\n", -1, NULL));
  g_assert_cmpint (g_chmod (path, 0600), ==, 0);
  g_test_expect_message ("peerup-engine", G_LOG_LEVEL_WARNING, "*are out of use*");
  restart_groups (&self->relay);
  g_test_assert_expected_messages ();
  g_assert_null (peerup_engine_group_create (self->relay.engine->group, &options, &id, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
  assert_refused (&self->a, self->codes[0]);
  /* And it is not written over. */
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "[a1b2c3d4]\ncodes=1\n");
}

static void
test_no_relay (Fixture *self, gconstpointer data)
{
  const PeerupGroupOptions options = { .count = 1 };
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;

  g_assert_null (peerup_engine_group_create (self->a.engine->group, &options, &id, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_CONFIG);
}

static void
test_bad_options (Fixture *self, gconstpointer data)
{
  static const PeerupGroupOptions bad[] = {
    { .count = 0 },
    { .count = 101 },
    { .count = 1, .ttl = PEERUP_GROUP_TTL_MAX + 1 },
    { .count = 1, .ttl = -1 },
    { .count = 1, .expires = -1 },
    { .count = 1, .network = "not a name" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *id = NULL;

      g_assert_null (peerup_engine_group_create (self->relay.engine->group, &bad[i], &id, &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

/* Row 29: what a stranger sends a relay. One answer for all of it. */
static void
test_bad_requests (Fixture *self, gconstpointer data)
{
  static const guint8 refusal[] = "\x00\x0epairing failed";
  guint8 request[16 + 1 + 255] = { 0 };
  const struct
  {
    guint8 name_length;
    gsize length;
  } cases[] = { { 0, 0 }, { 0, 15 }, { 0, 16 }, { 2, 18 }, { 65, 82 }, { 255, 272 }, { 0, 17 } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupStream) stream = NULL;
      g_autoptr (GBytes) answer = NULL;
      g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (self->relay.engine->relay);

      peerup_swarm_add_addresses (self->a.engine->swarm, relayed_get_id (&self->relay), addresses);
      stream = relayed_open (&self->a, &self->relay, PEERUP_RELAY_PAIR_PROTOCOL, &error);
      g_assert_no_error (error);
      request[16] = cases[i].name_length;
      answer = relayed_say (stream, request, cases[i].length);
      g_assert_nonnull (answer);
      g_assert_cmpmem (g_bytes_get_data (answer, NULL), g_bytes_get_size (answer), refusal, sizeof refusal - 1);
      peerup_swarm_disconnect (self->a.engine->swarm, relayed_get_id (&self->relay), PEERUP_CONNECTION_CODE_NONE);
    }
  g_assert_cmpuint (peerup_group_get_n_used (peerup_groups_get_all (self->relay.engine->group->groups)->pdata[0]), ==,
                    0);
}

static gboolean
has_no_guest (gpointer engine)
{
  return peerup_swarm_get_n_guests (((PeerupEngine *) engine)->swarm) == 0;
}

/* A stranger who comes in and says nothing has to go again. */
static void
test_silent_guest (Fixture *self, gconstpointer data)
{
  PeerupEngine *engine = self->relay.engine;
  g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (engine->relay);
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  peerup_guest_list_free (engine->group->guests);
  engine->group->guests = peerup_guest_list_new (engine->swarm, PEERUP_RELAY_PAIR_PROTOCOL, G_USEC_PER_SEC / 5);
  peerup_swarm_add_addresses (self->a.engine->swarm, relayed_get_id (&self->relay), addresses);
  connection =
    await_object (peerup_swarm_connect_direct (self->a.engine->swarm, relayed_get_id (&self->relay)), &error);
  g_assert_no_error (error);
  g_assert_true (await_true (peerup_connection_wait_closed (connection), &error));
  g_assert_error (peerup_connection_get_error (connection), PEERUP_ERROR, PEERUP_ERROR_GATED);
  spin_while_not (has_no_guest, engine);
  g_assert_cmpuint (peerup_guest_list_get_n (engine->group->guests), ==, 0);
}

/* Without an open group no stranger comes in at all. */
static void
test_no_guests_without_codes (Fixture *self, gconstpointer data)
{
  g_autoptr (GPtrArray) addresses = peerup_engine_relay_dup_addresses (self->relay.engine->relay);
  g_autoptr (PeerupConnection) connection = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_true (peerup_engine_group_revoke (self->relay.engine->group, self->id, NULL));
  peerup_swarm_add_addresses (self->a.engine->swarm, relayed_get_id (&self->relay), addresses);
  connection = await_object (peerup_swarm_connect_direct (self->a.engine->swarm, relayed_get_id (&self->relay)), NULL);
  if (connection != NULL)
    g_assert_true (await_true (peerup_connection_wait_closed (connection), &error));
  g_assert_cmpuint (peerup_swarm_get_n_guests (self->relay.engine->swarm), ==, 0);
}

/* Row 29, as far as a relay: names are made fit before they come near a file. */
static void
test_bad_names (Fixture *self, gconstpointer data)
{
  static const char *const names[] = { "a\nb", "# x: y", "\xe2\x80\xaegnp.exe" };
  g_autofree char *keys = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_joins (i == 0 ? &self->a : i == 1 ? &self->b : &self->c, self->codes[i], names[i]);
  keys = relayed_read_keys (&self->relay);
  g_assert_null (strstr (keys, "\nb"));
  g_assert_null (strstr (keys, "\xe2\x80\xae"));
  g_assert_cmpuint (count_lines_with (&self->relay, "12D3KooW"), ==, 4);
  g_assert_cmpuint (count_lines_with (&self->relay, "group="), ==, 3);
}

/* Notices */

static GBytes *
make_notice (const char *id, guint size, Device *peers[], guint n_peers, const char *name)
{
  g_autoptr (PeerupGroupNews) news = peerup_group_news_new (id, size);

  for (guint i = 0; i < n_peers; i++)
    g_ptr_array_add (news->peers, peerup_group_peer_new (relayed_get_id (peers[i]), name, NULL));
  return peerup_group_notice_encode (news);
}

/* What @from says to @to about who is a member; waits until that is done with it. */
static void
notify (Device *from, Device *to, GBytes *notice)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (PeerupStream) stream = relayed_open (from, to, PEERUP_PEER_NOTIFY_PROTOCOL, &error);
  g_autoptr (GBytes) answer = NULL;

  /* Whoever is no relay of its is not even listened to. */
  if (stream == NULL)
    {
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_DENIED);
      return;
    }
  answer = relayed_say (stream, g_bytes_get_data (notice, NULL), g_bytes_get_size (notice));
  g_assert_true (answer == NULL || g_bytes_get_size (answer) == 0);
}

static void
join_and_stay (Fixture *self)
{
  assert_joins (&self->a, self->codes[0], "alpha");
  relayed_await_reservation (&self->a);
}

static void
test_notice (Fixture *self, gconstpointer data)
{
  Device *peers[] = { &self->b };
  g_autoptr (GBytes) notice = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *config = NULL;

  join_and_stay (self);
  notice = make_notice (self->id, 2, peers, 1, "be\nta # x");
  notify (&self->relay, &self->a, notice);
  g_assert_true (relayed_knows (&self->a, &self->b));
  g_assert_true (peerup_engine_admits (relayed_get_id (&self->b), self->a.engine));
  before = relayed_read_keys (&self->a);
  g_assert_null (strstr (before, "\nta"));
  g_assert_true (g_file_get_contents (self->a.home->config, &config, NULL, NULL));
  g_assert_nonnull (strstr (config, home_get_id (self->b.home)));
  /* Delivered again it changes nothing. */
  notify (&self->relay, &self->a, notice);
  after = relayed_read_keys (&self->a);
  g_assert_cmpstr (before, ==, after);
}

/* Who is in the file and not let in, because that was written by somebody else a moment ago, is let in. */
static void
test_notice_reloads (Fixture *self, gconstpointer data)
{
  Device *peers[] = { &self->b };
  g_autoptr (GBytes) notice = NULL;

  join_and_stay (self);
  home_authorize (self->a.home, self->b.home);
  notice = make_notice (self->id, 2, peers, 1, "beta");
  notify (&self->relay, &self->a, notice);
  g_assert_true (peerup_engine_admits (relayed_get_id (&self->b), self->a.engine));
  g_assert_cmpuint (count_lines_with (&self->a, home_get_id (self->b.home)), ==, 1);
}

/* A list of all members is taken by who knows one of them: each counts once. */
static void
test_notice_counts_once (Fixture *self, gconstpointer data)
{
  Device *one[] = { &self->b };
  Device *both[] = { &self->b, &self->c };
  g_autoptr (GBytes) first = NULL;
  g_autoptr (GBytes) full = NULL;

  join_and_stay (self);
  first = make_notice (self->id, 2, one, 1, "beta");
  notify (&self->relay, &self->a, first);
  full = make_notice (self->id, 3, both, 2, "x");
  notify (&self->relay, &self->a, full);
  g_assert_true (relayed_knows (&self->a, &self->c));
}

static void
test_notice_too_many (Fixture *self, gconstpointer data)
{
  Device *both[] = { &self->b, &self->c };
  g_autoptr (GBytes) notice = NULL;

  join_and_stay (self);
  notice = make_notice (self->id, 2, both, 2, "x");
  notify (&self->relay, &self->a, notice);
  g_assert_false (relayed_knows (&self->a, &self->b));
  g_assert_false (relayed_knows (&self->a, &self->c));
}

static void
test_notice_of_another_group (Fixture *self, gconstpointer data)
{
  Device *peers[] = { &self->b };
  g_autoptr (GBytes) notice = NULL;

  join_and_stay (self);
  notice = make_notice ("00000000", 2, peers, 1, "x");
  notify (&self->relay, &self->a, notice);
  g_assert_false (relayed_knows (&self->a, &self->b));
}

/* Row 29: somebody who may connect, and is no relay of the configuration. */
static void
test_notice_of_no_relay (Fixture *self, gconstpointer data)
{
  Device *peers[] = { &self->c };
  g_autoptr (GBytes) notice = NULL;

  join_and_stay (self);
  assert_joins (&self->b, self->codes[1], "beta");
  relayed_await_reservation (&self->b);
  relayed_await_knows (&self->a, &self->b);
  notice = make_notice (self->id, 3, peers, 1, "x");
  notify (&self->b, &self->a, notice);
  g_assert_false (relayed_knows (&self->a, &self->c));
}

/* Row 29: cut off at each byte; nothing is written before the last one was read. */
static void
test_notice_cut_off (Fixture *self, gconstpointer data)
{
  Device *both[] = { &self->b, &self->c };
  g_autoptr (GBytes) notice = NULL;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  join_and_stay (self);
  before = relayed_read_keys (&self->a);
  notice = make_notice (self->id, 3, both, 2, "x");
  for (gsize length = 0; length < g_bytes_get_size (notice); length += 7)
    {
      g_autoptr (GBytes) cut = g_bytes_new_from_bytes (notice, 0, length);

      notify (&self->relay, &self->a, cut);
    }
  after = relayed_read_keys (&self->a);
  g_assert_cmpstr (before, ==, after);
}

/* A relay may not bring back whom a person has removed; and a person may. */
static void
test_removed_stays_removed (Fixture *self, gconstpointer data)
{
  Device *peers[] = { &self->b };
  g_autoptr (GBytes) notice = NULL;

  join_and_stay (self);
  notice = make_notice (self->id, 2, peers, 1, "beta");
  notify (&self->relay, &self->a, notice);
  g_assert_true (peerup_authorized_keys_file_remove (self->a.home->authorized_keys, relayed_get_id (&self->b), NULL));
  notify (&self->relay, &self->a, notice);
  g_assert_false (relayed_knows (&self->a, &self->b));
  restart_groups (&self->a);
  notify (&self->relay, &self->a, notice);
  g_assert_false (relayed_knows (&self->a, &self->b));
  home_authorize (self->a.home, self->b.home);
  notify (&self->relay, &self->a, notice);
  g_assert_true (relayed_knows (&self->a, &self->b));
}

/* Of one relay; the original's one attribute stays the first's. */
static void
test_two_groups (Fixture *self, gconstpointer data)
{
  g_autofree char *id = NULL;
  g_auto (GStrv) codes = make_group (&self->relay, 2, 0, &id);
  g_autofree char *first = g_strdup_printf ("group=%s", self->id);
  g_autofree char *second = g_strdup_printf ("groups=%s", id);
  g_autoptr (GPtrArray) groups = NULL;

  join_and_stay (self);
  assert_joins (&self->a, codes[0], "alpha");
  g_assert_cmpuint (count_lines_with (&self->a, first), ==, 1);
  g_assert_cmpuint (count_lines_with (&self->a, second), ==, 1);
  groups = peerup_engine_group_dup_groups (self->a.engine->group);
  g_assert_cmpuint (groups->len, ==, 2);
  /* And is told of members of both. */
  relayed_await_reservation (&self->a);
  assert_joins (&self->b, codes[1], "beta");
  relayed_await_knows (&self->a, &self->b);
  assert_joins (&self->c, self->codes[1], "gamma");
  relayed_await_knows (&self->a, &self->c);
  g_assert_false (relayed_knows (&self->b, &self->c));
}

#define ADD(name, func) g_test_add ("/engine/group/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("all-know-each-other", test_all_know_each_other);
  ADD ("configured-before", test_configured_before);
  ADD ("list", test_list);
  ADD ("used", test_used);
  ADD ("again", test_again);
  ADD ("removed-from-relay", test_removed_from_relay);
  ADD ("revoked", test_revoked);
  ADD ("expired", test_expired);
  ADD ("wrong-code", test_wrong_code);
  ADD ("own-code", test_own_code);
  ADD ("member-time", test_member_time);
  ADD ("restart", test_restart);
  ADD ("killed-after-claim", test_killed_after_claim);
  ADD ("bad-file", test_bad_file);
  ADD ("no-relay", test_no_relay);
  ADD ("bad-options", test_bad_options);
  ADD ("bad-requests", test_bad_requests);
  ADD ("silent-guest", test_silent_guest);
  ADD ("no-guests-without-codes", test_no_guests_without_codes);
  ADD ("bad-names", test_bad_names);
  ADD ("notice", test_notice);
  ADD ("notice-reloads", test_notice_reloads);
  ADD ("notice-counts-once", test_notice_counts_once);
  ADD ("notice-too-many", test_notice_too_many);
  ADD ("notice-of-another-group", test_notice_of_another_group);
  ADD ("notice-of-no-relay", test_notice_of_no_relay);
  ADD ("notice-cut-off", test_notice_cut_off);
  ADD ("removed-stays-removed", test_removed_stays_removed);
  ADD ("two-groups", test_two_groups);
  return g_test_run ();
}
