/* SPDX-License-Identifier: Apache-2.0 */

/* The nodes whose pods are ours to judge: --node-selector, --zone.
 *
 * The selector is the server's to understand.  The zone of a node is what
 * ovn-kubernetes writes down there: the annotation k8s.ovn.org/zone-name, or
 * the label of that name; without either it is "global". */

#ifndef NODE_SET_H
#define NODE_SET_H 1

#include <stdbool.h>
#include <stdint.h>

struct ds;
struct http;
struct kubeconfig;
struct node_set;
struct reflector_status;
struct sset;

/* 'selector' is a label selector as kubectl takes it, or NULL: all nodes;
 * 'zone' the name of a zone, or NULL: any. */
struct node_set *node_set_create(struct http *, struct kubeconfig *,
                                 const char *selector, const char *zone);
void node_set_destroy(struct node_set *);

/* To be called after http_run(). */
void node_set_run(struct node_set *, long long int now);
void node_set_wait(const struct node_set *);

/* The names, valid until node_set_run(), and a number that changes when they
 * do. */
const struct sset *node_set_names(const struct node_set *);
uint64_t node_set_seqno(const struct node_set *);

void node_set_get_status(const struct node_set *, long long int now,
                         struct reflector_status *);
/* Appends a line. */
void node_set_format(const struct node_set *, long long int now,
                     struct ds *);

/* For tests; see reflector_set_limits(). */
void node_set_set_limits(struct node_set *, unsigned int page,
                         long long int silence_ms, long long int backoff_ms);

#endif /* node-set.h */
