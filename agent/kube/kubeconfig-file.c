/* SPDX-License-Identifier: Apache-2.0 */

/* What one context of a kubeconfig file says.
 *
 * What would change who we are or where we connect, and is not supported, is
 * an error: to ignore it would be to connect as somebody else, or somewhere
 * else, than the user said. */

#include <config.h>

#include "kubeconfig-file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "svec.h"
#include "util.h"

#include "base64.h"
#include "exec-plugin.h"
#include "json-place.h"
#include "yaml-text.h"

void
kubeconfig_spec_destroy(struct kubeconfig_spec *spec)
{
    free(spec->context);
    free(spec->server);
    free(spec->tls_server_name);
    free(spec->ca_file);
    free(spec->ca_data);
    free(spec->cert_file);
    free(spec->cert_data);
    free(spec->key_file);
    free(spec->key_data);
    free(spec->token_file);
    free(spec->token);
    if (spec->exec) {
        exec_plugin_config_destroy(spec->exec);
        free(spec->exec);
    }
    memset(spec, 0, sizeof *spec);
}

/* Returns a copy of a member that is there and not empty, or NULL. */
static char *
dup_string(const struct place *up, const char *key)
{
    const char *s = place_string(up, key);

    return s && s[0] ? xstrdup(s) : NULL;
}

/* File names are relative to the kubeconfig file's folder. */
static char *
dup_file_name(const struct place *up, const char *key, const char *folder)
{
    const char *s = place_string(up, key);

    return (!s || !s[0] ? NULL
            : s[0] == '/' ? xstrdup(s)
            : xasprintf("%s/%s", folder, s));
}

/* Complains about a secret, which place_fail() would print. */
static void
fail_secret(const struct place *up, const char *key, const char *expected)
{
    if (!up->error->text) {
        place_fail(up, key, expected);
        free(up->error->text);
        up->error->text = xasprintf("%s is not %s", key, expected);
    }
}

/* Like dup_string(), of a secret. */
static char *
dup_secret(const struct place *up, const char *key)
{
    const json_t *json = json_object_get(up->json, key);

    if (json && !json_is_string(json) && !json_is_null(json)) {
        fail_secret(up, key, "a string");
        return NULL;
    }
    return dup_string(up, key);
}

static char *
dup_data(const struct place *up, const char *key)
{
    char *s = dup_secret(up, key);
    char *text = s ? base64_decode_text(s) : NULL;

    if (s && !text) {
        fail_secret(up, key, "base64");
    }
    free(s);
    return text;
}

static bool
read_bool(const struct place *up, const char *key)
{
    const json_t *json = json_object_get(up->json, key);

    if (json && !json_is_boolean(json) && !json_is_null(json)) {
        place_fail(up, key, "true or false");
    }
    return json_is_true(json);
}

/* Complains about a member that must not be there. */
static void
refuse(const struct place *up, const char *key, const char *instead)
{
    const json_t *json = json_object_get(up->json, key);

    if (json && !json_is_null(json) && !up->error->text
        && !(json_is_string(json) && !json_string_value(json)[0])) {
        place_fail(up, key, "nothing");
        free(up->error->text);
        up->error->text = xasprintf("%s is not supported%s", key, instead);
    }
}

/* The member 'member' of that element of the list 'list' that is called
 * 'name', in '*value'; the two places between are the caller's too. */
struct named_entry {
    struct place list, entry, value;
    char index[16];
};

static void
find_entry(const struct place *root, const char *list, const char *name,
           const char *member, struct named_entry *e)
{
    e->list = place_array(root, list);
    for (size_t i = 0; i < place_n_elements(&e->list); i++) {
        const char *s;

        e->entry = place_element(&e->list, i, e->index);
        s = place_string(&e->entry, "name");
        if (s && !strcmp(s, name)) {
            e->value = place_object(&e->entry, member);
            return;
        }
    }
    if (!root->error->text) {
        place_fail(root, list, "it");
        free(root->error->text);
        root->error->text = xasprintf("\"%.100s\" is not among its %s", name,
                                      list);
    }
    e->value = (struct place) { root, list, NULL, root->error };
}

static void
read_cluster(const struct place *cluster, const char *folder,
             struct kubeconfig_spec *spec)
{
    spec->server = dup_string(cluster, "server");
    spec->tls_server_name = dup_string(cluster, "tls-server-name");
    spec->insecure = read_bool(cluster, "insecure-skip-tls-verify");
    spec->disable_compression = read_bool(cluster, "disable-compression");
    spec->ca_file = dup_file_name(cluster, "certificate-authority", folder);
    spec->ca_data = dup_data(cluster, "certificate-authority-data");
    refuse(cluster, "proxy-url",
           ": the API server must be reachable directly");
    if (!spec->server) {
        place_fail(cluster, "server", "the URL of the API server");
    }
    if (spec->insecure && (spec->ca_file || spec->ca_data)) {
        place_fail(cluster, "insecure-skip-tls-verify",
                   "false where there is a certificate-authority");
    }
}

/* Returns false, with the error set, if one of 'args' is no string. */
static bool
read_exec_args(const struct place *exec, const json_t *args, struct svec *sv)
{
    json_t *arg;
    size_t i;

    json_array_foreach (CONST_CAST(json_t *, args), i, arg) {
        if (!json_is_string(arg)) {
            place_fail(exec, "args", "a list of strings");
            return false;
        }
        svec_add(sv, json_string_value(arg));
    }
    return true;
}

/* Likewise, of the variables in 'list'. */
static bool
read_exec_env(const struct place *list, struct smap *env)
{
    for (size_t i = 0; i < place_n_elements(list); i++) {
        char name[16];
        struct place e = place_element(list, i, name);
        const char *key = place_string(&e, "name");
        char *value = dup_secret(&e, "value");

        if (!key || !key[0] || strchr(key, '=')) {
            place_fail(&e, "name", "the name of a variable");
            free(value);
            return false;
        }
        smap_replace(env, key, value ? value : "");
        free(value);
    }
    return true;
}

/* Returns what the program is told in KUBERNETES_EXEC_INFO: with
 * 'cluster_info' also of the server that 'spec' says. */
static char *
make_exec_info(const struct kubeconfig_spec *spec, const char *api_version,
               bool cluster_info)
{
    json_t *info = json_pack("{s:s, s:s, s:{s:b}}",
                             "kind", "ExecCredential",
                             "apiVersion", api_version,
                             "spec", "interactive", 0);
    char *text;

    if (cluster_info) {
        json_t *cluster = json_pack("{s:s, s:b}", "server", spec->server,
                                    "insecure-skip-tls-verify",
                                    spec->insecure);

        if (spec->tls_server_name) {
            json_object_set_new(cluster, "tls-server-name",
                                json_pack("s", spec->tls_server_name));
        }
        json_object_set_new(json_object_get(info, "spec"), "cluster",
                            cluster);
    }
    text = json_dumps(info, JSON_COMPACT);
    json_decref(info);
    return text;
}

static void
read_exec(const struct place *exec, const char *folder,
          const struct kubeconfig_spec *spec, struct exec_plugin_config *c)
{
    struct place env = place_array(exec, "env");
    const json_t *args = place_array(exec, "args").json;
    const char *command = place_string(exec, "command");
    bool cluster_info = read_bool(exec, "provideClusterInfo");

    if (!command || !command[0]) {
        place_fail(exec, "command", "a program");
        return;
    }
    c->command = (command[0] == '/' || !strchr(command, '/')
                  ? xstrdup(command) : xasprintf("%s/%s", folder, command));
    c->install_hint = dup_string(exec, "installHint");
    c->api_version = dup_string(exec, "apiVersion");
    if (!c->api_version
        || (strcmp(c->api_version, "client.authentication.k8s.io/v1")
            && strcmp(c->api_version,
                      "client.authentication.k8s.io/v1beta1"))) {
        place_fail(exec, "apiVersion", "client.authentication.k8s.io/v1 or "
                   "client.authentication.k8s.io/v1beta1");
        return;
    }
    if (read_exec_args(exec, args, &c->args)
        && read_exec_env(&env, &c->env)) {
        c->exec_info = make_exec_info(spec, c->api_version, cluster_info);
    }
}

static void
read_user(const struct place *user, const char *folder,
          struct kubeconfig_spec *spec)
{
    static const char *const identities[] = {
        "as", "as-uid", "as-groups", "as-user-extra",
    };
    struct place exec;

    spec->cert_file = dup_file_name(user, "client-certificate", folder);
    spec->cert_data = dup_data(user, "client-certificate-data");
    spec->key_file = dup_file_name(user, "client-key", folder);
    spec->key_data = dup_data(user, "client-key-data");
    spec->token = dup_secret(user, "token");
    spec->token_file = dup_file_name(user, "tokenFile", folder);
    refuse(user, "auth-provider", ": please use exec");
    refuse(user, "username", ": please use a token or a certificate");
    refuse(user, "password", ": please use a token or a certificate");
    for (size_t i = 0; i < ARRAY_SIZE(identities); i++) {
        refuse(user, identities[i], "");
    }
    if (!(spec->cert_file || spec->cert_data)
        != !(spec->key_file || spec->key_data)) {
        place_fail(user, "client-key", "a key for the client-certificate, "
                   "and a certificate for each key");
    }

    exec = place_object(user, "exec");
    if (exec.json) {
        spec->exec = xmalloc(sizeof *spec->exec);
        exec_plugin_config_init(spec->exec);
        read_exec(&exec, folder, spec, spec->exec);
    }
}

static void
read_config(const struct place *root, const char *folder, const char *context,
            struct kubeconfig_spec *spec)
{
    struct named_entry contexts, clusters, users;
    const char *kind = place_string(root, "kind");
    const char *cluster, *user;

    if (kind && strcmp(kind, "Config")) {
        place_fail(root, "kind", "Config");
    }
    if (!context) {
        context = place_string(root, "current-context");
        if (!context || !context[0]) {
            place_fail(root, "current-context", "the name of a context");
            return;
        }
    }
    spec->context = xstrdup(context);
    find_entry(root, "contexts", context, "context", &contexts);
    cluster = place_string(&contexts.value, "cluster");
    if (!cluster) {
        place_fail(&contexts.value, "cluster", "the name of a cluster");
        return;
    }
    find_entry(root, "clusters", cluster, "cluster", &clusters);
    read_cluster(&clusters.value, folder, spec);
    user = place_string(&contexts.value, "user");
    if (user && user[0]) {
        find_entry(root, "users", user, "user", &users);
        read_user(&users.value, folder, spec);
    }
}

char *
kubeconfig_spec_parse(const char *text, const char *path, const char *context,
                      struct kubeconfig_spec *spec)
{
    struct svec where = SVEC_EMPTY_INITIALIZER;
    struct place_error error = { .path = &where };
    struct text_value value;
    struct yaml_text yaml;
    enum text_event event;
    char *result = NULL;

    memset(spec, 0, sizeof *spec);
    memset(&value, 0, sizeof value);
    yaml_text_init(&yaml, text, strlen(text));
    event = yaml_text_next(&yaml, &value);
    if (event == TEXT_ERROR) {
        result = xasprintf("%s:%d: %s", path, value.line, value.error);
        free(value.error);
    } else if (event != TEXT_ROOT || !json_is_object(value.json)) {
        result = xasprintf("%s: this is no kubeconfig file", path);
    } else {
        struct place root = place_root(value.json, &error);
        char *folder = dir_name(path);

        read_config(&root, folder, context, spec);
        free(folder);
        if (error.text) {
            int line = (where.n
                        ? yaml_text_locate(&yaml, value.json, value.line,
                                           &where)
                        : value.line);

            result = xasprintf("%s:%d: %s", path, line, error.text);
        }
    }
    if (event != TEXT_ERROR) {
        json_decref(value.json);
    }
    yaml_text_destroy(&yaml);
    free(error.text);
    svec_destroy(&where);
    if (result) {
        kubeconfig_spec_destroy(spec);
    }
    return result;
}
