/*
 * The API's dispatcher on a real database, with a vmctl that says what a test
 * tells it, and an account with a key.
 */
#pragma once

#include "fake_source.h"
#include "store_live.h"
#include "vmctl_server.h"

#include "api/api.h"
#include "api/dispatch.h"
#include "api/gate.h"
#include "api/rate.h"
#include "api/response.h"
#include "log.h"
#include "model/api_key.h"
#include "model/grant.h"
#include "model/plan_crypt.h"
#include "store/store_key.h"
#include "store/store_sandbox.h"
#include "store/store_sandbox_move.h"
#include "vmctl_client.h"

#define BODY "{\"template\":\"minimal\",\"env\":{\"A\":\"secret\"}}"
#define OK "{\"id\":%jd,\"ok\":{}}"
#define VM \
	"{\"id\":%jd,\"ok\":{\"sandbox\":\"cage-0123456789abcdef\"," \
	"\"state\":\"running\",\"op_id\":1,\"boot\":1,\"pid\":1,\"uid\":1}}"
#define REFUSED(code) \
	"{\"id\":%jd,\"error\":{\"code\":\"" code "\",\"message\":\"m\"}}"

struct fixture {
	struct api api;
	struct vmctl_server vmctl;
	struct store_account account;
	char key[API_KEY_TEXT_SIZE];
	struct response resp; /* the last answer */
	json_t *body;
};

static inline void
make_key(const struct store_account *a, enum key_scope scope,
	 char out[API_KEY_TEXT_SIZE])
{
	auto_store struct store *admin = live_open("root");
	struct store_key k = {.scope = scope};
	uint8_t hash[API_KEY_HASH_SIZE];
	struct err e = {0};

	api_key_make(out);
	api_key_hash(out, hash);
	id_make(k.id, ID_KEY);
	text_copy(k.account, sizeof(k.account), a->id);
	assert_ok(store_key_create(admin, &k, hash, &e), &e);
}

static inline void
start(struct fixture *f, const struct vmctl_step *steps, size_t n)
{
	struct err e = {0};

	log_init("test", LOG_LEVEL_ERROR);
	memset(f, 0, sizeof(*f));
	vmctl_server_init(&f->vmctl, steps, n);
	live_account(&f->account);
	make_key(&f->account, KEY_SCOPE_full, f->key);
	f->api = (struct api){.conf = &live_conf,
			      .host = "test-host",
			      .rate = rate_new(&e),
			      .gate = gate_new(4, &e),
			      .store = live_open("caged-api"),
			      .vmctl = vmctl_new(f->vmctl.path)};
	response_init(&f->resp);
}

static inline void
end(struct fixture *f)
{
	vmctl_free(f->api.vmctl);
	vmctl_server_fini(&f->vmctl);
	store_close(f->api.store);
	gate_free(f->api.gate);
	rate_free(f->api.rate);
	response_fini(&f->resp);
	json_decref(f->body);
}

struct ask {
	const char *method, *path, *body, *idem, *query, *key;
	const char *for_method, *for_path; /* of an authorisation */
};

/* The status; headers and body stay in the fixture. */
static inline int
ask_with(struct fixture *f, const struct ask *q)
{
	char authorization[128];
	struct fake_source from = {{{"REQUEST_METHOD", q->method},
				    {"DOCUMENT_URI", q->path},
				    {"REQUEST_ID", "request-1"},
				    {"QUERY_STRING", q->query},
				    {"HTTP_IDEMPOTENCY_KEY", q->idem},
				    {"HTTP_AUTHORIZATION", authorization},
				    {"CAGED_METHOD", q->for_method},
				    {"CAGED_URI", q->for_path}},
				   q->body,
				   false};
	const struct request_source source = fake_request(&from);

	snprintf(authorization, sizeof(authorization), "Bearer %s",
		 q->key ? q->key : f->key);
	response_fini(&f->resp);
	response_init(&f->resp);
	json_decref(f->body);
	dispatch(&f->api, &source, &f->resp);
	f->body = f->resp.body.len ? json_loads(buf_str(&f->resp.body), 0, NULL)
				   : NULL;
	return f->resp.status;
}

#define ASK(f, method_, path_, ...) \
	ask_with(f, &(struct ask){.method = (method_), \
				  .path = (path_), \
				  __VA_ARGS__})

static inline const char *
code_of(const struct fixture *f)
{
	const char *code = "";

	json_unpack(f->body, "{s:{s:s}}", "reason", "code", &code);
	return code;
}

/* A header's value, kept until the next call; "" when absent. */
static inline const char *
header(const struct fixture *f, const char *name)
{
	static char value[GRANT_TEXT_MAX];
	const char *at = buf_str(&f->resp.headers);
	size_t n = strlen(name);

	for (; *at; at = strstr(at, "\r\n") + 2)
		if (strncmp(at, name, n) == 0 && at[n] == ':') {
			size_t len = strcspn(at + n + 2, "\r");

			memcpy(value, at + n + 2, len);
			value[len] = '\0';
			return value;
		}
	return "";
}

static inline struct grant
grant_of(const struct fixture *f, const char *method, const char *path)
{
	struct grant g = {0};
	struct err e = {0};
	char jti[33];

	assert_ok(grant_verify(header(f, GRANT_HEADER), f->api.grant_key,
			       "test-host", method, path, &g, jti, &e),
		  &e);
	return g;
}

static inline struct sandbox
row(const struct fixture *f, const char *id)
{
	struct sandbox s = {0};
	struct err e = {0};

	assert_ok(store_sandbox_get(f->api.store, f->account.id, id, &s, &e),
		  &e);
	return s;
}

static inline void
path_of(const char *id, const char *tail, char out[128])
{
	snprintf(out, 128, "/v1/sandboxes/%s%s", id, tail);
}

/* A sandbox of the fixture's account that the gateway has claimed. */
static inline void
running(const struct fixture *f, char id[ID_SIZE])
{
	auto_store struct store *gateway = live_open("caged-gateway");
	struct store_move m = {.sandbox = id,
			       .op_id = 1,
			       .from = SANDBOX_creating,
			       .to = SANDBOX_running,
			       .actor = "gateway",
			       .reason = "claimed",
			       .message = ""};
	enum store_move_outcome out;
	struct err e = {0};

	live_sandbox(f->api.store, f->account.id, id);
	assert_ok(store_sandbox_move(gateway, &m, &out, NULL, &e), &e);
}
