/* SPDX-License-Identifier: Apache-2.0 */

/* TLS of the HTTP server: versions, certificates that are replaced while it
 * runs, those of clients, and files that it refuses.  See also
 * test-web-server.c. */

#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "tests/unit/unit.h"
#include "tests/unit/web-fixture.h"

/* Of the certificates. */
static char *folder;

static char *
file(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

static char *ca_key, *ca_cert, *key, *cert;

static void
make_tls_folder(void)
{
    char template[] = "/tmp/test-web-server.XXXXXX";

    if (!mkdtemp(template)) {
        ovs_fatal(errno, "mkdtemp");
    }
    folder = xstrdup(template);
    ca_key = file("ca.key");
    ca_cert = file("ca.crt");
    key = file("tls.key");
    cert = file("tls.crt");
    tls_make_certificate(ca_key, ca_cert, "authority", NULL, NULL);
    tls_make_certificate(key, cert, "first", ca_key, ca_cert);
}

static void
remove_file(const char *name)
{
    char *path = file(name);

    unlink(path);
    free(path);
}

static void
remove_tls_folder(void)
{
    static const char *const names[] = {
        "ca.key", "ca.crt", "tls.key", "tls.crt", "client.key", "client.crt",
        "other.key", "other.crt", "cca.key", "cca.crt",
    };

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        remove_file(names[i]);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
    free(ca_key);
    free(ca_cert);
    free(key);
    free(cert);
    free(folder);
}

static void
start_tls(const char *client_ca)
{
    wf_start(&(struct web_options) {
        .name = "test", .listen = "127.0.0.1:0", .cert_file = cert,
        .key_file = key, .client_ca_file = client_ca,
    });
}

static struct web_client *
open_tls(const char *priorities)
{
    struct web_client_tls tls = {
        .ca_file = ca_cert, .priorities = priorities,
    };

    return web_client_open(web_server_address(wf.server), &tls);
}

static const char get_page[] = "GET /page HTTP/1.1\r\nHost: h\r\n\r\n";

static void
test_tls_versions(void)
{
    static const struct {
        const char *priorities;
        bool good;
    } vectors[] = {
        { "NORMAL", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.3", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.2", true },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.1", false },
        { "NORMAL:-VERS-ALL:+VERS-TLS1.0", false },
    };
    struct web_client *client;

    make_tls_folder();
    start_tls(NULL);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        client = open_tls(vectors[i].priorities);
        wf_send(client, get_page);
        CU_ASSERT_EQUAL(wf_expect(client, "GET /page from"), vectors[i].good);
        web_client_close(client);
    }

    /* A client that speaks no TLS. */
    client = wf_open();
    wf_send(client, get_page);
    CU_ASSERT(wf_expect_closed(client));
    CU_ASSERT_EQUAL(wf.n_calls, 3);
    web_client_close(client);
    wf_stop();
    remove_tls_folder();
}

static void
test_tls_reload(void)
{
    struct web_server_stats stats;
    struct web_client *old, *client;
    char *other_key = NULL;

    make_tls_folder();
    start_tls(NULL);
    old = open_tls(NULL);
    wf_send(old, get_page);
    CU_ASSERT(wf_expect(old, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(old), "first");

    /* A certificate without its key is not taken. */
    other_key = file("other.key");
    tls_make_certificate(other_key, cert, "second", ca_key, ca_cert);
    wf.now += 2000;
    client = open_tls(NULL);
    wf_send(client, get_page);
    CU_ASSERT(wf_expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "first");
    web_client_close(client);

    /* Now the key has come. */
    CU_ASSERT_EQUAL(rename(other_key, key), 0);
    wf.now += 2000;
    client = open_tls(NULL);
    wf_send(client, get_page);
    CU_ASSERT(wf_expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "second");
    web_client_close(client);

    /* The old connection lives on, but not for ever. */
    ds_clear(web_client_received(old));
    wf_send(old, "GET /page/old HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(old, "GET /page/old"));
    wf.now += 30000;
    CU_ASSERT(wf_expect_closed(old));
    web_client_close(old);

    /* Files that went are not missed. */
    unlink(cert);
    wf.now += 2000;
    client = open_tls(NULL);
    wf_send(client, get_page);
    CU_ASSERT(wf_expect(client, "GET /page"));
    CU_ASSERT_STRING_EQUAL(web_client_server_name(client), "second");
    web_client_close(client);

    web_server_get_stats(wf.server, &stats);
    CU_ASSERT_EQUAL(stats.n_reloads, 1);
    free(other_key);
    wf_stop();
    remove_tls_folder();
}

/* Has a client with this certificate ask, and expects 'text'. */
static void
ask_with_certificate(const char *client_key, const char *client_cert,
                     const char *text)
{
    struct web_client_tls tls = {
        .ca_file = ca_cert, .key_file = client_key, .cert_file = client_cert,
    };
    struct web_client *client = web_client_open(web_server_address(wf.server),
                                                &tls);

    wf_send(client, get_page);
    CU_ASSERT(wf_expect(client, text));
    web_client_close(client);
}

static void
test_tls_client_certificate(void)
{
    char *client_ca_key, *client_ca, *client_key, *client_cert;
    char *other_key, *other_cert;

    make_tls_folder();
    client_ca_key = file("cca.key");
    client_ca = file("cca.crt");
    client_key = file("client.key");
    client_cert = file("client.crt");
    other_key = file("other.key");
    other_cert = file("other.crt");
    tls_make_certificate(client_ca_key, client_ca, "clients", NULL, NULL);
    tls_make_certificate(client_key, client_cert, "client", client_ca_key,
                         client_ca);
    tls_make_certificate(other_key, other_cert, "stranger", NULL, NULL);
    start_tls(client_ca);

    ask_with_certificate(NULL, NULL, "401 ");

    /* Probes have none. */
    struct web_client *client = open_tls(NULL);
    wf_send(client, "GET /public HTTP/1.1\r\nHost: h\r\n\r\n");
    CU_ASSERT(wf_expect(client, "other"));
    web_client_close(client);
    ask_with_certificate(other_key, other_cert, "403 ");
    CU_ASSERT_EQUAL(wf.n_calls, 0);
    ask_with_certificate(client_key, client_cert, "GET /page from");
    CU_ASSERT_EQUAL(wf.n_calls, 1);

    /* Now it is the stranger that is known. */
    CU_ASSERT_EQUAL(rename(other_cert, client_ca), 0);
    wf.now += 2000;
    ask_with_certificate(client_key, client_cert, "403 ");
    CU_ASSERT_EQUAL(wf.n_calls, 1);
    ask_with_certificate(other_key, client_ca, "GET /page from");
    CU_ASSERT_EQUAL(wf.n_calls, 2);
    wf_stop();
    free(client_ca_key);
    free(client_ca);
    free(client_key);
    free(client_cert);
    free(other_key);
    free(other_cert);
    remove_tls_folder();
}

static void
test_bad_files(void)
{
    struct web_options options = {
        .name = "test", .listen = "127.0.0.1:0",
    };
    struct web_server *s;
    char *error, *other_key, *other_cert;

    make_tls_folder();
    other_key = file("other.key");
    other_cert = file("other.crt");

    options.cert_file = cert;
    error = web_server_create(&options, &s);
    CU_ASSERT_STRING_EQUAL(error,
                           "a certificate and its key need each other");
    free(error);

    options.key_file = other_key;
    error = web_server_create(&options, &s);
    ASSERT_CONTAINS(error, "other.key: No such file");
    free(error);

    /* The key of another certificate. */
    tls_make_certificate(other_key, other_cert, "other", ca_key, ca_cert);
    error = web_server_create(&options, &s);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    ASSERT_CONTAINS(error, "tls.crt and ");
    ASSERT_CONTAINS(error, "other.key: ");
    free(error);

    free(other_key);
    free(other_cert);
    remove_tls_folder();
}

void
suite_web_tls(void)
{
    CU_pSuite suite = unit_add_suite("web_tls");

    CU_ADD_TEST(suite, test_tls_versions);
    CU_ADD_TEST(suite, test_tls_reload);
    CU_ADD_TEST(suite, test_tls_client_certificate);
    CU_ADD_TEST(suite, test_bad_files);
}
