/* SPDX-License-Identifier: Apache-2.0 */

/* See sb-loan.h. */

#include <config.h>

#include "sb-loan.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "ip-addr.h"
#include "model.h"
#include "openvswitch/util.h"
#include "util.h"

void
sb_loan_init(struct sb_loan *loan)
{
    hmap_init(&loan->bindings);
    hmap_init(&loan->mac_bindings);
    sset_init(&loan->addresses);
}

void
sb_loan_destroy(struct sb_loan *loan)
{
    struct mac_binding *mb;
    struct binding *b;

    HMAP_FOR_EACH_POP (b, node, &loan->bindings) {
        binding_destroy(b);
    }
    HMAP_FOR_EACH_POP (mb, node, &loan->mac_bindings) {
        mac_binding_destroy(mb);
    }
    hmap_destroy(&loan->bindings);
    hmap_destroy(&loan->mac_bindings);
    sset_destroy(&loan->addresses);
}

const struct binding *
sb_loan_find_binding(const struct sb_loan *loan, const char *name)
{
    return binding_find(&loan->bindings, name);
}

void
sb_loan_add_port(struct sb_loan *loan, const char *name, long long int now)
{
    if (!binding_find(&loan->bindings, name)) {
        binding_get(&loan->bindings, name)->unbound_since_ms = MAX(now, 1);
    }
}

void
sb_loan_set_binding(struct sb_loan *loan, const char *name,
                    const char *chassis, size_t n_additional_chassis)
{
    struct binding *b = binding_find(&loan->bindings, name);

    if (!b) {
        return;                 /* Not asked about. */
    }
    b->present = true;
    b->n_additional_chassis = n_additional_chassis;
    if (chassis || n_additional_chassis) {
        b->unbound_since_ms = 0;
    }
    free(b->chassis);
    b->chassis = nullable_xstrdup(chassis);
    free(b->last_chassis);
    b->last_chassis = nullable_xstrdup(chassis);
}

void
sb_loan_add_mac_binding(struct sb_loan *loan, const char *logical_port,
                        const char *ip, const char *mac)
{
    struct mac_binding *mb;
    struct ip_addr addr;

    if (!ip_addr_parse(ip, &addr)) {
        return;
    }
    mb = xzalloc(sizeof *mb);
    mb->logical_port = xstrdup(logical_port);
    mb->mac = xstrdup(mac);
    mb->ip = addr;
    hmap_insert(&loan->mac_bindings, &mb->node, ip_addr_hash(&addr, 0));
}

void
sb_loan_add_address(struct sb_loan *loan, const char *ip)
{
    sset_add(&loan->addresses, ip);
}

bool
sb_loan_has_address(const struct sb_loan *loan, const char *ip)
{
    return sset_contains(&loan->addresses, ip);
}

void
sb_loan_list_mac_bindings(const struct sb_loan *loan,
                          const struct ip_addr *ip, struct svec *list)
{
    const struct mac_binding *mb;

    HMAP_FOR_EACH_WITH_HASH (mb, node, ip_addr_hash(ip, 0),
                             &loan->mac_bindings) {
        if (ip_addr_equals(&mb->ip, ip)) {
            svec_add_nocopy(list, xasprintf("%s maps it to %s",
                                            mb->logical_port, mb->mac));
        }
    }
}
