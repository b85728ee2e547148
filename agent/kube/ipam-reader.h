/* SPDX-License-Identifier: Apache-2.0 */

/* Reads Kube-OVN's IP objects and Subnets out of their JSON form: for
 * manifest-object.c alone, whose other kinds are Kubernetes' own. */

#ifndef IPAM_READER_H
#define IPAM_READER_H 1

struct manifest_object;
struct place;

/* 'object' has been read as far as its metadata go, which are 'metadata' in
 * 'root'.  Fill in its 'ip' or 'subnet'. */
void ipam_read_ip(const struct place *root, const struct place *metadata,
                  struct manifest_object *object);
void ipam_read_subnet(const struct place *root,
                      struct manifest_object *object);

#endif /* ipam-reader.h */
