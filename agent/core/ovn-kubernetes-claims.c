/* SPDX-License-Identifier: Apache-2.0 */

/* The annotations of ovn-kubernetes.
 *
 * What a user asks for and what the controller gave stand in different keys.
 * The controller's, POD_NETWORKS_ANNOTATION, is written once for each network
 * and never changed afterwards, whatever becomes of the other: where it speaks
 * of a network, it alone counts.
 *
 * Users ask in the lists of networks.  The controller takes addresses there
 * only with the length of the prefix; for a network of a list where it gives
 * out none itself, and from DEFAULT_NETWORK_ANNOTATION for the primary
 * user-defined network of the namespace, which is not listed.  The MAC that
 * stands there it also takes for the cluster's default network, where it never
 * takes an address. */

#include <config.h>

#include "ovn-kubernetes-claims.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "smap.h"
#include "util.h"

#include "claim.h"
#include "dialect.h"
#include "net-selection.h"

/* As much of a wrong value as a message shows. */
#define MAX_SHOWN 100

bool
ovn_kubernetes_watches(const char *key)
{
    return (!strcmp(key, POD_NETWORKS_ANNOTATION)
            || !strcmp(key, NETWORKS_ANNOTATION)
            || !strcmp(key, DEFAULT_NETWORK_ANNOTATION));
}

static bool
is_label(const char *s, size_t len, bool dots)
{
    if (!len || len > 253) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9')
              || s[i] == '-' || (dots && s[i] == '.'))) {
            return false;
        }
    }
    return true;
}

bool
ovn_kubernetes_is_nad(const char *provider)
{
    const char *slash = strchr(provider, '/');
    const char *index = slash ? strchr(slash + 1, '/') : NULL;
    size_t name_len;

    if (!slash || !is_label(provider, slash - provider, false)) {
        return false;
    }
    name_len = index ? index - slash - 1 : strlen(slash + 1);
    return (is_label(slash + 1, name_len, true)
            && (!index
                || (index[1] >= '1' && index[1] <= '9'
                    && strspn(index + 1, "0123456789") == strlen(index + 1)
                    && strlen(index + 1) < 6)));
}

/* Values. */

/* Makes 'claim' CLAIM_INVALID: 'value' of the annotation 'key' is not
 * 'expected'. */
static void
claim_fail(struct claim *claim, const char *key, const char *value,
           const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    size_t n = 0;

    ds_put_format(&ds, "%s is \"", key);
    for (const char *p = value; *p && n < MAX_SHOWN; p++, n++) {
        unsigned char c = *p;

        /* A line of it stays a line. */
        if (c < ' ' || c == 0x7f) {
            ds_put_format(&ds, "\\x%02x", c);
        } else {
            ds_put_char(&ds, c);
        }
    }
    ds_put_format(&ds, "%s\", expected %s",
                  strlen(value) > MAX_SHOWN ? "..." : "", expected);
    claim->kind = CLAIM_INVALID;
    claim->n_ips = 0;
    free(claim->error);
    claim->error = ds_steal_cstr(&ds);
}

static void
claim_set_source(struct claim *claim, const char *key)
{
    free(claim->source);
    claim->source = xstrdup(key);
}

/* Reads "ADDRESS/LENGTH", as Go's net.ParseCIDR() takes it, into '*ip'.
 * An IPv4 address in the clothes of an IPv6 one is one thing to Go and another
 * to OVN, so it is none. */
static bool
parse_cidr(const char *s, struct ip_addr *ip)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
    const char *slash = strchr(s, '/');
    char buf[IP_ADDR_STRLEN];
    size_t len = slash ? slash - s : 0;
    unsigned int plen;

    if (!len || len >= sizeof buf || !slash[1] || strlen(slash + 1) > 3
        || strspn(slash + 1, "0123456789") != strlen(slash + 1)) {
        return false;
    }
    memcpy(buf, s, len);
    buf[len] = '\0';
    plen = strtoul(slash + 1, NULL, 10);
    return (ip_addr_parse(buf, ip)
            && ip_addr_is_host(ip)
            && plen <= (ip->family == 4 ? 32 : 128)
            && !(ip->family == 6
                 && !memcmp(ip->bytes, mapped, sizeof mapped)));
}

/* Adds the address 's' to those of 'claim'.  Returns false if it is none, or
 * a second one of its family. */
static bool
add_ip(struct claim *claim, const char *s)
{
    struct ip_addr ip;

    if (!parse_cidr(s, &ip) || claim->n_ips >= 2
        || (claim->n_ips && claim->ips[0].family == ip.family)) {
        return false;
    }
    claim->ips[claim->n_ips++] = ip;
    return true;
}

static bool
parse_mac(const char *s, struct eth_addr *mac)
{
    return (strlen(s) == ETH_ADDR_STRLEN
            && eth_addr_from_string(s, mac)
            && !eth_addr_is_multicast(*mac)
            && !eth_addr_is_zero(*mac));
}

/* What the user asks for. */

/* Reads what 'selection', of the list 'key', asks for into 'claim'. */
static void
read_selection(struct claim *claim, const char *key,
               const struct net_selection *selection, bool with_ips)
{
    if (with_ips && selection->ips) {
        char *copy = xstrdup(selection->ips);
        char *rest = copy;
        bool ok = true;

        claim_set_source(claim, key);
        claim->kind = CLAIM_EXPLICIT;
        while (rest && ok) {
            ok = add_ip(claim, strsep(&rest, ","));
        }
        if (!ok) {
            claim_fail(claim, key, selection->ips, "addresses with the length "
                       "of their prefix, one of each family at most");
        }
        free(copy);
    }
    if (selection->mac && parse_mac(selection->mac, &claim->mac)) {
        claim->has_mac = true;
    } else if (selection->mac && claim->kind != CLAIM_INVALID) {
        claim_set_source(claim, key);
        claim_fail(claim, key, selection->mac, "a unicast MAC");
    }
}

/* DEFAULT_NETWORK_ANNOTATION. */
static void
read_default_network(const struct smap *annotations, const char *ns,
                     struct claims *claims)
{
    const char *key = DEFAULT_NETWORK_ANNOTATION;
    const char *value = smap_get(annotations, key);
    struct net_selections nets;
    char *error;

    if (!value || !value[0]) {
        return;
    }
    net_selections_init(&nets);
    error = net_selections_add(&nets, value, ns);
    if (error || nets.n != 1) {
        claim_fail(claims_get(claims, OVN_KUBERNETES_PRIMARY), key, value,
                   "one network");
    } else if (nets.all[0].ips || nets.all[0].mac) {
        read_selection(claims_get(claims, OVN_KUBERNETES_PRIMARY), key,
                       &nets.all[0], true);
        if (nets.all[0].mac) {
            read_selection(claims_get(claims, OVN_KUBERNETES_DEFAULT), key,
                           &nets.all[0], false);
        }
    }
    free(error);
    net_selections_destroy(&nets);
}

/* NETWORKS_ANNOTATION.  Every network of the list gets a claim: one that is
 * not listed is thereby known to be the primary one. */
static void
read_networks(const struct smap *annotations, const char *ns,
              struct claims *claims)
{
    const char *key = NETWORKS_ANNOTATION;
    const char *value = smap_get(annotations, key);
    struct net_selections nets;
    char *error;

    if (!value || !value[0]) {
        return;
    }
    net_selections_init(&nets);
    error = net_selections_add(&nets, value, ns);
    if (error) {
        /* Any attachment may be one that could not be read. */
        claim_fail(claims_get(claims, OVN_KUBERNETES_PRIMARY), key, value,
                   "a list of [NAMESPACE/]NETWORK[@INTERFACE], or of objects "
                   "in JSON");
        free(error);
    }
    for (size_t i = 0; i < nets.n; i++) {
        const struct net_selection *s = &nets.all[i];
        char *provider = xasprintf("%s/%s", s->ns, s->name);
        unsigned int n = 0;

        for (size_t j = 0; j < i; j++) {
            n += (!strcmp(nets.all[j].ns, s->ns)
                  && !strcmp(nets.all[j].name, s->name));
        }
        if (n) {
            char *indexed = xasprintf("%s/%u", provider, n);

            free(provider);
            provider = indexed;
        }
        if (ovn_kubernetes_is_nad(provider)) {
            read_selection(claims_get(claims, provider), key, s, true);
        }
        free(provider);
    }
    net_selections_destroy(&nets);
}

/* What the controller gave. */

/* Takes the place of 'claim', which may say what was asked for. */
static void
reset_claim(struct claim *claim)
{
    char *provider = claim->provider;

    claim->provider = NULL;
    claim_destroy(claim);
    *claim = (struct claim) {
        .provider = provider,
        .kind = CLAIM_STICKY,
        .allocated = true,
        .source = xstrdup(POD_NETWORKS_ANNOTATION),
    };
}

/* Reads the values of one network, "=ADDRESS/LENGTH...=MAC", which are cut to
 * pieces, into 'claim'. */
static void
read_given(struct claim *claim, char *values, const char *whole)
{
    reset_claim(claim);
    while (values) {
        const char *value = strsep(&values, "=");

        if (parse_mac(value, &claim->mac)) {
            claim->has_mac = true;
        } else if (add_ip(claim, value)) {
            claim->kind = CLAIM_EXPLICIT;
        } else {
            claim_fail(claim, POD_NETWORKS_ANNOTATION, whole, "for each "
                       "network a MAC and addresses with the length of their "
                       "prefix, one of each family at most");
            return;
        }
    }
}

/* Reads the network 'text', "PROVIDER[@ROLE][=VALUE...]", which is cut to
 * pieces.  Returns false if it is none. */
static bool
read_given_network(char *text, const char *whole, struct claims *claims)
{
    char *values = text;
    char *provider = strsep(&values, "=");
    char *role = strchr(provider, '@');
    bool primary;

    if (role) {
        *role++ = '\0';
    }
    if (strcmp(provider, OVN_KUBERNETES_DEFAULT)
        && !ovn_kubernetes_is_nad(provider)) {
        return false;
    }
    primary = (role && !strcmp(role, "primary")
               && strcmp(provider, OVN_KUBERNETES_DEFAULT));
    if (primary) {
        /* This is what the request was for. */
        char *copy = nullable_xstrdup(values);

        read_given(claims_get(claims, OVN_KUBERNETES_PRIMARY), copy, whole);
        free(copy);
    }
    read_given(claims_get(claims, provider), values, whole);
    return true;
}

/* POD_NETWORKS_ANNOTATION, in the text form of dialect.h. */
static void
read_pod_networks(const struct smap *annotations, struct claims *claims)
{
    const char *value = smap_get(annotations, POD_NETWORKS_ANNOTATION);
    char *copy, *rest;
    bool ok = true;

    if (!value || !value[0]) {
        return;
    }
    copy = rest = xstrdup(value);
    while (rest && ok) {
        ok = read_given_network(strsep(&rest, ","), value, claims);
    }
    free(copy);
    if (!ok) {
        static const char *const names[] = {
            OVN_KUBERNETES_DEFAULT, OVN_KUBERNETES_PRIMARY,
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
            claims_get(claims, names[i]);
        }
        for (size_t i = 0; i < claims->n; i++) {
            struct claim *c = &claims->claims[i];

            claim_set_source(c, POD_NETWORKS_ANNOTATION);
            claim_fail(c, POD_NETWORKS_ANNOTATION, value, "an object in JSON "
                       "with \"ip_addresses\" and \"mac_address\" for each "
                       "network");
        }
    }
}

void
ovn_kubernetes_read_claims(const struct smap *annotations,
                           const struct claim_subject *subject,
                           struct claims *claims)
{
    read_default_network(annotations, subject->ns, claims);
    read_networks(annotations, subject->ns, claims);
    if (!subject->is_template) {
        read_pod_networks(annotations, claims);
    }
}

const struct claim *
ovn_kubernetes_find_claim(const struct claims *claims, const char *provider)
{
    const struct claim *c = claims_find(claims, provider);

    return (c || !ovn_kubernetes_is_nad(provider) ? c
            : claims_find(claims, OVN_KUBERNETES_PRIMARY));
}
