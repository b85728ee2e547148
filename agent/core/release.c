/* SPDX-License-Identifier: Apache-2.0 */

/* See release.h. */

#include <config.h>

#include "release.h"

#include <stdlib.h>
#include <string.h>

#include "admission-private.h"
#include "dialect.h"
#include "ipam-object.h"
#include "model.h"
#include "openvswitch/dynamic-string.h"
#include "pod.h"
#include "settings.h"
#include "util.h"

const struct ip_object *
release_find_object(const struct model *m, const struct port *p,
                    const struct ip_addr *ip, const char **why)
{
    const struct ip_object *o = model_find_ip_object(m, p->name);
    const struct ip_addr *has = o ? ip_object_find_family(o, ip->family)
                                  : NULL;
    const struct member *mb = p->member;

    *why = NULL;
    if (!o) {
        *why = "it has no IP object";
    } else if (o->deleting) {
        *why = "its IP object is being deleted";
    } else if (!p->network || strcmp(o->subnet, p->network->name)
               || !mb || strcmp(o->ns, mb->ns) || strcmp(o->pod, mb->name)) {
        *why = "the IP object of its name is another one's";
    } else if (o->reserved || o->ours) {
        *why = "its IP object is reserved";
    } else if (!has || !ip_addr_equals(has, ip)) {
        *why = "its IP object has another address";
    } else if (!o->uid[0] || !o->version[0]) {
        *why = "its IP object cannot be told from another one";
    }
    return *why ? NULL : o;
}

/* Of the claim's family of 'ip': does it name another address? */
static bool
names_another(const struct claim *c, const struct ip_addr *ip)
{
    bool other = false;

    for (size_t i = 0; i < c->n_ips; i++) {
        if (ip_addr_equals(&c->ips[i], ip)) {
            return false;
        }
        other |= c->ips[i].family == ip->family;
    }
    return other;
}

static char *
refuse(const struct pod *pod, const struct ip_addr *ip, const char *what,
       const char *name, const char *state)
{
    char *key = xasprintf("%s/%s", pod->owner->ns, pod->name);
    struct ds ds = DS_EMPTY_INITIALIZER;
    char s[IP_ADDR_STRLEN];
    const struct admission_value values[] = {
        { "pod", key },
        { "address", ip_addr_to_string(ip, s) },
        { "what", what },
        { "name", name },
        { "state", state },
        { NULL, NULL },
    };

    ds_put_format(&ds, "%s: ",
                  admission_message_info(ADM_RELEASE_FIRST)->name);
    admission_format(ADM_RELEASE_FIRST, values, &ds);
    free(key);
    return ds_steal_cstr(&ds);
}

/* What of the former self is left for 'provider'. */
static char *
refuse_claim(const struct model *m, const struct pod *pod,
             const struct claim *c)
{
    const struct member *mb = model_find_member(m, pod->owner->ns, pod->name);
    char *name = (strcmp(c->provider, "ovn")
                  ? xasprintf("%s.%s.%s", pod->name, pod->owner->ns,
                              c->provider)
                  : xasprintf("%s.%s", pod->name, pod->owner->ns));
    const struct ip_object *o = model_find_ip_object(m, name);
    const struct port *p;
    char *text = NULL;

    for (size_t i = 0; o && !o->reserved && i < o->n_addrs && !text; i++) {
        if (names_another(c, &o->addrs[i].ip)) {
            text = refuse(pod, &o->addrs[i].ip, "the IP object", o->name,
                          o->deleting ? ", which is being deleted" : "");
        }
    }
    free(name);
    if (text || !mb) {
        return text;
    }
    MEMBER_FOR_EACH_PORT (p, mb) {
        for (size_t i = 0; !text && i < p->static_ips.n; i++) {
            if (p->provider && !strcmp(p->provider, c->provider)
                && names_another(c, &p->static_ips.addrs[i])) {
                text = refuse(pod, &p->static_ips.addrs[i], "the port",
                              p->name, "");
            }
        }
    }
    return text;
}

/* Is the rule about 'pod' at all? */
static bool
is_concerned(const struct settings *s, const struct pod *pod)
{
    if (s->release != RELEASE_KUBE_OVN || pod->owner_kind != OWNER_STATEFULSET
        || s->sts_ip_change != STS_IP_CHANGE_MIGRATE || pod->opted_out
        || pod->deleting) {
        return false;
    }
    for (size_t i = 0; i < pod->claims.n; i++) {
        if (pod->claims.claims[i].kind == CLAIM_EXPLICIT) {
            return true;
        }
    }
    return false;
}

void
release_judge(const struct admission_context *ctx,
              const struct admission_request *req,
              struct admission_answer *answer)
{
    char *text = NULL;

    memset(answer, 0, sizeof *answer);
    /* Who deletes nothing need keep nobody out; and as long as the first pods
     * of all are to come, there is no dialect that they would show. */
    if (!req->update && !req->deleting && req->pod && !ctx->idle
        && ctx->mode == MODE_GUARD && ctx->model->dialect != &dialect_auto
        && is_concerned(ctx->settings, req->pod)) {
        text = (!ctx->model->kube_synced
                ? xasprintf("ReleaseFirst: whether %s/%s may come is not "
                            "known: pods and IP objects are not read "
                            "completely yet", req->pod->owner->ns,
                            req->pod->name)
                : release_refuse_pod(ctx->model, ctx->settings, req->pod));
    }
    answer->allowed = !text;
    if (text) {
        answer->findings = xzalloc(sizeof *answer->findings);
        answer->findings[0].id = ADM_RELEASE_FIRST;
        answer->findings[0].refuses = true;
        answer->findings[0].text = text;
        answer->n = 1;
    }
}

char *
release_refuse_pod(const struct model *m, const struct settings *s,
                   const struct pod *pod)
{
    for (size_t i = 0; is_concerned(s, pod) && i < pod->claims.n; i++) {
        const struct claim *c = &pod->claims.claims[i];
        char *text = (c->kind == CLAIM_EXPLICIT && !c->allocated
                      ? refuse_claim(m, pod, c) : NULL);

        if (text) {
            return text;
        }
    }
    return NULL;
}
