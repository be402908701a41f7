#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "err.h"
#include "store/count.h"
#include "store/db.h"
#include "text.h"

static int
read_password(const char *path, char *out, size_t size, struct err *e)
{
	FILE *f = fopen(path, "re");
	char *line;

	if (!f)
		return err_errno(e, "%s", path);
	line = fgets(out, (int)size, f);
	fclose(f);
	if (!line || strlen(out) + 1 == size)
		return err_set(e, ERR_INTERNAL, "%s: not a password", path);
	out[strcspn(out, "\n")] = 0;
	return 0;
}

static int
set_up(struct store *s, const struct conf *c, const char *mysql_user,
       struct err *e)
{
	s->conf = c;
	if (text_copy(s->user, sizeof(s->user),
		      c->db_user[0] ? c->db_user : mysql_user) < 0)
		return err_set(e, ERR_INTERNAL,
			       "the MySQL user's name is long");
	if (!c->db_password_file[0])
		return 0;
	return read_password(c->db_password_file, s->password,
			     sizeof(s->password), e);
}

struct store *
store_open(const struct conf *c, const char *mysql_user, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	if (!s) {
		err_set(e, ERR_INTERNAL, "no memory for a store");
		return NULL;
	}
	if (set_up(s, c, mysql_user, e) < 0) {
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_close(struct store *s)
{
	if (!s)
		return;
	db_drop(s);
	explicit_bzero(s->password, sizeof(s->password));
	free(s);
}

int
store_ping(struct store *s, struct err *e)
{
	int64_t one;

	return count_rows(s, STMT_ping, &one, e);
}
