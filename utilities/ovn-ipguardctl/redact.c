/* SPDX-License-Identifier: Apache-2.0 */

/* See redact.h. */

#include <config.h>

#include "redact.h"

#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/util.h"
#include "util.h"

#define REMOVED "(removed)"

/* Names that stand in front of secrets, in whole or at their end. */
#define NAMES "(password|passwd|passphrase|secret|token|credentials?|" \
              "api[_-]?key|access[_-]?key|private[_-]?key|" \
              "client-key-data|client-certificate-data|" \
              "certificate-authority-data|key-data|authorization|" \
              "set-cookie|cookie)"

/* What may stand between a name and its value: a quote that ends the name, "="
 * or ":", or "," as in OVSDB's maps, blanks, and a quote, escaped or not. */
#define QUOTED_GAP "[\\\\]*[\"']?[ \t]*[=:,][ \t]*[\\\\]*[\"']"
#define GAP "[\\\\]*[\"']?[ \t]*[=:][ \t]*"

/* Each pattern has what stays in front of the secret in its first group, or
 * has none; the rest of the match goes. */
static const struct {
    const char *regex;
    bool keep;                  /* Group 1 stays. */
} patterns[] = {
    /* PEM, on several lines or with "\n" for line ends. */
    {"-----BEGIN [A-Z0-9 ]+-----[^-]*(-----END [A-Z0-9 ]+-----)?", false},
    /* The same in base64: what "-----BEGIN" looks like there. */
    {"LS0tLS1CRUdJT[A-Za-z0-9+/=_-]*", false},
    /* JSON Web Tokens, of service accounts for example. */
    {"eyJ[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]*", false},
    {"((Bearer|Basic)[ \t]+)[A-Za-z0-9+/=._~-]{6,}", true},
    /* scheme://user:password@host */
    {"([a-z][a-z0-9+.-]*://)[^/ \t\n\"'@]+@", true},
    {"([A-Za-z0-9_.-]*" NAMES QUOTED_GAP ")[^\n\"'\\\\]+", true},
    {"([A-Za-z0-9_.-]*" NAMES GAP ")[^ \t\n\"'\\\\,;}]+", true},
    /* An option and its argument. */
    {"(--?[a-z-]*" NAMES "[ \t]+)[^ \t\n\"'-][^ \t\n\"']*", true},
};

static char *
replace(const char *text, const regex_t *regex, bool keep, size_t *n)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    regmatch_t m[2];
    int flags = 0;

    while (*text && !regexec(regex, text, ARRAY_SIZE(m), m, flags)
           && m[0].rm_eo > 0) {
        size_t start = keep ? m[1].rm_eo : m[0].rm_so;

        ds_put_buffer(&ds, text, start);
        if (strncmp(text + start, REMOVED, strlen(REMOVED))) {
            ds_put_cstr(&ds, REMOVED);
            (*n)++;
        } else {
            ds_put_buffer(&ds, text + start, m[0].rm_eo - start);
        }
        text += m[0].rm_eo;
        flags = REG_NOTBOL;
    }
    ds_put_cstr(&ds, text);
    return ds_steal_cstr(&ds);
}

char *
redact(const char *text, size_t *n_removed)
{
    char *s = xstrdup(text);

    for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
        regex_t regex;
        char *next;

        if (regcomp(&regex, patterns[i].regex, REG_EXTENDED | REG_ICASE)) {
            OVS_NOT_REACHED();
        }
        next = replace(s, &regex, patterns[i].keep, n_removed);
        regfree(&regex);
        free(s);
        s = next;
    }
    return s;
}
