/* The environment that an image gives to every command. */
#pragma once

#define ENV_FILE "/etc/environment"
#define ENV_FILE_MAX (64 * 1024)

/*
 * For a child: sets what the file's NAME=value lines say, the value as it is
 * or in one pair of quotes. A file that cannot be read sets nothing, other
 * lines and what lies beyond ENV_FILE_MAX are passed over: the file is the
 * sandbox's own, and no mistake in it may keep commands from running.
 */
void env_file_apply(const char *path);
