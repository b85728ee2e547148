/* SPDX-License-Identifier: Apache-2.0 */

/* IPAMClaims, which keep addresses for virtual machines. */

#ifndef IPAM_CLAIM_H
#define IPAM_CLAIM_H 1

struct manifest_object;
struct place;

/* Reads the IPAMClaim 'root' into 'object'. */
void ipam_claim_read(const struct place *root, struct manifest_object *);

#endif /* ipam-claim.h */
