/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of the manifests share: a temporary folder, a source that
 * reads it, and what the source has said.  Time is the test's own. */

#ifndef MANIFEST_FIXTURE_H
#define MANIFEST_FIXTURE_H 1

#include <stdbool.h>
#include <stddef.h>

#include "openvswitch/compiler.h"

#include "smap.h"

struct manifests;

#define MF_SETTLE_MS 2000

struct mf {
    char *dir;
    struct manifests *m;
    long long int now;
    struct smap known;          /* "KIND NS/NAME" to a description. */
    int n_changes;              /* Since the last look. */
};

/* One pod, as YAML. */
#define MF_POD(NAME, IP) \
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: " NAME "\n" \
    "  annotations: {ovn.kubernetes.io/ip_address: " IP "}\n"

/* Makes an empty folder. */
void mf_init(struct mf *);

/* Removes the folder, too. */
void mf_destroy(struct mf *);

/* Runs a command of the shell, which must succeed. */
void mf_shell(const char *format, ...)
    OVS_PRINTF_FORMAT(1, 2);

/* Returns the path of 'name' in the folder ("": the folder's), which the
 * caller frees. */
char *mf_path(const struct mf *, const char *name);

/* Has the source read 'name'. */
void mf_add_path(struct mf *, const char *name);

/* Opens 'name' for writing, without closing it. */
int mf_open(const struct mf *, const char *name);

void mf_write_fd(int fd, const char *text);

/* Writes 'name' in place. */
void mf_write(const struct mf *, const char *name, const char *text);

/* Writes 'name' beside its place and moves it there. */
void mf_replace(const struct mf *, const char *name, const char *text);

void mf_rename(const struct mf *, const char *from, const char *to);

void mf_remove(const struct mf *, const char *name);

/* Makes all files look as if nobody had touched them for a while. */
void mf_make_old(const struct mf *);

/* Starts with 'text' in the file "a.json" (or what 'name' says) and the whole
 * folder watched. */
void mf_start(struct mf *, const char *name, const char *text);

/* Lets 'ms' pass and the source run until it has nothing more to do. */
void mf_pass(struct mf *, int ms);

/* Takes what the source has to say. */
void mf_pop(struct mf *);

bool mf_is_synced(const struct mf *);

/* Checks that there are 'n' problems, with 'text' (or NULL) in one. */
void mf_check_problems(const struct mf *, size_t n, const char *text);

/* Checks how many changes there were, and forgets them. */
void mf_check_changes(struct mf *, int n);

/* Checks what the source has said last of 'key'; NULL: it is not there. */
void mf_check_known(const struct mf *, const char *key, const char *expected);

/* Confirms 'name'; the caller frees the error. */
char *mf_confirm(struct mf *, const char *name);

/* The same, with the error (a part of it), or NULL, that is expected. */
void mf_check_confirm(struct mf *, const char *name, const char *expected);

/* Returns a JSON list of the pods "p0" to "pN-1", whose addresses end in their
 * number plus 'shift', without those that 'without' says. */
char *mf_make_pods(int n, int shift, int without);

#endif /* manifest-fixture.h */
