/* SPDX-License-Identifier: Apache-2.0 */

/* Kube-OVN's IP objects and Subnets as values. */

#include <config.h>

#include "ipam-object.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

/* A Subnet that is used in more pieces than this is not looked at to its
 * end: nobody is harmed by not knowing. */
#define MAX_RANGES 65536

/* ---- IP objects. ---- */

/* Copies 's' to '*to', which is moved on behind it. */
static const char *
put(char **to, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = memcpy(*to, s, size);

    *to += size;
    return copy;
}

struct ip_object *
ip_object_clone(const struct ip_object *t)
{
    size_t addrs_at = ROUND_UP(sizeof *t, sizeof(void *));
    size_t strings_at = addrs_at + t->n_addrs * sizeof *t->addrs;
    size_t size = (strings_at + strlen(t->name) + strlen(t->uid)
                   + strlen(t->version) + strlen(t->ns) + strlen(t->pod)
                   + strlen(t->pod_type) + strlen(t->subnet) + 7);
    char *block = xzalloc(size);
    char *strings = block + strings_at;
    struct ip_object *o = ALIGNED_CAST(struct ip_object *, block);

    *o = *t;
    memset(&o->node, 0, sizeof o->node);
    o->addrs = ALIGNED_CAST(struct ip_object_addr *, block + addrs_at);
    for (size_t i = 0; i < t->n_addrs; i++) {
        o->addrs[i].object = o;
        o->addrs[i].ip = t->addrs[i].ip;
    }
    o->name = put(&strings, t->name);
    o->uid = put(&strings, t->uid);
    o->version = put(&strings, t->version);
    o->ns = put(&strings, t->ns);
    o->pod = put(&strings, t->pod);
    o->pod_type = put(&strings, t->pod_type);
    o->subnet = put(&strings, t->subnet);
    return o;
}

void
ip_object_destroy(struct ip_object *o)
{
    free(o);
}

bool
ip_object_equals(const struct ip_object *a, const struct ip_object *b)
{
    if (strcmp(a->name, b->name)
        || strcmp(a->uid, b->uid)
        || strcmp(a->version, b->version)
        || strcmp(a->ns, b->ns)
        || strcmp(a->pod, b->pod)
        || strcmp(a->pod_type, b->pod_type)
        || strcmp(a->subnet, b->subnet)
        || a->n_addrs != b->n_addrs
        || a->has_mac != b->has_mac
        || (a->has_mac && memcmp(&a->mac, &b->mac, sizeof a->mac))
        || a->deleting != b->deleting
        || a->reserved != b->reserved
        || a->has_finalizer != b->has_finalizer
        || a->ours != b->ours) {
        return false;
    }
    for (size_t i = 0; i < a->n_addrs; i++) {
        if (!ip_addr_equals(&a->addrs[i].ip, &b->addrs[i].ip)) {
            return false;
        }
    }
    return true;
}

const struct ip_addr *
ip_object_find_family(const struct ip_object *o, uint8_t family)
{
    for (size_t i = 0; i < o->n_addrs; i++) {
        if (o->addrs[i].ip.family == family) {
            return &o->addrs[i].ip;
        }
    }
    return NULL;
}

/* ---- Subnets. ---- */

struct subnet_object *
subnet_object_create(const char *name, const char *uid)
{
    struct subnet_object *s = xzalloc(sizeof *s);

    s->name = xstrdup(name);
    s->uid = xstrdup(uid);
    s->cidr = xstrdup("");
    s->gateway = xstrdup("");
    s->provider = xstrdup("ovn");
    s->vpc = xstrdup("");
    ip_addr_set_init(&s->own);
    return s;
}

void
subnet_object_destroy(struct subnet_object *s)
{
    if (s) {
        free(s->name);
        free(s->uid);
        free(s->cidr);
        free(s->gateway);
        free(s->provider);
        free(s->vpc);
        ip_addr_set_destroy(&s->own);
        free(s->using);
        free(s);
    }
}

bool
subnet_object_equals(const struct subnet_object *a,
                     const struct subnet_object *b)
{
    return (!strcmp(a->name, b->name)
            && !strcmp(a->uid, b->uid)
            && !strcmp(a->cidr, b->cidr)
            && !strcmp(a->gateway, b->gateway)
            && !strcmp(a->provider, b->provider)
            && !strcmp(a->vpc, b->vpc)
            && a->deleting == b->deleting
            && ip_addr_set_equals(&a->own, &b->own)
            && a->truncated == b->truncated
            && a->n_using == b->n_using
            && (!a->n_using
                || !memcmp(a->using, b->using,
                           a->n_using * sizeof *a->using)));
}

/* Reads "FIRST" or "FIRST-LAST" of 'len' characters. */
static bool
parse_range(const char *s, size_t len, struct ip_range *r)
{
    char *copy = xmemdup0(s, len);
    char *dash = strchr(copy, '-');
    bool ok;

    if (dash) {
        *dash = '\0';
    }
    ok = ip_addr_parse(copy, &r->first);
    r->last = r->first;
    if (ok && dash) {
        ok = (ip_addr_parse(dash + 1, &r->last)
              && r->last.family == r->first.family
              && ip_addr_compare(&r->first, &r->last) <= 0);
    }
    free(copy);
    return ok;
}

static int
compare_ranges(const void *a_, const void *b_)
{
    const struct ip_range *a = a_;
    const struct ip_range *b = b_;

    return ip_addr_compare(&a->first, &b->first);
}

char *
subnet_object_add_ranges(struct subnet_object *s, const char *text)
{
    size_t allocated = s->n_using;

    while (*text) {
        size_t len = strcspn(text, ",");
        struct ip_range r;

        memset(&r, 0, sizeof r);
        if (s->n_using >= MAX_RANGES) {
            s->truncated = true;
            break;
        }
        if (!parse_range(text, len, &r)) {
            return xasprintf("\"%.*s\" is no address and no range of "
                             "addresses", (int) MIN(len, 100), text);
        }
        if (s->n_using >= allocated) {
            s->using = x2nrealloc(s->using, &allocated, sizeof *s->using);
        }
        s->using[s->n_using++] = r;
        text += len + (text[len] == ',');
    }
    if (s->n_using) {
        qsort(s->using, s->n_using, sizeof *s->using, compare_ranges);
    }
    return NULL;
}

bool
subnet_object_covers(const struct subnet_object *s, const struct ip_addr *ip)
{
    const char *comma = strchr(s->cidr, ',');
    bool in;

    if (!comma) {
        return s->cidr[0] && ip_addr_in_cidr(ip, s->cidr);
    }
    char *first = xmemdup0(s->cidr, comma - s->cidr);
    in = ip_addr_in_cidr(ip, first) || ip_addr_in_cidr(ip, comma + 1);
    free(first);
    return in;
}

bool
subnet_object_uses(const struct subnet_object *s, const struct ip_addr *ip)
{
    size_t lo = 0, hi = s->n_using;

    /* The last range that does not begin behind 'ip'. */
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (ip_addr_compare(&s->using[mid].first, ip) <= 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return (lo > 0
            && s->using[lo - 1].first.family == ip->family
            && ip_addr_compare(ip, &s->using[lo - 1].last) <= 0);
}
