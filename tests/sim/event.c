/* SPDX-License-Identifier: Apache-2.0 */

/* What the events of a script do.  An event that makes no sense where it comes
 * does nothing, so that any part of a script is a script again. */

#include <config.h>

#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static const char *const event_names[N_EVENT_KINDS] = {
#define EVENT(ENUM, NAME) [EV_##ENUM] = NAME,
#include "events.h"
#undef EVENT
};

/* ---- In words. ---- */

enum subject { ABOUT_NOTHING, ABOUT_STS, ABOUT_SLOT, ABOUT_INSTANCE,
               ABOUT_CHASSIS };

static enum subject
event_subject(enum happening kind)
{
    if (kind <= EV_STRATEGY || kind == EV_UNREADABLE) {
        return ABOUT_STS;
    } else if (kind == EV_STS_PAUSE || kind == EV_OP_TAKE
               || kind == EV_REGRET) {
        return ABOUT_NOTHING;
    } else if (kind <= EV_OPT_OUT
               || (kind >= EV_OP_SET && kind <= EV_OP_ENABLE)
               || kind == EV_SEND) {
        return ABOUT_SLOT;
    } else if (kind >= EV_CHASSIS_LAG && kind <= EV_CHASSIS_LEAVE) {
        return ABOUT_CHASSIS;
    } else if ((kind >= EV_NB_FAULT && kind <= EV_SLOW_LINK)
               || kind == EV_OP_PAUSE || kind == EV_WATCH_BREAK
               || kind == EV_READS_FAIL || kind == EV_KILL
               || kind == EV_LIST_CUT
               || kind == EV_STOP || kind == EV_REBOOT) {
        return ABOUT_INSTANCE;
    }
    return ABOUT_NOTHING;
}

static int
event_ip(const struct event *e)
{
    return e->b % 6;
}

char *
event_format(const struct script *s OVS_UNUSED, const struct event *e)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    ds_put_format(&ds, "%9.3f  ", e->at_ms / 1000.0);
    switch (event_subject(e->kind)) {
    case ABOUT_NOTHING: break;
    case ABOUT_STS: ds_put_format(&ds, "s%d: ", e->a % N_STS); break;
    case ABOUT_SLOT:
        ds_put_format(&ds, "%s: ", slot_name(e->a % N_OWNED_SLOTS));
        break;
    case ABOUT_INSTANCE:
        ds_put_format(&ds, "daemon%d: ", e->a % N_INSTANCES);
        break;
    case ABOUT_CHASSIS:
        ds_put_format(&ds, "hv%d: ", e->a % N_CHASSIS);
        break;
    }
    ds_put_cstr(&ds, event_names[e->kind]);
    if (e->kind == EV_POOL || e->kind == EV_STS_CREATE) {
        ds_put_format(&ds, " (%s, ...)", ip_text(event_ip(e)));
    } else if (e->kind == EV_POD_EDIT || e->kind == EV_OP_SET
               || e->kind == EV_OP_FOREIGN || e->kind == EV_OP_RELEASE) {
        ds_put_format(&ds, " (%s)", ip_text(event_ip(e)));
    } else {
        ds_put_format(&ds, " (%d, %d)", e->b, e->c);
    }
    return ds_steal_cstr(&ds);
}

/* ---- Owners. ---- */

static void
change_pool(struct world *w, int sts, int b, int c)
{
    struct ksts *s = &w->kube.sts[sts];

    if (!s->exists) {
        return;
    }
    if (s->old_revision == s->revision) {
        s->old_way = s->way;
        memcpy(s->old_pool, s->pool, sizeof s->old_pool);
    }
    s->revision++;
    if (c % 8 == 0) {           /* A permutation. */
        int tmp = s->pool[0];

        s->pool[0] = s->pool[1] == NO_IP ? tmp : s->pool[1];
        s->pool[1] = s->pool[1] == NO_IP ? NO_IP : tmp;
    } else {
        s->pool[0] = b % 6;
        s->pool[1] = c % 4 == 1 ? NO_IP : (b + 1 + c % 5) % 6;
    }
    s->way = (c % 6 == 3 ? WAY_STICKY : c % 32 == 5 ? WAY_INVALID
              : WAY_POOL);
    SAY(w, "user", "s%d gets %s, %s%s", sts, ip_text(s->pool[0]),
        s->pool[1] == NO_IP ? "-" : ip_text(s->pool[1]),
        s->way == WAY_POOL ? "" : s->way == WAY_STICKY
        ? ", and names none" : ", in words that nobody understands");
    kube_sts_changed(w, sts);
}

static void
scale(struct world *w, int sts, int n)
{
    struct ksts *s = &w->kube.sts[sts];

    if (s->exists && s->replicas != n) {
        SAY(w, "user", "s%d is scaled to %d", sts, n);
        s->replicas = n;
        kube_sts_changed(w, sts);
    }
}

static void
delete_sts(struct world *w, int sts, bool orphan)
{
    struct ksts *s = &w->kube.sts[sts];

    if (!s->exists) {
        return;
    }
    SAY(w, "user", "s%d is deleted%s", sts, orphan ? ", its pods stay" : "");
    for (int i = 0; orphan && i < N_OWNED_SLOTS; i++) {
        if (slot_sts(i) == sts && w->kube.pods[i].exists
            && w->kube.pods[i].owner_uid) {
            w->kube.pods[i].owner_uid = 0;
            w->kube.pods[i].orphaned_ms = w->now;
            kube_pod_changed(w, i);
        }
    }
    s->exists = false;
    kube_sts_changed(w, sts);
}

static void
create_sts(struct world *w, int sts, int b, int c)
{
    struct ksts *s = &w->kube.sts[sts];

    if (s->exists) {
        return;
    }
    *s = (struct ksts) {
        .exists = true, .uid = ++w->kube.next_uid, .replicas = 1 + c % 2,
        .revision = 1, .old_revision = 1, .way = WAY_POOL,
        .pool = { b % 6, (b + 1 + c % 5) % 6 },
    };
    memcpy(s->old_pool, s->pool, sizeof s->old_pool);
    SAY(w, "user", "s%d is created with %s, %s", sts, ip_text(s->pool[0]),
        ip_text(s->pool[1]));
    kube_sts_changed(w, sts);
}

static void
edit_pod(struct world *w, int slot, int ip)
{
    struct kpod *pod = &w->kube.pods[slot];

    if (!pod->exists || pod->deleting || pod_wants(pod, slot) == ip
        || speaks_ovn_kubernetes(w)) {
        return;
    }
    SAY(w, "user", "pod %s is edited to want %s", slot_name(slot),
        ip_text(ip));
    pod->way = WAY_ADDRESS;
    pod->ip = ip;
    pod->edited = true;
    kube_pod_changed(w, slot);
}

static void
finish_pod(struct world *w, int slot)
{
    struct kpod *pod = &w->kube.pods[slot];
    struct place *p = &w->places[slot];

    if (pod->exists && !pod->finished && p->runs) {
        SAY(w, "kubernetes", "pod %s has finished", slot_name(slot));
        pod->finished = true;
        p->unplug_at = w->now + delay(w, 500);
        timer_by(w, T_PLACE + slot, p->unplug_at);
        kube_pod_changed(w, slot);
        p->gone_pending = speaks_ovn_kubernetes(w);
        timer_by(w, T_CNI, w->now + delay(w, 60));
    }
}

static void
toggle_plain(struct world *w, int b)
{
    if (w->kube.pods[SLOT_PLAIN].exists) {
        pod_delete(w, SLOT_PLAIN, false);
    } else if (!w->places[SLOT_PLAIN].runs) {
        pod_ask_at(w, SLOT_PLAIN, b % 4 ? WAY_ADDRESS : WAY_STICKY, NULL,
                   b % 6, 1, 0);
    }
}

static void
toggle_vm(struct world *w, int b)
{
    struct ksts *vm = &w->kube.vm;

    if (speaks_ovn_kubernetes(w)) {
        return;
    }
    if (vm->exists && b % 5 == 0) {
        vm->exists = false;
    } else if (!vm->exists) {
        *vm = (struct ksts) {
            .exists = true, .uid = ++w->kube.next_uid, .replicas = 1,
            .revision = 1, .old_revision = 1, .way = WAY_ADDRESS,
            .pool = { b % 6, NO_IP },
        };
    } else {
        vm->replicas = !vm->replicas;
        vm->pool[0] = b % 3 ? vm->pool[0] : b % 6;
    }
    SAY(w, "user", "VM v0 %s", !vm->exists ? "is deleted"
        : vm->replicas ? "runs" : "is stopped");
    kube_vm_changed(w);
}

static void
migrate_vm(struct world *w)
{
    struct kpod *pod = &w->kube.pods[SLOT_VM];

    if (pod->exists && w->nb.rows[SLOT_VM].id) {
        struct nb_row row = w->nb.rows[SLOT_VM];

        pod->migrating = !pod->migrating;
        row.migrating = pod->migrating;
        kube_pod_changed(w, SLOT_VM);
        nb_put(w, SLOT_VM, &row);
    }
}

static void
happen_to_owner(struct world *w, const struct event *e)
{
    int sts = e->a % N_STS;
    int slot = e->a % N_OWNED_SLOTS;
    struct ksts *s = &w->kube.sts[sts];

    switch ((int) e->kind) {
    case EV_POOL: change_pool(w, sts, e->b, e->c); break;
    case EV_SCALE: scale(w, sts, e->b % 3); break;
    case EV_STS_DELETE: delete_sts(w, sts, false); break;
    case EV_STS_ORPHAN: delete_sts(w, sts, true); break;
    case EV_STS_CREATE: create_sts(w, sts, e->b, e->c); break;
    case EV_STRATEGY:
        if (s->exists) {
            s->on_delete = e->b % 3 == 1;
            s->partition = e->b % 3 == 2;
            kube_sts_changed(w, sts);
        }
        break;
    case EV_POD_DELETE: pod_delete(w, slot, false); break;
    case EV_POD_FORCE: pod_delete(w, slot, true); break;
    case EV_POD_EDIT: edit_pod(w, slot, e->b % 6); break;
    case EV_POD_FINISH: finish_pod(w, slot); break;
    case EV_OPT_OUT:
        if (w->kube.pods[slot].exists) {
            w->kube.pods[slot].opted_out = e->b % 2;
            kube_pod_changed(w, slot);
        }
        break;
    case EV_UNREADABLE:
        s->unreadable = e->b % 2;
        if (s->exists) {
            kube_sts_changed(w, sts);
        }
        break;
    case EV_VM_STOP: toggle_vm(w, e->b); break;
    case EV_VM_MIGRATE: migrate_vm(w); break;
    case EV_PLAIN: toggle_plain(w, e->b); break;
    case EV_REGRET:
        w->regret = true;
        w->regret_kills_in = e->b % 2 ? -1 : e->c % 6;
        break;
    case EV_STS_PAUSE:
        w->sts_paused = e->b % 2;
        SAY(w, "kubernetes", "the StatefulSet controller %s",
            w->sts_paused ? "stands still" : "goes on");
        timer_by(w, T_STS, w->now);
        break;
    default: OVS_NOT_REACHED();
    }
}

/* ---- Faults. ---- */

static void
happen_in_ovn(struct world *w, const struct event *e)
{
    int number = e->a % w->config.n_chassis;
    struct chassis_state *c = &w->sb.chassis[number];

    switch ((int) e->kind) {
    case EV_NORTHD_PAUSE:
        w->sb.northd_paused = e->b % 2;
        SAY(w, "northd", w->sb.northd_paused ? "pauses" : "goes on");
        sb_nb_changed(w);
        break;
    case EV_NORTHD_LAG:
        w->sb.northd_lag_ms = e->b % 4 ? e->b % 100 : e->b % 5000;
        break;
    case EV_CHASSIS_LAG:
        c->lag_ms = e->b % 4 ? e->b % 100 : e->b % 40000;
        break;
    case EV_CHASSIS_DIE: sb_chassis_set(w, number, c->exists, !c->alive);
        break;
    case EV_CHASSIS_LEAVE:
        sb_chassis_set(w, number, !c->exists, !c->exists);
        c->phantom = !c->exists && e->b % 2;
        break;
    case EV_CNI_RESTART: cni_restart(w); break;
    case EV_CNI_STOP:
        SAY(w, "CNI", "the controller stops");
        w->cni.up = false;
        break;
    case EV_SEND: sb_send(w, e->a % N_OWNED_SLOTS); break;
    case EV_NB_SAVE: nb_save(w); break;
    case EV_NB_RESTORE: nb_restore(w); break;
    case EV_SB_SAVE: sb_save(w); break;
    case EV_SB_RESTORE: sb_restore(w); break;
    case EV_LEADER_MOVE: cluster_move_leader(w, e->b % N_DBS); break;
    case EV_OWN_SAVE: own_save(w); break;
    case EV_OWN_RESTORE: own_restore(w); break;
    case EV_OWN_LOSE: own_lose(w); break;
    default: OVS_NOT_REACHED();
    }
}

static void
slow_link(struct instance *in, int b, int c)
{
    int ms = b % 3 ? b % 50 : b % 3000;

    switch (c % 3) {
    case 0: in->nb_lag_ms = ms; break;
    case 1: in->sb_lag_ms = ms; break;
    case 2: in->kube_lag_ms = ms; break;
    }
}

static void
reboot(struct world *w, struct instance *in)
{
    instance_kill(w, in, ", with its machine");
    in->mono0 = w->now - 5000;
    snprintf(in->boot_id, sizeof in->boot_id, "boot-%d-%d", in->number,
             ++in->boots);
}

/* While no instance runs and ovn-northd stands still, an operator takes the
 * address of a port off, and a plain pod comes that asks for it. */
static void
move_unwatched(struct world *w, int a)
{
    int slot = a % SLOT_PLAIN;
    uint32_t ips = row_ips(&w->nb.rows[slot]) & 0x3f;

    if (!ips || slot_net(slot) != slot_net(SLOT_PLAIN)
        || w->kube.pods[SLOT_PLAIN].exists || w->places[SLOT_PLAIN].runs) {
        return;
    }
    SAY(w, "operator", "moves an address while nobody watches");
    w->sb.northd_paused = true;
    for (int i = 0; i < N_INSTANCES; i++) {
        if (w->instances[i].alive) {
            instance_kill(w, &w->instances[i], ", to be started anew");
        }
    }
    nb_delete(w, slot);
    pod_create_at(w, SLOT_PLAIN, WAY_ADDRESS, NULL, raw_ctz(ips), 1, 0);
}

static void
steal_locks(struct world *w, int b)
{
    struct instance *in = active_instance(w);

    if (in) {
        SAY(w, "databases", "%s loses a lock", in->name);
        w->lock_holder[b % N_DBS] = -1;
        in->lock_lost[b % N_DBS] = true;
        for (int db = 0; db < N_DBS; db++) {
            timer_by(w, instance_timer_number(in, IT_LOCKS),
                     w->now + delay(w, 100));
        }
    }
}

static void
happen_to_daemon(struct world *w, const struct event *e)
{
    struct instance *in = &w->instances[e->a % N_INSTANCES];

    if (!in->alive) {
        return;
    }
    switch ((int) e->kind) {
    case EV_NB_FAULT: in->nb_fault = e->b % N_FAULTS; break;
    case EV_STORE_FAULT: in->store_fault = e->b % N_FAULTS; break;
    case EV_DISCONNECT:
        instance_disconnect(w, in, e->b % N_DBS,
                            e->c % 3 ? e->c % 100 : e->c % 20000);
        break;
    case EV_SLOW_LINK: slow_link(in, e->b, e->c); break;
    case EV_WATCH_BREAK:
        in->list_needed |= e->b % 2;
        instance_break_watch(w, in, e->c % 3 ? e->c % 100 : e->c % 20000);
        break;
    case EV_LIST_CUT:
        in->list_needed = true;
        in->lists_cut = 1 + e->b % 3;
        in->list_cut_at = e->b % N_OBJECTS;
        instance_break_watch(w, in, e->c % 100);
        break;
    case EV_READS_FAIL: in->reads_fail = e->b % 2; break;
    case EV_KILL: in->kill_in = e->b % 24; break;
    case EV_STOP:
        SAY(w, in->name, "is stopped");
        instance_stop(w, in);
        timer_set(w, instance_timer_number(in, IT_START),
                  w->now + e->b % 90000);
        break;
    case EV_LOCK_STEAL: steal_locks(w, e->b); break;
    case EV_CLOCK:
        w->wall += (e->b - 500) * 1000LL;
        SAY(w, "clock", "jumps by %d s", e->b - 500);
        instance_wake(w, in, w->now);
        break;
    case EV_REBOOT: reboot(w, in); break;
    case EV_UNWATCHED: move_unwatched(w, e->a); break;
    default: OVS_NOT_REACHED();
    }
}

void
event_happen(struct world *w, const struct event *e)
{
    coverage->happened[e->kind]++;
    if (e->kind == EV_NOTHING) {
        return;
    } else if (e->kind <= EV_REGRET) {
        happen_to_owner(w, e);
    } else if (e->kind >= EV_OP_SET && e->kind <= EV_OP_FREEZE) {
        operator_act(w, e, event_names[e->kind]);
    } else if (event_subject(e->kind) == ABOUT_INSTANCE
               || e->kind == EV_LOCK_STEAL || e->kind == EV_CLOCK
               || e->kind == EV_UNWATCHED) {
        happen_to_daemon(w, e);
    } else {
        happen_in_ovn(w, e);
    }
}

/* ---- Calm. ---- */

static void
mend_instance(struct world *w, struct instance *in)
{
    in->nb_lag_ms = w->config.nb_ms;
    in->sb_lag_ms = w->config.sb_ms;
    in->kube_lag_ms = w->config.kube_ms;
    in->nb_fault = in->store_fault = FAULT_NONE;
    in->reads_fail = in->paused = false;
    in->kill_in = -1;
    in->dies_told = false;
    in->lists_cut = 0;
    in->must_be_frozen = in->own_went_back = false;
    in->thawed = in->alive && !in->connected[DB_NB];
    in->sb_thawed = in->alive && !in->connected[DB_SB];
    if (in->alive) {
        free(guard_thaw(in->guard));
        instance_wake(w, in, w->now);
    }
}

static void
rearm(struct world *w, struct instance *in)
{
    in->settings.brake_clears = 1000;
    if (in->alive) {
        guard_set_settings(in->guard, &in->settings);
        free(guard_brake_rearm(in->guard));
        instance_wake(w, in, w->now);
    }
}

/* All faults end, and somebody looks after what waits for a person.  Where the
 * brake is on, the daemon is first started anew under it. */
void
event_mend_all(struct world *w, bool first)
{
    bool braked = first && w->braked;

    w->calm = true;
    w->braked = braked;
    if (!braked) {
        w->rearmed_ms = w->now;
    }
    w->sts_paused = false;
    w->sb.northd_paused = false;
    w->sb.northd_lag_ms = w->config.sb_ms;
    sb_nb_changed(w);
    for (int i = 0; i < w->config.n_chassis; i++) {
        struct chassis_state *c = &w->sb.chassis[i];

        c->lag_ms = w->config.sb_ms;
        c->phantom = false;
        if (!c->exists || !c->alive) {
            sb_chassis_set(w, i, true, true);
        }
    }
    if (!w->cni.up) {
        cni_restart(w);
    }
    for (int i = 0; i < N_OWNED_SLOTS; i++) {
        w->places[i].retry_at = w->now;
        w->places[i].retry_ms = 5;
    }
    timer_by(w, T_CNI, w->now + 100);
    timer_by(w, T_STS, w->now + 100);
    for (int i = 0; i < (w->config.two_instances ? 2 : 1); i++) {
        struct instance *in = &w->instances[i];

        mend_instance(w, in);
        if (!braked) {
            rearm(w, in);
        } else if (in->alive) {
            instance_kill(w, in, ", under the brake");
        }
    }
    if (w->nb.rows[SLOT_VM].id && w->nb.rows[SLOT_VM].migrating) {
        struct nb_row row = w->nb.rows[SLOT_VM];

        row.migrating = false;
        nb_put(w, SLOT_VM, &row);
    }
    if (w->kube.pods[SLOT_VM].exists && w->kube.pods[SLOT_VM].migrating) {
        w->kube.pods[SLOT_VM].migrating = false;
        kube_pod_changed(w, SLOT_VM);
    }
}
