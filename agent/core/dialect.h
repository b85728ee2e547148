/* SPDX-License-Identifier: Apache-2.0 */

/* One CNI's way of naming ports and annotations.
 *
 * A dialect is a table of pure functions: from annotations to claims, and
 * from a port's name, type and external_ids to the owner that it proves.  A
 * port is ours to judge only with positive proof; everything else is foreign:
 * read for duplicates, never written. */

#ifndef DIALECT_H
#define DIALECT_H 1

#include <stdbool.h>
#include <stdint.h>
#include "claim.h"
#include "pod.h"

struct claim_pool;
struct smap;

/* Whose claims are being read. */
struct claim_subject {
    const char *ns;
    const char *name;           /* Pod, or StatefulSet/VM for a template. */
    enum owner_kind owner_kind;
    int ordinal;                /* For OWNER_STATEFULSET; otherwise -1. */
    bool is_template;           /* The annotations are a template's, in which
                                 * outputs of a controller mean nothing. */
};

enum port_kind {
    PORT_FOREIGN,               /* Not proven ours: never written. */
    PORT_OWNED,                 /* A pod's or a VM's port, proven. */
    PORT_INFRA,                 /* The CNI's own: node, Vip, querier, router,
                                 * localnet, virtual...: never written. */
};

const char *port_kind_to_string(enum port_kind);

/* What a port's row proves. */
struct port_proof {
    enum port_kind kind;
    char *ns;                   /* PORT_OWNED: namespace, */
    char *owner;                /* pod's or VM's name, */
    char *provider;             /* provider, */
    char *cni_network;          /* the network's name, or NULL where there is
                                 * none but the switch's, */
    char *pod_uid;              /* uid of the pod that it was made for, or
                                 * NULL if the row does not tell. */
    char *why;                  /* In words, for every kind. */
};

void port_proof_destroy(struct port_proof *);

struct dialect {
    const char *name;           /* "kube-ovn", "ovn-kubernetes". */

    /* True if the pod annotation or label 'key' matters to claims: agent/kube
     * keeps only these. */
    bool (*watches)(const char *key);

    /* Reads 'annotations' (of a pod or of a template) for 'subject' into
     * 'claims', which the caller has initialised.
     *
     * The lists of networks (NETWORKS_ANNOTATION,
     * DEFAULT_NETWORK_ANNOTATION) may be JSON as a user writes them; whoever
     * fills 'annotations' puts them into one text form first, the short one
     * of Multus with what it has no place for added: comma-separated
     * [NAMESPACE/]NAME[@INTERFACE][=IP...][=MAC].  A list that is not of this
     * form makes every claim that depends on it CLAIM_INVALID.
     *
     * The same is done for POD_NETWORKS_ANNOTATION, an object in JSON:
     * comma-separated PROVIDER[@ROLE][=IP/LENGTH...][=MAC]. */
    void (*read_claims)(const struct smap *annotations,
                        const struct claim_subject *subject,
                        struct claims *claims);

    /* Returns what 'claims' say about the port of 'provider', or NULL. */
    const struct claim *(*find_claim)(const struct claims *claims,
                                      const char *provider);

    /* True if 'provider' is one that read_claims() may name.  No provider is
     * known to two dialects. */
    bool (*knows_provider)(const char *provider);

    /* If 'claim', which read_claims() made of 'annotations', comes from a list
     * with an item for each ordinal, stores all of the list in '*pool', which
     * the caller destroys, and returns true.  NULL: there are no such lists,
     * and what one ordinal is given, all are. */
    bool (*read_pool)(const struct smap *annotations, const struct claim *,
                      struct claim_pool *pool);

    /* What the row of a port on the switch 'network' (NULL: on none) proves.
     * A Vip object's port may look like a pod's; that the "ns/owner" of the
     * proof is no Vip is for the caller to see. */
    void (*prove_port)(const char *port_name, const char *type,
                       const char *network, const struct smap *external_ids,
                       const struct smap *options, struct port_proof *);

    /* Does a port with these external_ids, or a pod with these (watched)
     * annotations, bear the mark of the dialect's controller?  What a user
     * writes is none. */
    bool (*marks_port)(const struct smap *external_ids);
    bool (*marks_pod)(const struct smap *annotations);

    /* The reason of the event by which the CNI controller tells that it
     * refuses a pod its address, or NULL. */
    const char *refusal_reason;

    /* "NAMESPACE/NAME" of the CNI controller's pods (label app=NAME) or Lease,
     * as its makers install it, if it must be left alone after a restart;
     * otherwise NULL. */
    const char *controller;

    bool gates_allowed;         /* false where the CNI writes 'enabled'. */
    bool sticky;                /* Owners without explicit address keep it. */
    bool vm_ports;              /* A VM's port bears the VM's name, whichever
                                 * pod it runs in; otherwise the pod's. */
};

/* Multus' annotations that list the networks of a pod. */
#define NETWORKS_ANNOTATION "k8s.v1.cni.cncf.io/networks"
#define DEFAULT_NETWORK_ANNOTATION "v1.multus-cni.io/default-network"

/* What the controller of ovn-kubernetes gave to a pod. */
#define POD_NETWORKS_ANNOTATION "k8s.ovn.org/pod-networks"

extern const struct dialect dialect_kube_ovn;
extern const struct dialect dialect_ovn_kubernetes;

/* All of them, in the order of their names. */
enum { N_DIALECTS = 2 };
extern const struct dialect *const dialects[N_DIALECTS];

/* Stands for a dialect that is still to be found out: watches the annotations
 * of all, reads the claims of all, and proves no port (see dialect-auto.h). */
extern const struct dialect dialect_auto;

/* Returns the dialect called 'name' ("auto", too), or NULL. */
const struct dialect *dialect_by_name(const char *name);

/* The marks that a port or a pod bears: bit 'i' is for dialects[i]. */
uint8_t dialect_port_marks(const struct smap *external_ids);
uint8_t dialect_pod_marks(const struct smap *annotations);

#endif /* dialect.h */
