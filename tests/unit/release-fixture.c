/* SPDX-License-Identifier: Apache-2.0 */

/* A StatefulSet whose address changes beside Kube-OVN's controller; see
 * release-fixture.h. */

#include <config.h>

#include "tests/unit/release-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

void
rf_set_release(struct world *w, enum release_policy release)
{
    w->settings.release = release;
    guard_set_settings(w->guard, &w->settings);
}

void
rf_set_reserve(struct world *w, enum reserve_policy reserve)
{
    w->settings.reserve = reserve;
    guard_set_settings(w->guard, &w->settings);
}

struct wport *
rf_begin(struct world *w, struct kube_ovn *ko)
{
    struct wport *p = fixture_begin(w, MODE_GUARD);

    rf_set_release(w, RELEASE_KUBE_OVN);
    w->release_certain = true;
    kube_ovn_init(ko, w);
    kube_ovn_add(ko, "sts1-0", IP1);
    world_run(w, 1000);
    return p;
}

void
rf_end(struct world *w, struct kube_ovn *ko)
{
    kube_ovn_destroy(ko);
    fixture_end(w);
}

struct pod *
rf_new_pod(const char *ip)
{
    char *text = xasprintf("ip_address=%s", ip);
    struct pod *pod = unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                               text);

    free(text);
    return pod;
}

bool
rf_has_finding(struct world *w, const char *part)
{
    struct guard_env env = { .now = w->now, .wall = w->wall };
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool found;

    guard_format_findings(w->guard, &env, &ds);
    found = strstr(ds_cstr(&ds), part) != NULL;
    ds_destroy(&ds);
    return found;
}

void
rf_change_to(struct world *w, struct wport *p, struct workload *sts)
{
    world_sts(w, sts);
    world_bind(w, p, NULL);
    world_del_pod(w, "sts1-0");
}

void
rf_change(struct world *w, struct wport *p)
{
    rf_change_to(w, p, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
}

void
rf_annotate(struct world *w, const char *ip)
{
    char *text = xasprintf("ip_address=%s;allocated=true", ip);

    world_pod(w, unit_pod("sts1-0", "sts1-0", OWNER_STATEFULSET, "sts1",
                          text));
    free(text);
}

void
rf_run_another(struct world *w, struct kube_ovn *ko, const char *sts,
               const char *mac, const char *ip)
{
    char *pod = xasprintf("%s-0", sts);

    fixture_running(w, sts, mac, ip);
    kube_ovn_add(ko, pod, ip);
    free(pod);
}

void
rf_fail_move(struct world *w, struct kube_ovn *ko, struct wport *p)
{
    rf_run_another(w, ko, "holder", MAC2, IP2);
    rf_change(w, p);
    world_pod(w, rf_new_pod(IP2));
}

enum live_read_result
rf_allocate(struct world *w)
{
    world_pod(w, unit_pod("sts1-0", "u2", OWNER_STATEFULSET, "sts1",
                          "ip_address="IP2";allocated=true"));
    return LIVE_READ_CHANGED;
}
