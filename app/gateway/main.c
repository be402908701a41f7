/* caged-gateway: the one process that talks to guests. */
#include <stdio.h>
#include <unistd.h>

#include "conf.h"
#include "err.h"
#include "gateway.h"
#include "log.h"
#include "proc.h"

static int
usage(void)
{
	fprintf(stderr, "usage: caged-gateway [-c FILE]\n");
	return 2;
}

static int
serve(const struct conf *c)
{
	static struct gateway gw;
	struct err e;
	int rc = gateway_open(&gw, c, &e);

	if (rc == 0)
		gateway_run(&gw);
	else
		log_error("cannot start", "why", e.msg);
	gateway_close(&gw);
	return rc == 0 ? 0 : 1;
}

int
main(int argc, char **argv)
{
	static struct conf c;
	const char *path = NULL;
	struct err e;
	int opt;

	while ((opt = getopt(argc, argv, "c:h")) >= 0) {
		if (opt != 'c')
			return usage();
		path = optarg;
	}
	if (optind != argc)
		return usage();
	proc_raise_nofile();
	if (conf_load(&c, path, &e) < 0) {
		fprintf(stderr, "caged-gateway: %s\n", e.msg);
		return 2;
	}
	log_init("caged-gateway",
		 (enum log_level)log_level_from_name(c.log_level));
	return serve(&c);
}
