/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright The Peer-Up authors
 */
/* What is known of this machine's network, for the control interface: facts and the engine's own sentences. Nothing is
 * measured here.
 */
#include <ifaddrs.h>
#include <net/if.h>

#include "control/peerup-control-describe.h"
#include "control/peerup-control-ops.h"
#include "control/peerup-control-private.h"
#include "engine/peerup-engine-nat.h"

static const char *
behaviour_word (PeerupNatBehaviour behaviour)
{
  switch (behaviour)
    {
    case PEERUP_NAT_ENDPOINT_INDEPENDENT:
      return "endpoint-independent";
    case PEERUP_NAT_ADDRESS_DEPENDENT:
      return "address-dependent";
    case PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT:
      return "address-and-port-dependent";
    case PEERUP_NAT_UNKNOWN:
    default:
      return "unknown";
    }
}

/* In the words of RFC 3489, which are the better known ones. */
static const char *
nat_type_word (const PeerupNatFacts *facts)
{
  if (facts->mapped.any.sa_family == AF_UNSPEC)
    return "unknown";
  if (!facts->has_nat)
    return "none";
  if (facts->mapping == PEERUP_NAT_UNKNOWN)
    return "unknown";
  if (facts->mapping != PEERUP_NAT_ENDPOINT_INDEPENDENT)
    return "symmetric";
  switch (facts->filtering)
    {
    case PEERUP_NAT_ENDPOINT_INDEPENDENT:
      return "full-cone";
    case PEERUP_NAT_ADDRESS_DEPENDENT:
      return "address-restricted";
    case PEERUP_NAT_ADDRESS_AND_PORT_DEPENDENT:
      return "port-restricted";
    case PEERUP_NAT_UNKNOWN:
    default:
      return "unknown";
    }
}

static void
add_socket_address (GVariantDict *dict, const char *key, const PeerupSocketAddress *address)
{
  g_autofree char *text =
    address->any.sa_family != AF_UNSPEC ? peerup_socket_address_to_string (address) : g_strdup ("");

  g_variant_dict_insert (dict, key, "s", text);
}

static GVariant *
describe_facts (const PeerupNatFacts *facts)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "family", "s", facts->local.any.sa_family == AF_INET6 ? "ipv6" : "ipv4");
  add_socket_address (&dict, "local", &facts->local);
  add_socket_address (&dict, "mapped", &facts->mapped);
  g_variant_dict_insert (&dict, "has_nat", "b", facts->has_nat);
  g_variant_dict_insert (&dict, "shared", "b", facts->is_shared);
  g_variant_dict_insert (&dict, "keeps_port", "b", facts->keeps_port);
  g_variant_dict_insert (&dict, "mapping", "s", behaviour_word (facts->mapping));
  g_variant_dict_insert (&dict, "filtering", "s", behaviour_word (facts->filtering));
  g_variant_dict_insert (&dict, "nat_type", "s", nat_type_word (facts));
  g_variant_dict_insert (&dict, "port_step", "i", facts->port_step);
  if (facts->lifetime > 0)
    g_variant_dict_insert (&dict, "lifetime_us", "x", facts->lifetime);
  if (facts->measured_at > 0)
    g_variant_dict_insert (&dict, "age_us", "x", g_get_monotonic_time () - facts->measured_at);
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_nat (PeerupEngineNat *nat)
{
  static const int families[] = { AF_INET, AF_INET6 };
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (gsize i = 0; i < G_N_ELEMENTS (families); i++)
    {
      PeerupNatFacts facts;

      peerup_engine_nat_get_facts (nat, families[i], &facts);
      if (facts.local.any.sa_family != AF_UNSPEC)
        g_variant_builder_add_value (&builder, describe_facts (&facts));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_mappings (PeerupEngineNat *nat)
{
  PeerupPortMappingInfo infos[PEERUP_PORT_MAPPING_MAX];
  guint n = peerup_engine_nat_list_mappings (nat, infos);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < n; i++)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

      g_variant_dict_insert (&dict, "protocol", "s", infos[i].mapped.protocol == IPPROTO_UDP ? "UDP" : "TCP");
      g_variant_dict_insert (&dict, "port", "u", (guint) infos[i].mapped.port);
      g_variant_dict_insert (&dict, "method", "s", infos[i].by);
      add_socket_address (&dict, "external", &infos[i].mapped.external);
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
describe_verdicts (PeerupEngineAutonat *autonat)
{
  static const char *const words[] = { "unknown", "reachable", "unreachable" };
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));

  for (guint i = 0; i < peerup_engine_autonat_get_n_answers (autonat); i++)
    {
      g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
      PeerupEngineAutonatAnswer answer;

      peerup_engine_autonat_get_answer (autonat, i, &answer);
      g_variant_dict_insert (&dict, "address", "s", peerup_multiaddr_get_string (answer.address));
      g_variant_dict_insert (&dict, "verdict", "s", words[answer.verdict]);
      g_variant_dict_insert (&dict, "reachable", "u", answer.n_reachable);
      g_variant_dict_insert (&dict, "unreachable", "u", answer.n_unreachable);
      g_variant_dict_insert (&dict, "reason", "s", answer.reason != NULL ? answer.reason : "");
      g_variant_builder_add_value (&builder, g_variant_dict_end (&dict));
    }
  return g_variant_builder_end (&builder);
}

static void
add_addresses (GVariantDict *dict, GPtrArray *addresses)
{
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (guint i = 0; i < addresses->len; i++)
    g_variant_builder_add (&builder, "s", peerup_multiaddr_get_string (addresses->pdata[i]));
  g_variant_dict_insert_value (dict, "addresses", g_variant_builder_end (&builder));
}

/* Interfaces */

/* Each address stands in an entry of its own, and those of one interface need not follow each other. */
static GVariant *
describe_interface (const struct ifaddrs *all, const char *name, gboolean up)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE_STRING_ARRAY);

  for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    {
      gsize length = sizeof (struct sockaddr_in6);
      PeerupSocketAddress address;
      g_autofree char *text = NULL;

      if (!g_str_equal (i->ifa_name, name) || i->ifa_addr == NULL)
        continue;
      if (i->ifa_addr->sa_family == AF_INET)
        length = sizeof (struct sockaddr_in);
      if (!peerup_socket_address_set_native (&address, i->ifa_addr, length))
        continue;
      text = peerup_socket_address_dup_host (&address);
      g_variant_builder_add (&builder, "s", text);
    }
  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "up", "b", up);
  g_variant_dict_insert_value (&dict, "addresses", g_variant_builder_end (&builder));
  return g_variant_dict_end (&dict);
}

static GVariant *
describe_interfaces (void)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantBuilder builder = G_VARIANT_BUILDER_INIT (G_VARIANT_TYPE ("aa{sv}"));
  struct ifaddrs *all = NULL;

  if (getifaddrs (&all) != 0)
    all = NULL;
  for (const struct ifaddrs *i = all; i != NULL; i = i->ifa_next)
    if ((i->ifa_flags & IFF_LOOPBACK) == 0 && g_hash_table_add (seen, i->ifa_name))
      g_variant_builder_add_value (&builder, describe_interface (all, i->ifa_name, (i->ifa_flags & IFF_RUNNING) != 0));
  if (all != NULL)
    freeifaddrs (all);
  return g_variant_builder_end (&builder);
}

/* "" while it is not known. */
static const char *
get_grade_word (PeerupEngineNat *nat)
{
  static const char *const grades[] = { "", "A", "B", "C", "D", "E", "F" };

  return grades[peerup_engine_nat_get_grade (nat)];
}

DexFuture *
peerup_control_op_get_network (PeerupControlCall *call)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);
  PeerupEngine *engine = call->engine;

  if (engine->nat != NULL)
    {
      g_autofree char *sentence = peerup_engine_nat_dup_sentence (engine->nat);
      g_autofree char *advice = peerup_engine_nat_dup_advice (engine->nat);
      g_autoptr (GPtrArray) addresses = peerup_engine_nat_dup_addresses (engine->nat);

      g_variant_dict_insert (&dict, "grade", "s", get_grade_word (engine->nat));
      g_variant_dict_insert (&dict, "sentence", "s", sentence);
      g_variant_dict_insert (&dict, "advice", "s", advice != NULL ? advice : "");
      g_variant_dict_insert (&dict, "keep_alive_us", "x", peerup_engine_nat_get_keep_alive (engine->nat));
      add_addresses (&dict, addresses);
      g_variant_dict_insert_value (&dict, "nat", describe_nat (engine->nat));
      g_variant_dict_insert_value (&dict, "mappings", describe_mappings (engine->nat));
    }
  if (engine->autonat != NULL)
    g_variant_dict_insert_value (&dict, "verdicts", describe_verdicts (engine->autonat));
  g_variant_dict_insert_value (&dict, "interfaces", describe_interfaces ());
  return peerup_control_reply_value (g_variant_dict_end (&dict));
}

/* The properties Grade, GradeSentence and GradeAdvice */

static void
set_grade (PeerupControl *self, PeerupEngineNat *nat)
{
  const char *grade = nat != NULL ? get_grade_word (nat) : "";
  g_autofree char *sentence = grade[0] != '\0' ? peerup_engine_nat_dup_sentence (nat) : NULL;
  g_autofree char *advice = grade[0] != '\0' ? peerup_engine_nat_dup_advice (nat) : NULL;

  peerup_control_set_property (self, "Grade", g_variant_new_string (grade));
  peerup_control_set_property (self, "GradeSentence", g_variant_new_string (sentence != NULL ? sentence : ""));
  peerup_control_set_property (self, "GradeAdvice", g_variant_new_string (advice != NULL ? advice : ""));
}

static void
on_network_changed (PeerupEngineNat *nat, gpointer data)
{
  set_grade (data, nat);
}

/* Each run has its own, whose watchers go with it. */
static void
on_run_changed (PeerupEngine *engine, GParamSpec *pspec, gpointer data)
{
  if (engine->nat != NULL)
    {
      peerup_engine_nat_unwatch (engine->nat, data);
      peerup_engine_nat_watch (engine->nat, on_network_changed, data);
    }
  set_grade (data, engine->nat);
}

void
peerup_control_follow_network (PeerupControl *self)
{
  g_signal_connect_object (self->engine, "notify::state", G_CALLBACK (on_run_changed), self, 0);
  on_run_changed (self->engine, NULL, self);
}

void
peerup_control_unfollow_network (PeerupControl *self)
{
  if (self->engine->nat != NULL)
    peerup_engine_nat_unwatch (self->engine->nat, self);
}
