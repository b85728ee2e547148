/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of what a kubeconfig file means, of files that change on disk, and of
 * credential plug-ins. */

#include <config.h>

#include "agent/kube/kubeconfig.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "timeval.h"
#include "util.h"

#include "agent/kube/base64.h"
#include "agent/kube/exec-plugin.h"
#include "agent/kube/kubeconfig-file.h"
#include "tests/unit/unit.h"

/* A folder of a test's own. */
static char folder[64];

static int
set_up(void)
{
    strcpy(folder, "/tmp/ipguard-kubeconfig.XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int
tear_down(void)
{
    char *command = xasprintf("rm -rf '%s'", folder);
    int retval = system(command);

    free(command);
    return retval;
}

static char *
path_of(const char *name)
{
    return xasprintf("%s/%s", folder, name);
}

/* Replaces a file as kubelet and editors do: by rename(). */
static void
put_file(const char *name, const char *text, int mode)
{
    char *path = path_of(name);
    char *tmp = xasprintf("%s.tmp", path);
    FILE *file = fopen(tmp, "w");

    CU_ASSERT_FATAL(file != NULL);
    fputs(text, file);
    fclose(file);
    CU_ASSERT(!chmod(tmp, mode));
    CU_ASSERT(!rename(tmp, path));
    free(path);
    free(tmp);
}

static void
test_base64(void)
{
    static const struct {
        const char *in, *out;
    } vectors[] = {
        {"", ""}, {"Zg==", "f"}, {"Zm8=", "fo"}, {"Zm9v", "foo"},
        {"Zm9vYmFy", "foobar"}, {" Zm9v\nYmE= \n", "fooba"},
        {"+/+/", "\xfb\xff\xbf"},
        {"Zg=", NULL}, {"Zg", NULL}, {"Z", NULL}, {"====", NULL},
        {"Zg==Zg==", NULL}, {"Zm9v*", NULL}, {"AAAA", NULL},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *out = base64_decode_text(vectors[i].in);

        if (vectors[i].out) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(out);
            CU_ASSERT_STRING_EQUAL(out, vectors[i].out);
        } else {
            CU_ASSERT_PTR_NULL(out);
        }
        free(out);
    }
}

#define HEAD \
    "apiVersion: v1\nkind: Config\ncurrent-context: one\n" \
    "contexts:\n" \
    "- name: other\n  context: {cluster: c2, user: u2}\n" \
    "- name: one\n  context: {cluster: c1, user: u1, namespace: x}\n"

static const char full[] =
    HEAD
    "clusters:\n"
    "- name: c1\n"
    "  cluster:\n"
    "    server: https://192.0.2.1:6443/\n"
    "    tls-server-name: kubernetes\n"
    "    certificate-authority: pki/ca.crt\n"
    "- name: c2\n"
    "  cluster: {server: 'http://[::1]:8001', disable-compression: true}\n"
    "users:\n"
    "- name: u1\n"
    "  user:\n"
    "    client-certificate-data: LS0tLS1CRUdJTiBD\n"
    "    client-key: /abs/key.pem\n"
    "    token: abc\n"
    "- name: u2\n"
    "  user: {}\n";

static void
test_file(void)
{
    struct kubeconfig_spec spec;
    char *error = kubeconfig_spec_parse(full, "/etc/k/config", NULL, &spec);

    CU_ASSERT_PTR_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(spec.context, "one");
    CU_ASSERT_STRING_EQUAL(spec.server, "https://192.0.2.1:6443/");
    CU_ASSERT_STRING_EQUAL(spec.tls_server_name, "kubernetes");
    CU_ASSERT_STRING_EQUAL(spec.ca_file, "/etc/k/pki/ca.crt");
    CU_ASSERT_PTR_NULL(spec.ca_data);
    CU_ASSERT_STRING_EQUAL(spec.cert_data, "-----BEGIN C");
    CU_ASSERT_STRING_EQUAL(spec.key_file, "/abs/key.pem");
    CU_ASSERT_STRING_EQUAL(spec.token, "abc");
    CU_ASSERT(!spec.insecure);
    CU_ASSERT(!spec.disable_compression);
    kubeconfig_spec_destroy(&spec);

    error = kubeconfig_spec_parse(full, "/etc/k/config", "other", &spec);
    CU_ASSERT_PTR_NULL_FATAL(error);
    CU_ASSERT_STRING_EQUAL(spec.server, "http://[::1]:8001");
    CU_ASSERT(spec.disable_compression);
    CU_ASSERT_PTR_NULL(spec.token);
    kubeconfig_spec_destroy(&spec);
}

static void
test_file_errors(void)
{
    static const struct {
        const char *text, *context, *error;
    } vectors[] = {
        {full, "nobody", "/f:4: \"nobody\" is not among its contexts"},
        {"kind: Pod\n", NULL, "/f:1: kind is \"Pod\", expected Config"},
        {"a: [", NULL, "/f:"},
        {"- 1\n", NULL, "/f"},
        {"", NULL, "/f: this is no kubeconfig file"},
        {HEAD "clusters: []\n", NULL, "\"c1\" is not among its clusters"},
        {HEAD "clusters:\n- name: c1\n  cluster: {}\n", NULL,
         "server is missing, expected the URL of the API server"},
        {HEAD "clusters:\n- name: c1\n  cluster:\n    server: https://a\n"
         "    proxy-url: http://p:3128\n", NULL,
         "proxy-url is not supported: the API server must be reachable "
         "directly"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a', "
         "insecure-skip-tls-verify: true, certificate-authority: x}\n", NULL,
         "expected false where there is a certificate-authority"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a', "
         "certificate-authority-data: '***'}\n", NULL,
         "certificate-authority-data is not base64"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user: {token: 1234567}\n", NULL,
         "token is not a string"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user: {client-key-data: 1234567}\n", NULL,
         "client-key-data is not a string"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user:\n    exec: {command: x, apiVersion: "
         "client.authentication.k8s.io/v1, env: [{name: A, "
         "value: 1234567}]}\n", NULL, "value is not a string"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user: {as: somebody}\n", NULL,
         "as is not supported"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user: {username: a, password: b}\n", NULL,
         "username is not supported: please use a token"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user: {client-certificate: a}\n", NULL,
         "expected a key for the client-certificate"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a'}\n"
         "users:\n- name: u1\n  user:\n    exec: {command: x, apiVersion: "
         "client.authentication.k8s.io/v1alpha1}\n", NULL,
         "expected client.authentication.k8s.io/v1 or"},
        {HEAD "clusters:\n- name: c1\n  cluster: {server: [1]}\n", NULL,
         "expected a string"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct kubeconfig_spec spec;
        char *error = kubeconfig_spec_parse(vectors[i].text, "/f",
                                            vectors[i].context, &spec);

        CU_ASSERT_PTR_NOT_NULL_FATAL(error);
        CU_ASSERT_PTR_NOT_NULL(strstr(error, vectors[i].error));
        if (!strstr(error, vectors[i].error)) {
            printf("\n%"PRIuSIZE": \"%s\" lacks \"%s\"\n", i, error,
                   vectors[i].error);
        }
        /* What may be a secret is not repeated. */
        CU_ASSERT_PTR_NULL(strstr(error, "1234567"));
        free(error);
    }
}

static struct kubeconfig *
open_file(const char *name)
{
    char *path = path_of(name);
    struct kubeconfig_options options = { .file = path };
    struct kubeconfig *k;
    char *error = kubeconfig_open(&options, &k);

    CU_ASSERT_PTR_NULL_FATAL(error);
    free(path);
    return k;
}

#define SERVER_AND_USER(USER) \
    HEAD "clusters:\n- name: c1\n  cluster: {server: 'https://a:6443'}\n" \
    "users:\n- name: u1\n  user:\n" USER

/* A token file that is replaced is read again, a broken one leaves what was
 * there in force and is reported. */
static void
test_rotation(void)
{
    const struct kube_access *a;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct kubeconfig *k;
    uint64_t seqno;

    put_file("config", SERVER_AND_USER("    tokenFile: token\n"), 0600);
    put_file("token", "first\n", 0600);
    k = open_file("config");
    a = kubeconfig_get(k, 10000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_STRING_EQUAL(a->server, "https://a:6443");
    CU_ASSERT_STRING_EQUAL(a->token, "first");
    seqno = a->seqno;

    put_file("token", "second", 0600);
    a = kubeconfig_get(k, 10500);
    CU_ASSERT_STRING_EQUAL(a->token, "first");
    a = kubeconfig_get(k, 11000);
    CU_ASSERT_STRING_EQUAL(a->token, "second");
    CU_ASSERT(a->seqno != seqno);
    seqno = a->seqno;

    /* Refused by the server: looked at without waiting; and of an older one,
     * not. */
    put_file("token", "third", 0600);
    kubeconfig_refused(k, seqno - 1, 11001);
    CU_ASSERT_STRING_EQUAL(kubeconfig_get(k, 11001)->token, "second");
    kubeconfig_refused(k, seqno, 11002);
    CU_ASSERT_STRING_EQUAL(kubeconfig_get(k, 11002)->token, "third");

    put_file("token", "with blank\r\nX-Evil: 1", 0600);
    a = kubeconfig_get(k, 20000);
    CU_ASSERT_STRING_EQUAL(a->token, "third");
    kubeconfig_format_problems(k, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "token has characters"));
    CU_ASSERT_PTR_NULL(strstr(ds_cstr(&ds), "Evil"));

    put_file("token", "fourth\n", 0600);
    a = kubeconfig_get(k, 30000);
    CU_ASSERT_STRING_EQUAL(a->token, "fourth");
    ds_clear(&ds);
    kubeconfig_format_problems(k, &ds);
    CU_ASSERT_STRING_EQUAL(ds_cstr(&ds), "");

    /* The kubeconfig file itself. */
    put_file("config", SERVER_AND_USER("    token: inline\n"), 0600);
    CU_ASSERT_STRING_EQUAL(kubeconfig_get(k, 40000)->token, "inline");
    put_file("config", "kind: [", 0600);
    CU_ASSERT_STRING_EQUAL(kubeconfig_get(k, 50000)->token, "inline");
    ds_destroy(&ds);
    kubeconfig_destroy(k);
}

static void
test_url(void)
{
    static const struct {
        const char *url, *error;
    } vectors[] = {
        {"http://127.0.0.1:8001", NULL},
        {"https://[2001:db8::1]:6443/prefix//", NULL},
        {"ftp://a", "is not https://HOST:PORT"},
        {"ftp://user:pw@a", "\"ftp://(removed)@a\" is not https://HOST:PORT"},
        {"127.0.0.1:8001", "is not https://HOST:PORT"},
        {"http://", "is not https://HOST:PORT"},
        {"https://user:pw@host", "neither a user"},
        {"https://a/?x=1", "neither a user"},
        {"http://a b", "neither a user"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        struct kubeconfig_options options = { .url = vectors[i].url };
        struct kubeconfig *k;
        char *error = kubeconfig_open(&options, &k);

        if (vectors[i].error) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(error);
            CU_ASSERT_PTR_NOT_NULL(strstr(error, vectors[i].error));
            free(error);
        } else {
            CU_ASSERT_PTR_NULL_FATAL(error);
            kubeconfig_destroy(k);
        }
    }
}

static void
test_in_cluster(void)
{
    struct kubeconfig_options options = { .in_cluster = true,
                                          .root = folder };
    const struct kube_access *a;
    struct kubeconfig *k;
    char *sa = path_of("var/run/secrets/kubernetes.io/serviceaccount");
    char *command = xasprintf("mkdir -p '%s'", sa);
    char *error;

    unsetenv("KUBERNETES_SERVICE_HOST");
    error = kubeconfig_open(&options, &k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "this is no pod"));
    free(error);

    setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
    setenv("KUBERNETES_SERVICE_PORT", "443", 1);
    error = kubeconfig_open(&options, &k);
    CU_ASSERT_PTR_NOT_NULL_FATAL(error);
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "serviceaccount/ca.crt"));
    free(error);

    CU_ASSERT(!system(command));
    put_file("var/run/secrets/kubernetes.io/serviceaccount/token", "t\n",
             0600);
    put_file("var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
             "-----BEGIN CERTIFICATE-----\n", 0600);
    error = kubeconfig_open(&options, &k);
    CU_ASSERT_PTR_NULL_FATAL(error);
    a = kubeconfig_get(k, 1);
    CU_ASSERT_STRING_EQUAL(a->server, "https://[fd00::1]:443");
    CU_ASSERT_STRING_EQUAL(a->token, "t");
    CU_ASSERT_STRING_EQUAL(a->ca, "-----BEGIN CERTIFICATE-----\n");
    kubeconfig_destroy(k);
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
    free(command);
    free(sa);
}

/* Waits until the plug-in has ended; returns whether there is a token. */
static bool
run_plugin(struct kubeconfig *k, const char *token)
{
    long long int end = time_msec() + 20000;

    while (time_msec() < end) {
        const struct kube_access *a;
        struct ds ds = DS_EMPTY_INITIALIZER;
        bool failed;

        kubeconfig_run(k, time_msec());
        a = kubeconfig_get(k, time_msec());
        if (a && a->token && !strcmp(a->token, token)) {
            return true;
        }
        kubeconfig_format_problems(k, &ds);
        failed = ds.length > 0;
        ds_destroy(&ds);
        if (failed) {
            return false;
        }
        kubeconfig_wait(k);
        poll_timer_wait_until(end);
        poll_block();
    }
    return false;
}

#define EXEC_USER \
    "    exec:\n" \
    "      apiVersion: client.authentication.k8s.io/v1\n" \
    "      command: ./plugin\n" \
    "      args: [a, 'b c']\n" \
    "      env: [{name: TOKEN_PART, value: xyz}]\n" \
    "      installHint: install it\n"

#define CREDENTIAL(STATUS) \
    "{\"kind\": \"ExecCredential\", \"apiVersion\": " \
    "\"client.authentication.k8s.io/v1\", \"status\": {" STATUS "}}"

static void
test_exec(void)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct kubeconfig *k;

    put_file("config", SERVER_AND_USER(EXEC_USER), 0600);
    put_file("plugin", "#!/bin/sh\n"
             "case $KUBERNETES_EXEC_INFO in *interactive*) ;; *) exit 3;; "
             "esac\n"
             "[ \"$#\" = 2 ] || exit 4\n"
             "echo '" CREDENTIAL("\"token\": \"'$TOKEN_PART-$2'\"") "' |"
             " tr ' ' _ | sed 's/_\"/ \"/g; s/_{/ {/g'\n", 0700);
    k = open_file("config");
    CU_ASSERT_PTR_NULL(kubeconfig_get(k, time_msec()));
    CU_ASSERT(run_plugin(k, "xyz-b_c"));
    kubeconfig_destroy(k);

    put_file("plugin", "#!/bin/sh\necho bad luck >&2\nexit 7\n", 0700);
    k = open_file("config");
    CU_ASSERT(!run_plugin(k, "none"));
    kubeconfig_format_problems(k, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds),
                                  "it ended with status 7: bad luck"));
    kubeconfig_destroy(k);

    put_file("plugin", "#!/bin/sh\necho '{}'\n", 0700);
    k = open_file("config");
    CU_ASSERT(!run_plugin(k, "none"));
    ds_clear(&ds);
    kubeconfig_format_problems(k, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "no ExecCredential"));
    kubeconfig_destroy(k);

    /* One that cannot be run, and one that is ended with the daemon. */
    put_file("plugin", "", 0600);
    k = open_file("config");
    CU_ASSERT(!run_plugin(k, "none"));
    ds_clear(&ds);
    kubeconfig_format_problems(k, &ds);
    CU_ASSERT_PTR_NOT_NULL(strstr(ds_cstr(&ds), "install it"));
    kubeconfig_destroy(k);

    put_file("plugin", "#!/bin/sh\nexec sleep 600\n", 0700);
    k = open_file("config");
    kubeconfig_run(k, time_msec());
    kubeconfig_destroy(k);
    ds_destroy(&ds);
}

/* A token that is at its end is replaced before. */
static void
test_exec_expiry(void)
{
    struct kubeconfig *k;

    put_file("config", SERVER_AND_USER(EXEC_USER), 0600);
    put_file("plugin", "#!/bin/sh\necho '"
             CREDENTIAL("\"token\": \"old\", \"expirationTimestamp\": "
                        "\"2001-01-01T00:00:00Z\"") "'\n", 0700);
    k = open_file("config");
    CU_ASSERT(run_plugin(k, "old"));
    put_file("plugin", "#!/bin/sh\necho '"
             CREDENTIAL("\"token\": \"new\"") "'\n", 0700);
    /* Not at once, lest it run all the time. */
    kubeconfig_run(k, time_msec());
    CU_ASSERT_STRING_EQUAL(kubeconfig_get(k, time_msec())->token, "old");
    kubeconfig_run(k, time_msec() + 60000);
    CU_ASSERT(run_plugin(k, "new"));
    kubeconfig_destroy(k);
}

void
suite_kubeconfig(void)
{
    CU_pSuite suite = unit_add_suite("kubeconfig");

    suite->pInitializeFunc = set_up;
    suite->pCleanupFunc = tear_down;
    CU_ADD_TEST(suite, test_base64);
    CU_ADD_TEST(suite, test_file);
    CU_ADD_TEST(suite, test_file_errors);
    CU_ADD_TEST(suite, test_rotation);
    CU_ADD_TEST(suite, test_url);
    CU_ADD_TEST(suite, test_in_cluster);
    CU_ADD_TEST(suite, test_exec);
    CU_ADD_TEST(suite, test_exec_expiry);
}
