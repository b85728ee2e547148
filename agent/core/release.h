/* SPDX-License-Identifier: Apache-2.0 */

/* --release=kube-ovn: how Kube-OVN's IPAM is made to let an address go.  Its
 * IP object is deleted, which is the one way that works on every release, and
 * which takes the port of its name along.
 *
 * That is right in two situations only.  Release first: the StatefulSet gives
 * its ordinal another address now, there is no pod, and none can come, because
 * the API server asks us.  Failed move: the new pod is there and was never
 * given its address.  Here is what tells them, as questions to the model. */

#ifndef RELEASE_H
#define RELEASE_H 1

#include <stdbool.h>

struct admission_answer;
struct admission_context;
struct admission_request;
struct ip_addr;
struct ip_object;
struct model;
struct pod;
struct port;
struct settings;

/* The IP object of 'port' that may be deleted so that 'ip', which it has, is
 * let go; or NULL, and in '*why' (constant) why there is none. */
const struct ip_object *release_find_object(const struct model *,
                                            const struct port *port,
                                            const struct ip_addr *ip,
                                            const char **why);

/* Release first, as admission asks for it: must 'pod', which is to be created,
 * stay out because its former self still has another address in Kube-OVN?
 * Returns what is to be said to whoever creates it, or NULL.  The caller frees
 * it. */
char *release_refuse_pod(const struct model *, const struct settings *,
                         const struct pod *);

/* The same as an answer to the webhook of that rule alone, which the caller
 * destroys.  It must be certain: as long as the sources are not read, pods are
 * refused; but not while the guard deletes nothing. */
void release_judge(const struct admission_context *,
                   const struct admission_request *,
                   struct admission_answer *);

#endif /* release.h */
