/* SPDX-License-Identifier: Apache-2.0 */

#ifndef SIM_IPAM_H
#define SIM_IPAM_H 1

struct world;

/* Who shares 'ip' with the pod that has it, as cni_state.ipam says it. */
int ipam_other_holder(const struct world *, int net, int ip);

#endif /* ipam.h */
