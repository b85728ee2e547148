/* SPDX-License-Identifier: Apache-2.0 */

/* By which names a server answers.
 *
 * A page of somebody else's, in the browser of a person who can reach this
 * server, may not read what it answers, because it is of another origin.  But
 * the page's owner may have the page's own name lead to this server's address
 * a moment later ("DNS rebinding"): then the browser takes both for one
 * origin.  The Host header still has that name.  So a name must be one that
 * nobody else can own; an address, which cannot be made to lead elsewhere, is
 * always good. */

#include <config.h>

#include "web-private.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "svec.h"
#include "util.h"

static bool
is_ipv6(char *name)
{
    struct in6_addr in6;
    char *zone = strchr(name, '%');

    if (zone) {
        *zone = '\0';
    }
    return inet_pton(AF_INET6, name, &in6) == 1;
}

static bool
is_machine(const char *name)
{
    char machine[256];

    if (gethostname(machine, sizeof machine)) {
        return false;
    }
    machine[sizeof machine - 1] = '\0';
    return machine[0] && !strcasecmp(name, machine);
}

/* Is 'name', without a port, one that we answer by? */
static bool
is_ours(const struct web_server *s, const char *name)
{
    static const char localhost[] = "localhost";
    size_t len = strlen(name);
    size_t n = strlen(localhost);
    struct in_addr in;

    if (inet_pton(AF_INET, name, &in) == 1 || is_machine(name)) {
        return true;
    }
    /* RFC 6761, section 6.3: no name server is asked for these. */
    if (len >= n && !strcasecmp(name + len - n, localhost)
        && (len == n || name[len - n - 1] == '.')) {
        return true;
    }
    for (size_t i = 0; i < s->hosts.n; i++) {
        if (!strcasecmp(name, s->hosts.names[i])
            || !strcmp(s->hosts.names[i], "*")) {
            return true;
        }
    }
    return false;
}

bool
web_host_is_ours(const struct web_server *s, const char *host)
{
    size_t len;
    char *name, *end;
    bool ours;

    if (!s->check_host || !host) {
        return true;            /* Every browser sends one. */
    }
    name = xstrdup(host);
    if (name[0] == '[') {
        end = strchr(name, ']');
        if (end) {
            *end = '\0';
        }
        ours = end && (!end[1] || end[1] == ':') && is_ipv6(name + 1);
    } else {
        name[strcspn(name, ":")] = '\0';
        len = strlen(name);
        if (len > 1 && name[len - 1] == '.') {
            name[len - 1] = '\0'; /* The same name, written in full. */
        }
        ours = is_ours(s, name);
    }
    free(name);
    return ours;
}
