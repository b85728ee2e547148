/* SPDX-License-Identifier: Apache-2.0 */

/* Reads IPAMClaims.  Their schema is checked by the API server, so what is not
 * of it is an error; a claim that was given no address yet keeps none. */

#include <config.h>

#include "ipam-claim.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

#include "json-place.h"
#include "manifest-object.h"

/* Reads "ADDRESS/LENGTH". */
static bool
parse_cidr(const char *s, struct ip_addr *ip)
{
    size_t len = strcspn(s, "/");
    char *address = xmemdup0(s, len);
    bool ok = s[len] && ip_addr_parse(address, ip);

    free(address);
    return ok;
}

void
ipam_claim_read(const struct place *root, struct manifest_object *object)
{
    struct place spec = place_object(root, "spec");
    struct place status = place_object(root, "status");
    struct place ips = place_array(&status, "ips");
    const char *network = place_string(&spec, "network");

    if (!network || !network[0]) {
        place_fail(&spec, "network", "the name of a network");
    }
    object->cni_network = xstrdup(network ? network : "");
    for (size_t i = 0; i < place_n_elements(&ips); i++) {
        const char *s = json_string_value(json_array_get(ips.json, i));
        struct ip_addr ip;

        if (!s || !parse_cidr(s, &ip)) {
            place_fail(&status, "ips", "addresses with the length of their "
                       "prefix");
            return;
        }
        ip_addr_set_add(&object->ips, &ip);
    }
}
