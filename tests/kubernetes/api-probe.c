/* SPDX-License-Identifier: Apache-2.0 */

/* The Kubernetes client without the rest of the daemon, for tests against a
 * real API server: prints what it learns, a line each, and does what it is
 * told on its standard input:
 *
 *   live NAMESPACE POD [STATEFULSET]   a live read; "VM" in the third place
 *                                      makes it one of a VirtualMachine
 *   refusal NAMESPACE POD UID          looks for an event
 *   status                             how each kind is read, and problems
 *   stats                              figures
 *   confirm                            believe what is hard to believe
 *
 * It ends with its input. */

#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fatal-signal.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "socket-util.h"
#include "sset.h"
#include "svec.h"
#include "timeval.h"
#include "util.h"

#include "agent/core/dialect.h"
#include "agent/core/ipam-object.h"
#include "agent/core/kube-change.h"
#include "agent/core/pod.h"
#include "agent/core/workload.h"
#include "agent/kube/api-source.h"

struct probe {
    struct api_source *src;
    bool quiet;                 /* Print no changes. */
    long long int started_ms;
    bool synced, trusted;
    bool cni_down;
    long long int cni_restarted_ms;
    uint64_t nodes_seqno;
    int input_fd;               /* poll_fd_wait() knows no descriptor 0. */
    struct ds input;
    bool eof;
};

static void
print_ip(const struct ip_object *o)
{
    printf(" %s/%s in %s", o->ns, o->pod, o->subnet);
    for (size_t i = 0; i < o->n_addrs; i++) {
        char ip[IP_ADDR_STRLEN];

        printf(" %s", ip_addr_to_string(&o->addrs[i].ip, ip));
    }
    printf("%s%s", o->reserved ? " reserved" : "",
           ip_object_is_in_force(o) ? " in force" : "");
}

static void
print_change(const struct kube_change *c)
{
    static const char *const kinds[] = {
        [KUBE_POD] = "pod", [KUBE_WORKLOAD] = "owner", [KUBE_VIP] = "vip",
        [KUBE_NAMESPACE] = "namespace", [KUBE_IP] = "ip",
        [KUBE_SUBNET] = "subnet", [KUBE_REFUSAL] = "refusal",
        [KUBE_IPAM_CLAIM] = "claim",
    };

    printf("%s %s %s/%s %s", c->gone ? "gone" : "have", kinds[c->kind],
           c->ns, c->name, c->uid);
    if (c->pod) {
        const char *node = pod_node(c->pod);

        printf("%s%s", node[0] ? " on " : "", node);
        for (size_t i = 0; i < c->pod->claims.n; i++) {
            struct ds ds = DS_EMPTY_INITIALIZER;

            claim_format(&c->pod->claims.claims[i], &ds);
            printf(" [%s]", ds_cstr(&ds));
            ds_destroy(&ds);
        }
        printf("%s%s", c->pod->deleting ? " deleting" : "",
               c->pod->finished ? " finished" : "");
    }
    if (c->workload) {
        printf(" %d+%d revisions=%"PRIuSIZE"%s", c->workload->start,
               c->workload->replicas, c->workload->n_revisions,
               c->workload->revisions_known ? "" : " unknown");
    }
    if (c->opted_out) {
        printf(" ignored");
    }
    if (c->text) {
        printf(" %s", c->text);
    }
    if (c->ip) {
        print_ip(c->ip);
    }
    if (c->subnet) {
        printf(" %s ranges=%"PRIuSIZE, c->subnet->cidr, c->subnet->n_using);
    }
    if (c->cni_network) {
        struct ds ds = DS_EMPTY_INITIALIZER;

        ip_addr_set_format(&c->ips, &ds);
        printf(" %s %s", c->cni_network, ds_cstr(&ds));
        ds_destroy(&ds);
    }
    putchar('\n');
}

static void
print_stats(const struct probe *p)
{
    struct api_source_status s;
    struct rusage usage;

    api_source_get_status(p->src, &s);
    getrusage(RUSAGE_SELF, &usage);
    printf("stats pods=%"PRIuSIZE" owners=%"PRIuSIZE" lists=%"PRIu64
           " watches=%"PRIu64" events=%"PRIu64" errors=%"PRIu64
           " requests=%"PRIu64" connections=%"PRIu64" bytes=%"PRIu64
           " memory=%"PRIuSIZE
           " maxrss_kb=%ld cpu_ms=%lld\n",
           s.n_pods, s.n_workloads, s.n_lists, s.n_watches, s.n_events,
           s.n_errors, s.n_requests, s.n_connections, s.n_bytes, s.memory,
           usage.ru_maxrss,
           (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000LL
           + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
}

static void
print_status(const struct probe *p)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    api_source_format_status(p->src, time_msec(), &ds);
    ds_put_cstr(&ds, "problems:\n");
    api_source_format_problems(p->src, &ds);
    printf("%send\n", ds_cstr(&ds));
    ds_destroy(&ds);
}

static void
do_live(struct probe *p, char *args)
{
    static uint64_t id;
    char *save = NULL;
    char *ns = strtok_r(args, " ", &save);
    char *name = strtok_r(NULL, " ", &save);
    char *workload = strtok_r(NULL, " ", &save);
    struct live_read what = {
        .id = ++id,
        .ns = ns,
        .name = name,
        .workload = workload ? workload : CONST_CAST(char *, ""),
        .owner_kind = (!workload ? OWNER_NONE
                       : ns && !strcmp(workload, "VM") ? OWNER_VM
                       : OWNER_STATEFULSET),
    };

    if (what.owner_kind == OWNER_VM) {
        what.workload = name;
    }

    if (name) {
        api_source_live_read(p->src, &what, time_msec());
    }
}

static void
do_refusal(struct probe *p, char *args)
{
    char *save = NULL;
    char *ns = strtok_r(args, " ", &save);
    char *name = strtok_r(NULL, " ", &save);
    char *uid = strtok_r(NULL, " ", &save);
    struct refusal_read what = { .ns = ns, .name = name, .uid = uid };

    if (uid) {
        api_source_look_for_refusal(p->src, &what, time_msec());
    }
}

static void
do_command(struct probe *p, char *line)
{
    if (!strncmp(line, "live ", 5)) {
        do_live(p, line + 5);
    } else if (!strncmp(line, "refusal ", 8)) {
        do_refusal(p, line + 8);
    } else if (!strcmp(line, "status")) {
        print_status(p);
    } else if (!strcmp(line, "stats")) {
        print_stats(p);
    } else if (!strcmp(line, "confirm")) {
        char *error = api_source_confirm(p->src);

        printf("confirm %s\n", error ? error : "done");
        free(error);
    } else {
        printf("unknown command\n");
    }
}

static void
read_input(struct probe *p)
{
    char buf[512];
    ssize_t n;
    char *end;

    while ((n = read(p->input_fd, buf, sizeof buf)) > 0) {
        ds_put_buffer(&p->input, buf, n);
    }
    p->eof = !n || (n < 0 && errno != EAGAIN && errno != EINTR);
    while ((end = strchr(ds_cstr(&p->input), '\n'))) {
        char *line = xmemdup0(ds_cstr(&p->input), end - ds_cstr(&p->input));
        char *rest = xstrdup(end + 1);

        do_command(p, line);
        ds_clear(&p->input);
        ds_put_cstr(&p->input, rest);
        free(line);
        free(rest);
    }
}

static void
print_nodes(struct probe *p)
{
    uint64_t seqno;
    const struct sset *nodes = api_source_nodes(p->src, &seqno);
    const char *name;

    if (nodes && seqno != p->nodes_seqno) {
        p->nodes_seqno = seqno;
        printf("nodes");
        SSET_FOR_EACH (name, nodes) {
            printf(" %s", name);
        }
        putchar('\n');
    }
}

static void
print_news(struct probe *p)
{
    static const char *const results[] = {
        [LIVE_READ_CURRENT] = "current", [LIVE_READ_CHANGED] = "changed",
        [LIVE_READ_FAILED] = "failed",
    };
    struct api_source_status s;
    enum live_read_result result;
    struct kube_change *change;
    long long int began_ms;
    uint64_t id;

    while ((change = api_source_pop(p->src))) {
        if (!p->quiet) {
            print_change(change);
        }
        kube_change_destroy(change);
    }
    while (api_source_pop_live(p->src, &id, &result, &began_ms)) {
        printf("live %"PRIu64" %s\n", id, results[result]);
    }
    api_source_get_status(p->src, &s);
    if (s.synced && !p->synced) {
        printf("synced after %lld ms\n", time_msec() - p->started_ms);
        p->synced = true;
        print_stats(p);
    }
    if (s.trusted != p->trusted) {
        p->trusted = s.trusted;
        printf("%s\n", s.trusted ? "trusted" : "not trusted");
    }
    if (s.cni_down != p->cni_down
        || s.cni_restarted_ms > p->cni_restarted_ms) {
        p->cni_down = s.cni_down;
        p->cni_restarted_ms = s.cni_restarted_ms;
        printf("controller %s\n", s.cni_down ? "down" : "started");
    }
    print_nodes(p);
    fflush(stdout);
}

static void
parse(int argc, char *argv[], struct api_source_options *options,
      struct svec *namespaces, bool *quiet)
{
    static const struct option long_options[] = {
        {"kubeconfig", required_argument, NULL, 'k'},
        {"kube-context", required_argument, NULL, 'c'},
        {"kube-api", required_argument, NULL, 'u'},
        {"in-cluster", required_argument, NULL, 'i'},
        {"namespace", required_argument, NULL, 'n'},
        {"node-selector", required_argument, NULL, 's'},
        {"zone", required_argument, NULL, 'z'},
        {"cni-controller", required_argument, NULL, 'o'},
        {"quiet", no_argument, NULL, 'q'},
        {NULL, 0, NULL, 0},
    };
    int c;

    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (c) {
        case 'k':
            options->kubeconfig.file = optarg;
            break;
        case 'c':
            options->kubeconfig.context = optarg;
            break;
        case 'u':
            options->kubeconfig.url = optarg;
            break;
        case 'i':
            options->kubeconfig.in_cluster = true;
            options->kubeconfig.root = optarg;
            break;
        case 'n':
            svec_add(namespaces, optarg);
            break;
        case 's':
            options->node_selector = optarg;
            break;
        case 'z':
            options->zone = optarg;
            break;
        case 'o':
            options->cni_controller = optarg;
            break;
        case 'q':
            *quiet = true;
            break;
        default:
            exit(EXIT_FAILURE);
        }
    }
}

int
main(int argc, char *argv[])
{
    struct svec namespaces = SVEC_EMPTY_INITIALIZER;
    struct api_source_options options = {
        .dialect = &dialect_kube_ovn,
        .namespaces = &namespaces,
    };
    struct probe p = { .cni_restarted_ms = LLONG_MIN };
    char *error;

    set_program_name(argv[0]);
    fatal_ignore_sigpipe();
    parse(argc, argv, &options, &namespaces, &p.quiet);
    p.input_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (p.input_fd < 0) {
        ovs_fatal(errno, "standard input");
    }
    set_nonblocking(p.input_fd);
    ds_init(&p.input);
    p.started_ms = time_msec();
    error = api_source_create(&options, &p.src);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
    while (!p.eof) {
        read_input(&p);
        api_source_run(p.src, time_msec());
        print_news(&p);
        api_source_wait(p.src);
        poll_fd_wait(p.input_fd, POLLIN);
        poll_block();
    }
    api_source_destroy(p.src);
    ds_destroy(&p.input);
    svec_destroy(&namespaces);
    return EXIT_SUCCESS;
}
