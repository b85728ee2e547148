/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of the manifests share. */

#include <config.h>

#include "tests/unit/manifest-fixture.h"

#include <CUnit/CUnit.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"

#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"
#include "agent/kube/manifests.h"

void
mf_init(struct mf *f)
{
    const char *tmp = getenv("TMPDIR");

    f->dir = xasprintf("%s/ipguard-manifests-XXXXXX",
                       tmp && tmp[0] ? tmp : "/tmp");
    if (!mkdtemp(f->dir)) {
        ovs_fatal(errno, "%s: cannot be made", f->dir);
    }
    f->m = manifests_create(&dialect_kube_ovn, MF_SETTLE_MS);
    f->now = 1000;
    smap_init(&f->known);
    f->n_changes = 0;
}

void
mf_shell(const char *format, ...)
{
    va_list args;
    char *command;

    va_start(args, format);
    command = xvasprintf(format, args);
    va_end(args);
    CU_ASSERT_EQUAL_FATAL(system(command), 0);
    free(command);
}

void
mf_destroy(struct mf *f)
{
    manifests_destroy(f->m);
    smap_destroy(&f->known);
    mf_shell("rm -rf '%s'", f->dir);
    free(f->dir);
}

char *
mf_path(const struct mf *f, const char *name)
{
    return name[0] ? xasprintf("%s/%s", f->dir, name) : xstrdup(f->dir);
}

void
mf_add_path(struct mf *f, const char *name)
{
    char *path = mf_path(f, name);
    char *error = manifests_add_path(f->m, path);

    if (error) {
        fprintf(stderr, "%s\n", error);
        CU_FAIL_FATAL("add_path");
    }
    free(path);
}

int
mf_open(const struct mf *f, const char *name)
{
    char *path = mf_path(f, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

    CU_ASSERT_TRUE_FATAL(fd >= 0);
    free(path);
    return fd;
}

void
mf_write_fd(int fd, const char *text)
{
    size_t len = strlen(text);

    CU_ASSERT_EQUAL_FATAL(write(fd, text, len), len);
}

void
mf_write(const struct mf *f, const char *name, const char *text)
{
    int fd = mf_open(f, name);

    mf_write_fd(fd, text);
    close(fd);
}

void
mf_rename(const struct mf *f, const char *from, const char *to)
{
    char *from_path = mf_path(f, from);
    char *to_path = mf_path(f, to);

    CU_ASSERT_EQUAL_FATAL(rename(from_path, to_path), 0);
    free(from_path);
    free(to_path);
}

void
mf_replace(const struct mf *f, const char *name, const char *text)
{
    mf_write(f, ".new", text);
    mf_rename(f, ".new", name);
}

void
mf_remove(const struct mf *f, const char *name)
{
    char *path = mf_path(f, name);

    CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
    free(path);
}

void
mf_make_old(const struct mf *f)
{
    mf_shell("find '%s' -exec touch -h -d '1 hour ago' {} +", f->dir);
}

static void
describe_pod(const struct kube_change *c, struct ds *ds)
{
    CU_ASSERT_STRING_EQUAL(c->ns, c->pod->owner->ns);
    CU_ASSERT_STRING_EQUAL(c->name, c->pod->name);
    CU_ASSERT(obj_uid_is(&c->pod->uid, c->uid));
    ds_put_cstr(ds, c->uid);
    for (size_t i = 0; i < c->pod->claims.n; i++) {
        const struct claim *claim = &c->pod->claims.claims[i];

        for (size_t j = 0; j < claim->n_ips; j++) {
            ds_put_char(ds, ' ');
            ip_addr_format(&claim->ips[j], ds);
        }
    }
}

static void
describe_workload(const struct kube_change *c, struct ds *ds)
{
    CU_ASSERT_EQUAL(c->owner_kind, c->workload->kind);
    ds_put_format(ds, "%d replicas,", c->workload->replicas);
    for (size_t i = 0; i < c->workload->n_revisions; i++) {
        const struct workload_revision *r = &c->workload->revisions[i];

        ds_put_format(ds, " %s=%s", r->name,
                      smap_get_def(&r->annotations,
                                   "ovn.kubernetes.io/ip_pool", ""));
    }
    if (!c->workload->revisions_known) {
        ds_put_cstr(ds, " and more");
    }
    if (c->workload->deleting) {
        ds_put_cstr(ds, " deleting");
    }
}

static void
describe_ip(const struct kube_change *c, struct ds *ds)
{
    CU_ASSERT_STRING_EQUAL(c->name, c->ip->name);
    ds_put_format(ds, "%s/%s in %s:", c->ip->ns, c->ip->pod,
                  c->ip->subnet);
    for (size_t i = 0; i < c->ip->n_addrs; i++) {
        ds_put_char(ds, ' ');
        ip_addr_format(&c->ip->addrs[i].ip, ds);
    }
    ds_put_format(ds, "%s%s%s%s", c->ip->has_mac ? " mac" : "",
                  c->ip->deleting ? " deleting" : "",
                  c->ip->reserved ? " reserved" : "",
                  c->ip->has_finalizer ? " finalizer" : "");
}

static void
describe_subnet(const struct kube_change *c, struct ds *ds)
{
    ds_put_format(ds, "%s %s own=", c->subnet->cidr, c->subnet->gateway);
    ip_addr_set_format(&c->subnet->own, ds);
    for (size_t i = 0; i < c->subnet->n_using; i++) {
        ds_put_char(ds, ' ');
        ip_addr_format(&c->subnet->using[i].first, ds);
        ds_put_char(ds, '-');
        ip_addr_format(&c->subnet->using[i].last, ds);
    }
}

static char *
describe(const struct kube_change *c)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    switch (c->kind) {
    case KUBE_POD:
        describe_pod(c, &ds);
        break;
    case KUBE_WORKLOAD:
        describe_workload(c, &ds);
        break;
    case KUBE_VIP:
        break;
    case KUBE_NAMESPACE:
        ds_put_cstr(&ds, c->opted_out ? "out" : "in");
        break;
    case KUBE_IPAM_CLAIM:
        ds_put_format(&ds, "%s ", c->cni_network);
        ip_addr_set_format(&c->ips, &ds);
        break;
    case KUBE_IP:
        describe_ip(c, &ds);
        break;
    case KUBE_SUBNET:
        describe_subnet(c, &ds);
        break;
    case KUBE_REFUSAL:
        break;
    }
    return ds_steal_cstr(&ds);
}

void
mf_pop(struct mf *f)
{
    static const char *const kinds[] = {
        [KUBE_POD] = "pod", [KUBE_WORKLOAD] = "workload",
        [KUBE_VIP] = "vip", [KUBE_NAMESPACE] = "namespace",
        [KUBE_IPAM_CLAIM] = "claim",
        [KUBE_IP] = "ip", [KUBE_SUBNET] = "subnet",
        [KUBE_REFUSAL] = "refusal",
    };
    struct kube_change *c;

    while ((c = manifests_pop(f->m)) != NULL) {
        char *key = xasprintf("%s%s %s/%s", kinds[c->kind],
                              c->kind == KUBE_WORKLOAD
                              && c->owner_kind == OWNER_VM ? "-vm" : "",
                              c->ns, c->name);

        f->n_changes++;
        if (c->gone) {
            CU_ASSERT_PTR_NULL(c->pod);
            CU_ASSERT_PTR_NULL(c->workload);
            /* Nothing goes that was not there. */
            CU_ASSERT_PTR_NOT_NULL(smap_get(&f->known, key));
            smap_remove(&f->known, key);
        } else {
            smap_replace_nocopy(&f->known, key, describe(c));
        }
        free(key);
        kube_change_destroy(c);
    }
}

void
mf_pass(struct mf *f, int ms)
{
    struct manifests_status status;

    /* Once more when nothing is left: it must stay so. */
    f->now += ms;
    for (int i = 0; i < 3; i++) {
        do {
            manifests_run(f->m, f->now);
            mf_pop(f);
            manifests_get_status(f->m, &status);
        } while (status.busy);
    }
}

static char *
problems(const struct mf *f)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    manifests_format_problems(f->m, &ds);
    return ds_steal_cstr(&ds);
}

void
mf_check_problems(const struct mf *f, size_t n, const char *text)
{
    struct manifests_status status;
    size_t n_lines = 0;
    char *s = problems(f);

    for (const char *p = s; *p; p++) {
        n_lines += *p == '\n';
    }
    manifests_get_status(f->m, &status);
    if (status.n_problems != n || n_lines != n
        || (text && !strstr(s, text))) {
        fprintf(stderr, "%"PRIuSIZE" problems <<%s>>, expected %"PRIuSIZE
                " with <<%s>>\n", status.n_problems, s, n, text ? text : "");
        CU_FAIL("problems");
    }
    CU_ASSERT_EQUAL(status.trusted, status.synced && !n);
    free(s);
}

bool
mf_is_synced(const struct mf *f)
{
    struct manifests_status status;

    manifests_get_status(f->m, &status);
    return status.synced;
}

void
mf_check_changes(struct mf *f, int n)
{
    if (f->n_changes != n) {
        fprintf(stderr, "%d changes, expected %d\n", f->n_changes, n);
        CU_FAIL("changes");
    }
    f->n_changes = 0;
}

void
mf_check_known(const struct mf *f, const char *key, const char *expected)
{
    const char *s = smap_get(&f->known, key);

    if (!nullable_string_is_equal(s, expected)) {
        fprintf(stderr, "%s is \"%s\", expected \"%s\"\n", key,
                s ? s : "none", expected ? expected : "none");
        CU_FAIL("known");
    }
}

char *
mf_make_pods(int n, int shift, int without)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    bool first = true;

    ds_put_cstr(&ds, "{\"apiVersion\": \"v1\",\n\"items\": [");
    for (int i = 0; i < n; i++) {
        if (i < without) {
            continue;
        }
        ds_put_format(&ds, "%s\n{\"apiVersion\": \"v1\", \"kind\": \"Pod\", "
                      "\"metadata\": {\"name\": \"p%d\", \"uid\": \"u%d\", "
                      "\"annotations\": {\"ovn.kubernetes.io/ip_address\": "
                      "\"10.0.%d.%d\"}}}", first ? "" : ",", i, i,
                      (i + shift) / 250, (i + shift) % 250);
        first = false;
    }
    ds_put_cstr(&ds, "\n],\n\"kind\": \"List\"}\n");
    return ds_steal_cstr(&ds);
}

void
mf_start(struct mf *f, const char *name, const char *text)
{
    mf_init(f);
    mf_write(f, name, text);
    mf_make_old(f);
    mf_add_path(f, "");
    mf_pass(f, 0);
    CU_ASSERT_TRUE_FATAL(mf_is_synced(f));
    f->n_changes = 0;
}

char *
mf_confirm(struct mf *f, const char *name)
{
    char *path = mf_path(f, name);
    char *error = manifests_confirm(f->m, path, f->now);

    free(path);
    return error;
}

void
mf_check_confirm(struct mf *f, const char *name, const char *expected)
{
    char *error = mf_confirm(f, name);

    if (expected ? !error || !strstr(error, expected) : error != NULL) {
        fprintf(stderr, "confirm %s: %s\n", name, error ? error : "done");
        CU_FAIL("confirm");
    }
    free(error);
}
