/* SPDX-License-Identifier: Apache-2.0 */

/* xasprintf() and what is like it, in less time: the core makes words of all
 * that it decides, and most are strings and numbers in a row.  What is written
 * in another way is left to the C library, to the letter.  The linker puts
 * these in the place of those of the OVS libraries (--wrap). */

#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

char *__wrap_xvasprintf(const char *format, va_list);
char *__wrap_xasprintf(const char *format, ...);
void __wrap_ds_put_format(struct ds *, const char *format, ...);

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

/* Returns the conversion at 'p' if it is one of those below: its letter, after
 * 'longs' times "l"; otherwise 0. */
static char
conversion(const char **p, int *longs)
{
    for (*longs = 0; **p == 'l' && *longs < 2; (*longs)++) {
        (*p)++;
    }
    char letter = *(*p)++;
    return (letter == 'd' || letter == 'u'
            || (!*longs && (letter == 's' || letter == 'c' || letter == '%'))
            ? letter : 0);
}

/* Returns false if there is anything else in 'format' than plain strings,
 * characters and numbers. */
static bool
put_plain(struct ds *ds, const char *format, va_list args)
{
    const char *percent;

    for (; (percent = strchr(format, '%')); ) {
        int longs;

        ds_put_buffer(ds, format, percent - format);
        format = percent + 1;
        switch (conversion(&format, &longs)) {
        case 's': {
            const char *s = va_arg(args, const char *);
            ds_put_cstr(ds, s ? s : "(null)");
            break;
        }
        case 'd':
            put_signed(ds, longs > 1 ? va_arg(args, long long int)
                       : longs ? va_arg(args, long int)
                       : va_arg(args, int));
            break;
        case 'u':
            put_number(ds, longs > 1 ? va_arg(args, unsigned long long int)
                       : longs ? va_arg(args, unsigned long int)
                       : va_arg(args, unsigned int), false);
            break;
        case 'c':
            ds_put_char(ds, va_arg(args, int));
            break;
        case '%':
            ds_put_char(ds, '%');
            break;
        default:
            return false;
        }
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
    plain = put_plain(ds, format, again);
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
