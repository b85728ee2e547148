/* SPDX-License-Identifier: Apache-2.0 */

/* What the files of the model share and nobody else uses. */

#ifndef MODEL_PRIVATE_H
#define MODEL_PRIVATE_H 1

struct member;
struct model;

/* Returns the member 'name' of 'ns', making it if there is none. */
struct member *model_get_member(struct model *, const char *ns,
                                const char *name);
/* Frees 'member' if it has neither ports nor pods. */
void model_gc_member(struct model *, struct member *);
void model_destroy_kube(struct model *);
void model_destroy_sb(struct model *);

#endif /* model-private.h */
