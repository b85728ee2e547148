/* SPDX-License-Identifier: Apache-2.0 */

/* Random strings for the tests of lsp-addr and lsp-edit. */

#include <config.h>

#include "tests/unit/lsp-gen.h"

#include <stdlib.h>

#include "openvswitch/dynamic-string.h"

#include "random.h"
#include "util.h"

#include "agent/core/ip-addr.h"

#define PICK(ARRAY) (ARRAY)[random_range(ARRAY_SIZE(ARRAY))]

/* Mostly proper MACs, to get past them. */
static const char *const macs[] = {
    "0a:00:00:00:00:01", "0a:00:00:00:00:01", "0a:00:00:00:00:01",
    "0a:00:00:00:00:01", "0a:00:00:00:00:01", "0a:00:00:00:00:01",
    "0a:00:00:00:00:02", "0a:00:00:00:00:02", "0a:00:00:00:00:02",
    "0a:00:00:00:00:02", "0a:00:00:00:00:02", "0a:00:00:00:00:02",
    "0A:58:0A:00:00:01", "0:0:0:0:2:8", " 0a:00:00:00:00:01",
    "0x0a:0:0:0:0:1", "0a-00-00-00-00-01", "0a:00:00:00:00", "dynamic",
    "unknown", "router", "", "VRRPv3 0a:00:00:00:00:01",
};

/* Mostly one blank. */
static const char *const separators[] = {
    " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ", " ",
    " ", " ", " ", " ", "  ", "\t", " \n ", "", "", ",", ", ", "/",
};

/* The same address in several spellings, and prefixes of each other. */
static const char *const addresses[] = {
    "10.0.0.1", "10.0.0.1", "010.000.000.001", "10. 0.0.1", "266.0.0.1",
    "10.0.0.11", "10.0.0.2", "10.0.0.0", "10.0.1.0",
    "fd00::1", "FD00::1", "fd00:0:0:0:0:0:0:1", "fd00::11", "fd00::",
    "::1", "::ffff:10.0.0.1", "1::",
};

static const char *const ips[] = {
    "10.0.0.1", "10.0.0.11", "10.0.0.2", "10.0.0.0", "10.0.1.0", "10.0.0.77",
    "fd00::1", "fd00::11", "fd00::", "::1", "::ffff:10.0.0.1", "fd00::77",
};

/* Mostly none. */
static const char *const masks[] = {
    "", "", "", "", "", "", "", "/24", "/32", "/64", "/128", "/0", "/ 24",
    "/33", "/129", "/-1", "/255.255.255.0", "/255.0.255.0", "/ffff::",
    "/ffff::ffff", "/", "/x",
};

static const char *const junk[] = {
    "x", "dynamic", "unknown", "router", "10.0.0", "10.0.0.1x", ".7", "/24",
    "10.0.0.1:10.0.0.2", "fd00::1::1", "%", "\"", "-1", "0a:00:00:00:00:02",
    "\xff\xc3", "::", "f", "1", ":",
};

static void
put_noise(struct ds *s)
{
    static const char chars[] = "0123456789abcdefx:./ \t-,dynamicVR\x80";
    int n = random_range(30);

    for (int i = 0; i < n; i++) {
        ds_put_char(s, chars[random_range(sizeof chars - 1)]);
    }
}

char *
lsp_gen_element(void)
{
    struct ds s = DS_EMPTY_INITIALIZER;
    int n = random_range(6);

    if (!random_range(20)) {
        put_noise(&s);
        return ds_steal_cstr(&s);
    }

    ds_put_cstr(&s, PICK(macs));
    for (int i = 0; i < n; i++) {
        ds_put_cstr(&s, PICK(separators));
        if (random_range(15)) {
            ds_put_cstr(&s, PICK(addresses));
            ds_put_cstr(&s, PICK(masks));
        } else {
            ds_put_cstr(&s, PICK(junk));
        }
    }
    if (!random_range(4)) {
        ds_put_cstr(&s, PICK(separators));
    }
    if (!random_range(20)) {
        put_noise(&s);
    }
    return ds_steal_cstr(&s);
}

char **
lsp_gen_elements(unsigned int n)
{
    char **elements = xcalloc(n ? n : 1, sizeof *elements);

    for (unsigned int i = 0; i < n; i++) {
        elements[i] = lsp_gen_element();
    }
    return elements;
}

void
lsp_gen_free(char **elements, unsigned int n)
{
    for (unsigned int i = 0; i < n; i++) {
        free(elements[i]);
    }
    free(elements);
}

struct ip_addr
lsp_gen_ip(void)
{
    return lsp_gen_parse(PICK(ips));
}

struct ip_addr
lsp_gen_parse(const char *s)
{
    struct ip_addr ip;

    if (!ip_addr_parse(s, &ip)) {
        ovs_fatal(0, "\"%s\" is no address: the test is wrong", s);
    }
    return ip;
}
