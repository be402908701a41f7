#include "req_package.h"

#include <stdbool.h>
#include <string.h>

#include "err.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"
#define NAME_MAX_BYTES 214 /* npm's own limit, the longest */

struct syntax {
	const char *prefix;
	const char *first;   /* what a name, or its scope, may start with */
	const char *rest;    /* and go on with */
	const char *last_no; /* and not end with */
	const char *between; /* name and version */
	const char *version;
};

static const struct syntax syntaxes[PACKAGE_COUNT] = {
	/* apt-get reads a hyphen at the end as "remove". */
	[PACKAGE_apt] = {"apt:", LOWER DIGIT, LOWER DIGIT "+.-", "-", "=",
			 LOWER UPPER DIGIT "+.:~-"},
	[PACKAGE_npm] = {"npm:", LOWER DIGIT, LOWER DIGIT "._-", "", "@",
			 LOWER UPPER DIGIT "._+-"},
	[PACKAGE_pip] = {"pip:", LOWER UPPER DIGIT, LOWER UPPER DIGIT "._-",
			 "._-", "==", LOWER UPPER DIGIT ".!+_-"},
};

static bool
word_ok(const char *s, size_t n, const struct syntax *x)
{
	if (n == 0 || !strchr(x->first, s[0]) || strspn(s, x->rest) < n)
		return false;
	return !strchr(x->last_no, s[n - 1]);
}

/* @scope/ before the name, for npm. */
static const char *
skip_scope(const char *s, const struct syntax *x)
{
	const char *slash = strchr(s, '/');

	if (s[0] != '@' || !slash ||
	    !word_ok(s + 1, (size_t)(slash - s - 1), x))
		return s;
	return slash + 1;
}

static bool
version_ok(const char *s, const struct syntax *x)
{
	size_t n = strlen(x->between);

	if (!*s)
		return true;
	if (strncmp(s, x->between, n) != 0 || !s[n] || s[n] == '-')
		return false;
	return s[n + strspn(s + n, x->version)] == '\0';
}

static bool
package_ok(const char *s, enum package_manager m)
{
	const struct syntax *x = &syntaxes[m];
	size_t n;

	if (strlen(s) > NAME_MAX_BYTES)
		return false;
	if (m == PACKAGE_npm)
		s = skip_scope(s, x);
	n = strcspn(s, x->between);
	return word_ok(s, n, x) && version_ok(s + n, x);
}

int
req_package_read(const char *text, enum package_manager own,
		 enum package_manager *out, const char **out_name,
		 struct err *e)
{
	const char *name = text;
	enum package_manager m = own;
	size_t n;

	for (int i = 0; i < PACKAGE_COUNT; i++) {
		n = strlen(syntaxes[i].prefix);
		if (strncmp(text, syntaxes[i].prefix, n) == 0) {
			m = (enum package_manager)i;
			name = text + n;
			break;
		}
	}
	if (!package_ok(name, m))
		return err_field(e, "packages",
				 "packages: each must be apt:NAME[=VERSION], "
				 "npm:NAME[@VERSION] or pip:NAME[==VERSION]");
	*out = m;
	*out_name = name;
	return 0;
}

enum package_manager
req_package_own(const char *template_name)
{
	static const struct {
		const char *template_name;
		enum package_manager own;
	} rows[] = {
		{"node-20", PACKAGE_npm},
		{"agents", PACKAGE_npm},
		{"python-312", PACKAGE_pip},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].template_name, template_name) == 0)
			return rows[i].own;
	return PACKAGE_apt;
}
