/* SPDX-License-Identifier: Apache-2.0 */

/* Computes the changed "addresses" and "port_security" columns of a
 * Logical_Switch_Port.
 *
 * The scanner of lsp-scan.h tells where each address is written; an edit cuts
 * or replaces just that text.  What must not happen is that the rest reads
 * differently afterwards: OVN reads "10.0.0.1fd00::1" as two addresses, stops
 * at junk and takes a MAC followed by "dynamic" for a request to assign an
 * address.  tests/unit/test-lsp-edit.c tries that with random text. */

#include <config.h>

#include "lsp-edit.h"

#include <ctype.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "sset.h"
#include "svec.h"
#include "util.h"

#include "lsp-addr.h"
#include "lsp-scan.h"

/* The two columns differ in what a mask means. */
enum column {
    ADDRESSES,
    PORT_SECURITY,
};

static bool
is_blank(char c)
{
    return isspace((unsigned char) c);
}

static bool
is_blank_or_end(char c)
{
    return !c || is_blank(c);
}

/* Is the token exactly 'ip', and not a network that contains it? */
static bool
token_is(const struct lsp_token *token, const struct ip_addr *ip,
         enum column column)
{
    return (ip_addr_equals(&token->ip, ip)
            && (column == ADDRESSES || !lsp_token_to_ps_net(token).masked));
}

/* Removes the blanks at the end of 's'. */
static void
chomp_blanks(struct ds *s)
{
    while (s->length && is_blank(ds_last(s))) {
        ds_truncate(s, s->length - 1);
    }
}

/* Appends to 'out' what of 's' comes before 'token', which is to be cut out,
 * beginning at '*copied', and advances '*copied' behind the token.  The blanks
 * before a token go with it, unless they are all that separates what remains
 * on both sides. */
static void
cut_token(const char *s, const struct lsp_token *token, size_t *copied,
          struct ds *out)
{
    size_t start = token->start;

    if (is_blank_or_end(s[token->end])) {
        while (start > *copied && is_blank(s[start - 1])) {
            start--;
        }
    }
    ds_put_buffer(out, s + *copied, start - *copied);
    if (!is_blank_or_end(s[token->end]) && !is_blank(ds_last(out))) {
        ds_put_char(out, ' ');
    }
    *copied = token->end;
}

/* Would 'new_' with the mask of 'token' mean just the one address, in the
 * subnet that the token is in?  Otherwise the mask goes: with another subnet
 * it would be a guess, and with host bits of zero a network. */
static bool
can_keep_mask(const struct lsp_token *token, const struct ip_addr *new_)
{
    struct lsp_token renewed = { .ip = *new_, .plen = token->plen };

    return (ip_addr_same_prefix(&token->ip, new_, token->plen)
            && !lsp_token_to_ps_net(&renewed).masked);
}

/* Like cut_token(), but puts 'new_' in the token's place. */
static void
replace_token(const char *s, const struct lsp_token *token,
              const struct ip_addr *new_, enum column column,
              size_t *copied, struct ds *out)
{
    ds_put_buffer(out, s + *copied, token->start - *copied);
    if (!is_blank(ds_last(out))) {
        ds_put_char(out, ' ');
    }
    ip_addr_format(new_, out);
    *copied = token->end;
    if (column == PORT_SECURITY && can_keep_mask(token, new_)) {
        ds_put_buffer(out, s + token->addr_end, token->end - token->addr_end);
    }
    if (!is_blank_or_end(s[token->end])) {
        ds_put_char(out, ' ');
    }
}

/* Returns element 's' without 'old'; the first occurrence is replaced by
 * 'new_' unless that is NULL.  'old' occurs in 's'. */
static char *
rewrite(const char *s, const struct ip_addr *old, const struct ip_addr *new_,
        enum column column)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    struct lsp_token token;
    struct lsp_scan scan;
    size_t copied = 0;

    lsp_scan_start(&scan, s);
    size_t mac_end = scan.ofs;
    while (lsp_scan_next(&scan, &token)) {
        if (!token_is(&token, old, column)) {
            continue;
        } else if (new_) {
            replace_token(s, &token, new_, column, &copied, &out);
            new_ = NULL;
        } else {
            cut_token(s, &token, &copied, &out);
        }
    }

    size_t rest = copied;
    while (is_blank(s[rest])) {
        rest++;
    }
    if (s[rest]) {
        ds_put_cstr(&out, s + copied);
    } else {
        chomp_blanks(&out);
    }

    /* "MAC IP dynamic" owns IP, but "MAC dynamic" would make ovn-northd
     * assign an address, perhaps the one that is to be freed.  Such junk
     * meant nothing where it was, hence it goes. */
    if (lsp_addr_kind_of(ds_cstr(&out)) != LSP_ADDR_STATIC) {
        ds_truncate(&out, mac_end);
    }
    return ds_steal_cstr(&out);
}

static void
copy_all(char **elements, size_t n, struct svec *out)
{
    svec_clear(out);
    for (size_t i = 0; i < n; i++) {
        svec_add(out, elements[i]);
    }
}

/* '*out' has a new version of each of the 'n' 'elements'.  Drops changed ones
 * that are equal to others.  Returns whether any is changed. */
static bool
finish(char **elements, size_t n, struct svec *out)
{
    struct sset seen = SSET_INITIALIZER(&seen);
    bool changed = false;

    for (size_t i = 0; i < n; i++) {
        if (strcmp(out->names[i], elements[i])) {
            changed = true;
        } else {
            sset_add(&seen, elements[i]);
        }
    }
    if (changed) {
        size_t n_kept = 0;

        for (size_t i = 0; i < n; i++) {
            char *name = out->names[i];

            if (strcmp(name, elements[i]) && !sset_add(&seen, name)) {
                free(name);
            } else {
                out->names[n_kept++] = name;
            }
        }
        out->n = n_kept;
    }
    sset_destroy(&seen);
    return changed;
}

enum lsp_edit_result
lsp_edit_clear(char **addresses, size_t n, const struct ip_addr *ip,
               struct svec *out)
{
    svec_clear(out);
    for (size_t i = 0; i < n; i++) {
        if (lsp_addr_has_ip(addresses[i], ip)) {
            svec_add_nocopy(out, rewrite(addresses[i], ip, NULL, ADDRESSES));
        } else {
            svec_add(out, addresses[i]);
        }
    }
    return finish(addresses, n, out) ? LSP_EDIT_CHANGED : LSP_EDIT_SAME;
}

/* Counts the tokens of port_security entry 's' that are exactly 'ip' and
 * those that are not. */
static void
count_tokens(const char *s, const struct ip_addr *ip,
             size_t *n_exact, size_t *n_others)
{
    struct lsp_token token;
    struct lsp_scan scan;

    *n_exact = *n_others = 0;
    if (lsp_scan_start(&scan, s)) {
        while (lsp_scan_next(&scan, &token)) {
            if (token_is(&token, ip, PORT_SECURITY)) {
                ++*n_exact;
            } else {
                ++*n_others;
            }
        }
    }
}

enum lsp_edit_result
lsp_edit_ps_narrow(char **ps, size_t n, const struct ip_addr *ip,
                   struct svec *out)
{
    svec_clear(out);
    for (size_t i = 0; i < n; i++) {
        size_t n_exact, n_others;

        count_tokens(ps[i], ip, &n_exact, &n_others);
        if (n_exact && n_others) {
            svec_add_nocopy(out, rewrite(ps[i], ip, NULL, PORT_SECURITY));
        } else {
            svec_add(out, ps[i]);
        }
    }

    bool changed = finish(ps, n, out);
    return (ps_entries_permit(out->names, out->n, ip) ? LSP_EDIT_REFUSED
            : changed ? LSP_EDIT_CHANGED
            : LSP_EDIT_SAME);
}

enum lsp_edit_result
lsp_edit_ps_replace(char **ps, size_t n, const struct ip_addr *old,
                    const struct ip_addr *new_, struct svec *out)
{
    if (ip_addr_equals(old, new_)) {
        copy_all(ps, n, out);
        return LSP_EDIT_SAME;
    }

    svec_clear(out);
    for (size_t i = 0; i < n; i++) {
        size_t n_old, n_new, n_others;

        count_tokens(ps[i], old, &n_old, &n_others);
        if (n_old && ip_addr_is_set(new_)) {
            count_tokens(ps[i], new_, &n_new, &n_others);
            svec_add_nocopy(out, rewrite(ps[i], old, n_new ? NULL : new_,
                                         PORT_SECURITY));
        } else {
            svec_add(out, ps[i]);
        }
    }
    return (finish(ps, n, out) ? LSP_EDIT_CHANGED
            : ps_entries_permit(ps, n, old) ? LSP_EDIT_REFUSED
            : LSP_EDIT_SAME);
}

/* Returns static element 's' with 'add' behind its last address, before any
 * junk, because nothing behind junk is read. */
static char *
append_to_element(const char *s, const struct ip_addr *add)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    struct lsp_token token;
    struct lsp_scan scan;

    lsp_scan_start(&scan, s);
    while (lsp_scan_next(&scan, &token)) {
        continue;
    }
    ds_put_buffer(&out, s, scan.ofs);
    ds_put_char(&out, ' ');
    ip_addr_format(add, &out);
    if (!is_blank_or_end(s[scan.ofs])) {
        ds_put_char(&out, ' ');
    }
    ds_put_cstr(&out, s + scan.ofs);
    return ds_steal_cstr(&out);
}

/* Whether somebody else than us says what addresses the port has. */
static bool
is_set_by_others(char **addresses, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum lsp_addr_kind kind = lsp_addr_kind_of(addresses[i]);

        if (kind == LSP_ADDR_ROUTER || kind == LSP_ADDR_DYNAMIC) {
            return true;
        }
    }
    return false;
}

static bool
column_has_ip(char **addresses, size_t n, const struct ip_addr *ip)
{
    for (size_t i = 0; i < n; i++) {
        if (lsp_addr_has_ip(addresses[i], ip)) {
            return true;
        }
    }
    return false;
}

/* Puts 'add' at the end of the first static element or, if there is none,
 * into a new one with 'mac'. */
static enum lsp_edit_result
set_append(char **addresses, size_t n, const struct eth_addr *mac,
           const struct ip_addr *add, struct svec *out)
{
    copy_all(addresses, n, out);
    for (size_t i = 0; i < n; i++) {
        if (lsp_addr_kind_of(addresses[i]) == LSP_ADDR_STATIC) {
            free(out->names[i]);
            out->names[i] = append_to_element(addresses[i], add);
            finish(addresses, n, out);
            return LSP_EDIT_CHANGED;
        }
    }
    if (!mac) {
        return LSP_EDIT_REFUSED;
    }

    char buf[IP_ADDR_STRLEN];
    svec_add_nocopy(out, xasprintf(ETH_ADDR_FMT" %s", ETH_ADDR_ARGS(*mac),
                                   ip_addr_to_string(add, buf)));
    return LSP_EDIT_CHANGED;
}

enum lsp_edit_result
lsp_edit_set(char **addresses, size_t n, const struct eth_addr *mac,
             const struct ip_addr *add, const struct ip_addr *replace,
             struct svec *out)
{
    copy_all(addresses, n, out);
    if (!ip_addr_is_set(add) || is_set_by_others(addresses, n)) {
        return LSP_EDIT_REFUSED;
    }

    bool owned = column_has_ip(addresses, n, add);
    if (!replace || ip_addr_equals(replace, add)
        || !column_has_ip(addresses, n, replace)) {
        return (owned ? LSP_EDIT_SAME
                : set_append(addresses, n, mac, add, out));
    }

    for (size_t i = 0; i < n; i++) {
        if (lsp_addr_has_ip(addresses[i], replace)) {
            free(out->names[i]);
            out->names[i] = rewrite(addresses[i], replace,
                                    owned ? NULL : add, ADDRESSES);
            owned = true;
        }
    }
    finish(addresses, n, out);
    return LSP_EDIT_CHANGED;
}

bool
lsp_edit_mac_for(const struct ip_addr *ip, struct eth_addr *mac)
{
    *mac = eth_addr_zero;
    if (ip->family != 4) {
        return false;
    }
    mac->ea[0] = 0x0a;
    mac->ea[1] = 0x58;
    memcpy(&mac->ea[2], ip->bytes, 4);
    return true;
}

void
lsp_edit_mac_from_name(const char *port_name, uint32_t attempt,
                       struct eth_addr *mac)
{
    /* FNV-1a with 64 bits, and a final mix because names differ mostly in
     * their last characters.  libopenvswitch's hash functions would not do:
     * their values depend on the CPU that they were built for. */
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = port_name; *p; p++) {
        hash = (hash ^ (uint8_t) *p) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;

    /* 39 bits are used.  An odd step is invertible modulo 2**39, so that all
     * 2**32 attempts differ. */
    hash += attempt * UINT64_C(0x5851f42d4c957f2d);

    mac->ea[0] = 0x0a;
    /* With the top bit set this is never the 58 of lsp_edit_mac_for(). */
    mac->ea[1] = 0x80 | ((hash >> 32) & 0x7f);
    mac->ea[2] = hash >> 24;
    mac->ea[3] = hash >> 16;
    mac->ea[4] = hash >> 8;
    mac->ea[5] = hash;
}
