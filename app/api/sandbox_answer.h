/* A sandbox as the answer to the caller, who may have used an alias. */
#pragma once

#include <jansson.h>

struct call;
struct err;
struct sandbox;

/* Owned by the caller; NULL: no memory. */
json_t *sandbox_answer_json(const struct call *c, const struct sandbox *s);
int sandbox_answer(struct call *c, int status, const struct sandbox *s,
		   struct err *e);
