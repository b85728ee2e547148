/* SPDX-License-Identifier: Apache-2.0 */

/* See ctl-paint.h. */

#include <config.h>

#include "ctl-paint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define BOLD "\033[1m"
#define FAINT "\033[2m"
#define PLAIN "\033[0m"

/* How lines of a command are painted: those that begin with 'begin' and
 * contain 'part', of which all or (if 'word') only the first word is. */
static const struct {
    const char *command;
    const char *begin, *part;
    bool word;
    const char *paint;
} rules[] = {
    {"plan", "#", "", false, FAINT},
    {"plan", "-", "", false, RED},
    {"plan", "+", "", false, GREEN},
    {"plan", "port: ", "", false, BOLD},
    {"audit", "stale ", "", true, RED},
    {"audit", "duplicate ", "", true, RED},
    {"audit", "leaked ", "", true, RED},
    {"audit", "drift ", "", true, YELLOW},
    {"audit", "missing ", "", true, YELLOW},
    {"audit", "foreign ", "", true, YELLOW},
    {"show", "frozen: ", "", false, RED},
    {"show", "brake: ", "", false, RED},
    {"show", "network ", "", false, BOLD},
    {"show", "    ", ": blocked for ", false, RED},
    {"show", "    ", ": draining for ", false, YELLOW},
    {"show", "    ", ": clean for ", false, GREEN},
    {"why", "", " is a duplicate", false, RED},
    {"why", "", " on ", true, BOLD},
};

bool
ipgctl_is_terminal(int fd)
{
    const char *term = getenv("TERM");

    return isatty(fd) && term && term[0] && strcmp(term, "dumb");
}

bool
ipgctl_wants_paint(void)
{
    const char *no_color = getenv("NO_COLOR");

    return (!no_color || !no_color[0]) && ipgctl_is_terminal(STDOUT_FILENO);
}

static void
paint_line(const char *command, const char *line, struct ds *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
        size_t n = strlen(line);

        if (strcmp(rules[i].command, command)
            || strncmp(line, rules[i].begin, strlen(rules[i].begin))
            || !strstr(line, rules[i].part)) {
            continue;
        }
        if (rules[i].word) {
            n = strcspn(line, " ");
        }
        ds_put_format(out, "%s%.*s"PLAIN"%s", rules[i].paint, (int) n, line,
                      line + n);
        return;
    }
    ds_put_cstr(out, line);
}

void
ipgctl_paint(const char *command, struct ds *ds)
{
    struct ds out = DS_EMPTY_INITIALIZER;
    const char *s = ds_cstr(ds);

    while (*s) {
        size_t n = strcspn(s, "\n");
        char *line = xmemdup0(s, n);

        paint_line(command, line, &out);
        free(line);
        s += n;
        if (*s) {
            ds_put_char(&out, *s++);
        }
    }
    ds_swap(ds, &out);
    ds_destroy(&out);
}
