/* SPDX-License-Identifier: Apache-2.0 */

/* By which names the HTTP server answers (agent/web/web-host.c).  That it asks
 * this for each request is in tests/system/http.at. */

#include <config.h>

#include "agent/web/web-private.h"

#include <string.h>
#include <unistd.h>

#include "util.h"

#include "tests/unit/unit.h"

static void
check(const struct web_server *s, const char *host, bool ours)
{
    bool answer = web_host_is_ours(s, host);

    if (answer != ours) {
        printf("\nHost: %s\n", host ? host : "(none)");
    }
    CU_ASSERT_EQUAL(answer, ours);
}

static void
test_names(void)
{
    static const struct {
        const char *host;
        bool ours;
    } vectors[] = {
        /* Addresses lead where they lead. */
        { "127.0.0.1", true },
        { "127.0.0.1:9476", true },
        { "192.0.2.7:9476", true },
        { "[::1]", true },
        { "[::1]:9476", true },
        { "[fe80::1%25eth0]:9476", true },
        { "[2001:db8::7]:80", true },
        /* Names that no name server is asked for. */
        { "localhost", true },
        { "LOCALHOST:9476", true },
        { "localhost.", true },
        { "guard.localhost:9476", true },
        /* Given by an option. */
        { "guard.example.com", true },
        { "Guard.Example.COM.:9476", true },
        /* Somebody else's. */
        { "example.com", false },
        { "evil.example.org:9476", false },
        { "guard.example.com.evil.example.org", false },
        { "xguard.example.com", false },
        { "notlocalhost", false },
        { "localhost.evil.example.org", false },
        { "127.0.0.1.evil.example.org", false },
        { "127.0.0.1.", true },
        /* Other ways to write an address, which some resolvers take. */
        { "2130706433", false },
        { "0x7f.1", false },
        { "127.1", false },
        /* Nonsense. */
        { "", false },
        { ":9476", false },
        { ".", false },
        { "[", false },
        { "[]", false },
        { "[::1", false },
        { "[::1]x", false },
        { "[evil.example.org]", false },
        { "*", false },
    };
    struct web_server s = { .check_host = true };

    svec_init(&s.hosts);
    svec_add(&s.hosts, "guard.example.com");
    svec_add(&s.hosts, "other.example.com");
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        check(&s, vectors[i].host, vectors[i].ours);
    }
    /* Not a browser. */
    check(&s, NULL, true);
    svec_destroy(&s.hosts);
}

static void
test_machine(void)
{
    struct web_server s = { .check_host = true };
    char name[256], *other;

    svec_init(&s.hosts);
    if (gethostname(name, sizeof name)) {
        ovs_fatal(0, "no name of this machine");
    }
    name[sizeof name - 1] = '\0';
    check(&s, name, true);
    other = xasprintf("%s.evil.example.org", name);
    check(&s, other, false);
    free(other);
}

static void
test_any(void)
{
    struct web_server s = { .check_host = true };

    svec_init(&s.hosts);
    svec_add(&s.hosts, "*");
    check(&s, "evil.example.org", true);
    svec_destroy(&s.hosts);

    /* The webhook's clients know it by its certificate. */
    svec_init(&s.hosts);
    s.check_host = false;
    check(&s, "evil.example.org", true);
}

void
suite_web_host(void)
{
    CU_pSuite suite = unit_add_suite("web_host");

    CU_ADD_TEST(suite, test_names);
    CU_ADD_TEST(suite, test_machine);
    CU_ADD_TEST(suite, test_any);
}
