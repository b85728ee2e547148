/* SPDX-License-Identifier: Apache-2.0 */

/* What the page shows (agent/core/overview.h, agent/report/page-json.c): each
 * step of a hold when it happens, what a search finds, and that all of it is
 * bounded and says nothing in markup or out of step, whatever the names. */

#include <config.h>

#include "agent/core/overview.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/json.h"
#include "util.h"

#include "agent/core/model.h"
#include "agent/report/report.h"
#include "tests/unit/guard-fixture.h"
#include "tests/unit/unit.h"
#include "tests/unit/world-private.h"
#include "tests/unit/world.h"

static void
get_overview(struct world *w, struct overview *o)
{
    struct guard_env env;

    world_get_env(w, &env);
    guard_overview(w->guard, &env, o);
}

static void
test_hand_over(void)
{
    const struct hold_course *c;
    struct overview o;
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_taker(&w, "sts2", MAC2, IP1, 99);
    world_settle(&w);
    get_overview(&w, &o);
    CU_ASSERT_EQUAL_FATAL(o.n_holds, 1);
    CU_ASSERT_EQUAL(o.n_all_holds, 1);
    CU_ASSERT_EQUAL(o.n_ended, 0);
    c = &o.holds[0];
    CU_ASSERT_STRING_EQUAL(c->address, IP1);
    CU_ASSERT_STRING_EQUAL(c->network, "net1");
    CU_ASSERT_STRING_EQUAL(c->state, "draining");
    CU_ASSERT_STRING_EQUAL(c->owner, "default/sts1-0");
    CU_ASSERT_STRING_EQUAL(c->former, "sts1-0.default");
    CU_ASSERT_STRING_EQUAL(c->taker, "sts2-0.default");
    CU_ASSERT_TRUE(c->taker_gated);
    CU_ASSERT_FALSE(c->would_be);
    CU_ASSERT_NOT_EQUAL(c->created_ms, 0);
    CU_ASSERT_NOT_EQUAL(c->gone_ms, 0);
    CU_ASSERT_EQUAL(c->southbound_ms, 0);
    CU_ASSERT_EQUAL(c->clean_ms, 0);
    CU_ASSERT_EQUAL(c->ended_ms, 0);
    CU_ASSERT_NOT_EQUAL(c->n_blockers, 0);
    CU_ASSERT_EQUAL(c->blockers.n, c->n_blockers);
    CU_ASSERT_EQUAL(c->n_waiters, 1);
    CU_ASSERT_STRING_EQUAL(c->waiters.names[0], "sts2-0.default");
    CU_ASSERT_EQUAL(o.gates.n, 1);
    CU_ASSERT_STRING_EQUAL(o.gates.lines[0].what, "sts2-0.default");
    CU_ASSERT_EQUAL(o.waiters.n_all, 1);
    CU_ASSERT_EQUAL(o.n_by_state[HOLD_DRAINING], 1);
    overview_destroy(&o);

    w.northd_frozen = false;
    world_run(&w, 5000);
    get_overview(&w, &o);
    CU_ASSERT_EQUAL(o.n_holds, 0);
    CU_ASSERT_EQUAL(o.gates.n, 0);
    CU_ASSERT_EQUAL_FATAL(o.n_ended, 1);
    c = &o.ended[0];
    CU_ASSERT_STRING_EQUAL(c->state, "released");
    CU_ASSERT_STRING_EQUAL(c->taker, "sts2-0.default");
    CU_ASSERT_FALSE(c->taker_gated);
    CU_ASSERT(c->created_ms <= c->gone_ms);
    CU_ASSERT(c->gone_ms <= c->southbound_ms);
    CU_ASSERT(c->southbound_ms <= c->clean_ms);
    CU_ASSERT(c->clean_ms <= c->ended_ms);
    CU_ASSERT_EQUAL(c->n_blockers, 0);
    CU_ASSERT(o.actions.n > 0);
    overview_destroy(&o);
    fixture_end(&w);
}

/* Of those that ended only the latest are kept. */
static void
test_ended(void)
{
    struct overview o;
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    for (int i = 0; i < OVERVIEW_ENDED + 3; i++) {
        char *elem = xasprintf("%s 10.0.0.%d", MAC1, 20 + i);

        world_set_addresses(&w, p, elem);
        world_run(&w, 3000);
        free(elem);
    }
    get_overview(&w, &o);
    CU_ASSERT_EQUAL(o.n_ended, OVERVIEW_ENDED);
    for (size_t i = 1; i < o.n_ended; i++) {
        CU_ASSERT(o.ended[i - 1].ended_ms >= o.ended[i].ended_ms);
    }
    overview_destroy(&o);
    fixture_end(&w);
}

static struct json *
get_json(struct world *w, size_t *size)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    struct report r;
    struct json *json;

    world_get_env(w, &env);
    report_init(&r);
    r.version = "1.2.3";
    r.instance = "host:1";
    r.guard = w->guard;
    r.env = &env;
    report_format_page(&r, &ds);
    report_destroy(&r);
    CU_ASSERT_PTR_NULL(strchr(ds_cstr(&ds), '\n'));
    *size = ds.length;
    json = json_from_string(ds_cstr(&ds));
    CU_ASSERT_EQUAL(json->type, JSON_OBJECT);
    ds_destroy(&ds);
    return json;
}

static const struct json *
member(const struct json *json, const char *name)
{
    return shash_find_data(json_object(json), name);
}

/* More holds than are shown, with names as long and odd as may be. */
static void
test_bounds(void)
{
    enum { N = 250 };
    char *name = xmalloc(5000 + 1);
    struct json *json;
    struct world w;
    size_t size;

    for (size_t i = 0; i < 5000; i++) {
        name[i] = "<\"\\\n\xc3\xa4&"[i % 7];
    }
    name[4999] = 'x';
    name[5000] = '\0';
    world_init(&w, MODE_GUARD);
    world_chassis(&w, "hv1");
    world_network(&w, name);
    world_flags(&w);
    world_run(&w, 5000);
    w.northd_frozen = true;
    for (int i = 0; i < N; i++) {
        char *sts = xasprintf("s%d", i);
        char *ip = xasprintf("10.1.%d.%d", i / 250, i % 250 + 1);
        struct wport *p = fixture_running(&w, sts, MAC1, ip);

        world_settle(&w);
        world_bind(&w, p, NULL);
        world_del_port(&w, p);
        if (i % 100 == 0) {
            world_settle(&w);
        }
        free(sts);
        free(ip);
    }
    world_settle(&w);
    json = get_json(&w, &size);
    CU_ASSERT_EQUAL(json_integer(member(member(json, "counts"), "holds")), N);
    CU_ASSERT_EQUAL(json_array(member(json, "holds"))->n, OVERVIEW_HOLDS);
    CU_ASSERT(size < 400 * 1000);
    json_destroy(json);
    world_destroy(&w);
    free(name);
}

enum { N_DUPLICATES = 6 * OVERVIEW_LINES };

/* The address of the 'n'th duplicate, from 1 on: the later, the lower. */
static char *
duplicate_address(size_t n)
{
    return xasprintf("10.1.%"PRIuSIZE".%"PRIuSIZE, (N_DUPLICATES - n) / 250,
                     (N_DUPLICATES - n) % 250);
}

static bool
has_line(const struct overview_lines *lines, const char *what)
{
    for (size_t i = 0; i < lines->n; i++) {
        if (!strcmp(lines->lines[i].what, what)) {
            return true;
        }
    }
    return false;
}

/* Of more duplicates than are shown it is the oldest ones, whatever their
 * places in the table are and however many come after them. */
static void
test_oldest_lines(void)
{
    struct overview o;
    struct world w;

    world_init(&w, MODE_OBSERVE);
    world_chassis(&w, "hv1");
    world_network(&w, "net1");
    for (size_t n = 1; n <= N_DUPLICATES; n++) {
        char *address = duplicate_address(n);
        char *elem = xasprintf("%s %s", MAC1, address);

        for (int i = 0; i < 2; i++) {
            char *pod = xasprintf("p%"PRIuSIZE"-%d", n, i);

            world_port(&w, 0, pod, elem);
            free(pod);
        }
        world_run(&w, 1000);
        free(elem);
        free(address);
        if (n % 30) {
            continue;
        }
        get_overview(&w, &o);
        CU_ASSERT_EQUAL(o.duplicates.n_all, n);
        CU_ASSERT_EQUAL(o.duplicates.n, MIN(n, OVERVIEW_LINES));
        for (size_t i = 1; i <= MIN(n, OVERVIEW_LINES); i++) {
            address = duplicate_address(i);
            CU_ASSERT_TRUE(has_line(&o.duplicates, address));
            free(address);
        }
        for (size_t i = 1; i < o.duplicates.n; i++) {
            CU_ASSERT(strcmp(o.duplicates.lines[i - 1].what,
                             o.duplicates.lines[i].what) < 0);
        }
        overview_destroy(&o);
    }
    world_destroy(&w);
}

/* ---- Counts by reason. ---- */

static uint64_t
count(const struct tally *t, const char *what, const char *why)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!strcmp(t->entries[i].what, what)
            && !strcmp(t->entries[i].why, why)) {
            return t->entries[i].n;
        }
    }
    return 0;
}

static void
test_tallies(void)
{
    struct world w;
    struct wport *p = fixture_begin(&w, MODE_GUARD);

    /* Refused once, however often it is looked at. */
    CU_ASSERT_PTR_NULL(guard_freeze(w.guard, "testing"));
    world_bind(&w, p, NULL);
    world_sts(&w, unit_sts("sts1", "sts1", 1, "ip_pool="IP2));
    world_del_pod(&w, "sts1-0");
    for (int i = 0; i < 100; i++) {
        world_run(&w, 1000);
    }
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "clear", "frozen"), 1);
    CU_ASSERT_EQUAL(count(guard_done(w.guard), "clear", "C"), 0);
    CU_ASSERT_PTR_NULL(guard_thaw(w.guard));
    world_run(&w, 100 * 1000);
    CU_ASSERT_EQUAL(count(guard_done(w.guard), "clear", "C"), 1);
    CU_ASSERT_EQUAL(count(guard_done(w.guard), "release", "C"), 1);
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "clear", "frozen"), 1);
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "clear", "other"), 0);
    fixture_end(&w);

    /* What cannot be set yet; what an operator asks for in vain. */
    fixture_begin(&w, MODE_MANAGE);
    world_port(&w, 0, "sts3-0", MAC3);
    world_pod(&w, unit_pod("sts3-0", "u3", OWNER_STATEFULSET, "sts3",
                           "ip_address=10.0.0.3"));
    world_run(&w, 5000);
    CU_ASSERT_EQUAL(count(guard_done(w.guard), "set", "H"), 1);
    fixture_leave(&w);
    world_port(&w, 0, "sts2-0", MAC2);
    world_pod(&w, unit_pod("sts2-0", "u9", OWNER_STATEFULSET, "sts2",
                           "ip_address="IP1));
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "set", "held"), 1);
    world_ask(&w, "gate-open", "port=nonesuch");
    world_ask(&w, "<odd>", "");
    world_run(&w, 1000);
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "request", "gate-open"), 1);
    CU_ASSERT_EQUAL(count(guard_refused(w.guard), "request", "other"), 1);
    fixture_end(&w);
}

/* More kinds than there may be are one. */
static void
test_tally_bounds(void)
{
    char names[TALLY_MAX + 5][8];
    struct tally t = { .n = 0 };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        snprintf(names[i], sizeof names[i], "n%"PRIuSIZE, i);
        tally_add(&t, names[i], "");
        tally_add(&t, "n0", "");
    }
    CU_ASSERT_EQUAL(t.n, TALLY_MAX);
    CU_ASSERT_EQUAL(count(&t, "n0", ""), ARRAY_SIZE(names) + 1);
    CU_ASSERT_EQUAL(t.entries[TALLY_MAX - 1].n, 6);
}

/* ---- Search. ---- */

static void
search(struct world *w, const char *text, struct found *f)
{
    struct guard_env env;

    world_get_env(w, &env);
    guard_search(w->guard, text, 0, &env, f);
}

static void
test_search(void)
{
    static const struct {
        const char *text;
        const char *port;       /* First of those found, or NULL. */
        const char *address;    /* Likewise. */
        const char *note;       /* A part of the first, or NULL. */
    } vectors[] = {
        { IP1, NULL, IP1, NULL },
        { "sts1-0.default", "sts1-0.default", IP2, NULL },
        { "default/sts1-0", "sts1-0.default", IP2, NULL },
        { "sts1", "sts1-0.default", IP2, NULL },
        { "sts2-0", "sts2-0.default", V6, NULL },
        { "FD00:0::1", NULL, V6, "sts2" },
        { "10.0.0.7", NULL, NULL, "no port has 10.0.0.7" },
        { "default/none", NULL, NULL, "no port or pod has \"default/none\"" },
        { "/", NULL, NULL, "no port or pod has \"/\"" },
        { "", NULL, NULL, "expected" },
        { "bare", "bare", NULL, "bare on net1 has no address" },
        { "default/alone", NULL, NULL, "default/alone has no port" },
        { "10.0.0.9", NULL, NULL, "no port has 10.0.0.9" },
    };
    struct found f;
    struct world w;

    fixture_begin_held(&w, MODE_GUARD);
    fixture_running(&w, "sts2", MAC2, V6);
    world_raw_port(&w, 0, "bare", NULL, "", "");
    world_pod(&w, unit_pod("alone", "u7", OWNER_NONE, "",
                           "ip_address=10.0.0.9"));
    world_settle(&w);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        search(&w, vectors[i].text, &f);
        CU_ASSERT_EQUAL(f.ports.n > 0, vectors[i].port != NULL);
        if (f.ports.n && vectors[i].port) {
            CU_ASSERT_STRING_EQUAL(f.ports.names[0], vectors[i].port);
        }
        CU_ASSERT_EQUAL(f.n_addresses > 0, vectors[i].address != NULL);
        if (f.n_addresses && vectors[i].address) {
            CU_ASSERT_STRING_EQUAL(f.addresses[0].x.address,
                                   vectors[i].address);
        }
        CU_ASSERT_EQUAL(f.notes.n > 0, vectors[i].note != NULL);
        if (f.notes.n && vectors[i].note) {
            CU_ASSERT_PTR_NOT_NULL(strstr(f.notes.names[0],
                                          vectors[i].note));
        }
        CU_ASSERT_FALSE(f.more);
        found_destroy(&f);
    }

    /* A held address says so; one that is promised, to whom. */
    search(&w, IP1, &f);
    CU_ASSERT_TRUE(f.addresses[0].held);
    CU_ASSERT_STRING_EQUAL(f.addresses[0].hold.state, "draining");
    found_destroy(&f);
    search(&w, "10.0.0.9", &f);
    CU_ASSERT_EQUAL_FATAL(f.notes.n, 2);
    CU_ASSERT_STRING_EQUAL(f.notes.names[1], "pod default/alone asks for it");
    found_destroy(&f);
    fixture_end(&w);
}

/* A part of a name among more ports than one step looks at. */
static void
test_search_steps(void)
{
    static const char *const names[] = { "here-1", "port-7", "here-2" };
    struct guard_env env;
    struct world w;
    uint64_t from = 0;
    size_t n_steps = 0, n_found = 0;

    world_init(&w, MODE_OBSERVE);
    world_network(&w, "net1");
    world_get_env(&w, &env);
    for (uint32_t i = 0; i < 3 * OVERVIEW_LOOKS; i++) {
        struct smap empty = SMAP_INITIALIZER(&empty);
        struct nb_port_row row = {
            .uuid = { .parts = { i * 2654435761u, i, 1, 2 } },
            .network = w.networks[0].uuid,
            .name = names[i % 10000 == 5000 ? i / 10000 : 1],
            .type = "",
            .options = &empty,
            .external_ids = &empty,
        };
        char *name = xasprintf("%s-%"PRIu32, row.name, i);

        row.name = name;
        model_set_port(guard_model(w.guard), &row);
        free(name);
    }
    do {
        struct found f;

        guard_search(w.guard, "here-", from, &env, &f);
        n_found += f.ports.n;
        for (size_t i = 0; i < f.ports.n; i++) {
            CU_ASSERT_PTR_NOT_NULL(strstr(f.ports.names[i], "here-"));
        }
        from = f.next;
        n_steps++;
        found_destroy(&f);
    } while (from && n_steps < 100);
    CU_ASSERT_EQUAL(n_found, 2);
    CU_ASSERT(n_steps >= 3 && n_steps <= 4);

    /* From anywhere. */
    for (size_t i = 0; i < 64; i++) {
        struct found f;

        guard_search(w.guard, "here-", UINT64_MAX >> i, &env, &f);
        found_destroy(&f);
    }
    world_destroy(&w);
}

static void
test_search_bounds(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct found f;
    struct world w;

    fixture_begin(&w, MODE_GUARD);
    for (int i = 0; i < 100; i++) {
        char *name = xasprintf("many-%d", i);
        char *elem = xasprintf("0a:00:00:00:01:%02x 10.9.9.9 10.9.0.%d", i,
                               i + 1);

        world_raw_port(&w, 0, name, elem, "", "");
        free(name);
        free(elem);
    }
    world_settle(&w);
    search(&w, "many-", &f);
    CU_ASSERT_EQUAL(f.ports.n, OVERVIEW_FOUND);
    CU_ASSERT_EQUAL(f.n_addresses, OVERVIEW_FOUND);
    CU_ASSERT_TRUE(f.more);
    report_format_found(&f, &ds);
    CU_ASSERT(ds.length < 100 * 1000);
    found_destroy(&f);
    ds_clear(&ds);

    search(&w, "10.9.9.9", &f);
    CU_ASSERT_EQUAL_FATAL(f.n_addresses, 1);
    CU_ASSERT_EQUAL(f.addresses[0].x.n_ports, 100);
    report_format_found(&f, &ds);
    CU_ASSERT(ds.length < 20 * 1000);
    found_destroy(&f);
    ds_destroy(&ds);
    world_destroy(&w);
}

void
suite_overview(void)
{
    CU_pSuite suite = unit_add_suite("overview");

    CU_ADD_TEST(suite, test_hand_over);
    CU_ADD_TEST(suite, test_ended);
    CU_ADD_TEST(suite, test_bounds);
    CU_ADD_TEST(suite, test_oldest_lines);
    CU_ADD_TEST(suite, test_tallies);
    CU_ADD_TEST(suite, test_tally_bounds);
    CU_ADD_TEST(suite, test_search);
    CU_ADD_TEST(suite, test_search_steps);
    CU_ADD_TEST(suite, test_search_bounds);
}
