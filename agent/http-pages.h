/* SPDX-License-Identifier: Apache-2.0 */

/* What is served with --http-listen: metrics, whether the daemon lives and is
 * ready, and the page of live-page.h.  Read-only. */

#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H 1

#include <stdbool.h>

struct agent;
struct ds;
struct http_pages;
struct web_reply;

/* Starts to listen as the options say, or does nothing if they say nothing.
 * Exits with a message if that cannot be.  After the daemon has detached. */
void http_pages_open(struct agent *);
void http_pages_close(struct agent *);

void http_pages_run(struct agent *, long long int now);
void http_pages_wait(struct agent *);

/* What every reply says to browsers. */
void http_pages_add_headers(struct web_reply *);

/* Appends what is served at /metrics, whether or not it is. */
void http_pages_format_metrics(const struct agent *, bool open_metrics,
                               struct ds *);

#endif /* http-pages.h */
