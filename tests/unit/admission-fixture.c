/* SPDX-License-Identifier: Apache-2.0 */

/* See admission-fixture.h. */

#include <config.h>

#include "tests/unit/admission-fixture.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"

#include "tests/unit/unit.h"
#include "tests/unit/world.h"

struct model adm_model;
struct hold_table adm_holds;
struct settings adm_settings;

static void
set_network(uint32_t n, const char *name, const char *networks)
{
    struct smap config = SMAP_INITIALIZER(&config);
    struct smap options = SMAP_INITIALIZER(&options);
    struct smap ids = SMAP_INITIALIZER(&ids);
    char *lrp = xasprintf("lrp-%s", name);
    char *lsp = xasprintf("lsp-%s", name);
    char *router = xstrdup("router");
    struct svec sv;
    struct nb_network_row network = {
        .uuid = unit_uuid(n), .name = name, .other_config = &config,
    };
    struct nb_port_row port = {
        .uuid = unit_uuid(1000 + n), .network = unit_uuid(n), .name = lsp,
        .type = "router", .addresses = &router, .n_addresses = 1,
        .options = &options, .external_ids = &ids,
    };

    model_set_network(&adm_model, &network);
    if (networks) {
        unit_split(&sv, networks);
        model_set_router_port(&adm_model, lrp, sv.names, sv.n);
        svec_destroy(&sv);
        smap_add(&options, "router-port", lrp);
        model_set_port(&adm_model, &port);
    }
    smap_destroy(&config);
    smap_destroy(&options);
    smap_destroy(&ids);
    free(router);
    free(lrp);
    free(lsp);
}

static struct hold *
add_hold(uint32_t n, const char *ip, const char *owner, enum owner_kind kind,
         const char *workload)
{
    struct uuid row = unit_uuid(2000 + n), network = unit_uuid(1);
    struct uuid port = unit_uuid(3000 + n);
    struct ip_addr addr = unit_ip(ip);
    struct hold *h = hold_create(&row, &network, "net", &addr);
    char *port_name = xasprintf("%s.default", owner);

    h->state = HOLD_DRAINING;
    h->fixed = true;
    h->created_wall_ms = WALL - 60000;
    h->gone_wall_ms = WALL - 23000;
    hold_set_owner(h, "default", owner_kind_to_string(kind), owner, workload,
                   "");
    hold_add_former(h, &port, port_name, NULL, WALL - 23000);
    sset_add(&h->blockers, "chassis hv1 has not confirmed");
    hold_table_insert(&adm_holds, h);
    free(port_name);
    return h;
}

struct workload *
adm_sts(const char *name, int replicas, long long int created_s,
         const char *annotations)
{
    struct workload *w = unit_sts(name, name, replicas, annotations);

    w->created_s = created_s;
    return w;
}

void
adm_open(void)
{
    settings_init(&adm_settings);
    model_init(&adm_model, &dialect_kube_ovn);
    hold_table_init(&adm_holds);
    adm_model.nb_synced = true;
    adm_model.kube_synced = adm_model.kube_trusted = true;

    set_network(1, "net", "10.0.0.254/24");
    set_network(2, "dual", "10.1.0.254/24,fd00::fe/64");
    set_network(3, "one", "192.168.0.254/24");
    set_network(4, "two", "192.168.0.254/24");

    unit_set_port(&adm_model, 10, 1, "net", "run-0",
                  "0a:00:00:00:00:10 10.0.0.10", NULL);
    unit_set_port(&adm_model, 11, 1, "net", "run-1",
                  "0a:00:00:00:00:11 10.0.0.11", NULL);
    unit_set_port(&adm_model, 12, 1, "net", "run-2",
                  "0a:00:00:00:00:12 10.0.0.12", NULL);
    unit_set_port(&adm_model, 20, 1, "net", "sticky-0",
                  "0a:00:00:00:00:20 10.0.0.20", NULL);
    unit_set_port(&adm_model, 70, 1, "net", "rs-a",
                  "0a:00:00:00:00:70 10.0.0.70", NULL);
    unit_set_port(&adm_model, 80, 1, "other", "foreign",
                  "0a:00:00:00:00:80 10.0.0.80", NULL);
    unit_set_binding(&adm_model, "run-0.default",
                     "0a:00:00:00:00:10 10.0.0.10", NULL, "hv1", 1);

    unit_set_workload(&adm_model, adm_sts("run", 3, 200, "ip_pool=10.0.0.10,"
                                       "10.0.0.11,10.0.0.12"));
    unit_set_workload(&adm_model, adm_sts("sticky", 1, 200, NULL));
    unit_set_workload(&adm_model, adm_sts("plan", 2, 300,
                                       "ip_pool=10.0.0.30,10.0.0.31,10.0.0.32;"
                                       "logical_switch=net"));
    unit_set_workload(&adm_model, adm_sts("first", 1, 100, "ip_pool=10.0.0.40;"
                                       "logical_switch=net"));
    unit_set_pod(&adm_model, unit_pod("run-0", "u0", OWNER_STATEFULSET, "run",
                                  "ip_address=10.0.0.10;allocated=true"));
    unit_set_pod(&adm_model, unit_pod("waits", "u1", OWNER_NONE, NULL,
                                  "ip_address=10.0.0.60;logical_switch=net"));
    unit_set_pod(&adm_model, unit_pod("rs-a", "u2", OWNER_OTHER, "rs",
                                  "ip_address=10.0.0.70;allocated=true"));

    add_hold(50, "10.0.0.50", "gone-0", OWNER_STATEFULSET, "gone");
    add_hold(51, "10.0.0.51", "run-1", OWNER_STATEFULSET, "run");
    add_hold(52, "10.0.0.52", "plain", OWNER_NONE, "")->fixed = false;
    add_hold(71, "10.0.0.71", "rs-z", OWNER_OTHER, "rs");
}

void
adm_close(void)
{
    hold_table_destroy(&adm_holds);
    model_destroy(&adm_model);
}

void
adm_check(const char *name, const struct admission_request *req,
          const struct admission_context *ctx, const char *expected)
{
    struct admission_answer answer;
    char *copy = xstrdup(expected);
    bool refused = false, ok = true;
    char *save = NULL;
    size_t n = 0;

    admission_judge(ctx, req, &answer);
    for (char *part = strtok_r(copy, "|", &save); part;
         part = strtok_r(NULL, "|", &save)) {
        const struct admission_finding *f = &answer.findings[n];
        bool refuses = part[0] == '!';

        if (n++ >= answer.n || f->refuses != refuses
            || !strstr(f->text, part + refuses)) {
            ok = false;
        }
        refused |= refuses;
    }
    ok = ok && n == answer.n && answer.allowed == !refused;
    if (!ok) {
        printf("\n%s: expected \"%s\"\n", name, expected);
        for (size_t i = 0; i < answer.n; i++) {
            printf("  %s%s\n", answer.findings[i].refuses ? "!" : "",
                   answer.findings[i].text);
        }
    }
    CU_ASSERT(ok);
    for (size_t i = 0; i < answer.n; i++) {
        /* The API server's limit, and no place was left open. */
        CU_ASSERT(strlen(answer.findings[i].text) < 400);
        CU_ASSERT_PTR_NULL(strchr(answer.findings[i].text, '{'));
    }
    admission_answer_destroy(&answer);
    free(copy);
}

struct admission_context
adm_context(void)
{
    return (struct admission_context) {
        .model = &adm_model, .holds = &adm_holds, .settings = &adm_settings,
        .mode = MODE_GUARD, .wall = WALL, .nb_since_wall = WALL - 90000,
    };
}

char *
adm_soften(const char *expected)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (const char *p = expected; *p; p++) {
        if (*p != '!') {
            ds_put_char(&ds, *p);
        }
    }
    return ds_steal_cstr(&ds);
}
