/* SPDX-License-Identifier: Apache-2.0 */

/* Certificates of the tests' own, and a client of an HTTP or HTTPS server in
 * the same process: the test moves both on, so that it can send a request one
 * byte at a time, or half of it. */

#ifndef TLS_FIXTURE_H
#define TLS_FIXTURE_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/dynamic-string.h"

/* Writes a new key and a certificate for 127.0.0.1 with the common name 'cn'
 * to the PEM files, each replaced by rename().  It is signed by the key and
 * certificate in 'ca_key' and 'ca_cert', or by itself if those are NULL; then
 * it may sign others. */
void tls_make_certificate(const char *key_file, const char *cert_file,
                          const char *cn, const char *ca_key,
                          const char *ca_cert);

struct web_client;

struct web_client_tls {
    const char *ca_file;        /* Must have signed the server's. */
    const char *cert_file, *key_file; /* Or NULL. */
    const char *priorities;     /* GnuTLS's, or NULL. */
};

/* Connects to "127.0.0.1:PORT", with TLS if 'tls' is nonnull. */
struct web_client *web_client_open(const char *address,
                                   const struct web_client_tls *tls);
void web_client_close(struct web_client *);

/* Queues bytes to be sent. */
void web_client_send(struct web_client *, const char *data, size_t n);

/* Moves on; waits for what can be moved on. */
void web_client_run(struct web_client *);
void web_client_wait(struct web_client *);

/* What came and was not taken out yet; the caller may take out of it. */
struct ds *web_client_received(struct web_client *);
/* The server has closed the connection, or TLS failed. */
bool web_client_is_closed(const struct web_client *);
/* Why TLS failed, or NULL. */
const char *web_client_error(const struct web_client *);
/* The common name of the server's certificate, or "" before the handshake is
 * complete. */
const char *web_client_server_name(const struct web_client *);

#endif /* tls-fixture.h */
