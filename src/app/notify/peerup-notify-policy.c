/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is known that may be told of, each with a state of its own, and when the next is due. Pure. */
#include "app/notify/peerup-notify-policy.h"

/* What peers cause cannot take the turns of what they do not. */
typedef enum
{
  BUDGET_QUESTIONS, /* somebody waits for an answer */
  BUDGET_PEERS,
  BUDGET_OWN,
  N_BUDGETS,
} Budget;

typedef enum
{
  ENTRY_WAITING, /* is shown when it is due */
  ENTRY_SHOWN,
  ENTRY_QUIET, /* is so, and not shown */
} EntryState;

typedef struct
{
  PeerupNote note; /* its strings are the entry's */
  EntryState state;
  gint64 due;         /* of WAITING */
  gboolean on_screen; /* this, or what it takes the place of */
  gboolean told;      /* never to be shown again */
  gboolean asked;     /* of JOINED: there was a question about it */
} Entry;

typedef struct
{
  char *name;
  gboolean connected;
  gboolean verified;
  gboolean seen;         /* connected once, since the engine was found */
  gboolean offline_told; /* a notification says that it is offline */
} Device;

struct _PeerupNotifyPolicy
{
  PeerupNotifyShow show;
  PeerupNotifyWithdraw withdraw;
  gpointer data;
  gboolean allowed[PEERUP_NOTIFY_N_TOPICS];
  PeerupAttention attention;
  GPtrArray *entries;  /* of Entry, the oldest first */
  GHashTable *devices; /* Device by peer ID */
  GHashTable *grants;  /* when they end, gint64, by the ID of what would say so */
  GHashTable *joined;  /* peer IDs of who has joined since the engine was found: invites are told of again */
  gboolean had_relay;  /* one has carried, and it was not told that none does */
  gint64 sent[N_BUDGETS][PEERUP_NOTIFY_RATE]; /* when, a ring each */
  guint n_sent[N_BUDGETS];
};

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free ((char *) entry->note.id);
  g_free ((char *) entry->note.peer_id);
  g_free ((char *) entry->note.name);
  g_free ((char *) entry->note.service);
  g_free ((char *) entry->note.emoji);
  g_free ((char *) entry->note.digits);
  g_free (entry);
}

static void
device_free (gpointer data)
{
  Device *device = data;

  g_free (device->name);
  g_free (device);
}

/* Entries */

static Entry *
find (PeerupNotifyPolicy *self, const char *id)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (g_str_equal (entry->note.id, id))
        return entry;
    }
  return NULL;
}

/* It is not shown any longer, whatever becomes of it. */
static void
hush (PeerupNotifyPolicy *self, Entry *entry)
{
  if (entry->on_screen)
    self->withdraw (entry->note.id, self->data);
  entry->on_screen = FALSE;
  entry->state = ENTRY_QUIET;
}

static void
drop (PeerupNotifyPolicy *self, Entry *entry)
{
  hush (self, entry);
  g_ptr_array_remove (self->entries, entry);
}

static void
drop_id (PeerupNotifyPolicy *self, const char *id)
{
  Entry *entry = find (self, id);

  if (entry != NULL)
    drop (self, entry);
}

/* (nullable) (transfer none): takes the place of one of the same id, which stays on the screen until this one is shown
 * there. NULL: there are too many. @id: (transfer full) */
static Entry *
add (PeerupNotifyPolicy *self, const PeerupNote *note, char *id, gint64 due)
{
  Entry *before = find (self, id);
  gboolean on_screen = before != NULL && before->on_screen;
  Entry *entry;

  if (before != NULL)
    g_ptr_array_remove (self->entries, before);
  else if (self->entries->len >= PEERUP_NOTIFY_MAX)
    {
      g_free (id);
      return NULL;
    }
  entry = g_new0 (Entry, 1);
  entry->note = *note;
  entry->note.id = id;
  entry->note.peer_id = g_strdup (note->peer_id);
  entry->note.name = g_strdup (note->name);
  entry->note.service = g_strdup (note->service);
  entry->note.emoji = g_strdup (note->emoji);
  entry->note.digits = g_strdup (note->digits);
  entry->due = due;
  entry->on_screen = on_screen;
  g_ptr_array_add (self->entries, entry);
  return entry;
}

static gboolean
is_question (const Entry *entry)
{
  return entry->note.topic == PEERUP_NOTIFY_PAIRING || entry->note.topic == PEERUP_NOTIFY_ACCESS;
}

/* The window shows it to who looks at it: all but when something ends. */
static gboolean
is_in_window (const Entry *entry)
{
  return entry->note.topic != PEERUP_NOTIFY_GRANT_ENDING;
}

/* The person and the window */

/* What was said of them is withdrawn. */
static void
forget_offline (PeerupNotifyPolicy *self)
{
  GHashTableIter iter;
  Device *device;

  g_hash_table_iter_init (&iter, self->devices);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &device))
    device->offline_told = FALSE;
}

void
peerup_notify_policy_set_allowed (PeerupNotifyPolicy *self, PeerupNotifyTopic topic, gboolean allowed)
{
  self->allowed[topic] = allowed;
  for (guint i = self->entries->len; i > 0 && !allowed; i--)
    {
      Entry *entry = self->entries->pdata[i - 1];

      if (entry->note.topic != topic)
        continue;
      hush (self, entry);
      entry->told = TRUE;
      if (!is_question (entry))
        g_ptr_array_remove (self->entries, entry);
    }
  if (topic == PEERUP_NOTIFY_DEVICE && !allowed)
    forget_offline (self);
}

/* The person looks at the window. TRUE: it is over with that. */
static gboolean
see (PeerupNotifyPolicy *self, Entry *entry)
{
  gboolean waits = entry->state == ENTRY_WAITING;

  hush (self, entry);
  if (is_question (entry))
    return FALSE;
  /* What is not so for long enough yet is judged when it is due. */
  if (waits)
    entry->state = ENTRY_WAITING;
  return !waits;
}

void
peerup_notify_policy_set_attention (PeerupNotifyPolicy *self, PeerupAttention attention, gint64 now)
{
  if (self->attention == attention)
    return;
  self->attention = attention;
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = self->entries->pdata[i - 1];

      if (attention == PEERUP_ATTENTION_ACTIVE)
        {
          if (is_in_window (entry) && see (self, entry))
            g_ptr_array_remove (self->entries, entry);
        }
      /* The dialog that asked is gone with its window. */
      else if (attention == PEERUP_ATTENTION_NONE && is_question (entry) && entry->state == ENTRY_QUIET && !entry->told)
        {
          entry->state = ENTRY_WAITING;
          entry->due = now;
        }
    }
}

/* The engine */

void
peerup_notify_policy_begin (PeerupNotifyPolicy *self)
{
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = self->entries->pdata[i - 1];

      /* Nobody knows whether it is still so. */
      if (entry->note.topic == PEERUP_NOTIFY_GRANT_ENDING)
        drop (self, entry);
    }
}

void
peerup_notify_policy_end (PeerupNotifyPolicy *self)
{
  for (guint i = self->entries->len; i > 0; i--)
    {
      Entry *entry = self->entries->pdata[i - 1];

      if (entry->state != ENTRY_SHOWN ||
          (entry->note.topic != PEERUP_NOTIFY_GRANT_ENDING && entry->note.topic != PEERUP_NOTIFY_JOINED))
        drop (self, entry);
    }
  g_hash_table_remove_all (self->devices);
  g_hash_table_remove_all (self->grants);
  g_hash_table_remove_all (self->joined);
  self->had_relay = FALSE;
}

/* Questions */

/* By the number alone: what an earlier run of this program has left on the screen would answer this question now. */
static char *
make_prompt_id (guint number)
{
  return g_strdup_printf ("prompt-%u", number);
}

void
peerup_notify_policy_add_prompt (PeerupNotifyPolicy *self, const PeerupNote *note, gboolean is_old, gint64 now)
{
  g_autofree char *id = make_prompt_id (note->number);
  Entry *entry;

  g_return_if_fail (note->topic == PEERUP_NOTIFY_PAIRING || note->topic == PEERUP_NOTIFY_ACCESS);
  self->withdraw (id, self->data);
  entry = add (self, note, g_steal_pointer (&id), now);
  if (entry == NULL)
    return;
  entry->told = !self->allowed[note->topic] || (is_old && note->topic == PEERUP_NOTIFY_PAIRING);
  if (entry->told || self->attention == PEERUP_ATTENTION_ACTIVE)
    entry->state = ENTRY_QUIET;
}

/* (nullable): the question about that device that is open and was put to the person. */
static Entry *
find_pairing (PeerupNotifyPolicy *self, const char *peer_id)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];

      if (entry->note.topic == PEERUP_NOTIFY_PAIRING && g_strcmp0 (entry->note.peer_id, peer_id) == 0)
        return entry;
    }
  return NULL;
}

static char *
make_joined_id (const char *peer_id)
{
  return g_strconcat ("joined-", peer_id, NULL);
}

void
peerup_notify_policy_remove_prompt (PeerupNotifyPolicy *self, guint number, gint64 now)
{
  g_autofree char *id = make_prompt_id (number);
  Entry *entry = find (self, id);
  Entry *joined = NULL;

  if (entry == NULL)
    return;
  if (entry->note.topic == PEERUP_NOTIFY_PAIRING)
    {
      g_autofree char *joined_id = make_joined_id (entry->note.peer_id);

      joined = find (self, joined_id);
    }
  /* Whether the answer was yes is seen a moment later. */
  if (joined != NULL && joined->state == ENTRY_WAITING)
    joined->due = now + PEERUP_NOTIFY_JOIN_TIME;
  drop (self, entry);
}

/* Devices */

static char *
make_device_id (const char *peer_id)
{
  return g_strconcat ("device-", peer_id, NULL);
}

/* After a change of "connected". */
static void
judge_device (PeerupNotifyPolicy *self, const char *peer_id, Device *device, gint64 now)
{
  g_autofree char *id = make_device_id (peer_id);
  Entry *entry = find (self, id);
  PeerupNote note = {
    .topic = PEERUP_NOTIFY_DEVICE, .is_back = device->connected, .peer_id = peer_id, .name = device->name
  };

  device->seen |= device->connected;
  /* It flaps: what was to be said is not so. */
  if (entry != NULL && entry->state == ENTRY_WAITING && entry->note.is_back != device->connected)
    {
      entry->note.is_back = device->connected;
      if (entry->on_screen)
        entry->state = ENTRY_SHOWN;
      else
        g_ptr_array_remove (self->entries, entry);
      return;
    }
  /* It is news only to who was told otherwise. */
  if (self->allowed[PEERUP_NOTIFY_DEVICE] && (device->connected ? device->offline_told : device->seen))
    add (self, &note, g_steal_pointer (&id), now + PEERUP_NOTIFY_DEVICE_TIME);
}

void
peerup_notify_policy_set_device (PeerupNotifyPolicy *self, const char *peer_id, const char *name, gboolean connected,
                                 gboolean verified, gint64 now)
{
  Device *device = g_hash_table_lookup (self->devices, peer_id);

  if (device == NULL)
    {
      device = g_new0 (Device, 1);
      device->connected = device->seen = connected;
      g_hash_table_insert (self->devices, g_strdup (peer_id), device);
    }
  g_set_str (&device->name, name);
  device->verified = verified;
  if (device->connected == connected)
    return;
  device->connected = connected;
  judge_device (self, peer_id, device, now);
}

void
peerup_notify_policy_remove_device (PeerupNotifyPolicy *self, const char *peer_id)
{
  g_autofree char *device_id = make_device_id (peer_id);
  g_autofree char *joined_id = make_joined_id (peer_id);

  g_hash_table_remove (self->devices, peer_id);
  g_hash_table_remove (self->joined, peer_id);
  drop_id (self, device_id);
  drop_id (self, joined_id);
}

void
peerup_notify_policy_add_joined (PeerupNotifyPolicy *self, const char *peer_id, const char *name, gint64 now)
{
  const PeerupNote note = { .topic = PEERUP_NOTIFY_JOINED, .peer_id = peer_id, .name = name };

  if (!g_hash_table_add (self->joined, g_strdup (peer_id)))
    return;
  /* Else the window shows it. */
  if (self->allowed[PEERUP_NOTIFY_JOINED] && self->attention != PEERUP_ATTENTION_ACTIVE)
    add (self, &note, make_joined_id (peer_id), now + PEERUP_NOTIFY_JOIN_TIME);
}

/* Grants */

static char *
make_grant_id (const char *peer_id, const char *service)
{
  return g_strconcat ("grant-", peer_id, "-", service, NULL);
}

/* Whether such a grant is known, with that end. */
static gboolean
is_granted (PeerupNotifyPolicy *self, const char *id, gint64 until)
{
  const gint64 *known = g_hash_table_lookup (self->grants, id);

  return known != NULL && *known == until;
}

void
peerup_notify_policy_add_ending (PeerupNotifyPolicy *self, const char *peer_id, const char *name, const char *service,
                                 gint64 until, gint64 now)
{
  const PeerupNote note = {
    .topic = PEERUP_NOTIFY_GRANT_ENDING, .peer_id = peer_id, .name = name, .service = service, .until = until
  };
  g_autofree char *id = make_grant_id (peer_id, service);
  Entry *entry = find (self, id);
  gint64 due = is_granted (self, id, until) ? now : G_MAXINT64;

  if (self->allowed[PEERUP_NOTIFY_GRANT_ENDING] && (entry == NULL || entry->note.until != until))
    add (self, &note, g_steal_pointer (&id), due);
}

void
peerup_notify_policy_set_grant (PeerupNotifyPolicy *self, const char *peer_id, const char *service, gint64 until,
                                gint64 now)
{
  g_autofree char *id = make_grant_id (peer_id, service);
  Entry *entry = find (self, id);

  g_hash_table_replace (self->grants, g_strdup (id), g_memdup2 (&until, sizeof until));
  if (entry == NULL)
    return;
  if (entry->note.until == until)
    entry->due = MIN (entry->due, now);
  else if (entry->state == ENTRY_SHOWN)
    drop (self, entry);
  else if (entry->on_screen)
    {
      /* What is there is over; what is to come may be so yet. */
      hush (self, entry);
      entry->state = ENTRY_WAITING;
    }
}

void
peerup_notify_policy_remove_grant (PeerupNotifyPolicy *self, const char *peer_id, const char *service)
{
  g_autofree char *id = make_grant_id (peer_id, service);

  g_hash_table_remove (self->grants, id);
  drop_id (self, id);
}

/* Relays */

void
peerup_notify_policy_set_relays (PeerupNotifyPolicy *self, guint n, guint n_reserved, gint64 now)
{
  const PeerupNote note = { .topic = PEERUP_NOTIFY_RELAY };

  if (n_reserved > 0 || n == 0)
    {
      self->had_relay = n_reserved > 0;
      drop_id (self, "relay");
    }
  else if (self->had_relay)
    {
      self->had_relay = FALSE;
      if (self->allowed[PEERUP_NOTIFY_RELAY])
        add (self, &note, g_strdup ("relay"), now + PEERUP_NOTIFY_RELAY_TIME);
    }
}

/* Time */

static Budget
get_budget (const Entry *entry)
{
  if (entry->note.topic == PEERUP_NOTIFY_GRANT_ENDING || entry->note.topic == PEERUP_NOTIFY_RELAY)
    return BUDGET_OWN;
  return entry->note.topic == PEERUP_NOTIFY_PAIRING || entry->note.topic == PEERUP_NOTIFY_ACCESS ? BUDGET_QUESTIONS
                                                                                                 : BUDGET_PEERS;
}

/* When there is a turn, @now or later. */
static gint64
find_turn (PeerupNotifyPolicy *self, Budget budget, gint64 now)
{
  guint n = self->n_sent[budget];

  if (n < PEERUP_NOTIFY_RATE)
    return now;
  return MAX (now, self->sent[budget][n % PEERUP_NOTIFY_RATE] + PEERUP_NOTIFY_RATE_TIME);
}

static void
take_turn (PeerupNotifyPolicy *self, Budget budget, gint64 now)
{
  self->sent[budget][self->n_sent[budget] % PEERUP_NOTIFY_RATE] = now;
  /* Once round, it is only the place in the ring that counts. */
  if (++self->n_sent[budget] == 2 * PEERUP_NOTIFY_RATE)
    self->n_sent[budget] = PEERUP_NOTIFY_RATE;
}

/* Who has joined is told of where no question says the same, or when it was answered with yes. FALSE: it is over. */
static gboolean
judge_joined (PeerupNotifyPolicy *self, Entry *entry)
{
  const Device *device = g_hash_table_lookup (self->devices, entry->note.peer_id);
  const Entry *question = find_pairing (self, entry->note.peer_id);

  if (question != NULL && self->allowed[PEERUP_NOTIFY_PAIRING])
    {
      entry->asked = TRUE;
      entry->due = G_MAXINT64;
      return TRUE;
    }
  return !entry->asked || (device != NULL && device->verified);
}

/* One that is due; FALSE: it is not to be shown. */
static gboolean
judge (PeerupNotifyPolicy *self, Entry *entry)
{
  if (self->attention == PEERUP_ATTENTION_ACTIVE && is_in_window (entry))
    return FALSE;
  return entry->note.topic != PEERUP_NOTIFY_JOINED || judge_joined (self, entry);
}

/* The person has seen it otherwise, or it came to nothing. */
static void
pass_over (PeerupNotifyPolicy *self, Entry *entry)
{
  Device *device =
    entry->note.topic == PEERUP_NOTIFY_DEVICE ? g_hash_table_lookup (self->devices, entry->note.peer_id) : NULL;

  if (device != NULL)
    device->offline_told = FALSE;
  drop (self, entry);
}

static void
show (PeerupNotifyPolicy *self, Entry *entry, gint64 now)
{
  Device *device = entry->note.peer_id != NULL ? g_hash_table_lookup (self->devices, entry->note.peer_id) : NULL;
  PeerupNote note = entry->note;

  take_turn (self, get_budget (entry), now);
  entry->state = ENTRY_SHOWN;
  entry->on_screen = TRUE;
  entry->told = TRUE;
  if (device != NULL && note.topic == PEERUP_NOTIFY_DEVICE)
    device->offline_told = !note.is_back;
  /* What it is called here counts, and may be known later than what it calls itself. */
  if (device != NULL && device->name != NULL && *device->name != '\0')
    note.name = device->name;
  self->show (&note, self->data);
}

gint64
peerup_notify_policy_advance (PeerupNotifyPolicy *self, gint64 now)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = self->entries->pdata[i];
      gint64 turn;

      if (entry->state != ENTRY_WAITING)
        continue;
      if (entry->due <= now && !judge (self, entry))
        {
          pass_over (self, entry);
          i--;
          continue;
        }
      turn = entry->due < G_MAXINT64 ? find_turn (self, get_budget (entry), MAX (now, entry->due)) : G_MAXINT64;
      if (turn > now)
        next = MIN (next, turn);
      else
        show (self, entry, now);
    }
  return next;
}

PeerupNotifyPolicy *
peerup_notify_policy_new (PeerupNotifyShow show_func, PeerupNotifyWithdraw withdraw_func, gpointer data)
{
  PeerupNotifyPolicy *self = g_new0 (PeerupNotifyPolicy, 1);

  self->show = show_func;
  self->withdraw = withdraw_func;
  self->data = data;
  self->entries = g_ptr_array_new_with_free_func (entry_free);
  self->grants = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->joined = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->devices = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, device_free);
  return self;
}

void
peerup_notify_policy_free (PeerupNotifyPolicy *self)
{
  g_ptr_array_unref (self->entries);
  g_hash_table_unref (self->devices);
  g_hash_table_unref (self->grants);
  g_hash_table_unref (self->joined);
  g_free (self);
}
