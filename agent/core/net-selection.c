/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the text form of a pod's list of networks. */

#include <config.h>

#include "net-selection.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "util.h"

void
net_selections_init(struct net_selections *selections)
{
    selections->all = NULL;
    selections->n = 0;
}

void
net_selections_destroy(struct net_selections *selections)
{
    if (selections) {
        for (size_t i = 0; i < selections->n; i++) {
            struct net_selection *s = &selections->all[i];

            free(s->ns);
            free(s->name);
            free(s->ifname);
            free(s->ips);
            free(s->mac);
        }
        free(selections->all);
    }
}

/* Is it what Kubernetes lets a namespace, a network or an interface be named?
 * A bit wider than each of them: that decides nothing but where the text is
 * cut. */
static bool
is_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                         "0123456789-._");
    return n && !s[n] && n <= 253;
}

/* Adds one "=VALUE", which is a MAC or an address (judged by the dialect, for
 * it must complain about a wrong one in its own words). */
static void
add_value(struct net_selection *s, const char *value)
{
    struct eth_addr mac;

    if (eth_addr_from_string(value, &mac)) {
        free(s->mac);
        s->mac = xstrdup(value);
    } else if (!s->ips) {
        s->ips = xstrdup(value);
    } else {
        char *ips = xasprintf("%s,%s", s->ips, value);

        free(s->ips);
        s->ips = ips;
    }
}

/* Reads one attachment, which is cut to pieces.  Returns false if it is none;
 * '*s' is then unchanged. */
static bool
parse_one(char *text, const char *ns, struct net_selection *s)
{
    char *values = text;
    char *name = strsep(&values, "=");
    char *ifname = strchr(name, '@');
    char *slash;

    if (ifname) {
        *ifname++ = '\0';
        if (!is_name(ifname)) {
            return false;
        }
    }
    slash = strchr(name, '/');
    if (slash) {
        *slash++ = '\0';
        ns = name;
        name = slash;
    }
    if (!is_name(ns) || !is_name(name)) {
        return false;
    }

    *s = (struct net_selection) {
        .ns = xstrdup(ns),
        .name = xstrdup(name),
        .ifname = xstrdup(ifname ? ifname : ""),
    };
    while (values) {
        add_value(s, strsep(&values, "="));
    }
    return true;
}

static char *
trim(char *s)
{
    size_t n;

    s += strspn(s, " \t\r\n");
    n = strlen(s);
    while (n && strchr(" \t\r\n", s[n - 1])) {
        s[--n] = '\0';
    }
    return s;
}

char *
net_selections_add(struct net_selections *selections, const char *text,
                   const char *ns)
{
    char *copy = xstrdup(text);
    char *rest = copy;
    char *error = NULL;
    size_t allocated = selections->n;

    while (rest && !error) {
        char *item = trim(strsep(&rest, ","));
        char *kept = xstrdup(item);

        if (selections->n >= allocated) {
            selections->all = x2nrealloc(selections->all, &allocated,
                                         sizeof *selections->all);
        }
        if (parse_one(item, ns, &selections->all[selections->n])) {
            selections->n++;
        } else {
            error = xasprintf("\"%.100s\" is not "
                              "[NAMESPACE/]NETWORK[@INTERFACE]", kept);
        }
        free(kept);
    }
    free(copy);
    return error;
}

size_t
net_selections_count(const struct net_selections *selections,
                     const struct net_selection *selection)
{
    size_t n = 0;

    for (size_t i = 0; i < selections->n; i++) {
        const struct net_selection *s = &selections->all[i];

        n += !strcmp(s->ns, selection->ns) && !strcmp(s->name,
                                                      selection->name);
    }
    return n;
}
