/* SPDX-License-Identifier: Apache-2.0 */

/* The texts of the Events that people get to see on their pods and
 * StatefulSets: one table.  doc/events.md has the same texts with cause and
 * remedy; a test compares the two. */

#ifndef EVENT_TEXT_H
#define EVENT_TEXT_H 1

#include <stdbool.h>
#include <stddef.h>

enum event_kind {
    EVENT_STALE_ADDRESS_CLEARED,
    EVENT_ADDRESS_HELD,
    EVENT_ADDRESS_REUSABLE,
    EVENT_WAITING_FOR_ADDRESS,
    EVENT_DUPLICATE_ADDRESS,
    EVENT_FIXED_IP_CHANGE_FORBIDDEN,
    EVENT_FIXED_IP_CHANGE_ACCEPTED,
    EVENT_GUARD_FROZEN,
};
#define EVENT_N_KINDS (EVENT_GUARD_FROZEN + 1)

struct event_text {
    const char *reason;         /* "StaleAddressCleared". */
    const char *action;         /* What was done, for the Event's field. */
    bool warning;               /* Type Warning; otherwise Normal. */
    const char *note;           /* With "{name}" for each of event_args. */
};

const struct event_text *event_text(enum event_kind);

/* What fills the note.  A member that a note does not name may be NULL. */
struct event_args {
    const char *address, *network;
    const char *port;           /* Port, or ports, by name. */
    const char *holder;         /* Who had it or has it, in words. */
    const char *since;          /* A time, in UTC. */
    const char *waits;          /* Blockers, in words. */
    const char *why;
    const char *next;           /* Who gets it. */
};

/* The longest note that an API server takes. */
#define EVENT_NOTE_MAX 1024

/* Returns the note, not longer than EVENT_NOTE_MAX; the caller frees it. */
char *event_format_note(enum event_kind, const struct event_args *);

#endif /* event-text.h */
