/* SPDX-License-Identifier: Apache-2.0 */

/* Which dialect is spoken here, found out by the marks that CNI controllers
 * leave on ports and pods.
 *
 * One dialect's marks decide, as soon as there is a complete copy of NB; and
 * what was decided stays.  Marks of a second one, before or after, are never
 * weighed against the others: two controllers on one database, or the remains
 * of one, are for a person to sort out.  As long as they are there nothing is
 * written but gate openings. */

#ifndef DIALECT_AUTO_H
#define DIALECT_AUTO_H 1

#include <stdbool.h>
#include <stddef.h>
#include "dialect.h"

struct ds;

/* What bears the marks of one dialect now. */
struct dialect_marks {
    size_t n_ports, n_pods;
};

enum dialect_state {
    DIALECT_GIVEN,              /* On the command line. */
    DIALECT_UNDECIDED,          /* No marks yet. */
    DIALECT_DECIDED,
    DIALECT_AMBIGUOUS,          /* Marks of several, and none was decided. */
    DIALECT_CONTRADICTED,       /* Marks of another than the decided one. */
};

/* Says what the marks, of a complete copy of NB and of the pods that are
 * known, make of it.  'decided' is what was decided before, or NULL.  Stores
 * in '*choice' the dialect that is to be used, or NULL. */
enum dialect_state dialect_decide(const struct dialect *decided,
                                  const struct dialect_marks[N_DIALECTS],
                                  const struct dialect **choice);

/* Appends what was seen, e.g. "kube-ovn: 12 ports (such as web-0.default), 3
 * pods (such as default/web-0); ovn-kubernetes: 1 pod (such as a/b)".  The
 * examples may be NULL. */
void dialect_marks_format(const struct dialect_marks[N_DIALECTS],
                          char *const port_examples[N_DIALECTS],
                          char *const pod_examples[N_DIALECTS],
                          struct ds *);

#endif /* dialect-auto.h */
