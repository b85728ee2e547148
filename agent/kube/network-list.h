/* SPDX-License-Identifier: Apache-2.0 */

/* Multus' lists of networks in their JSON form. */

#ifndef NETWORK_LIST_H
#define NETWORK_LIST_H 1

/* Rewrites 'value', the value of an annotation NETWORKS_ANNOTATION or
 * DEFAULT_NETWORK_ANNOTATION, into the text form that dialect.h describes.
 * Returns NULL if it has that form already, or if it is not a list that could
 * be rewritten; the dialect then finds fault with the value itself.  The
 * caller frees the result. */
char *network_list_flatten(const char *value);

#endif /* network-list.h */
