/* SPDX-License-Identifier: Apache-2.0 */

#include <config.h>

#include "guard-strings.h"

bool
guard_same_strings(const struct svec *a_, const struct svec *b_)
{
    struct svec a, b;
    bool same;

    svec_clone(&a, a_);
    svec_clone(&b, b_);
    svec_sort_unique(&a);
    svec_sort_unique(&b);
    same = svec_equal(&a, &b);
    svec_destroy(&a);
    svec_destroy(&b);
    return same;
}
