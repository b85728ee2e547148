/* SPDX-License-Identifier: Apache-2.0 */

/* The StatefulSet controller, and pods from their creation to the moment when
 * their interface is gone. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "util.h"

/* ---- Pods. ---- */

static struct kpod
make_pod(struct world *w, enum claim_way way, const int *pool, int ip,
         int revision, uint32_t owner_uid)
{
    int number = owner_uid && pool ? kube_template_number(way, pool) : 0;

    if (speaks_ovn_kubernetes(w)) {
        way = WAY_STICKY;       /* Nobody asks for an address. */
        pool = NULL;
    }
    return (struct kpod) {
        .exists = true, .owner_uid = owner_uid, .way = way,
        .pool = { pool ? pool[0] : NO_IP, pool ? pool[1] : NO_IP },
        .ip = ip, .allocated_ip = NO_IP, .revision = revision,
        .created_s = w->wall / 1000, .template_number = number,
    };
}

/* The same, if admission lets it in. */
void
pod_ask_at(struct world *w, int slot, enum claim_way way, const int *pool,
           int ip, int revision, uint32_t owner_uid)
{
    struct kpod pod = make_pod(w, way, pool, ip, revision, owner_uid);

    if (admission_lets_in(w, slot, &pod)) {
        pod_create_at(w, slot, way, pool, ip, revision, owner_uid);
    }
}

void
pod_create_at(struct world *w, int slot, enum claim_way way, const int *pool,
              int ip, int revision, uint32_t owner_uid)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    *pod = make_pod(w, way, pool, ip, revision, owner_uid);
    pod->uid = ++w->kube.next_uid;
    p->created_ms = w->now;
    p->confused = false;
    p->network_ready = p->conflict = false;
    p->granted_ip = NO_IP;
    p->retry_ms = 5;
    p->retry_at = w->now;
    p->plug_at = p->grace_until = NEVER;
    p->waits = false;
    if (w->trace) {
        int wants = pod_wants(pod, slot);
        say(w, "kubernetes", "pod %s (uid-%u) is created, wants %s",
            slot_name(slot), pod->uid,
            wants == NO_IP ? "no address by name" : ip_text(wants));
    }
    kube_pod_changed(w, slot);
    timer_by(w, T_CNI, w->now + delay(w, 60));
}

/* The pod's end begins; by force, its object goes before its interface. */
void
pod_delete(struct world *w, int slot, bool force)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    if (!pod->exists || (pod->deleting && !force)) {
        return;
    }
    SAY(w, "kubernetes", "pod %s (uid-%u) is deleted%s", slot_name(slot),
        pod->uid, force ? " by force" : "");
    p->plug_at = NEVER;
    p->waits = false;
    if (force) {
        pod->exists = false;
        p->gone_pending = true;
        p->grace_until = NEVER;
        if (p->runs) {
            p->unplug_at = w->now + delay(w, 4000);
        }
        kube_pod_changed(w, slot);
        timer_by(w, T_CNI, w->now + delay(w, 60));
        timer_by(w, T_STS, w->now + delay(w, 200));
    } else {
        pod->deleting = true;
        if (p->runs) {
            p->unplug_at = w->now + delay(w, 1000);
        }
        p->grace_until = w->now + delay(w, 1500);
        kube_pod_changed(w, slot);
    }
    timer_by(w, T_PLACE + slot, w->now);
}

static void
pod_gone(struct world *w, int slot)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    SAY(w, "kubernetes", "pod %s (uid-%u) is gone", slot_name(slot),
        pod->uid);
    pod->exists = false;
    p->gone_pending = true;
    p->grace_until = NEVER;
    kube_pod_changed(w, slot);
    timer_by(w, T_CNI, w->now + delay(w, 60));
    timer_by(w, T_STS, w->now + delay(w, 200));
}

/* The CNI has made the pod's network; 'ip' is what it writes down, if it
 * writes. */
void
pod_network_ready(struct world *w, int slot, int ip)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    p->network_ready = true;
    if (ip != NO_IP) {
        pod->allocated_ip = ip;
        SAY(w, "CNI", "%s is given %s", slot_name(slot), ip_text(ip));
        kube_pod_changed(w, slot);
    }
    p->plug_at = w->now + delay(w, 300);
    timer_by(w, T_PLACE + slot, p->plug_at);
}

static int
choose_chassis(const struct world *w, int slot)
{
    for (int i = 0; i < w->config.n_chassis; i++) {
        int c = (slot + i) % w->config.n_chassis;

        if (w->sb.chassis[c].exists && w->sb.chassis[c].alive) {
            return c;
        }
    }
    return NO_CHASSIS;
}

/* Does the port look as the pod needs it?  A patient CNI waits for that. */
static bool
port_is_ready(const struct world *w, int slot)
{
    const struct sb_row *row = &w->sb.rows[slot];
    int wants = pod_wants(&w->kube.pods[slot], slot);

    return (row->present
            && (!w->config.patient || wants == NO_IP
                || (row_open_ips(&row->nb) & 0x3f) == 1u << wants));
}

static void
plug(struct world *w, int slot)
{
    struct place *p = &w->places[slot];
    int chassis = choose_chassis(w, slot);

    p->plug_at = NEVER;
    p->waits = p->runs || chassis == NO_CHASSIS || !port_is_ready(w, slot);
    if (p->waits) {
        return;                 /* Until something changes. */
    }
    p->runs = true;
    p->uid = w->kube.pods[slot].uid;
    p->chassis = chassis;
    p->ip = pod_wants(&w->kube.pods[slot], slot);
    sb_plug(w, slot, chassis);
    timer_by(w, T_STS, w->now + delay(w, 500));
}

/* What pods wait for may have come. */
void
places_changed(struct world *w)
{
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        struct place *p = &w->places[i];

        if (p->waits) {
            p->waits = false;
            p->plug_at = w->now + delay(w, 200);
            timer_by(w, T_PLACE + i, p->plug_at);
        }
    }
}

void
place_step(struct world *w, int slot)
{
    struct place *p = &w->places[slot];

    timer_set(w, T_PLACE + slot, NEVER);
    if (p->runs && p->unplug_at <= w->now) {
        p->unplug_at = NEVER;
        p->runs = false;
        p->ip = NO_IP;
        sb_plug(w, slot, NO_CHASSIS);
        places_changed(w);
    }
    if (p->grace_until <= w->now) {
        pod_gone(w, slot);
    }
    if (p->plug_at <= w->now) {
        plug(w, slot);
    }
    timer_by(w, T_PLACE + slot, MIN(p->plug_at, MIN(p->unplug_at,
                                                    p->grace_until)));
}

/* ---- StatefulSets. ---- */

static int
sts_slot(int sts, int ordinal)
{
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        if (slot_sts(i) == sts && slot_ordinal(i) == ordinal) {
            return i;
        }
    }
    return -1;
}

/* The garbage collector: pods whose owner is gone or another one. */
static void
collect_garbage(struct world *w, int sts)
{
    const struct ksts *s = &w->kube.sts[sts];

    for (int ordinal = 0; ordinal < 2; ordinal++) {
        int slot = sts_slot(sts, ordinal);
        struct kpod *pod = slot >= 0 ? &w->kube.pods[slot] : NULL;

        if (!pod || !pod->exists) {
            continue;
        }
        if (pod->owner_uid && (!s->exists || s->uid != pod->owner_uid)) {
            pod_delete(w, slot, false);
        } else if (!pod->owner_uid && s->exists && !pod->deleting) {
            pod->owner_uid = s->uid; /* Adopted. */
            kube_pod_changed(w, slot);
        }
    }
}

/* With OnDelete a pod that is made again is of the one or the other revision,
 * by how many are of each. */
static void
create_member(struct world *w, int sts, int ordinal, int slot)
{
    const struct ksts *s = &w->kube.sts[sts];
    bool two = s->old_revision != s->revision;
    bool old = two && (ordinal < s->partition
                       || (s->on_delete && delay(w, 1)));

    pod_ask_at(w, slot, old ? s->old_way : s->way,
               old ? s->old_pool : s->pool,
               old ? s->old_pool[0] : s->pool[0],
               old ? s->old_revision : s->revision, s->uid);
}

/* The rolling update: the highest ordinal that is not of the new revision,
 * once all others run.  Returns true if all are of it. */
static bool
roll(struct world *w, int sts)
{
    const struct ksts *s = &w->kube.sts[sts];
    bool all = true;

    for (int ordinal = 1; ordinal >= 0; ordinal--) {
        int slot = sts_slot(sts, ordinal);
        const struct kpod *pod = slot >= 0 ? &w->kube.pods[slot] : NULL;

        if (!pod || !pod->exists || ordinal >= s->replicas) {
            continue;
        }
        if (pod->revision == s->revision) {
            if (!w->places[slot].runs) {
                return false;
            }
            continue;
        }
        all = false;
        if (s->on_delete || ordinal < s->partition) {
            continue;
        }
        pod_delete(w, slot, false);
        return false;
    }
    return all;
}

static void
step_sts(struct world *w, int sts)
{
    struct ksts *s = &w->kube.sts[sts];

    collect_garbage(w, sts);
    if (!s->exists) {
        return;
    }
    for (int ordinal = 0; ordinal < 2; ordinal++) {
        int slot = sts_slot(sts, ordinal);
        const struct kpod *pod;

        if (slot < 0) {
            continue;
        }
        pod = &w->kube.pods[slot];
        if (ordinal < s->replicas) {
            if (!pod->exists) {
                create_member(w, sts, ordinal, slot);
            } else if (pod->finished) {
                pod_delete(w, slot, false);
            }
        } else if (pod->exists) {
            pod_delete(w, slot, false);
        }
    }
    if (s->old_revision != s->revision && roll(w, sts)) {
        s->old_revision = s->revision;
        SAY(w, "kubernetes", "rollout of s%d is complete", sts);
        kube_sts_changed(w, sts);
    }
}

/* ---- The VM. ---- */

static void
step_vm(struct world *w)
{
    const struct ksts *vm = &w->kube.vm;
    const struct kpod *pod = &w->kube.pods[SLOT_VM];

    if (pod->exists && (!vm->exists || !vm->replicas)) {
        pod_delete(w, SLOT_VM, false);
    } else if (!pod->exists && vm->exists && vm->replicas
               && !w->places[SLOT_VM].runs) {
        pod_ask_at(w, SLOT_VM, vm->way, vm->pool, vm->pool[0], vm->revision,
                   vm->uid);
    }
}

void
workload_step(struct world *w)
{
    timer_set(w, T_STS, NEVER);
    if (w->sts_paused) {
        return;
    }
    for (int i = 0; i < N_STS; i++) {
        step_sts(w, i);
    }
    step_vm(w);
}
