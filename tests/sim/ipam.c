/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's IPAM shows of itself to the API server: an IP object for
 * each port that it gave an address, Subnets, and reserved IP objects, which
 * anybody may make.  Its controller takes a reserved one up some seconds
 * later, without asking who has the address: it is shared then, and whoever
 * comes after is refused.  With the object of a port it deletes the port. */

#include <config.h>

#include "tests/sim/sim.h"
#include "tests/sim/ipam.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/kube-write.h"

#define TAKE_UP_MS 3000

static void
tell(struct world *w)
{
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive) {
            timer_by(w, instance_timer_number(in, IT_IPAM_IN),
                     w->now + delay(w, in->kube_lag_ms));
        }
    }
}

static void
object_changed(struct world *w, struct ip_row *o)
{
    o->version = ++w->ipam.version;
    tell(w);
}

static void
object_gone(struct world *w, struct ip_row *o)
{
    SAY(w, "kubernetes", "the IP object %s is gone", o->name);
    o->exists = false;
    object_changed(w, o);
}

/* What the controller has in its memory is what it has written down. */
void
ipam_sync(struct world *w)
{
    for (int i = 0; w->config.ip_objects && i < N_OWNED_SLOTS; i++) {
        struct ip_row *o = &w->ipam.rows[i];
        int ip = w->cni.ip_object[i];

        if (ip == NO_IP) {
            if (o->exists) {
                object_gone(w, o);
            }
        } else if (!o->exists || o->ip != ip) {
            if (!o->exists) {
                *o = (struct ip_row) {
                    .uid = ++w->ipam.next_uid, .net = slot_net(i),
                    .taken_up = true,
                };
                ovs_strlcpy(o->name, slot_port(i), sizeof o->name);
                ovs_strlcpy(o->pod, slot_name(i), sizeof o->pod);
                o->of_sts = slot_sts(i) >= 0;
            }
            o->exists = true;
            o->ip = ip;
            object_changed(w, o);
        }
    }
}

/* ---- The controller and what is not its own. ---- */

static void
take_up(struct world *w, int number)
{
    struct ip_row *o = &w->ipam.rows[number];
    int *holder = &w->cni.ipam[o->net][o->ip];

    if (*holder < 0) {
        *holder = N_SLOTS + number;
    }
    o->taken_up = true;
    o->due_ms = NEVER;
    SAY(w, "CNI", "%s is reserved by %s", ip_text(o->ip), o->name);
    object_changed(w, o);
}

int
ipam_other_holder(const struct world *w, int net, int ip)
{
    for (int i = N_OWNED_SLOTS; i < N_IP_ROWS; i++) {
        const struct ip_row *o = &w->ipam.rows[i];

        if (o->exists && o->taken_up && o->net == net && o->ip == ip) {
            return N_SLOTS + i;
        }
    }
    return -1;
}

static void
finish_deletion(struct world *w, int number)
{
    struct ip_row *o = &w->ipam.rows[number];

    if (number < N_OWNED_SLOTS) {
        cni_release(w, number);
        w->cni.ip_object[number] = NO_IP;
        nb_delete(w, number);
    } else if (w->cni.ipam[o->net][o->ip] == N_SLOTS + number) {
        w->cni.ipam[o->net][o->ip] = -1;
    }
    object_gone(w, o);
}

void
ipam_step(struct world *w)
{
    timer_set(w, T_IPAM, NEVER);
    for (int i = 0; i < N_IP_ROWS && w->cni.up; i++) {
        struct ip_row *o = &w->ipam.rows[i];

        if (o->exists && o->due_ms && o->due_ms <= w->now) {
            if (o->deleting) {
                finish_deletion(w, i);
            } else {
                take_up(w, i);
            }
        }
        if (o->exists && o->due_ms) {
            timer_by(w, T_IPAM, o->due_ms);
        }
    }
}

/* The controller has started: a reserved object survives as that of a pod of a
 * StatefulSet, which is there. */
void
ipam_restart(struct world *w)
{
    for (int i = 0; i < N_IP_ROWS; i++) {
        struct ip_row *o = &w->ipam.rows[i];

        if (!o->exists || i < N_OWNED_SLOTS) {
            continue;
        }
        if (!o->of_sts || !w->kube.sts[o->pod[1] - '0'].exists) {
            object_gone(w, o);
        } else if (o->taken_up && w->cni.ipam[o->net][o->ip] < 0) {
            w->cni.ipam[o->net][o->ip] = N_SLOTS + i;
        }
    }
    timer_by(w, T_IPAM, w->now + 1000);
}

/* ---- What an instance orders. ---- */

static struct ip_row *
find_row(struct world *w, const char *name)
{
    for (int i = 0; i < N_IP_ROWS; i++) {
        if (w->ipam.rows[i].exists && !strcmp(w->ipam.rows[i].name, name)) {
            return &w->ipam.rows[i];
        }
    }
    return NULL;
}

static enum kube_write_result
reserve(struct world *w, const struct kube_write *kw)
{
    struct ip_addr ip;

    if (find_row(w, kw->name)) {
        return KUBE_WRITE_CONFLICT;
    }
    for (int i = N_OWNED_SLOTS; i < N_IP_ROWS; i++) {
        struct ip_row *o = &w->ipam.rows[i];

        if (o->exists) {
            continue;
        }
        if (!ip_addr_parse(kw->ipv4[0] ? kw->ipv4 : kw->ipv6, &ip)) {
            return KUBE_WRITE_FAILED;
        }
        *o = (struct ip_row) {
            .exists = true, .uid = ++w->ipam.next_uid,
            .net = kw->subnet[3] - '0', .ip = ip_number(&ip), .ours = true,
            .of_sts = kw->pod_type[0], .due_ms = w->now + TAKE_UP_MS,
        };
        ovs_strlcpy(o->name, kw->name, sizeof o->name);
        ovs_strlcpy(o->pod, kw->pod_name, sizeof o->pod);
        timer_by(w, T_IPAM, o->due_ms);
        coverage->reserved++;
        SAY(w, "kubernetes", "the IP object %s is made", o->name);
        object_changed(w, o);
        return KUBE_WRITE_DONE;
    }
    return KUBE_WRITE_FAILED;
}

static enum kube_write_result
delete_object(struct world *w, struct instance *in,
              const struct kube_write *kw)
{
    struct ip_row *o = find_row(w, kw->name);
    char uid[16], version[24];

    if (!o) {
        return KUBE_WRITE_GONE;
    }
    snprintf(uid, sizeof uid, "ip-%u", o->uid);
    snprintf(version, sizeof version, "%"PRIu64, o->version);
    if (strcmp(uid, kw->uid) || strcmp(version, kw->version)) {
        return KUBE_WRITE_CONFLICT;
    }
    if (!o->ours) {
        rules_check_ip_deletion(w, in, o - w->ipam.rows, o->ip);
        coverage->released++;
    }
    if (!o->deleting) {
        SAY(w, in->name, "deletes the IP object %s", o->name);
        o->deleting = true;
        o->due_ms = w->now + 100;
        timer_by(w, T_IPAM, o->due_ms);
        object_changed(w, o);
    }
    return KUBE_WRITE_DONE;
}

/* Whoever waits looks again at once. */
static enum kube_write_result
nudge(struct world *w, const struct kube_write *kw)
{
    int slot = slot_of_owner(kw->name);

    if (slot >= 0) {
        w->places[slot].retry_at = w->now;
        timer_by(w, T_CNI, w->now + delay(w, 60));
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        if (slot_sts(i) == kw->name[1] - '0') {
            w->refused_ms[i] = w->now;
        }
    }
    timer_by(w, T_STS, w->now + delay(w, 200));
    coverage->nudges++;
    return KUBE_WRITE_DONE;
}

static void
carry_out(struct world *w, struct instance *in, const struct kube_write *kw)
{
    enum kube_write_result result = KUBE_WRITE_FAILED;
    struct guard_env env;

    if (in->reads_fail) {
        /* The API server does not answer. */
    } else if (kw->kind == KUBE_WRITE_RESERVE) {
        result = reserve(w, kw);
    } else if (kw->kind == KUBE_WRITE_DELETE_IP) {
        result = delete_object(w, in, kw);
    } else if (kw->kind == KUBE_WRITE_NUDGE) {
        result = nudge(w, kw);
    }
    instance_env(w, in, &env);
    guard_kube_write_done(in->guard, kw->id, result, &env);
    instance_wake(w, in, w->now);
}

void
ipam_take_writes(struct world *w, struct instance *in, struct orders *o)
{
    for (size_t i = 0; i < o->n_kube_writes; i++) {
        struct kube_write *kw = o->kube_writes[i];

        if (kw->kind == KUBE_WRITE_RESERVE
            || kw->kind == KUBE_WRITE_DELETE_IP
            || kw->kind == KUBE_WRITE_NUDGE) {
            ovs_assert(in->n_kube_writes < N_KUBE_WRITES);
            in->kube_writes[in->n_kube_writes++] = kw;
            timer_by(w, instance_timer_number(in, IT_KUBE_WRITE),
                     w->now + delay(w, 2 * w->config.kube_ms));
        } else {
            kube_write_destroy(kw);
        }
    }
    o->n_kube_writes = 0;
}

void
ipam_carry_out(struct world *w, struct instance *in)
{
    struct kube_write *writes[N_KUBE_WRITES];
    size_t n = in->n_kube_writes;

    memcpy(writes, in->kube_writes, sizeof writes);
    in->n_kube_writes = 0;
    for (size_t i = 0; i < n; i++) {
        carry_out(w, in, writes[i]);
        kube_write_destroy(writes[i]);
    }
}

void
ipam_drop_writes(struct instance *in)
{
    while (in->n_kube_writes) {
        kube_write_destroy(in->kube_writes[--in->n_kube_writes]);
    }
}

/* ---- What an instance is told. ---- */

static void
tell_subnet(struct instance *in, int net)
{
    const char *name = net ? "net1" : "net0";
    struct kube_change *c = kube_change_create(KUBE_SUBNET, false, "", name,
                                               name);

    c->subnet = subnet_object_create(name, name);
    free(c->subnet->cidr);
    c->subnet->cidr = xstrdup("10.0.0.0/24");
    model_apply_kube_change(guard_model(in->guard), c);
    kube_change_destroy(c);
}

static void
tell_object(struct instance *in, const struct ip_row *o, struct ip_told *told)
{
    struct kube_change *c;
    char uid[16], version[24];

    if (told->version && (!o->exists || told->uid != o->uid)) {
        snprintf(uid, sizeof uid, "ip-%u", told->uid);
        c = kube_change_create(KUBE_IP, true, "", told->name, uid);
        model_apply_kube_change(guard_model(in->guard), c);
        kube_change_destroy(c);
        told->version = 0;
    }
    if (o->exists) {
        struct ip_object_addr addr;
        struct ip_object template = {
            .name = o->name, .uid = uid, .version = version, .ns = "default",
            .pod = o->pod, .pod_type = o->of_sts ? "StatefulSet" : "",
            .subnet = o->net ? "net1" : "net0", .addrs = &addr, .n_addrs = 1,
            .has_mac = o->taken_up, .has_finalizer = o->taken_up,
            .deleting = o->deleting, .reserved = o->ours, .ours = o->ours,
        };

        memset(&addr, 0, sizeof addr);
        ovs_assert(ip_addr_parse(ip_text(o->ip), &addr.ip));
        snprintf(uid, sizeof uid, "ip-%u", o->uid);
        snprintf(version, sizeof version, "%"PRIu64, o->version);
        c = kube_change_create(KUBE_IP, false, "", o->name, uid);
        c->ip = ip_object_clone(&template);
        model_apply_kube_change(guard_model(in->guard), c);
        kube_change_destroy(c);
        told->version = o->version;
        told->uid = o->uid;
        ovs_strlcpy(told->name, o->name, sizeof told->name);
        told->net = o->net;
        told->ip = o->ip;
    }
}

void
ipam_in(struct world *w, struct instance *in)
{
    if (!w->config.ip_objects || !guard_model(in->guard)->kube_synced) {
        return;
    }
    if (!in->subnets_told) {
        in->subnets_told = true;
        tell_subnet(in, 0);
        tell_subnet(in, 1);
    }
    for (int i = 0; i < N_IP_ROWS; i++) {
        const struct ip_row *o = &w->ipam.rows[i];

        if (o->version != in->ip_told[i].version
            && (o->exists || in->ip_told[i].version)) {
            tell_object(in, o, &in->ip_told[i]);
        }
    }
    instance_wake(w, in, w->now);
}

/* "Has the controller refused this pod its address?" */
void
ipam_ask_refusals(struct world *w, struct instance *in,
                  const struct orders *o)
{
    for (size_t i = 0; i < o->n_refusals; i++) {
        const struct refusal_read *r = &o->refusals[i];
        int slot = slot_of_owner(r->name);
        struct kube_change *c;

        if (slot < 0 || !w->places[slot].conflict) {
            continue;
        }
        c = kube_change_create(KUBE_REFUSAL, false, r->ns, r->name, r->uid);
        c->text = xstrdup("AddressConflict");
        model_apply_kube_change(guard_model(in->guard), c);
        kube_change_destroy(c);
        coverage->refusals_told++;
        instance_wake(w, in, w->now);
    }
}

/* ---- Rest. ---- */

/* Does a living pod run with 'ip' which annotation and IP object give it no
 * more, or have two IP objects got it?  A restart of the controller would give
 * it to others. */
static bool
is_hazard(const struct world *w, int net, int ip)
{
    int n_objects = 0;

    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        const struct kpod *pod = &w->kube.pods[i];
        bool given = w->cni.ip_object[i] == ip;

        if (slot_net(i) == net) {
            n_objects += given;
            if (pod->exists && row_ips(&w->nb.rows[i]) & (1u << ip)
                && (pod_wants(pod, i) != ip || !given)) {
                return true;
            }
        }
    }
    return n_objects > 1;
}

/* Of what was reserved nothing is left but for what is held, or would be lost
 * at a restart. */
void
ipam_rest(struct world *w)
{
    for (int i = N_OWNED_SLOTS; i < N_IP_ROWS; i++) {
        const struct ip_row *o = &w->ipam.rows[i];
        struct uuid net = sim_uuid(UUID_NET, w->nb.net_ids[o->net]);
        struct ip_addr ip;

        if (o->exists && o->ours) {
            ovs_assert(ip_addr_parse(ip_text(o->ip), &ip));
            if (!own_find_hold(w, &net, &ip)
                && !is_hazard(w, o->net, o->ip)) {
                violate(w, RULE_RESERVE_ENDS, "the IP object %s is left, and "
                        "%s is not held", o->name, ip_text(o->ip));
            }
        }
    }
}
