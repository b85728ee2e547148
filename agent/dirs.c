/* SPDX-License-Identifier: Apache-2.0 */

/* See dirs.h.  OVN_DEFAULT_RUNDIR and OVN_DEFAULT_LOGDIR come from
 * configure. */

#include <config.h>

#include "dirs.h"

#include <stdlib.h>

#include "util.h"

/* An empty variable is one that a script meant to leave unset. */
static const char *
get_env(const char *name, const char *otherwise)
{
    const char *value = getenv(name);

    return value && value[0] ? value : otherwise;
}

const char *
dirs_rundir(void)
{
    return get_env("OVN_RUNDIR", OVN_DEFAULT_RUNDIR);
}

/* The library asks the environment once and then remembers. */
void
dirs_init(void)
{
    setenv("OVS_RUNDIR", dirs_rundir(), 1);
    setenv("OVS_LOGDIR", get_env("OVN_LOGDIR", OVN_DEFAULT_LOGDIR), 1);
}

static char *
default_db(const char *variable, const char *socket)
{
    const char *value = get_env(variable, NULL);

    return value ? xstrdup(value) : xasprintf("unix:%s/%s", dirs_rundir(),
                                              socket);
}

char *
dirs_default_nb_db(void)
{
    return default_db("OVN_NB_DB", "ovnnb_db.sock");
}

char *
dirs_default_sb_db(void)
{
    return default_db("OVN_SB_DB", "ovnsb_db.sock");
}

char *
dirs_default_own_db(void)
{
    return default_db("OVN_IPGUARD_DB", "ovn_ipguard_db.sock");
}
