/* SPDX-License-Identifier: Apache-2.0 */

/* What the Southbound database says of ports and addresses that the model does
 * not follow, lent to the model for one answer: whoever has asked sets
 * model->sb_loan, explains, and takes it back before anything else happens.
 * What the model follows is newer and comes first. */

#ifndef SB_LOAN_H
#define SB_LOAN_H 1

#include <stdbool.h>
#include <stddef.h>
#include "openvswitch/hmap.h"
#include "sset.h"
#include "svec.h"

struct binding;
struct ip_addr;

struct sb_loan {
    struct hmap bindings;       /* struct binding, of each port asked about. */
    struct hmap mac_bindings;   /* struct mac_binding, by address. */
    struct sset addresses;      /* Texts, of those asked about. */
};

void sb_loan_init(struct sb_loan *);
void sb_loan_destroy(struct sb_loan *);

/* Says that 'name' was asked about; without sb_loan_set_binding() it has no
 * Port_Binding.  'now' is the earliest moment at which it is known to be
 * unbound. */
void sb_loan_add_port(struct sb_loan *, const char *name, long long int now);
void sb_loan_add_address(struct sb_loan *, const char *ip);

/* 'chassis' is a name, NULL, or "?" as in struct sb_binding_row. */
void sb_loan_set_binding(struct sb_loan *, const char *name,
                         const char *chassis, size_t n_additional_chassis);
void sb_loan_add_mac_binding(struct sb_loan *, const char *logical_port,
                             const char *ip, const char *mac);

/* NULL if the port was not asked about. */
const struct binding *sb_loan_find_binding(const struct sb_loan *,
                                           const char *name);
bool sb_loan_has_address(const struct sb_loan *, const char *ip);
/* Appends "PORT maps it to MAC" for each MAC_Binding of 'ip'. */
void sb_loan_list_mac_bindings(const struct sb_loan *, const struct ip_addr *,
                               struct svec *);

#endif /* sb-loan.h */
