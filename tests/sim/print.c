/* SPDX-License-Identifier: Apache-2.0 */

/* In less time: the core makes words of all that it decides, and most are
 * short strings and numbers in a row.  What is long, or written in another
 * way, is left to the C library. */

#include <config.h>

#include "tests/sim/print.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

/* What is being written; not 'whole' once there was no room for a part. */
struct line {
    char *p, *end;
    bool whole;
    char text[512];
};

static void
put_buffer(struct line *l, const char *s, size_t n)
{
    if (n <= (size_t) (l->end - l->p)) {
        memcpy(l->p, s, n);
        l->p += n;
    } else {
        l->whole = false;
    }
}

static void
put_char(struct line *l, char c)
{
    put_buffer(l, &c, 1);
}

static void
put_string(struct line *l, const char *s)
{
    s = s ? s : "(null)";
    put_buffer(l, s, strlen(s));
}

static void
put_number(struct line *l, unsigned long long int n, bool negative)
{
    char text[24];
    char *p = &text[sizeof text];

    do {
        *--p = '0' + n % 10;
        n /= 10;
    } while (n);
    if (negative) {
        *--p = '-';
    }
    put_buffer(l, p, &text[sizeof text] - p);
}

static void
put_signed(struct line *l, long long int n)
{
    put_number(l, n < 0 ? -(unsigned long long int) n : n, n < 0);
}

/* At least 'width' digits, as in UUID_FMT and ETH_ADDR_FMT. */
static void
put_hex(struct line *l, unsigned int n, int width)
{
    char text[16];
    char *p = &text[sizeof text];

    do {
        *--p = "0123456789abcdef"[n & 15];
        n >>= 4;
        width--;
    } while (n || width > 0);
    put_buffer(l, p, &text[sizeof text] - p);
}

/* How much is before the letter of a conversion: "l", "ll", "z", or "0" and a
 * digit. */
struct modifiers {
    int longs;
    int width;
};

static void
read_modifiers(const char **p, struct modifiers *m)
{
    m->longs = m->width = 0;
    if (**p == 'l') {
        m->longs = 1 + ((*p)[1] == 'l');
        *p += m->longs;
    } else if (**p == 'z') {
        m->longs = 1;
        (*p)++;
    } else if (**p == '0' && (*p)[1] >= '1' && (*p)[1] <= '8') {
        m->width = (*p)[1] - '0';
        *p += 2;
    }
}

/* Puts a number, or returns false if 'letter' is of no such conversion.
 * 'args' is what the caller has left. */
static bool
put_integer(struct line *l, char letter, const struct modifiers *m,
            va_list *args)
{
    if (letter == 'x' && !m->longs) {
        put_hex(l, va_arg(*args, unsigned int), m->width);
    } else if (letter == 'd' && !m->width) {
        put_signed(l, m->longs > 1 ? va_arg(*args, long long int)
                   : m->longs ? va_arg(*args, long int)
                   : va_arg(*args, int));
    } else if (letter == 'u' && !m->width) {
        put_number(l, m->longs > 1 ? va_arg(*args, unsigned long long int)
                   : m->longs ? va_arg(*args, unsigned long int)
                   : va_arg(*args, unsigned int), false);
    } else {
        return false;
    }
    return true;
}

/* Returns false if there is anything else in 'format' than plain strings,
 * characters and numbers, or more than there is room for. */
static bool
put_plain(struct line *l, const char *format, va_list *args)
{
    l->p = l->text;
    l->end = l->text + sizeof l->text;
    l->whole = true;
    for (;; format++) {
        const char *percent = strchrnul(format, '%');
        struct modifiers m;

        put_buffer(l, format, percent - format);
        if (!*percent) {
            return l->whole;
        }
        format = percent + 1;
        if (*format == 's') {
            put_string(l, va_arg(*args, const char *));
        } else if (*format == 'c') {
            put_char(l, va_arg(*args, int));
        } else if (*format == '%') {
            put_char(l, '%');
        } else {
            read_modifiers(&format, &m);
            if (!put_integer(l, *format, &m, args)) {
                return false;
            }
        }
    }
}

static bool
put(struct line *l, const char *format, va_list args)
{
    va_list again;
    bool plain;

    va_copy(again, args);
    plain = put_plain(l, format, &again);
    va_end(again);
    return plain;
}

char *
__wrap_xvasprintf(const char *format, va_list args)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct line l;

    if (put(&l, format, args)) {
        return xmemdup0(l.text, l.p - l.text);
    }
    ds_put_format_valist(&ds, format, args);
    return ds_steal_cstr(&ds);
}

char *
__wrap_xasprintf(const char *format, ...)
{
    va_list args;
    char *s;

    va_start(args, format);
    s = __wrap_xvasprintf(format, args);
    va_end(args);
    return s;
}

void
__wrap_ds_put_format(struct ds *ds, const char *format, ...)
{
    struct line l;
    va_list args;

    va_start(args, format);
    if (put(&l, format, args)) {
        ds_put_buffer(ds, l.text, l.p - l.text);
    } else {
        ds_put_format_valist(ds, format, args);
    }
    va_end(args);
}
