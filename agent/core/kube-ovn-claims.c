/* SPDX-License-Identifier: Apache-2.0 */

/* What Kube-OVN's annotations ask for.
 *
 * The controller's own reading is followed to the letter where it decides
 * which address it will give (blanks, lists of two, the number in a pod's
 * name), because a claim that differs from what the controller does would make
 * a used address look stale.  Where the controller would refuse or fail, the
 * claim is CLAIM_INVALID, with what was expected in words. */

#include <config.h>

#include "kube-ovn-claims.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "smap.h"
#include "util.h"

#include "claim.h"
#include "dialect.h"
#include "kube-ovn-keys.h"
#include "kube-ovn-pool.h"
#include "kube-ovn-values.h"
#include "net-selection.h"

/* What a claim is read from. */
struct claim_context {
    const struct smap *annotations;
    const struct kube_ovn_values *values; /* Of the annotations. */
    const struct claim_subject *subject;
    const struct net_selections *nets;
    const char *nets_error;     /* Why 'nets' is not complete, or NULL. */
};

/* Which claims there are. */

/* Adds a claim for each provider that the annotations name. */
static void
collect_providers(const struct claim_context *ctx, struct claims *claims)
{
    for (size_t i = 0; i < ctx->values->n; i++) {
        const struct kube_ovn_value *v = &ctx->values->all[i];
        char *provider = xmemdup0(v->key, v->provider_len);

        if (v->ifname) {
            char *name = kube_ovn_interface_provider(ctx->nets, provider,
                                                     v->ifname);

            if (kube_ovn_provider_has_port(name)) {
                claims_get(claims, name);
            }
            free(name);
        } else if ((v->suffix != KUBE_OVN_OTHER_SUFFIX
                    && kube_ovn_provider_has_port(provider))
                   || v->value == ctx->values->vip) {
            claims_get(claims, provider);
        }
        free(provider);
    }

    for (size_t i = 0; i < ctx->nets->n; i++) {
        const struct net_selection *s = &ctx->nets->all[i];

        if (s->ips || s->mac) {
            char *name = kube_ovn_selection_provider(ctx->nets, s);

            claims_get(claims, name);
            free(name);
        }
    }
}

/* Values. */

static bool
is_control(unsigned char c)
{
    return c < ' ' || c == 0x7f;
}

static bool
is_plain(const char *s)
{
    while (*s && !is_control(*s)) {
        s++;
    }
    return !*s;
}

/* Returns 's' with what is not printable written out, so that a line of it
 * stays a line. */
static char *
escape(const char *s)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    if (is_plain(s)) {
        return xstrdup(s);
    }
    for (; *s; s++) {
        unsigned char c = *s;

        if (is_control(c)) {
            ds_put_format(&ds, "\\x%02x", c);
        } else {
            ds_put_char(&ds, c);
        }
    }
    return ds_steal_cstr(&ds);
}

static void
claim_set_error(struct claim *claim, const char *error)
{
    claim->kind = CLAIM_INVALID;
    claim->n_ips = 0;
    free(claim->error);
    claim->error = escape(error);
}

/* Makes 'claim' CLAIM_INVALID. */
static void OVS_PRINTF_FORMAT(4, 5)
claim_fail(struct claim *claim, const char *key, const char *value,
           const char *format, ...)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    va_list args;

    ds_put_format(&ds, "%s is \"%.100s%s\", expected ", key, value,
                  strlen(value) > 100 ? "..." : "");
    va_start(args, format);
    ds_put_format_valist(&ds, format, args);
    va_end(args);
    claim_set_error(claim, ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
claim_set_source(struct claim *claim, const char *key)
{
    free(claim->source);
    claim->source = escape(key);
}

/* Returns the value of PROVIDER.kubernetes.io/SUFFIX and stores the key, or
 * returns NULL if it is absent or empty, which is the same to Kube-OVN. */
static const char *
get_value(const struct claim_context *ctx, const char *provider,
          enum kube_ovn_suffix suffix, const char **key)
{
    const struct kube_ovn_value *v = kube_ovn_values_find(ctx->values,
                                                          provider, suffix);

    *key = v ? v->key : NULL;
    return v ? v->value : NULL;
}

/* Reads an ip_address into 'claim'. */
static void
read_ip_address(struct claim *claim, const char *key, const char *value)
{
    if (kube_ovn_parse_ips(value, strlen(value), claim->ips, &claim->n_ips)) {
        claim->kind = CLAIM_EXPLICIT;
    } else {
        claim_fail(claim, key, value, "a bare IPv4 or IPv6 address, or one of "
                   "each with only a comma between them");
    }
}

static bool
parse_mac(const char *s, struct eth_addr *mac)
{
    /* The controller writes the text to the port as it is, and OVN wants
     * colons and two digits each. */
    return (strlen(s) == ETH_ADDR_STRLEN
            && eth_addr_from_string(s, mac)
            && !eth_addr_is_multicast(*mac)
            && !eth_addr_is_zero(*mac));
}

/* Reads an ip_pool into 'claim', which stays sticky for a named pool and where
 * the first free item is taken. */
static void
read_ip_pool(struct claim *claim, const char *key, const char *value,
             const struct claim_subject *subject)
{
    bool numbered = subject->owner_kind == OWNER_STATEFULSET;
    const char *bad;
    size_t bad_len;

    switch (kube_ovn_pool_pick(value, numbered, subject->ordinal, claim->ips,
                               &claim->n_ips, &bad, &bad_len)) {
    case KUBE_OVN_POOL_NAMED:
    case KUBE_OVN_POOL_ANY:
        break;
    case KUBE_OVN_POOL_ITEM:
        claim->kind = CLAIM_EXPLICIT;
        break;
    case KUBE_OVN_POOL_SHORT:
        claim->kind = CLAIM_SHORT_POOL;
        break;
    case KUBE_OVN_POOL_BAD_ITEM:
        claim_fail(claim, key, value, "\"%.*s\" to be one address, or "
                   "IPv4,IPv6 without blanks", (int) MIN(bad_len, 100), bad);
        break;
    case KUBE_OVN_POOL_BAD:
        claim_fail(claim, key, value, "the name of an IPPool, or addresses "
                   "separated by commas, or by semicolons where each is "
                   "IPv4,IPv6");
        break;
    }
}

/* One provider. */

/* Returns the value of the per-interface annotation of 'claim' ('what' is
 * "ip_address" or "mac_address") and stores its key, or returns NULL.  's' is
 * what the lists of networks select for it, or NULL. */
static const char *
get_interface_value(const struct claim_context *ctx,
                    const struct claim *claim, const struct net_selection *s,
                    const char *what, const char **key)
{
    const char *ovn = kube_ovn_find_component(claim->provider);
    const struct smap_node *node;
    char *name;

    if (s && s->ifname[0]) {
        name = xasprintf("%s.%s"KUBE_OVN_KEY_MIDDLE"%s.%s", s->name, s->ns,
                         what, s->ifname);
    } else if (!s && ovn && ovn[4]) {
        name = xasprintf("%.*s"KUBE_OVN_KEY_MIDDLE"%s.%s",
                         (int) (ovn - claim->provider), claim->provider,
                         what, ovn + 5);
    } else {
        return NULL;
    }
    node = smap_get_node(ctx->annotations, name);
    free(name);
    if (!node || !node->value[0]) {
        return NULL;
    }
    *key = node->key;
    return node->value;
}

/* The same, or what its lists of networks say ('listed' or NULL), which the
 * controller copies into the annotation of the provider. */
static const char *
get_selected_value(const struct claim_context *ctx, const struct claim *claim,
                   const struct net_selection *s, const char *what,
                   const char *listed, const char **key)
{
    const char *value = get_interface_value(ctx, claim, s, what, key);

    if (!value && listed) {
        *key = NETWORKS_ANNOTATION;
        value = listed;
    }
    return value;
}

/* Finds the addresses that the user names for 'claim', in the controller's
 * order of precedence. */
static void
read_input(const struct claim_context *ctx, const struct net_selection *s,
           struct claim *claim)
{
    const char *key, *value;

    value = get_selected_value(ctx, claim, s, "ip_address", s ? s->ips : NULL,
                               &key);
    if (!value) {
        value = get_value(ctx, claim->provider, KUBE_OVN_IP_ADDRESS, &key);
    }
    if (value) {
        claim_set_source(claim, key);
        read_ip_address(claim, key, value);
        return;
    }
    value = get_value(ctx, claim->provider, KUBE_OVN_IP_POOL, &key);
    if (value) {
        claim_set_source(claim, key);
        read_ip_pool(claim, key, value, ctx->subject);
    }
}

static void
read_mac(const struct claim_context *ctx, const struct net_selection *s,
         struct claim *claim)
{
    const char *value = NULL;
    const char *key;

    if (!claim->allocated) {
        value = get_selected_value(ctx, claim, s, "mac_address",
                                   s ? s->mac : NULL, &key);
    }
    if (!value) {
        value = get_value(ctx, claim->provider, KUBE_OVN_MAC_ADDRESS, &key);
    }
    if (value) {
        claim->has_mac = parse_mac(value, &claim->mac);
        if (!claim->has_mac) {
            claim->mac = eth_addr_zero;
            claim_fail(claim, key, value,
                       "a unicast MAC address like 00:00:5e:00:53:01");
        }
    }
}

/* One family out of two: the controller refuses addresses of the other. */
static void
check_ip_family(const struct claim_context *ctx, struct claim *claim)
{
    const char *key;
    const char *value = get_value(ctx, claim->provider, KUBE_OVN_IP_FAMILY,
                                  &key);
    int family = !value ? 0 : !strcmp(value, "ipv4") ? 4
                 : !strcmp(value, "ipv6") ? 6 : -1;

    if (family < 0) {
        claim_fail(claim, key, value, "\"ipv4\" or \"ipv6\"");
    } else if (family && claim->kind == CLAIM_EXPLICIT) {
        for (size_t i = 0; i < claim->n_ips; i++) {
            if (claim->ips[i].family != family) {
                claim_fail(claim, key, value, "the family of all addresses "
                           "of %s", claim->source);
                break;
            }
        }
    }
}

static void
read_claim(const struct claim_context *ctx, struct claim *claim)
{
    const struct net_selection *s
        = kube_ovn_find_selection(ctx->nets, claim->provider);
    const char *vip = ctx->values->vip;
    const char *key, *value;

    value = get_value(ctx, claim->provider, KUBE_OVN_LOGICAL_SWITCH, &key);
    claim->logical_switch = nullable_xstrdup(value);

    if (!ctx->subject->is_template) {
        value = get_value(ctx, claim->provider, KUBE_OVN_ALLOCATED, &key);
        claim->allocated = value && !strcmp(value, "true");
    }

    /* Precedes all the others, on every network. */
    if (vip && vip[0]) {
        value = get_value(ctx, claim->provider, KUBE_OVN_IP_ADDRESS, &key);
        if (!value || !kube_ovn_parse_ips(value, strlen(value), claim->ips,
                                          &claim->n_ips)) {
            claim->n_ips = 0;
        }
        claim->kind = CLAIM_VIP;
        claim_set_source(claim, KUBE_OVN_VIP_KEY);
        return;
    }

    if (claim->allocated) {
        value = get_value(ctx, claim->provider, KUBE_OVN_IP_ADDRESS, &key);
        if (value) {
            claim_set_source(claim, key);
            read_ip_address(claim, key, value);
        }
    } else if (ctx->nets_error) {
        /* The controller gives up on such a pod altogether. */
        claim_set_error(claim, ctx->nets_error);
        return;
    } else {
        read_input(ctx, s, claim);
        check_ip_family(ctx, claim);
    }
    if (claim->kind != CLAIM_INVALID) {
        read_mac(ctx, s, claim);
    }
}

/* Reads 'value' of 'key', a list of networks or NULL, into 'nets'.  Returns
 * NULL or an error. */
static char *
read_networks(const char *key, const char *value, const char *ns,
              struct net_selections *nets)
{
    char *error, *text;

    if (!value || !value[0]) {
        return NULL;
    }
    error = net_selections_add(nets, value, ns);
    if (!error) {
        return NULL;
    }
    text = xasprintf("%s: %s", key, error);
    free(error);
    return text;
}

void
kube_ovn_read_claims(const struct smap *annotations,
                     const struct claim_subject *subject,
                     struct claims *claims)
{
    struct kube_ovn_values values;
    struct net_selections nets;
    char *error;

    kube_ovn_values_init(&values, annotations);
    net_selections_init(&nets);
    error = read_networks(DEFAULT_NETWORK_ANNOTATION, values.default_network,
                          subject->ns, &nets);
    if (!error) {
        error = read_networks(NETWORKS_ANNOTATION, values.networks,
                              subject->ns, &nets);
    }

    struct claim_context ctx = {
        .annotations = annotations,
        .values = &values,
        .subject = subject,
        .nets = &nets,
        .nets_error = error,
    };
    collect_providers(&ctx, claims);
    for (size_t i = 0; i < claims->n; i++) {
        read_claim(&ctx, &claims->claims[i]);
    }
    net_selections_destroy(&nets);
    kube_ovn_values_destroy(&values);
    free(error);
}

bool
kube_ovn_marks_pod(const struct smap *annotations)
{
    const struct smap_node *node;

    SMAP_FOR_EACH (node, annotations) {
        size_t provider_len;
        const char *suffix = kube_ovn_split_key(node->key, &provider_len);

        if (suffix && !strcmp(suffix, "allocated")
            && !strcmp(node->value, "true")) {
            char *provider = xmemdup0(node->key, provider_len);
            bool ours = kube_ovn_provider_has_port(provider);

            free(provider);
            if (ours) {
                return true;
            }
        }
    }
    return false;
}

bool
kube_ovn_read_pool(const struct smap *annotations, const struct claim *claim,
                   struct claim_pool *pool)
{
    static const char suffix[] = KUBE_OVN_KEY_MIDDLE"ip_pool";
    size_t len = claim->source ? strlen(claim->source) : 0;
    const char *value;

    if (len <= strlen(suffix)
        || strcmp(claim->source + len - strlen(suffix), suffix)) {
        return false;
    }
    value = smap_get(annotations, claim->source);
    return value && kube_ovn_pool_list(value, pool);
}
