#include "admin/sql_file.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "err.h"
#include "text.h"

#define NUMBER_LEN 4

static int
read_all(int fd, char *p, size_t n)
{
	while (n > 0) {
		ssize_t r = read(fd, p, n);

		if (r <= 0)
			return -1;
		p += r;
		n -= (size_t)r;
	}
	return 0;
}

int
sql_file_read(int dir, const char *name, struct sql_file *out, struct err *e)
{
	auto_close int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	auto_free char *text = NULL;
	struct sql_file f = {0};
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_errno(e, "%s", name);
	if (!S_ISREG(st.st_mode) || st.st_size > STORE_SCHEMA_SQL_MAX ||
	    text_copy(f.id.name, sizeof(f.id.name), name) < 0)
		return err_set(e, ERR_INTERNAL, "%s: not a SQL file", name);
	f.len = (size_t)st.st_size;
	text = malloc(f.len + 1);
	if (!text || read_all(fd, text, f.len) < 0)
		return err_errno(e, "%s", name);
	text[f.len] = 0;
	SHA256((uint8_t *)text, f.len, hash);
	text_hex(f.id.sha256, hash, sizeof(hash));
	f.text = steal_ptr(&text);
	*out = f;
	return 0;
}

void
sql_file_fini(struct sql_file *f)
{
	free(f->text);
	f->text = NULL;
}

static int
is_migration(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	if (len < NUMBER_LEN + 5 || d->d_name[NUMBER_LEN] != '_' ||
	    strcmp(d->d_name + len - 4, ".sql") != 0)
		return 0;
	for (int i = 0; i < NUMBER_LEN; i++) {
		if (!isdigit((unsigned char)d->d_name[i]))
			return 0;
	}
	return 1;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

void
sql_file_list_free(char **names)
{
	for (char **p = names; p && *p; p++)
		free(*p);
	free(names);
}

static int
check_numbers(char **names, struct err *e)
{
	for (char **p = names; p[0] && p[1]; p++) {
		if (!strncmp(p[0], p[1], NUMBER_LEN))
			return err_set(e, ERR_INTERNAL,
				       "%s and %s have one number", p[0], p[1]);
	}
	return 0;
}

static char **
names_of(struct dirent **found, int n)
{
	char **names = calloc((size_t)n + 1, sizeof(*names));

	for (int i = 0; i < n; i++) {
		if (names)
			names[i] = strdup(found[i]->d_name);
		if (names && !names[i]) {
			sql_file_list_free(names);
			names = NULL;
		}
		free(found[i]);
	}
	free(found);
	return names;
}

char **
sql_file_list(int dir, struct err *e)
{
	struct dirent **found;
	int n = scandirat(dir, ".", &found, is_migration, by_name);
	char **names;

	if (n < 0) {
		err_errno(e, "the folder of migrations");
		return NULL;
	}
	names = names_of(found, n);
	if (!names) {
		err_set(e, ERR_INTERNAL, "no memory");
		return NULL;
	}
	if (check_numbers(names, e) < 0) {
		sql_file_list_free(names);
		return NULL;
	}
	return names;
}
