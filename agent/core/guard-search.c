/* SPDX-License-Identifier: Apache-2.0 */

/* Who has an address, and what addresses somebody has; see overview.h. */

#include <config.h>

#include "guard-private.h"

#include "overview.h"
#include "pod.h"
#include "util.h"
#include "uuid.h"
#include "workload.h"

/* ---- Addresses. ---- */

static bool
is_found(const struct found *f, const struct network *n, const char *ip)
{
    for (size_t i = 0; i < f->n_addresses; i++) {
        const struct explanation *x = &f->addresses[i].x;

        if (uuid_equals(&x->network_uuid, &n->uuid)
            && !strcmp(x->address, ip)) {
            return true;
        }
    }
    return false;
}

static void
add_address(const struct guard *g, const struct network *n,
            const struct ip_addr *ip, const struct guard_env *env,
            struct found *f)
{
    const struct hold *h = hold_table_find(&g->holds, &n->uuid, ip);
    struct found_address *a;
    char s[IP_ADDR_STRLEN];

    if (is_found(f, n, ip_addr_to_string(ip, s))) {
        return;
    }
    if (f->n_addresses == OVERVIEW_FOUND) {
        f->more = true;
        return;
    }
    if (!f->addresses) {
        f->addresses = xmalloc(OVERVIEW_FOUND * sizeof *f->addresses);
    }
    a = &f->addresses[f->n_addresses++];
    guard_explain_use(g, n, ip, env, &a->x);
    a->held = h != NULL;
    if (h) {
        guard_trace_hold(g, h, h->state, env, &a->hold);
    }
}

static int
compare_found(const void *a_, const void *b_)
{
    const struct found_address *a = a_;
    const struct found_address *b = b_;
    int cmp = strcmp(a->x.network, b->x.network);

    return cmp ? cmp : uuid_compare_3way(&a->x.network_uuid,
                                         &b->x.network_uuid);
}

/* Who asks for 'ip' by name, wherever that is. */
static void
add_promises(const struct guard *g, const struct ip_addr *ip, struct found *f)
{
    const struct promise *p;

    for (p = model_first_promise(&g->model, ip); p;
         p = model_next_promise(p)) {
        if (f->notes.n == OVERVIEW_FOUND) {
            f->more = true;
            return;
        }
        svec_add_nocopy(&f->notes, p->pod
                        ? xasprintf("pod %s/%s asks for it", p->pod->owner->ns,
                                    p->pod->name)
                        : xasprintf("the template of %s %s/%s names it",
                                    owner_kind_to_string(p->workload->kind),
                                    p->workload->ns, p->workload->name));
    }
}

static void
search_address(const struct guard *g, const struct ip_addr *ip,
               const struct guard_env *env, struct found *f)
{
    const struct network *n;
    char s[IP_ADDR_STRLEN];

    HMAP_FOR_EACH (n, node, &g->model.networks) {
        if (model_find_addr(&g->model, n, ip)
            || hold_table_find(&g->holds, &n->uuid, ip)
            || evidence_router_with(&g->model, n, ip)) {
            add_address(g, n, ip, env, f);
        }
    }
    if (f->n_addresses) {
        qsort(f->addresses, f->n_addresses, sizeof *f->addresses,
              compare_found);
    } else {
        svec_add_nocopy(&f->notes, xasprintf("no port has %s, and it is not "
                                             "held", ip_addr_to_string(ip,
                                                                       s)));
    }
    add_promises(g, ip, f);
}

/* ---- Ports and pods. ---- */

static void
add_port(const struct guard *g, const struct port *p,
         const struct guard_env *env, struct found *f)
{
    if (f->ports.n == OVERVIEW_FOUND) {
        f->more = true;
        return;
    }
    svec_add(&f->ports, p->name);
    for (size_t i = 0; p->network && i < p->ips.n; i++) {
        add_address(g, p->network, &p->ips.addrs[i], env, f);
    }
    if (!p->network) {
        svec_add_nocopy(&f->notes, xasprintf("%s is on no switch", p->name));
    } else if (!p->ips.n) {
        svec_add_nocopy(&f->notes, xasprintf("%s on %s has no address",
                                             p->name, p->network->name));
    }
}

static bool
search_member(const struct guard *g, const char *text,
              const struct guard_env *env, struct found *f)
{
    const char *slash = strchr(text, '/');
    char *ns = slash ? xmemdup0(text, slash - text) : NULL;
    const struct member *mb = (slash ? model_find_member(&g->model, ns,
                                                         slash + 1) : NULL);
    const struct port *p;

    free(ns);
    if (!mb) {
        return false;
    }
    MEMBER_FOR_EACH_PORT (p, mb) {
        add_port(g, p, env, f);
    }
    if (!mb->ports) {
        svec_add_nocopy(&f->notes, xasprintf("%s/%s has no port", mb->ns,
                                             mb->name));
    }
    if (!mb->n_pods) {
        svec_add_nocopy(&f->notes, xasprintf("no pod is called %s/%s now",
                                             mb->ns, mb->name));
    }
    return true;
}

/* Does the name of 'p', or of its pod, have 'text' in it? */
static bool
matches(const struct port *p, const char *text)
{
    return strstr(p->name, text) || (p->member
                                     && strstr(p->member->name, text));
}

static int
compare_ports(const void *a_, const void *b_)
{
    const struct port *const *a = a_;
    const struct port *const *b = b_;

    return strcmp((*a)->name, (*b)->name);
}

/* A place among the ports as one number, which is not 0. */
static uint64_t
pack_position(const struct hmap_position *pos)
{
    return ((uint64_t) pos->bucket << 16 | MIN(pos->offset, 0xfffe)) + 1;
}

static void
unpack_position(uint64_t from, struct hmap_position *pos)
{
    pos->bucket = (from - 1) >> 16;
    pos->offset = (from - 1) & 0xffff;
}

static void
search_parts(const struct guard *g, const char *text, uint64_t from,
             const struct guard_env *env, struct found *f)
{
    const struct port *ports[OVERVIEW_FOUND];
    struct hmap_position pos = { 0, 0 };
    const struct hmap_node *node = NULL;
    size_t n = 0;

    if (from) {
        unpack_position(from, &pos);
    }
    for (size_t i = 0; i < OVERVIEW_LOOKS; i++) {
        const struct port *p;

        node = hmap_at_position(&g->model.ports, &pos);
        if (!node) {
            break;
        }
        p = CONTAINER_OF(node, struct port, uuid_node);
        if (!matches(p, text)) {
            continue;
        }
        if (n == OVERVIEW_FOUND) {
            f->more = true;
            break;
        }
        ports[n++] = p;
    }
    f->next = node && !f->more ? pack_position(&pos) : 0;
    qsort(ports, n, sizeof *ports, compare_ports);
    for (size_t i = 0; i < n; i++) {
        add_port(g, ports[i], env, f);
    }
    if (!n && !f->next) {
        svec_add_nocopy(&f->notes, xasprintf("no port or pod has \"%s\" in "
                                             "its name", text));
    }
}

void
guard_search(const struct guard *g, const char *text, uint64_t from,
             const struct guard_env *env, struct found *f)
{
    const struct port *p;
    struct ip_addr ip;

    memset(f, 0, sizeof *f);
    svec_init(&f->ports);
    svec_init(&f->notes);
    if (!text[0]) {
        svec_add(&f->notes, "an address, or the name of a port or pod is "
                 "expected");
    } else if (from) {
        search_parts(g, text, from, env, f);
    } else if (ip_addr_parse(text, &ip)) {
        search_address(g, &ip, env, f);
    } else if ((p = model_find_port_by_name(&g->model, text))) {
        add_port(g, p, env, f);
    } else if (!search_member(g, text, env, f)) {
        search_parts(g, text, 0, env, f);
    }
}

void
found_destroy(struct found *f)
{
    for (size_t i = 0; i < f->n_addresses; i++) {
        explanation_destroy(&f->addresses[i].x);
        if (f->addresses[i].held) {
            hold_course_destroy(&f->addresses[i].hold);
        }
    }
    free(f->addresses);
    svec_destroy(&f->ports);
    svec_destroy(&f->notes);
}
