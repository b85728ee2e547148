/* SPDX-License-Identifier: Apache-2.0 */

/* One run of an exec credential plug-in.
 *
 * The library's process.h would do, but for its rule that the parent has one
 * thread: libcurl resolves names in threads of its own.  posix_spawn() has no
 * such rule. */

#include <config.h>

#include "exec-plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "openvswitch/dynamic-string.h"
#include "openvswitch/poll-loop.h"

#include "coverage.h"
#include "socket-util.h"
#include "timeval.h"
#include "util.h"

#include "rfc3339.h"
#include "url-text.h"

COVERAGE_DEFINE(kube_exec_plugin);

extern char **environ;

/* Some ask a server of their own first, and that one is allowed to be slow. */
#define TIMEOUT_MS 60000

/* A program that closed its output and lives on is asked again. */
#define REAP_MS 20

/* Certificates with their chain and key are some 10 kB. */
#define MAX_OUTPUT (1024 * 1024)
#define MAX_ERRORS 2048

struct exec_plugin {
    char *command;
    char *api_version;
    char *install_hint;         /* Or NULL. */
    pid_t pid;
    int out, err;               /* Pipes; negative: at their end. */
    struct ds output, errors;
    bool too_much;
    long long int deadline;
};

void
exec_plugin_config_init(struct exec_plugin_config *config)
{
    memset(config, 0, sizeof *config);
    svec_init(&config->args);
    smap_init(&config->env);
}

void
exec_plugin_config_destroy(struct exec_plugin_config *config)
{
    free(config->command);
    svec_destroy(&config->args);
    smap_destroy(&config->env);
    free(config->api_version);
    free(config->install_hint);
    free(config->exec_info);
}

void
exec_credential_destroy(struct exec_credential *credential)
{
    free(credential->token);
    free(credential->client_cert);
    free(credential->client_key);
    memset(credential, 0, sizeof *credential);
}

/* Returns the daemon's environment, with what 'config' adds in front: the
 * first of a name counts. */
static void
make_environment(const struct exec_plugin_config *config, struct svec *env)
{
    struct smap_node *node;

    svec_add_nocopy(env, xasprintf("KUBERNETES_EXEC_INFO=%s",
                                   config->exec_info));
    SMAP_FOR_EACH (node, &config->env) {
        svec_add_nocopy(env, xasprintf("%s=%s", node->key, node->value));
    }
    for (char **e = environ; *e; e++) {
        size_t len = strcspn(*e, "=");
        bool replaced = false;

        for (size_t i = 0; i < env->n && !replaced; i++) {
            replaced = (!strncmp(env->names[i], *e, len)
                        && env->names[i][len] == '=');
        }
        if (!replaced) {
            svec_add(env, *e);
        }
    }
    svec_terminate(env);
}

/* The child gets its pipes, an empty input and nothing else that is open here,
 * and the signals as a program expects them. */
static int
spawn(const char *command, char **argv, char **env, int out, int err,
      pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attr;
    sigset_t none, defaults;
    int error;

    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGCHLD);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &defaults);
    posix_spawnattr_setpgroup(&attr, 0);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK
                             | POSIX_SPAWN_SETSIGDEF
                             | POSIX_SPAWN_SETPGROUP);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    error = posix_spawnp(pid, command, &actions, &attr, argv, env);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attr);
    return error;
}

/* Makes a pipe whose ends are none of the standard three, which the child's
 * dup2() calls would overwrite. */
static int
make_pipe(int fds[2])
{
    int raw[2];

    if (pipe(raw)) {
        return errno;
    }
    for (int i = 0; i < 2; i++) {
        fds[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(raw[i]);
    }
    if (fds[0] < 0 || fds[1] < 0) {
        return EMFILE;
    }
    set_nonblocking(fds[0]);
    return 0;
}

static void
close_end(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
        *fd = -1;
    }
}

char *
exec_plugin_start(const struct exec_plugin_config *config, long long int now,
                  struct exec_plugin **pluginp)
{
    int out[2] = { -1, -1 }, err[2] = { -1, -1 };
    struct svec argv = SVEC_EMPTY_INITIALIZER;
    struct svec env = SVEC_EMPTY_INITIALIZER;
    struct exec_plugin *p;
    pid_t pid = -1;
    int error;

    *pluginp = NULL;
    COVERAGE_INC(kube_exec_plugin);
    svec_add(&argv, config->command);
    for (size_t i = 0; i < config->args.n; i++) {
        svec_add(&argv, config->args.names[i]);
    }
    svec_terminate(&argv);
    make_environment(config, &env);

    error = make_pipe(out);
    if (!error) {
        error = make_pipe(err);
    }
    if (!error) {
        error = spawn(config->command, argv.names, env.names, out[1], err[1],
                      &pid);
    }
    svec_destroy(&argv);
    svec_destroy(&env);
    close_end(&out[1]);
    close_end(&err[1]);
    if (error) {
        const char *hint = config->install_hint;

        close_end(&out[0]);
        close_end(&err[0]);
        return xasprintf("%s: cannot be run (%s)%s%s", config->command,
                         ovs_strerror(error), hint ? "; " : "",
                         hint ? hint : "");
    }

    p = xzalloc(sizeof *p);
    p->command = xstrdup(config->command);
    p->install_hint = nullable_xstrdup(config->install_hint);
    p->api_version = xstrdup(config->api_version);
    p->pid = pid;
    p->out = out[0];
    p->err = err[0];
    ds_init(&p->output);
    ds_init(&p->errors);
    p->deadline = now + TIMEOUT_MS;
    *pluginp = p;
    return NULL;
}

void
exec_plugin_destroy(struct exec_plugin *p)
{
    if (!p) {
        return;
    }
    if (p->pid > 0) {
        /* Its own group: what it started goes too. */
        kill(-p->pid, SIGKILL);
        while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR) {
            continue;
        }
    }
    close_end(&p->out);
    close_end(&p->err);
    free(p->command);
    free(p->install_hint);
    free(p->api_version);
    /* The token was in it. */
    if (p->output.string) {
        memset(p->output.string, 0, p->output.length);
    }
    ds_destroy(&p->output);
    ds_destroy(&p->errors);
    free(p);
}

/* Reads what there is.  Closes '*fd' at the end.  Keeps 'max' bytes; returns
 * false if there were more. */
static bool
drain(int *fd, struct ds *ds, size_t max)
{
    bool fits = true;

    while (*fd >= 0) {
        char buf[4096];
        ssize_t n = read(*fd, buf, sizeof buf);

        if (n > 0) {
            size_t room = max - ds->length;

            fits = fits && n <= room;
            ds_put_buffer(ds, buf, MIN(n, room));
        } else if (!n || (errno != EINTR && errno != EAGAIN)) {
            close_end(fd);
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return fits;
}

/* POSIX lets posix_spawn() succeed for a program that cannot be run: it ends
 * with status 127 then. */
static char *
describe_status(const struct exec_plugin *p, int status)
{
    if (p->install_hint && WIFEXITED(status) && WEXITSTATUS(status) == 127) {
        return xasprintf("it ended with status 127; %s", p->install_hint);
    }
    return (WIFSIGNALED(status)
            ? xasprintf("it was ended by signal %d", WTERMSIG(status))
            : xasprintf("it ended with status %d", WEXITSTATUS(status)));
}

static char *
dup_member(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s && s[0] ? xstrdup(s) : NULL;
}

/* Reads an ExecCredential.  Returns what is wrong with it, or NULL. */
static char *
parse_output(const struct exec_plugin *p, struct exec_credential *credential)
{
    json_error_t e;
    json_t *json = json_loadb(ds_cstr_ro(&p->output), p->output.length, 0,
                              &e);
    const json_t *status = json_object_get(json, "status");
    const char *kind = json_string_value(json_object_get(json, "kind"));
    const char *version = json_string_value(json_object_get(json,
                                                            "apiVersion"));
    const char *expires = json_string_value(
        json_object_get(status, "expirationTimestamp"));
    char *error = NULL;

    memset(credential, 0, sizeof *credential);
    if (!json) {
        error = xasprintf("what it printed is no JSON (%s)", e.text);
    } else if (!kind || strcmp(kind, "ExecCredential")
               || !version || strcmp(version, p->api_version)) {
        error = xasprintf("what it printed is no ExecCredential of %s",
                          p->api_version);
    } else if (expires && !rfc3339_parse(expires, &credential->expires_s)) {
        error = xstrdup("what it printed has no valid expirationTimestamp");
    } else {
        credential->token = dup_member(status, "token");
        credential->client_cert = dup_member(status, "clientCertificateData");
        credential->client_key = dup_member(status, "clientKeyData");
        if (!credential->client_cert != !credential->client_key) {
            error = xstrdup("it printed a certificate without its key, or a "
                            "key without its certificate");
        } else if (!credential->token && !credential->client_cert) {
            error = xstrdup("it printed neither a token nor a certificate");
        }
    }
    if (error) {
        exec_credential_destroy(credential);
    }
    json_decref(json);
    return error;
}

/* Puts the program's name before 'text', which is taken, and its last words
 * behind. */
static char *
complain(struct exec_plugin *p, char *text)
{
    char *words = url_text_to_show(ds_cstr(&p->errors));
    char *error;

    for (char *c = words; *c; c++) {
        if ((unsigned char) *c < ' ' || *c == 0x7f) {
            *c = ' ';
        }
    }
    words[MIN(strlen(words), 200)] = '\0';
    error = xasprintf("%s: %s%s%s", p->command, text, words[0] ? ": " : "",
                      words);
    free(words);
    free(text);
    return error;
}

bool
exec_plugin_run(struct exec_plugin *p, long long int now,
                struct exec_credential *credential, char **errorp)
{
    char *text;
    int status;
    pid_t pid;

    *errorp = NULL;
    memset(credential, 0, sizeof *credential);
    if (!drain(&p->out, &p->output, MAX_OUTPUT)) {
        p->too_much = true;
    }
    drain(&p->err, &p->errors, MAX_ERRORS);

    if (p->too_much) {
        *errorp = complain(p, xasprintf("it printed more than %d bytes",
                                        MAX_OUTPUT));
        return true;
    }
    pid = p->out < 0 ? waitpid(p->pid, &status, WNOHANG) : 0;
    if (pid == p->pid) {
        p->pid = 0;
        if (status) {
            text = describe_status(p, status);
        } else {
            text = parse_output(p, credential);
        }
        *errorp = text ? complain(p, text) : NULL;
        return true;
    } else if (pid < 0 && errno != EINTR) {
        /* Somebody else took its status. */
        p->pid = 0;
        text = parse_output(p, credential);
        *errorp = text ? complain(p, text) : NULL;
        return true;
    }
    if (now >= p->deadline) {
        *errorp = complain(p, xasprintf("it did not end in %d s",
                                        TIMEOUT_MS / 1000));
        return true;
    }
    return false;
}

void
exec_plugin_wait(const struct exec_plugin *p)
{
    if (p->out >= 0) {
        poll_fd_wait(p->out, POLLIN);
    }
    if (p->err >= 0) {
        poll_fd_wait(p->err, POLLIN);
    }
    poll_timer_wait_until(p->out < 0 ? time_msec() + REAP_MS : p->deadline);
}
