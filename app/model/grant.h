/*
 * A grant: a worker's permission to the gateway for one operation on one
 * sandbox, carried by nginx. An HS256 JWT of at most 30 s, for one host, one
 * method and path, usable once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "id.h"

#define GRANT_LIFE_S 30
#define GRANT_KEY_SIZE 32
#define GRANT_TEXT_MAX 2048
#define GRANT_HEADER "X-Caged-Grant"

/* GRANT_OP(name): what the gateway may do; GRANT_OP_refuse makes it answer
 * `refusal` as a problem. */
/* clang-format off */
#define GRANT_OPS(X) \
	X(create) X(exec) X(exec_get) X(file_list) X(file_read) \
	X(file_write) X(file_delete) X(file_mkdir) X(file_move) X(git_diff) \
	X(pause) X(resume) X(refuse)
/* clang-format on */

enum grant_op {
#define GRANT_OP(name) GRANT_OP_##name,
	GRANT_OPS(GRANT_OP)
#undef GRANT_OP
		GRANT_OP_COUNT
};

struct grant {
	enum grant_op op;
	char host[65];	       /* the audience: gateway/<host> */
	char sandbox[ID_SIZE]; /* "" for refuse */
	int64_t boot;	       /* generation: the op_id that booted the VMM */
	char account[ID_SIZE];
	char key[ID_SIZE];
	char request_id[65];
	char exec[ID_SIZE]; /* for exec and exec_get */
	char idem[ID_SIZE]; /* for pause and resume: whose key to settle; "" */
	bool json_alias;    /* the caller used an unversioned alias */
	char method[8];
	char path[1025]; /* as routed, without the query; hashed in the token */
	struct err refusal; /* for refuse */
	int retry_after_s;  /* for refuse; 0 = none */
};

const char *grant_op_name(enum grant_op op);

/* The token, NUL-terminated, in out. jti and exp are made here. 0 or -1. */
int grant_sign(const struct grant *g, const uint8_t key[GRANT_KEY_SIZE],
	       char out[GRANT_TEXT_MAX], struct err *e);
/*
 * Checks algorithm, signature, life, audience, method and path. `jti` gets the
 * token's id; refusing a second use of it is the gateway's business. 0, or -1
 * with UNAUTHENTICATED; the message never holds the token.
 */
int grant_verify(const char *token, const uint8_t key[GRANT_KEY_SIZE],
		 const char *host, const char *method, const char *path,
		 struct grant *out, char jti[33], struct err *e);
