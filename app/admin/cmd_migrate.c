#include "admin/admin.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/args.h"
#include "admin/sql_file.h"
#include "auto.h"

#define INSTALLED_SQL "/usr/share/caged/sql"

/* Run by every migrate, after the numbered files. */
static const char *const every_time[] = {"users.sql", "grants.sql"};

/* The folder `sql` beside the program, or else the installed one. */
static int
open_default_dir(struct err *e)
{
	char path[4096 + 8];
	ssize_t n = readlink("/proc/self/exe", path, 4096);
	char *slash;
	int fd;

	if (n < 0)
		return err_errno(e, "/proc/self/exe");
	path[n] = 0;
	slash = strrchr(path, '/');
	if (!slash)
		return err_set(e, ERR_INTERNAL, "where is this program?");
	memcpy(slash, "/sql", sizeof("/sql"));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open(INSTALLED_SQL, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_INTERNAL,
			       "neither %s nor " INSTALLED_SQL
			       " is there: give --sql DIR",
			       path);
	return fd;
}

static int
open_dir(const char *dir, struct err *e)
{
	int fd;

	if (!dir)
		return open_default_dir(e);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(e, "%s", dir) : fd;
}

struct applied {
	const struct sql_file *file;
	bool found, changed;
};

static int
look_applied(void *arg, const struct store_migration *m)
{
	struct applied *a = arg;

	if (strcmp(m->name, a->file->id.name) != 0)
		return 0;
	a->found = true;
	a->changed = strcmp(m->sha256, a->file->id.sha256) != 0;
	return 1;
}

/* 1: applied now; 0: it was before; -1. */
static int
migrate_file(struct store *s, const struct sql_file *f, struct err *e)
{
	struct applied a = {.file = f};

	if (store_schema_list(s, look_applied, &a, e) < 0)
		return -1;
	if (a.changed)
		return err_set(e, ERR_INTERNAL,
			       "%s is not the file that was applied: "
			       "a released migration never changes",
			       f->id.name);
	if (a.found)
		return 0;
	if (store_schema_run(s, f->id.name, f->text, f->len, e) < 0 ||
	    store_schema_note(s, &f->id, e) < 0)
		return -1;
	printf("applied %s\n", f->id.name);
	return 1;
}

static int
migrate_all(struct store *s, int dir, char **names, struct err *e)
{
	int count = 0;

	for (char **p = names; *p; p++) {
		struct sql_file f;
		int rc;

		if (sql_file_read(dir, *p, &f, e) < 0)
			return -1;
		rc = migrate_file(s, &f, e);
		sql_file_fini(&f);
		if (rc < 0)
			return -1;
		count += rc;
	}
	return count;
}

static int
run_every_time(struct store *s, int dir, struct err *e)
{
	for (size_t i = 0; i < sizeof(every_time) / sizeof(every_time[0]);
	     i++) {
		struct sql_file f;
		int rc;

		if (sql_file_read(dir, every_time[i], &f, e) < 0)
			return -1;
		rc = store_schema_run(s, f.id.name, f.text, f.len, e);
		sql_file_fini(&f);
		if (rc < 0)
			return -1;
	}
	return 0;
}

int
cmd_migrate(struct admin *a, struct err *e)
{
	const char *sql = NULL;
	const struct args_option options[] = {{"--sql", &sql, NULL},
					      {NULL, NULL, NULL}};
	auto_close int dir = -1;
	struct store *s;
	char **names;
	int n = -1;

	if (args_take(a, options, NULL, 0, e) < 0)
		return -1;
	dir = open_dir(sql, e);
	if (dir < 0)
		return -1;
	names = sql_file_list(dir, e);
	if (!names)
		return -1;
	s = store_schema_open(&a->conf, a->user, e);
	if (s)
		n = migrate_all(s, dir, names, e);
	if (n >= 0 && run_every_time(s, dir, e) < 0)
		n = -1;
	if (n >= 0)
		printf("database %s: %d applied, up to date\n", a->conf.db_name,
		       n);
	store_schema_close(s);
	sql_file_list_free(names);
	return n < 0 ? -1 : 0;
}
