/* SPDX-License-Identifier: Apache-2.0 */

/* The list of dialects, and what they have in common. */

#include <config.h>

#include "dialect.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

const char *
port_kind_to_string(enum port_kind kind)
{
    switch (kind) {
    case PORT_FOREIGN: return "foreign";
    case PORT_OWNED: return "owned";
    case PORT_INFRA: return "infrastructure";
    }
    OVS_NOT_REACHED();
}

void
port_proof_destroy(struct port_proof *proof)
{
    if (proof) {
        free(proof->ns);
        free(proof->owner);
        free(proof->provider);
        free(proof->why);
    }
}

const struct dialect *
dialect_by_name(const char *name)
{
    static const struct dialect *const dialects[] = { &dialect_kube_ovn };

    for (size_t i = 0; i < ARRAY_SIZE(dialects); i++) {
        if (!strcmp(dialects[i]->name, name)) {
            return dialects[i];
        }
    }
    return NULL;
}
