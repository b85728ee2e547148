/* SPDX-License-Identifier: Apache-2.0 */

/* The TLS files of a server.
 *
 * They are looked at before new connections are accepted, at most once a
 * second, and never otherwise: a server that nobody talks to need not know.  A
 * new certificate whose key is yet to come does not fit; then the old ones
 * stay in use until the files change again. */

#include <config.h>

#include "web-private.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "openvswitch/vlog.h"
#include "util.h"

VLOG_DEFINE_THIS_MODULE(web_files);

/* Between looks at the files. */
#define LOOK_MS 1000

/* How long the connections of an old certificate may last.  Clients that keep
 * a connection open come back with a new one. */
#define OLD_MS 30000

/* No certificate is larger; whatever is, is something else. */
#define FILE_MAX (1024 * 1024)

/* Reads the whole file.  Returns NULL and stores the text, or an error. */
static char *
read_file(const char *name, char **text)
{
    FILE *file = fopen(name, "r");
    size_t n;

    *text = NULL;
    if (!file) {
        return xasprintf("%s: %s", name, ovs_strerror(errno));
    }
    *text = xmalloc(FILE_MAX + 1);
    n = fread(*text, 1, FILE_MAX + 1, file);
    if (ferror(file) || n > FILE_MAX) {
        char *error = (ferror(file)
                       ? xasprintf("%s: %s", name, ovs_strerror(errno))
                       : xasprintf("%s: larger than %d bytes", name,
                                   FILE_MAX));

        fclose(file);
        free(*text);
        *text = NULL;
        return error;
    }
    fclose(file);
    *text = xrealloc(*text, n + 1);
    (*text)[n] = '\0';
    return NULL;
}

/* Looks whether the file is another one than before. */
static bool
look(struct web_file *file)
{
    struct stat st;
    bool there = !stat(file->name, &st);
    bool changed;

    if (!there) {
        memset(&st, 0, sizeof st);
    }
    changed = (there != file->there
               || st.st_ino != file->stat.st_ino
               || st.st_dev != file->stat.st_dev
               || st.st_size != file->stat.st_size
               || st.st_mtim.tv_sec != file->stat.st_mtim.tv_sec
               || st.st_mtim.tv_nsec != file->stat.st_mtim.tv_nsec);
    file->there = there;
    file->stat = st;
    return changed;
}

static gnutls_datum_t
to_datum(char *text)
{
    return (gnutls_datum_t) {
        .data = (unsigned char *) text, .size = strlen(text),
    };
}

/* Do the texts of the files make sense?  libmicrohttpd would refuse them
 * without saying why. */
static char *
check_texts(const struct web_server *s, char *texts[WEB_N_FILES])
{
    const struct web_file *files = s->files;
    gnutls_certificate_credentials_t credentials;
    char *error = NULL;
    int status;

    if (!s->tls) {
        return NULL;
    }

    gnutls_datum_t cert = to_datum(texts[WEB_CERT]);
    gnutls_datum_t key = to_datum(texts[WEB_KEY]);

    gnutls_certificate_allocate_credentials(&credentials);
    status = gnutls_certificate_set_x509_key_mem(credentials, &cert, &key,
                                                 GNUTLS_X509_FMT_PEM);
    if (status < 0) {
        error = xasprintf("%s and %s: %s", files[WEB_CERT].name,
                          files[WEB_KEY].name, gnutls_strerror(status));
    } else if (texts[WEB_CLIENT_CA]) {
        gnutls_datum_t ca = to_datum(texts[WEB_CLIENT_CA]);

        status = gnutls_certificate_set_x509_trust_mem(credentials, &ca,
                                                       GNUTLS_X509_FMT_PEM);
        if (status <= 0) {
            error = xasprintf("%s: %s", files[WEB_CLIENT_CA].name,
                              status ? gnutls_strerror(status)
                                     : "no certificate");
        }
    }
    gnutls_certificate_free_credentials(credentials);
    return error;
}

/* Reads all files anew.  On error nothing has changed. */
static char *
read_all(struct web_server *s)
{
    char *texts[WEB_N_FILES] = { NULL };
    char *error = NULL;

    for (size_t i = 0; i < WEB_N_FILES && !error; i++) {
        if (s->files[i].name) {
            error = read_file(s->files[i].name, &texts[i]);
        }
    }
    if (!error) {
        error = check_texts(s, texts);
    }
    for (size_t i = 0; i < WEB_N_FILES; i++) {
        char **old = &s->files[i].text;

        if (!error) {
            char *text = *old;

            *old = texts[i];
            texts[i] = text;
        }
        free(texts[i]);
    }
    return error;
}

char *
web_files_init(struct web_server *s, const struct web_options *o)
{
    s->files[WEB_CERT].name = nullable_xstrdup(o->cert_file);
    s->files[WEB_KEY].name = nullable_xstrdup(o->key_file);
    s->files[WEB_CLIENT_CA].name = nullable_xstrdup(o->client_ca_file);
    s->tls = o->cert_file && o->key_file;
    if (!s->tls && (o->cert_file || o->key_file || o->client_ca_file)) {
        return xstrdup("a certificate and its key need each other");
    }
    s->looked_ms = s->now;
    for (size_t i = 0; i < WEB_N_FILES; i++) {
        if (s->files[i].name) {
            look(&s->files[i]);
        }
    }
    return read_all(s);
}

void
web_files_destroy(struct web_server *s)
{
    for (size_t i = 0; i < WEB_N_FILES; i++) {
        free(s->files[i].name);
        free(s->files[i].text);
    }
}

/* Takes the files over: new connections get a new daemon. */
static char *
reload(struct web_server *s)
{
    struct web_daemon *old = s->daemon;
    char *kept[WEB_N_FILES];
    char *error;

    for (size_t i = 0; i < WEB_N_FILES; i++) {
        kept[i] = nullable_xstrdup(s->files[i].text);
    }
    error = read_all(s);
    if (!error) {
        error = web_daemon_start(s, &s->daemon);
    }
    for (size_t i = 0; i < WEB_N_FILES; i++) {
        if (error) {
            free(s->files[i].text);
            s->files[i].text = kept[i];
        } else {
            free(kept[i]);
        }
    }
    if (error) {
        s->daemon = old;
        return error;
    }
    /* It accepts nothing more. */
    close(MHD_quiesce_daemon(old->mhd));
    old->until_ms = s->now + OLD_MS;
    ovs_list_push_back(&s->old, &old->node);
    return NULL;
}

void
web_files_run(struct web_server *s)
{
    bool changed = false;
    char *error;

    if (!s->tls || s->now - s->looked_ms < LOOK_MS) {
        return;
    }
    s->looked_ms = s->now;
    for (size_t i = 0; i < WEB_N_FILES; i++) {
        if (s->files[i].name && look(&s->files[i])) {
            changed = true;
        }
    }
    if (!changed) {
        return;
    }
    error = reload(s);
    if (error) {
        VLOG_WARN("%s: the changed TLS files are not used: %s", s->name,
                  error);
        free(error);
    } else {
        s->stats.n_reloads++;
        VLOG_INFO("%s: using the changed TLS files", s->name);
    }
}
