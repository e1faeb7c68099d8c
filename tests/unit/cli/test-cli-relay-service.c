/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What people are told of a device that relays for others: by status, and by the doctor.
 */
#include "cli/peerup-relay-service-text.h"

#include "findings-case.h"

#define LIMITS "'limits': <{'max_reservations': <uint64 128>, 'max_circuits_total': <uint64 1024>}>"
#define SERVICE(state, reservations, circuits, more)                                      \
  "{'state': <'" state "'>, 'since': <int64 1000>, 'reservations': <uint32 " reservations \
  ">, 'circuits': <uint32 " circuits ">, 'bytes': <uint64 1288490188>, " LIMITS more "}"
#define REFUSED(reservations, circuits) \
  ", 'reservations_refused': <uint64 " reservations ">, 'circuits_refused': <uint64 " circuits ">"
#define PUBLIC ", 'addresses': <['/ip4/10.0.0.2/tcp/7777', '/ip4/203.0.113.7/tcp/7777']>"

static void
test_status (void)
{
  static const struct
  {
    const char *service;
    const char *text;
  } cases[] = {
    { "@a{sv} {}", NULL },
    { SERVICE ("off", "0", "0", ""), NULL },
    { "{'state': <'serving'>}", NULL },
    { SERVICE ("serving", "4", "3", ""), "  for everybody who is admitted, for 2 h 5 min\n"
                                         "  4 of 128 reservations and 3 of 1024 circuits; 1.2 GiB carried since the "
                                         "start\n" },
    { SERVICE ("serving", "4", "3", ", 'for_peers': <true>" REFUSED ("12", "1")),
      "  for authorized peers, for 2 h 5 min: this device has a public address\n"
      "  4 of 128 reservations and 3 of 1024 circuits; 1.2 GiB carried since the start\n"
      "  refused 12 reservations and 1 circuit\n" },
    { SERVICE ("draining", "0", "3", ""),
      "  takes nothing new, and waits for its circuits to end\n"
      "  0 of 128 reservations and 3 of 1024 circuits; 1.2 GiB carried since the start\n" },
    { SERVICE ("drained", "0", "0", REFUSED ("0", "2")),
      "  for nobody since it was drained; to serve again: peerup relay resume\n"
      "  0 of 128 reservations and 0 of 1024 circuits; 1.2 GiB carried since the start\n"
      "  refused 2 circuits\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) service = case_parse ("a{sv}", cases[i].service);
      g_autofree char *text = peerup_relay_service_format (service, 1000 + 7500);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_doctor (void)
{
  static const struct
  {
    const char *service;
    const char *found;
  } cases[] = {
    { NULL, "ok: this device relays for nobody\n" },
    { SERVICE ("off", "0", "0", ""), "ok: this device relays for nobody\n" },
    { SERVICE ("drained", "0", "0", ""),
      "note: drained: nobody is relayed for any more -> to serve again: peerup relay "
      "resume\n" },
    { SERVICE ("serving", "4", "3", PUBLIC), "ok: serving, 4 of 128 reservations and 3 of 1024 circuits in use\n" },
    { SERVICE ("serving", "4", "3", ", 'addresses': <['/dns4/relay.example.org/tcp/443']>"),
      "ok: serving, 4 of 128 reservations and 3 of 1024 circuits in use\n" },
    { SERVICE ("serving", "4", "3", ", 'addresses': <['/ip4/192.168.1.7/tcp/7777', 'x']>"),
      "ok: serving, 4 of 128 reservations and 3 of 1024 circuits in use\n"
      "mend: none of its addresses is public: devices elsewhere cannot reach it -> if a router forwards a port to this "
      "device, name the router's address under relay.announce in " CASE_CONFIG ", as in /ip4/203.0.113.7/tcp/7777\n" },
    { SERVICE ("serving", "128", "1024", PUBLIC REFUSED ("1", "0")),
      "ok: serving, 128 of 128 reservations and 1024 of 1024 circuits in use\n"
      "mend: all 128 reservations are in use: further ones are refused -> raise resources.max_reservations "
      "in " CASE_CONFIG "\n"
      "mend: all 1024 circuits are in use: further ones are refused -> raise resources.max_circuits_total "
      "in " CASE_CONFIG "\n"
      "note: refused 1 reservation since the start: a limit, somebody without the right, or a device that was not "
      "there "
      "-> if those are devices of yours, look at resources in " CASE_CONFIG "\n" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    case_assert (peerup_check_relay, &(Case) { .relay = cases[i].service }, cases[i].found);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/cli/relay-service/status", test_status);
  g_test_add_func ("/cli/relay-service/doctor", test_doctor);
  return g_test_run ();
}
