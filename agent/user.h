/*
 * Users of the guest, from the text of its passwd and group files. There is no
 * name service: the agent is static, and what these files say is enough.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

struct err;

#define USER_GROUPS_MAX 64
#define USER_FIELD_MAX 256

struct user {
	char name[USER_FIELD_MAX];
	uid_t uid;
	gid_t gid;
	char home[USER_FIELD_MAX];
	char shell[USER_FIELD_MAX];
	gid_t groups[USER_GROUPS_MAX]; /* gid first, then the supplementary */
	size_t n_groups;
};

/* The first well-formed line of `name`; malformed lines are passed over.
 * INVALID_REQUEST when there is none. Fills all but the supplementary groups.
 */
int user_parse_passwd(struct user *out, const char *text, size_t n,
		      const char *name, struct err *e);
/* Adds the groups that list the user, as many as there is room for. */
void user_parse_group(struct user *u, const char *text, size_t n);

/* Reads /etc/passwd and /etc/group, at most 1 MiB of each. For a child: the
 * guest's root may have put anything there. */
int user_find(struct user *out, const char *name, struct err *e);
/* Becomes the user for good; needs root. */
int user_become(const struct user *u, struct err *e);
/* The sandbox's own user, whatever the files say, without other groups. */
void user_default(struct user *out);
