/* SPDX-License-Identifier: Apache-2.0 */

/* What "why" says of an address in many situations, and what an audit finds in
 * them: the cause must be named, and nothing be called ours that is not. */

#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "sset.h"
#include "svec.h"
#include "util.h"

#include "agent/core/explain.h"
#include "agent/core/guard.h"
#include "agent/core/judge.h"
#include "agent/core/model.h"
#include "agent/core/pod.h"
#include "agent/core/sb-loan.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

#define IP1 "10.0.0.1"
#define IP2 "10.0.0.2"
#define MAC1 "0a:00:00:00:00:01"
#define MAC2 "0a:00:00:00:00:02"

/* What a situation is made of, in this order; see run_step(). */
#define STS1 "sts sts1 "IP1";"
#define STS1_MOVED "sts sts1 "IP2";"
#define POD1 "pod sts1-0 u1 sts1 "IP1";"
#define PORT1 "port sts1-0 "MAC1"_"IP1";"
#define RUNS1 "bind sts1-0 hv1;"
#define WELL STS1 POD1 PORT1 RUNS1 "run;"
#define MOVED WELL "unbind sts1-0;delpod sts1-0;"STS1_MOVED"run;"

struct situation {
    const char *steps;
    const char *address;
    const char *summary[3];     /* Parts of it; NULL: no more. */
    const char *next;           /* A part of it. */
    const char *finding;        /* "KIND PORT", or NULL: none. */
};

static const struct situation situations[] = {
    /* Nobody. */
    {"", IP1, {"is on no port."}, "Nothing.", NULL},
    {"raw f1 "MAC1"_"IP2";", IP1, {"is on no port."}, "Nothing.", NULL},
    {"raw f1 unknown;", IP1, {"is on no port."}, "Nothing.", NULL},
    /* As it should be. */
    {WELL, IP1, {"is on port sts1-0.default of default/sts1-0", "case A"},
     "Nothing.", NULL},
    {STS1 POD1 PORT1"run;", IP1, {"of default/sts1-0", "case A"}, "Nothing.",
     NULL},
    {"lone p1 "IP1";port p1 "MAC1"_"IP1";run;", IP1, {"of default/p1"},
     "Nothing.", NULL},
    {WELL"raw f1 "MAC2"_"IP2";", IP1, {"is on port sts1-0.default"},
     "Nothing.", NULL},
    /* Stale: the StatefulSet wants another one. */
    {MOVED, IP1, {"of default/sts1-0", "case C", "wants "IP2},
     "stale on sts1-0.default", "stale sts1-0.default"},
    {MOVED, IP1, {"which runs nowhere"}, "settle time",
     "stale sts1-0.default"},
    {MOVED, IP2, {"is on no port", "wanted by port sts1-0.default",
     "ovn.kubernetes.io/ip_pool"}, "In mode manage it is set",
     "stale sts1-0.default"},
    {STS1_MOVED PORT1"run;", IP1, {"case C"}, "stale on sts1-0.default",
     "stale sts1-0.default"},
    /* The same while it runs: not to be touched. */
    {WELL STS1_MOVED"run;", IP1, {"is on port sts1-0.default"}, "Nothing.",
     NULL},
    {WELL"pod sts1-0 u1 sts1 "IP2";run;", IP1, {"case B'", "drift"},
     "Nothing.", "drift sts1-0.default"},
    /* A new pod with another address. */
    {MOVED"pod sts1-0 u2 sts1 "IP2";run;", IP1, {"case B", "wants "IP2},
     "", "stale sts1-0.default"},
    /* The owner is gone. */
    {WELL"unbind sts1-0;delpod sts1-0;delsts sts1;run;", IP1, {"case D"},
     "stale on sts1-0.default", "stale sts1-0.default"},
    /* Nobody known owns the port. */
    {"port ghost-0 "MAC1"_"IP1";run;", IP1, {"of default/ghost-0",
     "was ever seen"}, "", "leaked ghost-0.default"},
    {"port ghost-0 "MAC1";run;", IP1, {"is on no port"}, "Nothing.", NULL},
    /* Foreign ports. */
    {"raw f1 "MAC1"_"IP1";", IP1, {"port f1 (foreign:"}, "Nothing.", NULL},
    {"raw 5b5b8e0c-0000-4000-8000-000000000001 "MAC1"_"IP1";", IP1,
     {"port 5b5b8e0c-0000-4000-8000-000000000001 (foreign:"}, "Nothing.",
     NULL},
    {"raw f1 "MAC2"_"IP1";"STS1 POD1"port sts1-0 "MAC1";run;", IP1,
     {"port f1 (foreign:", "wanted by port sts1-0.default"}, "Nothing.",
     "foreign f1"},
    /* Duplicates. */
    {WELL"raw f1 "MAC2"_"IP1";run;", IP1, {"is a duplicate: 2 ports",
     "port f1 (foreign:", "port sts1-0.default of default/sts1-0"},
     "somebody must decide", "duplicate "},
    {WELL"sts sts2 "IP1";pod sts2-0 u2 sts2 "IP1";port sts2-0 "MAC2"_"IP1
     ";run;", IP1, {"is a duplicate: 2 ports", "default/sts2-0"}, "",
     "duplicate "},
    {WELL"raw f1 "MAC2"_"IP1";raw f2 "MAC2"_"IP1";run;", IP1,
     {"is a duplicate: 3 ports"}, "", "duplicate "},
    {WELL"net net2;raw2 f1 "MAC2"_"IP1";run;", IP1,
     {IP1" on net1 is on port sts1-0.default"}, "Nothing.", NULL},
    /* Wanted and not there. */
    {STS1 POD1"port sts1-0 "MAC1";run;", IP1, {"is on no port",
     "wanted by port sts1-0.default"}, "In mode manage",
     "missing sts1-0.default"},
    {"lone p1 "IP1";run;", IP1, {"wanted by pod default/p1, which has no "
     "port yet"}, "In mode manage", "missing "},
    {"sts sts1 "IP1";sts sts2 "IP1";port sts1-0 "MAC1";port sts2-0 "MAC2
     ";pod sts1-0 u1 sts1 "IP1";pod sts2-0 u2 sts2 "IP1";run;", IP1,
     {"sts1-0.default", "; port sts2-0.default"}, "In mode manage",
     "missing sts1-0.default"},
    /* Routers, references, MAC bindings. */
    {"lrp lrp1 "IP1"/24;", IP1, {"is the router's", "router port lrp1"},
     "Nothing.", NULL},
    {"lrp lrp1 "IP1"/24;raw f1 "MAC2"_"IP1";", IP1, {"port f1",
     "(router port lrp1 has it)"}, "Nothing.", "gateway f1"},
    {"lrp lrp1 "IP1"/24;"WELL, IP1, {"port sts1-0.default",
     "(router port lrp1 has it)"}, "Nothing.", "gateway sts1-0.default"},
    {WELL"ref NAT_snat "IP1";", IP1, {"is named by NAT snat"}, "Nothing.",
     NULL},
    {"ref load_balancer_lb1 "IP1";", IP1, {"is on no port",
     "is named by load balancer lb1"}, "Nothing.", NULL},
    {WELL"ref NAT_snat "IP2";", IP1, {"is on port sts1-0.default"},
     "Nothing.", NULL},
    /* Disabled, and another address beside it. */
    {STS1 POD1 PORT1"disable sts1-0;run;", IP1, {"which is disabled"},
     "Nothing.", NULL},
    {STS1 POD1"port sts1-0 "MAC1"_"IP1"_"IP2";run;", IP1,
     {"is on port sts1-0.default", "case A"}, "Nothing.",
     "stale sts1-0.default"},
};

/* ---- Making a situation. ---- */

/* Ends the pod's name and gives the port's. */
static struct wport *
port_of(struct world *w, const char *pod)
{
    char *name = xasprintf("%s.default", pod);
    struct wport *p = world_find_port(w, name);

    free(name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static void
set_router_port(struct world *w, const char *name, const char *cidr)
{
    char *networks[] = { CONST_CAST(char *, cidr) };
    char *options = xasprintf("router-port=%s", name);
    struct wport *p;

    p = world_raw_port(w, 0, "to-router", "router", "", options);
    free(p->type);
    p->type = xstrdup("router");
    world_port_changed(w, p);
    model_set_router_port(guard_model(w->guard), name, networks, 1);
    free(options);
}

static char *
annotation(const char *key, const char *ip)
{
    return xasprintf("%s=%s", key, ip);
}

/* Underscores stand for blanks. */
static char *
with_blanks(const char *s)
{
    char *copy = xstrdup(s);

    for (char *p = copy; *p; p++) {
        *p = *p == '_' ? ' ' : *p;
    }
    return copy;
}

static void
run_kube_step(struct world *w, const struct svec *words)
{
    const char *verb = words->names[0];
    char *ip = NULL;

    if (!strcmp(verb, "sts")) {
        ip = annotation("ip_pool", words->names[2]);
        world_sts(w, unit_sts(words->names[1], words->names[1], 1, ip));
    } else if (!strcmp(verb, "pod")) {
        ip = annotation("ip_address", words->names[4]);
        world_pod(w, unit_pod(words->names[1], words->names[2],
                              OWNER_STATEFULSET, words->names[3], ip));
    } else if (!strcmp(verb, "lone")) {
        ip = annotation("ip_address", words->names[2]);
        world_pod(w, unit_pod(words->names[1], words->names[1], OWNER_NONE,
                              "", ip));
    } else if (!strcmp(verb, "delpod")) {
        world_del_pod(w, words->names[1]);
    } else if (!strcmp(verb, "delsts")) {
        world_del_sts(w, words->names[1]);
    } else {
        CU_FAIL_FATAL("unknown step");
    }
    free(ip);
}

static void
run_step(struct world *w, const struct svec *words)
{
    const char *verb = words->names[0];
    char *text = with_blanks(words->names[words->n - 1]);

    if (!strcmp(verb, "port")) {
        world_port(w, 0, words->names[1], text);
    } else if (!strcmp(verb, "raw") || !strcmp(verb, "raw2")) {
        world_raw_port(w, verb[3] == '2', words->names[1], text, "", "");
    } else if (!strcmp(verb, "net")) {
        world_network(w, words->names[1]);
    } else if (!strcmp(verb, "bind")) {
        world_bind(w, port_of(w, words->names[1]), words->names[2]);
    } else if (!strcmp(verb, "unbind")) {
        world_bind(w, port_of(w, words->names[1]), NULL);
    } else if (!strcmp(verb, "disable")) {
        struct wport *p = port_of(w, words->names[1]);

        p->enabled = TRI_FALSE;
        world_port_changed(w, p);
    } else if (!strcmp(verb, "lrp")) {
        set_router_port(w, words->names[1], words->names[2]);
    } else if (!strcmp(verb, "ref")) {
        struct uuid uuid = unit_uuid(9000);
        char *what = with_blanks(words->names[1]);
        const char *texts[] = { words->names[2] };

        model_set_reference(guard_model(w->guard), &uuid, what, texts, 1);
        free(what);
    } else if (!strcmp(verb, "run")) {
        world_flags(w);
        world_run(w, 500);
    } else {
        run_kube_step(w, words);
    }
    free(text);
}

static void
make(struct world *w, const char *steps)
{
    char *copy = xstrdup(steps);
    char *save_ptr = NULL;

    world_init(w, MODE_OBSERVE);
    world_chassis(w, "hv1");
    world_network(w, "net1");
    world_flags(w);
    for (char *step = strtok_r(copy, ";", &save_ptr); step;
         step = strtok_r(NULL, ";", &save_ptr)) {
        struct svec words = SVEC_EMPTY_INITIALIZER;

        svec_parse_words(&words, step);
        run_step(w, &words);
        svec_destroy(&words);
    }
    world_flags(w);
    world_run(w, 3000);
    free(copy);
}

/* ---- What is said of it. ---- */

static void
expect_part(const struct situation *s, const char *text, const char *part)
{
    if (!strstr(text, part)) {
        printf("\n%s\n  %s: \"%s\" is not in: %s\n", s->steps, s->address,
               part, text);
        CU_FAIL("the cause is not named");
    }
}

static void
expect_finding(const struct situation *s, const struct findings *f)
{
    bool found = false;

    for (size_t i = 0; i < f->n; i++) {
        const struct finding *fi = &f->findings[i];
        char *text = xasprintf("%s %s", finding_kind_to_string(fi->kind),
                               fi->port);

        found |= s->finding && !strcmp(text, s->finding);
        if (!s->finding) {
            printf("\n%s\n  unexpected: %s: %s\n", s->steps, text, fi->text);
            CU_FAIL("something was found where nothing is wrong");
        }
        free(text);
    }
    if (s->finding && !found) {
        printf("\n%s\n  not found: %s (of %"PRIuSIZE")\n", s->steps,
               s->finding, f->n);
        CU_FAIL("nothing was found");
    }
}

static void
test_situations(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(situations); i++) {
        const struct situation *s = &situations[i];
        struct ip_addr ip = unit_ip(s->address);
        struct explanation x;
        struct findings f;
        struct guard_env env;
        struct world w;
        size_t n;

        make(&w, s->steps);
        world_get_env(&w, &env);
        guard_explain(w.guard,
                      model_find_network_by_name(guard_model(w.guard), "net1",
                                                 &n), &ip, &env, &x);
        for (size_t j = 0; j < ARRAY_SIZE(s->summary) && s->summary[j]; j++) {
            expect_part(s, x.summary, s->summary[j]);
        }
        expect_part(s, x.next, s->next);
        guard_find_findings(w.guard, NULL, &env, &f);
        expect_finding(s, &f);
        findings_destroy(&f);
        explanation_destroy(&x);
        CU_ASSERT_EQUAL(w.n_violations, 0);
        world_destroy(&w);
    }
    CU_ASSERT(ARRAY_SIZE(situations) >= 30);
}

/* Who wants the address, by asking each port and each pod: what the indexes
 * must find as well. */
static void
find_wanters(const struct world *w, const struct network *n,
             const struct ip_addr *ip, struct svec *wanters)
{
    const struct model *m = guard_model_const(w->guard);
    const struct member *mb;
    const struct port *p;

    LIST_FOR_EACH (p, network_node, &n->ports) {
        if (p->member && p->kind == PORT_OWNED
            && !ip_addr_set_contains(&p->static_ips, ip)
            && judge_wants(m, guard_effective_mode(w->guard), p, ip)) {
            svec_add_nocopy(wanters, xasprintf("port %s: ", p->name));
        }
    }
    HMAP_FOR_EACH (mb, node, &m->members) {
        for (size_t i = 0; !mb->ports && i < mb->n_pods;
             i++) {
            const struct claims *claims = &mb->pods[i]->claims;

            for (size_t j = 0; j < claims->n; j++) {
                if (claims->claims[j].kind == CLAIM_EXPLICIT
                    && claim_names(&claims->claims[j], ip)) {
                    svec_add_nocopy(wanters, xasprintf("pod %s/%s,", mb->ns,
                                                       mb->pods[i]->name));
                }
            }
        }
    }
    svec_sort_unique(wanters);
}

/* In all situations, of each address that is in any of them. */
static void
test_wanters(void)
{
    static const char *const addresses[] = {IP1, IP2, "10.0.0.3", "10.0.0.4",
                                            "10.0.0.9"};
    size_t n_wanted = 0;

    for (size_t i = 0; i < ARRAY_SIZE(situations); i++) {
        struct guard_env env;
        struct world w;
        const struct network *n;
        size_t n_found;

        make(&w, situations[i].steps);
        world_get_env(&w, &env);
        n = model_find_network_by_name(guard_model(w.guard), "net1",
                                       &n_found);
        for (size_t j = 0; j < ARRAY_SIZE(addresses); j++) {
            struct ip_addr ip = unit_ip(addresses[j]);
            struct svec expected = SVEC_EMPTY_INITIALIZER;
            struct explanation x;

            guard_explain(w.guard, n, &ip, &env, &x);
            find_wanters(&w, n, &ip, &expected);
            CU_ASSERT_EQUAL(x.wanted_by.n, expected.n);
            for (size_t k = 0; k < MIN(expected.n, x.wanted_by.n); k++) {
                CU_ASSERT(!strncmp(x.wanted_by.names[k], expected.names[k],
                                   strlen(expected.names[k])));
            }
            n_wanted += expected.n;
            svec_destroy(&expected);
            explanation_destroy(&x);
        }
        world_destroy(&w);
    }
    CU_ASSERT(n_wanted >= 10);
}

/* Which networks there is something to say about, and who asks is watched. */
static void
test_all(void)
{
    struct ip_addr_set ips;
    struct ip_addr ip = unit_ip(IP1);
    struct explanations xs;
    struct guard_env env;
    struct world w;
    char *error;

    make(&w, WELL "raw f1 "MAC2"_"IP2";lone p9 10.0.0.9;");
    world_get_env(&w, &env);
    guard_explain_all(w.guard, &ip, NULL, NULL, NULL, &env, &xs);
    CU_ASSERT_EQUAL_FATAL(xs.n, 1);
    CU_ASSERT_STRING_EQUAL(xs.items[0].network, "net1");
    explanations_destroy(&xs);
    guard_explain_all(w.guard, &ip, "net9", NULL, NULL, &env, &xs);
    CU_ASSERT_EQUAL(xs.n, 0);
    explanations_destroy(&xs);
    ip = unit_ip("10.0.0.9");
    guard_explain_all(w.guard, &ip, NULL, NULL, NULL, &env, &xs);
    CU_ASSERT_EQUAL(xs.n, 0);
    CU_ASSERT(xs.wanted_by && strstr(xs.wanted_by, "default/p9"));
    explanations_destroy(&xs);

    ip_addr_set_init(&ips);
    error = guard_find_asked(w.guard, "sts1-0.default", &ips);
    CU_ASSERT_PTR_NULL(error);
    error = guard_find_asked(w.guard, "default/p9", &ips);
    CU_ASSERT_PTR_NULL(error);
    CU_ASSERT_EQUAL(ips.n, 2);
    error = guard_find_asked(w.guard, "nobody", &ips);
    CU_ASSERT(error && strstr(error, "'nobody' is neither"));
    free(error);
    ip_addr_set_destroy(&ips);

    /* It is watched for a minute, with whoever has it. */
    ip = unit_ip(IP2);
    CU_ASSERT(!sset_contains(&guard_sb_watch(w.guard)->addresses, IP2));
    guard_ask(w.guard, &ip, false, &env);
    world_run(&w, 1000);
    CU_ASSERT(guard_wants_references(w.guard));
    CU_ASSERT(!sset_contains(&guard_sb_watch(w.guard)->addresses, IP2));
    guard_ask(w.guard, &ip, true, &env);
    guard_ask(w.guard, &ip, false, &env);
    world_run(&w, 1000);
    CU_ASSERT(sset_contains(&guard_sb_watch(w.guard)->addresses, IP2));
    CU_ASSERT(sset_contains(&guard_sb_watch(w.guard)->ports, "f1"));
    CU_ASSERT(guard_wants_references(w.guard));
    world_run(&w, 120000);
    CU_ASSERT(!sset_contains(&guard_sb_watch(w.guard)->addresses, IP2));
    CU_ASSERT(!guard_wants_references(w.guard));
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

static void
explain_on_net1(const struct world *w, const struct ip_addr *ip,
                struct explanation *x)
{
    size_t n_found;
    const struct network *n
        = model_find_network_by_name(guard_model_const(w->guard), "net1",
                                     &n_found);
    struct guard_env env;

    world_get_env(w, &env);
    guard_explain(w->guard, n, ip, &env, x);
    CU_ASSERT_EQUAL_FATAL(x->n_ports, 1);
}

/* What is known of the binding of the only port with the address. */
static void
expect_binding(const struct world *w, const struct ip_addr *ip,
               const char *binding, const char *chassis)
{
    struct explanation x;

    explain_on_net1(w, ip, &x);
    CU_ASSERT_STRING_EQUAL(x.ports[0].binding, binding);
    CU_ASSERT(!chassis || !strcmp(x.ports[0].chassis, chassis));
    explanation_destroy(&x);
}

static void
fill_loan(struct sb_loan *loan, long long int now)
{
    sb_loan_init(loan);
    sb_loan_add_port(loan, "f1", now);
    sb_loan_add_address(loan, IP2);
    sb_loan_add_mac_binding(loan, "lrp1", IP2, "0a:00:00:00:00:99");
    sb_loan_add_mac_binding(loan, "lrp1", "10.9.9.9", "0a:00:00:00:00:98");
    sb_loan_add_mac_binding(loan, "lrp1", "nonsense", "");
}

/* Without a row; then unbound; then bound. */
static void
check_lent_bindings(const struct world *w, struct sb_loan *loan,
                    const struct ip_addr *ip)
{
    struct explanation x;

    explain_on_net1(w, ip, &x);
    CU_ASSERT_STRING_EQUAL(x.ports[0].binding, "none");
    CU_ASSERT_EQUAL_FATAL(x.mac_bindings.n, 1);
    CU_ASSERT_STRING_EQUAL(x.mac_bindings.names[0],
                           "lrp1 maps it to 0a:00:00:00:00:99");
    explanation_destroy(&x);
    sb_loan_set_binding(loan, "f1", NULL, 0);
    sb_loan_set_binding(loan, "not-asked", "hv1", 0);
    expect_binding(w, ip, "unbound", NULL);
    sb_loan_set_binding(loan, "f1", NULL, 1);
    expect_binding(w, ip, "bound", NULL);
    sb_loan_set_binding(loan, "f1", "hv7", 0);
    expect_binding(w, ip, "bound", "hv7");
}

/* What SB was asked about is lent for one answer, and followed after it no
 * more than before; what the model follows comes first. */
static void
test_loan(void)
{
    struct sset ports = SSET_INITIALIZER(&ports);
    struct sset addresses = SSET_INITIALIZER(&addresses);
    struct model *m;
    struct explanation x;
    struct guard_env env;
    struct ip_addr ip;
    struct sb_loan loan;
    struct world w;

    make(&w, "raw f1 "MAC2"_"IP2";run;");
    world_get_env(&w, &env);
    m = guard_model(w.guard);
    ip = unit_ip(IP2);

    guard_find_unknown(w.guard, &ip, "net9", &ports, &addresses);
    CU_ASSERT(sset_is_empty(&ports) && sset_contains(&addresses, IP2));
    guard_find_unknown(w.guard, &ip, NULL, &ports, &addresses);
    CU_ASSERT(sset_contains(&ports, "f1"));

    fill_loan(&loan, env.now);
    m->sb_loan = &loan;
    check_lent_bindings(&w, &loan, &ip);
    sset_clear(&ports);
    sset_clear(&addresses);
    guard_find_unknown(w.guard, &ip, NULL, &ports, &addresses);
    CU_ASSERT(sset_is_empty(&ports) && sset_is_empty(&addresses));

    /* Of a database that is not there nothing is known. */
    m->sb_synced = false;
    expect_binding(&w, &ip, "unknown", NULL);
    m->sb_synced = true;

    /* It is taken back. */
    m->sb_loan = NULL;
    explain_on_net1(&w, &ip, &x);
    CU_ASSERT_STRING_EQUAL(x.ports[0].binding, "unknown");
    CU_ASSERT_EQUAL(x.mac_bindings.n, 0);
    explanation_destroy(&x);
    CU_ASSERT(!sset_contains(&guard_sb_watch(w.guard)->ports, "f1"));

    /* What is followed says otherwise, and is right. */
    guard_ask(w.guard, &ip, true, &env);
    world_run(&w, 1000);
    CU_ASSERT(model_binding_known(m, "f1"));
    m->sb_loan = &loan;
    explain_on_net1(&w, &ip, &x);
    CU_ASSERT_STRING_NOT_EQUAL(x.ports[0].binding, "bound");
    explanation_destroy(&x);
    m->sb_loan = NULL;
    sb_loan_destroy(&loan);
    sset_destroy(&ports);
    sset_destroy(&addresses);
    CU_ASSERT_EQUAL(w.n_violations, 0);
    world_destroy(&w);
}

void
suite_explain(void)
{
    CU_pSuite suite = unit_add_suite("explain");

    CU_ADD_TEST(suite, test_situations);
    CU_ADD_TEST(suite, test_wanters);
    CU_ADD_TEST(suite, test_all);
    CU_ADD_TEST(suite, test_loan);
}
