/* SPDX-License-Identifier: Apache-2.0 */

/* Kube-OVN's IP objects and Subnets.
 *
 * Nothing in their schemas is required and hardly anything is checked, so what
 * is not an address, or no range, is as if it were not there: an IP object
 * without an address proves nothing and keeps nothing. */

#include <config.h>

#include "ipam-reader.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/vlog.h"

#include "packets.h"
#include "util.h"

#include "ipam-object.h"
#include "json-place.h"
#include "kube-write.h"
#include "manifest-object.h"

VLOG_DEFINE_THIS_MODULE(ipam_reader);

#define RESERVED_LABEL "ovn.kubernetes.io/ip_reserved"

/* Its finalizer's name, without the group that newer releases put before
 * it. */
#define FINALIZER "kube-ovn-controller"

static const char *
or_empty(const char *s)
{
    return s ? s : "";
}

/* ---- IP objects. ---- */

/* Takes the addresses of 'text', "A" or "A,B", that are of no family which
 * 'o' has. */
static void
add_addrs(struct ip_object *o, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        char *one = xmemdup0(text, len);
        struct ip_addr ip;

        if (o->n_addrs < 2 && ip_addr_parse(one, &ip)
            && !ip_object_find_family(o, ip.family)) {
            o->addrs[o->n_addrs++].ip = ip;
        }
        free(one);
        text += len + (text[len] == ',');
    }
}

static bool
has_finalizer(const struct place *metadata)
{
    json_t *list = json_object_get(metadata->json, "finalizers");
    json_t *element;
    size_t i;

    json_array_foreach (list, i, element) {
        const char *s = or_empty(json_string_value(element));
        const char *slash = strrchr(s, '/');

        if (!strcmp(slash ? slash + 1 : s, FINALIZER)) {
            return true;
        }
    }
    return false;
}

void
ipam_read_ip(const struct place *root, const struct place *metadata,
             struct manifest_object *object)
{
    struct place spec = place_object(root, "spec");
    struct place labels = place_object(metadata, "labels");
    struct ip_object_addr addrs[2];
    struct ip_object o = {
        .name = object->name,
        .uid = object->uid,
        .version = or_empty(place_string(metadata, "resourceVersion")),
        .ns = or_empty(place_string(&spec, "namespace")),
        .pod = or_empty(place_string(&spec, "podName")),
        .pod_type = or_empty(place_string(&spec, "podType")),
        .subnet = or_empty(place_string(&spec, "subnet")),
        .addrs = addrs,
        .deleting = object->deleting,
        .reserved = !strcmp(or_empty(place_string(&labels, RESERVED_LABEL)),
                            "true"),
        .has_finalizer = has_finalizer(metadata),
        .ours = !strcmp(or_empty(place_string(&labels, RESERVE_LABEL)),
                        "true"),
    };

    o.created_s = place_time(metadata, "creationTimestamp");
    o.has_mac = eth_addr_from_string(or_empty(place_string(&spec,
                                                           "macAddress")),
                                     &o.mac);
    memset(addrs, 0, sizeof addrs);
    add_addrs(&o, or_empty(place_string(&spec, "v4IpAddress")));
    add_addrs(&o, or_empty(place_string(&spec, "v6IpAddress")));
    add_addrs(&o, or_empty(place_string(&spec, "ipAddress")));
    object->ip = ip_object_clone(&o);
}

/* ---- Subnets. ---- */

static void
replace(char **dst, const char *src)
{
    if (src && src[0]) {
        free(*dst);
        *dst = xstrdup(src);
    }
}

static void
add_own(struct subnet_object *s, const char *text)
{
    text = or_empty(text);
    while (*text) {
        size_t len = strcspn(text, ",");
        char *one = xmemdup0(text, len);
        struct ip_addr ip;

        if (ip_addr_parse(one, &ip)) {
            ip_addr_set_add(&s->own, &ip);
        }
        free(one);
        text += len + (text[len] == ',');
    }
}

static void
add_ranges(struct subnet_object *s, const char *key, const char *text)
{
    char *error = subnet_object_add_ranges(s, or_empty(text));

    if (error) {
        static struct vlog_rate_limit rl = VLOG_RATE_LIMIT_INIT(1, 1);

        VLOG_WARN_RL(&rl, "Subnet %s: status.%s: %s", s->name, key, error);
        free(error);
        s->truncated = true;
    }
}

void
ipam_read_subnet(const struct place *root, struct manifest_object *object)
{
    struct place spec = place_object(root, "spec");
    struct place status = place_object(root, "status");
    struct subnet_object *s = subnet_object_create(object->name, object->uid);

    object->subnet = s;
    s->deleting = object->deleting;
    replace(&s->cidr, place_string(&spec, "cidrBlock"));
    replace(&s->gateway, place_string(&spec, "gateway"));
    replace(&s->provider, place_string(&spec, "provider"));
    replace(&s->vpc, place_string(&spec, "vpc"));
    add_own(s, s->gateway);
    add_own(s, place_string(&status, "u2oInterconnectionIP"));
    add_own(s, place_string(&status, "mcastQuerierIP"));
    add_ranges(s, "v4usingIPrange", place_string(&status, "v4usingIPrange"));
    add_ranges(s, "v6usingIPrange", place_string(&status, "v6usingIPrange"));
}
