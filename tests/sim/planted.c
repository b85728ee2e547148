/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "tests/sim/planted.h"

#include <stddef.h>
#include <string.h>

#include "util.h"

int sim_planted;

static const char *const names[N_PLANTED_BUGS] = {
    [0] = "none",
#define PLANT(ENUM, TEXT) [BUG_##ENUM] = #ENUM,
    PLANTS
#undef PLANT
};

static const char *const texts[N_PLANTED_BUGS] = {
    [0] = "no bug is planted",
#define PLANT(ENUM, TEXT) [BUG_##ENUM] = TEXT,
    PLANTS
#undef PLANT
};

const char *
planted_name(int bug)
{
    return names[bug];
}

const char *
planted_text(int bug)
{
    return texts[bug];
}

int
planted_by_name(const char *name)
{
    for (int i = 1; i < N_PLANTED_BUGS; i++) {
        if (!strcmp(name, names[i])) {
            return i;
        }
    }
    return 0;
}
