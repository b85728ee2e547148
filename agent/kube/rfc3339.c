/* SPDX-License-Identifier: Apache-2.0 */

/* Points in time as Kubernetes writes them (RFC 3339).  The C library's
 * strptime() takes blanks, signs and short numbers, and mktime() depends on
 * the machine's time zone. */

#include <config.h>

#include "rfc3339.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Reads exactly 'n' digits at '*s' and 'after' (0: nothing) behind them. */
static bool
take_number(const char **s, int n, char after, int *value)
{
    *value = 0;
    for (int i = 0; i < n; i++) {
        if (**s < '0' || **s > '9') {
            return false;
        }
        *value = *value * 10 + (*(*s)++ - '0');
    }
    return !after || *(*s)++ == after;
}

static bool
is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_of_month(int year, int month)
{
    static const char days[] = {31, 28, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap_year(year));
}

/* Days from 1970-01-01 to the given day of the Gregorian calendar. */
static long long int
days_since_epoch(int year, int month, int day)
{
    long long int y = year - 1;
    long long int days = y * 365 + y / 4 - y / 100 + y / 400;

    for (int m = 1; m < month; m++) {
        days += days_of_month(year, m);
    }
    return days + day - 1 - 719162;  /* The days before 1970-01-01. */
}

/* Reads "Z" or "+HH:MM" up to the end of the text. */
static bool
take_offset(const char *s, int *seconds)
{
    int sign = *s == '-' ? -1 : 1;
    int hours, minutes;

    if (!strcmp(s, "Z") || !strcmp(s, "z")) {
        *seconds = 0;
        return true;
    }
    if (*s != '+' && *s != '-') {
        return false;
    }
    s++;
    if (!take_number(&s, 2, ':', &hours) || !take_number(&s, 2, 0, &minutes)
        || *s || hours > 23 || minutes > 59) {
        return false;
    }
    *seconds = sign * (hours * 60 + minutes) * 60;
    return true;
}

bool
rfc3339_parse(const char *s, long long int *epoch_s)
{
    int year, month, day, hour, minute, second, offset;

    *epoch_s = 0;
    if (!take_number(&s, 4, '-', &year) || !take_number(&s, 2, '-', &month)
        || !take_number(&s, 2, 0, &day)
        || (*s != 'T' && *s != 't')) {
        return false;
    }
    s++;
    if (!take_number(&s, 2, ':', &hour) || !take_number(&s, 2, ':', &minute)
        || !take_number(&s, 2, 0, &second)) {
        return false;
    }
    if (*s == '.') {
        size_t n = strspn(++s, "0123456789");

        if (!n) {
            return false;
        }
        s += n;
    }
    if (!take_offset(s, &offset)
        || year < 1 || month < 1 || month > 12
        || day < 1 || day > days_of_month(year, month)
        || hour > 23 || minute > 59 || second > 60) {
        return false;
    }
    *epoch_s = days_since_epoch(year, month, day) * 86400LL
               + hour * 3600 + minute * 60 + second - offset;
    return true;
}

void
rfc3339_format_micro(long long int wall_ms, char buf[RFC3339_MICRO_LEN + 1])
{
    time_t sec = wall_ms / 1000;
    char day[32];
    struct tm tm;

    gmtime_r(&sec, &tm);
    strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm);
    /* Years before 10000, and nothing before 1970. */
    snprintf(buf, RFC3339_MICRO_LEN + 1, "%.19s.%03u000Z", day,
             (unsigned int) (wall_ms % 1000) % 1000u);
}
