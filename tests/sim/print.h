/* SPDX-License-Identifier: Apache-2.0 */

/* xasprintf() and what is like it, as the simulation has them: the linker puts
 * these in the place of those of the OVS libraries (--wrap), and each writes
 * to the letter what the other one does. */

#ifndef TESTS_SIM_PRINT_H
#define TESTS_SIM_PRINT_H 1

#include <stdarg.h>

#include "openvswitch/compiler.h"

struct ds;

char *__wrap_xvasprintf(const char *format, va_list) OVS_PRINTF_FORMAT(1, 0);
char *__wrap_xasprintf(const char *format, ...) OVS_PRINTF_FORMAT(1, 2);
void __wrap_ds_put_format(struct ds *, const char *format, ...)
    OVS_PRINTF_FORMAT(2, 3);

#endif /* tests/sim/print.h */
