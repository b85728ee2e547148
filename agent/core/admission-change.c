/* SPDX-License-Identifier: Apache-2.0 */

/* The fixed IP of a live StatefulSet (or VM) changes.
 *
 * With --sts-ip-change=deny that is refused.  With migrate it is let in with a
 * warning that says what will happen, but for one case: where a pod is to get
 * the address of another one that moves away only later.  A rollout replaces
 * one pod after the other, the highest ordinal first, and waits for each to be
 * ready.  So a pod that wants the address of a lower ordinal waits for it, and
 * that one waits for its turn; and if the ordinals just swap their addresses,
 * no order helps. */

#include <config.h>

#include "admission-private.h"

#include <stdlib.h>
#include <string.h>

#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"
#include "workload.h"

/* How many changes are told one by one. */
#define MAX_CHANGES 3

/* An address that an ordinal has now. */
struct present {
    struct ip_addr ip;
    int ordinal;
};

/* One provider of a StatefulSet, changing. */
struct change {
    struct admission *a;
    const struct template_claim *new, *old; /* Or NULL. */
    const char *provider;
    int start, n;               /* Ordinals that stay in play. */
    struct present *present;    /* Sorted by address. */
    size_t n_present;
};

/* ---- What there is now. ---- */

static char *
member_name(const struct workload *w, int ordinal)
{
    return (w->kind == OWNER_STATEFULSET
            ? xasprintf("%s-%d", w->name, ordinal) : xstrdup(w->name));
}

/* The port of 'ordinal' for the provider of 'c', or NULL. */
static const struct port *
find_port(const struct change *c, int ordinal)
{
    const struct workload *w = c->a->req->workload;
    char *name = member_name(w, ordinal);
    const struct member *mb = model_find_member(c->a->ctx->model, w->ns,
                                                name);
    const struct port *found = NULL;
    const struct port *p;

    free(name);
    if (mb) {
        MEMBER_FOR_EACH_PORT (p, mb) {
            if (p->provider && !strcmp(p->provider, c->provider)) {
                found = p;
            }
        }
    }
    return found;
}

static bool
has_pods(const struct model *m, const struct workload *w, int ordinal)
{
    char *name = member_name(w, ordinal);
    const struct member *mb = model_find_member(m, w->ns, name);

    free(name);
    return mb && mb->n_pods;
}

/* The addresses that 'ordinal' has now: those of its port, or what its
 * template gave it if there is no port (yet).  Returns their number. */
static size_t
present_ips(const struct change *c, int ordinal, struct ip_addr ips[2])
{
    const struct port *p = find_port(c, ordinal);
    size_t n = 0;

    if (!p || !p->static_ips.n) {
        return template_ips(c->old, ordinal, ips);
    }
    for (size_t i = 0; i < p->static_ips.n && n < 2; i++) {
        ips[n++] = p->static_ips.addrs[i];
    }
    return n;
}

static int
compare_present(const void *a_, const void *b_)
{
    const struct present *a = a_;
    const struct present *b = b_;
    int cmp = ip_addr_compare(&a->ip, &b->ip);

    return cmp ? cmp : a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

static void
collect_present(struct change *c)
{
    c->present = xcalloc(MAX(c->n, 1) * 2, sizeof *c->present);
    for (int i = 0; i < c->n; i++) {
        struct ip_addr ips[2];
        size_t n = present_ips(c, c->start + i, ips);

        for (size_t j = 0; j < n; j++) {
            c->present[c->n_present++] = (struct present) {
                .ip = ips[j], .ordinal = c->start + i,
            };
        }
    }
    qsort(c->present, c->n_present, sizeof *c->present, compare_present);
}

/* The ordinal that has 'ip' now, or -1. */
static int
who_has(const struct change *c, const struct ip_addr *ip)
{
    size_t low = 0, high = c->n_present;

    while (low < high) {
        size_t mid = (low + high) / 2;
        int cmp = ip_addr_compare(&c->present[mid].ip, ip);

        if (!cmp) {
            return c->present[mid].ordinal;
        } else if (cmp < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return -1;
}

/* ---- What changes. ---- */

static bool
contains_all(const struct ip_addr *set, size_t n_set,
             const struct ip_addr *ips, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool found = false;

        for (size_t j = 0; j < n_set; j++) {
            found |= ip_addr_equals(&set[j], &ips[i]);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* Does what the user wrote for 'ordinal' change? */
static bool
is_changed(const struct change *c, int ordinal)
{
    struct ip_addr old[2], new[2];
    size_t n_old = template_ips(c->old, ordinal, old);
    size_t n_new = template_ips(c->new, ordinal, new);

    if (n_old) {
        const char *old_switch = c->old->claim.logical_switch;
        const char *new_switch = c->new ? c->new->claim.logical_switch : NULL;

        return (n_old != n_new || !contains_all(old, n_old, new, n_new)
                || (old_switch && new_switch
                    && strcmp(old_switch, new_switch)));
    }
    /* Named for the first time: no change if it is what the port has. */
    n_old = present_ips(c, ordinal, old);
    return n_old && !contains_all(old, n_old, new, n_new);
}

static void
put_ips(struct ds *ds, const struct ip_addr ips[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ds_put_cstr(ds, i ? "," : "");
        ip_addr_format(&ips[i], ds);
    }
    if (!n) {
        ds_put_cstr(ds, "any");
    }
}

/* Appends "sts1-0: A to B, ...".  Returns how many change. */
static size_t
describe_changes(const struct change *c, size_t n_before, struct ds *ds)
{
    size_t n = n_before;

    for (int i = 0; i < c->n; i++) {
        int ordinal = c->start + i;
        struct ip_addr ips[2];

        if (!is_changed(c, ordinal)) {
            continue;
        }
        if (n++ < MAX_CHANGES) {
            char *name = member_name(c->a->req->workload, ordinal);

            ds_put_format(ds, "%s%s: ", ds->length ? ", " : "", name);
            put_ips(ds, ips, present_ips(c, ordinal, ips));
            ds_put_cstr(ds, " to ");
            put_ips(ds, ips, template_ips(c->new, ordinal, ips));
            free(name);
        }
    }
    return n;
}

/* ---- Pods that wait for each other. ---- */

/* The other ordinal that has an address which 'ordinal' is to get, and which
 * gives it up by this change; '*ip' is that address.  Or -1. */
static int
waits_for(const struct change *c, int ordinal, struct ip_addr *ip)
{
    struct ip_addr ips[2];
    size_t n = template_ips(c->new, ordinal, ips);

    for (size_t i = 0; i < n; i++) {
        int other = who_has(c, &ips[i]);
        struct ip_addr kept[2];
        size_t n_kept;

        if (other < 0 || other == ordinal) {
            continue;
        }
        n_kept = template_ips(c->new, other, kept);
        if (n_kept && !contains_all(kept, n_kept, &ips[i], 1)) {
            *ip = ips[i];
            return other;
        }
    }
    return -1;
}

/* Does going from 'ordinal' to whom it waits for, and so on, lead back? */
static bool
is_in_circle(const struct change *c, int ordinal)
{
    struct ip_addr ip;
    int at = ordinal;

    for (int i = 0; i <= c->n; i++) {
        at = waits_for(c, at, &ip);
        if (at < 0 || at == ordinal) {
            break;
        }
    }
    return at == ordinal;
}

/* Does the rollout stop at 'ordinal'?  The next one to move is lower, and is
 * moved only when this one is ready.  With OnDelete it is people who choose
 * the order. */
static bool
is_stuck(const struct change *c, int ordinal)
{
    const struct workload *w = c->a->req->workload;
    struct ip_addr ip;
    int other = waits_for(c, ordinal, &ip);

    return (other >= 0
            && ((other < ordinal && !w->on_delete && ordinal >= w->partition
                 && other >= w->partition)
                || is_in_circle(c, ordinal)));
}

/* Appends "sts1-1 for 10.0.0.1 of sts1-0, ...".  Returns how many there
 * are. */
static size_t
describe_circle(const struct change *c, struct ds *ds)
{
    size_t n = 0;

    for (int i = 0; i < c->n; i++) {
        int ordinal = c->start + i;
        char buf[IP_ADDR_STRLEN];
        struct ip_addr ip;

        if (is_stuck(c, ordinal) && n++ < MAX_CHANGES) {
            const char *sts = c->a->req->workload->name;
            int other = waits_for(c, ordinal, &ip);

            ds_put_format(ds, "%s%s-%d for %s of %s-%d",
                          ds->length ? ", " : "", sts, ordinal,
                          ip_addr_to_string(&ip, buf), sts, other);
        }
    }
    if (n > MAX_CHANGES) {
        ds_put_format(ds, " and %"PRIuSIZE" more", n - MAX_CHANGES);
    }
    return n;
}

/* ---- All. ---- */

/* Is anything of it there, or about to be? */
static bool
is_live(const struct admission *a)
{
    const struct workload *w = a->req->workload;
    const struct workload *old = a->req->old_workload;
    const struct model *m = a->ctx->model;

    if (w->kind != OWNER_STATEFULSET) {
        const struct member *mb = model_find_member(m, w->ns, w->name);

        return mb && (mb->n_pods || mb->ports);
    }
    if (old->replicas > 0) {
        return true;
    }
    /* Scaled to 0, but its pods are not gone yet. */
    for (int i = 0; i < w->replicas; i++) {
        if (has_pods(m, w, w->start + i)) {
            return true;
        }
    }
    return false;
}

/* Sets which ordinals are there now and stay. */
static void
set_ordinals(struct change *c)
{
    const struct workload *w = c->a->req->workload;
    const struct workload *old = c->a->req->old_workload;
    long long int end = (long long int) w->start + w->replicas;

    if (w->kind != OWNER_STATEFULSET) {
        c->start = -1;
        c->n = 1;
        return;
    }
    c->start = w->start;
    if (old->replicas > 0) {
        c->start = MAX(w->start, old->start);
        end = MIN(end, (long long int) old->start + old->replicas);
    }
    c->n = MAX(end - c->start, 0);
}

static void
say_changes(struct admission *a, size_t n, struct ds *changes)
{
    /* It is the setting for StatefulSets; a VM takes its new address with its
     * next start. */
    bool deny = (a->ctx->settings->sts_ip_change == STS_IP_CHANGE_DENY
                 && a->req->workload->kind == OWNER_STATEFULSET);

    if (n > MAX_CHANGES) {
        ds_put_format(changes, " and %"PRIuSIZE" more", n - MAX_CHANGES);
    }
    ADMISSION_SAY(a, deny ? ADM_FIXED_IP_CHANGE_FORBIDDEN
                          : ADM_FIXED_IP_CHANGE_ACCEPTED, false, NULL,
                  { "changes", ds_cstr(changes) });
}

/* Judges one provider.  Returns how many addresses change so far. */
static size_t
check_provider(struct admission *a, const char *provider,
               const struct template *new, const struct template *old,
               size_t n_before, struct ds *changes)
{
    struct change c = {
        .a = a, .provider = provider,
        .new = template_find(new, provider),
        .old = template_find(old, provider),
    };
    struct ds circle = DS_EMPTY_INITIALIZER;
    size_t n;

    set_ordinals(&c);
    collect_present(&c);
    n = describe_changes(&c, n_before, changes);
    if (n > n_before && a->req->workload->kind == OWNER_STATEFULSET
        && describe_circle(&c, &circle)) {
        ADMISSION_SAY(a, ADM_FIXED_IP_PERMUTATION, false, NULL,
                      { "circle", ds_cstr(&circle) });
    }
    ds_destroy(&circle);
    free(c.present);
    return n;
}

void
admission_check_change(struct admission *a, const struct template *new,
                       const struct template *old)
{
    struct ds changes = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    if (!is_live(a)) {
        return;
    }
    for (size_t i = 0; i < new->n; i++) {
        n = check_provider(a, new->claims[i].claim.provider, new, old, n,
                           &changes);
    }
    for (size_t i = 0; i < old->n; i++) {
        const char *provider = old->claims[i].claim.provider;

        if (!template_find(new, provider)) {
            n = check_provider(a, provider, new, old, n, &changes);
        }
    }
    if (n) {
        say_changes(a, n, &changes);
    }
    ds_destroy(&changes);
}
