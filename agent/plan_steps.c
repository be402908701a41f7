/*
 * Theory of operation: what a client chose reaches a script as an argument or
 * a variable, never as text of the script. The repository's token is in the
 * environment of git alone, which asks for it by a helper bound to the
 * repository's server: another server, to which that one leads, gets nothing.
 */
#include "plan_steps.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent.h"
#include "auto.h"
#include "buf.h"
#include "err.h"
#include "text.h"

#define MINUTE_MS 60000
#define REPO_MS (15 * MINUTE_MS)
#define INSTALL_MS (15 * MINUTE_MS)

static const char repo_script[] =
	"set -eu\n"
	"url=$1 branch=$2 commit=$3 subdir=$4\n"
	"cd " AGENT_WORKSPACE "\n"
	"git clone --no-checkout ${branch:+--branch \"$branch\"} -- \"$url\" "
	".\n"
	"[ -z \"$subdir\" ] || git sparse-checkout set \"$subdir\"\n"
	"if [ -n \"$commit\" ]; then\n"
	"	git cat-file -e \"$commit^{commit}\" 2>/dev/null ||\n"
	"		git fetch --quiet origin \"$commit\"\n"
	"	git -c advice.detachedHead=false checkout --detach "
	"\"$commit\"\n"
	"elif git rev-parse --quiet --verify HEAD >/dev/null; then\n"
	"	git reset --quiet --hard\n"
	"fi\n"
	"if [ -n \"$subdir\" ] && ! [ -d \"$subdir\" ]; then\n"
	"	echo \"the repository has no folder $subdir\" >&2\n"
	"	exit 1\n"
	"fi\n";

/* printf is the shell's own, so the token is no process's argument. */
#define HELPER \
	"!caged() { [ \"$1\" != get ] ||" \
	" printf 'username=%s\\npassword=%s\\n' " PLAN_GIT_USER \
	" \"$CAGED_REPO_TOKEN\"; }; caged"

static const char apt_script[] =
	"set -eu\n"
	"export DEBIAN_FRONTEND=noninteractive\n"
	"apt-get -q update\n"
	"apt-get -q -y --no-install-recommends install -- \"$@\"\n";

/* /usr/local belongs to the user where the template has a registry's tools. */
static const char npm_script[] =
	"set -eu\n"
	"as=\n"
	"[ -w /usr/local/lib ] || as='sudo -E'\n"
	"$as npm install --global --no-audit --no-fund --prefix /usr/local"
	" -- \"$@\"\n";

static const char pip_script[] =
	"set -eu\n"
	"python3 -m pip install --disable-pip-version-check"
	" --no-input -- \"$@\"\n";

#define AGENT_START \
	"set -eu\n" \
	"program=$1 package=$2 version=$3\n" \
	"as=\n" \
	"[ -w /usr/local/lib ] && [ -w /usr/local/bin ] || as='sudo -E'\n" \
	"debian() {\n" \
	"	export DEBIAN_FRONTEND=noninteractive\n" \
	"	sudo -E apt-get -q update\n" \
	"	sudo -E apt-get -q -y --no-install-recommends install " \
	"\"$@\"\n" \
	"}\n" \
	"have() {\n" \
	"	command -v \"$program\" >/dev/null &&\n" \
	"		\"$program\" --version | grep -qF -- \"$version\"\n" \
	"}\n" \
	"if ! have; then\n"
#define AGENT_END \
	"fi\n" \
	"\"$program\" --version\n"

static const char agent_npm_script[] =
	AGENT_START "	command -v npm >/dev/null || debian nodejs npm\n"
		    "	$as npm install --global --no-audit --no-fund"
		    " --prefix /usr/local -- \"$package@$version\"\n" AGENT_END;

static const char agent_venv_script[] = AGENT_START
	"	home=$HOME/.local/share/caged/$program\n"
	"	rm -rf \"$home\"\n"
	"	python3 -m venv \"$home\" || {\n"
	"		debian python3-venv\n"
	"		python3 -m venv --clear \"$home\"\n"
	"	}\n"
	"	\"$home/bin/pip\" install --disable-pip-version-check"
	" --no-input -- \"$package==$version\"\n"
	"	$as ln -sf \"$home/bin/$program\" /usr/local/bin/\n" AGENT_END;

#define AGENT_SCRIPT_npm agent_npm_script
#define AGENT_SCRIPT_venv agent_venv_script

static const struct {
	const char *name, *program, *package, *version, *script;
} agents[] = {
#define AGENT(name, program, how, package, version) \
	{#name, #program, package, version, AGENT_SCRIPT_##how},
#include "agents.def"
#undef AGENT
};

void
plan_step_fini(struct plan_step *s)
{
	if (s->command)
		explicit_bzero(s->command, strlen(s->command));
	free(s->command);
	json_decref(s->argv);
	json_decref(s->env);
	*s = (struct plan_step){0};
}

void
plan_steps_fini(struct plan_steps *s)
{
	for (size_t i = 0; i < s->count; i++)
		plan_step_fini(&s->list[i]);
	s->count = 0;
}

static struct plan_step *
add(struct plan_steps *s, const char *name, const char *detail,
    const char *user, int64_t timeout_ms)
{
	struct plan_step *step;
	char full[sizeof(step->name)];

	if (s->count == CHANNEL_PLAN_STEPS_MAX ||
	    snprintf(full, sizeof(full), "%s%s%s", name, detail ? ":" : "",
		     detail ? detail : "") >= (int)sizeof(full))
		return NULL;
	step = &s->list[s->count++];
	*step = (struct plan_step){.user = user, .timeout_ms = timeout_ms};
	text_copy(step->name, sizeof(step->name), full);
	return step;
}

/* bash -c SCRIPT NAME, to which arguments may be added. */
static int
set_script(struct plan_step *s, const char *script)
{
	if (!s)
		return -1;
	s->argv = json_pack("[s,s,s,s]", "/bin/bash", "-c", script, s->name);
	return s->argv ? 0 : -1;
}

static int
add_arg(struct plan_step *s, const char *text)
{
	return json_array_append_new(s->argv, json_string(text ? text : ""));
}

/* scheme://host[:port], to which the helper is bound. */
static size_t
origin_length(const char *url)
{
	const char *host = strstr(url, "://");

	return host ? (size_t)(host + 3 - url) + strcspn(host + 3, "/?#")
		    : strlen(url);
}

static json_t *
git_env(const struct plan *p)
{
	auto_buf struct buf key = {0};

	buf_init(&key, 4096);
	if (!p->repo_token)
		return json_pack("{s:s}", "GIT_TERMINAL_PROMPT", "0");
	if (buf_addf(&key, "credential.%.*s.helper",
		     (int)origin_length(p->repo), p->repo) < 0)
		return NULL;
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
			 "GIT_TERMINAL_PROMPT", "0", "GIT_CONFIG_COUNT", "2",
			 "GIT_CONFIG_KEY_0", "credential.helper",
			 "GIT_CONFIG_VALUE_0", "", "GIT_CONFIG_KEY_1",
			 buf_str(&key), "GIT_CONFIG_VALUE_1", HELPER,
			 "CAGED_REPO_TOKEN", p->repo_token);
}

static int
add_repo(struct plan_steps *out, const struct plan *p)
{
	struct plan_step *s;

	if (!p->repo)
		return 0;
	s = add(out, "repo", NULL, AGENT_USER, REPO_MS);
	if (set_script(s, repo_script) < 0 || add_arg(s, p->repo) < 0 ||
	    add_arg(s, p->repo_branch) < 0 || add_arg(s, p->repo_commit) < 0 ||
	    add_arg(s, p->repo_subdir) < 0)
		return -1;
	s->env = git_env(p);
	return s->env ? 0 : -1;
}

static int
add_packages(struct plan_steps *out, const char *manager, const char *user,
	     const char *script, const json_t *names)
{
	struct plan_step *s;
	json_t *name;
	size_t i;

	if (!names)
		return 0;
	s = add(out, "packages", manager, user, INSTALL_MS);
	if (set_script(s, script) < 0)
		return -1;
	json_array_foreach(names, i, name) {
		if (!json_is_string(name) ||
		    add_arg(s, json_string_value(name)) < 0)
			return -1;
	}
	return 0;
}

static int
add_agent(struct plan_steps *out, const char *name)
{
	struct plan_step *s;

	for (size_t i = 0; name && i < sizeof(agents) / sizeof(agents[0]);
	     i++) {
		if (strcmp(agents[i].name, name) != 0)
			continue;
		s = add(out, "agents", name, AGENT_USER, INSTALL_MS);
		return set_script(s, agents[i].script) < 0 ||
				       add_arg(s, agents[i].program) < 0 ||
				       add_arg(s, agents[i].package) < 0 ||
				       add_arg(s, agents[i].version) < 0
			       ? -1
			       : 0;
	}
	return -1;
}

static int
add_agents(struct plan_steps *out, const json_t *names)
{
	json_t *name;
	size_t i;

	json_array_foreach(names, i, name) {
		if (add_agent(out, json_string_value(name)) < 0)
			return -1;
	}
	return 0;
}

static int
add_init_script(struct plan_steps *out, const struct plan *p)
{
	struct plan_step *s;

	if (!p->init_script)
		return 0;
	s = add(out, "init_script", NULL, AGENT_USER, CHANNEL_PLAN_MS);
	if (!s)
		return -1;
	s->command = strdup(p->init_script);
	return s->command ? 0 : -1;
}

int
plan_steps_make(struct plan_steps *out, const struct plan *plan, struct err *e)
{
	*out = (struct plan_steps){0};
	if (add_repo(out, plan) == 0 &&
	    add_packages(out, "apt", "root", apt_script, plan->apt) == 0 &&
	    add_packages(out, "npm", AGENT_USER, npm_script, plan->npm) == 0 &&
	    add_packages(out, "pip", AGENT_USER, pip_script, plan->pip) == 0 &&
	    add_agents(out, plan->agents) == 0 &&
	    add_init_script(out, plan) == 0)
		return 0;
	plan_steps_fini(out);
	return err_set(e, ERR_INVALID_REQUEST,
		       "a plan that this agent cannot carry out");
}
