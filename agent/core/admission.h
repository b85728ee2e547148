/* SPDX-License-Identifier: Apache-2.0 */

/* What is to be said of a pod, a StatefulSet or a VirtualMachine before it is
 * let in: the first of the four lines that keep an address from being used
 * before it is clean (doc/design.md, 9.1).
 *
 * A pure question to the model and the holds.  Whoever may never be kept out
 * is not judged at all: the CNI controller, the kubelet, pods under deletion,
 * and whoever opted out.  An owner is never refused its own address.  What
 * goes away by itself (an address that is held, in use or promised) is a
 * reason to refuse a pod, whose controller tries again, so that refusal is a
 * queue; a StatefulSet or a VirtualMachine is told, and let in. */

#ifndef ADMISSION_H
#define ADMISSION_H 1

#include <stdbool.h>
#include "settings.h"
#include "svec.h"

struct hold_table;
struct model;
struct pod;
struct workload;

/* What can be said; admission-text.c has the table. */
enum admission_message {
    ADM_ADDRESS_HELD,
    ADM_ADDRESS_IN_IPAM,
    ADM_ADDRESS_IN_USE,
    ADM_ADDRESS_PROMISED,
    ADM_ADDRESS_TWICE,
    ADM_FIXED_IP_CHANGE_ACCEPTED,
    ADM_FIXED_IP_CHANGE_FORBIDDEN,
    ADM_FIXED_IP_EDITED,
    ADM_FIXED_IP_PERMUTATION,
    ADM_GATEWAY_ADDRESS,
    ADM_INVALID_VALUE,
    ADM_MISPLACED_KEY,
    ADM_NO_SUCH_FAMILY,
    ADM_NOT_READY,
    ADM_ONE_ADDRESS_FOR_MANY,
    ADM_OUTSIDE_SUBNET,
    ADM_POOL_TOO_SHORT,
    ADM_RELEASE_FIRST,
    ADM_UNKNOWN_SUBNET,
};
#define ADM_N_MESSAGES (ADM_UNKNOWN_SUBNET + 1)

enum admission_effect {
    ADM_EFFECT_WARN,            /* Let in, with a warning. */
    ADM_EFFECT_POLICY,          /* As --admission says. */
    ADM_EFFECT_REFUSE,          /* Refused, whatever --admission says. */
};

struct admission_message_info {
    const char *name;           /* "AddressHeld". */
    enum admission_effect effect;
    const char *text;           /* With {places}. */
};

const struct admission_message_info *
admission_message_info(enum admission_message);

/* ---- The question. ---- */

struct admission_request {
    bool update;                /* Otherwise it is created. */
    const char *user;           /* Who asks. */
    bool deleting;              /* The object has a deletionTimestamp. */

    /* One of the two, as it is to be; and as it was if 'update'. */
    const struct pod *pod, *old_pod;
    const struct workload *workload, *old_workload;

    /* Of a workload: the keys of addresses that stand on the object itself
     * rather than on its template.  Sorted. */
    struct svec own_keys, old_own_keys;
};

void admission_request_init(struct admission_request *);
/* Does not destroy pods and workloads. */
void admission_request_destroy(struct admission_request *);

struct admission_context {
    const struct model *model;
    const struct hold_table *holds;
    const struct settings *settings;
    enum guard_mode mode;       /* In observe nothing is refused. */
    const char *not_ready;      /* Why nothing can be judged, or NULL. */
    bool idle;                  /* Frozen and the like: nothing is written. */
    long long int wall;         /* ms since the epoch. */
    long long int nb_since_wall; /* When the current copy of NB was complete;
                                 * what was there then was there before. */
    /* Users who are never judged.  "NAME*" is all that begin with NAME. */
    const struct svec *exempt;
};

/* ---- The answer. ---- */

struct admission_finding {
    enum admission_message id;
    bool refuses;
    char *text;                 /* "AddressHeld: 10.0.0.1 on ..." */
};

struct admission_answer {
    bool allowed;
    struct admission_finding *findings;
    size_t n;
};

/* Fills in '*answer', which the caller destroys. */
void admission_judge(const struct admission_context *,
                     const struct admission_request *,
                     struct admission_answer *answer);
void admission_answer_destroy(struct admission_answer *);

#endif /* admission.h */
