/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the table of records against an array, with few names, so that it
 * is crowded and records come and go in all places of it. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "util.h"

#include "agent/kube/api-records.h"

#define N_KINDS 2
#define N_NAMESPACES 3
#define N_NAMES 15
#define N (N_KINDS * N_NAMESPACES * N_NAMES)

static const enum manifest_kind kinds[N_KINDS] = {
    MANIFEST_POD, MANIFEST_IP,
};

/* Number 'i' of N.  Some names begin as others do. */
struct key {
    enum manifest_kind kind;
    char ns[16];
    char name[32];
};

static struct key
make_key(int i)
{
    struct key key = { .kind = kinds[i % N_KINDS] };
    int name = i / N_KINDS / N_NAMESPACES;

    sprintf(key.ns, "%.*s", i / N_KINDS % N_NAMESPACES, "ns");
    sprintf(key.name, "%.*s-%d", 1 + name % 5, "web-0", name);
    return key;
}

static struct api_record *
find(const struct api_records *t, int i)
{
    struct key key = make_key(i);

    return api_records_find(t, key.kind, key.ns, key.name);
}

static void
add(struct api_records *t, int i)
{
    struct key key = make_key(i);
    struct api_record *rec = api_records_add(t, key.kind, key.ns, key.name);

    rec->version = i + 1;
    obj_uid_init(&rec->uid, key.name);
}

static void
check(const struct api_records *t, const bool there[N])
{
    size_t n = 0;

    for (int i = 0; i < N; i++) {
        const struct api_record *rec = find(t, i);

        CU_ASSERT_EQUAL(rec != NULL, there[i]);
        if (rec) {
            struct key key = make_key(i);

            CU_ASSERT_EQUAL(rec->version, i + 1);
            CU_ASSERT(obj_uid_is(&rec->uid, key.name));
            CU_ASSERT_STRING_EQUAL(rec->name, key.name);
            CU_ASSERT_STRING_EQUAL(api_records_ns(t, rec), key.ns);
            n++;
        }
    }
    CU_ASSERT_EQUAL(t->n, n);
    CU_ASSERT(t->n < t->mask + 1);
}

/* Goes through all, and removes of each 'one_in' one at random. */
static void
sweep(struct api_records *t, bool there[N], int one_in)
{
    bool seen[N] = { false }, was[N];
    struct api_record *rec;

    memcpy(was, there, sizeof was);
    API_RECORDS_FOR_EACH (rec, t) {
        int i = rec->version - 1;

        CU_ASSERT(there[i]);
        seen[i] = true;
        if (!random_range(one_in)) {
            there[i] = false;
            api_records_remove(t, rec);
        }
    }
    CU_ASSERT(!memcmp(seen, was, sizeof seen));
}

static void
test_random(void)
{
    for (int round = 0; round < 200; round++) {
        struct api_records t;
        bool there[N] = { false };

        api_records_init(&t);
        /* How many there are at a time depends on the round. */
        for (int step = 0; step < 400; step++) {
            int i = random_range(N);

            if (there[i] && random_range(200) > round) {
                api_records_remove(&t, find(&t, i));
                there[i] = false;
            } else if (!there[i]) {
                add(&t, i);
                there[i] = true;
            }
            if (!random_range(20)) {
                check(&t, there);
            }
        }
        sweep(&t, there, 1 + round % 4);
        check(&t, there);
        sweep(&t, there, 1000);
        check(&t, there);
        api_records_destroy(&t);
    }
}

/* Without one, and with many. */
static void
test_sizes(void)
{
    struct api_records t;
    struct api_record *rec;

    api_records_init(&t);
    CU_ASSERT_PTR_NULL(api_records_find(&t, MANIFEST_POD, "", ""));
    API_RECORDS_FOR_EACH (rec, &t) {
        CU_FAIL("there is none");
    }
    for (int i = 0; i < 5000; i++) {
        char name[16];

        sprintf(name, "%d", i);
        api_records_add(&t, MANIFEST_POD, name, name);
        CU_ASSERT(t.n * 5 <= (t.mask + 1) * 4);
    }
    for (int i = 0; i < 6000; i++) {
        char name[16];

        sprintf(name, "%d", i);
        rec = api_records_find(&t, MANIFEST_POD, name, name);
        CU_ASSERT_EQUAL(rec != NULL, i < 5000);
        CU_ASSERT_PTR_NULL(api_records_find(&t, MANIFEST_POD, "0",
                                            i ? name : "00"));
        CU_ASSERT_PTR_NULL(api_records_find(&t, MANIFEST_IP, name, name));
    }
    API_RECORDS_FOR_EACH (rec, &t) {
        api_records_remove(&t, rec);
    }
    CU_ASSERT_EQUAL(t.n, 0);
    api_records_destroy(&t);
}

void
suite_api_records(void)
{
    CU_pSuite suite = unit_add_suite("api-records");

    CU_ADD_TEST(suite, test_random);
    CU_ADD_TEST(suite, test_sizes);
}
