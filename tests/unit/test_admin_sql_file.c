#include "../support/temp_dir.h"

#include "admin/sql_file.h"
#include "err.h"

static void
touch(const struct temp_dir *d, const char *name, const char *text)
{
	char path[TEMP_PATH_MAX];

	temp_dir_write(temp_dir_file(d, name, path), text, strlen(text));
}

static int
open_dir(const struct temp_dir *d)
{
	int fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void
lists_migrations_in_order(void **state)
{
	auto_temp_dir struct temp_dir d;
	struct err e = {0};
	char **names;
	int fd;

	(void)state;
	temp_dir_init(&d);
	touch(&d, "0010_b.sql", "");
	touch(&d, "0002_a.sql", "");
	touch(&d, "users.sql", "");
	touch(&d, "0003_a.sql~", "");
	touch(&d, "003_a.sql", "");
	touch(&d, "00x3_a.sql", "");
	touch(&d, "0004a.sql", "");
	fd = open_dir(&d);
	names = sql_file_list(fd, &e);
	close(fd);
	assert_non_null(names);
	assert_string_equal(names[0], "0002_a.sql");
	assert_string_equal(names[1], "0010_b.sql");
	assert_null(names[2]);
	sql_file_list_free(names);
}

static void
refuses_two_of_one_number(void **state)
{
	auto_temp_dir struct temp_dir d;
	struct err e = {0};
	int fd;

	(void)state;
	temp_dir_init(&d);
	touch(&d, "0002_a.sql", "");
	touch(&d, "0002_b.sql", "");
	fd = open_dir(&d);
	assert_null(sql_file_list(fd, &e));
	close(fd);
	assert_int_equal(e.code, ERR_INTERNAL);
}

static void
reads_and_hashes(void **state)
{
	auto_temp_dir struct temp_dir d;
	struct err e = {0};
	struct sql_file f;
	int fd;

	(void)state;
	temp_dir_init(&d);
	touch(&d, "0001_a.sql", "abc");
	fd = open_dir(&d);
	assert_int_equal(sql_file_read(fd, "0001_a.sql", &f, &e), 0);
	assert_string_equal(f.text, "abc");
	assert_int_equal(f.len, 3);
	assert_string_equal(f.id.name, "0001_a.sql");
	assert_string_equal(f.id.sha256, "ba7816bf8f01cfea414140de5dae2223"
					 "b00361a396177a9cb410ff61f20015ad");
	sql_file_fini(&f);
	assert_int_equal(sql_file_read(fd, "absent.sql", &f, &e), -1);
	assert_int_equal(sql_file_read(fd, ".", &f, &e), -1);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_migrations_in_order),
		cmocka_unit_test(refuses_two_of_one_number),
		cmocka_unit_test(reads_and_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
