/* POST /v1/sandboxes: its body. */
#pragma once

#include "field.h"
#include "req.h"
#include "req_plan.h"

struct err;
struct sandbox;

#define REQ_CREATE_FIELDS(F, S) \
	F(S, STR, template, 1, 32, 0) \
	F(S, INT, cpus, 1, 8, 0) \
	F(S, INT, memory_mb, 128, 8192, 0) \
	F(S, INT, disk_gb, 1, 50, 0) \
	F(S, STR, network_mode, 1, 16, FIELD_NULLABLE) \
	F(S, ARR, allowlist, 0, 256, FIELD_NULLABLE) \
	F(S, OBJ, env, 0, REQ_ENV_MAX, FIELD_NULLABLE | FIELD_SECRET) \
	F(S, STR, repo, 0, 2048, FIELD_NULLABLE) \
	F(S, STR, repo_token, 0, 1024, FIELD_NULLABLE | FIELD_SECRET) \
	F(S, STR, repo_branch, 0, 255, FIELD_NULLABLE) \
	F(S, STR, repo_commit, 0, 64, FIELD_NULLABLE) \
	F(S, STR, repo_subdir, 0, 1024, FIELD_NULLABLE) \
	F(S, NUM, budget, 0, 1000000, FIELD_NULLABLE) \
	F(S, NUM, budget_usd, 0, 1000000, FIELD_NULLABLE) \
	F(S, STR, budget_action, 1, 16, FIELD_NULLABLE) \
	F(S, STR, init_script, 0, REQ_PLAN_SCRIPT_MAX, FIELD_NULLABLE) \
	F(S, INT, timeout, 0, REQ_TIMEOUT_MAX, FIELD_NULLABLE) \
	F(S, ARR, secrets, 0, 256, FIELD_NULLABLE) \
	F(S, ARR, packages, 0, 256, FIELD_NULLABLE) \
	F(S, ARR, agents, 0, 16, FIELD_NULLABLE) \
	F(S, STR, from_snapshot, 0, 32, FIELD_NULLABLE) \
	F(S, STR, name, 0, 128, FIELD_NULLABLE) \
	F(S, OBJ, metadata, 0, REQ_METADATA_MAX, FIELD_NULLABLE) \
	F(S, INT, lifetime, 0, 31536000, FIELD_NULLABLE) \
	F(S, ARR, ports, 0, 20, FIELD_NULLABLE)
FIELDS_DECLARE(req_create, REQ_CREATE_FIELDS)

/*
 * Reads and checks the whole body and sets every default. `alias`: the caller
 * used an unversioned route, where the template may be left out. Pointers are
 * borrowed from `body`. NOT_IMPLEMENTED names a field whose feature is missing.
 */
int req_create_read(json_t *body, bool alias, struct req_create *out,
		    struct err *e);
/* Fills what the request decides: template, shape, name, metadata, ... */
int req_create_sandbox(const struct req_create *r, struct sandbox *s,
		       struct err *e);
