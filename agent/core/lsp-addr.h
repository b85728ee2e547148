/* SPDX-License-Identifier: Apache-2.0 */

/* The grammar of the strings in Logical_Switch_Port "addresses" and
 * "port_security", read exactly as ovn-northd and ovn-controller read them.
 *
 * An element owns what OVN would make flows for, no more and no less: reading
 * more loosely would clear addresses that nobody has, reading more strictly
 * would hand over an address that OVN still delivers to its old port.  The
 * scanning itself is lsp-scan.h's.  lsp-edit.h computes changed columns on top
 * of this. */

#ifndef LSP_ADDR_H
#define LSP_ADDR_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/types.h"

#include "ip-addr.h"

struct ds;
struct lsp_token;

enum lsp_addr_kind {
    LSP_ADDR_STATIC,            /* A MAC, then any number of addresses. */
    LSP_ADDR_UNKNOWN,           /* "unknown". */
    LSP_ADDR_ROUTER,            /* "router". */
    LSP_ADDR_DYNAMIC,           /* Assigned by ovn-northd's own IPAM. */
    LSP_ADDR_INVALID,           /* Anything else: owns nothing. */
};

/* One element of the column "addresses". */
struct lsp_addr {
    enum lsp_addr_kind kind;

    /* LSP_ADDR_STATIC always has a MAC, LSP_ADDR_DYNAMIC has the one that was
     * asked for, if any. */
    bool has_mac;
    struct eth_addr mac;

    /* LSP_ADDR_STATIC: the addresses owned, in the order and as often as
     * written.  LSP_ADDR_DYNAMIC: those asked for, not (yet) owned. */
    struct ip_addr *ips;
    size_t n_ips;

    /* The token at which the parse stopped, up to the next blank, or NULL if
     * all was read.  For LSP_ADDR_INVALID the first token. */
    char *junk;
};

/* Reads one element.  Never fails: what OVN would refuse has the kind
 * LSP_ADDR_INVALID.  The caller destroys the result. */
void lsp_addr_parse(const char *s, struct lsp_addr *);
void lsp_addr_destroy(struct lsp_addr *);

/* Does element 's' own 'ip'?  Only LSP_ADDR_STATIC elements own anything. */
bool lsp_addr_has_ip(const char *s, const struct ip_addr *ip);

/* Adds all addresses owned by the 'n' elements of a column to '*out', which
 * the caller initialized. */
void lsp_addrs_collect(char **elements, size_t n, struct ip_addr_set *out);

/* Stores the MAC of the first LSP_ADDR_STATIC element in '*mac'.  Returns
 * false, with '*mac' zeroed, if there is none. */
bool lsp_addrs_first_mac(char **elements, size_t n, struct eth_addr *mac);

/* Appends the element in canonical spelling: a text that reads as the same
 * kind, MAC and addresses, "invalid" for LSP_ADDR_INVALID.  Masks, which do
 * not matter for ownership, and junk, which might matter in another place,
 * are left out. */
void lsp_addr_format_parsed(const struct lsp_addr *, struct ds *);

/* One address of a "port_security" element.  A mask makes it a network only
 * if all host bits are zero; otherwise it just tells the size of the subnet,
 * for its broadcast address, and the host may use the one address only
 * (ovn-nb(5), ovn-controller's port security flows). */
struct ps_net {
    struct ip_addr ip;          /* As written. */
    unsigned int plen;          /* In bits; the whole length if not masked. */
    bool masked;                /* A network of more than one address? */
};

/* One element of the column "port_security". */
struct ps_entry {
    bool has_mac;
    struct eth_addr mac;
    struct ps_net *nets;
    size_t n_nets;
    char *junk;                 /* As in struct lsp_addr; without a MAC all of
                                 * the text. */
};

/* Reads one element of "port_security".  Never fails: what has no MAC has no
 * networks either and all of its text in 'junk'; the "VRRPv3 PHYSMAC ..."
 * entries of OVN 26.03 and later are such.  The caller destroys the result. */
void ps_entry_parse(const char *s, struct ps_entry *);
void ps_entry_destroy(struct ps_entry *);

/* Do the 'n' elements of "port_security" list 'ip', exactly or through a
 * masked network?  An empty column and a "MAC" alone permit every address but
 * list none.  Of a VRRPv3 entry every later token counts that reads as 'ip':
 * with evidence, to err towards "may be in use" is the safe side. */
bool ps_entries_permit(char **elements, size_t n, const struct ip_addr *ip);

/* The two below are for lsp-edit.c, which uses the scanner as well. */

/* What is 's', without looking at its addresses? */
enum lsp_addr_kind lsp_addr_kind_of(const char *s);

/* What the token means in port_security. */
struct ps_net lsp_token_to_ps_net(const struct lsp_token *);

/* Does 'net' list 'ip'? */
bool ps_net_contains(const struct ps_net *net, const struct ip_addr *ip);

#endif /* lsp-addr.h */
