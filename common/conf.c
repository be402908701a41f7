#include "conf.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"

#define FILE_MAX 65536

struct row {
	const char *name;
	size_t offset;
	const char *str;   /* the default of a text; NULL: a number */
	int64_t num;	   /* the default of a number */
	int64_t lo, hi;	   /* a text's longest is hi */
	const char *words; /* the text is one of these, between blanks */
	const char *help;
};

static const struct row rows[] = {
#define CONF_STR(name, def, longest, help) \
	{#name, offsetof(struct conf, name), (def), 0, 0, (longest), NULL, \
	 (help)},
#define CONF_WORD(name, def, words, help) \
	{#name,	  offsetof(struct conf, name), \
	 (def),	  0, \
	 0,	  CONF_WORD_MAX, \
	 (words), (help)},
#define CONF_INT(name, def, lo, hi, help) \
	{#name, offsetof(struct conf, name), NULL, (def), (lo), (hi), NULL, \
	 (help)},
#include "conf.def"
#undef CONF_STR
#undef CONF_WORD
#undef CONF_INT
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static void
set_defaults(struct conf *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		char *to = (char *)c + r->offset;

		if (r->str)
			text_copy(to, (size_t)r->hi + 1, r->str);
		else
			*(int64_t *)to = r->num;
	}
}

static const struct row *
find(const char *name)
{
	for (size_t i = 0; i < ROWS; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static bool
is_one_of(const char *words, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = words; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len == n && memcmp(p, value, n) == 0)
			return true;
		p += len;
	}
	return false;
}

static int
set_value(struct conf *c, const struct row *r, const char *value, struct err *e)
{
	char *to = (char *)c + r->offset;

	if (!r->str) {
		if (text_int(value, r->lo, r->hi, (int64_t *)to) < 0)
			return err_set(e, ERR_INVALID_REQUEST,
				       "%s must be an integer from %" PRId64
				       " to %" PRId64,
				       r->name, r->lo, r->hi);
		return 0;
	}
	if (r->words && !is_one_of(r->words, value))
		return err_set(e, ERR_INVALID_REQUEST, "%s must be one of: %s",
			       r->name, r->words);
	if (strlen(value) > (size_t)r->hi ||
	    !text_is_utf8(value, strlen(value)))
		return err_set(e, ERR_INVALID_REQUEST,
			       "%s must be text of at most %" PRId64 " bytes",
			       r->name, r->hi);
	return text_copy(to, (size_t)r->hi + 1, value);
}

/* Cuts blanks at both ends, in place. */
static char *
trim(char *s)
{
	char *end = s + strlen(s);

	while (isspace((unsigned char)*s))
		s++;
	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return s;
}

static int
read_line(struct conf *c, char *line, bool *seen, struct err *e)
{
	const struct row *r;
	char *name = trim(line);
	char *value;

	if (*name == '\0' || *name == '#')
		return 0;
	value = strchr(name, '=');
	if (!value)
		return err_set(e, ERR_INVALID_REQUEST, "not name = value");
	*value++ = '\0';
	name = trim(name);
	r = find(name);
	if (!r)
		return err_set(e, ERR_INVALID_REQUEST, "no option is named %s",
			       name);
	if (seen[r - rows])
		return err_set(e, ERR_INVALID_REQUEST, "%s is there twice",
			       name);
	seen[r - rows] = true;
	return set_value(c, r, trim(value), e);
}

static int
read_file(struct buf *b, const char *path, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_errno(e, "open");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID_REQUEST, "not a regular file");
	for (;;) {
		uint8_t *p = buf_reserve(b, 4096);
		ssize_t n;

		if (!p)
			return err_set(e, ERR_INVALID_REQUEST,
				       "longer than %d bytes", FILE_MAX);
		n = read(fd, p, 4096);
		if (n < 0)
			return err_errno(e, "read");
		if (n == 0)
			break;
		b->len += (size_t)n;
	}
	if (memchr(b->data, '\0', b->len))
		return err_set(e, ERR_INVALID_REQUEST, "has a NUL byte");
	return 0;
}

static int
read_lines(struct conf *c, char *text, struct err *e)
{
	bool seen[ROWS] = {false};
	unsigned number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		number++;
		if (read_line(c, line, seen, e) < 0)
			return err_wrap(e, "line %u", number);
	}
	return 0;
}

/* Nothing is written to *c unless all of the file is right. */
int
conf_load(struct conf *c, const char *path, struct err *e)
{
	auto_free struct conf *new = malloc(sizeof(*new));
	auto_buf struct buf b = {0};
	auto_free char *text = NULL;

	buf_init(&b, FILE_MAX);
	if (!new)
		return err_set(e, ERR_INTERNAL, "out of memory");
	set_defaults(new);
	if (path) {
		if (read_file(&b, path, e) < 0)
			return err_wrap(e, "%s", path);
		text = buf_steal(&b);
		if (!text || read_lines(new, text, e) < 0)
			return err_wrap(e, "%s", path);
	}
	if (!new->host[0] && gethostname(new->host, sizeof(new->host)) < 0)
		return err_errno(e, "this host's name");
	memcpy(c, new, sizeof(*c));
	return 0;
}

void
conf_help(FILE *f)
{
	for (size_t i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];

		if (r->str)
			fprintf(f, "# %s%s%s%s\n%s = %s\n\n", r->help,
				r->words ? " (one of: " : "",
				r->words ? r->words : "", r->words ? ")" : "",
				r->name, r->str);
		else
			fprintf(f,
				"# %s (%" PRId64 " to %" PRId64
				")\n%s = %" PRId64 "\n\n",
				r->help, r->lo, r->hi, r->name, r->num);
	}
}

static int
check_key_file(int fd, size_t n, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return err_errno(e, "stat");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INTERNAL, "not a regular file");
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return err_set(e, ERR_INTERNAL, "belongs to another user");
	if (st.st_mode & 0022)
		return err_set(e, ERR_INTERNAL, "others may write it");
	if (st.st_size != (off_t)n)
		return err_set(e, ERR_INTERNAL, "must be of %zu bytes", n);
	return 0;
}

int
conf_read_key(const char *path, void *out, size_t n, struct err *e)
{
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got;

	if (fd < 0)
		return err_errno(e, "open key %s", path);
	if (check_key_file(fd, n, e) < 0)
		return err_wrap(e, "key %s", path);
	got = read(fd, out, n);
	if (got != (ssize_t)n)
		return err_set(e, ERR_INTERNAL, "key %s: cannot be read", path);
	return 0;
}
