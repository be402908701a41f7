#include "req_exec.h"

#include <string.h>

#include "auto.h"
#include "err.h"
#include "req.h"

FIELDS_DEFINE(req_exec, REQ_EXEC_FIELDS)

static const struct req_later later[] = {
	{"background", NULL},
	{"stream", NULL},
};

static int
check_command(const struct req_exec *r, struct err *e)
{
	size_t i;
	json_t *v;

	if (r->has_command == r->has_cmd)
		return err_field(e, "command",
				 "give exactly one of command and cmd");
	json_array_foreach(r->cmd, i, v)
		if (!json_is_string(v))
			return err_field(e, "cmd",
					 "cmd: must be a "
					 "list of strings");
	if (r->has_cmd && json_string_length(json_array_get(r->cmd, 0)) == 0)
		return err_field(e, "cmd", "cmd: names no program");
	return 0;
}

/* A Linux user's name; the guest decides whether there is one. */
static int
check_user(const char *user, struct err *e)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-.";

	if (!user || (user[0] != '-' && strspn(user, letters) == strlen(user)))
		return 0;
	return err_field(e, "user", "user: not a user's name");
}

/* The agent's OPEN frame carries all of these. */
static int
check_size(const struct req_exec *r, struct err *e)
{
	auto_json json_t *o =
		json_pack("{s:s*, s:O*, s:s*, s:O*}", "command", r->command,
			  "argv", r->cmd, "cwd", r->cwd, "env", r->env);
	auto_free char *text = o ? json_text(o) : NULL;

	if (!text)
		return err_set(e, ERR_INTERNAL, "exec: out of memory");
	if (strlen(text) > REQ_EXEC_OPEN_MAX)
		return err_field(e, r->has_cmd ? "cmd" : "command",
				 "command, env and cwd: over %d bytes as JSON",
				 REQ_EXEC_OPEN_MAX);
	return 0;
}

int
req_exec_read(json_t *body, struct req_exec *out, struct err *e)
{
	struct req_exec r;

	if (field_read(&req_exec_fields, body, &r, e) || check_command(&r, e) ||
	    check_user(r.user, e) || req_check_env(r.env, e) ||
	    check_size(&r, e) ||
	    req_refuse_later(body, later, sizeof(later) / sizeof(later[0]), e))
		return -1;
	if (!r.has_timeout)
		r.timeout = REQ_EXEC_TIMEOUT_S;
	if (req_exec_timeout_ms(&r) < 1)
		return err_field(e, "timeout",
				 "timeout: must be more than 0 and at most %d "
				 "seconds",
				 REQ_EXEC_TIMEOUT_MAX_S);
	*out = r;
	return 0;
}

int64_t
req_exec_timeout_ms(const struct req_exec *r)
{
	return (int64_t)(r->timeout * 1000);
}

char *
req_exec_text(const struct req_exec *r)
{
	return r->has_command ? strdup(r->command) : json_text(r->cmd);
}
