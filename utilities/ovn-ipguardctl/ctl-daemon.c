/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-daemon.h. */

#include <config.h>

#include "ctl-daemon.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jsonrpc.h"
#include "unixctl.h"
#include "util.h"

#include "agent/dirs.h"

/* Returns 0 if there is no such file. */
static long int
read_pid(const char *name)
{
    FILE *file = fopen(name, "r");
    long int pid = 0;

    if (file) {
        if (fscanf(file, "%ld", &pid) != 1) {
            pid = 0;
        }
        fclose(file);
    }
    return pid;
}

long int
ctl_daemon_pid(const char *target)
{
    char *file = xasprintf("%s/%s.pid", dirs_rundir(), target);
    long int pid = target[0] == '/' ? 0 : read_pid(file);

    free(file);
    return MAX(pid, 0);
}

/* Returns the path of the control socket, or NULL if there is none. */
static char *
find_socket(const char *target)
{
    long int pid;
    char *path;

    if (target[0] == '/') {
        return access(target, F_OK) ? NULL : xstrdup(target);
    }
    pid = ctl_daemon_pid(target);
    if (!pid) {
        return NULL;
    }
    path = xasprintf("%s/%s.%ld.ctl", dirs_rundir(), target, pid);
    if (access(path, F_OK)) {
        free(path);
        return NULL;
    }
    return path;
}

char *
ctl_daemon_call(const char *target, const char *command, int argc,
                char *argv[], char **error, bool *said)
{
    char *path = find_socket(target);
    struct jsonrpc *client;
    char *answer = NULL;
    int retval;

    *error = NULL;
    *said = false;
    if (!path) {
        return NULL;
    }
    retval = unixctl_client_create(path, &client);
    if (!retval) {
        retval = unixctl_client_transact(client, command, argc, argv,
                                         &answer, error);
        jsonrpc_close(client);
    }
    if (*error) {
        (*error)[strcspn(*error, "\n")] = '\0';
        *said = true;
    } else if (retval) {
        *error = xasprintf("%s: %s", path, ovs_retval_to_string(retval));
    }
    free(path);
    return answer;
}
