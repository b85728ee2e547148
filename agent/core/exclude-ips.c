/* SPDX-License-Identifier: Apache-2.0 */

/* See exclude-ips.h.  The value is a list of addresses and of ranges
 * "FIRST..LAST", set off by blanks (ovn-nb(5)). */

#include <config.h>

#include "exclude-ips.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static const char blanks[] = " \t\n";

/* Parses the word at 's' of 'len' bytes.  Returns false if it is neither. */
static bool
parse_word(const char *s, size_t len, struct ip_addr *first,
           struct ip_addr *last)
{
    char *word = xmemdup0(s, len);
    char *dots = strstr(word, "..");
    bool ok;

    if (dots) {
        *dots = '\0';
        ok = ip_addr_parse(word, first) && ip_addr_parse(dots + 2, last);
    } else {
        ok = ip_addr_parse(word, first);
        *last = *first;
    }
    free(word);
    return ok && first->family == last->family;
}

bool
exclude_ips_has(const char *exclude, const struct ip_addr *ip)
{
    for (const char *s = exclude ? exclude : ""; *(s += strspn(s, blanks));) {
        size_t len = strcspn(s, blanks);
        struct ip_addr first, last;

        if (parse_word(s, len, &first, &last)
            && first.family == ip->family
            && ip_addr_compare(&first, ip) <= 0
            && ip_addr_compare(ip, &last) <= 0) {
            return true;
        }
        s += len;
    }
    return false;
}

/* Takes the word that is exactly 'ip' out of 'ds', once, with the blanks that
 * set it off.  Returns false if there is none. */
static bool
remove_word(struct ds *ds, const struct ip_addr *ip)
{
    const char *start = ds_cstr(ds);

    for (const char *s = start; *(s += strspn(s, blanks));) {
        size_t len = strcspn(s, blanks);
        struct ip_addr first, last;

        if (!memmem(s, len, "..", 2) && parse_word(s, len, &first, &last)
            && ip_addr_equals(&first, ip)) {
            const char *from = s;
            const char *to = s + len;

            while (from > start && strchr(blanks, from[-1])) {
                from--;
            }
            if (from == start) {
                to += strspn(to, blanks);
            }
            memmove(ds->string + (from - start), to, strlen(to) + 1);
            ds->length -= to - from;
            return true;
        }
        s += len;
    }
    return false;
}

static void
append_word(struct ds *ds, const struct ip_addr *ip)
{
    char s[IP_ADDR_STRLEN];

    ds_put_format(ds, "%s%s", ds->length ? " " : "",
                  ip_addr_to_string(ip, s));
}

/* The addresses of 'list'. */
static void
parse_ours(const char *list, struct ip_addr_set *ips)
{
    ip_addr_set_init(ips);
    for (const char *s = list ? list : ""; *(s += strspn(s, blanks));) {
        size_t len = strcspn(s, blanks);
        struct ip_addr first, last;

        if (parse_word(s, len, &first, &last)) {
            ip_addr_set_add(ips, &first);
        }
        s += len;
    }
}

void
exclude_ips_edit(const char *exclude, const char *ours_list,
                 const struct ip_addr_set *wanted,
                 char **new_exclude, char **new_ours)
{
    struct ds words = DS_EMPTY_INITIALIZER;
    struct ds list = DS_EMPTY_INITIALIZER;
    struct ip_addr_set ours;
    bool removed = false;

    ds_put_cstr(&words, exclude ? exclude : "");
    parse_ours(ours_list, &ours);
    for (size_t i = 0; i < ours.n; i++) {
        if (!ip_addr_set_contains(wanted, &ours.addrs[i])) {
            removed |= remove_word(&words, &ours.addrs[i]);
        }
    }
    for (size_t i = 0; i < wanted->n; i++) {
        const struct ip_addr *ip = &wanted->addrs[i];

        if (ip->family != 4
            || (!ip_addr_set_contains(&ours, ip)
                && exclude_ips_has(ds_cstr(&words), ip))) {
            continue;
        }
        if (!exclude_ips_has(ds_cstr(&words), ip)) {
            append_word(&words, ip);
        }
        append_word(&list, ip);
    }
    /* The key goes with its last word, if that was ours. */
    *new_exclude = (words.length || (exclude && !removed)
                    ? xstrdup(ds_cstr(&words)) : NULL);
    *new_ours = list.length ? xstrdup(ds_cstr(&list)) : NULL;
    ds_destroy(&words);
    ds_destroy(&list);
    ip_addr_set_destroy(&ours);
}
