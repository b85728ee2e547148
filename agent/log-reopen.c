/* SPDX-License-Identifier: Apache-2.0 */

/* See log-reopen.h. */

#include <config.h>

#include "log-reopen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "daemon.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "signals.h"
#include "socket-util.h"
#include "util.h"

#include "ovsdb/ovs-compat.h"

VLOG_DEFINE_THIS_MODULE(log_reopen);

/* The handler writes, the loop reads; [0] is -1 while there is no handler. */
static int fds[2] = { -1, -1 };

static void
handle_sighup(int signr OVS_UNUSED)
{
    int error = errno;

    /* The pipe is full only if enough is in it already. */
    compat_ignore(write(fds[1], "", 1));
    errno = error;
}

void
log_reopen_init(void)
{
    struct sigaction sa;

    if (!get_detach()) {
        return;
    }
    xpipe_nonblocking(fds);
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = handle_sighup;
    sigemptyset(&sa.sa_mask);
    sa.sa_flags = SA_RESTART;
    xsigaction(SIGHUP, &sa, NULL);
}

void
log_reopen_destroy(void)
{
    if (fds[0] >= 0) {
        signal(SIGHUP, SIG_IGN);
        close(fds[0]);
        close(fds[1]);
        fds[0] = fds[1] = -1;
    }
}

void
log_reopen_run(void)
{
    char buffer[64];
    bool reopen = false;

    while (fds[0] >= 0 && read(fds[0], buffer, sizeof buffer) > 0) {
        reopen = true;
    }
    if (reopen) {
        VLOG_INFO("SIGHUP: opening the log file anew");
        vlog_reopen_log_file();
    }
}

void
log_reopen_wait(void)
{
    if (fds[0] >= 0) {
        poll_fd_wait(fds[0], POLLIN);
    }
}
