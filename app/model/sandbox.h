/* A sandbox as the database keeps it and as the API shows it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "id.h"

enum sandbox_state {
#define SANDBOX_STATE(name, status, transient, counts) SANDBOX_##name,
#include "sandbox_state.def"
#undef SANDBOX_STATE
	SANDBOX_STATE_COUNT
};

const char *sandbox_state_name(enum sandbox_state s);
int sandbox_state_from_name(const char *name); /* -1 when unknown */
/* What the API calls it: pending, running, ... */
const char *sandbox_state_status(enum sandbox_state s);
bool sandbox_state_transient(enum sandbox_state s);
bool sandbox_state_counts(enum sandbox_state s);
/* Its VM keeps the guest's memory, so its commands are not lost. */
bool sandbox_state_alive(enum sandbox_state s);
bool sandbox_move_legal(enum sandbox_state from, enum sandbox_state to);

#define SANDBOX_NAME_MAX 128
#define SANDBOX_METADATA_MAX 8192   /* bytes of its JSON text */
#define SANDBOX_ALLOWLIST_MAX 34816 /* ALLOWLIST_TEXT_MAX and quotes */
#define SANDBOX_REPO_URL_MAX 2048
#define SANDBOX_SCRIPT_MAX 32768
#define SANDBOX_PROVISION_MAX 65536 /* bytes of its JSON text */

/* Times are microseconds since 1970, 0 when not yet. */
struct sandbox {
	uint64_t seq; /* order of creation; the list cursor */
	char id[ID_SIZE];
	char account[ID_SIZE];
	char host[65];
	enum sandbox_state state;
	int64_t op_id; /* of the last vmctl operation */
	int64_t boot;  /* op_id that booted the present VMM */
	char template_name[33];
	int64_t cpus, memory_mb, disk_gb;
	char network_mode[16];
	char allowlist[SANDBOX_ALLOWLIST_MAX + 1]; /* JSON array, or "" */
	char ip[16];				   /* "" for none */
	char name[SANDBOX_NAME_MAX + 1];
	char metadata[SANDBOX_METADATA_MAX + 1]; /* JSON object */
	char ports[256];			 /* JSON array */
	char repo_url[SANDBOX_REPO_URL_MAX + 1]; /* "" for none */
	char init_script[SANDBOX_SCRIPT_MAX + 1];
	char provision[SANDBOX_PROVISION_MAX + 1]; /* JSON array, or "" */
	int64_t timeout_s;
	char error_code[65]; /* for state error: a reason code, and words */
	char error_message[513];
	char pause_reason[17]; /* "" when it is not paused */
	int64_t created_us, started_us, stopped_us, destroyed_us;
	int64_t expires_us; /* then it is destroyed; 0: never */
	int64_t lifetime_s; /* of a new one: sets expires_us; 0: none */
};

/* The API's JSON, every field of the contract; owned by the caller. */
json_t *sandbox_json(const struct sandbox *s);
/* The names of its allowlist; owned by the caller, NULL: no memory. */
json_t *sandbox_allowlist(const struct sandbox *s);
/* An answer on an unversioned route has exactly one "id": its readers search
 * the text for it. Takes out a metadata member of that name. */
void sandbox_json_one_id(json_t *o);
