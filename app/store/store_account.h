/* Accounts. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "id.h"
#include "store/store.h"

#define STORE_NAME_SIZE 129
#define STORE_PLAN_SIZE 17

/* ACCOUNT_PLAN(name): limits are conf's rate_NAME and sandboxes_NAME. */
#define ACCOUNT_PLANS(X) X(free) X(pro) X(team) X(enterprise)
bool account_plan_valid(const char *name);

struct store_account {
	uint64_t seq;
	char id[ID_SIZE];
	char name[STORE_NAME_SIZE];
	char plan[STORE_PLAN_SIZE];
	int64_t rate_per_minute; /* its own or its plan's; 0: no limit */
	int64_t max_sandboxes;	 /* the same */
	bool disabled;
	int64_t created_us;
};

/* NOT_FOUND when there is none. */
int store_account_get(struct store *s, const char *id,
		      struct store_account *out, struct err *e);
/* By id or by name, for the operator. */
int store_account_find(struct store *s, const char *id_or_name,
		       struct store_account *out, struct err *e);
/* WRONG_STATE when the name is taken. `a`: id, name and plan are used. */
int store_account_create(struct store *s, const struct store_account *a,
			 struct err *e);
/* Oldest first. Stops when fn is not 0. */
int store_account_list(struct store *s,
		       int (*fn)(void *arg, const struct store_account *a),
		       void *arg, struct err *e);
