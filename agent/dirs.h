/* SPDX-License-Identifier: Apache-2.0 */

/* The folders of OVN, and what is found there by default.
 *
 * The daemon keeps its sockets and files beside OVN's and not beside Open
 * vSwitch's, so that "ovn-appctl -t ovn-ipguard" finds it.  As with OVN's own
 * programs, an environment variable overrides what configure was told. */

#ifndef DIRS_H
#define DIRS_H 1

/* Makes libopenvswitch put control socket, pid file and log file into OVN's
 * folders: $OVN_RUNDIR and $OVN_LOGDIR, else those that configure was told.
 * To be called before anything else of the library. */
void dirs_init(void);

/* The remotes used without an option: $OVN_NB_DB, $OVN_SB_DB and
 * $OVN_IPGUARD_DB, else a socket in OVN's run folder.  The caller frees
 * them. */
char *dirs_default_nb_db(void);
char *dirs_default_sb_db(void);
char *dirs_default_own_db(void);

/* The folder of sockets and pid files: $OVN_RUNDIR, or as configured. */
const char *dirs_rundir(void);

#endif /* dirs.h */
