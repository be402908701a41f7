/* One request on its way: what is known of it so far. */
#pragma once

#include "router.h"
#include "store/store_key.h"

struct api;
struct request;
struct response;
struct sandbox;

struct call {
	struct api *api;
	struct request *req;
	struct response *resp;
	struct route_match match;
	struct store_principal who; /* key "" before authentication */
	const char *idem_key;	    /* NULL: none was sent */
	/* What a problem is about; NULL: nothing in particular. */
	const char *subject_type, *subject_id;
	/* Of the command that the request starts; its problems show it. */
	char exec[ID_SIZE];
	int retry_after_s; /* for a problem, when it is known better */
};

/*
 * The caller's sandbox of the route's first parameter. SANDBOX_NOT_FOUND for
 * one that never was and for somebody else's alike.
 */
int call_sandbox(struct call *c, struct sandbox *out, struct err *e);
/* The same, when its guest can be asked something: SANDBOX_NOT_RUNNING,
 * SANDBOX_PAUSED, SANDBOX_FAILED or SANDBOX_DESTROYED otherwise. */
int call_guest(struct call *c, struct sandbox *out, struct err *e);
/* -1 with what call_guest says of a sandbox that does not run. */
int call_refuse(const struct sandbox *s, struct err *e);
#define CALL_ACTOR_SIZE 48
/* "key:<id>": who, for transitions. */
void call_actor(const struct call *c, char out[CALL_ACTOR_SIZE]);
/* "api:<pid>": the process that holds the lease. */
void call_owner(char out[CALL_ACTOR_SIZE]);
