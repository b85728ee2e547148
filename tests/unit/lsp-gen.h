/* SPDX-License-Identifier: Apache-2.0 */

/* Random strings for the tests of lsp-addr and lsp-edit: elements such as
 * people write, put together from parts that are right, odd and wrong, so
 * that most of them own something and many break the parse somewhere. */

#ifndef LSP_GEN_H
#define LSP_GEN_H 1

struct ip_addr;

/* Returns a random element, which the caller frees.  Few different addresses
 * occur, so that they repeat.  Calls random_range(). */
char *lsp_gen_element(void);

/* Returns 'n' random elements in an array for lsp_gen_free(). */
char **lsp_gen_elements(unsigned int n);
void lsp_gen_free(char **elements, unsigned int n);

/* Returns one of the addresses that occur in elements. */
struct ip_addr lsp_gen_ip(void);

/* Returns the address that 's' is; ends the program if it is none, because
 * then the test itself is wrong. */
struct ip_addr lsp_gen_parse(const char *s);

#endif /* lsp-gen.h */
