/* SPDX-License-Identifier: Apache-2.0 */

/* What the API server's objects are, as far as needed to tell what is new
 * about them: for each the name, the uid and the resourceVersion.  The objects
 * themselves are given out as "struct kube_change"s, or go into the assembly
 * of workloads.
 *
 * Objects come from feeds, one for each reflector, and from live reads, which
 * know better: what a live read has seen is not undone by an older event that
 * arrives later. */

#ifndef API_STORE_H
#define API_STORE_H 1

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/list.h"
#include "openvswitch/shash.h"

#include "api-records.h"
#include "manifest-object.h"
#include "reflector.h"
#include "smap.h"
#include "workload-assembly.h"

struct dialect;
struct ds;
struct kube_change;
struct svec;

struct api_store {
    const struct dialect *dialect;
    struct api_records records;
    struct smap vip_namespaces; /* A Vip's name to its spec.namespace. */
    struct workload_assembly assembly;
    struct ovs_list changes;    /* Contains "struct kube_change"s. */
    uint64_t n_changes;         /* Ever given out, or put into the
                                 * assembly. */
    size_t n_pods;
    size_t *n_given;            /* Objects that were given out and are there,
                                 * by feed; [0]: known of live reads only. */
    size_t n_feeds;
    uint64_t n_stale_events;    /* Older than what was known. */
};

/* One reflector's objects. */
struct api_feed {
    struct api_store *store;
    enum manifest_kind kind;
    const char *api_version;    /* Of the kind. */
    uint16_t id;                /* Not 0, and no other feed's. */

    char *version;              /* Highest of an event or list, or NULL. */
    uint32_t generation;        /* Of the list that is under way, or was. */
    struct ovs_list staged;     /* Contains "struct staged"s. */
    struct shash unreadable;    /* "NAMESPACE/NAME" to what is wrong. */

    /* Why the last list is hard to believe, or NULL. */
    char *doubt;
};

/* For reflector_create(), with a "struct api_feed" as 'aux'. */
extern const struct reflector_sink api_feed_sink;

void api_store_init(struct api_store *, const struct dialect *);
/* All feeds must have been destroyed. */
void api_store_destroy(struct api_store *);

void api_feed_init(struct api_feed *, struct api_store *, enum manifest_kind,
                   const char *api_version, uint16_t id);
/* Also gives out that its objects are gone if 'forget'. */
void api_feed_destroy(struct api_feed *, bool forget);

/* Objects that were given out and are there. */
size_t api_feed_count(const struct api_feed *);

/* Gives out that all objects of the feed are gone: there are no such objects
 * any more. */
void api_feed_clear(struct api_feed *);

/* The next change, or NULL; the caller destroys it. */
struct kube_change *api_store_pop(struct api_store *);
bool api_store_has_changes(const struct api_store *);

/* What a live read found.  Returns NULL, or what is wrong with 'object', which
 * the caller frees; 'object' may be modified.  '*changed' is set to true if
 * this was new. */
char *api_store_live_put(struct api_store *, enum manifest_kind,
                         const char *api_version, const char *ns,
                         const char *name, json_t *object, bool *changed)
    OVS_WARN_UNUSED_RESULT;
/* A live read found nothing of that name. */
void api_store_live_gone(struct api_store *, enum manifest_kind,
                         const char *ns, const char *name, bool *changed);

/* The pod 'name' (or the VM of that name) is refused its address, in the words
 * of 'message'. */
void api_store_give_refusal(struct api_store *, const char *ns,
                            const char *name, const char *uid,
                            const char *message);

/* Appends "NAMESPACE/NAME" of at most 'max' pods that only live reads know. */
void api_store_get_live_pods(const struct api_store *, size_t max,
                             struct svec *);

/* Appends a line for each object that could not be read. */
void api_feed_format_problems(const struct api_feed *, struct ds *);

/* Bytes that the records take. */
size_t api_store_memory(const struct api_store *);

#endif /* api-store.h */
