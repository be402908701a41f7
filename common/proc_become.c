/*
 * Apart from proc.c because getpwnam(3) loads shared libraries, which a static
 * program cannot: the archive gives this file only to those who call it.
 */
#include "proc.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "err.h"

/* Group first: once the uid has gone, so has the right to change it. */
static int
switch_to(const struct passwd *pw, struct err *e)
{
	if (initgroups(pw->pw_name, pw->pw_gid) < 0)
		return err_errno(e, "set the groups");
	if (setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) < 0)
		return err_errno(e, "set the group");
	if (setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) < 0)
		return err_errno(e, "set the user");
	if (setuid(0) == 0)
		return err_set(e, ERR_INTERNAL, "root could be taken back");
	/* A change of uid sets this from fs.suid_dumpable. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_errno(e, "make the process non-dumpable");
	return 0;
}

int
proc_become(const char *user, struct err *e)
{
	const struct passwd *pw;

	errno = 0;
	pw = getpwnam(user);
	if (!pw)
		return errno ? err_errno(e, "look up user %s", user)
			     : err_set(e, ERR_INTERNAL, "no such user: %s",
				       user);
	if (getuid() == pw->pw_uid && geteuid() == pw->pw_uid)
		return 0;
	if (geteuid() != 0)
		return err_set(e, ERR_INTERNAL, "must start as root or as %s",
			       user);
	if (switch_to(pw, e) < 0)
		return err_wrap(e, "become %s", user);
	return 0;
}
