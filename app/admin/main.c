#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/admin.h"
#include "text.h"

struct cmd {
	admin_cmd *run;
	const char *words, *args, *help;
};

static const struct cmd cmds[] = {
#define CMD(function, words, args, help) {function, words, args, help},
#include "admin/cmds.def"
#undef CMD
};
#define CMD_COUNT (sizeof(cmds) / sizeof(cmds[0]))

static void
usage(FILE *f)
{
	fprintf(f, "usage: caged-admin [-c CONF] COMMAND\n\n");
	for (size_t i = 0; i < CMD_COUNT; i++)
		fprintf(f, "  %s%s%s\n      %s\n", cmds[i].words,
			cmds[i].args[0] ? " " : "", cmds[i].args, cmds[i].help);
}

int
cmd_help(struct admin *a, struct err *e)
{
	(void)a;
	(void)e;
	usage(stdout);
	return 0;
}

/* How many of argv's words the command is called by; 0: it is another one. */
static int
words_match(const char *words, int argc, char **argv)
{
	int n = 0;

	for (const char *p = words; *p; n++) {
		size_t len = strcspn(p, " ");

		if (n == argc || strlen(argv[n]) != len ||
		    strncmp(argv[n], p, len) != 0)
			return 0;
		p += len + (p[len] == ' ');
	}
	return n;
}

static const struct cmd *
find_cmd(struct admin *a, int argc, char **argv)
{
	for (size_t i = 0; i < CMD_COUNT; i++) {
		int n = words_match(cmds[i].words, argc, argv);

		if (n > 0) {
			a->argc = argc - n;
			a->argv = argv + n;
			return &cmds[i];
		}
	}
	return NULL;
}

static int
find_user(struct admin *a, struct err *e)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (!pw || text_copy(a->user, sizeof(a->user), pw->pw_name) < 0)
		return err_set(e, ERR_INTERNAL,
			       "who are you? uid %u has no name", geteuid());
	return 0;
}

static int
run(struct admin *a, const struct cmd *c, const char *conf)
{
	struct err e = {0};

	if (conf_load(&a->conf, conf, &e) == 0 && find_user(a, &e) == 0 &&
	    c->run(a, &e) == 0)
		return ADMIN_OK;
	fprintf(stderr, "caged-admin %s: %s\n", c->words, e.msg);
	if (e.code != ERR_INVALID_REQUEST)
		return ADMIN_FAILED;
	fprintf(stderr, "usage: caged-admin %s %s\n", c->words, c->args);
	return ADMIN_USAGE;
}

int
main(int argc, char **argv)
{
	const char *conf = NULL;
	const struct cmd *c;
	struct admin a = {0};
	int opt;

	while ((opt = getopt(argc, argv, "+c:")) == 'c')
		conf = optarg;
	c = opt == -1 ? find_cmd(&a, argc - optind, argv + optind) : NULL;
	if (!c) {
		usage(stderr);
		return ADMIN_USAGE;
	}
	return run(&a, c, conf);
}
