/* SPDX-License-Identifier: Apache-2.0 */

/* The values of YAML's scalars, which yaml-text.c puts together. */

#ifndef YAML_SCALAR_H
#define YAML_SCALAR_H 1

#include <jansson.h>
#include <yaml.h>

/* Returns the value of a scalar, or NULL with '*error'; either is the
 * caller's. */
json_t *yaml_scalar_read(const yaml_event_t *, char **error);

#endif /* yaml-scalar.h */
