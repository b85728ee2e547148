/* SPDX-License-Identifier: Apache-2.0 */

/* A question to the Southbound database, and its answer: which Port_Bindings
 * and MAC_Bindings there are for a few ports and addresses now, as operations
 * "select" of RFC 7047, 5.2.2, in one transaction.  sb-ask.h carries them. */

#ifndef SB_QUESTION_H
#define SB_QUESTION_H 1

#include <stdbool.h>
#include <stddef.h>
#include "openvswitch/uuid.h"
#include "sset.h"

struct json;
struct jsonrpc_msg;

/* An answer of more rows is refused: one port has one binding, and an address
 * one MAC_Binding on each router port. */
#define SB_ANSWER_MAX_ROWS 10000

struct sb_answer_binding {
    char *logical_port;
    bool has_chassis;
    struct uuid chassis;        /* Of the row in table Chassis. */
    size_t n_additional_chassis;
};

struct sb_answer_mac {
    char *logical_port;
    char *ip;
    char *mac;
};

struct sb_answer {
    struct sb_answer_binding *bindings;
    size_t n_bindings, allocated_bindings;
    struct sb_answer_mac *macs;
    size_t n_macs, allocated_macs;
};

/* The parameters of "transact" that ask about 'ports' and 'addresses'.
 * 'additional_chassis' tells whether the server's schema has that column of
 * Port_Binding. */
struct json *sb_question_compose(const struct sset *ports,
                                 const struct sset *addresses,
                                 bool additional_chassis);

/* Takes the answer to a question about 'ports' and 'addresses' out of 'reply',
 * whose id is the question's.  Returns NULL, or for a person what is wrong
 * with it, which the caller frees; then 'answer' is empty.  'answer' need not
 * be initialised. */
char *sb_question_parse(const struct jsonrpc_msg *reply,
                        const struct sset *ports,
                        const struct sset *addresses,
                        struct sb_answer *answer);
void sb_answer_destroy(struct sb_answer *);

#endif /* sb-question.h */
