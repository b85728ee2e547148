/* SPDX-License-Identifier: Apache-2.0 */

/* See kube-ovn-fixture.h. */

#include <config.h>

#include "tests/unit/kube-ovn-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "packets.h"
#include "util.h"

#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/kube-write.h"

#include "tests/unit/unit.h"

/* world->on_write has no other way to it. */
static struct kube_ovn *current;

static void
apply(struct world *w, struct kube_change *c)
{
    model_apply_kube_change(guard_model(w->guard), c);
    kube_change_destroy(c);
}

void
kube_ovn_tell(struct kube_ovn *ko, struct kube_ovn_ip *i)
{
    struct ip_object_addr addr = { .ip = unit_ip(i->ip) };
    char *version = xasprintf("%d", i->version);
    struct ip_object o = {
        .name = i->name, .uid = i->uid, .version = version, .ns = i->ns,
        .pod = i->pod, .pod_type = i->pod_type, .subnet = i->subnet,
        .addrs = &addr, .n_addrs = 1, .has_mac = i->force,
        .has_finalizer = i->force, .deleting = i->deleting,
        .reserved = i->reserved, .ours = i->ours,
    };
    struct kube_change *c = kube_change_create(KUBE_IP, false, "", i->name,
                                               i->uid);

    c->ip = ip_object_clone(&o);
    apply(ko->w, c);
    free(version);
}

void
kube_ovn_tell_all(struct kube_ovn *ko)
{
    struct kube_change *c = kube_change_create(KUBE_SUBNET, false, "", "net1",
                                               "s");

    c->subnet = subnet_object_create("net1", "s");
    free(c->subnet->cidr);
    c->subnet->cidr = xstrdup("10.0.0.0/16");
    apply(ko->w, c);
    for (size_t i = 0; i < ko->n_ips; i++) {
        kube_ovn_tell(ko, ko->ips[i]);
    }
}

struct kube_ovn_ip *
kube_ovn_find(struct kube_ovn *ko, const char *name)
{
    for (size_t i = 0; i < ko->n_ips; i++) {
        if (!strcmp(ko->ips[i]->name, name)) {
            return ko->ips[i];
        }
    }
    return NULL;
}

struct kube_ovn_ip *
kube_ovn_ours(struct kube_ovn *ko)
{
    for (size_t i = 0; i < ko->n_ips; i++) {
        if (ko->ips[i]->ours) {
            return ko->ips[i];
        }
    }
    return NULL;
}

static struct kube_ovn_ip *
add(struct kube_ovn *ko, const char *name, const char *ns, const char *pod,
    const char *pod_type, const char *ip)
{
    struct kube_ovn_ip *i = xzalloc(sizeof *i);

    ovs_assert(ko->n_ips < ARRAY_SIZE(ko->ips));
    i->name = xstrdup(name);
    i->version = ++ko->version;
    i->uid = xasprintf("ip-uid-%d", i->version);
    i->ns = xstrdup(ns);
    i->pod = xstrdup(pod);
    i->pod_type = xstrdup(pod_type);
    i->subnet = xstrdup("net1");
    i->ip = xstrdup(ip);
    ko->ips[ko->n_ips++] = i;
    return i;
}

struct kube_ovn_ip *
kube_ovn_add(struct kube_ovn *ko, const char *pod, const char *ip)
{
    char *name = xasprintf("%s.default", pod);
    struct kube_ovn_ip *i = add(ko, name, "default", pod, "StatefulSet", ip);

    free(name);
    i->force = true;
    kube_ovn_tell(ko, i);
    return i;
}

static void
free_ip(struct kube_ovn_ip *i)
{
    free(i->name);
    free(i->uid);
    free(i->ns);
    free(i->pod);
    free(i->pod_type);
    free(i->subnet);
    free(i->ip);
    free(i);
}

void
kube_ovn_remove(struct kube_ovn *ko, struct kube_ovn_ip *ip)
{
    apply(ko->w, kube_change_create(KUBE_IP, true, "", ip->name, ip->uid));
    for (size_t i = 0; i < ko->n_ips; i++) {
        if (ko->ips[i] == ip) {
            ko->ips[i] = ko->ips[--ko->n_ips];
            free_ip(ip);
            return;
        }
    }
}

/* E1, E2: the port of the name goes with the object, live pod or not. */
static void
finish_deletion(struct kube_ovn *ko, struct kube_ovn_ip *i)
{
    struct wport *p = world_find_port(ko->w, i->name);

    if (p) {
        world_del_port(ko->w, p);
    }
    kube_ovn_remove(ko, i);
}

/* E5: a reserved object counts once it has finalizer and MAC. */
static void
take_up(struct kube_ovn *ko, struct kube_ovn_ip *i)
{
    if (!i->force && !ko->deaf) {
        i->force = true;
        i->version = ++ko->version;
        kube_ovn_tell(ko, i);
    }
}

void
kube_ovn_start(struct kube_ovn *ko)
{
    ko->down = false;
    guard_model(ko->w->guard)->cni_restarted_ms = ko->w->now;
    for (size_t i = ko->n_ips; i-- > 0; ) {
        struct kube_ovn_ip *ip = ko->ips[i];
        char *sts = xmemdup0(ip->pod, strrchr(ip->pod, '-') - ip->pod);
        bool owned = false;

        for (size_t j = 0; j < ko->w->n_kube; j++) {
            owned |= (ko->w->kube[j].workload
                      && !strcmp(ko->w->kube[j].workload->name, sts));
        }
        free(sts);
        if (ip->deleting
            || !(owned && !strcmp(ip->pod_type, "StatefulSet"))) {
            finish_deletion(ko, ip); /* gcIP of main. */
        } else {
            take_up(ko, ip);
        }
    }
}

bool
kube_ovn_refuses(struct kube_ovn *ko, const char *pod, const char *ip)
{
    for (size_t i = 0; i < ko->n_ips; i++) {
        if (ko->ips[i]->force && !strcmp(ko->ips[i]->ip, ip)
            && strcmp(ko->ips[i]->pod, pod)) {
            return true;
        }
    }
    return false;
}

static enum kube_write_result
on_write(struct world *w, const struct kube_write *kw)
{
    struct kube_ovn *ko = current;
    struct kube_ovn_ip *i = kube_ovn_find(ko, kw->name);
    char *version = NULL;
    bool same;

    ovs_assert(ko->w == w);
    if (kw->object != KUBE_OBJECT_IP) {
        return KUBE_WRITE_DONE;
    } else if (ko->result != KUBE_WRITE_DONE) {
        return ko->result;
    }
    if (kw->kind == KUBE_WRITE_RESERVE) {
        if (i) {
            ko->n_conflicts++;
            return KUBE_WRITE_CONFLICT;
        }
        i = add(ko, kw->name, kw->ns, kw->pod_name, kw->pod_type,
                kw->ipv4[0] ? kw->ipv4 : kw->ipv6);
        i->reserved = i->ours = true;
        ko->n_made++;
        kube_ovn_tell(ko, i);
        if (!ko->down) {
            take_up(ko, i);
        }
        return KUBE_WRITE_DONE;
    }
    if (!i) {
        return KUBE_WRITE_GONE;
    }
    version = xasprintf("%d", i->version);
    same = !strcmp(version, kw->version) && !strcmp(i->uid, kw->uid);
    free(version);
    if (!same) {
        ko->n_conflicts++;
        return KUBE_WRITE_CONFLICT;
    }
    ko->n_deleted++;
    i->deleting = true;
    i->version = ++ko->version;
    kube_ovn_tell(ko, i);
    if (!ko->down) {
        finish_deletion(ko, i);
    }
    return KUBE_WRITE_DONE;
}

void
kube_ovn_init(struct kube_ovn *ko, struct world *w)
{
    memset(ko, 0, sizeof *ko);
    ko->w = w;
    ko->result = KUBE_WRITE_DONE;
    current = ko;
    w->on_write = on_write;
    kube_ovn_tell_all(ko);
}

void
kube_ovn_destroy(struct kube_ovn *ko)
{
    for (size_t i = 0; i < ko->n_ips; i++) {
        free_ip(ko->ips[i]);
    }
    current = NULL;
}
