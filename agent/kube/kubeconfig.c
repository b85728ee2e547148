/* SPDX-License-Identifier: Apache-2.0 */

/* Where the API server is and who we are to it.
 *
 * What the sources say ends in one "struct kube_access", made anew from all
 * files whenever one of them is another than before: a certificate and its key
 * belong together, and so do a rotated CA and the token that came with it.
 *
 * Files are looked at when a request is about to be made, and not by inotify:
 * nothing has to wake up for a file that nobody is going to use. */

#include <config.h>

#include "kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"

#include "coverage.h"
#include "timeval.h"
#include "util.h"

#include "exec-plugin.h"
#include "kubeconfig-file.h"
#include "text-files.h"
#include "url-text.h"

VLOG_DEFINE_THIS_MODULE(kubeconfig);

COVERAGE_DEFINE(kubeconfig_read);

/* How often files are looked at. */
#define LOOK_MS 1000

/* A credential plug-in that failed, or whose result the server refused, is not
 * started again before this. */
#define EXEC_RETRY_MS 10000

/* What a plug-in printed is replaced this long before its end. */
#define EXEC_EARLY_S 30

/* Where a pod finds its service account (kubernetes.io/docs: "Accessing the
 * Kubernetes API from a Pod"). */
#define SERVICE_ACCOUNT "/var/run/secrets/kubernetes.io/serviceaccount"

struct kubeconfig {
    char *file, *context;       /* Of a kubeconfig file; or NULL. */
    char *origin;
    struct kubeconfig_spec spec;

    struct text_files files;    /* That make up 'access'. */
    long long int looked_ms;    /* Monotonic. */

    bool usable;                /* 'access' is complete. */
    struct kube_access access;
    char *problem;              /* Or NULL. */

    /* With spec.exec. */
    struct exec_plugin *plugin; /* Running, or NULL. */
    struct exec_credential credential;
    bool have_credential;
    long long int exec_retry_ms;
    char *exec_problem;         /* Or NULL. */
};

static void
kube_access_destroy(struct kube_access *a)
{
    free(a->server);
    free(a->tls_server_name);
    free(a->ca);
    free(a->client_cert);
    free(a->client_key);
    free(a->token);
    memset(a, 0, sizeof *a);
}

static char *
or_dup(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

/* ---- Making an access. ---- */

/* Checks and completes 'server'.  Returns what is wrong with it, or NULL. */
static char *
check_server(char *server)
{
    bool tls = !strncmp(server, "https://", 8);
    const char *host = server + (tls ? 8 : 7);
    size_t len = strlen(server);

    if ((!tls && strncmp(server, "http://", 7)) || !host[0]
        || strchr("/:?#", host[0])) {
        char *shown = url_to_show(server);
        char *error = xasprintf("\"%s\" is not https://HOST:PORT or "
                                "http://HOST:PORT", shown);

        free(shown);
        return error;
    }
    for (const char *c = server; *c; c++) {
        if ((unsigned char) *c <= ' ' || (unsigned char) *c >= 0x7f
            || strchr("@?#\\", *c)) {
            return xstrdup("the server's URL may have neither a user, a "
                           "query, blanks nor characters outside of ASCII");
        }
    }
    while (server[len - 1] == '/') {
        server[--len] = '\0';
    }
    return NULL;
}

/* A token goes into a header line. */
static char *
check_token(char *token, const char *where)
{
    size_t len = strlen(token);

    while (len && strchr(" \t\r\n", token[len - 1])) {
        token[--len] = '\0';
    }
    if (!len) {
        return xasprintf("%s: the token is empty", where);
    }
    for (const char *c = token; *c; c++) {
        if ((unsigned char) *c <= ' ' || (unsigned char) *c >= 0x7f) {
            return xasprintf("%s: the token has characters that a token "
                             "cannot have", where);
        }
    }
    return NULL;
}

/* Returns 'data', or else the content of 'file', or else NULL. */
static char *
take_pem(struct kubeconfig *k, const char *data, const char *file,
         char **error)
{
    char *text;

    if (data || !file) {
        return or_dup(data);
    }
    text = text_files_read(&k->files, file, error);
    if (text && !strstr(text, "-----BEGIN ")) {
        if (!*error) {
            *error = xasprintf("%s: this is no PEM file", file);
        }
    }
    return text;
}

static bool
string_equals(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static bool
access_equals(const struct kube_access *a, const struct kube_access *b)
{
    return (string_equals(a->server, b->server)
            && string_equals(a->tls_server_name, b->tls_server_name)
            && a->insecure == b->insecure
            && a->disable_compression == b->disable_compression
            && string_equals(a->ca, b->ca)
            && string_equals(a->client_cert, b->client_cert)
            && string_equals(a->client_key, b->client_key)
            && string_equals(a->token, b->token));
}

static void
warn_about(const struct kubeconfig *k, const struct kube_access *a)
{
    if (a->insecure) {
        VLOG_WARN("%s: insecure-skip-tls-verify: ANYBODY on the way to %s "
                  "can pose as the API server, read our token and decide "
                  "which addresses are taken away; never use this outside "
                  "of tests", k->origin, a->server);
    }
    if (!strncmp(a->server, "http://", 7)
        && strncmp(a->server, "http://127.", 11)
        && strncmp(a->server, "http://localhost", 16)
        && strncmp(a->server, "http://[::1]", 12)) {
        VLOG_WARN("%s: the connection to %s, which is not this machine, is "
                  "neither encrypted nor authenticated", k->origin,
                  a->server);
    }
}

/* Makes 'new' what is in force. */
static void
set_access(struct kubeconfig *k, struct kube_access *new)
{
    uint64_t seqno = k->access.seqno;

    if (k->usable && access_equals(&k->access, new)) {
        kube_access_destroy(new);
        return;
    }
    if (!k->access.server || strcmp(k->access.server, new->server)
        || k->access.insecure != new->insecure) {
        warn_about(k, new);
    }
    if (k->usable) {
        VLOG_INFO("%s: credentials changed", k->origin);
    }
    kube_access_destroy(&k->access);
    k->access = *new;
    k->access.seqno = seqno + 1;
    k->usable = true;
}

/* Builds an access of what 'spec' says, reading the files that it names.
 * Without the plug-in's result it is not complete; that is no error. */
static char *
build_access(struct kubeconfig *k, const struct kubeconfig_spec *spec,
             struct kube_access *a)
{
    char *error = NULL;

    memset(a, 0, sizeof *a);
    a->server = xstrdup(spec->server);
    a->tls_server_name = or_dup(spec->tls_server_name);
    a->insecure = spec->insecure;
    a->disable_compression = spec->disable_compression;
    error = check_server(a->server);
    a->ca = take_pem(k, spec->ca_data, spec->ca_file, &error);
    a->client_cert = take_pem(k, spec->cert_data, spec->cert_file, &error);
    a->client_key = take_pem(k, spec->key_data, spec->key_file, &error);
    if (spec->token_file) {
        a->token = text_files_read(&k->files, spec->token_file, &error);
    } else {
        a->token = or_dup(spec->token);
    }
    if (a->token && !error) {
        error = check_token(a->token, spec->token_file ? spec->token_file
                            : k->origin);
    }
    if (!error && spec->exec && k->have_credential) {
        const struct exec_credential *c = &k->credential;

        if (c->token) {
            free(a->token);
            a->token = xstrdup(c->token);
            error = check_token(a->token, spec->exec->command);
        }
        if (c->client_cert) {
            free(a->client_cert);
            free(a->client_key);
            a->client_cert = xstrdup(c->client_cert);
            a->client_key = xstrdup(c->client_key);
        }
    }
    if (error) {
        kube_access_destroy(a);
    }
    return error;
}

/* Reads the kubeconfig file, if there is one, and all that it names, and makes
 * it what is in force.  Returns what is wrong, or NULL. */
static char *
load(struct kubeconfig *k)
{
    struct kubeconfig_spec spec;
    struct kube_access access;
    char *error = NULL;

    COVERAGE_INC(kubeconfig_read);
    text_files_forget(&k->files);
    if (k->file) {
        char *text = text_files_read(&k->files, k->file, &error);

        if (text) {
            error = kubeconfig_spec_parse(text, k->file, k->context, &spec);
            free(text);
        }
        if (error) {
            return error;
        }
        /* Also if a file that it names is missing: the plug-in's command may
         * be the thing that was mended. */
        kubeconfig_spec_destroy(&k->spec);
        k->spec = spec;
        free(k->origin);
        k->origin = xasprintf("context %s of %s", k->spec.context, k->file);
    }
    error = build_access(k, &k->spec, &access);
    if (error) {
        return error;
    }
    if (k->spec.exec && !k->have_credential) {
        k->usable = false;
        kube_access_destroy(&access);
    } else {
        set_access(k, &access);
    }
    return NULL;
}

/* Loads, and keeps what is wrong for the reports. */
static void
reload(struct kubeconfig *k)
{
    char *error = load(k);

    if (error && (!k->problem || strcmp(error, k->problem))) {
        VLOG_WARN("%s; going on with what was read before", error);
    } else if (!error && k->problem) {
        VLOG_INFO("%s: readable again", k->origin);
    }
    free(k->problem);
    k->problem = error;
}

/* ---- Credential plug-ins. ---- */

static void
exec_failed(struct kubeconfig *k, char *error, long long int now)
{
    if (!k->exec_problem || strcmp(error, k->exec_problem)) {
        VLOG_WARN("%s: credential plug-in %s", k->origin, error);
    }
    free(k->exec_problem);
    k->exec_problem = error;
    k->exec_retry_ms = now + EXEC_RETRY_MS;
}

static void
start_exec(struct kubeconfig *k, long long int now)
{
    char *error;

    if (k->plugin || now < k->exec_retry_ms) {
        return;
    }
    error = exec_plugin_start(k->spec.exec, now, &k->plugin);
    if (error) {
        exec_failed(k, error, now);
    }
}

static void
run_exec(struct kubeconfig *k, long long int now)
{
    struct exec_credential credential;
    char *error;

    if (!k->plugin || !exec_plugin_run(k->plugin, now, &credential, &error)) {
        return;
    }
    exec_plugin_destroy(k->plugin);
    k->plugin = NULL;
    if (error) {
        exec_failed(k, error, now);
        return;
    }
    exec_credential_destroy(&k->credential);
    k->credential = credential;
    k->have_credential = true;
    free(k->exec_problem);
    k->exec_problem = NULL;
    k->exec_retry_ms = now + EXEC_RETRY_MS;
    reload(k);
}

static bool
credential_is_old(const struct kubeconfig *k)
{
    return (k->credential.expires_s
            && time_wall() + EXEC_EARLY_S >= k->credential.expires_s);
}

/* ---- All together. ---- */

/* Fills in 'spec' from what a pod finds around itself. */
static char *
read_in_cluster(const char *root, struct kubeconfig_spec *spec)
{
    const char *host = getenv("KUBERNETES_SERVICE_HOST");
    const char *port = getenv("KUBERNETES_SERVICE_PORT");

    if (!host || !host[0] || !port || !port[0]) {
        return xstrdup("KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT "
                       "are not set: this is no pod");
    }
    root = root ? root : "";
    spec->server = xasprintf(strchr(host, ':') ? "https://[%s]:%s"
                             : "https://%s:%s", host, port);
    spec->token_file = xasprintf("%s%s/token", root, SERVICE_ACCOUNT);
    spec->ca_file = xasprintf("%s%s/ca.crt", root, SERVICE_ACCOUNT);
    return NULL;
}

char *
kubeconfig_open(const struct kubeconfig_options *options,
                struct kubeconfig **kp)
{
    struct kubeconfig *k = xzalloc(sizeof *k);
    char *error = NULL;

    ovs_assert(!!options->file + !!options->url + options->in_cluster == 1);
    if (options->file) {
        k->file = xstrdup(options->file);
        k->context = or_dup(options->context);
        k->origin = xstrdup(options->file);
    } else if (options->url) {
        k->spec.server = xstrdup(options->url);
        k->origin = url_to_show(options->url);
    } else {
        error = read_in_cluster(options->root, &k->spec);
        k->origin = xstrdup("the pod's service account");
    }
    if (!error) {
        error = load(k);
    }
    if (error) {
        kubeconfig_destroy(k);
        k = NULL;
    }
    *kp = k;
    return error;
}

void
kubeconfig_destroy(struct kubeconfig *k)
{
    if (k) {
        free(k->file);
        free(k->context);
        free(k->origin);
        kubeconfig_spec_destroy(&k->spec);
        text_files_forget(&k->files);
        kube_access_destroy(&k->access);
        free(k->problem);
        exec_plugin_destroy(k->plugin);
        exec_credential_destroy(&k->credential);
        free(k->exec_problem);
        free(k);
    }
}

void
kubeconfig_run(struct kubeconfig *k, long long int now)
{
    if (k->spec.exec && (!k->have_credential || credential_is_old(k))) {
        start_exec(k, now);
    }
    run_exec(k, now);
}

void
kubeconfig_wait(const struct kubeconfig *k)
{
    if (k->plugin) {
        exec_plugin_wait(k->plugin);
    } else if (k->spec.exec && !k->have_credential) {
        poll_timer_wait_until(k->exec_retry_ms);
    }
}

const struct kube_access *
kubeconfig_get(struct kubeconfig *k, long long int now)
{
    if (now >= k->looked_ms + LOOK_MS) {
        k->looked_ms = now;
        if (text_files_changed(&k->files)) {
            reload(k);
        }
    }
    return k->usable ? &k->access : NULL;
}

void
kubeconfig_refused(struct kubeconfig *k, uint64_t seqno, long long int now)
{
    if (seqno != k->access.seqno) {
        return;
    }
    if (text_files_changed(&k->files)) {
        reload(k);
    }
    if (k->spec.exec) {
        start_exec(k, now);
    }
}

const char *
kubeconfig_server(const struct kubeconfig *k)
{
    return k->access.server ? k->access.server : k->spec.server;
}

const char *
kubeconfig_origin(const struct kubeconfig *k)
{
    return k->origin;
}

bool
kubeconfig_is_insecure(const struct kubeconfig *k)
{
    return k->access.insecure;
}

void
kubeconfig_format_problems(const struct kubeconfig *k, struct ds *ds)
{
    if (k->problem) {
        ds_put_format(ds, "%s\n", k->problem);
    }
    if (k->exec_problem) {
        ds_put_format(ds, "%s: credential plug-in %s\n", k->origin,
                      k->exec_problem);
    }
    if (k->access.insecure) {
        ds_put_format(ds, "%s: insecure-skip-tls-verify: nobody checks who "
                      "%s is\n", k->origin, k->access.server);
    }
}
