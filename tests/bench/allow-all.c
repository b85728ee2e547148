/* SPDX-License-Identifier: Apache-2.0 */

/* A validating webhook that allows everything: what is left of the daemon's if
 * nothing is known and nothing is judged.  It has the same server and the same
 * TLS, so that the difference is what judging takes.
 *
 * usage: allow-all PORT CERT KEY (prints "listening on ADDRESS") */

#include <config.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "fatal-signal.h"
#include "openvswitch/poll-loop.h"
#include "openvswitch/vlog.h"
#include "timeval.h"
#include "util.h"

#include "agent/web/web-server.h"

static void
allow(const struct web_request *request, struct web_reply *reply,
      void *aux OVS_UNUSED)
{
    size_t size;
    const char *body = web_request_body(request, &size);
    json_t *review = json_loadb(body, size, 0, NULL);
    json_t *question = json_object_get(review, "request");
    json_t *answer;
    char *text;

    answer = json_pack("{ss ss s{sO sb}}",
                       "apiVersion", "admission.k8s.io/v1",
                       "kind", "AdmissionReview", "response",
                       "uid", json_object_get(question, "uid"),
                       "allowed", true);
    text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;
    reply->status = text ? 200 : 400;
    reply->content_type = "application/json";
    ds_put_cstr(&reply->body, text ? text : "");
    free(text);
    json_decref(answer);
    json_decref(review);
}

int
main(int argc, char *argv[])
{
    struct web_server *server;
    char *error;

    set_program_name(argv[0]);
    fatal_ignore_sigpipe();
    vlog_set_levels(NULL, VLF_ANY_DESTINATION, VLL_WARN);
    if (argc != 4) {
        ovs_fatal(0, "usage: %s PORT CERT KEY", argv[0]);
    }

    struct web_options options = {
        .name = "allow-all", .listen = argv[1], .cert_file = argv[2],
        .key_file = argv[3],
    };
    error = web_server_create(&options, &server);
    if (error) {
        ovs_fatal(0, "%s", error);
    }
    web_server_add(server, "POST", "/validate", allow, NULL);
    printf("listening on %s\n", web_server_address(server));
    fflush(stdout);
    for (;;) {
        web_server_run(server, time_msec());
        web_server_wait(server);
        poll_block();
    }
}
