/* SPDX-License-Identifier: Apache-2.0 */

/* What an operator asks of the active instance through the own database
 * (ovn-ipguardctl), and what it answers.  A request is a row that the operator
 * makes; the answer is stored in it, in one transaction with what was done
 * about it. */

#ifndef REQUEST_H
#define REQUEST_H 1

#include <stdbool.h>
#include "openvswitch/uuid.h"
#include "smap.h"

/* The longest time that can be asked for: a year. */
#define REQUEST_MAX_SECONDS 31536000

struct svec;

struct request {
    struct uuid uuid;           /* Row of Request. */
    char *command;
    struct smap args;
    char *by;                   /* Who asks, for the log. */
    long long int made_wall_ms;
    bool started;               /* Not stored: it takes more than one turn. */
    bool answered;              /* Stored with its answer already. */
    long long int answered_wall_ms;
};

struct request_answer {
    struct uuid uuid;
    bool refused;
    char *text;                 /* For a person. */
    long long int wall_ms;
};

struct request *request_create(const struct uuid *, const char *command,
                               const struct smap *args, const char *by);
struct request *request_clone(const struct request *);
void request_destroy(struct request *);
/* Fills 'lines', which need not be initialised, with the lines of the argument
 * 'key', sorted; with none if there is no such argument. */
void request_get_lines(const struct request *, const char *key,
                       struct svec *lines);

void request_answer_clone(struct request_answer *dst,
                          const struct request_answer *src);
void request_answer_destroy(struct request_answer *);

#endif /* request.h */
