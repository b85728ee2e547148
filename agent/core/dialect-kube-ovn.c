/* SPDX-License-Identifier: Apache-2.0 */

/* The dialect of Kube-OVN: which ports are a pod's or a VM's.  The annotations
 * are read by kube-ovn-claims.c.
 *
 * A pod's port is proven by four things that agree: external_ids:vendor, ls
 * and pod, and the port's name.  Kube-OVN makes other ports with some of them
 * (nodes, Vips, queriers); those are its infrastructure and never ours. */

#include <config.h>

#include "dialect.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"

#include "kube-ovn-claims.h"
#include "kube-ovn-keys.h"

#define VENDOR "kube-ovn"

/* Fills in why the port is not a pod's.  Takes 'why'. */
static void
not_owned(struct port_proof *proof, enum port_kind kind, char *why)
{
    proof->kind = kind;
    proof->why = why;
}

/* Returns what follows "OWNER.NS" in 'port_name': the provider, or NULL if the
 * name is not of this form.  'owner' may have dots, so it is compared, never
 * searched for. */
static const char *
provider_of_name(const char *port_name, const char *owner, const char *ns)
{
    size_t owner_len = strlen(owner);
    size_t ns_len = strlen(ns);
    const char *rest;

    if (strncmp(port_name, owner, owner_len) || port_name[owner_len] != '.') {
        return NULL;
    }
    rest = port_name + owner_len + 1;
    if (strncmp(rest, ns, ns_len)) {
        return NULL;
    }
    rest += ns_len;
    if (!rest[0]) {
        return KUBE_OVN_DEFAULT_PROVIDER;
    }
    /* The default provider is never spelled out. */
    return (rest[0] == '.' && strcmp(rest + 1, KUBE_OVN_DEFAULT_PROVIDER)
            && kube_ovn_provider_has_port(rest + 1)
            ? rest + 1 : NULL);
}

/* The last steps of prove_port(): 'pod' is external_ids:pod. */
static void
prove_pod_port(const char *port_name, const char *network, const char *pod,
               const struct smap *external_ids, const struct smap *options,
               struct port_proof *proof)
{
    const char *ls = smap_get(external_ids, "ls");
    const char *slash = strchr(pod, '/');
    const char *owner, *provider;
    char *ns;

    if (!slash || slash == pod || !slash[1] || strchr(slash + 1, '/')) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:pod is \"%s\", not NAMESPACE/NAME",
                            pod));
        return;
    }
    owner = slash + 1;
    if (smap_get_bool(options, "arp_proxy", false)) {
        not_owned(proof, PORT_INFRA,
                  xstrdup("options:arp_proxy is set: a Vip's port"));
        return;
    }
    if (!strncmp(owner, "mcast-querier.", strlen("mcast-querier."))) {
        not_owned(proof, PORT_INFRA, xstrdup("a multicast querier's port"));
        return;
    }
    if (!network) {
        not_owned(proof, PORT_FOREIGN, xstrdup("on no logical switch"));
        return;
    }
    if (!ls || strcmp(ls, network)) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:ls is \"%s\", but the port is on "
                            "\"%s\"", ls ? ls : "", network));
        return;
    }

    ns = xmemdup0(pod, slash - pod);
    provider = provider_of_name(port_name, owner, ns);
    if (!provider) {
        not_owned(proof, PORT_FOREIGN,
                  xasprintf("external_ids:pod is \"%s\", which does not give "
                            "the name \"%s\"", pod, port_name));
        free(ns);
        return;
    }
    proof->kind = PORT_OWNED;
    proof->ns = ns;
    proof->owner = xstrdup(owner);
    proof->provider = xstrdup(provider);
    proof->why = xasprintf("vendor, ls, pod and name agree: port of %s/%s for "
                           "provider %s", ns, owner, provider);
}

static void
kube_ovn_prove_port(const char *port_name, const char *type,
                    const char *network, const struct smap *external_ids,
                    const struct smap *options, struct port_proof *proof)
{
    const char *vendor = smap_get(external_ids, "vendor");
    const char *pod = smap_get(external_ids, "pod");

    *proof = (struct port_proof) { .kind = PORT_FOREIGN };
    if (!vendor || strcmp(vendor, VENDOR)) {
        not_owned(proof, PORT_FOREIGN,
                  vendor
                  ? xasprintf("external_ids:vendor is \"%s\", not "VENDOR,
                              vendor)
                  : xstrdup("no external_ids:vendor"));
    } else if (type && type[0]) {
        not_owned(proof, PORT_INFRA, xasprintf("a port of type %s", type));
    } else if (!pod || !pod[0]) {
        not_owned(proof, PORT_INFRA,
                  xstrdup(strncmp(port_name, "node-", strlen("node-"))
                          ? "no external_ids:pod"
                          : "no external_ids:pod: a node's port"));
    } else {
        prove_pod_port(port_name, network, pod, external_ids, options, proof);
    }
}

static bool
kube_ovn_marks_port(const struct smap *external_ids)
{
    const char *vendor = smap_get(external_ids, "vendor");

    return vendor && !strcmp(vendor, VENDOR);
}

/* No annotation's key has two slashes, so no provider has one. */
static bool
kube_ovn_knows_provider(const char *provider)
{
    return !strchr(provider, '/') && kube_ovn_provider_has_port(provider);
}

const struct dialect dialect_kube_ovn = {
    .name = "kube-ovn",
    .watches = kube_ovn_watches,
    .read_claims = kube_ovn_read_claims,
    .find_claim = claims_find,
    .knows_provider = kube_ovn_knows_provider,
    .marks_port = kube_ovn_marks_port,
    .marks_pod = kube_ovn_marks_pod,
    .read_pool = kube_ovn_read_pool,
    .prove_port = kube_ovn_prove_port,
    .controller = "kube-system/kube-ovn-controller",
    .refusal_reason = "AcquireAddressFailed",
    .gates_allowed = true,
    .sticky = true,
    .vm_ports = true,
};
