/* SPDX-License-Identifier: Apache-2.0 */

/* An owner that gives its members fixed names and, perhaps, addresses: a
 * StatefulSet, whose template speaks for each ordinal, or a VirtualMachine.
 *
 * What an absent ordinal will get while a rollout is under way is the union
 * of the revisions in play: the pod that comes next may be of either.  When
 * the old revision cannot be read, 'revisions_known' is false and nothing
 * about an absent ordinal is known. */

#ifndef WORKLOAD_H
#define WORKLOAD_H 1

#include <stdbool.h>
#include "claim.h"
#include "pod.h"
#include "smap.h"

struct dialect;

struct workload_revision {
    char *name;                 /* ControllerRevision's name, or "". */
    struct smap annotations;    /* Of the pod template; watched keys only. */
};

struct workload {
    enum owner_kind kind;       /* OWNER_STATEFULSET or OWNER_VM. */
    char *ns;
    char *name;
    char *uid;                  /* "" if the manifest has none. */
    long long int created_s;    /* creationTimestamp, seconds since the epoch;
                                 * 0 if absent. */
    bool deleting;
    bool opted_out;             /* On the object or on its template. */

    /* StatefulSet only. */
    int replicas;               /* 1 if absent, as Kubernetes defaults. */
    int start;                  /* spec.ordinals.start. */
    bool on_delete;             /* updateStrategy OnDelete. */
    int partition;              /* rollingUpdate.partition. */

    /* [0] is the spec's template (the update revision); a second one is the
     * revision that pods not yet replaced have. */
    struct workload_revision *revisions;
    size_t n_revisions;
    bool revisions_known;

    /* What the model put into its index for this one, or NULL: only the model
     * (model-promise.c) looks at it. */
    struct promise *promises;
};

struct workload *workload_create(enum owner_kind, const char *ns,
                                 const char *name, const char *uid);
void workload_destroy(struct workload *);
struct workload *workload_clone(const struct workload *);
bool workload_equals(const struct workload *, const struct workload *);

/* Adds a revision named 'name' (NULL is "") whose template has 'annotations'
 * (copied; NULL is none). */
void workload_add_revision(struct workload *, const char *name,
                           const struct smap *annotations);

/* True if 'ordinal' lies in start ... start+replicas-1. */
bool workload_has_ordinal(const struct workload *, int ordinal);

/* Stores in 'claim', which the caller destroys with claim_destroy(), what the
 * member 'ordinal' (ignored for a VM) may claim on 'provider' by the template
 * revisions['revision'].  One that says nothing about the provider gives
 * CLAIM_STICKY. */
void workload_claim(const struct workload *, const struct dialect *,
                    size_t revision, int ordinal, const char *provider,
                    struct claim *);

/* The same for all revisions in play, into 'claims': an array of
 * 'n_revisions' that the caller provides. */
void workload_claims(const struct workload *, const struct dialect *,
                     int ordinal, const char *provider,
                     struct claim *claims);

#endif /* workload.h */
