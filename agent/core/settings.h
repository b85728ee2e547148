/* SPDX-License-Identifier: Apache-2.0 */

/* Everything an operator can set, from the command line or from
 * IPGuard.other_config.  One table gives each setting its name, type, bounds,
 * default and one line of help; options, --help, the database and the manual
 * are all read from it. */

#ifndef SETTINGS_H
#define SETTINGS_H 1

#include <stdbool.h>
#include <stddef.h>
#include "openvswitch/compiler.h"

struct ds;

enum guard_mode { MODE_OBSERVE, MODE_GUARD, MODE_MANAGE };
enum sts_ip_change { STS_IP_CHANGE_MIGRATE, STS_IP_CHANGE_DENY };
enum admission_policy { ADMISSION_WARN, ADMISSION_DENY };
enum chassis_policy { CHASSIS_BOUNDED, CHASSIS_WAIT };
enum mac_bindings_policy { MAC_BINDINGS_REPORT, MAC_BINDINGS_FLUSH };
enum hold_scope { HOLD_SCOPE_FIXED, HOLD_SCOPE_ALL };
enum reserve_policy { RESERVE_NONE, RESERVE_EXCLUDE_IPS, RESERVE_KUBE_OVN };
enum release_policy { RELEASE_NONE, RELEASE_KUBE_OVN };
enum setting_switch { SWITCH_OFF, SWITCH_ON };

/* The words of a setting that is an enum setting_switch. */
#define SWITCH_WORDS "off|on"

const char *guard_mode_to_string(enum guard_mode);
bool guard_mode_from_string(const char *, enum guard_mode *);

struct settings {
    enum guard_mode mode;               /* Ceiling; the database may lower. */
    enum sts_ip_change sts_ip_change;
    enum admission_policy admission;
    enum chassis_policy chassis_policy;
    enum mac_bindings_policy mac_bindings;
    enum hold_scope hold_scope;
    enum setting_switch events;         /* Events in Kubernetes. */
    enum reserve_policy reserve;        /* In which IPAM holds stand. */
    enum release_policy release;        /* IP objects that may be deleted. */
    enum setting_switch nudge;          /* Pods that wait are annotated. */

    long long int settle_ms;            /* Two observations this far apart. */
    long long int unseen_settle_ms;     /* The same for a pod whose arrival we
                                         * did not see (after our start). */
    long long int chassis_gone_ms;      /* A vanished chassis may return. */
    long long int live_read_ms;         /* Oldest live read before a commit. */
    long long int moving_alert_ms;      /* Case B beside a CNI controller. */
    long long int cni_gc_ms;            /* No case D so long after the CNI
                                         * controller's restart. */
    long long int barrier_interval_ms;  /* At most one nb_cfg bump in this. */
    long long int chassis_timeout_ms;   /* chassis_policy 'bounded'. */
    long long int hold_deadline_ms;     /* 'draining' becomes 'blocked'. */
    long long int min_hold_ms;
    long long int min_hold_localnet_ms;
    long long int gate_max_ms;          /* Lack of evidence opens a gate. */
    long long int flush_watch_ms;       /* After deleting a MAC_Binding. */

    int max_holds;
    int brake_clears;                   /* More than this many clears ... */
    long long int brake_window_ms;      /* ... in this time; or more than */
    int brake_floor;                    /* this many and ... */
    int brake_percent;                  /* ... this share of the ports. */
    int shrink_percent;                 /* Freeze when NB loses more. */
    int shrink_floor;                   /* ... and at least so many ports. */
    int batch_rows;                     /* Rows in one NB transaction. */
    int journal_max;                    /* Rows kept in Journal. */
};

void settings_init(struct settings *);

/* Sets 'name' (as in the table, e.g. "settle-time") from 'value'.  Returns
 * NULL or what was expected, for a person; the caller frees it.  '*s' is
 * unchanged on error. */
char *settings_set(struct settings *s, const char *name, const char *value)
    OVS_WARN_UNUSED_RESULT;

/* The table, for options, help and documentation. */
struct setting_info {
    const char *name;           /* "settle-time". */
    const char *arg;            /* "MS", "S", "N" or "bounded|wait". */
    const char *help;
};
const struct setting_info *settings_info(size_t *n);

/* Current value of 'name' as settings_set() would take it. */
bool settings_format(const struct settings *, const char *name, struct ds *);

#endif /* settings.h */
