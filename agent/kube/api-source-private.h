/* SPDX-License-Identifier: Apache-2.0 */

/* What api-source.c (the whole and its turn), api-slots.c (which kinds are
 * read and how) and api-trust.c (what that is worth) share.  For them
 * alone. */

#ifndef API_SOURCE_PRIVATE_H
#define API_SOURCE_PRIVATE_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "svec.h"

#include "api-discovery.h"
#include "api-live.h"
#include "api-source.h"
#include "api-store.h"
#include "api-write.h"
#include "webhook-watch.h"

struct cni_watch;
struct http;
struct node_set;
struct reflector;

/* The resources that come as CustomResourceDefinitions. */
enum { RES_VM, RES_VMI, RES_VIP, RES_IP, RES_SUBNET, RES_IPAM_CLAIM,
       N_RES };

/* A kind of objects that is read. */
struct source_kind {
    enum manifest_kind kind;
    const char *group;          /* "" is the core group. */
    const char *api_version;    /* NULL: found by discovery. */
    int discovered;             /* Its RES_, or -1.  Then 'api_version' is the
                                 * one to be found, or NULL: any. */
    const char *resource;
    const char *query;
    bool metadata_only;
    bool namespaced;
    bool optional;              /* Without the right to read it we know less,
                                 * and nothing wrong. */
};

/* One kind, in one namespace or all. */
struct source_slot {
    const struct source_kind *kind;
    char *ns;                   /* NULL: all. */
    char *api_version;          /* In use; NULL: not read, because the server
                                 * has it not. */
    uint16_t id;
    struct api_feed feed;       /* These two with 'api_version'. */
    struct reflector *reflector;
};

struct api_source {
    struct kubeconfig *kubeconfig;
    struct http *http;
    struct api_store store;
    struct api_live live;
    struct api_writer writer;
    struct webhook_watch webhook;
    struct api_discovery discovery;
    struct api_resource resources[N_RES];
    struct cni_watch *cni;      /* Or NULL. */
    struct node_set *nodes;     /* Or NULL: all. */
    struct svec namespaces;

    struct source_slot *slots;
    size_t n_slots;

    bool synced;
    bool empty_is_fine;         /* Somebody confirmed that there are no
                                 * pods. */
    long long int refresh_at;
    long long int now;          /* Of the last turn. */

    unsigned int page;          /* See api_source_set_limits(); 0: default. */
    long long int silence_ms, backoff_ms;
};

/* api-slots.c */

/* Makes the slots of 'src', whose 'namespaces' and 'nodes' are there, and says
 * which resources are to be discovered. */
void api_slots_create(struct api_source *);
void api_slots_destroy(struct api_source *);
/* Opens what has appeared on the server and closes what has gone. */
void api_slots_apply_discovery(struct api_source *);
/* The version in which the server has what the slot is for, or NULL. */
const char *api_slot_served_version(const struct api_source *,
                                    const struct source_slot *);
/* Ends the reading; the objects are gone if 'forget'. */
void api_slot_close(struct source_slot *, bool forget);

/* api-trust.c */

/* Was everything that there is listed once? */
bool api_source_is_synced(const struct api_source *);

#endif /* api-source-private.h */
