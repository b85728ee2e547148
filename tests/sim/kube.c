/* SPDX-License-Identifier: Apache-2.0 */

/* The Kubernetes API: objects with versions, and what watches tell of them.
 * The annotations of pods and templates go through the dialect's own reading,
 * as in agent/kube. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "smap.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"

#define NS "default"
#define KEY(NAME) "ovn.kubernetes.io/" NAME
#define VM_POD "virt-launcher-v0"

/* ---- The server. ---- */

static void
object_changed(struct world *w, int object, const union kobject *value)
{
    struct kube_server *k = &w->kube;

    if (k->n_log >= k->allocated_log) {
        k->log = x2nrealloc(k->log, &k->allocated_log, sizeof *k->log);
    }
    k->object_version[object] = ++k->version;
    k->log[k->n_log++] = (struct kube_event) {
        .version = k->version, .object = object, .value = *value,
    };
    for (int i = 0; i < N_INSTANCES; i++) {
        struct instance *in = &w->instances[i];

        if (in->alive && !in->watch_broken) {
            timer_by(w, instance_timer_number(in, IT_KUBE_IN),
                     w->now + delay(w, in->kube_lag_ms));
        }
    }
}

void
kube_pod_changed(struct world *w, int slot)
{
    union kobject o;

    memset(&o, 0, sizeof o);
    o.pod = w->kube.pods[slot];
    object_changed(w, slot, &o);
    truth_update(w, slot);
}

void
kube_sts_changed(struct world *w, int sts)
{
    union kobject o;

    memset(&o, 0, sizeof o);
    o.sts = w->kube.sts[sts];
    object_changed(w, OBJ_STS(sts), &o);
    timer_by(w, T_STS, w->now + delay(w, 200));
}

void
kube_vm_changed(struct world *w)
{
    union kobject o;

    memset(&o, 0, sizeof o);
    o.sts = w->kube.vm;
    object_changed(w, OBJ_VM, &o);
    timer_by(w, T_STS, w->now + delay(w, 200));
}

void
kube_init(struct world *w)
{
    struct kube_server *k = &w->kube;
    struct kube_event *log = k->log;
    size_t allocated = k->allocated_log;

    memset(k, 0, sizeof *k);
    k->log = log;
    k->allocated_log = allocated;
}

/* The address that 'pod' asks for, or was given; NO_IP if it names none. */
int
pod_wants(const struct kpod *pod, int slot)
{
    if (pod->allocated_ip != NO_IP && !pod->edited) {
        return pod->allocated_ip;
    }
    switch (pod->way) {
    case WAY_POOL:
        if (!pod->owner_uid) {
            /* An orphan may have any of its pool. */
            return pod->pool[1] == NO_IP ? pod->pool[0] : NO_IP;
        }
        return slot_ordinal(slot) >= 0 ? pod->pool[slot_ordinal(slot)]
                                       : NO_IP;
    case WAY_ADDRESS:
        return pod->ip;
    case WAY_STICKY:
    case WAY_INVALID:
        return NO_IP;
    }
    OVS_NOT_REACHED();
}

/* A template with other contents is another revision; one with the same is the
 * same, in a StatefulSet made again, too. */
int
kube_template_number(enum claim_way way, const int pool[2])
{
    return 1 + (way * (N_IPS + 1) + pool[0] + 1) * (N_IPS + 1) + pool[1] + 1;
}

/* ---- Objects as agent/kube gives them. ---- */

/* Each text is made once. */
static const char *
pool_text(const int pool[2])
{
    static char texts[N_IPS][N_IPS][2 * IP_ADDR_STRLEN];
    char *text;

    if (pool[1] == NO_IP) {
        return ip_text(pool[0]);
    }
    text = texts[pool[0]][pool[1]];
    if (!text[0]) {
        snprintf(text, sizeof texts[0][0], "%s,%s", ip_text(pool[0]),
                 ip_text(pool[1]));
    }
    return text;
}

static void
add_claim(struct smap *smap, enum claim_way way, const int pool[2], int ip)
{
    switch (way) {
    case WAY_STICKY:
        break;
    case WAY_POOL:
        smap_add(smap, KEY("ip_pool"), pool_text(pool));
        break;
    case WAY_ADDRESS:
        smap_add(smap, KEY("ip_address"), ip_text(ip));
        break;
    case WAY_INVALID:
        smap_add(smap, KEY("ip_address"), "10.0.0.300");
        break;
    }
}

/* Two networks have the same addresses: who asks for one says on which. */
static void
add_switch(const struct world *w, struct smap *smap, int net)
{
    if (w->config.webhook) {
        smap_add(smap, KEY("logical_switch"), net ? "net1" : "net0");
    }
}

static void
set_string(char **s, const char *value)
{
    free(*s);
    *s = xstrdup(value);
}

static char *
format_uid(uint32_t uid)
{
    return uid ? xasprintf("uid-%u", uid) : xstrdup("");
}

struct pod *
kube_make_pod(const struct world *w, int slot, const struct kpod *k)
{
    struct smap smap = SMAP_INITIALIZER(&smap);
    int sts = slot_sts(slot);
    struct pod *pod;
    char *uid = format_uid(k->uid);

    pod = pod_create(NS, slot == SLOT_VM ? VM_POD : slot_name(slot), uid);
    free(uid);
    if (slot == SLOT_VM) {
        pod->owner_kind = OWNER_VM;
        set_string(&pod->owner->name, slot_name(slot));
    } else if (sts >= 0 && k->owner_uid) {
        char name[3] = { 's', '0' + sts, '\0' };

        pod->owner_kind = OWNER_STATEFULSET;
        set_string(&pod->owner->name, name);
        free(pod->owner->uid);
        pod->owner->uid = format_uid(k->owner_uid);
        pod->ordinal = slot_ordinal(slot);
    }
    if (sts >= 0 && k->template_number) {
        free(pod->owner->revision);
        pod->owner->revision = xasprintf("r%d", k->template_number);
    }
    pod->created_s = k->created_s;
    pod->deleting = k->deleting;
    pod->finished = k->finished;
    pod->migrating = k->migrating;
    pod->opted_out = k->opted_out;

    bool allocated = k->allocated_ip != NO_IP && !speaks_ovn_kubernetes(w);
    if (speaks_ovn_kubernetes(w)) {
        ovn_kubernetes_add_annotation(&smap, k);
    }
    add_claim(&smap, k->way, k->pool, k->ip);
    add_switch(w, &smap, slot_net(slot));
    if (allocated) {
        if (!k->edited) {
            smap_replace(&smap, KEY("ip_address"), ip_text(k->allocated_ip));
        }
        smap_add(&smap, KEY("allocated"), "true");
    }
    struct claim_subject subject = {
        .ns = NS, .name = slot_name(slot), .owner_kind = pod->owner_kind,
        .ordinal = pod->ordinal,
    };
    sim_dialect(w)->read_claims(&smap, &subject, &pod->claims);
    smap_destroy(&smap);
    return pod;
}

static void
add_revision(const struct world *w, struct workload *wl, int sts,
             enum claim_way way, const int pool[2])
{
    struct smap smap = SMAP_INITIALIZER(&smap);
    char name[16];

    snprintf(name, sizeof name, "r%d", kube_template_number(way, pool));
    add_claim(&smap, speaks_ovn_kubernetes(w) ? WAY_STICKY : way, pool,
              pool[0]);
    add_switch(w, &smap, sts == 2);
    workload_add_revision(wl, name, &smap);
    smap_destroy(&smap);
}

/* 'sts' is a StatefulSet's number, or N_STS for the VM. */
struct workload *
kube_make_workload(const struct world *w, int sts, const struct ksts *k)
{
    char name[3] = { sts == N_STS ? 'v' : 's', '0' + sts % N_STS, '\0' };
    char *uid = format_uid(k->uid);
    struct workload *wl;

    wl = workload_create(sts == N_STS ? OWNER_VM : OWNER_STATEFULSET, NS,
                         name, uid);
    free(uid);
    wl->deleting = k->deleting;
    wl->opted_out = k->opted_out;
    wl->replicas = k->replicas;
    wl->on_delete = k->on_delete;
    wl->partition = k->partition;
    wl->revisions_known = !(k->unreadable && k->old_revision != k->revision);
    add_revision(w, wl, sts, k->way, k->pool);
    if (k->old_revision != k->revision && !k->unreadable) {
        add_revision(w, wl, sts, k->old_way, k->old_pool);
    }
    return wl;
}

/* ---- Telling an instance. ---- */

/* Is what 'b' says of the address another thing than what 'a' says? */
bool
kube_decides_anew(const struct world *w, const struct kpod *a,
                  const struct kpod *b, int slot)
{
    bool frees = speaks_ovn_kubernetes(w);

    return ((a->exists && !(frees && a->finished))
            != (b->exists && !(frees && b->finished)) || a->uid != b->uid
            || pod_wants(a, slot) != pod_wants(b, slot));
}

static struct kube_change *
make_pod_change(struct world *w, int slot, const struct kpod *old,
                const struct kpod *new)
{
    const char *name = slot == SLOT_VM ? VM_POD : slot_name(slot);
    const struct kpod *subject = new->exists ? new : old;
    char *uid = format_uid(subject->uid);
    struct kube_change *c = kube_change_create(KUBE_POD, !new->exists, NS,
                                               name, uid);
    free(uid);
    if (new->exists) {
        c->pod = kube_make_pod(w, slot, new);
    }
    return c;
}

static struct kube_change *
make_workload_change(struct world *w, int object, const struct ksts *old,
                     const struct ksts *new)
{
    int sts = object - OBJ_STS(0);
    char name[3] = { sts == N_STS ? 'v' : 's', '0' + sts % N_STS, '\0' };
    const struct ksts *subject = new->exists ? new : old;
    char *uid = format_uid(subject->uid);
    struct kube_change *c = kube_change_create(KUBE_WORKLOAD, !new->exists,
                                               NS, name, uid);
    free(uid);
    c->owner_kind = sts == N_STS ? OWNER_VM : OWNER_STATEFULSET;
    if (new->exists) {
        c->workload = kube_make_workload(w, sts, new);
    }
    return c;
}

/* Tells 'in' that 'object' is 'value' now; what is older than what it knows is
 * dropped, as the client's store does. */
void
kube_deliver(struct world *w, struct instance *in, int object,
             const union kobject *value, uint64_t version, bool listed)
{
    union kobject *old = &in->known[object];
    struct kube_change *c;

    if (version <= in->kube_version[object]) {
        return;
    }
    in->kube_version[object] = version;
    if (object < N_OWNED_SLOTS) {
        if (!old->pod.exists && !value->pod.exists) {
            return;
        }
        c = make_pod_change(w, object, &old->pod, &value->pod);
        c->listed = listed;
    } else {
        if (!old->sts.exists && !value->sts.exists) {
            return;
        }
        c = make_workload_change(w, object, &old->sts, &value->sts);
    }
    *old = *value;
    reaction_told(in);
    model_apply_kube_change(guard_model(in->guard), c);
    kube_change_destroy(c);
}
