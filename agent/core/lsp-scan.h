/* SPDX-License-Identifier: Apache-2.0 */

/* The scanner of the strings in Logical_Switch_Port "addresses" and
 * "port_security": where in an element its MAC and its addresses are.  It is
 * libopenvswitch's, which OVN uses too.  What kind of element it is and what
 * it means is told by lsp-addr.h. */

#ifndef LSP_SCAN_H
#define LSP_SCAN_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/types.h"

#include "ip-addr.h"

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

/* Reads an address of either family at the beginning of 's'.  Offsets in the
 * token are relative to 's'. */
bool lsp_scan_address(const char *s, struct lsp_token *);

/* Return the first offset from 'ofs' on where 's' has no blank, or a blank or
 * its end.  Blanks are what ovs_scan() skips. */
size_t lsp_skip_blanks(const char *s, size_t ofs);
size_t lsp_skip_nonblanks(const char *s, size_t ofs);

#endif /* lsp-scan.h */
