/* What every command of caged-admin gets and answers. */
#pragma once

#include "conf.h"
#include "err.h"

struct admin {
	struct conf conf;
	char user[65]; /* the operator's: also the MySQL user */
	int argc;
	char **argv; /* after the command's words */
};

enum admin_exit { ADMIN_OK = 0, ADMIN_FAILED = 1, ADMIN_USAGE = 2 };

/*
 * A command answers 0, or -1 with an error for main to print; INVALID_REQUEST
 * says that the command line was wrong.
 */
typedef int admin_cmd(struct admin *a, struct err *e);

#define CMD(function, words, args, help) admin_cmd function;
#include "admin/cmds.def"
#undef CMD
