/* SPDX-License-Identifier: Apache-2.0 */

/* The life of a hold: an address that left a port and may not be reused yet.
 *
 *     intent --> clearing --> draining --> clean --> released
 *       |           |            | ^         |
 *       |           |            v |         |   (dirt came back)
 *       |           |          blocked ------+
 *       |           |            |
 *       |           |            +--> forced
 *       +-----------+--> cancelled
 *
 * intent    the clear is decided and on its way to the own database; the NB
 *           has not been touched.
 * clearing  the intent is stored; the NB transaction may be sent.
 * draining  the address was seen gone from the port (by our hand or by
 *           anyone's: case F starts here); evidence is awaited.
 * blocked   as draining, but the deadline passed: an operator is told.
 * clean     no blockers: the gate of the one entitled taker is opened, then
 *           the hold is released.
 *
 * released, cancelled and forced are ends: the row is deleted and the journal
 * says why.  hold_step() is the whole machine: it looks only at its arguments
 * and returns the state that follows. */

#ifndef HOLD_H
#define HOLD_H 1

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ip-addr.h"
#include "openvswitch/hmap.h"
#include "openvswitch/uuid.h"
#include "sset.h"
#include "svec.h"

enum hold_state {
    HOLD_INTENT,
    HOLD_CLEARING,
    HOLD_DRAINING,
    HOLD_BLOCKED,
    HOLD_CLEAN,
    HOLD_RELEASED,              /* End. */
    HOLD_CANCELLED,             /* End. */
    HOLD_FORCED,                /* End. */
};
#define HOLD_N_STATES (HOLD_FORCED + 1)

const char *hold_state_to_string(enum hold_state);
bool hold_state_from_string(const char *, enum hold_state *);
bool hold_state_is_end(enum hold_state);

/* A port that had the address. */
struct former_port {
    struct uuid port;
    char *name;
    char *mac;                  /* As text, or "". */
    long long int departed_wall_ms;
    bool cleared;               /* By us, or it is to be: the owner is looked
                                 * back at. */
    struct svec port_security;  /* Before our clear narrowed it, sorted; empty
                                 * if that leaves it as it is. */
};

/* Whose address it was: the identity that is never delayed by its own hold.
 * All fields are "" when unknown. */
struct hold_owner {
    char *ns;
    char *kind;                 /* owner_kind_to_string(). */
    char *name;                 /* Pod's or VM's name (with the ordinal). */
    char *workload;             /* StatefulSet, VM or "". */
    char *uid;                  /* Pod's uid when last known. */
};

/* Reserved by hand without a time: until it is released by hand. */
#define HOLD_UNTIL_RELEASED -1

struct hold {
    struct hmap_node node;      /* In hold_table, by network and address. */
    struct hmap_node uuid_node; /* In hold_table, by 'uuid'. */

    /* Stored. */
    struct uuid uuid;           /* Row of Hold; chosen by us. */
    struct uuid network;
    char *network_name;
    struct ip_addr addr;
    enum hold_state state;
    bool fixed;                 /* false: never gates or denies. */
    char *reason_case;          /* "B", "C", "D", "E", "F", "manual". */
    char *reason;               /* In words. */
    struct hold_owner owner;
    struct former_port *former;
    size_t n_former;
    struct uuid keeper;         /* Port's row, or all zeros. */
    long long int created_wall_ms;
    long long int gone_wall_ms; /* Seen gone; 0: not yet. */
    long long int gone_ms;      /* The same, monotonic, of boot 'boot_id'. */
    char *boot_id;
    long long int until_wall_ms;/* Reserved by hand until then, or
                                 * HOLD_UNTIL_RELEASED; 0: no. */
    int64_t b1, b2;             /* Barriers; 0: not taken. */
    char *nb_identity;          /* Of the NB that the barriers belong to. */
    struct sset notes;          /* Chassis not confirmed, references... */
    struct sset blockers;       /* As last computed, in words. */
    struct sset waiters;        /* Names of ports that are to have it. */

    /* Not stored. */
    bool would_be;              /* Mode observe: exists in memory only. */
    bool in_db;                 /* The own database has the row ... */
    bool in_doubt;              /* ... perhaps: it did not answer. */
    bool outlived;              /* ... had it, and was replaced since. */
    bool changed;               /* Differs from what was last stored. */
    bool storing;               /* In the store transaction under way. */
    uint64_t b1_token, b2_token;/* Bump under way that will give b1, b2. */
    struct uuid b2_own;         /* b2 is taken while this port's row shows the
                                 * address in use: it counts only with that
                                 * one as keeper.  Or all zeros. */
    bool own_clean;             /* That port alone shows it in use, and nothing
                                 * leads to others any more. */
    long long int state_since_ms; /* Monotonic; for reports and deadlines. */
    long long int b1_since_ms, b2_since_ms; /* When taken. */
    long long int flushed_ms;   /* Last MAC_Binding deletion; 0: never. */
    struct uuid *takers;        /* Ports seen taking the address while the
                                 * hold was in force. */
    size_t n_takers;
    bool clear_lost;            /* hold_facts.clear_lost for the next step. */
    bool returned;              /* hold_facts.owner_returned likewise. */
    bool force;                 /* hold/release was asked for. */
    bool dirt;                  /* As last found: see struct evidence. */
    const char *look_back;      /* What it waits for because of a look back at
                                 * a former port (static), as of ... */
    uint64_t look_back_seqno;   /* ... this guard_note_look_backs(). */
    uint64_t put_back_seqno;    /* As of this one, it is to be put back on a
                                 * former port when all is clean. */
    long long int found_until_ms; /* Until then another life's deletion of
                                 * an IP object may be carried out; 0: no. */
    bool releasing;             /* Its former port's IP object is to be
                                 * deleted. */
    bool wants_b1, wants_b2;    /* A barrier is the next step. */
    uint64_t looked_seqno;      /* What had happened when it was last looked
                                 * at; 0: never. */
    bool end_waits;             /* Until other ends are stored. */
    int looked_clear;           /* enum candidate_state: so far was its clear
                                 * then. */
    long long int look_ms;      /* When it is to be, whatever happens. */
};

bool hold_has_taker(const struct hold *, const struct uuid *port);
void hold_add_taker(struct hold *, const struct uuid *port);
void hold_remove_taker(struct hold *, const struct uuid *port);

/* What hold_step() is told. */
struct hold_facts {
    bool stored;                /* The row as it is, is in the own database. */
    bool address_gone;          /* No former port's row lists the address. */
    bool clear_lost;            /* Our transaction did not change the row, or
                                 * the judgement changed: nothing cleared. */
    bool owner_returned;        /* Its owner's port has the address again, or
                                 * it was put back. */
    bool evidence_complete;     /* 'blockers' was computed from full data. */
    size_t n_blockers;
    bool gate_opened;           /* The entitled taker's gate is open and seen
                                 * so in the mirror; or there is none. */
    bool deadline_passed;
    bool network_gone;          /* Switch gone without successor and SB has no
                                 * such datapath. */
    bool force;                 /* An operator's hold/release. */
    bool frozen;                /* Nothing may be released. */
};

/* Returns the state that follows 'state' under 'facts'.  Ends are final. */
enum hold_state hold_step(enum hold_state state, const struct hold_facts *);

struct hold *hold_create(const struct uuid *row, const struct uuid *network,
                         const char *network_name, const struct ip_addr *);
void hold_destroy(struct hold *);
struct hold *hold_clone(const struct hold *);
void hold_set_owner(struct hold *, const char *ns, const char *kind,
                    const char *name, const char *workload, const char *uid);
/* Adds or renews a former port; its departure asks for new barriers.  'mac'
 * may be NULL.  If the port was to be cleared by us, it still is, with what
 * was noted of its port_security. */
void hold_add_former(struct hold *, const struct uuid *port, const char *name,
                     const char *mac, long long int wall_ms);
/* The former port loses the address by our hand. */
void hold_note_clear(struct hold *, const struct uuid *port);
/* The clear of the former port narrows its port_security, which is 'sorted';
 * an empty one if it does not.  Returns true if that is news, which must be
 * stored before the clear. */
bool hold_note_port_security(struct hold *, const struct uuid *port,
                             const struct svec *sorted);
bool hold_remove_former(struct hold *, const struct uuid *port);
const struct former_port *hold_find_former(const struct hold *,
                                           const struct uuid *port);
void hold_discard_barriers(struct hold *);
bool hold_is_evidence_phase(const struct hold *); /* draining/blocked/clean */

struct hold_table {
    struct hmap holds;
    struct hmap uuids;
    struct hold **sorted;       /* From the first hold_table_sorted() on. */
    size_t n_allocated;         /* How many 'sorted' has room for. */
};

void hold_table_init(struct hold_table *);
void hold_table_destroy(struct hold_table *);
void hold_table_clear(struct hold_table *);
void hold_table_insert(struct hold_table *, struct hold *);
void hold_table_remove(struct hold_table *, struct hold *); /* Not freed. */
struct hold *hold_table_find(const struct hold_table *,
                             const struct uuid *network,
                             const struct ip_addr *);
struct hold *hold_table_find_uuid(const struct hold_table *,
                                  const struct uuid *hold);
size_t hold_table_count(const struct hold_table *);
/* All holds sorted by network name, then address; caller frees the array. */
struct hold **hold_table_sorted(const struct hold_table *);

#endif /* hold.h */
