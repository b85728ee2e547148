/* SPDX-License-Identifier: Apache-2.0 */

/* The dialect of ovn-kubernetes: which ports are a pod's.  The annotations are
 * read by ovn-kubernetes-claims.c.
 *
 * A port's name is NAMESPACE_POD on the cluster's default network, and
 * NAD_NAMESPACE_POD on another one, where NAD is the key of the pod's
 * attachment with dots for "-" and "/".  Neither part has an underscore
 * itself.  A pod's port is proven by that name and external_ids that agree:
 * pod=true, namespace, and on other networks their names; and by the name of
 * the switch, which begins with that of the network.  The ports of routers,
 * localnets, nodes and other zones are the controller's infrastructure.
 *
 * The controller deletes a port when its pod ends or completes, and frees the
 * address with it: of what a pod leaves behind nothing is kept for the next
 * one of the same name.  It writes 'enabled' itself, when a virtual machine
 * migrates: no gates. */

#include <config.h>

#include "dialect.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "smap.h"
#include "util.h"

#include "ovn-kubernetes-claims.h"

#define ID_PREFIX "k8s.ovn.org/"
#define NAD_ID ID_PREFIX"nad"
#define NETWORK_ID ID_PREFIX"network"
#define TOPOLOGY_ID ID_PREFIX"topology"

/* Fills in why the port is not a pod's.  Takes 'why'. */
static void
not_owned(struct port_proof *proof, enum port_kind kind, char *why)
{
    proof->kind = kind;
    proof->why = why;
}

/* Returns 'name', a network's or an attachment's, as it stands at the
 * beginning of the names of ports and switches. */
static char *
make_prefix(const char *name)
{
    char *prefix = xasprintf("%s_", name);

    for (char *p = prefix; *p; p++) {
        if (*p == '-' || *p == '/') {
            *p = '.';
        }
    }
    return prefix;
}

/* Returns what follows 'prefix' in 's', or NULL if it does not begin so. */
static const char *
skip(const char *s, const char *prefix)
{
    size_t n = strlen(prefix);

    return !strncmp(s, prefix, n) ? s + n : NULL;
}

/* Returns the pod of a port whose name ends with "NS_POD", or NULL. */
static const char *
pod_of_name(const char *name, const char *ns)
{
    const char *rest = skip(name, ns);

    return (rest && rest[0] == '_' && rest[1] && !strchr(rest + 1, '_')
            ? rest + 1 : NULL);
}

/* May a port of the user-defined network 'cni_network' be on the switch that
 * is called 'network'?  Of its switches there is one for each node if the
 * topology is layer3, otherwise just one. */
static bool
is_switch_of(const char *network, const char *cni_network,
             const char *topology)
{
    char *prefix = make_prefix(cni_network);
    const char *rest = skip(network, prefix);
    bool ok = (!rest ? false
               : !strcmp(topology, "layer2")
               ? !strcmp(rest, "ovn_layer2_switch")
               : !strcmp(topology, "localnet")
               ? !strcmp(rest, "ovn_localnet_switch")
               : !strcmp(topology, "layer3") && rest[0]);

    free(prefix);
    return ok;
}

/* Is a port without external_ids:pod=true one that the controller makes for
 * itself?  Most of them bear no mark but their name.  '*what' is then what it
 * is, or NULL. */
static bool
is_infrastructure(const char *port_name, const char *type,
                  const struct smap *external_ids, const char **what)
{
    static const struct {
        const char *prefix, *type, *what;
    } names[] = {
        {"k8s-", "", "a node's management port"},
        {"int-", "", "a node's hybrid overlay port"},
        {"macvrf-", "", "an EVPN port"},
        {"stor-", "router", "a switch's port to its router"},
        {"stotr-", "router", "a switch's port to the transit router"},
        {"jtor-", "router", "the join switch's port to a router"},
        {"etor-", "router", "an external switch's port to a router"},
        {"tstor-", "router", "the transit switch's port to a router"},
        {"tstor-", "remote", "the transit switch's port to another zone"},
        {"stor-", "remote", "a switch's port to another zone's router"},
    };

    *what = NULL;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (skip(port_name, names[i].prefix)
            && !strcmp(type, names[i].type)) {
            *what = names[i].what;
            return true;
        }
    }
    return smap_get(external_ids, NETWORK_ID) != NULL;
}

static void
prove_other_port(const char *port_name, const char *type,
                 const struct smap *external_ids, struct port_proof *proof)
{
    const char *pod = smap_get(external_ids, "pod");
    const char *what;

    if (is_infrastructure(port_name, type, external_ids, &what)) {
        not_owned(proof, PORT_INFRA,
                  xstrdup(what ? what : "no external_ids:pod: a port of the "
                          "network itself"));
    } else {
        not_owned(proof, PORT_FOREIGN,
                  pod ? xasprintf("external_ids:pod is \"%s\", not true", pod)
                  : xstrdup("no external_ids:pod"));
    }
}

/* A port of another network than the default one. */
static const char *
pod_of_attachment(const char *port_name, const char *network, const char *ns,
                  const struct smap *external_ids, struct port_proof *proof)
{
    const char *nad = smap_get_def(external_ids, NAD_ID, "");
    const char *cni_network = smap_get_def(external_ids, NETWORK_ID, "");
    const char *topology = smap_get_def(external_ids, TOPOLOGY_ID, "");
    const char *rest, *pod;
    char *prefix;

    if (!ovn_kubernetes_is_nad(nad) || !cni_network[0]) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:\""NAD_ID"\" is \"%s\" and "
                            "\""NETWORK_ID"\" is \"%s\": not an attachment "
                            "and its network", nad, cni_network));
        return NULL;
    }
    if (!is_switch_of(network, cni_network, topology)) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:\""NETWORK_ID"\" is \"%s\" with the "
                            "topology \"%s\", but the port is on \"%s\"",
                            cni_network, topology, network));
        return NULL;
    }
    prefix = make_prefix(nad);
    rest = skip(port_name, prefix);
    free(prefix);
    pod = rest ? pod_of_name(rest, ns) : NULL;
    if (!pod) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:namespace is \"%s\" and "
                            "\""NAD_ID"\" is \"%s\", which does not give the "
                            "name \"%s\"", ns, nad, port_name));
        return NULL;
    }
    proof->provider = xstrdup(nad);
    proof->cni_network = xstrdup(cni_network);
    return pod;
}

static const char *
pod_of_default(const char *port_name, const char *ns,
               struct port_proof *proof)
{
    const char *pod = pod_of_name(port_name, ns);

    if (!pod) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:namespace is \"%s\", which does not "
                            "give the name \"%s\"", ns, port_name));
        return NULL;
    }
    proof->provider = xstrdup(OVN_KUBERNETES_DEFAULT);
    proof->cni_network = xstrdup(OVN_KUBERNETES_DEFAULT);
    return pod;
}

/* external_ids:pod is "true". */
static void
prove_pod_port(const char *port_name, const char *network,
               const struct smap *external_ids, const struct smap *options,
               struct port_proof *proof)
{
    const char *ns = smap_get_def(external_ids, "namespace", "");
    const char *uid = smap_get(options, "iface-id-ver");
    const char *pod;

    if (!ns[0] || strpbrk(ns, "/_")) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:namespace is \"%s\", which is none",
                            ns));
        return;
    }
    if (!network) {
        not_owned(proof, PORT_FOREIGN, xstrdup("on no logical switch"));
        return;
    }
    pod = (smap_get(external_ids, NAD_ID) || smap_get(external_ids, NETWORK_ID)
           ? pod_of_attachment(port_name, network, ns, external_ids, proof)
           : pod_of_default(port_name, ns, proof));
    if (pod) {
        proof->kind = PORT_OWNED;
        proof->ns = xstrdup(ns);
        proof->owner = xstrdup(pod);
        proof->pod_uid = uid && uid[0] ? xstrdup(uid) : NULL;
        proof->why = xasprintf("pod, namespace and name agree: port of %s/%s "
                               "for network %s", ns, pod, proof->provider);
    }
}

static void
ovn_kubernetes_prove_port(const char *port_name, const char *type,
                          const char *network,
                          const struct smap *external_ids,
                          const struct smap *options,
                          struct port_proof *proof)
{
    const char *pod = smap_get(external_ids, "pod");

    *proof = (struct port_proof) { .kind = PORT_FOREIGN };
    type = type ? type : "";
    if (!pod || strcmp(pod, "true")) {
        prove_other_port(port_name, type, external_ids, proof);
    } else if (!strcmp(type, "remote")) {
        not_owned(proof, PORT_INFRA, xstrdup("the port of a pod of another "
                                             "zone"));
    } else if (type[0]) {
        not_owned(proof, PORT_FOREIGN, xasprintf("a port of type %s", type));
    } else {
        prove_pod_port(port_name, network, external_ids, options, proof);
    }
}

static bool
ovn_kubernetes_marks_port(const struct smap *external_ids)
{
    const char *pod = smap_get(external_ids, "pod");
    const struct smap_node *node;

    if (pod && !strcmp(pod, "true") && smap_get(external_ids, "namespace")) {
        return true;
    }
    SMAP_FOR_EACH (node, external_ids) {
        if (skip(node->key, ID_PREFIX)) {
            return true;
        }
    }
    return false;
}

static bool
ovn_kubernetes_marks_pod(const struct smap *annotations)
{
    return smap_get(annotations, POD_NETWORKS_ANNOTATION) != NULL;
}

static bool
ovn_kubernetes_knows_provider(const char *provider)
{
    return (!strcmp(provider, OVN_KUBERNETES_DEFAULT)
            || !strcmp(provider, OVN_KUBERNETES_PRIMARY)
            || ovn_kubernetes_is_nad(provider));
}

const struct dialect dialect_ovn_kubernetes = {
    .name = "ovn-kubernetes",
    .watches = ovn_kubernetes_watches,
    .read_claims = ovn_kubernetes_read_claims,
    .find_claim = ovn_kubernetes_find_claim,
    .knows_provider = ovn_kubernetes_knows_provider,
    .prove_port = ovn_kubernetes_prove_port,
    .marks_port = ovn_kubernetes_marks_port,
    .marks_pod = ovn_kubernetes_marks_pod,
    .gates_allowed = false,
    .sticky = false,
    .vm_ports = false,
};
