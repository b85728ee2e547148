/* SPDX-License-Identifier: Apache-2.0 */

/* See tls-fixture.h. */

#include <config.h>

#include "tests/unit/tls-fixture.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"
#include "socket-util.h"
#include "util.h"

struct web_client {
    int fd;
    gnutls_session_t session;   /* NULL: no TLS. */
    gnutls_certificate_credentials_t credentials;
    bool handshaken, closed;
    struct ds in, out;
    char *error;
    char server_name[64];
};

static void
must(int error, const char *what)
{
    if (error < 0) {
        ovs_fatal(0, "%s: %s", what, gnutls_strerror(error));
    }
}

static void
write_file(const char *name, const gnutls_datum_t *data)
{
    char *tmp = xasprintf("%s.new", name);
    FILE *file = fopen(tmp, "w");

    if (!file || fwrite(data->data, 1, data->size, file) != data->size
        || fclose(file) || rename(tmp, name)) {
        ovs_fatal(errno, "%s", name);
    }
    free(tmp);
}

static gnutls_datum_t
load(const char *name)
{
    gnutls_datum_t data;

    must(gnutls_load_file(name, &data), name);
    return data;
}

/* Signs 'crt'. */
static void
sign(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *ca_key,
     const char *ca_cert)
{
    gnutls_x509_privkey_t issuer_key;
    gnutls_x509_crt_t issuer;
    gnutls_datum_t data;

    if (!ca_key) {
        must(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0),
             "sign");
        return;
    }
    gnutls_x509_privkey_init(&issuer_key);
    data = load(ca_key);
    must(gnutls_x509_privkey_import2(issuer_key, &data, GNUTLS_X509_FMT_PEM,
                                     NULL, 0), ca_key);
    gnutls_free(data.data);
    gnutls_x509_crt_init(&issuer);
    data = load(ca_cert);
    must(gnutls_x509_crt_import(issuer, &data, GNUTLS_X509_FMT_PEM), ca_cert);
    gnutls_free(data.data);
    must(gnutls_x509_crt_sign2(crt, issuer, issuer_key, GNUTLS_DIG_SHA256, 0),
         "sign");
    gnutls_x509_crt_deinit(issuer);
    gnutls_x509_privkey_deinit(issuer_key);
}

void
tls_make_certificate(const char *key_file, const char *cert_file,
                     const char *cn, const char *ca_key, const char *ca_cert)
{
    static unsigned char serial;
    static const unsigned char ip[4] = { 127, 0, 0, 1 };
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_datum_t data;

    serial++;
    gnutls_x509_privkey_init(&key);
    must(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(
                                          GNUTLS_ECC_CURVE_SECP256R1), 0),
         "key");
    gnutls_x509_crt_init(&crt);
    must(gnutls_x509_crt_set_version(crt, 3), "version");
    must(gnutls_x509_crt_set_serial(crt, &serial, 1), "serial");
    must(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600), "time");
    must(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400), "time");
    must(gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, cn,
                                       strlen(cn)), "name");
    must(gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, ip,
                                              sizeof ip, GNUTLS_FSAN_SET),
         "address");
    must(gnutls_x509_crt_set_key(crt, key), "key");
    must(gnutls_x509_crt_set_basic_constraints(crt, !ca_key, -1), "CA");
    sign(crt, key, ca_key, ca_cert);

    must(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &data), "key");
    write_file(key_file, &data);
    gnutls_free(data.data);
    must(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &data), "crt");
    write_file(cert_file, &data);
    gnutls_free(data.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

static void
start_tls(struct web_client *c, const struct web_client_tls *tls)
{
    gnutls_certificate_allocate_credentials(&c->credentials);
    must(gnutls_certificate_set_x509_trust_file(c->credentials, tls->ca_file,
                                                GNUTLS_X509_FMT_PEM),
         tls->ca_file);
    if (tls->cert_file) {
        must(gnutls_certificate_set_x509_key_file(
                 c->credentials, tls->cert_file, tls->key_file,
                 GNUTLS_X509_FMT_PEM), tls->cert_file);
    }
    gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK
                             /* Also one that was not asked for. */
                             | GNUTLS_FORCE_CLIENT_CERT);
    must(gnutls_priority_set_direct(c->session,
                                    tls->priorities ? tls->priorities
                                                    : "NORMAL", NULL),
         "priorities");
    gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE,
                           c->credentials);
    gnutls_session_set_verify_cert(c->session, "127.0.0.1", 0);
    gnutls_transport_set_int(c->session, c->fd);
}

struct web_client *
web_client_open(const char *address, const struct web_client_tls *tls)
{
    struct web_client *c = xzalloc(sizeof *c);
    int error;

    ds_init(&c->in);
    ds_init(&c->out);
    error = inet_open_active(SOCK_STREAM, address, -1, NULL, &c->fd, 0);
    if (error && error != EAGAIN) {
        ovs_fatal(error, "%s", address);
    }
    if (tls) {
        start_tls(c, tls);
    }
    return c;
}

void
web_client_close(struct web_client *c)
{
    if (c->session) {
        gnutls_deinit(c->session);
        gnutls_certificate_free_credentials(c->credentials);
    }
    close(c->fd);
    ds_destroy(&c->in);
    ds_destroy(&c->out);
    free(c->error);
    free(c);
}

void
web_client_send(struct web_client *c, const char *data, size_t n)
{
    ds_put_buffer(&c->out, data, n);
}

static void
fail(struct web_client *c, const char *why)
{
    c->closed = true;
    free(c->error);
    c->error = xstrdup(why);
}

static void
note_server_name(struct web_client *c)
{
    const gnutls_datum_t *peers;
    size_t size = sizeof c->server_name;
    gnutls_x509_crt_t crt;
    unsigned int n;

    peers = gnutls_certificate_get_peers(c->session, &n);
    gnutls_x509_crt_init(&crt);
    must(gnutls_x509_crt_import(crt, &peers[0], GNUTLS_X509_FMT_DER), "peer");
    must(gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, 0,
                                       c->server_name, &size), "peer");
    gnutls_x509_crt_deinit(crt);
}

static void
run_handshake(struct web_client *c)
{
    int error = gnutls_handshake(c->session);

    if (!error) {
        c->handshaken = true;
        note_server_name(c);
    } else if (gnutls_error_is_fatal(error)) {
        fail(c, gnutls_strerror(error));
    }
}

static ssize_t
send_some(struct web_client *c)
{
    if (c->session) {
        ssize_t n = gnutls_record_send(c->session, c->out.string,
                                       c->out.length);
        return n == GNUTLS_E_AGAIN ? 0 : n;
    }
    ssize_t n = send(c->fd, c->out.string, c->out.length,
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    return n < 0 && (errno == EAGAIN || errno == ENOTCONN) ? 0 : n;
}

/* Returns 0 if there is nothing yet, negative at the end. */
static ssize_t
receive_some(struct web_client *c, char *buf, size_t size)
{
    ssize_t n;

    if (c->session) {
        n = gnutls_record_recv(c->session, buf, size);
        return n == GNUTLS_E_AGAIN ? 0 : n ? n : -1;
    }
    n = recv(c->fd, buf, size, MSG_DONTWAIT);
    return n < 0 && (errno == EAGAIN || errno == ENOTCONN) ? 0 : n ? n : -1;
}

void
web_client_run(struct web_client *c)
{
    char buf[4096];
    ssize_t n;

    if (c->session && !c->handshaken && !c->closed) {
        run_handshake(c);
        if (!c->handshaken) {
            return;
        }
    }
    if (c->out.length && !c->closed) {
        n = send_some(c);
        if (n < 0) {
            /* What the server has said before can still be read. */
            ds_clear(&c->out);
        } else {
            memmove(c->out.string, c->out.string + n, c->out.length - n);
            ds_truncate(&c->out, c->out.length - n);
        }
    }
    while (!c->closed && (n = receive_some(c, buf, sizeof buf))) {
        if (n < 0) {
            if (c->session) {
                fail(c, gnutls_strerror(n));
            }
            c->closed = true;
        } else {
            ds_put_buffer(&c->in, buf, n);
        }
    }
}

void
web_client_wait(struct web_client *c)
{
    bool write = (c->session && !c->handshaken
                  ? gnutls_record_get_direction(c->session)
                  : c->out.length > 0);

    if (!c->closed) {
        poll_fd_wait(c->fd, write ? POLLIN | POLLOUT : POLLIN);
    }
}

struct ds *
web_client_received(struct web_client *c)
{
    return &c->in;
}

bool
web_client_is_closed(const struct web_client *c)
{
    return c->closed;
}

const char *
web_client_error(const struct web_client *c)
{
    return c->error;
}

const char *
web_client_server_name(const struct web_client *c)
{
    return c->server_name;
}
