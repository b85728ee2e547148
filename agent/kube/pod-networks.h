/* SPDX-License-Identifier: Apache-2.0 */

/* What the controller of ovn-kubernetes gave to a pod, in JSON. */

#ifndef POD_NETWORKS_H
#define POD_NETWORKS_H 1

/* Rewrites 'value', the value of an annotation POD_NETWORKS_ANNOTATION, into
 * the text form that dialect.h describes.  Returns NULL if it is not an object
 * that could be rewritten; the dialect then finds fault with the value itself.
 * The caller frees the result. */
char *pod_networks_flatten(const char *value);

#endif /* pod-networks.h */
