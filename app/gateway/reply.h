/* Answers in JSON. Each ends the exchange. */
#pragma once

#include <jansson.h>

struct err;
struct http_exchange;

/* `json` is taken over; NULL is answered as INTERNAL. */
void reply_json(struct http_exchange *x, int status, json_t *json);
void reply_empty(struct http_exchange *x, int status);
/* The one place where failures are logged: those of 500 and above. */
void reply_problem(struct http_exchange *x, const struct err *e);
/* The same with a problem made by the caller, which is taken over. */
void reply_problem_json(struct http_exchange *x, const struct err *e,
			json_t *problem);
