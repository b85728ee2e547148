/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the texts of Events: that they say what they must, that an API
 * server takes them, and that doc/events.md has the same ones. */

#include <config.h>

#include "agent/core/event-text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "openvswitch/dynamic-string.h"
#include "util.h"

#include "tests/unit/unit.h"

static size_t
count(const char *s, const char *part)
{
    size_t n = 0;

    while ((s = strstr(s, part))) {
        s += strlen(part);
        n++;
    }
    return n;
}

/* "### Reason (Type) > text Cause: ... Remedy: ..." for each. */
static void
test_doc(void)
{
    char *doc = unit_read_doc("events.md");

    for (int i = 0; i < EVENT_N_KINDS; i++) {
        const struct event_text *t = event_text(i);
        char *section = xasprintf("### %s (%s) > %s **Cause:** ", t->reason,
                                  t->warning ? "Warning" : "Normal", t->note);
        const char *found = strstr(doc, section);

        if (!found) {
            printf("\ndoc/events.md lacks: %s\n", section);
        }
        CU_ASSERT_PTR_NOT_NULL(found);
        if (found) {
            const char *end = strstr(found + 1, " ### ");
            const char *remedy = strstr(found, " **Remedy:** ");

            CU_ASSERT(remedy && (!end || remedy < end));
        }
        free(section);
    }
    CU_ASSERT_EQUAL(count(doc, "### "), EVENT_N_KINDS);
    free(doc);
}

static void
test_texts(void)
{
    const struct event_args args = {
        .address = "10.0.0.1", .network = "net1", .port = "sts1-0.ns",
        .holder = "pod ns/sts1-0", .since = "2026-01-01T00:00:00Z",
        .waits = "this; that", .why = "a reason", .next = "Nobody",
    };

    for (int i = 0; i < EVENT_N_KINDS; i++) {
        const struct event_text *t = event_text(i);
        char *note = event_format_note(i, &args);

        /* What an API server refuses (events.k8s.io/v1). */
        CU_ASSERT(strlen(t->reason) > 0 && strlen(t->reason) <= 128);
        CU_ASSERT(strlen(t->action) > 0 && strlen(t->action) <= 128);
        CU_ASSERT(strlen(note) <= EVENT_NOTE_MAX);
        CU_ASSERT_PTR_NULL(strchr(note, '{'));
        CU_ASSERT_PTR_NOT_NULL(strstr(note, "10.0.0.1"));
        CU_ASSERT_PTR_NOT_NULL(strstr(note, "net1"));
        CU_ASSERT_PTR_NOT_NULL(strstr(note, "sts1-0.ns"));
        for (int j = 0; j < i; j++) {
            CU_ASSERT_STRING_NOT_EQUAL(t->reason, event_text(j)->reason);
        }
        free(note);
    }
}

/* Too long a text ends with dots, and never within a character. */
static void
test_long(void)
{
    for (size_t shift = 0; shift < 4; shift++) {
        struct ds ds = DS_EMPTY_INITIALIZER;
        struct event_args args = { .address = "10.0.0.1" };
        char *note;
        size_t len;

        ds_put_char_multiple(&ds, 'x', shift);
        for (int i = 0; i < 600; i++) {
            ds_put_cstr(&ds, "\xe2\x82\xac");
        }
        args.why = ds_cstr(&ds);
        note = event_format_note(EVENT_STALE_ADDRESS_CLEARED, &args);
        len = strlen(note);
        CU_ASSERT(len <= EVENT_NOTE_MAX && len > EVENT_NOTE_MAX - 4);
        CU_ASSERT_STRING_EQUAL(note + len - 3, "...");
        CU_ASSERT(!strncmp(note + len - 6, "\xe2\x82\xac", 3));
        CU_ASSERT_PTR_NOT_NULL(strstr(note, "port unknown"));
        free(note);
        ds_destroy(&ds);
    }
}

void
suite_event_text(void)
{
    CU_pSuite suite = unit_add_suite("event_text");

    CU_ADD_TEST(suite, test_doc);
    CU_ADD_TEST(suite, test_texts);
    CU_ADD_TEST(suite, test_long);
}
