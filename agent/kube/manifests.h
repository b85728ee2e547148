/* SPDX-License-Identifier: Apache-2.0 */

/* Pods and owners from manifest files: --pods=PATH.
 *
 * PATH is a file or a folder (its *.json, *.yaml and *.yml files, not
 * recursive, no dot files) with what "kubectl get -o json|yaml" prints or
 * what a user applies: single objects, Lists, and multi-document YAML.  Files
 * are watched by inotify; an atomic replacement (a new file moved over the
 * name) and an in-place write are both understood.
 *
 * A file speaks only when it was closed or moved into place and has been
 * unchanged for the settle time.  A syntax error, an empty file, a file that
 * vanished or lost more than 20 % of its objects (at least 3) keeps its last
 * good content and is a problem, reported with file, line and reason, until it
 * is mended or confirmed; while there is a problem the source is not trusted
 * and nothing destructive happens.  So is a folder that cannot be read or has
 * no manifest at all, and an object that is in two files, of which the first
 * counts: files in the order of their paths on the command line, then by name.
 *
 * Kinds that are read: Pod (also as PartialObjectMetadata), StatefulSet,
 * ControllerRevision, VirtualMachine, VirtualMachineInstance, Namespace, Vip
 * of Kube-OVN.  Others are counted.  An object that Kubernetes itself would
 * refuse (an annotation that is a number, say) makes its file a problem; an
 * annotation whose text cannot be understood is a claim that is invalid. */

#ifndef MANIFESTS_H
#define MANIFESTS_H 1

#include <stdbool.h>
#include <stddef.h>

struct dialect;
struct ds;
struct kube_change;
struct manifests;

struct manifests_status {
    bool synced;                /* Every path was read completely once. */
    bool trusted;               /* Synced, and no file has a problem. */
    bool busy;                  /* Some files are being read just now. */
    size_t n_files;
    size_t n_pods;
    size_t n_workloads;
    size_t n_problems;
    size_t n_ignored;           /* Objects of kinds that are not used. */
    long long int last_change_ms; /* Monotonic; of the content. 0: never. */
};

/* 'settle_ms': how long a file must have been left alone before its absence
 * of objects counts; additions and changes count at once. */
struct manifests *manifests_create(const struct dialect *,
                                   long long int settle_ms);
void manifests_destroy(struct manifests *);

/* Adds a file or folder to watch.  Returns NULL, or why it cannot be watched
 * (a path that does not exist yet is an error); the caller frees it. */
char *manifests_add_path(struct manifests *, const char *path);

/* Reads inotify events and files that are due.  'now' is monotonic ms. */
void manifests_run(struct manifests *, long long int now);

/* Makes poll_block() wake up for inotify and for settle deadlines. */
void manifests_wait(struct manifests *);

/* Next change for the model, or NULL; the caller destroys it. */
struct kube_change *manifests_pop(struct manifests *);

/* The "live read": looks at every file again (see ovn-ipguard(8)); a file
 * whose identity (device, inode, size, ctime) is unchanged since a parse that
 * began at least 1 s after that ctime is proven unchanged without reading,
 * any other is read and parsed again.  Changes are queued for
 * manifests_pop().  Returns true if nothing changed and the source is
 * trusted. */
bool manifests_reread(struct manifests *, long long int now);

void manifests_get_status(const struct manifests *, struct manifests_status *);

/* Appends a line for each problem: "FILE:LINE: reason". */
void manifests_format_problems(const struct manifests *, struct ds *);

/* Accepts the current content of 'path' (a file, or a folder for all its files
 * that have a problem), however small, or the absence of a file in a folder.
 * Returns NULL, or why not ('path' has no problem, or does not parse), which
 * the caller frees. */
char *manifests_confirm(struct manifests *, const char *path,
                        long long int now);

#endif /* manifests.h */
