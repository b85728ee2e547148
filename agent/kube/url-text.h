/* SPDX-License-Identifier: Apache-2.0 */

/* URLs as they may be shown.  A URL can carry a user name and a password, and
 * in its query a token; none of them belongs in a log, in an answer or in an
 * error message.  Whoever shows a URL, or words that may have one in them,
 * shows what these functions return. */

#ifndef URL_TEXT_H
#define URL_TEXT_H 1

/* Returns 'url' with "(removed)" in place of what precedes "@" and of its
 * query.  What is no proper URL loses more than it must rather than less.  The
 * caller frees it. */
char *url_to_show(const char *url);

/* Returns 'text' with the same done to each "SCHEME://..." in it, which ends
 * with a blank or a quote.  The caller frees it. */
char *url_text_to_show(const char *text);

/* Overwrites with "*" what url_to_show() would take out of 'url', so that it
 * is not seen in the list of processes if 'url' is of the command line. */
void url_wipe(char *url);

#endif /* url-text.h */
