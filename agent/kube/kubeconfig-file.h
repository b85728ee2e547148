/* SPDX-License-Identifier: Apache-2.0 */

/* What one context of a kubeconfig file says, read but not carried out:
 * kubeconfig.h does that. */

#ifndef KUBECONFIG_FILE_H
#define KUBECONFIG_FILE_H 1

#include <stdbool.h>

#include "openvswitch/compiler.h"

struct exec_plugin_config;

/* Strings are NULL where the file says nothing. */
struct kubeconfig_spec {
    char *context;              /* Its name. */

    char *server;               /* As it is written. */
    char *tls_server_name;
    bool insecure;
    bool disable_compression;
    char *ca_file, *ca_data;    /* Files with absolute names; data as PEM
                                 * text, which outranks the file. */

    char *cert_file, *cert_data;
    char *key_file, *key_data;
    char *token_file;           /* Outranks 'token'. */
    char *token;
    struct exec_plugin_config *exec; /* Or NULL. */
};

/* Reads 'text', the content of the file 'path' (absolute).  'context' is the
 * name of the context that is wanted, or NULL for the file's current-context.
 * Returns NULL with '*spec' filled in, or what is wrong, which the caller
 * frees. */
char *kubeconfig_spec_parse(const char *text, const char *path,
                            const char *context, struct kubeconfig_spec *spec)
    OVS_WARN_UNUSED_RESULT;
void kubeconfig_spec_destroy(struct kubeconfig_spec *);

#endif /* kubeconfig-file.h */
