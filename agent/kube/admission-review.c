/* SPDX-License-Identifier: Apache-2.0 */

/* See admission-review.h. */

#include <config.h>

#include "admission-review.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"

#include "smap.h"
#include "svec.h"
#include "util.h"

#include "claim.h"
#include "dialect.h"
#include "manifest-object.h"
#include "manifest-reader.h"
#include "pod.h"
#include "workload.h"

#define API_VERSION "admission.k8s.io/v1"

/* The string 'key' of 'object', or "". */
static const char *
get_string(const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s ? s : "";
}

static bool
get_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

/* ---- Objects. ---- */

/* The name is made up only when the object is stored, on some releases after
 * admission.  It is not that of any pod there is. */
static json_t *
name_object(json_t *object, bool *named)
{
    json_t *metadata = json_object_get(object, "metadata");
    const char *prefix = get_string(metadata, "generateName");
    json_t *copy, *copy_metadata;

    *named = get_string(metadata, "name")[0] || !prefix[0];
    if (*named) {
        return json_incref(object);
    }
    copy = json_copy(object);
    copy_metadata = json_copy(metadata);
    json_object_set_new(copy_metadata, "name",
                        json_pack("s+", prefix, "0"));
    json_object_set_new(copy, "metadata", copy_metadata);
    return copy;
}

/* Reads 'object' into '*objectp', which stays NULL if its kind is not used.
 * Returns NULL, or what is wrong with it. */
static char *
read_object(json_t *object, const char *kind, const struct dialect *dialect,
            struct manifest_object **objectp)
{
    struct manifest_item item = { .default_kind = kind };
    struct svec path = SVEC_EMPTY_INITIALIZER;
    bool named;
    char *error;

    item.json = name_object(object, &named);
    error = manifest_object_read(&item, dialect, objectp, &path);
    if (!named && *objectp && (*objectp)->pod) {
        free((*objectp)->pod->name);
        (*objectp)->pod->name = xstrdup("");
    }
    json_decref(CONST_CAST(json_t *, item.json));
    svec_destroy(&path);
    return error;
}

/* Is 'key' one that asks for something, in a template? */
static bool
is_input(const struct dialect *dialect, const char *key, const char *value,
         const struct workload *w)
{
    struct claim_subject subject = {
        .ns = w->ns, .name = w->name, .owner_kind = w->kind,
        .ordinal = w->kind == OWNER_STATEFULSET ? 0 : -1, .is_template = true,
    };
    static const char allocated[] = "/allocated";
    size_t len = strlen(key);
    struct claims claims;
    struct smap smap;
    bool any;

    if (len > strlen(allocated)
        && !strcmp(key + len - strlen(allocated), allocated)) {
        return false;           /* A controller's own. */
    }
    smap_init(&smap);
    smap_add(&smap, key, value);
    claims_init(&claims);
    dialect->read_claims(&smap, &subject, &claims);
    any = claims.n > 0;
    claims_destroy(&claims);
    smap_destroy(&smap);
    return any;
}

/* Stores the keys that stand on the object itself and not on its template. */
static void
read_own_keys(const json_t *object, const struct dialect *dialect,
              const struct workload *w, struct svec *keys)
{
    json_t *annotations = json_object_get(json_object_get(object, "metadata"),
                                          "annotations");
    const char *key;
    json_t *value;

    json_object_foreach (annotations, key, value) {
        const char *s = json_string_value(value);

        if (s && dialect->watches(key)
            && !(w->n_revisions
                 && smap_get(&w->revisions[0].annotations, key))
            && is_input(dialect, key, s, w)) {
            svec_add(keys, key);
        }
    }
    svec_sort(keys);
}

/* ---- The request. ---- */

/* Returns why 'request' is not one to be judged, or NULL. */
static const char *
why_skipped(const json_t *request)
{
    const json_t *kind = json_object_get(request, "kind");
    const char *operation = get_string(request, "operation");
    const char *group = get_string(kind, "group");
    const char *name = get_string(kind, "kind");
    bool known = ((!strcmp(name, "Pod") && !group[0])
                  || (!strcmp(name, "StatefulSet") && !strcmp(group, "apps"))
                  || (!strcmp(name, "VirtualMachine")
                      && !strcmp(group, "kubevirt.io")));

    return (!known ? "its kind is not judged"
            : get_string(request, "subResource")[0]
            ? "subresources are not judged"
            : strcmp(operation, "CREATE") && strcmp(operation, "UPDATE")
            ? "the operation is not judged"
            : NULL);
}

/* Makes the question of the two objects. */
static void
fill_request(struct admission_review *review, const json_t *json,
             const struct dialect *dialect)
{
    struct admission_request *req = &review->request;

    req->user = review->user;
    req->update = !strcmp(get_string(json, "operation"), "UPDATE");
    req->deleting = review->new->deleting;
    if (review->new->pod) {
        req->pod = review->new->pod;
        req->old_pod = review->old ? review->old->pod : NULL;
        return;
    }
    req->workload = review->new->workload;
    read_own_keys(json_object_get(json, "object"), dialect, req->workload,
                  &req->own_keys);
    if (review->old) {
        req->old_workload = review->old->workload;
        read_own_keys(json_object_get(json, "oldObject"), dialect,
                      req->old_workload, &req->old_own_keys);
    }
}

/* Reads the objects of a request that is to be judged. */
static void
read_objects(struct admission_review *review, const json_t *json,
             const struct dialect *dialect)
{
    const char *kind = get_string(json_object_get(json, "kind"), "kind");
    json_t *new = json_object_get(json, "object");
    json_t *old = json_object_get(json, "oldObject");
    bool update = !strcmp(get_string(json, "operation"), "UPDATE");

    if (!json_is_object(new) || (update && !json_is_object(old))) {
        review->unreadable = xstrdup("the request has no object");
        return;
    }
    review->unreadable = read_object(new, kind, dialect, &review->new);
    if (!review->unreadable && update) {
        review->unreadable = read_object(old, kind, dialect, &review->old);
    }
    if (!review->unreadable
        && (!review->new || (update && !review->old)
            || (update && review->new->kind != review->old->kind))) {
        review->unreadable = xasprintf("the object is not of kind %s", kind);
    }
    if (!review->unreadable) {
        fill_request(review, json, dialect);
    }
}

/* Returns what is wrong with the outer form, or NULL. */
static const char *
check_form(const json_t *root, const json_t *request)
{
    return (!json_is_object(root)
            || strcmp(get_string(root, "kind"), "AdmissionReview")
            ? "expected an AdmissionReview"
            : strcmp(get_string(root, "apiVersion"), API_VERSION)
            ? "expected apiVersion "API_VERSION
            : !json_is_object(request) ? "expected a request"
            : !get_string(request, "uid")[0] ? "expected request.uid"
            : NULL);
}

char *
admission_review_read(const char *body, size_t size,
                      const struct dialect *dialect,
                      struct admission_review *review)
{
    json_error_t json_error;
    json_t *root = json_loadb(body, size, JSON_REJECT_DUPLICATES, &json_error);
    const json_t *request = json_object_get(root, "request");
    const char *error;

    memset(review, 0, sizeof *review);
    admission_request_init(&review->request);
    if (!root) {
        return xasprintf("the body is not JSON: %s (line %d)",
                         json_error.text, json_error.line);
    }
    error = check_form(root, request);
    if (!error) {
        const json_t *user = json_object_get(request, "userInfo");

        review->uid = xstrdup(get_string(request, "uid"));
        review->user = xstrdup(get_string(user, "username"));
        review->object = xasprintf(
            "%s %s/%s", get_string(json_object_get(request, "kind"), "kind"),
            get_string(request, "namespace"), get_string(request, "name"));
        review->dry_run = get_bool(request, "dryRun");
        review->skipped = why_skipped(request);
        if (!review->skipped) {
            read_objects(review, request, dialect);
        }
    }
    json_decref(root);
    return error ? xstrdup(error) : NULL;
}

void
admission_review_destroy(struct admission_review *review)
{
    admission_request_destroy(&review->request);
    manifest_object_destroy(review->new);
    manifest_object_destroy(review->old);
    free(review->unreadable);
    free(review->object);
    free(review->user);
    free(review->uid);
}

/* ---- The answer. ---- */

/* Returns a string of 'prefix' and 'text'.  A text that was cut off inside a
 * character, or quotes what never was UTF-8, loses its strange letters rather
 * than the answer its text. */
static json_t *
make_string(const char *prefix, const char *text)
{
    json_t *s = json_pack("s+", prefix, text);
    char *ascii;

    if (s) {
        return s;
    }
    ascii = xstrdup(text);
    for (char *p = ascii; *p; p++) {
        if ((unsigned char) *p >= 0x80) {
            *p = '?';
        }
    }
    s = json_pack("s+", prefix, ascii);
    free(ascii);
    return s;
}

/* What those findings say that do not refuse, each prefixed by who speaks. */
static json_t *
format_warnings(const struct admission_answer *answer)
{
    json_t *warnings = json_pack("[]");

    for (size_t i = 0; i < answer->n; i++) {
        if (!answer->findings[i].refuses) {
            json_array_append_new(warnings,
                                  make_string("ovn-ipguard: ",
                                              answer->findings[i].text));
        }
    }
    return warnings;
}

static char *
join(const struct admission_answer *answer, bool refuses, bool names)
{
    struct ds ds = DS_EMPTY_INITIALIZER;
    const char *last = NULL;

    for (size_t i = 0; i < answer->n; i++) {
        const struct admission_finding *f = &answer->findings[i];
        const char *text = (names ? admission_message_info(f->id)->name
                            : f->text);

        if ((refuses && !f->refuses) || text == last) {
            continue;
        }
        ds_put_format(&ds, "%s%s", !ds.length ? "" : names ? "," : "; ", text);
        last = text;
    }
    return ds_steal_cstr(&ds);
}

char *
admission_review_format(const struct admission_review *review,
                        const struct admission_answer *answer)
{
    json_t *response = json_pack("{ss sb so}", "uid", review->uid,
                                 "allowed", answer->allowed,
                                 "warnings", format_warnings(answer));
    json_t *root;
    char *text;

    if (!answer->allowed) {
        char *message = join(answer, true, false);

        json_object_set_new(response, "status",
                            json_pack("{ss si ss so}", "status", "Failure",
                                      "code", 403, "reason", "Forbidden",
                                      "message", make_string("", message)));
        free(message);
    }
    if (answer->n) {
        char *names = join(answer, false, true);

        json_object_set_new(response, "auditAnnotations",
                            json_pack("{ss}", "findings", names));
        free(names);
    }
    root = json_pack("{ss ss so}", "apiVersion", API_VERSION,
                     "kind", "AdmissionReview", "response", response);
    text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    return text;
}
