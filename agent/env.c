#include "env.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "buf.h"
#include "err.h"
#include "user.h"

const char env_profile[] = "# Written by the sandbox's agent at every boot.\n"
			   "export LANG=\"${LANG:-C.UTF-8}\"\n"
			   "if [ -n \"${CAGED_EXEC:-}\" ]; then\n"
			   "\tif [ -n \"${CAGED_PATH+x}\" ]; then\n"
			   "\t\texport PATH=\"$CAGED_PATH\"\n"
			   "\t\tunset CAGED_PATH\n"
			   "\tfi\n"
			   "elif [ -r " AGENT_RUN "/env.sh ]; then\n"
			   "\t. " AGENT_RUN "/env.sh\n"
			   "fi\n";

int
env_check(json_t *env, const char *field, struct err *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(env, name, value) {
		size_t n = strlen(name);

		if (n == 0 || n > ENV_NAME_MAX || strchr(name, '='))
			return err_field(
				e, field,
				"a name is empty, too long or has '='");
		if (!json_is_string(value))
			return err_field(e, field, "%s must be a string", name);
	}
	return 0;
}

void
env_base(const struct user *u)
{
	clearenv();
	setenv("PATH", AGENT_PATH, 1);
	setenv("HOME", u->home, 1);
	setenv("USER", u->name, 1);
	setenv("LOGNAME", u->name, 1);
	setenv("SHELL", u->shell, 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", "dumb", 1);
}

void
env_apply(json_t *env)
{
	const char *name;
	json_t *value;

	json_object_foreach(env, name, value)
		setenv(name, json_string_value(value), 1);
}

void
env_mark(const char *exec, json_t *claim_env, json_t *exec_env)
{
	setenv("CAGED_EXEC", exec, 1);
	if (json_object_get(claim_env, "PATH") ||
	    json_object_get(exec_env, "PATH"))
		setenv("CAGED_PATH", getenv("PATH"), 1);
}

/* [A-Za-z_][A-Za-z0-9_]*, and none that bash refuses to set. */
static bool
is_shell_name(const char *name)
{
	static const char *const readonly[] = {"BASHOPTS",  "BASH_VERSINFO",
					       "EUID",	    "PPID",
					       "SHELLOPTS", "UID"};
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz_0123456789";

	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		if (strcmp(name, readonly[i]) == 0)
			return false;
	return *name && !(*name >= '0' && *name <= '9') &&
	       name[strspn(name, letters)] == '\0';
}

/* Within single quotes nothing is special but the quote itself. */
static int
add_quoted(struct buf *b, const char *s)
{
	int rc = buf_addstr(b, "'");

	while (rc == 0 && *s) {
		size_t n = strcspn(s, "'");

		rc = buf_add(b, s, n);
		s += n;
		if (rc == 0 && *s) {
			rc = buf_addstr(b, "'\\''");
			s++;
		}
	}
	return rc < 0 ? rc : buf_addstr(b, "'");
}

int
env_script(struct buf *b, json_t *env)
{
	const char *name;
	json_t *value;

	json_object_foreach(env, name, value) {
		if (!is_shell_name(name))
			continue;
		if (buf_addf(b, "export %s=", name) < 0 ||
		    add_quoted(b, json_string_value(value)) < 0 ||
		    buf_addstr(b, "\n") < 0)
			return -1;
	}
	return 0;
}
