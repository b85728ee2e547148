/* SPDX-License-Identifier: Apache-2.0 */

/* Digests of what manifests say.  A file is read again as a whole when one
 * object of it changes; its other objects are recognised by their digests, so
 * that they need not be kept a second time beside the model. */

#include <config.h>

#include "manifest-object.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

#include "ipam-object.h"
#include "pod.h"
#include "workload.h"

/* Each value is put with its length, so that no two sequences of values make
 * the same bytes. */
static void
put_bytes(struct ds *ds, const void *bytes, size_t n)
{
    ds_put_buffer(ds, (const char *) &n, sizeof n);
    ds_put_buffer(ds, bytes, n);
}

static void
put_string(struct ds *ds, const char *s)
{
    if (s) {
        put_bytes(ds, s, strlen(s));
    } else {
        size_t none = SIZE_MAX;

        ds_put_buffer(ds, (const char *) &none, sizeof none);
    }
}

static void
put_number(struct ds *ds, long long int n)
{
    ds_put_buffer(ds, (const char *) &n, sizeof n);
}

static void
put_smap(struct ds *ds, const struct smap *smap)
{
    const struct smap_node **nodes = smap_sort(smap);
    size_t n = smap_count(smap);

    put_number(ds, n);
    for (size_t i = 0; i < n; i++) {
        put_string(ds, nodes[i]->key);
        put_string(ds, nodes[i]->value);
    }
    free(nodes);
}

static void
put_ips(struct ds *ds, const struct ip_addr *ips, size_t n)
{
    put_number(ds, n);
    for (size_t i = 0; i < n; i++) {
        put_number(ds, ips[i].family);
        put_bytes(ds, ips[i].bytes, sizeof ips[i].bytes);
    }
}

static void
put_claim(struct ds *ds, const struct claim *c)
{
    put_string(ds, c->provider);
    put_number(ds, c->kind);
    put_ips(ds, c->ips, c->n_ips);
    put_number(ds, c->has_mac);
    if (c->has_mac) {
        put_bytes(ds, &c->mac, sizeof c->mac);
    }
    put_string(ds, c->logical_switch);
    put_number(ds, c->allocated);
    put_string(ds, c->source);
    put_string(ds, c->error);
}

static void
put_pod(struct ds *ds, const struct pod *pod)
{
    const struct ip_addr_set *ips = pod_status_ips(pod);
    char uid[OBJ_UID_STRLEN];

    put_string(ds, pod->owner->ns);
    put_string(ds, pod->name);
    put_string(ds, obj_uid_to_string(&pod->uid, uid));
    put_number(ds, pod->owner_kind);
    put_string(ds, pod->owner->name);
    put_string(ds, pod->owner->uid);
    put_number(ds, pod->ordinal);
    put_string(ds, pod->owner->revision);
    put_string(ds, pod_node(pod));
    put_number(ds, pod->created_s);
    put_number(ds, pod->deleting);
    put_number(ds, pod->finished);
    put_number(ds, pod->migrating);
    put_number(ds, pod->opted_out);
    put_number(ds, pod->marks);
    put_ips(ds, ips->addrs, ips->n);
    put_number(ds, pod->claims.n);
    for (size_t i = 0; i < pod->claims.n; i++) {
        put_claim(ds, &pod->claims.claims[i]);
    }
}

static void
put_ip(struct ds *ds, const struct ip_object *o)
{
    put_string(ds, o->version);
    put_string(ds, o->ns);
    put_string(ds, o->pod);
    put_string(ds, o->pod_type);
    put_string(ds, o->subnet);
    put_number(ds, o->n_addrs);
    for (size_t i = 0; i < o->n_addrs; i++) {
        put_ips(ds, &o->addrs[i].ip, 1);
    }
    put_number(ds, o->has_mac);
    if (o->has_mac) {
        put_bytes(ds, &o->mac, sizeof o->mac);
    }
    put_number(ds, o->reserved);
    put_number(ds, o->has_finalizer);
}

static void
put_subnet(struct ds *ds, const struct subnet_object *s)
{
    put_string(ds, s->cidr);
    put_string(ds, s->gateway);
    put_string(ds, s->provider);
    put_string(ds, s->vpc);
    put_ips(ds, s->own.addrs, s->own.n);
    put_number(ds, s->truncated);
    put_number(ds, s->n_using);
    for (size_t i = 0; i < s->n_using; i++) {
        put_ips(ds, &s->using[i].first, 1);
        put_ips(ds, &s->using[i].last, 1);
    }
}

static void
put_workload(struct ds *ds, const struct workload *w)
{
    put_number(ds, w->kind);
    put_string(ds, w->ns);
    put_string(ds, w->name);
    put_string(ds, w->uid);
    put_number(ds, w->created_s);
    put_number(ds, w->deleting);
    put_number(ds, w->opted_out);
    put_number(ds, w->replicas);
    put_number(ds, w->start);
    put_number(ds, w->on_delete);
    put_number(ds, w->partition);
    put_number(ds, w->revisions_known);
    put_number(ds, w->n_revisions);
    for (size_t i = 0; i < w->n_revisions; i++) {
        put_string(ds, w->revisions[i].name);
        put_smap(ds, &w->revisions[i].annotations);
    }
}

/* Stores the digest of 'ds', which is destroyed. */
static void
finish(struct ds *ds, uint8_t digest[SHA1_DIGEST_SIZE])
{
    sha1_bytes(ds->string, ds->length, digest);
    ds_destroy(ds);
}

void
manifest_workload_digest(const struct workload *w,
                         uint8_t digest[SHA1_DIGEST_SIZE])
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    put_workload(&ds, w);
    finish(&ds, digest);
}

void
manifest_object_digest(const struct manifest_object *object,
                       uint8_t digest[SHA1_DIGEST_SIZE])
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    put_number(&ds, object->kind);
    put_string(&ds, object->ns);
    put_string(&ds, object->name);
    put_string(&ds, object->uid);
    put_number(&ds, object->deleting);
    put_number(&ds, object->opted_out);
    if (object->pod) {
        put_pod(&ds, object->pod);
    }
    if (object->workload) {
        put_workload(&ds, object->workload);
    }
    if (object->ip) {
        put_ip(&ds, object->ip);
    }
    if (object->subnet) {
        put_subnet(&ds, object->subnet);
    }
    put_string(&ds, object->cni_network);
    put_ips(&ds, object->ips.addrs, object->ips.n);
    put_string(&ds, object->current_revision);
    put_string(&ds, object->update_revision);
    put_number(&ds, object->status_is_old);
    put_string(&ds, object->owner_name);
    put_string(&ds, object->owner_uid);
    put_smap(&ds, &object->annotations);
    finish(&ds, digest);
}
