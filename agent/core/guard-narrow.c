/* SPDX-License-Identifier: Apache-2.0 */

/* What a clear takes out of port_security.  Nobody could tell from the row
 * afterwards what stood there before, and to guess might widen it: the hold
 * has it, stored before the clear, for whoever puts the address back. */

#include <config.h>

#include "guard-private.h"

#include "evidence.h"
#include "lsp-addr.h"
#include "lsp-edit.h"
#include "svec.h"

/* Takes 'ip' out of the entries of 'ps' that name others as well. */
static void
narrow(struct svec *ps, const struct ip_addr *ip)
{
    struct svec out = SVEC_EMPTY_INITIALIZER;

    lsp_edit_ps_narrow(ps->names, ps->n, ip, &out);
    guard_assign_svec(ps, &out);
}

bool
guard_note_narrowing(const struct guard *g, struct hold *h,
                     const struct port *p)
{
    struct svec before, after;
    bool news;

    svec_clone(&before, &p->port_security);
    svec_sort_unique(&before);
    if (g->mode == MODE_GUARD && !evidence_is_gated(p)) {
        svec_clone(&after, &p->port_security);
        narrow(&after, &h->addr);
        if (guard_same_strings(&before, &after)) {
            svec_clear(&before);
        }
        svec_destroy(&after);
    } else {
        svec_clear(&before);
    }
    news = hold_note_port_security(h, &p->uuid, &before);
    svec_destroy(&before);
    return news;
}

static void
collect_listed(const struct svec *ps, struct ip_addr_set *listed)
{
    for (size_t i = 0; i < ps->n; i++) {
        struct ps_entry entry;

        ps_entry_parse(ps->names[i], &entry);
        for (size_t j = 0; j < entry.n_nets; j++) {
            ip_addr_set_add(listed, &entry.nets[j].ip);
        }
        ps_entry_destroy(&entry);
    }
}

static bool
lists(const struct svec *ps, const struct ip_addr *ip)
{
    return ps_entries_permit(ps->names, ps->n, ip);
}

/* ---- Who knows it no more. ---- */

/* Has the address been cleared from 'p', for a hold other than 'h'? */
static bool
is_cleared(const struct guard *g, const struct hold *h, const struct port *p,
           const struct ip_addr *ip)
{
    const struct hold *other = hold_table_find(&g->holds, &h->network, ip);
    const struct former_port *f
        = other && other != h ? hold_find_former(other, &p->uuid) : NULL;

    return f && f->cleared;
}

/* Is port_security of 'p' what the clears have made of 'before'?  Otherwise
 * another hand has written there since. */
static bool
is_narrowed(const struct guard *g, const struct hold *h, const struct port *p,
            const struct svec *before)
{
    struct svec narrowed;
    struct ip_addr_set listed;
    bool same;

    ip_addr_set_init(&listed);
    collect_listed(before, &listed);
    svec_clone(&narrowed, before);
    for (size_t i = 0; i < listed.n; i++) {
        const struct ip_addr *ip = &listed.addrs[i];

        /* What an entry named last has stayed. */
        if (!lists(&p->port_security, ip)
            && (ip_addr_equals(ip, &h->addr) || is_cleared(g, h, p, ip))) {
            narrow(&narrowed, ip);
        }
    }
    ip_addr_set_destroy(&listed);
    same = guard_same_strings(&narrowed, &p->port_security);
    svec_destroy(&narrowed);
    return same;
}

bool
guard_find_port_security(const struct guard *g, const struct hold *h,
                         const struct port *p, struct svec *before)
{
    const struct former_port *f = hold_find_former(h, &p->uuid);

    if (f && f->port_security.n && is_narrowed(g, h, p, &f->port_security)) {
        svec_clone(before, &f->port_security);
        return true;
    }
    if (!p->port_security.n || lists(&p->port_security, &h->addr)) {
        svec_clone(before, &p->port_security);
        return true;
    }
    return false;
}

/* ---- Putting it back. ---- */

bool
guard_restore_port_security(const struct post_read *pr,
                            const struct svec *addresses, struct svec *ps)
{
    struct ip_addr_set before, now, has;
    struct svec out;
    bool whole = true;

    ip_addr_set_init(&before);
    ip_addr_set_init(&now);
    ip_addr_set_init(&has);
    collect_listed(&pr->before_ps, &before);
    collect_listed(ps, &now);
    lsp_addrs_collect(addresses->names, addresses->n, &has);

    svec_clone(&out, &pr->before_ps);
    for (size_t i = 0; i < before.n; i++) {
        const struct ip_addr *ip = &before.addrs[i];

        if (!lists(&pr->left_ps, ip) && !ip_addr_set_contains(&has, ip)) {
            narrow(&out, ip);   /* It went with ours, and stays off. */
        }
    }
    for (size_t i = 0; i < now.n && out.n; i++) {
        /* What came with our write, in place of the address, may go. */
        whole &= (lists(&out, &now.addrs[i])
                  || lists(&pr->left_ps, &now.addrs[i]));
    }
    if (whole) {
        guard_assign_svec(ps, &out);
    } else {
        svec_destroy(&out);
    }
    ip_addr_set_destroy(&before);
    ip_addr_set_destroy(&now);
    ip_addr_set_destroy(&has);
    return whole;
}
