/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */

/* A line between two network namespaces: a TUN device in each, and what enters one leaves the
 * other later, or never. Without loss, reordering and duplication whole TCP and UDP super-packets
 * cross as the kernel made them (IFF_VNET_HDR), so that one core carries many Gbit/s; with them
 * the kernel cuts into packets first, and each has its own fate. It lives until SIGTERM, the end
 * of its standard input or --seconds. It routes nothing, answers nothing and gives no addresses. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <math.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_MSEC INT64_C (1000000)
#define NSEC_PER_SEC  INT64_C (1000000000)
/* What the device keeps for us while we are not running, in packets. */
#define DEVICE_QUEUE 20000
/* How many packets one side may bring before the other has its turn. */
#define TURN 32
/* An IP packet with the kernel's note before it. */
#define FRAME_MAX (sizeof (struct virtio_net_hdr) + 65536)
/* What the memory of a line of unknown rate is reckoned with. */
#define ASSUMED_MBIT 10000.
#define MEMORY_MAX   (512. * 1024 * 1024)
/* A queue of unknown length takes this much at the line's rate. */
#define ASSUMED_QUEUE_MS 50.
#define QUEUE_MIN        (256. * 1024)

/* What can be asked of each direction, in the units of usage(). */
enum
{
  DELAY,
  RATE,
  QUEUE,
  LOSS,
  REORDER,
  HOLD,
  DUPLICATE,
  MTU,
  N_SETTINGS,
};

typedef struct
{
  int64_t due;
  uint32_t size; /* of the frame that follows; 0: the next record is at the start of the ring */
  uint32_t packets;
} Record;

/* Records in the order of their due times, each in one piece. */
typedef struct
{
  uint8_t *memory;
  size_t size;
  size_t head;
  size_t tail;
  bool full; /* tells full from empty when head == tail */
} Ring;

typedef struct
{
  const char *name;
  int from;
  int to;
  double setting[N_SETTINGS];
  Ring line;
  Ring held; /* reordered packets, which leave later by the same time each */
  int64_t busy_until;
  uint64_t random;

  uint64_t received; /* packets: a super-packet counts as what it will be cut into */
  uint64_t bytes;
  uint64_t delivered;
  uint64_t lost;
  uint64_t too_big;
  uint64_t queue_full;
  uint64_t memory_full;
  uint64_t refused; /* by the device where it leaves */
  uint64_t reordered;
  uint64_t duplicated;
  double max_queue; /* bytes that wait for the rate */
  size_t biggest;   /* bytes of a packet that was let through */
  int64_t max_late; /* ns after the due time */
} Direction;

static volatile sig_atomic_t stopping;

static _Noreturn __attribute__ ((format (printf, 1, 2))) void
fail (const char *format, ...)
{
  va_list arguments;

  fputs ("delay-line: ", stderr);
  va_start (arguments, format);
  vfprintf (stderr, format, arguments);
  va_end (arguments);
  fputc ('\n', stderr);
  exit (1);
}

static int64_t
now_ns (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);
  return time.tv_sec * NSEC_PER_SEC + time.tv_nsec;
}

/* splitmix64: the same seed gives the same fates. */
static bool
chance (Direction *direction, double percent)
{
  uint64_t z;

  if (percent <= 0)
    return false;
  z = direction->random += UINT64_C (0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * UINT64_C (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C (0x94d049bb133111eb);
  z ^= z >> 31;
  return (double) z < percent / 100 * 0x1p64;
}

static void
ring_init (Ring *ring, size_t size)
{
  ring->size = size & ~(sizeof (Record) - 1);
  ring->memory = mmap (NULL, ring->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (ring->memory == MAP_FAILED)
    fail ("cannot have %zu bytes for the line: %s", size, strerror (errno));
}

static size_t
record_size (size_t frame)
{
  return sizeof (Record) + ((frame + sizeof (Record) - 1) & ~(sizeof (Record) - 1));
}

static Record *
record_at (Ring *ring, size_t offset)
{
  return (void *) (ring->memory + offset);
}

/* Room for one frame, to be kept with ring_push(), or NULL. */
static Record *
ring_reserve (Ring *ring, size_t frame)
{
  size_t wanted = record_size (frame);

  if (ring->full)
    return NULL;
  if (ring->head == ring->tail)
    ring->head = ring->tail = 0;
  if (ring->tail < ring->head)
    return ring->head - ring->tail >= wanted ? record_at (ring, ring->tail) : NULL;
  if (ring->size - ring->tail >= wanted)
    return record_at (ring, ring->tail);
  return ring->head >= wanted ? record_at (ring, 0) : NULL;
}

static void
ring_push (Ring *ring, const Record *record)
{
  if (record != record_at (ring, ring->tail))
    {
      record_at (ring, ring->tail)->size = 0;
      ring->tail = 0;
    }
  ring->tail += record_size (record->size);
  if (ring->tail == ring->size)
    ring->tail = 0;
  ring->full = ring->tail == ring->head;
}

static Record *
ring_peek (Ring *ring)
{
  Record *record;

  if (ring->head == ring->tail && !ring->full)
    return NULL;
  record = record_at (ring, ring->head);
  if (record->size == 0)
    {
      ring->head = 0;
      record = record_at (ring, 0);
    }
  return record;
}

static void
ring_pop (Ring *ring)
{
  ring->head += record_size (record_at (ring, ring->head)->size);
  if (ring->head == ring->size)
    ring->head = 0;
  ring->full = false;
}

static bool
ring_copy (Ring *ring, const Record *record, int64_t due)
{
  Record *copy = ring_reserve (ring, record->size);

  if (copy == NULL)
    return false;
  memcpy (copy, record, sizeof *record + record->size);
  copy->due = due;
  ring_push (ring, copy);
  return true;
}

/* How many packets a frame will be cut into, how big the biggest is, and all together. */
static void
measure (const uint8_t *frame, size_t size, uint32_t *packets, size_t *biggest, size_t *bytes)
{
  struct virtio_net_hdr note;
  const uint8_t *packet = frame + sizeof note;
  size_t length = size - sizeof note, headers;

  *packets = 1;
  *biggest = *bytes = length;
  memcpy (&note, frame, sizeof note);
  if (note.gso_type == VIRTIO_NET_HDR_GSO_NONE || note.gso_size == 0 || note.csum_start + 20u > length)
    return;
  headers =
    note.csum_start + (note.gso_type == VIRTIO_NET_HDR_GSO_UDP_L4 ? 8 : (packet[note.csum_start + 12] >> 4) * 4);
  if (headers >= length)
    return;
  *packets = (length - headers + note.gso_size - 1) / note.gso_size;
  *biggest = *packets > 1 ? headers + note.gso_size : length;
  *bytes = length + (*packets - 1) * headers;
}

/* When the last bit has left by the line's rate; 0 if the queue before it has no room. */
static int64_t
transmit (Direction *direction, size_t bytes, int64_t now)
{
  double nsec_per_byte, waiting;

  if (direction->setting[RATE] == 0)
    return now;
  nsec_per_byte = 8000. / direction->setting[RATE];
  if (direction->busy_until < now)
    direction->busy_until = now;
  waiting = (direction->busy_until - now) / nsec_per_byte + bytes;
  if (waiting > direction->setting[QUEUE])
    return 0;
  if (waiting > direction->max_queue)
    direction->max_queue = waiting;
  direction->busy_until += bytes * nsec_per_byte;
  return direction->busy_until;
}

/* Decides about the packet in @record, which has been reserved in the line and not pushed. */
static void
accept_packet (Direction *direction, Record *record, int64_t now)
{
  size_t biggest, bytes;
  int64_t left;

  measure ((uint8_t *) (record + 1), record->size, &record->packets, &biggest, &bytes);
  direction->received += record->packets;
  direction->bytes += bytes;
  if (direction->setting[MTU] > 0 && biggest > direction->setting[MTU])
    {
      direction->too_big += record->packets;
      return;
    }
  if (chance (direction, direction->setting[LOSS]))
    {
      direction->lost += record->packets;
      return;
    }
  left = transmit (direction, bytes, now);
  if (left == 0)
    {
      direction->queue_full += record->packets;
      return;
    }
  if (biggest > direction->biggest)
    direction->biggest = biggest;
  record->due = left + llround (direction->setting[DELAY] * NSEC_PER_MSEC);
  if (chance (direction, direction->setting[REORDER]))
    {
      int64_t due = record->due + llround (direction->setting[HOLD] * NSEC_PER_MSEC);

      *(ring_copy (&direction->held, record, due) ? &direction->reordered : &direction->memory_full) += record->packets;
      return;
    }
  ring_push (&direction->line, record);
  if (chance (direction, direction->setting[DUPLICATE]) && ring_copy (&direction->line, record, record->due))
    direction->duplicated += record->packets;
}

/* Whether the other side may have more. */
static bool
receive_packet (Direction *direction)
{
  static uint64_t nowhere[(sizeof (Record) + FRAME_MAX) / 8 + 1];
  Record *record = ring_reserve (&direction->line, FRAME_MAX);
  bool has_room = record != NULL;
  ssize_t n;

  if (!has_room)
    record = (void *) nowhere;
  n = read (direction->from, record + 1, FRAME_MAX);
  if (n <= (ssize_t) sizeof (struct virtio_net_hdr))
    return false;
  record->size = n;
  if (has_room)
    accept_packet (direction, record, now_ns ());
  else
    direction->memory_full++;
  return true;
}

/* Which of the two rings has the next packet; NULL: neither. */
static Ring *
next_ring (Direction *direction, int64_t *due)
{
  Record *line = ring_peek (&direction->line), *held = ring_peek (&direction->held);

  if (line == NULL && held == NULL)
    return NULL;
  if (held == NULL || (line != NULL && line->due <= held->due))
    {
      *due = line->due;
      return &direction->line;
    }
  *due = held->due;
  return &direction->held;
}

/* Lets out what is due and returns when the next is, INT64_MAX for never. */
static int64_t
deliver_packets (Direction *direction)
{
  int64_t due;

  for (int i = 0; i < TURN; i++)
    {
      Ring *ring = next_ring (direction, &due);
      int64_t now = now_ns ();
      Record *record;

      if (ring == NULL)
        return INT64_MAX;
      if (due > now)
        return due;
      record = ring_peek (ring);
      if (write (direction->to, record + 1, record->size) < 0)
        direction->refused += record->packets;
      else
        direction->delivered += record->packets;
      if (now - due > direction->max_late)
        direction->max_late = now - due;
      ring_pop (ring);
    }
  return 0;
}

static void
print_direction (const Direction *direction)
{
  printf ("\"%s\": {\"received\": %" PRIu64 ", \"bytes\": %" PRIu64 ", \"delivered\": %" PRIu64 ", \"lost\": %" PRIu64
          ", \"too_big\": %" PRIu64 ", \"queue_full\": %" PRIu64 ", \"memory_full\": %" PRIu64 ", \"refused\": %" PRIu64
          ", \"reordered\": %" PRIu64 ", \"duplicated\": %" PRIu64
          ", \"biggest\": %zu, \"max_queue\": %.0f, \"max_late_us\": %" PRId64 "}",
          direction->name, direction->received, direction->bytes, direction->delivered, direction->lost,
          direction->too_big, direction->queue_full, direction->memory_full, direction->refused, direction->reordered,
          direction->duplicated, direction->biggest, direction->max_queue, direction->max_late / 1000);
}

static void
print_counts (const Direction directions[2])
{
  printf ("{");
  print_direction (&directions[0]);
  printf (", ");
  print_direction (&directions[1]);
  printf ("}\n");
  fflush (stdout);
}

static void
on_signal (int number)
{
  stopping = 1;
}

static void
sleep_until (struct pollfd *polled, nfds_t n, int64_t due, const sigset_t *mask)
{
  int64_t now = now_ns (), left = due > now ? due - now : 0;
  struct timespec timeout = { left / NSEC_PER_SEC, left % NSEC_PER_SEC };

  if (ppoll (polled, n, &timeout, mask) < 0 && errno != EINTR)
    fail ("ppoll: %s", strerror (errno));
}

static void
run (Direction directions[2], int64_t end)
{
  struct pollfd polled[3] = { { directions[0].from, POLLIN, 0 },
                              { directions[1].from, POLLIN, 0 },
                              { STDIN_FILENO, POLLIN, 0 } };
  struct sigaction action = { .sa_handler = on_signal };
  sigset_t blocked, open;
  char ignored[256];

  sigemptyset (&blocked);
  sigaddset (&blocked, SIGTERM);
  sigaddset (&blocked, SIGINT);
  sigprocmask (SIG_BLOCK, &blocked, &open);
  sigaction (SIGTERM, &action, NULL);
  sigaction (SIGINT, &action, NULL);

  while (!stopping && now_ns () < end)
    {
      int64_t due = end;

      for (int i = 0; i < 2; i++)
        {
          int64_t next = deliver_packets (&directions[i]);

          due = next < due ? next : due;
        }
      sleep_until (polled, 3, due, &open);
      /* A device that has gone is the end of the line. */
      if ((polled[0].revents | polled[1].revents) & (POLLERR | POLLNVAL))
        break;
      for (int i = 0; i < 2; i++)
        for (int n = 0; n < TURN && polled[i].revents != 0 && receive_packet (&directions[i]); n++)
          ;
      if (polled[2].revents != 0)
        {
          if (read (STDIN_FILENO, ignored, sizeof ignored) <= 0)
            break;
          print_counts (directions);
        }
      for (int i = 0; i < 3; i++)
        polled[i].revents = 0;
    }
}

/* Returns the descriptor of a new TUN device in the network namespace at @path. */
static int
open_device (const char *path, const char *name, bool segments)
{
  struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR };
  unsigned offload = segments ? TUN_F_CSUM : TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN;
  int space = open (path, O_RDONLY | O_CLOEXEC), device, control;

  if (space < 0 || setns (space, CLONE_NEWNET) < 0)
    fail ("cannot enter the network namespace %s: %s", path, strerror (errno));
  close (space);
  device = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (device < 0)
    fail ("/dev/net/tun: %s", strerror (errno));
  if (strlen (name) >= sizeof request.ifr_name)
    fail ("%s is too long for the name of a device", name);
  strcpy (request.ifr_name, name);
  if (ioctl (device, TUNSETIFF, &request) < 0)
    fail ("cannot make the device %s: %s", name, strerror (errno));
  /* Older kernels know no UDP super-packets: they cut them, which is slower and else the same. */
  if ((segments || ioctl (device, TUNSETOFFLOAD, offload | TUN_F_USO4 | TUN_F_USO6) < 0) &&
      ioctl (device, TUNSETOFFLOAD, offload) < 0)
    fail ("offloads of %s: %s", name, strerror (errno));

  control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  request.ifr_qlen = DEVICE_QUEUE;
  if (control < 0 || ioctl (control, SIOCSIFTXQLEN, &request) < 0)
    fail ("queue of %s: %s", name, strerror (errno));
  close (control);
  return device;
}

/* Fills in what was not said and gets the memory. */
static void
prepare (Direction *direction)
{
  double *setting = direction->setting;
  double bytes_per_ms = (setting[RATE] > 0 ? setting[RATE] : ASSUMED_MBIT) * 125;

  if (setting[RATE] > 0 && setting[QUEUE] == 0)
    setting[QUEUE] = fmax (bytes_per_ms * ASSUMED_QUEUE_MS, QUEUE_MIN);
  /* Small packets take more memory than bytes of the line: hence twice. */
  ring_init (&direction->line,
             fmin (2 * (bytes_per_ms * setting[DELAY] + setting[QUEUE]) + 64 * FRAME_MAX, MEMORY_MAX));
  ring_init (&direction->held, fmin (bytes_per_ms * (setting[DELAY] + setting[HOLD]) + 64 * FRAME_MAX, MEMORY_MAX));
}

static void
usage (FILE *file)
{
  fputs ("usage: delay-line [OPTION...] LEFT-NAMESPACE LEFT-DEVICE RIGHT-NAMESPACE RIGHT-DEVICE\n"
         "Joins two new TUN devices; a namespace is a path like /proc/1/ns/net. Says \"ready\" when they are there.\n"
         "A line on standard input prints what was counted so far, as JSON. Ends at SIGTERM, at the end of\n"
         "standard input, or after --seconds.\n"
         "For both directions, or for one after --to-left or --to-right:\n"
         "  --delay MS --rate MBIT --queue BYTES --mtu BYTES (drops bigger packets and says nothing)\n"
         "  --loss PERCENT --duplicate PERCENT --reorder PERCENT --hold MS (how much later; 5)\n"
         "For all: --segments (no super-packets) --seed N --seconds N --stats (JSON at the end)\n",
         file);
}

static double
parse_number (const char *name, const char *text, double max)
{
  char *end;
  double value = strtod (text, &end);

  if (end == text || *end != '\0' || !(value >= 0 && value <= max))
    fail ("--%s %s: a number from 0 to %g is needed", name, text, max);
  return value;
}

typedef struct
{
  bool segments;
  bool stats;
  double seed;
  double seconds;
} Options;

enum
{
  TO_LEFT = N_SETTINGS,
  TO_RIGHT,
  SEGMENTS,
  SEED,
  SECONDS,
  STATS,
  HELP,
};

static const struct option long_options[] = {
  { "delay", required_argument, NULL, DELAY },
  { "rate", required_argument, NULL, RATE },
  { "queue", required_argument, NULL, QUEUE },
  { "loss", required_argument, NULL, LOSS },
  { "reorder", required_argument, NULL, REORDER },
  { "hold", required_argument, NULL, HOLD },
  { "duplicate", required_argument, NULL, DUPLICATE },
  { "mtu", required_argument, NULL, MTU },
  { "to-left", no_argument, NULL, TO_LEFT },
  { "to-right", no_argument, NULL, TO_RIGHT },
  { "segments", no_argument, NULL, SEGMENTS },
  { "seed", required_argument, NULL, SEED },
  { "seconds", required_argument, NULL, SECONDS },
  { "stats", no_argument, NULL, STATS },
  { "help", no_argument, NULL, HELP },
  { NULL, 0, NULL, 0 },
};

static const double setting_max[N_SETTINGS] = {
  [DELAY] = 10000, [RATE] = 1e6,   [QUEUE] = 1e9,     [LOSS] = 100,
  [REORDER] = 100, [HOLD] = 10000, [DUPLICATE] = 100, [MTU] = 65535,
};

static void
parse_options (int argc, char **argv, Options *options, Direction directions[2])
{
  int first = 0, last = 1, choice, index;

  while ((choice = getopt_long (argc, argv, "", long_options, &index)) != -1)
    switch (choice)
      {
      case '?':
        usage (stderr);
        exit (2);
      case HELP:
        usage (stdout);
        exit (0);
      case TO_RIGHT:
      case TO_LEFT:
        first = last = choice == TO_LEFT;
        break;
      case SEGMENTS:
        options->segments = true;
        break;
      case STATS:
        options->stats = true;
        break;
      case SEED:
        options->seed = parse_number ("seed", optarg, 0x1p53);
        break;
      case SECONDS:
        options->seconds = parse_number ("seconds", optarg, 1e6);
        break;
      default:
        for (int i = first; i <= last; i++)
          directions[i].setting[choice] = parse_number (long_options[index].name, optarg, setting_max[choice]);
      }
  for (int i = 0; i < 2; i++)
    for (const int *fate = (const int[]) { LOSS, REORDER, DUPLICATE, -1 }; *fate != -1; fate++)
      options->segments = options->segments || directions[i].setting[*fate] > 0;
}

int
main (int argc, char **argv)
{
  Direction directions[2] = { { .name = "to_right", .setting[HOLD] = 5 }, { .name = "to_left", .setting[HOLD] = 5 } };
  Options options = { .seed = 1 };
  int left, right;

  parse_options (argc, argv, &options, directions);
  if (argc - optind != 4)
    {
      usage (stderr);
      return 2;
    }
  left = open_device (argv[optind], argv[optind + 1], options.segments);
  right = open_device (argv[optind + 2], argv[optind + 3], options.segments);
  directions[0].from = directions[1].to = left;
  directions[0].to = directions[1].from = right;
  for (int i = 0; i < 2; i++)
    {
      directions[i].random = (uint64_t) options.seed * 2 + i;
      prepare (&directions[i]);
    }

  prctl (PR_SET_TIMERSLACK, 1, 0, 0, 0);
  /* Who is late is wrong: go before what is measured. Without the right to it, be as good as can be. */
  setpriority (PRIO_PROCESS, 0, -15);
  puts ("ready");
  fflush (stdout);
  run (directions, options.seconds > 0 ? now_ns () + llround (options.seconds * NSEC_PER_SEC) : INT64_MAX);

  if (options.stats)
    print_counts (directions);
  return 0;
}
