/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of admission share:
 *
 *   admission.c          who is judged, what is refused, the answer
 *   admission-address.c  one address: held, in use, promised, out of place
 *   admission-network.c  which network a claim is about, and its subnets
 *   admission-change.c   the fixed IP of a live StatefulSet changes
 *   admission-template.c what is wrong with a template by itself
 *   admission-text.c     the texts */

#ifndef ADMISSION_PRIVATE_H
#define ADMISSION_PRIVATE_H 1

#include <stddef.h>
#include "admission.h"
#include "claim.h"
#include "ip-addr.h"
#include "pod.h"

struct ds;
struct network;
struct template;

/* What fills the {places} of a text; ends with a null name. */
struct admission_value {
    const char *name, *text;
};

/* Appends the text of 'id'. */
void admission_format(enum admission_message, const struct admission_value *,
                      struct ds *);

/* A judgement under way. */
struct admission {
    const struct admission_context *ctx;
    const struct admission_request *req;
    struct admission_answer *answer;
    const struct template *template; /* Of a workload as it is to be. */
    size_t counts[ADM_N_MESSAGES]; /* How often each was found. */
};

/* Adds a finding.  With 'soft' it is a warning at most.  'who' names the
 * pod of a StatefulSet that it is about, or is NULL. */
void admission_say(struct admission *, enum admission_message, bool soft,
                   const char *who, const struct admission_value *);
#define ADMISSION_SAY(A, ID, SOFT, WHO, ...)                            \
    admission_say(A, ID, SOFT, WHO,                                     \
                  (const struct admission_value[]) {                    \
                      __VA_ARGS__, { NULL, NULL } })

/* Who asks for an address. */
struct asker {
    const char *ns;
    const char *name;           /* As ports are named: pod or VM; or "". */
    enum owner_kind kind;
    const char *owner;          /* StatefulSet, VM or controller; or "". */
    const char *owner_uid;      /* Or "". */
    int ordinal;                /* Of a StatefulSet; otherwise -1. */
    const char *who;            /* See admission_say(). */
};

/* ---- admission-network.c ---- */

/* The networks on which 'asker' would get 'ip'. */
struct asked_networks {
    const struct network *networks[8];
    size_t n;
    bool sure;                  /* It is networks[0], and no other. */
    bool missing;               /* The one that is named does not exist. */
};

void admission_networks(const struct model *, const struct asker *,
                        const struct claim *, const struct ip_addr *,
                        struct asked_networks *);

/* What is known of the addresses of a network. */
struct subnets {
    char *cidrs[8];             /* "10.0.0.0/24". */
    size_t n;
    struct ip_addr_set gateways;
    bool complete;              /* There are no others. */
};

void subnets_init(struct subnets *, const struct model *,
                  const struct network *);
void subnets_destroy(struct subnets *);
bool subnets_have_family(const struct subnets *, uint8_t family);
/* Is 'ip' in one of the subnets, and one that a host can have there? */
bool subnets_have_host(const struct subnets *, const struct ip_addr *);
bool subnets_contain(const struct subnets *, const struct ip_addr *);
void subnets_format(const struct subnets *, struct ds *);

/* ---- admission-address.c ---- */

/* Everything about 'ip', which 'claim' names.  With 'soft', warnings at
 * most. */
void admission_check_address(struct admission *, const struct asker *,
                             const struct claim *, const struct ip_addr *ip,
                             bool soft);
/* The subnet that 'claim' names. */
/* Says that 'claim', which is CLAIM_INVALID, cannot be understood. */
void admission_say_invalid(struct admission *, const struct claim *,
                           bool soft);
void admission_check_subnet(struct admission *, const struct asker *,
                            const struct claim *);

/* ---- admission-template.c ---- */

/* What one revision's template gives to a provider. */
struct template_claim {
    struct claim claim;         /* The first ordinal's. */
    struct claim_pool pool;     /* If 'by_ordinal'. */
    bool by_ordinal;
};

struct template {
    struct template_claim *claims;
    size_t n;
};

void template_init(struct template *, const struct model *,
                   const struct workload *);
void template_destroy(struct template *);
const struct template_claim *template_find(const struct template *,
                                           const char *provider);
/* The addresses for 'ordinal'; returns their number. */
size_t template_ips(const struct template_claim *, int ordinal,
                    struct ip_addr ips[2]);

/* Judges the template of the request.  'old' is NULL if it is created. */
void admission_check_template(struct admission *, const struct template *new,
                              const struct template *old);

/* ---- admission-change.c ---- */

/* Judges the change from 'old' to 'new'. */
void admission_check_change(struct admission *, const struct template *new,
                            const struct template *old);

#endif /* admission-private.h */
