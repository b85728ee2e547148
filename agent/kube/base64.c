/* SPDX-License-Identifier: Apache-2.0 */

/* Base64 as kubeconfig files have it. */

#include <config.h>

#include "base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* Returns the value of a digit, or -1. */
static int
digit(char c)
{
    return (c >= 'A' && c <= 'Z' ? c - 'A'
            : c >= 'a' && c <= 'z' ? c - 'a' + 26
            : c >= '0' && c <= '9' ? c - '0' + 52
            : c == '+' ? 62
            : c == '/' ? 63
            : -1);
}

char *
base64_decode_text(const char *s)
{
    char *out = xmalloc(strlen(s) / 4 * 3 + 4);
    uint32_t bits = 0;
    size_t n_digits = 0, n_pad = 0, len = 0;

    for (; *s; s++) {
        int value = digit(*s);

        if (strchr(" \t\r\n", *s)) {
            continue;
        }
        if (*s == '=') {
            n_pad++;
            continue;
        }
        if (value < 0 || n_pad) {
            goto error;
        }
        bits = bits << 6 | value;
        if (++n_digits % 4 == 0) {
            out[len++] = bits >> 16;
            out[len++] = bits >> 8;
            out[len++] = bits;
        }
    }
    if ((n_digits + n_pad) % 4 || n_pad > 2 || n_digits % 4 == 1) {
        goto error;
    }
    if (n_digits % 4 == 2) {
        out[len++] = bits >> 4;
    } else if (n_digits % 4 == 3) {
        out[len++] = bits >> 10;
        out[len++] = bits >> 2;
    }
    if (memchr(out, '\0', len)) {
        goto error;
    }
    out[len] = '\0';
    return out;

error:
    free(out);
    return NULL;
}
