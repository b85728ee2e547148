/* SPDX-License-Identifier: Apache-2.0 */

/* The networks that a pod is attached to, as Multus' annotations list them.
 *
 * A dialect needs them for two things: an attachment may name addresses of
 * its own, and how an attachment is called can depend on how often its network
 * is listed.  The text form is that of dialect.h. */

#ifndef NET_SELECTION_H
#define NET_SELECTION_H 1

#include <stddef.h>
#include "openvswitch/compiler.h"

/* One attachment. */
struct net_selection {
    char *ns;                   /* Of the NetworkAttachmentDefinition. */
    char *name;
    char *ifname;               /* Inside the pod, or "". */
    char *ips;                  /* Comma-separated, or NULL. */
    char *mac;                  /* Or NULL. */
};

struct net_selections {
    struct net_selection *all;
    size_t n;
};

void net_selections_init(struct net_selections *);
void net_selections_destroy(struct net_selections *);

/* Appends what 'text' lists; 'ns' is the namespace of a network that is named
 * without one.  Returns NULL, or what was not understood, which the caller
 * frees; '*selections' has then what came before it. */
char *net_selections_add(struct net_selections *, const char *text,
                         const char *ns) OVS_WARN_UNUSED_RESULT;

/* How often the network of 'selection' is listed. */
size_t net_selections_count(const struct net_selections *,
                            const struct net_selection *);

#endif /* net-selection.h */
