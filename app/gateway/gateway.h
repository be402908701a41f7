/* What the parts of the gateway share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "model/grant.h"
#include "model/plan_crypt.h"
#include "table.h"

struct channels;
struct event;
struct event_base;
struct grants;
struct err;
struct http_server;
struct jobs;
struct lease;
struct resume;
struct scribe;
struct store;
struct vmctl;

#define GATEWAY_DB_JOBS 1024   /* waiting for the database thread */
#define GATEWAY_VM_JOBS 1024   /* waiting for the vmctl thread */
#define GATEWAY_GRANTS 65536   /* remembered as used */
#define GATEWAY_EXECS_MAX 4096 /* running, or ended and not stored yet */
#define GATEWAY_CLAIMS_MAX 256 /* creates at once */
#define GATEWAY_STOP_MS 10000  /* for held requests when told to stop */
#define GATEWAY_FLUSH_MS 5000  /* then for what is not stored yet */

#define GATEWAY_ACTOR "gateway"

struct gateway {
	struct event_base *base;
	struct conf conf;
	char host[65];
	char owner[64]; /* "gateway:<pid>", in leases */
	uint8_t grant_key[GRANT_KEY_SIZE];
	uint8_t plan_key[PLAN_KEY_SIZE];
	struct jobs *db; /* its thread holds the store */
	struct jobs *vm; /* its thread holds the connection to vmctl */
	struct grants *used;
	struct channels *channels;
	struct http_server *http;
	struct scribe *scribe;
	struct table execs;    /* struct exec_live */
	struct table claims;   /* struct claiming */
	struct table pauses;   /* struct pausing */
	struct table collects; /* struct collecting */
	struct resume *resume;
	struct lease *lease;
	bool stopping;
	struct store *store; /* the database thread's */
	struct vmctl *vmctl; /* the vmctl thread's */
	struct event *signal[2];
	struct event *stop_timer;
	int64_t stop_by_ms;
};

/*
 * Reads the keys and listens, as whoever starts the daemon; then everything
 * else, as `gateway_user`. 0 or -1.
 */
int gateway_open(struct gateway *gw, const struct conf *c, struct err *e);
/* Until SIGTERM or SIGINT; then held requests end and rows are written. */
void gateway_run(struct gateway *gw);
/* Takes a half-opened one. */
void gateway_close(struct gateway *gw);
