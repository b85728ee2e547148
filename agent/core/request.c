/* SPDX-License-Identifier: Apache-2.0 */

/* See request.h. */

#include <config.h>

#include "request.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/util.h"
#include "svec.h"
#include "util.h"

struct request *
request_create(const struct uuid *uuid, const char *command,
               const struct smap *args, const char *by)
{
    struct request *r = xzalloc(sizeof *r);

    r->uuid = *uuid;
    r->command = xstrdup(command);
    smap_clone(&r->args, args);
    r->by = xstrdup(by);
    return r;
}

struct request *
request_clone(const struct request *src)
{
    struct request *r = request_create(&src->uuid, src->command, &src->args,
                                       src->by);

    r->made_wall_ms = src->made_wall_ms;
    r->started = src->started;
    r->answered = src->answered;
    r->answered_wall_ms = src->answered_wall_ms;
    return r;
}

void
request_destroy(struct request *r)
{
    if (r) {
        free(r->command);
        smap_destroy(&r->args);
        free(r->by);
        free(r);
    }
}

void
request_get_lines(const struct request *r, const char *key,
                  struct svec *lines)
{
    const char *text = smap_get_def(&r->args, key, "");

    svec_init(lines);
    while (*text) {
        size_t n = strcspn(text, "\n");

        if (n) {
            svec_add_nocopy(lines, xmemdup0(text, n));
        }
        text += n + (text[n] == '\n');
    }
    svec_sort(lines);
}

void
request_answer_clone(struct request_answer *dst,
                     const struct request_answer *src)
{
    *dst = *src;
    dst->text = xstrdup(src->text);
}

void
request_answer_destroy(struct request_answer *answer)
{
    free(answer->text);
}
