/* SPDX-License-Identifier: Apache-2.0 */

/* Base64 as kubeconfig files have it: certificates and keys in one string. */

#ifndef BASE64_H
#define BASE64_H 1

/* Decodes 's', in which blanks and line ends are skipped.  Returns the bytes,
 * which the caller frees, or NULL if it is no base64 (RFC 4648 section 4, with
 * padding) or has a null byte in it: what is in there is text. */
char *base64_decode_text(const char *s);

#endif /* base64.h */
