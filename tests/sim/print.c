/* SPDX-License-Identifier: Apache-2.0 */

/* In less time: the core makes words of all that it decides, and most are
 * strings and numbers in a row.  What is written in another way is left to the
 * C library. */

#include <config.h>

#include "tests/sim/print.h"

#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

static void
put_number(struct ds *ds, unsigned long long int n, bool negative)
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
    ds_put_buffer(ds, p, &text[sizeof text] - p);
}

static void
put_signed(struct ds *ds, long long int n)
{
    put_number(ds, n < 0 ? -(unsigned long long int) n : n, n < 0);
}

/* At least 'width' digits, as in UUID_FMT and ETH_ADDR_FMT. */
static void
put_hex(struct ds *ds, unsigned int n, int width)
{
    char text[16];
    char *p = &text[sizeof text];

    do {
        *--p = "0123456789abcdef"[n & 15];
        n >>= 4;
        width--;
    } while (n || width > 0);
    ds_put_buffer(ds, p, &text[sizeof text] - p);
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

static void
put_string(struct ds *ds, const char *s)
{
    ds_put_cstr(ds, s ? s : "(null)");
}

/* Puts a number, or returns false if 'letter' is of no such conversion.
 * 'args' is what the caller has left. */
static bool
put_integer(struct ds *ds, char letter, const struct modifiers *m,
            va_list *args)
{
    if (letter == 'x' && !m->longs) {
        put_hex(ds, va_arg(*args, unsigned int), m->width);
    } else if (letter == 'd' && !m->width) {
        put_signed(ds, m->longs > 1 ? va_arg(*args, long long int)
                   : m->longs ? va_arg(*args, long int)
                   : va_arg(*args, int));
    } else if (letter == 'u' && !m->width) {
        put_number(ds, m->longs > 1 ? va_arg(*args, unsigned long long int)
                   : m->longs ? va_arg(*args, unsigned long int)
                   : va_arg(*args, unsigned int), false);
    } else {
        return false;
    }
    return true;
}

/* Returns false if there is anything else in 'format' than plain strings,
 * characters and numbers. */
static bool
put_plain(struct ds *ds, const char *format, va_list *args)
{
    const char *percent;

    for (; (percent = strchr(format, '%')); ) {
        struct modifiers m;

        ds_put_buffer(ds, format, percent - format);
        format = percent + 1;
        if (*format == 's') {
            put_string(ds, va_arg(*args, const char *));
        } else if (*format == 'c') {
            ds_put_char(ds, va_arg(*args, int));
        } else if (*format == '%') {
            ds_put_char(ds, '%');
        } else {
            read_modifiers(&format, &m);
            if (!put_integer(ds, *format, &m, args)) {
                return false;
            }
        }
        format++;
    }
    ds_put_cstr(ds, format);
    return true;
}

static void
put(struct ds *ds, const char *format, va_list args)
{
    size_t length = ds->length;
    va_list again;
    bool plain;

    va_copy(again, args);
    plain = put_plain(ds, format, &again);
    va_end(again);
    if (!plain) {
        ds_truncate(ds, length);
        ds_put_format_valist(ds, format, args);
    }
}

char *
__wrap_xvasprintf(const char *format, va_list args)
{
    static struct ds ds = DS_EMPTY_INITIALIZER;

    ds_clear(&ds);
    put(&ds, format, args);
    return xmemdup0(ds_cstr(&ds), ds.length);
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
    va_list args;

    va_start(args, format);
    put(ds, format, args);
    va_end(args);
}
