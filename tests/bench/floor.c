/* SPDX-License-Identifier: Apache-2.0 */

/* The least that a client of the Northbound database can cost: the library's
 * IDL with exactly the columns that ovn-ipguard mirrors, and nothing on top of
 * it.  tests/bench/run measures the daemon against this program.
 *
 *     floor REMOTE load       reads the first copy
 *     floor REMOTE follow     ... then what changes, until it is stopped
 *     floor REMOTE set        ... then sets addresses, one transaction a port
 *     floor REMOTE set N      ... N ports a transaction
 *
 * It prints "ready" once the first copy is complete, and "trimmed ALLOCATOR"
 * once memory that the copy needed is given back; ALLOCATOR is "libc", or
 * "jemalloc" where that is loaded before it (LD_PRELOAD).  "set" then reads
 * lines "PORT<tab>ADDRESSES" from the standard input until its end, carries
 * them out as ovn-ipguard would (each verifies the columns that it read), and
 * prints the microseconds that each transaction took from its making to its
 * success, one a line, and in the end "done" and those of processor time that
 * the program took in all.  "follow" prints "ready" again whenever something
 * has changed, as after a new connection.  "load" ends with its standard
 * input. */

#include <config.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fatal-signal.h"
#include "hash.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/shash.h"
#include "openvswitch/vlog.h"
#include "ovsdb-idl.h"
#include "util.h"

#include "ovsdb/nb-idl.h"

#include "ovsdb/db-conn.h"
#include "ovsdb/nb-columns.h"

/* Where jemalloc is not loaded there is no such function. */
#pragma weak mallctl
int mallctl(const char *name, void *old, size_t *old_size, void *new,
            size_t new_size);

/* As the daemon does it. */
static void
give_back(void)
{
    if (mallctl) {
        mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
        mallctl("arena.0.purge", NULL, NULL, NULL, 0);
    } else {
        malloc_trim(0);
    }
}

/* What it says is read by a program that waits for it. */
static void
say(const char *text)
{
    puts(text);
    fflush(stdout);
}

static void
run_once(struct ovsdb_idl *idl)
{
    ovsdb_idl_run(idl);
    ovsdb_idl_wait(idl);
}

/* The first change of the sequence number means that the answer to the monitor
 * request is in: no lock is asked for that could change it before. */
static struct ovsdb_idl *
load(const char *remote)
{
    struct ovsdb_idl *idl = ovsdb_idl_create_unconnected(&nbrec_idl_class,
                                                         false);

    for (size_t i = 0; i < nb_n_columns; i++) {
        ovsdb_idl_add_column(idl, nb_columns[i].column);
    }
    ovsdb_idl_set_remote(idl, remote, true);

    unsigned int seqno = ovsdb_idl_get_seqno(idl);
    for (;;) {
        run_once(idl);
        if (ovsdb_idl_get_seqno(idl) != seqno) {
            break;
        }
        poll_block();
    }
    return idl;
}

static void
follow(struct ovsdb_idl *idl)
{
    unsigned int seqno = ovsdb_idl_get_seqno(idl);

    for (;;) {
        run_once(idl);
        if (ovsdb_idl_get_seqno(idl) != seqno) {
            seqno = ovsdb_idl_get_seqno(idl);
            say("ready");
        }
        poll_block();
    }
}

static long long int
now_us(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * 1000000LL + ts.tv_nsec / 1000;
}

static long long int
timeval_us(const struct timeval *tv)
{
    return tv->tv_sec * 1000000LL + tv->tv_usec;
}

static void
set_port(const struct shash *ports, char *line)
{
    char *addresses = strchr(line, '\t');

    if (!addresses) {
        ovs_fatal(0, "%s: expected PORT<tab>ADDRESSES", line);
    }
    *addresses++ = '\0';

    const struct nbrec_logical_switch_port *lsp = shash_find_data(ports, line);
    if (!lsp) {
        ovs_fatal(0, "%s: no such port", line);
    }
    nbrec_logical_switch_port_verify_name(lsp);
    nbrec_logical_switch_port_verify_addresses(lsp);
    nbrec_logical_switch_port_verify_port_security(lsp);
    nbrec_logical_switch_port_set_addresses(lsp, (const char **) &addresses,
                                            1);
}

/* Carries out up to 'n' lines in one transaction.  Returns how many. */
static size_t
set_ports(struct ovsdb_idl *idl, const struct shash *ports, size_t n)
{
    struct ds line = DS_EMPTY_INITIALIZER;
    struct ovsdb_idl_txn *txn = NULL;
    enum ovsdb_idl_txn_status status;
    long long int start = 0;
    size_t i;

    for (i = 0; i < n && !ds_get_line(&line, stdin); i++) {
        if (!txn) {
            start = now_us();
            txn = ovsdb_idl_txn_create(idl);
        }
        set_port(ports, ds_cstr(&line));
    }
    ds_destroy(&line);
    if (!txn) {
        return 0;
    }

    while ((status = ovsdb_idl_txn_commit(txn)) == TXN_INCOMPLETE) {
        run_once(idl);
        ovsdb_idl_txn_wait(txn);
        status = ovsdb_idl_txn_commit(txn);
        if (status != TXN_INCOMPLETE) {
            poll_immediate_wake();
        }
        poll_block();
    }
    if (status != TXN_SUCCESS && status != TXN_UNCHANGED) {
        ovs_fatal(0, "transaction: %s",
                  ovsdb_idl_txn_status_to_string(status));
    }

    char *us = xasprintf("%lld", now_us() - start);

    ovsdb_idl_txn_destroy(txn);
    say(us);
    free(us);
    return i;
}

static void
set(struct ovsdb_idl *idl, size_t batch)
{
    const struct nbrec_logical_switch_port *lsp;
    struct shash ports = SHASH_INITIALIZER(&ports);

    NBREC_LOGICAL_SWITCH_PORT_FOR_EACH (lsp, idl) {
        shash_add(&ports, lsp->name, lsp);
    }
    while (set_ports(idl, &ports, batch)) {
        continue;
    }
    shash_destroy(&ports);

    struct rusage usage;
    char *done;

    getrusage(RUSAGE_SELF, &usage);
    done = xasprintf("done %lld", timeval_us(&usage.ru_utime)
                                  + timeval_us(&usage.ru_stime));
    say(done);
    free(done);
}

int
main(int argc, char *argv[])
{
    bool sets = argc > 2 && !strcmp(argv[2], "set");
    bool follows = argc > 2 && !strcmp(argv[2], "follow");
    unsigned int batch = 1;
    char buffer[64];

    ovs_set_program_name(argv[0], PACKAGE_VERSION);
    if (argc < 3 || argc > (sets ? 4 : 3)
        || (!sets && !follows && strcmp(argv[2], "load"))
        || (argc > 3 && (!str_to_uint(argv[3], 10, &batch) || !batch))) {
        ovs_fatal(0, "usage: floor REMOTE load|follow|set [N]");
    }
    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_SYSLOG, VLL_OFF);

    struct ovsdb_idl *idl = load(argv[1]);
    say("ready");
    give_back();
    say(mallctl ? "trimmed jemalloc" : "trimmed libc");
    if (sets) {
        set(idl, batch);
    } else if (follows) {
        follow(idl);
    } else {
        while (read(STDIN_FILENO, buffer, sizeof buffer) > 0) {
            continue;
        }
    }
    ovsdb_idl_destroy(idl);
    return EXIT_SUCCESS;
}
