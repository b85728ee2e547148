/* SPDX-License-Identifier: Apache-2.0 */

/* The differences between the releases of Open vSwitch that the code builds
 * with (3.1 to 4.0); no other file has an #if about them.  The HAVE_ macros
 * come from IPGUARD_CHECK_OVS in m4/ipguard.m4.
 *
 * Inline functions and macros only; for agent/ and ovsdb/. */

#ifndef OVS_COMPAT_H
#define OVS_COMPAT_H 1

#ifndef HAVE_CONFIG_H
#error "ovs-compat.h must be included after config.h"
#endif

#include <stdbool.h>

#include "daemon.h"
#include "openvswitch/compiler.h"
#include "stream-ssl.h"

/* Calls daemonize_start().  'access_datapath' is whether the process needs
 * the privileges of using a datapath after --user; it never needs those of
 * using hardware ports, which is what the argument added in 3.2 asks. */
static inline void
compat_daemonize_start(bool access_datapath)
{
#ifdef HAVE_DAEMONIZE_START_HARDWARE
    daemonize_start(access_datapath, false);
#else
    daemonize_start(access_datapath);
#endif
}

/* Ignores the result of a function that insists on being looked at.  The
 * library's own is ignore() in 3.5 and ovs_ignore() in 4.0. */
static inline void
compat_ignore(bool result OVS_UNUSED)
{
}

/* The cases of a getopt_long() switch for those --ssl-... options, all parts
 * of STREAM_SSL_LONG_OPTIONS, that came after 3.1.  For a program that spells
 * out the cases 'p', 'c', 'C', OPT_SSL_PROTOCOLS and OPT_SSL_CIPHERS, as one
 * must that re-reads its key and certificates when they are renewed; one that
 * uses STREAM_SSL_OPTION_HANDLERS has them already. */
#ifdef HAVE_OPT_SSL_CIPHERSUITES
#define COMPAT_SSL_CIPHERSUITES_HANDLER                 \
        case OPT_SSL_CIPHERSUITES:                      \
            stream_ssl_set_ciphersuites(optarg);        \
            break;
#else
#define COMPAT_SSL_CIPHERSUITES_HANDLER
#endif
#ifdef HAVE_OPT_SSL_SERVER_NAME
#define COMPAT_SSL_SERVER_NAME_HANDLER                  \
        case OPT_SSL_SERVER_NAME:                       \
            stream_ssl_set_server_name(optarg);         \
            break;
#else
#define COMPAT_SSL_SERVER_NAME_HANDLER
#endif
#define COMPAT_SSL_NEWER_OPTION_HANDLERS                \
        COMPAT_SSL_CIPHERSUITES_HANDLER                 \
        COMPAT_SSL_SERVER_NAME_HANDLER

#endif /* ovs-compat.h */
