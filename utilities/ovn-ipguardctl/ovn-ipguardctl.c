/* SPDX-License-Identifier: Apache-2.0 */

/* The main program of the command that looks at and steers ovn-ipguard
 * through its own database, as ovn-nbctl does with the Northbound one. */

#include <config.h>

#include <stdlib.h>

#include "db-ctl-base.h"
#include "fatal-signal.h"
#include "openvswitch/vlog.h"
#include "ovs-rcu.h"
#include "process.h"
#include "util.h"

#include "agent/dirs.h"
#include "ctl-commands.h"
#include "ctl-options.h"
#include "ctl-run.h"
#include "redact.h"

VLOG_DEFINE_THIS_MODULE(ovn_ipguardctl);

/* Returns the command line for the log and for that of the database, which
 * others read, without secrets. */
static char *
get_log_args(char **argv)
{
    char *args = process_escape_args(argv);
    size_t n_removed = 0;
    char *clean = redact(args, &n_removed);

    free(args);
    return clean;
}

int
main(int argc, char *argv[])
{
    struct ipgctl_options options;
    struct ctl_command *commands;
    size_t n_commands;
    int first, status;

    dirs_init();
    ovs_set_program_name(argv[0], PACKAGE_VERSION);
    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_CONSOLE, VLL_WARN);
    vlog_set_levels_from_string_assert("reconnect:warn");
    ipgctl_register(ipgctl_exit);

    char *args = get_log_args(argv);
    argc = ipgctl_join_output(argc, argv);
    first = ipgctl_options_parse(&options, argc, argv);
    ipgctl_move_options(argc - first, argv + first);
    char *error = ctl_parse_commands(argc - first, argv + first,
                                     &options.local, &commands, &n_commands);
    if (error) {
        ctl_fatal("%s", error);
    }
    VLOG(ctl_might_write_to_db(commands, n_commands) ? VLL_INFO : VLL_DBG,
         "Called as %s", args);

    ipgctl_set_options(&options);
    status = ipgctl_run(&options, commands, n_commands, args);
    free(commands);
    free(args);
    ipgctl_options_destroy(&options);
    ovsrcu_exit();
    return status;
}
