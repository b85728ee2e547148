/* SPDX-License-Identifier: Apache-2.0 */

/* What an owner asks for on one network interface: the values themselves.
 * How annotations become claims is the dialects' business. */

#include <config.h>

#include "claim.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "packets.h"
#include "util.h"

const char *
claim_kind_to_string(enum claim_kind kind)
{
    switch (kind) {
    case CLAIM_STICKY: return "sticky";
    case CLAIM_EXPLICIT: return "explicit";
    case CLAIM_SHORT_POOL: return "short-pool";
    case CLAIM_VIP: return "vip";
    case CLAIM_INVALID: return "invalid";
    }
    OVS_NOT_REACHED();
}

void
claim_destroy(struct claim *claim)
{
    if (claim) {
        free(claim->provider);
        free(claim->logical_switch);
        free(claim->source);
        free(claim->error);
    }
}

void
claim_clone(struct claim *dst, const struct claim *src)
{
    *dst = *src;
    dst->provider = xstrdup(src->provider);
    dst->logical_switch = nullable_xstrdup(src->logical_switch);
    dst->source = nullable_xstrdup(src->source);
    dst->error = nullable_xstrdup(src->error);
}

bool
claim_equals(const struct claim *a, const struct claim *b)
{
    if (strcmp(a->provider, b->provider)
        || a->kind != b->kind
        || a->n_ips != b->n_ips
        || a->has_mac != b->has_mac
        || (a->has_mac && !eth_addr_equals(a->mac, b->mac))
        || a->allocated != b->allocated
        || !nullable_string_is_equal(a->logical_switch, b->logical_switch)
        || !nullable_string_is_equal(a->source, b->source)
        || !nullable_string_is_equal(a->error, b->error)) {
        return false;
    }
    for (size_t i = 0; i < a->n_ips; i++) {
        if (!ip_addr_equals(&a->ips[i], &b->ips[i])) {
            return false;
        }
    }
    return true;
}

void
claims_init(struct claims *claims)
{
    claims->claims = NULL;
    claims->n = 0;
}

void
claims_destroy(struct claims *claims)
{
    if (claims) {
        for (size_t i = 0; i < claims->n; i++) {
            claim_destroy(&claims->claims[i]);
        }
        free(claims->claims);
    }
}

void
claims_clone(struct claims *dst, const struct claims *src)
{
    dst->n = src->n;
    dst->claims = src->n ? xmalloc(src->n * sizeof *dst->claims) : NULL;
    for (size_t i = 0; i < src->n; i++) {
        claim_clone(&dst->claims[i], &src->claims[i]);
    }
}

bool
claims_equal(const struct claims *a, const struct claims *b)
{
    if (a->n != b->n) {
        return false;
    }
    for (size_t i = 0; i < a->n; i++) {
        if (!claim_equals(&a->claims[i], &b->claims[i])) {
            return false;
        }
    }
    return true;
}

/* Returns the place where 'provider' is or belongs. */
static size_t
claims_position(const struct claims *claims, const char *provider,
                bool *found)
{
    size_t i;

    *found = false;
    for (i = 0; i < claims->n; i++) {
        int cmp = strcmp(claims->claims[i].provider, provider);

        if (cmp >= 0) {
            *found = !cmp;
            break;
        }
    }
    return i;
}

const struct claim *
claims_find(const struct claims *claims, const char *provider)
{
    bool found;
    size_t i = claims_position(claims, provider, &found);

    return found ? &claims->claims[i] : NULL;
}

struct claim *
claims_get(struct claims *claims, const char *provider)
{
    bool found;
    size_t i = claims_position(claims, provider, &found);

    if (!found) {
        claims->claims = xrealloc(claims->claims,
                                  (claims->n + 1) * sizeof *claims->claims);
        memmove(&claims->claims[i + 1], &claims->claims[i],
                (claims->n - i) * sizeof *claims->claims);
        claims->n++;
        claims->claims[i] = (struct claim) {
            .provider = xstrdup(provider),
            .kind = CLAIM_STICKY,
        };
    }
    return &claims->claims[i];
}

void
claims_merge(struct claims *dst, struct claims *src)
{
    for (size_t i = 0; i < src->n; i++) {
        struct claim *c = claims_get(dst, src->claims[i].provider);

        claim_destroy(c);
        *c = src->claims[i];
    }
    free(src->claims);
    claims_init(src);
}

bool
claims_filter(struct claims *claims, bool (*keep)(const char *provider))
{
    size_t n = 0;

    for (size_t i = 0; i < claims->n; i++) {
        if (keep(claims->claims[i].provider)) {
            claims->claims[n++] = claims->claims[i];
        } else {
            claim_destroy(&claims->claims[i]);
        }
    }
    if (n == claims->n) {
        return false;
    }
    claims->n = n;
    if (!n) {
        free(claims->claims);
        claims->claims = NULL;
    }
    return true;
}

void
claim_pool_destroy(struct claim_pool *pool)
{
    if (pool) {
        free(pool->items);
    }
}

bool
claim_names(const struct claim *claim, const struct ip_addr *ip)
{
    for (size_t i = 0; i < claim->n_ips; i++) {
        if (ip_addr_equals(&claim->ips[i], ip)) {
            return true;
        }
    }
    return false;
}

void
claim_format(const struct claim *claim, struct ds *ds)
{
    switch (claim->kind) {
    case CLAIM_EXPLICIT:
        for (size_t i = 0; i < claim->n_ips; i++) {
            if (i) {
                ds_put_cstr(ds, ", ");
            }
            ip_addr_format(&claim->ips[i], ds);
        }
        break;
    case CLAIM_STICKY:
        ds_put_cstr(ds, "no address by name");
        break;
    case CLAIM_SHORT_POOL:
        ds_put_cstr(ds, "no item of the pool for this ordinal");
        break;
    case CLAIM_VIP:
        ds_put_cstr(ds, "the address of a Vip");
        break;
    case CLAIM_INVALID:
        ds_put_format(ds, "unknown: %s",
                      claim->error ? claim->error : "unreadable");
        return;
    }
    if (claim->source) {
        ds_put_format(ds, " (%s%s)", claim->source,
                      claim->allocated ? ", allocated" : "");
    }
}
