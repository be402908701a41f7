/* What a create asks to be made ready in the sandbox: repository, packages,
 * agents and script, checked, and as the plan that the agent carries out. */
#pragma once

#include <jansson.h>

struct err;
struct req_create;

#define REQ_PLAN_SCRIPT_MAX 32768 /* bytes of init_script */
#define REQ_PLAN_TEXT_MAX 60000	  /* of the plan as JSON: one OPEN frame */
#define REQ_PLAN_AGENT_MEMORY_MB 1024

/* Checks every field; needs the template's own name and the network mode.
 * INVALID_REQUEST names the field, and never shows a secret. */
int req_plan_check(const struct req_create *r, struct err *e);
/* Of agents, installers need that much memory; 0: none are asked for. */
int64_t req_plan_memory_mb(const struct req_create *r);
/*
 * {"env":{...},"plan":{...}}, where plan is a record of channel.h, empty when
 * nothing is to be done, and env is left out when there is none. NULL and an
 * error; owned by the caller.
 */
json_t *req_plan_make(const struct req_create *r, struct err *e);

/* Checks of one value each, for tests: 0 or -1. */
int req_plan_repo(const char *url, struct err *e);
int req_plan_branch(const char *name, struct err *e);
int req_plan_subdir(const char *path, struct err *e);
