/* SPDX-License-Identifier: Apache-2.0 */

/* In which format a client wants the metrics, by its Accept header (RFC 9110,
 * section 12.5.1). */

#include <config.h>

#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util.h"

/* What a header says of one format: how much it is wanted, 0 to 1, and how
 * exactly that was said, 0 for not at all. */
struct wish {
    double q;
    int rank;
};

static void
wish_note(struct wish *wish, double q, int rank)
{
    if (rank > wish->rank || (rank == wish->rank && q > wish->q)) {
        wish->q = q;
        wish->rank = rank;
    }
}

/* Cuts blanks off both ends of 's', in place. */
static char *
trim(char *s)
{
    size_t n;

    s += strspn(s, " \t");
    n = strlen(s);
    while (n && strchr(" \t", s[n - 1])) {
        s[--n] = '\0';
    }
    return s;
}

/* Reads the parameters that follow a media type.  Stores its weight in '*q'
 * and its version, or NULL, in '*version'. */
static void
read_parameters(char *params, double *q, const char **version)
{
    char *save = NULL;

    *q = 1;
    *version = NULL;
    for (char *p = strtok_r(params, ";", &save); p;
         p = strtok_r(NULL, ";", &save)) {
        char *value = strchr(p, '=');

        if (!value) {
            continue;
        }
        *value++ = '\0';
        p = trim(p);
        value = trim(value);
        if (!strcasecmp(p, "q")) {
            *q = strtod(value, NULL);
            *q = *q > 0 ? MIN(*q, 1) : 0;
        } else if (!strcasecmp(p, "version")) {
            size_t n = strlen(value);

            if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
                value[n - 1] = '\0';
                value++;
            }
            *version = value;
        }
    }
}

bool
report_wants_open_metrics(const char *accept)
{
    struct wish open = { 0, 0 };
    struct wish text = { 0, 0 };
    char *copy = xstrdup(accept ? accept : "");
    char *save = NULL;

    for (char *range = strtok_r(copy, ",", &save); range;
         range = strtok_r(NULL, ",", &save)) {
        char *params = strchr(range, ';');
        const char *version;
        double q;

        if (params) {
            *params++ = '\0';
        }
        read_parameters(params ? params : range + strlen(range), &q,
                        &version);
        range = trim(range);
        if (!strcasecmp(range, "application/openmetrics-text")) {
            if (!version || !strcmp(version, "1.0.0")) {
                wish_note(&open, q, version ? 4 : 3);
            }
        } else if (!strcasecmp(range, "text/plain")) {
            if (!version || !strcmp(version, "0.0.4")) {
                wish_note(&text, q, version ? 4 : 3);
            }
        } else if (!strcasecmp(range, "text/*")) {
            wish_note(&text, q, 2);
        } else if (!strcmp(range, "*/*")) {
            wish_note(&text, q, 1);
        }
    }
    free(copy);
    /* Whoever takes anything gets what everybody can read. */
    return open.q > 0 && open.q >= text.q;
}
