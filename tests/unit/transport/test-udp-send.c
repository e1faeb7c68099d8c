/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * The sending half of UDP sockets over kernels that do less: the one system call is replaced by one that
 * refuses or is full. */

#include <errno.h>
#include <netinet/udp.h>
#include <sys/epoll.h>

#include "udp-test.h"

/* Calls that see less than the kernel does. They know of one socket at a time. */
static struct
{
  guint n_calls;
  guint n_joined;   /* of them with UDP_SEGMENT */
  int refuse;       /* errno for those */
  guint room;       /* calls until the socket is full */
  int code;         /* errno for the next calls, */
  guint n_failures; /* so many */
} fake;

static gboolean
is_joined (const struct msghdr *message)
{
  struct msghdr *header = (struct msghdr *) message;

  for (struct cmsghdr *control = CMSG_FIRSTHDR (header); control != NULL; control = CMSG_NXTHDR (header, control))
    if (control->cmsg_level == IPPROTO_UDP && control->cmsg_type == UDP_SEGMENT)
      return TRUE;
  return FALSE;
}

static gssize
fake_send (int fd, const struct msghdr *message, int flags)
{
  int code = fake.n_failures > 0 ? fake.code : 0;

  fake.n_calls++;
  fake.n_joined += is_joined (message);
  if (fake.n_failures > 0)
    fake.n_failures--;
  if (code == 0 && fake.room == 0)
    code = EAGAIN;
  if (code == 0 && is_joined (message))
    code = fake.refuse;
  errno = code;
  if (code != 0)
    return -1;
  fake.room--;
  return sendmsg (fd, message, flags);
}

static void
side_fake_send (Side *self, int refuse, guint room)
{
  memset (&fake, 0, sizeof fake);
  fake.refuse = refuse;
  fake.room = room;
  self->socket->calls.send = fake_send;
}

static void
fake_failures (int code, guint n)
{
  fake.code = code;
  fake.n_failures = n;
}

/* More than the kernel takes in one call, down to datagrams of one byte. */
static void
test_small_segments (void)
{
  g_autofree guint8 *bytes = make_bytes (1000);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  side_fake_send (&sides[0], 0, G_MAXUINT);
  side_send (&sides[0], &sides[1], bytes, 300, 1);
  side_wait (&sides[1], 300);
  assert_sizes (&sides[1], 300, 1, 1);
  g_assert_cmpmem (sides[1].bytes->data, sides[1].bytes->len, bytes, 300);
  g_assert_cmpuint (fake.n_calls, ==, (300 + 63) / 64);
  g_assert_true (side_figures (&sides[0]).has_gso);
  sides_clear (sides);
}

/* A kernel or an interface without segmentation. */
static void
test_no_segmentation (gconstpointer data)
{
  g_autofree guint8 *bytes = make_bytes (5000);
  int refusal = GPOINTER_TO_INT (data);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  side_fake_send (&sides[0], refusal, G_MAXUINT);
  side_send (&sides[0], &sides[1], bytes, 4500, 1000);
  side_wait (&sides[1], 5);
  assert_sizes (&sides[1], 5, 1000, 500);
  g_assert_cmpmem (sides[1].bytes->data, sides[1].bytes->len, bytes, 4500);
  g_assert_cmpuint (fake.n_calls, ==, 6);
  g_assert_cmpuint (fake.n_joined, ==, 1);
  g_assert_false (side_figures (&sides[0]).has_gso);
  /* It is remembered, and tried again later. */
  side_send (&sides[0], &sides[1], bytes, 4500, 1000);
  g_assert_cmpuint (fake.n_joined, ==, 1);
  fake.refuse = 0;
  sides[0].socket->gso_again = 1;
  side_send (&sides[0], &sides[1], bytes, 4500, 1000);
  g_assert_cmpuint (fake.n_joined, ==, 2);
  g_assert_true (side_figures (&sides[0]).has_gso);
  side_wait (&sides[1], 15);
  g_assert_cmpuint (side_figures (&sides[0]).sent, ==, 15);
  sides_clear (sides);
}

/* A refusal that is not about segmentation is no reason to give it up. */
static void
test_other_refusal (void)
{
  g_autofree guint8 *bytes = make_bytes (3000);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  side_fake_send (&sides[0], 0, G_MAXUINT);
  fake_failures (EINVAL, G_MAXUINT);
  side_send (&sides[0], &sides[1], bytes, 3000, 1000);
  g_assert_cmpuint (side_figures (&sides[0]).unsent, ==, 3);
  g_assert_true (side_figures (&sides[0]).has_gso);
  g_assert_cmpuint (sides[0].n_errors, ==, 0);
  side_wait_error (&sides[0], 1);
  g_assert_cmpint (sides[0].error_code, ==, EINVAL);
  test_spin ();
  g_assert_cmpuint (sides[0].n_errors, ==, 1);
  sides_clear (sides);
}

static void
append_letter (gpointer data)
{
  g_string_append_c (data, 'a');
}

static void
append_other (gpointer data)
{
  g_string_append_c (data, 'b');
}

/* A full socket keeps the rest of one batch, drops what comes meanwhile, and wakes whom it should. */
static void
test_blocked (void)
{
  g_autoptr (PeerupReactor) reactor = peerup_reactor_ref_default ();
  g_autoptr (GString) log = g_string_new (NULL);
  g_autofree guint8 *bytes = make_bytes (4000);
  PeerupTask first, second, third;
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  peerup_task_init (&first, reactor, append_letter, log);
  peerup_task_init (&second, reactor, append_other, log);
  peerup_task_init (&third, reactor, append_letter, log);
  peerup_udp_socket_wait (sides[0].socket, &first);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "a");
  g_string_truncate (log, 0);

  side_fake_send (&sides[0], EIO, 2);
  side_send (&sides[0], &sides[1], bytes, 3500, 1000);
  g_assert_true (peerup_udp_socket_is_blocked (sides[0].socket));
  side_send (&sides[0], &sides[1], bytes, 3500, 1000);
  g_assert_cmpuint (side_figures (&sides[0]).unsent, ==, 4);
  peerup_udp_socket_wait (sides[0].socket, &second);
  peerup_udp_socket_wait (sides[0].socket, &first);
  peerup_udp_socket_wait (sides[0].socket, &third);
  peerup_udp_socket_wait (sides[0].socket, &second);
  peerup_udp_socket_forget (sides[0].socket, &third);
  peerup_udp_socket_forget (sides[0].socket, &third);
  /* Nothing happens while it is full. */
  test_spin ();
  g_assert_cmpuint (sides[1].bytes->len, ==, 2000);
  g_assert_cmpstr (log->str, ==, "");
  fake.room = G_MAXUINT;
  /* The kernel, which was never full, has said so by now. */
  sides[0].socket->watch.ready |= EPOLLOUT;
  peerup_task_schedule (&sides[0].socket->watch.task);
  side_wait (&sides[1], 4);
  g_assert_cmpmem (sides[1].bytes->data, sides[1].bytes->len, bytes, 3500);
  g_assert_false (peerup_udp_socket_is_blocked (sides[0].socket));
  g_assert_cmpstr (log->str, ==, "ba");
  g_assert_cmpuint (side_figures (&sides[0]).sent, ==, 4);

  /* A socket that goes while it is blocked takes what it kept along. */
  fake.room = 0;
  side_send (&sides[0], &sides[1], bytes, 3500, 1000);
  peerup_udp_socket_wait (sides[0].socket, &first);
  g_clear_pointer (&sides[0].socket, peerup_udp_socket_free);
  test_spin ();
  g_assert_cmpstr (log->str, ==, "ba");
  peerup_task_clear (&first);
  peerup_task_clear (&second);
  peerup_task_clear (&third);
  sides_clear (sides);
}

static void
test_too_big (void)
{
  g_autofree guint8 *bytes = make_bytes (65000);
  Side sides[2];

  sides_init (sides, "127.0.0.1");
  g_assert_true (side_figures (&sides[0]).has_mtu_probe);
  side_fake_send (&sides[0], 0, G_MAXUINT);
  fake_failures (EMSGSIZE, 1);
  side_send (&sides[0], &sides[1], bytes, 9000, 9000);
  g_assert_cmpuint (side_figures (&sides[0]).unsent, ==, 1);
  fake_failures (ENOBUFS, 1);
  side_send (&sides[0], &sides[1], bytes, 9000, 3000);
  g_assert_cmpuint (side_figures (&sides[0]).unsent, ==, 4);
  test_spin ();
  g_assert_cmpuint (sides[0].n_errors, ==, 0);
  g_assert_cmpuint (side_figures (&sides[0]).sent, ==, 0);
  sides_clear (sides);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/udp-send/small-segments", test_small_segments);
  g_test_add_data_func ("/udp-send/no-segmentation/io", GINT_TO_POINTER (EIO), test_no_segmentation);
  g_test_add_data_func ("/udp-send/no-segmentation/invalid", GINT_TO_POINTER (EINVAL), test_no_segmentation);
  g_test_add_data_func ("/udp-send/no-segmentation/unsupported", GINT_TO_POINTER (EOPNOTSUPP), test_no_segmentation);
  g_test_add_func ("/udp-send/other-refusal", test_other_refusal);
  g_test_add_func ("/udp-send/blocked", test_blocked);
  g_test_add_func ("/udp-send/too-big", test_too_big);
  return g_test_run ();
}
