/* SPDX-License-Identifier: Apache-2.0 */

/* The program that runs the unit tests: registers the suites that suites.h
 * lists, runs those that are wanted and prints CUnit's summary. */

#include <config.h>
#include "tests/unit/unit.h"

#include <CUnit/Basic.h>
#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command-line.h"
#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/vlog.h"
#include "random.h"
#include "util.h"

static uint32_t seed;

char *
unit_read_doc(const char *name)
{
    const char *srcdir = getenv("srcdir");
    char *path = xasprintf("%s/doc/%s", srcdir ? srcdir : ".", name);
    struct ds ds = DS_EMPTY_INITIALIZER;
    FILE *file = fopen(path, "r");
    int ch;

    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    while ((ch = getc(file)) != EOF) {
        if (!isspace(ch)) {
            ds_put_char(&ds, ch);
        } else if (ds_last(&ds) != ' ') {
            ds_put_char(&ds, ' ');
        }
    }
    fclose(file);
    free(path);
    return ds_steal_cstr(&ds);
}

uint32_t
unit_seed(void)
{
    return seed;
}

CU_pSuite
unit_add_suite(const char *name)
{
    CU_pSuite suite = CU_add_suite(name, NULL, NULL);

    if (!suite) {
        ovs_fatal(0, "cannot add suite %s: %s", name, CU_get_error_msg());
    }
    return suite;
}

static void
register_suites(void)
{
#define SUITE(NAME) suite_##NAME();
#include "tests/unit/suites.h"
#undef SUITE
    if (CU_get_error() != CUE_SUCCESS) {
        ovs_fatal(0, "cannot register the tests: %s", CU_get_error_msg());
    }
}

/* A pattern is a part of "SUITE:TEST". */
static bool
is_wanted(const CU_Suite *suite, const CU_Test *test, char *patterns[])
{
    char *name;
    bool wanted;

    if (!patterns[0]) {
        return true;
    }
    name = xasprintf("%s:%s", suite->pName, test->pName);
    wanted = false;
    for (size_t i = 0; patterns[i] && !wanted; i++) {
        wanted = strstr(name, patterns[i]) != NULL;
    }
    free(name);
    return wanted;
}

/* Deactivates the tests that no pattern matches; with 'list', prints those
 * that one does.  Returns the number of wanted tests. */
static size_t
select_tests(char *patterns[], bool list)
{
    size_t n_wanted = 0;

    for (CU_pSuite s = CU_get_registry()->pSuite; s; s = s->pNext) {
        bool any = false;

        for (CU_pTest t = s->pTest; t; t = t->pNext) {
            if (!is_wanted(s, t, patterns)) {
                CU_set_test_active(t, CU_FALSE);
                continue;
            }
            any = true;
            n_wanted++;
            if (list) {
                printf("%s:%s\n", s->pName, t->pName);
            }
        }
        if (!any) {
            CU_set_suite_active(s, CU_FALSE);
        }
    }
    return n_wanted;
}

static void
init_seed(void)
{
    const char *s = getenv("IPGUARD_TEST_SEED");

    if (s && s[0]) {
        unsigned int value;

        if (!str_to_uint(s, 10, &value) || !value) {
            ovs_fatal(0, "IPGUARD_TEST_SEED is \"%s\", expected a number "
                      "from 1 to 4294967295", s);
        }
        seed = value;
    } else {
        seed = random_uint32();
        if (!seed) {
            seed = 1;
        }
    }
}

static void
usage(void)
{
    printf("%s: run the unit tests of ovn-ipguard\n"
           "usage: %s [OPTIONS] [PATTERN...]\n"
           "Runs the tests whose SUITE:TEST contains a PATTERN (default: "
           "all).\n"
           "  --list         print the tests and exit\n"
           "  -v, --verbose  print each test, and what the code logs\n"
           "  -h, --help     show this help\n"
           "IPGUARD_TEST_SEED=N repeats the random input of an earlier run.\n",
           program_name, program_name);
}

/* Returns the patterns; sets '*list' and '*verbose'. */
static char **
parse_options(int argc, char *argv[], bool *list, bool *verbose)
{
    enum { OPT_LIST = UCHAR_MAX + 1 };
    static const struct option options[] = {
        {"list", no_argument, NULL, OPT_LIST},
        {"verbose", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int c;

    *list = *verbose = false;
    while ((c = getopt_long(argc, argv, "vh", options, NULL)) != -1) {
        switch (c) {
        case OPT_LIST:
            *list = true;
            break;
        case 'v':
            *verbose = true;
            break;
        case 'h':
            usage();
            exit(EXIT_SUCCESS);
        default:
            exit(EXIT_FAILURE);
        }
    }
    return argv + optind;
}

int
main(int argc, char *argv[])
{
    bool list, verbose, ok;
    char **patterns;

    set_program_name(argv[0]);
    fatal_ignore_sigpipe();
    patterns = parse_options(argc, argv, &list, &verbose);
    if (!verbose) {
        /* Many tests feed in what the code must complain about. */
        vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_OFF);
    }

    init_seed();
    if (CU_initialize_registry() != CUE_SUCCESS) {
        ovs_fatal(0, "cannot start CUnit: %s", CU_get_error_msg());
    }
    register_suites();
    if (!select_tests(patterns, list)) {
        ovs_fatal(0, "no test matches");
    }
    ok = true;
    if (!list) {
        CU_set_fail_on_inactive(CU_FALSE);
        CU_basic_set_mode(verbose ? CU_BRM_VERBOSE : CU_BRM_NORMAL);
        CU_basic_run_tests();
        printf("\nseed: IPGUARD_TEST_SEED=%"PRIu32"\n", seed);
        ok = CU_get_error() == CUE_SUCCESS
             && CU_get_number_of_tests_run() > 0
             && !CU_get_number_of_tests_failed()
             && !CU_get_number_of_suites_failed()
             && !CU_get_number_of_failures();
    }
    CU_cleanup_registry();
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
