/* SPDX-License-Identifier: Apache-2.0 */

/* See guard-fixture.h. */

#include <config.h>

#include "tests/unit/guard-fixture.h"

#include <stdlib.h>

#include "util.h"

#include "tests/unit/unit.h"

struct wport *
fixture_running(struct world *w, const char *sts, const char *mac,
                const char *ip)
{
    char *pod = xasprintf("%s-0", sts);
    char *pool = xasprintf("ip_pool=%s", ip);
    char *address = xasprintf("ip_address=%s", ip);
    char *elem = xasprintf("%s %s", mac, ip);
    struct wport *p = world_port(w, 0, pod, elem);

    world_sts(w, unit_sts(sts, sts, 1, pool));
    world_pod(w, unit_pod(pod, pod, OWNER_STATEFULSET, sts, address));
    world_bind(w, p, "hv1");
    free(pod);
    free(pool);
    free(address);
    free(elem);
    return p;
}

struct wport *
fixture_taker(struct world *w, const char *sts, const char *mac,
              const char *ip, long long int created_s)
{
    char *pod = xasprintf("%s-0", sts);
    char *address = xasprintf("ip_address=%s", ip);
    char *elem = xasprintf("%s %s", mac, ip);
    struct pod *object = unit_pod(pod, pod, OWNER_STATEFULSET, sts, address);

    object->created_s = created_s;
    world_pod(w, object);
    struct wport *p = world_port(w, 0, pod, elem);
    free(pod);
    free(address);
    free(elem);
    return p;
}

struct wport *
fixture_begin(struct world *w, enum guard_mode mode)
{
    world_init(w, mode);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    struct wport *p = fixture_running(w, "sts1", MAC1, IP1);
    world_flags(w);
    world_run(w, 5000);
    return p;
}

void
fixture_leave(struct world *w)
{
    struct wport *p = world_find_port(w, "sts1-0.default");

    w->northd_frozen = true;
    world_bind(w, p, NULL);
    world_set_addresses(w, p, MAC1" "IP2);
    world_sts(w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_pod(w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                          "ip_address="IP2));
    world_run(w, 3000);
}

void
fixture_silence_chassis(struct world *w)
{
    w->settings.chassis_policy = CHASSIS_WAIT;
    guard_set_settings(w->guard, &w->settings);
    w->chassis[0].answers = false;
}

void
fixture_make_stale(struct world *w)
{
    world_bind(w, world_find_port(w, "sts1-0.default"), NULL);
    world_del_pod(w, "sts1-0");
    world_del_sts(w, "sts1");
}

struct wport *
fixture_begin_held(struct world *w, enum guard_mode mode)
{
    struct wport *p = fixture_begin(w, mode);

    fixture_leave(w);
    return p;
}

bool
fixture_run_until(struct world *w, bool (*done)(const struct world *))
{
    for (long long int end = w->now + 20 * 1000; w->now < end;) {
        bool more = world_turn(w);

        if (done(w)) {
            return true;
        }
        if (!more) {
            long long int to = MIN(w->orders.next_wake_ms, end);

            to = MAX(to, w->now + 1);
            w->wall += to - w->now;
            w->now = to;
        }
    }
    return false;
}

bool
fixture_nb_writes(const struct world *w)
{
    return w->nb && w->nb->n;
}

bool
fixture_stores_a_hold(const struct world *w)
{
    return w->store && w->store->n_put_holds;
}

enum live_read_result
fixture_fail_look_back(struct world *w)
{
    return w->n_clears ? LIVE_READ_FAILED : LIVE_READ_CURRENT;
}

void
fixture_lose_locks_for_a_moment(struct world *w)
{
    for (int i = 0; i < 2; i++) {
        struct guard_env env = {
            .now = w->now, .wall = w->wall, .boot_id = w->boot_id,
            .have_store = true, .store_ready = true, .store_busy = true,
            .locked = i,
        };
        struct orders orders;

        orders_init(&orders);
        guard_run(w->guard, &env, &orders);
        orders_destroy(&orders);
    }
}

void
fixture_end(struct world *w)
{
    if (w->n_violations) {
        printf("\n%s\n", w->violation);
    }
    CU_ASSERT_EQUAL(w->n_violations, 0);
    world_destroy(w);
}
