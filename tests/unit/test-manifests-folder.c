/* SPDX-License-Identifier: Apache-2.0 */

/* Tests of the source that reads manifest files: what happens to files and
 * folders, and when they are looked at. */

#include <config.h>

#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <unistd.h>

#include "openvswitch/poll-loop.h"

#include "timeval.h"
#include "util.h"

#include "agent/kube/manifests.h"
#include "tests/unit/manifest-fixture.h"

/* Overwritten in place. */
static void
overwrite_in_place(struct mf *f)
{
    int fd = mf_open(f, "a.yaml");

    mf_pass(f, 10 * MF_SETTLE_MS);
    mf_check_changes(f, 0);
    mf_check_problems(f, 0, NULL);
    CU_ASSERT_FALSE(manifests_reread(f->m, f->now));
    mf_write_fd(fd, "apiVersion: v1\nkind: [");
    mf_pass(f, 10 * MF_SETTLE_MS);
    mf_check_changes(f, 0);
    mf_check_problems(f, 0, NULL);
    CU_ASSERT_EQUAL(ftruncate(fd, 0), 0);
    lseek(fd, 0, SEEK_SET);
    mf_write_fd(fd, MF_POD("a", "10.0.0.2"));
    mf_pass(f, 10 * MF_SETTLE_MS);
    mf_check_changes(f, 0);
    close(fd);
    mf_pass(f, 0);
    mf_check_changes(f, 1);
    mf_check_known(f, "pod default/a", " 10.0.0.2");
}

/* A new file, also while other things happen in the folder. */
static void
write_new_file(struct mf *f)
{
    int fd = mf_open(f, "b.yaml");

    mf_pass(f, MF_SETTLE_MS);
    CU_ASSERT_FALSE(manifests_reread(f->m, f->now));
    mf_check_problems(f, 0, NULL);
    mf_write_fd(fd, MF_POD("b", "10.0.0.3") "---\n");
    mf_pass(f, MF_SETTLE_MS);
    mf_write(f, "c.yaml", MF_POD("c", "10.0.0.4"));
    CU_ASSERT_FALSE(manifests_reread(f->m, f->now));
    mf_pass(f, MF_SETTLE_MS);
    mf_check_known(f, "pod default/b", NULL);
    mf_check_known(f, "pod default/c", " 10.0.0.4");
    mf_write_fd(fd, MF_POD("d", "10.0.0.5"));
    close(fd);
    mf_pass(f, 0);
    mf_check_known(f, "pod default/b", " 10.0.0.3");
    mf_check_known(f, "pod default/d", " 10.0.0.5");
    mf_check_problems(f, 0, NULL);
}

/* An absence does not count while the file is being written again. */
static void
write_again(struct mf *f)
{
    int fd;

    mf_write(f, "b.yaml", MF_POD("b", "10.0.0.3"));
    mf_pass(f, 0);
    fd = mf_open(f, "b.yaml");
    mf_pass(f, 10 * MF_SETTLE_MS);
    mf_check_known(f, "pod default/d", " 10.0.0.5");
    mf_write_fd(fd, MF_POD("b", "10.0.0.3") "---\n" MF_POD("d", "10.0.0.6"));
    close(fd);
    mf_pass(f, 0);
    mf_check_known(f, "pod default/d", " 10.0.0.6");
    mf_pass(f, 10 * MF_SETTLE_MS);
    mf_check_known(f, "pod default/d", " 10.0.0.6");
}

/* A writer that opens and closes without a word. */
static void
write_nothing(struct mf *f)
{
    char *path = mf_path(f, "c.yaml");

    close(open(path, O_WRONLY));
    free(path);
    f->n_changes = 0;
    mf_pass(f, MF_SETTLE_MS);
    mf_check_changes(f, 0);
}

/* What is being written is not read, however long that takes. */
static void
test_being_written(void)
{
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    overwrite_in_place(&f);
    write_new_file(&f);
    write_again(&f);
    write_nothing(&f);
    mf_destroy(&f);
}

/* A file that the system does not give away. */
static void
test_unreadable(void)
{
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_remove(&f, "a.yaml");
    mf_shell("mkfifo '%s/a.yaml'", f.dir);
    mf_shell("touch '%s/b.json'", f.dir);
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);
    mf_remove(&f, "b.json");
    mf_shell("mv '%s/a.yaml' '%s/x'; mv '%s/x' '%s/a.yaml'", f.dir, f.dir,
             f.dir, f.dir);
    mf_pass(&f, 0);
    mf_check_problems(&f, 2, "a.yaml: not a regular file");
    mf_check_confirm(&f, "b.json", NULL);
    mf_remove(&f, "a.yaml");
    mf_shell("truncate -s 513M '%s/a.yaml'", f.dir);
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, "a.yaml: larger than 512 MiB");
    mf_replace(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 0);
    mf_destroy(&f);
}

/* A file that goes. */
static void
test_missing(void)
{
    char *list = mf_make_pods(5, 0, 0);
    struct mf f;

    mf_start(&f, "a.json", list);
    mf_write(&f, "b.yaml", MF_POD("b", "10.1.0.1"));
    mf_pass(&f, 0);
    f.n_changes = 0;

    /* For a moment. */
    mf_remove(&f, "a.json");
    mf_pass(&f, MF_SETTLE_MS - 1);
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    mf_check_problems(&f, 0, NULL);
    mf_write(&f, "a.json", list);
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 0);

    /* For good; then back. */
    mf_remove(&f, "a.json");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 1, "a.json: the file is gone");
    mf_check_changes(&f, 0);
    mf_write(&f, "a.json", list);
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 0);

    /* Confirmed. */
    mf_remove(&f, "a.json");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_confirm(&f, "a.json", NULL);
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 5);

    /* Under another name. */
    mf_rename(&f, "b.yaml", "c.yaml");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 0);
    mf_check_known(&f, "pod default/b", " 10.1.0.1");
    mf_destroy(&f);
    free(list);
}

/* The one file that was named cannot be confirmed away. */
static void
test_missing_path(void)
{
    struct mf f;

    mf_init(&f);
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_make_old(&f);
    mf_add_path(&f, "a.yaml");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);

    /* Its folder's other files are nothing to it. */
    mf_write(&f, "b.yaml", MF_POD("b", "10.0.0.2"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 0);

    mf_remove(&f, "a.yaml");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 1, "a.yaml: the file is gone");
    mf_check_confirm(&f, "a.yaml", "does not exist");
    mf_check_changes(&f, 0);
    mf_replace(&f, "a.yaml", MF_POD("a", "10.0.0.3"));
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 1);
    mf_destroy(&f);
}

/* The folder itself goes and comes back. */
static void
test_folder_gone(void)
{
    struct mf f;

    mf_init(&f);
    mf_shell("mkdir '%s/d'", f.dir);
    mf_write(&f, "d/a.yaml", MF_POD("a", "10.0.0.1"));
    mf_make_old(&f);
    mf_add_path(&f, "d");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);

    mf_shell("mv '%s/d' '%s/e'", f.dir, f.dir);
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, "/d: the folder cannot be read");
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 1, NULL);
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));

    mf_shell("mkdir '%s/d'", f.dir);
    mf_write(&f, "d/a.yaml", MF_POD("a", "10.0.0.2"));
    mf_pass(&f, 1000);
    mf_check_problems(&f, 0, NULL);
    mf_check_changes(&f, 1);
    /* What happens in the old one is nothing to us. */
    mf_write(&f, "e/b.yaml", MF_POD("b", "10.0.0.3"));
    mf_write(&f, "d/c.yaml", MF_POD("c", "10.0.0.4"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);

    mf_shell("rm -r '%s/d'", f.dir);
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_problems(&f, 1, "/d: the folder cannot be read");
    mf_shell("mv '%s/e' '%s/d'", f.dir, f.dir);
    mf_pass(&f, 1000);
    /* a.yaml and b.yaml are there, c.yaml is not. */
    mf_check_changes(&f, 2);
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_problems(&f, 1, "c.yaml: the file is gone");
    mf_destroy(&f);
}

/* Kubernetes replaces a mounted ConfigMap by one link to a new folder. */
static void
test_config_map(void)
{
    struct mf f;

    mf_init(&f);
    mf_shell("cd '%s' && mkdir ..1 && ln -s ..1 ..data "
             "&& ln -s ..data/a.yaml a.yaml", f.dir);
    mf_write(&f, "..1/a.yaml", MF_POD("a", "10.0.0.1"));
    mf_make_old(&f);
    mf_add_path(&f, "");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    CU_ASSERT_TRUE(mf_is_synced(&f));

    mf_shell("cd '%s' && mkdir ..2", f.dir);
    mf_write(&f, "..2/a.yaml", MF_POD("a", "10.0.0.2"));
    mf_shell("cd '%s' && ln -s ..2 ..data_tmp && mv -T ..data_tmp ..data "
             "&& rm -r ..1", f.dir);
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/a", " 10.0.0.2");
    /* Also what is behind the link is watched. */
    mf_write(&f, "..2/a.yaml", MF_POD("a", "10.0.0.3"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/a", " 10.0.0.3");
    /* Same content in a new folder. */
    mf_shell("cd '%s' && cp -r ..2 ..3 && ln -s ..3 ..data_tmp "
             "&& mv -T ..data_tmp ..data && rm -r ..2", f.dir);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_destroy(&f);

    /* The same, with the file named. */
    mf_init(&f);
    mf_shell("cd '%s' && mkdir x ..1 && ln -s ../..1/a.yaml x/a.yaml",
             f.dir);
    mf_write(&f, "..1/a.yaml", MF_POD("a", "10.0.0.1"));
    mf_make_old(&f);
    mf_add_path(&f, "x/a.yaml");
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_replace(&f, "..1/a.yaml", MF_POD("a", "10.0.0.2"));
    mf_pass(&f, 0);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/a", " 10.0.0.2");
    mf_destroy(&f);
}

/* The live read sees what no event has told yet. */
static void
test_reread(void)
{
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));
    CU_ASSERT_PTR_NULL(manifests_pop(f.m));

    mf_replace(&f, "a.yaml", MF_POD("a", "10.0.0.2"));
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    /* Until the change is taken, the model is behind. */
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    mf_pop(&f);
    mf_check_changes(&f, 1);
    mf_check_known(&f, "pod default/a", " 10.0.0.2");
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));

    /* Another size, same object: nothing changed. */
    mf_replace(&f, "a.yaml", MF_POD("a", "10.0.0.2") "# x\n");
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));
    /* A new file. */
    mf_replace(&f, "b.yaml", MF_POD("b", "10.0.0.3"));
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    mf_pop(&f);
    mf_check_changes(&f, 1);
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));
    /* An object less: known at once, although it does not count yet. */
    mf_write(&f, "b.yaml", "kind: List\n");
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    CU_ASSERT_TRUE(manifests_reread(f.m, f.now));
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 1);
    /* Gone. */
    mf_remove(&f, "b.yaml");
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    CU_ASSERT_FALSE(manifests_reread(f.m, f.now));
    mf_destroy(&f);
}

/* A folder without manifests proves nothing about pods. */
static void
test_empty_folder(void)
{
    struct mf f;

    mf_init(&f);
    mf_write(&f, "notes.txt", "x");
    mf_add_path(&f, "");
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, "no manifest (*.json, *.yaml, *.yml) is in");
    mf_pass(&f, 10 * MF_SETTLE_MS);
    mf_check_problems(&f, 1, NULL);
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_pass(&f, 0);
    mf_check_problems(&f, 0, NULL);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_changes(&f, 1);

    mf_remove(&f, "a.yaml");
    mf_pass(&f, 0);
    mf_pass(&f, MF_SETTLE_MS);
    mf_check_problems(&f, 1, "a.yaml: the file is gone");
    mf_check_confirm(&f, "a.yaml", NULL);
    mf_pass(&f, 0);
    mf_check_problems(&f, 1, "no manifest");
    mf_check_changes(&f, 1);
    mf_destroy(&f);
}

/* The loop wakes up for a change, and for what is left over. */
static void
test_wait(void)
{
    enum { FAR_MS = 60000 };
    long long int start = time_msec();
    struct mf f;

    mf_start(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.2"));
    manifests_wait(f.m);
    poll_timer_wait(FAR_MS);
    poll_block();
    manifests_run(f.m, f.now);
    /* A change that was not taken yet. */
    manifests_wait(f.m);
    poll_timer_wait(FAR_MS);
    poll_block();
    mf_pop(&f);
    mf_check_changes(&f, 1);
    mf_destroy(&f);

    /* A file that is not settled yet: time_msec() is far beyond that. */
    mf_init(&f);
    mf_write(&f, "a.yaml", MF_POD("a", "10.0.0.1"));
    mf_add_path(&f, "");
    manifests_wait(f.m);
    poll_timer_wait(FAR_MS);
    poll_block();
    mf_pass(&f, 0);
    CU_ASSERT_FALSE(mf_is_synced(&f));
    manifests_wait(f.m);
    poll_timer_wait(FAR_MS);
    poll_block();
    mf_destroy(&f);
    CU_ASSERT_TRUE(time_msec() - start < FAR_MS);
}

static void
test_paths(void)
{
    static const struct {
        const char *path;
        const char *error;
    } vectors[] = {
        {"none", "none: No such file or directory"},
        {"fifo", "fifo: neither a file nor a folder"},
        {"d/a.yaml", NULL},
        {"d/a.yaml", "is already read as"},
        {"d/../d/a.yaml", "is already read as"},
        {"link.yaml", "is already read as"},
        {"d", "is already read as"},
        {"e", NULL},
        {"e/", "is already read as"},
        {"e/b.json", "is already read as"},
        {"e/c.txt", NULL},
    };
    struct mf f;

    mf_init(&f);
    mf_shell("cd '%s' && mkfifo fifo && mkdir d e && touch d/a.yaml "
             "e/b.json e/c.txt && ln -s d/a.yaml link.yaml", f.dir);
    for (size_t i = 0; i < ARRAY_SIZE(vectors); i++) {
        char *path = mf_path(&f, vectors[i].path);
        char *error = manifests_add_path(f.m, path);

        if (vectors[i].error ? !error || !strstr(error, vectors[i].error)
            : error != NULL) {
            fprintf(stderr, "%s: %s\n", path, error ? error : "accepted");
            CU_FAIL("path");
        }
        free(error);
        free(path);
    }
    mf_destroy(&f);
}

void
suite_manifests_folder(void)
{
    CU_pSuite suite = unit_add_suite("manifests-folder");

    CU_ADD_TEST(suite, test_being_written);
    CU_ADD_TEST(suite, test_unreadable);
    CU_ADD_TEST(suite, test_missing);
    CU_ADD_TEST(suite, test_missing_path);
    CU_ADD_TEST(suite, test_folder_gone);
    CU_ADD_TEST(suite, test_config_map);
    CU_ADD_TEST(suite, test_reread);
    CU_ADD_TEST(suite, test_empty_folder);
    CU_ADD_TEST(suite, test_wait);
    CU_ADD_TEST(suite, test_paths);
}
