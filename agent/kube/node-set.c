/* SPDX-License-Identifier: Apache-2.0 */

/* The nodes whose pods are ours to judge.  Nodes that do not match the
 * selector never come here: the server tells of one that ceases to match as if
 * it had been deleted. */

#include <config.h>

#include "node-set.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "sset.h"
#include "util.h"

#include "http.h"
#include "kubeconfig.h"
#include "reflector.h"

#define ZONE_KEY "k8s.ovn.org/zone-name"
#define DEFAULT_ZONE "global"

struct node_set {
    struct reflector *reflector;
    char *selector, *zone;      /* Or NULL. */
    struct sset names;
    struct sset staged;         /* Of a list that is under way. */
    uint64_t seqno;
};

static const char *
zone_of(const json_t *metadata)
{
    const json_t *annotations = json_object_get(metadata, "annotations");
    const json_t *labels = json_object_get(metadata, "labels");
    const char *zone = json_string_value(json_object_get(annotations,
                                                         ZONE_KEY));

    if (!zone || !zone[0]) {
        zone = json_string_value(json_object_get(labels, ZONE_KEY));
    }
    return zone && zone[0] ? zone : DEFAULT_ZONE;
}

/* The name of 'node', or NULL; and whether it is ours. */
static const char *
read_node(const struct node_set *set, const json_t *node, bool *ours)
{
    const json_t *metadata = json_object_get(node, "metadata");

    *ours = !set->zone || !strcmp(zone_of(metadata), set->zone);
    return json_string_value(json_object_get(metadata, "name"));
}

static void
set_begin(void *set_)
{
    struct node_set *set = set_;

    sset_clear(&set->staged);
}

static char *
set_list(void *set_, json_t *node)
{
    struct node_set *set = set_;
    bool ours;
    const char *name = read_node(set, node, &ours);

    if (!name) {
        return xstrdup("a node in the list has no name");
    }
    if (ours) {
        sset_add(&set->staged, name);
    }
    return NULL;
}

static void
set_commit(void *set_, const char *version OVS_UNUSED,
           bool went_back OVS_UNUSED)
{
    struct node_set *set = set_;

    if (!sset_equals(&set->names, &set->staged)) {
        sset_swap(&set->names, &set->staged);
        set->seqno++;
    }
    sset_clear(&set->staged);
}

static void
set_abort(void *set_)
{
    struct node_set *set = set_;

    sset_clear(&set->staged);
}

static void
set_remove(void *set_, json_t *node)
{
    struct node_set *set = set_;
    bool ours;
    const char *name = read_node(set, node, &ours);

    if (name && sset_find_and_delete(&set->names, name)) {
        set->seqno++;
    }
}

static void
set_put(void *set_, json_t *node)
{
    struct node_set *set = set_;
    bool ours;
    const char *name = read_node(set, node, &ours);

    if (!ours) {
        set_remove(set, node);
    } else if (name && sset_add(&set->names, name)) {
        set->seqno++;
    }
}

static const struct reflector_sink set_sink = {
    .begin = set_begin,
    .list = set_list,
    .commit = set_commit,
    .abort = set_abort,
    .put = set_put,
    .remove = set_remove,
};

struct node_set *
node_set_create(struct http *http, struct kubeconfig *kubeconfig,
                const char *selector, const char *zone)
{
    struct node_set *set = xzalloc(sizeof *set);
    char *escaped = selector ? http_escape(selector) : NULL;
    char *query = (escaped ? xasprintf("labelSelector=%s", escaped)
                   : xstrdup(""));
    struct reflector_config config = {
        .http = http,
        .kubeconfig = kubeconfig,
        .sink = &set_sink,
        .aux = set,
        .resource = "nodes",
        .group = "",
        .path = "/api/v1/nodes",
        .query = query,
        .metadata_only = true,
    };

    sset_init(&set->names);
    sset_init(&set->staged);
    set->selector = nullable_xstrdup(selector);
    set->zone = nullable_xstrdup(zone);
    set->reflector = reflector_create(&config);
    free(escaped);
    free(query);
    return set;
}

void
node_set_destroy(struct node_set *set)
{
    if (set) {
        reflector_destroy(set->reflector);
        sset_destroy(&set->names);
        sset_destroy(&set->staged);
        free(set->selector);
        free(set->zone);
        free(set);
    }
}

void
node_set_set_limits(struct node_set *set, unsigned int page,
                    long long int silence_ms, long long int backoff_ms)
{
    reflector_set_limits(set->reflector, page, silence_ms, backoff_ms);
}

void
node_set_run(struct node_set *set, long long int now)
{
    reflector_run(set->reflector, now);
}

void
node_set_wait(const struct node_set *set)
{
    reflector_wait(set->reflector);
}

const struct sset *
node_set_names(const struct node_set *set)
{
    return &set->names;
}

uint64_t
node_set_seqno(const struct node_set *set)
{
    return set->seqno;
}

void
node_set_get_status(const struct node_set *set, long long int now,
                    struct reflector_status *status)
{
    reflector_get_status(set->reflector, now, status);
}

void
node_set_format(const struct node_set *set, long long int now, struct ds *ds)
{
    struct reflector_status rs;

    reflector_get_status(set->reflector, now, &rs);
    ds_put_cstr(ds, "  nodes");
    if (set->selector) {
        ds_put_format(ds, " with %s", set->selector);
    }
    if (set->zone) {
        ds_put_format(ds, " in zone %s", set->zone);
    }
    ds_put_format(ds, ": %s, %"PRIuSIZE" nodes\n",
                  rs.forbidden ? "permission is missing"
                  : !rs.synced ? "not yet known"
                  : !rs.fresh ? "out of date" : "known",
                  sset_count(&set->names));
}
