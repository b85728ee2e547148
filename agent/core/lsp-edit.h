/* SPDX-License-Identifier: Apache-2.0 */

/* Computes the changed "addresses" and "port_security" columns of a
 * Logical_Switch_Port.
 *
 * Each function reads the 'n' elements of a column as they are and fills
 * '*out' with the elements as they should be, in the same order; it decides
 * nothing about whether that should be done.  One address is touched and
 * every other byte stays: blanks, spelling, junk and order belong to whoever
 * wrote them, and a writer that compares strings must not see a difference
 * that is none.  What is an address is lsp-addr.h's to say.
 *
 * 'out' must be initialized by the caller, who also destroys it; the previous
 * content is dropped.  It is filled on every result, with the unchanged
 * elements where nothing was done.  An element that an edit made equal to
 * another one is left out, as the column is a set. */

#ifndef LSP_EDIT_H
#define LSP_EDIT_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "openvswitch/types.h"

#include "ip-addr.h"

struct svec;

enum lsp_edit_result {
    LSP_EDIT_SAME,              /* Nothing to do, '*out' is the input. */
    LSP_EDIT_CHANGED,           /* '*out' is what was asked for. */
    LSP_EDIT_REFUSED,           /* Not, or not wholly, possible. */
};

/* Takes every occurrence of 'ip' out of the static elements of "addresses",
 * each with its mask, if any ("10.0.0.1/24" owns 10.0.0.1), and the blanks
 * that set it off.  An element whose last address goes keeps its MAC alone.
 * Never returns LSP_EDIT_REFUSED. */
enum lsp_edit_result lsp_edit_clear(char **addresses, size_t n,
                                    const struct ip_addr *ip,
                                    struct svec *out);

/* Takes 'ip' out of "port_security" without ever permitting more than before:
 * out of each entry that still names others, where it is written as exactly
 * this address (ps_net in lsp-addr.h says when a mask makes a network).  An
 * entry that names nothing else would permit every source address once
 * emptied (ovn-nb(5)), and a network permits others in the same token; both
 * stay.
 *
 * Returns LSP_EDIT_CHANGED only if nothing lists 'ip' any more, and
 * LSP_EDIT_REFUSED if some entry still does; '*out' has then what could be
 * removed. */
enum lsp_edit_result lsp_edit_ps_narrow(char **ps, size_t n,
                                        const struct ip_addr *ip,
                                        struct svec *out);

/* Replaces 'old' by 'new_' in "port_security", in place; a mask that only
 * tells the size of the subnet stays where 'new_' is in that subnet.  Nothing
 * is added where 'old' is not listed (LSP_EDIT_SAME) and nothing is emptied.
 * In an entry that lists 'new_' already 'old' just goes.  Networks stay:
 * LSP_EDIT_REFUSED if nothing but networks lists 'old'. */
enum lsp_edit_result lsp_edit_ps_replace(char **ps, size_t n,
                                         const struct ip_addr *old,
                                         const struct ip_addr *new_,
                                         struct svec *out);

/* Puts 'add' on the port: in place of 'replace' where a static element owns
 * that ('replace' may be NULL; it is gone from the whole column afterwards),
 * else behind the last address of the first static element, else as a new
 * element "MAC ADDR" with 'mac'.  An existing element keeps its own MAC.
 *
 * LSP_EDIT_SAME if 'add' is owned already and 'replace' is not.
 * LSP_EDIT_REFUSED, with nothing done, if the column has an element of router
 * or dynamic kind, whose addresses others set; if 'add' is none; or if a new
 * element is needed and 'mac' is NULL. */
enum lsp_edit_result lsp_edit_set(char **addresses, size_t n,
                                  const struct eth_addr *mac,
                                  const struct ip_addr *add,
                                  const struct ip_addr *replace,
                                  struct svec *out);

/* Stores the MAC that OVN networks customarily derive from an IPv4 address,
 * 0a:58 and its four bytes, in '*mac'.  Returns false, with '*mac' zeroed,
 * for IPv6 or no address. */
bool lsp_edit_mac_for(const struct ip_addr *, struct eth_addr *mac);

/* Stores a MAC derived from 'port_name' in '*mac': unicast, locally
 * administered, beginning with 0a but never with 0a:58.  The same name and
 * 'attempt' give the same MAC on every machine and in every release; no two
 * attempts for one name give the same, for when one is in use on the network
 * already. */
void lsp_edit_mac_from_name(const char *port_name, uint32_t attempt,
                            struct eth_addr *mac);

#endif /* lsp-edit.h */
