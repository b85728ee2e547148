/* SPDX-License-Identifier: Apache-2.0 */

/* The page at the root of --http-listen, and what it lives on: its state as
 * server-sent events and as JSON, and a search.  Read-only. */

#ifndef LIVE_PAGE_H
#define LIVE_PAGE_H 1

struct agent;
struct live_page;

/* Adds it to a->http, which exists. */
void live_page_open(struct agent *);
void live_page_close(struct agent *);

/* Tells those who watch what is new, at most once a second.  To be called
 * before web_server_run() in a turn. */
void live_page_run(struct agent *, long long int now);
void live_page_wait(const struct agent *);

#endif /* live-page.h */
