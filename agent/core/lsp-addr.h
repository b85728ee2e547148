/* SPDX-License-Identifier: Apache-2.0 */

/* The grammar of the strings in Logical_Switch_Port "addresses" and
 * "port_security", read exactly as ovn-northd and ovn-controller read them.
 *
 * An element owns what OVN would make flows for, no more and no less: reading
 * more loosely would clear addresses that nobody has, reading more strictly
 * would hand over an address that OVN still delivers to its old port.  The
 * scanning itself is libopenvswitch's, which OVN uses too.  lsp-edit.h
 * computes changed columns on top of this. */

#ifndef LSP_ADDR_H
#define LSP_ADDR_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/types.h"

#include "ip-addr.h"

struct ds;

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


/* The scanner below all of the above, for lsp-edit.c, which must know where
 * in an element each address is written. */

/* What is 's', without looking at its addresses? */
enum lsp_addr_kind lsp_addr_kind_of(const char *s);

/* One address and the place of its text in the element, as byte offsets. */
struct lsp_token {
    struct ip_addr ip;
    unsigned int plen;          /* The mask's, or all bits without a mask. */

    /* From here all goes when the address goes.  Usually 'addr_start', but
     * OVN's parser goes on behind an IPv4 address with a bad mask if an IPv6
     * address follows it directly: then the start of the former, because the
     * latter is only read together with it. */
    size_t start;
    size_t addr_start;          /* The address itself, behind blanks. */
    size_t addr_end;            /* Its end, where a mask may follow. */
    size_t end;                 /* The end of the mask, if any. */
};

struct lsp_scan {
    const char *s;              /* Borrowed. */
    struct eth_addr mac;
    size_t ofs;                 /* Up to here all was read. */
};

/* Starts reading an element, addresses or port_security, and reads its MAC.
 * False if it has none, so that it means nothing to OVN. */
bool lsp_scan_start(struct lsp_scan *, const char *s);

/* Reads the next address.  False at the end and at anything else, where
 * 'ofs' stays. */
bool lsp_scan_next(struct lsp_scan *, struct lsp_token *);

/* What the token means in port_security. */
struct ps_net lsp_token_to_ps_net(const struct lsp_token *);

/* Does 'net' list 'ip'? */
bool ps_net_contains(const struct ps_net *net, const struct ip_addr *ip);

#endif /* lsp-addr.h */
