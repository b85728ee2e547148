/* SPDX-License-Identifier: Apache-2.0 */

/* A StatefulSet or VirtualMachine as a value, and what its members claim. */

#include <config.h>

#include "workload.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "dialect.h"

struct workload *
workload_create(enum owner_kind kind, const char *ns, const char *name,
                const char *uid)
{
    struct workload *w = xzalloc(sizeof *w);

    w->kind = kind;
    w->ns = xstrdup(ns);
    w->name = xstrdup(name);
    w->uid = xstrdup(uid ? uid : "");
    w->replicas = 1;
    return w;
}

void
workload_destroy(struct workload *w)
{
    if (w) {
        free(w->ns);
        free(w->name);
        free(w->uid);
        for (size_t i = 0; i < w->n_revisions; i++) {
            free(w->revisions[i].name);
            smap_destroy(&w->revisions[i].annotations);
        }
        free(w->revisions);
        free(w);
    }
}

struct workload *
workload_clone(const struct workload *src)
{
    struct workload *dst = xmemdup(src, sizeof *src);

    dst->ns = xstrdup(src->ns);
    dst->name = xstrdup(src->name);
    dst->uid = xstrdup(src->uid);
    dst->promises = NULL;
    dst->revisions = NULL;
    dst->n_revisions = 0;
    for (size_t i = 0; i < src->n_revisions; i++) {
        workload_add_revision(dst, src->revisions[i].name,
                              &src->revisions[i].annotations);
    }
    return dst;
}

bool
workload_equals(const struct workload *a, const struct workload *b)
{
    if (a->kind != b->kind
        || strcmp(a->ns, b->ns)
        || strcmp(a->name, b->name)
        || strcmp(a->uid, b->uid)
        || a->created_s != b->created_s
        || a->deleting != b->deleting
        || a->opted_out != b->opted_out
        || a->replicas != b->replicas
        || a->start != b->start
        || a->on_delete != b->on_delete
        || a->partition != b->partition
        || a->revisions_known != b->revisions_known
        || a->n_revisions != b->n_revisions) {
        return false;
    }
    for (size_t i = 0; i < a->n_revisions; i++) {
        const struct workload_revision *ra = &a->revisions[i];
        const struct workload_revision *rb = &b->revisions[i];

        if (strcmp(ra->name, rb->name)
            || !smap_equal(&ra->annotations, &rb->annotations)) {
            return false;
        }
    }
    return true;
}

void
workload_add_revision(struct workload *w, const char *name,
                      const struct smap *annotations)
{
    struct workload_revision *r;

    /* Not xrealloc(): an empty smap points into itself. */
    struct workload_revision *revisions
        = xcalloc(w->n_revisions + 1, sizeof *revisions);

    for (size_t i = 0; i < w->n_revisions; i++) {
        revisions[i].name = w->revisions[i].name;
        hmap_init(&revisions[i].annotations.map);
        hmap_swap(&revisions[i].annotations.map,
                  &w->revisions[i].annotations.map);
    }
    free(w->revisions);
    w->revisions = revisions;

    r = &w->revisions[w->n_revisions++];
    r->name = xstrdup(name ? name : "");
    if (annotations) {
        smap_clone(&r->annotations, annotations);
    } else {
        smap_init(&r->annotations);
    }
}

bool
workload_has_ordinal(const struct workload *w, int ordinal)
{
    /* Wide, because both numbers are the user's. */
    long long int end = (long long int) w->start + w->replicas;

    return ordinal >= w->start && ordinal < end;
}

void
workload_claim(const struct workload *w, const struct dialect *dialect,
               size_t revision, int ordinal, const char *provider,
               struct claim *claim)
{
    struct claim_subject subject = {
        .ns = w->ns,
        .name = w->name,
        .owner_kind = w->kind,
        .ordinal = w->kind == OWNER_STATEFULSET ? ordinal : -1,
        .is_template = true,
    };
    const struct claim *found;
    struct claims all;

    claims_init(&all);
    dialect->read_claims(&w->revisions[revision].annotations, &subject, &all);
    found = dialect->find_claim(&all, provider);
    if (found) {
        struct claim *taken = &all.claims[found - all.claims];

        *claim = *taken;
        memset(taken, 0, sizeof *taken);
    } else {
        *claim = (struct claim) {
            .provider = xstrdup(provider),
            .kind = CLAIM_STICKY,
        };
    }
    claims_destroy(&all);
}

void
workload_claims(const struct workload *w, const struct dialect *dialect,
                int ordinal, const char *provider, struct claim *claims)
{
    for (size_t i = 0; i < w->n_revisions; i++) {
        workload_claim(w, dialect, i, ordinal, provider, &claims[i]);
    }
}
