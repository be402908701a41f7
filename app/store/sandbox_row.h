/* The columns of a sandbox, once: for the SQL and for reading a row. */
#pragma once

#include "model/sandbox.h"
#include "store/column.h"

/* FIRST and NEXT: (type, column, member, parse) */
#define SANDBOX_COLUMNS(FIRST, NEXT) \
	FIRST(INT, "seq", seq, NULL) \
	NEXT(TEXT, "id", id, NULL) \
	NEXT(TEXT, "account_id", account, NULL) \
	NEXT(TEXT, "host", host, NULL) \
	NEXT(NAME, "state", state, sandbox_state_from_name) \
	NEXT(INT, "op_id", op_id, NULL) \
	NEXT(INT, "boot", boot, NULL) \
	NEXT(TEXT, "template", template_name, NULL) \
	NEXT(INT, "cpus", cpus, NULL) \
	NEXT(INT, "memory_mb", memory_mb, NULL) \
	NEXT(INT, "disk_gb", disk_gb, NULL) \
	NEXT(TEXT, "network_mode", network_mode, NULL) \
	NEXT(TEXT, "COALESCE(allowlist, '[]')", allowlist, NULL) \
	NEXT(TEXT, "ip", ip, NULL) \
	NEXT(TEXT, "name", name, NULL) \
	NEXT(TEXT, "metadata", metadata, NULL) \
	NEXT(TEXT, "ports", ports, NULL) \
	NEXT(TEXT, "repo_url", repo_url, NULL) \
	NEXT(TEXT, "COALESCE(init_script, '')", init_script, NULL) \
	NEXT(TEXT, "COALESCE(provision, '[]')", provision, NULL) \
	NEXT(INT, "timeout_s", timeout_s, NULL) \
	NEXT(TEXT, "pause_reason", pause_reason, NULL) \
	NEXT(TIME, "expires_at", expires_us, NULL) \
	NEXT(TEXT, "error_code", error_code, NULL) \
	NEXT(TEXT, "error_message", error_message, NULL) \
	NEXT(TIME, "created_at", created_us, NULL) \
	NEXT(TIME, "started_at", started_us, NULL) \
	NEXT(TIME, "stopped_at", stopped_us, NULL) \
	NEXT(TIME, "destroyed_at", destroyed_us, NULL)

#define COLUMN_SQL_FIRST(type, column, member, parse) column
#define COLUMN_SQL_NEXT(type, column, member, parse) "," column
#define SANDBOX_SELECT SANDBOX_COLUMNS(COLUMN_SQL_FIRST, COLUMN_SQL_NEXT)

#define SANDBOX_COLUMN(type, column, member, parse) \
	COLUMN(sandbox, type, member, parse),

/* A statement that takes a set of states has this many places for them. */
#define STATE_SLOTS 16
#define STATES_SQL "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_Static_assert(SANDBOX_STATE_COUNT <= STATE_SLOTS, "a state has no place");

extern const struct record sandbox_record;

/* Fills STATE_SLOTS cells from bits 1u << state. */
void sandbox_row_states(struct cell *cells, unsigned states);
