/* SPDX-License-Identifier: Apache-2.0 */

/* The decision, and the dialect that stands in until it is made.
 *
 * The stand-in reads the claims of all dialects side by side: no provider is
 * known to two of them, so that a pod's claims can be told apart later.  Hence
 * the sources need not read anything again when the decision comes. */

#include <config.h>

#include "dialect-auto.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

enum dialect_state
dialect_decide(const struct dialect *decided,
               const struct dialect_marks marks[N_DIALECTS],
               const struct dialect **choice)
{
    const struct dialect *seen = NULL;
    size_t n_seen = 0;
    bool other = false;

    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (marks[i].n_ports || marks[i].n_pods) {
            seen = dialects[i];
            n_seen++;
            other |= dialects[i] != decided;
        }
    }
    *choice = decided;
    if (decided) {
        return other ? DIALECT_CONTRADICTED : DIALECT_DECIDED;
    } else if (n_seen > 1) {
        return DIALECT_AMBIGUOUS;
    } else if (!n_seen) {
        return DIALECT_UNDECIDED;
    }
    *choice = seen;
    return DIALECT_DECIDED;
}

static void
put_count(size_t n, const char *what, const char *example, struct ds *ds)
{
    ds_put_format(ds, "%"PRIuSIZE" %s%s", n, what, n == 1 ? "" : "s");
    if (n && example) {
        ds_put_format(ds, n == 1 ? " (%s)" : " (such as %s)", example);
    }
}

void
dialect_marks_format(const struct dialect_marks marks[N_DIALECTS],
                     char *const port_examples[N_DIALECTS],
                     char *const pod_examples[N_DIALECTS], struct ds *ds)
{
    size_t n = 0;

    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (!marks[i].n_ports && !marks[i].n_pods) {
            continue;
        }
        ds_put_format(ds, "%s%s: ", n++ ? "; " : "", dialects[i]->name);
        put_count(marks[i].n_ports, "port", port_examples[i], ds);
        ds_put_cstr(ds, ", ");
        put_count(marks[i].n_pods, "pod", pod_examples[i], ds);
    }
    if (!n) {
        ds_put_cstr(ds, "nothing");
    }
}

/* ---- The stand-in. ---- */

static bool
auto_watches(const char *key)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (dialects[i]->watches(key)) {
            return true;
        }
    }
    return false;
}

static void
auto_read_claims(const struct smap *annotations,
                 const struct claim_subject *subject, struct claims *claims)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        struct claims one;

        claims_init(&one);
        dialects[i]->read_claims(annotations, subject, &one);
        claims_filter(&one, dialects[i]->knows_provider);
        claims_merge(claims, &one);
    }
}

static bool
auto_knows_provider(const char *provider)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (dialects[i]->knows_provider(provider)) {
            return true;
        }
    }
    return false;
}

static void
auto_prove_port(const char *port_name OVS_UNUSED, const char *type OVS_UNUSED,
                const char *network OVS_UNUSED,
                const struct smap *external_ids OVS_UNUSED,
                const struct smap *options OVS_UNUSED,
                struct port_proof *proof)
{
    *proof = (struct port_proof) {
        .kind = PORT_FOREIGN,
        .why = xstrdup("the dialect is not decided"),
    };
}

static bool
auto_marks_port(const struct smap *external_ids)
{
    return dialect_port_marks(external_ids) != 0;
}

static bool
auto_marks_pod(const struct smap *annotations)
{
    return dialect_pod_marks(annotations) != 0;
}

static bool
auto_read_pool(const struct smap *annotations, const struct claim *claim,
               struct claim_pool *pool)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (dialects[i]->read_pool
            && dialects[i]->knows_provider(claim->provider)) {
            return dialects[i]->read_pool(annotations, claim, pool);
        }
    }
    return false;
}

/* As no port is proven ours, the rest is without consequence, but for the
 * gates that are known from an earlier life: they stay as they are. */
const struct dialect dialect_auto = {
    .name = "auto",
    .watches = auto_watches,
    .read_claims = auto_read_claims,
    .read_pool = auto_read_pool,
    .find_claim = claims_find,
    .knows_provider = auto_knows_provider,
    .prove_port = auto_prove_port,
    .marks_port = auto_marks_port,
    .marks_pod = auto_marks_pod,
    /* For the sources, which are not told of the decision. */
    .refusal_reason = "AcquireAddressFailed",
    .controller = "kube-system/kube-ovn-controller",
    .gates_allowed = true,
    .sticky = true,
    .vm_ports = true,
};
