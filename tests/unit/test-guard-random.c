/* SPDX-License-Identifier: Apache-2.0 */

/* The guard in a simulated world where anything happens at any time: owners
 * come, go and change their minds, a CNI controller writes, ports bind, SB
 * lags, transactions get lost, sources fail, the guard is killed.  After each
 * write what must always hold is checked by the world; when all is calm again
 * the guard must come to rest with nothing held and nothing gated for good. */

#include <config.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "random.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

#define N 5

/* What is spoken in the world, and what the guard is told of it. */
struct speech {
    const char *name;
    const struct dialect *given;
    bool ovn_kubernetes;
};

static const struct speech speeches[] = {
    {"kube-ovn", &dialect_kube_ovn, false},
    {"kube-ovn, found out", &dialect_auto, false},
    {"ovn-kubernetes", &dialect_ovn_kubernetes, true},
    {"ovn-kubernetes, found out", &dialect_auto, true},
};

struct actor {
    char *sts, *pod, *port;
    uint32_t n_uids;
    bool pod_there;
};

/* Is there a move that the CNI controller does not finish?  Then it is asked
 * now and again whether it was refused. */
static bool
is_moving(const struct world *w)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env = { .now = w->now, .wall = w->wall };
    bool moving;

    guard_format_findings(w->guard, &env, &ds);
    moving = strstr(ds_cstr(&ds), ": moving (case ") != NULL;
    ds_destroy(&ds);
    return moving;
}

static const char *const ips[] = {
    "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4",
};

static const char *
random_ip(void)
{
    return ips[random_range(ARRAY_SIZE(ips))];
}

static char *
random_port_text(size_t i)
{
    return (random_range(4)
            ? xasprintf("0a:00:00:00:00:0%zu %s", i, random_ip())
            : xasprintf("0a:00:00:00:00:0%zu", i));
}

static void
set_sts(struct world *w, const struct speech *speech, const char *name)
{
    char *text = xasprintf(speech->ovn_kubernetes
                           ? "v1.multus-cni.io/default-network=a/b=%s/24"
                           : "ip_pool=%s", random_ip());

    world_sts(w, unit_sts(name, name, random_range(5) ? 1 : 0, text));
    free(text);
}

static void
set_pod(struct world *w, const struct speech *speech, struct actor *a)
{
    char *uid = xasprintf("%s-%u", a->pod, a->n_uids++);
    /* With ovn-kubernetes it may already have been given it. */
    char *text = xasprintf(!speech->ovn_kubernetes ? "ip_address=%s"
                           : random_range(2)
                           ? "k8s.ovn.org/pod-networks="
                             "default/blue@primary=%s/24"
                           : "v1.multus-cni.io/default-network=a/b=%s/24",
                           random_ip());

    world_pod(w, unit_dialect_pod(speech->given, a->pod, uid,
                                  OWNER_STATEFULSET, a->sts, text));
    a->pod_there = true;
    free(text);
    free(uid);
}

static void
set_port(struct world *w, const struct speech *speech, const struct actor *a,
         const char *addresses)
{
    if (speech->ovn_kubernetes) {
        char *options = (random_range(2) || !a->n_uids ? xstrdup("")
                         : xasprintf("iface-id-ver=%s-%u", a->pod,
                                     random_range(a->n_uids + 1)));

        world_raw_port(w, 0, a->port, addresses, "pod=true|namespace=default|"
                       "k8s.ovn.org/nad=default/blue|"
                       "k8s.ovn.org/network=blue|"
                       "k8s.ovn.org/topology=layer2", options);
        free(options);
    } else {
        world_port(w, 0, a->pod, addresses);
    }
}

static void
drop_pod(struct world *w, struct actor *a)
{
    struct wport *p = world_find_port(w, a->port);

    /* Its interface goes with it. */
    if (a->pod_there) {
        if (p && p->chassis) {
            world_bind(w, p, NULL);
        }
        world_del_pod(w, a->pod);
        a->pod_there = false;
    }
}

/* A pod never runs with an address that it does not want, as with a CNI that
 * plugs it in when its port is ready. */
static void
bind_pod(struct world *w, struct actor *a, bool gated_too)
{
    struct wport *p = world_find_port(w, a->port);

    if (a->pod_there && p && p->in_sb && !p->chassis
        && (gated_too || p->enabled != TRI_FALSE)) {
        world_bind(w, p, "hv1");
    }
}

static void
act(struct world *w, const struct speech *speech, struct actor *a, size_t i,
    enum guard_mode mode)
{
    struct wport *p = world_find_port(w, a->port);
    char *text;

    switch (random_range(9)) {
    case 0:
        set_sts(w, speech, a->sts);
        break;
    case 1:
        drop_pod(w, a);
        break;
    case 2:
    case 3:
        drop_pod(w, a);
        set_pod(w, speech, a);
        break;
    case 4:
        bind_pod(w, a, random_range(2));
        break;
    case 5:
        if (p && !p->chassis && (mode == MODE_GUARD || !random_range(8))) {
            text = random_port_text(i);
            world_set_addresses(w, p, text);
            free(text);
        }
        break;
    case 6:
        if (p && !random_range(4)) {
            drop_pod(w, a);
            world_del_port(w, p);
        } else if (!p) {
            text = random_port_text(i);
            set_port(w, speech, a, mode == MODE_GUARD ? text : NULL);
            free(text);
        }
        break;
    case 7:
        if (p && p->chassis) {
            world_bind(w, p, NULL);
        }
        break;
    default:
        break;
    }
}

static void
happen(struct world *w)
{
    switch (random_range(14)) {
    case 0: w->northd_frozen = !w->northd_frozen; break;
    case 1: w->chassis[0].answers = !w->chassis[0].answers; break;
    case 2: w->nb_fault = random_range(FAULT_ERROR + 1); break;
    case 3: w->store_fault = random_range(FAULT_ERROR + 1); break;
    case 4: w->sb_down = !w->sb_down; world_flags(w); break;
    case 5: w->kube_wrong = !w->kube_wrong; world_flags(w); break;
    case 6: w->locked = !w->locked; break;
    case 7: w->paused = !w->paused; break;
    case 8: w->read_result = random_range(LIVE_READ_FAILED + 1); break;
    case 9:
        if (!random_range(4)) {
            world_kill(w, random_range(2));
        }
        break;
    default: break;
    }
}

/* All faults mended; enough time for every deadline there is. */
static void
calm_down(struct world *w)
{
    w->northd_frozen = w->sb_down = w->kube_wrong = w->paused = false;
    w->chassis[0].answers = w->locked = true;
    w->nb_fault = w->store_fault = FAULT_NONE;
    w->read_result = LIVE_READ_CURRENT;
    world_flags(w);
    world_run(w, 1000 * 1000);
}

/* The actors, each of whom has a port, which begins with an address of its
 * own. */
static void
make_actors(struct world *w, const struct speech *speech,
            struct actor actors[N])
{
    for (size_t i = 0; i < N; i++) {
        actors[i] = (struct actor) {
            .sts = xasprintf("s%zu", i),
            .pod = xasprintf("s%zu-0", i),
            .port = xasprintf(speech->ovn_kubernetes
                              ? "default.blue_default_s%zu-0"
                              : "s%zu-0.default", i),
        };
        char *text = xasprintf("0a:00:00:00:00:0%zu 10.0.0.%zu", i, i + 1);
        set_port(w, speech, &actors[i], text);
        free(text);
    }
}

static void
free_actors(struct actor actors[N])
{
    for (size_t i = 0; i < N; i++) {
        free(actors[i].sts);
        free(actors[i].pod);
        free(actors[i].port);
    }
}

/* Somebody does something, and more or less time goes by. */
static void
go_on(struct world *w, const struct speech *speech, struct actor actors[N],
      enum guard_mode mode)
{
    size_t i = random_range(N);

    act(w, speech, &actors[i], i, mode);
    if (!random_range(3)) {
        happen(w);
    }
    switch (random_range(4)) {
    case 0: world_turn(w); break;
    case 1: world_settle(w); break;
    case 2: world_run(w, random_range(3000)); break;
    default: world_run(w, random_range(30000)); break;
    }
}

/* A hold may stay only where an open port has the address that is not its
 * keeper: which is what it is alerted for. */
static bool
holds_may_stay(const struct world *w)
{
    bool ok = true;

    for (size_t i = 0; i < w->n_holds; i++) {
        char ip[IP_ADDR_STRLEN];

        ip_addr_to_string(&w->holds[i]->addr, ip);
        ok &= w->holds[i]->state == HOLD_BLOCKED && world_open_ports(w, ip);
    }
    return ok;
}

/* A gate stays only while somebody else has the address, or one that the port
 * got meanwhile. */
static bool
gate_may_stay(const struct world *w, const struct wport *p)
{
    bool other = false;

    for (size_t i = 0; i < ARRAY_SIZE(ips); i++) {
        other |= (world_has(w, p->name, ips[i])
                  && world_open_ports(w, ips[i]) > 0);
    }
    for (size_t i = 0; i < w->n_gates; i++) {
        char ip[IP_ADDR_STRLEN];

        ip_addr_to_string(&w->gates[i]->addr, ip);
        other |= (uuid_equals(&w->gates[i]->port, &p->uuid)
                  && world_open_ports(w, ip) > 0);
    }
    return other;
}

/* Is all as it must be once it is calm? */
static bool
is_well(const struct world *w, const struct speech *speech)
{
    bool ok = (!w->n_violations
               && (w->orders.next_wake_ms == LLONG_MAX || is_moving(w))
               && !(speech->ovn_kubernetes && w->n_gated)
               && !guard_frozen(w->guard) && !guard_brake(w->guard)
               && holds_may_stay(w));

    for (size_t i = 0; i < w->n_ports; i++) {
        ok &= !w->ports[i]->mark || gate_may_stay(w, w->ports[i]);
    }
    return ok;
}

static void
tell(const struct world *w, enum guard_mode mode, const struct speech *speech,
     uint32_t seed)
{
    char *nb = world_format_nb(w);

    printf("\n%s, %s, seed %u: %s; %zu gates, wake %lld:\n%s\n",
           guard_mode_to_string(mode), speech->name, seed,
           w->violation ? w->violation : "no violation", w->n_gates,
           w->orders.next_wake_ms, nb);
    for (size_t i = 0; i < w->n_holds; i++) {
        const struct hold *h = w->holds[i];
        char ip[IP_ADDR_STRLEN];
        const char *blocker;

        printf("%s %s:", ip_addr_to_string(&h->addr, ip),
               hold_state_to_string(h->state));
        SSET_FOR_EACH (blocker, &h->blockers) {
            printf(" [%s]", blocker);
        }
        printf("\n");
    }
    free(nb);
}

static bool
play(enum guard_mode mode, const struct speech *speech, uint32_t seed)
{
    struct actor actors[N];
    struct world w;
    bool ok;

    random_set_seed(seed);
    world_init_dialect(&w, mode, speech->given);
    w.settings.brake_clears = 100000;
    w.settings.brake_percent = 100;
    guard_set_settings(w.guard, &w.settings);
    world_chassis(&w, "hv1");
    world_network(&w, speech->ovn_kubernetes ? "blue_ovn_layer2_switch"
                                             : "net1");
    make_actors(&w, speech, actors);
    for (int step = 0; step < 200; step++) {
        go_on(&w, speech, actors, mode);
    }
    calm_down(&w);

    ok = is_well(&w, speech);
    if (!ok) {
        tell(&w, mode, speech, seed);
    }
    CU_ASSERT(ok);
    free_actors(actors);
    world_destroy(&w);
    return ok;
}

static void
play_many(enum guard_mode mode)
{
    const char *n = getenv("IPGUARD_TEST_ROUNDS");
    int rounds = n ? atoi(n) : 60;
    uint32_t seed = unit_seed();

    for (int i = 0; i < rounds; i++) {
        for (size_t j = 0; j < ARRAY_SIZE(speeches); j++) {
            if (!play(mode, &speeches[j], seed + i)) {
                return;
            }
        }
    }
}

static void
test_manage(void)
{
    play_many(MODE_MANAGE);
}

static void
test_guard_mode(void)
{
    play_many(MODE_GUARD);
}

static void
test_observe(void)
{
    play_many(MODE_OBSERVE);
}

void
suite_guard_random(void)
{
    CU_pSuite suite = unit_add_suite("guard_random");

    CU_ADD_TEST(suite, test_manage);
    CU_ADD_TEST(suite, test_guard_mode);
    CU_ADD_TEST(suite, test_observe);
}
