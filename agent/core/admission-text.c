/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of admission, one table.  doc/messages.md has the same texts with
 * cause and remedy each; tests/unit/test-admission.c compares the two.
 *
 * kubectl prints these to people who may never have heard of this program, so
 * each says what is wrong and what to do.  The API server cuts warnings of
 * more than 256 characters off when there are many. */

#include <config.h>

#include "admission-private.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

/* MESSAGE(ID, NAME, EFFECT, TEXT) */
#define MESSAGES                                                            \
    MESSAGE(ADDRESS_HELD, "AddressHeld", POLICY,                            \
            "{address} on {network} is held: it left {port} of {owner} "    \
            "{age} ago, and is free again when this is done: {awaited}")    \
    MESSAGE(ADDRESS_IN_IPAM, "AddressInIPAM", POLICY,                       \
            "{address} on {network} has the IP object {object} of "         \
            "{owner}, made {age}: use another address, or wait until the "  \
            "object is gone")                                               \
    MESSAGE(ADDRESS_IN_USE, "AddressInUse", POLICY,                         \
            "{address} on {network} is in use by {owner} (port {port}"      \
            "{state}) for {age}: use another address, or wait until it is " \
            "gone")                                                         \
    MESSAGE(ADDRESS_PROMISED, "AddressPromised", POLICY,                    \
            "{address} on {network} is promised to {owner}, which asks "    \
            "for it in {key} and was made {age}: use another address, or "  \
            "change it there")                                              \
    MESSAGE(ADDRESS_TWICE, "AddressTwice", POLICY,                          \
            "{key} names {address} for ordinal {first} and for ordinal "    \
            "{second}: write another address for one of them")              \
    MESSAGE(FIXED_IP_CHANGE_ACCEPTED, "FixedIPChangeAccepted", WARN,        \
            "fixed IP changes ({changes}): each pod moves when it is "      \
            "re-created; its old address is then held until OVN has "       \
            "forgotten it, and free for others after that")                 \
    MESSAGE(FIXED_IP_CHANGE_FORBIDDEN, "FixedIPChangeForbidden", REFUSE,    \
            "the fixed IP of a live StatefulSet may not change "            \
            "({changes}): scale it to 0, change it and scale it up again, " \
            "or delete it and create it with the new address")              \
    MESSAGE(FIXED_IP_EDITED, "FixedIPEdited", WARN,                         \
            "the pod goes on with {address}, since {key} is read when a "   \
            "pod is created: put {address} back, or the CNI controller "    \
            "may give it away when it restarts; delete the pod to move it") \
    MESSAGE(FIXED_IP_PERMUTATION, "FixedIPPermutation", REFUSE,             \
            "pods would wait for each other's addresses ({circle}), and a " \
            "rollout, one pod after the other, could not finish: scale to " \
            "0 first, or use addresses that are free")                      \
    MESSAGE(GATEWAY_ADDRESS, "GatewayAddress", POLICY,                      \
            "{address} ({key}) is the gateway of {network}: write another " \
            "address of {subnets}")                                         \
    MESSAGE(INVALID_VALUE, "InvalidValue", POLICY,                          \
            "{error}")                                                      \
    MESSAGE(MISPLACED_KEY, "MisplacedKey", POLICY,                          \
            "{key} on the {kind} itself has no effect: write it in "        \
            "spec.template.metadata.annotations")                           \
    MESSAGE(NO_SUCH_FAMILY, "NoSuchFamily", POLICY,                         \
            "{address} ({key}) is an {family} address, but {network} has "  \
            "none of these ({subnets}): leave it out")                      \
    MESSAGE(NOT_READY, "NotReady", WARN,                                    \
            "fixed addresses were not checked: {reason}")                   \
    MESSAGE(ONE_ADDRESS_FOR_MANY, "OneAddressForMany", POLICY,              \
            "{key} gives {address} to each of {replicas} pods, and only "   \
            "one can have it: write ip_pool with {needed} addresses "       \
            "instead")                                                      \
    MESSAGE(OUTSIDE_SUBNET, "OutsideSubnet", POLICY,                        \
            "{address} ({key}) is not an address for pods of {network}: "   \
            "write one of {subnets}")                                       \
    MESSAGE(POOL_TOO_SHORT, "PoolTooShort", POLICY,                         \
            "{key} has {have}, but the highest ordinal is {ordinal}, "      \
            "which takes item {needed}: write {needed} addresses")          \
    MESSAGE(RELEASE_FIRST, "ReleaseFirst", REFUSE,                          \
            "{pod} had {address}, which Kube-OVN might never let go: "      \
            "{what} {name} still has it{state}. It is being released; the " \
            "StatefulSet's controller tries again, and is told when the "   \
            "pod can come. Nothing is to be done.")                         \
    MESSAGE(UNKNOWN_SUBNET, "UnknownSubnet", WARN,                          \
            "{key} is \"{network}\", but there is no logical switch of "    \
            "that name: write the name of a subnet")

static const struct admission_message_info infos[] = {
#define MESSAGE(ID, NAME, EFFECT, TEXT)                                 \
    [ADM_##ID] = { NAME, ADM_EFFECT_##EFFECT, TEXT },
    MESSAGES
#undef MESSAGE
};
BUILD_ASSERT_DECL(ARRAY_SIZE(infos) == ADM_N_MESSAGES);

const struct admission_message_info *
admission_message_info(enum admission_message id)
{
    return &infos[id];
}

void
admission_format(enum admission_message id,
                 const struct admission_value *values, struct ds *ds)
{
    for (const char *p = infos[id].text; *p; ) {
        size_t len = strcspn(p, "{");
        const char *end;

        ds_put_buffer(ds, p, len);
        p += len;
        end = *p ? strchr(p, '}') : NULL;
        if (!end) {
            break;
        }
        len = end - p - 1;
        for (const struct admission_value *v = values; ; v++) {
            /* A place that the caller did not fill is a mistake of ours. */
            ovs_assert(v->name);
            if (strlen(v->name) == len && !strncmp(v->name, p + 1, len)) {
                ds_put_cstr(ds, v->text);
                break;
            }
        }
        p = end + 1;
    }
}
