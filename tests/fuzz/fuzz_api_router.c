/*
 * What a client decides of a request: method, path, headers, query. Lines of
 * "name=value" become parameters; nothing behind the workers is there.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fake_source.h"
#include "api/api.h"
#include "api/dispatch.h"
#include "api/gate.h"
#include "api/rate.h"
#include "api/response.h"
#include "auto.h"
#include "err.h"
#include "log.h"
#include "store/store.h"
#include "vmctl_client.h"

static struct conf conf;
static struct api api = {.conf = &conf, .host = "host-a"};

static void
set_up(void)
{
	struct err e;

	log_init("fuzz", LOG_LEVEL_ERROR);
	if (conf_load(&conf, NULL, &e))
		abort();
	strcpy(conf.db_socket, "/nonexistent/mysql.sock");
	strcpy(conf.vmctl_socket, "/nonexistent/vmctl.sock");
	api.rate = rate_new(&e);
	api.gate = gate_new(4, &e);
	api.store = store_open(&conf, "nobody", &e);
	api.vmctl = vmctl_new(conf.vmctl_socket);
	assert(api.rate && api.gate && api.store && api.vmctl);
}

/* Cuts the text into parameters, and what follows an empty line is the body. */
static void
cut(char *text, struct fake_source *f)
{
	size_t n = 0;

	while (text && n < 15) {
		char *line = strsep(&text, "\n");
		char *value = strchr(line, '=');

		if (!*line)
			break;
		if (!value)
			continue;
		*value++ = '\0';
		f->params[n++] = (struct fake_param){line, value};
	}
	f->body = text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	struct fake_source f = {0};
	const struct request_source source = fake_request(&f);
	struct response r;

	if (!api.rate)
		set_up();
	memcpy(text, data, size);
	text[size] = '\0';
	cut(text, &f);
	response_init(&r);
	dispatch(&api, &source, &r);
	assert(r.status >= 200 && r.status <= 599 && !r.headers.full);
	response_fini(&r);
	return 0;
}
