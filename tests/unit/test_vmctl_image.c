/* A template's name opens its own file and no other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "auto.h"
#include "err.h"

#include "../../vmctl/driver.h"
#include "../../vmctl/image.h"

static char dir[64];

static void
at(char out[160], const char *path)
{
	snprintf(out, 160, "%s/%s", dir, path);
}

static void
make(const char *folder, const char *file, const char *link)
{
	char path[160];
	auto_close int fd = -1;

	at(path, folder);
	assert_int_equal(mkdir(path, 0755), 0);
	at(path, file);
	if (link) {
		assert_int_equal(symlink(link, path), 0);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT, 0644);
	assert_true(fd >= 0);
}

static int
make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/caged-test-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	make("good", "good/rootfs.erofs", NULL);
	make("Bad", "Bad/rootfs.erofs", NULL);
	make("linked", "linked/rootfs.erofs", "/etc/passwd");
	make("inside", "inside/rootfs.erofs", "../good/rootfs.erofs");
	make("empty", "empty/other", NULL);
	return 0;
}

static int
remove_dir(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf -- '%s'", dir);
	return system(command);
}

static void
names(void **state)
{
	char longest[40];

	(void)state;
	assert_true(driver_template_valid("minimal"));
	assert_true(driver_template_valid("a"));
	assert_false(driver_template_valid(""));
	assert_false(driver_template_valid("."));
	assert_false(driver_template_valid("../good"));
	assert_false(driver_template_valid("good/"));
	assert_false(driver_template_valid("Good"));
	assert_false(driver_template_valid("good\n"));
	memset(longest, 'a', sizeof(longest));
	longest[32] = '\0';
	assert_true(driver_template_valid(longest));
	longest[32] = 'a';
	longest[33] = '\0';
	assert_false(driver_template_valid(longest));
}

static void
links_are_not_followed(void **state)
{
	static const char *const bad[] = {"linked", "inside", "empty", "none",
					  "../.."};
	auto_close int fd = -1;
	struct err e;

	(void)state;
	fd = image_open(dir, "good", &e);
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(image_open(dir, bad[i], &e), -1);
		assert_int_equal(e.code, ERR_TEMPLATE_NOT_FOUND);
	}
}

static void
the_list_is_what_opens(void **state)
{
	char found[4][33];

	(void)state;
	assert_int_equal(image_list(dir, found, 4), 1);
	assert_string_equal(found[0], "good");
	assert_int_equal(image_list(dir, found, 0), 0);
	assert_int_equal(image_list("/nowhere", found, 4), 0);
}

static void
shared_files_must_be_readable(void **state)
{
	char path[160];
	struct err e;
	int fd;

	(void)state;
	at(path, "good/rootfs.erofs");
	assert_int_equal(chmod(path, 0644), 0);
	fd = image_open_shared(path, &e);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(image_open_shared(path, &e), -1);
	assert_int_equal(chmod(path, 0666), 0);
	assert_int_equal(image_open_shared(path, &e), -1);
	assert_int_equal(image_open(dir, "good", &e), -1);
	assert_int_equal(image_open_shared(dir, &e), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(the_list_is_what_opens),
		cmocka_unit_test(shared_files_must_be_readable),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
