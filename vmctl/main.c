/* vmctl: the privileged daemon, and its command line for the operator. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "conf.h"
#include "err.h"
#include "log.h"
#include "proc.h"
#include "server.h"

static int
serve(const struct conf *c, int argc, char **argv)
{
	struct err e;

	(void)argv;
	if (argc > 1)
		return command_usage();
	if (geteuid() != 0) {
		fprintf(stderr, "vmctl: the daemon must run as root\n");
		return 1;
	}
	if (proc_harden(&e) < 0 || server_run(c, &e) < 0) {
		log_error("vmctl ends", "message", e.msg);
		return 1;
	}
	return 0;
}

static const struct {
	const char *name;
	int (*run)(const struct conf *c, int argc, char **argv);
} commands[] = {
	{"serve", serve},	    {"list", command_list},
	{"stat", command_stat},	    {"destroy", command_destroy},
	{"doctor", command_doctor},
};

static int
run(const struct conf *c, int argc, char **argv)
{
	static char serve_name[] = "serve";
	static char *serve_argv[] = {serve_name, NULL};

	if (argc == 0)
		return serve(c, 1, serve_argv);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(commands[i].name, argv[0]) == 0)
			return commands[i].run(c, argc, argv);
	}
	return command_usage();
}

int
main(int argc, char **argv)
{
	static struct conf c;
	const char *path = NULL;
	struct err e;
	int opt;

	while ((opt = getopt(argc, argv, "+c:h")) >= 0) {
		if (opt != 'c')
			return command_usage();
		path = optarg;
	}
	proc_raise_nofile();
	if (conf_load(&c, path, &e) < 0) {
		fprintf(stderr, "vmctl: %s\n", e.msg);
		return 2;
	}
	log_init("vmctl", (enum log_level)log_level_from_name(c.log_level));
	return run(&c, argc - optind, argv + optind);
}
