/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 *
 * PCP and NAT-PMP, byte by byte after the figures of RFC 6887 7, 11.1 and RFC 6886 3.2, 3.3. */

#include "nat/peerup-port-mapping-message.h"

#include "wire/peerup-error.h"

static const guint8 nonce[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 };

static PeerupSocketAddress
make_address (const char *host, guint16 port)
{
  PeerupSocketAddress address;

  g_assert_true (peerup_socket_address_set (&address, host, port));
  return address;
}

static PeerupPortMappingRequest
make_request (const char *client)
{
  PeerupPortMappingRequest request = {
    .protocol = IPPROTO_UDP,
    .port = 0x1234,
    .external_port = 0x5678,
    .lifetime = 7200,
    .client = make_address (client, 0),
  };

  memcpy (request.nonce, nonce, sizeof nonce);
  return request;
}

static void
test_write_pcp_map (void)
{
  static const guint8 expected4[] = {
    2,  1, 0, 0, 0,    0,    0x1c, 0x20,                                   /* MAP, 7200 s */
    0,  0, 0, 0, 0,    0,    0,    0,    0, 0, 0xff, 0xff, 192, 168, 1, 2, /* our address */
    0,  1, 2, 3, 4,    5,    6,    7,    8, 9, 10,   11,                   /* nonce */
    17, 0, 0, 0, 0x12, 0x34, 0x56, 0x78,                                   /* UDP, ports */
    0,  0, 0, 0, 0,    0,    0,    0,    0, 0, 0xff, 0xff, 0,   0,   0, 0, /* any address outside */
  };
  static const guint8 expected6[] = {
    2, 1, 0, 0, 0,  0,  0x1c, 0x20, 0x2a, 0, 0,    0,    0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 2, 3, 4, 5,
    6, 7, 8, 9, 10, 11, 17,   0,    0,    0, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  };
  guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  PeerupPortMappingRequest request = make_request ("192.168.1.2");

  g_assert_cmpmem (data, peerup_pcp_write_map (&request, data), expected4, sizeof expected4);
  request.external = make_address ("1.2.3.4", 0);
  g_assert_cmpuint (peerup_pcp_write_map (&request, data), ==, 60);
  g_assert_cmpmem (data + 54, 6, "\xff\xff\1\2\3\4", 6);
  request = make_request ("2a00::1");
  g_assert_cmpmem (data, peerup_pcp_write_map (&request, data), expected6, sizeof expected6);
}

static void
test_write_others (void)
{
  static const guint8 announce[] = { 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 168, 1, 2 };
  guint8 data[PEERUP_PORT_MAPPING_REQUEST_SIZE];
  PeerupPortMappingRequest request = make_request ("192.168.1.2");

  g_assert_cmpmem (data, peerup_pcp_write_announce (&request.client, data), announce, sizeof announce);
  g_assert_cmpmem (data, peerup_nat_pmp_write_address (data), "\0\0", 2);
  g_assert_cmpmem (data, peerup_nat_pmp_write_map (&request, data), "\0\1\0\0\x12\x34\x56\x78\0\0\x1c\x20", 12);
  request.protocol = IPPROTO_TCP;
  request.lifetime = 0;
  request.external_port = 0;
  g_assert_cmpmem (data, peerup_nat_pmp_write_map (&request, data), "\0\2\0\0\x12\x34\0\0\0\0\0\0", 12);
}

static const guint8 pcp_map[] = {
  2, 0x81, 0, 0, 0,  0,  0x0e, 0x10, 0, 0, 0,    99,   0,    0,    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,    1,    2, 3, 4, 5,
  6, 7,    8, 9, 10, 11, 17,   0,    0, 0, 0x12, 0x34, 0xab, 0xcd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4,
};

static void
test_read_pcp_map (void)
{
  PeerupSocketAddress external = make_address ("1.2.3.4", 0);
  PeerupPortMappingAnswer answer;
  GError *error = NULL;

  g_assert_cmpuint (sizeof pcp_map, ==, 60);
  g_assert_true (peerup_port_mapping_answer_parse (&answer, pcp_map, sizeof pcp_map, &error));
  g_assert_no_error (error);
  g_assert_cmpint (answer.type, ==, PEERUP_PORT_MAPPING_PCP_MAP);
  g_assert_cmpuint (answer.result, ==, 0);
  g_assert_cmpuint (answer.lifetime, ==, 3600);
  g_assert_cmpuint (answer.epoch, ==, 99);
  g_assert_cmpuint (answer.protocol, ==, IPPROTO_UDP);
  g_assert_cmpuint (answer.port, ==, 0x1234);
  g_assert_cmpuint (answer.external_port, ==, 0xabcd);
  g_assert_true (peerup_socket_address_equal (&answer.external, &external));
  g_assert_cmpmem (answer.nonce, sizeof answer.nonce, nonce, sizeof nonce);
}

/* Nobody can be reached at these. */
static void
test_read_addresses_that_are_none (void)
{
  static const guint8 hosts[][16] = {
    { 0 },
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff },
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 224, 0, 0, 1 },
    { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 255, 255, 255, 255 },
    { 0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 },
  };
  PeerupPortMappingAnswer answer;
  guint8 data[60];

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      memcpy (data, pcp_map, sizeof data);
      memcpy (data + 44, hosts[i], 16);
      g_assert_true (peerup_port_mapping_answer_parse (&answer, data, sizeof data, NULL));
      g_assert_cmpint (answer.external.any.sa_family, ==, AF_UNSPEC);
    }
}

typedef struct
{
  const char *name;
  gsize length;
  guint8 data[24];
  gboolean parses;
  PeerupPortMappingAnswer answer;
} Short;

static const Short shorts[] = {
  { "announce", 24, { 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 }, TRUE, { PEERUP_PORT_MAPPING_PCP_ANNOUNCE, 0, 256 } },
  { "pcp-error",
    24,
    { 2, 0x81, 0, 2, 0, 0, 0, 60, 0, 0, 0, 7 },
    TRUE,
    { PEERUP_PORT_MAPPING_PCP_OTHER, PEERUP_PORT_MAPPING_NOT_AUTHORIZED, 7, 60 } },
  { "pcp-map-without-mapping", 24, { 2, 0x81 }, FALSE, { 0 } },
  { "pcp-not-in-words", 23, { 2, 0x80 }, FALSE, { 0 } },
  { "address", 12, { 0, 0x80, 0, 0, 0, 0, 0, 5, 1, 2, 3, 4 }, TRUE, { PEERUP_PORT_MAPPING_NAT_PMP_ADDRESS, 0, 5 } },
  { "map",
    16,
    { 0, 0x82, 0, 0, 0, 0, 0, 5, 0x12, 0x34, 0x56, 0x78, 0, 0, 0x1c, 0x20 },
    TRUE,
    { PEERUP_PORT_MAPPING_NAT_PMP_MAP, 0, 5, 7200, IPPROTO_TCP, 0x1234, 0x5678 } },
  /* What those say that have never heard of PCP (RFC 6886 3.5, RFC 6887 appendix A). */
  { "old-version", 8, { 0, 0x81, 0, 1, 0, 0, 0, 5 }, TRUE, { PEERUP_PORT_MAPPING_NAT_PMP_MAP, 1, 5, 0, IPPROTO_UDP } },
  { "unknown-operation", 16, { 0, 0x83 }, FALSE, { 0 } },
  { "unknown-version", 24, { 3, 0x81 }, FALSE, { 0 } },
  { "request", 24, { 2, 1 }, FALSE, { 0 } },
  { "nothing", 0, { 0 }, FALSE, { 0 } },
};

static void
test_short (gconstpointer data)
{
  const Short *expected = data;
  g_autofree guint8 *exact = g_memdup2 (expected->data, expected->length);
  PeerupPortMappingAnswer answer;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (peerup_port_mapping_answer_parse (&answer, exact, expected->length, &error), ==, expected->parses);
  if (!expected->parses)
    {
      g_assert_error (error, PEERUP_ERROR, PEERUP_ERROR_MALFORMED);
      return;
    }
  g_assert_cmpint (answer.type, ==, expected->answer.type);
  g_assert_cmpuint (answer.result, ==, expected->answer.result);
  g_assert_cmpuint (answer.epoch, ==, expected->answer.epoch);
  g_assert_cmpuint (answer.lifetime, ==, expected->answer.lifetime);
  g_assert_cmpuint (answer.protocol, ==, expected->answer.protocol);
  g_assert_cmpuint (answer.port, ==, expected->answer.port);
  g_assert_cmpuint (answer.external_port, ==, expected->answer.external_port);
}

/* Every prefix, from memory of that size; with every version, operation and result. */
static void
test_truncated (void)
{
  for (guint version = 0; version < 4; version++)
    for (guint operation = 0x7e; operation < 0x86; operation++)
      for (guint result = 0; result < 3; result++)
        for (gsize length = 0; length <= sizeof pcp_map; length++)
          {
            g_autofree guint8 *exact = g_memdup2 (pcp_map, length);
            PeerupPortMappingAnswer answer;
            const guint8 first[] = { version, operation, 0, result };

            if (length > 0)
              memcpy (exact, first, MIN (length, sizeof first));
            if (peerup_port_mapping_answer_parse (&answer, exact, length, NULL))
              g_assert_cmpuint (length, >=, 8);
          }
}

static void
test_too_long (void)
{
  guint8 data[PEERUP_PORT_MAPPING_ANSWER_MAX + 4] = { 2, 0x80 };
  PeerupPortMappingAnswer answer;

  g_assert_true (peerup_port_mapping_answer_parse (&answer, data, PEERUP_PORT_MAPPING_ANSWER_MAX, NULL));
  g_assert_false (peerup_port_mapping_answer_parse (&answer, data, sizeof data, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/nat/port-mapping-message/write-pcp-map", test_write_pcp_map);
  g_test_add_func ("/nat/port-mapping-message/write-others", test_write_others);
  g_test_add_func ("/nat/port-mapping-message/read-pcp-map", test_read_pcp_map);
  g_test_add_func ("/nat/port-mapping-message/addresses-that-are-none", test_read_addresses_that_are_none);
  for (guint i = 0; i < G_N_ELEMENTS (shorts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/nat/port-mapping-message/%s", shorts[i].name);

      g_test_add_data_func (path, &shorts[i], test_short);
    }
  g_test_add_func ("/nat/port-mapping-message/truncated", test_truncated);
  g_test_add_func ("/nat/port-mapping-message/too-long", test_too_long);
  return g_test_run ();
}
