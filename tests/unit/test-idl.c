/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the generated database bindings: that the three of them are what
 * the rest of the code takes them for.  That the column types agree with the
 * schemas of an installed OVN is checked by build-aux/check-ovn-schemas. */

#include <config.h>

#include "tests/unit/unit.h"

#include <string.h>

#include "ovsdb-idl-provider.h"

#include "ovsdb/ipguard-idl.h"
#include "ovsdb/nb-idl.h"
#include "ovsdb/sb-idl.h"

/* A server is asked for its database by this name. */
static void
test_database_names(void)
{
    CU_ASSERT_STRING_EQUAL(nbrec_idl_class.database, "OVN_Northbound");
    CU_ASSERT_STRING_EQUAL(sbrec_idl_class.database, "OVN_Southbound");
    CU_ASSERT_STRING_EQUAL(ipgrec_idl_class.database, "OVN_IPGuard");
}

static const struct ovsdb_idl_column *
find_column(const struct ovsdb_idl_class *class, const char *table_name,
            const char *column_name)
{
    for (size_t i = 0; i < class->n_tables; i++) {
        const struct ovsdb_idl_table_class *tc = &class->tables[i];

        if (strcmp(tc->name, table_name)) {
            continue;
        }
        for (size_t j = 0; j < tc->n_columns; j++) {
            if (!strcmp(tc->columns[j].name, column_name)) {
                return &tc->columns[j];
            }
        }
    }
    return NULL;
}

/* A column that is optional in the schema must be so in the code: "absent"
 * and "false" are different answers to "is the port enabled?". */
static void
test_optional_columns(void)
{
    static const struct {
        const struct ovsdb_idl_class *class;
        const char *table;
        const char *column;
    } vectors[] = {
        {&nbrec_idl_class, "Logical_Switch_Port", "enabled"},
        {&nbrec_idl_class, "Logical_Switch_Port", "dynamic_addresses"},
        {&sbrec_idl_class, "Port_Binding", "chassis"},
        {&sbrec_idl_class, "Port_Binding", "up"},
        {&sbrec_idl_class, "Chassis_Private", "chassis"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        const struct ovsdb_idl_column *c
            = find_column(vectors[i].class, vectors[i].table,
                          vectors[i].column);

        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        CU_ASSERT_EQUAL(c->type.n_min, 0);
        CU_ASSERT_EQUAL(c->type.n_max, 1);
    }
}

/* The code writes these; the IDL refuses writes to read-only columns. */
static void
test_written_columns(void)
{
    static const char *const written[] = {
        "addresses", "port_security", "enabled", "options",
    };

    for (size_t i = 0; i < ARRAY_SIZE(written); i++) {
        const struct ovsdb_idl_column *c
            = find_column(&nbrec_idl_class, "Logical_Switch_Port",
                          written[i]);

        CU_ASSERT_PTR_NOT_NULL_FATAL(c);
        CU_ASSERT_TRUE(c->is_mutable);
    }
}

void
suite_idl(void)
{
    CU_pSuite suite = unit_add_suite("idl");

    CU_ADD_TEST(suite, test_database_names);
    CU_ADD_TEST(suite, test_optional_columns);
    CU_ADD_TEST(suite, test_written_columns);
}
