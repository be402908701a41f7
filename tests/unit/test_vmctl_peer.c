/* Roles come from the uid that the kernel names. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../support/cmocka_all.h"
#include "conf.h"
#include "err.h"
#include "vmctl_proto.h"

#include "../../vmctl/peer.h"

static void
one_role_a_user(void **state)
{
	const struct peer_users u = {.api = 10, .gateway = 11, .keeper = 12};

	(void)state;
	assert_int_equal(peer_roles(&u, 0), ROLE_OPERATOR);
	assert_int_equal(peer_roles(&u, 10), ROLE_API);
	assert_int_equal(peer_roles(&u, 11), ROLE_GATEWAY);
	assert_int_equal(peer_roles(&u, 12), ROLE_KEEPER);
	assert_int_equal(peer_roles(&u, 13), 0);
}

/* The uid of a user that does not exist is nobody's. */
static void
missing_users_match_nobody(void **state)
{
	struct conf c;
	struct peer_users u;
	struct err e;

	(void)state;
	assert_int_equal(conf_load(&c, NULL, &e), 0);
	snprintf(c.api_user, sizeof(c.api_user), "no-such-user-1");
	snprintf(c.gateway_user, sizeof(c.gateway_user), "nobody");
	snprintf(c.keeper_user, sizeof(c.keeper_user), "no-such-user-2");
	peer_resolve(&c, &u);
	assert_int_equal(u.api, (uid_t)-1);
	assert_int_equal(peer_roles(&u, (uid_t)-1), 0);
	assert_int_equal(peer_roles(&u, u.gateway), ROLE_GATEWAY);
}

static void
the_kernel_vouches(void **state)
{
	int ends[2];
	uid_t uid;
	pid_t pid;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	assert_int_equal(peer_identity(ends[0], &uid, &pid), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(pid, getpid());
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(peer_identity(ends[0], &uid, &pid), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_role_a_user),
		cmocka_unit_test(missing_users_match_nobody),
		cmocka_unit_test(the_kernel_vouches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
