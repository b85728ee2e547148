/* SPDX-License-Identifier: Apache-2.0 */

/* The command line of the simulation: many worlds on several processors, one
 * world again with a trace, a soak, and the search for planted bugs. */

#include <config.h>

#include "tests/sim/sim.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#include "tests/sim/planted.h"

#ifdef SIM_COVERAGE
void __gcov_dump(void);         /* Of the compiler's library. */
#endif

#define MAX_JOBS 64
#define N_TRIALS 5

/* Shared between the processes. */
struct job {
    struct coverage coverage;
    uint64_t n_done;
    uint64_t seed;              /* Being played. */
    bool failed;
    int rule;
    uint64_t n_broken[N_RULES]; /* --survey. */
    uint64_t found_after[N_PLANTED_BUGS][N_TRIALS]; /* 0: not found. */
    int found_rule[N_PLANTED_BUGS];
};

struct coverage *coverage;

static struct {
    uint64_t seed;
    bool one, trace, shrink, strict, survey, rare;
    uint64_t count;
    double hours;
    int jobs;
    bool planted;               /* Look for all of them. */
    int bug;                    /* Or play with this one. */
} options = { .count = 20000, .jobs = 1, .shrink = true };

static struct job *jobs;
static volatile bool *stop;

static double
seconds(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* ---- One world. ---- */

/* Returns the rule that was broken, or -1. */
static int
play_seed(struct world *w, uint64_t seed)
{
    struct script script;

    script_generate(&script, seed, options.rare);
    world_play(w, &script);
    return w->violation;
}

static int
tell_failure(uint64_t seed)
{
    struct script script;
    struct world w;
    int rule;

    script_generate(&script, seed, options.rare);
    world_init(&w);
    world_play(&w, &script);
    rule = w.violation;
    if (rule >= 0) {
        printf("seed %"PRIu64": rule %s (%s) is broken %.3f s from the "
               "start: %s\n", seed, rule_number(rule), rule_text(rule),
               w.violation_ms / 1000.0, w.violation_text);
        printf("play it again with: tests/sim/run --seed=%"PRIu64
               " --trace%s\n", seed, options.rare ? " --rare" : "");
    } else {
        printf("seed %"PRIu64": no rule is broken\n", seed);
    }
    world_destroy(&w);
    if (rule >= 0 && options.shrink) {
        shrink(&script, rule);
        story(&script);
    }
    return rule;
}

static int
play_one(void)
{
    struct script script;
    struct world w;
    int rule;

    if (!options.trace) {
        return tell_failure(options.seed) < 0 ? 0 : 1;
    }
    script_generate(&script, options.seed, options.rare);
    for (int i = 0; i < script.n_events; i++) {
        char *line = event_format(&script, &script.events[i]);
        printf("%s\n", line);
        free(line);
    }
    world_init(&w);
    w.trace = true;
    world_play(&w, &script);
    rule = w.violation;
    printf("%"PRIu64" steps, %s\n", w.n_steps,
           rule < 0 ? "no rule is broken" : rule_text(rule));
    world_destroy(&w);
    return rule < 0 ? 0 : 1;
}

/* ---- Many worlds. ---- */

static void
work(struct job *job, int number, double until)
{
    struct world w;

    coverage = &job->coverage;
    world_init(&w);
    for (uint64_t i = number; !*stop; i += options.jobs) {
        if (until ? job->n_done % 64 == 0 && seconds() >= until
            : i >= options.count) {
            break;
        }
        job->seed = options.seed + i;
        if (play_seed(&w, job->seed) >= 0) {
            if (options.survey) {
                job->n_broken[w.violation]++;
                printf("seed %"PRIu64": rule %s (%s) is broken\n", job->seed,
                       rule_number(w.violation), rule_text(w.violation));
                fflush(stdout);
            } else {
                job->failed = true;
                job->rule = w.violation;
                *stop = true;
                break;
            }
        }
        job->n_done++;
    }
    world_destroy(&w);
}

/* Runs 'function' in each of the processes.  Returns false if one of them
 * crashed. */
static bool
run_jobs(void (*function)(struct job *, int, double), double until)
{
    pid_t pids[MAX_JOBS];
    bool ok = true;

    fflush(NULL);
    for (int i = 0; i < options.jobs; i++) {
        pids[i] = fork();
        if (pids[i] < 0) {
            ovs_fatal(errno, "fork");
        } else if (!pids[i]) {
            function(&jobs[i], i, until);
            fflush(NULL);
#ifdef SIM_COVERAGE
            __gcov_dump();
#endif
            _exit(0);
        }
    }
    for (int i = 0; i < options.jobs; i++) {
        int status;

        while (waitpid(pids[i], &status, 0) < 0) {
            if (errno != EINTR) {
                ovs_fatal(errno, "waitpid");
            }
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status)) {
            printf("seed %"PRIu64": the program crashed (status %d); play it "
                   "again with: tests/sim/run --seed=%"PRIu64" --trace\n",
                   jobs[i].seed, status, jobs[i].seed);
            *stop = true;
            ok = false;
        }
    }
    return ok;
}

static void
stop_soak(int signal OVS_UNUSED)
{
    *stop = true;
}

/* A soak that is ended early tells how far it came all the same. */
static void
end_soak_by_signal(void)
{
    struct sigaction action = { .sa_handler = stop_soak };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Which seeds each process has played: they need not have come equally far. */
static void
print_ranges(void)
{
    for (int i = 0; i < options.jobs; i++) {
        printf("  process %d: seeds %"PRIu64" to %"PRIu64" in steps of %d\n",
               i, options.seed + i, jobs[i].seed, options.jobs);
    }
}

static int
play_many(void)
{
    double began = seconds();
    struct coverage sum;
    uint64_t n = 0;
    int failed = 0;

    if (options.hours) {
        end_soak_by_signal();
    }
    if (!run_jobs(work, options.hours ? began + options.hours * 3600 : 0)) {
        failed++;
    }
    memset(&sum, 0, sizeof sum);
    for (int i = 0; i < options.jobs; i++) {
        coverage_add(&sum, &jobs[i].coverage);
        n += jobs[i].n_done;
        if (jobs[i].failed) {
            failed++;
        }
    }
    double took = seconds() - began;
    printf("%"PRIu64" event orders from seed %"PRIu64" in %.0f s (%.0f in a "
           "second), %.1f events and %.1f turns of the daemon each\n",
           n, options.seed, took, n / MAX(took, 0.001),
           (double) sum.events / MAX(sum.worlds, 1),
           (double) sum.turns / MAX(sum.worlds, 1));
    if (options.hours) {
        print_ranges();
    }
    for (int i = 0; i < options.jobs; i++) {
        if (jobs[i].failed) {
            tell_failure(jobs[i].seed);
            break;
        }
    }
    for (int i = 0; i < N_RULES; i++) {
        uint64_t n_broken = 0;

        for (int j = 0; j < options.jobs; j++) {
            n_broken += jobs[j].n_broken[i];
        }
        if (n_broken) {
            printf("  broken %6"PRIu64" times: rule %s (%s)\n", n_broken,
                   rule_number(i), rule_text(i));
            failed++;
        }
    }
    int missing = coverage_report(&sum, options.strict && !failed);
    if (missing) {
        printf("%d of these should have been otherwise\n", missing);
    }
    return failed || missing;
}

/* ---- Planted bugs. ---- */

static void
hunt(struct job *job, int number, double until OVS_UNUSED)
{
    struct world w;

    coverage = &job->coverage;
    world_init(&w);
    for (int bug = 1 + number; bug < N_PLANTED_BUGS; bug += options.jobs) {
        if (options.bug && bug != options.bug) {
            continue;
        }
        sim_planted = bug;
        for (int trial = 0; trial < N_TRIALS; trial++) {
            uint64_t base = options.seed + trial * UINT64_C(1000000000);
            uint64_t i;

            for (i = 0; i < options.count; i++) {
                job->seed = base + i;
                if (play_seed(&w, job->seed) >= 0) {
                    job->found_after[bug][trial] = i + 1;
                    job->found_rule[bug] = w.violation;
                    break;
                }
            }
        }
    }
    world_destroy(&w);
}

static int
compare_counts(const void *a_, const void *b_)
{
    const uint64_t *a = a_, *b = b_;

    return *a < *b ? -1 : *a > *b;
}

static int
look_for_planted(void)
{
    double began = seconds();
    int n_missed = 0, n = 0;

    if (!run_jobs(hunt, 0)) {
        return 1;
    }
    for (int bug = 1; bug < N_PLANTED_BUGS; bug++) {
        struct job *job = &jobs[(bug - 1) % options.jobs];
        uint64_t *after = job->found_after[bug];
        bool missed = false;

        if (options.bug && bug != options.bug) {
            continue;
        }
        for (int i = 0; i < N_TRIALS; i++) {
            missed |= !after[i];
        }
        n++;
        n_missed += missed;
        qsort(after, N_TRIALS, sizeof *after, compare_counts);
        if (missed) {
            printf("%-16s NOT FOUND within %"PRIu64" orders: %s\n",
                   planted_name(bug), options.count, planted_text(bug));
        } else {
            printf("%-16s median %6"PRIu64", most %6"PRIu64"  rule %-5s %s\n",
                   planted_name(bug), after[N_TRIALS / 2],
                   after[N_TRIALS - 1], rule_number(job->found_rule[bug]),
                   planted_text(bug));
        }
    }
    printf("planted bugs: %d found, %d missed, in %.0f s\n", n - n_missed,
           n_missed, seconds() - began);
    return n_missed;
}

/* ---- The command line. ---- */

static void
usage(void)
{
    printf("run: simulate the daemon's decisions in every order of events\n"
           "usage: tests/sim/run [OPTION...]\n\n"
           "  --seed=N         begin with seed N (or play this one alone, "
           "with --one or --trace)\n"
           "  --fresh          begin with a seed from the clock\n"
           "  --one            play one world; if it fails, shrink it and "
           "tell its story\n"
           "  --trace          play one world and tell everything\n"
           "  --count=N        play N worlds (default 20000)\n"
           "  --hours=N        play for N hours, or until SIGINT or SIGTERM\n"
           "  --jobs=N         use N processes (default 1)\n"
           "  --strict         fail if a state or case was not reached\n"
           "  --no-shrink      tell of a failure as it is\n"
           "  --survey         go on after failures, and count them by "
           "rule in the end\n"
           "  --rare           let what is rare come more often; the seeds "
           "are others\n"
           "  --planted        look for each planted bug, --count orders "
           "at most\n"
           "  --bug=NAME       play with this planted bug\n"
           "  --help           show this help\n");
}

static uint64_t
number_of(const char *arg)
{
    char *end;
    unsigned long long int n;

    errno = 0;
    n = strtoull(arg, &end, 10);
    if (errno || *end || !*arg) {
        ovs_fatal(0, "%s: not a number", arg);
    }
    return n;
}

static void
parse_options(int argc, char *argv[])
{
    enum { OPT_SEED = 1, OPT_FRESH, OPT_ONE, OPT_TRACE, OPT_COUNT, OPT_HOURS,
           OPT_JOBS, OPT_STRICT, OPT_NO_SHRINK, OPT_PLANTED, OPT_BUG,
           OPT_SURVEY, OPT_RARE, OPT_HELP };
    static const struct option long_options[] = {
        { "seed", required_argument, NULL, OPT_SEED },
        { "fresh", no_argument, NULL, OPT_FRESH },
        { "one", no_argument, NULL, OPT_ONE },
        { "trace", no_argument, NULL, OPT_TRACE },
        { "count", required_argument, NULL, OPT_COUNT },
        { "hours", required_argument, NULL, OPT_HOURS },
        { "jobs", required_argument, NULL, OPT_JOBS },
        { "strict", no_argument, NULL, OPT_STRICT },
        { "no-shrink", no_argument, NULL, OPT_NO_SHRINK },
        { "survey", no_argument, NULL, OPT_SURVEY },
        { "rare", no_argument, NULL, OPT_RARE },
        { "planted", no_argument, NULL, OPT_PLANTED },
        { "bug", required_argument, NULL, OPT_BUG },
        { "help", no_argument, NULL, OPT_HELP },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (c) {
        case OPT_SEED: options.seed = number_of(optarg); break;
        case OPT_FRESH:
            options.seed = (uint64_t) time(NULL) * 1000000;
            break;
        case OPT_ONE: options.one = true; break;
        case OPT_TRACE: options.one = options.trace = true; break;
        case OPT_COUNT: options.count = number_of(optarg); break;
        case OPT_HOURS: options.hours = strtod(optarg, NULL); break;
        case OPT_JOBS:
            options.jobs = MAX(1, MIN(MAX_JOBS, number_of(optarg)));
            break;
        case OPT_STRICT: options.strict = true; break;
        case OPT_NO_SHRINK: options.shrink = false; break;
        case OPT_SURVEY: options.survey = true; break;
        case OPT_RARE: options.rare = true; break;
        case OPT_PLANTED: options.planted = true; break;
        case OPT_BUG:
            options.bug = planted_by_name(optarg);
            if (!options.bug) {
                ovs_fatal(0, "%s: no such bug", optarg);
            }
            break;
        case OPT_HELP: usage(); exit(0);
        default: exit(2);
        }
    }
    if (optind < argc) {
        ovs_fatal(0, "%s: unknown argument (use --help for help)",
                  argv[optind]);
    }
}

static void *
share(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        ovs_fatal(errno, "mmap");
    }
    return p;
}

int
main(int argc, char *argv[])
{
    ovs_set_program_name("run", "");
    parse_options(argc, argv);
    jobs = share(MAX_JOBS * sizeof *jobs);
    stop = share(sizeof *stop);
    coverage = &jobs[0].coverage;
    if (options.planted) {
        return look_for_planted() ? 1 : 0;
    }
    sim_planted = options.bug;
    return options.one ? play_one() : play_many() ? 1 : 0;
}
