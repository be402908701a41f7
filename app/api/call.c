#include "call.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api.h"
#include "err.h"
#include "model/sandbox.h"
#include "store/store_sandbox.h"

/* The same words whether it never was, is gone or is somebody else's. */
static int
not_found(struct err *e, const char *id)
{
	return err_set(e, ERR_SANDBOX_NOT_FOUND, "no sandbox %s", id);
}

int
call_sandbox(struct call *c, struct sandbox *out, struct err *e)
{
	const char *id = c->match.params[0];

	c->subject_type = "sandbox";
	c->subject_id = id;
	if (!id_valid(id, ID_SANDBOX))
		return not_found(e, id);
	if (store_sandbox_get(c->api->store, c->who.account.id, id, out, e) ==
	    0)
		return 0;
	return e->code == ERR_SANDBOX_NOT_FOUND ? not_found(e, id) : -1;
}

/* Why a guest in that state cannot be asked anything; ERR_NONE: it can. */
static const struct {
	enum err_code code;
	const char *why;
} guest_states[SANDBOX_STATE_COUNT] = {
	[SANDBOX_creating] = {ERR_SANDBOX_NOT_RUNNING, "is not running yet"},
	[SANDBOX_running] = {ERR_NONE, ""},
	[SANDBOX_pausing] = {ERR_SANDBOX_PAUSED, "is being paused"},
	[SANDBOX_paused] = {ERR_SANDBOX_PAUSED, "is paused"},
	[SANDBOX_resuming] = {ERR_SANDBOX_PAUSED, "is being resumed"},
	[SANDBOX_error] = {ERR_SANDBOX_FAILED, "has failed"},
	[SANDBOX_destroying] = {ERR_SANDBOX_DESTROYED, "is destroyed"},
	[SANDBOX_destroyed] = {ERR_SANDBOX_DESTROYED, "is destroyed"},
};

int
call_refuse(const struct sandbox *s, struct err *e)
{
	return err_set(e, guest_states[s->state].code, "sandbox %s %s", s->id,
		       guest_states[s->state].why);
}

int
call_guest(struct call *c, struct sandbox *out, struct err *e)
{
	struct sandbox s = {0};

	if (call_sandbox(c, &s, e))
		return -1;
	if (guest_states[s.state].code != ERR_NONE)
		return call_refuse(&s, e);
	if (strcmp(s.host, c->api->host) != 0)
		return err_set(e, ERR_GATEWAY_UNAVAILABLE,
			       "sandbox %s is on another host", s.id);
	*out = s;
	return 0;
}

void
call_actor(const struct call *c, char out[CALL_ACTOR_SIZE])
{
	snprintf(out, CALL_ACTOR_SIZE, "key:%s", c->who.key);
}

void
call_owner(char out[CALL_ACTOR_SIZE])
{
	snprintf(out, CALL_ACTOR_SIZE, "api:%d", (int)getpid());
}
