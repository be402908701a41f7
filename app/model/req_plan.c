#include "req_plan.h"

#include <stdbool.h>
#include <string.h>

#include "auto.h"
#include "channel.h"
#include "err.h"
#include "req_create.h"
#include "req_package.h"
#include "text.h"

#define HEX "0123456789abcdefABCDEF"
#define COMMIT_MIN 7
#define HOST_MAX 253

#define FIELD_SET(record, name, value) \
	((record).name = (value), (record).has_##name = true)

static const struct {
	const char *asked, *name;
} agents[] = {
	{"claude", "claude-code"},
#define AGENT(name, program, how, package, version) {#name, #name},
#include "agents.def"
#undef AGENT
};

/* Bytes that text which git, a header or a script gets may hold. */
static bool
is_graphic(const char *s, const char *but)
{
	for (; *s; s++)
		if (*s <= 0x20 || *s == 0x7f || strchr(but, *s))
			return false;
	return true;
}

static bool
authority_ok(const char *s, size_t n)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyz"
				   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t len = strspn(s, host);
	int64_t port;
	char text[8];

	if (len == 0 || len > HOST_MAX || len > n || s[0] == '-' || s[0] == '.')
		return false;
	if (len == n)
		return true;
	if (s[len] != ':' || n - len - 1 >= sizeof(text))
		return false;
	memcpy(text, s + len + 1, n - len - 1);
	text[n - len - 1] = '\0';
	return text_int(text, 1, 65535, &port) == 0;
}

int
req_plan_repo(const char *url, struct err *e)
{
	const char *host = NULL;
	size_t n;

	if (strncmp(url, "https://", 8) == 0)
		host = url + 8;
	else if (strncmp(url, "http://", 7) == 0)
		host = url + 7;
	if (!host)
		return err_field(e, "repo",
				 "repo: must start with https:// or http://");
	n = strcspn(host, "/?#\\");
	if (memchr(host, '@', n))
		return err_field(e, "repo",
				 "repo: must hold no credentials; give them as "
				 "repo_token");
	if (!authority_ok(host, n) || host[n] != '/' || !host[n + 1] ||
	    !is_graphic(url, "?#\\\"'<>`{}|^"))
		return err_field(e, "repo",
				 "repo: must be scheme://host[:port]/path, "
				 "without blanks, query or fragment");
	return 0;
}

/* What git-check-ref-format takes, and nothing that could be an option. */
int
req_plan_branch(const char *s, struct err *e)
{
	static const char lock[] = ".lock";
	size_t n = strlen(s);
	bool ok = n > 0 && is_graphic(s, "~^:?*[\\") && s[0] != '-' &&
		  s[0] != '/' && s[0] != '.' && s[n - 1] != '/' &&
		  s[n - 1] != '.' && !strstr(s, "..") && !strstr(s, "//") &&
		  !strstr(s, "@{") && !strstr(s, "/.") &&
		  !strstr(s, ".lock/") && strcmp(s, "@") != 0 &&
		  (n < sizeof(lock) ||
		   strcmp(s + n - (sizeof(lock) - 1), lock) != 0);

	return ok ? 0
		  : err_field(e, "repo_branch",
			      "repo_branch: not a name of a branch or tag");
}

static int
check_commit(const char *s, struct err *e)
{
	if (strlen(s) >= COMMIT_MIN && s[strspn(s, HEX)] == '\0')
		return 0;
	return err_field(e, "repo_commit",
			 "repo_commit: must be 7 to 64 hexadecimal digits");
}

int
req_plan_subdir(const char *path, struct err *e)
{
	const char *s = path;
	bool ok = is_graphic(path, "*?[]\\\"") && !strchr("-!#", path[0]);
	size_t n;

	while (ok) {
		n = strcspn(s, "/");
		ok = n > 0 && !(n == 1 && s[0] == '.') &&
		     !(n == 2 && s[0] == '.' && s[1] == '.');
		if (!s[n])
			break;
		s += n + 1;
	}
	return ok ? 0
		  : err_field(e, "repo_subdir",
			      "repo_subdir: must be a folder's path within the "
			      "repository, without blanks or *?[]\\\"");
}

static bool
given(const char *s)
{
	return s && *s;
}

static int
check_repo(const struct req_create *r, struct err *e)
{
	if (!given(r->repo)) {
		if (given(r->repo_token) || given(r->repo_branch) ||
		    given(r->repo_commit) || given(r->repo_subdir))
			return err_field(e, "repo",
					 "repo: is missing, and repo_token, "
					 "repo_branch, repo_commit and "
					 "repo_subdir need it");
		return 0;
	}
	if (strcmp(r->network_mode, "none") == 0)
		return err_field(e, "repo",
				 "repo: cannot be cloned with network_mode "
				 "none");
	if (given(r->repo_token) && !is_graphic(r->repo_token, ""))
		return err_field(e, "repo_token",
				 "repo_token: must be printable ASCII without "
				 "blanks");
	if (req_plan_repo(r->repo, e) ||
	    (given(r->repo_branch) && req_plan_branch(r->repo_branch, e)) ||
	    (given(r->repo_commit) && check_commit(r->repo_commit, e)) ||
	    (given(r->repo_subdir) && req_plan_subdir(r->repo_subdir, e)))
		return -1;
	return 0;
}

static bool
holds(const json_t *array, const char *text)
{
	json_t *v;
	size_t i;

	json_array_foreach(array, i, v) {
		if (strcmp(json_string_value(v), text) == 0)
			return true;
	}
	return false;
}

static int
add_once(json_t *array, const char *text)
{
	return holds(array, text)
		       ? 0
		       : json_array_append_new(array, json_string(text));
}

/* Each package in its manager's list. */
static int
sort_packages(const struct req_create *r, json_t *lists[PACKAGE_COUNT],
	      struct err *e)
{
	enum package_manager own = req_package_own(r->template), m;
	const char *name;
	json_t *v;
	size_t i;

	json_array_foreach(r->packages, i, v) {
		if (!json_is_string(v))
			return err_field(e, "packages",
					 "packages: must be strings");
		if (req_package_read(json_string_value(v), own, &m, &name, e))
			return -1;
		if (add_once(lists[m], name) ||
		    json_array_size(lists[m]) > CHANNEL_PLAN_LIST_MAX)
			return err_field(e, "packages",
					 "packages: more than %d of one kind",
					 CHANNEL_PLAN_LIST_MAX);
	}
	return 0;
}

static const char *
agent_name(const char *asked)
{
	for (size_t i = 0; asked && i < sizeof(agents) / sizeof(agents[0]); i++)
		if (strcmp(agents[i].asked, asked) == 0)
			return agents[i].name;
	return NULL;
}

static int
list_agents(const struct req_create *r, json_t *list, struct err *e)
{
	const char *name;
	json_t *v;
	size_t i;

	json_array_foreach(r->agents, i, v) {
		name = agent_name(json_string_value(v));
		if (!name)
			return err_field(e, "agents",
					 "agents: each must be claude, "
					 "claude-code, codex, opencode or "
					 "aider");
		if (add_once(list, name))
			return err_set(e, ERR_INTERNAL,
				       "agents: out of memory");
	}
	return 0;
}

static void
set_lists(struct plan *p, json_t *lists[PACKAGE_COUNT], json_t *agent_list)
{
	if (json_array_size(lists[PACKAGE_apt]))
		FIELD_SET(*p, apt, lists[PACKAGE_apt]);
	if (json_array_size(lists[PACKAGE_npm]))
		FIELD_SET(*p, npm, lists[PACKAGE_npm]);
	if (json_array_size(lists[PACKAGE_pip]))
		FIELD_SET(*p, pip, lists[PACKAGE_pip]);
	if (json_array_size(agent_list))
		FIELD_SET(*p, agents, agent_list);
}

static void
set_words(struct plan *p, const struct req_create *r)
{
	if (given(r->repo))
		FIELD_SET(*p, repo, r->repo);
	if (given(r->repo_token))
		FIELD_SET(*p, repo_token, r->repo_token);
	if (given(r->repo_branch))
		FIELD_SET(*p, repo_branch, r->repo_branch);
	if (given(r->repo_commit))
		FIELD_SET(*p, repo_commit, r->repo_commit);
	if (given(r->repo_subdir))
		FIELD_SET(*p, repo_subdir, r->repo_subdir);
	if (given(r->init_script))
		FIELD_SET(*p, init_script, r->init_script);
}

static json_t *
make_record(const struct req_create *r, struct err *e)
{
	auto_json json_t *apt = json_array(), *npm = json_array();
	auto_json json_t *pip = json_array(), *list = json_array();
	json_t *lists[PACKAGE_COUNT] = {apt, npm, pip}, *record;
	struct plan p = {0};

	if (sort_packages(r, lists, e) || list_agents(r, list, e))
		return NULL;
	set_lists(&p, lists, list);
	set_words(&p, r);
	record = field_write(&plan_fields, &p);
	if (!record)
		err_set(e, ERR_INTERNAL, "plan: out of memory");
	return record;
}

int
req_plan_check(const struct req_create *r, struct err *e)
{
	auto_json json_t *record = NULL;
	auto_free char *text = NULL;
	size_t n;

	if (check_repo(r, e))
		return -1;
	record = make_record(r, e);
	text = record ? json_text(record) : NULL;
	if (!text)
		return -1;
	n = strlen(text);
	explicit_bzero(text, n);
	if (n > REQ_PLAN_TEXT_MAX)
		return err_field(e, "init_script",
				 "init_script: with repo, packages and agents "
				 "over %d bytes as JSON",
				 REQ_PLAN_TEXT_MAX);
	return 0;
}

int64_t
req_plan_memory_mb(const struct req_create *r)
{
	return json_array_size(r->agents) ? REQ_PLAN_AGENT_MEMORY_MB : 0;
}

json_t *
req_plan_make(const struct req_create *r, struct err *e)
{
	auto_json json_t *record = make_record(r, e);
	json_t *plan;

	if (!record)
		return NULL;
	plan = json_pack("{s:O, s:O*}", "plan", record, "env", r->env);
	if (!plan)
		err_set(e, ERR_INTERNAL, "plan: out of memory");
	return plan;
}
