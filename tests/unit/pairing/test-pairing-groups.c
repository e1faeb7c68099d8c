/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors */

/* A relay's groups: used once, ended in time, kept without tokens, read back. */

#include "pairing-bytes.h"
#include "pairing/peerup-groups.h"

#define ONE   "12D3KooWK99VoVxNE7XzyBwXEzW7xhK7Gpv85r9F3V3fyKSUKPH5"
#define OTHER "12D3KooWRndVhVZPCiQwHBBBdg769GyrPUW13zxwqQyf9r3ANaba"
#define NOW   1700000000
#define HOUR  3600

typedef struct
{
  PeerupGroups *groups;
  PeerupGroup *group;
  PeerupPeerId *one, *other;
  guint8 tokens[3 * PEERUP_GROUP_TOKEN_LENGTH];
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  self->groups = peerup_groups_new ();
  self->group = peerup_groups_add (self->groups, 3, NOW, HOUR, 0, "crew", self->tokens, &error);
  g_assert_no_error (error);
  self->one = peerup_peer_id_new_from_string (ONE, NULL);
  self->other = peerup_peer_id_new_from_string (OTHER, NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  peerup_groups_free (self->groups);
  peerup_peer_id_unref (self->one);
  peerup_peer_id_unref (self->other);
}

static PeerupGroup *
claim (Fixture *self, guint index, PeerupPeerId *peer, gint64 now)
{
  PeerupGroupCode *code = NULL;
  PeerupGroup *group =
    peerup_groups_claim (self->groups, self->tokens + index * PEERUP_GROUP_TOKEN_LENGTH, peer, "tv", now, &code);

  g_assert_true ((group != NULL) == (code != NULL));
  return group;
}

static void
test_use (Fixture *self, gconstpointer data)
{
  guint8 proof[PEERUP_GROUP_PROOF_LENGTH];
  const PeerupGroupCode *code;

  g_assert_true (peerup_group_id_check (self->group->id, strlen (self->group->id)));
  g_assert_true (peerup_groups_have_open (self->groups, NOW));
  g_assert_null (peerup_group_find_member (self->group, self->one));
  g_assert_true (claim (self, 1, self->one, NOW + 5) == self->group);
  code = peerup_group_find_member (self->group, self->one);
  g_assert_true (code->claimed);
  g_assert_cmpstr (code->name, ==, "tv");
  g_assert_cmpint (code->at, ==, NOW + 5);
  peerup_group_proof (self->tokens + PEERUP_GROUP_TOKEN_LENGTH, self->group->id, proof);
  g_assert_cmpmem (code->proof, sizeof code->proof, proof, sizeof proof);
  g_assert_cmpuint (peerup_group_get_n_used (self->group), ==, 1);
}

/* Once, by anybody; again by who has used it, for the answer may have been lost. */
static void
test_once (Fixture *self, gconstpointer data)
{
  PeerupGroupCode *code;

  g_assert_nonnull (claim (self, 0, self->one, NOW));
  code = peerup_group_find_member (self->group, self->one);
  code->claimed = FALSE;
  g_assert_null (claim (self, 0, self->other, NOW));
  g_assert_true (claim (self, 0, self->one, NOW + 10) == self->group);
  g_assert_cmpint (code->at, ==, NOW);
  g_assert_false (code->claimed);
  g_assert_cmpuint (peerup_group_get_n_used (self->group), ==, 1);
  g_assert_null (claim (self, 0, self->one, NOW + HOUR));
}

static void
test_wrong_token (Fixture *self, gconstpointer data)
{
  self->tokens[15] ^= 1;
  g_assert_null (claim (self, 0, self->one, NOW));
  self->tokens[15] ^= 1;
  g_assert_nonnull (claim (self, 0, self->one, NOW));
}

static void
test_expiry (Fixture *self, gconstpointer data)
{
  g_assert_true (peerup_groups_have_open (self->groups, NOW + HOUR - 1));
  g_assert_false (peerup_groups_have_open (self->groups, NOW + HOUR));
  g_assert_null (claim (self, 0, self->one, NOW + HOUR));
  g_assert_false (peerup_groups_expire (self->groups, NOW + HOUR - 1));
  g_assert_true (peerup_groups_expire (self->groups, NOW + HOUR));
  g_assert_false (peerup_groups_expire (self->groups, NOW + HOUR));
  /* A clock that is set back opens nothing again. */
  g_assert_null (claim (self, 0, self->one, NOW));
  g_assert_false (peerup_groups_take_codes (self->groups, NOW));
}

/* A little is what clocks are put right by; more would make an hour last as long as one likes. */
static void
test_clock_set_back (Fixture *self, gconstpointer data)
{
  g_assert_true (peerup_groups_have_open (self->groups, NOW - PEERUP_GROUP_CLOCK_SLACK));
  g_assert_false (peerup_groups_have_open (self->groups, NOW - PEERUP_GROUP_CLOCK_SLACK - 1));
}

static void
test_closed (Fixture *self, gconstpointer data)
{
  self->group->closed = TRUE;
  g_assert_null (claim (self, 0, self->one, NOW));
  g_assert_false (peerup_groups_have_open (self->groups, NOW));
}

static void
test_full (Fixture *self, gconstpointer data)
{
  g_assert_nonnull (claim (self, 0, self->one, NOW));
  g_assert_nonnull (claim (self, 1, self->other, NOW));
  g_assert_nonnull (claim (self, 2, self->other, NOW));
  g_assert_false (peerup_groups_have_open (self->groups, NOW));
  g_assert_true (peerup_groups_take_codes (self->groups, NOW));
}

static void
test_text (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;
  g_autofree char *again = NULL;
  g_autoptr (PeerupGroups) read = NULL;
  g_autoptr (GError) error = NULL;
  const PeerupGroup *group;
  char hex[2 * PEERUP_GROUP_TOKEN_LENGTH + 1];

  g_assert_nonnull (claim (self, 1, self->one, NOW));
  text = peerup_groups_to_text (self->groups);
  for (guint i = 0; i < PEERUP_GROUP_TOKEN_LENGTH; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", self->tokens[i]);
  g_assert_null (strstr (text, hex));
  read = peerup_groups_parse (text, strlen (text), &error);
  g_assert_no_error (error);
  again = peerup_groups_to_text (read);
  g_assert_cmpstr (again, ==, text);
  group = peerup_groups_find (read, self->group->id);
  g_assert_cmpstr (group->network, ==, "crew");
  g_assert_cmpuint (group->codes->len, ==, 3);
  g_assert_true (peerup_group_find_member (group, self->one)->claimed);
  g_assert_cmpint (group->expires_at, ==, NOW + HOUR);
}

/* Each prefix is groups, fewer or as many, or refused; never more, and never a crash. */
static void
test_text_cut_off (Fixture *self, gconstpointer data)
{
  g_autofree char *text = NULL;

  g_assert_nonnull (claim (self, 0, self->one, NOW));
  text = peerup_groups_to_text (self->groups);
  for (gsize i = 0; i < strlen (text); i++)
    {
      g_autofree char *prefix = g_memdup2 (text, i);
      g_autoptr (GError) error = NULL;
      g_autoptr (PeerupGroups) read = peerup_groups_parse (prefix, i, &error);

      if (read == NULL)
        g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      else
        g_assert_cmpuint (peerup_groups_get_all (read)->len, <=, 1);
    }
}

#define TIMES "[a1b2c3d4]\ncreated=1\nexpires=2\nmember-time=0\n"
#define HASH  "hash=0000000000000000000000000000000000000000000000000000000000000000\n"

static void
test_bad_text (void)
{
  static const char *const bad[] = {
    "no key file",
    (TIMES "codes=0\n"),
    (TIMES "codes=101\n"),
    (TIMES "codes=1\n[a1b2c3d4 0]\nhash=00\n"),
    (TIMES "codes=1\n[a1b2c3d4 0]\n" HASH "peer=nobody\n"),
    "[a1b2c3d4]\ncreated=1\nexpires=-2\nmember-time=0\ncodes=1\n",
    "[a1b2c3d4]\ncreated=x\nexpires=2\nmember-time=0\ncodes=1\n",
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (peerup_groups_parse (bad[i], strlen (bad[i]), &error));
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
    }
}

static void
test_bounds (void)
{
  g_autoptr (PeerupGroups) groups = peerup_groups_new ();
  guint8 tokens[PEERUP_GROUP_CODES_MAX * PEERUP_GROUP_TOKEN_LENGTH];
  g_autoptr (GError) error = NULL;

  g_assert_null (peerup_groups_add (groups, 0, NOW, HOUR, 0, NULL, tokens, NULL));
  g_assert_null (peerup_groups_add (groups, PEERUP_GROUP_CODES_MAX + 1, NOW, HOUR, 0, NULL, tokens, NULL));
  g_assert_null (peerup_groups_add (groups, 1, NOW, 0, 0, NULL, tokens, NULL));
  g_assert_null (peerup_groups_add (groups, 1, NOW, HOUR, -1, NULL, tokens, NULL));
  g_assert_null (peerup_groups_add (groups, 1, NOW, G_MAXINT64, 0, NULL, tokens, NULL));
  g_assert_nonnull (peerup_groups_add (groups, PEERUP_GROUP_CODES_MAX, NOW, 1, 0, NULL, tokens, NULL));
  for (guint i = 1; i < PEERUP_GROUPS_MAX; i++)
    g_assert_nonnull (peerup_groups_add (groups, 1, NOW, HOUR, 0, NULL, tokens, NULL));
  g_assert_null (peerup_groups_add (groups, 1, NOW, HOUR, 0, NULL, tokens, &error));
  g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_LIMIT);
  /* The first one is over then. */
  g_assert_nonnull (peerup_groups_add (groups, 1, NOW + 1, HOUR, 0, NULL, tokens, NULL));
  g_assert_cmpuint (peerup_groups_get_all (groups)->len, ==, PEERUP_GROUPS_MAX);
}

#define ADD(name, func) g_test_add ("/pairing/groups/" name, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  ADD ("use", test_use);
  ADD ("once", test_once);
  ADD ("wrong-token", test_wrong_token);
  ADD ("expiry", test_expiry);
  ADD ("clock-set-back", test_clock_set_back);
  ADD ("closed", test_closed);
  ADD ("full", test_full);
  ADD ("text", test_text);
  ADD ("text-cut-off", test_text_cut_off);
  g_test_add_func ("/pairing/groups/bad-text", test_bad_text);
  g_test_add_func ("/pairing/groups/bounds", test_bounds);
  return g_test_run ();
}
