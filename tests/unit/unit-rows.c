/* SPDX-License-Identifier: Apache-2.0 */

/* Builders of rows, pods and owners for the tests of the core: see world.h. */

#include <config.h>

#include "tests/unit/world.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"
#include "uuid.h"

#include "agent/core/dialect.h"
#include "agent/core/kube-change.h"

#include "tests/unit/dialect-vectors.h"

struct uuid
unit_uuid(uint32_t n)
{
    return (struct uuid) { .parts = { 0xabcd, 0, 0, n } };
}

struct ip_addr
unit_ip(const char *s)
{
    struct ip_addr ip;

    ovs_assert(ip_addr_parse(s, &ip));
    return ip;
}

static void
read_annotations(const char *s, struct smap *smap)
{
    char *copy = xstrdup(s ? s : "");
    char *save = NULL;

    smap_init(smap);
    for (char *item = strtok_r(copy, ";", &save); item;
         item = strtok_r(NULL, ";", &save)) {
        char *eq = strchr(item, '=');

        ovs_assert(eq);
        *eq = '\0';
        if (strchr(item, '/')) {
            smap_add(smap, item, eq + 1);
        } else {
            char *key = xasprintf("ovn.kubernetes.io/%s", item);
            smap_add(smap, key, eq + 1);
            free(key);
        }
    }
    free(copy);
}

struct pod *
unit_pod(const char *name, const char *uid, enum owner_kind kind,
         const char *owner, const char *annotations)
{
    return unit_dialect_pod(&dialect_kube_ovn, name, uid, kind, owner,
                            annotations);
}

struct pod *
unit_dialect_pod(const struct dialect *dialect, const char *name,
                 const char *uid, enum owner_kind kind, const char *owner,
                 const char *annotations)
{
    struct pod *pod = pod_create("default", name, uid);
    struct smap smap;
    size_t len;

    pod->owner_kind = kind;
    free(pod->owner->name);
    pod->owner->name = xstrdup(owner ? owner : "");
    if (kind == OWNER_STATEFULSET) {
        pod_name_split_ordinal(name, &len, &pod->ordinal);
    }

    struct claim_subject subject = {
        .ns = "default", .name = name, .owner_kind = kind,
        .ordinal = pod->ordinal,
    };
    read_annotations(annotations, &smap);
    dialect->read_claims(&smap, &subject, &pod->claims);
    pod->marks = dialect_pod_marks(&smap);
    pod->opted_out = smap_get_bool(&smap, OPT_OUT_ANNOTATION, false);
    smap_destroy(&smap);
    return pod;
}

struct workload *
unit_sts(const char *name, const char *uid, int replicas,
         const char *annotations)
{
    struct workload *w = workload_create(OWNER_STATEFULSET, "default", name,
                                         uid);
    struct smap smap;

    read_annotations(annotations, &smap);
    w->replicas = replicas;
    w->revisions_known = true;
    workload_add_revision(w, "r1", &smap);
    smap_destroy(&smap);
    return w;
}

void
unit_set_network(struct model *m, uint32_t n, const char *name)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct nb_network_row row = {
        .uuid = unit_uuid(n), .name = name, .other_config = &config,
    };

    model_set_network(m, &row);
    smap_destroy(&config);
}

void
unit_split(struct svec *sv, const char *s)
{
    char *copy = xstrdup(s ? s : "");
    char *save = NULL;

    svec_init(sv);
    for (char *item = strtok_r(copy, ",", &save); item;
         item = strtok_r(NULL, ",", &save)) {
        svec_add(sv, item);
    }
    free(copy);
}

void
unit_set_raw_port(struct model *m, uint32_t n, uint32_t network,
                  const char *name, const char *type, const char *addresses,
                  const char *ids, const char *options)
{
    struct smap ids_smap, options_smap;
    struct svec sv;

    unit_split(&sv, addresses);
    dv_parse_smap(ids, &ids_smap);
    dv_parse_smap(options, &options_smap);
    struct nb_port_row row = {
        .uuid = unit_uuid(n), .network = unit_uuid(network), .name = name,
        .type = type, .addresses = sv.names, .n_addresses = sv.n,
        .options = &options_smap, .external_ids = &ids_smap,
    };
    model_set_port(m, &row);
    svec_destroy(&sv);
    smap_destroy(&ids_smap);
    smap_destroy(&options_smap);
}

void
unit_set_port(struct model *m, uint32_t n, uint32_t network,
              const char *network_name, const char *pod,
              const char *addresses, const char *ps)
{
    struct smap options = SMAP_INITIALIZER(&options);
    struct smap ids = SMAP_INITIALIZER(&ids);
    struct svec sv, svps;
    char *name = xasprintf("%s.default", pod);

    unit_split(&sv, addresses);
    unit_split(&svps, ps);
    smap_add(&ids, "vendor", "kube-ovn");
    smap_add(&ids, "ls", network_name);
    smap_add_nocopy(&ids, xstrdup("pod"), xasprintf("default/%s", pod));
    struct nb_port_row row = {
        .uuid = unit_uuid(n), .network = unit_uuid(network), .name = name,
        .type = "", .addresses = sv.names, .n_addresses = sv.n,
        .port_security = svps.names, .n_port_security = svps.n,
        .options = &options, .external_ids = &ids,
    };
    model_set_port(m, &row);
    svec_destroy(&sv);
    svec_destroy(&svps);
    smap_destroy(&options);
    smap_destroy(&ids);
    free(name);
}

void
unit_set_binding(struct model *m, const char *port, const char *mac,
                 const char *ps, const char *chassis, long long int now)
{
    struct svec sv, svps;

    unit_split(&sv, mac);
    unit_split(&svps, ps);
    struct sb_binding_row row = {
        .logical_port = port, .type = "", .mac = sv.names, .n_mac = sv.n,
        .port_security = svps.names, .n_port_security = svps.n,
        .chassis = chassis, .up = chassis != NULL,
    };
    model_set_binding(m, &row, now);
    svec_destroy(&sv);
    svec_destroy(&svps);
}

static void
split_set(struct sset *set, const char *s)
{
    struct svec sv;

    unit_split(&sv, s);
    sset_init(set);
    for (size_t i = 0; i < sv.n; i++) {
        sset_add(set, sv.names[i]);
    }
    svec_destroy(&sv);
}

void
unit_ack(struct model *m, uint64_t seqno, const char *ports,
         const char *addresses, uint32_t network, long long int now)
{
    struct uuid uuid = unit_uuid(network);
    struct sb_watch w = { .seqno = seqno, .chassis = true };

    split_set(&w.ports, ports);
    split_set(&w.addresses, addresses);
    sset_init(&w.networks);
    sset_add_and_free(&w.networks, xasprintf(UUID_FMT, UUID_ARGS(&uuid)));
    model_ack_sb_watch(m, &w, now);
    sset_destroy(&w.ports);
    sset_destroy(&w.addresses);
    sset_destroy(&w.networks);
}

static void
apply(struct model *m, struct kube_change *change)
{
    model_apply_kube_change(m, change);
    kube_change_destroy(change);
}

static void
set_pod(struct model *m, struct pod *pod, bool listed)
{
    char uid[OBJ_UID_STRLEN];
    struct kube_change *change
        = kube_change_create(KUBE_POD, false, pod->owner->ns, pod->name,
                             obj_uid_to_string(&pod->uid, uid));
    change->pod = pod;
    change->listed = listed;
    apply(m, change);
}

void
unit_set_pod(struct model *m, struct pod *pod)
{
    set_pod(m, pod, false);
}

void
unit_list_pod(struct model *m, struct pod *pod)
{
    set_pod(m, pod, true);
}

void
unit_drop_pod(struct model *m, const char *name, const char *uid)
{
    apply(m, kube_change_create(KUBE_POD, true, "default", name, uid));
}

void
unit_set_workload(struct model *m, struct workload *w)
{
    struct kube_change *change = kube_change_create(KUBE_WORKLOAD, false,
                                                    w->ns, w->name, w->uid);
    change->owner_kind = w->kind;
    change->workload = w;
    apply(m, change);
}

void
unit_drop_workload(struct model *m, const char *name, const char *uid)
{
    struct kube_change *change = kube_change_create(KUBE_WORKLOAD, true,
                                                    "default", name, uid);
    change->owner_kind = OWNER_STATEFULSET;
    apply(m, change);
}
