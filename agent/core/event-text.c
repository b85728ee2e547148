/* SPDX-License-Identifier: Apache-2.0 */

/* See event-text.h.  Each text names the address, the port, who has it and
 * what is to be done, for somebody who has never heard of this program. */

#include <config.h>

#include "event-text.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

static const struct event_text texts[EVENT_N_KINDS] = {
    [EVENT_STALE_ADDRESS_CLEARED] = {
        "StaleAddressCleared", "ClearAddress", false,
        "{address} on network {network} was taken off port {port}: {why}. "
        "It is held and goes to nobody else until no trace of its use is "
        "left. Nothing is to be done."
    },
    [EVENT_ADDRESS_HELD] = {
        "AddressHeld", "HoldAddress", false,
        "{address} on network {network}, which {holder} had on port {port}, "
        "is held since {since}: nobody else may use it until no trace of its "
        "use is left. To see what it waits for: ovn-appctl -t ovn-ipguard "
        "why {network} {address}"
    },
    [EVENT_ADDRESS_REUSABLE] = {
        "AddressReusable", "ReleaseAddress", false,
        "{address} on network {network}, held since {since}, formerly of "
        "{holder} on port {port}, may be used again: {why}. {next}."
    },
    [EVENT_WAITING_FOR_ADDRESS] = {
        "WaitingForAddress", "WaitForAddress", true,
        "{port} waits for {address} on network {network}, which is held "
        "since {since}: {holder} had it. Still awaited: {waits}. It goes on "
        "by itself when that is over; a restart of the pod does not help."
    },
    [EVENT_DUPLICATE_ADDRESS] = {
        "DuplicateAddress", "Report", true,
        "{address} on network {network} is on several ports: {port}; "
        "{holder}. Packets may reach the wrong pod. Delete the pod that is "
        "not to have it, or give it another address."
    },
    [EVENT_FIXED_IP_CHANGE_FORBIDDEN] = {
        "FixedIPChangeForbidden", "RefuseChange", true,
        "Port {port} on network {network} keeps {address}: {why}. Change it "
        "back; or scale the StatefulSet to 0, change the address and scale "
        "it up again; or delete it and create it with the new address."
    },
    [EVENT_FIXED_IP_CHANGE_ACCEPTED] = {
        "FixedIPChangeAccepted", "AcceptChange", false,
        "{why}: {address} on network {network} leaves port {port} when the "
        "old pod is gone, and goes to nobody else until no trace of its use "
        "is left. Nothing is to be done."
    },
    [EVENT_GUARD_FROZEN] = {
        "GuardFrozen", "Freeze", true,
        "ovn-ipguard is frozen ({why}): {address} on network {network} (port "
        "{port}, {holder}) stays as it is, and no hold ends. Somebody must "
        "look at the OVN databases and then run: ovn-appctl -t ovn-ipguard "
        "thaw"
    },
};

const struct event_text *
event_text(enum event_kind kind)
{
    return &texts[kind];
}

static const char *
find_arg(const struct event_args *a, const char *name, size_t len)
{
    const struct {
        const char *name, *value;
    } args[] = {
        { "address", a->address }, { "network", a->network },
        { "port", a->port }, { "holder", a->holder }, { "since", a->since },
        { "waits", a->waits }, { "why", a->why }, { "next", a->next },
    };

    for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
        if (strlen(args[i].name) == len
            && !memcmp(args[i].name, name, len)) {
            return args[i].value && args[i].value[0] ? args[i].value
                                                     : "unknown";
        }
    }
    OVS_NOT_REACHED();          /* The table is ours. */
}

/* Cuts 'ds' to EVENT_NOTE_MAX bytes, not within a character of UTF-8. */
static void
cut(struct ds *ds)
{
    static const char dots[] = "...";
    size_t len = EVENT_NOTE_MAX - (sizeof dots - 1);

    if (ds->length > EVENT_NOTE_MAX) {
        while (len && (ds->string[len] & 0xc0) == 0x80) {
            len--;
        }
        ds_truncate(ds, len);
        ds_put_cstr(ds, dots);
    }
}

char *
event_format_note(enum event_kind kind, const struct event_args *args)
{
    struct ds ds = DS_EMPTY_INITIALIZER;

    for (const char *s = texts[kind].note; *s; ) {
        size_t len = strcspn(s, "{");

        ds_put_buffer(&ds, s, len);
        s += len;
        if (*s) {
            len = strcspn(++s, "}");
            ds_put_cstr(&ds, find_arg(args, s, len));
            s += len + 1;
        }
    }
    cut(&ds);
    return ds_steal_cstr(&ds);
}
