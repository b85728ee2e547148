/* SPDX-License-Identifier: Apache-2.0 */

/* What is served with --http-listen: metrics, whether the daemon lives and is
 * ready, and the page of live-page.h.  Read-only. */

#ifndef HTTP_PAGES_H
#define HTTP_PAGES_H 1

struct agent;
struct http_pages;

/* Starts to listen as the options say, or does nothing if they say nothing.
 * Exits with a message if that cannot be.  After the daemon has detached. */
void http_pages_open(struct agent *);
void http_pages_close(struct agent *);

void http_pages_run(struct agent *, long long int now);
void http_pages_wait(struct agent *);

#endif /* http-pages.h */
