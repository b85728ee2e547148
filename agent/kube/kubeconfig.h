/* SPDX-License-Identifier: Apache-2.0 */

/* Where the API server is and who we are to it: from a kubeconfig file, from
 * what a pod finds around itself, or from a plain URL (kubectl proxy).
 *
 * Every file that any of these names is read again when it has changed on
 * disk.  A file that cannot be read any more, or understood, leaves what was
 * read before in force and is a problem that is reported. */

#ifndef KUBECONFIG_H
#define KUBECONFIG_H 1

#include <stdbool.h>
#include <stdint.h>

#include "openvswitch/compiler.h"

struct ds;
struct kubeconfig;

/* Exactly one of the first three. */
struct kubeconfig_options {
    const char *file;           /* Absolute, or NULL. */
    const char *url;            /* "http://..." or "https://...", or NULL. */
    bool in_cluster;

    const char *context;        /* With 'file'; NULL: its current one. */
    const char *root;           /* With 'in_cluster': the folder in the place
                                 * of "/"; NULL: none. */
};

/* What a connection needs.  Strings are NULL where there is nothing. */
struct kube_access {
    uint64_t seqno;             /* Another one with each change. */
    char *server;               /* URL without a slash at its end. */
    char *tls_server_name;
    bool insecure;              /* The server's certificate is not looked
                                 * at. */
    bool disable_compression;
    char *ca;                   /* PEM; NULL: the system's. */
    char *client_cert, *client_key; /* PEM, both or none. */
    char *token;
};

/* Reads everything for the first time.  Returns NULL, or why it cannot be
 * used, which the caller frees. */
char *kubeconfig_open(const struct kubeconfig_options *,
                      struct kubeconfig **) OVS_WARN_UNUSED_RESULT;
void kubeconfig_destroy(struct kubeconfig *);

/* Goes on with a credential plug-in that is running. */
void kubeconfig_run(struct kubeconfig *, long long int now);
void kubeconfig_wait(const struct kubeconfig *);

/* Returns what to connect with now, valid until the next call of any function
 * here; or NULL if there are no credentials yet, or no more.  Looks at files
 * that were not looked at for a second: to be called before each request. */
const struct kube_access *kubeconfig_get(struct kubeconfig *,
                                         long long int now);

/* Tells that the server did not accept the credentials of 'seqno': files are
 * looked at and a credential plug-in runs again. */
void kubeconfig_refused(struct kubeconfig *, uint64_t seqno,
                        long long int now);

/* The server's URL, and what is asked: "context NAME of FILE". */
const char *kubeconfig_server(const struct kubeconfig *);
const char *kubeconfig_origin(const struct kubeconfig *);

/* True if nobody checks who the server is. */
bool kubeconfig_is_insecure(const struct kubeconfig *);

/* Appends a line for each problem. */
void kubeconfig_format_problems(const struct kubeconfig *, struct ds *);

#endif /* kubeconfig.h */
