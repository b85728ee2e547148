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
        free(proof->cni_network);
        free(proof->pod_uid);
        free(proof->why);
    }
}

const struct dialect *const dialects[N_DIALECTS] = {
    &dialect_kube_ovn, &dialect_ovn_kubernetes,
};

const struct dialect *
dialect_by_name(const char *name)
{
    for (size_t i = 0; i < N_DIALECTS; i++) {
        if (!strcmp(dialects[i]->name, name)) {
            return dialects[i];
        }
    }
    return strcmp(dialect_auto.name, name) ? NULL : &dialect_auto;
}

uint8_t
dialect_port_marks(const struct smap *external_ids)
{
    uint8_t marks = 0;

    for (size_t i = 0; i < N_DIALECTS; i++) {
        marks |= dialects[i]->marks_port(external_ids) << i;
    }
    return marks;
}

uint8_t
dialect_pod_marks(const struct smap *annotations)
{
    uint8_t marks = 0;

    for (size_t i = 0; i < N_DIALECTS; i++) {
        marks |= dialects[i]->marks_pod(annotations) << i;
    }
    return marks;
}
