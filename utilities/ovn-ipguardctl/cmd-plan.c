/* SPDX-License-Identifier: Apache-2.0 */

/* plan: what a guard would write, as a file to be reviewed; and apply, which
 * has such a file done: by the active instance, or by one that is started for
 * it and that begins nothing else. */

#include <config.h>

#include "ctl-read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db-ctl-base.h"
#include "openvswitch/dynamic-string.h"
#include "openvswitch/json.h"
#include "openvswitch/shash.h"
#include "smap.h"
#include "svec.h"
#include "util.h"
#include "uuid.h"

#include "agent/core/guard.h"
#include "agent/core/ip-addr.h"
#include "agent/core/plan.h"
#include "agent/core/settings.h"
#include "ctl-commands.h"
#include "ctl-options.h"
#include "ctl-request.h"
#include "observer.h"

/* ---- plan. ---- */

static struct json *
json_svec(const struct svec *svec)
{
    struct json *array = json_array_create_empty();

    for (size_t i = 0; i < svec->n; i++) {
        json_array_add(array, json_string_create(svec->names[i]));
    }
    return array;
}

static struct json *
json_column(const struct svec *saw, const struct svec *write)
{
    struct json *o = json_object_create();

    json_object_put(o, "saw", json_svec(saw));
    json_object_put(o, "write", json_svec(write));
    return o;
}

static struct json *
json_row(const struct plan_row *row)
{
    struct json *o = json_object_create();
    struct json *clears = json_array_create_empty();
    char ip[IP_ADDR_STRLEN];

    for (size_t i = 0; i < row->n_clears; i++) {
        struct json *clear = json_object_create();

        json_object_put_string(clear, "address",
                               ip_addr_to_string(&row->clears[i].addr, ip));
        json_object_put_string(clear, "because", row->clears[i].because);
        json_array_add(clears, clear);
    }
    json_object_put_string(o, "port", row->port);
    json_object_put_format(o, "uuid", UUID_FMT, UUID_ARGS(&row->uuid));
    json_object_put_string(o, "network", row->network);
    json_object_put(o, "clear", clears);
    json_object_put(o, "addresses", json_column(&row->saw_addresses,
                                                &row->write_addresses));
    json_object_put(o, "port_security",
                    json_column(&row->saw_port_security,
                                &row->write_port_security));
    return o;
}

static void
format_json(const struct plan *plan, struct ds *ds)
{
    struct json *o = json_object_create();
    struct json *rows = json_array_create_empty();

    for (size_t i = 0; i < plan->n; i++) {
        json_array_add(rows, json_row(&plan->rows[i]));
    }
    json_object_put(o, "plan-version", json_integer_create(PLAN_VERSION));
    json_object_put_string(o, "mode", PLAN_MODE);
    json_object_put(o, "ports", rows);
    json_object_put(o, "notes", json_svec(&plan->notes));
    json_to_ds(o, ipgctl_get_options()->style.json_flags | JSSF_SORT, ds);
    ds_put_char(ds, '\n');
    json_destroy(o);
}

/* A file that is there only in part must not be taken for a plan. */
static void
write_file(struct ctl_context *ctx, const char *name, const char *text)
{
    char *tmp = xasprintf("%s.tmp", name);
    FILE *file = fopen(tmp, "w");
    bool ok = file && fputs(text, file) >= 0;

    if (file && fclose(file)) {
        ok = false;
    }
    if (!ok || rename(tmp, name)) {
        ctl_error(ctx, "plan: %s: cannot be written (%s); is there such a "
                  "folder, and room in it?", name, ovs_strerror(errno));
        if (file) {
            unlink(tmp);
        }
    }
    free(tmp);
}

void
cmd_plan(struct ipgctl_reader *r)
{
    const char *file_name = shash_find_data(&r->ctx->options, "--output");
    int max = observer_settings(r->observer)->brake_clears;
    struct ds ds = DS_EMPTY_INITIALIZER;
    struct guard_env env;
    struct plan plan;
    size_t n = 0;

    ipgctl_reader_sync(r);
    observer_get_env(r->observer, &env);
    guard_make_plan(observer_guard(r->observer), &env, &plan);
    for (size_t i = 0; i < plan.n; i++) {
        n += plan.rows[i].n_clears;
    }
    if (max >= 0 && n > (size_t) max) {
        fprintf(stderr, "%s: the plan has %"PRIuSIZE" clears, more than the "
                "brake allows at once (brake-clears=%d); apply parts of it, "
                "or raise that\n", program_name, n, max);
    }
    if (ipgctl_wants_json(ipgctl_get_options())) {
        format_json(&plan, &ds);
    } else {
        plan_format(&plan, &ds);
    }
    if (file_name) {
        write_file(r->ctx, file_name, ds_cstr(&ds));
    } else {
        ds_put_cstr(&r->ctx->output, ds_cstr(&ds));
    }
    ds_destroy(&ds);
    plan_destroy(&plan);
}

/* ---- apply. ---- */

static char *
read_file(FILE *file)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    char buffer[4096];
    size_t n;

    while ((n = fread(buffer, 1, sizeof buffer, file)) > 0) {
        ds_put_buffer(&ds, buffer, n);
    }
    if (ferror(file) || strlen(ds_cstr(&ds)) != ds.length) {
        ds_destroy(&ds);
        return NULL;
    }
    return ds_steal_cstr(&ds);
}

static char *
load_plan(const char *name, struct plan *plan)
{
    FILE *file = !strcmp(name, "-") ? stdin : fopen(name, "r");
    char *text, *error, *whole;

    memset(plan, 0, sizeof *plan);
    svec_init(&plan->notes);
    if (!file) {
        return xasprintf("%s: cannot be read (%s)", name,
                         ovs_strerror(errno));
    }
    text = read_file(file);
    if (file != stdin) {
        fclose(file);
    }
    if (!text) {
        return xasprintf("%s: is not a plan, but a folder or binary", name);
    }
    error = plan_parse(text, plan);
    free(text);
    if (!error) {
        return NULL;
    }
    whole = xasprintf("%s: %s", name, error);
    free(error);
    return whole;
}

static void
add_lines(struct smap *args, const char *key, const struct svec *lines)
{
    char *text = svec_join(lines, "\n", "");

    smap_add_nocopy(args, xstrdup(key), text);
}

static void
ask_for_row(struct ctl_context *ctx, const struct plan_row *row)
{
    struct smap args = SMAP_INITIALIZER(&args);
    struct svec clears = SVEC_EMPTY_INITIALIZER;
    char ip[IP_ADDR_STRLEN];
    char *what;

    for (size_t i = 0; i < row->n_clears; i++) {
        svec_add(&clears, ip_addr_to_string(&row->clears[i].addr, ip));
    }
    smap_add(&args, "port", row->port);
    smap_add_format(&args, "port_uuid", UUID_FMT, UUID_ARGS(&row->uuid));
    smap_add(&args, "network", row->network);
    add_lines(&args, "clear", &clears);
    add_lines(&args, "saw_addresses", &row->saw_addresses);
    add_lines(&args, "write_addresses", &row->write_addresses);
    add_lines(&args, "saw_port_security", &row->saw_port_security);
    add_lines(&args, "write_port_security", &row->write_port_security);
    svec_destroy(&clears);

    what = xasprintf("apply %s", row->port);
    ipgctl_request_about(ctx, "apply", what, &args);
    free(what);
}

static void
pre_apply(struct ctl_context *ctx)
{
    ipgctl_request_prerequisites(ctx);
    ipgctl_requests_need_instance();
}

static void
cmd_apply(struct ctl_context *ctx)
{
    struct plan plan;

    ctx->error = load_plan(ctx->argv[1], &plan);
    for (size_t i = 0; i < plan.n && !ctx->error; i++) {
        ask_for_row(ctx, &plan.rows[i]);
    }
    if (!ctx->error && !plan.n) {
        ds_put_format(&ctx->output, "%s: nothing to do\n", ctx->argv[1]);
    }
    plan_destroy(&plan);
}

void
cmd_plan_register(void)
{
    static const struct ctl_command_syntax commands[] = {
        {"plan", 0, 0, "", NULL, ipgctl_reader_run, NULL, "--output=", RO},
        {"apply", 1, 1, "FILE", pre_apply, cmd_apply, NULL, "", RW},
        {NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, RO},
    };

    ipgctl_add_commands(commands);
}
