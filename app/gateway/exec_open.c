#include "exec_open.h"

#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "model/req.h"
#include "model/req_exec.h"
#include "model/req_file.h"

void
exec_open_fini(struct exec_open *o)
{
	json_decref(o->body);
	buf_fini(&o->cwd);
	free(o->text);
	*o = (struct exec_open){0};
}

#define SET(record, member, v) \
	((record)->member = (v), (record)->has_##member = true)

static void
fill(struct exec_open *o, const char *exec, const struct req_exec *r)
{
	struct exec *to = &o->record;

	SET(to, exec, exec);
	SET(to, timeout_ms, req_exec_timeout_ms(r));
	if (r->has_command)
		SET(to, command, r->command);
	if (r->has_cmd)
		SET(to, argv, r->cmd);
	if (r->has_cwd)
		SET(to, cwd, buf_str(&o->cwd));
	if (r->has_env)
		SET(to, env, r->env);
	if (r->has_user)
		SET(to, user, r->user);
	if (r->has_stdin)
		SET(to, stdin, true);
	o->input = r->stdin;
}

int
exec_open_read(struct exec_open *o, const char *exec, const void *body,
	       size_t n, struct err *e)
{
	struct req_exec r;

	*o = (struct exec_open){0};
	buf_init(&o->cwd, (size_t)3 * CHANNEL_PATH_MAX);
	o->body = req_parse(body, n, e);
	if (!o->body || req_exec_read(o->body, &r, e) < 0)
		return -1;
	if (r.has_cwd && req_file_add_path(&o->cwd, r.cwd) < 0)
		return err_field(e, "cwd", "cwd: longer than %d bytes",
				 CHANNEL_PATH_MAX);
	o->text = req_exec_text(&r);
	if (!o->text)
		return err_set(e, ERR_INTERNAL, "no memory for a command");
	fill(o, exec, &r);
	return 0;
}
