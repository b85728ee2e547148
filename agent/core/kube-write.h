/* SPDX-License-Identifier: Apache-2.0 */

/* What the core wants written to the API server, and what came of it.  Like
 * struct nb_batch, an order that is carried out to the letter: object, uid and
 * version that it must still have, and every value are here. */

#ifndef KUBE_WRITE_H
#define KUBE_WRITE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kube_write_kind {
    KUBE_WRITE_EVENT,           /* Make an Event about the object. */
    KUBE_WRITE_SERIES,          /* The same happened again: count it. */
    KUBE_WRITE_NUDGE,           /* Set NUDGE_ANNOTATION of the object, so that
                                 * its controller looks at it again. */
    KUBE_WRITE_RESERVE,         /* Make a Kube-OVN IP object. */
    KUBE_WRITE_DELETE_IP,       /* Delete a Kube-OVN IP object. */
};
#define KUBE_WRITE_N_KINDS (KUBE_WRITE_DELETE_IP + 1)

const char *kube_write_kind_to_string(enum kube_write_kind);

enum kube_object {
    KUBE_OBJECT_POD,
    KUBE_OBJECT_STATEFULSET,
    KUBE_OBJECT_VM,
    KUBE_OBJECT_IP,             /* Of Kube-OVN; in no namespace. */
};

/* All strings are owned; NULL where they have no meaning. */
struct kube_write {
    enum kube_write_kind kind;
    uint64_t id;                /* The result comes under this; 0: to
                                 * nobody. */

    enum kube_object object;
    char *ns, *name;
    char *uid;                  /* It must still have this; never "" but for
                                 * KUBE_WRITE_RESERVE. */
    char *version;              /* KUBE_WRITE_DELETE_IP: and this
                                 * resourceVersion. */

    /* KUBE_WRITE_EVENT, KUBE_WRITE_SERIES. */
    char *event;                /* The Event's name, of our choice. */
    const char *reason, *action; /* Constant. */
    bool warning;
    char *note;
    long long int first_wall_ms, last_wall_ms;
    int count;                  /* How many times it happened. */

    /* KUBE_WRITE_NUDGE: the annotation's value. */
    char *value;

    /* KUBE_WRITE_RESERVE: of the IP object. */
    char *pod_name, *pod_type, *subnet, *ipv4, *ipv6, *owner;
};

/* Annotation that a nudge sets, to the time as milliseconds. */
#define NUDGE_ANNOTATION "ovn-ipguard.io/nudge"

/* Label of every IP object that we made; its value is the instance's lock
 * domain, see guard-reserve.c. */
#define RESERVE_LABEL "ovn-ipguard.io/hold"

enum kube_write_result {
    KUBE_WRITE_DONE,
    KUBE_WRITE_GONE,            /* There is no such object. */
    KUBE_WRITE_CONFLICT,        /* It is not, or no longer, the one that was
                                 * meant; or one of that name is there. */
    KUBE_WRITE_FORBIDDEN,       /* A permission is missing. */
    KUBE_WRITE_FAILED,          /* Unknown, or to be tried again. */
};

const char *kube_write_result_to_string(enum kube_write_result);

struct kube_write *kube_write_create(enum kube_write_kind, enum kube_object,
                                     const char *ns, const char *name,
                                     const char *uid);
void kube_write_destroy(struct kube_write *);

#endif /* kube-write.h */
