/* A package to install: which manager's, and its name as that takes it. */
#pragma once

struct err;

enum package_manager { PACKAGE_apt, PACKAGE_npm, PACKAGE_pip, PACKAGE_COUNT };

/*
 * "apt:NAME[=VERSION]", "npm:NAME[@VERSION]" or "pip:NAME[==VERSION]"; without
 * a prefix it is `own`'s. `out_name` points into `text`. No name can be read as
 * an option, a path, an address or a shell's words. 0 or -1.
 */
int req_package_read(const char *text, enum package_manager own,
		     enum package_manager *out, const char **out_name,
		     struct err *e);
/* The manager that packages of a template come from by default. */
enum package_manager req_package_own(const char *template_name);
